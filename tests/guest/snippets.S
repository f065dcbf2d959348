/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of machine code that the tests copy to pages of their choice and
 * run there.  Position-independent, below 4 KiB each. */

.macro	SNIPPET name
	.section .rodata
	.globl	\name
\name:
	.code64
.endm

.macro	END name
	.code64
	.globl	\name\()_end
\name\()_end:
	.text
.endm

/* Single-stepped (TF set): each piece sets TF itself; the handler clears it
 * when it sees the NOP of 3 bytes (0f 1f 00) that ends the piece. */
.macro	TF_ON
	pushfq
	orq	$0x100, (%rsp)
	popfq
.endm
.macro	TF_END
	nopl	(%rax)
	ret
.endm

SNIPPET	step_nops
	TF_ON
	nop
	incl	%eax
	nop
	TF_END
END	step_nops

SNIPPET	step_cpuid
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	TF_ON
	cpuid
	nop
	.byte	0x66, 0x0f, 0xa2
	nop
	TF_END
END	step_cpuid

SNIPPET	step_rdmsr
	movl	$0xc0000080, %ecx
	TF_ON
	rdmsr
	nop
	wrmsr
	nop
	TF_END
END	step_rdmsr

/* MOV SS holds off the trap behind it until after the next instruction. */
SNIPPET	step_mov_ss
	movl	%ss, %esi
	xorl	%eax, %eax
	TF_ON
	nop
	movl	%esi, %ss
	cpuid
	nop
	movl	%esi, %ss
	nop
	nop
	TF_END
END	step_mov_ss

SNIPPET	step_int3
	TF_ON
	nop
	int3
	nop
	int	$0x80
	nop
	TF_END
END	step_int3

SNIPPET	step_io
	movl	$0xe9, %edx
	TF_ON
	inb	%dx, %al
	nop
	movl	$0xb175, %edx
	inb	%dx, %al
	nop
	TF_END
END	step_io

/* RDI: where to, RCX: how often.  A trap after each iteration. */
SNIPPET	step_rep
	movl	$3, %ecx
	xorl	%eax, %eax
	TF_ON
	rep stosb
	nop
	TF_END
END	step_rep

SNIPPET	step_pushf
	TF_ON
	pushfq
	popq	%rax
	TF_END
END	step_pushf

SNIPPET	step_icebp
	TF_ON
	nop
	.byte	0xf1
	nop
	TF_END
END	step_icebp

/* Breakpoints: the addresses are those of the labels. */
SNIPPET	break_code
	xorl	%eax, %eax
	xorl	%ecx, %ecx
	nop
	.globl	break_code_cpuid
break_code_cpuid:
	cpuid
	.globl	break_code_after
break_code_after:
	nop
	ret
END	break_code

/* CPUID in 32-bit code: EDI = where the result goes, far return. */
	.section .rodata
	.globl	code32_cpuid
code32_cpuid:
	.code32
	xorl	%ecx, %ecx
	movl	$1, %eax
	cpuid
	movl	%eax, (%edi)
	movl	%ebx, 4(%edi)
	movl	%ecx, 8(%edi)
	movl	%edx, 12(%edi)
	movl	$0xc0000080, %ecx
	rdmsr
	movl	%eax, 16(%edi)
	lret
	.code64
	.globl	code32_cpuid_end
code32_cpuid_end:

	.globl	code16_cpuid
code16_cpuid:
	.code16
	xorl	%ecx, %ecx
	movl	$1, %eax
	cpuid
	addr32 movl	%eax, (%edi)
	addr32 movl	%ebx, 4(%edi)
	addr32 movl	%ecx, 8(%edi)
	addr32 movl	%edx, 12(%edi)
	movl	$0xc0000080, %ecx
	rdmsr
	addr32 movl	%eax, 16(%edi)
	lretl
	.code64
	.globl	code16_cpuid_end
code16_cpuid_end:

	.text
/* void call_far(uint64_t offset, uint64_t selector, uint64_t stack,
 *		 void *edi)
 * Call code of another mode, on a stack below 4 GiB; it comes back by a far
 * return of 32 bits. */
	.globl	call_far
call_far:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, call_far_rsp(%rip)
	/* A return to ring 3 before may have left null selectors. */
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	leaq	-16(%rdx), %rsp
	leaq	1f(%rip), %rax
	movl	%eax, (%rsp)
	movl	$0x08, 4(%rsp)
	pushq	%rsi
	pushq	%rdi
	movq	%rcx, %rdi
	lretq
1:	movq	call_far_rsp(%rip), %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	ret

/* void call_user(uint64_t rip, uint64_t cs, uint64_t rsp, uint64_t ss)
 * Go to ring 3; the way back is a trap. */
	.globl	call_user
call_user:
	pushq	%rcx
	pushq	%rdx
	pushq	$2
	pushq	%rsi
	pushq	%rdi
	iretq

	.data
	.balign	8
call_far_rsp:
	.quad	0

	.section .note.GNU-stack,"",@progbits
