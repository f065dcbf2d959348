/* SPDX-License-Identifier: BSD-3-Clause */
/* Intel's gigabit controllers, 82542 to I219 and 82575 to I211. */
#ifndef NICDRV_PRO1000_H
#define NICDRV_PRO1000_H

#include <nicdrv/nic.h>

VMM_BEGIN_DECLS

/* What the driver lives in.  All functions get ctx. */
struct pro1000_world {
	uint16_t device;	/* PCI device number */
	uint32_t caps;		/* NIC_CAP_MSI, NIC_CAP_MSIX: what set_irq takes */
	void *ctx;
	/* Registers in BAR 0. */
	uint32_t (*read)(void *ctx, uint32_t reg);
	void (*write)(void *ctx, uint32_t reg, uint32_t value);
	/* Busy waiting. */
	void (*wait)(void *ctx, uint32_t usec);
	/* Zeroed, contiguous pages below 4 GiB or not, for ever; NULL. */
	void *(*pages)(void *ctx, uint64_t count);
	/* Put messages (or none: NIC_IRQ_NONE, NIC_IRQ_INTX) into the
	 * capabilities of the function; NULL if caps is 0. */
	int (*set_irq)(void *ctx, const struct nic_irq *irq);
	/* The address is known, and now the controller is going to be reset:
	 * end what others do with it; or NULL. */
	int (*take)(void *ctx);
	/* For nic_hand_back: configuration space as it was found; or NULL. */
	void (*restore_config)(void *ctx);
	/* For pro1000_pass_open where pro1000_pass_hooks: keep the guest's
	 * accesses to the transmit registers waiting; and go on. */
	void (*hold)(void *ctx, bool on);
	/* ... may the VMM read [pa, pa+len), which the guest says is its? */
	bool (*readable)(void *ctx, uint64_t pa, uint64_t len);
};

/* Is it one of the controllers that are known? */
bool pro1000_known(uint16_t device);

/*
 * Take the controller: read its address, reset and start it.  Memory decoding
 * and bus mastering are on.  *world is copied.  Waits for some 20 ms, not for
 * the link.  -ENOMEM, -EOPNOTSUPP (not known), -ENODEV (nobody answers),
 * -ENODATA (it has no address), -EIO (the reset does not end), or what
 * take returned: then the device is left reset at worst.
 */
int pro1000_open(const struct pro1000_world *world, struct nic **nic)
	VMM_MUST_CHECK;

/* The page of transmit registers that the guest writes to send. */
#define PRO1000_TX_PAGE	0x3000u

/* Has this device only one transmit queue, so that pro1000_pass_open needs
 * accesses to the page PRO1000_TX_PAGE to be hooked? */
bool pro1000_pass_hooks(uint16_t device);

/*
 * Share a controller that the guest drives: a NIC that sends, and receives
 * nothing.  It is up while the guest's driver has the link up.  caps is 0; no
 * interrupts.  -ENOMEM, -EOPNOTSUPP (82542; 82575 and later; not
 * known), -ENODATA.
 */
int pro1000_pass_open(const struct pro1000_world *world, struct nic **nic)
	VMM_MUST_CHECK;

VMM_END_DECLS

#endif
