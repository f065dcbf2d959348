/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames from the wire, the guest and the VMM, in any order, with any
 * offload, through a switch in any mode.  Whatever happens, no buffer is lost
 * or handed out twice.
 */
#include <string.h>
#include "net_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GUEST_BUFFERS 40u

static struct fake_nic fake;
static struct vmm_pagepool pool;
static struct net *net;
static struct {
	uint8_t mem[1600];
	bool lent;
} buffer[GUEST_BUFFERS];
static int lent_tx;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void guest_rx(void *guest, const struct nic_rx *rx)
{
	uintptr_t i = (uintptr_t)rx->cookie;

	(void)guest;
	check(i < GUEST_BUFFERS && buffer[i].lent && rx->len <= 1600);
	buffer[i].lent = false;
}

static int guest_deliver(void *guest, const void *frame, uint32_t len,
			 uint32_t flags)
{
	static uint8_t copy[65536];

	(void)guest;
	(void)flags;
	memcpy(copy, frame, len);
	return copy[0] % 8 ? 0 : -1;
}

static void guest_tx_done(void *guest, void *cookie, int error)
{
	(void)guest;
	(void)cookie;
	(void)error;
	check(--lent_tx >= 0);
}

static void guest_flush(void *guest)
{
	(void)guest;
}

static void guest_link(void *guest, const struct nic_link *link)
{
	(void)guest;
	(void)link;
}

static const struct net_guest_ops guest_ops = {
	guest_rx, guest_deliver, guest_tx_done, guest_flush, guest_link,
};

static void vmm_input(void *vmm, const uint8_t *frame, uint32_t len,
		      unsigned flags)
{
	static uint8_t copy[1 << 17];

	(void)vmm;
	(void)flags;
	memcpy(copy, frame, len);
	/* Send something back now and then. */
	if (len >= 14 && len <= 1518 && copy[0] & 2)
		(void)!net_vmm_tx(net, frame, len);
}

static uint64_t vmm_poll(void *vmm, uint64_t now)
{
	(void)vmm;
	return now ? 1000 : UINT64_MAX;
}

static void vmm_link(void *vmm, const struct nic_link *link)
{
	(void)vmm;
	(void)link;
}

static const struct net_vmm_ops vmm_ops = {
	vmm_input, vmm_poll, vmm_link, NULL,
};

static bool hook_frame(struct net_hook *hook, enum net_side from,
		       const uint8_t *head, uint32_t head_len,
		       const struct nic_tx *packet)
{
	(void)hook;
	(void)from;
	check(packet->frag_count > 0);
	return head_len < 14 || head[13] != 0xdd;
}

/* The guest sends: frame in up to three pieces, offload from the input. */
static void guest_sends(const uint8_t *o, const uint8_t *frame, uint32_t len)
{
	uint32_t a = len ? o[0] % len : 0, b = len - a;
	struct nic_frag frag[2] = {
		{ (uintptr_t)frame, a }, { (uintptr_t)frame + a, b },
	};
	struct nic_tx tx = {
		.frag = a ? frag : frag + 1,
		.frag_count = len ? (a ? 2 : 1) : 0,
		.flags = o[1] & NIC_TX_CSUM,
		.csum_start = o[2],
		.csum_offset = (uint16_t)(o[3] << (o[1] & 8)),
	};

	if (net_guest_tx(net, &tx) == 0)
		lent_tx++;
}

static void post(uintptr_t i)
{
	i %= GUEST_BUFFERS;
	if (buffer[i].lent)
		return;
	buffer[i].lent = net_guest_rx_post(net, (uintptr_t)buffer[i].mem, 1600,
					   (void *)i) == 0;
}

static void step(const uint8_t *o, const uint8_t *frame, uint32_t len)
{
	switch (o[0] >> 4) {
	case 0:
		net_guest_attach(net, NULL, NULL);
		net_guest_attach(net, &guest_ops, NULL);
		check(lent_tx == 0);
		break;
	case 1:
		net_guest_rx_recall(net);
		for (unsigned i = 0; i < GUEST_BUFFERS; i++)
			check(!buffer[i].lent);
		break;
	case 2:
		fake.tx_room = o[1];
		break;
	case 3:
		net_vmm_set_address(net, o);
		net_vmm_set_address6(net, (const uint8_t (*)[16])frame,
				     len / 16 < NET_IP6_MAX ? len / 16 :
				     NET_IP6_MAX);
		break;
	case 4: case 5: case 6:
		post(o[1]);
		break;
	case 7: case 8: case 9:
		if (fake.wire_count < 8 && len)
			fake_wire(&fake, frame, len);
		net_poll(net, o[1]);
		break;
	case 10: case 11: case 12:
		guest_sends(o, frame, len);
		break;
	case 13:
		(void)!net_inject(net, o[1], frame, len);
		break;
	default:
		(void)!net_vmm_tx(net, frame, len);
		break;
	}
	if (fake.sent_count > 1000)
		fake_clear(&fake);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_hook hook = { .name = "fuzz", .from = 7,
				 .frame = hook_frame };

	if (size < 1)
		return 0;
	fake_nic_init(&fake);
	if (!pool.pages)
		fake_pool_init(&pool, 400);
	check(net_create((enum net_mode)(data[0] % 6), &fake.nic, &pool,
			 &net) == 0);
	memset(buffer, 0, sizeof(buffer));
	lent_tx = 0;
	net_start(net);
	net_hook_add(net, &hook);
	if (data[0] & 0x40)
		net_vmm_attach(net, &vmm_ops, NULL);
	net_guest_attach(net, &guest_ops, NULL);
	data++;
	size--;
	/* Steps: four bytes, a length, and a frame. */
	while (size >= 6) {
		uint32_t len = (uint32_t)data[4] * 256 + data[5];

		len = len > size - 6 ? (uint32_t)size - 6 : len;
		step(data, data + 6, len);
		data += 6 + len;
		size -= 6 + len;
	}
	/* Frames that wait to arrive lie in the input. */
	net_poll(net, 1);
	net_guest_attach(net, NULL, NULL);
	check(lent_tx == 0);
	for (unsigned i = 0; i < GUEST_BUFFERS; i++)
		check(!buffer[i].lent);
	fake_clear(&fake);
	net_destroy(net);
	check(pool.free_pages == pool.pages);
	return 0;
}
