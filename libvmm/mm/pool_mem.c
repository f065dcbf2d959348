/* SPDX-License-Identifier: BSD-3-Clause */
#include <mm/pool_mem.h>
#include <vmm/pagepool.h>

static void *pool_alloc(void *ctx)
{
	return vmm_pages_alloc(ctx, 1);
}

static void pool_free(void *ctx, void *table)
{
	vmm_pages_free(ctx, table, 1);
}

/* The VMM's virtual addresses are physical ones. */
static uint64_t pool_to_pa(void *ctx, void *table)
{
	(void)ctx;
	return (uintptr_t)table;
}

static void *pool_to_va(void *ctx, uint64_t pa)
{
	(void)ctx;
	return (void *)(uintptr_t)pa;
}

const struct vmm_pt_mem vmm_pt_pool_mem = {
	.alloc = pool_alloc,
	.free = pool_free,
	.to_pa = pool_to_pa,
	.to_va = pool_to_va,
};
