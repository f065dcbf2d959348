/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a started processor begins.  The code is copied to each page that is
 * tried; addresses in it are relative to the page.  It notes the registers it
 * was found in, and goes by protected mode to 64-bit code with the page tables
 * of the boot processor.
 */
#include "starts_layout.h"

#define FOUND(n)	(AP_FOUND + 4 * (n))
#define NEEDS(offset)	(AP_NEEDS + (offset))

	.text
	.globl	ap_code, ap_code_end, ap_code32, ap_code64
	.hidden	ap_code, ap_code_end, ap_code32, ap_code64
	.code16
ap_code:
	movl	%eax, %cs:FOUND(0)
	movl	%ebx, %cs:FOUND(1)
	movl	%ecx, %cs:FOUND(2)
	movl	%edx, %cs:FOUND(3)
	movl	%esi, %cs:FOUND(4)
	movl	%edi, %cs:FOUND(5)
	movl	%ebp, %cs:FOUND(6)
	movl	%esp, %cs:FOUND(7)
	movl	$0, %eax		/* keeps the flags */
	movw	%ds, %ax
	movl	%eax, %cs:FOUND(8)
	movw	%es, %ax
	movl	%eax, %cs:FOUND(9)
	movw	%fs, %ax
	movl	%eax, %cs:FOUND(10)
	movw	%gs, %ax
	movl	%eax, %cs:FOUND(11)
	movw	%ss, %ax
	movl	%eax, %cs:FOUND(12)
	movw	%cs, %ax
	movl	%eax, %cs:FOUND(13)
	movw	%ax, %ds
	movw	%ax, %ss
	movl	$0x1000, %esp		/* the end of this page */
	pushfl
	popl	%eax
	movl	%eax, FOUND(14)
	cli
	movl	%cr0, %eax
	movl	%eax, FOUND(15)
	movl	%cr2, %eax
	movl	%eax, FOUND(16)
	movl	%cr3, %eax
	movl	%eax, FOUND(17)
	movl	%cr4, %eax
	movl	%eax, FOUND(18)
	movl	%dr6, %eax
	movl	%eax, FOUND(19)
	movl	%dr7, %eax
	movl	%eax, FOUND(20)
	sgdtl	FOUND(21)		/* 6 bytes of 8 each */
	sidtl	FOUND(23)
	rdtsc
	movl	%eax, NEEDS(56)
	movl	%edx, NEEDS(60)
	xorl	%ebx, %ebx
	movw	%cs, %bx
	shll	$4, %ebx
	lgdtl	NEEDS(0)
	movl	%cr0, %eax
	orl	$1, %eax
	movl	%eax, %cr0
	ljmpl	*NEEDS(8)

	.code32
ap_code32:				/* EBX: the page */
	movw	$AP_DATA, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	%ax, %fs
	movw	%ax, %gs
	movl	NEEDS(24)(%ebx), %eax
	movl	%eax, %cr4
	movl	NEEDS(28)(%ebx), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	NEEDS(32)(%ebx), %eax
	wrmsr
	movl	NEEDS(36)(%ebx), %eax
	movl	%eax, %cr0
	ljmpl	*NEEDS(16)(%ebx)

	.code64
ap_code64:
	movl	%ebx, %esi
	movl	$1, %eax
	cpuid				/* EBX[31:24]: the initial APIC ID */
	shrl	$24, %ebx
	movl	%ebx, %edi
	leal	1(%rbx), %eax
	imull	$AP_STACK, %eax, %eax
	movq	NEEDS(40)(%rsi), %rsp
	addq	%rax, %rsp
	xorl	%ebp, %ebp
	call	*NEEDS(48)(%rsi)	/* ap_main(id, page) */
	ud2
ap_code_end:

/* Interrupts, on whatever stack there is (ap_main and the boot processor have
 * no red zone). */
	.macro	handler name, function, argument
	.globl	\name
	.hidden	\name
\name:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbp
	movq	%rsp, %rbp
	movl	\argument, %edi
	movq	%rsp, %rsi
	andq	$-16, %rsp
	call	\function
	movq	%rbp, %rsp
	popq	%rbp
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rax
	iretq
	.endm

	handler	entry_nmi, starts_interrupted, $2
	handler	entry_fixed, starts_interrupted, $AP_VECTOR
	handler	entry_other, starts_interrupted, $0
	handler	entry_crash, starts_crashed, $0

	.section .note.GNU-stack, "", @progbits
