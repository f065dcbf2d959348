/* SPDX-License-Identifier: BSD-3-Clause */
/* What the guest sees of functions that drivers own, and what reaches the
 * hardware: scan, ports, ECAM, BARs that move, resets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "pci_machine.h"

#define HOST	UINT32_C(0x29c08086)
#define NIC	UINT32_C(0x10d38086)
#define PORT	UINT32_C(0x000c1b36)
#define OTHER	UINT32_C(0xabcd1234)

#define KEPT_PM		0x40u
#define KEPT_EXPRESS	0x60u
#define CSR		(KEPT_PM + 4)
#define CONTROL		(KEPT_EXPRESS + 8)

static struct {
	unsigned holds, releases, resets, function_resets;
	bool held;
	uint64_t offset, value;
	unsigned size, reads, writes;
} driver;

/* --- a driver --- */

static void hold(struct vmm_pci_dev *dev, bool on)
{
	(void)dev;
	assert_int_not_equal(driver.held, on);
	driver.held = on;
	driver.holds += on;
	driver.releases += !on;
}

static void reset(struct vmm_pci_dev *dev, bool function)
{
	(void)dev;
	assert_true(driver.held);
	driver.resets++;
	driver.function_resets += function;
}

static int bar_read(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		    unsigned size, uint64_t *value)
{
	(void)v;
	assert_ptr_equal(ctx, &driver);
	driver.reads++;
	driver.offset = offset;
	driver.size = size;
	*value = 0x1122334455667788 & UINT64_MAX >> (64 - 8 * size);
	return 0;
}

static int bar_write(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		     unsigned size, uint64_t value)
{
	(void)v;
	assert_ptr_equal(ctx, &driver);
	driver.writes++;
	driver.offset = offset;
	driver.size = size;
	driver.value = value;
	return 0;
}

static const struct vmm_pci_bar_ops bar_ops = { bar_read, bar_write };
static const struct vmm_pci_ops nic_ops = { .hold = hold, .reset = reset };

static int64_t no_firmware(void *ctx, const struct bv_pci_location *location)
{
	(void)ctx;
	(void)location;
	return -ENODEV;
}

static const struct bv_boot_services services = {
	.pci_disconnect = no_firmware,
};

/* --- the machine: 0 host bridge, 1 NIC at 00:02.0, 2 root port at 00:06.0,
 * 3 NIC behind it at 01:00.0, 4 and 5 00:1f.0 and .2 --- */

static void build(bool ecam)
{
	memset(&driver, 0, sizeof(driver));
	machine_reset(ecam);
	vmm_machine.services = &services;
	machine_add(-1, 0, 0, HOST);
	machine_add(-1, 2, 0, NIC);
	machine_bar(1, 0, 0xfeb00000, 0x20000, 0);
	machine_bar(1, 1, 0xc000, 0x20, PCI_BAR_IO);
	machine_bar(1, 2, UINT64_C(0x800000000), 0x4000,
		    PCI_BAR_TYPE_64 | 8);
	machine_cap(1, KEPT_PM, VMM_PCI_CAP_PM, KEPT_EXPRESS);
	machine_cap(1, KEPT_EXPRESS, VMM_PCI_CAP_EXPRESS, 0);
	machine_add(-1, 6, 0, PORT);
	machine_bridge(2, 1);
	machine_add(2, 0, 0, NIC);
	machine_bar(3, 0, 0xfe900000, 0x1000, 0);
	machine_add(-1, 0x1f, 0, OTHER);
	put(4, VMM_PCI_HEADER_TYPE, 1, PCI_HEADER_MULTI);
	machine_add(-1, 0x1f, 2, OTHER + 1);
	assert_int_equal(pci_scan(&vmm_machine), 6);
}

static struct vmm_pci_dev *dev_of(unsigned n)
{
	struct vmm_pci_dev *dev;

	for (unsigned i = 0; (dev = vmm_pci_device(i)) != NULL; i++)
		if (dev->addr.device == machine.function[n].device &&
		    dev->addr.function == machine.function[n].function &&
		    !!dev->parent == (machine.function[n].parent >= 0))
			return dev;
	fail();
	return NULL;
}

static void start(void)
{
	assert_int_equal(pci_bridges_watch(&vmm_machine), 0);
	assert_int_equal(pci_access_hook(&vmm_machine), 0);
}

static struct vmm_pci_dev *own(unsigned n, unsigned flags)
{
	struct vmm_pci_dev *dev = dev_of(n);

	vmm_pci_size_bars(dev);
	assert_int_equal(vmm_pci_own(&vmm_machine, dev, &nic_ops, NULL,
				     flags), 0);
	return dev;
}

static void conceal(unsigned n)
{
	assert_int_equal(vmm_pci_conceal.probe(&vmm_machine, dev_of(n), NULL),
			 0);
}

static void select_register(unsigned bus, unsigned device, unsigned function,
			    unsigned offset)
{
	guest_out(PCI_CONFIG_ADDRESS, 4, UINT32_C(0x80000000) | bus << 16 |
		  device << 11 | function << 8 | (offset & 0xfc));
}

static uint32_t port_read(unsigned bus, unsigned device, unsigned offset,
			  unsigned width)
{
	select_register(bus, device, 0, offset);
	return guest_in((uint16_t)(PCI_CONFIG_DATA + (offset & 3)), width);
}

static void port_write(unsigned bus, unsigned device, unsigned offset,
		       unsigned width, uint32_t value)
{
	select_register(bus, device, 0, offset);
	guest_out((uint16_t)(PCI_CONFIG_DATA + (offset & 3)), width, value);
}

static uint64_t ecam(unsigned bus, unsigned device, unsigned function)
{
	return MACHINE_ECAM | bus << 20 | device << 15 | function << 12;
}

/* --- scan --- */

static void test_scan(void **state)
{
	struct vmm_pci_dev *dev;

	(void)state;
	build(false);
	assert_int_equal(machine.writes, 0);
	assert_null(vmm_pci_device(6));
	assert_ptr_equal(dev_of(3)->parent, dev_of(2));
	assert_null(dev_of(2)->parent);
	assert_int_equal(dev_of(3)->addr.bus, 1);
	assert_int_equal(dev_of(5)->addr.function, 2);
	dev = dev_of(1);
	assert_int_equal(dev->bar[0].kind, VMM_PCI_BAR_MEM32);
	assert_int_equal(dev->bar[0].base, 0xfeb00000);
	assert_int_equal(dev->bar[0].size, 0);
	assert_int_equal(dev->bar[1].kind, VMM_PCI_BAR_IO);
	assert_int_equal(dev->bar[1].base, 0xc000);
	assert_int_equal(dev->bar[2].kind, VMM_PCI_BAR_MEM64);
	assert_true(dev->bar[2].base == UINT64_C(0x800000000));
	assert_int_equal(dev->bar[3].kind, VMM_PCI_BAR_NONE);
	assert_int_equal(vmm_pci_header16(dev, VMM_PCI_DEVICE), 0x10d3);
	/* function 1 of a device with one function is not looked at */
	machine_reset(true);
	machine_add(-1, 0, 0, HOST);
	machine_add(-1, 0, 1, OTHER);
	assert_int_equal(pci_scan(&vmm_machine), 1);
}

static void test_sizes(void **state)
{
	struct machine before;
	struct vmm_pci_dev *dev;

	(void)state;
	build(false);
	before = machine;
	dev = dev_of(1);
	vmm_pci_size_bars(dev);
	assert_memory_equal(before.function, machine.function,
			    sizeof(before.function));
	assert_int_equal(dev->bar[0].size, 0x20000);
	assert_int_equal(dev->bar[1].size, 0x20);
	assert_int_equal(dev->bar[2].size, 0x4000);
	assert_int_equal(dev->bar[4].kind, VMM_PCI_BAR_NONE);
	assert_int_equal(dev->bar[5].kind, VMM_PCI_BAR_NONE);
}

/* --- accesses --- */

static void test_nothing_owned(void **state)
{
	(void)state;
	build(true);
	start();
	assert_int_equal(machine.hooks, 0);
	build(false);
	start();
	assert_int_equal(machine.hooks, 0);
}

static void test_conceal_by_ports(void **state)
{
	struct machine before;

	(void)state;
	build(false);
	conceal(1);
	assert_int_equal(get(1, VMM_PCI_COMMAND, 2), VMM_PCI_COMMAND_INTX_OFF);
	start();
	assert_non_null(machine_hook_at(PCI_CONFIG_ADDRESS, true));
	before = machine;
	for (unsigned offset = 0; offset < 256; offset += 4) {
		assert_int_equal(port_read(0, 2, offset, 4), UINT32_MAX);
		assert_int_equal(port_read(0, 2, offset + 2, 2), UINT16_MAX);
		assert_int_equal(port_read(0, 2, offset + 3, 1), UINT8_MAX);
		port_write(0, 2, offset, 4, offset);
		port_write(0, 2, offset + 1, 1, 0);
		/* the others are as ever */
		assert_int_equal(port_read(0, 0, offset, 4),
				 get(0, offset, 4));
		assert_int_equal(port_read(1, 0, offset + 1, 1),
				 get(3, offset + 1, 1));
		assert_int_equal(port_read(2, 0, offset, 4), UINT32_MAX);
	}
	assert_memory_equal(before.function, machine.function,
			    sizeof(before.function));
	port_write(0, 6, 0x3c, 1, 0x5a);
	assert_int_equal(get(2, 0x3c, 1), 0x5a);
	/* without the enable bit it is no configuration access */
	guest_out(PCI_CONFIG_ADDRESS, 4, 2 << 11);
	assert_int_equal(guest_in(PCI_CONFIG_ADDRESS, 4), 2 << 11);
	assert_int_equal(guest_in(PCI_CONFIG_DATA, 4), UINT32_MAX);
}

static void test_conceal_by_memory(void **state)
{
	(void)state;
	build(true);
	conceal(1);
	start();
	/* the data port, one page and three BARs; nothing else exits */
	assert_int_equal(machine.hooks, 5);
	assert_int_equal(guest_load(0xfeb0fffc, 4), UINT32_MAX);
	assert_true(guest_load(UINT64_C(0x800003ff8), 8) == UINT64_MAX);
	assert_int_equal(guest_in(0xc01f, 1), UINT8_MAX);
	assert_null(machine_hook_at(0xfeb20000, false));
	assert_null(machine_hook_at(PCI_CONFIG_ADDRESS, true));
	assert_non_null(machine_hook_at(ecam(0, 2, 0), false));
	machine.writes = 0;
	for (unsigned i = 0; i < 4096; i++) {
		assert_int_equal(guest_load(ecam(0, 2, 0) + i, 1), UINT8_MAX);
		guest_store(ecam(0, 2, 0) + i, 1, 0);
	}
	assert_true(guest_load(ecam(0, 2, 0), 8) == UINT64_MAX);
	assert_int_equal(guest_load(ecam(0, 2, 0) + 3, 4), UINT32_MAX);
	assert_int_equal(port_read(0, 2, 0, 4), UINT32_MAX);
	assert_int_equal(machine.writes, 0);
	assert_int_equal(guest_load(ecam(0, 0, 0), 4), HOST);
	assert_int_equal(port_read(0, 0, 0, 4), HOST);
}

/* --- a function that the VMM watches --- */

static struct vmm_pci_dev *watch(void)
{
	struct vmm_pci_dev *dev;

	build(false);
	dev = own(1, 0);
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, n,
						  &bar_ops, &driver), 0);
	assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, 3, &bar_ops,
					  &driver), -EINVAL);
	assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, 6, &bar_ops,
					  &driver), -EINVAL);
	start();
	return dev;
}

static void test_watched(void **state)
{
	struct vmm_pci_dev *dev = watch();

	(void)state;
	assert_int_equal(machine.hooks, 5);
	assert_int_equal(guest_load(0xfeb00010, 4), 0x55667788);
	assert_int_equal(driver.offset, 0x10);
	guest_out(0xc01c, 2, 0xbeef);
	assert_int_equal(driver.offset, 0x1c);
	assert_int_equal(driver.value, 0xbeef);
	assert_int_equal(guest_load(UINT64_C(0x800003ff8), 8),
			 UINT64_C(0x1122334455667788));
	assert_int_equal(driver.offset, 0x3ff8);
	/* all goes to the hardware */
	port_write(0, 2, 0x3c, 1, 11);
	assert_int_equal(get(1, 0x3c, 1), 11);
	assert_int_equal(port_read(0, 2, 0, 4), NIC);
	/* a size probe with decoding on does not move the hook */
	port_write(0, 2, 0x10, 4, UINT32_MAX);
	assert_int_equal(port_read(0, 2, 0x10, 4), 0xfffe0000);
	assert_non_null(machine_hook_at(0xfeb00000, false));
	port_write(0, 2, 0x10, 4, 0xfeb00000);
	assert_non_null(machine_hook_at(0xfeb00000, false));
	assert_int_equal(machine.hooks, 5);
	/* nor one of the upper half */
	port_write(0, 2, 0x1c, 4, UINT32_MAX);
	assert_int_equal(port_read(0, 2, 0x1c, 4), UINT32_MAX);
	port_write(0, 2, 0x1c, 4, 8);
	assert_true(dev->bar[2].base == UINT64_C(0x800000000));
}

static void test_watched_moves(void **state)
{
	struct vmm_pci_dev *dev = watch();

	(void)state;
	port_write(0, 2, VMM_PCI_COMMAND, 2, 0);
	assert_int_equal(machine.hooks, 2);	/* the ports of PCI */
	port_write(0, 2, 0x10, 4, 0xd0000000);
	port_write(0, 2, 0x14, 4, 0xd000);
	port_write(0, 2, 0x18, 4, 0x10000);
	port_write(0, 2, 0x1c, 4, 9);
	assert_int_equal(machine.hooks, 2);
	port_write(0, 2, VMM_PCI_COMMAND, 2, VMM_PCI_COMMAND_MEM);
	assert_non_null(machine_hook_at(0xd0000000, false));
	assert_non_null(machine_hook_at(UINT64_C(0x900010000), false));
	assert_null(machine_hook_at(0xd000, true));
	port_write(0, 2, VMM_PCI_COMMAND, 1, 3);
	assert_non_null(machine_hook_at(0xd000, true));
	assert_int_equal(dev->bar[0].base, 0xd0000000);
	/* by bytes, with decoding on */
	port_write(0, 2, 0x13, 1, 0xd1);
	assert_null(machine_hook_at(0xd0000000, false));
	assert_non_null(machine_hook_at(0xd1000000, false));
	/* in D3 nothing is decoded */
	port_write(0, 2, CSR, 2, 3);
	assert_int_equal(machine.hooks, 2);
	port_write(0, 2, CSR, 2, 0);
	assert_int_equal(machine.hooks, 5);
	/* nothing is at 0 */
	port_write(0, 2, 0x10, 4, 0);
	assert_int_equal(machine.hooks, 4);
}

/* Out of its slot while the guest has it: its registers are ones, and what the
 * guest then does to them moves nothing. */
static void test_watched_unplugged(void **state)
{
	struct vmm_pci_dev *dev = watch();

	(void)state;
	machine.function[1].dead = true;
	assert_int_equal(port_read(0, 2, VMM_PCI_VENDOR, 4), UINT32_MAX);
	port_write(0, 2, 0x10, 4, UINT32_MAX);
	port_write(0, 2, 0x10, 4, 0xd0000000);
	port_write(0, 2, VMM_PCI_COMMAND, 2, 0);
	port_write(0, 2, VMM_PCI_COMMAND, 2, 7);
	port_write(0, 2, CSR, 2, 3);
	port_write(0, 2, CSR, 2, 0);
	assert_null(machine_hook_at(0xd0000000, false));
	assert_null(machine_hook_at(UINT64_C(0xfffff000), false));
	/* It is back, as it comes out of a reset, and programmed. */
	machine.function[1].dead = false;
	put(1, VMM_PCI_COMMAND, 2, 0);
	put(1, 0x10, 4, 0);
	port_write(0, 2, 0x10, 4, 0xd0000000);
	port_write(0, 2, VMM_PCI_COMMAND, 2, 3);
	assert_int_equal(dev->bar[0].base, 0xd0000000);
	assert_non_null(machine_hook_at(0xd0000000, false));
}

/* --- a device that the VMM keeps --- */

static struct vmm_pci_dev *keep(void)
{
	struct vmm_pci_dev *dev;

	build(false);
	put(1, CSR, 2, 3);
	dev = own(1, VMM_PCI_KEEP);
	assert_int_equal(get(1, CSR, 2) & 3, 0);
	for (unsigned n = 0; n < 3; n++)
		assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, n,
						  &bar_ops, &driver), 0);
	start();
	assert_int_equal(get(1, VMM_PCI_COMMAND, 2), 7);
	assert_int_equal(port_read(0, 2, VMM_PCI_COMMAND, 2), 3);
	return dev;
}

static void test_hide_bars(void **state)
{
	struct vmm_pci_dev *dev;

	(void)state;
	build(false);
	dev = own(1, VMM_PCI_KEEP);
	assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, 0, &bar_ops,
					  &driver), 0);
	machine.function[1].writable[0x30] = 1;
	put(1, 0x30, 4, 0xfea00001);
	assert_int_equal(vmm_pci_hide_bars(&vmm_machine, dev), 0);
	assert_int_equal(get(1, 0x30, 4), 0xfea00000);	/* the ROM is off */
	assert_int_equal(machine.hooks, 3);
	assert_int_equal(guest_in(0xc000, 2), UINT16_MAX);
	guest_store(UINT64_C(0x800000000), 8, 1);
	assert_true(guest_load(UINT64_C(0x800000000), 8) == UINT64_MAX);
	assert_int_equal(driver.reads + driver.writes, 0);
	guest_load(0xfeb00000, 4);
	assert_int_equal(driver.reads, 1);
}

/* The guest takes the place of a BAR that it does not see, and gives it back. */
static void test_hidden_bar_makes_way(void **state)
{
	struct vmm_pci_dev *dev;
	unsigned hooks;

	(void)state;
	build(false);
	put(1, 0x18, 4, 0xc100400c);
	dev = own(1, VMM_PCI_KEEP);
	dev->bar[2].base = 0xc1004000;	/* as if found there */
	assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, 0, &bar_ops,
					  &driver), 0);
	assert_int_equal(vmm_pci_hide_bars(&vmm_machine, dev), 0);
	start();
	hooks = machine.hooks;
	port_write(0, 2, 0x10, 4, 0xc1000000);
	assert_int_equal(get(1, 0x18, 4), 0xfeb0400c);
	assert_int_equal(get(1, 0x1c, 4), 0);
	guest_load(0xc1004000, 4);
	assert_int_equal(driver.offset, 0x4000);
	assert_non_null(machine_hook_at(0xfeb04000, false));
	port_write(0, 2, 0x10, 4, 0xfeb00000);
	assert_int_equal(get(1, 0x18, 4), 0xc100400c);
	assert_int_equal(machine.hooks, hooks);
}

static void test_kept_command(void **state)
{
	(void)state;
	keep();
	put(1, VMM_PCI_STATUS, 2, 0x2010);
	/* the interrupt pin is the VMM's, too */
	port_write(0, 2, VMM_PCI_COMMAND, 2, VMM_PCI_COMMAND_INTX_OFF);
	assert_int_equal(get(1, VMM_PCI_COMMAND, 2), 7);
	assert_int_equal(port_read(0, 2, VMM_PCI_COMMAND, 4),
			 UINT32_C(0x20100000) | VMM_PCI_COMMAND_INTX_OFF);
	/* not decoded by the guest: ones, and nobody is asked */
	assert_true(guest_load(0xfeb00000, 8) == UINT64_MAX);
	guest_store(0xfeb00000, 4, 1);
	assert_int_equal(guest_in(0xc000, 4), UINT32_MAX);
	assert_int_equal(driver.reads + driver.writes, 0);
	/* by bytes; the status is cleared by what is written to it only */
	port_write(0, 2, VMM_PCI_COMMAND, 1, VMM_PCI_COMMAND_MEM);
	assert_int_equal(port_read(0, 2, VMM_PCI_COMMAND, 2),
			 VMM_PCI_COMMAND_INTX_OFF | VMM_PCI_COMMAND_MEM);
	assert_int_equal(get(1, VMM_PCI_STATUS, 2), 0x2010);
	port_write(0, 2, VMM_PCI_COMMAND, 4, UINT32_C(0x20000002));
	assert_int_equal(get(1, VMM_PCI_STATUS, 2), 0x0010);
	guest_load(0xfeb00004, 4);
	assert_int_equal(driver.offset, 4);
	assert_int_equal(driver.reads, 1);
	assert_int_equal(guest_in(0xc000, 4), UINT32_MAX);
}

static void test_kept_probe(void **state)
{
	static const struct {
		unsigned offset;
		uint32_t mask;
	} rows[] = {
		{ 0x10, 0xfffe0000 }, { 0x14, 0xffffffe1 },
		{ 0x18, 0xffffc00c }, { 0x1c, 0xffffffff }, { 0x20, 0 },
		{ 0x24, 0 },
	};
	struct machine before;

	(void)state;
	keep();
	before = machine;
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t old = port_read(0, 2, rows[i].offset, 4);

		assert_int_equal(old, get(1, rows[i].offset, 4));
		port_write(0, 2, rows[i].offset, 4, UINT32_MAX);
		assert_int_equal(port_read(0, 2, rows[i].offset, 4),
				 rows[i].mask);
		port_write(0, 2, rows[i].offset, 4, old);
		assert_int_equal(port_read(0, 2, rows[i].offset, 4), old);
	}
	assert_memory_equal(before.function, machine.function,
			    sizeof(before.function));
	assert_int_equal(driver.holds, 0);
}

static void test_kept_moves(void **state)
{
	struct vmm_pci_dev *dev = keep();

	(void)state;
	port_write(0, 2, VMM_PCI_COMMAND, 2, 0);
	port_write(0, 2, 0x10, 4, 0xd0000000);
	assert_int_equal(driver.holds, 1);
	assert_int_equal(get(1, 0x10, 4), 0xd0000000);
	assert_int_equal(get(1, VMM_PCI_COMMAND, 2), 7);
	assert_null(machine_hook_at(0xfeb00000, false));
	assert_non_null(machine_hook_at(0xd0000000, false));
	/* a half of an address is none */
	port_write(0, 2, 0x18, 4, 0x10000);
	assert_int_equal(get(1, 0x18, 4), 0xc);
	assert_int_equal(port_read(0, 2, 0x18, 4), 0x1000c);
	port_write(0, 2, 0x1c, 4, 9);
	assert_int_equal(get(1, 0x18, 4), 0x1000c);
	assert_int_equal(get(1, 0x1c, 4), 9);
	assert_true(dev->bar[2].base == UINT64_C(0x900010000));
	assert_non_null(machine_hook_at(UINT64_C(0x900010000), false));
	/* unless decoding goes on with it */
	port_write(0, 2, 0x18, 4, 0x20000);
	assert_true(dev->bar[2].base == UINT64_C(0x900010000));
	port_write(0, 2, VMM_PCI_COMMAND, 2, 2);
	assert_true(dev->bar[2].base == UINT64_C(0x900020000));
	/* to nowhere it does not follow */
	port_write(0, 2, 0x10, 4, 0);
	assert_int_equal(port_read(0, 2, 0x10, 4), 0);
	assert_int_equal(get(1, 0x10, 4), 0xd0000000);
	port_write(0, 2, 0x1c, 4, UINT32_C(0x80000000));
	assert_int_equal(get(1, 0x1c, 4), 9);
	assert_int_equal(driver.holds, driver.releases);
}

static void test_kept_power(void **state)
{
	(void)state;
	keep();
	port_write(0, 2, CSR, 2, 0x103);
	assert_int_equal(port_read(0, 2, CSR, 2), 0x103);
	assert_int_equal(get(1, CSR, 2), 0x100);
	assert_int_equal(guest_load(0xfeb00000, 4), UINT32_MAX);
	assert_int_equal(driver.resets, 0);
	port_write(0, 2, CSR, 2, 0);
	assert_int_equal(driver.function_resets, 1);
	assert_int_equal(port_read(0, 2, VMM_PCI_COMMAND, 2), 0);
	assert_int_equal(port_read(0, 2, 0x10, 4), 0);
	assert_int_equal(get(1, 0x10, 4), 0xfeb00000);
	assert_int_equal(get(1, VMM_PCI_COMMAND, 2), 7);
	/* with "no soft reset" the device goes on as it was */
	port_write(0, 2, VMM_PCI_COMMAND, 2, 3);
	port_write(0, 2, CSR, 2, 8 | 3);
	port_write(0, 2, CSR, 2, 8);
	assert_int_equal(driver.function_resets, 1);
	assert_int_equal(port_read(0, 2, VMM_PCI_COMMAND, 2), 3);
}

/* The guest goes on seeing what the VMM's driver shows in its place. */
static void test_kept_unplugged(void **state)
{
	struct vmm_pci_dev *dev = keep();

	(void)state;
	machine.function[1].dead = true;
	port_write(0, 2, 0x10, 4, UINT32_MAX);
	port_write(0, 2, VMM_PCI_COMMAND, 2, 0);
	port_write(0, 2, 0x10, 4, 0xd0000000);
	port_write(0, 2, VMM_PCI_COMMAND, 2, VMM_PCI_COMMAND_MEM);
	port_write(0, 2, CSR, 2, 3);
	port_write(0, 2, CSR, 2, 0);
	driver.reads = driver.writes = 0;
	guest_load(dev->bar[0].base, 4);
	guest_store(dev->bar[0].base, 4, 1);
	assert_in_range(driver.reads + driver.writes, 0, 2);
	assert_true(dev->bar[0].base < UINT64_C(0xfffff000));
}

static void test_kept_function_reset(void **state)
{
	(void)state;
	keep();
	port_write(0, 2, CONTROL, 2, 0x8123);
	assert_int_equal(driver.function_resets, 1);
	assert_int_equal(get(1, CONTROL, 2), 0x0123);
	assert_int_equal(port_read(0, 2, VMM_PCI_COMMAND, 2), 0);
	/* what the guest saved is put back without anything moving */
	port_write(0, 2, 0x10, 4, 0xfeb00000);
	port_write(0, 2, 0x14, 4, 0xc001);
	port_write(0, 2, 0x18, 4, 0xc);
	port_write(0, 2, 0x1c, 4, 8);
	port_write(0, 2, VMM_PCI_COMMAND, 2, 3);
	assert_int_equal(driver.holds, 1);
	guest_load(0xfeb00000, 4);
	assert_int_equal(driver.reads, 1);
	port_write(0, 2, CONTROL + 1, 1, 0x80);
	assert_int_equal(driver.function_resets, 2);
}

/* --- bridges --- */

static void test_bus_reset(void **state)
{
	struct vmm_pci_dev *dev;

	(void)state;
	build(true);
	dev = own(3, VMM_PCI_KEEP);
	assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, 0, &bar_ops,
					  &driver), 0);
	start();
	assert_int_equal(machine.hooks, 4);	/* data, 2 pages, BAR */
	guest_store(ecam(0, 6, 0) + PCI_BRIDGE_CONTROL, 2, PCI_BRIDGE_RESET);
	machine.function[3].dead = true;
	put(3, VMM_PCI_COMMAND, 2, 0);
	put(3, 0x10, 4, 0);
	assert_int_equal(guest_load(ecam(1, 0, 0), 4), UINT32_MAX);
	guest_store(ecam(0, 6, 0) + PCI_BRIDGE_CONTROL, 2, 0);
	assert_int_equal(driver.resets, 0);
	machine.function[3].dead = false;
	assert_int_equal(guest_load(ecam(1, 0, 0), 4), NIC);
	assert_int_equal(driver.resets, 1);
	assert_int_equal(driver.function_resets, 0);
	assert_int_equal(get(3, 0x10, 4), 0xfe900000);
	assert_int_equal(get(3, VMM_PCI_COMMAND, 2), 7);
	assert_int_equal(guest_load(ecam(1, 0, 0), 4), NIC);
	assert_int_equal(driver.resets, 1);
}

static void test_bus_numbers(void **state)
{
	struct vmm_pci_dev *dev;

	(void)state;
	build(true);
	conceal(3);
	dev = dev_of(3);
	start();
	assert_non_null(machine_hook_at(ecam(1, 0, 0), false));
	guest_store(ecam(0, 6, 0) + PCI_BRIDGE_BUSES, 4, 0x00050500);
	assert_int_equal(dev->addr.bus, 5);
	assert_null(machine_hook_at(ecam(1, 0, 0), false));
	assert_int_equal(guest_load(ecam(5, 0, 0), 4), UINT32_MAX);
	assert_int_equal(port_read(5, 0, 0, 4), UINT32_MAX);
	guest_store(ecam(0, 6, 0) + PCI_BRIDGE_BUSES, 4, 0);
	assert_null(machine_hook_at(ecam(5, 0, 0), false));
	assert_int_equal(guest_load(ecam(0, 0, 0), 4), HOST);
	guest_store(ecam(0, 6, 0) + PCI_BRIDGE_BUSES + 1, 2, 0x0303);
	assert_int_equal(guest_load(ecam(3, 0, 0), 4), UINT32_MAX);
	assert_int_equal(get(3, 0, 4), NIC);
}

/* --- capabilities --- */

static void test_caps(void **state)
{
	struct vmm_pci_dev *dev;

	(void)state;
	build(true);
	dev = dev_of(1);
	assert_int_equal(vmm_pci_find_cap(dev, VMM_PCI_CAP_EXPRESS), 0x60);
	assert_int_equal(vmm_pci_find_cap(dev, VMM_PCI_CAP_MSI), 0);
	assert_int_equal(vmm_pci_find_cap(dev_of(0), VMM_PCI_CAP_PM), 0);
	/* a circle, and a list that leads into the header */
	put(1, KEPT_EXPRESS + 1, 1, KEPT_PM);
	assert_int_equal(vmm_pci_find_cap(dev, VMM_PCI_CAP_MSI), 0);
	put(1, KEPT_EXPRESS + 1, 1, 0x10);
	assert_int_equal(vmm_pci_find_cap(dev, VMM_PCI_CAP_MSI), 0);
	put(1, 0x100, 4, 0x14010001);
	put(1, 0x140, 4, 0x10010003);
	assert_int_equal(vmm_pci_find_ext_cap(dev, 3), 0x140);
	assert_int_equal(vmm_pci_find_ext_cap(dev, 4), 0);
	assert_int_equal(vmm_pci_find_ext_cap(dev_of(0), 3), 0);
}

static void test_msi(void **state)
{
	struct vmm_pci_dev *dev;

	(void)state;
	build(true);
	dev = dev_of(5);
	assert_int_equal(vmm_pci_msi_set(dev, 0xfee00000, 0x41), -ENODEV);
	machine_cap(5, 0x50, VMM_PCI_CAP_MSI, 0);
	put(5, 0x52, 2, 0x0170);	/* maskable, 32 bits, 8 vectors */
	put(5, 0x60, 4, 0xffffffff);
	assert_int_equal(vmm_pci_msi_set(dev, UINT64_C(0x1fee00000), 1),
			 -EINVAL);
	assert_int_equal(vmm_pci_msi_set(dev, 0xfee01000, 0x4041), 0);
	assert_int_equal(get(5, 0x52, 2), 0x0101);
	assert_int_equal(get(5, 0x54, 4), 0xfee01000);
	assert_int_equal(get(5, 0x58, 2), 0x4041);
	assert_int_equal(get(5, 0x5c, 4), 0);
	vmm_pci_msi_off(dev);
	assert_int_equal(get(5, 0x52, 2), 0x0100);
	put(5, 0x52, 2, 0x0080);	/* 64 bits */
	assert_int_equal(vmm_pci_msi_set(dev, UINT64_C(0x1fee01000), 0x42), 0);
	assert_int_equal(get(5, 0x54, 4), 0xfee01000);
	assert_int_equal(get(5, 0x58, 4), 1);
	assert_int_equal(get(5, 0x5c, 2), 0x42);
	assert_int_equal(get(5, 0x52, 2), 0x0081);
}

static void test_msix(void **state)
{
	static const uint32_t entry[] = { 0xfee01000, 0, 0x41, 0 };
	struct vmm_pci_dev *dev;

	(void)state;
	build(true);
	dev = dev_of(1);
	put(1, KEPT_EXPRESS + 1, 1, 0xa0);
	machine_cap(1, 0xa0, VMM_PCI_CAP_MSIX, 0);
	put(1, 0xa2, 2, 0x0004);
	put(1, 0xa4, 4, 0x00000800);	/* BAR 0 */
	assert_int_equal(vmm_pci_msix_set(dev, 1, 0xfee01000, 0x41), -ENODEV);
	vmm_pci_size_bars(dev);
	memset(machine.registers, 0xff, sizeof(machine.registers));
	assert_int_equal(vmm_pci_msix_set(dev, 5, 0xfee01000, 0x41), -EINVAL);
	assert_int_equal(vmm_pci_msix_set(dev, 1, 0xfee01000, 0x41), 0);
	assert_memory_equal(machine.registers + 0x810, entry, sizeof(entry));
	assert_int_equal(machine.registers[0x80f], 0xff);
	assert_int_equal(machine.registers[0x820], 0xff);
	assert_int_equal(get(1, 0xa2, 2), 0x8004);
	vmm_pci_msix_off(dev);
	assert_int_equal(get(1, 0xa2, 2), 0x0004);
	put(1, 0xa4, 4, 0x0001fff0);	/* beyond the BAR's end */
	assert_int_equal(vmm_pci_msix_set(dev, 1, 0xfee01000, 0x41), -ENODEV);
	put(1, 0xa4, 4, 0x00000007);
	assert_int_equal(vmm_pci_msix_set(dev, 1, 0xfee01000, 0x41), -ENODEV);
}

static int end(void **state)
{
	(void)state;
	pci_scan_forget(&vmm_machine);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_nothing_owned),
		cmocka_unit_test(test_conceal_by_ports),
		cmocka_unit_test(test_conceal_by_memory),
		cmocka_unit_test(test_watched),
		cmocka_unit_test(test_watched_moves),
		cmocka_unit_test(test_watched_unplugged),
		cmocka_unit_test(test_kept_unplugged),
		cmocka_unit_test(test_hide_bars),
		cmocka_unit_test(test_hidden_bar_makes_way),
		cmocka_unit_test(test_kept_command),
		cmocka_unit_test(test_kept_probe),
		cmocka_unit_test(test_kept_moves),
		cmocka_unit_test(test_kept_power),
		cmocka_unit_test(test_kept_function_reset),
		cmocka_unit_test(test_bus_reset),
		cmocka_unit_test(test_bus_numbers),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_msi),
		cmocka_unit_test(test_msix),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
