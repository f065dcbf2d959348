/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IPv6 of the VMM's stack: the real lwIP, and a router and a host on the other
 * end of the wire that are written here.  lwIP has global state, so each test
 * runs in a process of its own.
 */
#include <errno.h>
#include <lwip/priv/tcp_priv.h>
#include "lwiphooks.h"
#include "netstack_bench.h"

static const uint8_t peer_mac[6] = { 0x02, 1, 2, 3, 4, 5 };
static const uint8_t peer_ip[16] = { 0xfe, 0x80, [15] = 2 };
static const uint8_t nodes[16] = { 0xff, 2, [15] = 1 };
static const uint8_t prefix[8] = { 0xfd, 0, 0, 0x77 };

/* --- the peer --- */

static struct {
	unsigned asked;		/* for itself, by tentative addresses */
	unsigned resolved;	/* it asked who we are */
	unsigned adverts, routers, reports, pings, others, ipv4;
	unsigned taken;		/* so many addresses are others' */
	bool mute;		/* nobody answers questions for addresses */
	uint8_t advert_of[16];
	uint8_t tcp_flags;
	uint32_t tcp_seq;
} peer;

/* Let a packet arrive, with its sum where the protocol has it. */
static void packet(const uint8_t *from, const uint8_t *to, unsigned protocol,
		   const void *data, uint32_t len)
{
	static uint8_t ring[16][1600];
	static unsigned next;
	uint8_t *f = ring[next++ % 16], *ip = f + 14, *p = ip + 40;
	unsigned field = protocol == 58 ? 2 : 16;

	memset(f, 0, 54);
	memcpy(f, fake_mac, 6);
	if (*to == 0xff) {
		memset(f, 0x33, 2);
		memcpy(f + 2, to + 12, 4);
	}
	memcpy(f + 6, peer_mac, 6);
	wire_put16(f + 12, 0x86dd);
	ip[0] = 0x60;
	wire_put16(ip + 4, len);
	ip[6] = (uint8_t)protocol;
	ip[7] = 255;
	memcpy(ip + 8, from, 16);
	memcpy(ip + 24, to, 16);
	memcpy(p, data, len);
	wire_put16(p + field, 0);
	wire_put16(p + field, wire_checksum(wire_sum(wire_sum(
			protocol + len, ip + 8, 32), p, len)));
	fake_wire(&fake, f, 54 + len);
}

static void ask_for(const uint8_t *from, const uint8_t *target)
{
	static const uint8_t none[16];
	uint8_t m[32] = { 135 }, group[16] = { 0xff, 2, [11] = 1, 0xff };
	bool anon = memcmp(from, none, 16) == 0;

	memcpy(m + 8, target, 16);
	memcpy(m + 24, "\1\1", 2);
	memcpy(m + 26, peer_mac, 6);
	memcpy(group + 13, target + 13, 3);
	packet(from, group, 58, m, anon ? 24 : 32);
}

static void advertise_address(const uint8_t *target, const uint8_t *to)
{
	uint8_t m[32] = { 136, [4] = 0x60 };

	memcpy(m + 8, target, 16);
	memcpy(m + 24, "\2\1", 2);
	memcpy(m + 26, peer_mac, 6);
	packet(target, to, 58, m, 32);
}

/* lifetime: of the prefix, in seconds; that of the router is half an hour. */
static void advertise_prefix(uint32_t lifetime)
{
	uint8_t m[16 + 8 + 32] = { 134, [6] = 7, 8 };
	uint8_t *option = m + 24;

	memcpy(m + 16, "\1\1", 2);
	memcpy(m + 18, peer_mac, 6);
	memcpy(option, "\3\4\100\300", 4);
	wire_put16(option + 6, lifetime);
	wire_put16(option + 10, lifetime / 2);
	memcpy(option + 16, prefix, sizeof(prefix));
	packet(peer_ip, nodes, 58, m, sizeof(m));
}

static void ping(const uint8_t *to)
{
	static const uint8_t m[40] = { 128 };

	packet(peer_ip, to, 58, m, sizeof(m));
}

static void peer_icmp6(const uint8_t *ip, const uint8_t *p)
{
	static const uint8_t none[16];

	switch (*p) {
	case 135:
		if (memcmp(ip + 8, none, 16)) {
			peer.resolved++;
			if (!peer.mute && !memcmp(p + 8, peer_ip, 16))
				advertise_address(peer_ip, ip + 8);
			break;
		}
		peer.asked++;
		if (peer.taken) {
			peer.taken--;
			advertise_address(p + 8, nodes);
		}
		break;
	case 136:
		peer.adverts++;
		memcpy(peer.advert_of, p + 8, 16);
		CHECK(!memcmp(ip + 8, p + 8, 16));
		break;
	case 133:
		peer.routers++;
		break;
	case 129:
		peer.pings++;
		break;
	default:
		peer.others++;
	}
}

void peer_receives(const uint8_t *f, uint32_t len)
{
	const uint8_t *ip = f + 14, *p = ip + 40;

	CHECK(!memcmp(f + 6, fake_mac, 6));
	if (wire_get16(f + 12) != 0x86dd) {
		peer.ipv4++;
		return;
	}
	CHECK(len >= 54u + wire_get16(ip + 4));
	if (ip[6] == 58)
		peer_icmp6(ip, p);
	else if (ip[6] == 0 && p[0] == 58 && p[8] == 131)
		peer.reports++;
	else if (ip[6] == 6)
		peer.tcp_flags = p[13], peer.tcp_seq =
			(uint32_t)wire_get16(p + 4) << 16 | wire_get16(p + 6);
	else
		peer.others++;
}

static const struct net_stack_setup fixed = {
	.ip = { 192, 168, 0, 7 }, .netmask = { 255, 255, 255, 0 },
	.use_ipv6 = true, .random = &rng,
};

static struct net_stack_info info;

static void start(const struct net_stack_setup *setup)
{
	fake_nic_init(&fake);
	fake_pool_init(&pool, 1200);
	net_random_add(&rng, "test", 4);
	CHECK(net_create(NET_MODE_IPPASSFILTER, &fake.nic, &pool, &net) == 0);
	net_start(net);
	CHECK(net_stack_start(net, setup, &pool, now) == 0);
}

static const uint8_t *address(unsigned i, int state)
{
	net_stack_get_info(&info);
	CHECK(i < info.ip6_count && (int)info.ip6[i].state == state);
	return info.ip6[i].ip;
}

#define PREFERRED NET_STACK_IP6_PREFERRED

/* --- tests, each in a child --- */

/* Off, it is as if it were not there: for a host and a router, too. */
static void off_by_default(void)
{
	static const uint8_t to[16] = { 0xfe, 0x80, [15] = 9 };
	struct net_stack_setup setup = fixed;
	unsigned ipv4;

	setup.use_ipv6 = false;
	start(&setup);
	follow(20);
	ipv4 = peer.ipv4;	/* announcements */
	wakes = 0;
	advertise_prefix(3600);
	ask_for(peer_ip, to);
	ping(nodes);
	follow(1000);
	CHECK(wakes == 0 && peer.ipv4 == ipv4);
	CHECK(!peer.asked && !peer.adverts && !peer.routers && !peer.reports &&
	      !peer.pings && !peer.others);
	CHECK(fake.filter.count == 0 && fake_log_lines == 1);
	net_stack_get_info(&info);
	CHECK(info.ip6_count == 0);
}

/* Neither the guest's nor of the same end for two prefixes, and always the
 * same. */
static void has_addresses_of_its_own(void)
{
	static const uint8_t eui64[8] = {
		0x52, 0x54, 0, 0xff, 0xfe, 0x12, 0x34, 0x56,
	};
	uint8_t link[16], other[16];
	char text[NET_IP_TEXT], want[100];

	start(&fixed);
	follow(1);
	memcpy(link, address(0, NET_STACK_IP6_TENTATIVE), 16);
	follow(2);
	CHECK(peer.asked == 1 && peer.routers >= 1 && peer.reports >= 1);
	CHECK(!memcmp(link, address(0, PREFERRED), 16));
	CHECK(!memcmp(link, "\376\200\0\0\0\0\0\0", 8));
	CHECK(memcmp(link + 8, eui64, 8));
	CHECK(!memcmp(fake.filter.mac[0], "\63\63\0\0\0\1", 6));
	CHECK(!memcmp(fake.filter.mac[1], "\63\63\377", 3));
	CHECK(!memcmp(fake.filter.mac[1] + 3, link + 13, 3));
	advertise_prefix(3600);
	follow(3);
	CHECK(peer.asked == 2);
	memcpy(other, address(1, PREFERRED), 16);
	CHECK(!memcmp(other, prefix, 8));
	CHECK(memcmp(other + 8, eui64, 8) && memcmp(other + 8, link + 8, 8));
	CHECK(fake.filter.count == 3);
	net_ip_format(other, text);
	snprintf(want, sizeof(want), "IPv6 address added: %s\n", text);
	CHECK(fake_log_lines == 3 && !strcmp(fake_log, want));
	/* The same prefix again changes nothing. */
	advertise_prefix(3600);
	follow(3);
	CHECK(peer.asked == 2 && info.ip6_count == 2);
	ping(other);
	ping(link);
	follow(1);
	CHECK(peer.pings == 2 && !peer.others);
}

static void one_is_configured(void)
{
	struct net_stack_setup setup = { .use_ipv6 = true, .random = &rng };
	const uint8_t ip6[16] = { 0xfd, 1, [15] = 9 };

	memcpy(setup.ip6, ip6, 16);
	start(&setup);
	follow(3);
	CHECK(!memcmp(address(1, PREFERRED), ip6, 16));
	follow(10000);		/* for ever */
	CHECK(!memcmp(address(1, PREFERRED), ip6, 16));
}

/* Only for its own addresses, by the group and by the address. */
static void answers_for_itself_alone(void)
{
	static const uint8_t none[16];
	uint8_t link[16], near[16];

	start(&fixed);
	follow(15);
	memcpy(link, address(0, PREFERRED), 16);
	ask_for(peer_ip, link);
	follow(1);
	CHECK(peer.adverts == 1 && !memcmp(peer.advert_of, link, 16));
	/* The guest's, which is in the same group. */
	memcpy(near, link, 16);
	near[8] ^= 1;
	ask_for(peer_ip, near);
	ask_for(none, near);
	advertise_address(near, nodes);
	follow(1);
	CHECK(peer.adverts == 1);
	/* Somebody wants to have ours: it is defended. */
	ask_for(none, link);
	follow(1);
	CHECK(peer.adverts == 2 && !memcmp(peer.advert_of, link, 16));
	CHECK(!memcmp(address(0, PREFERRED), link, 16));
}

static void goes_out_of_the_way(void)
{
	uint8_t first[16], link[16];

	peer.taken = 1;
	start(&fixed);
	follow(1);
	memcpy(first, address(0, NET_STACK_IP6_TENTATIVE), 16);
	follow(5);
	memcpy(link, address(0, PREFERRED), 16);
	CHECK(memcmp(first, link, 16) && peer.asked == 2);
	CHECK(fake_log_lines == 3);	/* IPv4, in use, added */
	/* An address that has long been in use is another's suddenly. */
	advertise_prefix(3600);
	follow(5);
	memcpy(first, address(1, PREFERRED), 16);
	advertise_address(first, nodes);
	follow(5);
	CHECK(memcmp(address(1, PREFERRED), first, 16));
	CHECK(!memcmp(address(0, PREFERRED), link, 16));
	CHECK(!memcmp(info.ip6[1].ip, prefix, 8));
	/* With that of the link lwIP gives up all. */
	memcpy(first, info.ip6[1].ip, 16);
	advertise_address(link, nodes);
	follow(5);
	CHECK(memcmp(address(0, PREFERRED), link, 16));
	CHECK(!memcmp(address(1, PREFERRED), first, 16));
}

/* Not for ever. */
static void gives_up(void)
{
	peer.taken = 1000;
	start(&fixed);
	follow(30);
	CHECK(peer.asked == 4);
	address(0, NET_STACK_IP6_DUPLICATE);
	wakes = 0;
	follow(1000);
	CHECK(peer.asked == 4 && wakes == 0);
	CHECK(fake.filter.count == 0);	/* IPv6 is off */
}

/* No deadline but for what has to be repeated. */
static void sleeps(void)
{
	uint8_t query[24] = { 130, [4] = 0x27, 0x10 };
	unsigned reports;

	start(&fixed);
	follow(30);
	CHECK(peer.routers == 3 && wakes <= 14);
	wakes = 0;
	follow(100);
	CHECK(wakes == 0);
	advertise_prefix(3600);
	follow(5);
	CHECK(wakes <= 3);
	wakes = 0;
	ping(address(1, PREFERRED));
	follow(1000);
	CHECK(peer.pings == 1 && wakes == 0);
	/* Queries each two minutes: a report follows each, at the next one. */
	reports = peer.reports;
	for (unsigned i = 0; i < 10; i++) {
		packet(peer_ip, nodes, 58, query, sizeof(query));
		follow(125);
	}
	CHECK(wakes == 0);
	reports = peer.reports - reports;
	CHECK(reports >= 18 && reports <= 20);
}

/* Nothing is asked for while nobody hears it, and routers once it is back. */
static void link_comes_and_goes(void)
{
	unsigned routers;

	start(&fixed);
	follow(1);
	fake.nic.link.up = false;
	fake.nic.sink->link(fake.nic.sink_ctx, &fake.nic.link);
	wakes = 0;
	follow(1000);
	CHECK(wakes == 0);
	address(0, NET_STACK_IP6_TENTATIVE);
	fake.nic.link.up = true;
	fake.nic.sink->link(fake.nic.sink_ctx, &fake.nic.link);
	routers = peer.routers;
	follow(30);
	address(0, PREFERRED);
	CHECK(peer.routers == routers + 3);
	wakes = 0;
	follow(1000);
	CHECK(wakes == 0);
}

/* Lifetimes go by in sleep: what comes then finds nobody. */
static void addresses_end(void)
{
	uint8_t ip[16];

	start(&fixed);
	follow(5);
	advertise_prefix(3600);
	follow(5);
	memcpy(ip, address(1, PREFERRED), 16);
	wakes = 0;
	follow(1805);
	ping(ip);
	follow(1);
	CHECK(peer.pings == 1);
	address(1, NET_STACK_IP6_DEPRECATED);
	follow(1800);
	ping(ip);
	follow(1);
	CHECK(peer.pings == 1 && wakes == 0);
	net_stack_get_info(&info);
	CHECK(info.ip6_count == 1);
	CHECK(strstr(fake_log, "IPv6 address removed: fd00:77:"));
	/* Made again it is the same. */
	advertise_prefix(3600);
	follow(5);
	CHECK(!memcmp(address(1, PREFERRED), ip, 16));
	/* A year with a router that tells it each ten minutes. */
	for (unsigned i = 0; i < 6 * 24 * 365; i++) {
		advertise_prefix(3600);
		follow(600);
	}
	CHECK(!memcmp(address(1, PREFERRED), ip, 16));
}

/* Who does not answer is asked three times, each second. */
static void asks_again(void)
{
	static const uint8_t m[40] = { 128 };
	uint8_t from[16], link[16];

	start(&fixed);
	follow(20);
	memcpy(link, address(0, PREFERRED), 16);
	memcpy(from, peer_ip, 16);
	from[15] = 77;
	wakes = 0;
	packet(from, link, 58, m, sizeof(m));
	follow(20);
	CHECK(peer.resolved >= 3 && peer.resolved <= 4 && peer.pings == 0);
	CHECK(wakes <= 5);
	wakes = 0;
	follow(1000);
	CHECK(wakes == 0);
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	(void)pcb;
	return err;
}

static void tcp_segment(const uint8_t *to, uint8_t flags, uint32_t ack)
{
	uint8_t p[20] = { 0x10, 0, 0, 7, [12] = 0x50, flags, 0xff };

	p[7] = flags & 2 ? 0 : 1;
	wire_put16(p + 8, ack >> 16);
	wire_put16(p + 10, ack & 0xffff);
	packet(peer_ip, to, 6, p, sizeof(p));
}

static void takes_connections(void)
{
	struct tcp_pcb *pcb;
	uint8_t link[16];

	start(&fixed);
	pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
	CHECK(tcp_bind(pcb, IP_ANY_TYPE, 7) == ERR_OK);
	pcb = tcp_listen(pcb);
	tcp_accept(pcb, accepted);
	follow(20);
	memcpy(link, address(0, PREFERRED), 16);
	tcp_segment(link, 2, 0);
	follow(1);
	CHECK(peer.tcp_flags == 0x12);
	tcp_segment(link, 0x10, peer.tcp_seq + 1);
	follow(1);
	CHECK(tcp_active_pcbs && tcp_active_pcbs->state == ESTABLISHED);
	CHECK(IP_IS_V6_VAL(tcp_active_pcbs->remote_ip));
	net_stack_get_info(&info);
	CHECK(info.bad_headers == 0);
}

static u32_t isn(const uint8_t *local, const uint8_t *remote, u16_t port)
{
	ip_addr_t a = IPADDR6_INIT(0, 0, 0, 0), b = a;

	memcpy(ip_2_ip6(&a)->addr, local, 16);
	memcpy(ip_2_ip6(&b)->addr, remote, 16);
	return bvnet_lwip_tcp_isn(&a, 23, &b, port);
}

/* Each byte of the two addresses counts. */
static void sequence_numbers(void)
{
	uint8_t a[16] = { 0xfd }, b[16] = { 0xfd, [15] = 1 };
	u32_t seen[34];

	start(&fixed);
	seen[32] = isn(a, b, 1000);
	seen[33] = isn(a, b, 1001);
	CHECK(isn(a, b, 1000) == seen[32]);
	for (unsigned i = 0; i < 32; i++) {
		uint8_t *byte = i < 16 ? a + i : b + i - 16;

		*byte ^= 0x80;
		seen[i] = isn(a, b, 1000);
		*byte ^= 0x80;
	}
	for (unsigned i = 0; i < 34; i++)
		for (unsigned k = 0; k < i; k++)
			CHECK(seen[i] != seen[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(off_by_default),
		TEST(has_addresses_of_its_own),
		TEST(one_is_configured),
		TEST(answers_for_itself_alone),
		TEST(goes_out_of_the_way),
		TEST(gives_up),
		TEST(sleeps),
		TEST(link_comes_and_goes),
		TEST(addresses_end),
		TEST(asks_again),
		TEST(takes_connections),
		TEST(sequence_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
