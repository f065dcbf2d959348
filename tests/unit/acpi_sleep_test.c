/* SPDX-License-Identifier: BSD-3-Clause */
/* Hiding sleep states: which names are changed, and that nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <acpi/aml.h>
#include <vmm/acpi.h>
#include "acpi_build.h"

/* AML, as strings.  A package length below 0x40 is one byte; here always the
 * bytes that follow, plus the byte itself. */
#define PKG4	"\x12\x06\x04\x01\x01\x00\x00"	/* {1, 1, 0, 0}, 7 bytes */
#define S3	"\x08_S3_" PKG4			/* Name, 12 bytes */
#define S2	"\x08_S2_" PKG4

#define AML(text) text, sizeof(text) - 1

/* Which of the names _S2_ and _S3_ in a piece of AML are changed. */
static const struct row {
	const char *what, *aml;
	size_t size;
	unsigned mask;		/* which of the names in it, bit 0 the first */
	bool lost;		/* some of it cannot be followed */
} rows[] = {
	{ "a name of the root", AML(S3), 1, false },
	{ "with the root's prefix", AML("\x08\\_S3_" PKG4), 1, false },
	{ "both states", AML(S3 S2), 3, false },
	{ "behind other objects", AML("\x08" "ABCD\x0a\x33" "\x08" "EFGH\x0d_S3_\0" S3), 2, false },
	{ "any value", AML("\x08_S3_\x11\x03\x01\x00"), 1, false },
	{ "a package of variable length", AML("\x08_S3_\x13\x06\x60\x01\x01\x00\x00"), 1, false },
	{ "a method", AML("\x14\x0b_S3_\x00\xa4" "A___"), 1, false },
	{ "a method with prefix", AML("\x14\x09\\_S3_\x00\xa4\x00"), 1, false },
	{ "an alias", AML("\x06" "XSS3_S3_"), 1, false },
	{ "not the object an alias is for", AML("\x06_S3_XSS3"), 0, false },
	{ "in Scope (\\)", AML("\x10\x0f\\\0" S3), 1, false },
	{ "by pattern in Scope (\\) without null name, which AML does not have", AML("\x10\x0e\\" S3), 1, true },
	{ "not in another scope", AML("\x10\x12\\_SB_" S3), 0, false },
	{ "but with the root's prefix there", AML("\x10\x13\\_SB_\x08\\_S3_" PKG4), 1, false },
	{ "not with a path", AML("\x08\x2e_SB__S3_" PKG4), 0, false },
	{ "not of a parent", AML("\x08^_S3_" PKG4), 0, false },
	{ "in If and Else", AML("\xa0\x0d\x93" "A" "___" "\x01" "\x08" "B___" "\x01" "\xa1\x0d" S3), 1, false },
	{ "in If with a comparison", AML("\xa0\x13\x93" "ABCD\x01" S3), 1, false },
	{ "in If with a method of two arguments", AML("\xa0\x14" "METH\x01\x0a\x07" S3), 1, false },
	{ "in While", AML("\xa2\x0e\x01" S3), 1, false },
	{ "in If in If", AML("\xa0\x11\x01\xa0\x0e\x01" S3), 1, false },
	{ "not in a device", AML("\x5b\x82\x11" "PCI0" S3), 0, false },
	{ "not in If in a device", AML("\x5b\x82\x14" "PCI0\xa0\x0e\x01" S3), 0, false },
	{ "behind a device", AML("\x5b\x82\x0b" "PCI0\x08_UID\x01" S3), 1, false },
	{ "not in a processor", AML("\x5b\x83\x17" "CPU0\x01\x10\x04\x00\x00\x06" S3), 0, false },
	{ "not in a power resource", AML("\x5b\x84\x14" "PWR0\x00\x00\x00" S3), 0, false },
	{ "not in a thermal zone", AML("\x5b\x85\x11" "TZ00" S3), 0, false },
	{ "not in a method's body", AML("\x14\x12" "MAIN\x00" S3), 0, false },
	{ "not in a buffer", AML("\x08" "BUF0\x11\x0f\x0a\x0c" S3), 0, false },
	{ "not in a string", AML("\x08" "STR0\x0d\x08_S3_\x12\x06\x04\x01\x01\x00\x00\x00"), 0, false },
	{ "not in a field list", AML("\x5b\x81\x12" "REG0\x01" S3), 0, false },
	{ "not in a package", AML("\x08" "PKG0\x12\x0e\x01" S3), 0, false },
	{ "not a longer or other name", AML("\x08_S3D\x01\x08_S3A\x01\x08_S1_\x01\x08_S4_\x01\x08_S5_\x01"), 0, false },
	{ "not a reference", AML("\x70_S3_\x60\x5b\x12_S3_\x61"), 0, false },
	{ "not an external", AML("\x15_S3_\x00\x00"), 0, false },
	{ "behind declarations", AML(
		"\x15\\\x2e_SB_PCI0\x06\x00"		/* External, 13 */
		"\x5b\x01MTX0\x00" "\x5b\x02" "EVT0"	/* 7 + 6 */
		"\x5b\x80REG0\x01\x0a\xb0\x0a\x04"	/* OpRegion, 11 */
		"\x5b\x88TAB0\x0d" "A\0\x0d\0\x0d\0"	/* DataRegion, 13 */
		"\x8a" "BUF0\x00" "FLD0"		/* CreateDWordField, 10 */
		"\x5b\x13" "BUF0\x00\x0a\x07" "FLD1"	/* CreateField, 13 */
		S3), 1, false },
	{ "behind statements", AML(
		"\x5b\x23MTX0\xff\xff" "\x5b\x23\x60\x10\x00"	/* Acquire */
		"\x5b\x27MTX0"				/* Release */
		"\x70\x0b\x08_\x5c/\x03" "AAAABBBBCCCC"	/* Store */
		"\x5b\x22\x0a\x08" "\x5b\x32\x01\x02\x03\x04\x05\x00"
		"\x89PKG0\x01\x60\x05\x61\x00"		/* Match */
		"\x75\x60" "\x5b\x31" "\x5b\x33" "\x5b\x30"
		"\x9c\x60\xff\x61" "\xcc" "\xa3" "^^ABCD" "\x2f\x00"
		"\x0e\x08_S3_\x12\x06\x04" "\x0c\x08_S3"
		S3), 2, false },
	{ "where the length has two bytes", AML("\x10\x48\x02\\\0" S3 S3 S3), 7, false },
	{ "where the length has four bytes", AML("\x10\xca\x02\x00\x00\\\0" S3 S3 S3), 7, false },
	{ "by pattern where the length has reserved bits", AML("\x10\x58\x02\\\0" S3 S3 S3), 7, true },
	/* From here on the structure is lost first, by 0x5b 0xff. */
	{ "by pattern", AML("\x5b\xff" S3), 1, true },
	{ "by pattern, with prefix", AML("\x5b\xff\x08\\_S2_" PKG4), 1, true },
	{ "by pattern, a method", AML("\x5b\xff\x14\x08_S3_\x08\xa4\x00"), 1, true },
	{ "by pattern, all constants", AML("\x5b\xff\x08_S3_\x12\x0d\x04\x0a\x05\x0b\x05\x00\x0c\x05\x00\x00\x00\xff"), 1, true },
	{ "by pattern, fewer elements", AML("\x5b\xff\x08_S3_\x12\x03\x04\x01"), 1, true },
	{ "behind what encloses the lost part", AML("\x5b\x82\x0a" "PCI0\x5b\xff" "ABC" S3), 1, true },
	{ "not by pattern: no package", AML("\x5b\xff\x08_S3_\x0a\x05"), 0, true },
	{ "not by pattern: no elements", AML("\x5b\xff\x08_S3_\x12\x02\x04"), 0, true },
	{ "not by pattern: five elements", AML("\x5b\xff\x08_S3_\x12\x07\x05\x01\x01\x01\x01\x01"), 0, true },
	{ "not by pattern: count of five", AML("\x5b\xff\x08_S3_\x12\x03\x05\x01"), 0, true },
	{ "not by pattern: more than the count", AML("\x5b\xff\x08_S3_\x12\x04\x01\x01\x01"), 0, true },
	{ "not by pattern: count of zero", AML("\x5b\xff\x08_S3_\x12\x02\x00"), 0, true },
	{ "not by pattern: an element is a name", AML("\x5b\xff\x08_S3_\x12\x06\x01" "ABCD"), 0, true },
	{ "not by pattern: a package beyond the end", AML("\x5b\xff\x08_S3_\x12\x07\x04\x01\x01\x00\x00"), 0, true },
	{ "not by pattern: an integer beyond the package", AML("\x5b\xff\x08_S3_\x12\x03\x04\x0a\x05"), 0, true },
	{ "not by pattern: reserved bits in the length", AML("\x5b\xff\x08_S3_\x12\x57\x00\x04\x01\x01\x00\x00"), 0, true },
	{ "not by pattern: a method with an argument", AML("\x5b\xff\x14\x08_S3_\x01\xa4\x00"), 0, true },
	{ "not by pattern: a method without a body", AML("\x5b\xff\x14\x06_S3_\x00"), 0, true },
	{ "not by pattern: a path", AML("\x5b\xff\x08\x2e_SB__S3_" PKG4), 0, true },
	{ "not by pattern: cut off", AML("\x5b\xff\x08_S3"), 0, true },
};

/* Put AML into a DSDT of its own. */
static void put_dsdt(const void *aml, size_t size)
{
	memcpy(memory + OTHER + 36, aml, size);
	put_table(OTHER, "DSDT", 36 + (uint32_t)size);
	put(FADT + 40, BASE + OTHER, 4);
	fix(FADT);
	scan(BASE + RSDP, 0);
	assert_int_equal(count_tables("DSDT"), 1);
	acpi_world_log[0] = '\0';
}

static unsigned hide(void)
{
	unsigned n = vmm_acpi_hide_sleep(&acpi, &world.mem);

	acpi_world_settle(&world);
	return n;
}

/* What the log must say of a row. */
static void assert_row_log(const struct row *row, const bool *changed)
{
	char expected[256] = "";

	if (row->lost) {
		const char *at = strstr(acpi_world_log, "offset ");
		unsigned offset;

		assert_non_null(at);
		assert_int_equal(sscanf(at, "offset %u", &offset), 1);
		snprintf(expected, sizeof(expected), "ACPI table at 0x7F001000:"
			 " AML at offset %u cannot be followed; sleep states "
			 "behind it are found by pattern\n", offset);
	}
	for (unsigned i = 0; i < 2; i++)
		if (changed[i])
			strcat(expected, i == 0 ? "Disable ACPI S2\n" :
			       "Disable ACPI S3\n");
	assert_log(expected);
}

/* Change what a row says should be changed; returns the number of names, and
 * which states they are of. */
static unsigned change_names(const struct row *row, uint8_t *table,
			     bool *changed)
{
	unsigned n = 0, seen = 0;

	changed[0] = changed[1] = false;
	for (size_t at = 0; at + 4 <= row->size; at++) {
		char state = row->aml[at + 2];

		if (memcmp(row->aml + at, "_S", 2) != 0 ||
		    (state != '2' && state != '3') || row->aml[at + 3] != '_')
			continue;
		if (row->mask & 1u << seen++) {
			table[36 + at] = 'D';
			table[9] = (uint8_t)(table[9] + '_' - 'D');
			changed[state - '2'] = true;
			n++;
		}
	}
	assert_true(row->mask >> seen == 0);
	return n;
}

static void changes_the_right_names_only(void **state)
{
	static uint8_t expected[SIZE];

	for (size_t i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		bool changed[2];
		unsigned n, got;

		set_up(state);
		put_dsdt(row->aml, row->size);
		memcpy(expected, memory, SIZE);
		n = change_names(row, expected + OTHER, changed);
		got = hide();
		if (got != n)
			fail_msg("%s: %u names, not %u", row->what, got, n);
		if (memcmp(memory, expected, SIZE) != 0)
			fail_msg("%s: other bytes changed", row->what);
		print_message("%s\n", row->what);
		assert_row_log(row, changed);
		/* Nothing is left to be hidden, and the table is good. */
		scan(BASE + RSDP, 0);
		assert_log(USUAL);
		assert_int_equal(count_tables("DSDT"), 1);
		assert_int_equal(hide(), 0);
	}
}

/* All tables with AML are looked at; each state is named once, S2 first. */
static void looks_at_all_tables_with_aml(void **state)
{
	static const char *const signatures[] = { "SSDT", "PSDT", "SSDT" };

	(void)state;
	put_dsdt(AML(S3));
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t at = OTHER + 0x100 * (i + 1);

		memcpy(memory + at + 36, S3 S2, 24);
		put_table(at, signatures[i], 36 + 24);
		add_entry(XSDT, BASE + at);
	}
	/* Neither one with a wrong checksum nor one of another kind. */
	memory[OTHER + 0x100 * 3 + 10] ^= 1;
	memcpy(memory + OTHER + 0x436, S3 S2, 24);
	put_table(OTHER + 0x400, "OEMX", 36 + 24);
	add_entry(XSDT, BASE + OTHER + 0x400);
	scan(BASE + RSDP, 0);
	acpi_world_log[0] = '\0';
	assert_int_equal(hide(), 5);
	assert_log("Disable ACPI S2\nDisable ACPI S3\n");
	assert_memory_equal(memory + OTHER + 0x300 + 37, "_S3_", 4);
}

static void leaves_a_table_that_changed_after_the_scan(void **state)
{
	(void)state;
	put_dsdt(AML(S3));
	memory[OTHER + 20] ^= 1;
	assert_int_equal(hide(), 0);
	memory[OTHER + 20] ^= 1;
	put(OTHER + 4, length_at(OTHER) - 1, 4);
	fix(OTHER);
	assert_int_equal(hide(), 0);
	assert_log("");
	assert_memory_equal(memory + OTHER + 37, "_S3_", 4);
}

static void says_when_it_may_not_write(void **state)
{
	(void)state;
	put_dsdt(AML(S3));
	world.read_only = true;
	assert_int_equal(hide(), 0);
	assert_log("ACPI DSDT at 0x7F001000: not in writable memory; its sleep "
		   "states stay visible\n");
	/* It does not ask for it in vain. */
	put_dsdt(AML("\x08_S5_" PKG4));
	assert_int_equal(hide(), 0);
	assert_log("");
}

static void needs_no_tables(void **state)
{
	(void)state;
	scan(0, 0);
	acpi_world_log[0] = '\0';
	assert_int_equal(hide(), 0);
	assert_log("");
	put_dsdt(AML(""));
	assert_int_equal(hide(), 0);
}

/* If in If, deeper than anybody nests: each level is 3 bytes with a length of
 * two bytes, and the innermost holds S3. */
static void survives_deep_nesting(void **state)
{
	static uint8_t aml[4 * 1000 + 12];

	(void)state;
	for (unsigned depth = 10; depth <= 1000; depth *= 10) {
		uint32_t length = 12, at;

		for (at = 4 * depth; at > 0; length += 4) {
			at -= 4;
			aml[at] = 0xa0;
			aml[at + 1] = (uint8_t)(0x40 | ((length + 3) & 0xf));
			aml[at + 2] = (uint8_t)((length + 3) >> 4);
			aml[at + 3] = 1;
		}
		memcpy(aml + 4 * depth, S3, 12);
		set_up(state);
		put_dsdt(aml, 4 * depth + 12);
		assert_int_equal(hide(), 1);
		assert_memory_equal(memory + OTHER + 36 + 4 * depth, "\x08" "DS3_", 5);
	}
}

/* --- the walk alone --- */

struct spy {
	struct aml_visitor visitor;
	uint32_t objects, lost_from, lost_to;
};

static void spy_object(struct aml_visitor *visitor, uint32_t offset)
{
	struct spy *spy = VMM_CONTAINER_OF(visitor, struct spy, visitor);

	(void)offset;
	spy->objects++;
}

static void spy_lost(struct aml_visitor *visitor, uint32_t from, uint32_t to)
{
	struct spy *spy = VMM_CONTAINER_OF(visitor, struct spy, visitor);

	assert_true(from < to && from >= spy->lost_to);
	spy->lost_from = from;
	spy->lost_to = to;
}

/* Every row cut off anywhere, in a block of just that size: nothing is read
 * behind it, and what is lost lies within. */
static void stays_within_tables_cut_off_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		for (uint32_t n = 0; n <= rows[i].size; n++) {
			struct spy spy = { { spy_object, spy_lost }, 0, 0, 0 };
			uint8_t *aml = test_malloc(n ? n : 1);

			memcpy(aml, rows[i].aml, n);
			aml_walk(aml, n, &spy.visitor);
			assert_true(spy.lost_to <= n);
			for (uint32_t at = 0; at < n; at++)
				assert_true(aml_match_object(aml, n, at,
							     "_S3_") < n);
			test_free(aml);
		}
	}
}

static void counts_root_objects(void **state)
{
	static const char aml[] =
		"\x08" "AAAA\x01" "\x10\x0c\\_SB_\x08" "BBBB\x01"
		"\x14\x07" "CCCC\x00\x00" "\x06" "AAAADDDD"
		"\x10\x09\\\0\x08" "EEE_\x01" "\x08^FFFF\x01";
	struct spy spy = { { spy_object, spy_lost }, 0, 0, 0 };

	(void)state;
	aml_walk((const uint8_t *)aml, sizeof(aml) - 1, &spy.visitor);
	assert_int_equal(spy.lost_to, 0);
	assert_int_equal(spy.objects, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changes_the_right_names_only),
		TEST(looks_at_all_tables_with_aml),
		TEST(leaves_a_table_that_changed_after_the_scan),
		TEST(says_when_it_may_not_write),
		TEST(needs_no_tables),
		TEST(survives_deep_nesting),
		TEST(stays_within_tables_cut_off_anywhere),
		TEST(counts_root_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
