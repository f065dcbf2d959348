/* SPDX-License-Identifier: BSD-3-Clause */
/* From an exit on a hooked page to the instruction and back. */
#include <cpu/vcpu_priv.h>
#include <vmm/error.h>
#include <vmm/insn.h>
#include <vmm/log.h>
#include <vmm/mmio.h>

/* Where the parts of an access are: before and behind the end of a page. */
struct place {
	unsigned size[2];	/* bytes; the second is mostly 0 */
	bool hooked[2];
	uint64_t gpa[2];
};

struct emulation {
	struct vmm_insn_cpu cpu;
	struct vmm_vcpu *v;
	struct vmm_exit *e;
	const struct vmm_mmio_ops *ops;
	void *ctx;
	struct vmm_insn_access access[VMM_INSN_ACCESSES];
	struct place place[VMM_INSN_ACCESSES];
};

static struct emulation *emulation_of(struct vmm_insn_cpu *cpu)
{
	return VMM_CONTAINER_OF(cpu, struct emulation, cpu);
}

static uint64_t seg_base(struct vmm_insn_cpu *cpu, enum vmm_segreg seg)
{
	struct vmm_vcpu *v = emulation_of(cpu)->v;
	struct vmm_segment s;

	v->vmm->vendor->get_seg(v, seg, &s);
	return s.base;
}

/* The largest aligned power of two at gpa that is not more than n. */
static unsigned chunk(uint64_t gpa, unsigned n)
{
	unsigned size = 8;

	while (size > n || gpa & (size - 1))
		size /= 2;
	return size;
}

static int mmio_read(const struct emulation *em, uint64_t gpa, uint8_t *bytes,
		     unsigned n, bool whole)
{
	unsigned size;
	uint64_t value;

	for (; n; n -= size, gpa += size, bytes += size) {
		int rc;

		size = whole ? n : chunk(gpa, n);
		value = 0;
		rc = em->ops->read(em->v, em->ctx, gpa, size, &value);
		if (rc)
			return rc;
		__builtin_memcpy(bytes, &value, size);
	}
	return 0;
}

static int mmio_write(const struct emulation *em, uint64_t gpa,
		      const uint8_t *bytes, unsigned n, bool whole)
{
	unsigned size;
	uint64_t value;

	for (; n; n -= size, gpa += size, bytes += size) {
		int rc;

		size = whole ? n : chunk(gpa, n);
		value = 0;
		__builtin_memcpy(&value, bytes, size);
		rc = em->ops->write(em->v, em->ctx, gpa, size, value);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_access(struct vmm_insn_cpu *cpu,
		       const struct vmm_insn_access *a, uint64_t *value)
{
	const struct emulation *em = emulation_of(cpu);
	const struct place *p = &em->place[a - em->access];
	uint64_t linear = a->linear;
	uint8_t bytes[8] = { 0 }, *at = bytes;
	unsigned i;
	int rc = 0;

	for (i = 0; i < 2 && !rc; i++) {
		if (p->hooked[i])
			rc = mmio_read(em, p->gpa[i], at, p->size[i],
				       !p->size[1]);
		else if (p->size[i])
			rc = vmm_gva_read(em->v, linear, at, p->size[i],
					  VMM_ACCESS_READ, NULL, NULL);
		linear += p->size[i];
		at += p->size[i];
	}
	__builtin_memcpy(value, bytes, sizeof(bytes));
	return rc;
}

static int write_access(struct vmm_insn_cpu *cpu,
			const struct vmm_insn_access *a, uint64_t value)
{
	const struct emulation *em = emulation_of(cpu);
	const struct place *p = &em->place[a - em->access];
	uint64_t linear = a->linear;
	uint8_t bytes[8], *at = bytes;
	unsigned i;
	int rc = 0;

	__builtin_memcpy(bytes, &value, sizeof(bytes));
	for (i = 0; i < 2 && !rc; i++) {
		if (p->hooked[i])
			rc = mmio_write(em, p->gpa[i], at, p->size[i],
					!p->size[1]);
		else if (p->size[i])
			rc = vmm_gva_write(em->v, linear, at, p->size[i],
					   VMM_ACCESS_WRITE, NULL, NULL);
		linear += p->size[i];
		at += p->size[i];
	}
	return rc;
}

static const struct vmm_insn_env env = { seg_base, read_access, write_access };

/* An address that the guest's own map does not let it access: what the
 * processor would do. */
static enum vmm_verdict map_fault(const struct emulation *em, uint64_t linear,
				  int error, uint32_t error_code)
{
	if (error == -ERANGE)
		return vmm_fault_error(em->e, X86_TRAP_GP, 0);
	em->v->vmm->vendor->set(em->v, VMM_REG_CR2, linear);
	return vmm_fault_error(em->e, X86_TRAP_PF, error_code);
}

/* Translate all accesses, before any of them is made.  VMM_DONE: all can be
 * made, and one touches the hooked page; VMM_RETRY: none does. */
static enum vmm_verdict find_places(struct emulation *em, unsigned count)
{
	uint64_t page = VMM_ROUND_DOWN(em->e->mem.gpa, VMM_PAGE_SIZE);
	enum vmm_verdict verdict = VMM_RETRY;
	unsigned i;

	for (i = 0; i < 2 * count; i++) {
		const struct vmm_insn_access *a = &em->access[i / 2];
		struct place *p = &em->place[i / 2];
		unsigned part = i % 2, before = part ? p->size[0] : 0;
		uint64_t linear = a->linear + before, left;
		uint32_t error_code;
		int rc;

		left = VMM_PAGE_SIZE - (linear & VMM_PAGE_MASK);
		p->size[part] = a->size - before;
		if (p->size[part] > left)
			p->size[part] = (unsigned)left;
		p->hooked[part] = false;
		if (!p->size[part])
			continue;
		rc = vmm_gva_translate(em->v, linear, a->write ?
				       VMM_ACCESS_WRITE : VMM_ACCESS_READ,
				       &p->gpa[part], &error_code);
		if (rc)
			return map_fault(em, linear, rc, error_code);
		if (VMM_ROUND_DOWN(p->gpa[part], VMM_PAGE_SIZE) != page)
			continue;
		p->hooked[part] = true;
		verdict = VMM_DONE;
	}
	return verdict;
}

static enum vmm_verdict cannot(const struct emulation *em,
			       const uint8_t *bytes, unsigned n)
{
	static struct vmm_ratelimit limit = VMM_RATELIMIT(3);
	uint8_t b[VMM_INSN_MAX] = { 0 };
	uint32_t suppressed;

	__builtin_memcpy(b, bytes, n);
	if (vmm_ratelimit_ok(&limit, &suppressed))
		vmm_log_warning("CPU%u: the instruction at %#llx (%02x %02x"
				" %02x %02x %02x %02x %02x %02x ...) that"
				" accesses %#llx cannot be emulated: #UD\n",
				em->v->number, (unsigned long long)em->cpu.rip,
				b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7],
				(unsigned long long)em->e->mem.gpa);
	return vmm_fault(em->e, X86_TRAP_UD);
}

static uint8_t stack_size(struct vmm_vcpu *v, unsigned mode)
{
	struct vmm_segment ss;

	if (mode == 64)
		return 8;
	v->vmm->vendor->get_seg(v, VMM_SEG_SS, &ss);
	return ss.attr & VMM_SEG_ATTR_DB ? 4 : 2;
}

static void load_cpu(struct emulation *em, unsigned mode)
{
	struct vmm_vcpu *v = em->v;
	const struct vmm_vendor_ops *vendor = v->vmm->vendor;

	v->regs.rsp = vendor->get(v, VMM_REG_RSP);
	em->cpu.gpr = &v->regs.rax;
	em->cpu.rflags = vendor->get(v, VMM_REG_RFLAGS);
	em->cpu.stack_size = stack_size(v, mode);
	em->cpu.env = &env;
}

static enum vmm_verdict execute(struct emulation *em,
				const struct vmm_insn *insn)
{
	struct vmm_vcpu *v = em->v;
	uint64_t rip = em->cpu.rip, rsp = v->regs.rsp;
	uint64_t rflags = em->cpu.rflags;
	int rc = vmm_insn_execute(insn, &em->cpu, em->access);

	if (rc)
		return rc == -EDOM ? vmm_fault(em->e, X86_TRAP_DE) :
			vmm_fault_error(em->e, X86_TRAP_GP, 0);
	if (v->regs.rsp != rsp)
		v->vmm->vendor->set(v, VMM_REG_RSP, v->regs.rsp);
	if (em->cpu.rflags != rflags)
		v->vmm->vendor->set(v, VMM_REG_RFLAGS, em->cpu.rflags);
	if (em->cpu.rip == rip)		/* REP: it comes back for the next */
		return VMM_RETRY;
	em->e->insn_len = insn->len;
	return VMM_DONE;
}

enum vmm_verdict vmm_emulate_access(struct vmm_vcpu *v, struct vmm_exit *e,
				    const struct vmm_mmio_ops *ops, void *ctx)
{
	struct emulation em = { .v = v, .e = e, .ops = ops, .ctx = ctx };
	uint8_t bytes[VMM_INSN_MAX];
	enum vmm_verdict verdict;
	struct vmm_insn insn;
	unsigned mode, n;
	int rc;

	if (e->mem.exec || e->mem.table_walk)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	em.cpu.rip = v->vmm->vendor->get(v, VMM_REG_RIP);
	n = vmm_insn_fetch(v, bytes, sizeof(bytes), &mode);
	rc = vmm_insn_decode(&insn, bytes, n, mode);
	/* The rest of it is in a page that is not there: a fault that the
	 * processor raises better than anyone. */
	if (rc == -ENODATA)
		return VMM_RETRY;
	if (rc == -E2BIG)
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	if (rc || insn.op == VMM_INSN_OTHER)
		return cannot(&em, bytes, n);
	load_cpu(&em, mode);
	verdict = find_places(&em, vmm_insn_accesses(&insn, &em.cpu,
						     em.access));
	return verdict == VMM_DONE ? execute(&em, &insn) : verdict;
}
