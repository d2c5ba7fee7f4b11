/*
 * stack.S - the few places where capture and restore touch the machine stack.
 * AAPCS64: x19-x29 and the low halves of v8-v15 are the callee's to keep.
 */
	.section .text, "ax", %progbits

/*
 * uint64_t pcn_base_call(uint64_t (*f)(void *), void *argument, uint64_t *sp)
 *
 * Calls f(argument) from the base frame: *sp becomes this frame's stack pointer,
 * pcn_base_return is where f returns to.  The two together name the frame.
 */
	.globl	pcn_base_call
	.type	pcn_base_call, %function
pcn_base_call:
	.cfi_startproc
	stp	x29, x30, [sp, #-160]!
	.cfi_def_cfa_offset 160
	.cfi_offset x29, -160
	.cfi_offset x30, -152
	mov	x29, sp
	stp	x19, x20, [sp, #16]
	.cfi_offset x19, -144
	.cfi_offset x20, -136
	stp	x21, x22, [sp, #32]
	.cfi_offset x21, -128
	.cfi_offset x22, -120
	stp	x23, x24, [sp, #48]
	.cfi_offset x23, -112
	.cfi_offset x24, -104
	stp	x25, x26, [sp, #64]
	.cfi_offset x25, -96
	.cfi_offset x26, -88
	stp	x27, x28, [sp, #80]
	.cfi_offset x27, -80
	.cfi_offset x28, -72
	stp	d8, d9, [sp, #96]
	.cfi_offset d8, -64
	.cfi_offset d9, -56
	stp	d10, d11, [sp, #112]
	.cfi_offset d10, -48
	.cfi_offset d11, -40
	stp	d12, d13, [sp, #128]
	.cfi_offset d12, -32
	.cfi_offset d13, -24
	stp	d14, d15, [sp, #144]
	.cfi_offset d14, -16
	.cfi_offset d15, -8
	mov	x9, sp
	str	x9, [x2]
	mov	x9, x0
	mov	x0, x1
	blr	x9
	.globl	pcn_base_return
pcn_base_return:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #160
	.cfi_def_cfa_offset 0
	ret
	.cfi_endproc
	.size	pcn_base_call, . - pcn_base_call

/* _Noreturn void pcn_base_leave(uint64_t sp, uint64_t value): drops all frames
 * above the base frame; its pcn_base_call returns value. */
	.globl	pcn_base_leave
	.type	pcn_base_leave, %function
pcn_base_leave:
	.cfi_startproc
	.cfi_undefined x30
	mov	sp, x0
	mov	x0, x1
	b	pcn_base_return
	.cfi_endproc
	.size	pcn_base_leave, . - pcn_base_leave

/*
 * T __popcorn_resume_inner(struct pcn_record *record)
 *
 *	struct pcn_record *inner = record->inner;
 *	if (!inner)
 *		return;
 *	inner->frame_hint = the caller's stack pointer;
 *	pcn_self()->resumed = inner;
 *	return __popcorn_functions[inner->function].resume(inner);
 *
 * A tail jump, so that any type of result passes through.
 */
	.globl	__popcorn_resume_inner
	.type	__popcorn_resume_inner, %function
__popcorn_resume_inner:
	.cfi_startproc
	ldr	x0, [x0]
	cbz	x0, 1f
	mov	x9, sp
	str	x9, [x0, #24]
	mrs	x9, tpidr_el0
	movz	x10, #:abs_g1:__popcorn_tls_span
	movk	x10, #:abs_g0_nc:__popcorn_tls_span
	add	x9, x9, x10
	str	x0, [x9, #24]
	ldr	w9, [x0, #16]
	adrp	x10, __popcorn_functions
	add	x10, x10, :lo12:__popcorn_functions
	add	x10, x10, x9, lsl #5
	ldr	x16, [x10]
	br	x16
1:	ret
	.cfi_endproc
	.size	__popcorn_resume_inner, . - __popcorn_resume_inner

/* uint32_t __popcorn_caught(void *activation)
 * { return pcn_jump_caught(activation, the caller's stack pointer); } */
	.globl	__popcorn_caught
	.type	__popcorn_caught, %function
__popcorn_caught:
	.cfi_startproc
	mov	x1, sp
	b	pcn_jump_caught
	.cfi_endproc
	.size	__popcorn_caught, . - __popcorn_caught

	.section .note.GNU-stack, "", %progbits
