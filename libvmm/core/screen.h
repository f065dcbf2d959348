/* SPDX-License-Identifier: BSD-3-Clause */
/* Text on a linear framebuffer: top to bottom, then the next column of text.
 * What comes when the screen is full replaces its last row, so that the
 * first and the latest lines can be read.  Pure.  Private to libvmm/core. */
#ifndef CORE_SCREEN_H
#define CORE_SCREEN_H

#include <boot/handoff.h>
#include <stdbool.h>
#include <vmm/compiler.h>

/* A glyph is height rows of one byte, most significant bit left. */
#define VMM_FONT_FIRST	0x20u
#define VMM_FONT_LAST	0x7eu
#define VMM_FONT_WIDTH	8u

struct vmm_font {
	unsigned height;
	const uint8_t *glyphs;	/* of VMM_FONT_FIRST to VMM_FONT_LAST */
};

/* Made at build time: scripts/psf2c. */
extern const struct vmm_font vmm_panic_font;

struct vmm_screen {
	volatile uint32_t *pixels;
	uint32_t width, height, stride;	/* pixels */
	uint32_t foreground, background;
	const struct vmm_font *font;
	unsigned columns, rows;	/* characters of one column of text, lines */
	unsigned text_columns;	/* columns of text side by side */
	unsigned row, text_column;	/* where the next line goes */
};

/* Take the framebuffer; nothing is drawn.  -ENODEV if there is none or it is
 * too small for text, -EINVAL if what is said about it is inconsistent. */
int vmm_screen_init(struct vmm_screen *s, const struct bv_framebuffer *fb,
		    const struct vmm_font *font) VMM_MUST_CHECK;

void vmm_screen_clear(struct vmm_screen *s);

/* Draw a line, in as many rows as it needs. */
void vmm_screen_line(struct vmm_screen *s, const char *text, size_t len);

#endif
