/*
 * stack.S - the few places where capture and restore touch the machine stack.
 * The System V psABI for AMD64: rbx rbp r12-r15 are the callee's to keep.
 */
	.section .text, "ax", @progbits

/*
 * uint64_t pcn_base_call(uint64_t (*f)(void *), void *argument, uint64_t *sp)
 *
 * Calls f(argument) from the base frame: *sp becomes this frame's stack pointer,
 * pcn_base_return is where f returns to.  The two together name the frame.
 */
	.globl	pcn_base_call
	.type	pcn_base_call, @function
pcn_base_call:
	.cfi_startproc
	pushq	%rbp
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbp, -16
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_offset rbx, -24
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_offset r12, -32
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_offset r13, -40
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_offset r14, -48
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_offset r15, -56
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	movq	%rsp, (%rdx)
	movq	%rdi, %rax
	movq	%rsi, %rdi
	call	*%rax
	.globl	pcn_base_return
pcn_base_return:
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	popq	%r14
	.cfi_adjust_cfa_offset -8
	popq	%r13
	.cfi_adjust_cfa_offset -8
	popq	%r12
	.cfi_adjust_cfa_offset -8
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	pcn_base_call, . - pcn_base_call

/* _Noreturn void pcn_base_leave(uint64_t sp, uint64_t value): drops all frames
 * above the base frame; its pcn_base_call returns value. */
	.globl	pcn_base_leave
	.type	pcn_base_leave, @function
pcn_base_leave:
	.cfi_startproc
	.cfi_undefined rip
	movq	%rdi, %rsp
	movq	%rsi, %rax
	jmp	pcn_base_return
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
	.type	__popcorn_resume_inner, @function
__popcorn_resume_inner:
	.cfi_startproc
	movq	(%rdi), %rdi
	testq	%rdi, %rdi
	je	1f
	leaq	8(%rsp), %rax
	movq	%rax, 24(%rdi)
	movq	%fs:0, %rax
	movq	%rdi, 24(%rax)
	movl	16(%rdi), %eax
	shlq	$5, %rax
	jmp	*__popcorn_functions(%rax)
1:	ret
	.cfi_endproc
	.size	__popcorn_resume_inner, . - __popcorn_resume_inner

/* uint32_t __popcorn_caught(void *activation)
 * { return pcn_jump_caught(activation, the caller's stack pointer); } */
	.globl	__popcorn_caught
	.type	__popcorn_caught, @function
__popcorn_caught:
	.cfi_startproc
	leaq	8(%rsp), %rsi
	jmp	pcn_jump_caught
	.cfi_endproc
	.size	__popcorn_caught, . - __popcorn_caught

	.section .note.GNU-stack, "", @progbits
