/*
 * Becomes a saved process: the other side of save.c.
 *
 * The process has just been started on its node and knows nothing but the
 * channel.  The state arrives on the transfer socket: from the source of a move
 * or fork, or from the agent, which has a file.  Nothing runs before the
 * agent's COMMIT, so whatever fails here only ends this process.
 */
#include "carried.h"
#include "descriptors.h"
#include "channel.h"
#include "late.h"
#include "mapped.h"
#include "native.h"

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

#define HUGE_PAGE 0x200000ul

extern const struct pcn_note __popcorn_note;
extern const uint32_t __popcorn_function_count;

static struct {
	struct pcn_stream stream;
	/* Sockets and files of our own, moved out of the way.  memory: the
	 * source's /proc/self/mem, -1: memory is in the stream. */
	int transfer, state, memory;
	bool is_late; /* not all memory has come */
	uint64_t head_size, file_size;
} restore = {.transfer = -1, .state = -1, .memory = -1};

/* Tells the agent, and ends; the source goes on. */
_Noreturn void pcn_restore_refuse(int err, const char *what)
{
	struct pcn_message m = {.type = PCN_MSG_FAILED, .value = {err}};

	m.text_size = (uint32_t)pcn_strlen(what);
	pcn_packet_send(pcn_channel_fd(), &m, what, NULL, 0);
	pcn_sys(__NR_exit_group, 125);
	__builtin_unreachable();
}

static void check(long result, const char *what)
{
	if (pcn_is_error(result))
		pcn_restore_refuse((int)result, what);
}

static void read_all(int fd, uint64_t to, uint64_t size, uint64_t offset,
		     const char *what)
{
	while (size) {
		long n = pcn_sys(__NR_pread64, fd, to, size, offset);

		if (n == -EINTR)
			continue;
		/* Behind the end of a mapped file there is nothing to read. */
		if (n == -EIO && fd == restore.memory && to >= PCN_MMAP_BASE &&
		    size >= PCN_PAGE_SIZE)
			n = PCN_PAGE_SIZE;
		if (n == 0)
			n = -EIO; /* it has become shorter, or the source has
				     gone */
		check(n, what);
		to += (uint64_t)n;
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
}

/* High numbers, away from those that arrive. */
static int move_high(int fd)
{
	long r = -EINVAL;

	for (int base = 60000; base > 0 && r == -EINVAL; base /= 2)
		r = pcn_sys(__NR_fcntl, fd, F_DUPFD_CLOEXEC, base);
	check(r, "no descriptors left");
	pcn_sys(__NR_close, fd);
	return (int)r;
}

static uint32_t receive_state(void)
{
	struct pcn_message m;
	uint32_t n = 2;
	int fds[2] = {-1, -1}, err;

	err = pcn_packet_receive(restore.transfer, &m, NULL, 0, fds, &n);
	/* Whoever was to send gave up: not an error of ours. */
	if (err == -EPIPE)
		pcn_sys(__NR_exit_group, 125);
	check(err, "cannot receive the state");
	if (m.type != PCN_MSG_STATE || n < 1)
		pcn_restore_refuse(-EPROTO, "the state did not arrive");
	restore.state = move_high(fds[0]);
	if (n == 2)
		restore.memory = move_high(fds[1]);
	restore.file_size = (uint64_t)m.value[0];
	restore.is_late = m.value[2] != 0;
	return (uint32_t)m.value[1];
}

static void read_head(void)
{
	_Alignas(8) uint8_t first[PCN_STREAM_PEEK];
	struct pcn_stream *s = &restore.stream;
	const char *what = "cannot read the state";
	int64_t head;

	read_all(restore.state, (uint64_t)first, sizeof(first), 0, what);
	if (pcn_stream_head_size(s, first, restore.file_size,
				 &restore.head_size))
		pcn_restore_refuse(-EINVAL, s->why);
	head = pcn_private_map(PCN_ALIGN_UP(restore.head_size, PCN_PAGE_SIZE));
	check(head, "no memory for the state");
	read_all(restore.state, (uint64_t)head, restore.head_size, 0, what);
	if (pcn_stream_parse(s, (void *)head, restore.head_size,
			     restore.file_size))
		pcn_restore_refuse(-EINVAL, s->why);
}

static bool in_state(const struct pcn_elf_segment *g)
{
	return g->vaddr >= PCN_STATE_BASE &&
	       g->vaddr < PCN_STATE_BASE + PCN_STATE_SIZE;
}

static void load_segment(const struct pcn_elf_segment *g)
{
	uint64_t start = PCN_ALIGN_UP(g->vaddr, HUGE_PAGE);
	uint64_t end = PCN_ALIGN_DOWN(g->vaddr + g->filesz, HUGE_PAGE);

	/* Only pages that are filled whole: no memory is wasted. */
	if (start < end)
		pcn_sys(__NR_madvise, start, end - start, MADV_HUGEPAGE);
	if (restore.memory >= 0)
		read_all(restore.memory, g->vaddr, g->filesz, g->vaddr,
			 "cannot read memory");
	else
		read_all(restore.state, g->vaddr, g->filesz, g->offset,
			 "cannot read memory");
}

static void map_shared_file(const struct pcn_vma *v)
{
	const char *path = pcn_path(v->path);
	long fd, r;

	if (!path)
		pcn_restore_refuse(-ENOENT, "a shared mapping has no file");
	fd = pcn_mapped_open_by_name(v);
	check(fd, path);
	r = pcn_sys(__NR_mmap, v->start, v->end - v->start, v->prot,
		    MAP_SHARED | MAP_FIXED, fd, v->offset);
	check(r, path);
	pcn_sys(__NR_close, fd);
}

static void map_memory(const struct pcn_vma *v)
{
	unsigned long flags = MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
	long r;

	if (v->kind == PCN_VMA_IMAGE || v->kind == PCN_VMA_STATE ||
	    v->start == v->end)
		return;
	if (v->kind == PCN_VMA_SHARED) {
		map_shared_file(v);
		return;
	}
	flags |= v->kind == PCN_VMA_ANON && (v->flags & MAP_SHARED)
			 ? MAP_SHARED
			 : MAP_PRIVATE;
	r = pcn_sys(__NR_mmap, v->start, v->end - v->start,
		    PROT_READ | PROT_WRITE, flags, -1, 0);
	check(r, "cannot map memory");
}

static void protect_memory(const struct pcn_vma *v)
{
	if (v->kind == PCN_VMA_SHARED || v->kind == PCN_VMA_STATE ||
	    v->start == v->end || v->prot == (PROT_READ | PROT_WRITE))
		return;
	check(pcn_sys(__NR_mprotect, v->start, v->end - v->start, v->prot),
	      "cannot protect memory");
}

/* Of the executable's data, too: what a userfaultfd serves may be no file's. */
static void begin_late(void)
{
	const struct pcn_stream *s = &restore.stream;
	long r;

	for (uint32_t i = 0; i < s->segment_count; i++) {
		const struct pcn_elf_segment *g = &s->segments[i];

		if (g->vaddr >= PCN_STATE_BASE || !pcn_stream_is_late(g))
			continue;
		r = pcn_sys(__NR_mmap, g->vaddr, g->filesz,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		check(r, "cannot map memory");
	}
	r = pcn_late_begin();
	check(r, "memory does not come");
	restore.is_late = r == PCN_LATE_COMES;
}

static void fill_memory(void)
{
	struct pcn_stream *s = &restore.stream;

	if (pcn_memcmp(__popcorn_note.build_id, s->info->build_id,
		       sizeof(__popcorn_note.build_id)))
		pcn_restore_refuse(-EINVAL, "saved by another executable");
	for (uint32_t i = 0; i < s->segment_count; i++)
		if (in_state(&s->segments[i]))
			load_segment(&s->segments[i]);
	if (pcn_stream_check_process(s, pcn_process))
		pcn_restore_refuse(-EINVAL, s->why);
	for (uint32_t i = 0; i < pcn_process->vma_count; i++)
		map_memory(&pcn_process->vmas[i]);
	if (restore.is_late)
		begin_late();
	for (uint32_t i = 0; i < s->segment_count; i++)
		if (!in_state(&s->segments[i]) &&
		    !(restore.is_late && pcn_stream_is_late(&s->segments[i])))
			load_segment(&s->segments[i]);
	for (uint32_t i = 0; i < pcn_process->vma_count; i++)
		protect_memory(&pcn_process->vmas[i]);
}

/* A record leads to a resume function: only to one that there is. */
static void check_chains(void)
{
	for (const struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		for (const struct pcn_record *r = t->chain; r; r = r->inner)
			if (r->function >= __popcorn_function_count ||
			    r->site >= __popcorn_functions[r->function].sites)
				pcn_restore_refuse(
					-EINVAL, "a frame's function is not in "
						 "this executable");
}

static void check_carried(void)
{
	const struct pcn_carry *c = pcn_carried;

	if (c->pending_count > PCN_PENDING_MAX ||
	    c->timer_count > PCN_TIMERS_MAX)
		pcn_restore_refuse(-EINVAL, "too many signals or timers");
	for (uint32_t i = 0; i < c->pending_count; i++)
		if (!c->pending[i].signal ||
		    c->pending[i].signal >= PCN_SIGNALS)
			pcn_restore_refuse(-EINVAL,
					   "a signal has no such number");
}

/* The copy of fork: only the caller, with new names. */
static void become_child(struct pcn_thread *caller)
{
	caller->next = NULL;
	pcn_process->threads = caller;
	pcn_process->main_thread = caller;
	pcn_process->thread_count = 1;
	pcn_process->ppid = pcn_process->pid;
	pcn_process->pid = pcn_real_pid();
	caller->tid = pcn_process->pid;
	pcn_carried->pending_count = 0;
	pcn_timers_forked();
}

static void restore_limits(void)
{
	const struct pcn_stream_info *info = &restore.stream.info[0];
	/* Memory's limits are not the program's alone: an emulator needs more.
	 */
	const uint32_t skip = 1u << 2 | 1u << 3 | 1u << 5 | 1u << 9;
	struct pcn_stream_limit now;

	for (uint32_t i = 0; i < PCN_STREAM_LIMITS; i++) {
		struct pcn_stream_limit want = info->limits[i];

		if (skip >> i & 1 || pcn_sys(__NR_prlimit64, 0, i, NULL, &now))
			continue;
		if (want.hard > now.hard)
			want.hard = now.hard;
		if (want.soft > want.hard)
			want.soft = want.hard;
		if (want.soft == now.soft && want.hard == now.hard)
			continue;
		pcn_sys(__NR_prlimit64, 0, i, &want, NULL);
	}
}

static void take_descriptors(uint32_t count)
{
	int channel = pcn_channel_fd(), before = channel;
	int *keep[5] = {&channel, &restore.transfer, &restore.state,
			&restore.memory, &pcn_late_descriptor};
	int err;

	err = pcn_descriptors_receive(count, &restore.transfer, keep, 5);
	if (channel != before)
		pcn_channel_replace(channel);
	check(err, "cannot take over the descriptors");
	if (pcn_late_descriptor >= 0)
		check(pcn_descriptor_keep(&pcn_late_descriptor),
		      "cannot take over the descriptors");
}

static void say_restored(void)
{
	struct pcn_message m = {
		.type = PCN_MSG_RESTORED,
		.value = {(int64_t)restore.stream.info->memory_bytes,
			  restore.stream.info->threads}};
	int err = pcn_channel_call(&m, NULL, NULL, 0, NULL, NULL);

	/* Without a COMMIT the source may have gone on. */
	if (err || m.type != PCN_MSG_COMMIT)
		pcn_sys(__NR_exit_group, 125);
}

/* What must not happen twice waits for the COMMIT. */
static void start_clocks(void)
{
	const struct pcn_stream_info *info = restore.stream.info;

	if (info->forked)
		return;
	pcn_timers_start(info->timers);
	pcn_pending_put_back_shared();
}

_Noreturn void pcn_channel_restore(void)
{
	struct pcn_message ready = {.type = PCN_MSG_READY};
	const struct pcn_stream_info *info;
	uint32_t count;

	restore.transfer = move_high(pcn_channel_transfer());
	pcn_restore_begin();
	check(pcn_state_map(), "cannot map the process's state");
	check(pcn_packet_send(pcn_channel_fd(), &ready, NULL, NULL, 0),
	      "cannot reach the agent");
	count = receive_state();
	read_head();
	info = restore.stream.info;
	fill_memory();
	if (info->forked)
		become_child((struct pcn_thread *)info->forked);
	check_chains();
	check_carried();
	pcn_process->moves++;
	pcn_process->node = pcn_channel_node_current();
	restore_limits();
	pcn_sys(__NR_umask, info->umask);
	take_descriptors(count);
	pcn_sys(__NR_close, restore.transfer);
	pcn_sys(__NR_close, restore.state);
	if (restore.memory >= 0)
		pcn_sys(__NR_close, restore.memory);
	check(pcn_restore_adopt(),
	      "cannot take over the process's signals and threads");
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		if (t != pcn_process->main_thread)
			check(pcn_thread_restore(t), "cannot start a thread");
	check(pcn_timers_create(), "cannot make a timer");
	say_restored();
	start_clocks();
	pcn_private_unmap((uint64_t)restore.stream.head,
			  PCN_ALIGN_UP(restore.head_size, PCN_PAGE_SIZE));
	pcn_restore_finish();
}
