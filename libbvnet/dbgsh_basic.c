/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the shell itself. */
#include "dbgsh_priv.h"

/* help: the rows come one by one, since a frontend's table has no limit. */
static enum dbgsh_next help_step(struct dbgsh *sh)
{
	unsigned *row = dbgsh_scratch(sh);
	const struct dbgsh_command *c = sh->commands[*row];

	if (!c)
		return DBGSH_DONE;
	dbgsh_printf(sh, "%-15s%s\n", c->name, c->help);
	++*row;
	return DBGSH_MORE;
}

/* Without an argument the table, with one how that command is used. */
static enum dbgsh_next help_start(struct dbgsh *sh, int argc,
				  const char *const *argv)
{
	const struct dbgsh_command *c;

	if (argc == 1) {
		*(unsigned *)dbgsh_scratch(sh) = 0;
		return DBGSH_MORE;
	}
	c = dbgsh_find(sh, argv[1]);
	if (!c)
		dbgsh_printf(sh, "%s not found.\n", argv[1]);
	else
		dbgsh_printf(sh, "%s %s\n\t%s\n", c->name,
			     c->arguments ? c->arguments : "", c->help);
	return DBGSH_DONE;
}

const struct dbgsh_command dbgsh_help = {
	.name = "help",
	.help = "commands",
	.arguments = "[COMMAND]",
	.start = help_start,
	.step = help_step,
};

/* exit: out of the innermost shell. */
static enum dbgsh_next exit_start(struct dbgsh *sh, int argc,
				  const char *const *argv)
{
	(void)argc;
	(void)argv;
	if (!sh->depth)
		return DBGSH_EXIT;
	sh->depth--;
	return DBGSH_DONE;
}

const struct dbgsh_command dbgsh_exit = {
	.name = "exit",
	.help = "exit shell",
	.start = exit_start,
};

/* A shell in the shell has nothing of its own; it only takes one exit more. */
static enum dbgsh_next shell_start(struct dbgsh *sh, int argc,
				   const char *const *argv)
{
	(void)argc;
	(void)argv;
	sh->depth++;
	return DBGSH_DONE;
}

const struct dbgsh_command dbgsh_shell = {
	.name = "shell",
	.help = "shell",
	.start = shell_start,
};
