/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a careless or hostile guest does.  Each group is run by name only:
 * some end the guest, and the VMM must let that happen as the bare machine
 * would: a reset, no hang, no panic; from the others the guest comes back.
 */
#include "probe.h"

#define LAPIC_ID	0x20
#define LAPIC_ICR	0x300
#define LAPIC_ICR_HIGH	0x310
#define ICR_INIT	0x4500u	/* INIT, assert */
#define APIC_ENABLED	0x900u	/* of the boot processor */

static volatile uint32_t *lapic(unsigned offset)
{
	uint64_t base = x86_rdmsr(MSR_APIC_BASE) & ~UINT64_C(0xfff);

	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static void load_idt(uint64_t base, uint16_t limit)
{
	struct x86_table_reg idt = { limit, base };

	__asm__ volatile("lidt %0" :: "m"(idt));
}

/* No handler for the breakpoint, none for #GP, none for #DF. */
void attack_triple(void)
{
	load_idt(0, 0);
	__asm__ volatile("int3");
}

/* Handlers out of the VMM's memory, which is all zeros or ones. */
void attack_idt(void)
{
	load_idt(probe.vmm_base, 0xfff);
	__asm__ volatile("int3");
}

/* Page tables out of the VMM's memory: nothing is mapped any more. */
void attack_cr3(void)
{
	x86_write_cr3(probe.vmm_base);
	__asm__ volatile("invlpg (%0)" :: "r"(0L) : "memory");
	x86_cpuid(0, 0);
}

/* Code out of the VMM's memory.  Zeros are "add %al,(%rax)": RAX points to
 * nothing, so that they fault; bare, the same zeros lie there. */
static void run_zeros(void *at)
{
	__asm__ volatile("mov %0, %%rax\n\tcall *%1"
			 :: "r"(UINT64_C(0x8000000000000000)), "r"(at)
			 : "rax", "memory");
}

void attack_exec(void)
{
	unsigned i;

	for (i = 0; i < 4096; i++)
		((volatile uint8_t *)probe.vmm_base)[i] = 0;
	probe_trap("attack.exec", trap_catch(run_zeros,
					     (void *)probe.vmm_base));
}

/* Hypercalls of all kinds, with pointers to anything. */
static void hypercall(void *arg)
{
	uint64_t *r = arg;

	__asm__ volatile("vmmcall"
			 : "+a"(r[0]), "+b"(r[1]), "+c"(r[2]), "+d"(r[3]),
			   "+S"(r[4]), "+D"(r[5]) :: "memory");
}

static uint64_t random64(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static uint64_t odd_value(void)
{
	const uint64_t some[] = {
		0, 1, ~0ul, probe.vmm_base, probe.vmm_base + 4095,
		UINT64_C(0x7fffffffffffffff), UINT64_C(0x8000000000000000),
		(uint64_t)probe.pages, (uint64_t)probe.window + 4090,
		0xfee00000, 0xfffffffffffff000,
	};
	uint64_t r = random64();

	return r & 3 ? some[(r >> 2) % VMM_ARRAY_SIZE(some)] : random64();
}

void attack_hypercall(void)
{
	uint64_t r[6];
	unsigned i, j;

	for (i = 0; i < 20000; i++) {
		for (j = 0; j < 6; j++)
			r[j] = odd_value();
		if (i & 1)
			r[0] &= 15;
		(void)trap_catch(hypercall, r);
	}
	out("PROBE attack.hypercall survived\n");
}

struct write {
	uint32_t index;
	uint64_t value;
};

static void do_wrmsr(void *arg)
{
	struct write *w = arg;

	x86_wrmsr(w->index, w->value);
}

static void do_rdmsr(void *arg)
{
	struct write *w = arg;

	w->value = x86_rdmsr(w->index);
}

/* The local APIC laid over each page of the VMM in turn, with exits. */
void attack_apic_base(void)
{
	uint64_t original = x86_rdmsr(MSR_APIC_BASE), at;
	struct write w = { .index = MSR_APIC_BASE };
	unsigned moved = 0;

	for (at = 0; at < probe.vmm_size && at < 64 << 20; at += 4096) {
		w.value = (probe.vmm_base + at) | APIC_ENABLED;
		moved += trap_catch(do_wrmsr, &w) == TRAP_NONE;
		x86_cpuid(0, 0);
		(void)*(volatile uint32_t *)(probe.vmm_base + at + LAPIC_ID);
		x86_cpuid(1, 0);
		w.value = original;
		(void)trap_catch(do_wrmsr, &w);
	}
	out("PROBE attack.apic-base survived\n");
}

/* Values that no guest should write, to the MSRs that a VMM of AMD's has an
 * interest in, put back at once. */
void attack_msr(void)
{
	static const uint32_t indices[] = {
		MSR_AMD_VM_CR, MSR_AMD_VM_HSAVE_PA, 0xc0010115, 0xc0010118,
		0xc0010119, MSR_AMD_SYSCFG, 0xc0010015, 0xc0010112,
		0xc0010113, 0xc0010130, 0xc0010131, 0x3a, 0x480, 0x48b,
	};
	struct write w, old;
	unsigned i, j;

	for (i = 0; i < VMM_ARRAY_SIZE(indices); i++) {
		old.index = w.index = indices[i];
		if (trap_catch(do_rdmsr, &old) != TRAP_NONE)
			old.value = 0;
		for (j = 0; j < 64; j++) {
			w.value = odd_value();
			(void)trap_catch(do_wrmsr, &w);
			x86_cpuid(0, 0);
		}
		(void)trap_catch(do_wrmsr, &old);
	}
	out("PROBE attack.msr survived\n");
}

static void set_cr4_bit(void *arg)
{
	x86_write_cr4(x86_read_cr4() | *(uint64_t *)arg);
}

/* Bits that no processor has.  An emulator may take one: that is the guest's
 * end then, for it cannot be entered any more. */
void attack_cr4(void)
{
	static const unsigned bits[] = { 63, 50, 33, 31, 19, 15 };
	int vector = TRAP_NONE;
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(bits); i++) {
		uint64_t bit = UINT64_C(1) << bits[i];

		vector = trap_catch(set_cr4_bit, &bit);
		x86_cpuid(0, 0);
		if (vector == TRAP_NONE)
			break;
	}
	probe_trap("attack.cr4", vector);
}

/* --- the ways to reset a PC --- */

void reset_keyboard(void)
{
	x86_outb(0x64, 0xfe);
}

void reset_cf9(void)
{
	x86_outb(0xcf9, 2);
	x86_outb(0xcf9, 6);
}

void reset_port92(void)
{
	uint8_t v = x86_inb(0x92);

	x86_outb(0x92, v & 0xfe);
	x86_outb(0x92, v | 1);
}

void reset_init(void)
{
	*lapic(LAPIC_ICR_HIGH) = *lapic(LAPIC_ID);
	*lapic(LAPIC_ICR) = ICR_INIT;
	for (;;)
		x86_pause();
}
