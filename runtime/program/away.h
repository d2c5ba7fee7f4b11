/*
 * away.h - threads on other nodes than the process's own
 * (docs/DISTRIBUTED.md).
 *
 * away.c: a thread that is away and its shadow at home
 * share.c: the memory that they share, and its maps
 * service.c: the process of a node that is not the program's home
 */
#ifndef PCN_PROGRAM_AWAY_H
#define PCN_PROGRAM_AWAY_H

#include "native.h"

#include <pcn/mail.h>

/* This process is a node's, and the program's home is elsewhere. */
extern bool pcn_away;
/* At home: memory is shared between nodes. */
extern bool pcn_shared;
/* The same, and the kernel cannot wait for its pages (buffers.h). */
extern bool pcn_buffered;

/* --- away.c --- */

/* Both sides: the mails and the doorbell that SHARE brought. */
int pcn_mail_open(int mails, int doorbell);
void pcn_mail_close(void);
/* The thread, about to poll, is to go to that node: 0 or -errno. */
int pcn_away_aim(struct pcn_native *native, int node);
/* At home: does the agent wish the thread to be elsewhere?  The thread, about
 * to poll, takes it up. */
bool pcn_away_wished(const struct pcn_native *native);
void pcn_away_take_wish(struct pcn_native *native);
/* From a poll: with POPCORN_SPREAD, the thread is sometimes told to leave. */
void pcn_away_spread(struct pcn_native *native);
/* Before the thread is captured: is it to leave? */
bool pcn_away_wanted(const struct pcn_native *native);
/* From the base frame at home, captured, with a target: returns when the
 * thread is here again, or has not left. */
void pcn_shadow(struct pcn_native *native);
/* Away: is there a signal to be taken, as the last call's result says, or as
 * the poll is told? */
bool pcn_away_signalled(struct pcn_native *native, bool after_call);
/* The call that the thread came home for is done. */
void pcn_away_back(struct pcn_native *native);
/* From the base frame away, captured: returns with another thread if one comes
 * soon. */
void pcn_away_return(struct pcn_native *native);
/* Is a native thread left there that waits for the slot's next one?  The thread
 * is its own then. */
bool pcn_away_hand_over(uint32_t slot, struct pcn_thread *thread,
			uint64_t stack_size);
/* About to poll, away: to come home there. */
int pcn_away_ask_home(struct pcn_native *native);
/* The call is one for the thread itself, at home: -PCN_ERESTART. */
long pcn_away_go_home(struct pcn_call *call);
/* Away: a call of the kernel's number or PCN_MAIL_*, made by the shadow. */
long pcn_away_call(struct pcn_native *native, long number,
		   const long argument[7]);
/* Away: the thread's end. */
_Noreturn void pcn_away_end(struct pcn_native *native, uint64_t unmap,
			    uint64_t unmap_size);

/* No node's process is known to be ready any more. */
void pcn_away_forget(void);

/* --- share.c --- */

/* Both sides: what SHARE brought, memory, mails and doorbell. */
int pcn_shared_open(const int fds[3]);
/* The userfaultfd of all this, for as long as memory is shared: its new number,
 * or -errno. */
int pcn_shared_keep(int fd);
/* Pages of the shared memory at their own address; as mmap. */
long pcn_shared_map(uint64_t address, uint64_t size, long prot);

/* At home. */

/* World stopped.  0 or -errno; 0 if it is shared already.  asked: by the
 * program, which hears why not. */
int pcn_share(bool asked);
/* The same, with all threads home: memory is private again. */
void pcn_unshare(void);
/* Threads about to fork, which keep it so. */
extern uint32_t pcn_private_holds;
/* A new one or -errno.  *user_mode_only: the kernel cannot wait for a page that
 * a system call reads or writes, as that takes a privilege; NULL: it need not.
 */
int pcn_userfaultfd_open(bool *user_mode_only);
/* All under pcn_process->lock, in place of the kernel's own; the caller keeps
 * the table. */
long pcn_share_map(uint64_t address, uint64_t size, long prot, long flags,
		   int fd, uint64_t offset);
/* mremap of a file's pages that v says: so many of them are at another place,
 * or more at the same. */
long pcn_share_remap_file(const struct pcn_vma *v, uint64_t old_size,
			  uint64_t at, uint64_t size);
long pcn_share_unmap(uint64_t address, uint64_t size);
long pcn_share_protect(uint64_t address, uint64_t size, long prot);
/* Private memory is zero again. */
long pcn_share_zero(uint64_t address, uint64_t size);

/* --- service.c --- */

_Noreturn void pcn_service(void);

#endif
