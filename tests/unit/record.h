/* SPDX-License-Identifier: BSD-3-Clause */
/* The records of exits in tests/unit/exits; see their first lines. */
#ifndef TESTS_UNIT_RECORD_H
#define TESTS_UNIT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define RECORD_BYTES 5		/* of the instruction */

/* "name=value" in the order of the file; one that is 0 is not there. */
struct record_part {
	unsigned count;
	struct record_pair {
		char name[20];
		uint64_t value;
	} pair[32];
};

struct record_case {
	char name[32];
	bool exits;		/* if not: in, hw and out are empty */
	struct record_part in;	/* what the hardware recorded */
	struct record_part hw;	/* what it answered to the VMM */
	struct record_part out;	/* what the guest goes on with */
	uint8_t bytes[RECORD_BYTES];
	char guest[128];	/* what the guest saw */
};

struct record {
	const char *file;
	bool svm;
	uint64_t vmm_base, vmm_size;
	struct record_case cases[80];
	unsigned count;
};

/* Read tests/unit/exits/NAME; fails the test if that cannot be done. */
void record_read(struct record *r, const char *name);
/* The case of that name, NULL if there is none. */
const struct record_case *record_find(const struct record *r,
				      const char *name);
/* The first of that name, 0 if there is none. */
uint64_t record_value(const struct record_part *p, const char *name);

#endif
