/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory in pieces of any size, out of one region: first fit, neighbours that
 * are free are joined.  Under its owner's lock.  Pure.
 */
#ifndef BVNET_HEAP_H
#define BVNET_HEAP_H

#include <stdbool.h>
#include <vmm/compiler.h>

#define HEAP_ALIGN 16u

struct heap_block {
	size_t size;		/* with this header; lowest bit: in use */
	size_t previous;	/* size of the block before, 0: none */
};

struct heap {
	struct heap_block *first, *end;
	struct heap_block *hint;	/* no free block is before it */
	size_t total, used, most_used;	/* bytes with headers */
	uint64_t failures;
};

/* region: at least 64 bytes, aligned to HEAP_ALIGN. */
void heap_init(struct heap *heap, void *region, size_t size);
/* Aligned to HEAP_ALIGN, contents unknown; NULL: no piece is large enough. */
void *heap_alloc(struct heap *heap, size_t size) VMM_MUST_CHECK;
/* Give back; NULL is fine.  What heap_alloc() did not give: panic. */
void heap_free(struct heap *heap, void *p);

#endif
