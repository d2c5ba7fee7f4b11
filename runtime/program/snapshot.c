/*
 * Puts a stream's head together: threads, frames, descriptors, what the kernel
 * knows of the process, and the list of its memory.
 */
#include "snapshot.h"
#include "channel.h"
#include "movable.h"
#include "arch.h"

#include <pcn/isa.h>

#include <asm/unistd.h>
#include <linux/fcntl.h>

extern const struct pcn_note __popcorn_note;

static bool wanted(const struct pcn_snapshot *s, const struct pcn_thread *t)
{
	return !s->info.forked || (uint64_t)t == s->info.forked;
}

static uint32_t count_frames(const struct pcn_thread *t)
{
	uint32_t n = 0;

	for (const struct pcn_record *r = t->chain; r; r = r->inner)
		n++;
	return n;
}

static int list_threads(struct pcn_snapshot *s)
{
	int64_t memory;

	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next)
		s->thread_count += wanted(s, t);
	s->threads_room = PCN_ALIGN_UP(
		s->thread_count * sizeof(*s->threads) + 1, PCN_PAGE_SIZE);
	memory = pcn_private_map(s->threads_room);
	if (pcn_is_error(memory))
		return (int)memory;
	s->threads = (void *)memory;
	s->thread_count = 0;
	for (struct pcn_thread *t = pcn_process->threads; t; t = t->next) {
		struct pcn_stream_thread *out = &s->threads[s->thread_count];

		if (!wanted(s, t))
			continue;
		out->address = (uint64_t)t;
		out->chain = (uint64_t)t->chain;
		out->tid = t->tid;
		out->frames = count_frames(t);
		s->frame_count += out->frames;
		s->thread_count++;
	}
	s->info.threads = s->thread_count;
	s->info.frames = s->frame_count;
	return 0;
}

/* Names each function once, however many frames it has. */
static int list_frames(struct pcn_snapshot *s)
{
	uint32_t functions = 0, at = 0, *names;
	uint64_t names_room;
	int64_t memory;

	s->frames_room = PCN_ALIGN_UP(s->frame_count * sizeof(*s->frames) + 1,
				      PCN_PAGE_SIZE);
	memory = pcn_private_map(s->frames_room);
	if (pcn_is_error(memory))
		return (int)memory;
	s->frames = (void *)memory;
	for (uint32_t i = 0; i < s->thread_count; i++) {
		const struct pcn_record *r = (const void *)s->threads[i].chain;

		for (; r; r = r->inner) {
			s->frames[at++] = (struct pcn_stream_frame){
				(uint64_t)r, i, r->function, r->site, 0};
			if (r->function >= functions)
				functions = r->function + 1;
		}
	}
	names_room =
		PCN_ALIGN_UP(functions * sizeof(*names) + 1ul, PCN_PAGE_SIZE);
	memory = pcn_private_map(names_room);
	if (pcn_is_error(memory))
		return (int)memory;
	names = (void *)memory;
	for (uint32_t i = 0; i < at; i++) {
		uint32_t *name = &names[s->frames[i].function];

		if (!*name)
			*name = pcn_strings_add(
				&s->strings,
				__popcorn_functions[s->frames[i].function]
					.name);
		s->frames[i].name = *name;
	}
	pcn_private_unmap((uint64_t)names, names_room);
	return 0;
}

static uint64_t clock_ns(int clock)
{
	int64_t t[2] = {0, 0};

	pcn_sys(__NR_clock_gettime, clock, t);
	return (uint64_t)t[0] * 1000000000u + (uint64_t)t[1];
}

static void describe_process(struct pcn_snapshot *s)
{
	struct pcn_stream_info *info = &s->info;
	const char *node = pcn_channel_node_name(pcn_channel_node_current());
	char path[PCN_PATH_MAX];
	long n;

	info->magic = PCN_STREAM_MAGIC;
	info->version = PCN_STREAM_VERSION;
	info->abi_version = PCN_ABI_VERSION;
	memcpy(pcn_process->build_id, __popcorn_note.build_id,
	       sizeof(info->build_id));
	memcpy(info->build_id, __popcorn_note.build_id, sizeof(info->build_id));
	pcn_strcopy(info->isa, PCN_ARCH_NAME, sizeof(info->isa));
	pcn_strcopy(info->node, node ? node : "", sizeof(info->node));
	info->saved_ns = clock_ns(0);
	info->monotonic_ns = clock_ns(1);
	info->pid = pcn_process->pid;
	n = pcn_sys(__NR_umask, 0);
	pcn_sys(__NR_umask, n);
	info->umask = (uint32_t)n & 0777;
	n = pcn_sys(__NR_getcwd, path, sizeof(path));
	if (n > 0 && path[0] == '/')
		info->cwd = pcn_strings_add(&s->strings, path);
	if (pcn_channel_executable()[0]) {
		info->exe =
			pcn_strings_add(&s->strings, pcn_channel_executable());
	} else {
		n = pcn_sys(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path,
			    sizeof(path) - 1);
		path[n > 0 ? n : 0] = 0;
		info->exe = pcn_strings_add(&s->strings, path);
	}
	for (uint32_t i = 0; i < PCN_STREAM_LIMITS; i++)
		pcn_sys(__NR_prlimit64, 0, i, NULL, &info->limits[i]);
}

int pcn_snapshot_take(struct pcn_snapshot *s)
{
	int err = pcn_movable(&s->why);

	if (!err)
		err = pcn_strings_init(&s->strings, 64ul << 20);
	if (!err)
		err = list_threads(s);
	if (!err && s->named)
		err = list_frames(s);
	if (!err)
		err = pcn_descriptors_list(&s->descriptors, &s->strings,
					   s->named);
	if (err)
		return err;
	describe_process(s);
	return pcn_memory_scan(&s->memory);
}

void pcn_snapshot_discard(struct pcn_snapshot *s)
{
	pcn_memory_free(&s->memory);
	pcn_descriptors_free(&s->descriptors);
	if (s->frames)
		pcn_private_unmap((uint64_t)s->frames, s->frames_room);
	if (s->threads)
		pcn_private_unmap((uint64_t)s->threads, s->threads_room);
	if (s->strings.text)
		pcn_private_unmap((uint64_t)s->strings.text, s->strings.room);
}

static int write_all(int fd, const char *from, uint64_t size)
{
	while (size) {
		long n = pcn_sys(__NR_write, fd, from, size);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n ? (int)n : -EIO;
		from += n;
		size -= (uint64_t)n;
	}
	return 0;
}

int pcn_snapshot_write_head(struct pcn_snapshot *s, int fd, uint64_t *file_size)
{
	struct pcn_stream_head h = {
		.info = &s->info,
		.threads = s->threads,
		.thread_count = s->thread_count,
		.descriptors = s->descriptors.list,
		.descriptor_count = s->descriptors.count,
		.frames = s->frames,
		.frame_count = s->frames ? s->frame_count : 0,
		.strings = s->strings.text,
		.strings_size = s->strings.size,
		.segments = s->memory.segments,
		.segment_count = s->memory.count,
		.machine = pcn_isa_find(PCN_ARCH_NAME)->machine,
	};
	uint64_t size = pcn_stream_layout(&h);
	int64_t head = pcn_private_map(size);
	int err;

	if (pcn_is_error(head))
		return (int)head;
	*file_size = pcn_stream_build(&h, (void *)head);
	err = write_all(fd, (const char *)head, size);
	pcn_private_unmap((uint64_t)head, size);
	return err;
}

#define SEAL_STEP (256ul << 10)

/* Reads the file back: that is also the one way to read memory that only a
 * write may find to be unreadable. */
static int seal(const struct pcn_snapshot *s, int fd, uint64_t size)
{
	struct pcn_checksum sum = {{0}};
	int64_t buffer = pcn_private_map(SEAL_STEP);
	uint64_t result;
	long n = 0;

	if (pcn_is_error(buffer))
		return (int)buffer;
	for (uint64_t at = 0; at < size; at += (uint64_t)n) {
		n = pcn_sys(__NR_pread64, fd, buffer, SEAL_STEP, at);
		if (n == 0 || (n > 0 && n % PCN_CHECKSUM_BLOCK))
			n = -EIO;
		if (n < 0)
			break;
		pcn_checksum_add(&sum, (void *)buffer, (uint64_t)n);
	}
	pcn_private_unmap((uint64_t)buffer, SEAL_STEP);
	if (n < 0)
		return (int)n;
	result = pcn_checksum_end(&sum);
	n = pcn_sys(__NR_pwrite64, fd, &result, sizeof(result),
		    pcn_stream_checksum_offset(s->memory.count));
	return n == sizeof(result) ? 0 : n < 0 ? (int)n : -EIO;
}

int pcn_snapshot_write(struct pcn_snapshot *s, int fd, uint64_t *file_size,
		       bool sealed)
{
	int err = pcn_snapshot_write_head(s, fd, file_size);

	if (!err)
		err = pcn_memory_write(&s->memory, fd);
	if (!err) /* the last page may be a hole */
		err = (int)pcn_sys(__NR_ftruncate, fd, *file_size);
	if (!err && sealed)
		err = seal(s, fd, *file_size);
	return err;
}
