/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IP stack on a switch: what its tests share.  lwIP has global state, so each
 * test runs in a process of its own.
 */
#ifndef NETSTACK_BENCH_H
#define NETSTACK_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <bvnet/stack.h>
#include "net_fake.h"
#include "wire.h"

extern struct fake_nic fake;
extern struct vmm_pagepool pool;
extern struct net *net;
extern struct net_random rng;
extern uint64_t now;
extern unsigned wakes;		/* polls that a deadline asked for */

/* The test's: a frame has come to the other end of the wire. */
void peer_receives(const uint8_t *f, uint32_t len);

/* Time goes by from deadline to deadline, and from frame to frame. */
void follow(uint64_t seconds);

/* In a child; cmocka's own assertions would end in the wrong process. */
#define CHECK(x) do {							\
	if (!(x)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);	\
		_exit(1);						\
	}								\
} while (0)

void in_a_child(void **state);
#define TEST(f) { #f, in_a_child, NULL, NULL, (void *)(f) }

#endif
