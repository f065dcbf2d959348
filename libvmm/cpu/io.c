/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Port I/O.  Only hooked ports exit; an access that reaches beyond a hook is
 * made byte by byte.
 */
#include <core/core_priv.h>
#include <cpu/policy.h>
#include <vmm/error.h>
#include <vmm/io.h>
#include <vmm/spinlock.h>

#define MAX_HOOKS	64
/* Elements of a string instruction in one exit; then the guest gets its
 * interrupts, and the instruction comes back for the rest. */
#define MAX_ELEMENTS	256
#define MAX_PREFIXES	14

struct io_hook {
	unsigned first, count;
	const struct vmm_io_ops *ops;
	void *ctx;
};

static struct io_hook hooks[MAX_HOOKS];
static unsigned hook_count;
static bool intercepting;	/* the vendor's map exists */
static struct vmm_spinlock hook_lock = VMM_SPINLOCK_INIT;

uint32_t vmm_port_read(uint16_t port, unsigned width)
{
	switch (width) {
	case 1:
		return x86_inb(port);
	case 2:
		return x86_inw(port);
	default:
		return x86_inl(port);
	}
}

void vmm_port_write(uint16_t port, unsigned width, uint32_t value)
{
	switch (width) {
	case 1:
		x86_outb(port, (uint8_t)value);
		break;
	case 2:
		x86_outw(port, (uint16_t)value);
		break;
	default:
		x86_outl(port, value);
	}
}

/* --- hooks --- */

/* A copy of the first hook that has one of the ports. */
static bool find_hook(unsigned port, unsigned width, struct io_hook *hook)
{
	bool found = false;
	unsigned i;

	vmm_spin_lock(&hook_lock);
	for (i = 0; i < hook_count && !found; i++) {
		const struct io_hook *h = &hooks[i];

		found = port < h->first + h->count && h->first < port + width;
		if (found)
			*hook = *h;
	}
	vmm_spin_unlock(&hook_lock);
	return found;
}

static bool whole(const struct io_hook *hook, unsigned port, unsigned width)
{
	return port >= hook->first &&
		port + width <= hook->first + hook->count;
}

static uint32_t port_in(struct vmm_vcpu *v, uint16_t port, unsigned width)
{
	struct io_hook hook;
	uint32_t value = 0;
	unsigned i;

	if (!find_hook(port, width, &hook))
		return vmm_port_read(port, width);
	if (whole(&hook, port, width))
		return hook.ops->read(v, hook.ctx, port, width);
	for (i = 0; i < width; i++)
		value |= (port_in(v, (uint16_t)(port + i), 1) & UINT8_MAX) <<
			i * 8;
	return value;
}

static void port_out(struct vmm_vcpu *v, uint16_t port, unsigned width,
		     uint32_t value)
{
	struct io_hook hook;
	unsigned i;

	if (!find_hook(port, width, &hook)) {
		vmm_port_write(port, width, value);
		return;
	}
	if (whole(&hook, port, width)) {
		hook.ops->write(v, hook.ctx, port, width, value);
		return;
	}
	for (i = 0; i < width; i++)
		port_out(v, (uint16_t)(port + i), 1,
			 value >> i * 8 & UINT8_MAX);
}

int vmm_io_hook(struct vmm *vmm, uint16_t first, uint16_t count,
		const struct vmm_io_ops *ops, void *ctx)
{
	struct io_hook other;
	int rc = 0;

	if (!count || first + count - 1 > UINT16_MAX ||
	    find_hook(first, count, &other))
		return VMM_ERROR(EINVAL);
	vmm_spin_lock(&hook_lock);
	if (hook_count == VMM_ARRAY_SIZE(hooks))
		rc = VMM_ERROR(ENOSPC);
	else
		hooks[hook_count++] = (struct io_hook){ first, count, ops,
							ctx };
	if (rc == 0 && intercepting)
		vmm->vendor->intercept_io(vmm, first, count, true);
	vmm_spin_unlock(&hook_lock);
	return rc;
}

void vmm_io_unhook(struct vmm *vmm, uint16_t first)
{
	unsigned i;

	vmm_spin_lock(&hook_lock);
	for (i = 0; i < hook_count; i++) {
		if (hooks[i].first != first)
			continue;
		if (intercepting)
			vmm->vendor->intercept_io(vmm, first, hooks[i].count,
						  false);
		hooks[i] = hooks[--hook_count];
	}
	vmm_spin_unlock(&hook_lock);
}

/* Hooks of early units come before there is a map to set. */
void io_intercepts(struct vmm *vmm)
{
	unsigned i;

	intercepting = true;
	for (i = 0; i < hook_count; i++)
		vmm->vendor->intercept_io(vmm, (uint16_t)hooks[i].first,
					  hooks[i].count, true);
}

/* --- the instructions --- */

static uint64_t addr_mask(const struct vmm_exit *e)
{
	return e->io.addr_size == 8 ? UINT64_MAX :
		(UINT64_C(1) << e->io.addr_size * 8) - 1;
}

/* A register's lowest bytes become value; 32 bits clear the upper half. */
static void reg_update(uint64_t *reg, uint64_t value, uint64_t mask)
{
	if (mask <= UINT16_MAX)
		*reg = (*reg & ~mask) | (value & mask);
	else
		*reg = value & mask;
}

/* The fault of an operand in memory; VMM_DONE if there is none.  -EIO: it is
 * in a device, which may do what it likes with INS and OUTS. */
static enum vmm_verdict operand_fault(struct vmm_vcpu *v, struct vmm_exit *e,
				      int rc, uint64_t bad,
				      uint32_t error_code)
{
	if (rc == -ERANGE)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	if (rc != -EFAULT)
		return VMM_DONE;
	v->vmm->vendor->set(v, VMM_REG_CR2, bad);
	return vmm_fault_error(e, X86_TRAP_PF, error_code);
}

/* The port is read when its value can be stored, not before. */
static enum vmm_verdict in_element(struct vmm_vcpu *v, struct vmm_exit *e,
				   uint64_t gva)
{
	uint64_t gpa, bad = gva;
	uint32_t error_code = 0, value;
	int rc = vmm_gva_translate(v, gva, VMM_ACCESS_WRITE, &gpa,
				   &error_code);

	if (rc == 0 && e->io.width > 1) {
		bad = gva + e->io.width - 1;
		rc = vmm_gva_translate(v, bad, VMM_ACCESS_WRITE, &gpa,
				       &error_code);
	}
	if (rc == 0) {
		value = port_in(v, e->io.port, e->io.width);
		rc = vmm_gva_write(v, gva, &value, e->io.width, 0, &bad,
				   &error_code);
	}
	return operand_fault(v, e, rc, bad, error_code);
}

static enum vmm_verdict out_element(struct vmm_vcpu *v, struct vmm_exit *e,
				    uint64_t gva)
{
	uint32_t error_code = 0, value = 0;
	uint64_t bad = 0;
	int rc = vmm_gva_read(v, gva, &value, e->io.width, VMM_ACCESS_READ,
			      &bad, &error_code);
	enum vmm_verdict verdict = operand_fault(v, e, rc, bad, error_code);

	if (verdict == VMM_DONE)
		port_out(v, e->io.port, e->io.width, value);
	return verdict;
}

/* Segment of OUTS: DS, or that of the last override prefix. */
static enum vmm_segreg source_segment(struct vmm_vcpu *v)
{
	enum vmm_segreg seg = VMM_SEG_DS;
	uint8_t bytes[MAX_PREFIXES];
	unsigned mode, i, n = vmm_insn_fetch(v, bytes, sizeof(bytes), &mode);

	for (i = 0; i < n; i++) {
		switch (bytes[i]) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:	/* ES, CS, SS, DS: in the order of the enum */
			seg = (enum vmm_segreg)(VMM_SEG_ES +
						(bytes[i] - 0x26) / 8);
			break;
		case 0x64:
		case 0x65:
			seg = (enum vmm_segreg)(VMM_SEG_FS + bytes[i] - 0x64);
			break;
		case 0x6e:
		case 0x6f:
			return seg;
		}
	}
	return seg;
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
	enum vmm_segreg reg = e->io.in ? VMM_SEG_ES : source_segment(v);
	struct vmm_segment seg;
	unsigned i;

	ops->get_seg(v, reg, &seg);
	if (e->io.addr_size == 8 && reg < VMM_SEG_FS)
		seg.base = 0;
	for (i = 0; !e->io.rep || v->regs.rcx & mask; i++) {
		uint64_t gva = seg.base + (*ptr & mask);
		enum vmm_verdict verdict;

		if (i == MAX_ELEMENTS)
			return VMM_RETRY;
		verdict = e->io.in ? in_element(v, e, gva) :
				     out_element(v, e, gva);
		if (verdict != VMM_DONE)
			return verdict;
		reg_update(ptr, *ptr + step, mask);
		if (!e->io.rep)
			break;
		reg_update(&v->regs.rcx, v->regs.rcx - 1, mask);
	}
	return VMM_DONE;
}

enum vmm_verdict io_exit(struct vmm_vcpu *v, struct vmm_exit *e)
{
	unsigned width = e->io.width;

	if (e->io.string)
		return string_io(v, e);
	if (e->io.in)
		reg_update(&v->regs.rax, port_in(v, e->io.port, width),
			   UINT32_MAX >> (32 - 8 * width));
	else
		port_out(v, e->io.port, width,
			 (uint32_t)v->regs.rax & UINT32_MAX >> (32 - 8 * width));
	return VMM_DONE;
}
