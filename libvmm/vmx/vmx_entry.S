/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way into the guest and back (Intel SDM vol. 3, chapters 27 and 28).
 *
 * An exit loads RSP, RIP, all segments and GS base from the VMCS: the stack is
 * that of vmx_run, and GS points to the vCPU, where the guest's registers go.
 * RFLAGS is 2: interrupts off, direction up.  An NMI may come at any point
 * here; its handler has its own stack (IST) and keeps all registers.  What it
 * notes in the vCPU's attention counts for the very next entry: if it comes
 * between vmx_enter_begin and vmx_enter_end, it returns to vmx_enter_again.
 * Up to VMRESUME the guest's registers are only read from the vCPU.
 */
#include <cpu/asm_offsets.h>
#include <vmx/vmcs.h>

	.text
	.globl	vmx_run
	.hidden	vmx_run
	.type	vmx_run, @function
vmx_run:				/* RDI: the vCPU */
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	movl	$VMCS_HOST_RSP, %eax
	vmwrite	%rsp, %rax
	jbe	.Lleave
	movq	VCPU_RAX(%rdi), %rax
	movq	VCPU_RCX(%rdi), %rcx
	movq	VCPU_RDX(%rdi), %rdx
	movq	VCPU_RBX(%rdi), %rbx
	movq	VCPU_RBP(%rdi), %rbp
	movq	VCPU_RSI(%rdi), %rsi
	movq	VCPU_R8(%rdi), %r8
	movq	VCPU_R9(%rdi), %r9
	movq	VCPU_R10(%rdi), %r10
	movq	VCPU_R11(%rdi), %r11
	movq	VCPU_R12(%rdi), %r12
	movq	VCPU_R13(%rdi), %r13
	movq	VCPU_R14(%rdi), %r14
	movq	VCPU_R15(%rdi), %r15
	movq	VCPU_RDI(%rdi), %rdi
	vmlaunch
.Lleave:
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	vmx_run, . - vmx_run

	.globl	vmx_exit_stub
	.hidden	vmx_exit_stub
	.type	vmx_exit_stub, @function
vmx_exit_stub:
	movq	%rax, %gs:VCPU_RAX
	movq	%rcx, %gs:VCPU_RCX
	movq	%rdx, %gs:VCPU_RDX
	movq	%rbx, %gs:VCPU_RBX
	movq	%gs:VCPU_SELF, %rbx
	movq	%rbp, VCPU_RBP(%rbx)
	movq	%rsi, VCPU_RSI(%rbx)
	movq	%rdi, VCPU_RDI(%rbx)
	movq	%r8, VCPU_R8(%rbx)
	movq	%r9, VCPU_R9(%rbx)
	movq	%r10, VCPU_R10(%rbx)
	movq	%r11, VCPU_R11(%rbx)
	movq	%r12, VCPU_R12(%rbx)
	movq	%r13, VCPU_R13(%rbx)
	movq	%r14, VCPU_R14(%rbx)
	movq	%r15, VCPU_R15(%rbx)
	movq	%rbx, %rdi
	xorl	%ebp, %ebp		/* the end of a backtrace */
	call	vmx_vmexit
	testb	%al, %al
	jz	.Lleave
	.globl	vmx_enter_begin, vmx_enter_end, vmx_enter_again
	.hidden	vmx_enter_begin, vmx_enter_end, vmx_enter_again
vmx_enter_begin:
	cmpl	$0, VCPU_ATTENTION(%rbx)
	jne	vmx_enter_again
	movq	VCPU_RAX(%rbx), %rax
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
	vmresume
vmx_enter_end:
	movq	%gs:VCPU_SELF, %rdi	/* the VMCS was not accepted */
	xorl	%ebp, %ebp
	call	vmx_resume_failed
	ud2
vmx_enter_again:
	movq	%gs:VCPU_SELF, %rbx
	movq	%rbx, %rdi
	xorl	%ebp, %ebp
	call	vmx_again
	jmp	vmx_enter_begin
	.size	vmx_exit_stub, . - vmx_exit_stub

	.section .note.GNU-stack, "", @progbits
