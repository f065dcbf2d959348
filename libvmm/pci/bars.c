/* SPDX-License-Identifier: BSD-3-Clause */
/* Base address registers: sizes, moves, and the hooks that follow them (PCI
 * Local Bus Specification 3.0, 6.2.5.1). */
#include <pci/pci_priv.h>
#include <vmm/error.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/vmm.h>

#define ROM_BAR		0x30u	/* of a header of type 0 */
#define ROM_ENABLE	0x1u
/* Of a device that is not sized, since the guest uses it all the time: what
 * drivers touch of it, at most. */
#define UNSIZED	0x10000u
#define DECODE	(VMM_PCI_COMMAND_IO | VMM_PCI_COMMAND_MEM)

static unsigned bar_offset(unsigned n)
{
	return VMM_PCI_BAR0 + 4 * n;
}

static bool is_memory(const struct vmm_pci_bar *bar)
{
	return bar->kind == VMM_PCI_BAR_MEM32 ||
		bar->kind == VMM_PCI_BAR_MEM64;
}

/* --- sizes --- */

static uint32_t probe(const struct vmm_pci_dev *dev, unsigned n)
{
	uint32_t old = vmm_pci_read(dev, bar_offset(n), 4), mask;

	vmm_pci_write(dev, bar_offset(n), 4, UINT32_MAX);
	mask = vmm_pci_read(dev, bar_offset(n), 4);
	vmm_pci_write(dev, bar_offset(n), 4, old);
	return mask;
}

/* The lowest bit that can be set; 0 if there is none. */
static uint64_t size_of(uint64_t mask)
{
	return mask & -mask;
}

static void size_bar(struct vmm_pci_dev *dev, unsigned n)
{
	struct vmm_pci_bar *bar = &dev->bar[n];
	uint64_t mask = probe(dev, n);

	switch (bar->kind) {
	case VMM_PCI_BAR_IO:
		bar->size = size_of(mask & ~(uint64_t)PCI_BAR_IO_FLAGS &
				    UINT16_MAX);
		break;
	case VMM_PCI_BAR_MEM32:
		bar->size = size_of(mask & ~(uint64_t)PCI_BAR_MEM_FLAGS);
		break;
	case VMM_PCI_BAR_MEM64:
		mask |= (uint64_t)probe(dev, n + 1) << 32;
		bar->size = size_of(mask & ~(uint64_t)PCI_BAR_MEM_FLAGS);
		break;
	default:
		break;
	}
	if (!bar->size)
		bar->kind = VMM_PCI_BAR_NONE;
}

void vmm_pci_size_bars(struct vmm_pci_dev *dev)
{
	uint32_t command = vmm_pci_read(dev, VMM_PCI_COMMAND, 2);
	unsigned n;

	vmm_pci_write(dev, VMM_PCI_COMMAND, 2, command & ~DECODE);
	for (n = 0; n < VMM_PCI_BARS; n++)
		if (dev->bar[n].kind != VMM_PCI_BAR_NONE)
			size_bar(dev, n);
	vmm_pci_write(dev, VMM_PCI_COMMAND, 2, command);
}

/* --- accesses --- */

static bool decoded(const struct vmm_pci_owned *o, unsigned n)
{
	unsigned bit = o->dev->bar[n].kind == VMM_PCI_BAR_IO ?
		VMM_PCI_COMMAND_IO : VMM_PCI_COMMAND_MEM;

	if (!(o->flags & VMM_PCI_KEEP))
		return true;	/* else there is no hook */
	return (o->command & bit) && o->power == 0;
}

/* The offset in the BAR; false: the guest does not decode it there now. */
static bool offset_of(const struct pci_bar_hook *hook, uint64_t at,
		      unsigned size, uint64_t *offset)
{
	unsigned n = (unsigned)(hook - hook->owned->hook);
	const struct vmm_pci_bar *bar = &hook->owned->dev->bar[n];

	*offset = at - hook->at;
	return decoded(hook->owned, n) && *offset < bar->size &&
		bar->size - *offset >= size;
}

static int memory_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		       unsigned size, uint64_t *value)
{
	const struct pci_bar_hook *hook = ctx;
	uint64_t offset;

	*value = UINT64_MAX >> (64 - 8 * size);
	if (!offset_of(hook, gpa, size, &offset))
		return 0;
	return hook->ops->read(v, hook->ctx, offset, size, value);
}

static int memory_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
			unsigned size, uint64_t value)
{
	const struct pci_bar_hook *hook = ctx;
	uint64_t offset;

	if (!offset_of(hook, gpa, size, &offset))
		return 0;
	return hook->ops->write(v, hook->ctx, offset, size, value);
}

static uint32_t port_read(struct vmm_vcpu *v, void *ctx, uint16_t port,
			  unsigned width)
{
	uint64_t value;

	if (memory_read(v, ctx, port, width, &value) < 0)
		return UINT32_MAX;
	return (uint32_t)value;
}

/* There is no fault that a port could give, so an error loses the write. */
static void port_write(struct vmm_vcpu *v, void *ctx, uint16_t port,
		       unsigned width, uint32_t value)
{
	int rc = memory_write(v, ctx, port, width, value);

	(void)rc;
}

static const struct vmm_mmio_ops memory_ops = { memory_read, memory_write };
static const struct vmm_io_ops port_ops = { port_read, port_write };

/* --- hooks --- */

static void tell(const struct pci_bar_hook *hook, bool on)
{
	const struct vmm_pci_owned *o = hook->owned;

	if (o->ops->hooked)
		o->ops->hooked(o->dev, (unsigned)(hook - o->hook), on);
}

static void unhook(struct pci_bar_hook *hook)
{
	struct vmm *vmm = hook->owned->vmm;

	if (!hook->hooked)
		return;
	if (hook->io)
		vmm_io_unhook(vmm, (uint16_t)hook->at);
	else
		vmm_mmio_unhook(vmm, hook->at);
	hook->hooked = false;
	tell(hook, false);
}

static int hook_at(struct pci_bar_hook *hook, const struct vmm_pci_bar *bar)
{
	struct vmm *vmm = hook->owned->vmm;
	int rc;

	hook->at = bar->base;
	hook->io = bar->kind == VMM_PCI_BAR_IO;
	rc = hook->io ? vmm_io_hook(vmm, (uint16_t)bar->base,
				    (uint16_t)bar->size, &port_ops, hook) :
		vmm_mmio_hook(vmm, bar->base, bar->size, &memory_ops, hook);
	hook->hooked = rc == 0;
	if (rc == 0)
		tell(hook, true);
	return rc;
}

/* Put the hook where the BAR is, if it is to be there. */
static int follow(struct vmm_pci_owned *o, unsigned n, bool want)
{
	const struct vmm_pci_bar *bar = &o->dev->bar[n];
	struct pci_bar_hook *hook = &o->hook[n];

	if (!hook->ops)
		return 0;
	want = want && bar->base && bar->size;
	if (hook->hooked && want && hook->at == bar->base)
		return 0;
	unhook(hook);
	return want ? hook_at(hook, bar) : 0;
}

/* Does the hardware decode it?  Of a device that the VMM does not keep. */
static bool hardware_decodes(const struct vmm_pci_owned *o, unsigned n)
{
	uint32_t command = vmm_pci_read(o->dev, VMM_PCI_COMMAND, 2);
	unsigned bit = o->dev->bar[n].kind == VMM_PCI_BAR_IO ?
		VMM_PCI_COMMAND_IO : VMM_PCI_COMMAND_MEM;

	if (command == UINT16_MAX || !(command & bit))
		return false;
	return !o->pm || !(vmm_pci_read(o->dev, o->pm + 4, 2) & 3);
}

static bool is_probing(const struct vmm_pci_owned *o, unsigned n)
{
	return o->probing[n] || (o->dev->bar[n].kind == VMM_PCI_BAR_MEM64 &&
				 o->probing[n + 1]);
}

static uint64_t base_read(const struct vmm_pci_dev *dev, unsigned n)
{
	uint32_t low = vmm_pci_read(dev, bar_offset(n), 4);

	switch (dev->bar[n].kind) {
	case VMM_PCI_BAR_IO:
		return low & ~(uint64_t)PCI_BAR_IO_FLAGS & UINT16_MAX;
	case VMM_PCI_BAR_MEM64:
		return (low & ~(uint64_t)PCI_BAR_MEM_FLAGS) |
			(uint64_t)vmm_pci_read(dev, bar_offset(n + 1),
					       4) << 32;
	default:
		return low & ~(uint64_t)PCI_BAR_MEM_FLAGS;
	}
}

/*
 * Can the VMM find registers there?  Not where memory is, the VMM's own or the
 * guest's: the processor's accesses go to that, wherever a guest has put a BAR,
 * and the VMM would write what is meant for registers.
 */
static bool is_place(struct vmm *vmm, const struct vmm_pci_bar *bar,
		     uint64_t base)
{
	uint64_t own = vmm->handoff->reserved_base;
	uint64_t own_end = own + vmm->handoff->reserved_size;
	uint64_t size = bar->size ? bar->size : UNSIZED;

	if (!base || (bar->size && base & (size - 1)) ||
	    (bar->kind == VMM_PCI_BAR_MEM32 && base > UINT32_MAX - size + 1))
		return false;
	return (base >= own_end || own >= base + size) &&
		!vmm_ram_meets(&vmm->ram, base, size) &&
		vmm_device_map(vmm, base, size) == 0;
}

/* The guest has moved a BAR of a device that it drives; 0: out of reach. */
static void watch_base(struct vmm_pci_owned *o, unsigned n)
{
	struct vmm_pci_bar *bar = &o->dev->bar[n];
	uint64_t base = base_read(o->dev, n);

	if (is_memory(bar) && !is_place(o->vmm, bar, base))
		base = 0;
	if (base == bar->base)
		return;
	if (o->ops->hold)
		o->ops->hold(o->dev, true);
	bar->base = base;
	if (o->ops->hold)
		o->ops->hold(o->dev, false);
}

static int update_bar(struct vmm_pci_owned *o, unsigned n)
{
	if (o->flags & (VMM_PCI_KEEP | PCI_FIXED))
		return follow(o, n, true);
	if (is_probing(o, n))
		return 0;
	watch_base(o, n);
	return follow(o, n, hardware_decodes(o, n));
}

static void warn_unhooked(const struct vmm_pci_owned *o, unsigned n,
			  uint64_t base, int rc)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(5);
	uint32_t suppressed;

	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning(VMM_PCI_FORMAT " BAR%u at %#llx cannot be"
				" watched: %s\n",
				VMM_PCI_ARGS(o->dev->addr), n,
				(unsigned long long)base, vmm_error_name(rc));
}

void pci_bars_update(struct vmm_pci_owned *o)
{
	unsigned n;

	for (n = 0; n < VMM_PCI_BARS; n++) {
		int rc = 0;

		if (o->dev->bar[n].kind != VMM_PCI_BAR_NONE)
			rc = update_bar(o, n);
		if (rc < 0)
			warn_unhooked(o, n, o->dev->bar[n].base, rc);
	}
}

void pci_bars_unhook(struct vmm_pci_owned *o)
{
	unsigned n;

	for (n = 0; n < VMM_PCI_BARS; n++)
		unhook(&o->hook[n]);
}

int vmm_pci_hook_bar(struct vmm *vmm, struct vmm_pci_dev *dev, unsigned n,
		     const struct vmm_pci_bar_ops *ops, void *ctx)
{
	struct vmm_pci_owned *o = dev->owned;

	(void)vmm;
	if (!o || n >= VMM_PCI_BARS || !dev->bar[n].size ||
	    dev->bar[n].kind == VMM_PCI_BAR_NONE || o->hook[n].ops)
		return VMM_ERROR(EINVAL);
	o->hook[n].ops = ops;
	o->hook[n].ctx = ctx;
	return update_bar(o, n);
}

static int ones_read(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		     unsigned size, uint64_t *value)
{
	(void)v;
	(void)ctx;
	(void)offset;
	*value = UINT64_MAX >> (64 - 8 * size);
	return 0;
}

static int lost_write(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		      unsigned size, uint64_t value)
{
	(void)v;
	(void)ctx;
	(void)offset;
	(void)size;
	(void)value;
	return 0;
}

static const struct vmm_pci_bar_ops nothing = { ones_read, lost_write };

int vmm_pci_hide_bars(struct vmm *vmm, struct vmm_pci_dev *dev)
{
	unsigned n;
	int rc = 0;

	/* A ROM needs no hook: nobody misses it (6.2.5.2). */
	vmm_pci_write(dev, ROM_BAR, 4, vmm_pci_read(dev, ROM_BAR, 4) &
		      ~ROM_ENABLE);

	for (n = 0; n < VMM_PCI_BARS && rc == 0; n++)
		if (dev->bar[n].kind != VMM_PCI_BAR_NONE &&
		    dev->bar[n].size && !dev->owned->hook[n].ops)
			rc = vmm_pci_hook_bar(vmm, dev, n, &nothing, NULL);
	return rc;
}

/* --- registers of a device that the VMM keeps --- */

/* The BAR that register n belongs to: itself, or the lower half below it. */
static unsigned bar_of(const struct vmm_pci_owned *o, unsigned n)
{
	return n > 0 && o->dev->bar[n - 1].kind == VMM_PCI_BAR_MEM64 ?
		n - 1 : n;
}

/* Bits of register n that can be written. */
static uint32_t writable(const struct vmm_pci_owned *o, unsigned n)
{
	const struct vmm_pci_bar *bar = &o->dev->bar[bar_of(o, n)];
	uint64_t mask = ~(bar->size - 1);

	if (bar->kind == VMM_PCI_BAR_NONE || !bar->size)
		return 0;
	return bar_of(o, n) == n ? (uint32_t)mask : (uint32_t)(mask >> 32);
}

static uint32_t fixed_bits(const struct vmm_pci_owned *o, unsigned n)
{
	const struct vmm_pci_bar *bar = &o->dev->bar[n];

	if (bar_of(o, n) != n || bar->kind == VMM_PCI_BAR_NONE)
		return 0;
	return vmm_pci_read(o->dev, bar_offset(n), 4) &
		(is_memory(bar) ? PCI_BAR_MEM_FLAGS : PCI_BAR_IO_FLAGS);
}

uint32_t pci_bars_guest_read(const struct vmm_pci_owned *o, unsigned n)
{
	return (o->bar[n] & writable(o, n)) | fixed_bits(o, n);
}

static void write_register(const struct vmm_pci_dev *dev, unsigned n)
{
	const struct vmm_pci_bar *bar = &dev->bar[n];

	vmm_pci_write(dev, bar_offset(n), 4, (uint32_t)bar->base);
	if (bar->kind == VMM_PCI_BAR_MEM64)
		vmm_pci_write(dev, bar_offset(n + 1), 4,
			      (uint32_t)(bar->base >> 32));
}

static bool in_range(const struct vmm_pci_bar *bar, uint64_t base,
		     uint64_t size)
{
	return bar->base >= base && bar->base - base < size &&
		size - (bar->base - base) >= bar->size;
}

/*
 * The guest puts BAR n where hidden ones are, for it does not see them: those
 * go to where n was, which the guest believes to be free from now on.  Their
 * sizes are powers of two, so what is in the way of a larger one is all in it.
 */
static void make_way(struct vmm_pci_owned *o, unsigned n, uint64_t base)
{
	struct vmm_pci_bar *bar = o->dev->bar;
	unsigned i;

	for (i = 0; i < VMM_PCI_BARS; i++) {
		if (i == n || bar[i].kind == VMM_PCI_BAR_NONE ||
		    o->hook[i].ops != &nothing ||
		    is_memory(&bar[i]) != is_memory(&bar[n]) ||
		    !in_range(&bar[i], base, bar[n].size))
			continue;
		unhook(&o->hook[i]);
		bar[i].base = bar[n].base + (bar[i].base - base);
		write_register(o->dev, i);
		o->bar[i] = (uint32_t)bar[i].base;
		if (bar[i].kind == VMM_PCI_BAR_MEM64)
			o->bar[i + 1] = (uint32_t)(bar[i].base >> 32);
	}
}

static void put(struct vmm_pci_owned *o, unsigned n, uint64_t base)
{
	unhook(&o->hook[n]);
	make_way(o, n, base);
	o->dev->bar[n].base = base;
	write_register(o->dev, n);
}

/* Move the hardware's BAR to where the guest wants it.  Decoding is off in
 * between: the halves of an address are not written at once.  Where its hook
 * cannot be, it would be the guest's: then it stays where it was. */
static void move(struct vmm_pci_owned *o, unsigned n, uint64_t base)
{
	struct vmm_pci_dev *dev = o->dev;
	const struct vmm_pci_ops *ops = o->ops;
	uint64_t old = dev->bar[n].base;
	uint32_t command;
	int rc;

	if (is_memory(&dev->bar[n]) &&
	    !is_place(o->vmm, &dev->bar[n], base))
		return;
	if (ops->hold)
		ops->hold(dev, true);
	command = vmm_pci_read(dev, VMM_PCI_COMMAND, 2);
	vmm_pci_write(dev, VMM_PCI_COMMAND, 2, command & ~DECODE);
	put(o, n, base);
	rc = follow(o, n, true);
	if (rc < 0) {
		warn_unhooked(o, n, base, rc);
		put(o, n, old);
	}
	vmm_pci_write(dev, VMM_PCI_COMMAND, 2, command);
	if (ops->hold)
		ops->hold(dev, false);
}

/* Where the guest has put the BAR; false: nowhere, or it is probing sizes. */
static bool guest_base(const struct vmm_pci_owned *o, unsigned n,
		       uint64_t *base)
{
	uint32_t low = o->bar[n] & writable(o, n);

	*base = low;
	if (o->dev->bar[n].kind == VMM_PCI_BAR_MEM64)
		*base |= (uint64_t)(o->bar[n + 1] & writable(o, n + 1)) << 32;
	return *base && !(*base >> 52) &&
		(low != writable(o, n) || !low);
}

static void apply(struct vmm_pci_owned *o, unsigned n)
{
	uint64_t base;

	if (o->dev->bar[n].kind == VMM_PCI_BAR_NONE ||
	    !guest_base(o, n, &base) || base == o->dev->bar[n].base)
		return;
	move(o, n, base);
	pci_bars_update(o);
}

/* The lower half of a 64-bit one waits for the upper. */
void pci_bars_guest_write(struct vmm_pci_owned *o, unsigned n, uint32_t value)
{
	o->bar[n] = value;
	if (o->dev->bar[n].kind != VMM_PCI_BAR_MEM64)
		apply(o, bar_of(o, n));
}

void pci_bars_apply(struct vmm_pci_owned *o)
{
	unsigned n;

	for (n = 0; n < VMM_PCI_BARS; n++)
		apply(o, n);
}

void pci_bars_restore(const struct vmm_pci_owned *o)
{
	unsigned n;

	for (n = 0; n < VMM_PCI_BARS; n++)
		if (o->dev->bar[n].kind != VMM_PCI_BAR_NONE)
			write_register(o->dev, n);
}
