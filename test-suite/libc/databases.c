/*
 * Users, groups, hosts, services, protocols, mounted file systems, messages and
 * money: files and tables that libc reads, on known entries.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -w
 */
#define _GNU_SOURCE
#include "addresses.h"
#include "check.h"
#include <arpa/inet.h>
#include <crypt.h>
#include <dlfcn.h>
#include <errno.h>
#include <fmtmsg.h>
#include <grp.h>
#include <locale.h>
#include <mntent.h>
#include <monetary.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nl_types.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <syslog.h>
#include <ulimit.h>
#include <unistd.h>
#include <utmpx.h>

static void users(void)
{
	struct passwd *user = getpwuid(0), space, *found;
	struct group *group = getgrgid(0), group_space, *group_found;
	char buffer[1000];
	FILE *file;
	gid_t groups[4];
	int n = 4;

	printf("%s %d %d %s %s\n", user->pw_name, (int)user->pw_uid,
	       (int)user->pw_gid, user->pw_dir, group->gr_name);
	CHECK(!getpwnam_r("root", &space, buffer, sizeof(buffer), &found) &&
	      found == &space && !space.pw_uid);
	CHECK(getpwnam_r("root", &space, buffer, 1, &found) == ERANGE);
	CHECK(!getgrnam_r("no-such", &group_space, buffer, sizeof(buffer),
			  &group_found) &&
	      !group_found);
	CHECK(getgrouplist("root", 7, groups, &n) >= 1 && groups[0] == 7);
	file = fopen("users", "w+");
	fputs("one:x:1001:1002:One,Room:/home/one:/bin/sh\n", file);
	fputs("two:x:1003:1004:::\n", file);
	rewind(file);
	while ((user = fgetpwent(file)))
		printf("%s %d %d '%s' '%s' '%s'\n", user->pw_name,
		       (int)user->pw_uid, (int)user->pw_gid, user->pw_gecos,
		       user->pw_dir, user->pw_shell);
	fclose(file);
	file = fopen("users", "w+");
	fputs("all:x:7:one,two\nnone:x:8:\n", file);
	rewind(file);
	while ((group = fgetgrent(file))) {
		printf("%s %d", group->gr_name, (int)group->gr_gid);
		for (char **member = group->gr_mem; *member; member++)
			printf(" %s", *member);
		puts("");
	}
	fclose(file);
	unlink("users");
}

static void hosts(void)
{
	struct in6_addr six;
	struct in_addr four;
	char text[INET6_ADDRSTRLEN];
	static const char *const addresses[] = {
		"::1", "1:2::3", "::ffff:1.2.3.4", "fe80::1:0:0:2", "1::2::3"};
	static const char *const dotted[] = {"127.1", "0x7f.1", "1.2.3",
					     "4294967295", "1.2.3.4.5"};

	say_addresses("127.0.0.1", "80", AI_NUMERICHOST, SOCK_STREAM);
	say_addresses("::1", "domain", AI_NUMERICHOST, SOCK_DGRAM);
	say_addresses("no number", NULL, AI_NUMERICHOST, 0);
	for (int i = 0; i < 5; i++) {
		if (inet_pton(AF_INET6, addresses[i], &six) == 1)
			printf("%s ",
			       inet_ntop(AF_INET6, &six, text, sizeof(text)));
		if (inet_aton(dotted[i], &four))
			printf("%s ", inet_ntoa(four));
	}
	printf("%x %x\n", htonl(0x01020304), ntohs(0x0102));
	printf("%s %d\n", getprotobyname("tcp")->p_name,
	       getprotobynumber(17)->p_proto);
	CHECK(IN6_IS_ADDR_LOOPBACK(&in6addr_loopback));
}

static void small_ones(void)
{
	FILE *file = fopen("table", "w+");
	struct mntent *mount;
	char text[64];
	void *self;
	Dl_info info;

	fputs("# comment\n/dev/a\\040b /mnt ext4 rw,noatime 1 2\n", file);
	rewind(file);
	mount = getmntent(file);
	printf("%s|%s|%s|%d %d\n", mount->mnt_fsname, mount->mnt_dir,
	       hasmntopt(mount, "noatime"), mount->mnt_freq, mount->mnt_passno);
	fclose(file);
	unlink("table");
	CHECK(strfmon(text, sizeof(text), "%.2n|%i", 1234.567, -1.5) > 0);
	printf("%s\n", text);
	printf("%s\n", crypt("secret", "$5$saltstring"));
	printf("%s\n", crypt("secret", "$6$saltstring"));
	CHECK(catopen("none", 0) == (nl_catd)-1);
	fflush(stdout);
	dup2(1, 2);
	printf("%d\n", fmtmsg(MM_PRINT, "label:part", MM_ERROR, "text",
			      "action", "label:part:1") == MM_OK);
	CHECK(!getutxent());
	CHECK(ulimit(UL_GETFSIZE) > 0);
	setlogmask(LOG_UPTO(LOG_ERR));
	printf("auxv %lu %d %d\n", getauxval(AT_PAGESZ),
	       getauxval(AT_SECURE) == 0, getauxval(9999) == 0);

	self = dlopen("libnone.so", RTLD_NOW);
	printf("%p %s\n", self, dlerror());
	CHECK(!dlerror());
	CHECK(!dlsym(RTLD_DEFAULT, "printf"));
	printf("%s\n", dlerror());
	CHECK(!dladdr((void *)small_ones, &info));
}

int main(void)
{
	users();
	hosts();
	small_ones();
	return 0;
}
