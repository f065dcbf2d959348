/* SPDX-License-Identifier: BSD-3-Clause */
/* The debug shell's sessions; see <bvnet/dbgsh.h>. */
#include <stdarg.h>
#include <string.h>
#include <vmm/printf.h>
#include "dbgsh_priv.h"

#define CTRL_C	3

/* Calls of a command's functions in one dbgsh_run: it happens in an exit of
 * the guest, which waits. */
#define RUN_BUDGET	16

/* --- output --- */

/* A command's function may be called only if all it may print fits, so that
 * it need not look at what dbgsh_putc says. */
static bool has_room(const struct dbgsh *sh)
{
	return DBGSH_OUT_SIZE - sh->out_count >= DBGSH_ROOM;
}

/* The log, the guest's memory and the configuration hold any bytes; none may
 * command the user's terminal. */
static bool may_show(char c)
{
	return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\r' ||
		c == '\b' || c == '\a';
}

void dbgsh_putc(struct dbgsh *sh, char c)
{
	if (sh->out_count == DBGSH_OUT_SIZE)
		return;
	sh->out[(sh->out_first + sh->out_count++) % DBGSH_OUT_SIZE] =
		may_show(c) ? c : '?';
}

void dbgsh_write(struct dbgsh *sh, const char *text, size_t n)
{
	while (n--)
		dbgsh_putc(sh, *text++);
}

void dbgsh_puts(struct dbgsh *sh, const char *text)
{
	dbgsh_write(sh, text, strlen(text));
}

void dbgsh_printf(struct dbgsh *sh, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vmm_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dbgsh_puts(sh, text);
}

size_t dbgsh_output(struct dbgsh *sh, char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && sh->out_count; i++) {
		bytes[i] = sh->out[sh->out_first];
		sh->out_first = (sh->out_first + 1) % DBGSH_OUT_SIZE;
		sh->out_count--;
	}
	return i;
}

/* --- input --- */

/* ^C does not wait in the queue behind what it is to stop. */
size_t dbgsh_input(struct dbgsh *sh, const uint8_t *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (bytes[i] == CTRL_C) {
			sh->interrupted = true;
			sh->in_count = 0;
			continue;
		}
		if (sh->in_count == DBGSH_IN_SIZE)
			break;
		sh->in[(sh->in_first + sh->in_count++) % DBGSH_IN_SIZE] =
			bytes[i];
	}
	return i;
}

/* The next key typed, -1 if there is none. */
static int next_key(struct dbgsh *sh)
{
	int key = -1;

	while (key < 0 && sh->in_count) {
		uint8_t byte = sh->in[sh->in_first];

		sh->in_first = (sh->in_first + 1) % DBGSH_IN_SIZE;
		sh->in_count--;
		key = dbgsh_decode(sh, byte);
	}
	return key;
}

/* No blanks, no sign: what is not a number as a whole is none. */
bool dbgsh_number(const char *s, unsigned base, uint64_t *value)
{
	uint64_t v = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') &&
	    (base == 0 || base == 16)) {
		base = 16;
		s += 2;
	}
	if (base == 0)
		base = 10;
	if (!*s)
		return false;
	for (; *s; s++) {
		unsigned digit = *s >= '0' && *s <= '9' ? (unsigned)*s - '0' :
			((unsigned)*s | 0x20) - 'a' + 10;

		if (digit >= base ||
		    __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			return false;
	}
	*value = v;
	return true;
}

/* The words point into the line; there is no quoting. */
int dbgsh_split(char *line, const char **words, int max)
{
	int count = 0;

	for (;;) {
		while (*line == ' ')
			*line++ = '\0';
		if (!*line || count == max)
			return count;
		words[count++] = line;
		while (*line && *line != ' ')
			line++;
	}
}

/* --- commands --- */

const struct dbgsh_command *dbgsh_find(const struct dbgsh *sh,
				       const char *name)
{
	for (unsigned i = 0; sh->commands[i]; i++)
		if (!strcmp(sh->commands[i]->name, name))
			return sh->commands[i];
	return NULL;
}

enum dbgsh_next dbgsh_usage(struct dbgsh *sh)
{
	const char *arguments = sh->command->arguments;

	dbgsh_printf(sh, "usage: %s %s\n", sh->command->name,
		     arguments ? arguments : "");
	return DBGSH_DONE;
}

void dbgsh_show_prompt(struct dbgsh *sh)
{
	dbgsh_puts(sh, sh->command ? sh->prompt : "> ");
}

/* Back to the command that ran the one that has ended, if any did. */
static void leave_command(struct dbgsh *sh)
{
	sh->command = sh->outer;
	sh->prompt = sh->outer_prompt;
	memcpy(sh->scratch, sh->saved, sizeof(sh->saved));
	sh->outer = NULL;
}

/* What a command's function wants becomes the session's state. */
static void set_next(struct dbgsh *sh, enum dbgsh_next next)
{
	sh->next = next;
	sh->prompt_shown = false;
	if (next == DBGSH_DONE) {
		leave_command(sh);
		sh->next = DBGSH_LINE;
	}
}

/* Find the command of a line and start it.  The words are a copy's, because
 * history and editor keep the line. */
static enum dbgsh_next run_line(struct dbgsh *sh, const char *text)
{
	const char *words[DBGSH_WORDS + 1];
	char line[DBGSH_LINE_MAX];
	int count;

	memcpy(line, text, strlen(text) + 1);
	count = dbgsh_split(line, words, DBGSH_WORDS);
	words[count] = NULL;
	if (!count)
		return DBGSH_DONE;
	sh->command = dbgsh_find(sh, words[0]);
	if (sh->command && (count == 1 || sh->command->arguments))
		return sh->command->start(sh, count, words);
	dbgsh_printf(sh, sh->command ? "%s takes no arguments.\n" :
		     "%s not found.\n", words[0]);
	return DBGSH_DONE;
}

enum dbgsh_next dbgsh_run_inside(struct dbgsh *sh, const char *line)
{
	memcpy(sh->saved, sh->scratch, sizeof(sh->saved));
	sh->outer = sh->command;
	sh->outer_prompt = sh->prompt;
	return run_line(sh, line);
}

/* A key for the line editor.  False if none was typed. */
static bool edit_line(struct dbgsh *sh)
{
	int key;

	if (!sh->prompt_shown) {
		dbgsh_show_prompt(sh);
		sh->prompt_shown = true;
		dbgsh_edit_begin(sh, false);
		return true;
	}
	key = next_key(sh);
	if (key < 0)
		return false;
	switch (dbgsh_edit_key(sh, key)) {
	case DBGSH_EDIT_LINE:
		if (sh->command)
			set_next(sh, sh->command->line(sh, sh->edit.line));
		else
			set_next(sh, run_line(sh, sh->edit.line));
		break;
	case DBGSH_EDIT_TAB:
		if (!sh->command)
			dbgsh_complete(sh);
		break;
	default:
		break;
	}
	return true;
}

/* A key for a command that asked for keys, the pager for example. */
static bool give_key(struct dbgsh *sh)
{
	int key = next_key(sh);

	if (key < 0)
		return false;
	set_next(sh, sh->command->key(sh, key));
	return true;
}

/* The command is not asked: it holds nothing but the scratch memory. */
static void interrupt(struct dbgsh *sh)
{
	sh->interrupted = false;
	sh->escape = 0;
	if (sh->next == DBGSH_EXIT)
		return;
	dbgsh_puts(sh, "^C\n");
	set_next(sh, DBGSH_DONE);
}

/* One piece of work; false if there is none now. */
static bool run_once(struct dbgsh *sh, bool *stepped)
{
	switch (sh->next) {
	case DBGSH_LATER:
		if (*stepped)
			return false;
		*stepped = true;
		set_next(sh, sh->command->step(sh));
		return true;
	case DBGSH_MORE:
		set_next(sh, sh->command->step(sh));
		return true;
	case DBGSH_LINE:
		return edit_line(sh);
	case DBGSH_KEY:
		return give_key(sh);
	default:
		return false;
	}
}

/* LATER is tried once in a call, since the clock does not go on in it. */
void dbgsh_run(struct dbgsh *sh, struct vmm_vcpu *v)
{
	bool stepped = false;

	sh->vcpu = v;
	for (unsigned i = 0; i < RUN_BUDGET && has_room(sh); i++) {
		if (sh->interrupted)
			interrupt(sh);
		else if (!run_once(sh, &stepped))
			break;
	}
	sh->vcpu = NULL;
}

void dbgsh_start(struct dbgsh *sh, struct vmm *vmm,
		 const struct dbgsh_command *const *commands, unsigned flags)
{
	memset(sh, 0, sizeof(*sh));
	sh->vmm = vmm;
	sh->commands = commands;
	sh->flags = flags;
	set_next(sh, DBGSH_DONE);
}

bool dbgsh_ended(const struct dbgsh *sh)
{
	return sh->next == DBGSH_EXIT && !sh->out_count;
}

/* Input that is still queued may become a command: no waiting then. */
bool dbgsh_wants_key(const struct dbgsh *sh)
{
	return !sh->out_count && !sh->in_count && !sh->interrupted &&
		((sh->next == DBGSH_LINE && sh->prompt_shown) ||
		 sh->next == DBGSH_KEY);
}
