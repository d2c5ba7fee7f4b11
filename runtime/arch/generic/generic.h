/*
 * generic.h - the portable side of the system-call shim: numbers and structures
 * of asm-generic Linux on 64 bits, as popcorn's libc uses them.  Facts from the
 * kernel's include/uapi/asm-generic.
 */
#ifndef PCN_GENERIC_H
#define PCN_GENERIC_H

#include <stdint.h>

struct pcn_generic_stat {
	uint64_t dev, ino;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev, pad1;
	int64_t size;
	int32_t blksize, pad2;
	int64_t blocks;
	int64_t atime_s;
	uint64_t atime_ns;
	int64_t mtime_s;
	uint64_t mtime_ns;
	int64_t ctime_s;
	uint64_t ctime_ns;
	uint32_t unused[2];
};
_Static_assert(sizeof(struct pcn_generic_stat) == 128, "struct stat");

struct pcn_generic_epoll_event {
	uint32_t events;
	uint32_t pad;
	uint64_t data;
};

struct pcn_generic_semid {
	uint8_t perm[48];
	int64_t otime, ctime;
	uint64_t nsems, unused[2];
};

struct pcn_timespec {
	int64_t s, ns;
};

struct pcn_stack {
	uint64_t sp;
	int32_t flags, pad;
	uint64_t size;
};

/* What a handler's third argument points to: only the mask and the alternate
 * stack mean anything. */
struct pcn_generic_ucontext {
	uint64_t flags, link;
	struct pcn_stack stack;
	uint64_t mask;
	uint8_t rest[1024 - 48];
};

#define PCN_O_DIRECT	040000
#define PCN_O_LARGEFILE 0100000
#define PCN_O_DIRECTORY 0200000
#define PCN_O_NOFOLLOW	0400000

#endif
