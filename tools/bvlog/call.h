/* SPDX-License-Identifier: BSD-3-Clause */
/* Hypercalls from a Linux program. */
#ifndef BVLOG_CALL_H
#define BVLOG_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <vmm/logread.h>

/* All registers that a hypercall takes or gives (vmm/logread.h);
 * instruction.S knows the order. */
struct bvlog_regs {
	uint64_t rax, rbx, rcx, rdx;
	uint64_t text[BVLOG_TEXT_REGS];	/* RSI RDI R8 ... R15 */
};

/* Make a hypercall with the instruction of this processor.  False: nothing
 * below takes it, so there is no BitVisor (no registers are changed then). */
bool bvlog_call(struct bvlog_regs *regs);

/* instruction.S: the bare instructions of AMD and of Intel. */
void bvlog_vmmcall(struct bvlog_regs *regs);
void bvlog_vmcall(struct bvlog_regs *regs);

#endif
