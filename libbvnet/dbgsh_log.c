/* SPDX-License-Identifier: BSD-3-Clause */
/* The log, page by page. */
#include <vmm/log.h>
#include "dbgsh_priv.h"

#define COLUMNS		80u
#define PAGE_ROWS	23u
#define STEP_ROWS	5u	/* that fit into DBGSH_ROOM */
#define LINE_SIZE	512u	/* of the longest line */

/* A row on the screen: a part of a line. */
struct place {
	uint64_t seq;
	unsigned row;
};

struct pager {
	struct place top;	/* first row of the page */
	struct place next;	/* the row behind those printed */
	unsigned shown;		/* rows of the page that were printed */
	unsigned wanted;	/* rows to print before the next key */
	bool all;		/* do not stop for keys */
};
VMM_STATIC_ASSERT(sizeof(struct pager) <= DBGSH_SCRATCH, "scratch");

/* Read the row at *p, which moves to the oldest line if its own is gone.
 * False if there is none yet. */
static bool read_row(struct place *p, char *text, size_t *n,
		     struct place *after)
{
	struct vmm_log_line line;
	char buf[LINE_SIZE];
	uint64_t seq = p->seq;
	size_t from;

	if (!vmm_log_read(&seq, &line, buf, sizeof(buf)))
		return false;
	if (line.seq != p->seq)
		*p = (struct place){ line.seq, 0 };
	from = p->row * COLUMNS;
	*n = 0;
	while (from + *n < line.len && *n < COLUMNS) {
		char c = buf[from + *n];

		text[(*n)++] = c >= ' ' && c < 0x7f ? c : ' ';
	}
	*after = from + *n < line.len ? (struct place){ p->seq, p->row + 1 } :
		(struct place){ p->seq + 1, 0 };
	return true;
}

/* Stay at the last row if there is no further one. */
static void go_forward(struct place *p)
{
	char text[COLUMNS];
	struct place after;
	size_t n;

	if (read_row(p, text, &n, &after))
		*p = after;
}

/* One row up; at the oldest line, nowhere. */
static void go_back(struct place *p)
{
	struct vmm_log_line line;
	char buf[LINE_SIZE];
	uint64_t seq = p->seq - 1;

	if (p->row) {
		p->row--;
		return;
	}
	if (!p->seq || !vmm_log_read(&seq, &line, buf, sizeof(buf)) ||
	    line.seq != p->seq - 1)
		return;
	p->seq--;
	p->row = line.len ? (line.len - 1) / COLUMNS : 0;
}

/* Print a row; false at the end of the log. */
static bool print_row(struct dbgsh *sh, struct pager *g)
{
	char text[COLUMNS];
	struct place after;
	size_t n;

	if (!read_row(&g->next, text, &n, &after))
		return false;
	dbgsh_write(sh, text, n);
	dbgsh_putc(sh, '\n');
	g->next = after;
	if (g->shown < PAGE_ROWS)
		g->shown++;
	else
		go_forward(&g->top);
	return true;
}

/* Nothing behind the page (yet): what is shown at its foot depends on it. */
static bool is_end(struct pager *g)
{
	char text[COLUMNS];
	struct place after;
	size_t n;

	return !read_row(&g->next, text, &n, &after);
}

/* Some rows; at the end of a page or of the log, ask for a key. */
static enum dbgsh_next log_step(struct dbgsh *sh)
{
	struct pager *g = dbgsh_scratch(sh);
	bool more = true;

	for (unsigned i = 0; i < STEP_ROWS && g->wanted && more; i++) {
		more = print_row(sh, g);
		if (!g->all)
			g->wanted--;
	}
	if (more && g->wanted)
		return DBGSH_MORE;
	if (g->all)
		return DBGSH_DONE;
	dbgsh_puts(sh, is_end(g) ? "-- end --" : "-- more --");
	return DBGSH_KEY;
}

/* Begin a page `rows` above the one that is shown. */
static void page_up(struct pager *g, unsigned rows)
{
	while (rows--)
		go_back(&g->top);
	g->next = g->top;
	g->shown = 0;
	g->wanted = PAGE_ROWS;
}

/* The keys are those of more(1) and of Emacs.  Only q leaves. */
static enum dbgsh_next log_key(struct dbgsh *sh, int key)
{
	struct pager *g = dbgsh_scratch(sh);

	dbgsh_puts(sh, "\r          \r");
	switch (key) {
	case 'q':
		return DBGSH_DONE;
	case ' ':
	case 'f':
	case DBGSH_CTRL('V'):
		g->wanted = PAGE_ROWS;
		break;
	case 'j':
	case DBGSH_CTRL('N'):
	case '\r':
	case '\n':
		g->wanted = 1;
		break;
	case 'k':
	case DBGSH_CTRL('P'):
		page_up(g, 1);
		break;
	case 'b':
	case DBGSH_KEY_ALT | 'v':
		page_up(g, PAGE_ROWS);
		break;
	default:
		g->wanted = 0;
		break;
	}
	return DBGSH_MORE;
}

static enum dbgsh_next log_start(struct dbgsh *sh, int argc,
				 const char *const *argv)
{
	struct pager *g = dbgsh_scratch(sh);

	*g = (struct pager){ .wanted = PAGE_ROWS };
	if (argc > 1) {
		if (argc > 2 || argv[1][0] != 'a')
			return dbgsh_usage(sh);
		g->all = true;
	}
	return DBGSH_MORE;
}

const struct dbgsh_command dbgsh_log = {
	.name = "log",
	.help = "print VMM log",
	.arguments = "[all]",
	.start = log_start,
	.step = log_step,
	.key = log_key,
};
