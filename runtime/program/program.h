/*
 * program.h - inside the running program: what the parts of the run time that
 * live in it offer one another.
 *
 * All of this is native, freestanding code of one ISA: no libc, no state that
 * the program's own libc sees.  It may use the system calls below, the helpers
 * below, and what pcn/abi.h describes.  Errors are 0 or -errno unless said.
 */
#ifndef PCN_PROGRAM_H
#define PCN_PROGRAM_H

#include "pcn/abi.h"

#include <asm/errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCN_ALIGN_UP(x, a)   (((uint64_t)(x) + (a) - 1) & ~((uint64_t)(a) - 1))
#define PCN_ALIGN_DOWN(x, a) ((uint64_t)(x) & ~((uint64_t)(a) - 1))

/* --- Freestanding helpers (string.c, format.c) ------------------------------
 */

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int pcn_memcmp(const void *a, const void *b, size_t n);
size_t pcn_strlen(const char *s);
int pcn_strcmp(const char *a, const char *b);
/* Does s begin with prefix? */
bool pcn_strprefix(const char *s, const char *prefix);
/* Copies at most size - 1 bytes and a zero; returns the length of `from`. */
size_t pcn_strcopy(char *to, const char *from, size_t size);
/* Decimal, or hexadecimal after 0x; stops at the first other character. */
uint64_t pcn_strtou(const char *s, const char **end);
/* Hexadecimal digits at *text, which is moved behind them. */
uint64_t pcn_strtox(const char **text);

/* %s %c %d %u %x %p %%, with l or z for 64 bits, 0 and width.  Returns the
 * length the whole text needs; always ends in a zero. */
size_t pcn_format(char *to, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
size_t pcn_formatv(char *to, size_t size, const char *format, va_list list);

/* --- Messages (log.c) -------------------------------------------------------
 */

enum pcn_log_level {
	PCN_LOG_ERROR = 0,
	PCN_LOG_WARN = 1, /* the default of POPCORN_LOG */
	PCN_LOG_INFO = 2,
	PCN_LOG_DEBUG = 3,
};

/* One line "popcorn: ..." on stderr if POPCORN_LOG (0..3) lets it through. */
void pcn_log(enum pcn_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Says why and ends the process with exit status 125. */
_Noreturn void pcn_die(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
#define pcn_assert(x)                                                          \
	((x) ? (void)0                                                         \
	     : pcn_die("%s:%d: assertion failed: %s", __FILE_NAME__, __LINE__, \
		       #x))

/* --- Native system calls (arch/<isa>/syscall.S) ------------------------------
 */

/* The host's own numbers (<asm/unistd.h>) and structures; -errno on error. */
long pcn_native_syscall(long number, long a, long b, long c, long d, long e,
			long f);

#define PCN_SYS_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define PCN_SYS0(n)					    pcn_native_syscall(n, 0, 0, 0, 0, 0, 0)
#define PCN_SYS1(n, a)					    pcn_native_syscall(n, (long)(a), 0, 0, 0, 0, 0)
#define PCN_SYS2(n, a, b)                                                      \
	pcn_native_syscall(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define PCN_SYS3(n, a, b, c)                                                   \
	pcn_native_syscall(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define PCN_SYS4(n, a, b, c, d)                                                \
	pcn_native_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define PCN_SYS5(n, a, b, c, d, e)                                             \
	pcn_native_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d),      \
			   (long)(e), 0)
#define PCN_SYS6(n, a, b, c, d, e, f)                                          \
	pcn_native_syscall(n, (long)(a), (long)(b), (long)(c), (long)(d),      \
			   (long)(e), (long)(f))
/* pcn_sys(__NR_write, 2, text, size) */
#define pcn_sys(...)                                                           \
	PCN_SYS_PICK(__VA_ARGS__, PCN_SYS6, PCN_SYS5, PCN_SYS4, PCN_SYS3,      \
		     PCN_SYS2, PCN_SYS1, PCN_SYS0)                             \
	(__VA_ARGS__)
#define pcn_is_error(result) ((unsigned long)(result) > -4096ul)

uint64_t pcn_time_ns(void); /* CLOCK_MONOTONIC */
void pcn_sleep_ns(uint64_t ns);

/* --- Locks (lock.c)
 * ----------------------------------------------------------- */

/* A futex word, 0 when free; not recursive.  All signals stay as they are: take
 * one only where no user handler can run, that is, anywhere but in a handler.
 */
void pcn_lock(uint32_t *word);
void pcn_unlock(uint32_t *word);
/* Waits while *word == value, at most timeout_ns (0: for ever). */
void pcn_futex_wait(uint32_t *word, uint32_t value, uint64_t timeout_ns);
void pcn_futex_wake(uint32_t *word, int count);

/* --- Environment as the kernel gave it (start.c)
 * ------------------------------- */

/* The value, or NULL.  The memory is the initial machine stack: node-private,
 * valid for the life of the process image. */
const char *pcn_getenv(const char *name);
/* A native auxiliary vector entry of this process, or 0. */
uint64_t pcn_getauxval(uint64_t type);

/* The executable as this process maps it, from its program headers. */
struct pcn_image {
	uint64_t data_start, data_end;	 /* portable .data/.bss, whole pages */
	uint64_t eh_frame_hdr;		 /* address, 0 if none */
	uint64_t image_start, image_end; /* everything from the executable */
};
extern struct pcn_image pcn_image;

/* --- Process state (memory.c)
 * -------------------------------------------------- */

#define pcn_process ((struct pcn_process *)PCN_STATE_BASE)

/* Maps the state window (empty).  start.c does it for a fresh program,
 * restore.c for a saved one. */
int pcn_state_map(void);

/* The table of mappings.  All take pcn_process->lock themselves unless the
 * name ends in _locked. */
/* Index of the first vma whose end is above address (vma_count if none). */
uint32_t pcn_vma_find_locked(uint64_t address);
/* Anonymous portable memory of the run time's or libc's own (record pools, side
 * stacks): page-aligned address in the mmap window, or -errno. */
int64_t pcn_portable_map(uint64_t size_bytes, uint32_t prot,
			 uint64_t guard_bytes);
int pcn_portable_unmap(uint64_t address, uint64_t size_bytes);
/* The path of a slot, or NULL. */
const char *pcn_path(int32_t slot);

/* Node-private memory in the private window; never saved. */
int64_t pcn_private_map(uint64_t size_bytes);
void pcn_private_unmap(uint64_t address, uint64_t size_bytes);

/* --- Threads (thread.c)
 * ---------------------------------------------------------- */

/* A thread's node-private part: lies at the top of its machine stack's mapping
 * (static for the main thread); pcn_thread.slot finds it. */
struct pcn_native;

/* The calling thread. */
struct pcn_thread *pcn_self(void);
/* What the kernel of this node calls the thread / the process. */
int32_t pcn_thread_real_tid(const struct pcn_thread *thread);
int32_t pcn_real_pid(void);

/* for (t = pcn_process->threads; t; t = t->next) with the world stopped, or
 * under pcn_process->lock. */

/*
 * Restoring.  restore.c, on the initial machine stack, with signals as the
 * kernel left them:
 *   1. pcn_restore_begin()  - the calling thread gets a node-private part, the
 *                             world counts as stopped;
 *   2. maps and fills memory, struct pcn_process included;
 *   3. pcn_restore_adopt()  - virtual pid and tids are bound to this process,
 *                             native signal handlers installed, brk/mmap state
 *                             taken over; the main thread's TLS is set;
 *   4. pcn_thread_restore(t) for every thread but pcn_process->main_thread: a
 *                             native thread that waits in its base frame;
 *   5. pcn_restore_finish() - lets all go and resumes the main thread from its
 *                             chain on the calling stack (if the main thread
 *                             had exited, the initial thread just ends).
 * On failure before step 5 it may exit, by pcn_restore_refuse() with a reason;
 * the source then resumes by itself.
 */
_Noreturn void pcn_restore_refuse(int err, const char *what);
void pcn_restore_begin(void);
int pcn_restore_adopt(void);
int pcn_thread_restore(struct pcn_thread *thread);
_Noreturn void pcn_restore_finish(void);

/* --- Stopping the world (world.c)
 * -------------------------------------------------- */

struct pcn_request_info {
	uint32_t kind;	   /* enum pcn_request */
	uint32_t sequence; /* of the agent's request, 0 if a thread asked */
	struct pcn_thread *asker; /* NULL when the agent asked */
	int32_t node;		  /* target of MOVE and FORK */
	bool leave_running;	  /* CHECKPOINT: go on afterwards */
	const char *path;	  /* CHECKPOINT, portable memory; may be NULL */
	uint64_t stop_ns;	  /* how long the world took to stop */
	uint32_t threads, frames; /* captured */
};

/*
 * Implemented by save.c.  Runs with every thread captured and parked (the
 * caller's too: it is in its base frame), on the caller's machine stack.  Each
 * pcn_thread holds its chain, side_sp, signal_mask;
 * asker->answer is 1 already, for the copy.  Returns 0 or -errno, which becomes
 * the asker's answer, and everybody resumes here; or does not return because
 * the process has gone (PCN_REQUEST_MOVE, CHECKPOINT without leave_running:
 * pcn_exit_group).
 */
int pcn_request_serve(const struct pcn_request_info *request);

/* Implemented by restore.c/save.c; called by pcn_start once, on the initial
 * stack, before the program has any memory of its own.  Maps the agent's
 * control page and finds the channel.  Returns 0: start the program; 1: this
 * process is to become a restored one (pcn_channel_restore) or a node's
 * (pcn_service, if pcn_away); -errno: fatal. */
int pcn_channel_start(void);
_Noreturn void pcn_channel_restore(void);
/* In the child of a fork of the program: out of control from now on. */
void pcn_channel_forked(void);
/* The process is about to end by exit_group with this status. */
void pcn_channel_exit(int status);

_Noreturn void pcn_exit_group(int status);

/* Adds one to poll_flag's reasons, e.g. after writing control->request. */
void pcn_poll_raise(void);

extern struct pcn_control __popcorn_control;
extern uint32_t __popcorn_poll_flag; /* its first word */
extern const struct pcn_function __popcorn_functions[];

#endif
