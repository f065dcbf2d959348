/* SPDX-License-Identifier: BSD-3-Clause */
/* dbgsh: a terminal for the debug shell of the BitVisor below. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <bvnet/dbgshcall.h>
#include <vmm/hypercall.h>
#include "call.h"

#define MAX_CALLS	128	/* BitVisor has no more */
#define WAIT_NSEC	1000000L

#define EXIT_NO_SHELL	1
#define EXIT_USAGE	2

struct terminal {
	uint64_t number;	/* of the hypercall */
	const char *typed;	/* instead of standard input; NULL: none */
	FILE *copy;		/* of the output, or NULL */
	struct termios saved;
	bool raw;
	bool in_line;		/* what was shown last was no newline */
};

static void print_usage(FILE *to)
{
	fputs("Usage: dbgsh [-c COMMAND] [FILE]\n"
	      "Open the debug shell of the BitVisor that this system runs under.\n"
	      "\n"
	      "  -c, --command=COMMAND  run COMMAND and end\n"
	      "      --help             print this\n"
	      "FILE gets a copy of what the shell prints.\n"
	      "\n"
	      "Needs root.\n", to);
}

/* --- the hypercall --- */

/* One exchange.  False: the instruction faulted. */
static bool call(const struct terminal *t, int32_t what, int32_t *answer)
{
	struct bvlog_regs regs;

	memset(&regs, 0, sizeof(regs));
	regs.rax = t->number;
	regs.rbx = (uint64_t)(int64_t)what;
	if (!bvlog_call(&regs))
		return false;
	*answer = (int32_t)regs.rax;
	return true;
}

/* NULL, or why there is no shell to be had. */
static const char *open_shell(struct terminal *t)
{
	/* On the stack, so that it is in memory: the VMM does not page. */
	char name[] = DBGSH_CALL_NAME;
	struct bvlog_regs regs;
	int32_t answer;

	memset(&regs, 0, sizeof(regs));
	regs.rbx = (uintptr_t)name;
	if (!bvlog_call(&regs) || regs.rax > MAX_CALLS)
		return "not running under BitVisor";
	if (!regs.rax)
		return "this BitVisor has no debug shell";
	t->number = regs.rax;
	if (!call(t, DBGSH_CALL_OPEN, &answer))
		return "vmmcall \"dbgsh\" failed";
	if (answer != DBGSH_SAYS_WAIT)
		return "BitVisor opens its shell to root only";
	return NULL;
}

/* --- the terminal --- */

/* Every key is the shell's, ^C and ^S too; output keeps its CR before LF. */
static void make_raw(struct terminal *t)
{
	struct termios raw;

	if (t->typed || tcgetattr(STDIN_FILENO, &t->saved))
		return;
	raw = t->saved;
	raw.c_iflag &= (tcflag_t)~(ICRNL | IXON | ISTRIP | INLCR | IGNCR);
	raw.c_lflag &= (tcflag_t)~(ECHO | ICANON | ISIG | IEXTEN);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	t->raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
}

static void make_normal(struct terminal *t)
{
	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t->saved);
}

/* A byte that is typed, waiting for it; false at the end of the input. */
static bool read_key(struct terminal *t, int32_t *key)
{
	unsigned char byte;
	ssize_t n;

	if (t->typed) {
		byte = (unsigned char)*t->typed++;
		*key = byte;
		return byte;
	}
	do {
		n = read(STDIN_FILENO, &byte, 1);
	} while (n < 0 && errno == EINTR);
	*key = byte ? byte : DBGSH_CALL_NUL;
	return n == 1;
}

static bool key_is_there(const struct terminal *t)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	/* What is not typed by hand is for when the shell asks. */
	return t->raw && poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

/* On the screen and, if wanted, in the file. */
static void show(struct terminal *t, int32_t character)
{
	int c = character == DBGSH_CALL_NUL ? 0 : character & 0xff;

	putchar(c);
	t->in_line = c != '\n';
	if (t->copy)
		putc(c, t->copy);
}

/* What to say next, after the shell said this; false: it is over. */
static bool react(struct terminal *t, int32_t said, int32_t *next)
{
	const struct timespec wait = { 0, WAIT_NSEC };

	*next = DBGSH_CALL_POLL;
	switch (said) {
	case DBGSH_SAYS_END:
		return false;
	case DBGSH_SAYS_KEY:
		fflush(stdout);
		return read_key(t, next);
	case DBGSH_SAYS_WAIT:
		fflush(stdout);
		if (key_is_there(t))
			return read_key(t, next);
		nanosleep(&wait, NULL);
		return true;
	default:
		show(t, said);
		*next = DBGSH_CALL_TAKEN;
		return true;
	}
}

/* True if the shell, or the input, came to its end. */
static bool talk(struct terminal *t)
{
	int32_t next = DBGSH_CALL_POLL, said;

	do {
		if (!call(t, next, &said))
			return false;
	} while (react(t, said, &next));
	if (t->in_line)
		show(t, '\n');
	return said == DBGSH_SAYS_END || call(t, DBGSH_CALL_CLOSE, &said);
}

/* -1: go on; otherwise the exit status. */
static int parse_options(int argc, char **argv, struct terminal *t)
{
	static const struct option longs[] = {
		{ "command", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	char *line;
	int c;

	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
		if (c != 'c') {
			print_usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : EXIT_USAGE;
		}
		line = malloc(strlen(optarg) + 2);
		if (!line) {
			perror("dbgsh");
			return EXIT_NO_SHELL;
		}
		t->typed = strcat(strcpy(line, optarg), "\r");
	}
	if (argc - optind > 1) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (optind < argc) {
		t->copy = fopen(argv[optind], "w");
		if (!t->copy) {
			fprintf(stderr, "dbgsh: %s: %s\n", argv[optind],
				strerror(errno));
			return EXIT_NO_SHELL;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct terminal t = { 0 };
	int status = parse_options(argc, argv, &t);
	const char *why;
	bool ok;

	if (status >= 0)
		return status;
	/* The right to use this port is what BitVisor asks for. */
	(void)!ioperm(VMM_PRIVILEGE_PORT, 1, 1);
	why = open_shell(&t);
	if (why) {
		fprintf(stderr, "dbgsh: %s\n", why);
		return EXIT_NO_SHELL;
	}
	make_raw(&t);
	ok = talk(&t);
	make_normal(&t);
	if (!ok)
		fputs("vmmcall \"dbgsh\" failed\n", stderr);
	if (fflush(stdout) || (t.copy && fclose(t.copy))) {
		perror("dbgsh: output");
		return EXIT_NO_SHELL;
	}
	return ok ? 0 : EXIT_NO_SHELL;
}
