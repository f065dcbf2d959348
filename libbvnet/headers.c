/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether headers are well formed: those of TCP (RFC 9293, section 3.1 and
 * 3.2), and of IPv6 (RFC 8200, 4) what lwIP walks along without looking where
 * it ends: extension headers, their options, and those of neighbour discovery
 * (RFC 4861, 4).
 */
#include <bvnet/stack.h>
#include "wire.h"

/* Extension headers in a packet; each kind comes once, but for one (RFC 8200,
 * 4.1). */
#define MOST_HEADERS	8u

#define ICMP6_TOO_BIG	2u
#define ICMP6_RS	133u	/* up to ICMP6_REDIRECT: neighbour discovery */
#define ICMP6_REDIRECT	137u
#define MTU_LEAST	1280u

/* The length that an option of this kind has, 0: any. */
static unsigned option_length(uint8_t kind)
{
	switch (kind) {
	case 2: return 4;	/* maximum segment size */
	case 3: return 3;	/* window scale, RFC 7323 */
	case 4: return 2;	/* SACK permitted, RFC 2018 */
	case 8: return 10;	/* timestamps, RFC 7323 */
	default: return 0;
	}
}

static bool options_ok(const uint8_t *p, size_t len)
{
	while (len && *p) {	/* 0: end of the list */
		unsigned n = 1;

		if (*p != 1) {	/* 1: padding, without length */
			if (len < 2)
				return false;
			n = p[1];
			if (n < 2 || n > len ||
			    (option_length(*p) && option_length(*p) != n))
				return false;
		}
		p += n;
		len -= n;
	}
	return true;
}

static bool header_ok(const uint8_t *tcp, size_t len)
{
	size_t header;

	if (len < WIRE_TCP_LEN)
		return false;
	header = (size_t)(tcp[12] >> 4) * 4;
	return header >= WIRE_TCP_LEN && header <= len &&
		options_ok(tcp + WIRE_TCP_LEN, header - WIRE_TCP_LEN);
}

static bool ip4_ok(const uint8_t *ip, size_t len)
{
	size_t header, total, offset;

	if (len < WIRE_IP_LEN || ip[0] >> 4 != 4 || ip[9] != WIRE_PROTO_TCP)
		return true;
	header = (size_t)(ip[0] & 15) * 4;
	total = wire_get16(ip + 2);
	if (header < WIRE_IP_LEN || total < header || total > len)
		return false;
	/* A fragment that begins inside the header would rewrite part of it:
	 * RFC 3128. */
	offset = wire_get16(ip + 6) & 0x1fffu;
	if (offset)
		return offset != 1;
	return header_ok(ip + header, total - header);
}

/* --- IPv6 --- */

/* Options of extension headers: kind, length of what follows. */
static bool ip6_options_ok(const uint8_t *p, size_t len)
{
	while (len) {
		size_t n = *p ? 2 : 1;	/* 0: one byte of padding */

		if (n == 2)
			n += len < 2 ? len : p[1];
		if (n > len)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* Options of neighbour discovery: kind, length in units of eight bytes. */
static bool nd_options_ok(const uint8_t *p, size_t len)
{
	while (len) {
		size_t n = len < 8 ? 0 : (size_t)p[1] * 8;

		if (!n || n > len)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

static bool icmp6_ok(const uint8_t *p, size_t len)
{
	/* From router solicitation to neighbour advertisement. */
	static const uint8_t header[] = { 8, 16, 24, 24 };

	if (len < 8)
		return false;
	if (*p == ICMP6_TOO_BIG)
		return wire_get16(p + 4) || wire_get16(p + 6) >= MTU_LEAST;
	if (*p < ICMP6_RS || *p > ICMP6_REDIRECT)
		return true;
	if (*p == ICMP6_REDIRECT || len < header[*p - ICMP6_RS])
		return false;
	return nd_options_ok(p + header[*p - ICMP6_RS],
			     len - header[*p - ICMP6_RS]);
}

/* The length of an extension header, if it fits; 0: it does not. */
static size_t extension_ok(unsigned kind, const uint8_t *p, size_t len)
{
	size_t header;

	if (len < 8)
		return 0;
	if (kind == WIRE_IP6_FRAGMENT)
		/* One that is the whole packet (RFC 6946); lwIP is told not to
		 * put others together. */
		return wire_get16(p + 2) & 0xfff9u ? 0 : 8;
	header = ((size_t)p[1] + 1) * 8;
	if (header > len || (kind != WIRE_IP6_ROUTING &&
			     !ip6_options_ok(p + 2, header - 2)))
		return 0;
	return header;
}

static bool is_extension(unsigned kind)
{
	return kind == WIRE_IP6_HOPS || kind == WIRE_IP6_ROUTING ||
		kind == WIRE_IP6_FRAGMENT || kind == WIRE_IP6_OPTIONS;
}

static bool ip6_ok(const uint8_t *ip, size_t len)
{
	const uint8_t *p = ip + WIRE_IP6_LEN;
	size_t left;
	unsigned kind;

	if (len < WIRE_IP6_LEN || ip[0] >> 4 != 6 ||
	    wire_get16(ip + 4) > len - WIRE_IP6_LEN)
		return false;
	left = wire_get16(ip + 4);
	kind = ip[6];
	for (unsigned n = 0; is_extension(kind); n++) {
		size_t header = n < MOST_HEADERS ?
			extension_ok(kind, p, left) : 0;

		if (!header)
			return false;
		kind = *p;
		p += header;
		left -= header;
	}
	if (kind == WIRE_PROTO_TCP)
		return header_ok(p, left);
	return kind != WIRE_PROTO_ICMP6 || icmp6_ok(p, left);
}

bool net_headers_ok(const uint8_t *frame, size_t len)
{
	if (len < WIRE_ETH_LEN)
		return true;
	switch (wire_get16(frame + 12)) {
	case WIRE_TYPE_IPV4:
		return ip4_ok(frame + WIRE_ETH_LEN, len - WIRE_ETH_LEN);
	case WIRE_TYPE_IPV6:
		return ip6_ok(frame + WIRE_ETH_LEN, len - WIRE_ETH_LEN);
	default:
		return true;
	}
}
