/* SPDX-License-Identifier: BSD-3-Clause */
/* The line editor.  It draws with printable characters and backspaces only,
 * so that any terminal will do. */
#include <string.h>
#include "dbgsh_priv.h"

/* Everything that echoes goes through here: a password does not. */
static void draw(struct dbgsh *sh, const char *text, size_t n)
{
	if (!sh->edit.hidden)
		dbgsh_write(sh, text, n);
}

static void draw_times(struct dbgsh *sh, char c, unsigned n)
{
	while (n--)
		draw(sh, &c, 1);
}

/* Draw what is at and behind the cursor, `blank` columns more that were used
 * before, and go back to the cursor. */
static void draw_rest(struct dbgsh *sh, unsigned blank)
{
	struct dbgsh_edit *e = &sh->edit;

	draw(sh, e->line + e->cursor, e->len - e->cursor);
	draw_times(sh, ' ', blank);
	draw_times(sh, '\b', e->len - e->cursor + blank);
}

void dbgsh_edit_begin(struct dbgsh *sh, bool hidden)
{
	struct dbgsh_edit *e = &sh->edit;

	e->len = e->cursor = 0;
	e->line[0] = '\0';
	e->hidden = hidden;
	e->history_back = 0;
}

/* What does not fit into the line is dropped, as if it had not been typed. */
void dbgsh_edit_insert(struct dbgsh *sh, const char *text, size_t n)
{
	struct dbgsh_edit *e = &sh->edit;

	if (n > DBGSH_LINE_MAX - 1 - e->len)
		n = DBGSH_LINE_MAX - 1 - e->len;
	if (!n)
		return;
	memmove(e->line + e->cursor + n, e->line + e->cursor,
		e->len - e->cursor + 1);
	memcpy(e->line + e->cursor, text, n);
	e->len += (unsigned)n;
	draw(sh, e->line + e->cursor, n);
	e->cursor += (unsigned)n;
	draw_rest(sh, 0);
}

void dbgsh_edit_redraw(struct dbgsh *sh)
{
	draw(sh, sh->edit.line, sh->edit.cursor);
	draw_rest(sh, 0);
}

/* Remove n characters at the cursor. */
static void remove_right(struct dbgsh *sh, unsigned n)
{
	struct dbgsh_edit *e = &sh->edit;

	if (n > e->len - e->cursor)
		n = e->len - e->cursor;
	memmove(e->line + e->cursor, e->line + e->cursor + n,
		e->len - e->cursor - n + 1);
	e->len -= n;
	if (n)
		draw_rest(sh, n);
}

/* Backspace moves the cursor without erasing. */
static void move_left(struct dbgsh *sh, unsigned n)
{
	struct dbgsh_edit *e = &sh->edit;

	if (n > e->cursor)
		n = e->cursor;
	e->cursor -= n;
	draw_times(sh, '\b', n);
}

/* To the right there is no control character: draw what is there again. */
static void move_right(struct dbgsh *sh, unsigned n)
{
	struct dbgsh_edit *e = &sh->edit;

	if (n > e->len - e->cursor)
		n = e->len - e->cursor;
	draw(sh, e->line + e->cursor, n);
	e->cursor += n;
}

/* Go there first, then remove to the right. */
static void remove_left(struct dbgsh *sh, unsigned n)
{
	unsigned before = sh->edit.cursor;

	move_left(sh, n);
	remove_right(sh, before - sh->edit.cursor);
}

/* --- history --- */

/* back: 1 for the line entered last; at most as many as are held. */
static char *history_line(struct dbgsh_edit *e, unsigned back)
{
	return e->history[(e->history_count - back) % DBGSH_HISTORY];
}

/* Remember a line that was entered, unless it repeats the last one. */
static void remember(struct dbgsh_edit *e)
{
	if (e->hidden || !e->len ||
	    (e->history_count && !strcmp(history_line(e, 1), e->line)))
		return;
	memcpy(e->history[e->history_count++ % DBGSH_HISTORY], e->line,
	       DBGSH_LINE_MAX);
}

/* In three steps, each of which draws at most twice the line. */
static void replace_line(struct dbgsh *sh, const char *text)
{
	move_left(sh, DBGSH_LINE_MAX);
	remove_right(sh, DBGSH_LINE_MAX);
	dbgsh_edit_insert(sh, text, strlen(text));
}

/* step: 1 to older lines, -1 to newer ones and at last to the line that was
 * being typed. */
static void go_history(struct dbgsh *sh, int step)
{
	struct dbgsh_edit *e = &sh->edit;
	unsigned held = e->history_count < DBGSH_HISTORY ? e->history_count :
		DBGSH_HISTORY;

	if (e->hidden || (step < 0 && !e->history_back) ||
	    (step > 0 && e->history_back == held))
		return;
	if (!e->history_back)
		memcpy(e->unfinished, e->line, sizeof(e->line));
	e->history_back += (unsigned)step;
	replace_line(sh, e->history_back ? history_line(e, e->history_back) :
		     e->unfinished);
}

/* Keys without a meaning are ignored, without a sound. */
enum dbgsh_edit_result dbgsh_edit_key(struct dbgsh *sh, int key)
{
	char c = (char)key;

	switch (key) {
	case '\r':
	case '\n':
		dbgsh_putc(sh, '\n');
		remember(&sh->edit);
		return DBGSH_EDIT_LINE;
	case '\t':
		return DBGSH_EDIT_TAB;
	case DBGSH_CTRL('B'):
		move_left(sh, 1);
		break;
	case DBGSH_CTRL('F'):
		move_right(sh, 1);
		break;
	case DBGSH_CTRL('A'):
		move_left(sh, DBGSH_LINE_MAX);
		break;
	case DBGSH_CTRL('E'):
		move_right(sh, DBGSH_LINE_MAX);
		break;
	case DBGSH_CTRL('P'):
		go_history(sh, 1);
		break;
	case DBGSH_CTRL('N'):
		go_history(sh, -1);
		break;
	case DBGSH_CTRL('K'):
		remove_right(sh, DBGSH_LINE_MAX);
		break;
	case DBGSH_CTRL('U'):
		remove_left(sh, DBGSH_LINE_MAX);
		break;
	case '\b':
	case 0x7f:
		remove_left(sh, 1);
		break;
	case DBGSH_CTRL('D'):
	case DBGSH_DELETE:
		remove_right(sh, 1);
		break;
	default:
		if (key >= ' ' && key < 0x7f)
			dbgsh_edit_insert(sh, &c, 1);
		break;
	}
	return DBGSH_EDIT_ON;
}
