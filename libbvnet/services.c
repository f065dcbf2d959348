/* SPDX-License-Identifier: BSD-3-Clause */
/* The services together, and what they share. */
#include <string.h>
#include "services_priv.h"

void services_get_ip(uint8_t ip[NET_IP_LEN], const ip_addr_t *from)
{
	if (IP_IS_V6_VAL(*from))
		memcpy(ip, ip_2_ip6(from)->addr, NET_IP_LEN);
	else
		net_ip_from_v4(ip, (const uint8_t *)&ip_2_ip4(from)->addr);
}

void services_put_ip(ip_addr_t *to, const uint8_t ip[NET_IP_LEN])
{
	memset(to, 0, sizeof(*to));
	IP_SET_TYPE_VAL(*to, net_ip_is_v4(ip) ? IPADDR_TYPE_V4 :
			IPADDR_TYPE_V6);
	if (net_ip_is_v4(ip))
		memcpy(&ip_2_ip4(to)->addr, ip + NET_IP_LEN - 4, 4);
	else
		memcpy(ip_2_ip6(to)->addr, ip, NET_IP_LEN);
}

int net_services_start(struct vmm *vmm)
{
	return telnet_server_start(vmm);
}

uint64_t net_services_poll(struct vmm_vcpu *v, uint64_t now)
{
	echo_poll();
	return telnet_server_poll(v, now);
}
