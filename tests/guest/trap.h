/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An environment of the test's own under the firmware: descriptor tables with
 * a handler for each vector, on stacks of their own (IST), interrupts masked
 * at the interrupt controllers.  Between trap_begin and trap_end no firmware
 * function may be called.
 */
#ifndef TESTS_GUEST_TRAP_H
#define TESTS_GUEST_TRAP_H

#include <stdbool.h>
#include <stdint.h>

/* Selectors of the environment's GDT.  The segments named _BASED have a base
 * set by trap_set_base. */
#define SEL_CODE	0x08
#define SEL_DATA	0x10
#define SEL_CODE32	0x18	/* base 0 */
#define SEL_DATA32	0x20
#define SEL_CODE32_BASED 0x28
#define SEL_CODE16_BASED 0x30
#define SEL_USER_DATA	(0x38 | 3)
#define SEL_USER_CODE	(0x40 | 3)
#define SEL_USER_CODE32	(0x48 | 3)
#define SEL_TSS		0x50	/* two entries */

struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* What the last trap was.  cr2 and dr6 as they were in the handler. */
struct trap_record {
	struct trap_frame frame;
	uint64_t cr2, dr6;
};

/* Called in the handler with the frame, which it may change; when it returns,
 * execution goes on with the frame as it then is. */
typedef void (*trap_hook_fn)(struct trap_frame *f);

#define TRAP_NONE (-1)

extern struct trap_record trap_last;
extern volatile unsigned trap_count[256];
extern trap_hook_fn trap_hook[256];

void trap_begin(void);
void trap_end(void);
/* The task register, after a test that has changed it. */
void trap_load_tr(void);
void trap_set_base(unsigned selector, uint32_t base);

/* Make the vector's gate one without a stack switch and with a handler that
 * does not touch the stack: it ends the catch under way. */
void trap_set_bad_stack(uint8_t vector);

/*
 * Run fn(arg).  The first trap of a vector without a hook ends it.  Returns
 * that vector, or TRAP_NONE.
 */
int trap_catch(void (*fn)(void *arg), void *arg);

/* "none", "#GP(0)", "#PF(2)", "#UD", "int 80"... for the last result. */
void trap_print(int vector);

/* End the catch under way as if the vector had been raised; for hooks. */
void trap_abort(struct trap_frame *f);

#endif
