/* SPDX-License-Identifier: BSD-3-Clause */
#include <cpu/ioapic.h>
#include <cpu/smp.h>
#include <vmm/error.h>
#include <vmm/intx.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/spinlock.h>

/* How long an edge may take to become an NMI: devices moderate, and emulated
 * ones are late. */
#define NMI_USEC	10000u
#define XAPIC_IDS	255u	/* destinations have 8 bits */

static uint32_t read_reg(void *ctx, unsigned offset)
{
	return (uint32_t)vmm_device_read(*(const uint64_t *)ctx + offset, 4);
}

static void write_reg(void *ctx, unsigned offset, uint32_t value)
{
	vmm_device_write(*(const uint64_t *)ctx + offset, 4, value);
}

static uint64_t base;			/* of the I/O APIC */
static struct ioapic ioapic = {
	.read = read_reg, .write = write_reg, .ctx = &base,
	.input = IOAPIC_NONE,
};
static const struct vmm_intx *owner;	/* NULL: the input is the guest's */
static struct vmm_spinlock lock = VMM_SPINLOCK_INIT;

/* --- finding the input --- */

static void drive(void *ctx, bool on)
{
	const struct vmm_intx *intx = *(const struct vmm_intx **)ctx;

	intx->drive(intx->ctx, on);
}

/* The VMM's own handler has noted it, for this CPU to see to later: there is
 * nothing to see to, it was tried for. */
static bool came(void *ctx)
{
	struct vmm_vcpu *v = vmm_vcpu_current();
	uint64_t end = vmm_uptime_usec() + NMI_USEC;

	(void)ctx;
	do {
		if (__atomic_fetch_and(&v->attention,
				       ~(VCPU_SERVICE | VCPU_ANY_NMI),
				       __ATOMIC_ACQ_REL) & VCPU_ANY_NMI)
			return true;
		x86_pause();
	} while (vmm_uptime_usec() < end);
	return false;
}

static bool find(struct vmm *vmm, const struct vmm_intx *intx)
{
	const struct ioapic_probe probe = { drive, came, &intx };
	uint8_t dest = (uint8_t)vmm->vcpu[0]->apic_id;
	unsigned i;

	for (i = 0; i < vmm->acpi.ioapic_count; i++) {
		base = vmm->acpi.ioapic[i];
		if (vmm_device_map(vmm, base, IOAPIC_BYTES) == 0 &&
		    ioapic_claim(&ioapic, &probe, dest))
			return true;
	}
	return false;
}

/* --- the guest's accesses --- */

/* It wants the input for a device of its own. */
static void give_to_guest(struct vmm *vmm)
{
	const struct vmm_intx *intx = owner;

	owner = NULL;
	ioapic_release(&ioapic);
	vmm_spin_unlock(&lock);
	vmm_mmio_unhook(vmm, base);
	intx->lost(intx->ctx);
}

/* Registers are 32 bits wide: of a wider access, the upper half is beside
 * them. */
static int guest_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		      unsigned size, uint64_t *value)
{
	(void)v;
	(void)ctx;
	vmm_spin_lock(&lock);
	*value = ioapic_guest_read(&ioapic, (unsigned)(gpa - base), size);
	vmm_spin_unlock(&lock);
	return 0;
}

static int guest_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		       unsigned size, uint64_t value)
{
	(void)ctx;
	vmm_spin_lock(&lock);
	if (ioapic_guest_write(&ioapic, (unsigned)(gpa - base), size,
			       (uint32_t)value))
		give_to_guest(v->vmm);
	else
		vmm_spin_unlock(&lock);
	return 0;
}

int vmm_intx_claim(struct vmm *vmm, const struct vmm_intx *intx)
{
	static const struct vmm_mmio_ops ops = { guest_read, guest_write };
	int rc;

	if (owner)
		return VMM_ERROR(EBUSY);
	if (vmm->vcpu[0]->apic_id >= XAPIC_IDS || !find(vmm, intx))
		return VMM_ERROR(ENODEV);
	rc = vmm_mmio_hook(vmm, base, IOAPIC_BYTES, &ops, NULL);
	if (rc < 0) {
		ioapic_release(&ioapic);
		return rc;
	}
	owner = intx;
	vmm_log_info("I/O APIC at %#llx: input %u is the VMM's\n",
		     (unsigned long long)base, ioapic.input);
	return 0;
}

void vmm_intx_release(struct vmm *vmm, const struct vmm_intx *intx)
{
	if (owner != intx)
		return;
	owner = NULL;
	ioapic_release(&ioapic);
	vmm_mmio_unhook(vmm, base);
}
