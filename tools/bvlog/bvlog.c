/* SPDX-License-Identifier: BSD-3-Clause */
/* bvlog: print the log of the BitVisor that this system runs under. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <time.h>
#include <vmm/hypercall.h>
#include "reader.h"

#define POLL_MSEC	250
#define MAX_TAIL	100000ul

#define EXIT_NO_LOG	1	/* there is no log to be had */
#define EXIT_USAGE	2

struct options {
	bool follow;
	unsigned level;		/* lines of a higher number are left out */
	size_t tail;		/* print the last ones only; 0: all */
};

static const char *const level_names[] = {
	"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"
};
#define LEVELS (sizeof(level_names) / sizeof(level_names[0]))

static void print_usage(FILE *to)
{
	fputs("Usage: bvlog [-f] [-l LEVEL] [-n NUMBER]\n"
	      "Print the log of the BitVisor that this system runs under.\n"
	      "\n"
	      "  -f, --follow        go on and print lines as they come\n"
	      "  -l, --level=LEVEL   leave out lines less important than LEVEL:\n"
	      "                      err, warning, notice, info, debug or 3 to 7\n"
	      "  -n, --lines=NUMBER  of the lines there are, print the last NUMBER\n"
	      "      --help          print this\n"
	      "\n"
	      "Needs root, unless BitVisor was configured with vmm.bvlog_anyone=1.\n",
	      to);
}

/* Not a number, or out of range: false. */
static bool parse_number(const char *s, unsigned long max, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(s, &end, 10);
	return *s >= '0' && *s <= '9' && !*end && !errno && *value <= max;
}

static bool parse_level(const char *s, unsigned *level)
{
	unsigned long n;

	for (unsigned i = 0; i < LEVELS; i++) {
		if (!strcmp(s, level_names[i])) {
			*level = i;
			return true;
		}
	}
	if (!parse_number(s, LEVELS - 1, &n))
		return false;
	*level = (unsigned)n;
	return true;
}

/* -1: go on; otherwise the exit status. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "level", required_argument, NULL, 'l' },
		{ "lines", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	unsigned long n;
	int c;

	while ((c = getopt_long(argc, argv, "fl:n:h", longs, NULL)) != -1) {
		if (c == 'f') {
			o->follow = true;
		} else if (c == 'l' && parse_level(optarg, &o->level)) {
			continue;
		} else if (c == 'l') {
			fprintf(stderr, "bvlog: unknown level '%s': it is one "
				"of err, warning, notice, info, debug, or a "
				"number from 0 to 7\n", optarg);
			return EXIT_USAGE;
		} else if (c == 'n') {
			if (!parse_number(optarg, MAX_TAIL, &n) || !n) {
				fprintf(stderr, "bvlog: '%s' is not a number "
					"of lines (1 to %lu)\n", optarg,
					MAX_TAIL);
				return EXIT_USAGE;
			}
			o->tail = n;
		} else {
			print_usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : EXIT_USAGE;
		}
	}
	if (optind != argc) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	return -1;
}

/* As it is printed, in allocated memory. */
static char *format_line(const struct bvlog_line *line)
{
	char *text;

	if (asprintf(&text, "[%5llu.%06llu] %s\n",
		     (unsigned long long)line->usec / 1000000,
		     (unsigned long long)line->usec % 1000000,
		     line->text) < 0) {
		perror("bvlog");
		exit(EXIT_NO_LOG);
	}
	return text;
}

static void print_line(const struct bvlog_line *line)
{
	char *text = format_line(line);

	fputs(text, stdout);
	free(text);
}

/* --- the last lines --- */

struct tail {
	size_t size;		/* lines kept at most */
	size_t count;		/* lines that came */
	char **line;		/* the one with number n is at n % size */
};

static void keep_line(struct tail *t, const struct bvlog_line *line)
{
	char **slot = &t->line[t->count++ % t->size];

	free(*slot);
	*slot = format_line(line);
}

static void print_tail(struct tail *t)
{
	size_t first = t->count > t->size ? t->count - t->size : 0;

	for (size_t i = first; i < t->count; i++) {
		fputs(t->line[i % t->size], stdout);
		free(t->line[i % t->size]);
	}
	free(t->line);
}

/* --- reading --- */

static void print_gap(uint64_t from, uint64_t to)
{
	if (to > from)
		printf("(%llu lines lost)\n", (unsigned long long)(to - from));
}

/* Print all lines there are now, or keep them. */
static enum bvlog_status print_lines(struct bvlog_reader *reader,
				     const struct options *o, struct tail *t)
{
	struct bvlog_line line;
	enum bvlog_status status;

	for (;;) {
		uint64_t expected = reader->next;

		status = bvlog_next(reader, &line);
		if (status != BVLOG_OK)
			return status;
		if (!t)
			print_gap(expected, line.seq);
		if (line.level > o->level)
			continue;
		if (t)
			keep_line(t, &line);
		else
			print_line(&line);
	}
}

static enum bvlog_status print_last_lines(struct bvlog_reader *reader,
					  const struct options *o)
{
	struct tail t = { .size = o->tail };
	enum bvlog_status status;

	t.line = calloc(t.size, sizeof(*t.line));
	if (!t.line) {
		perror("bvlog");
		exit(EXIT_NO_LOG);
	}
	status = print_lines(reader, o, &t);
	print_tail(&t);
	return status;
}

static enum bvlog_status run(const struct options *o)
{
	const struct timespec pause = { 0, POLL_MSEC * 1000000L };
	struct bvlog_reader reader;
	enum bvlog_status status = bvlog_open(&reader);

	if (status != BVLOG_OK)
		return status;
	status = o->tail ? print_last_lines(&reader, o) :
			   print_lines(&reader, o, NULL);
	while (o->follow && status == BVLOG_NO_LINE && !fflush(stdout)) {
		nanosleep(&pause, NULL);
		status = print_lines(&reader, o, NULL);
	}
	return status;
}

static void explain(enum bvlog_status status, int ioperm_error)
{
	switch (status) {
	case BVLOG_NO_VMM:
		fputs("bvlog: not running under BitVisor\n", stderr);
		break;
	case BVLOG_NO_CALL:
		fputs("bvlog: this BitVisor does not offer its log to the "
		      "guest: its variant has no guest log\n", stderr);
		break;
	case BVLOG_REFUSED:
		fprintf(stderr, "bvlog: BitVisor shows its log to root only "
			"(%s); run bvlog as root, or set vmm.bvlog_anyone=1\n",
			ioperm_error ? strerror(ioperm_error) :
			"though the kernel gave the privilege for port I/O");
		break;
	default:
		break;
	}
}

int main(int argc, char **argv)
{
	struct options o = { .level = LEVELS - 1 };
	int result = parse_options(argc, argv, &o);
	enum bvlog_status status;
	int error = 0;

	if (result >= 0)
		return result;
	/* The right to use this port is what BitVisor asks for; whether it
	 * asks at all is its configuration. */
	if (ioperm(VMM_PRIVILEGE_PORT, 1, 1))
		error = errno;
	status = run(&o);
	if (fflush(stdout) || ferror(stdout)) {
		perror("bvlog: standard output");
		return EXIT_NO_LOG;
	}
	explain(status, error);
	return status == BVLOG_NO_LINE ? 0 : EXIT_NO_LOG;
}
