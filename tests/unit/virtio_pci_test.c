/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio network device's configuration space, registers, features and
 * interrupts, as a driver finds and uses them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "virtio_world.h"

#define ALL_CAPS (NIC_CAP_TX_CSUM | NIC_CAP_TSO4 | NIC_CAP_TSO6 | \
		  NIC_CAP_RX_CSUM)
#define BASIC	(BIT(VERSION_1) | BIT(MAC) | BIT(STATUS))

static struct world world;

static int setup(void **state)
{
	world_init(&world, ALL_CAPS);
	*state = &world;
	return 0;
}

static int teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void identity(void **state)
{
	struct world *w = *state;

	assert_int_equal(cfg_read(w, 0, 4), 0x10411af4);
	assert_int_equal(cfg_read(w, 8, 4), 0x02000001);
	assert_int_equal(cfg_read(w, 0x0e, 1), 0);
	assert_int_equal(cfg_read(w, 0x2c, 2), 0x1af4);
	assert_true(cfg_read(w, 0x2e, 2) >= 0x40);	/* virtio 4.1.2.1 */
	assert_int_equal(cfg_read(w, 6, 2) & 0x10, 0x10);
	assert_int_equal(cfg_read(w, 0x3d, 1), 1);
	/* No bytes that are not there; nothing that can be written. */
	assert_int_equal(cfg_read(w, 0x100, 4), 0);
	assert_int_equal(cfg_read(w, 3, 4), 0);
	cfg_write(w, 0, 4, 0);
	cfg_write(w, 0x34, 1, 0);
	cfg_write(w, 0x100, 4, 1);
	assert_int_equal(cfg_read(w, 0, 4), 0x10411af4);
	assert_int_equal(cfg_read(w, 1, 1), 0x1a);
	assert_int_equal(cfg_read(w, 2, 2), 0x1041);
}

static void command_register(void **state)
{
	struct world *w = *state;

	cfg_write(w, 4, 2, 0xffff);
	assert_int_equal(cfg_read(w, 4, 2), 0x0546);	/* no I/O */
	cfg_write(w, 5, 1, 0);
	assert_int_equal(cfg_read(w, 4, 4) & 0xffff, 0x0146 & 0xff);
	cfg_write(w, 0x3c, 1, 11);
	assert_int_equal(cfg_read(w, 0x3c, 2), 0x010b);
}

static void capabilities(void **state)
{
	struct world *w = *state;

	driver_find(w);
	assert_int_equal(w->msix_cap, 0x40);
	assert_int_equal(w->notify, VIRTIO_NET_NOTIFY);
	assert_int_equal(w->notify_step, VIRTIO_NET_NOTIFY_STEP);
	assert_int_equal(cfg_read(w, w->msix_cap + 2, 2), 3);
	/* All blocks apart from each other and the page of notifications. */
	assert_true(w->common + 56 <= w->isr);
	assert_true(w->isr + 4 <= w->device);
	assert_true(w->device + 12 <= (cfg_read(w, 0x44, 4) & ~7u));
	assert_true((cfg_read(w, 0x48, 4) & ~7u) + 8 <= w->notify);
	assert_int_equal(w->notify % 4096, 0);
}

/* The first notification capability is the one that drivers take. */
static void notifications_by_ports(void **state)
{
	struct world w;
	struct w_buf buf;
	unsigned at, first = 0, second = 0;

	(void)state;
	world_init_as(&w, ALL_CAPS, 2, 2);
	driver_start(&w, BASIC);
	for (at = cfg_read(&w, 0x34, 1); at; at = cfg_read(&w, at + 1, 1)) {
		if (cfg_read(&w, at, 1) != 9 || cfg_read(&w, at + 3, 1) != 2)
			continue;
		if (!first)
			first = at;
		else
			second = at;
	}
	assert_int_equal(cfg_read(&w, first + 2, 1), 20);
	assert_int_equal(cfg_read(&w, first + 4, 1), 2);
	assert_int_equal(cfg_read(&w, first + 8, 4), 0);
	assert_int_equal(cfg_read(&w, first + 12, 4), 12);
	assert_int_equal(cfg_read(&w, first + 16, 4), VIRTIO_NET_NOTIFY_STEP);
	assert_int_equal(cfg_read(&w, second + 4, 1), 0);
	assert_int_equal(cfg_read(&w, second + 8, 4), VIRTIO_NET_NOTIFY);
	cfg_write(&w, 4, 2, 0xffff);
	assert_int_equal(cfg_read(&w, 4, 2), 0x0547);

	buf = (struct w_buf){ world_alloc(&w, 128, 16), 72, false };
	driver_add(&w, 1, 0, &buf, 1, false);
	virtio_net_notify(w.vn, VIRTIO_NET_NOTIFY_STEP);
	assert_int_equal(w.sent_count, 1);
	world_free(&w);
}

static void features_as_the_nic_can(void **state)
{
	static const uint64_t always =
		BIT(MTU) | BIT(MAC) | BIT(MRG_RXBUF) | BIT(STATUS) |
		BIT(CTRL_VQ) | BIT(CTRL_RX) | BIT(CTRL_VLAN) |
		BIT(CTRL_MAC_ADDR) | BIT(INDIRECT_DESC) | BIT(EVENT_IDX) |
		BIT(VERSION_1);
	struct world *w = *state, none;

	driver_find(w);
	assert_int_equal(get_features(w), always | BIT(CSUM) |
			 BIT(GUEST_CSUM) | BIT(GUEST_TSO4) | BIT(GUEST_TSO6) |
			 BIT(CTRL_GUEST_OFFLOADS) | BIT(HOST_TSO4) |
			 BIT(HOST_TSO6));
	/* Bits from 64 on. */
	bar_write(w, w->common, 4, 2);
	assert_int_equal(bar_read(w, w->common + 4, 4), 0);

	world_init(&none, NIC_CAP_TSO4);	/* needs CSUM */
	driver_find(&none);
	assert_int_equal(get_features(&none), always);
	world_free(&none);
}

static void negotiation(void **state)
{
	struct world *w = *state;

	driver_find(w);
	assert_true(driver_negotiate(w, BASIC));
	assert_true(driver_negotiate(w, get_features(w)));
	assert_false(driver_negotiate(w, BIT(MAC)));	/* legacy */
	assert_false(driver_negotiate(w, BASIC | BIT(GUEST_TSO4)));
	assert_false(driver_negotiate(w, BASIC | BIT(GUEST_TSO6)));
	assert_true(driver_negotiate(w, BASIC | BIT(GUEST_CSUM) |
				     BIT(GUEST_TSO4)));
	assert_false(driver_negotiate(w, BASIC | BIT(GUEST_CSUM) |
				      BIT(CTRL_GUEST_OFFLOADS)));
	assert_false(driver_negotiate(w, BASIC | BIT(HOST_ECN)));
	assert_false(driver_negotiate(w, BASIC | BIT(HOST_TSO4)));
	assert_false(driver_negotiate(w, BASIC | BIT(CTRL_RX)));
	assert_false(driver_negotiate(w, BASIC | BIT(CTRL_VLAN)));
	assert_false(driver_negotiate(w, BASIC | BIT(CTRL_MAC_ADDR)));
	/* Without FEATURES_OK there is no DRIVER_OK. */
	set_status(w, 0xf);
	assert_int_equal(get_status(w) & 0xc, 0);
	assert_false(w->attached);
	/* Settled is settled. */
	assert_true(driver_negotiate(w, BASIC));
	set_features(w, 0);
	bar_write(w, w->common + 8, 4, 0);
	assert_int_equal(bar_read(w, w->common + 12, 4), (uint32_t)BASIC);
	/* Only a reset clears bits. */
	set_status(w, 1);
	assert_int_equal(get_status(w), 0xb);
	set_status(w, 0);
	assert_int_equal(get_status(w), 0);
	assert_int_equal(bar_read(w, w->common + 12, 4), 0);
}

static void queue_registers(void **state)
{
	struct world *w = *state;

	driver_find(w);
	assert_int_equal(bar_read(w, w->common + 18, 2), 3);
	bar_write(w, w->common + 22, 2, 1);
	assert_int_equal(bar_read(w, w->common + 24, 2), 256);
	bar_write(w, w->common + 24, 2, 100);	/* no power of two */
	bar_write(w, w->common + 24, 2, 512);
	bar_write(w, w->common + 24, 2, 0);
	assert_int_equal(bar_read(w, w->common + 24, 2), 256);
	bar_write(w, w->common + 24, 2, 64);
	assert_int_equal(bar_read(w, w->common + 24, 2), 64);
	bar_write(w, w->common + 32, 4, 0x12345670);
	bar_write(w, w->common + 36, 4, 9);
	assert_int_equal(bar_read(w, w->common + 32, 8), 0x912345670);
	bar_write(w, w->common + 40, 8, 0xa00001000);
	assert_int_equal(bar_read(w, w->common + 40, 8), 0xa00001000);
	/* Widths that no register has. */
	bar_write(w, w->common + 24, 1, 32);
	bar_write(w, w->common + 24, 4, 32);
	bar_write(w, w->common + 25, 2, 32);
	assert_int_equal(bar_read(w, w->common + 24, 2), 64);
	/* Enabled, it keeps what it has, but for the vector. */
	bar_write(w, w->common + 28, 2, 1);
	bar_write(w, w->common + 24, 2, 32);
	bar_write(w, w->common + 32, 4, 0);
	bar_write(w, w->common + 26, 2, 2);
	assert_int_equal(bar_read(w, w->common + 24, 2), 64);
	assert_int_equal(bar_read(w, w->common + 32, 4), 0x12345670);
	assert_int_equal(bar_read(w, w->common + 26, 2), 2);
	/* No such vector, no such queue. */
	bar_write(w, w->common + 26, 2, 4);
	assert_int_equal(bar_read(w, w->common + 26, 2), 0xffff);
	bar_write(w, w->common + 22, 2, 3);
	assert_int_equal(bar_read(w, w->common + 24, 2), 0);
	bar_write(w, w->common + 24, 2, 16);
	assert_int_equal(bar_read(w, w->common + 24, 2), 0);
	set_status(w, 0);
	bar_write(w, w->common + 22, 2, 1);
	assert_int_equal(bar_read(w, w->common + 24, 2), 256);
	assert_int_equal(bar_read(w, w->common + 28, 2), 0);
	assert_int_equal(bar_read(w, w->common + 26, 2), 0xffff);
}

static void device_configuration(void **state)
{
	struct world *w = *state;
	uint8_t mac[6], generation;
	unsigned i;

	driver_start(w, BASIC);
	for (i = 0; i < 6; i++)
		mac[i] = (uint8_t)bar_read(w, w->device + i, 1);
	assert_memory_equal(mac, world_mac, 6);
	assert_int_equal(bar_read(w, w->device + 6, 2), 1);	/* link */
	assert_int_equal(bar_read(w, w->device + 8, 4), 1500u << 16 | 1);
	generation = (uint8_t)bar_read(w, w->common + 21, 1);
	virtio_net_link(w->vn, true);
	assert_int_equal(w->raised[3], 0);
	virtio_net_link(w->vn, false);
	assert_int_equal(w->raised[3], 1);
	assert_int_equal(bar_read(w, w->device + 6, 2), 0);
	assert_int_not_equal(bar_read(w, w->common + 21, 1), generation);
	/* It cannot be written. */
	bar_write(w, w->device, 4, 0);
	assert_int_equal(bar_read(w, w->device, 1), world_mac[0]);
}

static void window(void **state)
{
	struct world *w = *state;
	unsigned c;

	driver_find(w);
	c = w->window_cap;
	cfg_write(w, c + 4, 1, 0);
	cfg_write(w, c + 8, 4, (uint32_t)w->common + 18);
	cfg_write(w, c + 12, 4, 2);
	assert_int_equal(cfg_read(w, c + 16, 4), 3);
	cfg_write(w, c + 8, 4, (uint32_t)w->common + COMMON_STATUS);
	cfg_write(w, c + 12, 4, 1);
	cfg_write(w, c + 16, 1, 3);
	assert_int_equal(get_status(w), 3);
	/* Another BAR, odd lengths, bad alignment, beyond the end. */
	cfg_write(w, c + 4, 1, 1);
	cfg_write(w, c + 16, 1, 7);
	assert_int_equal(get_status(w), 3);
	cfg_write(w, c + 4, 1, 0);
	cfg_write(w, c + 12, 4, 3);
	cfg_write(w, c + 16, 4, 0);
	cfg_write(w, c + 12, 4, 2);
	cfg_write(w, c + 8, 4, (uint32_t)w->common + 19);
	cfg_write(w, c + 16, 4, 0);
	cfg_write(w, c + 12, 4, 4);
	cfg_write(w, c + 8, 4, 0xfffffffc);
	cfg_write(w, c + 16, 4, 0);
	assert_int_equal(get_status(w), 3);
}

/* Make the transmit queue interrupt once: a frame is sent. */
static void one_interrupt(struct world *w)
{
	struct w_buf buf = { world_alloc(w, 128, 16), 72, false };

	driver_add(w, 1, 0, &buf, 1, false);
	driver_kick(w, 1);
	world_complete(w);
	virtio_net_flush(w->vn);
}

static void msix_masks_and_pending_bits(void **state)
{
	struct world *w = *state;
	uint32_t table, pba;

	driver_start(w, BASIC);
	table = cfg_read(w, w->msix_cap + 4, 4) & ~7u;
	pba = cfg_read(w, w->msix_cap + 8, 4) & ~7u;
	one_interrupt(w);
	assert_int_equal(w->raised[1], 1);
	assert_int_equal(w->raised_address, 0xfee01000);
	assert_int_equal(bar_read(w, w->isr, 1), 0);
	assert_false(w->intx);
	/* One entry masked. */
	bar_write(w, table + 16 + 12, 4, 1);
	one_interrupt(w);
	assert_int_equal(w->raised[1], 1);
	assert_int_equal(bar_read(w, pba, 8), 2);
	bar_write(w, pba, 8, 0);	/* read-only */
	bar_write(w, table + 16 + 4, 4, 1);	/* a new address meanwhile */
	bar_write(w, table + 16 + 12, 4, 0);
	assert_int_equal(w->raised[1], 2);
	assert_int_equal(w->raised_address, 0x1fee01000);
	assert_int_equal(bar_read(w, pba, 8), 0);
	/* The function masked. */
	cfg_write(w, w->msix_cap + 2, 2, 0xc000);
	one_interrupt(w);
	assert_int_equal(bar_read(w, pba, 4), 2);
	cfg_write(w, w->msix_cap + 2, 2, 0x8000);
	assert_int_equal(w->raised[1], 3);
	assert_int_equal(bar_read(w, table + 16 + 8, 8), 1);
}

static void no_vector(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	bar_write(w, w->common + 22, 2, 1);
	bar_write(w, w->common + 26, 2, 0xffff);
	bar_write(w, w->common + 16, 2, 0xffff);
	one_interrupt(w);
	virtio_net_link(w->vn, false);
	assert_int_equal(w->raised[0] + w->raised[1] + w->raised[2] +
			 w->raised[3], 0);
	assert_int_equal(bar_read(w, w->isr, 1), 0);
	assert_false(w->intx);
}

/* A frame is sent, and the answer is there. */
static void both_queues(struct world *w)
{
	struct w_buf out = { world_alloc(w, 128, 16), 72, false };
	struct w_buf in = { world_alloc(w, 2048, 16), 2048, true };
	static const uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	driver_add(w, 0, 0, &in, 1, false);
	driver_kick(w, 0);
	driver_add(w, 1, 0, &out, 1, false);
	driver_kick(w, 1);
	world_complete(w);
	assert_true(world_receive(w, frame, sizeof(frame), 0));
	virtio_net_flush(w->vn);
}

static void few_vectors(void **state)
{
	struct world w;

	(void)state;
	world_init_as(&w, ALL_CAPS, VIRTIO_NET_NO_PORTS, 2);
	driver_find(&w);
	assert_int_equal(cfg_read(&w, w.msix_cap + 2, 2), 1);
	driver_start(&w, BASIC);
	/* Those that are not there. */
	bar_write(&w, w.common + 16, 2, 2);
	assert_int_equal(bar_read(&w, w.common + 16, 2), 0xffff);
	bar_write(&w, w.common + 22, 2, 0);
	bar_write(&w, w.common + 26, 2, 3);
	assert_int_equal(bar_read(&w, w.common + 26, 2), 0xffff);
	bar_write(&w, (cfg_read(&w, w.msix_cap + 4, 4) & ~7u) + 32, 4, 5);
	assert_int_equal(bar_read(&w, (cfg_read(&w, w.msix_cap + 4, 4) & ~7u) +
				  32, 4), 0);
	/* One for both queues. */
	bar_write(&w, w.common + 26, 2, 1);
	both_queues(&w);
	assert_int_equal(w.raised[1], 1);
	world_free(&w);
}

static void a_vector_for_each(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	both_queues(w);
	assert_int_equal(w->raised[0], 1);
	assert_int_equal(w->raised[1], 1);
}

static void pin_and_isr(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	cfg_write(w, w->msix_cap + 2, 2, 0);
	one_interrupt(w);
	assert_true(w->intx);
	assert_int_equal(cfg_read(w, 6, 2) & 8, 8);
	virtio_net_link(w->vn, false);
	assert_int_equal(bar_read(w, w->isr, 1), 3);
	assert_false(w->intx);
	assert_int_equal(bar_read(w, w->isr, 1), 0);
	/* Disabled in the command register; the cause stays. */
	cfg_write(w, 4, 2, 0x406);
	one_interrupt(w);
	assert_false(w->intx);
	cfg_write(w, 4, 2, 6);
	assert_true(w->intx);
	set_status(w, 0);
	assert_false(w->intx);
}

static void bus_master(void **state)
{
	struct world *w = *state;
	struct w_buf buf = { 0, 72, false };
	uint32_t id, len;

	driver_start(w, BASIC);
	buf.pa = world_alloc(w, 128, 16);
	driver_add(w, 1, 0, &buf, 1, false);
	driver_kick(w, 1);
	cfg_write(w, 4, 2, 2);
	assert_false(w->attached);
	world_complete(w);	/* it may not write to memory now */
	virtio_net_flush(w->vn);
	driver_add(w, 1, 1, &buf, 1, false);
	driver_kick(w, 1);
	assert_int_equal(w->sent_count, 1);
	assert_false(driver_used(w, 1, &id, &len));
	cfg_write(w, 4, 2, 6);
	assert_true(w->attached);
	assert_true(driver_used(w, 1, &id, &len));
	assert_int_equal(id, 0);
	assert_int_equal(w->sent_count, 2);
	assert_int_equal(get_status(w), 0xf);
}

static void driver_failed(void **state)
{
	struct world *w = *state;

	driver_start(w, BASIC);
	assert_true(w->attached);
	set_status(w, 0x8f);
	assert_false(w->attached);
	set_status(w, 0);
	assert_int_equal(virtio_net_stats(w->vn)->resets, 1);
}

static void odd_accesses(void **state)
{
	struct world *w = *state;
	uint64_t offset;

	driver_start(w, BASIC);
	for (offset = 0; offset < 0x3000; offset++) {
		unsigned size;

		if (offset == w->isr)
			continue;
		for (size = 1; size <= 8; size *= 2)
			assert_true(size == 8 ||
				    !(bar_read(w, offset, size) >> 8 * size));
	}
	/* Where nothing is, nothing happens. */
	for (offset = 0x2000; offset < 0x2100; offset++)
		bar_write(w, offset, 4, 0);
	bar_write(w, 0x1000 + 12, 2, 3);
	bar_write(w, 0x1ffc, 2, 3);
	assert_int_equal(get_status(w), 0xf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(identity),
		TEST(command_register),
		TEST(capabilities),
		TEST(notifications_by_ports),
		TEST(features_as_the_nic_can),
		TEST(negotiation),
		TEST(queue_registers),
		TEST(device_configuration),
		TEST(window),
		TEST(msix_masks_and_pending_bits),
		TEST(no_vector),
		TEST(few_vectors),
		TEST(a_vector_for_each),
		TEST(pin_and_isr),
		TEST(bus_master),
		TEST(driver_failed),
		TEST(odd_accesses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
