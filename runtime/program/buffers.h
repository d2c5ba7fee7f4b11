/*
 * buffers.h - system calls at home while the kernel cannot wait for the
 * program's pages: their buffers are in memory of this process alone.
 *
 * bounce.c: that memory, and copies of the program's in it
 * buffers.c: calls by the table buffers.def
 * vectors.c: calls that transfer data
 *
 * What the program's memory holds is read and written here, in user mode, where
 * a page that is elsewhere can be waited for.  A pointer to memory that is not
 * shared goes to the kernel as it is.
 */
#ifndef PCN_BUFFERS_H
#define PCN_BUFFERS_H

#include "native.h"

/* The numbers of system calls, asm-generic's. */
enum pcn_call_number {
#define CALL(kind, name, number)    PCN_CALL_NUMBER_##name = number,
#define OWN(name, number, function) PCN_CALL_NUMBER_##name = number,
#define AWAY(place, name, number, condition)
#include "syscalls.def"
#undef CALL
#undef OWN
#undef AWAY
};

/* Of a thread; a call's data has half of what is left, and what is more goes in
 * pieces.  Handlers that run amid a call have the rest. */
#define PCN_BOUNCE_SIZE (4ul << 20)

enum pcn_bounce_back {
	PCN_BACK_NOTHING,
	PCN_BACK_CHANGES, /* all of it, if the kernel has changed it */
	PCN_BACK_RESULT,  /* result * unit bytes, and what lies before */
	PCN_BACK_LENGTH,  /* as *length says */
};

struct pcn_bounced {
	uint64_t user;
	void *copy;
	uint64_t size;
	enum pcn_bounce_back back;
	uint32_t before, unit;
	const uint32_t *length;
};

/* One call's. */
struct pcn_bounce {
	struct pcn_native *native;
	int err; /* of what could not be brought; then no call is to be made */
	uint32_t count;
	struct pcn_bounced list[8];
};

/* Makes the call with the arguments that are in it now. */
typedef long pcn_make(struct pcn_call *call);
/* Makes it with others. */
typedef long pcn_special(struct pcn_call *call, pcn_make *make);

/* --- bounce.c --- */

void pcn_bounce_begin(struct pcn_bounce *b, struct pcn_native *native);
/* Writes back, frees, and says what the call's result is. */
long pcn_bounce_end(struct pcn_bounce *b, long result);
/* How much a call's data may be. */
uint64_t pcn_bounce_room(const struct pcn_bounce *b);
/* NULL and an error if there is no room. */
void *pcn_bounce_take(struct pcn_bounce *b, uint64_t size);
/* *argument := where a copy is. */
void pcn_bounce_in(struct pcn_bounce *b, long *argument, uint64_t size);
void pcn_bounce_text(struct pcn_bounce *b, long *argument);
/* Its changes go back; out: the kernel only writes to it. */
void pcn_bounce_inout(struct pcn_bounce *b, long *argument, uint64_t size,
		      bool out);
/* Behind `before` bytes the result counts units. */
void pcn_bounce_result(struct pcn_bounce *b, long *argument, uint64_t size,
		       uint32_t before, uint32_t unit);
void pcn_bounce_length(struct pcn_bounce *b, long *argument, long *length);

bool pcn_bounce_is_shared(uint64_t address);
/* How many of size bytes can be read, or written. */
uint64_t pcn_bounce_mapped(uint64_t address, uint64_t size, bool write);
/* Has the page here for a moment; false: there is none. */
bool pcn_bounce_touch(uint64_t address, bool write);

/* --- buffers.c, vectors.c --- */

/* The call by its line in buffers.def. */
long pcn_buffers_call(struct pcn_call *call, pcn_make *make);

pcn_special pcn_buffers_lock, pcn_buffers_execute, pcn_buffers_refuse,
	pcn_buffers_ioctl, pcn_buffers_setsockopt, pcn_buffers_semctl,
	pcn_buffers_read, pcn_buffers_write, pcn_buffers_readv,
	pcn_buffers_writev, pcn_buffers_sendto, pcn_buffers_recvfrom,
	pcn_buffers_sendmsg, pcn_buffers_recvmsg, pcn_buffers_sendmmsg,
	pcn_buffers_recvmmsg;

#endif
