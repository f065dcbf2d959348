/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ways into the image: the call of the loader on the boot processor, that of
 * the firmware's MP services on the others, and exceptions in the VMM.
 */
#include <cpu/asm_offsets.h>

	.section .text.entry, "ax"

/*
 * Keep what the System V ABI says that a callee preserves, in the layout of
 * struct boot_frame: on success the guest goes on behind the call with these
 * values and RAX = 0; this code then never returns.
 */
.macro BOOT_ENTRY name, target
	.globl	\name
	.hidden	\name
	.type	\name, @function
\name:
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushfq
	cld
	movq	%rsp, %rsi
	movq	%rsp, %rbx
	xorl	%ebp, %ebp		/* the end of a backtrace */
	andq	$-16, %rsp
	call	\target
	movq	%rbx, %rsp
	popfq
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	ret
	.size	\name, . - \name
.endm

	BOOT_ENTRY _start, vmm_start
	BOOT_ENTRY vmm_ap_entry, vmm_ap_start

	.text

/* int host_call_on_stack(uint64_t stack_top, int (*fn)(void *), void *arg) */
	.globl	host_call_on_stack
	.hidden	host_call_on_stack
	.type	host_call_on_stack, @function
host_call_on_stack:
	pushq	%rbp
	movq	%rsp, %rbp
	movq	%rdi, %rsp
	movq	%rdx, %rdi
	call	*%rsi
	movq	%rbp, %rsp
	popq	%rbp
	ret
	.size	host_call_on_stack, . - host_call_on_stack

/* void host_load_segments(void): CS by a far return, the others null or flat.
 * The caller has loaded GDTR. */
	.globl	host_load_segments
	.hidden	host_load_segments
	.type	host_load_segments, @function
host_load_segments:
	popq	%rax
	pushq	$HOST_CS
	pushq	%rax
	movl	$HOST_DS, %eax
	movl	%eax, %ss
	movl	%eax, %ds
	movl	%eax, %es
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	lldt	%ax
	movl	$HOST_TR, %eax
	ltr	%ax
	lretq
	.size	host_load_segments, . - host_load_segments

/* void host_load_cs(uint16_t selector) */
	.globl	host_load_cs
	.hidden	host_load_cs
	.type	host_load_cs, @function
host_load_cs:
	popq	%rax
	movzwl	%di, %edi
	pushq	%rdi
	pushq	%rax
	lretq
	.size	host_load_cs, . - host_load_cs

/* bool x86_rdmsr_safe(uint32_t msr, uint64_t *value) */
	.globl	x86_rdmsr_safe
	.hidden	x86_rdmsr_safe
	.type	x86_rdmsr_safe, @function
x86_rdmsr_safe:
	movl	%edi, %ecx
1:	rdmsr
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, (%rsi)
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	.size	x86_rdmsr_safe, . - x86_rdmsr_safe
	.pushsection .extable, "a"
	.long	1b - ., 2b - .
	.popsection

/* bool x86_wrmsr_safe(uint32_t msr, uint64_t value) */
	.globl	x86_wrmsr_safe
	.hidden	x86_wrmsr_safe
	.type	x86_wrmsr_safe, @function
x86_wrmsr_safe:
	movl	%edi, %ecx
	movl	%esi, %eax
	movq	%rsi, %rdx
	shrq	$32, %rdx
1:	wrmsr
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	.size	x86_wrmsr_safe, . - x86_wrmsr_safe
	.pushsection .extable, "a"
	.long	1b - ., 2b - .
	.popsection

/* bool x86_rdpmc_safe(uint32_t counter, uint64_t *value) */
	.globl	x86_rdpmc_safe
	.hidden	x86_rdpmc_safe
	.type	x86_rdpmc_safe, @function
x86_rdpmc_safe:
	movl	%edi, %ecx
1:	rdpmc
	shlq	$32, %rdx
	orq	%rdx, %rax
	movq	%rax, (%rsi)
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	.size	x86_rdpmc_safe, . - x86_rdpmc_safe
	.pushsection .extable, "a"
	.long	1b - ., 2b - .
	.popsection

/* bool x86_xsetbv_safe(uint32_t index, uint64_t value) */
	.globl	x86_xsetbv_safe
	.hidden	x86_xsetbv_safe
	.type	x86_xsetbv_safe, @function
x86_xsetbv_safe:
	movl	%edi, %ecx
	movl	%esi, %eax
	movq	%rsi, %rdx
	shrq	$32, %rdx
1:	xsetbv
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	.size	x86_xsetbv_safe, . - x86_xsetbv_safe
	.pushsection .extable, "a"
	.long	1b - ., 2b - .
	.popsection

/* bool x86_read_safe(void *to, const void *from, size_t n) */
	.globl	x86_read_safe
	.hidden	x86_read_safe
	.type	x86_read_safe, @function
x86_read_safe:
	movq	%rdx, %rcx
1:	rep movsb
	movl	$1, %eax
	ret
2:	xorl	%eax, %eax
	ret
	.size	x86_read_safe, . - x86_read_safe
	.pushsection .extable, "a"
	.long	1b - ., 2b - .
	.popsection

/*
 * Exceptions in the VMM.  The frame that C sees is struct vmm_host_frame:
 * general registers, vector, error code, what the CPU pushed.
 */
	.type	host_exception_common, @function
host_exception_common:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rbx
	pushq	%rbp
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	cld
	movq	%rsp, %rdi
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	host_exception
	movq	%rbx, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rbp
	popq	%rbx
	popq	%rdx
	popq	%rcx
	popq	%rax
	addq	$16, %rsp
	iretq
	.size	host_exception_common, . - host_exception_common

/* External interrupts come in only when the VMM asks for them. */
	.globl	host_interrupt_stub
	.hidden	host_interrupt_stub
	.type	host_interrupt_stub, @function
host_interrupt_stub:
	pushq	%rax
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	cld
	movq	%rsp, %rbx
	andq	$-16, %rsp
	call	host_interrupt
	movq	%rbx, %rsp
	popq	%rbx
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
	.size	host_interrupt_stub, . - host_interrupt_stub

/* One stub of 16 bytes for each vector.  Those with an error code: SDM
 * vol. 3, table 7-1, and #VC (29), #SX (30) of the APM. */
	.balign	16
	.globl	host_exception_stubs
	.hidden	host_exception_stubs
host_exception_stubs:
	.set	vector, 0
	.rept	32
	.balign	16
	.if	!((0x60227d00 >> vector) & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	host_exception_common
	.set	vector, vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
