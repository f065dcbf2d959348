/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration space of the hardware, by memory (PCI Express Base
 * Specification, 7.2.2 "PCI Express Enhanced Configuration Access Mechanism")
 * where ACPI's MCFG names it, else by the ports 0xCF8 and 0xCFC (PCI Local Bus
 * Specification 3.0, 3.2.2.3.2).
 */
#include <core/core_priv.h>
#include <pci/pci_priv.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/spinlock.h>
#include <vmm/x86.h>

#define ADDRESS_ENABLE	UINT32_C(0x80000000)
#define PORT_SPACE	0x100u

static struct vmm_acpi_mcfg range[VMM_ACPI_MAX_MCFG];
static unsigned ranges;
static struct vmm_spinlock port_lock = VMM_SPINLOCK_INIT;

static uint32_t ones(unsigned size)
{
	return UINT32_MAX >> (32 - 8 * size);
}

/* --- ports --- */

void pci_hw_ports_lock(void)
{
	vmm_spin_lock(&port_lock);
}

void pci_hw_ports_unlock(void)
{
	vmm_spin_unlock(&port_lock);
}

/* Select a register; returns what was selected.  The firmware's interrupt
 * handlers, and the guest, go on with what they had selected. */
static uint32_t select_register(struct vmm_pci_addr addr, unsigned offset)
{
	uint32_t old = vmm_port_read(PCI_CONFIG_ADDRESS, 4);

	vmm_port_write(PCI_CONFIG_ADDRESS, 4, ADDRESS_ENABLE |
		       (uint32_t)addr.bus << 16 |
		       (uint32_t)addr.device << 11 |
		       (uint32_t)addr.function << 8 | (offset & 0xfcu));
	return old;
}

static uint32_t port_access(struct vmm_pci_addr addr, unsigned offset,
			    unsigned size, bool write, uint32_t value)
{
	uint16_t port = (uint16_t)(PCI_CONFIG_DATA + (offset & 3));
	uint64_t rflags = x86_read_rflags();
	uint32_t old;

	if (addr.segment || offset >= PORT_SPACE)
		return ones(size);
	vmm_host_interrupts_off();
	pci_hw_ports_lock();
	old = select_register(addr, offset);
	if (write)
		vmm_port_write(port, size, value);
	else
		value = vmm_port_read(port, size);
	vmm_port_write(PCI_CONFIG_ADDRESS, 4, old);
	pci_hw_ports_unlock();
	if (rflags & X86_RFLAGS_IF)
		__asm__ volatile("sti" ::: "memory");
	return value;
}

/* --- memory --- */

uint64_t pci_hw_page(struct vmm_pci_addr addr)
{
	unsigned i;

	for (i = 0; i < ranges; i++)
		if (range[i].segment == addr.segment &&
		    addr.bus >= range[i].first_bus &&
		    addr.bus <= range[i].last_bus)
			return range[i].base +
				((uint64_t)addr.bus << PCI_ECAM_BUS_SHIFT |
				 (uint64_t)addr.device << 15 |
				 (uint64_t)addr.function << 12);
	return 0;
}

bool pci_hw_uses_ports(void)
{
	struct vmm_pci_addr addr = { 0, 0, 0, 0 };

	return pci_hw_page(addr) == 0;
}

bool pci_hw_range(unsigned n, struct vmm_acpi_mcfg *r)
{
	if (n >= ranges)
		return false;
	*r = range[n];
	return true;
}

uint32_t pci_hw_read(struct vmm_pci_addr addr, unsigned offset, unsigned size)
{
	uint64_t page = pci_hw_page(addr);

	if (page)
		return (uint32_t)vmm_device_read(page + offset, size);
	return port_access(addr, offset, size, false, 0);
}

void pci_hw_write(struct vmm_pci_addr addr, unsigned offset, unsigned size,
		  uint32_t value)
{
	uint64_t page = pci_hw_page(addr);

	if (page)
		vmm_device_write(page + offset, size, value);
	else
		port_access(addr, offset, size, true, value);
}

/* --- which of the two --- */

/* Does the range show the functions that the ports show?  A wrong table must
 * not lead the VMM into memory that is something else. */
static bool is_sound(struct vmm *vmm, const struct vmm_acpi_mcfg *r)
{
	uint64_t start = r->base + ((uint64_t)r->first_bus <<
				    PCI_ECAM_BUS_SHIFT);
	uint64_t size = (uint64_t)(r->last_bus - r->first_bus + 1) <<
		PCI_ECAM_BUS_SHIFT;
	struct vmm_pci_addr addr = { r->segment, r->first_bus, 0, 0 };
	unsigned device;

	if (!r->base || r->base & (VMM_PAGE_SIZE - 1) ||
	    r->last_bus < r->first_bus ||
	    vmm_device_map(vmm, start, size) < 0)
		return false;
	if (r->segment)
		return true;	/* the ports do not show it */
	for (device = 0; device < 32; device++) {
		addr.device = (uint8_t)device;
		if (port_access(addr, 0, 4, false, 0) !=
		    vmm_device_read(start + ((uint64_t)device << 15), 4))
			return false;
	}
	return true;
}

void pci_hw_init(struct vmm *vmm)
{
	const struct vmm_acpi *acpi = &vmm->acpi;
	unsigned i;

	ranges = 0;
	for (i = 0; i < acpi->mcfg_count; i++) {
		const struct vmm_acpi_mcfg *r = &acpi->mcfg[i];

		if (is_sound(vmm, r))
			range[ranges++] = *r;
		else
			vmm_log_warning("MCFG [%u] %04X:%02X-%02X at %llX is"
					" not used: it does not show the"
					" configuration space\n", i,
					r->segment, r->first_bus, r->last_bus,
					(unsigned long long)r->base);
	}
}
