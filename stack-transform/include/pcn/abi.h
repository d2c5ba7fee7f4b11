/*
 * abi.h - the contract between passes, layout, libc and run time.
 *
 * The only place where they meet.  C and C++ may include it; it depends on
 * nothing but fixed-width integers.  Every structure below that is marked
 * "portable" lies in memory that moves between machines: it holds nothing of
 * one ISA or node, and its layout is the same on every ISA (LP64, little
 * endian).  Structures marked "node-private" never leave their node.
 */
#ifndef PCN_ABI_H
#define PCN_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define PCN_NORETURN [[noreturn]]
extern "C" {
#else
#define PCN_NORETURN _Noreturn
#endif

/* Raised by one whenever anything below changes its meaning; slices, saved
 * processes and agents of different versions refuse one another. */
#define PCN_ABI_VERSION 3u

/* --- Address space: equal on every node, all below 2^38 (fits Sv39) ------- */

#define PCN_PAGE_SIZE 4096ul

/* Aligned part of the image: program text entries, .rodata, .data, .bss.
 * Equal addresses in every slice; .data and .bss are portable memory. */
#define PCN_IMAGE_BASE 0x0010000000ul
#define PCN_IMAGE_END  PCN_NATIVE_BASE
/* Native part of the image: each slice's own.  Run time, resume functions,
 * landing pads, unwind tables, jump tables, constant pools.  Never portable.
 * Both parts stay below 2 GiB for x86_64's small code model.  The portable
 * text ends just before it, as AArch64's calls reach 128 MiB: the linker's
 * veneers for longer ones would move functions in one slice only. */
#define PCN_NATIVE_BASE 0x0050000000ul
#define PCN_NATIVE_END	0x0070000000ul
/* struct pcn_process, portable. */
#define PCN_STATE_BASE 0x0100000000ul
#define PCN_STATE_SIZE 0x0001000000ul
/* The program's break, portable. */
#define PCN_BRK_BASE 0x0110000000ul
#define PCN_BRK_END  0x0200000000ul
/* mmap, side stacks, TLS blocks, record pools, portable. */
#define PCN_MMAP_BASE 0x0200000000ul
#define PCN_MMAP_END  0x3000000000ul
/* Machine stacks and the run time's own memory, node-private. */
#define PCN_PRIVATE_BASE 0x3000000000ul
#define PCN_PRIVATE_END	 0x3f00000000ul

/* --- Frame records (portable) --------------------------------------------- */

/*
 * One captured activation.  Values follow at PCN_RECORD_VALUES; their offsets
 * are chosen once per function by the frames pass and are the same on every
 * ISA.  A record lives from its capture until its resumed frame returns.
 */
struct pcn_record {
	struct pcn_record
		*inner; /* callee's record; NULL: the call is a poll */
	struct pcn_record *outer; /* caller's record; NULL: outermost */
	uint32_t function;	  /* index into __popcorn_functions */
	uint32_t site;		  /* call site inside function, from 0 */
	/* Stack pointer at the call of the resume function; written at every
	 * resume, read only on the same node by longjmp, zero while captured.
	 */
	uint64_t frame_hint;
};
#define PCN_RECORD_VALUES 32u /* sizeof(struct pcn_record); 16-aligned */

/* One entry per function with may-migrate call sites (node-private table,
 * section .popcorn.native.functions; all fields but resume are equal in every
 * slice, which popcorn-lipo -verify checks). */
struct pcn_function {
	void *resume;	      /* T f.resume(struct pcn_record *) */
	const char *name;     /* for traces and inspection */
	uint64_t record_size; /* bytes, header included, multiple of 16 */
	uint32_t sites;	      /* number of call sites */
	uint32_t layout_hash; /* of slots' types and offsets and of the sites */
};

/* --- Per-thread control block (portable) ---------------------------------- */

/*
 * A thread's TLS block, in portable memory, is
 *
 *     block                                                block + span
 *     | gap | TLS image, TLS zeroes ... padding | struct pcn_thread |
 *
 * block, the image and struct pcn_thread are aligned like the most aligned
 * thread-local variable, to PCN_TLS_ALIGN at least; the gap is as large as that
 * alignment, which is where a linker of variant I begins.  AArch64 (variant I)
 * points its thread pointer at block, x86_64 (variant II) at struct pcn_thread,
 * whose first word is its own address.  __popcorn_tls_span (an absolute symbol
 * from the layout, equal in every slice) is the distance from block to
 * pcn_thread.
 */
#define PCN_TLS_ALIGN	  64u
#define PCN_TLS_ALIGN_MAX 4096u

#define PCN_POOL_CLASSES 64u

/* Free records by size class of 16 bytes; larger ones by powers of two.
 * Memory comes from the mmap window in chunks. */
struct pcn_pool {
	struct pcn_record *free[PCN_POOL_CLASSES];
	uint64_t bump, bump_end; /* unused part of the newest chunk */
	uint64_t chunks;	 /* newest chunk, linked by its first word */
};

struct pcn_thread {
	struct pcn_thread *self;    /* x86_64 psABI: %fs:0 */
	struct pcn_thread *next;    /* list of all threads, from pcn_process */
	struct pcn_record *chain;   /* outermost record; NULL while running */
	struct pcn_record *resumed; /* innermost record with a live frame */
	uint64_t block;		    /* start of the TLS block */
	uint64_t entry, argument;   /* int entry(void *), until first run */
	uint64_t side_base, side_size; /* the side stack's mapping */
	uint64_t clear_child_tid;      /* as set_tid_address(2) */
	uint64_t robust_list;	       /* as set_robust_list(2) */
	uint64_t signal_mask;	       /* as the program set it */
	int32_t tid;		       /* what gettid() says; never changes */
	uint32_t state;		       /* enum pcn_thread_state */
	struct pcn_pool pool;
	uint32_t slot; /* below PCN_THREADS_MAX; of the living, unique */
	uint32_t altstack_flags; /* SS_AUTODISARM */
	uint64_t side_sp;	 /* side-stack pointer of the captured poll */
	uint64_t signal_pending; /* bit n-1: signal n; valid while captured */
	int32_t answer;		 /* what __popcorn_answer() says */
	uint32_t fp_state;	 /* PCN_FP_*; valid while captured */
	uint64_t altstack, altstack_size; /* sigaltstack(2); without: 0 */
	uint64_t spare_records; /* memory for records when there is no other */
	char name[16];		/* as PR_GET_NAME; valid while captured */
};

/*
 * A thread's floating-point environment: exception flags and rounding mode,
 * as RISC-V's fcsr and our <fenv.h> have them.  Zero is how a program starts.
 */
#define PCN_FP_INEXACT	      0x01u
#define PCN_FP_UNDERFLOW      0x02u
#define PCN_FP_OVERFLOW	      0x04u
#define PCN_FP_DIVISION	      0x08u /* by zero */
#define PCN_FP_INVALID	      0x10u
#define PCN_FP_FLAGS	      0x1fu
#define PCN_FP_ROUNDING_SHIFT 5
#define PCN_FP_ROUNDING	      0x60u
enum pcn_fp_rounding {
	PCN_FP_NEAREST = 0,
	PCN_FP_ZERO = 1,
	PCN_FP_DOWN = 2,
	PCN_FP_UP = 3,
};

/* Threads that a process can have at once, and one.  A thread's slot finds its
 * node-private part in whatever process looks for it. */
#define PCN_THREADS_MAX 65536u

enum pcn_thread_state {
	PCN_THREAD_RUNNING = 1,
	PCN_THREAD_CAPTURED = 2,
	PCN_THREAD_EXITED = 3,
};

/* --- Process state (portable, at PCN_STATE_BASE) -------------------------- */

enum pcn_vma_kind {
	PCN_VMA_IMAGE = 1, /* .data/.bss: mapped by the executable */
	PCN_VMA_STATE = 2, /* this structure */
	PCN_VMA_BRK = 3,
	PCN_VMA_ANON = 4,   /* private or shared anonymous memory */
	PCN_VMA_FILE = 5,   /* private mapping of a file: saved as memory */
	PCN_VMA_SHARED = 6, /* shared mapping of a file: path and offset */
};

/* Sorted by start, not overlapping; kept by the shim's mmap family. */
struct pcn_vma {
	uint64_t start, end; /* page-aligned, end exclusive */
	uint32_t prot;	     /* PROT_* */
	uint32_t flags;	     /* MAP_* as asked, asm-generic numbers */
	uint32_t kind;	     /* enum pcn_vma_kind */
	int32_t path;	     /* slot in the path table, or -1 */
	uint64_t offset;     /* in the file, bytes */
};

/* In flags beside MAP_*: another process shares this memory. */
#define PCN_VMA_LENT 0x40000000u
/* The file, PCN_VMA_SHARED's, was open for reading only. */
#define PCN_VMA_READ_ONLY 0x20000000u

#define PCN_VMA_MAX   65536u
#define PCN_SIGNALS   65u
#define PCN_PATH_MAX  4096u
#define PCN_NODE_NAME 32u

struct pcn_sigaction { /* asm-generic kernel layout */
	uint64_t handler;
	uint64_t flags;
	uint64_t mask;
};

struct pcn_process {
	uint64_t magic; /* PCN_PROCESS_MAGIC */
	uint32_t abi_version;
	uint32_t moves;	      /* completed moves and restores, for traces */
	uint8_t build_id[32]; /* over all slices, from the note */
	int32_t pid;	      /* what getpid() says; never changes by a move */
	int32_t ppid;
	uint32_t umask;
	uint32_t thread_count;
	struct pcn_thread *threads; /* all living threads */
	struct pcn_thread *main_thread;
	uint64_t brk;	     /* current end of the break */
	uint64_t mmap_hint;  /* where to look for room next, */
	uint64_t mmap_limit; /* and what to leave alone while there is some */
	uint32_t vma_count;
	uint32_t lock; /* futex word guarding this structure */
	int32_t node;  /* index of the node it runs on */
	uint32_t reserved32;
	struct pcn_sigaction signals[PCN_SIGNALS];
	uint64_t start_stack; /* argc, argv, envp, portable auxv */
	uint64_t reserved[63];
	struct pcn_vma vmas[PCN_VMA_MAX];
};
#define PCN_PROCESS_MAGIC 0x31736563616e6370ull /* "pcnproc1"-like tag */

/* The path table fills the second half of the state window: slots of
 * PCN_PATH_MAX bytes, a slot whose first byte is zero is free. */
#define PCN_PATHS_BASE (PCN_STATE_BASE + PCN_STATE_SIZE / 2)
#define PCN_PATHS      ((uint32_t)(PCN_STATE_SIZE / 2 / PCN_PATH_MAX))

/* --- Control page (node-private, shared by program and its agent) --------- */

/* Of the program's home, seen from another machine; ns. */
struct pcn_home_clocks {
	int64_t monotonic; /* CLOCK_MONOTONIC there is here's, slowed, and this
			    */
	int64_t realtime;  /* CLOCK_REALTIME there is that, and this */
	uint32_t known, reserved;
};

/*
 * The page at symbol __popcorn_control.  Alone, the program's own memory;
 * under popcorn-run a memfd the agent maps too.  poll_flag is read by every
 * poll; non-zero sends threads into __popcorn_poll.
 */
struct pcn_control {
	uint32_t poll_flag;
	uint32_t request;  /* enum pcn_request, written by the agent */
	uint32_t sequence; /* of the request; answered on the channel */
	/* Written by the program: it has a handler for the signal below.  The
	 * kernel cannot tell of an emulated one, whose emulator handles all. */
	uint32_t listening;
	uint32_t recalls; /* written by both: threads that are to go home */
	/* Written by the agent, the node first: the thread that gettid() calls
	 * so is to go to that node.  The thread takes the wish: the result (0:
	 * it leaves, or -errno) first, then thread = 0. */
	int32_t wished_thread, wished_node, wish_result;
	/* Written by the agent of a node on another machine than the program's
	 * home (<pcn/home_clocks.h>). */
	struct pcn_home_clocks home_clocks;
	/* Written by the agent: memory still comes; a futex. */
	uint32_t late;
	uint32_t reserved[47];
};

enum pcn_request {
	PCN_REQUEST_NONE = 0,
	PCN_REQUEST_MOVE = 1,	    /* save, hand over, exit */
	PCN_REQUEST_CHECKPOINT = 2, /* save, go on or exit */
	PCN_REQUEST_FORK = 3,	    /* save, hand over, go on */
	PCN_REQUEST_SHARE = 4,	    /* share memory between nodes */
	PCN_REQUEST_PRIVATE = 5,    /* no more: it is here, and all threads */
};

/* The signal that interrupts blocking system calls for a request.  QEMU user
 * mode keeps two signals for itself: a guest's 62 is the host's 64, and a
 * guest has no 63 and 64 at all (tgkill says EINVAL). */
#define PCN_SIGNAL_INTERRUPT 62

/* --- The executable's note (equal in every slice) ----------------------------
 */

/*
 * Section .note.popcorn, symbol __popcorn_note: an ELF note whose name is
 * PCN_NOTE_NAME.  popcorn-layout writes it, popcorn-lipo -create puts in the
 * build id, which is over all slices.  docs/FORMATS.md.
 */
#define PCN_NOTE_NAME "Popcorn"
#define PCN_NOTE_TYPE 1u
#define PCN_NOTE_ISAS 8u
struct pcn_note {
	uint32_t name_size, description_size, type;
	char name[sizeof(PCN_NOTE_NAME)];
	uint32_t abi_version;
	uint32_t isa_count;
	uint8_t build_id[32];
	uint32_t reserved;
	uint64_t data_start, data_end; /* .data and .bss, whole pages */
	char isas[PCN_NOTE_ISAS][16];  /* zero-terminated names */
};

/* --- Functions the run time offers to compiled code ----------------------- */

/*
 * Slow path of a poll, called when poll_flag is non-zero.  The only native
 * function that may migrate: it returns at once, or the stack is captured and
 * some node, perhaps another, returns from it later.
 */
void __popcorn_poll(void);

/* In the landing pad of call site `site` of function `function`: a record to
 * store the live values in.  While a longjmp passes: scratch memory. */
struct pcn_record *__popcorn_capture(uint32_t function, uint32_t site);
/* The same in a resume function, whose values are in its record already. */
void __popcorn_recapture(struct pcn_record *record, uint32_t site);
/* The last act of a pad that goes on unwinding: without arguments, so that pads
 * need not keep the exception they were entered with. */
PCN_NORETURN void __popcorn_continue(void);
/* Non-zero while a capture, zero while a longjmp unwinds. */
uint32_t __popcorn_capturing(void);
/* Continues record->inner: tail-jumps to its resume function, whatever that
 * returns.  Declared per call site with the site's own return type. */
void __popcorn_resume_inner(struct pcn_record *record);
/* The resumed frame of `record` is about to return. */
void __popcorn_release(struct pcn_record *record);

/*
 * setjmp.  `activation` is an object on the side stack that stands for the
 * calling activation, `label` (from 1) the setjmp call in it.  The jump
 * buffer holds these two words (and, for sigsetjmp, the mask).
 */
void __popcorn_setjmp(void *jump_buffer, void *activation, uint32_t label,
		      uint32_t save_mask);
/* In a pad: the label if the longjmp under way is for this activation, else
 * 0 (also while capturing); a label ends the unwinding. */
uint32_t __popcorn_caught(void *activation);
/* The value the setjmp returns, valid after __popcorn_caught said so. */
int32_t __popcorn_jump_value(void);
PCN_NORETURN void __popcorn_longjmp(void *jump_buffer, int32_t value);

/*
 * A system call with asm-generic numbers and structures; returns the result
 * or -errno.  Never migrates.  A blocking call that a request or a signal
 * interrupted returns -PCN_ERESTART: poll, then issue it again.
 */
#define PCN_ERESTART 512
long __popcorn_syscall(long number, long a, long b, long c, long d, long e,
		       long f);

/*
 * Starts a thread.  flags as clone(2); side_stack is the top of the memory
 * libc allocated for it (the side stack), block its TLS block.  The machine
 * stack is the run time's business.  Returns the tid or -errno.
 */
int __popcorn_clone(int (*entry)(void *), void *side_stack, int flags,
		    void *argument, int32_t *parent_tid, void *block,
		    int32_t *child_tid);
/* Makes `block` (whose pcn_thread is zero but for self) the calling thread's
 * TLS block: the first thing libc does. */
void __popcorn_set_tls(void *block);
/* Frees a side stack and ends the calling thread (pthread_exit, detached). */
PCN_NORETURN void __popcorn_unmap_exit(void *base, size_t size);

/* The calling thread's floating-point environment, PCN_FP_*. */
uint32_t __popcorn_fp_get(void);
void __popcorn_fp_set(uint32_t state);

/* The TLS image of the slice: equal in every slice. */
struct pcn_tls_image {
	const void *image;
	uint64_t file_size, memory_size, span; /* span: __popcorn_tls_span */
	uint64_t align;			       /* and size of the gap */
};
const struct pcn_tls_image *__popcorn_tls_image(void);

/* <popcorn.h> calls that need the run time. */
int __popcorn_node_count(void);
int __popcorn_node_current(void);
/* The process's, where its threads are that have not left alone. */
int __popcorn_node_home(void);
int __popcorn_node_name(int node, char *name, size_t size);
/* Ask for a move of the process; takes effect in the poll that follows. */
int __popcorn_ask_move(int node);
int __popcorn_ask_checkpoint(const char *path, int leave_running);
int __popcorn_ask_fork(int node);
/* The same of the calling thread alone. */
int __popcorn_ask_thread(int node);
/* Before a fork: memory is to be shared with no other node until then.  0: it
 * is so; 1: poll and ask again. */
int __popcorn_ask_private(void);
/* What the request came to: 0, for a fork the copy's process id; 1 in the
 * copy; or -errno.  -PCN_ERESTART: the thread was on another node than its
 * process, and is not any more: ask again. */
int __popcorn_answer(void);

#ifdef __cplusplus
}
static_assert(sizeof(struct pcn_record) == PCN_RECORD_VALUES, "record header");
#else
_Static_assert(sizeof(struct pcn_record) == PCN_RECORD_VALUES, "record header");
_Static_assert(sizeof(struct pcn_note) == 208, "note");
_Static_assert(sizeof(struct pcn_process) <= PCN_STATE_SIZE / 2,
	       "process state");
#endif

#endif
