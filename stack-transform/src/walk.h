/*
 * walk.h - the two walks over the calling thread's frames: to capture them all,
 * and to find the one a longjmp is for.
 */
#ifndef PCN_WALK_H
#define PCN_WALK_H

#include "native.h"

struct pcn_frame;

/* Runs every frame's pads from the one that polls to the base frame. */
_Noreturn void pcn_walk_poll(struct pcn_native *native,
			     struct pcn_frame *frame);
/* Into a pad; in the frame that polls with the registers that only the
 * convention of polls keeps.  (arch/<isa>/walk.S) */
_Noreturn void pcn_walk_enter_poll(const struct pcn_frame *frame, uint64_t pad,
				   struct _Unwind_Exception *exception);
_Noreturn void pcn_walk_enter(const struct pcn_frame *frame, uint64_t pad,
			      struct _Unwind_Exception *exception);
/* The frame's call returns what the resume function of anchor->inner returns,
 * which it calls now; nothing at all without one.  (arch/<isa>/walk.S) */
_Noreturn void pcn_walk_return(const struct pcn_frame *frame,
			       struct pcn_record *anchor);
/* Leaves this frame and those outside of it as they are; whoever wants the
 * world is refused with err.  (capture.c) */
_Noreturn void pcn_capture_give_up(struct pcn_native *native,
				   const struct pcn_frame *frame, int err);
/* With libgcc's unwinder, which also knows signal frames; ends when a pad says
 * that it is the one. */
_Noreturn void pcn_unwind(struct pcn_native *native);

#endif
