/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The debug shell: a state machine between bytes typed and bytes shown.
 *
 * A transport (hypercall, telnet) owns a session.  It gives what was typed to
 * dbgsh_input(), calls dbgsh_run() to get work done, and takes what is to be
 * shown with dbgsh_output().  None of these waits: output is made only as far
 * as it fits into the session, and goes on when there is room again.
 *
 * Bytes typed are those of a VT100 terminal in raw mode.  Bytes shown are
 * ASCII; a line ends with '\n' alone, the transport makes of it what its
 * terminal wants.
 *
 * A session is used by one CPU at a time; the transport sees to that.
 */
#ifndef BVNET_DBGSH_H
#define BVNET_DBGSH_H

#include <stdbool.h>
#include <vmm/compiler.h>
#include <vmm/unit.h>

VMM_BEGIN_DECLS

struct vmm;
struct vmm_vcpu;
struct dbgsh;

#define DBGSH_LINE_MAX	100u	/* bytes of an input line, with its NUL */
#define DBGSH_HISTORY	16u	/* lines remembered */
#define DBGSH_OUT_SIZE	2048u	/* bytes waiting to be shown */
#define DBGSH_IN_SIZE	256u	/* bytes waiting to be worked on */
#define DBGSH_WORDS	16	/* of a command */
/* What a command may print in one call of a function of its.  More is lost;
 * it returns DBGSH_MORE and goes on in step. */
#define DBGSH_ROOM	512u
#define DBGSH_SCRATCH	3072u	/* bytes that a running command may keep */
#define DBGSH_SAVED	256u	/* of them, while it runs another one */

/* --- commands --- */

/* What a function of a command wants next. */
enum dbgsh_next {
	DBGSH_DONE,	/* nothing: the command has ended */
	DBGSH_MORE,	/* step, once there is room for output */
	DBGSH_LATER,	/* step, when the transport polls again */
	DBGSH_LINE,	/* line, when one was typed at sh->prompt */
	DBGSH_KEY,	/* key, when one was pressed; it is not echoed */
	DBGSH_EXIT,	/* the end of the session */
};

/* Keys: ASCII, and what the arrow keys and so on become. */
#define DBGSH_KEY_ALT	0x100	/* with the character */
#define DBGSH_CTRL(c)	((c) & 0x1f)
#define DBGSH_DELETE	0x200	/* the key Del: delete to the right */

struct dbgsh_command {
	const char *name;
	const char *help;	/* one line */
	const char *arguments;	/* "[CPU]", or NULL if it takes none */
	/* argv[0] is the name; the strings are gone when it returns. */
	enum dbgsh_next (*start)(struct dbgsh *sh, int argc,
				 const char *const *argv);
	enum dbgsh_next (*step)(struct dbgsh *sh);
	enum dbgsh_next (*line)(struct dbgsh *sh, const char *line);
	enum dbgsh_next (*key)(struct dbgsh *sh, int key);
};

/* Commands there are; a frontend puts those it wants into a NULL-terminated
 * table, among others of its own.  Naming one pulls it out of the archive. */
extern const struct dbgsh_command dbgsh_help, dbgsh_exit, dbgsh_shell;
extern const struct dbgsh_command dbgsh_log, dbgsh_debug, dbgsh_reboot;
extern const struct dbgsh_command dbgsh_sendint, dbgsh_stats, dbgsh_cpu;
extern const struct dbgsh_command dbgsh_mem, dbgsh_version, dbgsh_config;
extern const struct dbgsh_command dbgsh_pci, dbgsh_monitor;
extern const struct dbgsh_command dbgsh_recvexample, dbgsh_sendexample;
extern const struct dbgsh_command dbgsh_serialtest;

/* --- the line editor's state --- */

struct dbgsh_edit {
	char line[DBGSH_LINE_MAX];	/* NUL-terminated */
	unsigned len, cursor;
	bool hidden;			/* show nothing of it */
	char history[DBGSH_HISTORY][DBGSH_LINE_MAX];
	unsigned history_count;		/* lines ever put there */
	unsigned history_back;		/* lines gone back, 0: at the new one */
	char unfinished[DBGSH_LINE_MAX]; /* the new one, meanwhile */
};

/* --- sessions --- */

/* The user may see the VMM's own memory. */
#define DBGSH_SEES_VMM	0x1u

/* All zero is no session.  The members are the shell's and its commands'. */
struct dbgsh {
	const struct dbgsh_command *const *commands;
	struct vmm *vmm;
	struct vmm_vcpu *vcpu;	/* during dbgsh_run: of this CPU */
	unsigned flags;

	const struct dbgsh_command *command;	/* running, NULL: none */
	enum dbgsh_next next;
	const char *prompt;	/* of the running command; it sets it */
	const struct dbgsh_command *outer; /* the one that runs it, or NULL */
	const char *outer_prompt;
	uint64_t saved[DBGSH_SAVED / 8];
	unsigned depth;		/* shells in this one */
	bool interrupted;	/* ^C was typed */
	bool prompt_shown;
	bool after_cr;		/* a '\n' or NUL now belongs to a '\r' */
	uint8_t escape;		/* state of the key decoder */
	uint8_t escape_number;
	struct dbgsh_edit edit;

	unsigned in_first, in_count, out_first, out_count;
	uint8_t in[DBGSH_IN_SIZE];
	char out[DBGSH_OUT_SIZE];
	uint64_t scratch[DBGSH_SCRATCH / 8];
};

/* Begin a session, whatever it was before. */
void dbgsh_start(struct dbgsh *sh, struct vmm *vmm,
		 const struct dbgsh_command *const *commands, unsigned flags);

/* Bytes typed: returns how many were taken, the rest to be offered again
 * later.  ^C stops a running command at once. */
size_t dbgsh_input(struct dbgsh *sh, const uint8_t *bytes, size_t n);

/* Work: takes what was typed, runs commands, for a bounded time.  On the CPU
 * of v.  To be called when input has come or output was taken, and every now
 * and then in any case, for commands that watch the time. */
void dbgsh_run(struct dbgsh *sh, struct vmm_vcpu *v);

/* Take up to n bytes of output; returns their number. */
size_t dbgsh_output(struct dbgsh *sh, char *bytes, size_t n);

/* The user has left and all output was taken. */
bool dbgsh_ended(const struct dbgsh *sh);
/* Waits for the user: no command runs, nothing is left to show. */
bool dbgsh_wants_key(const struct dbgsh *sh);

/* --- for commands --- */

/* Print; one call at most 255 bytes.  Characters other than printable ASCII,
 * newline, CR, backspace and BEL become '?'. */
void dbgsh_printf(struct dbgsh *sh, const char *fmt, ...) VMM_PRINTF(2, 3);
void dbgsh_write(struct dbgsh *sh, const char *text, size_t n);
void dbgsh_puts(struct dbgsh *sh, const char *text);
/* Print how a command is used; returns DBGSH_DONE. */
enum dbgsh_next dbgsh_usage(struct dbgsh *sh);
/* Run a line of the shell's inside the running command, of whose scratch the
 * first DBGSH_SAVED bytes are kept; it goes on at its prompt.  Returns what the
 * caller has to return.  Once: a command inside of another has no third. */
enum dbgsh_next dbgsh_run_inside(struct dbgsh *sh, const char *line);
/* Parse a whole string as a number of this base, or 0 as in C. */
bool dbgsh_number(const char *s, unsigned base, uint64_t *value);
/* Cut a line into words at blanks, in place; returns how many there are,
 * at most max. */
int dbgsh_split(char *line, const char **words, int max);
/* The command's scratch memory as an object of its own. */
static inline void *dbgsh_scratch(struct dbgsh *sh)
{
	return sh->scratch;
}

/* --- units --- */

/* The shell for the guest's tool, by hypercall; see bvnet/dbgshcall.h.  Config:
 * vmm.dbgsh.  A frontend that names it defines bvnet_dbgsh_commands. */
extern const struct vmm_unit bvnet_dbgsh_guest;
extern const struct dbgsh_command *const bvnet_dbgsh_commands[];

VMM_END_DECLS

#endif
