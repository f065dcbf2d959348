/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The guest's accesses to configuration space and BARs of functions that the
 * VMM keeps, watches and conceals, while the hardware changes as it likes.
 * Whatever happens, locks are given back, and no register is looked for where
 * memory is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "pci_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NIC	UINT32_C(0x10d38086)
#define OWN	UINT64_C(0x70000000)	/* the VMM's memory */
#define OWN_END	UINT64_C(0x70400000)
#define RAM_END	UINT64_C(0x80000000)

static struct input {
	const uint8_t *at, *end;
} input;

static unsigned held;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t take(unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- && input.at < input.end)
		value = value << 8 | *input.at++;
	return value;
}

/* --- a driver --- */

static void hold(struct vmm_pci_dev *dev, bool on)
{
	(void)dev;
	check(held == !on);
	held = on;
}

static void reset(struct vmm_pci_dev *dev, bool function)
{
	(void)dev;
	(void)function;
	check(held);
}

static int bar_read(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		    unsigned size, uint64_t *value)
{
	const struct vmm_pci_bar *bar = ctx;

	(void)v;
	check(!held && offset < bar->size && size <= bar->size - offset);
	*value = 0;
	return 0;
}

static int bar_write(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		     unsigned size, uint64_t value)
{
	uint64_t ignored;

	(void)value;
	return bar_read(v, ctx, offset, size, &ignored);
}

static const struct vmm_pci_ops ops = { .hold = hold, .reset = reset };
static const struct vmm_pci_bar_ops bar_ops = { bar_read, bar_write };

static int64_t no_firmware(void *ctx, const struct bv_pci_location *location)
{
	(void)ctx;
	(void)location;
	return -ENODEV;
}

/* --- the machine --- */

static struct vmm_pci_dev *kept, *watched;

static void add_nic(int parent, unsigned device, uint64_t base)
{
	unsigned n = machine_add(parent, device, 0, NIC);

	machine_bar(n, 0, base, 0x20000, 0);
	machine_bar(n, 1, base + 0x20000, 0x20000, 0);
	machine_bar(n, 2, 0xc000 + (base >> 15 & 0x1e0), 0x20, PCI_BAR_IO);
	machine_bar(n, 4, UINT64_C(0x800000000) + base, 0x4000,
		    PCI_BAR_TYPE_64 | 8);
	machine_cap(n, 0x40, VMM_PCI_CAP_PM, 0x60);
	machine_cap(n, 0x60, VMM_PCI_CAP_EXPRESS, 0x80);
	machine_cap(n, 0x80, VMM_PCI_CAP_AF, take(1));
}

static void build(void)
{
	static const struct bv_handoff handoff = {
		.reserved_base = OWN, .reserved_size = OWN_END - OWN,
	};
	static const struct bv_boot_services services = {
		.pci_disconnect = no_firmware,
	};
	struct vmm_pci_dev *dev;
	bool ecam = take(1) & 1;

	held = 0;
	machine_reset(true);
	machine.last_bus = 1;	/* 256 of them take too long */
	vmm_machine.services = &services;
	vmm_machine.handoff = &handoff;
	vmm_machine.ram = (struct vmm_ram){
		.range = { { 0, OWN }, { OWN_END, RAM_END } }, .count = 2,
	};
	machine_add(-1, 0, 0, 0x29c08086);
	add_nic(-1, 2, 0xfeb00000);
	machine_add(-1, 6, 0, 0x000c1b36);
	machine_bridge(2, 1);
	add_nic(2, 0, 0xfe900000);
	add_nic(-1, 8, 0xfea00000);
	check(pci_scan(&vmm_machine) == 5);
	machine.ecam = ecam;
	kept = watched = NULL;
	for (unsigned i = 0; (dev = vmm_pci_device(i)) != NULL; i++) {
		if (vmm_pci_header16(dev, VMM_PCI_DEVICE) != NIC >> 16)
			continue;
		if (dev->addr.device == 8)
			check(vmm_pci_conceal.probe(&vmm_machine, dev, NULL) ==
			      0);
		else if (dev->addr.device == 2)
			kept = dev;
		else
			watched = dev;
	}
	vmm_pci_size_bars(kept);
	check(vmm_pci_own(&vmm_machine, kept, &ops, NULL, VMM_PCI_KEEP) == 0);
	check(vmm_pci_hook_bar(&vmm_machine, kept, 0, &bar_ops,
			       &kept->bar[0]) == 0);
	check(vmm_pci_hide_bars(&vmm_machine, kept) == 0);
	if (take(1) & 1)
		vmm_pci_size_bars(watched);
	check(vmm_pci_own(&vmm_machine, watched, &ops, NULL, 0) == 0);
	check(pci_bridges_watch(&vmm_machine) == 0);
	check(pci_access_hook(&vmm_machine) == 0);
}

/* --- what happens --- */

/* Mostly functions that there are. */
static uint32_t address(void)
{
	static const uint32_t there[] = { 0x1000, 0x13000, 0x4000, 0x1000000 };
	uint32_t n = take(1);

	return n < 200 ? (n & 1 ? 2u << 11 : n & 2 ? 6u << 11 :
			  n & 4 ? 1u << 16 : 8u << 11) : there[n % 4] ^ n;
}

/* Mostly addresses that mean something. */
static uint32_t value(void)
{
	static const uint32_t those[] = {
		0, UINT32_MAX, 3, 7, 0x8000, 0x70000000, 0x703e0000,
		0xfeb00000, 0xfeb20000, 0xfea20000, 0x100000, 0xd0000000,
	};
	uint32_t n = take(1);

	return n < 200 ? those[n % VMM_ARRAY_SIZE(those)] : take(4);
}

static void by_ports(bool write)
{
	static const unsigned widths[] = { 1, 2, 4, 4 };
	uint32_t at = address(), offset = take(1);
	unsigned width = widths[take(1) % 4];
	uint16_t port;

	offset &= ~(width - 1);
	port = (uint16_t)(PCI_CONFIG_DATA + (offset & 3));
	guest_out(PCI_CONFIG_ADDRESS, 4, UINT32_C(0x80000000) | at |
		  (offset & 0xfc));
	if (write)
		guest_out(port, width, value());
	else
		guest_in(port, width);
}

static void by_memory(bool write)
{
	unsigned size = 1u << take(1) % 4, offset = take(2) & 0xfff;
	uint64_t at = MACHINE_ECAM |
		((uint64_t)address() << 4 & ~VMM_PAGE_MASK);

	if (!machine.ecam)
		return;
	if (offset > 0x1000 - size)
		offset = 0x1000 - size;
	if (write)
		guest_store(at | offset, size, (uint64_t)value() << 32 |
			    value());
	else
		guest_load(at | offset, size);
}

/* An access to what is hooked. */
static void to_hook(bool write)
{
	const struct machine_hook *h = machine.hooks ?
		&machine.hook[take(1) % machine.hooks] : NULL;
	unsigned size = 1u << take(1) % 4;
	uint64_t at;

	if (!h || h->io || h->size < size)
		return;
	at = h->at + (take(2) % (h->size / size)) * size;
	if (write)
		guest_store(at, size, take(4));
	else
		guest_load(at, size);
}

static void hardware(void)
{
	struct machine_function *f = &machine.function[1 + take(1) % 4];
	unsigned offset = take(1);

	if (offset < 4)
		f->dead = !f->dead;
	else
		f->space[offset] = (uint8_t)take(1);
}

/* --- what must hold --- */

static bool meets_own(uint64_t base, uint64_t size)
{
	return base < OWN_END && OWN < base + size;
}

static void check_all(void)
{
	check(!held);
	for (unsigned i = 0; i < machine.hooks; i++)
		check(machine.hook[i].io ||
		      !meets_own(machine.hook[i].at, machine.hook[i].size));
	for (unsigned n = 0; n < VMM_PCI_BARS; n++) {
		const struct vmm_pci_bar *bar = &kept->bar[n];

		if (bar->kind == VMM_PCI_BAR_MEM32 ||
		    bar->kind == VMM_PCI_BAR_MEM64)
			check(bar->base >= RAM_END);
		bar = &watched->bar[n];
		if (bar->kind == VMM_PCI_BAR_MEM32 ||
		    bar->kind == VMM_PCI_BAR_MEM64)
			check(!bar->base || bar->base >= RAM_END);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct input){ data, data + size };
	build();
	for (unsigned i = 0; i < 400 && input.at < input.end; i++) {
		uint32_t what = take(1);

		if (what % 8 < 3)
			by_ports(what & 8);
		else if (what % 8 < 5)
			by_memory(what & 8);
		else if (what % 8 < 7)
			to_hook(what & 8);
		else
			hardware();
		check_all();
	}
	return 0;
}
