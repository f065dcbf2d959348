/* SPDX-License-Identifier: BSD-3-Clause */
/* Intel's controllers as PCI devices of the VMM. */
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>
#include <nicdrv/device.h>
#include "pro1000/pro1000.h"

#define REGISTERS_MIN	0x10000u	/* bytes of BAR 0 */
#define MAX_NICS	8u

/* One NIC; they are there for ever. */
struct holder {
	struct nic_device device;
	uint16_t command;	/* as the firmware had it */
	bool used;
};

static struct holder holders[MAX_NICS];

static uint64_t base(const struct holder *h)
{
	return h->device.dev->bar[0].base;
}

static uint32_t read_reg(void *ctx, uint32_t reg)
{
	return (uint32_t)vmm_device_read(base(ctx) + reg, 4);
}

static void write_reg(void *ctx, uint32_t reg, uint32_t value)
{
	vmm_device_write(base(ctx) + reg, 4, value);
}

/* The clock counts from before units are initialised. */
static void wait(void *ctx, uint32_t usec)
{
	uint64_t end = vmm_uptime_usec() + usec + 1;

	(void)ctx;
	while (vmm_uptime_usec() < end)
		__builtin_ia32_pause();
}

static void *pages(void *ctx, uint64_t count)
{
	struct holder *h = ctx;

	return vmm_pages_alloc(&h->device.vmm->pool, count);
}

static int set_irq(void *ctx, const struct nic_irq *irq)
{
	struct vmm_pci_dev *dev = ((struct holder *)ctx)->device.dev;
	int err;

	if (vmm_pci_find_cap(dev, VMM_PCI_CAP_MSI))
		vmm_pci_msi_off(dev);
	if (vmm_pci_find_cap(dev, VMM_PCI_CAP_MSIX))
		vmm_pci_msix_off(dev);
	if (irq->mode == NIC_IRQ_MSI)
		return vmm_pci_msi_set(dev, irq->address, irq->data);
	if (irq->mode != NIC_IRQ_MSIX)
		return 0;
	err = vmm_pci_msix_set(dev, 0, irq->address, irq->data);
	if (!err)
		err = vmm_pci_msix_set(dev, 1, irq->address, irq->data);
	if (err)
		vmm_pci_msix_off(dev);
	return err;
}

/* The device is good; end what the firmware does with it. */
static int take(void *ctx)
{
	struct nic_device *d = &((struct holder *)ctx)->device;
	int err = vmm_pci_disconnect_firmware(d->vmm, d->dev);

	if (err && err != -ENODEV)
		return err;
	vmm_pci_size_bars(d->dev);
	if (d->dev->bar[0].size < REGISTERS_MIN) {
		vmm_log_err("vpn_pro1000: region 0 is too small\n");
		return VMM_ERROR(EINVAL);
	}
	/* The firmware's driver has switched it off again. */
	vmm_pci_write(d->dev, VMM_PCI_COMMAND, 2,
		      vmm_pci_read(d->dev, VMM_PCI_COMMAND, 2) |
		      VMM_PCI_COMMAND_MEM | VMM_PCI_COMMAND_MASTER);
	return vmm_device_map(d->vmm, base(ctx), d->dev->bar[0].size);
}

static void restore_config(void *ctx)
{
	struct holder *h = ctx;

	vmm_pci_write(h->device.dev, VMM_PCI_COMMAND, 2, h->command);
}

static struct pro1000_world world_of(struct holder *h)
{
	struct vmm_pci_dev *dev = h->device.dev;
	uint32_t caps = 0;

	if (vmm_pci_find_cap(dev, VMM_PCI_CAP_MSI))
		caps |= NIC_CAP_MSI;
	if (vmm_pci_find_cap(dev, VMM_PCI_CAP_MSIX))
		caps |= NIC_CAP_MSIX;
	return (struct pro1000_world){
		.device = vmm_pci_header16(dev, VMM_PCI_DEVICE),
		.caps = caps,
		.ctx = h,
		.read = read_reg,
		.write = write_reg,
		.wait = wait,
		.pages = pages,
		.set_irq = set_irq,
		.take = take,
		.restore_config = restore_config,
	};
}

static struct holder *new_holder(void)
{
	for (unsigned i = 0; i < MAX_NICS; i++)
		if (!holders[i].used) {
			holders[i].used = true;
			return &holders[i];
		}
	return NULL;
}

/* Take the device for the VMM alone. */
static int own(struct holder *h)
{
	struct pro1000_world world = world_of(h);
	struct nic_device *d = &h->device;
	int err;

	h->command = (uint16_t)vmm_pci_read(d->dev, VMM_PCI_COMMAND, 2);
	vmm_pci_write(d->dev, VMM_PCI_COMMAND, 2, h->command |
		      VMM_PCI_COMMAND_MEM | VMM_PCI_COMMAND_MASTER);
	err = pro1000_open(&world, &d->nic);
	if (err) {
		restore_config(h);
		return err;
	}
	err = nic_user.attach(d);
	if (err) {
		nic_quiesce(d->nic);
		nic_hand_back(d->nic);
	}
	return err;
}

static int probe(struct vmm *vmm, struct vmm_pci_dev *dev,
		 const struct vmm_pci_options *options)
{
	struct holder *h;
	int err;

	if (dev->bar[0].kind != VMM_PCI_BAR_MEM32 &&
	    dev->bar[0].kind != VMM_PCI_BAR_MEM64) {
		vmm_log_err("vpn_pro1000: region 0 is not memory space\n");
		return VMM_ERROR(EINVAL);
	}
	h = new_holder();
	if (!h)
		return VMM_ERROR(ENOSPC);
	h->device = (struct nic_device){
		.vmm = vmm,
		.dev = dev,
		.tty = vmm_pci_option_bool(options, "tty", false),
		.virtio = vmm_pci_option_bool(options, "virtio", false),
		.net = vmm_pci_option_text(options, "net", ""),
	};
	vmm_log_info("PRO/1000 found.\n");
	err = vmm_device_map(vmm, base(h), REGISTERS_MIN);
	if (!err)
		err = own(h);
	if (err)
		h->used = false;
	return err;
}

static void give_back(struct vmm *vmm, struct vmm_pci_dev *dev)
{
	(void)vmm;
	for (unsigned i = 0; i < MAX_NICS; i++) {
		struct nic_device *d = &holders[i].device;

		if (!holders[i].used || d->dev != dev)
			continue;
		nic_quiesce(d->nic);
		nic_user.detach(d);
		nic_hand_back(d->nic);
		holders[i].used = false;
	}
}

const struct vmm_pci_driver nic_pro1000 = {
	.name = "pro1000",
	.long_name = "Intel PRO/1000 driver",
	.match = pro1000_match,
	.options = nic_device_options,
	.probe = probe,
	.give_back = give_back,
};
