/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers of TCP segments over Ethernet II with IPv4 (RFC 791) or IPv6 (RFC
 * 8200): which ones are like others, and those of the packet that is made of
 * them.  Anything unusual in them, and the segment stays as it is. */
#include <string.h>
#include "virtio_net_priv.h"

#define ETHERNET_HEADER	14u
#define TYPE_IPV4	0x0800u
#define TYPE_IPV6	0x86ddu
#define PROTOCOL_TCP	6u

/* Fields, from the frame's first byte; IPv4: */
#define TYPE		12u
#define V4_VERSION	14u	/* and length of the header */
#define V4_LENGTH	16u
#define V4_ID		18u
#define V4_FRAGMENT	20u
#define V4_PROTOCOL	23u
#define V4_CHECKSUM	24u
#define V4_ADDRESSES	26u
#define V4_TCP		34u
#define V4_DF		0x4000u
/* IPv6: */
#define V6_LENGTH	18u	/* without its own header */
#define V6_NEXT		20u
#define V6_ADDRESSES	22u
#define V6_TCP		54u
#define V6_HEADER	40u
#define V6_WORDS	10u	/* up to the end of a TCP header */
/* TCP (RFC 793, 3.1), from its header's first byte. */
#define TCP_SEQ		4u
#define TCP_OFFSET	12u
#define TCP_FLAGS	13u
#define TCP_CHECKSUM	16u
#define TCP_HEADER	20u
#define PSH		0x08u
#define ACK		0x10u

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* --- sums (RFC 1071): in the machine's byte order, as the RFC allows --- */

static uint64_t add_words(uint64_t sum, const uint8_t *p, unsigned len)
{
	uint32_t word;

	for (; len; len -= 4, p += 4) {
		memcpy(&word, p, 4);
		sum += word;
	}
	return sum;
}

static uint64_t add_value(uint64_t sum, uint32_t value)
{
	return sum + (uint16_t)(value << 8 | value >> 8);
}

static uint16_t fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* --- reading --- */

/* The bytes up to end, which were not read yet. */
static void read_on(struct segment *g, const uint8_t *frame, unsigned from,
		    unsigned end)
{
	for (; 8 * from < end; from++)
		memcpy(&g->head.word[from], frame + 8 * from, 8);
}

/* Without options, and whole. */
static bool parse_ipv4(struct segment *g, uint32_t len)
{
	uint8_t *h = g->head.byte;

	g->tcp = V4_TCP;
	g->ip_len = get16(h + V4_LENGTH);
	g->id = get16(h + V4_ID);
	if (h[V4_VERSION] != 0x45 || h[V4_PROTOCOL] != PROTOCOL_TCP ||
	    (get16(h + V4_FRAGMENT) & ~V4_DF) ||
	    g->ip_len < V4_TCP - ETHERNET_HEADER + TCP_HEADER ||
	    ETHERNET_HEADER + g->ip_len > len ||
	    fold(add_words(0, h + V4_VERSION, 20)) != 0xffff)
		return false;
	memset(h + V4_LENGTH, 0, 4);	/* and the identification */
	memset(h + V4_CHECKSUM, 0, 2);
	return true;
}

/* Without extensions. */
static bool parse_ipv6(struct segment *g, const uint8_t *frame, uint32_t len)
{
	uint8_t *h = g->head.byte;
	uint32_t ip_len = V6_HEADER + get16(h + V6_LENGTH);

	g->tcp = V6_TCP;
	g->id = 0;
	if (h[ETHERNET_HEADER] >> 4 != 6 || h[V6_NEXT] != PROTOCOL_TCP ||
	    ip_len < V6_HEADER + TCP_HEADER || ETHERNET_HEADER + ip_len > len)
		return false;
	g->ip_len = (uint16_t)ip_len;
	memset(h + V6_LENGTH, 0, 2);
	read_on(g, frame, SEGMENT_FIRST, 8 * V6_WORDS);
	return true;
}

static enum segment_kind parse_tcp(struct segment *g, const uint8_t *frame,
				   uint32_t len)
{
	uint8_t *t = g->head.byte + g->tcp;
	unsigned end = ETHERNET_HEADER + g->ip_len;
	unsigned hdr_len = g->tcp + (t[TCP_OFFSET] >> 4) * 4u;

	if (hdr_len < g->tcp + TCP_HEADER || hdr_len > end)
		return SEGMENT_NONE;
	g->hdr_len = (uint16_t)hdr_len;
	g->payload = (uint16_t)(end - hdr_len);
	/* A padded frame is too short to care. */
	if (!g->payload || end != len || (t[TCP_OFFSET] & 0x0f) ||
	    (t[TCP_FLAGS] & ~PSH) != ACK)
		return SEGMENT_TCP;
	g->seq = get32(t + TCP_SEQ);
	g->psh = t[TCP_FLAGS] & PSH;
	read_on(g, frame, g->tcp == V4_TCP ? SEGMENT_FIRST : V6_WORDS, hdr_len);
	t[TCP_FLAGS] = ACK;
	memset(t + TCP_SEQ, 0, 4);
	memset(t + TCP_CHECKSUM, 0, 2);
	if (hdr_len % 8)
		g->head.word[hdr_len / 8] &= (UINT64_C(1) << hdr_len % 8 * 8) -
			1;
	return SEGMENT_DATA;
}

enum segment_kind vnet_segment_parse(struct segment *g, const uint8_t *frame,
				     uint32_t len)
{
	unsigned type = get16(g->head.byte + TYPE);
	bool good = false;

	if (type == TYPE_IPV4)
		good = parse_ipv4(g, len);
	else if (type == TYPE_IPV6)
		good = parse_ipv6(g, frame, len);
	return good ? parse_tcp(g, frame, len) : SEGMENT_NONE;
}

/* --- comparing --- */

bool vnet_segment_like(const struct segment *a, const struct segment *b)
{
	uint64_t differ = a->hdr_len ^ b->hdr_len;
	unsigned i;

	for (i = 0; 8 * i < a->hdr_len; i++)
		differ |= a->head.word[i] ^ b->head.word[i];
	return !differ;
}

bool vnet_segment_same_flow(const struct segment *a, const struct segment *b)
{
	unsigned from = a->tcp == V4_TCP ? V4_ADDRESSES : V6_ADDRESSES;

	return a->tcp == b->tcp &&
		!memcmp(a->head.byte + from, b->head.byte + from,
			a->tcp + 4 - from);	/* and the ports */
}

/* --- writing --- */

void vnet_segment_finish(const struct segment *g, uint8_t *frame,
			 uint32_t ip_len, bool psh)
{
	const uint8_t *h = g->head.byte;
	unsigned addresses = g->tcp == V4_TCP ? V4_ADDRESSES : V6_ADDRESSES;
	unsigned addresses_len = g->tcp == V4_TCP ? 8 : 32;
	uint64_t sum;
	uint16_t sum16;

	if (g->tcp == V4_TCP) {
		put16(frame + V4_LENGTH, ip_len);
		sum = add_words(0, h + V4_VERSION, 20);
		sum16 = (uint16_t)~fold(add_value(add_value(sum, ip_len),
						  g->id));
		memcpy(frame + V4_CHECKSUM, &sum16, 2);
	} else {
		put16(frame + V6_LENGTH, ip_len - V6_HEADER);
	}
	frame[g->tcp + TCP_FLAGS] = (uint8_t)(ACK | (psh ? PSH : 0));
	/* The pseudo header: RFC 793, 3.1; RFC 8200, 8.1. */
	sum = add_words(0, h + addresses, addresses_len);
	sum = add_value(sum, PROTOCOL_TCP);
	sum16 = fold(add_value(sum, ip_len + ETHERNET_HEADER - g->tcp));
	memcpy(frame + g->tcp + TCP_CHECKSUM, &sum16, 2);
}
