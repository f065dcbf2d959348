/* SPDX-License-Identifier: BSD-3-Clause */
#include "services_priv.h"

int net_services_start(struct vmm *vmm)
{
	return telnet_server_start(vmm);
}

uint64_t net_services_poll(struct vmm_vcpu *v, uint64_t now)
{
	echo_poll();
	return telnet_server_poll(v, now);
}
