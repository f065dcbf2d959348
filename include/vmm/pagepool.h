/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the VMM: whole pages out of the heap that the loader reserved.
 * Everything of the VMM that is not in its image comes from here.
 *
 * Any CPU; takes a lock, does not sleep.  Not from NMI context.
 */
#ifndef VMM_PAGEPOOL_H
#define VMM_PAGEPOOL_H

#include <stdbool.h>
#include <boot/handoff.h>
#include <vmm/compiler.h>
#include <vmm/spinlock.h>

VMM_BEGIN_DECLS

struct vmm_pagepool {
	struct vmm_spinlock lock;
	uint8_t *base;		/* first page handed out */
	uint64_t pages;		/* number of pages managed */
	uint64_t free_pages;
	uint64_t low_water;	/* least free_pages ever seen */
	uint64_t *used;		/* bitmap, one bit a page, at the heap's start */
	uint64_t hint;		/* where the next search begins */
};

/*
 * In a unit's source file: have the loader reserve that many bytes more if the
 * unit is in the image.
 */
#define VMM_HEAP_WANTED(bytes) \
	static const struct { \
		uint32_t name_size, desc_size, type; \
		char name[(sizeof(BV_NOTE_NAME) + 3) & ~3u]; \
		uint64_t size; \
	} VMM_PACKED vmm_heap_note \
	__attribute__((section(".note.bitvisor"), used, aligned(4))) = { \
		sizeof(BV_NOTE_NAME), sizeof(uint64_t), BV_NOTE_TYPE_HEAP, \
		BV_NOTE_NAME, (bytes), \
	}

/* Manage [base, base+size), page-aligned, contents unknown.  The bitmap takes
 * the first pages of it.  -EINVAL if it is too small or not aligned. */
int vmm_pagepool_init(struct vmm_pagepool *pool, void *base, uint64_t size)
	VMM_MUST_CHECK;

/* n contiguous zeroed pages, the caller's; NULL if there are none. */
void *vmm_pages_alloc(struct vmm_pagepool *pool, uint64_t n) VMM_MUST_CHECK;

/* Give back what vmm_pages_alloc returned, with the same n.  NULL is fine.
 * A range that is not allocated is our bug: panic. */
void vmm_pages_free(struct vmm_pagepool *pool, void *pages, uint64_t n);

VMM_END_DECLS

#endif
