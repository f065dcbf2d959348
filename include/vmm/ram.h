/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which addresses are memory.  Where the guest says that its rings and buffers
 * are, there may be registers instead: those of a device that the VMM drives,
 * or hooked ones.  What the VMM or its devices read and write on behalf of the
 * guest must be memory.
 */
#ifndef VMM_RAM_H
#define VMM_RAM_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

#define VMM_RAM_RANGES 64u

struct vmm_ram_range {
	uint64_t base, end;
};

/* Sorted, apart from each other.  All zero: no memory. */
struct vmm_ram {
	struct vmm_ram_range range[VMM_RAM_RANGES];
	unsigned count;
	unsigned largest;	/* number of it: looked at first */
};

/* Add [base, end), in any order, touching others or not.  -ENOSPC: too many
 * pieces; it then does not count as memory. */
int vmm_ram_add(struct vmm_ram *ram, uint64_t base, uint64_t end)
	VMM_MUST_CHECK;

/* Is all of [pa, pa+n) memory, n > 0?  Any CPU, once it is filled. */
bool vmm_ram_has(const struct vmm_ram *ram, uint64_t pa, uint64_t n);

/* Is any of it? */
bool vmm_ram_meets(const struct vmm_ram *ram, uint64_t pa, uint64_t n);

VMM_END_DECLS

#endif
