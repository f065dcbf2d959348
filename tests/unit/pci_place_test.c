/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a guest may put the BARs of a NIC that the VMM uses, too. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include "pci_machine.h"

static unsigned holds, held;

static void hold(struct vmm_pci_dev *dev, bool on)
{
	(void)dev;
	assert_int_equal(held, !on);
	held = on;
	holds += on;
}

static const struct vmm_pci_ops ops = { .hold = hold };

/* The VMM's memory is in a hole of the guest's. */
static const struct bv_handoff handoff = {
	.reserved_base = 0x70000000, .reserved_size = 0x400000,
};
static const struct vmm_ram memory = {
	.range = { { 0, 0x70000000 }, { 0x70400000, 0x80000000 },
		   { UINT64_C(0x100000000), UINT64_C(0x180000000) } },
	.count = 3,
};

/* One NIC, 00:02.0. */
static void build(void)
{
	machine_reset(false);
	vmm_machine.handoff = &handoff;
	vmm_machine.ram = memory;
	machine_add(-1, 2, 0, UINT32_C(0x10d38086));
	machine_bar(0, 0, 0xfeb00000, 0x20000, 0);
	machine_bar(0, 1, 0xc000, 0x20, PCI_BAR_IO);
	machine_bar(0, 2, UINT64_C(0x800000000), 0x4000, PCI_BAR_TYPE_64 | 8);
	assert_int_equal(pci_scan(&vmm_machine), 1);
	holds = held = 0;
}

static struct vmm_pci_dev *keep(uint64_t bar2)
{
	struct vmm_pci_dev *dev;

	build();
	dev = vmm_pci_device(0);
	vmm_pci_size_bars(dev);
	dev->bar[2].base = bar2;
	put(0, 0x18, 4, (uint32_t)bar2 | PCI_BAR_TYPE_64 | 8);
	put(0, 0x1c, 4, (uint32_t)(bar2 >> 32));
	assert_int_equal(vmm_pci_own(&vmm_machine, dev, &ops, NULL,
				     VMM_PCI_KEEP), 0);
	assert_int_equal(pci_access_hook(&vmm_machine), 0);
	return dev;
}

static uint32_t config_read(unsigned offset, unsigned width)
{
	guest_out(PCI_CONFIG_ADDRESS, 4, UINT32_C(0x80001000) | offset);
	return guest_in(PCI_CONFIG_DATA, width);
}

static void config_write(unsigned offset, unsigned width, uint32_t value)
{
	guest_out(PCI_CONFIG_ADDRESS, 4, UINT32_C(0x80001000) | offset);
	guest_out(PCI_CONFIG_DATA, width, value);
}

/* Where memory is there are no registers to be found, nor where the processor
 * has no address lines: the VMM would write into its own memory. */
static const struct place {
	uint32_t high, low;
} bad_places[] = {
	{ 0, 0x70000000 }, { 0, 0x703e0000 },	/* the VMM's */
	{ 0, 0x6ffe0000 }, { 0, 0x70400000 },	/* the guest's */
	{ 0, 0x00020000 }, { 0, 0x7ffe0000 }, { 1, 0 }, { 1, 0x7fffc000 },
	{ 0x8000, 0 }, { 0xfffff, 0xfffe0000 },
};

static void test_kept_in_memory(void **state)
{
	struct vmm_pci_dev *dev = keep(UINT64_C(0x800000000));

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad_places); i++) {
		const struct place *bad = &bad_places[i];

		if (!bad->high) {
			config_write(0x10, 4, bad->low);
			assert_int_equal(config_read(0x10, 4), bad->low);
		}
		config_write(0x18, 4, bad->low);
		config_write(0x1c, 4, bad->high);
		config_write(VMM_PCI_COMMAND, 2, 3);
		assert_int_equal(dev->bar[0].base, 0xfeb00000);
		assert_int_equal(get(0, 0x10, 4), 0xfeb00000);
		assert_true(dev->bar[2].base == UINT64_C(0x800000000));
		assert_int_equal(holds, 0);
	}
	/* Just below the VMM's memory, and behind all memory. */
	vmm_machine.ram.count = 0;
	config_write(0x10, 4, 0x6ffe0000);
	assert_int_equal(dev->bar[0].base, 0x6ffe0000);
	config_write(0x10, 4, 0x70400000);
	assert_int_equal(dev->bar[0].base, 0x70400000);
}

/* A device that the guest drives, and the VMM a little: it hears of each move,
 * sized or not. */
static void test_watched_in_memory(void **state)
{
	struct vmm_pci_dev *dev;

	(void)state;
	for (unsigned sized = 0; sized < 2; sized++) {
		build();
		dev = vmm_pci_device(0);
		if (sized)
			vmm_pci_size_bars(dev);
		assert_int_equal(vmm_pci_own(&vmm_machine, dev, &ops, NULL,
					     0), 0);
		assert_int_equal(pci_access_hook(&vmm_machine), 0);
		config_write(0x10, 4, 0xd0000000);
		assert_int_equal(holds, 1);
		assert_int_equal(dev->bar[0].base, 0xd0000000);
		for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad_places); i++) {
			const struct place *bad = &bad_places[i];

			config_write(0x18, 4, bad->low);
			config_write(0x1c, 4, bad->high);
			assert_true(dev->bar[2].base == 0);
			config_write(0x10, 4, bad->low);
			assert_true(dev->bar[0].base ==
				    (bad->high ? dev->bar[0].base : 0));
			/* it is the guest's device */
			assert_int_equal(get(0, 0x10, 4),
					 bad->low & 0xfffe0000);
			config_write(0x18, 4, 0);
			config_write(0x1c, 4, 9);
			assert_true(dev->bar[2].base ==
				    UINT64_C(0x900000000));
		}
		/* it comes back */
		config_write(0x10, 4, 0xd0000000);
		assert_int_equal(dev->bar[0].base, 0xd0000000);
		/* what is not there any more reads as ones */
		machine.function[0].dead = true;
		config_write(VMM_PCI_COMMAND, 2, 7);
		assert_int_equal(dev->bar[0].base, 0);
		assert_int_equal(held, 0);
	}
}

/* --- where another hook is, this one cannot be, and without it the registers
 * would be the guest's --- */

static int any_read(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		    unsigned size, uint64_t *value)
{
	(void)v;
	(void)size;
	(void)ctx;
	*value = offset;
	return 0;
}

static const struct vmm_pci_bar_ops bar_ops = { .read = any_read };

/* Hooked: BAR 0 in memory, BAR 1 at ports; BAR 2 is hidden; and something else
 * from 0xd0010000 on. */
static struct vmm_pci_dev *keep_hooked(uint32_t hidden)
{
	static const struct vmm_mmio_ops other;
	struct vmm_pci_dev *dev = keep(hidden);

	vmm_machine.ram.count = 0;
	for (unsigned n = 0; n < 2; n++)
		assert_int_equal(vmm_pci_hook_bar(&vmm_machine, dev, n,
						  &bar_ops, NULL), 0);
	assert_int_equal(vmm_pci_hide_bars(&vmm_machine, dev), 0);
	assert_int_equal(vmm_mmio_hook(&vmm_machine, 0xd0010000, 0x1000,
				       &other, NULL), 0);
	config_write(VMM_PCI_COMMAND, 2, 3);
	return dev;
}

static void test_kept_in_hooks(void **state)
{
	struct vmm_pci_dev *dev = keep_hooked(0xc1000000);
	unsigned hooks = machine.hooks;

	(void)state;
	config_write(0x10, 4, 0xd0000000);
	assert_int_equal(config_read(0x10, 4), 0xd0000000);
	assert_int_equal(get(0, 0x10, 4), 0xfeb00000);
	assert_int_equal(dev->bar[0].base, 0xfeb00000);
	assert_int_equal(guest_load(0xfeb00010, 4), 0x10);
	/* The ports of PCI itself. */
	config_write(0x14, 4, 0xce0);
	assert_int_equal(get(0, 0x14, 4), 0xc001);
	assert_int_equal(guest_in(0xc004, 4), 4);
	assert_int_equal(machine.hooks, hooks);
	/* Elsewhere it may be. */
	config_write(0x10, 4, 0xd0020000);
	assert_int_equal(guest_load(0xd0020010, 4), 0x10);
	config_write(0x14, 4, 0xd00);
	assert_int_equal(guest_in(0xd04, 4), 4);
	assert_int_equal(machine.hooks, hooks);
	assert_int_equal(held, 0);
}

/* What made way for it is where it was, too. */
static void test_kept_behind_hidden(void **state)
{
	struct vmm_pci_dev *dev = keep_hooked(0xd0004000);

	(void)state;
	config_write(0x10, 4, 0xd0000000);
	assert_int_equal(dev->bar[0].base, 0xfeb00000);
	assert_true(dev->bar[2].base == 0xd0004000);
	assert_int_equal(get(0, 0x18, 4), 0xd0004000 | PCI_BAR_TYPE_64 | 8);
	assert_non_null(machine_hook_at(0xd0004000, false));
	assert_non_null(machine_hook_at(0xfeb00000, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_in_memory),
		cmocka_unit_test(test_watched_in_memory),
		cmocka_unit_test(test_kept_in_hooks),
		cmocka_unit_test(test_kept_behind_hidden),
	};
	int rc = cmocka_run_group_tests(tests, NULL, NULL);

	machine_reset(false);
	return rc;
}
