/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Protected mode of 32 bits with the tasks of probe_task.c.  Copied to a page
 * below 4 GiB and called from 64-bit mode through a compatibility segment:
 * EDI, and in each task EBX, is the beginning of the memory in probe_task.h.
 */
#include "probe_task.h"

#define LOW_GDT(sel)	T_GDT + (sel)
#define TSS(n)		T_TSS + (n) * T_TSS_SIZE
#define RECORD(n)	pushl $n; call record

	.section .rodata
	.code32
	.globl	task_code, task_code_end
task_code:
	movl	%edi, %ebx
	popl	T_RETURN(%ebx)
	popl	T_RETURN + 4(%ebx)
	movl	%esp, T_OLD_ESP(%ebx)
	sgdtl	T_OLD_GDTR(%ebx)
	sidtl	T_OLD_IDTR(%ebx)
	movl	%cr0, %eax
	movl	%eax, T_OLD_CR0(%ebx)
	movl	%cr3, %eax
	movl	%eax, T_OLD_CR3(%ebx)
	movl	%cr4, %eax
	movl	%eax, T_OLD_CR4(%ebx)
	/* out of IA-32e mode (Intel SDM vol. 3, 11.8.5.4) */
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	movl	$0xc0000080, %ecx
	rdmsr
	andl	$~0x100, %eax
	wrmsr
	lgdtl	T_GDTR(%ebx)
	lidtl	T_IDTR(%ebx)
	movl	T_CR4(%ebx), %eax
	movl	%eax, %cr4
	movl	TSS(TASK_MAIN) + 0x1c(%ebx), %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	T_PAGING(%ebx), %eax
	movl	%eax, %cr0
	movl	$S_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	%eax, %fs
	movl	%eax, %gs
	pushl	$S_CODE
	call	1f
1:	addl	$2f - 1b, (%esp)
	lret
2:	movl	$S_TASK(TASK_MAIN), %eax
	ltr	%ax
	call	main_task

	/* and back */
	xorl	%eax, %eax
	movl	%eax, %dr7
	movl	%cr0, %eax
	andl	$0x7fffffff, %eax
	movl	%eax, %cr0
	movl	T_OLD_CR4(%ebx), %eax
	movl	%eax, %cr4
	movl	T_OLD_CR3(%ebx), %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	T_OLD_CR0(%ebx), %eax
	movl	%eax, %cr0
	lgdtl	T_OLD_GDTR(%ebx)
	lidtl	T_OLD_IDTR(%ebx)
	movl	$0x10, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movl	T_OLD_ESP(%ebx), %esp
	ljmp	*T_RETURN(%ebx)

/* Append the state of this task, and of all descriptors and links. */
record:
	pushfl
	pushal
	cld
	movl	T_LOG(%ebx), %edi
	movl	40(%esp), %eax		/* the argument */
	stosl
	xorl	%eax, %eax
	str	%ax
	stosl
	movl	32(%esp), %eax		/* EFLAGS */
	stosl
	movl	%cr0, %eax
	stosl
	movl	%cr3, %eax
	stosl
	movl	12(%esp), %eax		/* ESP */
	stosl
	movl	28(%esp), %eax		/* EAX, ECX, EDX, EBP, ESI, EDI */
	stosl
	movl	24(%esp), %eax
	stosl
	movl	20(%esp), %eax
	stosl
	movl	8(%esp), %eax
	stosl
	movl	4(%esp), %eax
	stosl
	movl	(%esp), %eax
	stosl
	movl	%ds, %eax
	stosl
	movl	%es, %eax
	stosl
	movl	%fs, %eax
	stosl
	movl	%gs, %eax
	stosl
	movl	%ss, %eax
	stosl
	xorl	%eax, %eax
	sldt	%ax
	stosl
	movl	%dr7, %eax
	stosl
	movl	T_WINDOW(%ebx), %eax
	movl	(%eax), %eax
	stosl
	xorl	%ecx, %ecx
1:	movb	LOW_GDT(S_TASK(0)) + 5(%ebx, %ecx, 8), %al
	stosb
	incl	%ecx
	cmpl	$TASKS, %ecx
	jb	1b
	leal	T_TSS(%ebx), %esi
1:	movw	(%esi), %ax
	stosw
	addl	$T_TSS_SIZE, %esi
	loop	1b
	addl	$3, %edi		/* whole words */
	andl	$-4, %edi
	movl	%edi, T_LOG(%ebx)
	popal
	popfl
	ret	$4

/* Append EAX. */
note:
	pushl	%edi
	movl	T_LOG(%ebx), %edi
	movl	%eax, (%edi)
	addl	$4, T_LOG(%ebx)
	popl	%edi
	ret

main_task:
	movl	$0x403, %eax		/* L0, G0; DR0 is 0 */
	movl	%eax, %dr7
	movl	$0x11111111, %ecx
	movl	$0x22222222, %edx
	movl	$0x33333333, %ebp
	movl	$0x44444444, %edi
	RECORD(0)
	stc
	ljmp	$S_TASK(TASK_PARTNER), $0
	RECORD(1)
	lcall	$S_TASK(TASK_PARTNER), $0
	RECORD(2)
	int	$V_TASK
	RECORD(3)
	movl	$S_BEYOND, %eax
	movl	$2, %esi
	movl	%eax, %fs		/* #GP, 2 bytes */
	RECORD(4)
	ljmp	$S_TASK(TASK_TRAPPED), $0
	RECORD(5)
	ljmp	$S_TASK(TASK_USER), $0
	RECORD(6)
	cmpb	$0, TSS(TASK_V86) + 0x26(%ebx)	/* is there one? */
	je	1f
	ljmp	$S_TASK(TASK_V86), $0
	RECORD(7)
1:	ljmp	$S_TASK(TASK_16BIT), $0
	RECORD(9)
	lcall	$S_TASK(TASK_16BIT), $0
	RECORD(10)
	movl	$7, %esi
	ljmp	$S_TASK(TASK_MAIN), $0	/* busy: #GP, 7 bytes */
	RECORD(11)
	ret

	.globl	task_partner
task_partner:
	RECORD(0x10)
	ljmp	$S_TASK(TASK_MAIN), $0
	RECORD(0x11)
	iretl
	RECORD(0x12)
	iretl

/* Skips ESI bytes of the main task. */
	.globl	task_gp
task_gp:
	RECORD(0x20)
	popl	%eax
	call	note
	movl	TSS(TASK_MAIN) + 0x40(%ebx), %eax
	addl	%eax, TSS(TASK_MAIN) + 0x20(%ebx)
	iretl
	jmp	task_gp

	.globl	task_trapped, task_debug
task_trapped:
	RECORD(0x30)
	ljmp	$S_TASK(TASK_MAIN), $0
task_debug:				/* handler of #DB */
	RECORD(0x31)
	pushl	%eax
	movl	%dr6, %eax
	call	note
	movl	$0xffff0ff0, %eax
	movl	%eax, %dr6
	popl	%eax
	iretl

	.globl	task_user, task_v86, task_v86_end
task_user:
	int	$V_CALL
	.code16
task_v86:
	int	$V_CALL
task_v86_end:
	.code32

/* Interrupt gates: note what is on the stack, leave for good. */
	.globl	task_called
task_called:
	/* from virtual-8086 mode the data segments are null now */
	movl	$S_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	RECORD(0x40)
	movl	4(%esp), %eax		/* CS, EFLAGS, ESP, SS */
	call	note
	movl	8(%esp), %eax
	call	note
	movl	12(%esp), %eax
	call	note
	movl	16(%esp), %eax
	call	note
	ljmp	$S_TASK(TASK_MAIN), $0

/* What is above its registers is not documented. */
.macro	EXTEND
	movzwl	%ax, %eax
	movzwl	%cx, %ecx
	movzwl	%dx, %edx
	movzwl	%sp, %esp
	movzwl	%bp, %ebp
	movzwl	%si, %esi
	movzwl	%di, %edi
	movl	%cs:task_memory - task_code, %ebx
.endm
	.globl	task_16bit, task_memory
task_16bit:
	EXTEND
	RECORD(0x70)
	ljmp	$S_TASK(TASK_MAIN), $0
	EXTEND
	RECORD(0x71)
	iretl
	.balign	4
task_memory:				/* see fill_tasks */
	.long	0
task_code_end:
	.code64

	.section .note.GNU-stack,"",@progbits
