/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies from and to guest memory: around the VMM's memory, across pages, at
 * the ends of everything. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <mm/nested.h>
#include <vmm/gmem.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>

#define K4	UINT64_C(0x1000)
#define PAGES	64u
#define END	(PAGES * K4)
#define HOLE	(16 * K4)
#define HOLE_END (20 * K4)
#define P	UINT64_C(1)
#define W	UINT64_C(2)
#define DIRTY	UINT64_C(0x60)

struct vmm_vcpu {
	struct vmm *vmm;
	struct vmm_walk_state st;
};

static uint8_t *memory, before[END];
static struct vmm_nested nested;
static struct vmm vmm = { .nested = &nested };
static struct vmm_vcpu vcpu = { .vmm = &vmm }, *const v = &vcpu;

struct vmm *vmm_vcpu_vmm(const struct vmm_vcpu *cpu)
{
	return cpu->vmm;
}

void vmm_vcpu_walk_state(struct vmm_vcpu *cpu, struct vmm_walk_state *st)
{
	*st = cpu->st;
}

static uint64_t *entry(unsigned page, unsigned index)
{
	return (uint64_t *)(void *)(memory + page * K4) + index;
}

/* Tables in pages 1 to 4; linear page i of 32 is physical page 63 - i, but
 * page 5 is missing, 6 read-only, 7 beyond memory, 8 in the VMM's memory. */
static void build_tables(void)
{
	for (unsigned page = 1; page < 5; page++)
		memset(memory + page * K4, 0, K4);
	*entry(1, 0) = 2 * K4 | P | W;
	*entry(2, 0) = 3 * K4 | P | W;
	*entry(3, 0) = 4 * K4 | P | W;
	for (unsigned i = 0; i < 32; i++)
		*entry(4, i) = (63 - i) * K4 | P | W;
	*entry(4, 5) = 0;
	*entry(4, 6) &= ~W;
	*entry(4, 7) = UINT64_C(0x1000000000) | P | W;
	*entry(4, 8) = (HOLE + K4) | P | W;
}

static int setup(void **state)
{
	(void)state;
	/* a copy of its own size: reads beyond it are found */
	memory = malloc(END);
	for (unsigned i = 0; i < END; i++)
		memory[i] = rand();
	build_tables();
	memcpy(before, memory, END);
	nested.memory_offset = (uintptr_t)memory;
	nested.memory_end = END;
	nested.hole_base = HOLE;
	nested.hole_size = HOLE_END - HOLE;
	vcpu.st = (struct vmm_walk_state){
		.cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP, .cr3 = K4,
		.cr4 = X86_CR4_PAE, .efer = X86_EFER_LME | X86_EFER_LMA,
		.phys_bits = 40,
	};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(memory);
	return 0;
}

static uint8_t visible(uint64_t gpa)
{
	return gpa >= HOLE && gpa < HOLE_END ? 0 : before[gpa];
}

static void physical_reads(void **state)
{
	uint8_t buf[6 * K4];

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		uint64_t n = rand() % sizeof(buf), gpa = rand() % (END - n);

		memset(buf, 0xee, sizeof(buf));
		assert_int_equal(vmm_gpa_read(v, gpa, buf, n), 0);
		for (uint64_t i = 0; i < n; i++)
			assert_int_equal(buf[i], visible(gpa + i));
		assert_int_equal(buf[n], 0xee);
	}
	assert_memory_equal(memory, before, END);
}

static void physical_writes(void **state)
{
	uint8_t buf[6 * K4];

	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		uint64_t n = rand() % sizeof(buf), gpa = rand() % (END - n);

		memset(buf, round, n);
		assert_int_equal(vmm_gpa_write(v, gpa, buf, n), 0);
		for (uint64_t i = gpa; i < gpa + n; i++)
			if (i < HOLE || i >= HOLE_END)
				before[i] = round;
		assert_memory_equal(memory, before, END);
	}
}

static void physical_ends(void **state)
{
	uint8_t b[16];

	(void)state;
	assert_int_equal(vmm_gpa_read(v, END - 16, b, 16), 0);
	assert_int_equal(vmm_gpa_read(v, END - 15, b, 16), -EFAULT);
	assert_int_equal(vmm_gpa_write(v, END - 15, b, 16), -EFAULT);
	assert_int_equal(vmm_gpa_read(v, END, b, 0), 0);
	assert_int_equal(vmm_gpa_read(v, END, b, 1), -EFAULT);
	assert_int_equal(vmm_gpa_read(v, UINT64_MAX, b, 1), -EFAULT);
	assert_int_equal(vmm_gpa_write(v, UINT64_MAX - 3, b, 8), -EFAULT);
	assert_int_equal(vmm_gpa_read(v, K4, b, SIZE_MAX), -EFAULT);
	assert_memory_equal(memory, before, END);
}

/* Ranges in any order, apart, touching, overlapping: against a bit map. */
static void ram_ranges(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		struct vmm_ram ram = { .count = 0 };
		bool bits[256] = { false };

		for (unsigned n = 0; n < 12; n++) {
			unsigned base = rand() % 256;
			unsigned end = base + rand() % 30;

			end = end > 256 ? 256 : end;
			assert_int_equal(vmm_ram_add(&ram, base, end), 0);
			for (unsigned i = base; i < end; i++)
				bits[i] = true;
		}
		for (unsigned base = 0; base < 256; base++) {
			bool all = true, any = false;

			for (unsigned n = 1; base + n <= 256 && n < 40; n++) {
				all &= bits[base + n - 1];
				any |= bits[base + n - 1];
				assert_int_equal(vmm_ram_has(&ram, base, n),
						 all);
				assert_int_equal(vmm_ram_meets(&ram, base, n),
						 any);
			}
		}
	}
}

static void ram_limits(void **state)
{
	struct vmm_ram ram = { .count = 0 };

	(void)state;
	assert_false(vmm_ram_has(&ram, 0, 1));
	assert_int_equal(vmm_ram_add(&ram, 10, 10), 0);
	assert_int_equal(ram.count, 0);
	for (unsigned i = 0; i < VMM_RAM_RANGES; i++)
		assert_int_equal(vmm_ram_add(&ram, 4 * i, 4 * i + 2), 0);
	assert_int_equal(vmm_ram_add(&ram, 4 * VMM_RAM_RANGES, UINT64_MAX),
			 -ENOSPC);
	assert_int_equal(vmm_ram_add(&ram, 2, UINT64_MAX), 0);
	assert_int_equal(ram.count, 1);
	assert_true(vmm_ram_has(&ram, 0, UINT64_MAX));
	assert_false(vmm_ram_has(&ram, 1, UINT64_MAX));
	assert_false(vmm_ram_has(&ram, 5, 0));
	assert_false(vmm_ram_meets(&ram, 5, 0));
	ram = (struct vmm_ram){ .range = { { 4, 8 } }, .count = 1 };
	assert_true(vmm_ram_meets(&ram, 0, UINT64_MAX));
	assert_true(vmm_ram_meets(&ram, 7, UINT64_MAX));
	assert_false(vmm_ram_meets(&ram, 8, UINT64_MAX));
	assert_false(vmm_ram_meets(&ram, 0, 4));
}

static void direct(void **state)
{
	(void)state;
	assert_null(vmm_gpa_direct(&vmm, 0x1234, 8));
	vmm.ram = (struct vmm_ram){ .range = { { 0, UINT64_MAX } },
				    .count = 1 };
	assert_ptr_equal(vmm_gpa_direct(&vmm, 0x1234, 8), memory + 0x1234);
	assert_ptr_equal(vmm_gpa_direct(&vmm, HOLE - 8, 8), memory + HOLE - 8);
	assert_null(vmm_gpa_direct(&vmm, HOLE - 8, 9));
	assert_null(vmm_gpa_direct(&vmm, HOLE, 1));
	assert_null(vmm_gpa_direct(&vmm, HOLE_END - 1, 2));
	assert_non_null(vmm_gpa_direct(&vmm, HOLE_END, 1));
	assert_null(vmm_gpa_direct(&vmm, END - 8, 9));
	assert_null(vmm_gpa_direct(&vmm, UINT64_MAX - 3, 8));
	assert_null(vmm_gpa_direct(&vmm, 8, UINT64_MAX));
	assert_null(vmm_gpa_direct(&vmm, 8, 0));
	/* Mapped, but registers. */
	vmm.ram = (struct vmm_ram){ .range = { { 0, 8 * K4 },
					       { 9 * K4, END } }, .count = 2 };
	assert_non_null(vmm_gpa_direct(&vmm, 8 * K4 - 8, 8));
	assert_null(vmm_gpa_direct(&vmm, 8 * K4 - 8, 9));
	assert_null(vmm_gpa_direct(&vmm, 8 * K4, 8));
	assert_null(vmm_gpa_direct(&vmm, 9 * K4 - 1, 8));
	assert_non_null(vmm_gpa_direct(&vmm, 9 * K4, 8));
}

static void linear_reads(void **state)
{
	uint8_t buf[3 * K4];
	uint64_t bad = 1;
	uint32_t code = 1;

	(void)state;
	/* pages 9 to 12: physical 54 to 51 */
	assert_int_equal(vmm_gva_read(v, 9 * K4 + 100, buf, 3 * K4, 0, &bad,
				      &code), 0);
	for (unsigned i = 0; i < 3 * K4; i++) {
		uint64_t gva = 9 * K4 + 100 + i;

		assert_int_equal(buf[i], before[(63 - gva / K4) * K4 +
						gva % K4]);
	}
	assert_int_equal(bad, 1);
	/* into the VMM's memory */
	assert_int_equal(vmm_gva_read(v, 9 * K4 - 8, buf, 16, 0, NULL, NULL),
			 0);
	for (unsigned i = 0; i < 16; i++)
		assert_int_equal(buf[i], i < 8 ? 0 : before[54 * K4 + i - 8]);
	assert_memory_equal(memory, before, END);
}

static void linear_errors(void **state)
{
	uint8_t buf[16] = { 0 };
	uint64_t bad;
	uint32_t code;

	(void)state;
	assert_int_equal(vmm_gva_read(v, 5 * K4 - 8, buf, 16, 0, &bad, &code),
			 -EFAULT);
	assert_int_equal(bad, 5 * K4);
	assert_int_equal(code, 0);
	vcpu.st.cpl = 3;
	assert_int_equal(vmm_gva_read(v, 6 * K4 + 5, buf, 16,
				      VMM_ACCESS_FETCH, &bad, &code), -EFAULT);
	assert_int_equal(bad, 6 * K4 + 5);
	assert_int_equal(code, 5);
	assert_int_equal(vmm_gva_read(v, 6 * K4 + 5, buf, 16,
				      VMM_ACCESS_IMPLICIT, &bad, &code), 0);
	vcpu.st.cpl = 0;
	assert_int_equal(vmm_gva_read(v, UINT64_C(1) << 63, buf, 16, 0, &bad,
				      &code), -ERANGE);
	assert_int_equal(bad, UINT64_C(1) << 63);
	assert_int_equal(code, 0);
	code = 1;
	assert_int_equal(vmm_gva_read(v, 7 * K4, buf, 16, 0, &bad, &code),
			 -EIO);
	assert_int_equal(bad, 7 * K4);
	assert_int_equal(code, 0);
	assert_int_equal(vmm_gva_read(v, 7 * K4, buf, 16, 0, NULL, NULL), -EIO);
	vcpu.st.cr3 = END;		/* tables out of reach */
	assert_int_equal(vmm_gva_read(v, 0, buf, 16, 0, NULL, NULL), -EFAULT);
	vcpu.st.cr3 = HOLE;		/* zeros: nothing present */
	assert_int_equal(vmm_gva_read(v, 0, buf, 16, 0, NULL, NULL), -EFAULT);
	assert_memory_equal(memory, before, END);
}

static void linear_writes(void **state)
{
	uint8_t buf[K4];
	uint64_t bad;
	uint32_t code;

	(void)state;
	memset(buf, 0x77, sizeof(buf));
	assert_int_equal(vmm_gva_write(v, 10 * K4 - 8, buf, 16, 0, &bad, &code),
			 0);
	memset(before + 54 * K4 + K4 - 8, 0x77, 8);
	memset(before + 53 * K4, 0x77, 8);
	before[4 * K4 + 8 * 9] |= DIRTY;
	before[4 * K4 + 8 * 10] |= DIRTY;
	assert_memory_equal(memory, before, END);
	/* all or nothing, no dirty bits for nothing */
	assert_int_equal(vmm_gva_write(v, 5 * K4 - 8, buf, 16, 0, &bad, &code),
			 -EFAULT);
	assert_int_equal(bad, 5 * K4);
	assert_int_equal(code, 2);
	assert_int_equal(vmm_gva_write(v, 6 * K4, buf, 16, 0, &bad, &code),
			 -EFAULT);
	assert_int_equal(code, 3);
	assert_int_equal(vmm_gva_write(v, 7 * K4, buf, 16, 0, &bad, &code),
			 -EIO);
	assert_memory_equal(memory, before, END);
	/* writes to the VMM's memory are lost */
	assert_int_equal(vmm_gva_write(v, 8 * K4, buf, K4, 0, NULL, NULL), 0);
	before[4 * K4 + 8 * 8] |= DIRTY;
	assert_memory_equal(memory, before, END);
}

static void without_paging(void **state)
{
	uint8_t buf[K4];

	(void)state;
	vcpu.st.cr0 = X86_CR0_PE;
	memset(buf, 0x33, sizeof(buf));
	assert_int_equal(vmm_gva_write(v, HOLE - 16, buf, 32, 0, NULL, NULL),
			 0);
	memset(before + HOLE - 16, 0x33, 16);
	assert_memory_equal(memory, before, END);
	assert_int_equal(vmm_gva_read(v, HOLE - 16, buf, 32, 0, NULL, NULL),
			 0);
	assert_int_equal(buf[15], 0x33);
	assert_int_equal(buf[16], 0);
	assert_int_equal(vmm_gva_read(v, END - 8, buf, 16, 0, NULL, NULL),
			 -EIO);
}

/* 32-bit paging: entries of four bytes, the last one of memory among them. */
static void tables_at_the_end_of_memory(void **state)
{
	uint32_t *dir = (uint32_t *)(void *)(memory + END - K4);
	uint8_t b = 1;

	(void)state;
	vcpu.st.efer = 0;
	vcpu.st.cr4 = X86_CR4_PSE;
	vcpu.st.cr3 = END - K4;
	dir[1023] = 0x80 | P | W;
	assert_int_equal(vmm_gva_write(v, 0xffc00000 + 5, &b, 1, 0, NULL, NULL),
			 0);
	assert_int_equal(memory[5], 1);
	assert_int_equal(dir[1023], 0x80 | P | W | DIRTY);
	/* wraps at 4 GiB as the linear address does */
	dir[0] = 0x80 | P | W;
	assert_int_equal(vmm_gva_read(v, UINT64_C(0x100000005), &b, 1, 0, NULL,
				      NULL), 0);
	assert_int_equal(b, 1);
}

/* The quick way to the guest's code finds what the walk finds, or nothing. */
static void code_pointers(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		const uint8_t *p = vmm_nested_code(&nested, K4, X86_CR4_PAE,
						   i * K4 + 0x123);

		if (i == 5 || i == 7 || i == 8)
			assert_null(p);
		else
			assert_ptr_equal(p, memory + (63 - i) * K4 + 0x123);
	}
	assert_null(vmm_nested_code(&nested, K4, X86_CR4_PAE,
				    UINT64_C(1) << 39));
	assert_null(vmm_nested_code(&nested, HOLE, X86_CR4_PAE, 0));
	assert_null(vmm_nested_code(&nested, END, X86_CR4_PAE, 0));
	*entry(3, 1) = P | W | 0x80;	/* 2 MiB at 0: memory ends in it */
	assert_ptr_equal(vmm_nested_code(&nested, K4, X86_CR4_PAE,
					 0x200000 + 0x3456),
			 memory + 0x3456);
	assert_null(vmm_nested_code(&nested, K4, X86_CR4_PAE,
				    0x200000 + END));
	*entry(9, 0) = K4 | P;		/* a level above */
	assert_ptr_equal(vmm_nested_code(&nested, 9 * K4,
					 X86_CR4_PAE | X86_CR4_LA57, 0x1001),
			 memory + 62 * K4 + 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(ram_ranges),
		TEST(ram_limits),
		TEST(direct),
		TEST(physical_reads),
		TEST(physical_writes),
		TEST(physical_ends),
		TEST(linear_reads),
		TEST(linear_errors),
		TEST(linear_writes),
		TEST(without_paging),
		TEST(code_pointers),
		TEST(tables_at_the_end_of_memory),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
