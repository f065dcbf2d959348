/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include "layout.h"

/* No x86-64 processor has more physical address bits (Intel SDM volume 3,
 * section 4.1.4: MAXPHYADDR is at most 52). */
#define LIMIT	(UINT64_C(1) << 52)

static uint64_t round_up(uint64_t x, uint64_t to)
{
	return (x + to - 1) & ~(to - 1);
}

int layout_make(struct layout *layout, const struct elf_image *image,
		uint32_t cpus)
{
	const struct bv_image_request *r = &image->request;
	uint64_t at = image->span, heap;

	memset(layout, 0, sizeof(*layout));
	if (__builtin_mul_overflow(r->heap_per_cpu, cpus, &heap) ||
	    __builtin_add_overflow(heap, r->heap_base_size, &heap) ||
	    heap > LIMIT)
		return -EOVERFLOW;
	if (image->symtab) {
		layout->symtab = at;
		layout->strtab = round_up(at + image->symtab_size, 16);
		at = layout->strtab + image->strtab_size;
	}
	layout->heap = round_up(at, ELF_PAGE_SIZE);
	layout->heap_size = round_up(heap, ELF_PAGE_SIZE);
	layout->size = layout->heap + layout->heap_size;
	return 0;
}
