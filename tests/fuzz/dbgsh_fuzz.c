/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The debug shell's key decoder, line editor and completion: whatever is
 * typed, the terminal shows the line that the editor holds.
 */
#include <stdlib.h>
#include "../../libbvnet/dbgsh_priv.h"
#include "../unit/dbgsh_terminal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

/* Prints its words, then wants keys until a q, lines until an empty one. */
static enum dbgsh_next start(struct dbgsh *sh, int argc,
			     const char *const *argv)
{
	REQUIRE(argc >= 1 && argc <= DBGSH_WORDS && !argv[argc]);
	for (int i = 0; i < argc; i++)
		dbgsh_puts(sh, argv[i]);
	sh->prompt = "more> ";
	return argc == 1 ? DBGSH_LATER : DBGSH_MORE;
}

static enum dbgsh_next step(struct dbgsh *sh)
{
	dbgsh_puts(sh, "\nstep\n");
	return sh->command->key ? DBGSH_KEY : DBGSH_LINE;
}

static enum dbgsh_next line(struct dbgsh *sh, const char *text)
{
	dbgsh_printf(sh, "%s\n", text);
	return *text ? DBGSH_LINE : DBGSH_DONE;
}

static enum dbgsh_next key(struct dbgsh *sh, int k)
{
	(void)sh;
	return k == 'q' ? DBGSH_DONE : DBGSH_KEY;
}

static const struct dbgsh_command keys = {
	.name = "keys", .help = "keys", .arguments = "[WORDS]",
	.start = start, .step = step, .key = key,
}, lines = {
	.name = "keylines", .help = "lines", .arguments = "[WORDS]",
	.start = start, .step = step, .line = line,
};

static const struct dbgsh_command *const commands[] = {
	&dbgsh_help, &keys, &lines, &dbgsh_shell, &dbgsh_exit, NULL
};

static void drain(struct dbgsh *sh, struct terminal *t, size_t at_most)
{
	char out[300];
	size_t n;

	do {
		n = dbgsh_output(sh, out, at_most < sizeof(out) ? at_most :
				 sizeof(out));
		for (size_t i = 0; i < n; i++)
			REQUIRE(out[i] == '\n' || out[i] == '\b' ||
				out[i] == '\r' || out[i] == '\a' ||
				(out[i] >= ' ' && out[i] < 0x7f));
		terminal_show(t, out, n);
		dbgsh_run(sh, NULL);
	} while (n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dbgsh sh;
	static struct terminal t;
	size_t step_size = size ? data[0] % 32u + 1 : 1;

	memset(&t, 0, sizeof(t));
	dbgsh_start(&sh, NULL, commands, 0);
	dbgsh_run(&sh, NULL);
	for (size_t at = 0; at < size && !dbgsh_ended(&sh);) {
		size_t n = size - at < step_size ? size - at : step_size;

		at += dbgsh_input(&sh, data + at, n);
		REQUIRE(sh.in_count <= DBGSH_IN_SIZE);
		drain(&sh, &t, data[0] & 0x80 ? 7 : 300);
		REQUIRE(!t.wrong);
		REQUIRE(strlen(sh.edit.line) == sh.edit.len &&
			sh.edit.len < DBGSH_LINE_MAX &&
			sh.edit.cursor <= sh.edit.len);
		if (dbgsh_wants_key(&sh) && sh.next == DBGSH_LINE)
			REQUIRE(terminal_shows(&t, sh.command ? sh.prompt :
					       "> ", sh.edit.line,
					       sh.edit.cursor));
	}
	return 0;
}
