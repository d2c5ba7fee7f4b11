/*
 * walk.S - into and out of the walk over the frames: struct pcn_frame is {rbx rbp
 * r12-r15, rsp, rip}.
 */
	.section .text, "ax", @progbits

	.macro	keep_saved
	movq	%rbx, (%rsp)
	movq	%rbp, 8(%rsp)
	movq	%r12, 16(%rsp)
	movq	%r13, 24(%rsp)
	movq	%r14, 32(%rsp)
	movq	%r15, 40(%rsp)
	.endm

	.macro	load_saved
	movq	(%rdi), %rbx
	movq	8(%rdi), %rbp
	movq	16(%rdi), %r12
	movq	24(%rdi), %r13
	movq	32(%rdi), %r14
	movq	40(%rdi), %r15
	.endm

	.macro	save_frame
	subq	$72, %rsp
	.cfi_adjust_cfa_offset 72
	keep_saved
	leaq	80(%rsp), %rax
	movq	%rax, 48(%rsp)
	movq	72(%rsp), %rax
	movq	%rax, 56(%rsp)
	.endm

/*
 * void __popcorn_poll(void)
 * { pcn_poll(the caller's frame); }
 *
 * Convention preserve_most: all general registers but r11 are kept, so that a
 * loop with a poll spills nothing.  Behind the frame lie those that an ordinary
 * call may change: rcx rsi rdi r8 r9 r10 rax rdx.
 */
	.globl	__popcorn_poll
	.type	__popcorn_poll, @function
__popcorn_poll:
	.cfi_startproc
	subq	$136, %rsp
	.cfi_adjust_cfa_offset 136
	keep_saved
	leaq	144(%rsp), %r11
	movq	%r11, 48(%rsp)
	movq	136(%rsp), %r11
	movq	%r11, 56(%rsp)
	movq	%rcx, 64(%rsp)
	movq	%rsi, 72(%rsp)
	movq	%rdi, 80(%rsp)
	movq	%r8, 88(%rsp)
	movq	%r9, 96(%rsp)
	movq	%r10, 104(%rsp)
	movq	%rax, 112(%rsp)
	movq	%rdx, 120(%rsp)
	movq	%rsp, %rdi
	call	pcn_poll
	movq	64(%rsp), %rcx
	movq	72(%rsp), %rsi
	movq	80(%rsp), %rdi
	movq	88(%rsp), %r8
	movq	96(%rsp), %r9
	movq	104(%rsp), %r10
	movq	112(%rsp), %rax
	movq	120(%rsp), %rdx
	addq	$136, %rsp
	.cfi_adjust_cfa_offset -136
	ret
	.cfi_endproc
	.size	__popcorn_poll, . - __popcorn_poll

/* _Noreturn void pcn_walk_enter_poll(const struct pcn_frame *frame, uint64_t pad,
 *				      struct _Unwind_Exception *exception)
 * The frame is the one that __popcorn_poll made. */
	.globl	pcn_walk_enter_poll
	.type	pcn_walk_enter_poll, @function
pcn_walk_enter_poll:
	.cfi_startproc
	.cfi_undefined rip
	movq	64(%rdi), %rcx
	movq	88(%rdi), %r8
	movq	96(%rdi), %r9
	movq	104(%rdi), %r10
	movq	%rsi, %r11
	movq	72(%rdi), %rsi
	load_saved
	movq	%rdx, %rax
	xorl	%edx, %edx
	movq	48(%rdi), %rsp
	movq	80(%rdi), %rdi
	jmp	*%r11
	.cfi_endproc
	.size	pcn_walk_enter_poll, . - pcn_walk_enter_poll

/* _Noreturn void __popcorn_continue(void) { pcn_walk_continue(the caller's frame); } */
	.globl	__popcorn_continue
	.type	__popcorn_continue, @function
__popcorn_continue:
	.cfi_startproc
	save_frame
	movq	%rsp, %rdi
	call	pcn_walk_continue
	hlt
	.cfi_endproc
	.size	__popcorn_continue, . - __popcorn_continue

/* _Noreturn void pcn_walk_enter(const struct pcn_frame *frame, uint64_t pad,
 *				 struct _Unwind_Exception *exception) */
	.globl	pcn_walk_enter
	.type	pcn_walk_enter, @function
pcn_walk_enter:
	.cfi_startproc
	.cfi_undefined rip
	load_saved
	movq	%rdx, %rax
	xorl	%edx, %edx
	movq	48(%rdi), %rsp
	jmp	*%rsi
	.cfi_endproc
	.size	pcn_walk_enter, . - pcn_walk_enter

/* _Noreturn void pcn_walk_return(const struct pcn_frame *frame,
 *				  struct pcn_record *anchor)
 * { the frame calls __popcorn_resume_inner(anchor); } */
	.globl	pcn_walk_return
	.type	pcn_walk_return, @function
pcn_walk_return:
	.cfi_startproc
	.cfi_undefined rip
	load_saved
	movq	56(%rdi), %rax
	movq	48(%rdi), %rsp
	pushq	%rax
	movq	%rsi, %rdi
	jmp	__popcorn_resume_inner
	.cfi_endproc
	.size	pcn_walk_return, . - pcn_walk_return

	.section .note.GNU-stack, "", @progbits
