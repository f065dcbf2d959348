/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nested map: from guest-physical to physical addresses, the identity but
 * for the VMM's own memory and for pages that the VMM watches.  All CPUs use
 * this one map.
 *
 * Filled before the guest runs, with the largest leaves that memory types and
 * exceptions allow: all memory, everything below 4 GiB and, where that costs
 * next to nothing (1 GiB leaves), everything up to 4 TiB.  What is above, up
 * to the end of the physical address space, is filled by the gigabyte when
 * the guest first touches it, and may be dropped again if memory is short.
 *
 * Memory types: with EPT a leaf has the MTRRs' type; with nested paging on AMD
 * the hardware's MTRRs act on the guest's accesses and leaves are WB (APM
 * vol. 2, 15.25.8 "Combining Memory Types, MTRRs").  No leaf spans two types
 * either way (SDM vol. 3, 12.11.9 "Large Page Size Considerations").
 *
 * Any CPU; the functions take the map's lock and do not sleep.
 *
 * Flushing: `generation` counts the changes after which CPUs must not use what
 * their TLBs hold.  When it has changed, the caller makes all CPUs flush, then
 * calls vmm_nested_flushed(), before the guest goes on where it matters.
 */
#ifndef MM_NESTED_H
#define MM_NESTED_H

#include <stdbool.h>
#include <vmm/mtrr.h>
#include <vmm/pagepool.h>
#include <vmm/paging.h>
#include <vmm/spinlock.h>

#define VMM_NESTED_HOOKS 128

/* A range that is not mapped to itself with all rights. */
struct vmm_nested_hook {
	uint64_t gpa, size;
	uint64_t target;	/* physical address */
	unsigned prot;
	bool same;		/* every page to the one at target */
};

struct vmm_nested {
	struct vmm_pt pt;
	struct vmm_spinlock lock;
	struct vmm_pagepool *pool;
	struct vmm_mtrr mtrr;		/* types that the map follows */
	bool leaf_types;		/* leaves have them (EPT) */
	unsigned phys_bits;		/* of the processor */
	uint64_t end;			/* of what can be mapped */
	uint64_t limit;			/* end of the part that stays filled */
	uint64_t memory_end;		/* the VMM maps [0, memory_end) */
	uint64_t hole_base, hole_size;	/* the VMM's memory */
	uint64_t zero_page;		/* what the guest finds there */
	uint64_t generation;
	uint64_t *graves[2];		/* dropped tables, see paging.h */
	bool to_bury;			/* there are some */
	bool droppable;			/* something above limit is filled */
	struct vmm_nested_hook hooks[VMM_NESTED_HOOKS];
	unsigned hook_count;
	/* Added to a guest-physical address it gives the VMM's pointer to that
	 * memory: 0, but in tests. */
	uintptr_t memory_offset;
};

/* End of what the VMM itself maps if memory ends at top: whole gigabytes, and
 * the devices below 4 GiB too. */
uint64_t vmm_nested_memory_end(uint64_t top);

/*
 * Build the map of a machine whose memory ends at top (exclusive).  max_leaf:
 * as for vmm_pt_init.  Before the guest runs.  -ENOMEM, -EINVAL: nothing is
 * left to destroy.
 */
int vmm_nested_init(struct vmm_nested *n, const struct vmm_pt_format *fmt,
		    struct vmm_pagepool *pool, const struct vmm_mtrr *mtrr,
		    bool leaf_types, unsigned max_leaf, unsigned phys_bits,
		    uint64_t top) VMM_MUST_CHECK;

/* Give all memory back.  No CPU may be using the map. */
void vmm_nested_destroy(struct vmm_nested *n);

/*
 * Hide the VMM's memory (4 KiB multiples, in the filled part): every page
 * becomes the same page of zeros, readable and executable.  Once.
 * -ENOMEM, -EINVAL, -EEXIST.
 */
int vmm_nested_hide(struct vmm_nested *n, uint64_t base, uint64_t size)
	VMM_MUST_CHECK;

/*
 * The guest touched gpa and the hardware found that the map does not allow it.
 *	0	it does now, or already did: enter the guest again
 *	-EACCES	a write to the VMM's memory
 *	-EPERM	a page that vmm_nested_set() restricted
 *	-EFAULT	beyond what can be mapped
 *	-ENOMEM	no memory to map it, and nothing to drop
 */
int vmm_nested_fault(struct vmm_nested *n, uint64_t gpa, bool write)
	VMM_MUST_CHECK;

/*
 * Map pages at gpa with these rights (VMM_PT_*, 0: none) to target, which is
 * WB memory if it is not gpa itself.  All rights to itself undoes it.  Ranges
 * may not overlap unless they are the same, nor touch the VMM's memory.
 * -ENOMEM (then as it was), -ENOSPC (too many ranges), -EINVAL.
 */
int vmm_nested_set(struct vmm_nested *n, uint64_t gpa, uint64_t pages,
		   unsigned prot, uint64_t target) VMM_MUST_CHECK;

/*
 * Follow new memory types.  On -ENOMEM the map is complete but coarser: leaves
 * that could not be split span two types, with leaf types they are UC.
 */
int vmm_nested_retype(struct vmm_nested *n, const struct vmm_mtrr *mtrr)
	VMM_MUST_CHECK;

/*
 * Let the guest write to the page of VMM memory at gpa for a while: it becomes
 * the page at junk, all rights; and back.  The caller flushes the CPU at hand
 * only: stale translations on others lead to the zero page or to junk.
 * Several pages may be open.  -EINVAL: gpa is not in the VMM's memory.
 */
int vmm_nested_window_open(struct vmm_nested *n, uint64_t gpa, uint64_t junk)
	VMM_MUST_CHECK;
void vmm_nested_window_close(struct vmm_nested *n, uint64_t gpa);

/*
 * The VMM's pointer to the code at a linear address of a guest in 64-bit mode,
 * good to the end of its page.  Without the checks of vmm_walk(): the
 * processor has just fetched from there.  NULL where it cannot be read so
 * simply (tables or code in the VMM's memory or beyond the map, or gone).
 */
const uint8_t *vmm_nested_code(const struct vmm_nested *n, uint64_t cr3,
			       uint64_t cr4, uint64_t linear);

/* All CPUs have flushed since the generation that the caller last saw: tables
 * dropped before may be used anew. */
void vmm_nested_flushed(struct vmm_nested *n);

#endif
