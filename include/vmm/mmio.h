/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses of the guest to a hooked page: one that the nested map withholds,
 * wholly or for writes, because the VMM answers for what is there.
 */
#ifndef VMM_MMIO_H
#define VMM_MMIO_H

#include <vmm/exit.h>
#include <vmm/vcpu.h>

VMM_BEGIN_DECLS

/*
 * What answers.  gpa is in the hooked page, size 1, 2, 4 or 8 bytes that are
 * all in it, aligned or not as the guest has it; an access that crosses the
 * page's edge comes in aligned parts.  value: the lowest bytes; others are 0.
 * An instruction that reads and writes makes one call of each, if both
 * succeed; it is not atomic.
 * Returns 0; a negative errno gives the guest a #GP in place of the access.
 */
struct vmm_mmio_ops {
	int (*read)(struct vmm_vcpu *v, void *ctx, uint64_t gpa, unsigned size,
		    uint64_t *value);
	int (*write)(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		     unsigned size, uint64_t value);
};

/*
 * Carry out the instruction that made the exit e (VMM_EXIT_MEM), with ops for
 * the part of its accesses that falls into the page of e->mem.gpa, and with
 * the guest's memory for the rest (PUSH, POP, MOVS, an access across the
 * edge).  Of a repeated string instruction, one iteration.
 *
 * VMM_DONE, e->insn_len set: done.  VMM_RETRY: one iteration done; or nothing:
 * what is at RIP now cannot be fetched, or does not access the page.
 * VMM_FAULT: #PF, if the guest's own map forbids an access; #DE; #GP for a
 * code fetch or page walk in the page, or if ops fail; #UD for what cannot be
 * decoded or carried out (it is logged, at a limited rate).
 *
 * On the CPU of v, between the exit and the next entry.
 */
enum vmm_verdict vmm_emulate_access(struct vmm_vcpu *v, struct vmm_exit *e,
				    const struct vmm_mmio_ops *ops, void *ctx);

VMM_END_DECLS

#endif
