/*
 * dl_iterate_phdr(): one object, the program, and in its segments what belongs
 * there, by permission: what a collector of garbage looks for.  They stay
 * where they are, each thread has its own thread-local variables, and the
 * callback may move.
 *
 * MODES: usual spread spread-user links
 * CFLAGS: -pthread
 */
#define _GNU_SOURCE
#include "check.h"
#include <link.h>
#include <pthread.h>
#include <string.h>

static int zero[5000], initial = 5;
static const int constant[3] = {1, 2, 3};
int named __attribute__((section("my_section"))) = 7;
static _Thread_local int own = 9, own_zero;
static _Thread_local char aligned[64] __attribute__((aligned(64)));

struct search {
	const void *address;
	uint32_t flags; /* of the segment, or 0 */
	unsigned objects, within;
	const char *tls, *tls_end;
};

static int look(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *s = data;
	uintptr_t address = (uintptr_t)s->address;

	CHECK(size >= sizeof(*info));
	s->objects++;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + p->p_vaddr;

		CHECK(p->p_filesz <= p->p_memsz);
		if (p->p_type == PT_TLS) {
			CHECK(info->dlpi_tls_modid == 1);
			s->tls = info->dlpi_tls_data;
			s->tls_end = s->tls + p->p_memsz;
			CHECK(p->p_align >= 64 && !((uintptr_t)s->tls % 64));
		}
		if (p->p_type != PT_LOAD || address < start ||
		    address - start >= p->p_memsz)
			continue;
		s->within++;
		s->flags = p->p_flags;
	}
	return 40 + s->within;
}

static struct search find(const void *address)
{
	struct search s = {.address = address};
	int result = dl_iterate_phdr(look, &s);

	CHECK(s.objects == 1);
	CHECK(s.within <= 1 && result == 40 + (int)s.within);
	return s;
}

static void is_within(const void *address, uint32_t flags)
{
	struct search s = find(address);

	CHECK(s.within == 1 && s.flags == flags);
}

static void is_own(const void *address)
{
	struct search s = find(address);

	CHECK(s.tls <= (const char *)address &&
	      (const char *)address < s.tls_end);
}

static void *all(void *argument)
{
	void *heap = malloc(100);

	CHECK(heap);
	for (int i = 0; i < 10; i++) {
		is_within(&zero[0], PF_R | PF_W);
		is_within(&zero[4999], PF_R | PF_W);
		is_within(&initial, PF_R | PF_W);
		is_within(&named, PF_R | PF_W);
		is_within((void *)(uintptr_t)all, PF_R | PF_X);
		/* Read-only data may be a segment's, or beside code. */
		CHECK(find(constant).within == 1);
		CHECK(!(find(constant).flags & PF_W));
		CHECK(!find(heap).within && !find(&own).within);
		is_own(&own);
		is_own(&own_zero);
		is_own(aligned);
	}
	CHECK(own == 9 && !own_zero && !aligned[63]);
	free(heap);
	return argument;
}

static int count(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	CHECK(info->dlpi_name);
	++*(int *)data;
	return 0;
}

int main(void)
{
	pthread_t threads[3];
	int objects = 0;

	all(NULL);
	CHECK(!dl_iterate_phdr(count, &objects));
	for (int i = 0; i < 3; i++)
		CHECK(!pthread_create(&threads[i], NULL, all, NULL));
	for (int i = 0; i < 3; i++)
		CHECK(!pthread_join(threads[i], NULL));
	printf("%d object\n", objects);
	return 0;
}
