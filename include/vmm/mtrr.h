/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory type range registers (Intel SDM vol. 3, 12.11; AMD APM vol. 2, 7.7)
 * as pure logic: a copy of the registers, and what type they give an address.
 */
#ifndef VMM_MTRR_H
#define VMM_MTRR_H

#include <stdbool.h>
#include <vmm/paging.h>

VMM_BEGIN_DECLS

#define VMM_MTRR_MAX_VARIABLE	32
#define VMM_MTRR_FIXED		11	/* 0x250, 0x258, 0x259, 0x268..0x26f */

struct vmm_mtrr {
	uint64_t cap;			/* MTRRCAP, MSR 0xfe */
	uint64_t def_type;		/* MTRRdefType, MSR 0x2ff */
	uint64_t fixed[VMM_MTRR_FIXED];	/* in order of MSR number */
	struct {
		uint64_t base, mask;	/* MSRs 0x200+2n, 0x201+2n */
	} var[VMM_MTRR_MAX_VARIABLE];
	unsigned phys_bits;		/* MAXPHYADDR of the CPU */
	/* AMD only, 0 elsewhere: SYSCFG (C001_0010), TOP_MEM2 (C001_001D).
	 * With SYSCFG.Tom2ForceMemTypeWB (bit 22) and MtrrTom2En (bit 21),
	 * [4 GiB, TOP_MEM2) defaults to WB (APM vol. 2, 7.9 "SYSCFG, TOP_MEM2"). */
	uint64_t syscfg, top_mem2;
};

/* Type of the byte at pa.  Reserved encodings count as UC; overlapping
 * variable ranges combine as the SDM says (UC wins, WT beats WB, any other
 * mix is UC). */
enum vmm_memtype vmm_mtrr_type(const struct vmm_mtrr *m, uint64_t pa);

/* Length of the longest stretch [pa, pa+len), len <= max, that has a single
 * type, which goes to *type.  pa and max 4 KiB multiples, so is the result;
 * never 0 for max > 0.  Costs O(ranges) for each place where a range begins
 * or ends within the stretch, whatever its number of pages. */
uint64_t vmm_mtrr_run(const struct vmm_mtrr *m, uint64_t pa, uint64_t max,
		      enum vmm_memtype *type);

/* True if msr is one of the registers above (but SYSCFG and TOP_MEM2). */
bool vmm_mtrr_is_msr(uint32_t msr);

/* Register in the copy, or NULL if this CPU (cap) does not have it. */
uint64_t *vmm_mtrr_reg(struct vmm_mtrr *m, uint32_t msr);

/* May the guest write value to msr?  False where hardware gives #GP:
 * reserved type encodings and bits, MTRRCAP, registers not there. */
bool vmm_mtrr_write_ok(const struct vmm_mtrr *m, uint32_t msr, uint64_t value);

VMM_END_DECLS

#endif
