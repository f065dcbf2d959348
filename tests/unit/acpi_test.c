/* SPDX-License-Identifier: BSD-3-Clause */
/* ACPI tables: finding them, distrusting them; the FADT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/acpi.h>
#include "acpi_build.h"

static void reads_the_usual_tables(void **state)
{
	(void)state;
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
	assert_true(acpi.have_rsdp && acpi.have_fadt);
	assert_false(acpi.have_madt || acpi.have_dmar || acpi.have_ivrs);
	assert_int_equal(acpi.pm1a_control.address, 0x604);
	assert_int_equal(acpi.pm1a_control.space, 1);
	assert_int_equal(acpi.pm1a_control.width, 2);
	assert_int_equal(acpi.pm1b_control.address, 0);
	assert_int_equal(acpi.pm_timer.address, 0x608);
	assert_int_equal(acpi.pm_timer.width, 4);
	assert_int_equal(acpi.smi_command, 0xb2);
	assert_false(acpi.pm_timer_32 || acpi.reset_supported);
	assert_int_equal(acpi.facs_count, 1);
	assert_int_equal(acpi.facs[0], BASE + FACS);
	assert_int_equal(acpi.table_count, 3);
	assert_int_equal(count_tables("XSDT"), 1);
	assert_int_equal(count_tables("FACP"), 1);
	assert_int_equal(count_tables("DSDT"), 1);
	assert_int_equal(acpi.lapic_base, 0);
}

static void reads_acpi_1_0(void **state)
{
	(void)state;
	put_fadt(FADT, 116);
	put_table(RSDT, "RSDT", 36);
	add_entry(RSDT, BASE + FADT);
	put_rsdp(RSDP, 0, BASE + RSDT, 0);
	scan(0, BASE + RSDP);
	assert_log(USUAL);
	assert_int_equal(acpi.pm_timer.address, 0x608);
	assert_int_equal(count_tables("DSDT"), 1);
	/* The table need not be the one the firmware calls old. */
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
}

static void says_when_there_is_no_rsdp(void **state)
{
	(void)state;
	scan(0, 0);
	assert_log("ACPI RSDP not found.\n");
	assert_false(acpi.have_rsdp);
	assert_int_equal(acpi.table_count, 0);
}

/* Each change makes the RSDP of 2.0 useless. */
static void takes_the_second_rsdp_when_the_first_is_bad(void **state)
{
	static const char said[] =
		"ACPI RSDP at 0x7F000000: wrong signature or checksum; "
		"ignored\n" USUAL;

	(void)state;
	put_table(RSDT, "RSDT", 36);
	add_entry(RSDT, BASE + FADT);
	put_rsdp(RSDP10, 0, BASE + RSDT, 0);
	memory[RSDP] ^= 1;
	scan(BASE + RSDP, BASE + RSDP10);
	assert_log(said);
	memory[RSDP] ^= 1;
	memory[RSDP + 12] ^= 1;
	scan(BASE + RSDP, BASE + RSDP10);
	assert_log(said);
	/* Nineteen bytes of twenty are memory. */
	scan(BASE + SIZE - 19, BASE + RSDP10);
	assert_log("ACPI RSDP at 0x7F00FFED: wrong signature or checksum; "
		   "ignored\n" USUAL);
	/* And both bad. */
	scan(BASE + RSDP, BASE + RSDP);
	assert_log("ACPI RSDP at 0x7F000000: wrong signature or checksum; "
		   "ignored\nACPI RSDP not found.\n");
}

static void takes_the_rsdt_when_the_xsdt_is_bad(void **state)
{
	static const char extended[] =
		"ACPI RSDP at 0x7F000000: wrong length or extended checksum; "
		"only its RSDT is used\n" USUAL;

	(void)state;
	put_table(RSDT, "RSDT", 36);
	add_entry(RSDT, BASE + FADT);
	put_rsdp(RSDP, 2, BASE + RSDT, BASE + XSDT);
	memory[RSDP + 33] ^= 1;
	scan(BASE + RSDP, 0);
	assert_log(extended);
	memory[RSDP + 33] ^= 1;
	put(RSDP + 20, 35, 4);
	scan(BASE + RSDP, 0);
	assert_log(extended);
	put(RSDP + 20, 4097, 4);
	scan(BASE + RSDP, 0);
	assert_log(extended);
	put(RSDP + 20, 36, 4);
	memory[XSDT + 10] ^= 1;
	scan(BASE + RSDP, 0);
	assert_log("ACPI XSDT at 0x7F000100: wrong checksum; table ignored\n"
		   USUAL);
	put_rsdp(RSDP, 2, BASE + RSDT, 0);
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
}

/* XSDT and RSDT may lead to different FADTs, and a guest may use either. */
static void follows_all_root_tables(void **state)
{
	(void)state;
	put_fadt(FADT2, 116);
	put(FADT2 + 36, BASE + FACS2, 4);
	put(FADT2 + 40, BASE + DSDT2, 4);
	put(FADT2 + 64, 0x704, 4);
	fix(FADT2);
	put_facs(FACS2);
	put_table(DSDT2, "DSDT", 40);
	put_table(RSDT, "RSDT", 36);
	add_entry(RSDT, BASE + FADT);
	add_entry(RSDT, BASE + FADT2);
	put_rsdp(RSDP, 2, BASE + RSDT, BASE + XSDT);
	scan(BASE + RSDP, BASE + RSDP);
	assert_log("ACPI DMAR not found.\n"
		   "FACS address 0x7F000C00 0x7F000C40\n");
	assert_int_equal(count_tables("DSDT"), 2);
	/* Registers are those of the XSDT's. */
	assert_int_equal(acpi.pm1a_control.address, 0x604);
}

/* What may be wrong with a table, here an SSDT, and what is said. */
static void skips_bad_tables(void **state)
{
	static const struct {
		uint64_t address;
		uint32_t length;
		const char *why;
	} rows[] = {
		{ BASE + OTHER, 0, "length is below that of a header, 36 bytes" },
		{ BASE + OTHER, 35, "length is below that of a header, 36 bytes" },
		{ BASE + OTHER, 0x400001, "length is above 4 MiB" },
		{ BASE + OTHER, 0xffffffff, "length is above 4 MiB" },
		{ BASE + OTHER, 0x400000, "reaches beyond readable memory" },
		{ BASE + OTHER, SIZE - OTHER + 1, "reaches beyond readable memory" },
		{ BASE + FADT - 36, 37, "overlaps another table" },
		{ BASE + FADT + 240, 36, "overlaps another table" },
		{ BASE + FADT + 100, 36, "overlaps another table" },
	};

	for (size_t i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		uint32_t at = (uint32_t)(rows[i].address - BASE);
		char expected[256];

		set_up(state);
		memcpy(memory + at, "SSDT", 4);
		put(at + 4, rows[i].length, 4);
		fix(FADT);	/* some rows are in it or reach into it */
		add_entry(XSDT, rows[i].address);
		scan(BASE + RSDP, 0);
		snprintf(expected, sizeof(expected), "ACPI SSDT at 0x%llX: %s;"
			 " table ignored\n" USUAL,
			 (unsigned long long)rows[i].address, rows[i].why);
		assert_log(expected);
		assert_int_equal(count_tables("SSDT"), 0);
		acpi_world_settle(&world);
	}
}

static void skips_tables_with_a_wrong_checksum(void **state)
{
	(void)state;
	put_table(OTHER, "SSDT", 50);
	memory[OTHER + 49] ^= 0x80;
	add_entry(XSDT, BASE + OTHER);
	memory[FADT + 243] ^= 1;
	scan(BASE + RSDP, 0);
	assert_log("ACPI FACP at 0x7F000800: wrong checksum; table ignored\n"
		   "ACPI SSDT at 0x7F001000: wrong checksum; table ignored\n"
		   "ACPI DMAR not found.\nACPI FACP not found.\n");
}

static void skips_addresses_that_lead_nowhere(void **state)
{
	(void)state;
	add_entry(XSDT, 0);			/* not worth a word */
	add_entry(XSDT, BASE - 1);
	add_entry(XSDT, BASE + SIZE - 35);
	add_entry(XSDT, UINT64_C(1) << 52);
	add_entry(XSDT, ~UINT64_C(0));
	scan(BASE + RSDP, 0);
	assert_log("ACPI table at 0x7EFFFFFF: not in readable memory; table ignored\n"
		   "ACPI table at 0x7F00FFDD: not in readable memory; table ignored\n"
		   "ACPI table at 0x10000000000000: not in readable memory; table ignored\n"
		   "ACPI table at 0xFFFFFFFFFFFFFFFF: not in readable memory; table ignored\n"
		   USUAL);
}

/* Neither a root table that lists itself or another, nor an entry twice, nor
 * a table that nobody reads does harm. */
static void is_not_led_in_circles(void **state)
{
	(void)state;
	put_table(RSDT, "RSDT", 36);
	put_rsdp(RSDP, 2, BASE + RSDT, BASE + XSDT);
	add_entry(XSDT, BASE + XSDT);
	add_entry(XSDT, BASE + RSDT);
	add_entry(XSDT, BASE + FADT);
	add_entry(XSDT, BASE + DSDT);
	add_entry(RSDT, BASE + XSDT);
	add_entry(RSDT, BASE + RSDP);
	put(FADT + 132, BASE + FACS, 8);
	put(FADT + 140, BASE + DSDT, 8);
	fix(FADT);
	scan(BASE + RSDP, BASE + RSDP);
	assert_log(USUAL);
	assert_int_equal(acpi.table_count, 4);
}

static void the_same_address_cannot_be_two_tables(void **state)
{
	(void)state;
	put(FADT + 140, BASE + XSDT, 8);	/* X_DSDT */
	fix(FADT);
	put_rsdp(RSDP, 2, BASE + XSDT, BASE + XSDT);
	scan(BASE + RSDP, 0);
	assert_log("ACPI DMAR not found.\nACPI DSDT at 0x7F000100: other "
		   "signature in memory; table ignored\n"
		   "FACS address 0x7F000C00\n");
}

static void bounds_the_number_of_tables(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VMM_ACPI_MAX_TABLES; i++) {
		put_table(OTHER + 64 * i, "SSDT", 36);
		put(XSDT + 36 + 8 * i, BASE + OTHER + 64 * i, 8);
	}
	/* A larger XSDT, away from the others. */
	memmove(memory + 0x8000, memory + XSDT, 36 + 8 * VMM_ACPI_MAX_TABLES);
	put_table(0x8000, "XSDT", 36 + 8 * VMM_ACPI_MAX_TABLES);
	put_rsdp(RSDP, 2, 0, BASE + 0x8000);
	scan(BASE + RSDP, 0);
	assert_log("ACPI SSDT at 0x7F002FC0: more tables than can be noted; "
		   "table ignored\n"
		   "ACPI DMAR not found.\nACPI FACP not found.\n");
	assert_int_equal(acpi.table_count, VMM_ACPI_MAX_TABLES);
}

static void bounds_the_number_of_entries(void **state)
{
	(void)state;
	put(0x8000 + 36 + 8 * 1023, BASE + FADT, 8);
	put(0x8000 + 36 + 8 * 1024, BASE + OTHER, 8);
	put_table(OTHER, "SSDT", 36);
	put_table(0x8000, "XSDT", 36 + 8 * 1025);
	put_rsdp(RSDP, 2, 0, BASE + 0x8000);
	scan(BASE + RSDP, 0);
	assert_log("ACPI XSDT at 0x7F008000: 1025 entries, only the first "
		   "1024 are read\n" USUAL);
	assert_int_equal(count_tables("SSDT"), 0);
}

static void notes_iommus(void **state)
{
	(void)state;
	put_table(OTHER, "DMAR", 48);
	put_table(OTHER + 64, "IVRS", 48);
	add_entry(XSDT, BASE + OTHER);
	add_entry(XSDT, BASE + OTHER + 64);
	scan(BASE + RSDP, 0);
	assert_log("ACPI DMAR found.\nACPI IVRS found.\n"
		   "FACS address 0x7F000C00\n");
	assert_true(acpi.have_dmar && acpi.have_ivrs);
	assert_int_equal(acpi.dmar, BASE + OTHER);
	assert_int_equal(acpi.ivrs, BASE + OTHER + 64);
}

/* PM1a as a generic address structure; the old field is 0 in these rows. */
static const struct gas_row {
	uint8_t space, bits, offset, access;
	uint64_t address;
	uint8_t width;		/* expected; 0: not usable */
	const char *said;
} gas_rows[] = {
	{ 1, 16, 0, 0, 0x604, 2, "" },
	{ 1, 16, 0, 2, 0x604, 2, "" },
	{ 1, 32, 0, 2, 0x604, 2, "" },
	{ 1, 32, 0, 0, 0x604, 4, "" },
	{ 1, 12, 0, 0, 0x604, 2, "" },
	{ 1, 16, 0, 1, 0x604, 1, "" },
	{ 1, 16, 0, 4, 0xfff8, 8, "" },
	{ 0, 32, 0, 3, UINT64_C(0xfe000000), 4, "" },
	{ 0, 64, 0, 0, (UINT64_C(1) << 52) - 8, 8, "" },
	{ 2, 16, 0, 0, 0x604, 0, "unsupported address space id 2" },
	{ 127, 16, 0, 0, 0x604, 0, "unsupported address space id 127" },
	{ 1, 0, 0, 2, 0x604, 0, "unexpected bit width zero" },
	{ 1, 16, 3, 2, 0x604, 0, "unexpected bit offset 3" },
	{ 1, 16, 0, 5, 0x604, 0, "structure unknown access size 5" },
	{ 1, 16, 0, 2, 0xffff, 0, "IO invalid address 0xFFFF" },
	{ 1, 16, 0, 2, UINT64_C(0x100000604), 0, "IO invalid address 0x100000604" },
	{ 0, 64, 0, 0, (UINT64_C(1) << 52) - 7, 0, "MEM invalid address 0xFFFFFFFFFFFF9" },
	{ 0, 32, 0, 3, ~UINT64_C(0), 0, "MEM invalid address 0xFFFFFFFFFFFFFFFF" },
};

static void reads_generic_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(gas_rows); i++) {
		const struct gas_row *row = &gas_rows[i];
		char expected[512];

		put(FADT + 64, 0, 4);
		put_gas(FADT + 172, row->space, row->bits, row->offset,
			row->access, row->address);
		fix(FADT);
		scan(BASE + RSDP, 0);
		assert_int_equal(acpi.pm1a_control.width, row->width);
		if (row->width) {
			assert_int_equal(acpi.pm1a_control.space, row->space);
			assert_true(acpi.pm1a_control.address == row->address);
			assert_log(USUAL);
			continue;
		}
		assert_int_equal(acpi.pm1a_control.address, 0);
		snprintf(expected, sizeof(expected), "ACPI DMAR not found.\n"
			 "acpi: PM1a control gas %s\n"
			 "acpi: skip PM1a control initialization\n"
			 "FACS address 0x7F000C00\n", row->said);
		assert_log(expected);
		/* The old field helps out. */
		put(FADT + 64, 0x604, 4);
		fix(FADT);
		scan(BASE + RSDP, 0);
		assert_int_equal(acpi.pm1a_control.address, 0x604);
		assert_int_equal(acpi.pm1a_control.width, 2);
		acpi_world_settle(&world);
	}
}

static void prefers_generic_addresses(void **state)
{
	(void)state;
	put_gas(FADT + 172, 1, 16, 0, 2, 0x804);
	put_gas(FADT + 184, 1, 16, 0, 2, 0x814);
	put_gas(FADT + 208, 0, 32, 0, 3, 0xfed00000);
	put(FADT + 112, 1 << 8, 4);	/* TMR_VAL_EXT */
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
	assert_int_equal(acpi.pm1a_control.address, 0x804);
	assert_int_equal(acpi.pm1b_control.address, 0x814);
	assert_int_equal(acpi.pm_timer.space, 0);
	assert_true(acpi.pm_timer.address == 0xfed00000);
	assert_true(acpi.pm_timer_32);
}

static void says_which_registers_are_missing(void **state)
{
	(void)state;
	put(FADT + 64, 0x10000, 4);	/* PM1a */
	put(FADT + 68, 0xffff, 4);	/* PM1b: two bytes do not fit */
	put(FADT + 76, 0xfffd, 4);	/* PM timer: four bytes do not fit */
	put(FADT + 48, 0x10000, 4);	/* SMI command */
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_log("ACPI DMAR not found.\n"
		   "acpi: PM1a control IO invalid address 0x10000\n"
		   "acpi: PM1a control gas structure is NULL\n"
		   "acpi: skip PM1a control initialization\n"
		   "acpi: PM1b control IO invalid address 0xFFFF\n"
		   "acpi: PM1b control gas structure is NULL\n"
		   "acpi: skip PM1b control initialization\n"
		   "acpi: PM timer IO invalid address 0xFFFD\n"
		   "acpi: PM timer gas structure is NULL\n"
		   "acpi: skip PM timer initialization\n"
		   "acpi: SMI command IO invalid address 0x10000\n"
		   "FACS address 0x7F000C00\n");
	assert_int_equal(acpi.pm1a_control.address, 0);
	assert_int_equal(acpi.smi_command, 0);
}

static void expects_no_registers_where_there_are_none(void **state)
{
	(void)state;
	put(FADT + 64, 0, 4);
	put(FADT + 112, 1 << 20, 4);	/* HW_REDUCED_ACPI */
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
	assert_int_equal(acpi.pm_timer.address, 0);
	assert_int_equal(acpi.smi_command, 0);
	/* No timer is no fault either. */
	put(FADT + 64, 0x604, 4);
	put(FADT + 112, 0, 4);
	memory[FADT + 91] = 0;
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
	assert_int_equal(acpi.pm_timer.address, 0);
}

static void reads_the_reset_register(void **state)
{
	(void)state;
	put(FADT + 112, 1 << 10, 4);	/* RESET_REG_SUP */
	put_gas(FADT + 116, 1, 8, 0, 1, 0xcf9);
	memory[FADT + 128] = 0x0f;
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
	assert_true(acpi.reset_supported);
	assert_int_equal(acpi.reset.address, 0xcf9);
	assert_int_equal(acpi.reset.width, 1);
	assert_int_equal(acpi.reset_value, 0x0f);
	/* Function 7 of device 31, register 0xff of PCI. */
	put_gas(FADT + 116, 2, 8, 0, 1, UINT64_C(0x1f000700ff));
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_true(acpi.reset_supported);
	assert_int_equal(acpi.reset.space, 2);
	put_gas(FADT + 116, 2, 8, 0, 1, UINT64_C(0x1f00080000));
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_false(acpi.reset_supported);
	assert_int_equal(acpi.reset.address, 0);
	assert_log("ACPI DMAR not found.\n"
		   "acpi: reset register gas PCI invalid address 0x1F00080000\n"
		   "acpi: skip reset register initialization\n"
		   "FACS address 0x7F000C00\n");
	/* Not supported is not looked at. */
	put(FADT + 112, 0, 4);
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
}

/* A table that ends in the middle has what it has. */
static void reads_short_fadts(void **state)
{
	(void)state;
	put(FADT + 112, 1 << 10, 4);
	put_gas(FADT + 116, 1, 8, 0, 1, 0xcf9);
	put_table(FADT, "FACP", 128);	/* the value is just behind */
	scan(BASE + RSDP, 0);
	assert_log(USUAL);
	assert_false(acpi.reset_supported);
	put_table(FADT, "FACP", 129);
	scan(BASE + RSDP, 0);
	assert_true(acpi.reset_supported);
	put_table(FADT, "FACP", 67);
	scan(BASE + RSDP, 0);
	assert_log("ACPI DMAR not found.\n"
		   "acpi: PM1a control gas structure is NULL\n"
		   "acpi: skip PM1a control initialization\n"
		   "FACS address 0x7F000C00\n");
	put_table(FADT, "FACP", 36);
	scan(BASE + RSDP, 0);
	assert_log("ACPI DMAR not found.\n"
		   "acpi: PM1a control gas structure is NULL\n"
		   "acpi: skip PM1a control initialization\n"
		   "ACPI FACP at 0x7F000800: length 36 is too short for a "
		   "DSDT\n");
	assert_true(acpi.have_fadt);
	assert_int_equal(acpi.facs_count, 0);
	assert_int_equal(count_tables("DSDT"), 0);
}

static void distrusts_the_facs(void **state)
{
	static const struct {
		uint32_t at;
		const char *signature;
		uint32_t length;
		const char *why;
	} rows[] = {
		{ FACS2, "FACX", 64, "other signature in memory" },
		{ FACS2, "FACS", 63, "wrong length" },
		{ FACS2, "FACS", 4097, "wrong length" },
		{ FACS2 + 8, "FACS", 64, "not aligned to 64 bytes" },
		{ SIZE - 63, "", 0, "not in readable memory" },
	};

	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		char expected[256];

		memcpy(memory + rows[i].at, rows[i].signature,
		       strlen(rows[i].signature));
		if (rows[i].length)
			put(rows[i].at + 4, rows[i].length, 4);
		put(FADT + 132, BASE + rows[i].at, 8);
		fix(FADT);
		scan(BASE + RSDP, 0);
		snprintf(expected, sizeof(expected), "ACPI DMAR not found.\n"
			 "ACPI FACS at 0x%X: %s; table ignored\n"
			 "FACS address 0x7F000C00\n", BASE + rows[i].at,
			 rows[i].why);
		assert_log(expected);
	}
}

/* Six at most, from three FADTs. */
static void notes_six_facs(void **state)
{
	char expected[256] = "ACPI DMAR not found.\n";
	uint32_t at = 0x2000;

	(void)state;
	put(XSDT + 4, 36, 4);
	for (unsigned i = 0; i < 4; i++) {
		uint32_t fadt = OTHER + 0x100 * i;

		put_fadt(fadt, 244);
		put_facs(at + 0x80 * i);
		put_facs(at + 0x80 * i + 0x40);
		put(fadt + 36, BASE + at + 0x80 * i, 4);
		put(fadt + 132, BASE + at + 0x80 * i + 0x40, 8);
		fix(fadt);
		add_entry(XSDT, BASE + fadt);
	}
	scan(BASE + RSDP, 0);
	strcat(expected,
	       "ACPI FACS at 0x7F002180: more than can be noted; table ignored\n"
	       "ACPI FACS at 0x7F0021C0: more than can be noted; table ignored\n"
	       "FACS address 0x7F002000 0x7F002040 0x7F002080 0x7F0020C0 "
	       "0x7F002100 0x7F002140\n");
	assert_log(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_usual_tables),
		TEST(reads_acpi_1_0),
		TEST(says_when_there_is_no_rsdp),
		TEST(takes_the_second_rsdp_when_the_first_is_bad),
		TEST(takes_the_rsdt_when_the_xsdt_is_bad),
		TEST(follows_all_root_tables),
		TEST(skips_bad_tables),
		TEST(skips_tables_with_a_wrong_checksum),
		TEST(skips_addresses_that_lead_nowhere),
		TEST(is_not_led_in_circles),
		TEST(the_same_address_cannot_be_two_tables),
		TEST(bounds_the_number_of_tables),
		TEST(bounds_the_number_of_entries),
		TEST(notes_iommus),
		TEST(reads_generic_addresses),
		TEST(prefers_generic_addresses),
		TEST(says_which_registers_are_missing),
		TEST(expects_no_registers_where_there_are_none),
		TEST(reads_the_reset_register),
		TEST(reads_short_fadts),
		TEST(distrusts_the_facs),
		TEST(notes_six_facs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
