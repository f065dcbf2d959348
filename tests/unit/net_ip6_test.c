/* SPDX-License-Identifier: BSD-3-Clause */
/* The switch with IPv6 in the VMM: who gets which frame, and what the NIC is
 * told to let in. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include "net_fake.h"
#include "net_priv.h"
#include "wire.h"

#define LINK	{ 0xfe, 0x80, [13] = 0xab, 0xcd, 0xef }
#define GLOBAL	{ 0xfd, [13] = 0x12, 0x34, 0x56 }
#define OTHER	{ 0xfe, 0x80, [13] = 0xab, 0xcd, 0xee }

static const struct net_address own = {
	.ip6_count = 2, .ip6 = { LINK, GLOBAL },
}, nobody;
static const uint8_t link_ip[16] = LINK, global_ip[16] = GLOBAL;
static const uint8_t other_ip[16] = OTHER;
static const uint8_t nodes[16] = { 0xff, 2, [15] = 1 };
static const uint8_t routers[16] = { 0xff, 2, [15] = 2 };
static const uint8_t solicited[16] = {
	0xff, 2, [11] = 1, 0xff, 0x12, 0x34, 0x56,
};
static const uint8_t others_group[16] = {
	0xff, 2, [11] = 1, 0xff, 0xab, 0xcd, 0xee,
};

static struct fake_nic fake;
static struct vmm_pagepool pool;
static struct net *net;
static uint8_t frame[128];
static uint32_t frame_len;

/* tag: -1 none, else the VLAN. */
static void ipv6(unsigned protocol, const uint8_t *to, int tag)
{
	uint8_t *ip = frame + 14;

	memset(frame, 0, sizeof(frame));
	memcpy(frame, fake_mac, 6);
	if (*to == 0xff) {
		memset(frame, 0x33, 2);
		memcpy(frame + 2, to + 12, 4);
	}
	wire_put16(frame + 12, 0x86dd);
	frame_len = 14 + 40 + 20;
	if (tag >= 0) {
		wire_put16(frame + 12, 0x8100);
		wire_put16(frame + 14, (unsigned)tag);
		wire_put16(frame + 16, 0x86dd);
		ip += 4;
		frame_len += 4;
	}
	ip[0] = 0x60;
	wire_put16(ip + 4, 20);
	ip[6] = (uint8_t)protocol;
	memcpy(ip + 24, to, 16);
}

/* --- who gets it --- */

#define G NET_SIDE_GUEST
#define V NET_SIDE_VMM

static unsigned classify(enum net_mode mode, const struct net_address *a)
{
	uint32_t run = 0;

	return net_classify(mode, frame, frame_len, a, &run);
}

static void expect(unsigned ippass, unsigned filter, bool wanted)
{
	assert_int_equal(classify(NET_MODE_NONE, &own), 0);
	assert_int_equal(classify(NET_MODE_PASS, &own), G);
	assert_int_equal(classify(NET_MODE_IP, &own), V);
	assert_int_equal(classify(NET_MODE_IPPASS, &own), ippass);
	assert_int_equal(classify(NET_MODE_IPPASSFILTER, &own), filter);
	assert_int_equal(classify(NET_MODE_IPPASSFILTER2, &own), filter);
	assert_int_equal(net_is_wanted(frame, frame_len, &own), wanted);
	/* Without addresses all is as it was. */
	assert_int_equal(classify(NET_MODE_IPPASS, &nobody), G);
	assert_int_equal(classify(NET_MODE_IPPASSFILTER, &nobody), G);
	assert_int_equal(classify(NET_MODE_IPPASSFILTER2, &nobody), G);
}

static void the_table_row_by_row(void **state)
{
	(void)state;
	ipv6(6, link_ip, -1);
	expect(G | V, V, true);
	ipv6(58, global_ip, -1);
	expect(G | V, V, true);
	ipv6(6, global_ip, 0);		/* a priority only */
	expect(G | V, V, true);
	ipv6(6, global_ip, 5);
	expect(G, G, true);
	ipv6(6, other_ip, -1);
	expect(G | V, G, false);
	ipv6(58, other_ip, -1);
	expect(G | V, G, false);
	ipv6(58, nodes, -1);
	expect(G | V, G | V, true);
	ipv6(58, solicited, -1);
	expect(G | V, G | V, true);
	ipv6(58, others_group, -1);
	expect(G | V, G | V, false);
	ipv6(58, routers, -1);
	expect(G | V, G | V, false);
	ipv6(6, link_ip, -1);
	frame_len = 53;
	expect(G | V, G, false);
	frame_len = 54;
	expect(G | V, V, true);
	ipv6(6, link_ip, 0);
	frame_len = 57;
	expect(G | V, G, false);
}

static void one_of_a_hundred(void **state)
{
	uint32_t run = 0;

	(void)state;
	ipv6(6, link_ip, -1);
	for (int i = 1; i <= 250; i++)
		assert_int_equal(net_classify(NET_MODE_IPPASSFILTER2, frame,
					      frame_len, &own, &run),
				 i % 100 ? V : V | G);
}

/* --- through the switch --- */

static unsigned to_guest, to_stack;

static void guest_rx(void *guest, const struct nic_rx *rx)
{
	(void)guest;
	(void)rx;
}

static int guest_deliver(void *guest, const void *data, uint32_t len,
			 uint32_t flags)
{
	(void)guest;
	(void)data;
	(void)len;
	(void)flags;
	to_guest++;
	return 0;
}

static void guest_tx_done(void *guest, void *cookie, int error)
{
	(void)guest;
	(void)cookie;
	(void)error;
}

static void guest_flush(void *guest)
{
	(void)guest;
}

static void either_link(void *either, const struct nic_link *link)
{
	(void)either;
	(void)link;
}

static const struct net_guest_ops guest_ops = {
	guest_rx, guest_deliver, guest_tx_done, guest_flush, either_link,
};

static void stack_input(void *stack, const uint8_t *data, uint32_t len,
			unsigned flags)
{
	(void)stack;
	(void)data;
	(void)len;
	(void)flags;
	to_stack++;
}

static uint64_t stack_poll(void *stack, uint64_t now)
{
	(void)stack;
	(void)now;
	return UINT64_MAX;
}

static const struct net_vmm_ops stack_ops = {
	stack_input, stack_poll, either_link, NULL,
};

static void start(enum net_mode mode)
{
	to_guest = to_stack = 0;
	fake_nic_init(&fake);
	fake_pool_init(&pool, 400);
	assert_int_equal(net_create(mode, &fake.nic, &pool, &net), 0);
	net_start(net);
	if (net_mode_wants_guest(mode))
		net_guest_attach(net, &guest_ops, NULL);
	net_vmm_attach(net, &stack_ops, NULL);
	net_vmm_set_address6(net, own.ip6, own.ip6_count);
	net_poll(net, 0);
}

static void stop(void)
{
	fake_clear(&fake);
	net_destroy(net);
	fake_pool_free();
}

static void arrives(unsigned guest, unsigned stack)
{
	to_guest = to_stack = 0;
	fake_wire(&fake, frame, frame_len);
	net_poll(net, 0);
	assert_int_equal(to_guest, guest);
	assert_int_equal(to_stack, stack);
}

static void guest_sends(unsigned wire, unsigned stack)
{
	struct nic_frag frag = { (uintptr_t)frame, frame_len };
	struct nic_tx tx = { .frag = &frag, .frag_count = 1 };
	unsigned sent = fake.sent_count;

	to_stack = 0;
	assert_int_equal(net_guest_tx(net, &tx), !wire);
	net_poll(net, 0);
	assert_int_equal(fake.sent_count - sent, wire);
	assert_int_equal(to_stack, stack);
}

static void frames_find_their_side(void **state)
{
	(void)state;
	start(NET_MODE_IPPASSFILTER);
	ipv6(58, nodes, -1);
	arrives(1, 1);
	guest_sends(1, 1);
	ipv6(58, others_group, -1);
	arrives(1, 0);
	guest_sends(1, 0);
	ipv6(6, link_ip, -1);
	arrives(0, 1);
	guest_sends(0, 1);	/* to its own MAC address */
	ipv6(6, other_ip, -1);
	arrives(1, 0);
	frame[0] ^= 2;		/* to another station */
	guest_sends(1, 0);
	stop();
	start(NET_MODE_IPPASS);
	ipv6(6, link_ip, -1);
	arrives(1, 1);
	ipv6(6, other_ip, -1);
	arrives(1, 0);
	net_vmm_set_address6(net, NULL, 0);
	ipv6(6, link_ip, -1);
	arrives(1, 0);
	guest_sends(1, 0);
	stop();
}

/* --- the NIC's filter --- */

static bool lets_in(const uint8_t *mac)
{
	for (unsigned i = 0; i < fake.filter.count; i++)
		if (memcmp(fake.filter.mac[i], mac, 6) == 0)
			return true;
	return false;
}

static void groups_are_let_in(void **state)
{
	static const uint8_t all[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	static const uint8_t first[6] = { 0x33, 0x33, 0xff, 0xab, 0xcd, 0xef };
	static const uint8_t second[6] = { 0x33, 0x33, 0xff, 0x12, 0x34, 0x56 };
	static const uint8_t guests[2][6] = {
		{ 0x33, 0x33, 0, 0, 0, 0xfb }, { 2, 3, 4, 5, 6, 7 },
	};
	static const uint8_t many[200][6];
	struct nic_filter wish = { .mac = guests, .count = 2 };

	(void)state;
	start(NET_MODE_IP);	/* where no guest asks for anything */
	assert_int_equal(fake.filter.count, 3);
	assert_false(fake.filter.promisc || fake.filter.allmulti);
	stop();
	start(NET_MODE_IPPASSFILTER);
	assert_int_equal(net_guest_filter(net, &wish), 0);
	assert_int_equal(fake.filter.count, 5);
	assert_true(lets_in(all) && lets_in(first) && lets_in(second) &&
		    lets_in(guests[0]) && lets_in(guests[1]));
	net_vmm_set_address6(net, own.ip6 + 1, 1);
	net_poll(net, 0);
	assert_int_equal(fake.filter.count, 4);
	assert_true(lets_in(second) && lets_in(guests[1]) && !lets_in(first));
	wish = (struct nic_filter){ .promisc = true };
	assert_int_equal(net_guest_filter(net, &wish), 0);
	assert_int_equal(fake.filter.count, 2);
	assert_true(fake.filter.promisc && !fake.filter.allmulti);
	wish = (struct nic_filter){ .mac = many, .count = 200 };
	assert_int_equal(net_guest_filter(net, &wish), 0);
	assert_true(fake.filter.promisc && fake.filter.allmulti);
	net_vmm_set_address6(net, NULL, 0);
	net_poll(net, 0);
	assert_int_equal(fake.filter.count, 0);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_row_by_row),
		cmocka_unit_test(one_of_a_hundred),
		cmocka_unit_test(frames_find_their_side),
		cmocka_unit_test(groups_are_let_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
