/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a TCP header is well formed (RFC 9293, section 3.1 and 3.2). */
#include <bvnet/stack.h>
#include "wire.h"

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

bool net_tcp_header_ok(const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + WIRE_ETH_LEN;
	size_t header, total, offset;

	if (len < WIRE_ETH_LEN + WIRE_IP_LEN ||
	    wire_get16(frame + 12) != WIRE_TYPE_IPV4 || ip[0] >> 4 != 4 ||
	    ip[9] != WIRE_PROTO_TCP)
		return true;
	len -= WIRE_ETH_LEN;
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
