/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known of the NICs, as text. */
#include <stdarg.h>
#include "netdev.h"
#include <bvnet/netdev.h>
#include <vmm/printf.h>

#define LINE_SIZE 240u

typedef unsigned long long ull;

struct out {
	nic_print *print;
	void *ctx;
};

static void VMM_PRINTF(2, 3) line(const struct out *o, const char *fmt, ...)
{
	char text[LINE_SIZE];
	va_list ap;

	va_start(ap, fmt);
	vmm_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	o->print(o->ctx, text);
}

static const char *guest_sees(const struct netdev *nd)
{
	if (nd->device->passed)
		return "the NIC itself";
	return nd->virtio ? "virtio-net" : "nothing";
}

static void show_device(const struct netdev *nd, const struct out *o)
{
	const struct nic *nic = nd->device->nic;
	const uint8_t *m = nic->mac;
	const char *mode = nd->device->net;

	line(o, VMM_PCI_FORMAT " %s  %02x:%02x:%02x:%02x:%02x:%02x",
	     VMM_PCI_ARGS(nd->device->dev->addr), nic->name, m[0], m[1], m[2],
	     m[3], m[4], m[5]);
	if (nic->link.up)
		line(o, "  link     up, %u Mbit/s, %s duplex",
		     nic->link.mbps, nic->link.full_duplex ? "full" : "half");
	else
		line(o, "  link     down");
	line(o, "  mode     net=%s, tty=%d; the guest sees %s",
	     *mode ? mode : "(none)", nd->device->tty, guest_sees(nd));
}

static void show_counters(const struct netdev *nd, const struct out *o)
{
	const struct nic_stats *s = &nd->device->nic->stats;

	line(o, "  rx       %llu frames, %llu bytes, %llu missed, %llu bad",
	     (ull)s->rx_frames, (ull)s->rx_bytes, (ull)s->rx_missed,
	     (ull)s->rx_errors);
	line(o, "  tx       %llu frames, %llu bytes, %llu refused, ring full "
	     "%llu times", (ull)s->tx_frames, (ull)s->tx_bytes,
	     (ull)s->tx_refused, (ull)s->tx_full);
	line(o, "  events   %llu interrupts, %llu link changes, %llu resets",
	     (ull)s->irqs, (ull)s->link_changes, (ull)s->resets);
}

/* The driver's own view: registers, and how full its rings are. */
static void show_rings(const struct netdev *nd, const struct out *o)
{
	nic_dump(nd->device->nic, o->print, o->ctx);
}

static void show_switch(const struct netdev *nd, const struct out *o)
{
	struct net_stats s;

	if (nd->device->passed)
		return;
	net_get_stats(nd->net, &s);
	line(o, "  switch   wire %llu in, %llu out; guest %llu in, %llu out; "
	     "VMM %llu in, %llu out", (ull)s.nic_rx, (ull)s.nic_tx,
	     (ull)s.guest_rx, (ull)s.guest_tx, (ull)s.vmm_rx, (ull)s.vmm_tx);
	line(o, "  dropped  guest %llu, VMM %llu, wire %llu, malformed %llu, "
	     "by hooks %llu", (ull)s.guest_lost, (ull)s.vmm_lost,
	     (ull)s.nic_refused, (ull)s.malformed, (ull)s.hook_dropped);
}

static void show_virtio(const struct netdev *nd, const struct out *o)
{
	const struct virtio_net_stats *s;

	if (!nd->virtio)
		return;
	s = virtio_net_stats(nd->virtio);
	line(o, "  virtio   %llu notifications, %llu interrupts, %llu broken "
	     "rings, %llu resets", (ull)s->notifications, (ull)s->interrupts,
	     (ull)s->violations, (ull)s->resets);
	virtio_net_dump(nd->virtio, o->print, o->ctx);
}

static void show_syslog(const struct netdev *nd, const struct out *o)
{
	struct net_syslog_stats s;

	if (!nd->syslog)
		return;
	net_syslog_get_stats(nd->syslog, &s);
	line(o, "  log      %llu lines sent in %llu frames, %llu waiting%s, "
	     "%llu lost, %llu frames dropped", (ull)s.lines, (ull)s.frames,
	     (ull)s.waiting, s.waiting_arp ? " for the receiver's address" : "",
	     (ull)s.lost, (ull)s.dropped);
}

bool bvnet_netdev_show(unsigned n, unsigned part, nic_print *print, void *ctx)
{
	static void (*const parts[])(const struct netdev *nd,
				     const struct out *o) = {
		show_device, show_counters, show_rings, show_switch,
		show_virtio, show_syslog,
	};
	const struct netdev *nd = netdev_get(n);
	const struct out out = { print, ctx };

	VMM_STATIC_ASSERT(VMM_ARRAY_SIZE(parts) == BVNET_NETDEV_PARTS,
			  "as the header says");
	if (!nd || part >= VMM_ARRAY_SIZE(parts))
		return false;
	parts[part](nd, &out);
	return true;
}
