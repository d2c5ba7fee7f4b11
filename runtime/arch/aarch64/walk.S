/*
 * walk.S - into and out of the walk over the frames: struct pcn_frame is {x19-x29,
 * d8-d15, sp, pc}, 168 bytes.
 */
	.section .text, "ax", %progbits

	.macro	keep_saved
	stp	x19, x20, [sp]
	stp	x21, x22, [sp, #16]
	stp	x23, x24, [sp, #32]
	stp	x25, x26, [sp, #48]
	stp	x27, x28, [sp, #64]
	str	x29, [sp, #80]
	stp	d8, d9, [sp, #88]
	stp	d10, d11, [sp, #104]
	stp	d12, d13, [sp, #120]
	stp	d14, d15, [sp, #136]
	.endm

	.macro	load_saved
	ldp	x19, x20, [x0]
	ldp	x21, x22, [x0, #16]
	ldp	x23, x24, [x0, #32]
	ldp	x25, x26, [x0, #48]
	ldp	x27, x28, [x0, #64]
	ldr	x29, [x0, #80]
	ldp	d8, d9, [x0, #88]
	ldp	d10, d11, [x0, #104]
	ldp	d12, d13, [x0, #120]
	ldp	d14, d15, [x0, #136]
	.endm

	.macro	save_frame
	mov	x9, sp
	sub	sp, sp, #192
	.cfi_adjust_cfa_offset 192
	str	x30, [sp, #176]
	.cfi_offset x30, -16
	keep_saved
	stp	x9, x30, [sp, #152]
	.endm

/*
 * void __popcorn_poll(void)
 * { pcn_poll(the caller's frame); }
 *
 * Convention preserve_most: x9-x15 are kept, too, so that a loop with a poll
 * spills less.  They lie behind the frame, from byte 168 on.
 */
	.globl	__popcorn_poll
	.type	__popcorn_poll, %function
__popcorn_poll:
	.cfi_startproc
	mov	x16, sp
	sub	sp, sp, #240
	.cfi_adjust_cfa_offset 240
	str	x30, [sp, #224]
	.cfi_offset x30, -16
	keep_saved
	stp	x16, x30, [sp, #152]
	stp	x9, x10, [sp, #168]
	stp	x11, x12, [sp, #184]
	stp	x13, x14, [sp, #200]
	str	x15, [sp, #216]
	mov	x0, sp
	bl	pcn_poll
	ldp	x9, x10, [sp, #168]
	ldp	x11, x12, [sp, #184]
	ldp	x13, x14, [sp, #200]
	ldr	x15, [sp, #216]
	ldr	x30, [sp, #224]
	add	sp, sp, #240
	.cfi_adjust_cfa_offset -240
	.cfi_restore x30
	ret
	.cfi_endproc
	.size	__popcorn_poll, . - __popcorn_poll

/* _Noreturn void __popcorn_continue(void) { pcn_walk_continue(the caller's frame); } */
	.globl	__popcorn_continue
	.type	__popcorn_continue, %function
__popcorn_continue:
	.cfi_startproc
	save_frame
	mov	x0, sp
	bl	pcn_walk_continue
	brk	#1
	.cfi_endproc
	.size	__popcorn_continue, . - __popcorn_continue

/*
 * _Noreturn void pcn_walk_enter(const struct pcn_frame *frame, uint64_t pad,
 *				 struct _Unwind_Exception *exception)
 * pcn_walk_enter_poll: the same for the frame that __popcorn_poll made.
 */
	.globl	pcn_walk_enter_poll
	.type	pcn_walk_enter_poll, %function
	.globl	pcn_walk_enter
	.type	pcn_walk_enter, %function
pcn_walk_enter_poll:
	.cfi_startproc
	.cfi_undefined x30
	ldp	x9, x10, [x0, #168]
	ldp	x11, x12, [x0, #184]
	ldp	x13, x14, [x0, #200]
	ldr	x15, [x0, #216]
pcn_walk_enter:
	load_saved
	ldr	x17, [x0, #152]
	mov	x16, x1
	mov	x0, x2
	mov	x1, #0
	mov	sp, x17
	br	x16
	.cfi_endproc
	.size	pcn_walk_enter_poll, . - pcn_walk_enter_poll

/* _Noreturn void pcn_walk_return(const struct pcn_frame *frame,
 *				  struct pcn_record *anchor)
 * { the frame calls __popcorn_resume_inner(anchor); } */
	.globl	pcn_walk_return
	.type	pcn_walk_return, %function
pcn_walk_return:
	.cfi_startproc
	.cfi_undefined x30
	load_saved
	ldp	x9, x30, [x0, #152]
	mov	x0, x1
	mov	sp, x9
	b	__popcorn_resume_inner
	.cfi_endproc
	.size	pcn_walk_return, . - pcn_walk_return

	.section .note.GNU-stack, "", %progbits
