/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of libvmm/pci share. */
#ifndef PCI_PRIV_H
#define PCI_PRIV_H

#include <vmm/pci.h>
#include <vmm/spinlock.h>
#include <vmm/vmm.h>

#define PCI_ECAM_BUS_SHIFT	20u	/* PCI Express Base, 7.2.2 */
#define PCI_CONFIG_ADDRESS	0xcf8u
#define PCI_CONFIG_DATA		0xcfcu
#define PCI_BUS_NONE		UINT16_MAX

#define PCI_HEADER_MULTI	0x80u
#define PCI_HEADER_TYPE_MASK	0x7fu
#define PCI_HEADER_BRIDGE	1u
#define PCI_BRIDGE_BUSES	0x18u	/* primary, secondary, subordinate */
#define PCI_BRIDGE_CONTROL	0x3eu
#define PCI_BRIDGE_RESET	0x40u

#define PCI_BAR_IO		0x1u
#define PCI_BAR_TYPE_MASK	0x6u
#define PCI_BAR_TYPE_64		0x4u
#define PCI_BAR_IO_FLAGS	0x3u
#define PCI_BAR_MEM_FLAGS	0xfu

/* --- hw.c: configuration space of the hardware --- */

/* Use the ECAM ranges of the ACPI tables, as far as they show what the ports
 * show. */
void pci_hw_init(struct vmm *vmm);
/* Size 1, 2 or 4, within a dword.  What does not exist reads as ones. */
uint32_t pci_hw_read(struct vmm_pci_addr addr, unsigned offset, unsigned size);
void pci_hw_write(struct vmm_pci_addr addr, unsigned offset, unsigned size,
		  uint32_t value);
/* Physical address of the function's page; 0 if it is not mapped. */
uint64_t pci_hw_page(struct vmm_pci_addr addr);
/* Does the VMM use the ports for segment 0? */
bool pci_hw_uses_ports(void);
/* While other accesses of the VMM by the ports wait. */
void pci_hw_ports_lock(void);
void pci_hw_ports_unlock(void);
/* The ranges in use; false from the count on. */
bool pci_hw_range(unsigned n, struct vmm_acpi_mcfg *range);

/* --- scan.c --- */

/* Find all functions.  Returns their number, or -ENOMEM. */
int pci_scan(struct vmm *vmm) VMM_MUST_CHECK;
void pci_scan_forget(struct vmm *vmm);
/* What the registers say of BARs; sizes are left as they are. */
void pci_bars_read(struct vmm_pci_dev *dev);

static inline bool pci_is_bridge(const struct vmm_pci_dev *dev)
{
	return (dev->header[VMM_PCI_HEADER_TYPE] & PCI_HEADER_TYPE_MASK) ==
		PCI_HEADER_BRIDGE;
}

/* --- owned.c: what the guest sees of owned functions --- */

struct pci_bar_hook {
	struct vmm_pci_owned *owned;
	const struct vmm_pci_bar_ops *ops;
	void *ctx;
	uint64_t at;		/* where the hook is now */
	bool hooked, io;
};

struct vmm_pci_owned {
	struct vmm *vmm;
	struct vmm_pci_dev *dev;
	const struct vmm_pci_ops *ops;	/* NULL: a bridge that is watched */
	unsigned flags;
	uint64_t page;			/* hooked ECAM page, 0: none */
	unsigned pm, express, af;	/* capabilities, 0: not there */
	/* What the guest wrote, of a device that the VMM keeps. */
	uint16_t command;
	uint8_t power;			/* D0..D3 */
	uint32_t bar[VMM_PCI_BARS];
	bool probing[VMM_PCI_BARS];	/* the last write was all ones */
	uint16_t first_command;		/* of the hardware, to give it back */
	bool lost;			/* a bridge above was reset */
	bool unreachable;		/* a bridge above has no bus number */
	struct pci_bar_hook hook[VMM_PCI_BARS];
};

/* For vmm_pci_own(): BARs stay where they are, and their hooks too, decoded or
 * not. */
#define PCI_FIXED	0x100u

#define PCI_MAX_OWNED 32u
extern struct vmm_pci_owned pci_owned[PCI_MAX_OWNED];
extern unsigned pci_owned_count;

/* The owned function at this address, NULL if there is none. */
struct vmm_pci_owned *pci_owned_at(struct vmm_pci_addr addr);
/* The guest's access, size 1, 2 or 4 within a dword.  With PCI's lock. */
uint32_t pci_owned_read(struct vmm_pci_owned *o, unsigned offset,
			unsigned size);
void pci_owned_write(struct vmm_pci_owned *o, unsigned offset, unsigned size,
		     uint32_t value);
/* An entry of the table for dev, without a driver's ops.  -ENOSPC. */
int pci_owned_add(struct vmm *vmm, struct vmm_pci_dev *dev) VMM_MUST_CHECK;

/* --- bars.c: where BARs are and what answers there --- */

/* The guest's decoding, or the BARs, have changed: move hooks. */
void pci_bars_update(struct vmm_pci_owned *o);
/* Take all hooks away. */
void pci_bars_unhook(struct vmm_pci_owned *o);
/* A device that the VMM keeps: the guest's registers. */
uint32_t pci_bars_guest_read(const struct vmm_pci_owned *o, unsigned n);
void pci_bars_guest_write(struct vmm_pci_owned *o, unsigned n, uint32_t value);
/* The guest has all registers as it wants them. */
void pci_bars_apply(struct vmm_pci_owned *o);
/* Write the hardware's registers as they should be. */
void pci_bars_restore(const struct vmm_pci_owned *o);

/* --- bridge.c --- */

/* Watch the bridges above owned functions: resets, bus numbers. */
int pci_bridges_watch(struct vmm *vmm) VMM_MUST_CHECK;
void pci_bridge_write(struct vmm_pci_owned *o, unsigned offset, unsigned size,
		      uint32_t value);
/* Bring a device back that a reset above it has wiped, if it answers. */
void pci_restore_lost(struct vmm_pci_owned *o);

/* --- access.c: ports and ECAM pages --- */

/* PCI's lock: over what the guest sees of owned functions. */
extern struct vmm_spinlock pci_lock;

/* Hook what owned functions need. */
int pci_access_hook(struct vmm *vmm) VMM_MUST_CHECK;
/* The functions' bus numbers have changed. */
void pci_access_rehook(struct vmm *vmm);
void pci_access_unhook(struct vmm *vmm);

/* --- firmware.c --- */

/* Let the firmware have the device again. */
void pci_connect_firmware(struct vmm *vmm, const struct vmm_pci_dev *dev);

#endif
