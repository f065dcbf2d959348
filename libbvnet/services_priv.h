/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of bvnet/services.h; not installed. */
#ifndef BVNET_SERVICES_PRIV_H
#define BVNET_SERVICES_PRIV_H

#include <bvnet/iptext.h>
#include <bvnet/services.h>
#include <lwip/ip_addr.h>

/* telnet_lwip.c: as net_services_start() and net_services_poll(). */
int telnet_server_start(struct vmm *vmm) VMM_MUST_CHECK;
uint64_t telnet_server_poll(struct vmm_vcpu *v, uint64_t now);

/* services.c: between the two forms of an address. */
void services_get_ip(uint8_t ip[NET_IP_LEN], const ip_addr_t *from);
void services_put_ip(ip_addr_t *to, const uint8_t ip[NET_IP_LEN]);

/* echo_lwip.c: carry out the request of a shell, if there is one. */
void echo_poll(void);

#endif
