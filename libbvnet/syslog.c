/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sender of the log: a reader of its ring, called by net_poll().  What the
 * switch does not take now stays where it is until the next poll.
 */
#include <bvnet/syslog.h>
#include <string.h>
#include <vmm/error.h>
#include <vmm/printf.h>
#include "wire.h"

#define PORT_SYSLOG	514u
#define PORT_CHAR_FROM	10u
#define PORT_CHAR_TO	10101u
#define HEADERS		(WIRE_ETH_LEN + WIRE_IP_LEN + WIRE_UDP_LEN)
#define TEXT_MAX	768u	/* a line of the log, and what RFC 5424 adds */
#define BUDGET		64u	/* frames in one poll */
#define RETRY_USEC	1000u	/* the ring of the NIC is full */
#define ARP_RETRY_USEC	1000000u
#define ARP_FRESH_USEC	300000000u	/* ask again after so long */
#define ARP_TRIES	10u		/* that a clock runs for */

struct net_syslog {
	struct net_hook hook;
	struct vmm_log_sink sink;
	struct net_syslog_setup setup;
	struct vmm_pagepool *pool;
	struct net *net;
	uint64_t seq;			/* of the log, to be read next */
	uint64_t newest;		/* behind the last that was logged */
	size_t len, sent;		/* of text; all sent: read on */
	bool pending;			/* there is something of text to send */
	bool asks;			/* the receiver's address is asked for */
	bool known;			/* and known */
	unsigned tries;			/* without an answer */
	uint64_t ask_at;		/* if there is a line to send */
	uint64_t polled;		/* when */
	struct net_syslog_stats stats;
	uint8_t frame[HEADERS + TEXT_MAX];
	char text[TEXT_MAX];
};

VMM_STATIC_ASSERT(sizeof(struct net_syslog) <= VMM_PAGE_SIZE, "one page");
VMM_STATIC_ASSERT(HEADERS + TEXT_MAX <= NET_MAX_FRAME, "one frame");

/* --- ARP (RFC 826) --- */

static bool is_zero(const uint8_t *p, size_t n)
{
	while (n && !*p) {
		p++;
		n--;
	}
	return n == 0;
}

/* Who has the receiver, or the way to it. */
static const uint8_t *next_hop(const struct net_syslog_setup *s)
{
	bool same = true;

	for (int i = 0; i < 4; i++)
		same = same && !((s->src[i] ^ s->dst[i]) & s->netmask[i]);
	return same || is_zero(s->gateway, 4) ? s->dst : s->gateway;
}

static void ask(struct net_syslog *s, uint64_t now)
{
	static const uint8_t ether_ipv4_request[] = {
		0, 1, 0x08, 0x00, 6, 4, 0, 1 };
	const uint8_t *mac = net_nic(s->net)->mac;
	uint8_t frame[WIRE_ETH_LEN + WIRE_ARP_LEN] = { 0 };
	uint8_t *arp = frame + WIRE_ETH_LEN;

	memset(frame, 0xff, 6);
	memcpy(frame + 6, mac, 6);
	wire_put16(frame + 12, WIRE_TYPE_ARP);
	memcpy(arp, ether_ipv4_request, sizeof(ether_ipv4_request));
	memcpy(arp + 8, mac, 6);
	memcpy(arp + 14, s->setup.src, 4);
	memcpy(arp + 24, next_hop(&s->setup), 4);
	s->ask_at = now + ARP_RETRY_USEC;
	if (net_vmm_tx(s->net, frame, sizeof(frame)) == 0 &&
	    s->tries < ARP_TRIES)
		s->tries++;
}

/* A line waits for the receiver's address, or will go to the one that is known.
 * Returns when to ask (again) if nothing else comes: a receiver that does not
 * answer is asked whenever somebody polls, but not by a clock. */
static uint64_t keep_address(struct net_syslog *s, uint64_t now)
{
	if (now >= s->ask_at)
		ask(s, now);
	return s->tries < ARP_TRIES ? s->ask_at - now : UINT64_MAX;
}

/* RFC 826: who answers, and who asks, tells its address. */
static bool see_frame(struct net_hook *hook, enum net_side from,
		      const uint8_t *head, uint32_t head_len,
		      const struct nic_tx *packet)
{
	struct net_syslog *s = VMM_CONTAINER_OF(hook, struct net_syslog, hook);
	const uint8_t *arp = head + WIRE_ETH_LEN;

	(void)from;
	(void)packet;
	if (head_len >= WIRE_ETH_LEN + WIRE_ARP_LEN &&
	    wire_get16(head + 12) == WIRE_TYPE_ARP &&
	    memcmp(arp + 14, next_hop(&s->setup), 4) == 0 && !(arp[8] & 1)) {
		memcpy(s->setup.mac, arp + 8, 6);
		s->known = true;
		s->tries = 0;
		s->ask_at = s->polled + ARP_FRESH_USEC;
	}
	return true;
}

/* --- frames --- */

static size_t build(struct net_syslog *s, const char *text, size_t len)
{
	static const uint8_t any[4], all_hosts[4] = { 224, 0, 0, 1 };
	uint8_t *ip = s->frame + WIRE_ETH_LEN;
	uint16_t id = (uint16_t)(s->stats.frames + 1);

	memcpy(s->frame, s->setup.mac, 6);
	memcpy(s->frame + 6, net_nic(s->net)->mac, 6);
	wire_put16(s->frame + 12, WIRE_TYPE_IPV4);
	memcpy(s->frame + HEADERS, text, len);
	if (s->setup.format == NET_SYSLOG_CHARACTERS)
		wire_udp(ip, id, any, PORT_CHAR_FROM, all_hosts, PORT_CHAR_TO,
			 len);
	else
		wire_udp(ip, id, s->setup.src, PORT_SYSLOG, s->setup.dst,
			 PORT_SYSLOG, len);
	return HEADERS + len;
}

/* Send what comes next of the text: all of it, or one character. */
static int send_piece(struct net_syslog *s)
{
	size_t len = s->setup.format == NET_SYSLOG_CHARACTERS ? 1 : s->len;
	int error = net_vmm_tx(s->net, s->frame,
			       (uint32_t)build(s, s->text + s->sent, len));

	if (error == -ENOSPC || error == -ENETDOWN)
		return error;
	if (error)
		s->stats.dropped++;
	else
		s->stats.frames++;
	s->sent += len;
	if (s->sent == s->len) {
		s->pending = false;
		s->stats.lines++;
	}
	return 0;
}

static void take_line(struct net_syslog *s, const struct vmm_log_line *line)
{
	s->len = net_syslog_text(&s->setup, line, s->text, TEXT_MAX - 1);
	/* RFC 5424 ends with the datagram. */
	if (s->setup.format != NET_SYSLOG_RFC5424)
		s->text[s->len++] = '\n';
	s->sent = 0;
	s->pending = true;
}

/* In place of the lines that are gone.  The line that follows them is read
 * again. */
static void take_loss(struct net_syslog *s, uint64_t lost)
{
	char text[40];
	struct vmm_log_line line = { .level = VMM_LOG_WARNING, .text = text };

	line.len = (uint16_t)vmm_snprintf(text, sizeof(text),
					  "(%lu lines lost)",
					  (unsigned long)lost);
	s->stats.lost += lost;
	take_line(s, &line);
}

static bool next_line(struct net_syslog *s)
{
	char buf[TEXT_MAX - 256];
	struct vmm_log_line line;
	uint64_t next = s->seq;

	while (vmm_log_read(&next, &line, buf, sizeof(buf))) {
		if (line.seq != s->seq) {
			take_loss(s, line.seq - s->seq);
			s->seq = line.seq;
			return true;
		}
		s->seq = next;
		if (line.level <= s->setup.level) {
			take_line(s, &line);
			return true;
		}
	}
	return false;
}

static uint64_t syslog_poll(struct net_hook *hook, struct net *net,
			    uint64_t now)
{
	struct net_syslog *s = VMM_CONTAINER_OF(hook, struct net_syslog, hook);

	(void)net;
	s->polled = now;
	for (unsigned i = 0; i < BUDGET; i++) {
		int error;

		if (!s->pending && !next_line(s))
			return UINT64_MAX;
		if (s->asks) {
			uint64_t next = keep_address(s, now);

			if (!s->known)
				return next;
		}
		error = send_piece(s);
		if (error)	/* that there is a link again is told */
			return error == -ENOSPC ? RETRY_USEC : UINT64_MAX;
	}
	return 0;
}

/* As a sink of the log it only learns that there is something to read. */
static void line_was_logged(struct vmm_log_sink *sink,
			    const struct vmm_log_line *line, uint64_t lost)
{
	struct net_syslog *s = VMM_CONTAINER_OF(sink, struct net_syslog, sink);

	(void)lost;
	s->newest = line->seq + 1;
	s->setup.wake(s->setup.wake_ctx);
}

int net_syslog_start(struct net *net, const struct net_syslog_setup *setup,
		     struct vmm_pagepool *pool, struct net_syslog **syslog)
{
	struct net_syslog *s = vmm_pages_alloc(pool, 1);

	if (!s)
		return VMM_ERROR(ENOMEM);
	s->setup = *setup;
	s->net = net;
	s->pool = pool;
	s->asks = setup->format != NET_SYSLOG_CHARACTERS &&
		is_zero(setup->mac, 6);
	s->hook = (struct net_hook){ .name = "syslog", .poll = syslog_poll,
		.frame = see_frame,
		.from = s->asks ? NET_SIDE_NIC | NET_SIDE_GUEST : 0 };
	s->sink = (struct vmm_log_sink){ .name = "syslog",
					 .emit = line_was_logged };
	net_hook_add(net, &s->hook);
	if (setup->wake)
		vmm_log_attach(&s->sink);
	*syslog = s;
	return 0;
}

void net_syslog_stop(struct net_syslog *s)
{
	if (s->setup.wake)
		vmm_log_detach(&s->sink);
	net_hook_remove(s->net, &s->hook);
	vmm_pages_free(s->pool, s, 1);
}

void net_syslog_get_stats(const struct net_syslog *s,
			  struct net_syslog_stats *stats)
{
	*stats = s->stats;
	stats->waiting = s->pending;
	if (s->newest > s->seq)
		stats->waiting += s->newest - s->seq;
	stats->waiting_arp = s->asks && !s->known;
}
