/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Walk of the guest's page tables: see <vmm/gmem.h>.  Section numbers are
 * those of the Intel SDM, vol. 3; AMD differs only where noted.
 *
 * All paging modes are the same loop over levels.  They differ in the size of
 * an entry, in the number of levels, in which levels may hold a page and in
 * which bits are reserved.
 */
#include <vmm/error.h>
#include <vmm/gmem.h>
#include <vmm/x86.h>

#define PTE_P		UINT64_C(0x001)
#define PTE_W		UINT64_C(0x002)
#define PTE_U		UINT64_C(0x004)
#define PTE_PS		UINT64_C(0x080)
#define PTE_NX		(UINT64_C(1) << 63)
#define PTE_PKEY_SHIFT	59
#define PTE_ADDR	UINT64_C(0x000ffffffffff000)

/* Error code of #PF (4.7) */
#define PF_P		0x01u
#define PF_W		0x02u
#define PF_U		0x04u
#define PF_RSVD		0x08u
#define PF_FETCH	0x10u
#define PF_PKEY		0x20u

enum paging { PAGING_32BIT, PAGING_PAE, PAGING_LONG };

struct walk {
	const struct vmm_walk_state *st;
	uint64_t linear;
	unsigned access;
	enum paging paging;
	unsigned levels;	/* the root is at this level, pages at 1 */
	unsigned index_bits;	/* of the linear address, per level */
	unsigned entry_size;
	/* found so far */
	uint64_t table;		/* physical address */
	uint64_t entry, entry_pa;
	unsigned level;		/* of entry */
	uint64_t allow;		/* PTE_U, PTE_W: in the entries of all levels */
	bool no_exec;		/* PTE_NX in any of them */
};

/* Bits hi..lo, none if hi < lo. */
static uint64_t bits(unsigned hi, unsigned lo)
{
	if (hi < lo)
		return 0;
	return (UINT64_MAX >> (63 - hi)) & ~((UINT64_C(1) << lo) - 1);
}

static unsigned phys_bits(const struct walk *w)
{
	unsigned n = w->st->phys_bits;

	return n < 32 ? 32 : n > 52 ? 52 : n;
}

static unsigned level_shift(const struct walk *w, unsigned level)
{
	return 12 + w->index_bits * (level - 1);
}

/* 4.1.1 "Four Paging Modes" */
static void choose_mode(struct walk *w)
{
	const struct vmm_walk_state *st = w->st;

	w->index_bits = 9;
	w->entry_size = 8;
	if (st->efer & X86_EFER_LMA) {
		w->paging = PAGING_LONG;
		w->levels = st->cr4 & X86_CR4_LA57 ? 5 : 4;
		w->table = st->cr3 & PTE_ADDR;
	} else if (st->cr4 & X86_CR4_PAE) {
		w->paging = PAGING_PAE;
		w->levels = 3;
		w->table = st->cr3 & UINT64_C(0xffffffe0);
	} else {
		w->paging = PAGING_32BIT;
		w->levels = 2;
		w->index_bits = 10;
		w->entry_size = 4;
		w->table = st->cr3 & UINT64_C(0xfffff000);
	}
	if (w->paging != PAGING_LONG)
		w->linear = (uint32_t)w->linear;
}

static bool is_canonical(const struct walk *w)
{
	unsigned unused = 64 - level_shift(w, w->levels + 1);

	return (uint64_t)((int64_t)(w->linear << unused) >> unused) ==
	       w->linear;
}

static bool is_pae_pdpte(const struct walk *w)
{
	return w->paging == PAGING_PAE && w->level == 3;
}

/* Does the entry map a page (as opposed to a table)? */
static bool is_page(const struct walk *w)
{
	if (w->level == 1)
		return true;
	if (!(w->entry & PTE_PS))
		return false;
	switch (w->paging) {
	case PAGING_32BIT:
		return w->st->cr4 & X86_CR4_PSE;
	case PAGING_PAE:
		return w->level == 2;
	default:
		return w->level <= 3;
	}
}

/* Bits that must be 0 in a present entry (4.3 to 4.5, tables of the entry
 * formats).  In long mode, AMD also reserves bit 8 of entries above level 2
 * that point to a table, which Intel ignores: not checked. */
static uint64_t reserved_bits(const struct walk *w)
{
	unsigned m = phys_bits(w);
	uint64_t mask = bits(51, m);

	if (w->paging == PAGING_32BIT)	/* only PSE-36 has any */
		return is_page(w) && w->level == 2 ?
		       bits(21, (m < 40 ? m : 40) - 19) : 0;
	if (is_pae_pdpte(w))
		return mask | bits(63, 52) | bits(8, 5) | bits(2, 1);
	if (w->paging == PAGING_PAE)
		mask |= bits(62, 52);
	if (!(w->st->efer & X86_EFER_NXE))
		mask |= PTE_NX;
	if (w->level > 3)
		mask |= PTE_PS;
	else if (w->level > 1 && is_page(w))
		mask |= bits(level_shift(w, w->level) - 1, 13);
	return mask;
}

/* A user-mode access (4.6.1): implicit accesses are supervisor accesses
 * whatever the CPL. */
static bool by_user(const struct walk *w)
{
	return w->st->cpl == 3 && !(w->access & VMM_ACCESS_IMPLICIT);
}

static int fault(const struct walk *w, uint32_t code,
		 struct vmm_walk_result *result)
{
	if (w->access & VMM_ACCESS_WRITE)
		code |= PF_W;
	if (by_user(w))
		code |= PF_U;
	if ((w->access & VMM_ACCESS_FETCH) &&
	    ((w->st->cr4 & X86_CR4_SMEP) ||
	     ((w->st->cr4 & X86_CR4_PAE) && (w->st->efer & X86_EFER_NXE))))
		code |= PF_FETCH;
	result->error_code = code;
	return VMM_ERROR(EFAULT);
}

/* Go down to the entry that maps the page.  0, or the bits of the error code
 * that tell why there is none in *code. */
static int descend(struct walk *w, vmm_read_phys_fn read, void *ctx,
		   uint32_t *code)
{
	uint64_t index_mask = bits(w->index_bits - 1, 0);

	w->allow = PTE_U | PTE_W;
	for (w->level = w->levels; ; w->level--) {
		uint64_t index = w->linear >> level_shift(w, w->level) &
				 index_mask;

		w->entry = 0;
		w->entry_pa = w->table + index * w->entry_size;
		*code = 0;
		if (!read(ctx, w->entry_pa, &w->entry, w->entry_size) ||
		    !(w->entry & PTE_P))
			return -EFAULT;
		*code = PF_P | PF_RSVD;
		if (w->entry & reserved_bits(w))
			return -EFAULT;
		if (!is_pae_pdpte(w)) {	/* which has no rights */
			w->allow &= w->entry;
			w->no_exec |= (w->entry & PTE_NX) != 0;
		}
		if (is_page(w))
			return 0;
		w->table = w->entry & PTE_ADDR;
	}
}

/* 4.6.2 "Protection Keys": only data accesses to user pages; supervisor keys
 * (PKS) are not looked at. */
static bool key_forbids(const struct walk *w)
{
	uint32_t rights = w->st->pkru >> 2 * (w->entry >> PTE_PKEY_SHIFT & 15);

	if (w->paging != PAGING_LONG || !(w->st->cr4 & X86_CR4_PKE) ||
	    !(w->allow & PTE_U) || (w->access & VMM_ACCESS_FETCH))
		return false;
	if (rights & 1)
		return true;
	return (rights & 2) && (w->access & VMM_ACCESS_WRITE) &&
	       (by_user(w) || (w->st->cr0 & X86_CR0_WP));
}

/* SMEP and SMAP (4.6.1): may the supervisor touch this user page? */
static bool user_page_forbidden(const struct walk *w)
{
	if (w->access & VMM_ACCESS_FETCH)
		return w->st->cr4 & X86_CR4_SMEP;
	if (!(w->st->cr4 & X86_CR4_SMAP))
		return false;
	return (w->access & VMM_ACCESS_IMPLICIT) ||
	       !(w->st->rflags & X86_RFLAGS_AC);
}

/* 4.6.1 "Determination of Access Rights" */
static bool rights_forbid(const struct walk *w)
{
	bool user_page = w->allow & PTE_U;

	if (by_user(w) ? !user_page : user_page && user_page_forbidden(w))
		return true;
	if ((w->access & VMM_ACCESS_WRITE) && !(w->allow & PTE_W) &&
	    (by_user(w) || (w->st->cr0 & X86_CR0_WP)))
		return true;
	return (w->access & VMM_ACCESS_FETCH) && w->no_exec;
}

/* Address bits that the entry gives (PSE-36 hides some in bits 20:13). */
static uint64_t page_base(const struct walk *w, uint64_t size)
{
	uint64_t base = w->entry & PTE_ADDR & ~(size - 1);

	if (w->paging == PAGING_32BIT && w->level == 2)
		base |= (w->entry & bits(20, 13)) << (32 - 13);
	return base;
}

int vmm_walk(const struct vmm_walk_state *st, uint64_t linear, unsigned access,
	     vmm_read_phys_fn read, void *ctx, struct vmm_walk_result *result)
{
	struct walk w = { .st = st, .linear = linear, .access = access };
	uint64_t size;
	uint32_t code;

	*result = (struct vmm_walk_result){ .page_size = VMM_PAGE_SIZE };
	if (!(st->cr0 & X86_CR0_PG)) {
		result->pa = (uint32_t)linear;
		return 0;
	}
	choose_mode(&w);
	if (w.paging == PAGING_LONG && !is_canonical(&w))
		return VMM_ERROR(ERANGE);
	if (descend(&w, read, ctx, &code))
		return fault(&w, code, result);
	code = key_forbids(&w) ? PF_P | PF_PKEY : PF_P;
	if ((code & PF_PKEY) || rights_forbid(&w))
		return fault(&w, code, result);
	size = UINT64_C(1) << level_shift(&w, w.level);
	result->page_size = size;
	result->entry_pa = w.entry_pa;
	result->entry_size = w.entry_size;
	result->pa = page_base(&w, size) | (w.linear & (size - 1));
	return 0;
}
