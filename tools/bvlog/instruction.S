/* SPDX-License-Identifier: BSD-3-Clause */
/* A hypercall uses every register but RBP and RSP: more than C can name in
 * one asm statement at all levels of optimisation. */

	.macro	hypercall name, instruction
	.globl	\name
	.type	\name, @function
\name:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rdi, %rbp		/* struct bvlog_regs, call.h */
	mov	0(%rbp), %rax
	mov	8(%rbp), %rbx
	mov	16(%rbp), %rcx
	mov	24(%rbp), %rdx
	mov	32(%rbp), %rsi
	mov	40(%rbp), %rdi
	mov	48(%rbp), %r8
	mov	56(%rbp), %r9
	mov	64(%rbp), %r10
	mov	72(%rbp), %r11
	mov	80(%rbp), %r12
	mov	88(%rbp), %r13
	mov	96(%rbp), %r14
	mov	104(%rbp), %r15
	\instruction
	mov	%rax, 0(%rbp)
	mov	%rbx, 8(%rbp)
	mov	%rcx, 16(%rbp)
	mov	%rdx, 24(%rbp)
	mov	%rsi, 32(%rbp)
	mov	%rdi, 40(%rbp)
	mov	%r8, 48(%rbp)
	mov	%r9, 56(%rbp)
	mov	%r10, 64(%rbp)
	mov	%r11, 72(%rbp)
	mov	%r12, 80(%rbp)
	mov	%r13, 88(%rbp)
	mov	%r14, 96(%rbp)
	mov	%r15, 104(%rbp)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	\name, . - \name
	.endm

	.text
	hypercall bvlog_vmmcall, vmmcall
	hypercall bvlog_vmcall, vmcall

	.section .note.GNU-stack, "", @progbits
