/*
 * Headers of the C library that describe formats, each read and written as they
 * say: archives, ELF, messages of the name service, who is logged in.
 *
 * MODES: usual spread spread-user links
 */
#define _GNU_SOURCE
#include "check.h"
#include <ar.h>
#include <arpa/nameser.h>
#include <elf.h>
#include <errno.h>
#include <lastlog.h>
#include <netdb.h>
#include <resolv.h>
#include <stddef.h>
#include <string.h>
#include <utmp.h>
#include <utmpx.h>

static void poll(void)
{
	for (volatile int i = 0; i < 5; i++)
		;
}

static void add_member(FILE *file, const char *name, const char *text)
{
	struct ar_hdr header;
	char line[sizeof(header) + 1];
	int size = (int)strlen(text);

	CHECK(snprintf(line, sizeof(line), "%-16s%-12d%-6d%-6d%-8o%-10d%s",
		       name, 0, 1, 2, 0100644, size, ARFMAG) == sizeof(header));
	memcpy(&header, line, sizeof(header));
	CHECK(fwrite(&header, sizeof(header), 1, file) == 1);
	fprintf(file, "%s%s", text, size & 1 ? "\n" : "");
}

static void archives(void)
{
	FILE *file = fopen("archive", "w+");
	struct ar_hdr header;
	char magic[SARMAG];

	CHECK(file);
	fputs(ARMAG, file);
	add_member(file, "one/", "text of one");
	poll();
	add_member(file, "two/", "2");
	rewind(file);
	CHECK(fread(magic, SARMAG, 1, file) == 1 &&
	      !memcmp(magic, ARMAG, SARMAG));
	while (fread(&header, sizeof(header), 1, file) == 1) {
		char number[11] = "";
		long size;

		CHECK(!memcmp(header.ar_fmag, ARFMAG, 2));
		memcpy(number, header.ar_size, 10);
		size = strtol(number, NULL, 10);
		printf("%.4s %ld %.6s ", header.ar_name, size, header.ar_mode);
		poll();
		CHECK(!fseek(file, size + (size & 1), SEEK_CUR));
	}
	printf("%zu %zu\n", sizeof(header), offsetof(struct ar_hdr, ar_size));
	CHECK(!fclose(file) && !remove("archive"));
}

static void elf(void)
{
	static const unsigned char start[] = {
		ELFMAG0,    ELFMAG1,	 ELFMAG2,    ELFMAG3,
		ELFCLASS64, ELFDATA2LSB, EV_CURRENT, ELFOSABI_SYSV};
	Elf64_Ehdr header = {.e_type = ET_EXEC,
			     .e_machine = EM_AARCH64,
			     .e_version = EV_CURRENT,
			     .e_entry = 0x123456789a,
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = 3};
	unsigned char bytes[sizeof(header)];
	Elf64_Xword info = ELF64_R_INFO(0x12345678ull, R_AARCH64_ABS64);

	memcpy(header.e_ident, start, sizeof(start));
	poll();
	memcpy(bytes, &header, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		printf("%02x", bytes[i]);
	printf("\n%d %d %d\n", !memcmp(header.e_ident, ELFMAG, SELFMAG),
	       EI_CLASS, EI_OSABI);
	printf("%zu %zu %zu %zu %zu %zu %zu %zu\n", sizeof(Elf64_Ehdr),
	       sizeof(Elf64_Phdr), sizeof(Elf64_Shdr), sizeof(Elf64_Sym),
	       sizeof(Elf64_Rela), sizeof(Elf64_Dyn), sizeof(Elf64_Nhdr),
	       sizeof(Elf64_auxv_t));
	printf("%zu %zu %zu %zu\n", sizeof(Elf32_Ehdr), sizeof(Elf32_Phdr),
	       sizeof(Elf32_Shdr), sizeof(Elf32_Sym));
	poll();
	printf("%llx %llu %d %d %d\n", (unsigned long long)ELF64_R_SYM(info),
	       (unsigned long long)ELF64_R_TYPE(info),
	       ELF64_ST_BIND(ELF64_ST_INFO(STB_WEAK, STT_TLS)),
	       ELF64_ST_TYPE(ELF64_ST_INFO(STB_WEAK, STT_TLS)),
	       ELF64_ST_VISIBILITY(0xf0 | STV_HIDDEN));
	printf("%d %d %d %d %x %x %d\n", EM_X86_64, EM_RISCV, PT_TLS,
	       SHT_NOBITS, PT_GNU_STACK, SHF_TLS, NT_PRSTATUS);
}

/* A query, and the answer that somebody might give. */
static void names(void)
{
	unsigned char query[NS_PACKETSZ],
		answer[] = {0x12, 0x34, 0x85, 0x80, 0, 1, 0, 2, 0, 0, 0, 0,
			    /* 12: www.example.org, A, IN */
			    3, 'w', 'w', 'w', 7, 'e', 'x', 'a', 'm', 'p', 'l',
			    'e', 3, 'o', 'r', 'g', 0, 0, 1, 0, 1,
			    /* 33: that name is an alias of host.example.org */
			    0xc0, 12, 0, 5, 0, 1, 0, 0, 0x0e, 0x10, 0, 7, 4,
			    'h', 'o', 's', 't', 0xc0, 16,
			    /* 52: which has an address */
			    0xc0, 45, 0, 1, 0, 1, 0, 1, 0, 0, 0, 4, 192, 0, 2,
			    1};
	const unsigned char *end = answer + sizeof(answer);
	static const unsigned char loop[] = {0xc0, 0}, cut[] = {5, 'a', 'b'};
	char name[NS_MAXDNAME];
	unsigned char *at;
	ns_msg message;
	ns_rr record;
	int size;

	size = res_mkquery(ns_o_query, "www.example.org", ns_c_in, ns_t_aaaa,
			   NULL, 0, NULL, query, sizeof(query));
	poll();
	printf("%d:", size);
	for (int i = 2; i < size; i++)
		printf(" %02x", query[i]);
	puts("");
	CHECK(res_mkquery(ns_o_query, "a..b", ns_c_in, ns_t_a, NULL, 0, NULL,
			  query, sizeof(query)) == -1);

	CHECK(!ns_initparse(answer, sizeof(answer), &message));
	poll();
	printf("%x %d %d %d %d %d\n", ns_msg_id(message),
	       ns_msg_getflag(message, ns_f_qr),
	       ns_msg_getflag(message, ns_f_aa),
	       ns_msg_getflag(message, ns_f_rcode),
	       ns_msg_count(message, ns_s_qd), ns_msg_count(message, ns_s_an));
	CHECK(!ns_parserr(&message, ns_s_qd, 0, &record));
	printf("%s %d %d\n", ns_rr_name(record), ns_rr_type(record),
	       ns_rr_class(record));
	for (int i = 0; i < 2; i++) {
		CHECK(!ns_parserr(&message, ns_s_an, i, &record));
		poll();
		printf("%s %d %lu %d\n", ns_rr_name(record), ns_rr_type(record),
		       (unsigned long)ns_rr_ttl(record), ns_rr_rdlen(record));
	}
	printf("%d.%d\n", ns_rr_rdata(record)[0], ns_rr_rdata(record)[3]);
	errno = 0;
	CHECK(ns_parserr(&message, ns_s_an, 2, &record) == -1 &&
	      errno == ENODEV);
	errno = 0;
	CHECK(ns_initparse(answer, 40, &message) == -1 && errno == EMSGSIZE);

	size = dn_expand(answer, end, answer + 45, name, sizeof(name));
	poll();
	printf("%d %s\n", size, name);
	CHECK(dn_skipname(answer + 12, end) == 17 &&
	      dn_skipname(answer + 33, end) == 2);
	CHECK(dn_expand(answer, end, answer + 12, name, 10) == -1);
	CHECK(dn_expand(loop, loop + 2, loop, name, sizeof(name)) == -1);
	CHECK(dn_expand(cut, cut + 3, cut, name, sizeof(name)) == -1);
	CHECK(ns_name_uncompress(answer, end, answer + 33, name,
				 sizeof(name)) == 2);
	printf("%s\n", name);

	at = query;
	NS_PUT16(0x1234, at);
	NS_PUT32(0x56789abcul, at);
	CHECK(at == query + 6 && ns_get16(query) == 0x1234);
	CHECK(ns_get32(query + 2) == 0x56789abc);
	CHECK(!res_init() && hstrerror(HOST_NOT_FOUND));
	printf("%s\n", hstrerror(TRY_AGAIN));
}

/* musl keeps no such file. */
static void logged_in(void)
{
	struct utmp entry = {.ut_type = USER_PROCESS, .ut_pid = 7};
	struct lastlog last = {.ll_time = 1000000000};

	strcpy(entry.ut_user, "somebody");
	entry.ut_time = 5;
	poll();
	setutent();
	CHECK(!getutent() && !getutid(&entry) && !getutline(&entry));
	CHECK(!pututline(&entry));
	endutent();
	updwtmp("none", &entry);
	errno = 0;
	CHECK(utmpname("none") == -1);
	printf("%zu %zu %zu %zu\n", sizeof(entry), sizeof(last),
	       offsetof(struct utmpx, ut_tv),
	       offsetof(struct lastlog, ll_host));
	printf("%s %d %d %d %d %ld\n", entry.ut_name, UT_NAMESIZE, UT_LINESIZE,
	       UT_HOSTSIZE, USER_PROCESS, (long)last.ll_time);
}

int main(void)
{
	for (int i = 0; i < 3; i++) {
		archives();
		elf();
		names();
		logged_in();
	}
	return 0;
}
