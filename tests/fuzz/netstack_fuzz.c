/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames into lwIP as it is built here, with DHCP under way, an echo server
 * and time going by.  The stack lives on from input to input, as its state is
 * global; connections time out as they would.
 */
#include <string.h>
#include <bvnet/stack.h>
#include <lwip/tcp.h>
#include "net_fake.h"
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fake_nic fake;
static struct vmm_pagepool pool;
static struct net *net;
static struct net_random rng;
static uint64_t now;

static err_t echo(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	if (!p)
		return tcp_close(pcb);
	tcp_write(pcb, p->payload, p->len, TCP_WRITE_FLAG_COPY);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	tcp_recv(pcb, echo);
	return ERR_OK;
}

static void start(void)
{
	const struct net_stack_setup setup = {
		.ip = { 10, 0, 2, 16 }, .netmask = { 255, 255, 255, 0 },
		.gateway = { 10, 0, 2, 2 }, .dhcp = true, .random = &rng,
		.use_ipv6 = true, .ip6 = { 0xfd, [15] = 9 },
	};
	struct tcp_pcb *pcb;

	fake_nic_init(&fake);
	fake_pool_init(&pool, 1200);
	if (net_create(NET_MODE_IP, &fake.nic, &pool, &net))
		abort();
	net_start(net);
	if (net_stack_start(net, &setup, &pool, 0))
		abort();
	pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
	tcp_bind(pcb, IP_ANY_TYPE, 7);
	pcb = tcp_listen(pcb);
	tcp_accept(pcb, accepted);
}

/* The receiver becomes one of the VMM's addresses or groups. */
static void address6(uint8_t *ip, unsigned which)
{
	static const uint8_t group[16] = { 0xff, 2, [15] = 1 };
	struct net_stack_info info;

	net_stack_get_info(&info);
	memcpy(ip + 24, which < info.ip6_count ? info.ip6[which].ip : group,
	       16);
}

static void repair6(uint8_t *ip, uint32_t len)
{
	uint8_t *p = ip + 40, *sum;
	uint32_t total = wire_get16(ip + 4);
	unsigned kind = ip[6];

	/* Behind one extension header, or none. */
	if (total > len - 40)
		wire_put16(ip + 4, total = len - 40);
	if ((kind == 0 || kind == 43 || kind == 44 || kind == 60) &&
	    total >= 8 && total > 8u + p[1] * 8) {
		uint32_t header = kind == 44 ? 8 : 8u + p[1] * 8;

		kind = *p;
		p += header;
		total -= header;
	}
	sum = p + (kind == 6 ? 16 : 2);
	if ((kind != 6 && kind != 58) || total < 20)
		return;
	wire_put16(sum, 0);
	wire_put16(sum, wire_checksum(wire_sum(wire_sum(
			kind + total, ip + 8, 32), p, total)));
}

/* Make the sums right, or few frames would get beyond them. */
static void repair(uint8_t *f, uint32_t len)
{
	uint8_t *ip = f + 14;
	uint32_t header, total;

	if (len >= 54 && wire_get16(f + 12) == 0x86dd)
		repair6(ip, len - 14);
	if (len < 34 || wire_get16(f + 12) != 0x0800)
		return;
	header = (ip[0] & 15u) * 4;
	total = wire_get16(ip + 2);
	if (header < 20 || total > len - 14 || total < header + 20)
		return;
	wire_put16(ip + 10, 0);
	wire_put16(ip + 10, wire_checksum(wire_sum(0, ip, header)));
	if (ip[9] != 6)
		return;
	wire_put16(ip + header + 16, 0);
	wire_put16(ip + header + 16, wire_checksum(wire_sum(wire_sum(
			6 + total - header, ip + 12, 8), ip + header,
			total - header)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[1518];

	if (!net)
		start();
	/* Steps: time to pass, flags, a length, and a frame. */
	while (size >= 4) {
		uint32_t len = data[2] * 256u + data[3];

		len = len > size - 4 ? (uint32_t)size - 4 : len;
		len = len > sizeof(frame) ? sizeof(frame) : len;
		memcpy(frame, data + 4, len);
		if (data[1] & 1 && len >= 6)
			memcpy(frame, fake_mac, 6);
		if (data[1] & 4 && len >= 54)
			address6(frame + 14, data[1] >> 5);
		if (data[1] & 2)
			repair(frame, len);
		if (len)
			fake_wire(&fake, frame, len);
		now += data[0] * 10000u;
		net_poll(net, now);
		fake_clear(&fake);
		data += 4 + len;
		size -= 4 + len;
	}
	return 0;
}
