/* SPDX-License-Identifier: BSD-3-Clause */
/* Where lwIP asks us; see lwipopts.h. */
#ifndef LWIPHOOKS_H
#define LWIPHOOKS_H

#include "lwip/ip_addr.h"

struct netif;
struct dhcp_msg;

/* Initial sequence number of a connection (RFC 6528). */
u32_t bvnet_lwip_tcp_isn(const ip_addr_t *local_ip, u16_t local_port,
			 const ip_addr_t *remote_ip, u16_t remote_port);

/* Add options to a DHCP message, of which *len bytes are used. */
void bvnet_lwip_dhcp_options(struct netif *netif, struct dhcp_msg *msg,
			     u16_t *len);

#endif
