/* SPDX-License-Identifier: BSD-3-Clause */
/* The switch is asked for the guest's frames alone; the guest's addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "net_fake.h"
#include "net_priv.h"
#include "wire.h"

#define LEN	60u

static const uint8_t vmm_ip[4] = { 192, 168, 0, 7 };
static const uint8_t other_ip[4] = { 192, 168, 0, 9 };
static struct fake_nic fake;
static struct vmm_pagepool pool;
static struct net *net;
static uint8_t frame[LEN];
static unsigned inputs, polls, deliveries, flushes, hook_polls;

/* --- who is on the switch --- */

static void guest_rx(void *ctx, const struct nic_rx *rx)
{
	(void)ctx;
	(void)rx;
}

static int guest_deliver(void *ctx, const void *data, uint32_t len,
			 uint32_t flags)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)flags;
	deliveries++;
	return 0;
}

static void guest_done(void *ctx, void *cookie, int error)
{
	(void)ctx;
	(void)cookie;
	(void)error;
}

static void guest_flush(void *ctx)
{
	(void)ctx;
	flushes++;
}

static void no_link(void *ctx, const struct nic_link *link)
{
	(void)ctx;
	(void)link;
}

static const struct net_guest_ops guest_ops = {
	guest_rx, guest_deliver, guest_done, guest_flush, no_link,
};

static void stack_input(void *ctx, const uint8_t *data, uint32_t len,
			unsigned flags)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)flags;
	inputs++;
}

static uint64_t stack_poll(void *ctx, uint64_t now)
{
	(void)ctx;
	(void)now;
	polls++;
	return 500;
}

static const struct net_vmm_ops stack_ops = {
	.input = stack_input, .poll = stack_poll, .link = no_link,
};

static bool hook_sees(struct net_hook *hook, enum net_side from,
		      const uint8_t *head, uint32_t head_len,
		      const struct nic_tx *packet)
{
	(void)hook;
	(void)from;
	(void)head;
	(void)head_len;
	(void)packet;
	return true;
}

static uint64_t hook_poll(struct net_hook *hook, struct net *n, uint64_t now)
{
	(void)hook;
	(void)n;
	(void)now;
	hook_polls++;
	return UINT64_MAX;
}

static int start(void **state)
{
	(void)state;
	inputs = polls = deliveries = flushes = hook_polls = 0;
	fake_nic_init(&fake);
	fake_pool_init(&pool, 400);
	assert_int_equal(net_create(NET_MODE_IPPASS, &fake.nic, &pool, &net),
			 0);
	assert_int_equal(net_poll_frames(net, 0), UINT64_MAX);
	net_start(net);
	net_guest_attach(net, &guest_ops, NULL);
	net_vmm_attach(net, &stack_ops, NULL);
	net_vmm_set_address(net, vmm_ip);
	net_poll(net, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	fake_clear(&fake);
	net_destroy(net);
	fake_pool_free();
	return 0;
}

/* A TCP segment to this address arrives. */
static void arrives(const uint8_t *ip)
{
	memset(frame, 0x5a, LEN);
	memcpy(frame, fake_mac, 6);
	wire_put16(frame + 12, 0x0800);
	frame[14] = 0x45;
	frame[23] = 6;
	memcpy(frame + 30, ip, 4);
	fake_wire(&fake, frame, LEN);
}

/* --- tests --- */

static void the_guests_frame_is_no_affair_of_the_vmm(void **state)
{
	unsigned before = polls;

	(void)state;
	arrives(other_ip);
	flushes = 0;
	assert_int_not_equal(net_poll_frames(net, 0), 0);
	assert_int_equal(deliveries, 1);
	assert_int_equal(flushes, 1);
	assert_int_equal(polls, before);
}

static void a_frame_for_the_vmm_asks_for_more(void **state)
{
	(void)state;
	arrives(vmm_ip);
	assert_int_equal(net_poll_frames(net, 0), 0);
	assert_int_equal(inputs, 0);
	assert_int_equal(net_poll(net, 0), 500);
	assert_int_equal(inputs, 1);
	assert_int_not_equal(net_poll_frames(net, 0), 0);
}

/* A hook that works may have seen what it waits for; one that looks on has
 * not. */
static void so_does_what_a_hook_has_seen(void **state)
{
	struct net_hook hook = { .name = "works", .from = NET_SIDE_NIC,
				 .poll = hook_poll, .frame = hook_sees };
	struct net_hook tap = { .name = "looks", .from = NET_SIDE_NIC,
				.frame = hook_sees };

	(void)state;
	net_hook_add(net, &tap);
	arrives(other_ip);
	assert_int_not_equal(net_poll_frames(net, 0), 0);
	net_hook_add(net, &hook);
	arrives(other_ip);
	assert_int_equal(net_poll_frames(net, 0), 0);
	assert_int_equal(hook_polls, 0);
	net_poll(net, 0);
	assert_int_equal(hook_polls, 1);
	assert_int_not_equal(net_poll_frames(net, 0), 0);
	net_hook_remove(net, &hook);
	net_hook_remove(net, &tap);
}

/* The guest has other addresses besides the NIC's: what the VMM sends there is
 * for the guest, or for whoever else has it on the wire. */
static void the_vmm_reaches_all_addresses_of_the_guests(void **state)
{
	uint8_t mac[6] = { 0x52, 0x54, 0, 0xaa, 0xbb, 0xcc };
	struct nic_filter wish = { .mac = &mac, .count = 1 };

	(void)state;
	memset(frame, 0x5a, LEN);
	memcpy(frame, mac, 6);
	assert_int_equal(net_vmm_tx(net, frame, LEN), 0);
	assert_int_equal(fake.sent_count, 1);
	assert_int_equal(deliveries, 0);
	assert_int_equal(net_guest_filter(net, &wish), 0);
	assert_int_equal(net_vmm_tx(net, frame, LEN), 0);
	assert_int_equal(fake.sent_count, 2);
	assert_int_equal(deliveries, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_guests_frame_is_no_affair_of_the_vmm, start, stop),
		cmocka_unit_test_setup_teardown(
			a_frame_for_the_vmm_asks_for_more, start, stop),
		cmocka_unit_test_setup_teardown(
			so_does_what_a_hook_has_seen, start, stop),
		cmocka_unit_test_setup_teardown(
			the_vmm_reaches_all_addresses_of_the_guests, start,
			stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
