/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Port I/O.  Only ports that the VMM keeps for itself exit; for the guest
 * they are an empty place on the bus: reads give ones, writes are lost.
 */
#include <cpu/policy.h>
#include <vmm/error.h>
#include <vmm/io.h>

#define MAX_RANGES 16

static struct port_range {
	uint16_t first, count;
} hidden[MAX_RANGES];
static unsigned hidden_count;

/* Store n bytes of ones where an INS would.  False: *e holds the fault. */
static bool store_ones(struct vmm_vcpu *v, struct vmm_exit *e, uint64_t gva,
		       unsigned n)
{
	static const uint32_t ones = UINT32_MAX;
	uint32_t error_code = 0;
	uint64_t bad = 0;
	int rc = vmm_gva_write(v, gva, &ones, n, 0, &bad, &error_code);

	if (rc == -EFAULT) {
		v->vmm->vendor->set(v, VMM_REG_CR2, bad);
		vmm_fault_error(e, X86_TRAP_PF, error_code);
	} else if (rc == -ERANGE) {
		vmm_fault_error(e, X86_TRAP_GP, 0);
	}
	/* -EIO: into a device, which may do what it likes with ones. */
	return rc != -EFAULT && rc != -ERANGE;
}

static uint64_t addr_mask(const struct vmm_exit *e)
{
	return e->io.addr_size == 8 ? UINT64_MAX :
		(UINT64_C(1) << e->io.addr_size * 8) - 1;
}

/* Registers narrower than 32 bits keep their upper part. */
static void reg_update(uint64_t *reg, uint64_t value, uint64_t mask)
{
	if (mask == UINT16_MAX)
		*reg = (*reg & ~mask) | (value & mask);
	else
		*reg = value & mask;
}

/* INS and OUTS, one element at a time, as the instruction does: a fault in
 * the middle leaves RCX and the pointer at the element that failed. */
static enum vmm_verdict string_io(struct vmm_vcpu *v, struct vmm_exit *e)
{
	const struct vmm_vendor_ops *ops = v->vmm->vendor;
	uint64_t mask = addr_mask(e);
	uint64_t *ptr = e->io.in ? &v->regs.rdi : &v->regs.rsi;
	bool down = ops->get(v, VMM_REG_RFLAGS) & X86_RFLAGS_DF;
	uint64_t step = down ? -(uint64_t)e->io.width : e->io.width;
	struct vmm_segment es;

	ops->get_seg(v, VMM_SEG_ES, &es);
	if (e->io.addr_size == 8)
		es.base = 0;
	while (!e->io.rep || v->regs.rcx & mask) {
		if (e->io.in && !store_ones(v, e, es.base + (*ptr & mask),
					    e->io.width))
			return VMM_FAULT;
		reg_update(ptr, *ptr + step, mask);
		if (!e->io.rep)
			break;
		reg_update(&v->regs.rcx, v->regs.rcx - 1, mask);
	}
	return VMM_DONE;
}

/* Every port that exits is a hidden one: no other is intercepted. */
enum vmm_verdict io_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	if (e->io.string)
		return string_io(v, e);
	if (!e->io.in)
		return VMM_DONE;
	switch (e->io.width) {
	case 1:
		v->regs.rax |= UINT8_MAX;
		break;
	case 2:
		v->regs.rax |= UINT16_MAX;
		break;
	default:
		v->regs.rax = UINT32_MAX;
	}
	return VMM_DONE;
}

int vmm_io_hide(struct vmm *vmm, uint16_t first, uint16_t count)
{
	(void)vmm;
	if (!count || first + count - 1 > UINT16_MAX)
		return VMM_ERROR(EINVAL);
	if (hidden_count == VMM_ARRAY_SIZE(hidden))
		return VMM_ERROR(ENOSPC);
	hidden[hidden_count++] = (struct port_range){ first, count };
	return 0;
}

void io_intercepts(struct vmm *vmm)
{
	unsigned i;

	for (i = 0; i < hidden_count; i++)
		vmm->vendor->intercept_io(vmm, hidden[i].first,
					  hidden[i].count);
}
