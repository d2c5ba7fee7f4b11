/*
 * mail.h - how a thread away from home and its shadow reach one another
 * (docs/DISTRIBUTED.md).
 *
 * Every process has one struct pcn_mail for each slot of a thread, in memory
 * that only it and its agent share.  Whoever's turn it is writes the other
 * fields, then the word: a process wakes its agent by writing the slot's number
 * (4 bytes) to its doorbell, a pipe; an agent wakes a thread by a futex of the
 * word.
 */
#ifndef PCN_MAIL_H
#define PCN_MAIL_H

#include <pcn/abi.h>
#include <stdbool.h>

enum pcn_mail_word {
	PCN_MAIL_NONE = 0,
	/* At home, from the shadow: its thread stands captured; to `node`. */
	PCN_MAIL_LEAVE = 1,
	/* At home, from the agent: it has gone; the shadow waits for calls. */
	PCN_MAIL_AWAY = 2,
	/* From the thread; at home, from the agent: to be made by the shadow.
	 */
	PCN_MAIL_CALL = 3,
	/* From the shadow; away, from the agent. */
	PCN_MAIL_RESULT = 4,
	/* From the thread, captured: it wants home, or, through it, to `node`;
	 * its native thread waits a while for the slot's next one.  At home,
	 * from the agent: it is the shadow's again. */
	PCN_MAIL_HOME = 5,
	/* At home, from the agent: it could not leave, because of `error`. */
	PCN_MAIL_REFUSED = 6,
	/* From the thread: the call was its last, there is no answer. */
	PCN_MAIL_LAST = 7,
	/* Away, in place of a HOME, from whoever brings `thread`: it is for the
	 * native thread that said so. */
	PCN_MAIL_ARRIVED = 8,
};

/* Calls that are none of the kernel's. */
#define PCN_MAIL_CLONE 0x10000 /* __popcorn_clone, all seven arguments */
#define PCN_MAIL_END   0x10001 /* memory to unmap, its size: thread's end */
#define PCN_MAIL_MASK  0x10002 /* the thread's signal mask has changed */
/* A signal whose handler is to run: where a struct pcn_taken_signal has room.
 * Its number, or 0. */
#define PCN_MAIL_TAKE 0x10003

/* A result: take the signals first, then make the call again. */
#define PCN_MAIL_AGAIN 513

struct pcn_taken_signal {
	uint8_t info[128]; /* siginfo_t */
	struct pcn_sigaction action;
};

/* In recall. */
enum pcn_mail_recall {
	PCN_RECALL_HOME = 1,   /* the world is to stop: come home */
	PCN_RECALL_SIGNAL = 2, /* there is a signal to be taken */
};

#define PCN_MAIL_PAGES 31

struct pcn_mail {
	uint32_t word;	 /* enum pcn_mail_word, a futex */
	uint32_t recall; /* enum pcn_mail_recall.  At home: what the shadow
			  * wants, until the agent has seen it; away: what
			  * the thread is to do at its next poll */
	int32_t node;
	int32_t error;	 /* with REFUSED */
	uint64_t thread; /* with LEAVE and ARRIVED: struct pcn_thread, and */
	uint64_t stack_size; /* of its machine stack */
	int64_t number, argument[7];
	int64_t result;
	uint32_t signals;  /* with RESULT: there are some to be taken */
	uint32_t fp_state; /* with CALL: PCN_FP_* */
	uint32_t asked;	   /* with HOME: the program did, and hears of it */
	uint32_t reserved32;
	/* With LEAVE and HOME: what the thread touches first, page numbers:
	 * they go with it. */
	uint32_t page_count, pages[PCN_MAIL_PAGES];
	uint32_t reserved[2];
};
_Static_assert(sizeof(struct pcn_mail) == 256, "mail");

/* Gives a thread to the native one that has said HOME there; false: it does not
 * wait any more.  Wake it by the word. */
static inline bool pcn_mail_bring(struct pcn_mail *m, uint64_t thread,
				  uint64_t stack_size)
{
	uint32_t word = PCN_MAIL_HOME;

	m->thread = thread;
	m->stack_size = stack_size;
	return __atomic_compare_exchange_n(&m->word, &word, PCN_MAIL_ARRIVED,
					   false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

#define PCN_MAIL_SIZE (PCN_THREADS_MAX * sizeof(struct pcn_mail))

/* Shared memory: what lies in a node's file of it begins here. */
#define PCN_SHARED_BASE PCN_IMAGE_BASE
#define PCN_SHARED_END	PCN_MMAP_END

#endif
