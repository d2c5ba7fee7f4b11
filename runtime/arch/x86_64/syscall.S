/*
 * syscall.S - native system calls of x86-64 Linux: number in rax, arguments in
 * rdi rsi rdx r10 r8 r9, result or -errno in rax, rcx and r11 clobbered.
 */
	.section .text, "ax", @progbits

/* long pcn_native_syscall(long number, long a, long b, long c, long d, long e, long f) */
	.globl	pcn_native_syscall
	.type	pcn_native_syscall, @function
pcn_native_syscall:
	.cfi_startproc
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
	syscall
	ret
	.cfi_endproc
	.size	pcn_native_syscall, . - pcn_native_syscall

/*
 * long pcn_blocking_syscall(number, a, b, c, d, e, f, const uint32_t *interrupt)
 *
 *	if (*interrupt)
 *		return -PCN_ERESTART;
 *	return pcn_native_syscall(number, a, b, c, d, e, f);
 *
 * A signal that arrives between the test and the call would be slept through:
 * the handler moves a program counter in [begin, end) to `interrupted`.
 */
	.globl	pcn_blocking_syscall
	.type	pcn_blocking_syscall, @function
pcn_blocking_syscall:
	.cfi_startproc
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	movq	%r8, %r10
	movq	%r9, %r8
	movq	8(%rsp), %r9
	movq	16(%rsp), %rcx
	.globl	pcn_blocking_begin
pcn_blocking_begin:
	cmpl	$0, (%rcx)
	jne	pcn_blocking_interrupted
	syscall
	.globl	pcn_blocking_end
pcn_blocking_end:
	ret
	.globl	pcn_blocking_interrupted
pcn_blocking_interrupted:
	movq	$-512, %rax
	ret
	.cfi_endproc
	.size	pcn_blocking_syscall, . - pcn_blocking_syscall

/*
 * long pcn_native_clone(unsigned long flags, uint64_t stack_top, int32_t *parent_tid,
 *			 uint32_t *child_tid, uint64_t tls, void (*f)(void *),
 *			 void *argument)
 *
 * The child calls f(argument), which does not return, on the new stack.
 */
	.globl	pcn_native_clone
	.type	pcn_native_clone, @function
pcn_native_clone:
	.cfi_startproc
	movl	$56, %eax
	movq	%rcx, %r10
	movq	8(%rsp), %r11
	andq	$-16, %rsi
	subq	$16, %rsi
	movq	%r11, (%rsi)
	movq	%r9, 8(%rsi)
	syscall
	testq	%rax, %rax
	jz	1f
	ret
1:	.cfi_undefined rip
	xorl	%ebp, %ebp
	popq	%rdi
	popq	%rax
	call	*%rax
	hlt
	.cfi_endproc
	.size	pcn_native_clone, . - pcn_native_clone

/* The unwinder knows a signal frame by exactly these bytes, in a place that no
 * unwind information covers, not even for the byte before. */
	nop
	.globl	pcn_sigreturn
	.type	pcn_sigreturn, @function
pcn_sigreturn:
	movq	$15, %rax
	syscall
	.size	pcn_sigreturn, . - pcn_sigreturn

	.section .note.GNU-stack, "", @progbits
