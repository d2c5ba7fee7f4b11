/*
 * share.c - the program's memory, shared between nodes, and its maps.
 *
 * The agent has a file of memory for each node; a page lies in it at its
 * address, less PCN_SHARED_BASE.  Whatever is mapped here the agent registers
 * with the userfaultfd that it gets from here, and every node maps the same
 * before the call that changes a map returns.
 *
 * The pages of a file that the program shares stay the file's: every node of
 * this machine maps that, too.
 */
#include "memory_scan.h" /* first: see there */

#include "away.h"
#include "channel.h"
#include "late.h"
#include "mapped.h"
#include "vma.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#define OPEN_FLAGS (O_CLOEXEC | O_NONBLOCK)

bool pcn_shared, pcn_buffered;
uint32_t pcn_private_holds;

static int memory = -1;
/* Ours as well as the agent's: were that killed, the kernel would give zeroes
 * to whoever waits for a page, in the moment before this process is, too. */
static int userfault = -1;

/* A change that only some nodes know of cannot be gone on with. */
static void tell(enum pcn_message_type type, uint64_t address, uint64_t size,
		 int64_t prot, bool held)
{
	struct pcn_message m = {
		.type = type,
		.value = {(int64_t)address, (int64_t)size, prot, held}};
	char why[PCN_CHANNEL_WHY];
	int err = pcn_channel_question(&m, NULL, 0, NULL, NULL, why);

	if (err)
		pcn_die("shared memory at %lx, %lu bytes: the agent says %d",
			address, size, err);
}

int pcn_shared_open(const int fds[3])
{
	int err;

	memory = fds[0];
	err = pcn_descriptor_keep(&memory);
	return err ? err : pcn_mail_open(fds[1], fds[2]);
}

int pcn_shared_keep(int fd)
{
	int err;

	pcn_descriptor_drop(&userfault);
	userfault = fd;
	err = pcn_descriptor_keep(&userfault);
	return err ? err : userfault;
}

long pcn_shared_map(uint64_t address, uint64_t size, long prot)
{
	return pcn_sys(__NR_mmap, address, size, prot, MAP_SHARED | MAP_FIXED,
		       memory, address - PCN_SHARED_BASE);
}

/* --- Changes of maps ------------------------------------------------------ */

static bool any_map(uint64_t address, uint64_t size)
{
	return !pcn_vma_free_locked(address, address + size);
}

/* Behind the file's end there are zeroes. */
static long read_in(uint64_t address, uint64_t size, int fd, uint64_t offset)
{
	char bounce[16384];
	uint64_t at = 0;

	while (at < size) {
		uint64_t room = size - at;
		long n;

		if (pcn_buffered && room > sizeof bounce)
			room = sizeof bounce;
		n = pcn_sys(__NR_pread64, fd,
			    pcn_buffered ? (uint64_t)bounce : address + at,
			    room, offset + at);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return n;
		if (!n)
			break;
		if (pcn_buffered)
			memcpy((void *)(address + at), bounce, (uint64_t)n);
		at += (uint64_t)n;
	}
	return 0;
}

/* -ENODEV: a node on another machine cannot have it. */
static int tell_file(uint64_t address, uint64_t size, long prot, int fd,
		     uint64_t offset)
{
	struct pcn_message m = {.type = PCN_MSG_MAP_FILE,
				.value = {(int64_t)address, (int64_t)size, prot,
					  (int64_t)offset}};
	char why[PCN_CHANNEL_WHY];

	return pcn_channel_question(&m, &fd, 1, NULL, NULL, why);
}

static long map_file(uint64_t address, uint64_t size, long prot, int fd,
		     uint64_t offset)
{
	long result = pcn_sys(__NR_mmap, address, size, prot,
			      MAP_SHARED | MAP_FIXED, fd, offset);

	if (pcn_is_error(result))
		return result;
	result = tell_file(address, size, prot, fd, offset);
	if (!result)
		return (long)address;
	pcn_sys(__NR_munmap, address, size);
	pcn_log(PCN_LOG_WARN, "a file's pages cannot be shared while threads "
			      "are on other machines");
	return result;
}

long pcn_share_remap_file(const struct pcn_vma *v, uint64_t old_size,
			  uint64_t at, uint64_t size)
{
	int fd = pcn_mapped_open(v);
	long result;

	if (fd < 0)
		return -ENOMEM;
	result = map_file(at, size, v->prot, fd, v->offset);
	pcn_sys(__NR_close, fd);
	if (!pcn_is_error(result) && at != v->start)
		pcn_share_unmap(v->start, old_size);
	return result;
}

long pcn_share_map(uint64_t address, uint64_t size, long prot, long flags,
		   int fd, uint64_t offset)
{
	bool file = !(flags & MAP_ANONYMOUS);
	long result;

	if (any_map(address, size)) {
		result = pcn_share_unmap(address, size);
		if (result)
			return result;
	}
	if (file && (flags & MAP_SHARED))
		return map_file(address, size, prot, fd, offset);
	result = pcn_shared_map(address, size,
				file ? PROT_READ | PROT_WRITE : prot);
	if (pcn_is_error(result))
		return result;
	tell(PCN_MSG_MAP, address, size, prot, false);
	if (!file)
		return (long)address;
	result = read_in(address, size, fd, offset);
	if (!result)
		result = pcn_sys(__NR_mprotect, address, size, prot);
	if (result) {
		pcn_share_unmap(address, size);
		return result;
	}
	return (long)address;
}

long pcn_share_unmap(uint64_t address, uint64_t size)
{
	size = PCN_ALIGN_UP(size, PCN_PAGE_SIZE);
	tell(PCN_MSG_UNMAP, address, size, 0, false);
	return pcn_sys(__NR_munmap, address, size);
}

long pcn_share_protect(uint64_t address, uint64_t size, long prot)
{
	long result = pcn_sys(__NR_mprotect, address, size, prot);

	if (!result && size)
		tell(PCN_MSG_PROTECT, address, size, prot, false);
	return result;
}

long pcn_share_zero(uint64_t address, uint64_t size)
{
	tell(PCN_MSG_ZERO, address, size, 0, false);
	return 0;
}

/* --- Beginning ------------------------------------------------------------ */

/* Who did not ask for it need not hear that it cannot be. */
static enum pcn_log_level loudness;

static int no_sharing(const char *why)
{
	pcn_log(loudness, "threads stay on their node: %s", why);
	return -EOPNOTSUPP;
}

static int open_userfaultfd(bool kernel_too)
{
	const unsigned int new = 0xaa00; /* USERFAULTFD_IOC_NEW, 6.1 */
	long device,
		fd = pcn_sys(
			__NR_userfaultfd,
			OPEN_FLAGS |
				(kernel_too ? 0 : 1 /* UFFD_USER_MODE_ONLY */));

	if (fd != -EPERM)
		return (int)fd;
	device = pcn_sys(__NR_openat, AT_FDCWD, "/dev/userfaultfd",
			 O_RDWR | O_CLOEXEC, 0);
	if (pcn_is_error(device))
		return -EPERM;
	fd = pcn_sys(__NR_ioctl, device, new, OPEN_FLAGS);
	pcn_sys(__NR_close, device);
	return (int)fd;
}

int pcn_userfaultfd_open(bool *user_mode_only)
{
	int fd = user_mode_only ? open_userfaultfd(true) : -EPERM;

	if (user_mode_only)
		*user_mode_only = fd == -EPERM;
	return fd == -EPERM ? open_userfaultfd(false) : fd;
}

static int check_maps(void)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		const struct pcn_vma *v = &pcn_process->vmas[i];

		if (v->flags & PCN_VMA_LENT)
			return no_sharing("the program shares memory with "
					  "another process");
	}
	return 0;
}

static int copy(uint64_t address, uint64_t size)
{
	uint64_t at = 0;

	while (at < size) {
		long n = pcn_sys(__NR_pwrite64, memory, address + at, size - at,
				 address + at - PCN_SHARED_BASE);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n ? (int)n : -EIO;
		at += (uint64_t)n;
	}
	return 0;
}

/* Of the image, pages that are as in the executable are not in the list. */
static int copy_all(const struct pcn_memory_list *list)
{
	int err = copy(pcn_image.data_start,
		       pcn_image.data_end - pcn_image.data_start);

	for (uint32_t i = 0; i < list->count && !err; i++)
		err = copy(list->segments[i].vaddr, list->segments[i].filesz);
	return err;
}

static bool is_file(const struct pcn_vma *v)
{
	return v->kind == PCN_VMA_SHARED;
}

static int tell_files(void)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		const struct pcn_vma *v = &pcn_process->vmas[i];
		int fd, err;

		if (!is_file(v) || v->start == v->end)
			continue;
		fd = pcn_mapped_open(v);
		if (fd < 0)
			return no_sharing("a file whose pages the program "
					  "shares is not found by its name");
		err = tell_file(v->start, v->end - v->start, v->prot, fd,
				v->offset);
		pcn_sys(__NR_close, fd);
		if (err)
			return no_sharing("the program shares a file's pages, "
					  "and the node is on another machine");
	}
	return 0;
}

static void map_all(void)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		const struct pcn_vma *v = &pcn_process->vmas[i];
		long at = is_file(v)
				  ? 0
				  : pcn_shared_map(v->start, v->end - v->start,
						   v->prot);

		if (pcn_is_error(at))
			pcn_die("shared memory at %lx: mmap says %d", v->start,
				(int)-at);
	}
}

/* What is here is mapped at once, not by a fault for each page. */
static void populate(const struct pcn_memory_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		pcn_sys(__NR_madvise, list->segments[i].vaddr,
			list->segments[i].filesz,
			list->segments[i].flags & 2 /* PF_W */
				? MADV_POPULATE_WRITE
				: MADV_POPULATE_READ);
}

static void tell_all(void)
{
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		const struct pcn_vma *v = &pcn_process->vmas[i];

		if (!is_file(v))
			tell(PCN_MSG_MAP, v->start, v->end - v->start, v->prot,
			     true);
	}
}

static int question(struct pcn_message *m, const int *sent, uint32_t sent_count,
		    int *fds, uint32_t *fd_count)
{
	char why[PCN_CHANNEL_WHY];
	int err = pcn_channel_question(m, sent, sent_count, fds, fd_count, why);

	if (err && why[0])
		pcn_log(PCN_LOG_WARN, "%s", why);
	return err;
}

/* Files for memory and mails, the agent's answer to SHARE.  With them comes the
 * userfaultfd, or why there is none, from who emulates a kernel without. */
static int receive_files(int *fd, bool *user_mode_only)
{
	struct pcn_message m = {.type = PCN_MSG_SHARE};
	uint32_t count = 4;
	int fds[4], err = question(&m, NULL, 0, fds, &count);

	if (err)
		return err;
	if (count == 4) {
		*fd = fds[3];
		*user_mode_only = m.value[1];
	} else if (m.value[1] < 0) {
		*fd = (int)m.value[1];
	}
	return count >= 3 ? pcn_shared_open(fds) : -EPROTO;
}

static int send_userfaultfd(int fd)
{
	struct pcn_message m = {.type = PCN_MSG_SHARED};
	int err = question(&m, &fd, 1, NULL, NULL);

	if (!err)
		fd = pcn_shared_keep(fd);
	return err ? err : fd < 0 ? fd : 0;
}

static void close_all(void)
{
	pcn_descriptor_drop(&userfault);
	pcn_descriptor_drop(&memory);
	pcn_mail_close();
}

int pcn_share(bool asked)
{
	struct pcn_memory_list list = {0};
	bool buffered;
	int err, fd;

	loudness = asked ? PCN_LOG_WARN : PCN_LOG_INFO;
	if (pcn_shared)
		return 0;
	pcn_late_end();
	if (__atomic_load_n(&pcn_private_holds, __ATOMIC_SEQ_CST))
		return -EBUSY;
	err = check_maps();
	if (err)
		return err;
	fd = pcn_userfaultfd_open(&buffered);
	err = fd < 0 && fd != -ENOSYS ? 0 : receive_files(&fd, &buffered);
	if (fd < 0) {
		close_all();
		return no_sharing(fd == -EPERM
					  ? "userfaultfd is not for this user"
					  : "this kernel has no userfaultfd");
	}
	if (err)
		pcn_sys(__NR_close, fd);
	else
		err = send_userfaultfd(fd);
	if (!err)
		err = tell_files();
	if (!err)
		err = pcn_memory_scan(&list);
	if (!err)
		err = copy_all(&list);
	if (err) {
		pcn_memory_free(&list);
		close_all();
		return err;
	}
	/* Without its agent it has neither pages nor calls. */
	pcn_sys(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL);
	map_all();
	populate(&list);
	pcn_memory_free(&list);
	pcn_shared = true;
	pcn_buffered = buffered;
	tell_all();
	return 0;
}

/* --- Ending --------------------------------------------------------------- */

#define SEEK_DATA_ 3
#define SEEK_HOLE_ 4

/* The file's data of [address, address + size), to another place. */
static void fetch(uint64_t address, uint64_t size, uint64_t to)
{
	uint64_t at = address - PCN_SHARED_BASE, end = at + size;

	while (at < end) {
		long data = pcn_sys(__NR_lseek, memory, at, SEEK_DATA_), hole;

		if (data == -ENXIO || (uint64_t)data >= end)
			return;
		hole = data < 0 ? data
				: pcn_sys(__NR_lseek, memory, data, SEEK_HOLE_);
		if (hole < 0)
			pcn_die("shared memory: lseek says %d", (int)-hole);
		if ((uint64_t)hole > end)
			hole = (long)end;
		at = (uint64_t)data;
		while (at < (uint64_t)hole) {
			long n = pcn_sys(__NR_pread64, memory,
					 to + at + PCN_SHARED_BASE - address,
					 (uint64_t)hole - at, at);

			if (n <= 0 && n != -EINTR)
				pcn_die("shared memory: pread says %d",
					(int)-n);
			at += n > 0 ? (uint64_t)n : 0;
		}
	}
}

/* Made elsewhere and put in its place by one call: it may be the table that
 * says what comes next, or what the caller's lock is in. */
static void make_private(const struct pcn_vma *v)
{
	uint64_t size = v->end - v->start;
	bool shared = v->kind == PCN_VMA_ANON && (v->flags & MAP_SHARED);
	int64_t at = pcn_private_map(size);

	if (!pcn_is_error(at) && shared)
		at = pcn_sys(__NR_mmap, at, size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED |
				     MAP_NORESERVE,
			     -1, 0);
	if (pcn_is_error(at))
		pcn_die("no memory to make private what was shared");
	fetch(v->start, size, (uint64_t)at);
	if (v->prot != (PROT_READ | PROT_WRITE))
		pcn_sys(__NR_mprotect, at, size, v->prot);
	at = pcn_sys(__NR_mremap, at, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
		     v->start);
	if (pcn_is_error(at))
		pcn_die("shared memory at %lx: mremap says %d", v->start,
			(int)-at);
}

void pcn_unshare(void)
{
	struct pcn_message m = {.type = PCN_MSG_GATHER};
	char why[PCN_CHANNEL_WHY];
	int err = pcn_channel_question(&m, NULL, 0, NULL, NULL, why);

	if (err)
		pcn_die("memory on other nodes does not come home (%d)", -err);
	pcn_descriptor_drop(&userfault); /* nobody serves it any more */
	for (uint32_t i = 0; i < pcn_process->vma_count; i++) {
		struct pcn_vma v = pcn_process->vmas[i];

		if (v.start < v.end && !is_file(&v))
			make_private(&v);
	}
	pcn_sys(__NR_prctl, PR_SET_PDEATHSIG, 0);
	pcn_shared = pcn_buffered = false;
	pcn_away_forget();
	close_all();
}
