/* SPDX-License-Identifier: BSD-3-Clause */
/* What the debug shell tells of a NIC, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <bvnet/netdev.h>
#include <vmm/pci.h>
#include "net_fake.h"
#include "netdev.h"

static struct fake_nic fake;
static struct vmm_pci_dev dev = { .addr = { .bus = 3, .function = 1 } };
static struct nic_device device = {
	.dev = &dev, .nic = &fake.nic, .net = "ippass", .tty = true,
};
static struct netdev netdev;
static unsigned netdevs;
static struct virtio_net_stats virtio_stats = {
	.notifications = 11, .interrupts = 12, .violations = 13, .resets = 14,
};

const struct netdev *netdev_get(unsigned n)
{
	return n < netdevs ? &netdev : NULL;
}

/* The guest's device, and the log's sender, are played. */
const struct virtio_net_stats *virtio_net_stats(const struct virtio_net *vn)
{
	assert_ptr_equal(vn, netdev.virtio);
	return &virtio_stats;
}

void virtio_net_dump(const struct virtio_net *vn, nic_print *print, void *ctx)
{
	(void)vn;
	print(ctx, "receive: taken 5 used 4");
}

void net_syslog_get_stats(const struct net_syslog *syslog,
			  struct net_syslog_stats *stats)
{
	assert_ptr_equal(syslog, netdev.syslog);
	*stats = (struct net_syslog_stats){ .lines = 21, .frames = 22,
		.lost = 23, .dropped = 24, .waiting = 25,
		.waiting_arp = true };
}

static char said[2048];
static size_t part_begin;

static void print(void *ctx, const char *text)
{
	assert_ptr_equal(ctx, &netdev);
	assert_true(strlen(said) + strlen(text) + 2 < sizeof(said));
	strcat(said, text);
	strcat(said, "\n");
}

/* All parts of a NIC; the shell has room for so much of each. */
static void show(unsigned n)
{
	said[0] = '\0';
	for (unsigned part = 0; part < BVNET_NETDEV_PARTS; part++) {
		part_begin = strlen(said);
		assert_true(bvnet_netdev_show(n, part, print, &netdev));
		assert_true(strlen(said) - part_begin <= 400);
	}
	assert_false(bvnet_netdev_show(n, BVNET_NETDEV_PARTS, print,
				       &netdev));
}

static void assert_said(const char *text)
{
	if (!strstr(said, text))
		fail_msg("no '%s' in '%s'", text, said);
}

static struct vmm_pagepool pool;

static int setup(void **state)
{
	(void)state;
	fake_nic_init(&fake);
	fake_pool_init(&pool, 600);
	netdev = (struct netdev){ .device = &device };
	netdevs = 1;
	device.passed = false;
	fake.nic.name = "pro1000";
	return net_create(NET_MODE_IPPASS, &fake.nic, &pool, &netdev.net);
}

static int teardown(void **state)
{
	(void)state;
	net_destroy(netdev.net);
	fake_pool_free();
	return 0;
}

static void tells_all_of_a_shared_nic(void **state)
{
	static const uint8_t frame[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					   2, 0, 0, 0, 0, 1, 0x86, 0xdd };

	(void)state;
	netdev.virtio = (void *)&virtio_stats;
	netdev.syslog = (void *)&virtio_stats;
	fake.nic.link = (struct nic_link){ true, true, 1000 };
	fake.nic.stats = (struct nic_stats){ .rx_frames = 1, .rx_bytes = 2,
		.rx_missed = 3, .rx_errors = 4, .tx_frames = 5,
		.tx_bytes = 6, .tx_refused = 7, .tx_full = 8, .irqs = 9,
		.link_changes = 10, .resets = 1 };
	net_start(netdev.net);
	fake_wire(&fake, frame, sizeof(frame));
	net_poll(netdev.net, 0);
	show(0);
	assert_said("[0000:03:00.1] pro1000  52:54:00:12:34:56\n");
	assert_said("  link     up, 1000 Mbit/s, full duplex\n");
	assert_said("  mode     net=ippass, tty=1; the guest sees virtio-net\n");
	assert_said("  rx       1 frames, 2 bytes, 3 missed, 4 bad\n");
	assert_said("  tx       5 frames, 6 bytes, 7 refused, ring full 8 "
		    "times\n");
	assert_said("  events   9 interrupts, 10 link changes, 1 resets\n");
	assert_said("rx: first 1 next 2\n");
	assert_said("  switch   wire 1 in, 0 out; guest 0 in, 0 out; VMM 0 in,"
		    " 0 out\n");
	assert_said("  virtio   11 notifications, 12 interrupts, 13 broken "
		    "rings, 14 resets\nreceive: taken 5 used 4\n");
	assert_said("  log      21 lines sent in 22 frames, 25 waiting for the"
		    " receiver's address, 23 lost, 24 frames dropped\n");
}

static void tells_only_what_there_is(void **state)
{
	(void)state;
	fake.nic.link = (struct nic_link){ .up = false };
	device.passed = true;
	show(0);
	assert_said("  link     down\n");
	assert_said("the guest sees the NIC itself\n");
	assert_null(strstr(said, "virtio"));
	assert_null(strstr(said, "switch"));
	assert_null(strstr(said, "log  "));
	assert_false(bvnet_netdev_show(1, 0, print, &netdev));
}

/* The largest numbers fit, too: into a line and into a part. */
static void tells_large_numbers(void **state)
{
	(void)state;
	netdev.virtio = (void *)&virtio_stats;
	netdev.syslog = (void *)&virtio_stats;
	memset(&fake.nic.stats, 0xff, sizeof(fake.nic.stats));
	show(0);
	assert_said("18446744073709551615 bad\n");
	assert_said("ring full 18446744073709551615 times\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_all_of_a_shared_nic,
						setup, teardown),
		cmocka_unit_test_setup_teardown(tells_only_what_there_is,
						setup, teardown),
		cmocka_unit_test_setup_teardown(tells_large_numbers, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
