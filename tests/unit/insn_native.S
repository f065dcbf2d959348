/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * void native_run(struct native_state *st): load all registers and the flags
 * from *st, jump to st->code, which has to end in a jump to native_return,
 * and store them there again.  RSP too is the code's own: no stack is used.
 */
#define ST_RSP		(4 * 8)
#define ST_RDI		(7 * 8)
#define ST_RFLAGS	(16 * 8)
#define ST_CODE		(17 * 8)

	.macro	each_register insn
	\insn	%rax, 0
	\insn	%rcx, 1
	\insn	%rdx, 2
	\insn	%rbx, 3
	\insn	%rbp, 5
	\insn	%rsi, 6
	\insn	%r8, 8
	\insn	%r9, 9
	\insn	%r10, 10
	\insn	%r11, 11
	\insn	%r12, 12
	\insn	%r13, 13
	\insn	%r14, 14
	\insn	%r15, 15
	.endm
	.macro	load r, n
	mov	\n*8(%rdi), \r
	.endm
	.macro	store r, n
	mov	\r, \n*8(%rdi)
	.endm

	.text
	.globl	native_run, native_return
	.type	native_run, @function
native_run:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rdi, state(%rip)
	mov	%rsp, host_rsp(%rip)
	mov	ST_CODE(%rdi), %rax
	mov	%rax, code(%rip)
	push	ST_RFLAGS(%rdi)
	popfq
	each_register load
	mov	ST_RSP(%rdi), %rsp
	mov	ST_RDI(%rdi), %rdi
	jmp	*code(%rip)

native_return:
	mov	%rsp, guest_rsp(%rip)
	mov	host_rsp(%rip), %rsp
	push	%rdi
	pushfq
	mov	state(%rip), %rdi
	each_register store
	pop	ST_RFLAGS(%rdi)
	pop	ST_RDI(%rdi)
	mov	guest_rsp(%rip), %rax
	mov	%rax, ST_RSP(%rdi)
	cld
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	native_run, . - native_run

	.local	state, host_rsp, guest_rsp, code
	.comm	state, 8, 8
	.comm	host_rsp, 8, 8
	.comm	guest_rsp, 8, 8
	.comm	code, 8, 8
	.section .note.GNU-stack, "", @progbits
