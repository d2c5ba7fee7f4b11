/* late.c - a state's pages as they come over a link, and a program that does
 * not wait for them. */
#define _GNU_SOURCE
#include "late.h"
#include "agent.h"
#include "../dsm/userfault.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAULTS	      32
#define ROUND_UP(n)   (((n) + PCN_PAGE_SIZE - 1) & ~(PCN_PAGE_SIZE - 1ull))
#define ROUND_DOWN(n) ((n) & ~(PCN_PAGE_SIZE - 1ull))

void late_init(struct late *l)
{
	memset(l, 0, sizeof(*l));
	l->file = l->uffd = -1;
	guard_init(&l->guard);
}

void late_end(struct late *l)
{
	if (l->map)
		munmap(l->map, l->size);
	if (l->file >= 0)
		close(l->file);
	if (l->uffd >= 0)
		close(l->uffd);
	guard_end(&l->guard);
	free(l->have);
	free(l->asked);
	free(l->spans);
	late_init(l);
}

int late_begin(struct late *l, const struct wire_state *head,
	       struct pcn_link *link, struct error *error)
{
	uint64_t pages = wire_pages(head->size);

	late_end(l);
	l->link = link;
	l->file = memfd_create("popcorn-process", MFD_CLOEXEC);
	if (l->file < 0)
		return pcn_fail(error, -errno, "memfd: %s", strerror(errno));
	l->size = head->size;
	l->missing = pages;
	l->early = head->early;
	l->have = calloc(1, pages / 8 + 1);
	l->asked = calloc(1, pages / 8 + 1);
	if (l->have && l->asked && !ftruncate(l->file, (off_t)l->size))
		return 0;
	late_end(l);
	return pcn_fail(error, -ENOMEM, "no memory for the state");
}

int late_file(const struct late *l)
{
	return fcntl(l->file, F_DUPFD_CLOEXEC, 3);
}

bool late_is_whole(const struct late *l)
{
	return !l->missing;
}

bool late_is_serving(const struct late *l)
{
	return l->process && l->missing;
}

bool late_comes_over(const struct late *l, const struct pcn_link *link)
{
	return late_is_serving(l) && l->link == link;
}

/* Further threads wait in the kernel. */
static bool has_room(const struct late *l)
{
	return pcn_link_room(l->link) > WIRE_RESERVE / 2;
}

int late_fd(const struct late *l)
{
	return l->uffd >= 0 && has_room(l) ? l->uffd : -1;
}

/* --- The program's memory ------------------------------------------------- */

/* The program has unmapped it meanwhile, or has ended. */
static bool is_gone(int err)
{
	return err == ENOENT || err == ESRCH || err == EINVAL;
}

static void wake(const struct late *l, uint64_t address, uint64_t size)
{
	struct uffdio_range r = {address, size};

	ioctl(l->uffd, UFFDIO_WAKE, &r);
}

/* Absent pages get contents, and those who wait are woken; all at once, or, if
 * not all can, one by one. */
static int install(struct late *l, uint64_t address, const uint8_t *bytes,
		   uint64_t size, struct error *error)
{
	uint64_t step = size, done = 0;

	while (done < size) {
		struct uffdio_copy c = {.dst = address + done,
					.src = (uintptr_t)bytes + done,
					.len = step};
		int err = ioctl(l->uffd, UFFDIO_COPY, &c) ? errno : 0;

		if (c.copy > 0) {
			done += (uint64_t)c.copy;
			step = done + step > size ? size - done : step;
		} else if (err == EAGAIN || err == EINTR) {
			continue;
		} else if (err != EEXIST && !is_gone(err)) {
			return pcn_fail(error, -err, "memory at 0x%llx: %s",
					(unsigned long long)c.dst,
					strerror(err));
		} else if (step > PCN_PAGE_SIZE) {
			step = PCN_PAGE_SIZE;
		} else {
			wake(l, c.dst, step);
			done += step;
		}
	}
	return 0;
}

/* The segment of a file's offset; they lie in order. */
static const struct pcn_elf_segment *segment_at(const struct late *l,
						uint64_t offset)
{
	const struct pcn_stream *s = &l->stream;
	uint32_t low = 0, high = s->segment_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct pcn_elf_segment *g = &s->segments[middle];

		if (offset < g->offset)
			high = middle;
		else if (offset - g->offset >= g->filesz)
			low = middle + 1;
		else
			return g;
	}
	return NULL;
}

static int install_file(struct late *l, uint64_t offset, const uint8_t *bytes,
			uint64_t size, struct error *error)
{
	int err = 0;

	while (size && !err) {
		const struct pcn_elf_segment *g = segment_at(l, offset);
		uint64_t n = PCN_PAGE_SIZE;

		if (g)
			n = g->offset + g->filesz - offset;
		if (n > size)
			n = size;
		if (g && pcn_stream_is_late(g))
			err = install(l, g->vaddr + (offset - g->offset), bytes,
				      ROUND_UP(n), error);
		offset += n;
		bytes += n;
		size -= n;
	}
	return err;
}

/* All at once, or, if something else is mapped in between, in parts. */
static void unregister(const struct late *l, uint64_t start, uint64_t end)
{
	struct uffdio_range r = {start, end - start};
	uint64_t middle = start + ROUND_DOWN(r.len / 2);

	if (ioctl(l->uffd, UFFDIO_UNREGISTER, &r) && r.len > PCN_PAGE_SIZE) {
		unregister(l, start, middle);
		unregister(l, middle, end);
	}
}

/* The program has all its memory: it needs us no longer.  The kernel wakes
 * those who wait before it forgets the range: who comes between the two, with a
 * lock of one map only (Linux 6.4), would wait for ever. */
static void finish(struct late *l)
{
	const struct pcn_message whole = {.type = PCN_MSG_ANSWER,
					  .value = {PCN_LATE_WHOLE}};
	uint32_t *word = &l->process->control->late;

	for (uint32_t i = 0; i < l->span_count && l->uffd >= 0; i++) {
		const struct late_span *s = &l->spans[i];

		unregister(l, s->start, s->end);
		wake(l, s->start, s->end - s->start);
	}
	__atomic_store_n(word, 0, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
	if (l->waits)
		process_send(l->process, &whole, NULL);
	late_end(l);
}

/* --- It comes ------------------------------------------------------------- */

static int keep(struct late *l, uint64_t offset, const uint8_t *bytes,
		uint64_t size, struct error *error)
{
	uint64_t done = 0;

	while (done < size) {
		ssize_t n = pwrite(l->file, bytes + done, size - done,
				   (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return pcn_fail(error, -ENOSPC,
					"no memory for the state: %s",
					strerror(n ? errno : ENOSPC));
		done += (uint64_t)n;
	}
	return 0;
}

/* 1: it is new. */
static int take_page(struct late *l, uint64_t offset, const uint8_t *bytes,
		     uint64_t size, struct error *error)
{
	int err;

	if (late_bit(l->have, offset / PCN_PAGE_SIZE))
		return 0;
	err = keep(l, offset, bytes, size, error);
	if (err)
		return err;
	late_set_bit(l->have, offset / PCN_PAGE_SIZE);
	l->missing--;
	l->early -= l->early > 0;
	return 1;
}

int late_take(struct late *l, const struct pcn_frame *f, struct error *error)
{
	const uint8_t *bytes = f->data + sizeof(uint64_t);
	bool waited = l->early > 0;
	uint64_t offset, size;
	int n;

	if (l->file < 0)
		return pcn_fail(error, -EPROTO, "memory of no state");
	n = wire_read_memory(&offset, f, l->size, error);
	if (n)
		return n;
	if (f->type != WIRE_MEMORY)
		return pcn_fail(error, -EPROTO, "not memory");
	size = f->size - sizeof(uint64_t);
	for (uint64_t at = 0; at < size; at += PCN_PAGE_SIZE) {
		uint64_t count =
			size - at < PCN_PAGE_SIZE ? size - at : PCN_PAGE_SIZE;

		n = take_page(l, offset + at, bytes + at, count, error);
		if (n < 0)
			return n;
	}
	if (l->uffd >= 0) {
		n = install_file(l, offset, (const uint8_t *)l->map + offset,
				 size, error);
		if (n)
			return n;
	}
	if ((l->uffd >= 0 || l->waits) && !l->missing)
		finish(l);
	return waited && !l->early;
}

/* --- A program that goes on before ---------------------------------------- */

static void add_span(struct late *l, uint64_t start, uint64_t end)
{
	l->spans[l->span_count++] = (struct late_span){start, end};
}

/* In each map, from the first page that comes to the last. */
static void find_spans(struct late *l, const struct saved *saved)
{
	const struct pcn_vma *last = NULL;

	for (uint32_t i = 0; i < l->stream.segment_count; i++) {
		const struct pcn_elf_segment *g = &l->stream.segments[i];
		const struct pcn_vma *v;

		if (!pcn_stream_is_late(g))
			continue;
		v = pcn_stream_vma(saved->process, g->vaddr, 1);
		if (v && v == last && g->vaddr > PCN_STATE_BASE)
			l->spans[l->span_count - 1].end = g->vaddr + g->filesz;
		else
			add_span(l, g->vaddr, g->vaddr + g->filesz);
		last = v;
	}
}

int late_serve(struct late *l, const struct saved *saved, struct process *p,
	       struct error *error)
{
	const uint32_t count = saved->stream.segment_count;
	void *map = mmap(NULL, l->size, PROT_READ, MAP_SHARED, l->file, 0);
	uint64_t head_size;

	if (map == MAP_FAILED)
		return pcn_fail(error, -errno, "mmap: %s", strerror(errno));
	l->map = map;
	l->process = p;
	l->spans = calloc(count + 1, sizeof(*l->spans));
	if (!l->spans)
		return pcn_fail(error, -ENOMEM, "out of memory");
	if (pcn_stream_head_size(&l->stream, map, l->size, &head_size) ||
	    pcn_stream_parse(&l->stream, map, head_size, l->size))
		return pcn_fail(error, -EPROTO, "%s", l->stream.why);
	find_spans(l, saved);
	return 0;
}

/* It comes with the program's word; an emulator has sent it before. */
static int take_userfaultfd(struct late *l, struct packet *packet)
{
	struct userfaults *u = process_userfaults(l->process);
	int fd = u->late;

	if (!u->emulated)
		return packet_take_fd(packet);
	u->late = -ENOSYS;
	return fd;
}

static int attach(struct late *l)
{
	struct uffdio_api api = {.api = UFFD_API,
				 .features = UFFD_FEATURE_MISSING_SHMEM};

	fcntl(l->uffd, F_SETFL, O_NONBLOCK);
	if (ioctl(l->uffd, UFFDIO_API, &api))
		return -errno;
	for (uint32_t i = 0; i < l->span_count; i++) {
		struct uffdio_register r = {
			.range = {l->spans[i].start,
				  l->spans[i].end - l->spans[i].start},
			.mode = UFFDIO_REGISTER_MODE_MISSING};

		if (ioctl(l->uffd, UFFDIO_REGISTER, &r))
			return -errno;
	}
	return 0;
}

static int install_all(struct late *l, struct error *error)
{
	const uint64_t pages = wire_pages(l->size);
	int err = 0;

	for (uint64_t page = 0; page < pages && !err; page++)
		if (late_bit(l->have, page))
			err = install_file(l, page * PCN_PAGE_SIZE,
					   (const uint8_t *)l->map +
						   page * PCN_PAGE_SIZE,
					   PCN_PAGE_SIZE, error);
	return err;
}

/* The program keeps the userfaultfd, too: were it only ours, and we killed, its
 * threads would find zeroes in the moment before it is. */
static int answer(struct late *l)
{
	const struct pcn_message m = {.type = PCN_MSG_ANSWER,
				      .value = {PCN_LATE_COMES}};

	return packet_send(l->process->channel, &m, NULL, &l->uffd, 1);
}

int late_attach(struct late *l, struct packet *packet, struct error *error)
{
	int err;

	if (!l->process || l->uffd >= 0 || l->waits)
		return pcn_fail(error, -EPROTO, "the program says nonsense");
	l->uffd = take_userfaultfd(l, packet);
	err = l->uffd < 0 ? -ENOSYS : attach(l);
	if (err) { /* it waits for everything, then */
		if (l->uffd >= 0)
			close(l->uffd);
		l->uffd = -1;
		l->waits = true;
		if (l->missing)
			wire_send(l->link, WIRE_DEMAND, NULL, 0, NULL, 0);
	} else {
		__atomic_store_n(&l->process->control->late, 1,
				 __ATOMIC_SEQ_CST);
		err = install_all(l, error) ?: answer(l);
		if (err)
			return pcn_fail(error, err, "channel: %s",
					strerror(-err));
	}
	if (!l->missing)
		finish(l);
	return 0;
}

static void take_fault(struct late *l, uint64_t address)
{
	uint64_t start = ROUND_DOWN(address), offset;
	struct uffdio_zeropage zero = {.range = {start, PCN_PAGE_SIZE}};

	offset = pcn_stream_find(&l->stream, start, PCN_PAGE_SIZE);
	if (!offset) {
		if (ioctl(l->uffd, UFFDIO_ZEROPAGE, &zero))
			wake(l, start, PCN_PAGE_SIZE);
	} else if (late_bit(l->have, offset / PCN_PAGE_SIZE)) {
		wake(l, start, PCN_PAGE_SIZE);
	} else if (!late_bit(l->asked, offset / PCN_PAGE_SIZE)) {
		late_set_bit(l->asked, offset / PCN_PAGE_SIZE);
		wire_send(l->link, WIRE_DEMAND, &offset, sizeof(offset), NULL,
			  0);
	}
}

int late_work(struct late *l, struct error *error)
{
	struct uffd_msg messages[FAULTS];
	ssize_t n = 0;

	while (l->uffd >= 0 && has_room(l) &&
	       (n = read(l->uffd, messages, sizeof(messages))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(*messages); i++)
			if (messages[i].event == UFFD_EVENT_PAGEFAULT)
				take_fault(l,
					   messages[i].arg.pagefault.address);
	if (l->uffd >= 0 && n < 0 && errno != EAGAIN && errno != EINTR)
		return pcn_fail(error, -errno, "userfaultfd: %s",
				strerror(errno));
	return 0;
}
