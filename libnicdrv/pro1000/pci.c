/* SPDX-License-Identifier: BSD-3-Clause */
/* Intel's controllers as PCI devices of the VMM. */
#include <vmm/error.h>
#include <vmm/gmem.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/spinlock.h>
#include <vmm/vmm.h>
#include <nicdrv/device.h>
#include "pro1000/pro1000.h"

#define REGISTERS_MIN	0x10000u	/* bytes of BAR 0 */
#define MAX_NICS	8u

/* One NIC; they are there for ever. */
struct holder {
	struct nic_device device;
	uint16_t command;	/* as the firmware had it */
	bool used;
	/* Passed, with one transmit queue: */
	struct vmm_spinlock tx_lock;	/* its registers; below the net lock */
	uint64_t hooked;	/* where they are hooked; 0: nowhere */
	/* Passed: the page of TCTL, STATUS and ICR, while it is watched. */
	bool watch;
	uint64_t watched;	/* where it is hooked; 0: nowhere */
};

static struct holder holders[MAX_NICS];

static uint64_t base(const struct holder *h)
{
	return h->device.dev->bar[0].base;
}

/* The guest may have put them out of reach (base 0): as a device that does not
 * answer. */
static uint32_t read_reg(void *ctx, uint32_t reg)
{
	return base(ctx) ? (uint32_t)vmm_device_read(base(ctx) + reg, 4) :
		UINT32_MAX;
}

static void write_reg(void *ctx, uint32_t reg, uint32_t value)
{
	if (base(ctx))
		vmm_device_write(base(ctx) + reg, 4, value);
}

static void wait(void *ctx, uint32_t usec)
{
	(void)ctx;
	vmm_delay_usec(usec);
}

static void *pages(void *ctx, uint64_t count)
{
	struct holder *h = ctx;

	return vmm_pages_alloc(&h->device.vmm->pool, count);
}

static int set_irq(void *ctx, const struct nic_irq *irq)
{
	struct vmm_pci_dev *dev = ((struct holder *)ctx)->device.dev;
	unsigned n = pro1000_msix_vectors(pro1000_family(
		vmm_pci_header16(dev, VMM_PCI_DEVICE)));
	int err = 0;

	vmm_pci_msi_off(dev);
	vmm_pci_msix_off(dev);
	if (irq->mode == NIC_IRQ_INTX)
		vmm_pci_write(dev, VMM_PCI_COMMAND, 2,
			      vmm_pci_read(dev, VMM_PCI_COMMAND, 2) &
			      ~(uint32_t)VMM_PCI_COMMAND_INTX_OFF);
	if (irq->mode == NIC_IRQ_MSI)
		return vmm_pci_msi_set(dev, irq->address, irq->data);
	if (irq->mode != NIC_IRQ_MSIX)
		return 0;
	while (!err && n--)
		err = vmm_pci_msix_set(dev, n, irq->address, irq->data);
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

/* ---- the guest drives it ---- */

static void hold(void *ctx, bool on)
{
	struct holder *h = ctx;

	if (on)
		vmm_spin_lock(&h->tx_lock);
	else
		vmm_spin_unlock(&h->tx_lock);
}

static bool readable(void *ctx, uint64_t pa, uint64_t len)
{
	struct holder *h = ctx;

	return vmm_gpa_direct(h->device.vmm, pa, len) != NULL;
}

/* The guest's accesses to the transmit registers go to the hardware, but not
 * while the queue is borrowed (pass.c). */
static int tx_page_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
			unsigned size, uint64_t *value)
{
	(void)v;
	hold(ctx, true);
	*value = vmm_device_read(gpa, size);
	hold(ctx, false);
	return 0;
}

static int tx_page_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
			 unsigned size, uint64_t value)
{
	struct holder *h = ctx;

	(void)v;
	hold(ctx, true);
	vmm_device_write(gpa, size, value);
	hold(ctx, false);
	if (h->watch)
		h->device.touched(&h->device);
	return 0;
}

static const struct vmm_mmio_ops tx_page_ops = { tx_page_read, tx_page_write };

static int hook_tx_page(struct holder *h)
{
	struct vmm *vmm = h->device.vmm;
	uint64_t page = base(h) ? base(h) + PRO1000_TX_PAGE : 0;
	int err;

	if (!pro1000_pass_hooks(vmm_pci_header16(h->device.dev,
						 VMM_PCI_DEVICE)) ||
	    h->hooked == page)
		return 0;
	if (h->hooked)
		vmm_mmio_unhook(vmm, h->hooked);
	h->hooked = 0;
	if (!page)
		return 0;
	err = vmm_mmio_hook(vmm, page, VMM_PAGE_SIZE, &tx_page_ops, h);
	if (!err)
		h->hooked = page;
	return err;
}

/* Here it is only heard that the guest does something: the access goes to the
 * hardware as it is. */
static int main_page_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
			  unsigned size, uint64_t *value)
{
	struct holder *h = ctx;

	(void)v;
	*value = vmm_device_read(gpa, size);
	h->device.touched(&h->device);
	return 0;
}

static int main_page_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
			   unsigned size, uint64_t value)
{
	struct holder *h = ctx;

	(void)v;
	vmm_device_write(gpa, size, value);
	h->device.touched(&h->device);
	return 0;
}

/* Hook the page, there where it is now, or no more.  If it cannot be had the
 * VMM still sends when it logs something. */
static void watch_main_page(struct holder *h)
{
	static const struct vmm_mmio_ops ops = {
		main_page_read, main_page_write,
	};
	uint64_t page = h->watch ? base(h) : 0;
	int err = 0;

	if (h->watched == page)
		return;
	if (h->watched)
		vmm_mmio_unhook(h->device.vmm, h->watched);
	h->watched = 0;
	if (page)
		err = vmm_mmio_hook(h->device.vmm, page, VMM_PAGE_SIZE, &ops,
				    h);
	if (page && !err)
		h->watched = page;
}

static void watch(struct nic_device *d, bool on)
{
	struct holder *h = VMM_CONTAINER_OF(d, struct holder, device);

	h->watch = on;
	watch_main_page(h);
}

static void moved(struct nic_device *d)
{
	struct holder *h = VMM_CONTAINER_OF(d, struct holder, device);
	int err = 0;

	if (base(h))
		err = vmm_device_map(d->vmm, base(h), REGISTERS_MIN);
	watch_main_page(h);
	if (!err && d->passed)
		err = hook_tx_page(h);
	/* Without its registers, or without the hook, it is not touched. */
	if (err) {
		vmm_log_err("pro1000: registers at %#llx: %s; not used\n",
			    (unsigned long long)base(h),
			    vmm_error_name(err));
		nic_quiesce(d->nic);
	}
}

static void unhook(struct holder *h)
{
	watch(&h->device, false);
	if (h->hooked)
		vmm_mmio_unhook(h->device.vmm, h->hooked);
	h->hooked = 0;
}

/* Leave the device to the guest, and send frames now and then.  Firmware's
 * drivers stay, too: they are of the guest. */
static int pass(struct holder *h)
{
	struct pro1000_world world = world_of(h);
	struct nic_device *d = &h->device;
	int err;

	d->passed = true;
	d->watch = watch;
	world.caps = 0;
	world.set_irq = NULL;
	world.hold = hold;
	world.readable = readable;
	err = pro1000_pass_open(&world, &d->nic);
	if (!err)
		err = hook_tx_page(h);
	if (!err)
		err = nic_user.attach(d);
	if (err)
		unhook(h);
	return err;
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
		.moved = moved,
		.tty = vmm_pci_option_bool(options, "tty", false),
		.virtio = vmm_pci_option_bool(options, "virtio", false),
		.net = vmm_pci_option_text(options, "net", ""),
	};
	vmm_log_info("PRO/1000 found.\n");
	err = vmm_device_map(vmm, base(h), REGISTERS_MIN);
	if (!err)
		err = !h->device.virtio &&
			nic_user.net_wants_guest(h->device.net) ?
			pass(h) : own(h);
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
		unhook(&holders[i]);
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
