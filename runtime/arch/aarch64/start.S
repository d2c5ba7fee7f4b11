/*
 * start.S - where the kernel enters the program: pcn_start(initial stack).
 */
	.section .text, "ax", %progbits
	.globl	_start
	.type	_start, %function
_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x29, #0
	mov	x30, #0
	mov	x0, sp
	and	sp, x0, #-16
	bl	pcn_start
	brk	#1
	.cfi_endproc
	.size	_start, . - _start

/* _Noreturn void pcn_stack_switch(uint64_t top, void (*f)(void *), void *argument)
 * calls f on another stack and leaves the present one for good. */
	.globl	pcn_stack_switch
	.type	pcn_stack_switch, %function
pcn_stack_switch:
	.cfi_startproc
	.cfi_undefined x30
	and	sp, x0, #-16
	mov	x29, #0
	mov	x0, x2
	blr	x1
	brk	#1
	.cfi_endproc
	.size	pcn_stack_switch, . - pcn_stack_switch

	.section .note.GNU-stack, "", %progbits
