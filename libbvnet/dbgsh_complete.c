/* SPDX-License-Identifier: BSD-3-Clause */
/* Completion of commands' names. */
#include <string.h>
#include "dbgsh_priv.h"

/* Commands whose names begin with these n characters. */
struct matches {
	const char *word;
	size_t n;
	unsigned count;
	const char *first;
	size_t common;		/* characters that all of them share */
};

/* The word may be empty: then all match. */
static bool begins(const struct dbgsh_command *c, const struct matches *m)
{
	return !strncmp(c->name, m->word, m->n);
}

/* Fill in what all matching names have in common. */
static void find(const struct dbgsh *sh, struct matches *m)
{
	for (unsigned i = 0; sh->commands[i]; i++) {
		const char *name = sh->commands[i]->name;
		size_t k = 0;

		if (!begins(sh->commands[i], m))
			continue;
		if (!m->count++) {
			m->first = name;
			m->common = strlen(name);
		}
		while (k < m->common && name[k] == m->first[k])
			k++;
		m->common = k;
	}
}

/* Show all matches, and the line again below them. */
static void list(struct dbgsh *sh, const struct matches *m)
{
	dbgsh_putc(sh, '\n');
	for (unsigned i = 0; sh->commands[i]; i++)
		if (begins(sh->commands[i], m))
			dbgsh_printf(sh, "%s ", sh->commands[i]->name);
	dbgsh_putc(sh, '\n');
	dbgsh_show_prompt(sh);
	dbgsh_edit_redraw(sh);
}

/* Names are wanted as the first word, and as the second of help. */
static bool wants_command(const struct dbgsh_edit *e, unsigned begin)
{
	unsigned at = 0;

	while (at < begin && e->line[at] == ' ')
		at++;
	if (at == begin)
		return true;
	if (strncmp(e->line + at, "help ", 5))
		return false;
	for (at += 5; at < begin; at++)
		if (e->line[at] != ' ')
			return false;
	return true;
}

/* As far as it is certain; a second tabulator then shows what is possible. */
void dbgsh_complete(struct dbgsh *sh)
{
	const struct dbgsh_edit *e = &sh->edit;
	unsigned begin = e->cursor;
	struct matches m = { 0 };

	while (begin && e->line[begin - 1] != ' ')
		begin--;
	if (!wants_command(e, begin))
		return;
	m.word = e->line + begin;
	m.n = e->cursor - begin;
	find(sh, &m);
	if (!m.count)
		return;
	if (m.common > m.n)
		dbgsh_edit_insert(sh, m.first + m.n, m.common - m.n);
	else if (m.count > 1)
		list(sh, &m);
	if (m.count == 1)
		dbgsh_edit_insert(sh, " ", 1);
}
