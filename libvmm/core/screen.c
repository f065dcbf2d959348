/* SPDX-License-Identifier: BSD-3-Clause */
#include <core/screen.h>
#include <errno.h>
#include <vmm/error.h>

#define MIN_COLUMNS	20u
/* Text columns are made when each gets at least this many characters: the
 * rows of a guest dump have about 80. */
#define GOOD_COLUMNS	100u

static uint32_t pixel(uint32_t format, uint8_t r, uint8_t g, uint8_t b)
{
	if (format == BV_PIXEL_RGBX8)
		return r | (uint32_t)g << 8 | (uint32_t)b << 16;
	return b | (uint32_t)g << 8 | (uint32_t)r << 16;
}

/* Does all that is drawn lie inside the framebuffer's size? */
static bool is_consistent(const struct bv_framebuffer *fb)
{
	return fb->stride >= fb->width && fb->width && fb->height &&
	       (uint64_t)fb->stride * fb->height <= fb->size / 4 &&
	       fb->base % 4 == 0;
}

int vmm_screen_init(struct vmm_screen *s, const struct bv_framebuffer *fb,
		    const struct vmm_font *font)
{
	unsigned columns = fb->width / VMM_FONT_WIDTH;

	if (!fb->base || (fb->format != BV_PIXEL_RGBX8 &&
			  fb->format != BV_PIXEL_BGRX8))
		return VMM_ERROR(ENODEV);
	if (!is_consistent(fb))
		return VMM_ERROR(EINVAL);
	if (columns < MIN_COLUMNS || fb->height < 2 * font->height)
		return VMM_ERROR(ENODEV);
	s->pixels = (volatile uint32_t *)(uintptr_t)fb->base;
	s->width = fb->width;
	s->height = fb->height;
	s->stride = fb->stride;
	s->foreground = pixel(fb->format, 0xff, 0xff, 0xff);
	s->background = pixel(fb->format, 0x00, 0x20, 0x60);
	s->font = font;
	s->text_columns = columns < GOOD_COLUMNS ? 1 : columns / GOOD_COLUMNS;
	s->columns = columns / s->text_columns;
	s->rows = fb->height / font->height;
	s->row = s->text_column = 0;
	return 0;
}

static void fill(struct vmm_screen *s, uint32_t x, uint32_t y, uint32_t width,
		 uint32_t height)
{
	for (uint32_t i = 0; i < height; i++) {
		volatile uint32_t *p = s->pixels +
				       (uint64_t)(y + i) * s->stride + x;

		for (uint32_t j = 0; j < width; j++)
			p[j] = s->background;
	}
}

void vmm_screen_clear(struct vmm_screen *s)
{
	fill(s, 0, 0, s->width, s->height);
	s->row = s->text_column = 0;
}

static void draw_glyph(struct vmm_screen *s, uint32_t x, uint32_t y, char c)
{
	unsigned u = (unsigned char)c;
	const uint8_t *glyph;

	if (u < VMM_FONT_FIRST || u > VMM_FONT_LAST)
		u = '?';
	glyph = s->font->glyphs + (u - VMM_FONT_FIRST) * s->font->height;
	for (unsigned i = 0; i < s->font->height; i++) {
		volatile uint32_t *p = s->pixels +
				       (uint64_t)(y + i) * s->stride + x;

		for (unsigned j = 0; j < VMM_FONT_WIDTH; j++)
			p[j] = glyph[i] & 0x80u >> j ? s->foreground :
						       s->background;
	}
}

/* Move on to the next row, or stay on the very last one. */
static void next_row(struct vmm_screen *s)
{
	if (++s->row < s->rows)
		return;
	if (s->text_column + 1 < s->text_columns) {
		s->text_column++;
		s->row = 0;
	} else {
		s->row = s->rows - 1;
	}
}

static void draw_row(struct vmm_screen *s, const char *text, unsigned n)
{
	uint32_t x = s->text_column * s->columns * VMM_FONT_WIDTH;
	uint32_t y = s->row * s->font->height;

	fill(s, x, y, s->columns * VMM_FONT_WIDTH, s->font->height);
	for (unsigned i = 0; i < n; i++)
		draw_glyph(s, x + i * VMM_FONT_WIDTH, y, text[i]);
	next_row(s);
}

void vmm_screen_line(struct vmm_screen *s, const char *text, size_t len)
{
	/* One character stays free between columns of text. */
	unsigned max = s->columns - 1;

	do {
		unsigned n = len < max ? (unsigned)len : max;

		draw_row(s, text, n);
		text += n;
		len -= n;
	} while (len);
}
