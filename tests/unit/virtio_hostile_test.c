/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio network device with a driver that breaks the rules: the device
 * needs a reset, and is as good as new after it.  And the control queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "virtio_world.h"

#define BASIC	(BIT(VERSION_1) | BIT(MAC) | BIT(STATUS))
#define CONTROL	(BASIC | BIT(CTRL_VQ) | BIT(CTRL_RX) | BIT(CTRL_VLAN) | \
		 BIT(CTRL_MAC_ADDR))
#define RX	0
#define TX	1
#define CTRL	2
#define HDR	sizeof(struct w_hdr)

static struct world world;

static int setup(void **state)
{
	world_init(&world, NIC_CAP_TX_CSUM);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

/* A good frame goes out, so all is well. */
static void assert_works(struct world *w)
{
	struct w_buf b = { 0, HDR + 60, false };
	unsigned sent;

	w->next_pa = GUEST_BASE;
	driver_start(w, BASIC | BIT(INDIRECT_DESC));
	b.pa = world_alloc(w, HDR + 60, 2);
	memset(world_at(w, b.pa), 0, HDR + 60);
	sent = w->sent_count;
	driver_add(w, TX, 0, &b, 1, false);
	driver_kick(w, TX);
	assert_int_equal(w->sent_count, sent + 1);
	world_complete(w);
	assert_int_equal(get_status(w), 0xf);
}

static void assert_broken(struct world *w)
{
	unsigned sent = w->sent_count;

	virtio_net_poll(w->vn);
	assert_int_equal(get_status(w), 0x4f);
	assert_false(w->attached);
	assert_int_equal(w->raised[3], 1);	/* configuration change */
	driver_kick(w, TX);
	driver_kick(w, RX);
	virtio_net_poll(w->vn);
	set_status(w, 0xf);	/* that does not help */
	assert_int_equal(get_status(w), 0x4f);
	assert_int_equal(w->sent_count, sent);
	assert_int_equal(virtio_net_stats(w->vn)->violations, 1);
	assert_works(w);
}

/* Start with one good chain of n buffers, heads 0 ..., which a test spoils. */
static struct w_desc *start(struct world *w, unsigned queue, unsigned n)
{
	struct w_buf b[4];
	unsigned i;

	w->next_pa = GUEST_BASE;
	driver_start(w, BASIC | BIT(INDIRECT_DESC));
	for (i = 0; i < n; i++)
		b[i] = (struct w_buf){ world_alloc(w, 2000, 16), 600,
				       queue == RX };
	driver_add(w, queue, 0, b, n, false);
	return driver_desc(w, queue, 0);
}

static void index_too_far(void **state)
{
	struct world *w = *state;

	start(w, TX, 1);
	driver_set_avail_idx(w, TX, 257);
	driver_kick(w, TX);
	assert_broken(w);
}

static void index_backwards(void **state)
{
	struct world *w = *state;

	start(w, TX, 1);
	driver_kick(w, TX);
	driver_set_avail_idx(w, TX, 0);
	driver_kick(w, TX);
	assert_broken(w);
}

static void head_beyond_the_table(void **state)
{
	struct world *w = *state;
	uint16_t *avail;

	start(w, RX, 1);
	avail = world_at(w, w->queue[RX].avail_pa);
	avail[2] = 256;
	driver_kick(w, RX);
	assert_broken(w);
}

static void head_twice(void **state)
{
	struct world *w = *state;
	uint16_t *avail;

	start(w, RX, 4);
	avail = world_at(w, w->queue[RX].avail_pa);
	avail[3] = 0;
	driver_set_avail_idx(w, RX, 2);
	driver_kick(w, RX);
	assert_broken(w);
}

static void next_beyond_the_table(void **state)
{
	struct world *w = *state;

	start(w, TX, 2)[0].next = 256;
	driver_kick(w, TX);
	assert_broken(w);
}

static void endless_loop(void **state)
{
	struct world *w = *state;
	struct w_desc *d = start(w, TX, 2);

	d[1].next = 0;
	d[1].flags |= W_NEXT;
	driver_kick(w, TX);
	assert_broken(w);
}

static void empty_buffer(void **state)
{
	struct world *w = *state;

	start(w, TX, 2)[1].len = 0;
	driver_kick(w, TX);
	assert_broken(w);
}

static void directions_mixed(void **state)
{
	struct world *w = *state;

	start(w, TX, 2)[0].flags |= W_WRITE;
	driver_kick(w, TX);
	assert_broken(w);
}

static void writable_in_transmit(void **state)
{
	struct world *w = *state;

	start(w, TX, 2)[1].flags |= W_WRITE;
	driver_kick(w, TX);
	assert_broken(w);
}

static void readable_in_receive(void **state)
{
	struct world *w = *state;

	start(w, RX, 1)[0].flags = 0;
	driver_kick(w, RX);
	assert_broken(w);
}

static void no_room_for_the_header(void **state)
{
	struct world *w = *state;

	start(w, RX, 1)[0].len = HDR - 1;
	driver_kick(w, RX);
	assert_broken(w);
}

static void no_header(void **state)
{
	struct world *w = *state;

	start(w, TX, 1)[0].len = HDR - 1;
	driver_kick(w, TX);
	assert_broken(w);
}

/* Buffers that touch the VMM's memory, end behind all memory, or wrap. */
static void forbidden_addresses(void **state)
{
	static const struct {
		uint64_t addr;
		uint32_t len;
	} bad[] = {
		{ VMM_BASE, 100 },
		{ VMM_BASE - 99, 100 },
		{ VMM_BASE + VMM_SIZE - 1, 100 },
		{ VMM_BASE - 1000, 10000 },
		{ 0, 100 },
		{ GUEST_BASE + GUEST_SIZE - 99, 100 },
		{ UINT64_MAX - 10, 100 },
		{ GUEST_BASE, UINT32_MAX },
	};
	struct world *w = *state;
	unsigned i, queue;

	for (i = 0; i < 2 * sizeof(bad) / sizeof(bad[0]); i++) {
		struct w_desc *d;

		queue = i & 1;
		world_free(w);
		world_init(w, 0);
		d = start(w, queue, 2);
		d[1].addr = bad[i / 2].addr;
		d[1].len = bad[i / 2].len;
		driver_kick(w, queue);
		assert_int_equal(w->sent_count, 0);
		assert_broken(w);
	}
}

/* An indirect table: each rule broken once. */
static void indirect_tables(void **state)
{
	struct world *w = *state;
	unsigned i;

	for (i = 0; i < 7; i++) {
		struct w_desc *d, *t;

		world_free(w);
		world_init(w, 0);
		d = start(w, TX, 1);
		t = world_at(w, GUEST_BASE + 0xc0000);
		t[0] = (struct w_desc){ d->addr, 60, W_NEXT, 1 };
		t[1] = (struct w_desc){ d->addr, 60, 0, 0 };
		*d = (struct w_desc){ GUEST_BASE + 0xc0000, 32, W_INDIRECT,
				      0 };
		switch (i) {
		case 0:
			d->flags |= W_NEXT;
			break;
		case 1:
			d->len = 24;
			break;
		case 2:
			d->len = 0;
			break;
		case 3:
			d->addr = VMM_BASE;
			break;
		case 4:
			t[0].flags |= W_INDIRECT;
			break;
		case 5:
			t[0].next = 2;
			break;
		case 6:		/* a loop */
			t[1] = (struct w_desc){ d->addr, 60, W_NEXT, 0 };
			break;
		}
		driver_kick(w, TX);
		assert_int_equal(w->sent_count, 0);
		assert_broken(w);
	}
}

static void indirect_not_negotiated(void **state)
{
	struct world *w = *state;
	struct w_buf b = { 0, 100, false };

	driver_start(w, BASIC);
	b.pa = world_alloc(w, 100, 16);
	driver_add(w, TX, 0, &b, 1, true);
	driver_kick(w, TX);
	assert_broken(w);
}

/* Rings where there is no memory of the guest's, or that are not aligned. */
static void forbidden_rings(void **state)
{
	static const uint64_t bad[] = {
		VMM_BASE, VMM_BASE - 16, GUEST_BASE + GUEST_SIZE - 16, 0,
		UINT64_MAX - 15, GUEST_BASE + 1,
	};
	struct world *w = *state;
	unsigned i, part;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (part = 32; part <= 48; part += 8) {
			world_free(w);
			world_init(w, 0);
			driver_find(w);
			assert_true(driver_negotiate(w, BASIC));
			driver_msix(w);
			driver_queue(w, RX, 256);
			bar_write(w, w->common + 28, 2, 0);
			bar_write(w, w->common + 22, 2, TX);
			bar_write(w, w->common + part, 8, bad[i]);
			bar_write(w, w->common + 28, 2, 1);
			set_status(w, 0xf);
			virtio_net_poll(w->vn);
			assert_int_equal(get_status(w), 0x4f);
			assert_false(w->attached);
			assert_works(w);
		}
}

/* The chain changes under way: first it has room, then it has none. */
static void chain_changes(void **state)
{
	struct world *w = *state;
	uint8_t frame[100] = { 0 };

	memcpy(frame, world_mac, 6);
	start(w, RX, 1);
	driver_kick(w, RX);
	driver_desc(w, RX, 0)->addr = VMM_BASE;
	assert_true(virtio_net_deliver(w->vn, frame, 100, 0) < 0);
	assert_broken(w);
}

/* --- control --- */

static uint64_t command_pa, answer_pa;

static void start_control(struct world *w, uint64_t features)
{
	driver_start(w, features);
	command_pa = world_alloc(w, 4096, 16);
	answer_pa = world_alloc(w, 1, 1);
}

/* Class, code and data, the class apart from the rest; returns the answer. */
static unsigned control(struct world *w, const char *bytes, uint32_t len)
{
	struct w_buf b[3] = {
		{ command_pa, 2, false },
		{ command_pa + 2, len - 2, false },
		{ answer_pa, 1, true },
	};
	uint32_t id, used_len;

	memcpy(world_at(w, command_pa), bytes, len);
	*(uint8_t *)world_at(w, answer_pa) = 0xee;
	if (len == 2)
		b[1] = b[2];
	driver_add(w, CTRL, 0, b, len == 2 ? 2 : 3, false);
	driver_kick(w, CTRL);
	assert_true(driver_used(w, CTRL, &id, &used_len));
	assert_int_equal(used_len, 1);
	return *(uint8_t *)world_at(w, answer_pa);
}

#define CONTROL_OF(w, s)	control((w), (s), sizeof(s) - 1)

/* Does a frame to this address get to the guest?  vlan < 0: no tag. */
static bool gets(struct world *w, const char *mac, int vlan)
{
	struct w_buf b = { 0, 2000, true };
	uint8_t frame[100] = { 0 };
	uint32_t id, len;

	memcpy(frame, mac, 6);
	frame[12] = vlan < 0 ? 0x08 : 0x81;
	frame[14] = (uint8_t)(0x60 | (vlan >> 8 & 0xf));
	frame[15] = (uint8_t)vlan;
	if (!w->posted_count) {
		b.pa = world_alloc(w, 2000, 16);
		driver_add(w, RX, 0, &b, 1, false);
		driver_kick(w, RX);
	}
	assert_true(world_receive(w, frame, 100, 0));
	virtio_net_poll(w->vn);
	return driver_used(w, RX, &id, &len);
}

#define OWN	"\x52\x54\x00\x12\x34\x56"
#define OTHER	"\x52\x54\x00\x12\x34\x57"
#define GROUP	"\x01\x00\x5e\x01\x02\x03"
#define GROUP2	"\x33\x33\x00\x00\x00\x01"
#define ALL	"\xff\xff\xff\xff\xff\xff"

static void filter_modes(void **state)
{
	struct world *w = *state;

	start_control(w, CONTROL & ~BIT(CTRL_VLAN));
	assert_false(w->filter.promisc);
	assert_true(gets(w, OWN, -1));
	assert_true(gets(w, ALL, -1));
	assert_false(gets(w, OTHER, -1));
	assert_true(gets(w, GROUP, -1));
	assert_int_equal(CONTROL_OF(w, "\0\1\0"), 0);
	assert_false(w->filter.allmulti);
	assert_false(gets(w, GROUP, -1));
	assert_true(gets(w, OWN, 7));
	assert_int_equal(CONTROL_OF(w, "\0\0\1"), 0);
	assert_true(w->filter.promisc);
	assert_true(gets(w, OTHER, -1));
	assert_true(gets(w, GROUP, 7));
	assert_int_equal(CONTROL_OF(w, "\0\0\0"), 0);
	assert_false(gets(w, OTHER, -1));
	assert_int_equal(virtio_net_stats(w->vn)->rx_filtered, 3);
}

/* A driver that cannot ask gets all. */
static void filter_without_control(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	assert_true(w->filter.promisc);
	assert_true(gets(w, OTHER, -1));
	assert_true(gets(w, OTHER, 5));
}

static void filter_table(void **state)
{
	struct world *w = *state;

	start_control(w, CONTROL);
	assert_int_equal(CONTROL_OF(w, "\0\1\0"), 0);
	assert_int_equal(CONTROL_OF(w, "\1\0" "\1\0\0\0" OTHER
				    "\1\0\0\0" GROUP), 0);
	assert_int_equal(w->filter.count, 2);
	assert_memory_equal(w->filter_mac[0], OTHER, 6);
	assert_memory_equal(w->filter_mac[1], GROUP, 6);
	assert_true(gets(w, OTHER, -1));
	assert_true(gets(w, GROUP, -1));
	assert_false(gets(w, GROUP2, -1));
	/* Tables that are cut off change nothing. */
	assert_int_equal(CONTROL_OF(w, "\1\0" "\2\0\0\0" OTHER), 1);
	assert_int_equal(CONTROL_OF(w, "\1\0" "\0\0\0\0" "\0\0\0"), 1);
	assert_int_equal(CONTROL_OF(w, "\1\0" "\377\377\377\377" OTHER), 1);
	assert_true(gets(w, OTHER, -1));
	assert_int_equal(CONTROL_OF(w, "\1\0" "\0\0\0\0" "\0\0\0\0"), 0);
	assert_false(gets(w, OTHER, -1));
	assert_false(gets(w, GROUP, -1));
}

/* More addresses than there is room for: then all of that kind. */
static void filter_table_full(void **state)
{
	char bytes[2 + 4 + 65 * 6 + 4 + 64 * 6] = "\1\0\101";
	struct world *w = *state;

	start_control(w, CONTROL);
	assert_int_equal(CONTROL_OF(w, "\0\1\0"), 0);
	bytes[2 + 4 + 65 * 6] = 64;
	assert_int_equal(control(w, bytes, sizeof(bytes)), 0);
	assert_true(w->filter.promisc);
	assert_false(w->filter.allmulti);
	assert_int_equal(w->filter.count, 64);
	assert_true(gets(w, OTHER, -1));
	assert_int_equal(CONTROL_OF(w, "\1\0" "\0\0\0\0" "\0\0\0\0"), 0);
	assert_false(w->filter.promisc);
	assert_false(gets(w, OTHER, -1));
}

static void filter_address(void **state)
{
	struct world *w = *state;

	start_control(w, CONTROL);
	assert_int_equal(CONTROL_OF(w, "\1\1" OTHER), 0);
	assert_int_equal(w->filter.count, 1);
	assert_memory_equal(w->filter_mac[0], OTHER, 6);
	assert_int_equal(bar_read(w, w->device + 5, 1), 0x57);
	assert_true(gets(w, OTHER, -1));
	assert_false(gets(w, OWN, -1));
	assert_int_equal(CONTROL_OF(w, "\1\1" GROUP), 1);
	assert_int_equal(CONTROL_OF(w, "\1\1" "\2\0\0"), 1);
	set_status(w, 0);
	assert_int_equal(bar_read(w, w->device + 5, 1), 0x56);
}

static void filter_vlan(void **state)
{
	struct world *w = *state;

	start_control(w, CONTROL);
	assert_false(gets(w, OWN, 0x123));
	assert_int_equal(CONTROL_OF(w, "\2\0" "\x23\x01"), 0);
	assert_true(gets(w, OWN, 0x123));
	assert_false(gets(w, OWN, 0x124));
	assert_false(gets(w, OTHER, 0x123));
	assert_int_equal(CONTROL_OF(w, "\2\1" "\x23\x01"), 0);
	assert_false(gets(w, OWN, 0x123));
	assert_int_equal(CONTROL_OF(w, "\2\0" "\x00\x10"), 1);
	assert_int_equal(CONTROL_OF(w, "\2\0" "\x00"), 1);
	assert_int_equal(CONTROL_OF(w, "\2\2" "\x00\x00"), 1);
}

static void unknown_commands(void **state)
{
	struct world *w = *state;

	start_control(w, BASIC | BIT(CTRL_VQ));
	assert_int_equal(CONTROL_OF(w, "\0\0\1"), 1);	/* not negotiated */
	assert_int_equal(CONTROL_OF(w, "\1\1" OTHER), 1);
	assert_int_equal(CONTROL_OF(w, "\2\0" "\1\0"), 1);
	assert_int_equal(CONTROL_OF(w, "\3\0" "\1\0"), 1);
	assert_int_equal(CONTROL_OF(w, "\377\377"), 1);
	w->next_pa = GUEST_BASE;
	start_control(w, CONTROL);
	assert_int_equal(CONTROL_OF(w, "\0\2\1"), 1);
	assert_int_equal(CONTROL_OF(w, "\0\0"), 1);
	assert_int_equal(CONTROL_OF(w, "\1\2" OTHER), 1);
}

static void control_without_answer(void **state)
{
	struct world *w = *state;
	struct w_buf b = { 0, 3, false };

	start_control(w, CONTROL);
	b.pa = command_pa;
	driver_add(w, CTRL, 0, &b, 1, false);
	driver_kick(w, CTRL);
	assert_broken(w);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(index_too_far),
		TEST(index_backwards),
		TEST(head_beyond_the_table),
		TEST(head_twice),
		TEST(next_beyond_the_table),
		TEST(endless_loop),
		TEST(empty_buffer),
		TEST(directions_mixed),
		TEST(writable_in_transmit),
		TEST(readable_in_receive),
		TEST(no_room_for_the_header),
		TEST(no_header),
		TEST(forbidden_addresses),
		TEST(indirect_tables),
		TEST(indirect_not_negotiated),
		TEST(forbidden_rings),
		TEST(chain_changes),
		TEST(filter_modes),
		TEST(filter_without_control),
		TEST(filter_table),
		TEST(filter_table_full),
		TEST(filter_address),
		TEST(filter_vlan),
		TEST(unknown_commands),
		TEST(control_without_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
