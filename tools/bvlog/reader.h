/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading lines of BitVisor's log. */
#ifndef BVLOG_READER_H
#define BVLOG_READER_H

#include <stdint.h>
#include <vmm/logread.h>

/* As long as the VMM makes them, and then some. */
#define BVLOG_LINE_MAX 4096

enum bvlog_status {
	BVLOG_OK,
	BVLOG_NO_LINE,		/* not yet */
	BVLOG_NO_VMM,		/* nobody takes the hypercall */
	BVLOG_NO_CALL,		/* the VMM has no such hypercall */
	BVLOG_REFUSED,		/* this program is not privileged */
};

struct bvlog_line {
	uint64_t seq, usec;
	unsigned level;
	char text[BVLOG_LINE_MAX + 1];
};

struct bvlog_reader {
	uint64_t number;	/* of the hypercall */
	uint64_t next;		/* line to ask for */
};

enum bvlog_status bvlog_open(struct bvlog_reader *reader);

/* The next line.  Lines that are gone by now are skipped: line->seq tells. */
enum bvlog_status bvlog_next(struct bvlog_reader *reader,
			     struct bvlog_line *line);

#endif
