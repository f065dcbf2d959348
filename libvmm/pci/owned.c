/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest sees of owned functions.  Those that only the guest uses show
 * the hardware, and the VMM watches.  Those that the VMM keeps have a command
 * register, BARs and a power state that are the guest's own; the hardware's
 * stay as the VMM needs them.
 */
#include <pci/pci_priv.h>
#include <vmm/error.h>

#define FORCED		(VMM_PCI_COMMAND_MEM | VMM_PCI_COMMAND_MASTER)
#define SHADOWED	(FORCED | VMM_PCI_COMMAND_IO | VMM_PCI_COMMAND_INTX_OFF)

#define PM_CSR		4u	/* Power Management 1.2, 3.2.4 */
#define PM_STATE	0x3u
#define PM_NO_RESET	0x8u
#define EXPRESS_CONTROL	8u	/* PCI Express Base, 7.5.3.4 */
#define EXPRESS_FLR	0x8000u
#define AF_CONTROL	4u	/* ECN "Advanced Capabilities", 6.x */
#define AF_FLR		0x1u

struct vmm_pci_owned pci_owned[PCI_MAX_OWNED];
unsigned pci_owned_count;

uint32_t vmm_pci_read(const struct vmm_pci_dev *dev, unsigned offset,
		      unsigned size)
{
	return pci_hw_read(dev->addr, offset, size);
}

void vmm_pci_write(const struct vmm_pci_dev *dev, unsigned offset,
		   unsigned size, uint32_t value)
{
	pci_hw_write(dev->addr, offset, size, value);
}

/* --- the table --- */

static bool same(struct vmm_pci_addr a, struct vmm_pci_addr b)
{
	return a.segment == b.segment && a.bus == b.bus &&
		a.device == b.device && a.function == b.function;
}

struct vmm_pci_owned *pci_owned_at(struct vmm_pci_addr addr)
{
	unsigned i;

	for (i = 0; i < pci_owned_count; i++)
		if (!pci_owned[i].unreachable &&
		    same(pci_owned[i].dev->addr, addr))
			return &pci_owned[i];
	return NULL;
}

int pci_owned_add(struct vmm *vmm, struct vmm_pci_dev *dev)
{
	struct vmm_pci_owned *o = &pci_owned[pci_owned_count];
	unsigned n;

	if (pci_owned_count == PCI_MAX_OWNED)
		return VMM_ERROR(ENOSPC);
	*o = (struct vmm_pci_owned){
		.vmm = vmm,
		.dev = dev,
		.pm = vmm_pci_find_cap(dev, VMM_PCI_CAP_PM),
		.express = vmm_pci_find_cap(dev, VMM_PCI_CAP_EXPRESS),
		.af = vmm_pci_find_cap(dev, VMM_PCI_CAP_AF),
		.first_command = (uint16_t)vmm_pci_read(dev, VMM_PCI_COMMAND,
							2),
	};
	o->command = o->first_command;
	for (n = 0; n < VMM_PCI_BARS; n++) {
		o->bar[n] = vmm_pci_read(dev, VMM_PCI_BAR0 + 4 * n, 4);
		o->hook[n].owned = o;
	}
	dev->owned = o;
	pci_owned_count++;
	return 0;
}

static void keep_awake(const struct vmm_pci_owned *o)
{
	uint32_t csr;

	if (o->pm) {
		csr = vmm_pci_read(o->dev, o->pm + PM_CSR, 2);
		if (csr & PM_STATE)
			vmm_pci_write(o->dev, o->pm + PM_CSR, 2,
				      csr & ~PM_STATE);
	}
	vmm_pci_write(o->dev, VMM_PCI_COMMAND, 2,
		      vmm_pci_read(o->dev, VMM_PCI_COMMAND, 2) | FORCED);
}

int vmm_pci_own(struct vmm *vmm, struct vmm_pci_dev *dev,
		const struct vmm_pci_ops *ops, void *ctx, unsigned flags)
{
	int rc;

	if (dev->owned)
		return VMM_ERROR(EBUSY);
	rc = pci_owned_add(vmm, dev);
	if (rc < 0)
		return rc;
	dev->owned->ops = ops;
	dev->owned->flags = flags;
	dev->ctx = ctx;
	if (flags & VMM_PCI_KEEP)
		keep_awake(dev->owned);
	return 0;
}

/* --- registers of which the guest has its own --- */

enum special {
	PLAIN, COMMAND, POWER, EXPRESS, AF
};

/* What the 16 bits at an even offset are, of a device that the VMM keeps. */
static enum special special_at(const struct vmm_pci_owned *o, unsigned offset)
{
	if (offset == VMM_PCI_COMMAND)
		return COMMAND;
	if (o->pm && offset == o->pm + PM_CSR)
		return POWER;
	if (o->express && offset == o->express + EXPRESS_CONTROL)
		return EXPRESS;
	if (o->af && offset == o->af + AF_CONTROL)
		return AF;
	return PLAIN;
}

static bool is_bar(unsigned offset)
{
	return offset >= VMM_PCI_BAR0 &&
		offset < VMM_PCI_BAR0 + 4 * VMM_PCI_BARS;
}

static uint16_t half_read(const struct vmm_pci_owned *o, unsigned offset)
{
	uint16_t hw = (uint16_t)vmm_pci_read(o->dev, offset, 2);

	switch (special_at(o, offset)) {
	case COMMAND:
		return (uint16_t)((hw & ~SHADOWED) | (o->command & SHADOWED));
	case POWER:
		return (uint16_t)((hw & ~PM_STATE) | o->power);
	default:
		return hw;
	}
}

static uint32_t extract(uint32_t value, unsigned shift, unsigned size)
{
	return value >> shift * 8 & UINT32_MAX >> (32 - 8 * size);
}

/* old with size bytes from byte `shift` on replaced. */
static uint32_t merge(uint32_t old, unsigned shift, unsigned size,
		      uint32_t value)
{
	uint32_t mask = UINT32_MAX >> (32 - 8 * size) << shift * 8;

	return (old & ~mask) | (value << shift * 8 & mask);
}

static uint32_t kept_read(const struct vmm_pci_owned *o, unsigned offset,
			  unsigned size)
{
	unsigned dword = offset & ~3u;
	uint32_t value;

	if (is_bar(offset))
		value = pci_bars_guest_read(o, (dword - VMM_PCI_BAR0) / 4);
	else if (special_at(o, dword) || special_at(o, dword + 2))
		value = half_read(o, dword) |
			(uint32_t)half_read(o, dword + 2) << 16;
	else
		return vmm_pci_read(o->dev, offset, size);
	return extract(value, offset & 3, size);
}

/* The guest resets the function: its view is that of a reset one. */
static void function_reset(struct vmm_pci_owned *o)
{
	const struct vmm_pci_ops *ops = o->ops;
	unsigned n;

	if (ops->hold)
		ops->hold(o->dev, true);
	o->command &= (uint16_t)~SHADOWED;
	o->power = 0;
	for (n = 0; n < VMM_PCI_BARS; n++)
		o->bar[n] = 0;
	if (ops->reset)
		ops->reset(o->dev, true);
	if (ops->hold)
		ops->hold(o->dev, false);
}

static void command_write(struct vmm_pci_owned *o, uint16_t value)
{
	unsigned io = o->first_command & VMM_PCI_COMMAND_IO;
	uint32_t hw = vmm_pci_read(o->dev, VMM_PCI_COMMAND, 2);

	vmm_pci_write(o->dev, VMM_PCI_COMMAND, 2, (value & ~SHADOWED) |
		      FORCED | io | (hw & VMM_PCI_COMMAND_INTX_OFF));
	o->command = value;
	if (value & (VMM_PCI_COMMAND_IO | VMM_PCI_COMMAND_MEM))
		pci_bars_apply(o);
}

static void power_write(struct vmm_pci_owned *o, uint16_t value)
{
	bool woken = o->power == 3 && (value & PM_STATE) == 0;

	vmm_pci_write(o->dev, o->pm + PM_CSR, 2, value & ~PM_STATE);
	o->power = value & PM_STATE;
	if (woken && !(vmm_pci_read(o->dev, o->pm + PM_CSR, 2) & PM_NO_RESET))
		function_reset(o);
}

/* The 16 bits at offset become value. */
static void special_write(struct vmm_pci_owned *o, unsigned offset,
			  uint16_t value)
{
	switch (special_at(o, offset)) {
	case COMMAND:
		command_write(o, value);
		break;
	case POWER:
		power_write(o, value);
		break;
	case EXPRESS:
		vmm_pci_write(o->dev, offset, 2, value & ~EXPRESS_FLR);
		if (value & EXPRESS_FLR)
			function_reset(o);
		break;
	default:
		if (value & AF_FLR)
			function_reset(o);
	}
}

/* A part of an access that is in one half of a dword. */
static void half_write(struct vmm_pci_owned *o, unsigned offset, unsigned size,
		       uint32_t value)
{
	unsigned half = offset & ~1u;

	if (special_at(o, half))
		special_write(o, half, (uint16_t)
			      merge(half_read(o, half), offset & 1, size,
				    value));
	else
		vmm_pci_write(o->dev, offset, size, value);
}

static void kept_write(struct vmm_pci_owned *o, unsigned offset, unsigned size,
		       uint32_t value)
{
	unsigned dword = offset & ~3u, n = (dword - VMM_PCI_BAR0) / 4, low;

	if (is_bar(offset)) {
		pci_bars_guest_write(o, n, merge(pci_bars_guest_read(o, n),
						 offset & 3, size, value));
	} else if (!special_at(o, dword) && !special_at(o, dword + 2)) {
		vmm_pci_write(o->dev, offset, size, value);
	} else {
		/* What is before the middle of the dword, and behind it. */
		low = dword + 2 > offset ? dword + 2 - offset : 0;
		if (low > size)
			low = size;
		if (low)
			half_write(o, offset, low,
				   extract(value, 0, low));
		if (low < size)
			half_write(o, offset + low, size - low,
				   value >> low * 8);
	}
}

/* --- registers of the hardware that the VMM watches --- */

static void watched_write(struct vmm_pci_owned *o, unsigned offset,
			  unsigned size, uint32_t value)
{
	unsigned dword = offset & ~3u;

	vmm_pci_write(o->dev, offset, size, value);
	if (is_bar(offset))
		o->probing[(dword - VMM_PCI_BAR0) / 4] =
			size == 4 && value == UINT32_MAX;
	if (is_bar(offset) || dword == VMM_PCI_COMMAND ||
	    (o->pm && dword == o->pm + PM_CSR))
		pci_bars_update(o);
}

uint32_t vmm_pci_guest_read(struct vmm_pci_dev *dev, unsigned offset,
			    unsigned size)
{
	if (dev->owned->flags & VMM_PCI_KEEP)
		return kept_read(dev->owned, offset, size);
	return vmm_pci_read(dev, offset, size);
}

void vmm_pci_guest_write(struct vmm_pci_dev *dev, unsigned offset,
			 unsigned size, uint32_t value)
{
	if (dev->owned->flags & VMM_PCI_KEEP)
		kept_write(dev->owned, offset, size, value);
	else
		watched_write(dev->owned, offset, size, value);
}

uint32_t pci_owned_read(struct vmm_pci_owned *o, unsigned offset,
			unsigned size)
{
	pci_restore_lost(o);
	if (o->ops && o->ops->config_read)
		return o->ops->config_read(o->dev, offset, size);
	return vmm_pci_guest_read(o->dev, offset, size);
}

void pci_owned_write(struct vmm_pci_owned *o, unsigned offset, unsigned size,
		     uint32_t value)
{
	pci_restore_lost(o);
	if (!o->ops)
		pci_bridge_write(o, offset, size, value);
	else if (o->ops->config_write)
		o->ops->config_write(o->dev, offset, size, value);
	else
		vmm_pci_guest_write(o->dev, offset, size, value);
}

uint32_t vmm_pci_absent_read(struct vmm_pci_dev *dev, unsigned offset,
			     unsigned size)
{
	(void)dev;
	(void)offset;
	return UINT32_MAX >> (32 - 8 * size);
}

void vmm_pci_absent_write(struct vmm_pci_dev *dev, unsigned offset,
			  unsigned size, uint32_t value)
{
	(void)dev;
	(void)offset;
	(void)size;
	(void)value;
}
