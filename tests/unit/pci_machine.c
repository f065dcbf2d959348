/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/log.h>
#include "pci_machine.h"

struct machine machine;
struct vmm vmm_machine;

/* --- its functions --- */

static unsigned bus_of(const struct machine_function *f)
{
	return f->parent < 0 ? 0 :
		machine.function[f->parent].space[PCI_BRIDGE_BUSES + 1];
}

static struct machine_function *function_at(unsigned bus, unsigned device,
					    unsigned function)
{
	for (unsigned i = 0; i < machine.functions; i++) {
		struct machine_function *f = &machine.function[i];

		if (!f->dead && f->device == device &&
		    f->function == function && bus_of(f) == bus &&
		    (f->parent < 0 || bus))
			return f;
	}
	return NULL;
}

static uint32_t space_read(const struct machine_function *f, unsigned offset,
			   unsigned size)
{
	uint32_t value = 0;

	if (!f)
		return UINT32_MAX >> (32 - 8 * size);
	for (unsigned i = 0; i < size; i++)
		value |= (uint32_t)f->space[offset + i] << 8 * i;
	return value;
}

static void space_write(struct machine_function *f, unsigned offset,
			unsigned size, uint32_t value)
{
	machine.writes++;
	for (unsigned i = 0; f && i < size; i++, value >>= 8) {
		uint8_t *byte = &f->space[offset + i];
		uint8_t mask = f->writable[offset + i];

		*byte = (uint8_t)((*byte & ~mask) | (value & mask));
		*byte &= (uint8_t)~(value & f->clears[offset + i]);
	}
}

void machine_reset(bool ecam)
{
	static const struct bv_handoff handoff;	/* the VMM is nowhere */

	vmm_machine.handoff = &handoff;
	memset(&machine, 0, sizeof(machine));
	machine.ecam = ecam;
	machine.last_bus = 0xff;
	pci_access_unhook(&vmm_machine);
	machine.hooks = 0;
	pci_owned_count = 0;
	pci_scan_forget(&vmm_machine);
}

void put(unsigned n, unsigned offset, unsigned size, uint32_t value)
{
	for (unsigned i = 0; i < size; i++)
		machine.function[n].space[offset + i] =
			(uint8_t)(value >> 8 * i);
}

uint32_t get(unsigned n, unsigned offset, unsigned size)
{
	return space_read(&machine.function[n], offset, size);
}

static void allow(unsigned n, unsigned offset, uint32_t mask)
{
	for (unsigned i = 0; i < 4; i++)
		machine.function[n].writable[offset + i] =
			(uint8_t)(mask >> 8 * i);
}

unsigned machine_add(int parent, unsigned device, unsigned function,
		     uint32_t id)
{
	unsigned n = machine.functions++;

	machine.function[n] = (struct machine_function){
		.device = (uint8_t)device, .function = (uint8_t)function,
		.parent = parent,
	};
	put(n, VMM_PCI_VENDOR, 4, id);
	put(n, VMM_PCI_COMMAND, 2, 3);
	allow(n, VMM_PCI_COMMAND, 0x0507);
	machine.function[n].clears[VMM_PCI_STATUS + 1] = 0xf9;
	allow(n, 0x3c, 0xff);
	return n;
}

void machine_bridge(unsigned n, unsigned secondary)
{
	put(n, VMM_PCI_HEADER_TYPE, 1, PCI_HEADER_BRIDGE);
	put(n, PCI_BRIDGE_BUSES + 1, 2, secondary | secondary << 8);
	allow(n, PCI_BRIDGE_BUSES, 0xffffff);
	allow(n, PCI_BRIDGE_CONTROL - 2, 0xff00ff);
}

void machine_bar(unsigned n, unsigned bar, uint64_t base, uint64_t size,
		 unsigned kind)
{
	uint64_t mask = ~(size - 1);
	unsigned offset = VMM_PCI_BAR0 + 4 * bar;

	put(n, offset, 4, (uint32_t)base | kind);
	allow(n, offset, (uint32_t)mask & ~0xfu);
	if (kind == PCI_BAR_IO)
		allow(n, offset, (uint32_t)mask & ~0x3u & UINT16_MAX);
	if ((kind & PCI_BAR_TYPE_MASK) != PCI_BAR_TYPE_64)
		return;
	put(n, offset + 4, 4, (uint32_t)(base >> 32));
	allow(n, offset + 4, (uint32_t)(mask >> 32));
}

void machine_cap(unsigned n, unsigned at, unsigned id, unsigned next)
{
	if (!machine.function[n].space[VMM_PCI_CAPS])
		put(n, VMM_PCI_CAPS, 1, at);
	put(n, VMM_PCI_STATUS, 1, 0x10);
	put(n, at, 2, id | next << 8);
	for (unsigned i = 2; i < 24; i++)
		machine.function[n].writable[at + i] = 0xff;
}

/* --- what libvmm/pci calls --- */

uint64_t pci_hw_page(struct vmm_pci_addr addr)
{
	return machine.ecam ? MACHINE_ECAM + ((uint64_t)addr.bus << 20 |
		(uint64_t)addr.device << 15 | (uint64_t)addr.function << 12) :
		0;
}

bool pci_hw_uses_ports(void)
{
	return !machine.ecam;
}

bool pci_hw_range(unsigned n, struct vmm_acpi_mcfg *r)
{
	*r = (struct vmm_acpi_mcfg){ .base = MACHINE_ECAM,
		.last_bus = machine.last_bus };
	return machine.ecam && n == 0;
}

void pci_hw_ports_lock(void)
{
}

void pci_hw_ports_unlock(void)
{
}

uint32_t pci_hw_read(struct vmm_pci_addr addr, unsigned offset, unsigned size)
{
	return space_read(function_at(addr.bus, addr.device, addr.function),
			  offset, size);
}

void pci_hw_write(struct vmm_pci_addr addr, unsigned offset, unsigned size,
		  uint32_t value)
{
	space_write(function_at(addr.bus, addr.device, addr.function),
		    offset, size, value);
}

static struct machine_function *selected(unsigned *offset, uint16_t port)
{
	*offset = (machine.address & 0xfc) | (port & 3);
	return machine.address >> 31 ?
		function_at(machine.address >> 16 & 0xff,
			    machine.address >> 11 & 0x1f,
			    machine.address >> 8 & 7) : NULL;
}

uint32_t vmm_port_read(uint16_t port, unsigned width)
{
	struct machine_function *f;
	unsigned offset;

	if (port < PCI_CONFIG_DATA)
		return width == 4 ? machine.address : 0;
	f = selected(&offset, port);
	return space_read(f, offset, width);
}

void vmm_port_write(uint16_t port, unsigned width, uint32_t value)
{
	struct machine_function *f;
	unsigned offset;

	if (port < PCI_CONFIG_DATA) {
		if (width == 4)
			machine.address = value;
		return;
	}
	f = selected(&offset, port);
	space_write(f, offset, width, value);
}

static int add_hook(struct machine_hook hook)
{
	for (unsigned i = 0; i < machine.hooks; i++)
		if (machine.hook[i].io == hook.io &&
		    machine.hook[i].at < hook.at + hook.size &&
		    hook.at < machine.hook[i].at + machine.hook[i].size)
			return -EINVAL;
	if (machine.hooks == MACHINE_HOOKS)
		return -ENOSPC;
	machine.hook[machine.hooks++] = hook;
	return 0;
}

static void remove_hook(uint64_t at, bool io)
{
	for (unsigned i = 0; i < machine.hooks; i++)
		if (machine.hook[i].at == at && machine.hook[i].io == io)
			machine.hook[i] = machine.hook[--machine.hooks];
}

int vmm_mmio_hook(struct vmm *vmm, uint64_t gpa, uint64_t size,
		  const struct vmm_mmio_ops *ops, void *ctx)
{
	(void)vmm;
	return add_hook((struct machine_hook){
		.at = gpa, .size = size, .mem_ops = ops, .ctx = ctx });
}

void vmm_mmio_unhook(struct vmm *vmm, uint64_t gpa)
{
	(void)vmm;
	remove_hook(gpa, false);
}

int vmm_io_hook(struct vmm *vmm, uint16_t first, uint16_t count,
		const struct vmm_io_ops *ops, void *ctx)
{
	(void)vmm;
	return add_hook((struct machine_hook){
		.at = first, .size = count, .io = true, .io_ops = ops,
		.ctx = ctx });
}

void vmm_io_unhook(struct vmm *vmm, uint16_t first)
{
	(void)vmm;
	remove_hook(first, true);
}

int vmm_device_map(struct vmm *vmm, uint64_t pa, uint64_t size)
{
	(void)vmm;
	return pa + size < pa || pa + size > UINT64_C(1) << 47 ? -EINVAL : 0;
}

uint64_t vmm_device_read(uint64_t pa, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, &machine.registers[pa - MACHINE_REGISTERS], size);
	return value;
}

void vmm_device_write(uint64_t pa, unsigned size, uint64_t value)
{
	memcpy(&machine.registers[pa - MACHINE_REGISTERS], &value, size);
}

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
	machine.lines++;
}

bool vmm_ratelimit_ok(struct vmm_ratelimit *limit, uint32_t *suppressed)
{
	(void)limit;
	*suppressed = 0;
	return true;
}

/* --- the guest --- */

const struct machine_hook *machine_hook_at(uint64_t at, bool io)
{
	for (unsigned i = 0; i < machine.hooks; i++)
		if (machine.hook[i].io == io && at >= machine.hook[i].at &&
		    at - machine.hook[i].at < machine.hook[i].size)
			return &machine.hook[i];
	return NULL;
}

uint32_t guest_in(uint16_t port, unsigned width)
{
	const struct machine_hook *h = machine_hook_at(port, true);

	return (h ? h->io_ops->read(NULL, h->ctx, port, width) :
		vmm_port_read(port, width)) & UINT32_MAX >> (32 - 8 * width);
}

void guest_out(uint16_t port, unsigned width, uint32_t value)
{
	const struct machine_hook *h = machine_hook_at(port, true);

	if (h)
		h->io_ops->write(NULL, h->ctx, port, width, value);
	else
		vmm_port_write(port, width, value);
}

static struct machine_function *ecam_function(uint64_t gpa)
{
	uint64_t at = gpa - MACHINE_ECAM;

	return function_at(at >> 20 & 0xff, at >> 15 & 0x1f, at >> 12 & 7);
}

/* Configuration space by memory: what is not hooked is the hardware's. */
uint64_t guest_load(uint64_t gpa, unsigned size)
{
	const struct machine_hook *h = machine_hook_at(gpa, false);
	uint64_t value = 0;

	if (h) {
		h->mem_ops->read(NULL, h->ctx, gpa, size, &value);
		return value;
	}
	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)space_read(ecam_function(gpa),
					      (gpa & 0xfff) + i, 1) << 8 * i;
	return value;
}

void guest_store(uint64_t gpa, unsigned size, uint64_t value)
{
	const struct machine_hook *h = machine_hook_at(gpa, false);

	if (h) {
		h->mem_ops->write(NULL, h->ctx, gpa, size, value);
		return;
	}
	for (unsigned i = 0; i < size; i++)
		space_write(ecam_function(gpa), (gpa & 0xfff) + i, 1,
			    (uint8_t)(value >> 8 * i));
}
