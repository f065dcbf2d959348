/* SPDX-License-Identifier: BSD-3-Clause */
#include <core/core_priv.h>
#include <cpu/apic.h>
#include <cpu/host.h>
#include <cpu/vcpu_priv.h>
#include <mm/hostmap.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/panic.h>
#include <vmm/spinlock.h>

/* Interrupt gate (Intel SDM vol. 3, 7.14.1) */
struct host_gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_middle;
	uint32_t offset_high, reserved;
};
#define GATE_INTERRUPT 0x8e	/* present, DPL 0, 64-bit interrupt gate */

/* GDT: 64-bit code, flat data, and the attributes of an available TSS. */
#define GDT_CODE UINT64_C(0x00af9b000000ffff)
#define GDT_DATA UINT64_C(0x00cf93000000ffff)
#define GDT_TSS_TYPE UINT64_C(0x89)
#define GDT_TSS_INDEX (HOST_TR / 8)

/* PAT as a CPU resets it; the entry formats of the host's page tables rely
 * on it (vmm/paging.h). */
#define PAT_RESET UINT64_C(0x0007040600070406)

#define VA_END			(UINT64_C(1) << 47)
#define LARGE_PAGE		(UINT64_C(2) << 20)
#define DR6_CLEAR UINT64_C(0xffff0ff0)
#define MSR_MCG_STATUS		0x17au
#define MCG_STATUS_RIPV		UINT64_C(1)

struct extable_row {
	int32_t insn, fixup;	/* relative to the field itself */
};

extern const struct extable_row __extable_start[], __extable_end[];
extern uint8_t host_exception_stubs[];	/* 16 bytes each; entry.S */
extern uint8_t host_interrupt_stub[];
extern const uint8_t __text_start[], __text_end[], __rodata_start[],
	__rodata_end[], __data_start[], __data_end[];

void host_load_segments(void);
void host_load_cs(uint16_t selector);
void host_exception(struct vmm_host_frame *frame);
void host_interrupt(void);

static struct host_gate idt[HOST_GATES] VMM_ALIGNED(16);
static struct vmm_pt host_pt;
static uint64_t host_top;	/* end of what is mapped from the start */
static uint64_t cr4_wanted;

static void gate_set(unsigned vector, uint64_t stub, unsigned ist)
{
	idt[vector] = (struct host_gate){
		.offset_low = (uint16_t)stub,
		.selector = HOST_CS,
		.ist = (uint8_t)ist,
		.type = GATE_INTERRUPT,
		.offset_middle = (uint16_t)(stub >> 16),
		.offset_high = (uint32_t)(stub >> 32),
	};
}

static void idt_build(void)
{
	uint64_t stubs = (uint64_t)(uintptr_t)host_exception_stubs;
	unsigned v;

	for (v = 0; v < HOST_EXCEPTIONS; v++)
		gate_set(v, stubs + v * 16, 0);
	idt[X86_TRAP_DF].ist = HOST_IST_DF;
	idt[X86_TRAP_NMI].ist = HOST_IST_NMI;
	idt[X86_TRAP_MC].ist = HOST_IST_MC;
	for (; v < HOST_GATES; v++)
		gate_set(v, (uint64_t)(uintptr_t)host_interrupt_stub, 0);
}

/* CR4 with every protection that this CPU has (CPUID.7.0), and with OSXSAVE for
 * an XSETBV in the guest's name. */
static uint64_t cr4_protections(void)
{
	uint64_t cr4 = X86_CR4_PAE | X86_CR4_MCE;
	struct x86_cpuid r;

	if (x86_cpuid(1, 0).ecx & 1u << 26)
		cr4 |= X86_CR4_OSXSAVE;
	if (x86_cpuid(0, 0).eax < 7)
		return cr4;
	r = x86_cpuid(7, 0);
	if (r.ebx & 1u << 7)
		cr4 |= X86_CR4_SMEP;
	if (r.ebx & 1u << 20)
		cr4 |= X86_CR4_SMAP;
	if (r.ecx & 1u << 2)
		cr4 |= X86_CR4_UMIP;
	return cr4;
}

static uint64_t addr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int host_init(struct vmm *vmm, unsigned max_leaf, uint64_t top)
{
	struct vmm_hostmap_image img = {
		.text_start = addr(__text_start),
		.text_end = addr(__text_end),
		.rodata_start = addr(__rodata_start),
		.rodata_end = addr(__rodata_end),
		.data_start = addr(__data_start),
		.data_end = addr(__data_end),
	};

	idt_build();
	cr4_wanted = cr4_protections();
	host_top = top;
	return vmm_hostmap_build(&host_pt, &vmm->pool, &img, &vmm->mtrr,
				 max_leaf, top);
}

/* What is mapped already stays as it is, or is mapped the same again.  Nothing
 * is taken away, so no CPU has to flush anything. */
static int map_missing(uint64_t at, uint64_t end)
{
	struct vmm_pt_leaf leaf;
	uint64_t stop;
	int rc;

	while (at < end) {
		if (vmm_pt_lookup(&host_pt, at, &leaf)) {
			at = leaf.va + leaf.size;
			continue;
		}
		stop = VMM_ROUND_DOWN(at, LARGE_PAGE) + LARGE_PAGE;
		if (stop > end)
			stop = end;
		rc = vmm_pt_map(&host_pt, at, at, stop - at,
				VMM_PT_R | VMM_PT_W, VMM_MT_UC);
		if (rc < 0)
			return rc;
		at = stop;
	}
	return 0;
}

int vmm_device_map(struct vmm *vmm, uint64_t pa, uint64_t size)
{
	static struct vmm_spinlock lock = VMM_SPINLOCK_INIT;
	uint64_t end = pa + size;
	int rc;

	/* More bits than the processor has are reserved ones in an entry. */
	if (end < pa || end > VA_END || (size && (end - 1) >> vmm->mtrr.phys_bits))
		return VMM_ERROR(EINVAL);
	if (end <= host_top)
		return 0;
	vmm_spin_lock(&lock);
	rc = map_missing(VMM_ROUND_DOWN(pa > host_top ? pa : host_top,
					VMM_PAGE_SIZE),
			 VMM_ROUND_UP(end, VMM_PAGE_SIZE));
	vmm_spin_unlock(&lock);
	return rc;
}

/* A stack of n pages with an unmapped page below it; its top in *top. */
static int stack_new(struct vmm *vmm, uint64_t n, uint64_t *top)
{
	uint8_t *p = vmm_pages_alloc(&vmm->pool, n + 1);
	int rc;

	if (!p)
		return VMM_ERROR(ENOMEM);
	rc = vmm_hostmap_guard(&host_pt, addr(p));
	if (rc < 0)
		return rc;
	*top = addr(p) + (n + 1) * VMM_PAGE_SIZE;
	return 0;
}

static void gdt_build(struct host_cpu *h)
{
	uint64_t base = addr(&h->tss);

	h->gdt[HOST_CS / 8] = GDT_CODE;
	h->gdt[HOST_DS / 8] = GDT_DATA;
	h->gdt[GDT_TSS_INDEX] = (sizeof(h->tss) - 1) |
		(base & 0xffffff) << 16 | GDT_TSS_TYPE << 40 |
		(base >> 24 & 0xff) << 56;
	h->gdt[GDT_TSS_INDEX + 1] = base >> 32;
	h->tss.iomap_base = sizeof(h->tss);	/* none */
}

int host_cpu_init(struct vmm *vmm, struct vmm_vcpu *v)
{
	struct host_cpu *h = vmm_pages_alloc(&vmm->pool, 1);
	unsigned i;
	int rc;

	VMM_STATIC_ASSERT(sizeof(*h) <= VMM_PAGE_SIZE, "one page");
	if (!h)
		return VMM_ERROR(ENOMEM);
	rc = stack_new(vmm, HOST_STACK_PAGES, &h->stack_top);
	for (i = 0; rc == 0 && i < HOST_ISTS; i++) {
		uint64_t top = 0;

		rc = stack_new(vmm, HOST_IST_PAGES, &top);
		h->tss.ist[i] = top;
	}
	if (rc < 0)
		return rc;
	gdt_build(h);
	v->host = h;
	v->host_rsp = h->stack_top;
	return 0;
}

uint64_t host_idt(void)
{
	return addr(idt);
}

bool host_active(void)
{
	struct x86_table_reg idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	return idtr.base == addr(idt);
}

struct vmm_vcpu *vmm_vcpu_current(void)
{
	if (!host_active())
		return NULL;
	return (struct vmm_vcpu *)(uintptr_t)x86_rdmsr(MSR_GS_BASE);
}

/* Order matters: NX must be on before tables that use it are; CR4.PGE goes
 * off, which flushes the firmware's global entries; the descriptor tables
 * come last, for they lie in memory that both page tables map. */
void host_enter(struct host_cpu *h, struct vmm_vcpu *v)
{
	struct x86_table_reg gdtr = { sizeof(h->gdt) - 1, addr(h->gdt) };
	struct x86_table_reg idtr = { sizeof(idt) - 1, addr(idt) };

	x86_cli();
	x86_write_dr7(0x400);
	x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | X86_EFER_NXE);
	x86_wrmsr(MSR_PAT, PAT_RESET);
	x86_write_cr4(x86_read_cr4() & ~(X86_CR4_PGE | X86_CR4_PCIDE |
					 X86_CR4_CET));
	x86_write_cr3(vmm_pt_root_pa(&host_pt));
	x86_write_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
		      X86_CR0_WP | X86_CR0_AM | X86_CR0_PG);
	x86_write_cr4(cr4_wanted);
	h->gdt[GDT_TSS_INDEX] &= ~(UINT64_C(2) << 40);	/* not busy */
	__asm__ volatile("lgdt %0" :: "m"(gdtr));
	host_load_segments();
	x86_wrmsr(MSR_GS_BASE, addr(v));
	__asm__ volatile("lidt %0" :: "m"(idtr));
}

static void firmware_segments(const struct boot_state *s)
{
	__asm__ volatile("mov %0, %%ss" :: "r"(s->seg[VMM_SEG_SS].selector));
	__asm__ volatile("mov %0, %%ds" :: "r"(s->seg[VMM_SEG_DS].selector));
	__asm__ volatile("mov %0, %%es" :: "r"(s->seg[VMM_SEG_ES].selector));
	__asm__ volatile("mov %0, %%fs" :: "r"(s->seg[VMM_SEG_FS].selector));
	__asm__ volatile("mov %0, %%gs" :: "r"(s->seg[VMM_SEG_GS].selector));
	__asm__ volatile("lldt %0" :: "r"(s->seg[VMM_SEG_LDTR].selector));
	x86_wrmsr(MSR_FS_BASE, s->seg[VMM_SEG_FS].base);
	x86_wrmsr(MSR_GS_BASE, s->seg[VMM_SEG_GS].base);
}

/* TR: a firmware without a TSS left it null, which LTR cannot load again; it
 * then keeps pointing to ours, which 64-bit code without IST never reads. */
static void firmware_tr(const struct boot_state *s)
{
	uint16_t tr = s->seg[VMM_SEG_TR].selector;
	uint64_t *desc;

	if (s->seg[VMM_SEG_TR].attr & VMM_SEG_UNUSABLE)
		return;
	desc = (uint64_t *)(uintptr_t)(s->gdtr.base + (tr & ~7u));
	*desc &= ~(UINT64_C(2) << 40);
	__asm__ volatile("ltr %0" :: "r"(tr));
}

void host_leave(const struct boot_state *s)
{
	x86_write_cr4((s->cr4 & ~(X86_CR4_PCIDE | X86_CR4_CET)));
	x86_write_cr3(s->cr3 & ~UINT64_C(0xfff));
	x86_write_cr4(s->cr4 & ~X86_CR4_CET);
	x86_write_cr3(s->cr3);
	x86_write_cr0(s->cr0);
	x86_write_cr4(s->cr4);
	__asm__ volatile("lgdt %0" :: "m"(s->gdtr));
	host_load_cs(s->seg[VMM_SEG_CS].selector);
	firmware_segments(s);
	firmware_tr(s);
	x86_wrmsr(MSR_PAT, s->pat);
	x86_wrmsr(MSR_EFER, s->efer);
	x86_write_dr7(s->dr7);
	__asm__ volatile("lidt %0" :: "m"(s->idtr));
}

static bool fixup(struct vmm_host_frame *frame)
{
	const struct extable_row *row;

	for (row = __extable_start; row < __extable_end; row++) {
		if (addr(&row->insn) + (uint64_t)(int64_t)row->insn !=
		    frame->rip)
			continue;
		frame->rip = addr(&row->fixup) +
			(uint64_t)(int64_t)row->fixup;
		return true;
	}
	return false;
}

/* What the handler of an NMI leaves in v->attention must be seen to before
 * the guest is entered, even if it was looked at already. */
static void look_again(const struct vmm_vcpu *v, struct vmm_host_frame *frame)
{
	if (v && frame->rip - v->enter_begin < v->enter_size)
		frame->rip = v->enter_again;
}

/* A machine check that hits the VMM would have hit the guest on bare
 * hardware: it gets it.  Without RIPV there is no going on (SDM vol. 3,
 * 16.3.1.2). */
static bool machine_check_forwarded(struct vmm_vcpu *v)
{
	if (!v || !v->entered || !v->enter_size ||
	    !(x86_rdmsr(MSR_MCG_STATUS) & MCG_STATUS_RIPV))
		return false;
	vcpu_attention(v, VCPU_MACHINE_CHECK);
	return true;
}

void host_exception(struct vmm_host_frame *frame)
{
	struct vmm_vcpu *v = vmm_vcpu_current();

	if (frame->vector == X86_TRAP_NMI) {
		vmm_host_nmi(v);
		look_again(v, frame);
		return;
	}
	if (frame->vector == X86_TRAP_MC && machine_check_forwarded(v)) {
		look_again(v, frame);
		return;
	}
	if ((frame->vector == X86_TRAP_GP || frame->vector == X86_TRAP_PF) &&
	    fixup(frame))
		return;
	if (frame->vector == X86_TRAP_SX)
		return;		/* an INIT that svm_exit.c let in */
	/* The VMM never steps and its DR7 is empty: this can only be a trap of
	 * the guest's that the hardware carried over an exit (Bochs does). */
	if (frame->vector == X86_TRAP_DB) {
		x86_write_dr6(DR6_CLEAR);
		return;
	}
	vmm_panic_regs(frame);
}

/* Only while the interrupts that an INIT forgets are let in. */
void host_interrupt(void)
{
	apic_write(APIC_EOI, 0);
}
