/* SPDX-License-Identifier: BSD-3-Clause */
/* Page allocator of the VMM: see <vmm/pagepool.h>. */
#include <vmm/error.h>
#include <vmm/pagepool.h>
#include <vmm/panic.h>
#include <string.h>

#define WORD_BITS 64u

static bool is_used(const struct vmm_pagepool *pool, uint64_t page)
{
	return pool->used[page / WORD_BITS] >> page % WORD_BITS & 1;
}

static void flip_used(struct vmm_pagepool *pool, uint64_t page, uint64_t n)
{
	for (; n; page++, n--)
		pool->used[page / WORD_BITS] ^= UINT64_C(1) << page % WORD_BITS;
}

/* First of n free pages in [from, to); `to` if there are none. */
static uint64_t find_run(const struct vmm_pagepool *pool, uint64_t n,
			 uint64_t from, uint64_t to)
{
	uint64_t run = 0;

	for (uint64_t page = from; page < to; page++) {
		if (page % WORD_BITS == 0 && page + WORD_BITS <= to &&
		    pool->used[page / WORD_BITS] == UINT64_MAX) {
			page += WORD_BITS - 1;
			run = 0;
			continue;
		}
		run = is_used(pool, page) ? 0 : run + 1;
		if (run == n)
			return page + 1 - n;
	}
	return to;
}

/* Search behind the latest allocation, then the whole pool: most callers take
 * single pages and keep them. */
static uint64_t find_pages(const struct vmm_pagepool *pool, uint64_t n)
{
	uint64_t page = find_run(pool, n, pool->hint, pool->pages);

	if (page == pool->pages)
		page = find_run(pool, n, 0, pool->pages);
	return page;
}

int vmm_pagepool_init(struct vmm_pagepool *pool, void *base, uint64_t size)
{
	uint64_t total = size / VMM_PAGE_SIZE;
	uint64_t bitmap_bytes = VMM_ROUND_UP(total, WORD_BITS) / 8;
	uint64_t bitmap_pages = VMM_ROUND_UP(bitmap_bytes, VMM_PAGE_SIZE) /
				VMM_PAGE_SIZE;

	if (((uintptr_t)base | size) & VMM_PAGE_MASK || total <= bitmap_pages)
		return VMM_ERROR(EINVAL);
	*pool = (struct vmm_pagepool){
		.lock = VMM_SPINLOCK_INIT,
		.base = (uint8_t *)base + bitmap_pages * VMM_PAGE_SIZE,
		.pages = total - bitmap_pages,
		.free_pages = total - bitmap_pages,
		.low_water = total - bitmap_pages,
		.used = base,
	};
	memset(base, 0, bitmap_pages * VMM_PAGE_SIZE);
	return 0;
}

/* Under the lock. */
static void *take_pages(struct vmm_pagepool *pool, uint64_t n)
{
	uint64_t page;

	if (!n || n > pool->free_pages)
		return NULL;
	page = find_pages(pool, n);
	if (page == pool->pages)
		return NULL;
	flip_used(pool, page, n);
	pool->hint = page + n;
	pool->free_pages -= n;
	if (pool->free_pages < pool->low_water)
		pool->low_water = pool->free_pages;
	return pool->base + page * VMM_PAGE_SIZE;
}

void *vmm_pages_alloc(struct vmm_pagepool *pool, uint64_t n)
{
	void *pages;

	vmm_spin_lock(&pool->lock);
	pages = take_pages(pool, n);
	vmm_spin_unlock(&pool->lock);
	/* The pages are the caller's already: no need to hold others up. */
	if (pages)
		memset(pages, 0, n * VMM_PAGE_SIZE);
	return pages;
}

/* True if [page, page+n) is in the pool and all of it allocated. */
static bool all_used(const struct vmm_pagepool *pool, uint64_t page, uint64_t n)
{
	if (page >= pool->pages || n > pool->pages - page)
		return false;
	while (n--)
		if (!is_used(pool, page++))
			return false;
	return true;
}

void vmm_pages_free(struct vmm_pagepool *pool, void *pages, uint64_t n)
{
	/* An address below the pool becomes a page number far above it. */
	uint64_t offset = (uintptr_t)pages - (uintptr_t)pool->base;
	uint64_t page = offset / VMM_PAGE_SIZE;

	if (!pages)
		return;
	vmm_spin_lock(&pool->lock);
	VMM_ASSERT(!(offset & VMM_PAGE_MASK));
	VMM_ASSERT(all_used(pool, page, n));
	flip_used(pool, page, n);
	pool->free_pages += n;
	if (page < pool->hint)
		pool->hint = page;
	vmm_spin_unlock(&pool->lock);
}
