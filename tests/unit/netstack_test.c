/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IP stack on the switch: the real lwIP, and a peer on the other end of
 * the wire that is written here.  lwIP has global state, so each test runs in
 * a process of its own.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include "netstack_bench.h"

static const uint8_t peer_mac[6] = { 0x02, 1, 2, 3, 4, 5 };
static const uint8_t peer_ip[4] = { 192, 168, 0, 2 };
static const uint8_t vmm_ip[4] = { 192, 168, 0, 7 };

/* --- the peer --- */

static uint8_t wire[64][1600];	/* frames to arrive; round and round */
static unsigned wire_next;

static struct {
	unsigned arp_requests, arp_replies, pings;
	unsigned discovers, requests, declines;
	bool taken;		/* another machine has the address offered */
	bool gone;		/* the server does not answer any more */
	uint32_t lease;		/* seconds; 0: an hour */
	uint8_t client_id[16];
	uint8_t tcp_flags;
	uint32_t tcp_seq, tcp_ack;	/* of the segment received last */
	uint32_t isn;
	uint8_t data[8192];
	unsigned data_len, segments;
} peer;

/* Let a frame arrive: Ethernet header, and len bytes behind it. */
static uint8_t *packet(unsigned type, uint32_t len)
{
	uint8_t *f = wire[wire_next++ % 64];

	memset(f, 0, sizeof(wire[0]));
	memcpy(f, fake_mac, 6);
	memcpy(f + 6, peer_mac, 6);
	wire_put16(f + 12, type);
	fake_wire(&fake, f, 14 + len < 60 ? 60 : 14 + len);
	return f + 14;
}

static void arp(unsigned operation, const uint8_t *from, const uint8_t *to)
{
	uint8_t *p = packet(0x0806, 28);

	memcpy(p, "\0\1\10\0\6\4", 6);
	wire_put16(p + 6, operation);
	memcpy(p + 8, peer_mac, 6);
	memcpy(p + 14, from, 4);
	memcpy(p + 24, to, 4);
}

static uint8_t *ipv4(unsigned protocol, uint32_t len)
{
	uint8_t *ip = packet(0x0800, 20 + len);

	ip[0] = 0x45;
	wire_put16(ip + 2, 20 + len);
	ip[8] = 64;
	ip[9] = (uint8_t)protocol;
	memcpy(ip + 12, peer_ip, 4);
	memcpy(ip + 16, vmm_ip, 4);
	wire_put16(ip + 10, wire_checksum(wire_sum(0, ip, 20)));
	return ip + 20;
}

static void put32(uint8_t *p, uint32_t v)
{
	wire_put16(p, v >> 16);
	wire_put16(p + 2, v & 0xffff);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)wire_get16(p) << 16 | wire_get16(p + 2);
}

static void tcp(unsigned port, uint32_t seq, uint32_t ack, uint8_t flags,
		const uint8_t *data, uint32_t len)
{
	uint8_t *p = ipv4(6, 20 + len);

	wire_put16(p, port);
	wire_put16(p + 2, 7);
	put32(p + 4, seq);
	put32(p + 8, ack);
	p[12] = 0x50;
	p[13] = flags;
	wire_put16(p + 14, 65535);
	if (len)
		memcpy(p + 20, data, len);
	wire_put16(p + 16, wire_checksum(wire_sum(wire_sum(6 + 20 + len, p - 8,
							   8), p, 20 + len)));
}

static const uint8_t *dhcp_option(const uint8_t *p, const uint8_t *end,
				  uint8_t code)
{
	for (; p < end && *p != 255; p += *p ? 2 + p[1] : 1)
		if (*p == code)
			return p + 2;
	return NULL;
}

/* A server with one address to give (RFC 2131). */
static void dhcp_server(const uint8_t *msg, uint32_t len)
{
	static const uint8_t mask[4] = { 255, 255, 255, 0 };
	const uint8_t *type = dhcp_option(msg + 240, msg + len, 53);
	const uint8_t *id = dhcp_option(msg + 240, msg + len, 61);
	uint8_t *ip, *reply, *o;

	CHECK(type && id);
	memcpy(peer.client_id, id, 15);
	peer.discovers += *type == 1;
	peer.requests += *type == 3;
	peer.declines += *type == 4;
	if ((*type != 1 && *type != 3) || peer.gone)
		return;
	ip = packet(0x0800, 20 + 8 + 300);
	reply = ip + 28;
	memcpy(reply, msg, 240);
	reply[0] = 2;
	memcpy(reply + 16, vmm_ip, 4);
	o = reply + 240;
	memcpy(o, "\65\1", 2);
	o[2] = *type == 1 ? 2 : 5;	/* OFFER, ACK */
	memcpy(o + 3, "\66\4", 2);
	memcpy(o + 5, peer_ip, 4);
	memcpy(o + 9, "\63\4", 2);
	put32(o + 11, peer.lease ? peer.lease : 3600);
	memcpy(o + 15, "\1\4", 2);
	memcpy(o + 17, mask, 4);
	memcpy(o + 21, "\3\4", 2);
	memcpy(o + 23, peer_ip, 4);
	o[27] = 255;
	wire_udp(ip, 1, peer_ip, 67, vmm_ip, 68, 300);
}

static void peer_tcp(const uint8_t *p, uint32_t len)
{
	uint32_t header = (uint32_t)(p[12] >> 4) * 4;

	CHECK(wire_checksum(wire_sum(wire_sum(6 + len, p - 8, 8), p, len)) ==
	      0);
	peer.segments++;
	peer.tcp_flags = p[13];
	peer.tcp_seq = get32(p + 4);
	peer.tcp_ack = get32(p + 8);
	if (p[13] & 2)
		peer.isn = peer.tcp_seq;
	len -= header;
	/* What comes twice was not acknowledged soon enough. */
	if (!len || peer.tcp_seq != peer.isn + 1 + peer.data_len)
		return;
	CHECK(peer.data_len + len <= sizeof(peer.data));
	memcpy(peer.data + peer.data_len, p + header, len);
	peer.data_len += len;
}

static void peer_ipv4(const uint8_t *ip, uint32_t len)
{
	CHECK(wire_checksum(wire_sum(0, ip, 20)) == 0);
	CHECK(wire_get16(ip + 2) <= len);
	len = wire_get16(ip + 2) - 20u;
	if (ip[9] == 1 && ip[20] == 0)
		peer.pings++;
	else if (ip[9] == 17 && wire_get16(ip + 22) == 67)
		dhcp_server(ip + 28, len - 8);
	else if (ip[9] == 6)
		peer_tcp(ip + 20, len);
}

void peer_receives(const uint8_t *f, uint32_t len)
{
	const uint8_t *p = f + 14;

	if (wire_get16(f + 12) == 0x0800) {
		peer_ipv4(p, len - 14);
	} else if (wire_get16(f + 12) == 0x0806 && p[7] == 1) {
		peer.arp_requests++;
		if (memcmp(p + 24, peer_ip, 4) == 0)
			arp(2, peer_ip, p + 14);
		else if (peer.taken)
			arp(2, p + 24, p + 14);
	} else if (wire_get16(f + 12) == 0x0806) {
		peer.arp_replies++;
	}
}

/* Time goes by, in steps of 10 ms. */
static void run(unsigned msec)
{
	for (; msec >= 10; msec -= 10, now += 10000) {
		net_poll(net, now);
		for (unsigned i = 0; i < fake.sent_count; i++)
			peer_receives(fake.sent[i].data, fake.sent[i].len);
		fake_clear(&fake);
	}
}

static const struct net_stack_setup fixed = {
	.ip = { 192, 168, 0, 7 },
	.netmask = { 255, 255, 255, 0 },
	.gateway = { 192, 168, 0, 1 },
	.random = &rng,
};

static int start(enum net_mode mode, const struct net_stack_setup *setup)
{
	fake_nic_init(&fake);
	fake_pool_init(&pool, 1200);
	net_random_add(&rng, "test", 4);
	CHECK(net_create(mode, &fake.nic, &pool, &net) == 0);
	net_start(net);
	return net_stack_start(net, setup, &pool, now);
}

/* --- tests, each in a child --- */

static void static_address(void)
{
	uint8_t *p;

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	CHECK(fake_log_lines == 0);
	run(10);
	CHECK(strcmp(fake_log, "IP address changed: 0.0.0.0 -> 192.168.0.7\n")
	      == 0);
	run(100);
	arp(1, peer_ip, vmm_ip);
	run(20);
	CHECK(peer.arp_replies == 1);
	p = ipv4(1, 40);
	p[0] = 8;
	wire_put16(p + 2, wire_checksum(wire_sum(0, p, 40)));
	run(50);
	CHECK(peer.pings == 1);
	/* The same from the guest's side of the switch would be answered to
	 * the guest; a broken sum is not answered at all. */
	p = ipv4(1, 40);
	p[0] = 8;
	run(50);
	CHECK(peer.pings == 1);
	CHECK(net_stack_start(net, &fixed, &pool, now) == -EBUSY);
}

static void refused(void)
{
	struct net_stack_setup setup = fixed;

	CHECK(start(NET_MODE_PASS, &setup) == -EINVAL);
	CHECK(net_create(NET_MODE_IP, &fake.nic, &pool, &net) == 0);
	memset(setup.ip, 0, 4);
	CHECK(net_stack_start(net, &setup, &pool, now) == -EINVAL);
	setup = fixed;
	setup.heap_size = NET_STACK_HEAP_MIN - 1;
	CHECK(net_stack_start(net, &setup, &pool, now) == -EINVAL);
	setup.heap_size = 1u << 30;
	CHECK(net_stack_start(net, &setup, &pool, now) == -ENOMEM);
	setup.heap_size = NET_STACK_HEAP_MIN;
	CHECK(net_stack_start(net, &setup, &pool, now) == 0);
}

static void dhcp(void)
{
	struct net_stack_setup setup = { .dhcp = true, .random = &rng };
	struct net_stack_info info;

	CHECK(start(NET_MODE_IPPASS, &setup) == 0);
	CHECK(fake_log_lines == 0);
	run(8000);
	CHECK(peer.discovers >= 1 && peer.requests >= 1);
	CHECK(peer.arp_requests >= 1);	/* is the address free? */
	CHECK(memcmp(peer.client_id, "\0bitvisor", 9) == 0);
	CHECK(memcmp(peer.client_id + 9, fake_mac, 6) == 0);
	CHECK(strcmp(fake_log, "IP address changed: 0.0.0.0 -> 192.168.0.7\n")
	      == 0);
	net_stack_get_info(&info);
	CHECK(info.running && info.dhcp);
	CHECK(memcmp(info.ip, vmm_ip, 4) == 0);
	CHECK(memcmp(info.gateway, peer_ip, 4) == 0);
	CHECK(info.netmask[2] == 255 && info.netmask[3] == 0);
}

static void dhcp_address_in_use(void)
{
	struct net_stack_setup setup = { .dhcp = true, .random = &rng };

	peer.taken = true;
	CHECK(start(NET_MODE_IP, &setup) == 0);
	run(8000);
	CHECK(peer.declines >= 1);
	CHECK(fake_log_lines == 0);
}

static const struct net_stack_setup by_dhcp = { .dhcp = true, .random = &rng };

/* Between two deadlines there is nothing to do, in weeks. */
static void dhcp_lets_sleep(void)
{
	unsigned requests;

	CHECK(start(NET_MODE_IPPASS, &by_dhcp) == 0);
	follow(60);
	CHECK(peer.requests == 1 && fake_log_lines == 1);
	wakes = 0;
	follow(1700);
	CHECK(wakes == 0);
	/* Half the lease: some frame comes, and that is the time. */
	follow(200);
	CHECK(wakes == 0 && peer.requests == 1);
	arp(1, peer_ip, vmm_ip);
	follow(60);
	CHECK(peer.requests == 2 && peer.arp_replies == 1);
	CHECK(wakes < 200);	/* some seconds of tenths, in lwIP 2.2 */
	/* The lease is a new one. */
	wakes = 0;
	follow(1600);
	arp(1, peer_ip, vmm_ip);
	follow(10);
	CHECK(peer.requests == 2 && wakes == 0);
	/* For a year, with a frame every ten minutes. */
	requests = peer.requests;
	for (unsigned i = 0; i < 6 * 24 * 365; i++) {
		arp(1, peer_ip, vmm_ip);
		follow(600);
	}
	requests = peer.requests - requests;
	CHECK(requests > 365 * 24 && requests < 365 * 24 * 3);
	CHECK(peer.discovers == 1 && fake_log_lines == 1);
}

/* A frame that comes after the lease finds nobody; another lease begins. */
static void dhcp_lease_ends(void)
{
	CHECK(start(NET_MODE_IPPASS, &by_dhcp) == 0);
	follow(60);
	CHECK(fake_log_lines == 1);
	follow(7200);
	CHECK(peer.discovers == 1);
	arp(1, peer_ip, vmm_ip);
	follow(60);
	CHECK(peer.arp_replies == 0 && peer.discovers == 2);
	CHECK(fake_log_lines == 3);
	arp(1, peer_ip, vmm_ip);
	follow(1);
	CHECK(peer.arp_replies == 1);
}

/* Not a frame but the VMM's own: the clock alone renews it. */
static void dhcp_short_lease(void)
{
	peer.lease = 120;
	CHECK(start(NET_MODE_IPPASS, &by_dhcp) == 0);
	follow(3600);
	CHECK(peer.discovers == 1 && fake_log_lines == 1);
	CHECK(peer.requests >= 55 && peer.requests <= 65);
	CHECK(wakes < 3600);
}

/* Nobody renews it, for all the frames that come: it ends, after both ways to
 * ask were tried. */
static void dhcp_server_goes(void)
{
	CHECK(start(NET_MODE_IPPASS, &by_dhcp) == 0);
	follow(60);
	peer.gone = true;
	for (unsigned i = 0; i < 57; i++) {
		arp(1, peer_ip, vmm_ip);
		follow(60);
	}
	CHECK(peer.requests >= 2 && peer.discovers == 1);
	CHECK(peer.arp_replies == 57);
	follow(300);		/* near its end no frame is needed */
	CHECK(peer.requests >= 4 && peer.discovers >= 2);
	CHECK(fake_log_lines == 2);
	peer.gone = false;
	follow(120);
	CHECK(fake_log_lines == 3);
}

/* Its first look for a server is repeated at its time. */
static void dhcp_asks_again(void)
{
	peer.gone = true;
	CHECK(start(NET_MODE_IPPASS, &by_dhcp) == 0);
	follow(20);
	CHECK(peer.discovers == 4);	/* after 2, 4 and 8 seconds */
	CHECK(wakes < 30);
}

/* The link comes up after the stack. */
static void dhcp_with_a_late_link(void)
{
	struct net_stack_setup setup = { .dhcp = true, .random = &rng };

	fake_nic_init(&fake);
	fake_pool_init(&pool, 1200);
	net_random_add(&rng, "test", 4);
	fake.nic.link.up = false;
	CHECK(net_create(NET_MODE_IP, &fake.nic, &pool, &net) == 0);
	net_start(net);
	CHECK(net_stack_start(net, &setup, &pool, now) == 0);
	run(3000);
	CHECK(peer.discovers == 0);
	fake.nic.link.up = true;
	fake.nic.sink->link(fake.nic.sink_ctx, &fake.nic.link);
	run(8000);
	CHECK(fake_log_lines == 1);
}

static err_t echo(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)arg;
	(void)err;
	if (!p)
		return tcp_close(pcb);
	for (struct pbuf *q = p; q; q = q->next)
		CHECK(tcp_write(pcb, q->payload, q->len, TCP_WRITE_FLAG_COPY)
		      == ERR_OK);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	(void)err;
	tcp_recv(pcb, echo);
	return ERR_OK;
}

static void listen_on_7(void)
{
	struct tcp_pcb *pcb = tcp_new();

	CHECK(tcp_bind(pcb, IP_ADDR_ANY, 7) == ERR_OK);
	pcb = tcp_listen(pcb);
	CHECK(pcb);
	tcp_accept(pcb, accepted);
}

/* Connect, have size bytes echoed, close. */
static void one_connection(unsigned port, unsigned size)
{
	static uint8_t data[1400];
	uint32_t seq = 1000;

	peer.data_len = 0;
	tcp(port, seq++, 0, 2, NULL, 0);
	run(20);
	CHECK(peer.tcp_flags == 0x12 && peer.tcp_ack == seq);
	tcp(port, seq, peer.isn + 1, 0x10, NULL, 0);
	for (unsigned done = 0, n; done < size; done += n) {
		n = size - done < sizeof(data) ? size - done : sizeof(data);
		for (unsigned i = 0; i < n; i++)
			data[i] = (uint8_t)((done + i) * 7);
		tcp(port, seq, peer.isn + 1 + peer.data_len, 0x18, data, n);
		seq += n;
		for (unsigned i = 0; i < 10; i++) {
			run(20);
			tcp(port, seq, peer.isn + 1 + peer.data_len, 0x10,
			    NULL, 0);
		}
	}
	CHECK(peer.data_len == size);
	for (unsigned i = 0; i < size; i++)
		CHECK(peer.data[i] == (uint8_t)(i * 7));
	tcp(port, seq++, peer.isn + 1 + size, 0x11, NULL, 0);
	run(300);
	CHECK(peer.tcp_flags & 1 && peer.tcp_ack == seq);
	tcp(port, seq, peer.tcp_seq + 1, 0x10, NULL, 0);
	run(20);
}

static void tcp_echo(void)
{
	struct net_stack_info info;
	uint32_t isn;
	size_t used;

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	listen_on_7();
	run(10);
	one_connection(4000, 5000);
	isn = peer.isn;
	net_stack_get_info(&info);
	used = info.heap_used;
	for (unsigned port = 4001; port < 4300; port++)
		one_connection(port, 10);
	/* Not the sequence numbers of a counter, and no memory lost. */
	CHECK(peer.isn - isn > 100000000 || isn - peer.isn > 100000000);
	net_stack_get_info(&info);
	CHECK(info.heap_used == used && info.heap_failures == 0);
}

static void bad_options_stay_out(void)
{
	struct net_stack_info info;
	uint8_t *p;

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	listen_on_7();
	run(10);
	tcp(5000, 1, 0, 2, NULL, 0);
	p = ipv4(6, 24);	/* a SYN with an option of length 0 */
	wire_put16(p + 2, 7);
	p[12] = 0x60;
	p[13] = 2;
	p[20] = 2;
	wire_put16(p + 16, wire_checksum(wire_sum(wire_sum(6 + 24, p - 8, 8),
						  p, 24)));
	run(50);
	net_stack_get_info(&info);
	CHECK(info.bad_headers == 1);
	CHECK(peer.segments == 1);
}

/* Who asks without telling its MAC address is asked for that, each second. */
static void arp_asks_again(void)
{
	uint8_t *p;

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	follow(20);
	peer.arp_requests = wakes = 0;
	p = ipv4(1, 40);
	p[0] = 8;
	wire_put16(p + 2, wire_checksum(wire_sum(0, p, 40)));
	p[-5] = 77;
	wire_put16(p - 10, 0);
	wire_put16(p - 10, wire_checksum(wire_sum(0, p - 20, 20)));
	follow(1);
	CHECK(peer.arp_requests >= 1);
	CHECK(wakes >= 1);
	follow(20);
	CHECK(peer.arp_requests == 5 && peer.pings == 0);
	CHECK(wakes < 200);
	wakes = 0;
	follow(100);
	CHECK(wakes == 0);
	/* Who answers is not asked again. */
	p = ipv4(1, 40);
	p[0] = 8;
	wire_put16(p + 2, wire_checksum(wire_sum(0, p, 40)));
	follow(30);
	CHECK(peer.arp_requests == 6 && peer.pings == 1);
	CHECK(wakes == 0);
}

/* A service connects between two polls: that is sent by the next one, which
 * also knows that it may have to be repeated. */
static void connects(void)
{
	struct tcp_pcb *pcb;
	ip_addr_t ip = IPADDR4_INIT(0);

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	follow(20);
	CHECK(!net_unsent(net) && net_poll(net, now) == UINT64_MAX);
	pcb = tcp_new();
	memcpy(ip_2_ip4(&ip), peer_ip, 4);
	CHECK(pcb && tcp_connect(pcb, &ip, 7, NULL) == ERR_OK);
	CHECK(net_unsent(net));
	peer.arp_requests = 0;
	follow(5);
	CHECK(!net_unsent(net));
	CHECK(peer.arp_requests == 1 && peer.segments == 2);
	CHECK(peer.tcp_flags == 2);
}

/* The clock is asked for while there is something to repeat, and then only. */
static void tcp_timers(void)
{
	unsigned segments;

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	listen_on_7();
	follow(10);
	wakes = 0;
	follow(100);
	CHECK(wakes == 0);
	tcp(5000, 1, 0, 2, NULL, 0);
	follow(1);
	CHECK(peer.tcp_flags == 0x12 && peer.segments == 1);
	follow(14);
	CHECK(peer.segments == 3);	/* about 3 and 9 seconds later */
	follow(60);
	wakes = 0;
	segments = peer.segments;
	follow(60);
	CHECK(wakes == 0 && peer.segments == segments);
	/* Neither does one that was closed, though it is remembered. */
	one_connection(4000, 100);
	follow(2);
	wakes = 0;
	follow(100);
	CHECK(wakes == 0);
	follow(100);
	arp(1, peer_ip, vmm_ip);
	follow(1);
	CHECK(!tcp_tw_pcbs);
}

/* Nobody is woken for a connection at rest; whether its other end is still there
 * is asked when a frame comes, however late, before it is given up. */
static void rests(void)
{
	unsigned segments, probes;

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	listen_on_7();
	run(10);
	tcp(4000, 1000, 0, 2, NULL, 0);
	run(20);
	tcp(4000, 1001, peer.isn + 1, 0x10, NULL, 0);
	follow(20);
	CHECK(tcp_active_pcbs);
	ip_set_option(tcp_active_pcbs, SOF_KEEPALIVE);
	tcp_active_pcbs->keep_idle = 60000;
	tcp_active_pcbs->keep_intvl = 10000;
	wakes = 0;
	segments = peer.segments;
	follow(100000);
	CHECK(wakes == 0 && peer.segments == segments);
	tcp(4000, 1001, peer.isn + 1, 0x18, (const uint8_t *)"x", 1);
	follow(1);
	CHECK(peer.data_len == 1 && peer.data[0] == 'x');
	tcp(4000, 1002, peer.isn + 2, 0x10, NULL, 0);
	follow(2);
	/* Without a link nothing is repeated. */
	tcp(4000, 1002, peer.isn + 2, 0x18, (const uint8_t *)"y", 1);
	net_poll(net, now);
	fake_clear(&fake);		/* the echo is lost */
	fake.nic.link.up = false;
	fake.nic.sink->link(fake.nic.sink_ctx, &fake.nic.link);
	wakes = 0;
	segments = peer.segments;
	follow(1000);
	CHECK(wakes == 0 && peer.segments == segments);
	fake.nic.link.up = true;
	fake.nic.sink->link(fake.nic.sink_ctx, &fake.nic.link);
	follow(20);
	CHECK(peer.data_len == 2 && peer.data[1] == 'y');
	tcp(4000, 1003, peer.isn + 3, 0x10, NULL, 0);
	follow(20);
	/* The other end has gone, but others have not. */
	segments = peer.segments;
	for (probes = 0; tcp_active_pcbs && probes < 100; probes++) {
		wakes = 0;
		follow(1000);
		CHECK(wakes == 0);
		arp(1, peer_ip, vmm_ip);
		follow(1);
		CHECK(peer.segments == segments + probes + 1);
	}
	CHECK(probes == 10 && peer.tcp_flags & 4);
}

/* What a flood may cost: a bounded number of connections. */
static void a_flood_of_connections(void)
{
	struct net_stack_info info;

	CHECK(start(NET_MODE_IP, &fixed) == 0);
	listen_on_7();
	run(10);
	for (unsigned i = 0; i < 5000; i++) {
		tcp(1024 + i, i * 77, 0, 2, NULL, 0);
		run(10);
	}
	net_stack_get_info(&info);
	CHECK(info.heap_most < info.heap_size / 2);
	run(120000);		/* the half-open ones time out */
	one_connection(999, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(static_address),
		TEST(refused),
		TEST(dhcp),
		TEST(dhcp_address_in_use),
		TEST(dhcp_lets_sleep),
		TEST(dhcp_lease_ends),
		TEST(dhcp_short_lease),
		TEST(dhcp_server_goes),
		TEST(dhcp_asks_again),
		TEST(dhcp_with_a_late_link),
		TEST(tcp_echo),
		TEST(arp_asks_again),
		TEST(connects),
		TEST(tcp_timers),
		TEST(rests),
		TEST(bad_options_stay_out),
		TEST(a_flood_of_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
