/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Task switches always exit (Intel SDM vol. 3, 26.4.2), after the processor has
 * checked privilege, gate and descriptor.  The rest is cpu/task.c; here is
 * what VMX does with events and blocking.
 */
#include <errno.h>
#include <cpu/task.h>
#include <vmx/vmx_decode.h>
#include <vmx/vmx_priv.h>

#define DR6_BT		UINT64_C(0x8000)
#define PDPTES		4u
#define PDPTE_RESERVED	UINT64_C(0x1e6)	/* and all above MAXPHYADDR */

/* What a failed copy comes to; no memory: as if there were no segment. */
static bool copy_failed(int r, uint64_t bad, uint32_t error,
			struct vmm_event *fault)
{
	*fault = (struct vmm_event){
		.vector = r == -EFAULT ? X86_TRAP_PF : X86_TRAP_GP,
		.type = VMM_EVENT_EXCEPTION, .has_error = true,
		.error = r == -EFAULT ? error : 0,
	};
	if (r == -EFAULT)
		x86_write_cr2(bad);
	return false;
}

static bool task_read(void *ctx, uint32_t linear, void *buf, size_t n,
		      unsigned access, struct vmm_event *fault)
{
	uint32_t error = 0;
	uint64_t bad = linear;
	int r = vmm_gva_read(ctx, linear, buf, n, access, &bad, &error);

	return r == 0 || copy_failed(r, bad, error, fault);
}

static bool task_write(void *ctx, uint32_t linear, const void *buf, size_t n,
		       unsigned access, struct vmm_event *fault)
{
	uint32_t error = 0;
	uint64_t bad = linear;
	int r = vmm_gva_write(ctx, linear, buf, n, access, &bad, &error);

	return r == 0 || copy_failed(r, bad, error, fault);
}

/* The processor loads these four from the VMCS, not from memory (27.3.2.4). */
static bool load_pdptes(struct vmm_vcpu *v, uint32_t cr3)
{
	struct vmm_walk_state st;
	uint64_t pdpte[PDPTES], reserved;
	unsigned i;

	vmm_vcpu_walk_state(v, &st);
	reserved = PDPTE_RESERVED | ~((UINT64_C(1) << st.phys_bits) - 1);
	if (vmm_gpa_read(v, cr3 & ~UINT32_C(0x1f), pdpte, sizeof(pdpte)))
		return false;
	for (i = 0; i < PDPTES; i++)
		if (pdpte[i] & 1 && pdpte[i] & reserved)
			return false;
	for (i = 0; i < PDPTES; i++)
		vmcs_write(VMCS_GUEST_PDPTE0 + 2 * i, pdpte[i]);
	return true;
}

static bool task_load_cr3(void *ctx, uint32_t cr3, struct vmm_event *fault)
{
	struct vmm_vcpu *v = ctx;

	if (vmx_get(v, VMM_REG_CR4) & X86_CR4_PAE && !load_pdptes(v, cr3))
		return copy_failed(-EIO, 0, 0, fault);
	vmx_set(v, VMM_REG_CR3, cr3);
	return true;
}

static void load(struct vmm_vcpu *v, struct task_cpu *c)
{
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(c->gpr); i++)
		c->gpr[i] = (uint32_t)vmx_get(v, (enum vmm_reg)i);
	for (i = 0; i < VMM_SEGS; i++)
		vmx_get_seg(v, (enum vmm_segreg)i, &c->seg[i]);
	c->eip = (uint32_t)vmcs_read(VMCS_GUEST_RIP);
	c->eflags = (uint32_t)vmcs_read(VMCS_GUEST_RFLAGS);
	c->cr0 = (uint32_t)vmx_get(v, VMM_REG_CR0);
	c->dr7 = (uint32_t)vmcs_read(VMCS_GUEST_DR7);
	c->gdt_base = (uint32_t)vmcs_read(VMCS_GUEST_GDTR_BASE);
	c->gdt_limit = (uint32_t)vmcs_read(VMCS_GUEST_GDTR_LIMIT);
}

/* The new task begins with nothing pending and no shadow. */
static void store(struct vmm_vcpu *v, const struct task_cpu *c)
{
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(c->gpr); i++)
		vmx_set(v, (enum vmm_reg)i, c->gpr[i]);
	for (i = 0; i < VMM_SEGS; i++)
		vmx_set_seg(v, (enum vmm_segreg)i, &c->seg[i]);
	vmcs_write(VMCS_GUEST_RIP, c->eip);
	vmcs_write(VMCS_GUEST_RFLAGS, c->eflags);
	vmx_set(v, VMM_REG_CR0, c->cr0);
	vmcs_write(VMCS_GUEST_DR7, c->dr7);
	vmcs_write(VMCS_GUEST_PENDING_DEBUG, 0);
	vmcs_write(VMCS_GUEST_ACTIVITY, VMCS_ACTIVE);
}

/* An NMI through a task gate blocks NMIs, as through any gate; IRET ends
 * that. */
static void update_blocking(enum task_source source, bool nmi)
{
	uint64_t block = vmcs_read(VMCS_GUEST_INTERRUPTIBILITY) &
		VMCS_BLOCK_NMI;

	if (source == TASK_IRET)
		block = 0;
	if (nmi)
		block = VMCS_BLOCK_NMI;
	vmcs_write(VMCS_GUEST_INTERRUPTIBILITY, block);
}

static enum vmm_verdict debug_trap(struct vmm_exit *e)
{
	x86_write_dr6(x86_read_dr6() | DR6_BT);
	return vmm_fault(e, X86_TRAP_DB);
}

/* The new task is in the VMCS; the event that led to it has an error code. */
static bool push(struct vmm_vcpu *v, struct task_cpu *c, uint32_t error,
		 const struct task_world *w, struct vmm_event *fault)
{
	if (!task_push_error(c, error, w, fault))
		return false;
	vmx_set(v, VMM_REG_RSP, c->gpr[VMM_REG_RSP]);
	return true;
}

enum vmm_verdict vmx_task_switch(struct vmm_vcpu *v, struct vmm_exit *e)
{
	const struct task_world w = {
		.read = task_read, .write = task_write,
		.load_cr3 = task_load_cr3, .ctx = v,
	};
	uint64_t q = vmcs_read(VMCS_EXIT_QUALIFICATION);
	struct task_switch t = {
		.selector = (uint16_t)q, .source = q >> 30 & 3,
	};
	uint32_t len = (uint32_t)vmcs_read(VMCS_EXIT_INSN_LEN);
	struct vmm_event ev = { 0 };
	enum task_result result;
	struct task_cpu c;
	bool event;

	event = t.source == TASK_GATE && vmx_decode_event(
		(uint32_t)vmcs_read(VMCS_VECTORING_EVENT),
		(uint32_t)vmcs_read(VMCS_VECTORING_ERROR), len, &ev);
	t.external = event && ev.type < VMM_EVENT_SOFT_INTERRUPT;
	load(v, &c);
	/* An instruction is left behind; a fault, or an event from outside,
	 * returns to where it came. */
	if (!t.external)
		c.eip += len;
	result = task_switch(&c, &t, &w, &e->fault);
	if (result == TASK_FAULT_OLD) {
		vmx_redeliver(v);
		return VMM_FAULT;
	}
	store(v, &c);
	update_blocking(t.source, event && ev.type == VMM_EVENT_NMI);
	if (result == TASK_FAULT_NEW ||
	    (ev.has_error && !push(v, &c, ev.error, &w, &e->fault)))
		return VMM_FAULT;
	return result == TASK_TRAP ? debug_trap(e) : VMM_RETRY;
}
