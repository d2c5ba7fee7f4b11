/* A memfd and the userfaultfd of the program that maps it. */
#define _GNU_SOURCE
#include "window.h"
#include "userfault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static const unsigned char zeroes[DSM_DATA_MAX]
	__attribute__((aligned(DSM_PAGE_SIZE)));

static uint64_t address_of(uint32_t page)
{
	return (uint64_t)page * DSM_PAGE_SIZE;
}

static off_t offset_of(const struct window *w, uint32_t page)
{
	return (off_t)(page - w->first_page) * DSM_PAGE_SIZE;
}

/* Memory is not what the protocol believes: the program must not go on. */
static void broken(struct window *w, const char *what, uint32_t page)
{
	int err = -errno;

	if (w->failed)
		return;
	w->failed =
		pcn_fail(&w->error, err, "%s of page 0x%llx: %s", what,
			 (unsigned long long)address_of(page), strerror(errno));
}

int pcn_window_create(struct window *w, uint32_t first_page,
		      uint32_t page_count, struct error *error)
{
	*w = (struct window){
		.uffd = -1, .first_page = first_page, .page_count = page_count};
	w->memfd = memfd_create("popcorn", MFD_CLOEXEC);
	if (w->memfd < 0 ||
	    ftruncate(w->memfd, (off_t)page_count * DSM_PAGE_SIZE)) {
		int err = pcn_fail(error, -errno, "shared memory: %s",
				   strerror(errno));

		pcn_window_close(w);
		return err;
	}
	return 0;
}

void pcn_window_close(struct window *w)
{
	if (w->memfd >= 0)
		close(w->memfd);
	if (w->uffd >= 0)
		close(w->uffd);
	w->memfd = w->uffd = -1;
}

/* An emulator's serves again and again. */
static bool is_attached(int uffd)
{
	struct pollfd p = {.fd = uffd, .events = POLLIN};

	return poll(&p, 1, 0) >= 0 && !(p.revents & POLLERR);
}

int pcn_window_attach(struct window *w, int uffd, struct error *error)
{
	struct uffdio_api api = {.api = UFFD_API,
				 .features = USERFAULT_FEATURES};

	w->uffd = uffd;
	fcntl(uffd, F_SETFL, O_NONBLOCK);
	if (is_attached(uffd) || !ioctl(uffd, UFFDIO_API, &api))
		return 0;
	if (errno == EINVAL)
		return pcn_fail(
			error, -ENOSYS,
			"this kernel's userfaultfd cannot write-protect "
			"shared memory: threads on several nodes need "
			"Linux 5.19 on x86_64, 6.7 on AArch64");
	return pcn_fail(error, -errno, "userfaultfd: %s", strerror(errno));
}

int pcn_window_register(struct window *w, uint32_t page, uint32_t count,
			struct error *error)
{
	struct uffdio_register r = {
		.range = {address_of(page), address_of(count)},
		.mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP |
			UFFDIO_REGISTER_MODE_MINOR};

	if (ioctl(w->uffd, UFFDIO_REGISTER, &r))
		return pcn_fail(error, -errno,
				"userfaultfd of pages 0x%llx to 0x%llx: %s",
				(unsigned long long)address_of(page),
				(unsigned long long)address_of(page + count),
				strerror(errno));
	return 0;
}

int pcn_window_faults(struct window *w, struct window_fault *faults,
		      unsigned count)
{
	struct uffd_msg messages[16];
	ssize_t n;
	int found = 0;

	if (count > sizeof(messages) / sizeof(*messages))
		count = sizeof(messages) / sizeof(*messages);
	n = read(w->uffd, messages, count * sizeof(*messages));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (size_t i = 0; i < (size_t)n / sizeof(*messages); i++) {
		const struct uffd_msg *m = &messages[i];

		if (m->event != UFFD_EVENT_PAGEFAULT)
			continue;
		faults[found].page =
			(uint32_t)(m->arg.pagefault.address / DSM_PAGE_SIZE);
		/* A fault of write protection is one, too. */
		faults[found].write =
			m->arg.pagefault.flags &
			(UFFD_PAGEFAULT_FLAG_WRITE | UFFD_PAGEFAULT_FLAG_WP);
		found++;
	}
	return found;
}

/* --- The kernel's operations ---------------------------------------------- */

/* The program has not mapped it (any more), or is gone. */
static bool is_unmapped(void)
{
	return errno == ENOENT || errno == ESRCH || errno == EINVAL;
}

static void wake(struct window *w, uint32_t page, uint32_t count)
{
	struct uffdio_range r = {address_of(page), address_of(count)};

	if (w->uffd >= 0)
		ioctl(w->uffd, UFFDIO_WAKE, &r);
}

static void put(struct window *w, uint32_t page, uint32_t count,
		const unsigned char *data)
{
	size_t size = (size_t)count * DSM_PAGE_SIZE, at = 0;

	while (at < size) {
		ssize_t n = pwrite(w->memfd, data + at, size - at,
				   offset_of(w, page) + (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			broken(w, "writing", page);
			return;
		}
		at += (size_t)n;
	}
}

static void get(struct window *w, uint32_t page, uint32_t count,
		unsigned char *data)
{
	size_t size = (size_t)count * DSM_PAGE_SIZE, at = 0;

	while (at < size) {
		ssize_t n = pread(w->memfd, data + at, size - at,
				  offset_of(w, page) + (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			broken(w, "reading", page);
			return;
		}
		at += (size_t)n;
	}
}

static void punch(struct window *w, uint32_t page, uint32_t count)
{
	while (fallocate(w->memfd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 offset_of(w, page), (off_t)count * DSM_PAGE_SIZE))
		if (errno != EINTR) {
			broken(w, "taking", page);
			return;
		}
}

/* Absent pages get contents, are mapped, and those who wait woken, at once. */
static void copy(struct window *w, uint32_t page, uint32_t count,
		 const unsigned char *data, enum dsm_right right)
{
	uint32_t done = 0;

	while (done < count) {
		struct uffdio_copy c = {
			.dst = address_of(page + done),
			.src = (uintptr_t)data + address_of(done),
			.len = address_of(count - done),
			.mode = right == DSM_READABLE ? UFFDIO_COPY_MODE_WP
						      : 0};

		if (w->uffd >= 0 && !ioctl(w->uffd, UFFDIO_COPY, &c))
			return;
		if (c.copy > 0) {
			done += (uint32_t)((uint64_t)c.copy / DSM_PAGE_SIZE);
			continue;
		}
		if (w->uffd >= 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (w->uffd >= 0 && !is_unmapped()) {
			broken(w, "installing", page + done);
			return;
		}
		/* Others may still want it. */
		put(w, page + done, 1, data + address_of(done));
		wake(w, page + done, 1);
		done++;
	}
}

static void write_protect(struct window *w, uint32_t page, uint32_t count,
			  bool on)
{
	struct uffdio_writeprotect p = {
		.range = {address_of(page), address_of(count)},
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0};

	if (w->uffd < 0)
		return;
	while (ioctl(w->uffd, UFFDIO_WRITEPROTECT, &p)) {
		if (errno == EAGAIN || errno == EINTR)
			continue;
		/* What nobody has mapped nobody writes.  Of a run, some pages
		 * may be mapped. */
		if (!is_unmapped())
			broken(w, "protecting", page);
		else if (count > 1)
			for (uint32_t i = 0; i < count; i++)
				write_protect(w, page + i, 1, on);
		return;
	}
}

/* Before 6.4, mapping and protecting are two steps, and a write between them
 * would be lost: begin anew. */
static void map_protected(struct window *w, uint32_t page)
{
	unsigned char data[DSM_PAGE_SIZE];

	get(w, page, 1, data);
	punch(w, page, 1);
	copy(w, page, 1, data, DSM_READABLE);
}

/* --- The protocol's operations -------------------------------------------- */

void pcn_window_install(struct window *w, uint32_t page, uint32_t count,
			const unsigned char *data, enum dsm_right right,
			bool map)
{
	dsm_assert(data || count <= DSM_RUN_MAX);
	w->counters.installs += count;
	if (map)
		copy(w, page, count, data ? data : zeroes, right);
	else if (data) /* zero is what is not there */
		put(w, page, count, data);
}

void pcn_window_wake(struct window *w, uint32_t page, enum dsm_right right)
{
	struct uffdio_continue c = {
		.range = {address_of(page), DSM_PAGE_SIZE},
		.mode = right == DSM_READABLE ? UFFDIO_CONTINUE_MODE_WP : 0};

	w->counters.wakes++;
	if (right == DSM_ABSENT || w->uffd < 0) {
		wake(w, page, 1);
		return;
	}
	if (right == DSM_READABLE && w->old_kernel) {
		map_protected(w, page);
		return;
	}
	while (ioctl(w->uffd, UFFDIO_CONTINUE, &c)) {
		if (errno == EAGAIN || errno == EINTR)
			continue;
		if (errno == EFAULT) {
			/* Never touched. */
			copy(w, page, 1, zeroes, right);
		} else if (errno == EINVAL && c.mode) {
			w->old_kernel = true;
			map_protected(w, page);
		} else {
			/* EEXIST: mapped, the fault was seen too late. */
			wake(w, page, 1);
		}
		return;
	}
}

void pcn_window_protect(struct window *w, uint32_t page, uint32_t count)
{
	w->counters.protects++;
	write_protect(w, page, count, true);
}

void pcn_window_upgrade(struct window *w, uint32_t page, uint32_t count)
{
	w->counters.upgrades += count;
	write_protect(w, page, count, false);
}

void pcn_window_take(struct window *w, uint32_t page, uint32_t count,
		     unsigned char *data, enum dsm_right right)
{
	w->counters.takes += count;
	/* In this order, or writes between copy and hole are lost. */
	if (data && right == DSM_WRITABLE)
		write_protect(w, page, count, true);
	if (data)
		get(w, page, count, data);
	punch(w, page, count);
}

void pcn_window_copy_out(struct window *w, uint32_t page, uint32_t count,
			 unsigned char *data)
{
	get(w, page, count, data);
}

int pcn_window_fill(struct window *w, uint32_t page, uint32_t count,
		    const unsigned char *data)
{
	put(w, page, count, data);
	return w->failed;
}
