/*
 * syscall.S - native system calls of AArch64 Linux: number in x8, arguments in
 * x0-x5, result or -errno in x0, everything else kept.
 */
	.section .text, "ax", %progbits

/* long pcn_native_syscall(long number, long a, long b, long c, long d, long e, long f) */
	.globl	pcn_native_syscall
	.type	pcn_native_syscall, %function
pcn_native_syscall:
	.cfi_startproc
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	svc	#0
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
	.type	pcn_blocking_syscall, %function
pcn_blocking_syscall:
	.cfi_startproc
	mov	x8, x0
	mov	x0, x1
	mov	x1, x2
	mov	x2, x3
	mov	x3, x4
	mov	x4, x5
	mov	x5, x6
	.globl	pcn_blocking_begin
pcn_blocking_begin:
	ldr	w9, [x7]
	cbnz	w9, pcn_blocking_interrupted
	svc	#0
	.globl	pcn_blocking_end
pcn_blocking_end:
	ret
	.globl	pcn_blocking_interrupted
pcn_blocking_interrupted:
	mov	x0, #-512
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
	.type	pcn_native_clone, %function
pcn_native_clone:
	.cfi_startproc
	and	x1, x1, #-16
	stp	x5, x6, [x1, #-16]!
	mov	x9, x3
	mov	x3, x4
	mov	x4, x9
	mov	x8, #220
	svc	#0
	cbz	x0, 1f
	ret
1:	.cfi_undefined x30
	mov	x29, #0
	ldp	x1, x0, [sp], #16
	blr	x1
	brk	#1
	.cfi_endproc
	.size	pcn_native_clone, . - pcn_native_clone

	.section .note.GNU-stack, "", %progbits
