/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages of the process's heap, whatever the pool. */
#include <stdlib.h>
#include <vmm/pagepool.h>

void *vmm_pages_alloc(struct vmm_pagepool *pool, uint64_t n)
{
	(void)pool;
	return calloc(n, 4096);
}

void vmm_pages_free(struct vmm_pagepool *pool, void *pages, uint64_t n)
{
	(void)pool;
	(void)n;
	free(pages);
}
