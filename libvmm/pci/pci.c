/* SPDX-License-Identifier: BSD-3-Clause */
/* The unit: rules, scan, drivers, hooks, in this order. */
#include <bitvisor/config.h>
#include <pci/pci_priv.h>
#include <pci/rules.h>
#include <vmm/error.h>
#include <vmm/log.h>

static struct pci_rules device_rules;

static const struct vmm_pci_driver *const no_drivers[] = { NULL };

static const struct vmm_pci_driver *const *drivers(void)
{
	return vmm_variant.pci_drivers ? vmm_variant.pci_drivers : no_drivers;
}

/* Its driver may fail: then the device is as it was, the guest's. */
static void offer(struct vmm *vmm, struct vmm_pci_dev *dev)
{
	const struct vmm_pci_options *options = pci_rules_choose(&device_rules, dev);
	unsigned count = pci_owned_count;
	int rc;

	if (!options)
		return;
	dev->driver = options->driver;
	rc = options->driver->probe(vmm, dev, options);
	if (rc == 0)
		return;
	if (dev->owned) {
		pci_bars_unhook(dev->owned);
		vmm_pci_write(dev, VMM_PCI_COMMAND, 2,
			      dev->owned->first_command);
		pci_owned_count = count;
		dev->owned = NULL;
	}
	dev->driver = NULL;
	vmm_log_warning(VMM_PCI_FORMAT " stays the guest's: %s failed: %s\n",
			VMM_PCI_ARGS(dev->addr), options->driver->name,
			vmm_error_name(rc));
}

static void log_ranges(void)
{
	struct vmm_acpi_mcfg r;
	unsigned i;

	for (i = 0; pci_hw_range(i, &r); i++)
		vmm_log_info("MCFG [%u] %04X:%02X-%02X (%llX,%X)\n", i,
			     r.segment, r.first_bus, r.last_bus,
			     (unsigned long long)r.base +
			     ((uint64_t)r.first_bus << PCI_ECAM_BUS_SHIFT),
			     (r.last_bus - r.first_bus + 1u) <<
			     PCI_ECAM_BUS_SHIFT);
}

/* One line a segment; in a machine that has but one, as the guide shows it. */
static void log_counts(int all)
{
	unsigned i, count = 0, segment = 0;
	struct vmm_pci_dev *dev = vmm_pci_device(0);

	for (i = 0; dev; i++) {
		unsigned next;

		segment = dev->addr.segment;
		count++;
		dev = vmm_pci_device(i + 1);
		next = dev ? dev->addr.segment : segment + 1;
		if (next == segment || count == (unsigned)all)
			continue;
		vmm_log_info("PCI: %u devices found on PCI segment %u\n",
			     count, segment);
		count = 0;
	}
	if (count || !all)
		vmm_log_info("PCI: %d devices found\n", all);
}

static int pci_init(struct vmm *vmm)
{
	const struct vmm_pci_driver *const *d;
	struct vmm_pci_dev *dev;
	int rc, found;
	unsigned i;

	rc = pci_rules_parse(&device_rules, config.vmm.driver.pci, drivers(),
			     vmm->start_error, BV_ERROR_MAX);
	if (rc < 0)
		return rc;
	for (d = drivers(); *d; d++)
		vmm_log_info("%s registered\n", (*d)->long_name);
	vmm_log_info("PCI: finding devices...\n");
	pci_hw_init(vmm);
	found = pci_scan(vmm);
	if (found < 0)
		return found;
	for (i = 0; (dev = vmm_pci_device(i)) != NULL; i++)
		offer(vmm, dev);
	rc = pci_bridges_watch(vmm);
	if (rc == 0)
		rc = pci_access_hook(vmm);
	if (rc < 0)
		return rc;
	log_counts(found);
	log_ranges();
	return 0;
}

/* Also before a reset of the machine, when there is no firmware any more. */
static void pci_shutdown(struct vmm *vmm)
{
	unsigned i = pci_owned_count;

	if (!vmm->services)
		return;
	pci_access_unhook(vmm);
	while (i-- > 0) {
		struct vmm_pci_owned *o = &pci_owned[i];

		if (!o->ops)
			continue;	/* a bridge that was watched */
		if (o->dev->driver->give_back)
			o->dev->driver->give_back(vmm, o->dev);
		pci_bars_unhook(o);
		vmm_pci_write(o->dev, VMM_PCI_COMMAND, 2, o->first_command);
		pci_connect_firmware(vmm, o->dev);
	}
	pci_owned_count = 0;
	pci_scan_forget(vmm);
}

const struct vmm_unit vmm_pci = {
	.name = "pci",
	.init = pci_init,
	.shutdown = pci_shutdown,
};
