/* SPDX-License-Identifier: BSD-3-Clause */
/* Page tables out of the VMM's page pool, which is identity-mapped. */
#ifndef MM_POOL_MEM_H
#define MM_POOL_MEM_H

#include <vmm/paging.h>

/* ctx is a struct vmm_pagepool. */
extern const struct vmm_pt_mem vmm_pt_pool_mem;

#endif
