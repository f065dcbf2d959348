/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The state in which the firmware called the VMM on a CPU, and in which the
 * guest goes on: behind that call, with the value 0 returned.
 */
#ifndef CPU_BOOT_H
#define CPU_BOOT_H

#include <vmm/vcpu.h>
#include <vmm/x86.h>

/* What the entry stubs in entry.S push on the firmware's stack. */
struct boot_frame {
	uint64_t rflags;
	uint64_t r15, r14, r13, r12, rbx, rbp;
	uint64_t rip;		/* return address: outside of the image */
	uint64_t rsp_after[];	/* where RSP points after the return */
};

struct boot_state {
	uint64_t rip, rsp, rflags;
	uint64_t rbx, rbp, r12, r13, r14, r15;
	uint64_t cr0, cr2, cr3, cr4, dr6, dr7, efer, pat;
	struct x86_table_reg gdtr, idtr;
	struct vmm_segment seg[VMM_SEGS];	/* FS, GS: base from the MSRs */
};

/* Record the state of this CPU, which must still be the firmware's. */
void boot_state_capture(struct boot_state *s, const struct boot_frame *frame);

/* Expand the descriptor that selector names in the GDT; a null selector, or
 * one beyond the limit, gives an unusable segment (Intel SDM vol. 3, 3.4.5). */
void boot_segment(const struct x86_table_reg *gdtr, uint16_t selector,
		  struct vmm_segment *out);

#endif
