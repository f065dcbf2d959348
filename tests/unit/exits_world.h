/* SPDX-License-Identifier: BSD-3-Clause */
/* What both vendors' exit code calls and tests of it do not look into. */
#ifndef TESTS_UNIT_EXITS_WORLD_H
#define TESTS_UNIT_EXITS_WORLD_H

extern struct exits_world {
	unsigned steps;		/* asked for by policy */
	unsigned wbinvds;	/* carried out for the guest */
} exits_world;

/* Skip what only the VMM may execute: STGI, CLGI, INT 2, WBINVD.  In each test
 * anew, for cmocka sets its own handlers before. */
void exits_world_privileged(void);

#endif
