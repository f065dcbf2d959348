/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums and headers of UDP over IPv4. */
#include <string.h>
#include "wire.h"

uint32_t wire_sum(uint32_t sum, const uint8_t *data, size_t len)
{
	for (; len > 1; data += 2, len -= 2) {
		sum += wire_get16(data);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len)
		sum += (uint32_t)*data << 8;
	return (sum & 0xffff) + (sum >> 16);
}

uint16_t wire_checksum(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* TTL 64, not fragmented by us; but routers may, by the identification. */
static void ip_header(uint8_t *ip, uint16_t id, const uint8_t src[4],
		      const uint8_t dst[4], size_t total)
{
	memset(ip, 0, WIRE_IP_LEN);
	ip[0] = 0x45;
	wire_put16(ip + 2, (uint32_t)total);
	wire_put16(ip + 4, id);
	ip[8] = 64;
	ip[9] = WIRE_PROTO_UDP;
	memcpy(ip + 12, src, 4);
	memcpy(ip + 16, dst, 4);
	wire_put16(ip + 10, wire_checksum(wire_sum(0, ip, WIRE_IP_LEN)));
}

void wire_udp(uint8_t *ip, uint16_t id, const uint8_t src[4],
	      uint16_t src_port, const uint8_t dst[4], uint16_t dst_port,
	      size_t len)
{
	uint8_t *udp = ip + WIRE_IP_LEN;
	uint32_t sum;
	uint16_t field;

	len += WIRE_UDP_LEN;
	ip_header(ip, id, src, dst, WIRE_IP_LEN + len);
	wire_put16(udp, src_port);
	wire_put16(udp + 2, dst_port);
	wire_put16(udp + 4, (uint32_t)len);
	wire_put16(udp + 6, 0);
	/* The pseudo header: addresses, protocol, length. */
	sum = wire_sum(WIRE_PROTO_UDP + (uint32_t)len, ip + 12, 8);
	field = wire_checksum(wire_sum(sum, udp, len));
	wire_put16(udp + 6, field ? field : 0xffff);
}
