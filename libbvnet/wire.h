/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers of Ethernet (IEEE 802.3), ARP (RFC 826), IPv4 (RFC 791), IPv6
 * (RFC 8200), UDP (RFC 768) and TCP (RFC 9293), as bytes: they are big endian,
 * and need not be aligned. */
#ifndef BVNET_WIRE_H
#define BVNET_WIRE_H

#include <stdbool.h>
#include <vmm/compiler.h>

#define WIRE_ETH_LEN	14u
#define WIRE_IP_LEN	20u	/* without options */
#define WIRE_IP6_LEN	40u	/* without extension headers */
#define WIRE_UDP_LEN	8u
#define WIRE_TCP_LEN	20u	/* without options */
#define WIRE_ARP_LEN	28u	/* for Ethernet and IPv4 */

#define WIRE_TYPE_IPV4	0x0800u
#define WIRE_TYPE_ARP	0x0806u
#define WIRE_TYPE_VLAN	0x8100u
#define WIRE_TYPE_IPV6	0x86ddu

#define WIRE_PROTO_TCP	6u
#define WIRE_PROTO_UDP	17u
#define WIRE_PROTO_ICMP6 58u

/* Extension headers, in the place of a protocol. */
#define WIRE_IP6_HOPS	0u	/* options for each hop */
#define WIRE_IP6_ROUTING 43u
#define WIRE_IP6_FRAGMENT 44u
#define WIRE_IP6_OPTIONS 60u	/* for the receiver */

static inline uint16_t wire_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void wire_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Sum of 16-bit words, for the Internet checksum (RFC 1071); data of an odd
 * length counts as followed by a zero, so only the last part may be odd. */
uint32_t wire_sum(uint32_t sum, const uint8_t *data, size_t len);
/* The checksum field for a sum. */
uint16_t wire_checksum(uint32_t sum);

/* For a UDP datagram in an IPv4 packet: fills both headers; udp is followed
 * by len bytes of payload, ip by udp.  id: another for each of them, since
 * routers may make fragments of it (RFC 6864). */
void wire_udp(uint8_t *ip, uint16_t id, const uint8_t src[4],
	      uint16_t src_port, const uint8_t dst[4], uint16_t dst_port,
	      size_t len);

#endif
