/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMM's own page tables: the identity map of memory, writable but never
 * executable, in which the image's sections have their rights.  No page is
 * both writable and executable.
 */
#ifndef MM_HOSTMAP_H
#define MM_HOSTMAP_H

#include <vmm/mtrr.h>
#include <vmm/pagepool.h>
#include <vmm/paging.h>

/* Addresses of the image's sections.  Starts are page-aligned; ends may lie
 * within a page, which nothing else shares. */
struct vmm_hostmap_image {
	uint64_t text_start, text_end;		/* read, execute */
	uint64_t rodata_start, rodata_end;	/* read */
	uint64_t data_start, data_end;		/* read, write */
};

/*
 * Build the map of [0, top), top a multiple of 4 KiB, with leaves up to
 * max_leaf that do not span memory types; above top nothing is mapped.
 * -ENOMEM, -EINVAL (sections share a page or lie above top): nothing is left
 * to destroy.  Before the map is used.
 */
int vmm_hostmap_build(struct vmm_pt *pt, struct vmm_pagepool *pool,
		      const struct vmm_hostmap_image *img,
		      const struct vmm_mtrr *mtrr, unsigned max_leaf,
		      uint64_t top) VMM_MUST_CHECK;

/* Unmap the guard page at addr.  The caller flushes.  -ENOMEM, -EINVAL. */
int vmm_hostmap_guard(struct vmm_pt *pt, uint64_t addr) VMM_MUST_CHECK;

#endif
