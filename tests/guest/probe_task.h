/* SPDX-License-Identifier: BSD-3-Clause */
/* What task_code.S and probe_task.c share: the layout of the memory that the
 * tasks work in, as offsets of its beginning, and the order of the tasks. */
#ifndef TESTS_GUEST_PROBE_TASK_H
#define TESTS_GUEST_PROBE_TASK_H

/* Of the 64-bit mode that is left, and come back to. */
#define T_OLD_GDTR	0x00
#define T_OLD_IDTR	0x10
#define T_OLD_CR0	0x20
#define T_OLD_CR3	0x24
#define T_OLD_CR4	0x28
#define T_OLD_ESP	0x2c
#define T_RETURN	0x30	/* far pointer */
/* Set by the C code */
#define T_GDTR		0x40
#define T_IDTR		0x48
#define T_CR4		0x50
#define T_PAGING	0x54	/* CR0.PG or 0 */
#define T_WINDOW	0x58	/* an address that differs between tasks */
#define T_LOG		0x5c	/* end of what was recorded */
#define T_GDT		0x100
#define T_IDT		0x200
#define T_IDT_SIZE	0x210	/* vectors 0 to 0x41 */
#define T_TSS		0x420
#define T_TSS_SIZE	0x80
#define T_LOG_BEGIN	0x1000
#define T_STACKS	0x8000	/* 0x400 bytes for each task */
#define T_STACK_END	0xb000	/* of the main task's */
#define T_SIZE		0xb000

#define S_CODE		0x08
#define S_DATA		0x10
#define S_USER_CODE	(0x18 | 3)
#define S_USER_DATA	(0x20 | 3)
#define S_BASED		0x28	/* the code, with its own base */
#define S_STACK16	0x30	/* stack of the 16-bit task, with a base */
#define S_LDT		0x38
#define S_TASK(n)	(0x40 + 8 * (n))
#define S_BEYOND	0x7f8	/* outside of the table */

#define TASK_MAIN	0
#define TASK_PARTNER	1
#define TASK_GP		2	/* by the gate of #GP */
#define TASK_TRAPPED	3	/* its TSS asks for a debug trap */
#define TASK_USER	4	/* ring 3 */
#define TASK_V86	5
#define TASK_16BIT	6
#define TASKS		7

#define V_TASK		0x40	/* a task gate */
#define V_CALL		0x41	/* an interrupt gate for ring 3 */

#endif
