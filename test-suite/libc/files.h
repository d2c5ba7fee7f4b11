/*
 * files.h - what a program does to files and asks of them: vectors of buffers,
 * copies, times, modes, links, limits; for descriptors.c and file-attributes.c.
 */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utime.h>

static void spin(void)
{
	for (volatile int i = 0; i < 50; i++)
		;
}

/* A file that is open and empty; leaves one called "copy". */
static void vectors(int fd)
{
	char a[4] = "", b[8] = "", c[16] = "";
	struct iovec out[3] = {{"one", 3}, {"", 0}, {"twothree", 8}},
		     in[3] = {{a, 3}, {b, 3}, {c, 15}};
	int other;
	off_t at = 3;

	CHECK(writev(fd, out, 3) == 11);
	spin();
	CHECK(preadv(fd, in, 3, 0) == 11);
	printf("iov %s %s %s\n", a, b, c);
	CHECK(pwritev(fd, out, 1, 20) == 3 && lseek(fd, 0, SEEK_END) == 23);
	other = open("copy", O_CREAT | O_RDWR | O_TRUNC, 0600);
	CHECK(sendfile(other, fd, &at, 8) == 8 && at == 11);
	memset(c, 0, sizeof(c));
	CHECK(pread(other, c, 15, 0) == 8);
	printf("sendfile %s\n", c);
	at = 0;
	CHECK(copy_file_range(other, &at, fd, &(off_t){30}, 4, 0) == 4 ||
	      errno == EXDEV || errno == ENOSYS);
	CHECK(!ftruncate(fd, 100) && !posix_fallocate(fd, 0, 5000));
	CHECK(lseek(fd, 0, SEEK_END) == 5000);
	CHECK(!close(other));
}

/* Of "copy", which goes. */
static void attributes(void)
{
	struct utimbuf times = {1000, 2000};
	struct timespec fine[2] = {{5, 500}, {6, 600}};
	struct statvfs system;
	struct stat status;

	CHECK(!utime("copy", &times) && !stat("copy", &status));
	printf("utime %ld %ld\n", (long)status.st_atime, (long)status.st_mtime);
	CHECK(!utimensat(AT_FDCWD, "copy", fine, 0) && !stat("copy", &status));
	printf("utimensat %ld.%ld %ld.%ld\n", (long)status.st_atim.tv_sec,
	       status.st_atim.tv_nsec, (long)status.st_mtim.tv_sec,
	       status.st_mtim.tv_nsec);
	fine[0].tv_nsec = UTIME_OMIT;
	fine[1].tv_sec = 9;
	CHECK(!utimensat(AT_FDCWD, "copy", fine, 0) && !stat("copy", &status));
	printf("omit %ld %ld\n", (long)status.st_atime, (long)status.st_mtime);
	spin();
	CHECK(!statvfs(".", &system));
	CHECK(system.f_bsize && system.f_namemax >= 255 &&
	      system.f_blocks >= system.f_bfree);
	CHECK(!chmod("copy", 0640) && !stat("copy", &status));
	CHECK(!link("copy", "link") && !symlink("copy", "symbolic"));
	printf("mode %o %d\n", status.st_mode,
	       faccessat(AT_FDCWD, "copy", R_OK, 0));
	CHECK(!lstat("symbolic", &status) && S_ISLNK(status.st_mode));
	CHECK(!mkfifo("fifo", 0600) && !stat("fifo", &status));
	CHECK(S_ISFIFO(status.st_mode));
	spin();
	CHECK(!stat("link", &status) && status.st_nlink == 2);
	unlink("link");
	unlink("symbolic");
	unlink("fifo");
	unlink("copy");
}

static void limits(void)
{
	struct rlimit limit = {50, 60}, got;
	struct rusage usage;
	struct tms tms;
	unsigned char random[64] = "";
	int sum = 0;

	CHECK(!setrlimit(RLIMIT_NOFILE, &limit));
	spin();
	CHECK(!getrlimit(RLIMIT_NOFILE, &got));
	printf("limits %d %d %ld\n", (int)got.rlim_cur, (int)got.rlim_max,
	       sysconf(_SC_OPEN_MAX));
	CHECK(open("/dev/null", 0) < 50 && dup2(0, 55) == -1 && errno == EBADF);
	CHECK(!getrusage(RUSAGE_SELF, &usage) && usage.ru_maxrss > 0);
	CHECK(times(&tms) != -1 && sysconf(_SC_CLK_TCK) == 100);
	CHECK(getrandom(random, 64, 0) == 64 && !getentropy(random, 32));
	for (int i = 0; i < 64; i++)
		sum |= random[i];
	CHECK(sum);
	printf("sysconf %ld %ld %ld %d\n", sysconf(_SC_PAGESIZE),
	       sysconf(_SC_VERSION), sysconf(_SC_THREADS),
	       sysconf(_SC_NPROCESSORS_ONLN) > 0);
}
