/* SPDX-License-Identifier: BSD-3-Clause */
/* Page-table engine: see <vmm/paging.h>. */
#include <vmm/error.h>
#include <vmm/paging.h>

#define ENTRIES 512u

/* What one call of vmm_pt_map asks for, cut down to the part that the entry
 * at hand covers. */
struct span {
	uint64_t va, pa, size;
	unsigned prot;
	enum vmm_memtype mt;
	bool same;		/* every page maps to the page at pa */
};

static uint64_t level_size(unsigned level)
{
	return UINT64_C(1) << (12 + 9 * (level - 1));
}

static unsigned level_index(uint64_t va, unsigned level)
{
	return va >> (12 + 9 * (level - 1)) & (ENTRIES - 1);
}

/* A hardware walker on another CPU may read the entry at any time: it must
 * see the old or the new value, and what a new table holds before the entry
 * that links it (x86 keeps stores in order, so RELEASE costs nothing). */
static void set_entry(uint64_t *slot, uint64_t value)
{
	__atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

static uint64_t get_entry(const uint64_t *slot)
{
	return __atomic_load_n(slot, __ATOMIC_RELAXED);
}

static uint64_t *entry_table(const struct vmm_pt *pt, uint64_t entry)
{
	return pt->mem->to_va(pt->ctx, entry & pt->fmt->addr_mask);
}

/* Bit 12 of a large leaf is the PAT bit in some formats, so the address of a
 * leaf begins at its own size. */
static uint64_t leaf_pa(const struct vmm_pt *pt, uint64_t entry, unsigned level)
{
	return entry & pt->fmt->addr_mask & ~(level_size(level) - 1);
}

static bool is_table(const struct vmm_pt *pt, uint64_t entry, unsigned level)
{
	return pt->fmt->present(entry) && !pt->fmt->is_leaf(entry, level);
}

/* Fill a table that nobody sees yet so that it translates as the leaf at
 * `level` does whose place it will take. */
static void fill_split(const struct vmm_pt *pt, uint64_t *table, uint64_t leaf,
		       unsigned level)
{
	uint64_t pa = leaf_pa(pt, leaf, level);
	unsigned prot = pt->fmt->prot(leaf);
	enum vmm_memtype mt = pt->fmt->memtype(leaf, level);

	for (unsigned i = 0; i < ENTRIES; i++)
		table[i] = pt->fmt->leaf(pa + i * level_size(level - 1),
					 level - 1, prot, mt);
}

/* Put a table under a leaf or an empty entry, with the same translations.
 * NULL: no memory, nothing changed. */
static uint64_t *make_table(struct vmm_pt *pt, uint64_t *slot, unsigned level)
{
	uint64_t entry = get_entry(slot);
	uint64_t *table = pt->mem->alloc(pt->ctx);

	if (!table)
		return NULL;
	if (pt->fmt->present(entry))
		fill_split(pt, table, entry, level);
	set_entry(slot, pt->fmt->table(pt->mem->to_pa(pt->ctx, table)));
	return table;
}

/* Can one entry of this level do what the span asks for? */
static bool fits_entry(const struct vmm_pt *pt, unsigned level,
		       const struct span *s)
{
	if (s->size != level_size(level))
		return false;
	if (!s->prot || level == 1)
		return true;
	return level <= pt->max_leaf && !s->same &&
	       !(s->pa & (level_size(level) - 1));
}

static int map_table(struct vmm_pt *pt, uint64_t *table, unsigned level,
		     const struct span *s);

static int map_entry(struct vmm_pt *pt, uint64_t *slot, unsigned level,
		     const struct span *s)
{
	uint64_t entry = get_entry(slot);
	uint64_t *table;

	if (is_table(pt, entry, level))
		return map_table(pt, entry_table(pt, entry), level - 1, s);
	if (!pt->fmt->present(entry) && !s->prot)
		return 0;	/* nothing to unmap */
	if (fits_entry(pt, level, s)) {
		set_entry(slot, s->prot ? pt->fmt->leaf(s->pa, level, s->prot,
							s->mt) : 0);
		return 0;
	}
	table = make_table(pt, slot, level);
	if (!table)
		return VMM_ERROR(ENOMEM);
	return map_table(pt, table, level - 1, s);
}

/* Recursion is as deep as the tables are: at most 5 levels. */
static int map_table(struct vmm_pt *pt, uint64_t *table, unsigned level,
		     const struct span *s)
{
	uint64_t mask = level_size(level) - 1;
	struct span part = *s;
	uint64_t end = s->va + s->size;

	while (part.va < end) {
		uint64_t next = (part.va | mask) + 1;
		int error;

		part.size = (next < end ? next : end) - part.va;
		error = map_entry(pt, &table[level_index(part.va, level)],
				  level, &part);
		if (error)
			return error;
		if (!part.same)
			part.pa += part.size;
		part.va += part.size;
	}
	return 0;
}

/* [start, start+size) within [0, limit), without overflow. */
static bool range_ok(uint64_t start, uint64_t size, uint64_t limit)
{
	return start <= limit && size <= limit - start;
}

static int map_checked(struct vmm_pt *pt, const struct span *s)
{
	uint64_t va_limit = level_size(pt->fmt->levels + 1);
	uint64_t pa_limit = (pt->fmt->addr_mask | VMM_PAGE_MASK) + 1;

	if ((s->va | s->pa | s->size) & VMM_PAGE_MASK)
		return VMM_ERROR(EINVAL);
	/* No format has entries that allow writes or fetches but no reads. */
	if ((s->prot & ~VMM_PT_RWX) || (s->prot && !(s->prot & VMM_PT_R)))
		return VMM_ERROR(EINVAL);
	if (!range_ok(s->va, s->size, va_limit))
		return VMM_ERROR(EINVAL);
	if (s->prot && !range_ok(s->pa, s->same ? VMM_PAGE_SIZE : s->size,
				 pa_limit))
		return VMM_ERROR(EINVAL);
	return map_table(pt, pt->root, pt->fmt->levels, s);
}

int vmm_pt_map(struct vmm_pt *pt, uint64_t va, uint64_t pa, uint64_t size,
	       unsigned prot, enum vmm_memtype mt)
{
	struct span s = { va, pa, size, prot, mt, false };

	return map_checked(pt, &s);
}

int vmm_pt_map_same(struct vmm_pt *pt, uint64_t va, uint64_t pa, uint64_t size,
		    unsigned prot, enum vmm_memtype mt)
{
	struct span s = { va, pa, size, prot, mt, true };

	return map_checked(pt, &s);
}

static void tell_leaf(const struct vmm_pt *pt, uint64_t va, uint64_t entry,
		      unsigned level, struct vmm_pt_leaf *leaf)
{
	leaf->size = level_size(level);
	leaf->va = VMM_ROUND_DOWN(va, leaf->size);
	leaf->pa = leaf_pa(pt, entry, level);
	leaf->prot = pt->fmt->prot(entry);
	leaf->mt = pt->fmt->memtype(entry, level);
}

/* The level of the entry that ends the walk for va, a leaf or nothing. */
static unsigned walk_to(const struct vmm_pt *pt, uint64_t va, uint64_t *entry)
{
	const uint64_t *table = pt->root;
	unsigned level = pt->fmt->levels;

	for (;; level--) {
		*entry = get_entry(&table[level_index(va, level)]);
		if (!is_table(pt, *entry, level))
			return level;
		table = entry_table(pt, *entry);
	}
}

bool vmm_pt_lookup(const struct vmm_pt *pt, uint64_t va,
		   struct vmm_pt_leaf *leaf)
{
	unsigned level;
	uint64_t entry;

	*leaf = (struct vmm_pt_leaf){ 0 };
	if (va >= level_size(pt->fmt->levels + 1))
		return false;
	level = walk_to(pt, va, &entry);
	if (!pt->fmt->present(entry))
		return false;
	tell_leaf(pt, va, entry, level, leaf);
	return true;
}

bool vmm_pt_next(const struct vmm_pt *pt, uint64_t va,
		 struct vmm_pt_leaf *leaf)
{
	*leaf = (struct vmm_pt_leaf){ 0 };
	while (va < level_size(pt->fmt->levels + 1)) {
		uint64_t entry;
		unsigned level = walk_to(pt, va, &entry);

		if (pt->fmt->present(entry)) {
			tell_leaf(pt, va, entry, level, leaf);
			return true;
		}
		va = (va | (level_size(level) - 1)) + 1;
	}
	return false;
}

uint64_t vmm_pt_root_pa(const struct vmm_pt *pt)
{
	return pt->mem->to_pa(pt->ctx, pt->root);
}

int vmm_pt_init(struct vmm_pt *pt, const struct vmm_pt_format *fmt,
		const struct vmm_pt_mem *mem, void *ctx, unsigned max_leaf)
{
	if (max_leaf < 1 || max_leaf > fmt->max_leaf)
		return VMM_ERROR(EINVAL);
	pt->fmt = fmt;
	pt->mem = mem;
	pt->ctx = ctx;
	pt->max_leaf = max_leaf;
	pt->root = mem->alloc(ctx);
	return pt->root ? 0 : VMM_ERROR(ENOMEM);
}

static void free_table(struct vmm_pt *pt, uint64_t *table, unsigned level)
{
	for (unsigned i = 0; i < ENTRIES && level > 1; i++)
		if (is_table(pt, table[i], level))
			free_table(pt, entry_table(pt, table[i]), level - 1);
	pt->mem->free(pt->ctx, table);
}

void vmm_pt_destroy(struct vmm_pt *pt)
{
	if (pt->root)
		free_table(pt, pt->root, pt->fmt->levels);
	pt->root = NULL;
}

/* Move the tables of entries first.. of a table to the same place of grave;
 * entries that are leaves just go.  True if there was a table. */
static bool move_to_grave(struct vmm_pt *pt, uint64_t *table, unsigned level,
			  unsigned first, uint64_t *grave)
{
	bool moved = false;

	for (unsigned i = first; i < ENTRIES; i++) {
		uint64_t entry = get_entry(&table[i]);

		if (!pt->fmt->present(entry))
			continue;
		if (is_table(pt, entry, level)) {
			grave[i] = entry;
			moved = true;
		}
		set_entry(&table[i], 0);
	}
	return moved;
}

bool vmm_pt_detach(struct vmm_pt *pt, uint64_t va, uint64_t *const graves[2])
{
	unsigned level = pt->fmt->levels;
	unsigned index = level_index(va, level);
	uint64_t entry = get_entry(&pt->root[index]);
	bool moved = false;

	if (level_index(va, level - 1)) {	/* the first is kept in part */
		if (is_table(pt, entry, level))
			moved = move_to_grave(pt, entry_table(pt, entry),
					      level - 1,
					      level_index(va, level - 1),
					      graves[1]);
		index++;
	}
	return move_to_grave(pt, pt->root, level, index, graves[0]) || moved;
}

void vmm_pt_bury(struct vmm_pt *pt, uint64_t *const graves[2])
{
	for (unsigned i = 0; i < 2 * ENTRIES; i++) {
		uint64_t *entry = &graves[i / ENTRIES][i % ENTRIES];
		unsigned level = pt->fmt->levels - i / ENTRIES;

		if (pt->fmt->present(*entry))
			free_table(pt, entry_table(pt, *entry), level - 1);
		*entry = 0;
	}
}
