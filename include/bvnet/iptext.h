/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP addresses of either version as 16 bytes, in the order of the wire: IPv4
 * is written as IPv6's mapped addresses are, ::ffff:10.0.2.2 (RFC 4291,
 * 2.5.5.2), so that one address has one form.  Pure.
 */
#ifndef BVNET_IPTEXT_H
#define BVNET_IPTEXT_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

#define NET_IP_LEN	16u
#define NET_IP_TEXT	40u	/* with the NUL */

/* Read 10.0.2.2 (no leading zeros), fd00::2 or ::ffff:10.0.2.2, without zone;
 * *p is left behind it.  False: it is none, *p is anywhere up to its end. */
bool net_ip_parse(const char **p, uint8_t ip[NET_IP_LEN]) VMM_MUST_CHECK;
/* As RFC 5952 writes it, IPv4 as 10.0.2.2.  Returns text. */
const char *net_ip_format(const uint8_t ip[NET_IP_LEN],
			  char text[NET_IP_TEXT]);

void net_ip_from_v4(uint8_t ip[NET_IP_LEN], const uint8_t v4[4]);
bool net_ip_is_v4(const uint8_t ip[NET_IP_LEN]);

/*
 * The setting ip.ip6addr: an IPv6 address that one machine on several networks
 * may have (neither multicast nor of the link alone), or "" (then ip is zeros).
 * 0, or -EINVAL with one line in error, as for access_parse().
 */
int net_ip6_setting(const char *text, bool use_ipv6, uint8_t ip[NET_IP_LEN],
		    char *error, size_t error_size) VMM_MUST_CHECK;

VMM_END_DECLS

#endif
