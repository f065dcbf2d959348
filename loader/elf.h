/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading an ELF64 image that lies complete in memory.  Nothing in the file
 * is trusted; elf_open() checks everything that elf_place() relies on, so
 * that a bad file is known before a page of memory has been reserved for it.
 *
 * Pure functions: no firmware call, no global state, any context.
 * The names of ELF structures follow the System V gABI, chapters 4 and 5.
 */
#ifndef LOADER_ELF_H
#define LOADER_ELF_H

#include <boot/handoff.h>
#include <stdbool.h>
#include <stdint.h>

#define ELF_PAGE_SIZE	UINT64_C(4096)

/* Bounds on what a file may ask for; a real image is far below all three. */
#define ELF_MAX_SEGMENTS	16u		/* PT_LOAD entries */
#define ELF_MAX_ALIGN		UINT64_C(0x200000)
#define ELF_MAX_SPAN		UINT64_C(0x40000000)

/* Why a file was refused.  The comment tells what elf_error.value holds. */
enum elf_cause {
	ELF_GOOD = 0,
	ELF_NO_ELF,		/* - */
	ELF_TRUNCATED,		/* bytes that the file should have at least */
	ELF_BAD_CLASS,		/* e_ident[EI_CLASS] */
	ELF_BAD_BYTE_ORDER,	/* e_ident[EI_DATA] */
	ELF_BAD_VERSION,	/* e_version */
	ELF_BAD_MACHINE,	/* e_machine */
	ELF_BAD_TYPE,		/* e_type */
	ELF_BAD_HEADER,		/* e_ehsize or e_phentsize */
	ELF_NO_SEGMENT,		/* - */
	ELF_MANY_SEGMENTS,	/* PT_LOAD entries accepted */
	ELF_SEGMENT_SIZE,	/* program header index */
	ELF_SEGMENT_ALIGN,	/* program header index */
	ELF_SEGMENT_ORDER,	/* program header index */
	ELF_SEGMENT_RANGE,	/* program header index */
	ELF_BAD_ENTRY,		/* e_entry */
	ELF_BAD_NOTE,		/* program header index */
	ELF_NO_NOTE,		/* - */
	ELF_HANDOFF_VERSION,	/* bv_image_request.handoff_version */
	ELF_BAD_DYNAMIC,	/* program header index or d_tag */
	ELF_UNSUPPORTED_TAG,	/* d_tag */
	ELF_BAD_RELA,		/* DT_RELA */
	ELF_RELOC_TYPE,		/* relocation type */
	ELF_RELOC_TARGET,	/* r_offset */
	ELF_CAUSES
};

struct elf_error {
	enum elf_cause cause;
	uint64_t value;
};

/* One PT_LOAD, checked. */
struct elf_segment {
	uint64_t vaddr, memsz;
	const uint8_t *data;		/* filesz bytes inside the file */
	uint64_t filesz;
	uint32_t flags;			/* PF_* */
};

#define ELF_PF_X	1u
#define ELF_PF_W	2u
#define ELF_PF_R	4u

/* A checked file.  Pointers lead into the file that elf_open() was given. */
struct elf_image {
	struct elf_segment segment[ELF_MAX_SEGMENTS];	/* ascending */
	unsigned segments;
	uint64_t low;		/* link address of the span; `align` aligned */
	uint64_t span;		/* bytes, a multiple of ELF_PAGE_SIZE */
	uint64_t align;		/* power of two, at least ELF_PAGE_SIZE */
	uint64_t entry;		/* link address */
	struct bv_image_request request;
	const uint8_t *rela;	/* Elf64_Rela[], all of them applicable */
	uint64_t relas;
	const uint8_t *symtab, *strtab;	/* both or neither (NULL) */
	uint64_t symtab_size, strtab_size;
};

/*
 * Check the file of `size` bytes at `file` (no alignment needed) and describe
 * it in *image.  Returns 0, or a negative errno with *error filled:
 * -ENOEXEC for a file that is no BitVisor image, -EBADMSG for a damaged one,
 * -EOPNOTSUPP for one that wants what this loader does not have.  A missing
 * or damaged symbol table is no error: the image then has none.
 */
int elf_open(struct elf_image *image, const void *file, uint64_t size,
	     struct elf_error *error) __attribute__((warn_unused_result));

/*
 * Copy the segments to `memory` (image->span zeroed bytes) and relocate them
 * for running at `address`, a multiple of image->align and, in the loader,
 * the address of `memory` itself.
 */
void elf_place(const struct elf_image *image, void *memory, uint64_t address);

/* What was wrong, for people: a phrase without a full stop.  Sets *value to
 * the text_format() pattern for elf_error.value ("relocation type %u"), NULL
 * if the cause has none. */
const char *elf_cause_text(enum elf_cause cause, const char **value);

#endif
