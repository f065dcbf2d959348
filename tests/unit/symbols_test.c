/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of addresses, and the walk up a stack of frames. */
#include <setjmp.h>
#include <elf.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <boot/handoff.h>
#include <core/symbols.h>
#include <vmm/log.h>

static char logged[4096];

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	size_t used = strlen(logged);
	va_list ap;

	assert_int_equal(level, VMM_LOG_ERR);
	va_start(ap, fmt);
	vsnprintf(logged + used, sizeof(logged) - used, fmt, ap);
	va_end(ap);
}

#define BIAS	UINT64_C(0x40000000)

/* A string table of its own heap block, so that ASan sees its end. */
static const char names[] =
	"\0file.c\0first\0second\0label\0data\0later\0cut";
enum { N_FILE = 1, N_FIRST = 8, N_SECOND = 14, N_LABEL = 21, N_DATA = 27,
       N_LATER = 32, N_CUT = 38 };

#define SYM(name, type, shndx, value, size) \
	{ name, ELF64_ST_INFO(STB_GLOBAL, type), 0, shndx, value, size }

static const Elf64_Sym symbols[] = {
	SYM(0, STT_NOTYPE, SHN_UNDEF, 0, 0),
	SYM(N_FILE, STT_FILE, SHN_ABS, 0, 0),
	SYM(N_SECOND, STT_FUNC, 1, 0x1040, 0x20),
	SYM(N_FIRST, STT_FUNC, 1, 0x1000, 0x40),
	SYM(N_LABEL, STT_NOTYPE, 1, 0x1100, 0),
	SYM(N_LATER, STT_NOTYPE, 1, 0x1180, 0),
	SYM(N_DATA, STT_OBJECT, 2, 0x1200, 0x100),
	SYM(N_CUT, STT_FUNC, 1, 0x1300, 0x10),
	SYM(1000000, STT_FUNC, 1, 0x1310, 0x10),
	SYM(N_LATER, STT_FUNC, SHN_UNDEF, 0x1320, 0x10),
};

static struct bv_handoff handoff;
static struct vmm_symtab tab;
static char *strings;
static void *table;

static int setup(void **state)
{
	(void)state;
	*logged = '\0';
	/* Without the last NUL. */
	strings = malloc(sizeof(names) - 1);
	memcpy(strings, names, sizeof(names) - 1);
	table = malloc(sizeof(symbols));
	memcpy(table, symbols, sizeof(symbols));
	memset(&handoff, 0, sizeof(handoff));
	handoff.image_bias = BIAS;
	handoff.image_base = BIAS + 0x1000;
	handoff.image_size = 0x1000;
	handoff.symtab = (uintptr_t)table;
	handoff.symtab_size = sizeof(symbols);
	handoff.strtab = (uintptr_t)strings;
	handoff.strtab_size = sizeof(names) - 1;
	vmm_symtab_init(&tab, &handoff);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(strings);
	free(table);
	return 0;
}

static const char *text_of(uint64_t link_address, bool is_return)
{
	static char text[VMM_SYMBOL_TEXT];

	vmm_symbol_print(&tab, BIAS + link_address, is_return, text);
	return text;
}

static void test_lookup(void **state)
{
	struct vmm_symbol s;

	(void)state;
	assert_true(vmm_symbol_find(&tab, BIAS + 0x1012, &s));
	assert_string_equal(s.name, "first");
	assert_int_equal(s.offset, 0x12);
	assert_int_equal(s.size, 0x40);
	assert_string_equal(text_of(0x1000, false),
			    "0x40001000 first+0x0/0x40");
	assert_string_equal(text_of(0x103f, false),
			    "0x4000103f first+0x3f/0x40");
	assert_string_equal(text_of(0x1040, false),
			    "0x40001040 second+0x0/0x20");
	/* The call that does not return was first's last instruction. */
	assert_string_equal(text_of(0x1040, true),
			    "0x40001040 first+0x40/0x40");
}

static void test_labels(void **state)
{
	(void)state;
	/* Between functions and before the first label: no name. */
	assert_string_equal(text_of(0x1080, false),
			    "0x40001080 image+0x1080");
	assert_string_equal(text_of(0x1105, false),
			    "0x40001105 label+0x5/0x0");
	assert_string_equal(text_of(0x1190, false),
			    "0x40001190 later+0x10/0x0");
	/* Data does not name code, nor does what is undefined. */
	assert_string_equal(text_of(0x1210, false),
			    "0x40001210 later+0x90/0x0");
	assert_string_equal(text_of(0x1320, false),
			    "0x40001320 later+0x1a0/0x0");
}

static void test_bad_names(void **state)
{
	(void)state;
	assert_string_equal(text_of(0x1308, false),
			    "0x40001308 later+0x188/0x0");
	assert_string_equal(text_of(0x1318, false),
			    "0x40001318 later+0x198/0x0");
}

static void test_outside(void **state)
{
	struct vmm_symbol s;

	(void)state;
	assert_string_equal(text_of(0xfff, false), "0x40000fff");
	assert_string_equal(text_of(0x2000, false), "0x40002000");
	assert_false(vmm_symbol_find(&tab, 0, &s));
	assert_false(vmm_symbol_find(&tab, UINT64_MAX, &s));
}

static void test_no_table(void **state)
{
	struct vmm_symbol s;

	(void)state;
	vmm_symtab_init(&tab, NULL);
	assert_false(vmm_symbol_find(&tab, BIAS + 0x1000, &s));
	handoff.strtab = 0;
	vmm_symtab_init(&tab, &handoff);
	assert_string_equal(text_of(0x1000, false), "0x40001000 image+0x1000");
	/* A piece of a symbol at the end is not one. */
	handoff.strtab = (uintptr_t)strings;
	handoff.symtab_size = 4 * sizeof(Elf64_Sym) - 1;
	vmm_symtab_init(&tab, &handoff);
	assert_string_equal(text_of(0x1040, false),
			    "0x40001040 second+0x0/0x20");
	assert_string_equal(text_of(0x1000, false), "0x40001000 image+0x1000");
}

static void test_long_name(void **state)
{
	char text[VMM_SYMBOL_TEXT];

	(void)state;
	free(strings);
	strings = malloc(1000);
	memset(strings, 'n', 999);
	strings[999] = '\0';
	handoff.strtab = (uintptr_t)strings;
	handoff.strtab_size = 1000;
	vmm_symtab_init(&tab, &handoff);
	vmm_symbol_print(&tab, BIAS + 0x1001, false, text);
	assert_int_equal(strlen(text), 11 + 80 + strlen("+0x1/0x40"));
}

/* --- stacks --- */

static uint64_t stack[16];

static uint64_t at(unsigned i)
{
	return (uintptr_t)&stack[i];
}

static void push_frame(unsigned i, uint64_t next, uint64_t return_address)
{
	stack[i] = next;
	stack[i + 1] = return_address;
}

static unsigned walk(uint64_t rbp, uint64_t *found, unsigned max)
{
	return vmm_backtrace_walk(&tab, rbp, at(0), at(0) + sizeof(stack),
				  found, max);
}

static void make_stack(void)
{
	memset(stack, 0, sizeof(stack));
	push_frame(2, at(6), BIAS + 0x1010);
	push_frame(6, at(8), BIAS + 0x1044);
	push_frame(8, at(14), BIAS + 0x1050);
	push_frame(14, 0, BIAS + 0x1105);
}

static void test_walk(void **state)
{
	uint64_t found[8];

	(void)state;
	make_stack();
	assert_int_equal(walk(at(2), found, 8), 4);
	assert_int_equal(found[0], BIAS + 0x1010);
	assert_int_equal(found[1], BIAS + 0x1044);
	assert_int_equal(found[2], BIAS + 0x1050);
	assert_int_equal(found[3], BIAS + 0x1105);
	assert_int_equal(walk(at(2), found, 3), 3);
	assert_int_equal(walk(at(2), found, 0), 0);
}

static void test_walk_of_bad_frames(void **state)
{
	uint64_t found[8];
	const uint64_t bad[] = {
		0, 1, UINT64_MAX, UINT64_MAX - 7, at(0) - 8, at(15), at(0) + 4,
		at(0) + sizeof(stack), UINT64_C(0x800000000000),
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make_stack();
		assert_int_equal(walk(bad[i], found, 8), 0);
		stack[6] = bad[i];
		assert_int_equal(walk(at(2), found, 8), 2);
	}
	/* Loops and steps back. */
	make_stack();
	stack[6] = at(6);
	assert_int_equal(walk(at(2), found, 8), 2);
	stack[6] = at(2);
	assert_int_equal(walk(at(2), found, 8), 2);
	stack[6] = at(7);
	assert_int_equal(walk(at(2), found, 8), 2);
	/* A return address that is none of ours. */
	make_stack();
	stack[9] = BIAS + 0x2000;
	assert_int_equal(walk(at(2), found, 8), 2);
	/* No stack at all. */
	assert_int_equal(vmm_backtrace_walk(&tab, 0, 0, 0, found, 8), 0);
	assert_int_equal(vmm_backtrace_walk(&tab, 0, 0, 15, found, 8), 0);
}

static void test_log(void **state)
{
	(void)state;
	make_stack();
	handoff.reserved_base = at(0);
	handoff.reserved_size = sizeof(stack);
	vmm_backtrace_log(&handoff, BIAS + 0x1021, at(2));
	assert_string_equal(logged,
			    "backtrace:\n"
			    "    0x40001021 first+0x21/0x40\n"
			    "  < 0x40001010 first+0x10/0x40\n"
			    "  < 0x40001044 second+0x4/0x20\n"
			    "  < 0x40001050 second+0x10/0x20\n"
			    "  < 0x40001105 label+0x5/0x0\n");
	*logged = '\0';
	vmm_backtrace_log(&handoff, 0, 0x1234);
	assert_string_equal(logged, "backtrace:\n");
	*logged = '\0';
	vmm_backtrace_log(NULL, 0, 0);
	assert_string_equal(logged, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lookup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_labels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_names, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_outside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_name, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_walk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_walk_of_bad_frames, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_log, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
