/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "elf.h"

/* --- file format: gABI chapters 4 and 5, AMD64 psABI section 4 --- */

struct elf64_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf64_phdr {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

struct elf64_shdr {
	uint32_t name, type;
	uint64_t flags, addr, offset, size;
	uint32_t link, info;
	uint64_t addralign, entsize;
};

struct elf64_note {
	uint32_t namesz, descsz, type;
};

struct elf64_dyn {
	uint64_t tag, value;
};

struct elf64_rela {
	uint64_t offset, info;
	int64_t addend;
};

_Static_assert(sizeof(struct elf64_header) == 64, "Elf64_Ehdr");
_Static_assert(sizeof(struct elf64_phdr) == 56, "Elf64_Phdr");
_Static_assert(sizeof(struct elf64_shdr) == 64, "Elf64_Shdr");
_Static_assert(sizeof(struct elf64_rela) == 24, "Elf64_Rela");

enum {
	EI_CLASS = 4, EI_DATA = 5, EI_VERSION = 6,
	ELFCLASS64 = 2, ELFDATA2LSB = 1, EV_CURRENT = 1,
	ET_DYN = 3, EM_X86_64 = 62,
	PT_LOAD = 1, PT_DYNAMIC = 2, PT_NOTE = 4,
	SHT_SYMTAB = 2, SHT_STRTAB = 3,
	SYM_SIZE = 24,			/* sizeof(Elf64_Sym) */
	R_X86_64_RELATIVE = 8,
};

enum {
	DT_NULL = 0, DT_NEEDED = 1, DT_PLTRELSZ = 2, DT_RELA = 7,
	DT_RELASZ = 8, DT_RELAENT = 9, DT_REL = 17, DT_RELSZ = 18,
	DT_TEXTREL = 22, DT_JMPREL = 23, DT_FLAGS = 30,
	DT_RELRSZ = 35, DT_RELR = 36,
	DF_TEXTREL = 4,
};

/* What the functions below share: the file and where to report to. */
struct reader {
	const uint8_t *file;
	uint64_t size;
	struct elf64_header header;
	struct elf_image *image;
	struct elf_error *error;
};

/* --- errors --- */

static const struct {
	int error;
	const char *text, *value;
} causes[ELF_CAUSES] = {
	[ELF_GOOD] = { 0, "no error", NULL },
	[ELF_NO_ELF] = { ENOEXEC, "not an ELF file", NULL },
	[ELF_TRUNCATED] = { EBADMSG, "the file is truncated",
		"expected size %u" },
	[ELF_BAD_CLASS] = { ENOEXEC, "not a 64-bit ELF file", "class %u" },
	[ELF_BAD_BYTE_ORDER] = { ENOEXEC, "not a little-endian ELF file",
		"byte order %u" },
	[ELF_BAD_VERSION] = { ENOEXEC, "not ELF version 1", "version %u" },
	[ELF_BAD_MACHINE] = { ENOEXEC,
		"built for another machine than x86-64",
		"ELF machine %u" },
	[ELF_BAD_TYPE] = { ENOEXEC,
		"not a position-independent executable",
		"ELF type %u" },
	[ELF_BAD_HEADER] = { EBADMSG, "ELF header is damaged", "entry size %u" },
	[ELF_NO_SEGMENT] = { ENOEXEC, "nothing to load (no PT_LOAD)", NULL },
	[ELF_MANY_SEGMENTS] = { EOPNOTSUPP, "too many PT_LOAD segments",
		"more than %u" },
	[ELF_SEGMENT_SIZE] = { EBADMSG,
		"segment has more bytes in the file than in memory",
		"program header %u" },
	[ELF_SEGMENT_ALIGN] = { EBADMSG, "segment has a bad alignment",
		"program header %u" },
	[ELF_SEGMENT_ORDER] = { EBADMSG,
		"segments overlap or do not ascend", "program header %u" },
	[ELF_SEGMENT_RANGE] = { EBADMSG,
		"segments span more than 1 GiB of addresses",
		"program header %u" },
	[ELF_BAD_ENTRY] = { EBADMSG, "entry point outside the code",
		"address 0x%x" },
	[ELF_BAD_NOTE] = { EBADMSG, "notes are damaged", "program header %u" },
	[ELF_NO_NOTE] = { ENOEXEC,
		"not a BitVisor image (it has no BitVisor note)", NULL },
	[ELF_HANDOFF_VERSION] = { EOPNOTSUPP,
		"made for another version of the loader",
		"handoff version %u" },
	[ELF_BAD_DYNAMIC] = { EBADMSG, "dynamic section is damaged",
		"program header or tag %u" },
	[ELF_UNSUPPORTED_TAG] = { EOPNOTSUPP,
		"needs shared libraries or an unsupported form of relocation",
		"dynamic tag %u" },
	[ELF_BAD_RELA] = { EBADMSG, "relocation table is damaged",
		"address 0x%x" },
	[ELF_RELOC_TYPE] = { EOPNOTSUPP,
		"bad relocation, not R_X86_64_RELATIVE",
		"relocation type %u" },
	[ELF_RELOC_TARGET] = { EBADMSG,
		"bad relocation, its target is not in the image's data",
		"address 0x%x" },
};

const char *elf_cause_text(enum elf_cause cause, const char **value)
{
	if ((unsigned)cause >= ELF_CAUSES)
		cause = ELF_GOOD;
	*value = causes[cause].value;
	return causes[cause].text;
}

static int fail(const struct reader *r, enum elf_cause cause, uint64_t value)
{
	r->error->cause = cause;
	r->error->value = value;
	return -causes[cause].error;
}

/* --- ranges --- */

/* Whether [offset, offset + size) lies inside [0, limit). */
static bool inside(uint64_t offset, uint64_t size, uint64_t limit)
{
	return size <= limit && offset <= limit - size;
}

/* The file must hold [offset, offset + size). */
static int need(const struct reader *r, uint64_t offset, uint64_t size)
{
	uint64_t end;

	if (inside(offset, size, r->size))
		return 0;
	if (__builtin_add_overflow(offset, size, &end))
		end = UINT64_MAX;
	return fail(r, ELF_TRUNCATED, end);
}

/* File contents of the link addresses [vaddr, vaddr + size), or NULL if no
 * segment has them all. */
static const uint8_t *contents(const struct elf_image *image, uint64_t vaddr,
			       uint64_t size)
{
	for (unsigned i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (vaddr >= s->vaddr &&
		    inside(vaddr - s->vaddr, size, s->filesz))
			return s->data + (vaddr - s->vaddr);
	}
	return NULL;
}

/* --- header --- */

static int check_ident(const struct reader *r)
{
	const uint8_t *ident = r->header.ident;

	if (ident[EI_CLASS] != ELFCLASS64)
		return fail(r, ELF_BAD_CLASS, ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return fail(r, ELF_BAD_BYTE_ORDER, ident[EI_DATA]);
	if (ident[EI_VERSION] != EV_CURRENT)
		return fail(r, ELF_BAD_VERSION, ident[EI_VERSION]);
	return 0;
}

static int check_header(struct reader *r)
{
	static const char magic[4] = { 0x7f, 'E', 'L', 'F' };
	const struct elf64_header *h = &r->header;
	int error;

	if (r->size < sizeof(magic) || memcmp(r->file, magic, sizeof(magic)))
		return fail(r, ELF_NO_ELF, 0);
	error = need(r, 0, sizeof(r->header));
	if (error)
		return error;
	memcpy(&r->header, r->file, sizeof(r->header));
	error = check_ident(r);
	if (error)
		return error;
	if (h->machine != EM_X86_64)
		return fail(r, ELF_BAD_MACHINE, h->machine);
	if (h->version != EV_CURRENT)
		return fail(r, ELF_BAD_VERSION, h->version);
	if (h->type != ET_DYN)
		return fail(r, ELF_BAD_TYPE, h->type);
	if (h->ehsize < sizeof(*h))
		return fail(r, ELF_BAD_HEADER, h->ehsize);
	if (h->phnum == 0)
		return fail(r, ELF_NO_SEGMENT, 0);
	if (h->phentsize != sizeof(struct elf64_phdr))
		return fail(r, ELF_BAD_HEADER, h->phentsize);
	return need(r, h->phoff, (uint64_t)h->phnum * h->phentsize);
}

/* --- segments --- */

static struct elf64_phdr phdr_at(const struct reader *r, unsigned i)
{
	struct elf64_phdr p;

	memcpy(&p, r->file + r->header.phoff + i * sizeof(p), sizeof(p));
	return p;
}

/* p_align 0 and 1 mean none; otherwise file offset and address have to agree
 * modulo the alignment (gABI chapter 5, "Program Header"). */
static bool alignment_good(const struct elf64_phdr *p)
{
	if (p->align <= 1)
		return true;
	return (p->align & (p->align - 1)) == 0 && p->align <= ELF_MAX_ALIGN &&
		((p->vaddr - p->offset) & (p->align - 1)) == 0;
}

/* Take one PT_LOAD into image->segment[].  `end` is where the previous one
 * ended. */
static int add_segment(const struct reader *r, const struct elf64_phdr *p,
		       unsigned i, uint64_t end)
{
	struct elf_image *image = r->image;
	int error;

	if (image->segments == ELF_MAX_SEGMENTS)
		return fail(r, ELF_MANY_SEGMENTS, ELF_MAX_SEGMENTS);
	if (p->filesz > p->memsz)
		return fail(r, ELF_SEGMENT_SIZE, i);
	if (!alignment_good(p))
		return fail(r, ELF_SEGMENT_ALIGN, i);
	/* Keeps every later sum of addresses and sizes from overflowing. */
	if (!inside(p->vaddr, p->memsz, INT64_MAX))
		return fail(r, ELF_SEGMENT_RANGE, i);
	if (image->segments && p->vaddr < end)
		return fail(r, ELF_SEGMENT_ORDER, i);
	error = need(r, p->offset, p->filesz);
	if (error)
		return error;
	if (p->align > image->align)
		image->align = p->align;
	image->segment[image->segments++] = (struct elf_segment){
		.vaddr = p->vaddr, .memsz = p->memsz, .flags = p->flags,
		.data = r->file + p->offset, .filesz = p->filesz,
	};
	return 0;
}

static int read_segments(const struct reader *r)
{
	struct elf_image *image = r->image;
	uint64_t end = 0;

	image->align = ELF_PAGE_SIZE;
	for (unsigned i = 0; i < r->header.phnum; i++) {
		struct elf64_phdr p = phdr_at(r, i);
		int error;

		if (p.type != PT_LOAD || p.memsz == 0)
			continue;
		error = add_segment(r, &p, i, end);
		if (error)
			return error;
		end = p.vaddr + p.memsz;
		if (end - image->segment[0].vaddr > ELF_MAX_SPAN)
			return fail(r, ELF_SEGMENT_RANGE, i);
	}
	if (image->segments == 0)
		return fail(r, ELF_NO_SEGMENT, 0);
	image->low = image->segment[0].vaddr & ~(image->align - 1);
	image->span = (end - image->low + ELF_PAGE_SIZE - 1) &
		~(ELF_PAGE_SIZE - 1);
	return 0;
}

static int check_entry(const struct reader *r)
{
	uint64_t entry = r->header.entry;

	for (unsigned i = 0; i < r->image->segments; i++) {
		const struct elf_segment *s = &r->image->segment[i];

		if ((s->flags & ELF_PF_X) && entry >= s->vaddr &&
		    entry - s->vaddr < s->filesz) {
			r->image->entry = entry;
			return 0;
		}
	}
	return fail(r, ELF_BAD_ENTRY, entry);
}

/* --- note --- */

static uint64_t padded(uint32_t size, uint64_t align)
{
	return (size + align - 1) & ~(align - 1);
}

/* What the image's notes ask for. */
struct wishes {
	struct bv_image_request request;
	bool found;		/* the request */
	uint64_t heap;		/* of the other notes */
};

/* Returns 0, or -1 if it is one of ours and is not as it should be. */
static int read_note(const struct elf64_note *n, const uint8_t *name,
		     const uint8_t *desc, struct wishes *w)
{
	uint64_t heap;

	if (n->namesz != sizeof(BV_NOTE_NAME) ||
	    memcmp(name, BV_NOTE_NAME, n->namesz) != 0)
		return 0;
	switch (n->type) {
	case BV_NOTE_TYPE_REQUEST:
		if (n->descsz < sizeof(w->request))
			return -1;
		memcpy(&w->request, desc, sizeof(w->request));
		w->found = true;
		return 0;
	case BV_NOTE_TYPE_HEAP:
		if (n->descsz < sizeof(heap))
			return -1;
		memcpy(&heap, desc, sizeof(heap));
		return __builtin_add_overflow(w->heap, heap, &w->heap) ? -1 : 0;
	default:
		return 0;
	}
}

/* The notes in data[0, size).  -1 when they do not fit their segment. */
static int read_notes(const uint8_t *data, uint64_t size, uint64_t align,
		      struct wishes *w)
{
	struct elf64_note n;

	for (uint64_t at = 0; at < size;) {
		uint64_t name, desc;

		if (!inside(at, sizeof(n), size))
			return -1;
		memcpy(&n, data + at, sizeof(n));
		name = at + sizeof(n);
		desc = name + padded(n.namesz, align);
		if (!inside(name, n.namesz, size) ||
		    !inside(desc, n.descsz, size) ||
		    read_note(&n, data + name, data + desc, w) < 0)
			return -1;
		at = desc + padded(n.descsz, align);
	}
	return 0;
}

static int read_request(const struct reader *r)
{
	struct wishes w = { .found = false };
	unsigned last = 0;

	for (unsigned i = 0; i < r->header.phnum; i++) {
		struct elf64_phdr p = phdr_at(r, i);
		int error;

		if (p.type != PT_NOTE)
			continue;
		error = need(r, p.offset, p.filesz);
		if (error)
			return error;
		if (read_notes(r->file + p.offset, p.filesz,
			       p.align == 8 ? 8 : 4, &w) < 0)
			return fail(r, ELF_BAD_NOTE, i);
		last = i;
	}
	if (!w.found)
		return fail(r, ELF_NO_NOTE, 0);
	if (w.request.handoff_version != BV_HANDOFF_VERSION)
		return fail(r, ELF_HANDOFF_VERSION, w.request.handoff_version);
	if (__builtin_add_overflow(w.request.heap_base_size, w.heap,
				   &w.request.heap_base_size))
		return fail(r, ELF_BAD_NOTE, last);
	r->image->request = w.request;
	return 0;
}

/* --- relocations --- */

struct dynamic {
	uint64_t rela, rela_size, rela_entry;
	bool has_rela;
};

/* Tags that ask for work which only a dynamic linker does.  Their size tags
 * come along with value 0 at times; only the size counts then. */
static bool tag_unsupported(const struct elf64_dyn *d)
{
	switch (d->tag) {
	case DT_NEEDED:
	case DT_REL:
	case DT_JMPREL:
	case DT_TEXTREL:
	case DT_RELR:
		return true;
	case DT_PLTRELSZ:
	case DT_RELSZ:
	case DT_RELRSZ:
		return d->value != 0;
	case DT_FLAGS:
		return (d->value & DF_TEXTREL) != 0;
	default:
		return false;
	}
}

static void take_tag(const struct elf64_dyn *d, struct dynamic *dynamic)
{
	switch (d->tag) {
	case DT_RELA:
		dynamic->rela = d->value;
		dynamic->has_rela = true;
		break;
	case DT_RELASZ:
		dynamic->rela_size = d->value;
		break;
	case DT_RELAENT:
		dynamic->rela_entry = d->value;
		break;
	}
}

/* Read PT_DYNAMIC (program header i) up to its DT_NULL. */
static int read_dynamic(const struct reader *r, const struct elf64_phdr *p,
			unsigned i, struct dynamic *dynamic)
{
	struct elf64_dyn d;
	int error = need(r, p->offset, p->filesz);

	if (error)
		return error;
	for (uint64_t at = 0; inside(at, sizeof(d), p->filesz);
	     at += sizeof(d)) {
		memcpy(&d, r->file + p->offset + at, sizeof(d));
		if (d.tag == DT_NULL)
			return 0;
		if (tag_unsupported(&d))
			return fail(r, ELF_UNSUPPORTED_TAG, d.tag);
		take_tag(&d, dynamic);
	}
	return fail(r, ELF_BAD_DYNAMIC, i);
}

static int find_dynamic(const struct reader *r, struct dynamic *dynamic)
{
	bool seen = false;

	for (unsigned i = 0; i < r->header.phnum; i++) {
		struct elf64_phdr p = phdr_at(r, i);
		int error;

		if (p.type != PT_DYNAMIC)
			continue;
		if (seen)
			return fail(r, ELF_BAD_DYNAMIC, i);
		error = read_dynamic(r, &p, i, dynamic);
		if (error)
			return error;
		seen = true;
	}
	return 0;
}

/* Relocated words lie in data: a relocation inside code would mean that the
 * code was not built position-independent. */
static bool target_good(const struct elf_image *image, uint64_t vaddr)
{
	for (unsigned i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (!(s->flags & ELF_PF_X) && vaddr >= s->vaddr &&
		    inside(vaddr - s->vaddr, sizeof(uint64_t), s->memsz))
			return true;
	}
	return false;
}

static struct elf64_rela rela_at(const struct elf_image *image, uint64_t i)
{
	struct elf64_rela rela;

	memcpy(&rela, image->rela + i * sizeof(rela), sizeof(rela));
	return rela;
}

static int check_relas(const struct reader *r)
{
	for (uint64_t i = 0; i < r->image->relas; i++) {
		struct elf64_rela rela = rela_at(r->image, i);

		/* r_info: symbol in the upper half, type in the lower. */
		if (rela.info != R_X86_64_RELATIVE)
			return fail(r, ELF_RELOC_TYPE, (uint32_t)rela.info);
		if (!target_good(r->image, rela.offset))
			return fail(r, ELF_RELOC_TARGET, rela.offset);
	}
	return 0;
}

static int read_relas(const struct reader *r)
{
	const uint64_t entry = sizeof(struct elf64_rela);
	struct dynamic d = { .rela_entry = entry };
	int error = find_dynamic(r, &d);

	if (error)
		return error;
	if (d.rela_entry != entry)
		return fail(r, ELF_BAD_DYNAMIC, DT_RELAENT);
	if (d.rela_size % entry || (d.rela_size && !d.has_rela))
		return fail(r, ELF_BAD_DYNAMIC, DT_RELASZ);
	if (d.rela_size == 0)
		return 0;
	r->image->rela = contents(r->image, d.rela, d.rela_size);
	if (!r->image->rela)
		return fail(r, ELF_BAD_RELA, d.rela);
	r->image->relas = d.rela_size / entry;
	return check_relas(r);
}

/* --- symbols --- */

static struct elf64_shdr shdr_at(const struct reader *r, unsigned i)
{
	struct elf64_shdr s;

	memcpy(&s, r->file + r->header.shoff + i * sizeof(s), sizeof(s));
	return s;
}

/* Symbols serve backtraces only: whatever is odd about them means that the
 * image has none. */
static void take_symbols(const struct reader *r, const struct elf64_shdr *sym)
{
	struct elf_image *image = r->image;
	struct elf64_shdr str;

	if (sym->entsize != SYM_SIZE || sym->size == 0 ||
	    sym->size % SYM_SIZE || !inside(sym->offset, sym->size, r->size) ||
	    sym->link >= r->header.shnum)
		return;
	str = shdr_at(r, sym->link);
	if (str.type != SHT_STRTAB || str.size == 0 ||
	    !inside(str.offset, str.size, r->size) ||
	    r->file[str.offset + str.size - 1] != '\0')
		return;
	image->symtab = r->file + sym->offset;
	image->symtab_size = sym->size;
	image->strtab = r->file + str.offset;
	image->strtab_size = str.size;
}

static void read_symbols(const struct reader *r)
{
	const struct elf64_header *h = &r->header;

	if (h->shoff == 0 || h->shentsize != sizeof(struct elf64_shdr) ||
	    !inside(h->shoff, (uint64_t)h->shnum * h->shentsize, r->size))
		return;
	for (unsigned i = 0; i < h->shnum; i++) {
		struct elf64_shdr s = shdr_at(r, i);

		if (s.type != SHT_SYMTAB)
			continue;
		take_symbols(r, &s);
		return;
	}
}

/* --- public --- */

int elf_open(struct elf_image *image, const void *file, uint64_t size,
	     struct elf_error *error)
{
	struct reader r = {
		.file = file, .size = size, .image = image, .error = error,
	};
	int result;

	memset(image, 0, sizeof(*image));
	*error = (struct elf_error){ ELF_GOOD, 0 };
	result = check_header(&r);
	if (!result)
		result = read_segments(&r);
	if (!result)
		result = read_request(&r);
	if (!result)
		result = check_entry(&r);
	if (!result)
		result = read_relas(&r);
	if (!result)
		read_symbols(&r);
	return result;
}

void elf_place(const struct elf_image *image, void *memory, uint64_t address)
{
	uint8_t *base = memory;
	uint64_t bias = address - image->low;

	for (unsigned i = 0; i < image->segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		memcpy(base + (s->vaddr - image->low), s->data, s->filesz);
	}
	/* AMD64 psABI section 4.4.1: R_X86_64_RELATIVE stores B + A. */
	for (uint64_t i = 0; i < image->relas; i++) {
		struct elf64_rela rela = rela_at(image, i);
		uint64_t word = bias + (uint64_t)rela.addend;

		memcpy(base + (rela.offset - image->low), &word, sizeof(word));
	}
}
