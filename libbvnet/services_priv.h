/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of bvnet/services.h; not installed. */
#ifndef BVNET_SERVICES_PRIV_H
#define BVNET_SERVICES_PRIV_H

#include <bvnet/services.h>

/* telnet_lwip.c: as net_services_start() and net_services_poll(). */
int telnet_server_start(struct vmm *vmm) VMM_MUST_CHECK;
uint64_t telnet_server_poll(struct vmm_vcpu *v, uint64_t now);

/* echo_lwip.c: carry out the request of a shell, if there is one. */
void echo_poll(void);

#endif
