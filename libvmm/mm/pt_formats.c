/* SPDX-License-Identifier: BSD-3-Clause */
/* Entry formats of the page-table engine: what the hardware reads. */
#include <vmm/paging.h>

#define ADDR_MASK	UINT64_C(0x000ffffffffff000)

/*
 * AMD64 long-mode tables (APM vol. 2, 5.3.3 "4-Kbyte Page Translation" to
 * 5.4 "Page-Translation-Table Entry Fields"), as the VMM's own tables and as
 * nested tables.
 */
#define LM_P		UINT64_C(0x001)
#define LM_W		UINT64_C(0x002)
#define LM_U		UINT64_C(0x004)
#define LM_PWT		UINT64_C(0x008)
#define LM_PCD		UINT64_C(0x010)
#define LM_A		UINT64_C(0x020)
#define LM_D		UINT64_C(0x040)
#define LM_PS		UINT64_C(0x080)
#define LM_NX		(UINT64_C(1) << 63)

/* PCD and PWT select an entry of the PAT; after reset 0 is WB, 1 WT, 3 UC
 * (APM vol. 2, 7.8 "Page-Attribute Table Mechanism"). */
static uint64_t lm_type_bits(enum vmm_memtype mt)
{
	switch (mt) {
	case VMM_MT_WB:
		return 0;
	case VMM_MT_WT:
		return LM_PWT;
	default:
		return LM_PCD | LM_PWT;
	}
}

static enum vmm_memtype lm_memtype(uint64_t entry, unsigned level)
{
	(void)level;
	if (entry & LM_PCD)
		return VMM_MT_UC;
	return entry & LM_PWT ? VMM_MT_WT : VMM_MT_WB;
}

/* Accessed and dirty are set in advance: then the processor has no reason
 * ever to write to the tables, and no locked cycle at the first access. */
static uint64_t lm_leaf(uint64_t pa, unsigned level, unsigned prot,
			enum vmm_memtype mt)
{
	uint64_t entry = pa | LM_P | LM_A | LM_D | lm_type_bits(mt);

	if (prot & VMM_PT_W)
		entry |= LM_W;
	if (!(prot & VMM_PT_X))
		entry |= LM_NX;
	if (level > 1)
		entry |= LM_PS;
	return entry;
}

/* The rights of a page are the intersection of those of all levels: tables
 * allow everything, leaves decide. */
static uint64_t lm_table(uint64_t pa)
{
	return pa | LM_P | LM_W | LM_A;
}

/* APM vol. 2, 15.25.5 "Nested versus Guest Page Faults, Fault Ordering": the
 * nested walk treats all guest accesses as user accesses. */
static uint64_t npt_leaf(uint64_t pa, unsigned level, unsigned prot,
			 enum vmm_memtype mt)
{
	return lm_leaf(pa, level, prot, mt) | LM_U;
}

static uint64_t npt_table(uint64_t pa)
{
	return lm_table(pa) | LM_U;
}

static bool lm_present(uint64_t entry)
{
	return entry & LM_P;
}

static unsigned lm_prot(uint64_t entry)
{
	return VMM_PT_R | (entry & LM_W ? VMM_PT_W : 0) |
	       (entry & LM_NX ? 0 : VMM_PT_X);
}

/*
 * EPT (Intel SDM vol. 3, 29.3.2 "EPT Translation Mechanism", tables
 * "Format of an EPT ..."): bits 0-2 read, write, execute; leaves have the
 * memory type in 5:3; bit 6, left 0 here, would ignore the guest's PAT;
 * bit 7 makes a leaf above level 1.  The accessed and dirty flags stay off
 * in the EPTP, so bits 8 and 9 mean nothing.
 */
#define EPT_RWX		UINT64_C(0x007)
#define EPT_TYPE_SHIFT	3
#define EPT_LARGE	UINT64_C(0x080)

VMM_STATIC_ASSERT(VMM_PT_R == 1 && VMM_PT_W == 2 && VMM_PT_X == 4,
		  "EPT takes the access rights as they are");

static uint64_t ept_leaf(uint64_t pa, unsigned level, unsigned prot,
			 enum vmm_memtype mt)
{
	return pa | prot | (uint64_t)mt << EPT_TYPE_SHIFT |
	       (level > 1 ? EPT_LARGE : 0);
}

static uint64_t ept_table(uint64_t pa)
{
	return pa | EPT_RWX;
}

static bool ept_present(uint64_t entry)
{
	return entry & EPT_RWX;
}

static unsigned ept_prot(uint64_t entry)
{
	return entry & EPT_RWX;
}

static enum vmm_memtype ept_memtype(uint64_t entry, unsigned level)
{
	(void)level;
	return entry >> EPT_TYPE_SHIFT & 7;
}

/* Bit 7 is PS in long mode and the large-page bit of EPT alike; at level 1 it
 * means something else (PAT) or nothing. */
VMM_STATIC_ASSERT(LM_PS == EPT_LARGE, "one is_leaf serves all formats");

static bool any_is_leaf(uint64_t entry, unsigned level)
{
	return level == 1 || (entry & LM_PS);
}

const struct vmm_pt_format vmm_pt_npt = {
	.name = "NPT",
	.levels = 4,
	.max_leaf = 3,
	.addr_mask = ADDR_MASK,
	.leaf = npt_leaf,
	.table = npt_table,
	.present = lm_present,
	.is_leaf = any_is_leaf,
	.prot = lm_prot,
	.memtype = lm_memtype,
};

const struct vmm_pt_format vmm_pt_host = {
	.name = "host",
	.levels = 4,
	.max_leaf = 3,
	.addr_mask = ADDR_MASK,
	.leaf = lm_leaf,
	.table = lm_table,
	.present = lm_present,
	.is_leaf = any_is_leaf,
	.prot = lm_prot,
	.memtype = lm_memtype,
};

const struct vmm_pt_format vmm_pt_ept = {
	.name = "EPT",
	.levels = 4,
	.max_leaf = 3,
	.addr_mask = ADDR_MASK,
	.leaf = ept_leaf,
	.table = ept_table,
	.present = ept_present,
	.is_leaf = any_is_leaf,
	.prot = ept_prot,
	.memtype = ept_memtype,
};
