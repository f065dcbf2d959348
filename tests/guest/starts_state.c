/* SPDX-License-Identifier: BSD-3-Clause */
/* What a processor is like when it was started: registers, memory types; and
 * what becomes of its APIC when the system changes modes. */
#include "starts.h"

static const char *const names[AP_REGISTERS] = {
	"eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp",
	"ds", "es", "fs", "gs", "ss", "cs", "eflags",
	"cr0", "cr2", "cr3", "cr4", "dr6", "dr7",
	"gdt-limit", "gdt-base", "idt-limit", "idt-base",
};

static void registers(const char *when)
{
	unsigned i;

	starts_page(starts_vector);
	(void)start_one(1);
	for (i = 0; i < AP_REGISTERS && names[i]; i++)
		out("PROBE state.%s.%s %x\n", when, names[i],
		    starts_found(starts_vector)[i]);
	out("PROBE state.%s.apic", when);
	for (i = 0; i < 8; i++)
		out(" %lx", cpus[1].apic[i]);
	out("\n");
}

static void read_msr(struct cpu *c)
{
	c->value = x86_rdmsr((uint32_t)c->argument);
}

/* An MSR of each processor, the rest of a line. */
static void values(uint32_t msr)
{
	unsigned i;

	for (i = 0; i < cpu_count; i++) {
		(void)tell(i, read_msr, msr);
		out(" %lx", cpus[i].value);
	}
	out("\n");
}

static void each(const char *name, uint32_t msr)
{
	out("PROBE state.%s", name);
	values(msr);
}

static void hash_mtrrs(struct cpu *c)
{
	static const uint32_t fixed[] = {
		0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c,
		0x26d, 0x26e, 0x26f, MSR_MTRR_DEF_TYPE,
	};
	uint64_t hash = x86_rdmsr(MSR_MTRRCAP);
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(fixed); i++)
		hash = hash * 31 + x86_rdmsr(fixed[i]);
	for (i = 0; i < 2 * (x86_rdmsr(MSR_MTRRCAP) & 0xff); i++)
		hash = hash * 31 + x86_rdmsr(MSR_MTRR_PHYSBASE0 + i);
	c->value = hash;
}

static void mtrrs(const char *when)
{
	unsigned i;

	out("PROBE state.mtrrs-%s", when);
	for (i = 0; i < cpu_count; i++) {
		(void)tell(i, hash_mtrrs, 0);
		out(" %lx", cpus[i].value);
	}
	out("\n");
}

static void read_clock(struct cpu *c)
{
	c->value = x86_rdtsc();
}

static void write_pat(struct cpu *c)
{
	x86_wrmsr(MSR_PAT, c->argument);
}

static void write_own(struct cpu *c)
{
	x86_wrmsr(MSR_STAR, UINT64_C(0x1122334400000000) + c->id);
	x86_wrmsr(MSR_KERNEL_GS_BASE, UINT64_C(0xffff800000000000) + c->id);
	x86_wrmsr(MSR_SYSENTER_EIP, 0x1000u + c->id);
}

static void own(void)
{
	unsigned i;

	for (i = 0; i < cpu_count; i++)
		(void)tell(i, write_own, 0);
	each("star", MSR_STAR);
	each("kernel-gs", MSR_KERNEL_GS_BASE);
	each("sysenter-eip", MSR_SYSENTER_EIP);
}

/* The clocks of all agree: what another one reads is between two of ours. */
static void clocks(void)
{
	unsigned i, good = 0;
	uint64_t begin, end;

	for (i = 1; i < cpu_count; i++) {
		begin = x86_rdtsc();
		(void)tell(i, read_clock, 0);
		end = x86_rdtsc();
		good += cpus[i].value - begin <= end - begin;
	}
	out("PROBE state.clocks %u\n", good);
}

void starts_state(void)
{
	registers("first");
	registers("again");
	start_all();
	mtrrs("first");
	each("pat", MSR_PAT);
	each("efer", MSR_EFER);
	each("apic-base", MSR_APIC_BASE);
	/* one's PAT is not the others', and outlives its INIT */
	(void)tell(1, write_pat, UINT64_C(0x0007040600070401));
	each("pat-changed", MSR_PAT);
	own();
	start_all();
	each("pat-after-init", MSR_PAT);
	each("star-after-init", MSR_STAR);
	mtrrs("after-init");
	(void)tell(1, write_pat, x86_rdmsr(MSR_PAT));
	clocks();
}

/* --- modes of the APIC --- */

static void set_base(struct cpu *c)
{
	x86_wrmsr(MSR_APIC_BASE, c->argument);
	c->value = x86_rdmsr(MSR_APIC_BASE);
}

static void change(const char *name, unsigned id, uint64_t base)
{
	bool done = tell(id, set_base, base);

	out("PROBE apic.%s %u %lx\n", name, done, cpus[id].value);
}

static void enable(struct cpu *c)
{
	(void)c;
	apic_set(APIC_SVR, APIC_ENABLE | 0xff);
}

/* By software, as systems do on their way out; then back. */
static void disable_svr(struct cpu *c)
{
	apic_set(APIC_SVR, 0xff);
	c->value = apic_get(APIC_SVR);
}

void starts_apic(void)
{
	uint64_t base;
	unsigned was;

	start_all();
	(void)tell(1, disable_svr, 0);
	out("PROBE apic.soft-off %lx\n", cpus[1].value);
	(void)tell(1, enable, 0);
	out("PROBE apic.soft-on %u\n", all_serve());
	(void)tell(1, disable_svr, 0);
	out("PROBE apic.started-while-off %u\n", start_one(1));
	start_all();
	(void)tell(1, read_msr, MSR_APIC_BASE);
	base = cpus[1].value;
	change("off", 1, base & ~(uint64_t)BASE_ENABLE);
	was = cpus[1].interrupts;
	apic_send(1, ICR_FIXED | AP_VECTOR);
	settle();
	out("PROBE apic.off-interrupts %u\n", cpus[1].interrupts - was);
	change("on", 1, base);
	out("PROBE apic.on-started %u\n", start_one(1));
}

static void base_to(const char *what, unsigned id, uint64_t set,
		    uint64_t clear)
{
	(void)tell(id, read_msr, MSR_APIC_BASE);
	(void)tell(id, set_base, (cpus[id].value | set) & ~clear);
	out("PROBE x2apic.%s.%u %lx\n", what, id, cpus[id].value);
}

static uint32_t to_1(uint32_t what)
{
	return what | ICR_ASSERT | ICR_LOGICAL;
}

static void x2_starts(void)
{
	unsigned i, was;

	for (i = 1; i < cpu_count; i++)
		out("PROBE x2apic.started.%u %u\n", i, start_one(i));
	start_all();
	apic_send(UINT32_MAX, ICR_STARTUP | ICR_ASSERT | starts_vector);
	settle();
	was = cpus[1].starts;
	apic_send(1u << 1, to_1(ICR_INIT));
	apic_send(1u << 1, to_1(ICR_STARTUP | starts_vector));
	out("PROBE x2apic.logical %u\n", wait_for(&cpus[1].starts, was + 1));
	for (i = 1; i < cpu_count; i++)
		out("PROBE x2apic.apic.%u %lx %lx %lx\n", i,
		    cpus[i].apic[0], cpus[i].apic[4], cpus[i].apic[7]);
}

/* To x2APIC, starts and interrupts in it, and back by way of disabled. */
void starts_x2apic(void)
{
	unsigned i;

	if (!(x86_cpuid(1, 0).ecx & 1u << 21)) {
		out("PROBE x2apic.none 1\n");
		return;
	}
	start_all();
	for (i = 0; i < cpu_count; i++) {
		base_to("on", i, BASE_X2, 0);
		(void)tell(i, enable, 0);
	}
	out("PROBE x2apic.served %u\n", all_serve());
	x2_starts();
	out("PROBE x2apic.served-again %u\n", all_serve());
	for (i = 0; i < cpu_count; i++) {
		base_to("off", i, 0, BASE_X2 | BASE_ENABLE);
		base_to("xapic-again", i, BASE_ENABLE, 0);
	}
}

/* All APICs elsewhere, and back. */
void starts_moved(void)
{
	static const uint64_t places[] = { 0xfed80000, 0xfee00000 };
	unsigned i, j;
	uint64_t base;

	for (j = 0; j < 2 * VMM_ARRAY_SIZE(places); j++) {
		start_all();
		for (i = cpu_count; i-- > 0;) {
			(void)tell(i, read_msr, MSR_APIC_BASE);
			base = (cpus[i].value & 0xfff) | places[j % 2];
			(void)tell(i, set_base, base);
		}
		out("PROBE moved.%u.bases", j);
		values(MSR_APIC_BASE);
		out("PROBE moved.%u.served %u\n", j, all_serve());
		out("PROBE moved.%u.svr %x\n", j, apic_get(APIC_SVR));
		for (i = 1; i < cpu_count; i++)
			out("PROBE moved.%u.started.%u %u\n", j, i,
			    start_one(i));
	}
	start_all();
}
