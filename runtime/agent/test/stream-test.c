/*
 * The saved process's format: what the writer writes the reader reads, and a
 * damaged file is refused or harmless.  Deterministic; run it under sanitizers.
 */
#define _GNU_SOURCE
#include "check.h"
#include "saved.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STACK  PCN_MMAP_BASE
#define THREAD (PCN_MMAP_BASE + 0x1000)

static uint8_t file[1 << 20];

/* A process with one thread of two frames, a file and a pipe. */
static uint64_t make(void)
{
	static struct pcn_process process;
	static uint8_t stack[PCN_PAGE_SIZE];
	struct pcn_record *records = (void *)stack;
	struct pcn_stream_info info = {.magic = PCN_STREAM_MAGIC,
				       .version = PCN_STREAM_VERSION,
				       .abi_version = PCN_ABI_VERSION,
				       .isa = "x86_64",
				       .node = "here",
				       .threads = 1,
				       .frames = 2,
				       .pid = 77,
				       .cwd = 1};
	struct pcn_stream_thread thread = {THREAD, STACK, 77, 2};
	struct pcn_stream_descriptor descriptors[2] = {
		{.fd = 1,
		 .kind = PCN_FD_FILE,
		 .path = 3,
		 .same_as = -1,
		 .offset = 9},
		{.fd = 7, .kind = PCN_FD_PIPE, .same_as = -1},
	};
	struct pcn_stream_frame frames[2] = {{STACK, 0, 1, 2, 3},
					     {STACK + 64, 0, 4, 5, 3}};
	struct pcn_elf_segment segments[2] = {
		{.vaddr = PCN_STATE_BASE, .filesz = PCN_PAGE_SIZE, .flags = 6},
		{.vaddr = STACK, .filesz = PCN_PAGE_SIZE, .flags = 6},
	};
	struct pcn_stream_head head = {.info = &info,
				       .threads = &thread,
				       .thread_count = 1,
				       .descriptors = descriptors,
				       .descriptor_count = 2,
				       .frames = frames,
				       .frame_count = 2,
				       .strings = "\0/\0/dev/null",
				       .strings_size = 13,
				       .segments = segments,
				       .segment_count = 2,
				       .machine = 62};
	uint64_t size;

	process.magic = PCN_PROCESS_MAGIC;
	process.abi_version = PCN_ABI_VERSION;
	process.vma_count = 1;
	process.vmas[0] = (struct pcn_vma){
		STACK, STACK + 0x10000, 3, 0, PCN_VMA_ANON, -1, 0};
	records[0].inner = (void *)(STACK + 64);
	records[2].outer = (void *)STACK;
	memset(file, 0, sizeof(file));
	size = pcn_stream_build(&head, file);
	check(size < sizeof(file));
	memcpy(file + segments[0].offset, &process, PCN_PAGE_SIZE);
	memcpy(file + segments[1].offset, stack, PCN_PAGE_SIZE);
	return size;
}

static int open_bytes(struct saved *s, const char *path, uint64_t size,
		      struct error *error)
{
	FILE *f = fopen(path, "w");

	check(f && fwrite(file, 1, size, f) == size && !fclose(f));
	return saved_open(s, path, error);
}

static void round_trip(const char *path)
{
	struct error error = {""};
	struct saved s;
	uint64_t size = make();
	struct pcn_record r;

	check(open_bytes(&s, path, size, &error) == 0);
	check(s.stream.thread_count == 1 && s.stream.threads[0].tid == 77);
	check(s.stream.descriptor_count == 2 &&
	      s.stream.descriptors[1].fd == 7);
	check(!strcmp(
		pcn_stream_string(&s.stream, s.stream.descriptors[0].path),
		"/dev/null"));
	check(s.stream.frame_count == 2 && s.stream.frames[1].site == 5);
	check(s.process->vma_count == 1);
	check(saved_memory(&s, STACK, &r, sizeof(r)) &&
	      (uint64_t)r.inner == STACK + 64);
	check(saved_memory(&s, STACK + 0x8000, &r, sizeof(r)) && !r.inner);
	check(!saved_memory(&s, STACK + 0xfff8, &r, sizeof(r)));
	check(saved_reopen(&s, false, &error) == -EBADF &&
	      strstr(error.text, "descriptor 7"));
	saved_close(&s);
}

/* Each field that a bound depends on, one wrong value: a message, no more. */
static void refuses(const char *path, uint64_t offset, uint64_t value,
		    int width)
{
	struct error error = {""};
	struct saved s;
	uint64_t size = make();

	memcpy(file + offset, &value, (size_t)width);
	check(open_bytes(&s, path, size, &error) < 0);
	check(error.text[0]);
	saved_close(&s);
}

static void damage(const char *path, unsigned int rounds)
{
	unsigned int random = 12345, refused = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		struct error error = {""};
		struct saved s;
		uint64_t size = make();

		for (unsigned int k = 0; k <= i % 4; k++) {
			random = random * 1664525 + 1013904223;
			file[(random >> 8) % size] = (uint8_t)(random >> 3);
		}
		if (i % 16 == 0)
			size = (random >> 8) % size;
		if (open_bytes(&s, path, size, &error))
			refused++;
		else
			saved_reopen(&s, true, &error);
		saved_close(&s);
	}
	check(refused);
}

int main(void)
{
	char path[] = "/tmp/popcorn-stream-XXXXXX";
	int fd = mkstemp(path);

	check(fd >= 0);
	close(fd);
	round_trip(path);
	refuses(path, 16, 2, 2);      /* e_type */
	refuses(path, 56, 0xffff, 2); /* e_phnum */
	refuses(path, 56, 0, 2);
	refuses(path, 64 + 8, 1ull << 62, 8);	   /* notes' offset */
	refuses(path, 64 + 32, 1ull << 62, 8);	   /* notes' size */
	refuses(path, 64 + 56 + 8, 1ull << 62, 8); /* memory's offset */
	refuses(path, 64 + 56 + 16, PCN_NATIVE_BASE,
		8); /* run time's own memory */
	refuses(path, 64 + 56 + 16, PCN_PRIVATE_BASE, 8);
	refuses(path, 64 + 56 + 16, ~0xffful, 8); /* wraps */
	refuses(path, 64 + 56 + 32, ~0xffful, 8);
	refuses(path, 64 + 2 * 56 + 16, PCN_STATE_BASE, 8); /* overlap */
	damage(path, 1000);
	unlink(path);
	puts("ok");
	return 0;
}
