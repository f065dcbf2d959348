/* SPDX-License-Identifier: BSD-3-Clause */
/* What a terminal shows of a debug shell's output: enough of one to tell
 * where its cursor is. */
#ifndef DBGSH_TERMINAL_H
#define DBGSH_TERMINAL_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TERMINAL_COLUMNS 4096u

struct terminal {
	char line[TERMINAL_COLUMNS + 1];	/* the last one, NUL-padded */
	unsigned cursor;
	bool wrong;		/* left of the first column, or too wide */
};

static inline void terminal_show(struct terminal *t, const char *text,
				 size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (c == '\n') {
			memset(t->line, 0, sizeof(t->line));
			t->cursor = 0;
		} else if (c == '\r') {
			t->cursor = 0;
		} else if (c == '\b') {
			t->wrong |= t->cursor == 0;
			t->cursor -= t->cursor > 0;
		} else if (c != '\a' && t->cursor < TERMINAL_COLUMNS) {
			t->line[t->cursor++] = c;
		} else if (c != '\a') {
			t->wrong = true;
		}
	}
}

/* Does it show this line behind a prompt, with the cursor there, and nothing
 * but blanks behind it? */
static inline bool terminal_shows(const struct terminal *t, const char *prompt,
				  const char *line, unsigned cursor)
{
	size_t p = strlen(prompt), n = strlen(line);

	if (memcmp(t->line, prompt, p) || memcmp(t->line + p, line, n) ||
	    t->cursor != p + cursor)
		return false;
	for (p += n; t->line[p]; p++)
		if (t->line[p] != ' ')
			return false;
	return true;
}

#endif
