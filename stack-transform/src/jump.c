/*
 * jump.c - setjmp and longjmp by unwinding.
 *
 * A jump buffer holds {activation, label and whether a mask follows, mask}: no
 * register, so it means the same on every node.  longjmp forces the unwinder
 * through the frames until the pad of the activation's frame catches it.
 */
#include "walk.h"

#define MASK_SAVED (1ull << 32)

void __popcorn_setjmp(void *jump_buffer, void *activation, uint32_t label,
		      uint32_t save_mask)
{
	uint64_t *buffer = jump_buffer;

	buffer[0] = (uint64_t)activation;
	buffer[1] = label | (save_mask ? MASK_SAVED : 0);
	if (save_mask)
		buffer[2] = pcn_arch_self()->signal_mask;
}

static _Unwind_Reason_Code each_frame(int version, _Unwind_Action actions,
				      _Unwind_Exception_Class class,
				      struct _Unwind_Exception *exception,
				      struct _Unwind_Context *context,
				      void *argument)
{
	struct pcn_native *native = argument;
	uint64_t ip = _Unwind_GetIP(context), cfa = _Unwind_GetCFA(context);

	(void)version, (void)class, (void)exception;
	/* Now, as a pad that runs here may overwrite what lies below. */
	while (native->delivery && (uint64_t)native->delivery < cfa)
		native->delivery = native->delivery->outer;
	if (cfa == native->base_sp && ip == (uint64_t)pcn_base_return)
		pcn_die("longjmp to a function that has returned, or that a "
			"fault interrupted");
	if (actions & _UA_END_OF_STACK)
		pcn_die("no unwind information at %lx", ip);
	return _URC_NO_REASON;
}

_Noreturn void pcn_unwind(struct pcn_native *native)
{
	int code;

	native->mode = PCN_UNWIND_JUMP;
	native->exception = (struct _Unwind_Exception){
		.exception_class = 0x706f70636f726e31};
	code = _Unwind_ForcedUnwind(&native->exception, each_frame, native);
	pcn_die("unwinding failed (%d)", code);
}

_Noreturn void __popcorn_longjmp(void *jump_buffer, int32_t value)
{
	struct pcn_native *native = pcn_self_native();

	native->jump_buffer = jump_buffer;
	native->jump_value = value ? value : 1;
	pcn_unwind(native);
}

int32_t __popcorn_jump_value(void)
{
	return pcn_self_native()->jump_value;
}

/*
 * The records of resumed frames that the jump left are free: those whose resume
 * function was called from sp or below.  (The landing frame's own was called
 * from above: a frame that calls has kept its return address.)
 */
uint32_t pcn_jump_caught(void *activation, uint64_t sp)
{
	struct pcn_native *native = pcn_self_native();
	struct pcn_thread *thread = native->thread;
	uint64_t *buffer = native->jump_buffer;

	if (native->mode != PCN_UNWIND_JUMP ||
	    buffer[0] != (uint64_t)activation)
		return 0;
	native->mode = PCN_UNWIND_NONE;
	if (sp >= native->stack_start) /* not within a handler */
		pcn_guard_restore(native);
	while (thread->resumed && thread->resumed->frame_hint <= sp)
		__popcorn_release(thread->resumed);
	if (buffer[1] & MASK_SAVED) {
		thread->signal_mask = buffer[2];
		pcn_signals_apply_mask(native);
	}
	return (uint32_t)buffer[1];
}
