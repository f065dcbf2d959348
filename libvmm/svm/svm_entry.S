/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way into the guest and back (AMD APM vol. 2, 15.5).
 *
 * VMRUN keeps RSP and RAX of both sides; RSP points behind the registers of
 * struct vmm_vcpu while the guest runs, so that the pushes after #VMEXIT land
 * in their places.  FS, GS, TR, LDTR and the system-call MSRs are exchanged by
 * VMSAVE/VMLOAD, so that C code has the VMM's TSS (with its stacks for #DF,
 * NMI and #MC) and GS base.  GIF is 0 whenever this code or the C code that it
 * calls runs: neither NMI nor SMI nor INIT comes in between.
 */
#include <cpu/asm_offsets.h>

	.text
	.globl	svm_run
	.hidden	svm_run
	.type	svm_run, @function
svm_run:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	movq	%rdi, %rbx
	movq	%rsp, VCPU_HOST_RSP(%rbx)
	clgi

.Lenter:				/* RBX: the vCPU */
	movq	VCPU_GUEST_AREA(%rbx), %rax
	leaq	VCPU_REGS_END(%rbx), %rsp
	movq	VCPU_RCX(%rbx), %rcx
	movq	VCPU_RDX(%rbx), %rdx
	movq	VCPU_RBP(%rbx), %rbp
	movq	VCPU_RSI(%rbx), %rsi
	movq	VCPU_RDI(%rbx), %rdi
	movq	VCPU_R8(%rbx), %r8
	movq	VCPU_R9(%rbx), %r9
	movq	VCPU_R10(%rbx), %r10
	movq	VCPU_R11(%rbx), %r11
	movq	VCPU_R12(%rbx), %r12
	movq	VCPU_R13(%rbx), %r13
	movq	VCPU_R14(%rbx), %r14
	movq	VCPU_R15(%rbx), %r15
	movq	VCPU_RBX(%rbx), %rbx
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	pushq	%r15
	pushq	%r14
	pushq	%r13
	pushq	%r12
	pushq	%r11
	pushq	%r10
	pushq	%r9
	pushq	%r8
	pushq	%rdi
	pushq	%rsi
	pushq	%rbp
	leaq	-(VCPU_RBP - VCPU_RBX - 8)(%rsp), %rsp	/* no RSP here */
	pushq	%rbx
	pushq	%rdx
	pushq	%rcx
	leaq	-VCPU_RCX(%rsp), %rbx
	movq	VCPU_HOST_AREA(%rbx), %rax
	vmload	%rax
	movq	VCPU_HOST_RSP(%rbx), %rsp
	movq	%rbx, %rdi
	xorl	%ebp, %ebp		/* the end of a backtrace */
	call	svm_vmexit
	testb	%al, %al
	jnz	.Lenter

	stgi
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	svm_run, . - svm_run

	.section .note.GNU-stack, "", @progbits
