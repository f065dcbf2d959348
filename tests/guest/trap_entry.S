/* SPDX-License-Identifier: BSD-3-Clause */
/* Entry points of the 256 vectors, and the way back to trap_catch. */
	.text

/* Vectors 8, 10-14, 17, 21, 29, 30 push an error code; give the others a
 * zero, so that all frames look the same.  16 bytes each. */
	.globl	trap_entries
	.balign	16
trap_entries:
	.set	vector, 0
	.rept	256
	.balign	16
	.if	vector > 31
	pushq	$0
	.elseif	!((0x60227d00 >> vector) & 1)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_common
	.set	vector, vector + 1
	.endr

trap_common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
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
	movq	%rsp, %rbp
	andq	$-16, %rsp
	call	trap_handle
	movq	%rbp, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rbp
	popq	%rdi
	popq	%rsi
	popq	%rdx
	popq	%rcx
	popq	%rbx
	popq	%rax
	addq	$16, %rsp
	iretq

/* For trap_set_bad_stack: EAX says that this handler ran. */
	.globl	trap_bad_stack
trap_bad_stack:
	movl	$0x92, %eax
	jmp	trap_recovered

/* int trap_catch(void (*fn)(void *), void *arg) */
	.globl	trap_catch
trap_catch:
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	trap_recover_rsp(%rip)
	movq	%rsp, trap_recover_rsp(%rip)
	movq	%rdi, %rax
	movq	%rsi, %rdi
	subq	$8, %rsp
	andq	$-16, %rsp
	call	*%rax
	movl	$-1, %eax
/* The handler comes here with the vector in EAX. */
	.globl	trap_recovered
trap_recovered:
	movq	trap_recover_rsp(%rip), %rsp
	popq	trap_recover_rsp(%rip)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	cld
	ret

/* void trap_load_segments(uint16_t code, uint16_t data) */
	.globl	trap_load_segments
trap_load_segments:
	movl	%esi, %ss
	movl	%esi, %ds
	movl	%esi, %es
	popq	%rax
	movzwl	%di, %edi
	pushq	%rdi
	pushq	%rax
	lretq

	.section .note.GNU-stack,"",@progbits
