/*
 * file.c - calls on files whose flags or structures an ISA has its own way
 * with.
 */
#include "channel.h"
#include "native.h"

#include <linux/fcntl.h>

static void stat_out(struct pcn_generic_stat *to,
		     const struct pcn_native_stat *from)
{
	*to = (struct pcn_generic_stat){
		.dev = from->dev,
		.ino = from->ino,
		.mode = from->mode,
		.nlink = from->nlink,
		.uid = from->uid,
		.gid = from->gid,
		.rdev = from->rdev,
		.size = from->size,
		.blksize = from->blksize,
		.blocks = from->blocks,
		.atime_s = from->atime_s,
		.atime_ns = from->atime_ns,
		.mtime_s = from->mtime_s,
		.mtime_ns = from->mtime_ns,
		.ctime_s = from->ctime_s,
		.ctime_ns = from->ctime_ns,
	};
}

/* --- names in /proc --- */

#define SELF	  "/proc/self"
#define EXE	  SELF "/exe"
#define TASKS	  "/task/"
#define PATH_ROOM 64

/* What follows this process's folder, or NULL. */
static const char *behind_self(const char *path)
{
	char own[PATH_ROOM];
	size_t size = sizeof SELF - 1;

	/* Most names end here. */
	if ((uint64_t)path < PCN_IMAGE_BASE || !pcn_strprefix(path, "/proc/"))
		return NULL;
	if (!pcn_strprefix(path, SELF)) {
		size = pcn_format(own, sizeof own, "/proc/%d",
				  pcn_process->pid);
		if (!pcn_strprefix(path, own))
			return NULL;
	}
	return path[size] && path[size] != '/' ? NULL : path + size;
}

/* The kernel has another number for a process that has moved, and for its
 * threads. */
static const char *real_path(const char *path, char room[PATH_ROOM])
{
	const char *rest = pcn_process->moves ? behind_self(path) : NULL;
	size_t size, tasks = sizeof TASKS - 1;

	if (!rest)
		return path;
	if (pcn_strprefix(rest, TASKS) && rest[tasks] >= '0' &&
	    rest[tasks] <= '9') {
		int32_t tid = (int32_t)pcn_strtou(rest + tasks, &rest);

		size = pcn_format(room, PATH_ROOM, SELF TASKS "%d%s",
				  pcn_real_tid(tid), rest);
	} else {
		size = pcn_format(room, PATH_ROOM, SELF "%s", rest);
	}
	return size < PATH_ROOM ? room : path;
}

/* --- the program's own file ---
 *
 * Where another ISA's slice runs, or a machine has brought a copy, that is what
 * the kernel finds under these names.  The program finds what it was begun as.
 */

const char *pcn_executable_instead(const char *path, long answer)
{
	const char *known = pcn_channel_executable();
	const char *rest;
	char now[1024];
	long n;

	if (!known[0] || (pcn_is_error(answer) && answer != -ENOENT))
		return NULL;
	rest = behind_self(path);
	if (!rest || pcn_strcmp(rest, "/exe"))
		return NULL;
	n = pcn_sys(__NR_readlinkat, AT_FDCWD, EXE, now, sizeof now - 1);
	now[n > 0 ? n : 0] = 0;
	return pcn_strprefix(now, known) ? NULL : known;
}

long pcn_call_readlinkat(struct pcn_call *call)
{
	const char *path = (const char *)call->a[1], *exe;
	char room[PATH_ROOM];
	long result, size;

	result = pcn_sys(__NR_readlinkat, call->a[0], real_path(path, room),
			 call->a[2], call->a[3]);
	exe = pcn_executable_instead(path, result);
	if (!exe)
		return result;
	size = (long)pcn_strlen(exe);
	if (size > call->a[3])
		size = call->a[3];
	memcpy((char *)call->a[2], exe, size);
	return size;
}

long pcn_call_fstat(struct pcn_call *call)
{
	struct pcn_native_stat native;
	long result = pcn_sys(__NR_fstat, call->a[0], &native);

	if (!result)
		stat_out((struct pcn_generic_stat *)call->a[1], &native);
	return result;
}

long pcn_call_fstatat(struct pcn_call *call)
{
	const char *path = (const char *)call->a[1], *exe = NULL;
	struct pcn_native_stat native;
	char room[PATH_ROOM];
	long result = pcn_sys(__NR_newfstatat, call->a[0],
			      real_path(path, room), &native, call->a[3]);

	if (!(call->a[3] & AT_SYMLINK_NOFOLLOW))
		exe = pcn_executable_instead(path, result);
	/* Which may not be on this machine. */
	if (exe && !pcn_sys(__NR_newfstatat, AT_FDCWD, exe, &native, 0))
		result = 0;
	if (!result)
		stat_out((struct pcn_generic_stat *)call->a[2], &native);
	return result;
}

long pcn_call_openat(struct pcn_call *call)
{
	const char *path = (const char *)call->a[1], *exe;
	long flags = pcn_arch_open_flags_in(call->a[2]), result;
	char room[PATH_ROOM];

	result = pcn_call_blocking(call, PCN_CALL_BLOCK, __NR_openat,
				   call->a[0], (long)real_path(path, room),
				   flags, call->a[3], 0, 0);
	exe = pcn_executable_instead(path, result);
	if (exe && !(flags & O_NOFOLLOW)) {
		long fd = pcn_sys(__NR_openat, AT_FDCWD, exe, flags, 0);

		/* It gets the number that the other one had. */
		if (!pcn_is_error(fd) && !pcn_is_error(result)) {
			pcn_sys(__NR_dup3, fd, result, flags & O_CLOEXEC);
			pcn_sys(__NR_close, fd);
		} else if (!pcn_is_error(fd)) {
			result = fd;
		}
	}
	return result;
}

long pcn_call_pipe2(struct pcn_call *call)
{
	call->a[1] = pcn_arch_open_flags_in(call->a[1]);
	return pcn_call_native(call);
}

/* --- descriptors; some are not the program's to see --- */

/* A process's record locks on a file end when it closes any descriptor of it.
 */
long pcn_call_close(struct pcn_call *call)
{
	long result;

	if (pcn_descriptor_is_own((int)call->a[0]))
		return -EBADF;
	/* Never issued again: the descriptor is gone however it ends. */
	result = pcn_sys(__NR_close, call->a[0]);
	pcn_locks_changed();
	return result;
}

long pcn_call_close_range(struct pcn_call *call)
{
	uint64_t first = (unsigned)call->a[0], last = (unsigned)call->a[1];
	long result = first > last ? -EINVAL : 0;

	while (first <= last && !result) {
		uint64_t next = pcn_descriptor_next_own((uint32_t)first);

		if (next > last)
			next = last + 1;
		if (next > first)
			result = pcn_sys(__NR_close_range, first, next - 1,
					 call->a[2]);
		first = next + 1;
	}
	pcn_locks_changed();
	return result;
}

long pcn_call_dup(struct pcn_call *call)
{
	if (pcn_descriptor_is_own((int)call->a[0]))
		return -EBADF;
	return pcn_call_native(call);
}

long pcn_call_dup3(struct pcn_call *call)
{
	long result;
	int error;

	if (pcn_descriptor_is_own((int)call->a[0]))
		return -EBADF;
	error = pcn_descriptor_make_room((int)call->a[1]);
	if (error)
		return error;
	call->a[2] = pcn_arch_open_flags_in(call->a[2]);
	result = pcn_call_native(call);
	pcn_locks_changed();
	return result;
}

long pcn_call_fcntl(struct pcn_call *call)
{
	struct flock *lock = (void *)call->a[2]; /* where one is */
	long result;

	if (pcn_descriptor_is_own((int)call->a[0]))
		return -EBADF;
	switch (call->a[1]) {
	case F_SETLK:
		result = pcn_call_native(call);
		pcn_locks_changed();
		return result;
	case F_SETLKW:
	case F_OFD_SETLKW:
		result = pcn_call_blocking(call, PCN_CALL_BLOCK, __NR_fcntl,
					   call->a[0], call->a[1], call->a[2],
					   0, 0, 0);
		pcn_locks_changed();
		return result;
	case F_GETLK:
	case F_OFD_GETLK:
		result = pcn_call_native(call);
		if (!result)
			lock->l_pid = pcn_program_pid(lock->l_pid);
		return result;
	case F_SETFL:
		call->a[2] = pcn_arch_open_flags_in(call->a[2]);
		return pcn_call_native(call);
	case F_GETFL:
		result = pcn_call_native(call);
		return result < 0 ? result : pcn_arch_open_flags_out(result);
	default:
		return pcn_call_native(call);
	}
}

#define IPC_STAT     2
#define SEM_STAT     18
#define SEM_STAT_ANY 20

long pcn_call_semctl(struct pcn_call *call)
{
	struct pcn_native_semid native;
	struct pcn_generic_semid *to = (void *)call->a[3];
	long command = call->a[2] & ~0x100 /* IPC_64 */, result;

	if (command != IPC_STAT && command != SEM_STAT &&
	    command != SEM_STAT_ANY)
		return pcn_call_native(call);
	result = pcn_sys(__NR_semctl, call->a[0], call->a[1], call->a[2],
			 &native);
	if (result >= 0) {
		memcpy(to->perm, native.perm, sizeof to->perm);
		to->otime = native.otime;
		to->ctime = native.ctime;
		to->nsems = native.nsems;
	}
	return result;
}
