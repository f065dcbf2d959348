/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the debug shell share; not installed. */
#ifndef BVNET_DBGSH_PRIV_H
#define BVNET_DBGSH_PRIV_H

#include <bvnet/dbgsh.h>

/* --- dbgsh_keys.c --- */

/* Take one byte of a terminal.  The key it completes, as the editor knows it
 * (the arrow keys are ^P ^N ^F ^B), or -1. */
int dbgsh_decode(struct dbgsh *sh, uint8_t byte);

/* --- dbgsh_edit.c --- */

enum dbgsh_edit_result {
	DBGSH_EDIT_ON,		/* go on */
	DBGSH_EDIT_LINE,	/* sh->edit.line is complete */
	DBGSH_EDIT_TAB,		/* completion is wanted */
};

/* Begin an empty line. */
void dbgsh_edit_begin(struct dbgsh *sh, bool hidden);
/* A key; draws at most 5 * DBGSH_LINE_MAX bytes. */
enum dbgsh_edit_result dbgsh_edit_key(struct dbgsh *sh, int key);
/* Put text at the cursor, as far as it fits. */
void dbgsh_edit_insert(struct dbgsh *sh, const char *text, size_t n);
/* Draw the line again behind a new prompt. */
void dbgsh_edit_redraw(struct dbgsh *sh);

/* --- dbgsh_complete.c --- */

/* Complete the word before the cursor with a command's name. */
void dbgsh_complete(struct dbgsh *sh);

/* --- dbgsh_machine.c --- */

void dbgsh_print_free(struct dbgsh *sh);
/* Say it, and reset the machine a moment later, in the step function. */
enum dbgsh_next dbgsh_begin_reboot(struct dbgsh *sh);
enum dbgsh_next dbgsh_reboot_step(struct dbgsh *sh);

/* --- dbgsh.c --- */

void dbgsh_putc(struct dbgsh *sh, char c);
void dbgsh_show_prompt(struct dbgsh *sh);
const struct dbgsh_command *dbgsh_find(const struct dbgsh *sh,
				       const char *name);

#endif
