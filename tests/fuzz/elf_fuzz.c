/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loader/elf.c on any file: no access outside file and span, and what is
 * accepted keeps the promises that the loader builds on.
 */
#include <stdlib.h>
#include <string.h>
#include "elf.h"
#include "layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

/* Memory is only made for spans up to this size. */
#define SPAN_LIMIT	(16u << 20)

static void check_promises(const struct elf_image *image, const uint8_t *file,
			   size_t size)
{
	bool entry_good = false;
	uint64_t end = image->low;

	REQUIRE(image->segments >= 1 && image->segments <= ELF_MAX_SEGMENTS);
	REQUIRE(image->align >= ELF_PAGE_SIZE &&
		image->align <= ELF_MAX_ALIGN &&
		(image->align & (image->align - 1)) == 0);
	REQUIRE(image->low % image->align == 0);
	REQUIRE(image->span % ELF_PAGE_SIZE == 0);
	for (unsigned i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		REQUIRE(s->vaddr >= end && s->filesz <= s->memsz);
		end = s->vaddr + s->memsz;
		entry_good |= (s->flags & ELF_PF_X) &&
			image->entry >= s->vaddr && image->entry < end;
	}
	REQUIRE(entry_good);
	REQUIRE(end - image->low <= image->span);
	REQUIRE(image->request.handoff_version == BV_HANDOFF_VERSION);
	REQUIRE(!image->symtab == !image->strtab);
	if (image->symtab) {
		REQUIRE(image->symtab >= file &&
			image->symtab + image->symtab_size <= file + size);
		REQUIRE(image->strtab[image->strtab_size - 1] == '\0');
	}
}

static void place(const struct elf_image *image)
{
	uint8_t *memory;

	if (image->span > SPAN_LIMIT)
		return;
	memory = calloc(1, image->span);
	REQUIRE(memory);
	elf_place(image, memory, UINT64_C(0x10000000000));
	free(memory);
}

static void lay_out(const struct elf_image *image)
{
	struct layout l;

	if (layout_make(&l, image, 7))
		return;
	REQUIRE(l.heap >= image->span && l.heap % ELF_PAGE_SIZE == 0);
	REQUIRE(l.heap_size % ELF_PAGE_SIZE == 0);
	REQUIRE(l.size == l.heap + l.heap_size);
	REQUIRE(l.heap_size >= image->request.heap_base_size);
	if (image->symtab)
		REQUIRE(l.symtab >= image->span &&
			l.strtab >= l.symtab + image->symtab_size &&
			l.heap >= l.strtab + image->strtab_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_image image;
	struct elf_error error;
	const char *value;

	if (elf_open(&image, data, size, &error)) {
		REQUIRE(error.cause > ELF_GOOD && error.cause < ELF_CAUSES);
		REQUIRE(elf_cause_text(error.cause, &value)[0] != '\0');
		return 0;
	}
	check_promises(&image, data, size);
	place(&image);
	lay_out(&image);
	return 0;
}
