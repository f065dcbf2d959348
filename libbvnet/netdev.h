/* SPDX-License-Identifier: BSD-3-Clause */
/* A NIC that the VMM drives, and all that is on it. */
#ifndef BVNET_NETDEV_PRIV_H
#define BVNET_NETDEV_PRIV_H

#include <bvnet/net.h>
#include <bvnet/syslog.h>
#include <nicdrv/device.h>
#include <nicdrv/virtio_net.h>
#include <vmm/intx.h>
#include <vmm/service.h>
#include <vmm/spinlock.h>
#include <vmm/vmm.h>
#include "kicks.h"

struct netdev {
	struct nic_device *device;	/* NULL: this entry is free */
	struct net *net;
	struct virtio_net *virtio;	/* what the guest sees, or NULL */
	unsigned ports;			/* number of its I/O BAR, if any */
	struct net_syslog *syslog;	/* or NULL */
	struct vmm_service service;
	/* The net lock: NIC, switch, guest's device, stack.  Below PCI's. */
	struct vmm_spinlock lock;
	struct kick_guard kicks;
	uint64_t due;		/* when netdev_poll() has something to do */
	uint64_t kick_at;	/* when the NIC interrupts for us; 0: not */
	uint64_t kick_came_at;	/* when it did, until that was judged; or 0 */
	bool stack;		/* the VMM's, and its services, are on it */
	bool interrupts;	/* the NIC has some for the VMM */
	bool pin;		/* ... if its pin can be had */
	struct vmm_intx intx;
	bool running;		/* under the VMM now */
	bool own_kicks;		/* kicks have a vector of their own */
	bool woken;		/* the guest's device wants to be polled */
	bool hushed;		/* the NIC's interrupts are off for a visit */
	bool impatient;		/* it is known not to wait with kicks */
	bool watching;		/* passed: what the guest does to it */
};

/* The IP stack and its services, on the NIC that has them; under the net lock
 * but for start, which the boot processor calls before there is another. */
struct netdev_ip {
	int (*start)(struct netdev *nd);
	/* As net_services_poll(). */
	uint64_t (*poll)(struct vmm_vcpu *v, uint64_t now);
};

/* For the unit that brings the stack along; before the NICs are probed. */
void netdev_set_ip(const struct netdev_ip *ops);

/* Show the guest a virtio network device in the NIC's place; the lock is free.
 * netdev_virtio.c.  -ENOMEM or what hooking gives. */
int netdev_virtio_start(struct netdev *nd) VMM_MUST_CHECK;
/* Or nothing: for a NIC that is the VMM's alone. */
int netdev_hide(struct netdev *nd) VMM_MUST_CHECK;

/* Do what there is to do, and see to it that it goes on.  Lock held. */
void netdev_poll(struct netdev *nd);
/* The same after the guest's notification: most concern frames alone. */
void netdev_poll_frames(struct netdev *nd);
/* The NIC does not interrupt for what comes while the VMM is about to look:
 * around netdev_poll() and what may cause something, as sending does that is
 * answered at once.  Not where that would acknowledge kicks, too.  Lock
 * held. */
void netdev_hush(struct netdev *nd);
void netdev_unhush(struct netdev *nd);

/* The n-th NIC, from 0; NULL: there are no more.  NICs never go. */
const struct netdev *netdev_get(unsigned n);

/* For struct vmm_pci_ops. */
void netdev_hold(struct vmm_pci_dev *dev, bool on);
void netdev_reset(struct vmm_pci_dev *dev, bool function);

#endif
