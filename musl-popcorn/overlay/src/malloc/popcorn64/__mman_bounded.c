/* What malloc uses of mmap, munmap and mremap: nothing here waits. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include "syscall.h"

hidden void *__mmap_bounded(void *, size_t, int, int, int, off_t);
hidden int __munmap_bounded(void *, size_t);
hidden void *__mremap_bounded(void *, size_t, size_t, int);

void *__mmap_bounded(void *start, size_t len, int prot, int flags, int fd,
		     off_t off)
{
	if (len >= PTRDIFF_MAX) return (void *)__syscall_ret(-ENOMEM);
	return (void *)syscall(SYS_mmap, start, len, prot, flags, fd, off);
}

int __munmap_bounded(void *start, size_t len)
{
	return syscall(SYS_munmap, start, len);
}

void *__mremap_bounded(void *start, size_t old_len, size_t new_len, int flags)
{
	if (new_len >= PTRDIFF_MAX) return (void *)__syscall_ret(-ENOMEM);
	return (void *)syscall(SYS_mremap, start, old_len, new_len, flags, 0);
}
