/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/wait.h>
#include "netstack_bench.h"

struct fake_nic fake;
struct vmm_pagepool pool;
struct net *net;
struct net_random rng;
uint64_t now;
unsigned wakes;

void follow(uint64_t seconds)
{
	uint64_t end = now + seconds * 1000000, next;

	for (; now < end; now = next < end - now ? now + next : end) {
		fake.tx_room = FAKE_MAX;
		next = net_poll(net, now);
		for (unsigned i = 0; i < fake.sent_count; i++)
			peer_receives(fake.sent[i].data, fake.sent[i].len);
		fake_clear(&fake);
		if (fake.wire_count)
			next = 200;
		else if (next == 0)
			next = 10;	/* an interrupt: it was sent */
		else if (next != UINT64_MAX)
			wakes++;
	}
}

void in_a_child(void **state)
{
	void (*test)(void) = *(void (**)(void))state;
	int status;
	pid_t child = fork();

	if (child == 0) {
		test();
		fake_clear(&fake);
		fake_pool_free();
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}
