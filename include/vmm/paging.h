/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One engine for all page tables: the VMM's own, AMD nested page tables and
 * Intel EPT.  What differs (bits, levels, leaf sizes) is data in a struct
 * vmm_pt_format; memory comes through a struct vmm_pt_mem, so that the engine
 * runs in host tests.
 *
 * Consistency: every change of a live entry is one aligned 64-bit store.
 * A large leaf is split by building the complete lower table first, so a
 * hardware walker on another CPU never sees a missing translation that was
 * there before and is there afterwards.  The caller serialises writers and
 * flushes TLBs.  No context requirements; does not sleep.
 */
#ifndef VMM_PAGING_H
#define VMM_PAGING_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

/* Access rights; 0 makes a not-present mapping. */
#define VMM_PT_R	0x1u
#define VMM_PT_W	0x2u
#define VMM_PT_X	0x4u
#define VMM_PT_RWX	(VMM_PT_R | VMM_PT_W | VMM_PT_X)

/* Memory types, with the encoding that MTRRs and EPT use
 * (Intel SDM vol. 3, table 12-2 "Memory Types That Can Be Encoded in MTRRs") */
enum vmm_memtype {
	VMM_MT_UC = 0,
	VMM_MT_WC = 1,
	VMM_MT_WT = 4,
	VMM_MT_WP = 5,
	VMM_MT_WB = 6,
};

struct vmm_pt_format {
	const char *name;
	unsigned levels;	/* 4: the root is level 4; leaves at level 1 */
	unsigned max_leaf;	/* highest level with leaves: 3 = 1 GiB */
	uint64_t addr_mask;	/* bits of an entry that hold the address */
	/* Entry for a leaf at level (1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB). */
	uint64_t (*leaf)(uint64_t pa, unsigned level, unsigned prot,
			 enum vmm_memtype mt);
	uint64_t (*table)(uint64_t pa);	/* entry that points to a table */
	bool (*present)(uint64_t entry);
	bool (*is_leaf)(uint64_t entry, unsigned level);	/* if present */
	unsigned (*prot)(uint64_t entry);			/* if present */
	enum vmm_memtype (*memtype)(uint64_t entry, unsigned level);
};

/* AMD64 long-mode tables as nested page tables (APM vol. 2, 15.25.5: every
 * guest access is a user access) and as the VMM's own (supervisor); EPT
 * (Intel SDM vol. 3, 29.3.2).  The objects state max_leaf 3: a CPU without
 * 1 GiB pages needs a copy with max_leaf 2.  In the two AMD64 formats the
 * memory type selects an entry of the PAT as the CPU resets it:
 * WB = 0, WT = 1, UC = 3 (others are taken as UC). */
extern const struct vmm_pt_format vmm_pt_npt;
extern const struct vmm_pt_format vmm_pt_host;
extern const struct vmm_pt_format vmm_pt_ept;

/* Where tables live.  alloc returns a zeroed 4 KiB page or NULL.  ctx is what
 * vmm_pt_init was given. */
struct vmm_pt_mem {
	void *(*alloc)(void *ctx);
	void (*free)(void *ctx, void *table);
	uint64_t (*to_pa)(void *ctx, void *table);
	void *(*to_va)(void *ctx, uint64_t pa);
};

struct vmm_pt {
	const struct vmm_pt_format *fmt;
	const struct vmm_pt_mem *mem;
	void *ctx;		/* for mem */
	uint64_t *root;
	unsigned max_leaf;	/* <= fmt->max_leaf */
};

struct vmm_pt_leaf {
	uint64_t va, pa, size;	/* start of the leaf; size 0: not mapped */
	unsigned prot;
	enum vmm_memtype mt;
};

/* Make an empty table set with leaves up to max_leaf (1..fmt->max_leaf).
 * -ENOMEM, -EINVAL. */
int vmm_pt_init(struct vmm_pt *pt, const struct vmm_pt_format *fmt,
		const struct vmm_pt_mem *mem, void *ctx, unsigned max_leaf)
	VMM_MUST_CHECK;
/* Free all tables, the root too.  No CPU may be using them. */
void vmm_pt_destroy(struct vmm_pt *pt);

/*
 * Map [va, va+size) to [pa, pa+size), replacing what was there, with the
 * largest leaves that alignment and max_leaf allow.  All 4 KiB multiples.
 * prot 0 unmaps; any other includes VMM_PT_R.  A leaf that crosses an end of
 * the range is split there, even if it translates as asked already.
 * -EINVAL; on -ENOMEM the range is mapped up to some point, the rest as
 * before, and nothing outside the range has changed its translation.
 * A table whose place a larger leaf could take stays in use: entries are
 * never merged, so no table is freed while a CPU may still walk it.
 */
int vmm_pt_map(struct vmm_pt *pt, uint64_t va, uint64_t pa, uint64_t size,
	       unsigned prot, enum vmm_memtype mt) VMM_MUST_CHECK;

/* The same, every 4 KiB page of the range mapped to the one page at pa. */
int vmm_pt_map_same(struct vmm_pt *pt, uint64_t va, uint64_t pa, uint64_t size,
		    unsigned prot, enum vmm_memtype mt) VMM_MUST_CHECK;

/* Find the leaf that translates va; false (size 0) if there is none. */
bool vmm_pt_lookup(const struct vmm_pt *pt, uint64_t va,
		   struct vmm_pt_leaf *leaf);

/* The same for va or the lowest address above it that is mapped. */
bool vmm_pt_next(const struct vmm_pt *pt, uint64_t va,
		 struct vmm_pt_leaf *leaf);

/*
 * Unmap everything from va (a multiple of what an entry of the second-highest
 * level covers: 1 GiB with 4 levels) to the end, tables and all.  CPUs may
 * still be using the tables, so they go to two pages of graves, zeroed or
 * buried before; when all CPUs have flushed their TLBs, vmm_pt_bury frees
 * them.  True if there are tables to bury.
 */
bool vmm_pt_detach(struct vmm_pt *pt, uint64_t va, uint64_t *const graves[2]);
void vmm_pt_bury(struct vmm_pt *pt, uint64_t *const graves[2]);

/* Physical address of the root, as CR3 / nCR3 / EPTP want it. */
uint64_t vmm_pt_root_pa(const struct vmm_pt *pt);

VMM_END_DECLS

#endif
