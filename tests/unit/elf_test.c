/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loader/elf.c: good images are described and placed as they say, and every
 * kind of damage is refused with its own cause.  The images are built here
 * byte by byte, with the offsets of the gABI, not with elf.c's structures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include "elf.h"

/* --- a good image --- */

enum {
	/* Elf64_Ehdr */
	E_CLASS = 4, E_DATA = 5, E_IDVERSION = 6, E_TYPE = 16, E_MACHINE = 18,
	E_VERSION = 20, E_ENTRY = 24, E_PHOFF = 32, E_SHOFF = 40,
	E_EHSIZE = 52, E_PHENTSIZE = 54, E_PHNUM = 56, E_SHENTSIZE = 58,
	E_SHNUM = 60,
	/* Elf64_Phdr */
	P_TYPE = 0, P_FLAGS = 4, P_OFFSET = 8, P_VADDR = 16, P_FILESZ = 32,
	P_MEMSZ = 40, P_ALIGN = 48, PHDR_SIZE = 56,
	/* Elf64_Shdr */
	S_TYPE = 4, S_OFFSET = 24, S_SIZE = 32, S_LINK = 40, S_ENTSIZE = 56,
	SHDR_SIZE = 64,
};

/* Where things lie in the file. */
enum {
	PHDRS = 64, PHDRS_MAX = 24,
	NOTE = 0x600, DYNAMIC = 0x680, RELA = 0x700,
	TEXT = 0x1000, DATA = 0x2000, SYMTAB = 0x3000, STRTAB = 0x3100,
	SHDRS = 0x3200, FILE_SIZE = SHDRS + 3 * SHDR_SIZE,
	ROOM = 0x4000,
};

/* The program headers of the good image, in their order. */
enum { PH_HEADERS, PH_TEXT, PH_DATA, PH_NOTE, PH_DYNAMIC, PH_COUNT };
#define PH(i, field) (PHDRS + (i) * PHDR_SIZE + (field))

/* Link addresses: data lies a page higher than in the file. */
#define DATA_VADDR	0x3000
#define DATA_MEMSZ	0x1800

struct file {
	uint8_t bytes[ROOM];
	size_t size;
};

static void put(struct file *f, size_t at, unsigned width, uint64_t value)
{
	for (unsigned i = 0; i < width; i++)
		f->bytes[at + i] = (uint8_t)(value >> (8 * i));
}

static void put_phdr(struct file *f, unsigned i, uint32_t type, uint32_t flags,
		     uint64_t offset, uint64_t vaddr, uint64_t filesz,
		     uint64_t memsz, uint64_t align)
{
	put(f, PH(i, P_TYPE), 4, type);
	put(f, PH(i, P_FLAGS), 4, flags);
	put(f, PH(i, P_OFFSET), 8, offset);
	put(f, PH(i, P_VADDR), 8, vaddr);
	put(f, PH(i, P_FILESZ), 8, filesz);
	put(f, PH(i, P_MEMSZ), 8, memsz);
	put(f, PH(i, P_ALIGN), 8, align);
}

static void put_note(struct file *f, size_t at, const char *name,
		     uint32_t descsz, uint32_t type)
{
	put(f, at, 4, strlen(name) + 1);
	put(f, at + 4, 4, descsz);
	put(f, at + 8, 4, type);
	memcpy(f->bytes + at + 12, name, strlen(name) + 1);
}

static void put_rela(struct file *f, unsigned i, uint64_t offset,
		     uint64_t info, uint64_t addend)
{
	put(f, RELA + 24 * i, 8, offset);
	put(f, RELA + 24 * i + 8, 8, info);
	put(f, RELA + 24 * i + 16, 8, addend);
}

static void put_dyn(struct file *f, unsigned i, uint64_t tag, uint64_t value)
{
	put(f, DYNAMIC + 16 * i, 8, tag);
	put(f, DYNAMIC + 16 * i + 8, 8, value);
}

static void put_shdr(struct file *f, unsigned i, uint32_t type,
		     uint64_t offset, uint64_t size, uint32_t link,
		     uint64_t entsize)
{
	put(f, SHDRS + i * SHDR_SIZE + S_TYPE, 4, type);
	put(f, SHDRS + i * SHDR_SIZE + S_OFFSET, 8, offset);
	put(f, SHDRS + i * SHDR_SIZE + S_SIZE, 8, size);
	put(f, SHDRS + i * SHDR_SIZE + S_LINK, 4, link);
	put(f, SHDRS + i * SHDR_SIZE + S_ENTSIZE, 8, entsize);
}

static void put_header(struct file *f)
{
	memcpy(f->bytes, "\x7f" "ELF\x02\x01\x01", 7);
	put(f, E_TYPE, 2, 3);			/* ET_DYN */
	put(f, E_MACHINE, 2, 62);		/* EM_X86_64 */
	put(f, E_VERSION, 4, 1);
	put(f, E_ENTRY, 8, TEXT + 0x10);
	put(f, E_PHOFF, 8, PHDRS);
	put(f, E_SHOFF, 8, SHDRS);
	put(f, E_EHSIZE, 2, 64);
	put(f, E_PHENTSIZE, 2, PHDR_SIZE);
	put(f, E_PHNUM, 2, PH_COUNT);
	put(f, E_SHENTSIZE, 2, SHDR_SIZE);
	put(f, E_SHNUM, 2, 3);
}

static void make_good(struct file *f)
{
	memset(f, 0, sizeof(*f));
	f->size = FILE_SIZE;
	put_header(f);
	put_phdr(f, PH_HEADERS, 1, 4, 0, 0, 0x800, 0x800, 0x1000);
	put_phdr(f, PH_TEXT, 1, 5, TEXT, TEXT, 0x100, 0x100, 0x1000);
	put_phdr(f, PH_DATA, 1, 6, DATA, DATA_VADDR, 0x100, DATA_MEMSZ, 0x1000);
	put_phdr(f, PH_NOTE, 4, 4, NOTE, NOTE, 72, 72, 4);
	put_phdr(f, PH_DYNAMIC, 2, 6, DYNAMIC, DYNAMIC, 64, 64, 8);

	/* A note of somebody else, 12 + 4 + 5 -> 8 bytes, comes first. */
	put_note(f, NOTE, "GNU", 5, 3);
	put_note(f, NOTE + 24, "BitVisor", 24, 1);
	put(f, NOTE + 24 + 24, 4, BV_HANDOFF_VERSION);
	put(f, NOTE + 24 + 32, 8, 0x12345);
	put(f, NOTE + 24 + 40, 8, 0x678);

	put_dyn(f, 0, 7, RELA);
	put_dyn(f, 1, 8, 3 * 24);
	put_dyn(f, 2, 9, 24);
	put_dyn(f, 3, 0, 0);
	put_rela(f, 0, DATA_VADDR + 8, 8, TEXT + 0x20);
	put_rela(f, 1, DATA_VADDR + DATA_MEMSZ - 8, 8, (uint64_t)-1);
	put_rela(f, 2, 0x7f8, 8, 0);

	for (unsigned i = 0; i < 0x100; i++) {
		f->bytes[TEXT + i] = (uint8_t)(i ^ 0x5a);
		f->bytes[DATA + i] = (uint8_t)(i ^ 0xa5);
	}
	put_shdr(f, 1, 2, SYMTAB, 48, 2, 24);
	put_shdr(f, 2, 3, STRTAB, 9, 0, 0);
	memcpy(f->bytes + STRTAB, "\0symbol\0", 9);
}

/* --- helpers --- */

/* Open a copy that has exactly its size, so that ASan sees a read behind. */
static int open_exact(const struct file *f, struct elf_image *image,
		      struct elf_error *error, uint8_t **copy)
{
	*copy = malloc(f->size ? f->size : 1);
	assert_non_null(*copy);
	memcpy(*copy, f->bytes, f->size);
	return elf_open(image, *copy, f->size, error);
}

static void expect_refused(const struct file *f, int result,
			   enum elf_cause cause, uint64_t value)
{
	struct elf_image image;
	struct elf_error error;
	uint8_t *copy;

	assert_int_equal(open_exact(f, &image, &error, &copy), result);
	assert_int_equal(error.cause, cause);
	assert_int_equal(error.value, value);
	free(copy);
}

static void expect_symbols(const struct file *f, bool present)
{
	struct elf_image image;
	struct elf_error error;
	uint8_t *copy;

	assert_int_equal(open_exact(f, &image, &error, &copy), 0);
	assert_int_equal(image.symtab != NULL, present);
	assert_int_equal(image.strtab != NULL, present);
	assert_int_equal(image.symtab_size, present ? 48 : 0);
	assert_int_equal(image.strtab_size, present ? 9 : 0);
	free(copy);
}

static uint64_t word_at(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* --- good images --- */

static void good_is_described(void **state)
{
	struct elf_image image;
	struct elf_error error;
	struct file f;

	(void)state;
	make_good(&f);
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
	assert_int_equal(error.cause, ELF_GOOD);
	assert_int_equal(image.segments, 3);
	assert_int_equal(image.low, 0);
	assert_int_equal(image.span, 0x5000);
	assert_int_equal(image.align, 0x1000);
	assert_int_equal(image.entry, TEXT + 0x10);
	assert_int_equal(image.request.heap_base_size, 0x12345);
	assert_int_equal(image.request.heap_per_cpu, 0x678);
	assert_int_equal(image.relas, 3);
	assert_ptr_equal(image.symtab, f.bytes + SYMTAB);
	assert_ptr_equal(image.strtab, f.bytes + STRTAB);
	expect_symbols(&f, true);
}

static void good_is_placed(void **state)
{
	const uint64_t address = UINT64_C(0x1234567000);
	uint8_t *memory = calloc(1, 0x5000);
	struct elf_image image;
	struct elf_error error;
	struct file f;

	(void)state;
	assert_non_null(memory);
	make_good(&f);
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
	elf_place(&image, memory, address);
	assert_memory_equal(memory + TEXT, f.bytes + TEXT, 0x100);
	assert_memory_equal(memory + DATA_VADDR, f.bytes + DATA, 8);
	assert_memory_equal(memory + DATA_VADDR + 16, f.bytes + DATA + 16,
			    0x100 - 16);
	assert_int_equal(word_at(memory + DATA_VADDR + 8),
			 address + TEXT + 0x20);
	assert_int_equal(word_at(memory + DATA_VADDR + DATA_MEMSZ - 8),
			 address - 1);
	assert_int_equal(word_at(memory + 0x7f8), address);
	for (unsigned i = 0x100; i < DATA_MEMSZ - 8; i++)
		assert_int_equal(memory[DATA_VADDR + i], 0);
	assert_int_equal(memory[TEXT + 0x100], 0);
	free(memory);
}

/* A link address above 0 and an alignment above a page: the span begins at a
 * multiple of the alignment, so the bias keeps it. */
static void alignment_is_kept(void **state)
{
	const uint64_t link = UINT64_C(0xffff0000001000);
	uint8_t *memory = calloc(1, 0x6000);
	struct elf_image image;
	struct elf_error error;
	struct file f;

	(void)state;
	assert_non_null(memory);
	make_good(&f);
	for (unsigned i = 0; i < PH_NOTE; i++)
		put(&f, PH(i, P_VADDR), 8,
		    link + word_at(f.bytes + PH(i, P_VADDR)));
	put(&f, PH(PH_DATA, P_ALIGN), 8, 0x2000);
	put(&f, E_ENTRY, 8, link + TEXT);
	put_dyn(&f, 0, 7, link + RELA);
	put_dyn(&f, 1, 8, 24);
	put_rela(&f, 0, link + DATA_VADDR, 8, link + TEXT);
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
	assert_int_equal(image.align, 0x2000);
	assert_int_equal(image.low, link - 0x1000);
	assert_int_equal(image.span, 0x6000);
	elf_place(&image, memory, 0x400000);
	assert_int_equal(word_at(memory + 0x1000 + DATA_VADDR),
			 0x401000 + TEXT);
	free(memory);
}

/* What a linker may leave out or add without being refused. */
static void variations_are_accepted(void **state)
{
	struct elf_image image;
	struct elf_error error;
	struct file f;

	(void)state;
	make_good(&f);
	put(&f, PH(PH_DYNAMIC, P_TYPE), 4, 0);		/* no PT_DYNAMIC */
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
	assert_int_equal(image.relas, 0);
	make_good(&f);
	put_dyn(&f, 1, 8, 0);				/* no relocation */
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
	assert_int_equal(image.relas, 0);
	make_good(&f);
	put_dyn(&f, 2, 30, 8);				/* DT_FLAGS */
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
	make_good(&f);
	put(&f, PH(PH_HEADERS, P_ALIGN), 8, 0);		/* no alignment */
	put(&f, PH(PH_TEXT, P_ALIGN), 8, 1);
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
	make_good(&f);
	put(&f, PH(PH_NOTE, P_ALIGN), 8, 8);		/* padding to 8 */
	put_note(&f, NOTE, "BitVisor", 24, 1);
	put(&f, NOTE + 28, 4, BV_HANDOFF_VERSION);
	put(&f, PH(PH_NOTE, P_FILESZ), 8, 28 + 24);
	assert_int_equal(elf_open(&image, f.bytes, f.size, &error), 0);
}

/* --- refused images --- */

/* One field of the good image changed. */
struct damage {
	const char *name;
	uint64_t at;
	unsigned width;
	uint64_t value;
	int result;
	enum elf_cause cause;
	uint64_t error_value;
};

static const struct damage damages[] = {
	{ "magic", 1, 1, 'e', -ENOEXEC, ELF_NO_ELF, 0 },
	{ "32 bit", E_CLASS, 1, 1, -ENOEXEC, ELF_BAD_CLASS, 1 },
	{ "big-endian", E_DATA, 1, 2, -ENOEXEC, ELF_BAD_BYTE_ORDER, 2 },
	{ "version", E_IDVERSION, 1, 0, -ENOEXEC, ELF_BAD_VERSION, 0 },
	{ "version", E_VERSION, 4, 2, -ENOEXEC, ELF_BAD_VERSION, 2 },
	{ "machine", E_MACHINE, 2, 183, -ENOEXEC, ELF_BAD_MACHINE, 183 },
	{ "fixed address", E_TYPE, 2, 2, -ENOEXEC, ELF_BAD_TYPE, 2 },
	{ "relocatable", E_TYPE, 2, 1, -ENOEXEC, ELF_BAD_TYPE, 1 },
	{ "header size", E_EHSIZE, 2, 52, -EBADMSG, ELF_BAD_HEADER, 52 },
	{ "phdr size", E_PHENTSIZE, 2, 32, -EBADMSG, ELF_BAD_HEADER, 32 },
	{ "no phdr", E_PHNUM, 2, 0, -ENOEXEC, ELF_NO_SEGMENT, 0 },
	{ "many phdrs", E_PHNUM, 2, 0xffff, -EBADMSG, ELF_TRUNCATED,
		PHDRS + 0xffff * PHDR_SIZE },
	{ "phdrs outside", E_PHOFF, 8, FILE_SIZE - 1, -EBADMSG, ELF_TRUNCATED,
		FILE_SIZE - 1 + PH_COUNT * PHDR_SIZE },
	{ "phdrs wrap", E_PHOFF, 8, UINT64_MAX - 8, -EBADMSG, ELF_TRUNCATED,
		UINT64_MAX },

	{ "filesz > memsz", PH(PH_TEXT, P_MEMSZ), 8, 0xff, -EBADMSG,
		ELF_SEGMENT_SIZE, PH_TEXT },
	{ "align 3", PH(PH_TEXT, P_ALIGN), 8, 3, -EBADMSG,
		ELF_SEGMENT_ALIGN, PH_TEXT },
	{ "align huge", PH(PH_HEADERS, P_ALIGN), 8, 0x400000, -EBADMSG,
		ELF_SEGMENT_ALIGN, PH_HEADERS },
	{ "align incongruent", PH(PH_DATA, P_ALIGN), 8, 0x4000, -EBADMSG,
		ELF_SEGMENT_ALIGN, PH_DATA },
	{ "overlap", PH(PH_TEXT, P_VADDR), 8, 0, -EBADMSG,
		ELF_SEGMENT_ORDER, PH_TEXT },
	{ "descending", PH(PH_HEADERS, P_VADDR), 8, 0x2000, -EBADMSG,
		ELF_SEGMENT_ORDER, PH_TEXT },
	{ "overlap by memsz", PH(PH_TEXT, P_MEMSZ), 8, 0x2001, -EBADMSG,
		ELF_SEGMENT_ORDER, PH_DATA },
	{ "span", PH(PH_DATA, P_MEMSZ), 8, 0x40000000, -EBADMSG,
		ELF_SEGMENT_RANGE, PH_DATA },
	{ "memsz wraps", PH(PH_DATA, P_MEMSZ), 8, UINT64_MAX - 0x2000, -EBADMSG,
		ELF_SEGMENT_RANGE, PH_DATA },
	{ "vaddr wraps", PH(PH_DATA, P_VADDR), 8, UINT64_MAX - 0xfff, -EBADMSG,
		ELF_SEGMENT_RANGE, PH_DATA },
	{ "data outside", PH(PH_DATA, P_OFFSET), 8, 0x4000, -EBADMSG,
		ELF_TRUNCATED, 0x4100 },
	{ "data wraps", PH(PH_DATA, P_OFFSET), 8, UINT64_MAX - 0xfff, -EBADMSG,
		ELF_TRUNCATED, UINT64_MAX - 0xfff + 0x100 },

	{ "entry in data", E_ENTRY, 8, DATA_VADDR, -EBADMSG, ELF_BAD_ENTRY,
		DATA_VADDR },
	{ "entry before text", E_ENTRY, 8, TEXT - 1, -EBADMSG, ELF_BAD_ENTRY,
		TEXT - 1 },
	{ "entry behind text", E_ENTRY, 8, TEXT + 0x100, -EBADMSG,
		ELF_BAD_ENTRY, TEXT + 0x100 },

	{ "no note", PH(PH_NOTE, P_TYPE), 4, 0, -ENOEXEC, ELF_NO_NOTE, 0 },
	{ "note type", NOTE + 24 + 8, 4, 2, -ENOEXEC, ELF_NO_NOTE, 0 },
	{ "note name", NOTE + 24 + 12, 1, 'b', -ENOEXEC, ELF_NO_NOTE, 0 },
	{ "note short", NOTE + 24 + 4, 4, 23, -EBADMSG, ELF_BAD_NOTE, PH_NOTE },
	{ "note long", NOTE + 24 + 4, 4, 25 + 4, -EBADMSG, ELF_BAD_NOTE,
		PH_NOTE },
	{ "note name long", NOTE, 4, UINT32_MAX, -EBADMSG, ELF_BAD_NOTE,
		PH_NOTE },
	{ "note desc long", NOTE + 4, 4, UINT32_MAX, -EBADMSG, ELF_BAD_NOTE,
		PH_NOTE },
	{ "note cut", PH(PH_NOTE, P_FILESZ), 8, 24 + 11, -EBADMSG,
		ELF_BAD_NOTE, PH_NOTE },
	{ "notes outside", PH(PH_NOTE, P_OFFSET), 8, FILE_SIZE - 71, -EBADMSG,
		ELF_TRUNCATED, FILE_SIZE + 1 },
	{ "version of handoff", NOTE + 24 + 24, 4, BV_HANDOFF_VERSION + 1,
		-EOPNOTSUPP, ELF_HANDOFF_VERSION, BV_HANDOFF_VERSION + 1 },

	{ "dynamic outside", PH(PH_DYNAMIC, P_FILESZ), 8, FILE_SIZE, -EBADMSG,
		ELF_TRUNCATED, DYNAMIC + FILE_SIZE },
	{ "dynamic endless", PH(PH_DYNAMIC, P_FILESZ), 8, 63, -EBADMSG,
		ELF_BAD_DYNAMIC, PH_DYNAMIC },
	{ "two dynamics", PH(PH_NOTE, P_TYPE), 4, 2, -ENOEXEC, ELF_NO_NOTE, 0 },
	{ "DT_NEEDED", DYNAMIC + 32, 8, 1, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		1 },
	{ "DT_PLTRELSZ", DYNAMIC + 32, 8, 2, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		2 },
	{ "DT_REL", DYNAMIC + 32, 8, 17, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		17 },
	{ "DT_RELSZ", DYNAMIC + 32, 8, 18, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		18 },
	{ "DT_TEXTREL", DYNAMIC + 32, 8, 22, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		22 },
	{ "DT_JMPREL", DYNAMIC + 32, 8, 23, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		23 },
	{ "DT_RELRSZ", DYNAMIC + 32, 8, 35, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		35 },
	{ "DT_RELR", DYNAMIC + 32, 8, 36, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG,
		36 },

	{ "rela entry size", DYNAMIC + 40, 8, 16, -EBADMSG, ELF_BAD_DYNAMIC,
		9 },
	{ "rela size", DYNAMIC + 24, 8, 25, -EBADMSG, ELF_BAD_DYNAMIC, 8 },
	{ "no DT_RELA", DYNAMIC, 8, 0x6ffffff9, -EBADMSG, ELF_BAD_DYNAMIC, 8 },
	{ "rela outside", DYNAMIC + 8, 8, 0x7ff, -EBADMSG, ELF_BAD_RELA,
		0x7ff },
	{ "rela in bss", DYNAMIC + 8, 8, DATA_VADDR + 0x100, -EBADMSG,
		ELF_BAD_RELA, DATA_VADDR + 0x100 },
	{ "rela wraps", DYNAMIC + 8, 8, UINT64_MAX - 16, -EBADMSG,
		ELF_BAD_RELA, UINT64_MAX - 16 },
	{ "rela huge", DYNAMIC + 24, 8, UINT64_C(24) << 58, -EBADMSG,
		ELF_BAD_RELA, RELA },

	{ "R_X86_64_64", RELA + 8, 4, 1, -EOPNOTSUPP, ELF_RELOC_TYPE, 1 },
	{ "R_X86_64_NONE", RELA + 32, 4, 0, -EOPNOTSUPP, ELF_RELOC_TYPE, 0 },
	{ "R_X86_64_IRELATIVE", RELA + 8, 4, 37, -EOPNOTSUPP, ELF_RELOC_TYPE,
		37 },
	{ "relocation with symbol", RELA + 12, 4, 1, -EOPNOTSUPP,
		ELF_RELOC_TYPE, 8 },
	{ "target in text", RELA, 8, TEXT, -EBADMSG, ELF_RELOC_TARGET, TEXT },
	{ "target in a gap", RELA, 8, 0x2000, -EBADMSG, ELF_RELOC_TARGET,
		0x2000 },
	{ "target behind", RELA, 8, DATA_VADDR + DATA_MEMSZ - 7, -EBADMSG,
		ELF_RELOC_TARGET, DATA_VADDR + DATA_MEMSZ - 7 },
	{ "target before", RELA, 8, UINT64_MAX - 3, -EBADMSG, ELF_RELOC_TARGET,
		UINT64_MAX - 3 },
};

static void damage_is_refused(void **state)
{
	struct file f;

	(void)state;
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		const struct damage *d = &damages[i];

		print_message("  %s\n", d->name);
		make_good(&f);
		put(&f, d->at, d->width, d->value);
		expect_refused(&f, d->result, d->cause, d->error_value);
	}
}

static void second_dynamic_is_refused(void **state)
{
	struct file f;

	(void)state;
	make_good(&f);
	put_phdr(&f, PH_COUNT, 2, 6, DYNAMIC, DYNAMIC, 64, 64, 8);
	put(&f, E_PHNUM, 2, PH_COUNT + 1);
	expect_refused(&f, -EBADMSG, ELF_BAD_DYNAMIC, PH_COUNT);
}

static void textrel_flag_is_refused(void **state)
{
	struct file f;

	(void)state;
	make_good(&f);
	put_dyn(&f, 2, 30, 4);
	expect_refused(&f, -EOPNOTSUPP, ELF_UNSUPPORTED_TAG, 30);
}

static void no_load_segment_is_refused(void **state)
{
	struct file f;

	(void)state;
	make_good(&f);
	for (unsigned i = 0; i < PH_NOTE; i++)
		put(&f, PH(i, P_TYPE), 4, 0x6474e551);
	expect_refused(&f, -ENOEXEC, ELF_NO_SEGMENT, 0);
}

static void many_segments_are_refused(void **state)
{
	struct file f;

	(void)state;
	make_good(&f);
	for (unsigned i = 0; i < PHDRS_MAX; i++)
		put_phdr(&f, i, 1, 4, 0, 0x1000 * i, 16, 16, 0x1000);
	put(&f, E_PHNUM, 2, PHDRS_MAX);
	expect_refused(&f, -EOPNOTSUPP, ELF_MANY_SEGMENTS, ELF_MAX_SEGMENTS);
}

/* Cut anywhere: refused, unless only the symbols are lost. */
static void truncation_is_refused(void **state)
{
	const size_t needed = DATA + 0x100;
	struct file f;

	(void)state;
	make_good(&f);
	for (f.size = 0; f.size < FILE_SIZE; f.size++) {
		struct elf_image image;
		struct elf_error error;
		uint8_t *copy;
		int result = open_exact(&f, &image, &error, &copy);

		if (f.size >= needed) {
			assert_int_equal(result, 0);
			assert_null(image.symtab);
		} else if (f.size < 4) {
			assert_int_equal(error.cause, ELF_NO_ELF);
			assert_int_equal(result, -ENOEXEC);
		} else {
			assert_int_equal(result, -EBADMSG);
			assert_int_equal(error.cause, ELF_TRUNCATED);
			assert_true(error.value > f.size);
		}
		free(copy);
	}
}

/* --- symbols --- */

#define SH(i, field) (SHDRS + (i) * SHDR_SIZE + (field))

static void bad_symbols_are_none(void **state)
{
	static const struct {
		uint64_t at;
		unsigned width;
		uint64_t value;
	} bad[] = {
		{ E_SHOFF, 8, 0 },
		{ E_SHOFF, 8, SHDRS + 1 },
		{ E_SHOFF, 8, UINT64_MAX - 64 },
		{ E_SHENTSIZE, 2, 40 },
		{ E_SHNUM, 2, 0 },
		{ E_SHNUM, 2, 0xffff },
		{ E_SHNUM, 2, 2 },		/* string table beyond */
		{ SH(1, S_TYPE), 4, 11 },	/* dynamic symbols only */
		{ SH(1, S_ENTSIZE), 8, 16 },
		{ SH(1, S_SIZE), 8, 0 },
		{ SH(1, S_SIZE), 8, 47 },
		{ SH(1, S_SIZE), 8, 24 * 4096 },
		{ SH(1, S_OFFSET), 8, UINT64_MAX },
		{ SH(1, S_LINK), 4, 3 },
		{ SH(1, S_LINK), 4, 1 },
		{ SH(2, S_SIZE), 8, 0 },
		{ SH(2, S_SIZE), 8, 4 },	/* does not end in NUL */
		{ SH(2, S_SIZE), 8, 0x2000 },
		{ SH(2, S_OFFSET), 8, UINT64_MAX - 8 },
	};
	struct file f;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_good(&f);
		put(&f, bad[i].at, bad[i].width, bad[i].value);
		expect_symbols(&f, false);
	}
}

/* --- texts --- */

static void causes_have_texts(void **state)
{
	const char *value, *other;

	(void)state;
	for (unsigned i = 0; i < ELF_CAUSES; i++) {
		const char *text = elf_cause_text((enum elf_cause)i, &value);

		assert_non_null(text);
		assert_true(strlen(text) > 5);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(text, elf_cause_text(
				(enum elf_cause)j, &other));
	}
	assert_string_equal(elf_cause_text((enum elf_cause)ELF_CAUSES, &value),
			    "no error");
	elf_cause_text(ELF_RELOC_TYPE, &value);
	assert_string_equal(value, "relocation type %u");
}

static int open_with_heaps(uint64_t first, uint64_t second, uint32_t size,
			   struct elf_image *image, struct elf_error *error)
{
	const size_t at = NOTE - 64;
	struct file f;

	make_good(&f);
	put(&f, PH(PH_NOTE, P_OFFSET), 8, at);
	put(&f, PH(PH_NOTE, P_FILESZ), 8, 72 + 64);
	put_note(&f, at, "BitVisor", 8, BV_NOTE_TYPE_HEAP);
	put(&f, at + 24, 8, first);
	put_note(&f, at + 32, "BitVisor", size, BV_NOTE_TYPE_HEAP);
	put(&f, at + 32 + 24, 8, second);
	return elf_open(image, f.bytes, f.size, error);
}

/* Wishes of units are added to the image's. */
static void heap_notes(void **state)
{
	struct elf_image image;
	struct elf_error error;

	(void)state;
	assert_int_equal(open_with_heaps(0x100000, 0x200000, 8, &image,
					 &error), 0);
	assert_int_equal(image.request.heap_base_size, 0x12345 + 0x300000);
	assert_int_equal(open_with_heaps(0x100000, UINT64_MAX - 0xfffff, 8,
					 &image, &error), -EBADMSG);
	assert_int_equal(error.cause, ELF_BAD_NOTE);
	assert_int_equal(open_with_heaps(0x100000, UINT64_MAX - 0x100000, 8,
					 &image, &error), -EBADMSG);
	assert_int_equal(error.cause, ELF_BAD_NOTE);
	assert_int_equal(open_with_heaps(1, 2, 7, &image, &error), -EBADMSG);
	assert_int_equal(error.cause, ELF_BAD_NOTE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(heap_notes),
		cmocka_unit_test(good_is_described),
		cmocka_unit_test(good_is_placed),
		cmocka_unit_test(alignment_is_kept),
		cmocka_unit_test(variations_are_accepted),
		cmocka_unit_test(damage_is_refused),
		cmocka_unit_test(second_dynamic_is_refused),
		cmocka_unit_test(textrel_flag_is_refused),
		cmocka_unit_test(no_load_segment_is_refused),
		cmocka_unit_test(many_segments_are_refused),
		cmocka_unit_test(truncation_is_refused),
		cmocka_unit_test(bad_symbols_are_none),
		cmocka_unit_test(causes_have_texts),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
