/* SPDX-License-Identifier: BSD-3-Clause */
/* Hooks of guest-physical ranges: which pages are withheld, who answers. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <cpu/policy.h>
#include <mm/nested.h>
#include <vmm/log.h>
#include <vmm/mmio.h>

#define PAGES	8u
#define K4	UINT64_C(0x1000)

/* The device: real memory, at its own address. */
static uint8_t memory[PAGES * K4] VMM_ALIGNED(4096);
static bool withheld[PAGES];
static unsigned sets, fail_at;
static struct vmm vmm;
static struct vmm_vcpu vcpu;

static struct {
	unsigned calls, size;
	uint64_t gpa, value;
	void *ctx;
	int result;
} seen;

static uint64_t at(uint64_t offset)
{
	return (uintptr_t)memory + offset;
}

/* --- the rest of the VMM --- */

int vmm_nested_set(struct vmm_nested *n, uint64_t gpa, uint64_t pages,
		   unsigned prot, uint64_t target)
{
	uint64_t first = (gpa - at(0)) / K4;

	(void)n;
	assert_int_equal(gpa, target);
	assert_true(first + pages <= PAGES);
	sets++;
	if (fail_at && sets == fail_at)
		return -ENOMEM;
	for (uint64_t i = first; i < first + pages; i++) {
		/* never the same twice */
		assert_int_not_equal(withheld[i], prot == 0);
		withheld[i] = prot == 0;
	}
	return 0;
}

int vmm_device_map(struct vmm *m, uint64_t pa, uint64_t size)
{
	(void)m;
	(void)pa;
	(void)size;
	return 0;
}

struct vmm_vcpu *vmm_vcpu_current(void)
{
	return &vcpu;
}

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
	fail();
}

static const struct vmm_mmio_ops *page_ops;

enum vmm_verdict vmm_emulate_access(struct vmm_vcpu *v, struct vmm_exit *e,
				    const struct vmm_mmio_ops *ops, void *ctx)
{
	(void)v;
	(void)e;
	(void)ctx;
	page_ops = ops;
	return VMM_DONE;
}

/* --- a hook --- */

static int hook_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		     unsigned size, uint64_t *value)
{
	(void)v;
	seen.calls++;
	seen.gpa = gpa;
	seen.size = size;
	seen.ctx = ctx;
	*value = 0xa5;
	return seen.result;
}

static int hook_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		      unsigned size, uint64_t value)
{
	(void)v;
	seen.calls++;
	seen.gpa = gpa;
	seen.size = size;
	seen.ctx = ctx;
	seen.value = value;
	return seen.result;
}

static const struct vmm_mmio_ops ops = { hook_read, hook_write };

static void expect_pages(const char *pages)
{
	char got[PAGES + 1] = "";

	for (unsigned i = 0; i < PAGES; i++)
		got[i] = withheld[i] ? 'x' : '.';
	assert_string_equal(got, pages);
}

static int hook(uint64_t offset, uint64_t size, void *ctx)
{
	return vmm_mmio_hook(&vmm, at(offset), size, &ops, ctx);
}

/* --- tests --- */

static void test_pages(void **state)
{
	static const struct {
		uint64_t offset, size;
		const char *pages;
	} rows[] = {
		{ 0, K4, "x......." }, { K4, 3 * K4, ".xxx...." },
		{ 0x10, 4, "x......." }, { 0x10, K4, "xx......" },
		{ 0xffc, 8, "xx......" }, { 0x800, 3 * K4, "xxxx...." },
		{ 0, K4 + 1, "xx......" }, { K4 - 1, K4 + 1, "xx......" },
		{ 0, 1, "x......." }, { 0x800, 0x800, "x......." },
		{ 0, 0x800, "x......." }, { 0x800, K4 + 0x800, "xx......" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(hook(rows[i].offset, rows[i].size, NULL), 0);
		expect_pages(rows[i].pages);
		vcpu.attention = 0;
		vmm_mmio_unhook(&vmm, at(rows[i].offset));
		assert_true(vcpu.attention & VCPU_FLUSH_ALL);
		expect_pages("........");
	}
}

static void test_shared_pages(void **state)
{
	(void)state;
	assert_int_equal(hook(0x100, 0x100, NULL), 0);
	assert_int_equal(hook(0x200, K4, NULL), 0);
	assert_int_equal(hook(K4 + 0x200, 3 * K4 - 0x200, NULL), 0);
	expect_pages("xxxx....");
	assert_int_equal(hook(0x1ff, 1, NULL), -EINVAL);
	assert_int_equal(hook(0, 8 * K4, NULL), -EINVAL);
	assert_int_equal(hook(0, 0, NULL), -EINVAL);
	assert_int_equal(vmm_mmio_hook(&vmm, UINT64_MAX, 2, &ops, NULL),
			 -EINVAL);
	vmm_mmio_unhook(&vmm, at(0x200));
	expect_pages("xxxx....");
	vmm_mmio_unhook(&vmm, at(0x100));
	expect_pages(".xxx....");
	vmm_mmio_unhook(&vmm, at(K4 + 0x200));
	vmm_mmio_unhook(&vmm, at(0));	/* there is none */
	expect_pages("........");
}

static void test_no_memory(void **state)
{
	(void)state;
	for (fail_at = 1; fail_at <= 3; fail_at++) {
		sets = 0;
		assert_int_equal(hook(0x800, 3 * K4, NULL), -ENOMEM);
		expect_pages("........");
		assert_false(mmio_hook_page(at(K4)));
	}
	fail_at = 0;
	assert_int_equal(hook(0x800, 3 * K4, NULL), 0);
	vmm_mmio_unhook(&vmm, at(0x800));
}

static void test_accesses(void **state)
{
	struct vmm_exit e = { .mem = { .gpa = at(0) } };
	int one, two;
	uint64_t value;

	(void)state;
	assert_false(mmio_hook_page(at(0)));
	assert_int_equal(hook(0x100, 0x10, &one), 0);
	assert_int_equal(hook(0x110, 0x10, &two), 0);
	assert_true(mmio_hook_page(at(0xfff)));
	assert_false(mmio_hook_page(at(0x1000)));
	assert_int_equal(mmio_hook_exit(&vcpu, &e), VMM_DONE);
	/* in one hook: as it is */
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(page_ops->read(&vcpu, NULL, at(0x108), 8, &value), 0);
	assert_int_equal(seen.calls, 1);
	assert_int_equal(seen.size, 8);
	assert_true(seen.gpa == at(0x108) && seen.ctx == &one);
	assert_int_equal(value, 0xa5);
	assert_int_equal(page_ops->write(&vcpu, NULL, at(0x110), 2, 0x1234),
			 0);
	assert_ptr_equal(seen.ctx, &two);
	assert_int_equal(seen.value, 0x1234);
	/* in none: to the hardware */
	seen.calls = 0;
	assert_int_equal(page_ops->write(&vcpu, NULL, at(0x120), 8,
					 0x1122334455667788), 0);
	assert_int_equal(memory[0x120], 0x88);
	assert_int_equal(memory[0x127], 0x11);
	for (unsigned size = 1; size <= 8; size *= 2) {
		assert_int_equal(page_ops->read(&vcpu, NULL, at(0x120), size,
						&value), 0);
		assert_true(value == (UINT64_C(0x1122334455667788) &
				      UINT64_MAX >> (64 - 8 * size)));
	}
	assert_int_equal(seen.calls, 0);
	/* across an edge: byte by byte, each where it belongs */
	memory[0xff] = 0x77;
	assert_int_equal(page_ops->read(&vcpu, NULL, at(0xfe), 4, &value), 0);
	assert_int_equal(value, 0xa5a57700);
	assert_int_equal(seen.calls, 2);
	assert_int_equal(page_ops->write(&vcpu, NULL, at(0x11e), 4,
					 0x44332211), 0);
	assert_int_equal(memory[0x120], 0x33);
	assert_int_equal(seen.value, 0x22);
	seen.result = -EIO;
	assert_int_equal(page_ops->read(&vcpu, NULL, at(0x100), 4, &value),
			 -EIO);
	assert_int_equal(page_ops->read(&vcpu, NULL, at(0xfe), 4, &value),
			 -EIO);
	vmm_mmio_unhook(&vmm, at(0x100));
	vmm_mmio_unhook(&vmm, at(0x110));
	assert_false(mmio_hook_page(at(0)));
}

static void test_many(void **state)
{
	unsigned n = 0;

	(void)state;
	while (hook(n * 16, 8, NULL) == 0)
		n++;
	assert_int_equal(hook(n * 16, 8, NULL), -ENOSPC);
	assert_true(n >= 32);
	expect_pages("x.......");
	while (n-- > 0)
		vmm_mmio_unhook(&vmm, at(n * 16));
	expect_pages("........");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_shared_pages),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_accesses),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
