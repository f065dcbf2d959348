/* SPDX-License-Identifier: BSD-3-Clause */
/* loader/{layout,path,text}.c: the parts of the loader that call nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include "layout.h"
#include "path.h"
#include "text.h"

/* --- helpers: UTF-16 --- */

/* Compare with ASCII text. */
static void assert_path(const uint16_t *path, const char *want)
{
	char text[PATH_CHARS];
	size_t n = 0;

	for (; path[n]; n++) {
		assert_true(n + 1 < PATH_CHARS && path[n] < 0x80);
		text[n] = (char)path[n];
	}
	text[n] = '\0';
	assert_string_equal(text, want);
}

static void utf16(uint16_t *to, const char *text)
{
	while ((*to++ = (uint8_t)*text++) != 0)
		;
}

/* --- layout --- */

static const uint8_t table[1];

static void layout_without_symbols(void **state)
{
	struct elf_image image = {
		.span = 0x5000, .request = { 1, 0, 0x10001, 0x800 },
	};
	struct layout l;

	(void)state;
	assert_int_equal(layout_make(&l, &image, 3), 0);
	assert_int_equal(l.symtab, 0);
	assert_int_equal(l.strtab, 0);
	assert_int_equal(l.heap, 0x5000);
	assert_int_equal(l.heap_size, 0x12000);	/* 0x10001 + 3 * 0x800 */
	assert_int_equal(l.size, 0x17000);
}

static void layout_with_symbols(void **state)
{
	struct elf_image image = {
		.span = 0x5000, .symtab = table, .symtab_size = 72,
		.strtab = table, .strtab_size = 0x1000,
	};
	struct layout l;

	(void)state;
	assert_int_equal(layout_make(&l, &image, 1), 0);
	assert_int_equal(l.symtab, 0x5000);
	assert_int_equal(l.strtab, 0x5050);
	assert_int_equal(l.heap, 0x7000);
	assert_int_equal(l.heap_size, 0);
	assert_int_equal(l.size, 0x7000);
}

static void layout_overflow(void **state)
{
	static const uint64_t heaps[][2] = {
		{ UINT64_MAX, 0 }, { 0, UINT64_MAX }, { UINT64_MAX - 1, 1 },
		{ 0, UINT64_C(1) << 63 }, { (UINT64_C(1) << 52) + 1, 0 },
		{ UINT64_C(1) << 52, 1 },
	};
	struct elf_image image = { .span = 0x5000 };
	struct layout l;

	(void)state;
	for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++) {
		image.request.heap_base_size = heaps[i][0];
		image.request.heap_per_cpu = heaps[i][1];
		assert_int_equal(layout_make(&l, &image, 4), -EOVERFLOW);
	}
}

/* --- device paths --- */

struct device_path {
	uint8_t bytes[16384];
	size_t size;
};

static void add_node(struct device_path *d, uint8_t type, uint8_t subtype,
		     const void *data, size_t size)
{
	uint8_t *node = d->bytes + d->size;

	node[0] = type;
	node[1] = subtype;
	node[2] = (uint8_t)(size + 4);
	node[3] = (uint8_t)((size + 4) >> 8);
	if (size)
		memcpy(node + 4, data, size);
	d->size += size + 4;
}

static void add_file(struct device_path *d, const char *name)
{
	uint16_t text[PATH_CHARS];

	utf16(text, name);
	add_node(d, 4, 4, text, 2 * strlen(name) + 2);
}

static void add_end(struct device_path *d)
{
	add_node(d, 0x7f, 0xff, NULL, 0);
}

/* path_directory() of a copy whose end ASan guards. */
static int directory(const struct device_path *d, uint16_t *dir)
{
	uint8_t *copy = malloc(d->size ? d->size : 1);
	int result;

	assert_non_null(copy);
	memcpy(copy, d->bytes, d->size);
	result = path_directory(dir, copy, d->size);
	free(copy);
	return result;
}

static void directory_of_files(void **state)
{
	static const struct {
		const char *node[3], *want;
	} good[] = {
		{ { "\\bitvisor\\loadvmm.efi" }, "\\bitvisor\\" },
		{ { "bitvisor", "loadvmm.efi" }, "\\bitvisor\\" },
		{ { "\\EFI\\", "\\bitvisor\\", "loadvmm.efi" },
			"\\EFI\\bitvisor\\" },
		{ { "/EFI/boot/bootx64.efi" }, "\\EFI\\boot\\" },
		{ { "\\loadvmm.efi" }, "\\" },
		{ { "loadvmm.efi" }, "\\" },
		{ { NULL }, "\\" },
	};
	uint16_t dir[PATH_CHARS];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct device_path d = { .size = 0 };

		for (unsigned j = 0; j < 3 && good[i].node[j]; j++)
			add_file(&d, good[i].node[j]);
		add_end(&d);
		assert_int_equal(directory(&d, dir), 0);
		assert_path(dir, good[i].want);
	}
}

/* A full path names the disk first; its nodes are no part of the name. */
static void directory_of_full_path(void **state)
{
	struct device_path d = { .size = 0 };
	uint16_t dir[PATH_CHARS];

	(void)state;
	add_file(&d, "\\not\\this");
	add_node(&d, 1, 1, "\0\0", 2);
	add_node(&d, 4, 1, "0123456789abcdef", 16);
	add_file(&d, "\\a\\b.efi");
	add_end(&d);
	assert_int_equal(directory(&d, dir), 0);
	assert_path(dir, "\\a\\");
}

static void directory_of_unterminated_name(void **state)
{
	struct device_path d = { .size = 0 };
	uint16_t dir[PATH_CHARS];

	(void)state;
	add_node(&d, 4, 4, u"\\ab\\c", 2 * 5 + 1);	/* odd, no NUL */
	add_end(&d);
	assert_int_equal(directory(&d, dir), 0);
	assert_path(dir, "\\ab\\");
}

static void directory_malformed(void **state)
{
	struct device_path d = { .size = 0 };
	uint16_t dir[PATH_CHARS];

	(void)state;
	assert_int_equal(directory(&d, dir), -EBADMSG);	/* no end node */
	add_file(&d, "\\a");
	assert_int_equal(directory(&d, dir), -EBADMSG);
	d.size--;					/* node cut */
	assert_int_equal(directory(&d, dir), -EBADMSG);
	d.bytes[2] = 3;					/* shorter than itself */
	assert_int_equal(directory(&d, dir), -EBADMSG);
}

static void directory_too_long(void **state)
{
	struct device_path d = { .size = 0 };
	uint16_t dir[PATH_CHARS];

	(void)state;
	for (unsigned i = 0; i < PATH_CHARS / 8; i++)
		add_file(&d, "1234567");
	add_end(&d);
	assert_int_equal(directory(&d, dir), -E2BIG);
}

/* --- load options --- */

static int option(const char *text, uint16_t *name)
{
	size_t size = 2 * strlen(text) + 2;
	uint16_t *copy = malloc(size);
	int result;

	assert_non_null(copy);
	utf16(copy, text);
	result = path_from_options(name, copy, size);
	/* The NUL at the end is not needed. */
	if (result >= 0) {
		uint16_t again[PATH_CHARS];

		assert_int_equal(path_from_options(again, copy, size - 2),
				 result);
	}
	free(copy);
	return result;
}

static void options_with_name(void **state)
{
	static const char *const lines[] = {
		"loadvmm.efi minimal.elf", "minimal.elf",
		"fs0:\\bitvisor\\loadvmm.efi   minimal.elf  ",
		"  loadvmm\tminimal.elf", "loadvmm.efi \"minimal.elf\"",
		"\"my loader.efi\" minimal.elf",
	};
	uint16_t name[PATH_CHARS];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(option(lines[i], name), 1);
		assert_path(name, "minimal.elf");
	}
	assert_int_equal(option("loadvmm.efi \\a\\B.ELF", name), 1);
	assert_path(name, "\\a\\B.ELF");
	assert_int_equal(option("X.ELF", name), 1);
	assert_path(name, "X.ELF");
	assert_int_equal(option("loadvmm.efi \"my image\"", name), 1);
	assert_path(name, "my image");
}

static void options_without_name(void **state)
{
	/* What EDK2 puts into the boot entries that it makes itself. */
	static const uint8_t automatic[16] = {
		0x4e, 0xac, 0x08, 0x81, 0x11, 0x9f, 0x59, 0x4d,
		0x85, 0x0e, 0xe2, 0x1a, 0x52, 0x2c, 0x59, 0xb2,
	};
	uint16_t name[PATH_CHARS];

	(void)state;
	assert_int_equal(path_from_options(name, NULL, 0), 0);
	assert_int_equal(path_from_options(name, NULL, 2), 0);
	assert_int_equal(path_from_options(name, "abc", 3), 0);
	assert_int_equal(path_from_options(name, automatic, 16), 0);
	assert_int_equal(path_from_options(name, u"a.elf\x01", 12), 0);
	assert_int_equal(option("", name), 0);
	assert_int_equal(option("   ", name), 0);
	assert_int_equal(option("loadvmm.efi", name), 0);
	assert_int_equal(option("loadvmm.efi ", name), 0);
	assert_int_equal(option(".el", name), 0);
}

static void options_too_many(void **state)
{
	uint16_t name[PATH_CHARS];

	(void)state;
	assert_int_equal(option("loadvmm.efi a.elf b.elf", name), -E2BIG);
	assert_int_equal(option("a.elf b", name), -E2BIG);
}

/* --- joining --- */

static void join(void **state)
{
	uint16_t path[PATH_CHARS], long_name[PATH_CHARS + 1];

	(void)state;
	assert_int_equal(path_join(path, u"\\a\\", u"b.elf"), 0);
	assert_path(path, "\\a\\b.elf");
	assert_int_equal(path_join(path, u"\\a\\", u"c/b.elf"), 0);
	assert_path(path, "\\a\\c\\b.elf");
	assert_int_equal(path_join(path, u"\\a\\", u"/b.elf"), 0);
	assert_path(path, "\\b.elf");
	assert_int_equal(path_join(path, u"\\", u"EFI//x\\\\y"), 0);
	assert_path(path, "\\EFI\\x\\y");
	for (size_t i = 0; i < PATH_CHARS; i++)
		long_name[i] = 'x';
	long_name[PATH_CHARS] = 0;
	assert_int_equal(path_join(path, u"\\", long_name), -E2BIG);
	assert_int_equal(path_join(path, long_name, u"x"), -E2BIG);
	long_name[PATH_CHARS - 1] = 0;
	assert_int_equal(path_join(path, u"", long_name), 0);
}

static void directory_of_path(void **state)
{
	uint16_t dir[PATH_CHARS];

	(void)state;
	assert_int_equal(path_directory_of(dir, u"\\a\\b.elf"), 0);
	assert_path(dir, "\\a\\");
	assert_int_equal(path_directory_of(dir, u"/b.elf"), 0);
	assert_path(dir, "\\");
	assert_int_equal(path_directory_of(dir, u"b.elf"), 0);
	assert_path(dir, "\\");
}

static void utf8(void **state)
{
	static const char *const bad[] = {
		"\x80", "a\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
		"\xe2\x82", "\xf0\x9f\x98\x80", "\xff", "\xc3" "a",
	};
	uint16_t path[PATH_CHARS];
	char text[2 * PATH_CHARS];

	(void)state;
	assert_int_equal(path_from_utf8(path, "/EFI/\xc3\xa4\xe2\x82\xac", 99),
			 0);
	assert_int_equal(path[5], 0xe4);
	assert_int_equal(path[6], 0x20ac);
	assert_int_equal(path[7], 0);
	path[5] = 0;
	assert_path(path, "\\EFI\\");
	assert_int_equal(path_from_utf8(path, "abc", 2), 0);
	assert_path(path, "ab");
	assert_int_equal(path_from_utf8(path, "\xc3\xa4", 1), -EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(path_from_utf8(path, bad[i], strlen(bad[i])),
				 -EINVAL);
	memset(text, 'x', sizeof(text));
	assert_int_equal(path_from_utf8(path, text, sizeof(text)), -E2BIG);
}

/* --- text --- */

static void text(void **state)
{
	char buf[64];

	(void)state;
	assert_int_equal(text_format(buf, sizeof(buf), "%s|%w|%u|%x|%%", "a",
				     u"b\xe4", UINT64_C(1234), UINT64_MAX), 28);
	assert_string_equal(buf, "a|b?|1234|FFFFFFFFFFFFFFFF|%");
	text_format(buf, sizeof(buf), "%u %x %u", UINT64_C(0), UINT64_C(0),
		    UINT64_MAX);
	assert_string_equal(buf, "0 0 18446744073709551615");
}

static void text_is_cut(void **state)
{
	char *buf = malloc(4);

	(void)state;
	assert_non_null(buf);
	assert_int_equal(text_format(buf, 4, "%s", "abcdef"), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(text_format(buf, 1, "x"), 0);
	assert_string_equal(buf, "");
	free(buf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_without_symbols),
		cmocka_unit_test(layout_with_symbols),
		cmocka_unit_test(layout_overflow),
		cmocka_unit_test(directory_of_files),
		cmocka_unit_test(directory_of_full_path),
		cmocka_unit_test(directory_of_unterminated_name),
		cmocka_unit_test(directory_malformed),
		cmocka_unit_test(directory_too_long),
		cmocka_unit_test(options_with_name),
		cmocka_unit_test(options_without_name),
		cmocka_unit_test(options_too_many),
		cmocka_unit_test(join),
		cmocka_unit_test(directory_of_path),
		cmocka_unit_test(utf8),
		cmocka_unit_test(text),
		cmocka_unit_test(text_is_cut),
	};

	return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
