/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's ways to configuration space: the ports 0xCF8 and 0xCFC, hooked
 * while there is an owned function, and the ECAM pages of owned functions.
 * All else gets what the hardware says, by an access of the same width.
 */
#include <pci/pci_priv.h>
#include <vmm/error.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/mmio.h>

#define ADDRESS_ENABLE	UINT32_C(0x80000000)

struct vmm_spinlock pci_lock = VMM_SPINLOCK_INIT;

static bool data_hooked, address_hooked;

/* --- ports --- */

/* AMD's processors take bits 27:24 as the upper part of the offset. */
static struct vmm_pci_owned *selected(uint32_t address, uint16_t port,
				      unsigned *offset)
{
	const struct vmm_pci_addr addr = {
		.bus = (uint8_t)(address >> 16),
		.device = address >> 11 & 0x1f,
		.function = address >> 8 & 7,
	};

	*offset = (address & 0xfc) | (port & 3) | (address >> 16 & 0xf00);
	return address & ADDRESS_ENABLE ? pci_owned_at(addr) : NULL;
}

static uint32_t ports_read(uint16_t port, unsigned width)
{
	uint32_t value;

	pci_hw_ports_lock();
	value = vmm_port_read(port, width);
	pci_hw_ports_unlock();
	return value;
}

static void ports_write(uint16_t port, unsigned width, uint32_t value)
{
	pci_hw_ports_lock();
	vmm_port_write(port, width, value);
	pci_hw_ports_unlock();
}

static uint32_t data_read(struct vmm_vcpu *v, void *ctx, uint16_t port,
			  unsigned width)
{
	struct vmm_pci_owned *o;
	unsigned offset;
	uint32_t value;

	(void)v;
	(void)ctx;
	vmm_spin_lock(&pci_lock);
	o = selected(ports_read(PCI_CONFIG_ADDRESS, 4), port, &offset);
	value = o ? pci_owned_read(o, offset, width) :
		    ports_read(port, width);
	vmm_spin_unlock(&pci_lock);
	return value;
}

static void data_write(struct vmm_vcpu *v, void *ctx, uint16_t port,
		       unsigned width, uint32_t value)
{
	struct vmm_pci_owned *o;
	unsigned offset;

	(void)v;
	(void)ctx;
	vmm_spin_lock(&pci_lock);
	o = selected(ports_read(PCI_CONFIG_ADDRESS, 4), port, &offset);
	if (o)
		pci_owned_write(o, offset, width, value);
	else
		ports_write(port, width, value);
	vmm_spin_unlock(&pci_lock);
}

/* Only where the VMM itself selects registers while the guest runs.  (0xCF9,
 * accessed alone, is the chipset's reset control.) */
static uint32_t address_read(struct vmm_vcpu *v, void *ctx, uint16_t port,
			     unsigned width)
{
	(void)v;
	(void)ctx;
	return ports_read(port, width);
}

static void address_write(struct vmm_vcpu *v, void *ctx, uint16_t port,
			  unsigned width, uint32_t value)
{
	(void)v;
	(void)ctx;
	ports_write(port, width, value);
}

/* --- ECAM --- */

/* The largest part of an access that is in one dword, and of a size that
 * configuration space has. */
static unsigned part(uint64_t gpa, unsigned size)
{
	unsigned room = 4 - (gpa & 3);

	if (size <= room)
		return size;
	return gpa & 3 ? 1 : 4;
}

static int page_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		     unsigned size, uint64_t *value)
{
	struct vmm_pci_owned *o = ctx;
	unsigned done, n;

	(void)v;
	*value = 0;
	vmm_spin_lock(&pci_lock);
	for (done = 0; done < size; done += n) {
		n = part(gpa + done, size - done);
		*value |= (uint64_t)pci_owned_read(o, (unsigned)
				((gpa + done) & VMM_PAGE_MASK), n)
			<< done * 8;
	}
	vmm_spin_unlock(&pci_lock);
	return 0;
}

static int page_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		      unsigned size, uint64_t value)
{
	struct vmm_pci_owned *o = ctx;
	unsigned done, n;

	(void)v;
	vmm_spin_lock(&pci_lock);
	for (done = 0; done < size; done += n) {
		n = part(gpa + done, size - done);
		pci_owned_write(o, (unsigned)((gpa + done) & VMM_PAGE_MASK),
				n, (uint32_t)(value >> done * 8) &
				UINT32_MAX >> (32 - 8 * n));
	}
	vmm_spin_unlock(&pci_lock);
	return 0;
}

static const struct vmm_mmio_ops page_ops = { page_read, page_write };

static int hook_page(struct vmm *vmm, struct vmm_pci_owned *o)
{
	uint64_t page = o->unreachable ? 0 : pci_hw_page(o->dev->addr);
	int rc;

	if (o->page == page)
		return 0;
	if (o->page)
		vmm_mmio_unhook(vmm, o->page);
	o->page = 0;
	if (!page)
		return 0;
	rc = vmm_mmio_hook(vmm, page, VMM_PAGE_SIZE, &page_ops, o);
	if (rc == 0)
		o->page = page;
	return rc;
}

/* First all are taken away that are not where they belong: functions may
 * have changed places. */
void pci_access_rehook(struct vmm *vmm)
{
	unsigned i;

	for (i = 0; i < pci_owned_count; i++) {
		struct vmm_pci_owned *o = &pci_owned[i];

		if (o->page && (o->unreachable ||
				o->page != pci_hw_page(o->dev->addr))) {
			vmm_mmio_unhook(vmm, o->page);
			o->page = 0;
		}
	}
	for (i = 0; i < pci_owned_count; i++)
		if (hook_page(vmm, &pci_owned[i]) < 0)
			vmm_log_warning(VMM_PCI_FORMAT " cannot be followed to"
					" its new bus\n", VMM_PCI_ARGS(
					pci_owned[i].dev->addr));
}

int pci_access_hook(struct vmm *vmm)
{
	static const struct vmm_io_ops data = { data_read, data_write };
	static const struct vmm_io_ops address = {
		address_read, address_write
	};
	unsigned i;
	int rc;

	if (!pci_owned_count)
		return 0;
	rc = vmm_io_hook(vmm, PCI_CONFIG_DATA, 4, &data, NULL);
	data_hooked = rc == 0;
	if (rc == 0 && pci_hw_uses_ports()) {
		rc = vmm_io_hook(vmm, PCI_CONFIG_ADDRESS, 4, &address, NULL);
		address_hooked = rc == 0;
	}
	for (i = 0; rc == 0 && i < pci_owned_count; i++)
		rc = hook_page(vmm, &pci_owned[i]);
	return rc;
}

void pci_access_unhook(struct vmm *vmm)
{
	unsigned i;

	for (i = 0; i < pci_owned_count; i++)
		if (pci_owned[i].page)
			vmm_mmio_unhook(vmm, pci_owned[i].page);
	if (data_hooked)
		vmm_io_unhook(vmm, PCI_CONFIG_DATA);
	if (address_hooked)
		vmm_io_unhook(vmm, PCI_CONFIG_ADDRESS);
	data_hooked = address_hooked = false;
}
