/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * NICs as PCI devices: what the probe function of a NIC's driver hands to
 * those who share the NIC.  Drivers know nothing of them; every frontend that
 * lists a driver here among its PCI drivers defines nic_user.
 */
#ifndef NICDRV_DEVICE_H
#define NICDRV_DEVICE_H

#include <nicdrv/nic.h>
#include <vmm/pci.h>

VMM_BEGIN_DECLS

struct vmm;

struct nic_device {
	struct vmm *vmm;
	struct vmm_pci_dev *dev;
	struct nic *nic;
	unsigned bar;		/* number of the BAR with the registers */
	/* The options of the rule. */
	bool tty, virtio;
	const char *net;	/* "" if there is none; lives on */
	/* The guest drives the device itself; nic can send, and that is all.
	 * Else the VMM owns it.  (vmm_pci_own() with VMM_PCI_KEEP or not.) */
	bool passed;
	void (*moved)(struct nic_device *device);	/* the driver's */
	/* Only if passed, and for as long as something waits to be sent: the
	 * driver's watch makes it call the user's touched after each access of
	 * the guest's to the registers that start and stop the device.  Watch
	 * is called like a verb of the NIC's; touched without any lock, on any
	 * CPU between an exit and the next entry. */
	void (*watch)(struct nic_device *device, bool on);
	void (*touched)(struct nic_device *device);
};

struct nic_user {
	/* Is this a value of the option net?  For the check of the rules. */
	bool (*net_known)(const char *net);
	/* May the guest use the NIC in this mode? */
	bool (*net_wants_guest)(const char *net);
	/*
	 * A NIC is there.  *device lives on.  Calls vmm_pci_own(), with ops
	 * whose hold keeps everyone from calling verbs of the NIC, and calls
	 * nic_device_moved() at its end; whose reset calls nic_restart().
	 * A negative errno: the NIC is stopped and given back.
	 */
	int (*attach)(struct nic_device *device);
	/* The VMM does not start after all: the NIC has been quiesced. */
	void (*detach)(struct nic_device *device);
};

extern const struct nic_user nic_user;

/* The device's registers may be elsewhere now.  Between an exit and an
 * entry, or before the guest runs. */
void nic_device_moved(struct nic_device *device);

/* Options for the drivers' tables: tty, net, virtio. */
extern const struct vmm_pci_option_desc nic_device_options[];

/* Drivers for vmm_variant.pci_drivers. */
extern const struct vmm_pci_driver nic_pro1000;

VMM_END_DECLS

#endif
