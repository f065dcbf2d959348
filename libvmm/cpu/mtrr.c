/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory types by address: see <vmm/mtrr.h>. */
#include <vmm/mtrr.h>
#include <vmm/x86.h>

/* MTRRCAP (SDM vol. 3, 12.11.1 "MTRR Feature Identification") */
#define CAP_VCNT	UINT64_C(0x0ff)
#define CAP_FIX		UINT64_C(0x100)
#define CAP_WC		UINT64_C(0x400)

/* MTRRdefType (SDM vol. 3, 12.11.2.1) */
#define DEF_TYPE	UINT64_C(0x0ff)
#define DEF_FE		UINT64_C(0x400)
#define DEF_E		UINT64_C(0x800)

/* PHYSBASEn and PHYSMASKn (SDM vol. 3, 12.11.2.3) */
#define BASE_TYPE	UINT64_C(0x0ff)
#define MASK_VALID	UINT64_C(0x800)

/* SYSCFG (APM vol. 2, 7.9 "Memory-Mapped I/O") */
#define SYSCFG_FIX_DRAM_MOD	(UINT64_C(1) << 19)
#define SYSCFG_TOM2		(UINT64_C(1) << 21)
#define SYSCFG_TOM2_WB		(UINT64_C(1) << 22)
/* TOP_MEM2 has a granularity of 8 MiB (APM vol. 2, 7.9.4). */
#define TOM2_MASK		UINT64_C(0x000fffffff800000)
/* RdMem and WrMem of a fixed range: where accesses go, not how they are
 * cached (APM vol. 2, 7.9.1 "Extended Fixed-Range MTRR Type-Field"). */
#define FIXED_RD_WR_MEM		0x18u

#define FIXED_END	UINT64_C(0x100000)
#define FOUR_GIB	UINT64_C(0x100000000)

static bool type_valid(const struct vmm_mtrr *m, unsigned type)
{
	switch (type) {
	case VMM_MT_WC:
		return m->cap & CAP_WC;
	case VMM_MT_UC:
	case VMM_MT_WT:
	case VMM_MT_WP:
	case VMM_MT_WB:
		return true;
	default:
		return false;
	}
}

static enum vmm_memtype to_type(const struct vmm_mtrr *m, unsigned type)
{
	return type_valid(m, type) ? (enum vmm_memtype)type : VMM_MT_UC;
}

static unsigned variable_count(const struct vmm_mtrr *m)
{
	unsigned n = m->cap & CAP_VCNT;

	return n < VMM_MTRR_MAX_VARIABLE ? n : VMM_MTRR_MAX_VARIABLE;
}

static uint64_t phys_mask(const struct vmm_mtrr *m)
{
	return m->phys_bits >= 64 ? UINT64_MAX :
	       (UINT64_C(1) << m->phys_bits) - 1;
}

/* Address bits that variable range i compares. */
static uint64_t range_mask(const struct vmm_mtrr *m, unsigned i)
{
	return m->var[i].mask & phys_mask(m) & ~VMM_PAGE_MASK;
}

static bool range_on(const struct vmm_mtrr *m, unsigned i)
{
	return m->var[i].mask & MASK_VALID;
}

/* "Address_Within_Range AND PhysMask = PhysBase AND PhysMask" (SDM vol. 3,
 * 12.11.3): masks with holes are allowed and make several pieces. */
static bool range_matches(const struct vmm_mtrr *m, unsigned i, uint64_t pa)
{
	return range_on(m, i) && !((pa ^ m->var[i].base) & range_mask(m, i));
}

static bool fixed_on(const struct vmm_mtrr *m)
{
	return (m->cap & CAP_FIX) && (m->def_type & DEF_FE);
}

/* Below 1 MiB: which register, which byte of it, and how much it covers
 * (SDM vol. 3, 12.11.2.2). */
static unsigned fixed_byte(uint64_t pa, uint64_t *size)
{
	if (pa < 0x80000) {
		*size = 0x10000;
		return pa / *size;
	}
	if (pa < 0xc0000) {
		*size = 0x4000;
		return 8 + (pa - 0x80000) / *size;
	}
	*size = 0x1000;
	return 24 + (pa - 0xc0000) / *size;
}

static enum vmm_memtype fixed_type(const struct vmm_mtrr *m, uint64_t pa)
{
	uint64_t size;
	unsigned n = fixed_byte(pa, &size);
	unsigned type = m->fixed[n / 8] >> n % 8 * 8 & 0xff;

	if (m->syscfg & SYSCFG_FIX_DRAM_MOD)
		type &= ~FIXED_RD_WR_MEM;
	return to_type(m, type);
}

/* Where TOP_MEM2 makes the default type WB: [4 GiB, result). */
static uint64_t tom2_end(const struct vmm_mtrr *m)
{
	const uint64_t on = SYSCFG_TOM2 | SYSCFG_TOM2_WB;

	return (m->syscfg & on) == on ? m->top_mem2 & TOM2_MASK : 0;
}

static enum vmm_memtype default_type(const struct vmm_mtrr *m, uint64_t pa)
{
	if (pa >= FOUR_GIB && pa < tom2_end(m))
		return VMM_MT_WB;
	return to_type(m, m->def_type & DEF_TYPE);
}

/* SDM vol. 3, 12.11.4.1 "MTRR Precedences" */
static enum vmm_memtype combine(enum vmm_memtype a, enum vmm_memtype b)
{
	if (a == b)
		return a;
	if ((a == VMM_MT_WT && b == VMM_MT_WB) ||
	    (a == VMM_MT_WB && b == VMM_MT_WT))
		return VMM_MT_WT;
	return VMM_MT_UC;
}

enum vmm_memtype vmm_mtrr_type(const struct vmm_mtrr *m, uint64_t pa)
{
	enum vmm_memtype type = VMM_MT_UC;
	bool found = false;

	if (!(m->def_type & DEF_E))
		return VMM_MT_UC;
	if (pa < FIXED_END && fixed_on(m))
		return fixed_type(m, pa);
	for (unsigned i = 0; i < variable_count(m); i++) {
		enum vmm_memtype t;

		if (!range_matches(m, i, pa))
			continue;
		t = to_type(m, m->var[i].base & BASE_TYPE);
		type = found ? combine(type, t) : t;
		found = true;
	}
	return found ? type : default_type(m, pa);
}

/*
 * The least x > pa with (x & mask) == (target & mask), where pa itself does
 * not match; 0 if there is none.
 *
 * Let p be the highest bit of the mask in which pa differs.  If pa has 0
 * there, setting it makes the address larger, and all below can be as small
 * as the target allows.  If pa has 1 there, a larger address needs a free bit
 * above p to go from 0 to 1: the lowest such one.
 */
static uint64_t next_match(uint64_t pa, uint64_t mask, uint64_t target)
{
	unsigned p = 63 - __builtin_clzll((pa ^ target) & mask);
	uint64_t grow = UINT64_C(1) << p;

	if (pa & grow) {
		uint64_t free_zero = ~(pa | mask) & ~(grow | (grow - 1));

		if (!free_zero)
			return 0;
		grow = free_zero & -free_zero;
	}
	return (pa & ~(grow | (grow - 1))) | (grow & ~mask) |
	       (target & mask & (grow | (grow - 1)));
}

/* Last address of the stretch from pa that variable range i treats alike. */
static uint64_t range_last_alike(const struct vmm_mtrr *m, unsigned i,
				 uint64_t pa)
{
	uint64_t mask = range_mask(m, i);

	if (!range_on(m, i) || !mask)
		return UINT64_MAX;
	if (!range_matches(m, i, pa))
		return next_match(pa, mask, m->var[i].base) - 1;
	/* The next block of the mask's granularity differs in a mask bit. */
	return pa | ((mask & -mask) - 1);
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The same for all registers together. */
static uint64_t last_alike(const struct vmm_mtrr *m, uint64_t pa)
{
	uint64_t last = UINT64_MAX;

	if (!(m->def_type & DEF_E))
		return last;
	if (pa < FIXED_END && fixed_on(m)) {
		uint64_t size;

		fixed_byte(pa, &size);
		return pa | (size - 1);
	}
	if (pa < FOUR_GIB)
		last = FOUR_GIB - 1;
	else if (pa < tom2_end(m))
		last = tom2_end(m) - 1;
	for (unsigned i = 0; i < variable_count(m); i++)
		last = min_u64(last, range_last_alike(m, i, pa));
	return last;
}

uint64_t vmm_mtrr_run(const struct vmm_mtrr *m, uint64_t pa, uint64_t max,
		      enum vmm_memtype *type)
{
	uint64_t last = pa + max - 1, at = pa;

	*type = vmm_mtrr_type(m, pa);
	if (last < pa)			/* beyond the end of all addresses */
		last = UINT64_MAX;
	for (;;) {
		at = min_u64(last_alike(m, at), last);
		if (at == last || vmm_mtrr_type(m, at + 1) != *type)
			return at - pa + 1;
		at++;
	}
}

static bool is_variable(uint32_t msr)
{
	return msr >= MSR_MTRR_PHYSBASE0 &&
	       msr < MSR_MTRR_PHYSBASE0 + 2 * VMM_MTRR_MAX_VARIABLE;
}

/* Index in fixed[], or -1. */
static int fixed_index(uint32_t msr)
{
	if (msr == MSR_MTRR_FIX64K)
		return 0;
	if (msr == MSR_MTRR_FIX16K_80000 || msr == MSR_MTRR_FIX16K_80000 + 1)
		return 1 + (msr - MSR_MTRR_FIX16K_80000);
	if (msr >= MSR_MTRR_FIX4K_C0000 && msr < MSR_MTRR_FIX4K_C0000 + 8)
		return 3 + (msr - MSR_MTRR_FIX4K_C0000);
	return -1;
}

bool vmm_mtrr_is_msr(uint32_t msr)
{
	return msr == MSR_MTRRCAP || msr == MSR_MTRR_DEF_TYPE ||
	       is_variable(msr) || fixed_index(msr) >= 0;
}

uint64_t *vmm_mtrr_reg(struct vmm_mtrr *m, uint32_t msr)
{
	int fixed = fixed_index(msr);

	if (msr == MSR_MTRRCAP)
		return &m->cap;
	if (msr == MSR_MTRR_DEF_TYPE)
		return &m->def_type;
	if (fixed >= 0)
		return m->cap & CAP_FIX ? &m->fixed[fixed] : NULL;
	if (is_variable(msr)) {
		unsigned i = (msr - MSR_MTRR_PHYSBASE0) / 2;

		if (i >= variable_count(m))
			return NULL;
		return msr & 1 ? &m->var[i].mask : &m->var[i].base;
	}
	return NULL;
}

static bool fixed_ok(const struct vmm_mtrr *m, uint64_t value)
{
	unsigned ignore = m->syscfg & SYSCFG_FIX_DRAM_MOD ?
			  FIXED_RD_WR_MEM : 0;

	for (unsigned i = 0; i < 8; i++)
		if (!type_valid(m, (value >> i * 8 & 0xff) & ~ignore))
			return false;
	return true;
}

bool vmm_mtrr_write_ok(const struct vmm_mtrr *m, uint32_t msr, uint64_t value)
{
	if (msr == MSR_MTRR_DEF_TYPE)
		return !(value & ~(DEF_TYPE | DEF_FE | DEF_E)) &&
		       type_valid(m, value & DEF_TYPE);
	if (fixed_index(msr) >= 0)
		return (m->cap & CAP_FIX) && fixed_ok(m, value);
	if (!is_variable(msr) ||
	    (msr - MSR_MTRR_PHYSBASE0) / 2 >= variable_count(m))
		return false;
	value &= ~(phys_mask(m) & ~VMM_PAGE_MASK);
	if (msr & 1)
		return !(value & ~MASK_VALID);
	return !(value & ~BASE_TYPE) && type_valid(m, value & BASE_TYPE);
}
