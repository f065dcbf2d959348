/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks lie end to end; each knows its size and that of the one before. */
#include <vmm/panic.h>
#include "heap.h"

#define IN_USE ((size_t)1)

VMM_STATIC_ASSERT(sizeof(struct heap_block) % HEAP_ALIGN == 0, "alignment");

static size_t size_of(const struct heap_block *b)
{
	return b->size & ~IN_USE;
}

static bool in_use(const struct heap_block *b)
{
	return b->size & IN_USE;
}

static struct heap_block *at(struct heap_block *b, size_t offset)
{
	return (struct heap_block *)(void *)((uint8_t *)b + offset);
}

static struct heap_block *after(struct heap_block *b)
{
	return at(b, size_of(b));
}

static struct heap_block *before(struct heap_block *b)
{
	return (struct heap_block *)(void *)((uint8_t *)b - b->previous);
}

/* The end has a header of its own, so that every block has one after it. */
void heap_init(struct heap *heap, void *region, size_t size)
{
	size_t room = VMM_ROUND_DOWN(size, HEAP_ALIGN) -
		sizeof(struct heap_block);

	*heap = (struct heap){ .first = region, .hint = region, .total = room };
	heap->end = at(region, room);
	*heap->first = (struct heap_block){ .size = room };
	*heap->end = (struct heap_block){ .size = IN_USE, .previous = room };
}

static void take(struct heap *heap, struct heap_block *b, size_t size)
{
	size_t rest = b->size - size;

	/* What is left over must hold a header and something. */
	if (rest > sizeof(*b)) {
		b->size = size;
		*after(b) = (struct heap_block){
			.size = rest, .previous = size };
		after(after(b))->previous = rest;
	}
	if (heap->hint == b)
		heap->hint = after(b);
	heap->used += b->size;
	if (heap->used > heap->most_used)
		heap->most_used = heap->used;
	b->size |= IN_USE;
}

void *heap_alloc(struct heap *heap, size_t size)
{
	struct heap_block *b = heap->hint;
	bool seen_free = false;

	if (size > heap->total)
		b = heap->end;	/* also keeps the sum below from wrapping */
	size = VMM_ROUND_UP(size + sizeof(*b) + !size, HEAP_ALIGN);
	for (; b != heap->end; b = after(b)) {
		if (in_use(b))
			continue;
		if (!seen_free)
			heap->hint = b;
		seen_free = true;
		if (b->size >= size) {
			take(heap, b, size);
			return b + 1;
		}
	}
	heap->failures++;
	return NULL;
}

/* Make one block of b and the one after it, which is free, too. */
static void join(struct heap_block *b)
{
	b->size += after(b)->size;
	after(b)->previous = b->size;
}

void heap_free(struct heap *heap, void *p)
{
	struct heap_block *b;

	if (!p)
		return;
	b = (struct heap_block *)p - 1;
	VMM_ASSERT(b >= heap->first && b < heap->end && in_use(b) &&
		   after(b)->previous == size_of(b));
	b->size &= ~IN_USE;
	heap->used -= b->size;
	if (!in_use(after(b)))
		join(b);
	if (b->previous && !in_use(before(b))) {
		b = before(b);
		join(b);
	}
	/* Also if the hint was a block that has just been joined to this. */
	if (b < heap->hint)
		heap->hint = b;
}
