/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NICs that the VMM drives by the rules of vmm.driver.pci, with the switch, the
 * guest's device and the log's sender on each, and the IP stack on one: the
 * nic_user of nicdrv/device.h.
 */
#ifndef BVNET_NETDEV_H
#define BVNET_NETDEV_H

#include <vmm/compiler.h>
#include <vmm/unit.h>

VMM_BEGIN_DECLS

struct net;

/* Behind vmm_pci in a frontend's list of units. */
extern const struct vmm_unit bvnet_netdev;

/* The IP stack with its services (bvnet/services.h), for the modes net=ip...;
 * in front of vmm_pci.  Without it they are refused. */
extern const struct vmm_unit bvnet_ip;

/* The switch of the NIC n and its net lock; NULL: there are no more.  Any CPU,
 * between an exit and an entry. */
struct net *bvnet_netdev_lock(unsigned n);
/* Done; the network then does what there is to do. */
void bvnet_netdev_unlock(unsigned n);

VMM_END_DECLS

#endif
