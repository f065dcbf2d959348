/* SPDX-License-Identifier: BSD-3-Clause */
/* Processors and configuration space as ACPI tables tell them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/acpi.h>
#include "acpi_build.h"

/* --- MADT --- */

static uint32_t madt_end;

static void begin_madt(uint32_t lapic)
{
	put(OTHER + 36, lapic, 4);
	madt_end = OTHER + 44;
}

static void add_lapic(uint8_t id, uint32_t flags)
{
	put(madt_end, 0x0800, 2);
	memory[madt_end + 3] = id;
	put(madt_end + 4, flags, 4);
	madt_end += 8;
}

static void add_x2apic(uint32_t id, uint32_t flags)
{
	put(madt_end, 0x1009, 2);
	put(madt_end + 4, id, 4);
	put(madt_end + 8, flags, 4);
	madt_end += 16;
}

static void scan_madt(void)
{
	put_table(OTHER, "APIC", madt_end - OTHER);
	put_table(XSDT, "XSDT", 36);
	add_entry(XSDT, BASE + FADT);
	add_entry(XSDT, BASE + OTHER);
	scan(BASE + RSDP, 0);
}

static void reads_processors(void **state)
{
	static const struct vmm_acpi_cpu expected[] = {
		{ 3, true }, { 1, true }, { 0x1234, true }, { 254, true },
		{ 255, true }, { 2, false }, { 0x5678, false },
	};

	(void)state;
	begin_madt(0xfee00000);
	add_lapic(3, 1);
	add_lapic(2, 2);		/* online-capable */
	put(madt_end, 0x0c01, 2);	/* an I/O APIC */
	put(madt_end + 4, 0xfec00000, 4);
	madt_end += 12;
	add_lapic(1, 1);
	add_lapic(255, 1);		/* means all */
	add_lapic(3, 1);		/* again */
	add_lapic(1, 0);		/* again, disabled */
	add_x2apic(0x1234, 1);
	add_x2apic(3, 1);		/* again, the other way */
	add_x2apic(0xffffffff, 1);
	add_x2apic(0x5678, 0);
	add_lapic(254, 1);
	add_x2apic(255, 1);
	scan_madt();
	assert_log(USUAL);
	assert_true(acpi.have_madt);
	assert_true(acpi.lapic_base == 0xfee00000);
	assert_int_equal(acpi.ioapic_count, 1);
	assert_true(acpi.ioapic[0] == 0xfec00000);
	assert_int_equal(acpi.cpu_count, VMM_ARRAY_SIZE(expected));
	for (size_t i = 0; i < VMM_ARRAY_SIZE(expected); i++) {
		assert_int_equal(acpi.cpu[i].apic_id, expected[i].apic_id);
		assert_int_equal(acpi.cpu[i].enabled, expected[i].enabled);
	}
}

static void reads_the_local_apics_address(void **state)
{
	(void)state;
	begin_madt(0xfed00000);
	scan_madt();
	assert_true(acpi.lapic_base == 0xfed00000);
	put(madt_end, 0x0c05, 2);
	put(madt_end + 4, UINT64_C(0x123fee00000), 8);
	madt_end += 12;
	scan_madt();
	assert_true(acpi.lapic_base == UINT64_C(0x123fee00000));
	put(madt_end - 8, UINT64_C(0x123fee00010), 8);
	scan_madt();
	assert_true(acpi.lapic_base == 0xfed00000);
	assert_non_null(strstr(acpi_world_log,
			       "ACPI APIC: 0x123FEE00010 is no address of a "
			       "local APIC; 0xFED00000 is used\n"));
	begin_madt(0);
	scan_madt();
	assert_true(acpi.lapic_base == 0xfee00000);
	assert_non_null(strstr(acpi_world_log, "ACPI APIC: 0x0 is no address "
			       "of a local APIC; 0xFEE00000 is used\n"));
}

/* What is before the bad entry counts. */
static void stops_at_entries_of_impossible_length(void **state)
{
	static const uint8_t lengths[] = { 0, 1, 3, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths); i++) {
		char expected[256];

		begin_madt(0xfee00000);
		add_lapic(7, 1);
		memory[madt_end] = 0;
		memory[madt_end + 1] = lengths[i];
		madt_end += 2;
		scan_madt();
		snprintf(expected, sizeof(expected), USUAL
			 "ACPI APIC at 0x7F001000: entry at offset 52 has the "
			 "wrong length %u; the rest is ignored\n", lengths[i]);
		assert_log(expected);
		assert_int_equal(acpi.cpu_count, 1);
	}
	/* An odd byte at the end is no entry. */
	madt_end--;
	scan_madt();
	assert_log(USUAL);
	assert_int_equal(acpi.cpu_count, 1);
}

/* An entry may be long enough to step over and too short for its type. */
static void skips_entries_too_short_for_their_type(void **state)
{
	static const uint8_t entries[] = {
		0, 7, 0, 9, 1, 0, 0,
		9, 15, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		5, 11, 0, 0, 0, 0, 0, 1, 0, 0, 0,
	};

	(void)state;
	begin_madt(0xfee00000);
	memcpy(memory + madt_end, entries, sizeof(entries));
	madt_end += sizeof(entries);
	add_lapic(7, 1);
	scan_madt();
	assert_log(USUAL);
	assert_int_equal(acpi.cpu_count, 1);
	assert_int_equal(acpi.cpu[0].apic_id, 7);
	assert_true(acpi.lapic_base == 0xfee00000);
	/* So may be the table. */
	madt_end = OTHER + 43;
	scan_madt();
	assert_false(acpi.have_madt);
	assert_log(USUAL "ACPI APIC at 0x7F001000: length 43 is too short; "
		   "table ignored\n");
}

static void bounds_the_number_of_processors(void **state)
{
	(void)state;
	begin_madt(0xfee00000);
	add_x2apic(1000, 0);
	for (unsigned i = 0; i < VMM_ACPI_MAX_CPUS + 3; i++)
		add_x2apic(i, 1);
	scan_madt();
	assert_log(USUAL "ACPI APIC at 0x7F001000: more than 256 processors; "
		   "3 are not noted\n");
	assert_int_equal(acpi.cpu_count, VMM_ACPI_MAX_CPUS);
	assert_int_equal(acpi.cpu[0].apic_id, 0);
	assert_int_equal(acpi.cpu[255].apic_id, 255);
}

/* --- MCFG --- */

static const struct mcfg_row {
	uint64_t base;
	uint16_t segment;
	uint8_t first, last;
	const char *why;	/* NULL: taken */
} mcfg_rows[] = {
	{ 0xb0000000, 0, 0, 255, NULL },
	{ 0xc0000000, 0, 255, 255, "describes the same buses again" },
	{ 0, 1, 0, 255, "no address of configuration space" },
	{ 0xb0080000, 1, 0, 255, "no address of configuration space" },
	{ UINT64_C(1) << 52, 1, 0, 255, "no address of configuration space" },
	{ UINT64_C(0xffffffff00000000), 1, 0, 255, "no address of configuration space" },
	{ (UINT64_C(1) << 52) - (255 << 20), 1, 0, 255, "no address of configuration space" },
	{ 0xb0000000, 1, 2, 1, "last bus is below the first" },
	{ (UINT64_C(1) << 52) - (UINT64_C(256) << 20), 1, 0, 255, NULL },
	{ 0xd0000000, 2, 0, 127, NULL },
	{ 0xd0000000, 2, 128, 255, NULL },
	{ 0xd0000000, 3, 0, 0, NULL },
	{ 0xd0000000, 4, 0, 0, NULL },
	{ 0xd0000000, 5, 0, 0, NULL },
	{ 0xd0000000, 6, 0, 0, NULL },
	{ 0xd0000000, 7, 0, 0, "more than can be noted" },
};

static void reads_configuration_space(void **state)
{
	char expected[4096] = USUAL;
	unsigned taken = 0;

	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(mcfg_rows); i++) {
		const struct mcfg_row *r = &mcfg_rows[i];
		uint32_t at = OTHER + 44 + 16 * (uint32_t)i;

		put(at, r->base, 8);
		put(at + 8, r->segment, 2);
		memory[at + 10] = r->first;
		memory[at + 11] = r->last;
		if (r->why)
			snprintf(expected + strlen(expected), 256,
				 "ACPI MCFG: entry 0x%llX segment %u buses "
				 "%02X-%02X: %s; ignored\n",
				 (unsigned long long)r->base, r->segment,
				 r->first, r->last, r->why);
	}
	/* Fifteen bytes more are no entry. */
	put_table(OTHER, "MCFG", 44 + 16 * VMM_ARRAY_SIZE(mcfg_rows) + 15);
	add_entry(XSDT, BASE + OTHER);
	scan(BASE + RSDP, 0);
	assert_log(expected);
	for (size_t i = 0; i < VMM_ARRAY_SIZE(mcfg_rows); i++) {
		const struct mcfg_row *r = &mcfg_rows[i];

		if (r->why)
			continue;
		assert_true(acpi.mcfg[taken].base == r->base);
		assert_int_equal(acpi.mcfg[taken].segment, r->segment);
		assert_int_equal(acpi.mcfg[taken].first_bus, r->first);
		assert_int_equal(acpi.mcfg[taken].last_bus, r->last);
		taken++;
	}
	assert_int_equal(acpi.mcfg_count, taken);
	assert_int_equal(taken, VMM_ACPI_MAX_MCFG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_processors),
		TEST(reads_the_local_apics_address),
		TEST(stops_at_entries_of_impossible_length),
		TEST(skips_entries_too_short_for_their_type),
		TEST(bounds_the_number_of_processors),
		TEST(reads_configuration_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
