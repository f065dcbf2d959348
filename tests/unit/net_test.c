/* SPDX-License-Identifier: BSD-3-Clause */
/* The switch: who gets which frame, in which memory, in every mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include "net_fake.h"
#include "net_priv.h"
#include "wire.h"

#define VMM_IP	{ 192, 168, 0, 7 }

static const uint8_t vmm_ip[4] = VMM_IP;
static const struct net_address vmm = { .ip = VMM_IP }, nobody;
static const struct net_address other = { .ip = { 192, 168, 0, 9 } };
static struct fake_nic fake;
static struct vmm_pagepool pool;
static struct net *net;

/* --- frames --- */

static const uint8_t other_ip[4] = { 192, 168, 0, 9 };
static uint8_t frame[128];
static uint32_t frame_len;

static uint8_t *ether(unsigned type, uint32_t len)
{
	memset(frame, 0x5a, sizeof(frame));
	memcpy(frame, fake_mac, 6);
	wire_put16(frame + 12, type);
	frame_len = len;
	return frame + 14;
}

/* tag: -1 none, else the VLAN, with priority 5. */
static void ipv4(unsigned protocol, const uint8_t *to, int tag)
{
	uint8_t *ip = ether(0x0800, 60);

	if (tag >= 0) {
		wire_put16(frame + 12, 0x8100);
		wire_put16(frame + 14, 0xa000u | (unsigned)tag);
		wire_put16(frame + 16, 0x0800);
		ip += 4;
		frame_len = 64;
	}
	ip[0] = 0x45;
	ip[9] = (uint8_t)protocol;
	memcpy(ip + 16, to, 4);
}

static void ipv4_to_all(unsigned protocol)
{
	ipv4(protocol, other_ip, -1);
	memset(frame, 0xff, 6);
}

/* --- the guest's side --- */

static struct guest {
	uint8_t mem[4][1600];
	void *cookie[8];
	struct nic_rx rx[8];
	unsigned rx_count, cancelled;
	uint8_t delivered[1600];
	uint32_t delivered_len, delivered_flags;
	unsigned deliveries, done, flushes;
	void *done_cookie;
	int deliver_error;
	bool up;
} guest;

static void guest_rx(void *ctx, const struct nic_rx *rx)
{
	struct guest *g = ctx;

	if (rx->flags & NIC_RX_CANCELLED) {
		g->cancelled++;
		return;
	}
	g->rx[g->rx_count++ % 8] = *rx;
}

static int guest_deliver(void *ctx, const void *data, uint32_t len,
			 uint32_t flags)
{
	struct guest *g = ctx;

	if (g->deliver_error)
		return g->deliver_error;
	memcpy(g->delivered, data, len);
	g->delivered_len = len;
	g->delivered_flags = flags;
	g->deliveries++;
	return 0;
}

static void guest_done(void *ctx, void *cookie, int error)
{
	struct guest *g = ctx;

	(void)error;
	g->done++;
	g->done_cookie = cookie;
}

static void guest_flush(void *ctx)
{
	((struct guest *)ctx)->flushes++;
}

static void guest_link(void *ctx, const struct nic_link *link)
{
	((struct guest *)ctx)->up = link->up;
}

static const struct net_guest_ops guest_ops = {
	guest_rx, guest_deliver, guest_done, guest_flush, guest_link,
};

/* --- the VMM's side --- */

static struct stack {
	uint8_t last[2048];
	uint32_t len;
	unsigned count;
} stack;

static void stack_input(void *ctx, const uint8_t *data, uint32_t len,
			unsigned flags)
{
	(void)ctx;
	(void)flags;
	memcpy(stack.last, data, len < sizeof(stack.last) ? len :
	       sizeof(stack.last));
	stack.len = len;
	stack.count++;
}

static uint64_t stack_poll(void *ctx, uint64_t now)
{
	(void)ctx;
	(void)now;
	return 500;
}

static void stack_link(void *ctx, const struct nic_link *link)
{
	(void)ctx;
	(void)link;
}

static const struct net_vmm_ops stack_ops = {
	stack_input, stack_poll, stack_link, NULL,
};

/* --- set up --- */

static void start(enum net_mode mode)
{
	memset(&guest, 0, sizeof(guest));
	memset(&stack, 0, sizeof(stack));
	fake_nic_init(&fake);
	fake_pool_init(&pool, 400);
	assert_int_equal(net_create(mode, &fake.nic, &pool, &net), 0);
	net_start(net);
	if (net_mode_wants_guest(mode))
		net_guest_attach(net, &guest_ops, &guest);
	if (net_mode_has_stack(mode)) {
		net_vmm_attach(net, &stack_ops, NULL);
		net_vmm_set_address(net, vmm_ip);
	}
}

static void stop(void)
{
	uint64_t all = pool.pages;

	fake_clear(&fake);
	net_destroy(net);
	assert_int_equal(pool.free_pages, all);
	fake_pool_free();
}

/* Let the frame arrive. */
static void arrive(void)
{
	fake_wire(&fake, frame, frame_len);
	net_poll(net, 0);
}

static int guest_sends(void *cookie)
{
	struct nic_frag frags[2] = {
		{ (uintptr_t)frame, 20 },
		{ (uintptr_t)frame + 20, frame_len - 20 },
	};
	struct nic_tx tx = { .frag = frags, .frag_count = 2,
			     .cookie = cookie };
	int r = net_guest_tx(net, &tx);

	net_poll(net, 0);
	return r;
}

/* --- tests --- */

#define G NET_SIDE_GUEST
#define V NET_SIDE_VMM

static unsigned classify(enum net_mode mode)
{
	uint32_t run = 0;

	return net_classify(mode, frame, frame_len, &vmm, &run);
}

/* The table of bvnet/net.h, row by row: none, pass, ip, ippass, filters. */
static void expect(unsigned ippass, unsigned filter)
{
	assert_int_equal(classify(NET_MODE_NONE), 0);
	assert_int_equal(classify(NET_MODE_PASS), G);
	assert_int_equal(classify(NET_MODE_IP), V);
	assert_int_equal(classify(NET_MODE_IPPASS), ippass);
	assert_int_equal(classify(NET_MODE_IPPASSFILTER), filter);
	assert_int_equal(classify(NET_MODE_IPPASSFILTER2), filter);
}

static void the_table_row_by_row(void **state)
{
	(void)state;
	ether(0x0806, 42);
	expect(G | V, G | V);
	ipv4(6, vmm_ip, -1);
	expect(G | V, V);
	ipv4(17, vmm_ip, -1);	/* so that the guest refuses nothing */
	expect(G | V, V);
	ipv4(1, vmm_ip, -1);
	expect(G | V, V);
	ipv4(6, other_ip, -1);
	expect(G | V, G);
	ipv4(17, other_ip, -1);
	expect(G | V, G | V);
	ipv4(1, other_ip, -1);
	expect(G | V, G | V);
	ipv4(6, vmm_ip, -1);
	frame_len = 33;
	expect(G | V, G | V);
	frame_len = 34;
	expect(G | V, V);
	ether(0x0806, 20);
	expect(G | V, G | V);
	ether(0x86dd, 74);
	expect(G, G);
	ether(0x88cc, 60);
	expect(G, G);
	ether(0x0800, 13);	/* not even a header */
	expect(G, G);
}

static void vlans_are_the_guests(void **state)
{
	(void)state;
	ipv4(6, vmm_ip, 5);
	expect(G, G);
	ipv4(6, vmm_ip, 0);	/* a priority only */
	expect(G | V, V);
	ipv4(6, other_ip, 0);
	expect(G | V, G);
	ipv4(6, vmm_ip, 0);
	frame_len = 37;
	expect(G | V, G | V);
	frame_len = 38;
	expect(G | V, V);
	ether(0x8100, 17);	/* cut within the tag */
	expect(G, G);
}

static void fragments_follow_the_address(void **state)
{
	(void)state;
	ipv4(6, vmm_ip, -1);
	wire_put16(frame + 14 + 6, 100);
	expect(G | V, V);
	ipv4(17, other_ip, -1);
	wire_put16(frame + 14 + 6, 100);
	expect(G | V, G | V);
}

static void without_address_nothing_is_the_vmms_alone(void **state)
{
	static const uint8_t none[4];
	uint32_t run = 0;

	(void)state;
	ipv4(6, none, -1);
	assert_int_equal(net_classify(NET_MODE_IPPASSFILTER, frame, frame_len,
				      &nobody, &run), G);
}

static void one_of_a_hundred(void **state)
{
	uint32_t run = 0;

	(void)state;
	for (int i = 1; i <= 250; i++) {
		ipv4(6, vmm_ip, -1);
		assert_int_equal(net_classify(NET_MODE_IPPASSFILTER2, frame,
					      frame_len, &vmm, &run),
				 i % 100 ? V : V | G);
	}
	ipv4(6, other_ip, -1);
	assert_int_equal(net_classify(NET_MODE_IPPASSFILTER2, frame, frame_len,
				      &vmm, &run), G);
	for (int i = 1; i <= 100; i++) {
		ipv4(6, vmm_ip, -1);
		assert_int_equal(net_classify(NET_MODE_IPPASSFILTER2, frame,
					      frame_len, &vmm, &run),
				 i % 100 ? V : V | G);
	}
}

static void modes_by_name(void **state)
{
	enum net_mode mode;

	(void)state;
	for (mode = NET_MODE_NONE; mode <= NET_MODE_IPPASSFILTER2; mode++) {
		enum net_mode parsed;

		assert_int_equal(net_mode_parse(net_mode_name(mode), &parsed),
				 0);
		assert_int_equal(parsed, mode);
	}
	assert_int_equal(net_mode_parse("pass:argument", &mode), 0);
	assert_int_equal(mode, NET_MODE_PASS);
	assert_int_equal(net_mode_parse("ippassfilter3", &mode), -EINVAL);
	assert_int_equal(net_mode_parse("vpn", &mode), -EINVAL);
	assert_int_equal(net_mode_parse("ipp", &mode), -EINVAL);
	assert_false(net_mode_wants_guest(NET_MODE_IP));
	assert_true(net_mode_wants_guest(NET_MODE_PASS));
	assert_false(net_mode_has_stack(NET_MODE_PASS));
	assert_true(net_mode_has_stack(NET_MODE_IP));
}

static void buffers_of_the_guest_are_filled_in_place(void **state)
{
	int cookies[2];

	(void)state;
	start(NET_MODE_IPPASSFILTER);
	fake.posted_count = 0;	/* our own, which came first, are used up */
	for (int i = 0; i < 2; i++)
		assert_int_equal(net_guest_rx_post(net,
				(uintptr_t)guest.mem[i], 1524, &cookies[i]), 0);
	ipv4(6, vmm_ip, -1);
	arrive();		/* into the first, for the VMM: posted again */
	assert_int_equal(stack.count, 1);
	assert_memory_equal(stack.last, frame, frame_len);
	assert_int_equal(guest.rx_count, 0);
	ipv4(6, other_ip, -1);
	arrive();
	assert_int_equal(guest.rx_count, 1);
	assert_ptr_equal(guest.rx[0].cookie, &cookies[1]);
	assert_int_equal(guest.rx[0].len, frame_len);
	assert_memory_equal(guest.mem[1], frame, frame_len);
	ipv4_to_all(17);
	fake.rx_flags = NIC_RX_CSUM_OK;
	arrive();		/* for both */
	assert_int_equal(stack.count, 2);
	assert_int_equal(guest.rx_count, 2);
	assert_ptr_equal(guest.rx[1].cookie, &cookies[0]);
	assert_int_equal(guest.rx[1].flags,
			 NIC_RX_FIRST | NIC_RX_LAST | NIC_RX_CSUM_OK);
	assert_memory_equal(guest.mem[0], frame, frame_len);
	assert_int_equal(guest.deliveries, 0);
	assert_true(guest.flushes > 0);
	stop();
}

static void without_buffers_of_the_guest_frames_are_copied(void **state)
{
	struct net_stats stats;

	(void)state;
	start(NET_MODE_IPPASS);
	fake.rx_flags = NIC_RX_CSUM_OK;
	for (int i = 0; i < 500; i++) {
		ipv4_to_all(6);
		arrive();
	}
	assert_int_equal(guest.deliveries, 500);
	assert_int_equal(guest.delivered_flags, NIC_RX_CSUM_OK);
	assert_memory_equal(guest.delivered, frame, frame_len);
	assert_int_equal(stack.count, 500);
	guest.deliver_error = -ENOSPC;
	arrive();
	net_get_stats(net, &stats);
	assert_int_equal(stats.guest_lost, 1);
	assert_int_equal(stats.guest_rx, 500);
	assert_int_equal(stats.vmm_rx, 501);
	assert_int_equal(stats.nic_rx, 501);
	stop();
}

static void bad_buffers_are_refused(void **state)
{
	(void)state;
	start(NET_MODE_PASS);
	assert_int_equal(net_guest_rx_post(net, 0x1000, NET_MAX_FRAME - 1,
					   NULL), -EINVAL);
	net_guest_attach(net, NULL, NULL);
	assert_int_equal(net_guest_rx_post(net, 0x1000, 1600, NULL),
			 -EOPNOTSUPP);
	stop();
	start(NET_MODE_IP);
	assert_int_equal(net_guest_rx_post(net, 0x1000, 1600, NULL),
			 -EOPNOTSUPP);
	stop();
}

static void a_guest_that_goes_gets_all_back(void **state)
{
	int cookie;

	(void)state;
	start(NET_MODE_PASS);
	assert_true(guest.up);
	for (int i = 0; i < 100; i++)
		assert_int_equal(net_guest_rx_post(net,
				(uintptr_t)guest.mem[0], 1600, &cookie), 0);
	ipv4(6, other_ip, -1);
	fake.nic.link.up = true;
	struct nic_frag f = { (uintptr_t)frame, frame_len };
	struct nic_tx tx = { .frag = &f, .frag_count = 1, .cookie = &cookie };
	assert_int_equal(net_guest_tx(net, &tx), 0);
	assert_int_equal(guest.done, 0);
	net_guest_attach(net, NULL, NULL);
	assert_int_equal(guest.cancelled, 100);
	assert_int_equal(guest.done, 1);
	assert_ptr_equal(guest.done_cookie, &cookie);
	arrive();		/* into our own buffers again, for nobody */
	assert_int_equal(guest.deliveries, 0);
	stop();
}

static void frames_of_the_guest(void **state)
{
	int cookie;

	(void)state;
	start(NET_MODE_IPPASS);
	ipv4(6, other_ip, -1);
	frame[5] ^= 1;			/* to another machine */
	assert_int_equal(guest_sends(&cookie), 0);
	assert_int_equal(fake.sent_count, 1);
	assert_memory_equal(fake.sent[0].data, frame, frame_len);
	assert_int_equal(guest.done, 1);
	assert_ptr_equal(guest.done_cookie, &cookie);
	assert_int_equal(stack.count, 0);

	ipv4(6, vmm_ip, -1);		/* to the VMM: not on the wire */
	assert_int_equal(guest_sends(&cookie), 1);
	assert_int_equal(fake.sent_count, 1);
	assert_int_equal(stack.count, 1);
	assert_memory_equal(stack.last, frame, frame_len);

	ether(0x0806, 42);		/* to all */
	memset(frame, 0xff, 6);
	assert_int_equal(guest_sends(&cookie), 0);
	assert_int_equal(fake.sent_count, 2);
	assert_int_equal(stack.count, 2);

	ether(0x86dd, 74);		/* IPv6 to itself: its own affair */
	assert_int_equal(guest_sends(&cookie), 0);
	assert_int_equal(fake.sent_count, 3);
	assert_int_equal(stack.count, 2);
	stop();
}

static void the_ring_of_the_nic_is_full(void **state)
{
	struct net_stats stats;

	(void)state;
	start(NET_MODE_IPPASS);
	fake.tx_room = 1;
	ether(0x0806, 42);
	memset(frame, 0xff, 6);
	assert_int_equal(guest_sends(NULL), 0);
	assert_int_equal(guest_sends(NULL), -ENOSPC);
	assert_int_equal(net_vmm_tx(net, frame, frame_len), -ENOSPC);
	assert_int_equal(stack.count, 1);
	fake.tx_room = 1;
	assert_int_equal(net_vmm_tx(net, frame, frame_len), 0);
	fake.nic.link.up = false;
	assert_int_equal(net_vmm_tx(net, frame, frame_len), -ENETDOWN);
	net_get_stats(net, &stats);
	assert_int_equal(stats.nic_tx, 2);
	stop();
}

static void only_the_modes_that_say_so_send_for_the_guest(void **state)
{
	(void)state;
	start(NET_MODE_NONE);
	ipv4(6, other_ip, -1);
	assert_int_equal(guest_sends(NULL), 1);
	assert_int_equal(fake.sent_count, 0);
	arrive();
	assert_int_equal(stack.count, 0);
	stop();
	start(NET_MODE_IP);
	assert_int_equal(guest_sends(NULL), 1);
	assert_int_equal(fake.sent_count, 0);
	arrive();
	assert_int_equal(stack.count, 0);	/* it has no use for it */
	ipv4(6, vmm_ip, -1);
	arrive();
	assert_int_equal(stack.count, 1);
	stop();
}

/* Whatever the mode says that it gets. */
static void the_stack_is_spared_others_frames(void **state)
{
	(void)state;
	ipv4(6, other_ip, -1);
	assert_false(net_is_wanted(frame, frame_len, &vmm));
	assert_true(net_is_wanted(frame, frame_len, &other));
	assert_true(net_is_wanted(frame, frame_len, &nobody));
	assert_true(net_is_wanted(frame, 33, &vmm));	/* not all there */
	ipv4(6, other_ip, 0);
	assert_false(net_is_wanted(frame, frame_len, &vmm));
	ipv4_to_all(17);
	assert_true(net_is_wanted(frame, frame_len, &vmm));
	ether(0x0806, 60);
	assert_true(net_is_wanted(frame, frame_len, &vmm));
	start(NET_MODE_IPPASS);
	ipv4(6, other_ip, -1);
	arrive();
	assert_int_equal(stack.count, 0);
	assert_int_equal(guest.deliveries, 1);
	stop();
}

static void until_there_is_a_stack_all_is_the_guests(void **state)
{
	(void)state;
	start(NET_MODE_IPPASSFILTER);
	net_vmm_attach(net, NULL, NULL);
	ipv4(6, vmm_ip, -1);
	arrive();
	assert_int_equal(guest.deliveries, 1);
	assert_int_equal(guest_sends(NULL), 0);
	assert_int_equal(fake.sent_count, 1);
	stop();
}

static void guest_and_vmm_reach_each_other(void **state)
{
	(void)state;
	start(NET_MODE_IPPASSFILTER);
	ipv4(6, other_ip, -1);
	assert_int_equal(net_vmm_tx(net, frame, frame_len), 0);
	assert_int_equal(fake.sent_count, 0);
	assert_int_equal(guest.deliveries, 1);
	assert_int_equal(guest.delivered_flags,
			 NIC_RX_CSUM_OK | NET_RX_LOCAL);
	memset(frame, 0xff, 6);		/* to all */
	assert_int_equal(net_vmm_tx(net, frame, frame_len), 0);
	assert_int_equal(fake.sent_count, 1);
	assert_int_equal(guest.deliveries, 2);
	frame[0] = 0x52;		/* to another machine */
	assert_int_equal(net_vmm_tx(net, frame, frame_len), 0);
	assert_int_equal(fake.sent_count, 2);
	assert_int_equal(guest.deliveries, 2);
	assert_int_equal(net_vmm_tx(net, frame, 13), -EINVAL);
	assert_int_equal(net_vmm_tx(net, frame, 1519), -EINVAL);
	stop();
}

/* What the NIC would do to a frame is done for the VMM. */
static void sums_are_finished_for_the_vmm(void **state)
{
	struct nic_frag f = { (uintptr_t)frame, 0 };
	struct nic_tx tx = { .frag = &f, .frag_count = 1,
			     .flags = NIC_TX_CSUM, .csum_start = 34,
			     .csum_offset = 6 };
	uint8_t *udp = frame + 34;
	uint8_t want[128];

	(void)state;
	start(NET_MODE_IPPASS);
	ether(0x0800, 34 + 8 + 11);
	wire_udp(frame + 14, 1, other_ip, 1000, vmm_ip, 2000, 11);
	memcpy(want, frame, frame_len);
	/* As a guest leaves it: the sum of the pseudo header only. */
	wire_put16(udp + 6, wire_sum(17 + 19, frame + 26, 8));
	f.len = frame_len;
	assert_int_equal(net_guest_tx(net, &tx), 1);
	net_poll(net, 0);
	assert_int_equal(stack.count, 1);
	assert_memory_equal(stack.last, want, frame_len);
	tx.csum_offset = 200;		/* out of the frame: the VMM's loss */
	assert_int_equal(net_guest_tx(net, &tx), 1);
	net_poll(net, 0);
	assert_int_equal(stack.count, 1);
	stop();
}

static void a_priority_tag_is_taken_off_for_the_vmm(void **state)
{
	(void)state;
	start(NET_MODE_IP);
	ipv4(6, vmm_ip, 0);
	arrive();
	assert_int_equal(stack.len, 60);
	assert_memory_equal(stack.last, frame, 12);
	assert_memory_equal(stack.last + 12, frame + 16, 48);
	stop();
}

static void malformed_frames_are_counted(void **state)
{
	static uint8_t giant[3000];
	struct nic_tx none = { .frag_count = 0 };
	struct net_stats stats;

	(void)state;
	start(NET_MODE_IPPASS);
	assert_int_equal(net_guest_tx(net, &none), 1);
	fake_wire(&fake, giant, sizeof(giant));	/* in two of our buffers */
	fake_wire(&fake, giant, 13);
	net_poll(net, 0);
	net_get_stats(net, &stats);
	assert_int_equal(stats.malformed, 4);
	assert_int_equal(stack.count, 0);
	assert_int_equal(guest.deliveries, 0);
	ipv4(6, other_ip, -1);
	arrive();
	assert_int_equal(guest.deliveries, 1);
	stop();
}

/* --- hooks --- */

static unsigned hook_seen;
static enum net_side hook_from;
static bool hook_verdict;
static bool hook_injects;

static bool hook_frame(struct net_hook *hook, enum net_side from,
		       const uint8_t *head, uint32_t head_len,
		       const struct nic_tx *packet)
{
	(void)hook;
	assert_true(packet->frag_count >= 1);
	assert_memory_equal(head, frame, head_len);
	hook_seen++;
	hook_from = from;
	if (hook_injects)
		assert_int_equal(net_inject(net, G | V | NET_SIDE_NIC, frame,
					    frame_len), 0);
	return hook_verdict;
}

static uint64_t hook_poll(struct net_hook *hook, struct net *n, uint64_t now)
{
	(void)hook;
	assert_ptr_equal(n, net);
	return 300 + now;
}

static void hooks_tap_drop_and_inject(void **state)
{
	struct net_hook tap = { .name = "tap", .frame = hook_frame,
		.from = NET_SIDE_NIC | NET_SIDE_GUEST | NET_SIDE_VMM };
	struct net_hook second = { .name = "second", .frame = hook_frame,
		.from = NET_SIDE_NIC, .poll = hook_poll };

	(void)state;
	start(NET_MODE_IPPASS);
	net_hook_add(net, &tap);
	net_hook_add(net, &second);
	hook_seen = 0;
	hook_verdict = true;
	ipv4(6, other_ip, -1);
	arrive();
	assert_int_equal(hook_seen, 2);
	assert_int_equal(hook_from, NET_SIDE_NIC);
	assert_int_equal(guest.deliveries, 1);
	hook_verdict = false;
	arrive();		/* the first drops it */
	assert_int_equal(hook_seen, 3);
	assert_int_equal(guest.deliveries, 1);
	assert_int_equal(guest_sends(NULL), 1);
	assert_int_equal(hook_from, NET_SIDE_GUEST);
	assert_int_equal(fake.sent_count, 0);
	assert_int_equal(net_vmm_tx(net, frame, frame_len), 0);
	assert_int_equal(hook_from, NET_SIDE_VMM);
	assert_int_equal(fake.sent_count, 0);
	assert_int_equal(tap.dropped, 3);
	hook_injects = true;
	stack.count = 0;
	arrive();
	assert_int_equal(fake.sent_count, 1);
	assert_int_equal(stack.count, 1);
	assert_int_equal(guest.deliveries, 2);
	hook_injects = false;
	assert_int_equal(net_poll(net, 7), 307);
	net_hook_remove(net, &tap);
	hook_verdict = true;
	arrive();
	assert_int_equal(hook_seen, 7);
	net_hook_remove(net, &second);
	assert_int_equal(net_poll(net, 7), 500);
	stop();
}

/* A NIC that was reset gives frames back: they are sent again, in order. */
static void frames_are_sent_again(void **state)
{
	(void)state;
	start(NET_MODE_PASS);
	ether(0x0806, 42);
	memset(frame, 0x52, 6);
	for (uint8_t i = 0; i < 3; i++) {
		frame[20] = i;
		assert_int_equal(net_vmm_tx(net, frame, frame_len), 0);
	}
	fake_clear(&fake);
	net_guest_attach(net, NULL, NULL);	/* which flushes the NIC */
	assert_int_equal(fake.sent_count, 0);
	assert_int_equal(net_vmm_tx(net, frame, frame_len), -ENOSPC);
	net_poll(net, 0);
	assert_int_equal(fake.sent_count, 3);
	for (uint8_t i = 0; i < 3; i++)
		assert_int_equal(fake.sent[i].data[20], i);
	assert_true(fake.pushes > 0);
	net_poll(net, 0);
	assert_int_equal(net_vmm_tx(net, frame, frame_len), 0);
	stop();
}

static void a_full_queue_is_told_of(void **state)
{
	struct net_stats stats;

	(void)state;
	start(NET_MODE_IPPASS);
	ipv4(6, vmm_ip, -1);
	fake_log_lines = 0;
	for (int i = 0; i < 4000; i++) {
		struct nic_frag f = { (uintptr_t)frame, frame_len };
		struct nic_tx tx = { .frag = &f, .frag_count = 1 };

		assert_int_equal(net_guest_tx(net, &tx), 1);
	}
	net_get_stats(net, &stats);
	assert_true(stats.vmm_lost > 0);
	for (int i = 0; i < 40; i++)
		if (net_poll(net, 0))
			break;
	assert_int_equal(stack.count + stats.vmm_lost, 4000);
	assert_int_equal(fake_log_lines, 1);
	assert_non_null(strstr(fake_log, "incoming packets.\n"));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_row_by_row),
		cmocka_unit_test(vlans_are_the_guests),
		cmocka_unit_test(fragments_follow_the_address),
		cmocka_unit_test(without_address_nothing_is_the_vmms_alone),
		cmocka_unit_test(one_of_a_hundred),
		cmocka_unit_test(modes_by_name),
		cmocka_unit_test(buffers_of_the_guest_are_filled_in_place),
		cmocka_unit_test(without_buffers_of_the_guest_frames_are_copied),
		cmocka_unit_test(bad_buffers_are_refused),
		cmocka_unit_test(a_guest_that_goes_gets_all_back),
		cmocka_unit_test(frames_of_the_guest),
		cmocka_unit_test(the_ring_of_the_nic_is_full),
		cmocka_unit_test(only_the_modes_that_say_so_send_for_the_guest),
		cmocka_unit_test(the_stack_is_spared_others_frames),
		cmocka_unit_test(until_there_is_a_stack_all_is_the_guests),
		cmocka_unit_test(guest_and_vmm_reach_each_other),
		cmocka_unit_test(sums_are_finished_for_the_vmm),
		cmocka_unit_test(a_priority_tag_is_taken_off_for_the_vmm),
		cmocka_unit_test(malformed_frames_are_counted),
		cmocka_unit_test(hooks_tap_drop_and_inject),
		cmocka_unit_test(frames_are_sent_again),
		cmocka_unit_test(a_full_queue_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
