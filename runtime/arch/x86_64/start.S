/*
 * start.S - where the kernel enters the program: pcn_start(initial stack).
 */
	.section .text, "ax", @progbits
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined rip
	xorl	%ebp, %ebp
	movq	%rsp, %rdi
	andq	$-16, %rsp
	call	pcn_start
	hlt
	.cfi_endproc
	.size	_start, . - _start

/* _Noreturn void pcn_stack_switch(uint64_t top, void (*f)(void *), void *argument)
 * calls f on another stack and leaves the present one for good. */
	.globl	pcn_stack_switch
	.type	pcn_stack_switch, @function
pcn_stack_switch:
	.cfi_startproc
	.cfi_undefined rip
	movq	%rdi, %rsp
	andq	$-16, %rsp
	xorl	%ebp, %ebp
	movq	%rdx, %rdi
	call	*%rsi
	hlt
	.cfi_endproc
	.size	pcn_stack_switch, . - pcn_stack_switch

	.section .note.GNU-stack, "", @progbits
