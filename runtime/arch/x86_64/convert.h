/*
 * convert.h - where x86-64's structures differ from asm-generic: struct stat,
 * epoll_event (packed), semid_ds.  The O_ flags are the same.
 */
#ifndef PCN_CONVERT_H
#define PCN_CONVERT_H

#include "../generic/generic.h"

struct pcn_native_stat {
	uint64_t dev, ino, nlink;
	uint32_t mode, uid, gid, pad0;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	uint64_t atime_s, atime_ns, mtime_s, mtime_ns, ctime_s, ctime_ns;
	int64_t unused[3];
};
_Static_assert(sizeof(struct pcn_native_stat) == 144, "struct stat");

struct pcn_native_epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));

struct pcn_native_semid {
	uint8_t perm[48];
	int64_t otime, unused1, ctime, unused2;
	uint64_t nsems, unused3, unused4;
};

static inline long pcn_arch_open_flags_in(long generic)
{
	return generic;
}

static inline long pcn_arch_open_flags_out(long native)
{
	return native;
}

#endif
