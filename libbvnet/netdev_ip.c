/* SPDX-License-Identifier: BSD-3-Clause */
/* The IP stack on a NIC, and its services: apart from netdev.c, so that a
 * variant which only sends its log has none of them. */
#include <string.h>
#include "netdev.h"
#include <bitvisor/config.h>
#include <bvnet/access.h>
#include <bvnet/iptext.h>
#include <bvnet/netdev.h>
#include <bvnet/services.h>
#include <bvnet/stack.h>
#include <vmm/error.h>
#include <vmm/log.h>

/* The stack's heap as large as ip.heap may make it, and the services. */
VMM_HEAP_WANTED(UINT64_C(5) << 20);

static struct net_random random_numbers;
static uint8_t ip6[NET_IP_LEN];	/* ip.ip6addr */

static bool has_address(void)
{
	static const unsigned char none[sizeof(config.ip.ipaddr)];

	return memcmp(config.ip.ipaddr, none, sizeof(none)) != 0;
}

static int start(struct netdev *nd)
{
	struct net_stack_setup setup = {
		.dhcp = config.ip.use_dhcp,
		.use_ipv6 = config.ip.use_ipv6,
		.heap_size = (size_t)config.ip.heap << 10,
		.random = &random_numbers,
	};
	const struct nic *nic = nd->device->nic;
	int rc;

	if (!config.ip.use_dhcp && !config.ip.use_ipv6 && !has_address()) {
		vmm_log_err(VMM_PCI_FORMAT " net=%s needs an address of the"
			    " VMM's own: set ip.ipaddr and ip.netmask, or"
			    " ip.use_dhcp=1 or ip.use_ipv6=1\n",
			    VMM_PCI_ARGS(nd->device->dev->addr),
			    nd->device->net);
		return VMM_ERROR(EINVAL);
	}
	memcpy(setup.ip, config.ip.ipaddr, sizeof(setup.ip));
	memcpy(setup.netmask, config.ip.netmask, sizeof(setup.netmask));
	memcpy(setup.gateway, config.ip.gateway, sizeof(setup.gateway));
	memcpy(setup.ip6, ip6, sizeof(setup.ip6));
	net_random_add_processor(&random_numbers);
	net_random_add(&random_numbers, nic->mac, sizeof(nic->mac));
	rc = net_stack_start(nd->net, &setup, &nd->device->vmm->pool,
			     vmm_uptime_usec());
	if (rc == -EOPNOTSUPP)
		vmm_log_err(VMM_PCI_FORMAT " net=%s needs an IP stack, and"
			    " this image was built without lwIP\n",
			    VMM_PCI_ARGS(nd->device->dev->addr),
			    nd->device->net);
	if (rc < 0)
		return rc;
	/* Without the services there is still a network; the log says why. */
	if (net_services_start(nd->device->vmm) < 0)
		vmm_log_warning("The debug shell cannot be reached by"
				" telnet\n");
	return 0;
}

/* A mistake in the settings of addresses stops the VMM while nothing has been
 * touched, as any other does. */
static int init(struct vmm *vmm)
{
	static const struct netdev_ip ops = {
		.start = start,
		.poll = net_services_poll,
	};
	struct access access;
	int rc;

	netdev_set_ip(&ops);
	rc = net_ip6_setting(config.ip.ip6addr, config.ip.use_ipv6, ip6,
			     vmm->start_error, BV_ERROR_MAX);
	if (rc < 0)
		return rc;
	return access_parse(&access, config.vmm.dbgsh_allow,
			    config.vmm.dbgsh_password, vmm->start_error,
			    BV_ERROR_MAX);
}

const struct vmm_unit bvnet_ip = {
	.name = "IP stack",
	.init = init,
};
