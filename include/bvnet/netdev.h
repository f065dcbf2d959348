/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NICs that the VMM drives by the rules of vmm.driver.pci, with the switch, the
 * guest's device and the log's sender on each, and the IP stack on one: the
 * nic_user of nicdrv/device.h.
 */
#ifndef BVNET_NETDEV_H
#define BVNET_NETDEV_H

#include <stdbool.h>
#include <nicdrv/nic.h>
#include <vmm/compiler.h>
#include <vmm/unit.h>

VMM_BEGIN_DECLS

/* Behind vmm_pci in a frontend's list of units. */
extern const struct vmm_unit bvnet_netdev;

/* The IP stack with its services (bvnet/services.h), for the modes net=ip...;
 * in front of vmm_pci.  Without it they are refused. */
extern const struct vmm_unit bvnet_ip;

/*
 * Tell the state of the NIC n line by line: link, counters, rings, the guest's
 * device, the log's sender.  In parts from 0 on, each at most 400 characters;
 * false: there is no such part, or no such NIC.  Without the net lock, which
 * the caller may have: numbers that change meanwhile are one old or new.
 */
#define BVNET_NETDEV_PARTS 6u
bool bvnet_netdev_show(unsigned n, unsigned part, nic_print *print, void *ctx);

VMM_END_DECLS

#endif
