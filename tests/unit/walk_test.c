/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest page walk: known cases of each paging mode, and random tables against
 * a second walker, written per mode without loops.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/gmem.h>
#include <vmm/x86.h>

#define P	UINT64_C(1)
#define W	UINT64_C(2)
#define U	UINT64_C(4)
#define PS	UINT64_C(0x80)
#define NX	(UINT64_C(1) << 63)
#define ADDR	UINT64_C(0x000ffffffffff000)
#define BIT(n)	(UINT64_C(1) << (n))

#define PAGES	16
static uint64_t memory[PAGES * 512];

static bool read_memory(void *ctx, uint64_t pa, void *buf, unsigned size)
{
	assert_ptr_equal(ctx, memory);
	assert_true(size == 4 || size == 8);
	assert_int_equal(pa % size, 0);
	if (pa >= sizeof(memory))
		return false;
	memcpy(buf, (char *)memory + pa, size);
	return true;
}

static const struct vmm_walk_state long_mode = {
	.cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP,
	.cr3 = 0x1000, .cr4 = X86_CR4_PAE,
	.efer = X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE,
	.phys_bits = 40,
};
static const struct vmm_walk_state pae_mode = {
	.cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP,
	.cr3 = 0x1020, .cr4 = X86_CR4_PAE, .efer = X86_EFER_NXE,
	.phys_bits = 40,
};
static const struct vmm_walk_state legacy_mode = {
	.cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP,
	.cr3 = 0x1000, .cr4 = X86_CR4_PSE, .phys_bits = 36,
};

static struct vmm_walk_result res;

static int walk(const struct vmm_walk_state *st, uint64_t linear,
		unsigned access)
{
	memset(&res, 0x55, sizeof(res));
	return vmm_walk(st, linear, access, read_memory, memory, &res);
}

#define assert_pa(st, linear, access, want, size) do {			\
	assert_int_equal(walk(st, linear, access), 0);			\
	assert_true(res.pa == (want));					\
	assert_int_equal(res.page_size, size);				\
} while (0)

#define assert_pf(st, linear, access, code) do {			\
	assert_int_equal(walk(st, linear, access), -EFAULT);		\
	assert_int_equal(res.error_code, code);				\
} while (0)

/* A 4-level tree: root at 0x1000, then 0x2000, 0x3000, 0x4000; the address
 * 0x8080604000 + n pages uses entries 1, 2, 3, 4 + n. */
#define LINEAR UINT64_C(0x8080604000)
static uint64_t *const pml4e = &memory[512 + 1], *const pdpte = &memory[1024 + 2],
	*const pde = &memory[1536 + 3], *const pte = &memory[2048 + 4];

static void four_levels(uint64_t leaf)
{
	memset(memory, 0, sizeof(memory));
	*pml4e = 0x2000 | P | W | U;
	*pdpte = 0x3000 | P | W | U;
	*pde = 0x4000 | P | W | U;
	*pte = leaf;
}

static void no_paging(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	st.cr0 = X86_CR0_PE;
	assert_pa(&st, UINT64_C(0x123456789), VMM_ACCESS_WRITE, 0x23456789,
		  4096);
	assert_int_equal(res.entry_size, 0);
}

static void long_mode_pages(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	four_levels(UINT64_C(0x1234567000) | P | W);
	assert_pa(&st, LINEAR + 0x123, 0, UINT64_C(0x1234567123), 4096);
	assert_int_equal(res.entry_pa, (char *)pte - (char *)memory);
	assert_int_equal(res.entry_size, 8);
	st.cr3 |= 0xfff | BIT(63);	/* PCID, no flush, ... */
	assert_pa(&st, LINEAR + 0x123, 0, UINT64_C(0x1234567123), 4096);
	*pde = UINT64_C(0x1234400000) | BIT(12) | P | PS;
	assert_pa(&st, LINEAR + 0x123, 0, UINT64_C(0x1234404123), BIT(21));
	assert_int_equal(res.entry_pa, (char *)pde - (char *)memory);
	*pdpte = UINT64_C(0x1240000000) | BIT(12) | P | PS;
	assert_pa(&st, LINEAR + 0x123, 0, UINT64_C(0x1240604123), BIT(30));
	*pml4e |= PS;
	assert_pf(&st, LINEAR, 0, 9);
}

static void canonical_addresses(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	four_levels(P);
	assert_int_equal(walk(&st, BIT(47), 0), -ERANGE);
	assert_int_equal(walk(&st, -BIT(47) - 1, 0), -ERANGE);
	assert_pf(&st, -BIT(47), 0, 0);
	assert_pf(&st, BIT(47) - 1, 0, 0);
	st.cr4 |= X86_CR4_LA57;
	assert_pf(&st, BIT(47), 0, 0);
	assert_pf(&st, BIT(56) - 1, 0, 0);
	assert_pf(&st, -BIT(56), 0, 0);
	assert_int_equal(walk(&st, BIT(56), 0), -ERANGE);
	assert_int_equal(walk(&st, -BIT(56) - 1, 0), -ERANGE);
}

static void five_levels(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	four_levels(0x7000 | P);
	memory[5 * 512 + 511] = 0x1000 | P | U | W;
	st.cr3 = 0x5000;
	st.cr4 |= X86_CR4_LA57;
	assert_pa(&st, LINEAR | UINT64_C(0xffff) << 48, 0, 0x7000, 4096);
	assert_pf(&st, LINEAR, 0, 0);
	memory[5 * 512 + 511] |= PS;
	assert_pf(&st, LINEAR | UINT64_C(0xffff) << 48, 0, 9);
}

static void pae_pages(void **state)
{
	struct vmm_walk_state st = pae_mode;

	(void)state;
	memset(memory, 0, sizeof(memory));
	memory[512 + 4 + 2] = 0x3000 | P;	/* PDPT at 0x1020 */
	*pde = 0x4000 | P | W | U;
	*pte = UINT64_C(0x7654321000) | P | W | U;
	st.cpl = 3;
	/* the PDPTE has no rights: it does not take any away */
	assert_pa(&st, 0x80604567, VMM_ACCESS_WRITE, UINT64_C(0x7654321567),
		  4096);
	assert_pa(&st, UINT64_C(0x180604567), 0, UINT64_C(0x7654321567), 4096);
	*pde = UINT64_C(0x7654200000) | P | PS | U;
	assert_pa(&st, 0x80604567, 0, UINT64_C(0x7654204567), BIT(21));
	*pde |= BIT(52);
	assert_pf(&st, 0x80604567, 0, 0xd);
	*pde = 0;
	assert_pf(&st, 0x80604567, VMM_ACCESS_WRITE, 6);
	for (unsigned i = 1; i < 64; i++) {
		bool reserved = i <= 2 || (i >= 5 && i <= 8) || i >= 40;

		memory[512 + 4 + 2] = 0x3000 | P | BIT(i);
		if (reserved)
			assert_pf(&st, 0x80604567, 0, 0xd);
		else
			assert_pf(&st, 0x80604567, 0, 4);
	}
}

static void legacy_pages(void **state)
{
	uint32_t *dir = (uint32_t *)&memory[512], *tab = (uint32_t *)&memory[1024];
	struct vmm_walk_state st = legacy_mode;

	(void)state;
	memset(memory, 0, sizeof(memory));
	dir[0x3ff] = 0x2000 | P | W | U;
	tab[0x155] = 0xfedcb000 | P | PS;	/* PS is PAT here */
	assert_pa(&st, 0xffd55abc, 0, 0xfedcbabc, 4096);
	assert_pa(&st, UINT64_C(0xffffffffffd55abc), 0, 0xfedcbabc, 4096);
	dir[0x3ff] = 0xabc00000 | 0x1e000 | P | PS;
	assert_pa(&st, 0xffd55abc, 0, UINT64_C(0xfabd55abc), BIT(22));
	assert_int_equal(res.entry_pa, 0x1000 + 4 * 0x3ff);
	assert_int_equal(res.entry_size, 4);
	dir[0x3ff] |= BIT(17);			/* 36 physical bits */
	assert_pf(&st, 0xffd55abc, 0, 9);
	st.phys_bits = 40;
	assert_pa(&st, 0xffd55abc, 0, UINT64_C(0x1fabd55abc), BIT(22));
	st.phys_bits = 52;			/* PSE-36 ends at 40 bits */
	dir[0x3ff] |= BIT(20);
	assert_pa(&st, 0xffd55abc, 0, UINT64_C(0x9fabd55abc), BIT(22));
	dir[0x3ff] |= BIT(21);
	assert_pf(&st, 0xffd55abc, 0, 9);
	st.cr4 = 0;				/* PS is ignored */
	dir[0x3ff] = 0x2000 | P | PS;
	assert_pa(&st, 0xffd55abc, 0, 0xfedcbabc, 4096);
}

static void reserved_bits(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	for (unsigned i = 40; i < 52; i++) {
		four_levels(P | BIT(i));
		assert_pf(&st, LINEAR, 0, 9);
		four_levels(P);
		*pml4e |= BIT(i);
		*pdpte = 0;			/* found before this */
		assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 0xb);
	}
	for (unsigned i = 52; i < 63; i++) {
		four_levels(P | BIT(i));
		assert_pa(&st, LINEAR, 0, 0, 4096);
	}
	four_levels(P | NX);
	st.efer &= ~X86_EFER_NXE;
	assert_pf(&st, LINEAR, 0, 9);
	assert_pf(&st, LINEAR, VMM_ACCESS_FETCH, 9);
	st = long_mode;
	for (unsigned i = 13; i < 30; i++) {
		four_levels(P);
		*pdpte = P | PS | BIT(i);
		assert_pf(&st, LINEAR, 0, 9);
		*pdpte = 0x3000 | P;
		*pde = P | PS | BIT(i);
		if (i < 21)
			assert_pf(&st, LINEAR, 0, 9);
		else
			assert_pa(&st, LINEAR, 0, BIT(i) + 0x4000, BIT(21));
	}
}

/* Every level has a say in the rights. */
static void rights_of_all_levels(void **state)
{
	uint64_t *const entry[] = { pml4e, pdpte, pde, pte };
	struct vmm_walk_state st = long_mode;

	(void)state;
	st.cpl = 3;
	for (unsigned i = 0; i < 4; i++) {
		four_levels(0x9000 | P | W | U);
		assert_pa(&st, LINEAR, VMM_ACCESS_WRITE, 0x9000, 4096);
		assert_pa(&st, LINEAR, VMM_ACCESS_FETCH, 0x9000, 4096);
		*entry[i] &= ~U;
		assert_pf(&st, LINEAR, 0, 5);
		*entry[i] ^= U | W;
		assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 7);
		assert_pa(&st, LINEAR, 0, 0x9000, 4096);
		*entry[i] ^= NX;
		assert_pf(&st, LINEAR, VMM_ACCESS_FETCH, 0x15);
		assert_pa(&st, LINEAR, 0, 0x9000, 4096);
		*entry[i] = 0;
		assert_pf(&st, LINEAR, VMM_ACCESS_FETCH, 0x14);
	}
}

static void write_protect(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	four_levels(0x9000 | P | U);
	assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 3);
	st.cr0 &= ~X86_CR0_WP;
	assert_pa(&st, LINEAR, VMM_ACCESS_WRITE, 0x9000, 4096);
	st.cpl = 3;
	assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 7);
	/* implicit accesses are the supervisor's */
	assert_pa(&st, LINEAR, VMM_ACCESS_WRITE | VMM_ACCESS_IMPLICIT, 0x9000,
		  4096);
}

static void smep_and_smap(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	four_levels(0x9000 | P | W | U);
	assert_pa(&st, LINEAR, VMM_ACCESS_FETCH, 0x9000, 4096);
	st.cr4 |= X86_CR4_SMEP;
	assert_pf(&st, LINEAR, VMM_ACCESS_FETCH, 0x11);
	assert_pa(&st, LINEAR, 0, 0x9000, 4096);
	st.cr4 |= X86_CR4_SMAP;
	assert_pf(&st, LINEAR, 0, 1);
	assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 3);
	st.rflags = X86_RFLAGS_AC;
	assert_pa(&st, LINEAR, VMM_ACCESS_WRITE, 0x9000, 4096);
	assert_pf(&st, LINEAR, VMM_ACCESS_IMPLICIT, 1);
	st.cpl = 3;
	assert_pf(&st, LINEAR, VMM_ACCESS_IMPLICIT, 1);
	st.rflags = 0;
	assert_pa(&st, LINEAR, 0, 0x9000, 4096);
	assert_pa(&st, LINEAR, VMM_ACCESS_FETCH, 0x9000, 4096);
	*pte &= ~U;
	st.cpl = 0;
	assert_pa(&st, LINEAR, VMM_ACCESS_FETCH, 0x9000, 4096);
	assert_pa(&st, LINEAR, VMM_ACCESS_WRITE, 0x9000, 4096);
}

static void fetch_bit_of_the_error_code(void **state)
{
	struct vmm_walk_state st = legacy_mode;

	(void)state;
	memset(memory, 0, sizeof(memory));
	assert_pf(&st, 0, VMM_ACCESS_FETCH, 0);
	st.cr4 |= X86_CR4_SMEP;
	assert_pf(&st, 0, VMM_ACCESS_FETCH, 0x10);
	st = pae_mode;
	assert_pf(&st, 0, VMM_ACCESS_FETCH, 0x10);
	st.efer = 0;
	assert_pf(&st, 0, VMM_ACCESS_FETCH, 0);
}

static void protection_keys(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	four_levels(0x9000 | P | W | U | UINT64_C(5) << 59);
	st.pkru = 2u << 10;			/* key 5: no writes */
	st.cpl = 3;
	assert_pa(&st, LINEAR, VMM_ACCESS_WRITE, 0x9000, 4096);
	st.cr4 |= X86_CR4_PKE;
	assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 0x27);
	assert_pa(&st, LINEAR, 0, 0x9000, 4096);
	st.cpl = 0;
	assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 0x23);
	st.cr0 &= ~X86_CR0_WP;
	assert_pa(&st, LINEAR, VMM_ACCESS_WRITE, 0x9000, 4096);
	st.pkru = 1u << 10;			/* no access */
	assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 0x23);
	assert_pf(&st, LINEAR, 0, 0x21);
	assert_pa(&st, LINEAR, VMM_ACCESS_FETCH, 0x9000, 4096);
	*pte &= ~U;				/* not for supervisor pages */
	assert_pa(&st, LINEAR, 0, 0x9000, 4096);
	st.cpl = 3;
	assert_pf(&st, LINEAR, 0, 5);
	/* the key is that of the leaf */
	*pde = UINT64_C(0x200000) | P | U | PS | UINT64_C(15) << 59;
	st.pkru = 1u << 30;
	assert_pf(&st, LINEAR, 0, 0x25);
	st.pkru = ~(3u << 30);
	assert_pa(&st, LINEAR, 0, 0x204000, BIT(21));
}

static void unreadable_table(void **state)
{
	struct vmm_walk_state st = long_mode;

	(void)state;
	four_levels(P);
	*pde = UINT64_C(0x80000000) | P;
	assert_pf(&st, LINEAR, VMM_ACCESS_WRITE, 2);
	st.cr3 = UINT64_C(0x8000000000);
	assert_pf(&st, LINEAR, 0, 0);
}

/* --- the second walker --- */

struct model {
	int error;		/* 0, -EFAULT, -ERANGE */
	uint32_t code;
	uint64_t pa, size;
	uint64_t rights;	/* P|W|U and NX of all entries */
	unsigned key;
};

static bool fetch64(uint64_t table, unsigned index, uint64_t *e)
{
	uint64_t pa = table + 8 * index;

	*e = pa < sizeof(memory) ? memory[pa / 8] : 0;
	return *e & P;
}

static struct model not_present(void)
{
	return (struct model){ .error = -EFAULT };
}

static struct model rsvd(void)
{
	return (struct model){ .error = -EFAULT, .code = 9 };
}

static struct model page(uint64_t pa, uint64_t size, uint64_t rights,
			 uint64_t nx, uint64_t leaf)
{
	return (struct model){ .pa = pa, .size = size, .key = leaf >> 59 & 15,
			       .rights = (rights & (P | W | U)) | (nx & NX) };
}

static uint64_t high_reserved(const struct vmm_walk_state *st)
{
	uint64_t mask = 0;

	for (unsigned i = st->phys_bits; i < 52; i++)
		mask |= BIT(i);
	return st->efer & X86_EFER_NXE ? mask : mask | NX;
}

static struct model model_legacy(const struct vmm_walk_state *st, uint32_t va)
{
	const uint32_t *mem32 = (const uint32_t *)memory;
	uint32_t dir, e, at = (st->cr3 & 0xfffff000) + 4 * (va >> 22);

	dir = at < sizeof(memory) ? mem32[at / 4] : 0;
	if (!(dir & P))
		return not_present();
	if ((dir & PS) && (st->cr4 & X86_CR4_PSE)) {
		uint64_t high = dir >> 13 & 0x1ff;	/* bits 21..13 */

		if (st->phys_bits < 40 ? high >> (st->phys_bits - 32) :
		    high >> 8)
			return rsvd();
		return page((dir & 0xffc00000) | high << 32 | (va & 0x3fffff),
			    BIT(22), dir, 0, 0);
	}
	at = (dir & 0xfffff000) + 4 * (va >> 12 & 0x3ff);
	e = at < sizeof(memory) ? mem32[at / 4] : 0;
	if (!(e & P))
		return not_present();
	return page((e & 0xfffff000) | (va & 0xfff), 4096, dir & e, 0, 0);
}

/* From the page directory on: PAE and long mode. */
static struct model model_dir(const struct vmm_walk_state *st, uint64_t table,
			      uint64_t va, uint64_t rights, uint64_t nx,
			      uint64_t reserved)
{
	uint64_t d, e;

	if (!fetch64(table, va >> 21 & 511, &d))
		return not_present();
	if (d & (reserved | (d & PS ? 0x1fe000 : 0)))
		return rsvd();
	if (d & PS)
		return page((d & ADDR & -BIT(21)) | (va & (BIT(21) - 1)),
			    BIT(21), rights & d, nx | d, d);
	if (!fetch64(d & ADDR, va >> 12 & 511, &e))
		return not_present();
	if (e & reserved)
		return rsvd();
	(void)st;
	return page((e & ADDR) | (va & 0xfff), 4096, rights & d & e,
		    nx | d | e, e);
}

static struct model model_pae(const struct vmm_walk_state *st, uint32_t va)
{
	uint64_t reserved = high_reserved(st), p;

	if (!fetch64(st->cr3 & 0xffffffe0, va >> 30, &p))
		return not_present();
	if (p & (reserved | UINT64_C(0xfff00000000001e6)))
		return rsvd();
	return model_dir(st, p & ADDR, va, ~UINT64_C(0), 0,
			 reserved | UINT64_C(0x7ff0000000000000));
}

static struct model model_long(const struct vmm_walk_state *st, uint64_t va)
{
	uint64_t reserved = high_reserved(st), table = st->cr3 & ADDR;
	uint64_t e5 = ~UINT64_C(0), nx5 = 0, e4, e3;
	unsigned top = st->cr4 & X86_CR4_LA57 ? 56 : 47;

	if ((int64_t)va >> top != 0 && (int64_t)va >> top != -1)
		return (struct model){ .error = -ERANGE };
	if (top == 56) {
		if (!fetch64(table, va >> 48 & 511, &e5))
			return not_present();
		if (e5 & (reserved | PS))
			return rsvd();
		table = e5 & ADDR;
		nx5 = e5;
	}
	if (!fetch64(table, va >> 39 & 511, &e4))
		return not_present();
	if (e4 & (reserved | PS))
		return rsvd();
	if (!fetch64(e4 & ADDR, va >> 30 & 511, &e3))
		return not_present();
	if (e3 & (reserved | (e3 & PS ? 0x3fffe000 : 0)))
		return rsvd();
	if (e3 & PS)
		return page((e3 & ADDR & -BIT(30)) | (va & (BIT(30) - 1)),
			    BIT(30), e5 & e4 & e3, nx5 | e4 | e3, e3);
	return model_dir(st, e3 & ADDR, va, e5 & e4 & e3, nx5 | e4 | e3,
			 reserved);
}

static bool model_allowed(const struct vmm_walk_state *st, unsigned access,
			  const struct model *m, bool *key)
{
	bool user = st->cpl == 3 && !(access & VMM_ACCESS_IMPLICIT);
	bool wp = user || (st->cr0 & X86_CR0_WP);
	bool write = access & VMM_ACCESS_WRITE, fetch = access & VMM_ACCESS_FETCH;
	bool ok = true;

	*key = false;
	if ((st->efer & X86_EFER_LMA) && (st->cr4 & X86_CR4_PKE) &&
	    (m->rights & U) && !fetch) {
		bool ad = st->pkru >> 2 * m->key & 1;
		bool wd = st->pkru >> (2 * m->key + 1) & 1;

		*key = ad || (wd && write && wp);
	}
	if (user && !(m->rights & U))
		ok = false;
	if (!user && (m->rights & U) && fetch && (st->cr4 & X86_CR4_SMEP))
		ok = false;
	if (!user && (m->rights & U) && !fetch && (st->cr4 & X86_CR4_SMAP) &&
	    ((access & VMM_ACCESS_IMPLICIT) || !(st->rflags & X86_RFLAGS_AC)))
		ok = false;
	if (write && wp && !(m->rights & W))
		ok = false;
	if (fetch && (m->rights & NX))
		ok = false;
	return ok && !*key;
}

static struct model model_walk(const struct vmm_walk_state *st, uint64_t va,
			       unsigned access)
{
	struct model m;
	bool key;

	if (!(st->cr0 & X86_CR0_PG))
		return (struct model){ .pa = va & 0xffffffff, .size = 4096 };
	if (st->efer & X86_EFER_LMA)
		m = model_long(st, va);
	else if (st->cr4 & X86_CR4_PAE)
		m = model_pae(st, va);
	else
		m = model_legacy(st, va);
	if (!m.error && !model_allowed(st, access, &m, &key)) {
		m.error = -EFAULT;
		m.code = key ? 0x21 : 1;
	}
	if (m.error != -EFAULT)
		return m;
	m.code |= access & VMM_ACCESS_WRITE ? 2 : 0;
	m.code |= st->cpl == 3 && !(access & VMM_ACCESS_IMPLICIT) ? 4 : 0;
	if ((access & VMM_ACCESS_FETCH) && ((st->cr4 & X86_CR4_SMEP) ||
	    ((st->cr4 & X86_CR4_PAE) && (st->efer & X86_EFER_NXE))))
		m.code |= 0x10;
	return m;
}

static uint64_t random64(void)
{
	return (uint64_t)rand() << 40 ^ (uint64_t)rand() << 20 ^ rand();
}

static bool one_in(int n)
{
	return rand() % n == 0;
}

/* Entries that mostly lead on, to tables in our memory or to any page. */
static uint64_t random_entry(bool small)
{
	uint64_t e = (uint64_t)(rand() % PAGES) << 12;

	e |= one_in(12) ? 0 : P;
	e |= one_in(6) ? 0 : W;
	e |= one_in(6) ? 0 : U;
	if (one_in(6)) {
		e |= PS;
		e &= one_in(8) ? ~UINT64_C(0) : ~UINT64_C(0x3fffe000);
		e |= random64() & UINT64_C(0xffc0000000) &
		     (small ? 0xffffffff : ~UINT64_C(0));
	}
	e |= one_in(10) ? random64() & 0xf78 : 0;
	if (small)
		return (uint32_t)(e | (one_in(6) ? random64() & 0x3fe000 : 0));
	e |= one_in(40) ? BIT(rand() % 64) : 0;
	e |= one_in(8) ? NX : 0;
	return one_in(4) ? e | (uint64_t)(rand() % 16) << 59 : e;
}

static void random_tables(void)
{
	bool small = one_in(3);
	uint32_t *mem32 = (uint32_t *)memory;

	for (unsigned i = 0; i < PAGES * 512; i++) {
		if (!small) {
			memory[i] = random_entry(false);
			continue;
		}
		mem32[2 * i] = random_entry(true);
		mem32[2 * i + 1] = random_entry(true);
	}
	for (unsigned i = 0; i < 8 && !small; i++)	/* good PDPTEs */
		memory[rand() % PAGES * 512 + i] =
			((uint64_t)(rand() % PAGES) << 12) | P;
}

static struct vmm_walk_state random_state(void)
{
	struct vmm_walk_state st = {
		.cr0 = X86_CR0_PE | (one_in(40) ? 0 : X86_CR0_PG) |
		       (one_in(3) ? 0 : X86_CR0_WP),
		.cr3 = ((uint64_t)(rand() % PAGES) << 12) |
		       (one_in(4) ? random64() & 0xfff : 0),
		.cr4 = random64() & (X86_CR4_PSE | X86_CR4_PAE | X86_CR4_LA57 |
				     X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_PKE),
		.efer = random64() & X86_EFER_NXE,
		.rflags = random64() & X86_RFLAGS_AC,
		.pkru = one_in(2) ? random64() & random64() : 0,
		.cpl = one_in(2) ? 3 : rand() % 3,
		.phys_bits = 36 + rand() % 17,
	};

	if ((st.cr4 & X86_CR4_PAE) && rand() % 3)
		st.efer |= X86_EFER_LMA | X86_EFER_LME;
	return st;
}

/* What the random cases must have seen, lest they prove nothing. */
static unsigned seen_size[31], seen_code[64], seen_noncanonical;

static void compare(const struct vmm_walk_state *st)
{
	static const unsigned accesses[] = {
		VMM_ACCESS_READ, VMM_ACCESS_WRITE, VMM_ACCESS_FETCH,
		VMM_ACCESS_IMPLICIT, VMM_ACCESS_IMPLICIT | VMM_ACCESS_WRITE,
	};
	unsigned access = accesses[rand() % 5];
	uint64_t va = one_in(20) ? random64() << rand() % 32 :
		      (uint64_t)((int64_t)(random64() << 16) >>
				 (st->cr4 & X86_CR4_LA57 ? 7 : 16));
	struct model m = model_walk(st, va, access);

	assert_int_equal(walk(st, va, access), m.error);
	if (!m.error) {
		assert_true(res.pa == m.pa);
		assert_int_equal(res.page_size, m.size);
		seen_size[__builtin_ctzll(m.size)]++;
	} else if (m.error == -EFAULT) {
		assert_int_equal(res.error_code, m.code);
		seen_code[m.code]++;
	} else {
		seen_noncanonical++;
	}
}

static void random_against_model(void **state)
{
	(void)state;
	srand(11);
	for (unsigned round = 0; round < 150; round++) {
		random_tables();
		for (unsigned i = 0; i < 2000; i++) {
			struct vmm_walk_state st = random_state();

			compare(&st);
		}
	}
	assert_true(seen_size[12] > 100 && seen_size[21] > 100 &&
		    seen_size[22] > 100 && seen_size[30] > 100);
	assert_true(seen_noncanonical > 100);
	for (unsigned rsvd_p = 0; rsvd_p < 10; rsvd_p++) {
		if (rsvd_p > 1 && rsvd_p != 9)	/* none, P, P + RSVD */
			continue;
		assert_true(seen_code[rsvd_p] > 20);
		assert_true(seen_code[rsvd_p | 2] > 20);
		assert_true(seen_code[rsvd_p | 4] > 20);
		assert_true(seen_code[rsvd_p | 6] > 20);
		assert_true(seen_code[rsvd_p | 0x10] > 20);
		assert_true(seen_code[rsvd_p | 0x14] > 20);
	}
	assert_true(seen_code[0x21] > 20 && seen_code[0x23] > 20);
	assert_true(seen_code[0x25] > 20 && seen_code[0x27] > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_paging),
		cmocka_unit_test(long_mode_pages),
		cmocka_unit_test(canonical_addresses),
		cmocka_unit_test(five_levels),
		cmocka_unit_test(pae_pages),
		cmocka_unit_test(legacy_pages),
		cmocka_unit_test(reserved_bits),
		cmocka_unit_test(rights_of_all_levels),
		cmocka_unit_test(write_protect),
		cmocka_unit_test(smep_and_smap),
		cmocka_unit_test(fetch_bit_of_the_error_code),
		cmocka_unit_test(protection_keys),
		cmocka_unit_test(unreadable_table),
		cmocka_unit_test(random_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
