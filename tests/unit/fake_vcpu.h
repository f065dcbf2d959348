/* SPDX-License-Identifier: BSD-3-Clause */
/* A vCPU for host tests: registers in memory, and a small linear memory whose
 * pages may be missing. */
#ifndef FAKE_VCPU_H
#define FAKE_VCPU_H

#include <stdbool.h>
#include <vmm/vcpu.h>

#define FAKE_BASE	0x100000u	/* linear address of memory[0] */
#define FAKE_PAGES	5u

struct vmm_vcpu {
	uint64_t reg[VMM_REG_IDTR_LIMIT + 1];
	struct vmm_segment seg[VMM_SEGS];
	uint8_t memory[FAKE_PAGES * 4096];
	bool missing[FAKE_PAGES];
	bool supervisor[FAKE_PAGES];	/* implicit accesses only */
	bool host_memory;	/* other addresses are those of the test */
	unsigned number;
};

/* 64-bit mode, CPL 3, IOPL 0, a TSS without I/O map, all memory there. */
void fake_vcpu_init(struct vmm_vcpu *v);

#endif
