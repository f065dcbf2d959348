/* SPDX-License-Identifier: BSD-3-Clause */
/* Where image, symbols and heap lie inside the one reserved block.  Pure. */
#ifndef LOADER_LAYOUT_H
#define LOADER_LAYOUT_H

#include <stdint.h>
#include "elf.h"

/* Offsets in bytes from the start of the block; the image is at 0. */
struct layout {
	uint64_t symtab, strtab;	/* 0 if the image has none */
	uint64_t heap, heap_size;	/* page-aligned, whole pages */
	uint64_t size;			/* of the block, whole pages */
};

/* Lay out `image` for `cpus` processors.  Returns 0, or -EOVERFLOW if the
 * image asks for more than the address space has. */
int layout_make(struct layout *layout, const struct elf_image *image,
		uint32_t cpus) __attribute__((warn_unused_result));

#endif
