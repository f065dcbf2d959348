/* SPDX-License-Identifier: BSD-3-Clause */
/* Text on a framebuffer that is a heap block, so that ASan sees its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <core/screen.h>
#include <vmm/error.h>

#define WHITE 0x00ffffffu
#define UNTOUCHED 0x12345678u

static struct vmm_screen screen;
static struct bv_framebuffer fb;
static uint32_t *pixels;

static void make_framebuffer(uint32_t width, uint32_t height, uint32_t stride)
{
	uint64_t n = (uint64_t)stride * height;

	free(pixels);
	pixels = malloc(n * 4);
	for (uint64_t i = 0; i < n; i++)
		pixels[i] = UNTOUCHED;
	fb = (struct bv_framebuffer){
		.base = (uintptr_t)pixels, .size = n * 4, .width = width,
		.height = height, .stride = stride, .format = BV_PIXEL_BGRX8,
	};
}

static int teardown(void **state)
{
	(void)state;
	free(pixels);
	pixels = NULL;
	return 0;
}

/* The character that a cell shows, by comparing it with the font; 0 if none
 * fits. */
static char cell(unsigned column, unsigned row)
{
	unsigned height = vmm_panic_font.height;

	for (unsigned c = VMM_FONT_FIRST; c <= VMM_FONT_LAST; c++) {
		const uint8_t *glyph = vmm_panic_font.glyphs +
				       (c - VMM_FONT_FIRST) * height;
		bool same = true;

		for (unsigned y = 0; y < height; y++)
			for (unsigned x = 0; x < 8; x++)
				same &= (pixels[(row * height + y) * fb.stride +
						column * 8 + x] == WHITE) ==
					!!(glyph[y] & 0x80 >> x);
		if (same)
			return (char)c;
	}
	return 0;
}

static void assert_row(unsigned column, unsigned row, const char *text)
{
	for (unsigned i = 0; text[i]; i++)
		if (cell(column + i, row) != text[i])
			fail_msg("row %u column %u: '%c', expected '%c'", row,
				 column + i, cell(column + i, row), text[i]);
}

static void draw(const char *text)
{
	vmm_screen_line(&screen, text, strlen(text));
}

static void test_draw(void **state)
{
	(void)state;
	make_framebuffer(640, 480, 700);
	assert_int_equal(vmm_screen_init(&screen, &fb, &vmm_panic_font), 0);
	assert_int_equal(pixels[0], UNTOUCHED);
	vmm_screen_clear(&screen);
	draw("panic: Hello, World! {~}");
	draw("");
	draw("third \x01 row");
	assert_row(0, 0, "panic: Hello, World! {~}   ");
	assert_row(0, 1, "      ");
	assert_row(0, 2, "third ? row");
	/* What lies between the lines of pixels is not ours. */
	for (unsigned y = 0; y < 480; y++)
		for (unsigned x = 640; x < 700; x++)
			assert_int_equal(pixels[y * 700 + x], UNTOUCHED);
	assert_int_not_equal(pixels[479 * 700 + 639], UNTOUCHED);
}

static void test_colours(void **state)
{
	(void)state;
	make_framebuffer(640, 480, 640);
	assert_int_equal(vmm_screen_init(&screen, &fb, &vmm_panic_font), 0);
	vmm_screen_clear(&screen);
	assert_int_equal(pixels[0], 0x002060);
	fb.format = BV_PIXEL_RGBX8;
	assert_int_equal(vmm_screen_init(&screen, &fb, &vmm_panic_font), 0);
	vmm_screen_clear(&screen);
	assert_int_equal(pixels[0], 0x602000);
}

/* 79 characters a row: one is left free. */
static void test_wrapping(void **state)
{
	char text[200];

	(void)state;
	make_framebuffer(640, 480, 640);
	assert_int_equal(vmm_screen_init(&screen, &fb, &vmm_panic_font), 0);
	vmm_screen_clear(&screen);
	memset(text, 'a', sizeof(text));
	text[79] = 'b';
	text[158] = 'c';
	vmm_screen_line(&screen, text, 158);
	draw("next");
	vmm_screen_line(&screen, text, 159);
	assert_int_equal(cell(78, 0), 'a');
	assert_int_equal(cell(79, 0), ' ');
	assert_int_equal(cell(0, 1), 'b');
	assert_row(0, 2, "next");
	assert_int_equal(cell(0, 5), 'c');
}

static void test_full_screen(void **state)
{
	unsigned rows = 480 / vmm_panic_font.height;
	char text[32];

	(void)state;
	make_framebuffer(640, 480, 640);
	assert_int_equal(vmm_screen_init(&screen, &fb, &vmm_panic_font), 0);
	vmm_screen_clear(&screen);
	for (unsigned i = 0; i < rows + 5; i++) {
		sprintf(text, "line %u%s", i, i == rows ? " is longer" : "");
		draw(text);
	}
	assert_row(0, 0, "line 0");
	sprintf(text, "line %u", rows - 2);
	assert_row(0, rows - 2, text);
	/* The latest one, and nothing of those it replaced. */
	sprintf(text, "line %u          ", rows + 4);
	assert_row(0, rows - 1, text);
}

/* 1920 pixels: two columns of text. */
static void test_columns(void **state)
{
	unsigned rows = 320 / vmm_panic_font.height;
	char text[32];

	(void)state;
	make_framebuffer(1920, 320, 1920);
	assert_int_equal(vmm_screen_init(&screen, &fb, &vmm_panic_font), 0);
	vmm_screen_clear(&screen);
	for (unsigned i = 0; i < 2 * rows; i++) {
		sprintf(text, "line %u", i);
		draw(text);
	}
	assert_row(0, 0, "line 0");
	sprintf(text, "line %u", rows);
	assert_row(120, 0, text);
	sprintf(text, "line %u", 2 * rows - 1);
	assert_row(120, rows - 1, text);
}

static int init_with(uint32_t width, uint32_t height, uint32_t stride,
		     uint64_t size, uint32_t format)
{
	struct bv_framebuffer bad = {
		.base = (uintptr_t)pixels, .size = size, .width = width,
		.height = height, .stride = stride, .format = format,
	};

	return vmm_screen_init(&screen, &bad, &vmm_panic_font);
}

static void test_bad_framebuffers(void **state)
{
	(void)state;
	make_framebuffer(640, 480, 640);
	assert_int_equal(init_with(640, 480, 640, 640 * 480 * 4, 2), 0);
	assert_int_equal(init_with(640, 480, 640, 640 * 480 * 4, 0), -ENODEV);
	assert_int_equal(init_with(640, 480, 640, 640 * 480 * 4, 3), -ENODEV);
	assert_int_equal(init_with(640, 480, 639, 640 * 480 * 4, 2), -EINVAL);
	assert_int_equal(init_with(640, 480, 640, 640 * 480 * 4 - 1, 2),
			 -EINVAL);
	assert_int_equal(init_with(0, 480, 640, 640 * 480 * 4, 2), -EINVAL);
	assert_int_equal(init_with(640, 0, 640, 640 * 480 * 4, 2), -EINVAL);
	assert_int_equal(init_with(UINT32_MAX, UINT32_MAX, UINT32_MAX,
				   UINT64_MAX, 2), -EINVAL);
	assert_int_equal(init_with(100, 480, 640, 640 * 480 * 4, 2), -ENODEV);
	assert_int_equal(init_with(640, 20, 640, 640 * 480 * 4, 2), -ENODEV);
	fb.base = 0;
	assert_int_equal(vmm_screen_init(&screen, &fb, &vmm_panic_font),
			 -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_draw, teardown),
		cmocka_unit_test_teardown(test_colours, teardown),
		cmocka_unit_test_teardown(test_wrapping, teardown),
		cmocka_unit_test_teardown(test_full_screen, teardown),
		cmocka_unit_test_teardown(test_columns, teardown),
		cmocka_unit_test_teardown(test_bad_framebuffers, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
