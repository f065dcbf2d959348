/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instructions that a VMM may want to see, one after the other, each with what
 * the guest then has in its registers.  Run by name only: test_exits.py makes
 * a record of it of which exit each of them was on SVM and on VMX.
 */
#include "probe.h"

struct regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi;
};

struct exits_case {
	const char *name;
	uint8_t size;
	uint8_t code[7];
	bool keep;		/* registers as the one before left them */
	struct regs in;
};

#define KEEP true, { 0, 0, 0, 0, 0, 0 }
#define REGS(a, b, c, d) false, { a, b, c, d, 0, 0 }
#define CPUID(name, leaf, subleaf) \
	{ name, 2, { 0x0f, 0xa2 }, REGS(leaf, 0, subleaf, 0) }
#define RDMSR(name, msr) { name, 2, { 0x0f, 0x32 }, REGS(0, 0, msr, 0) }
#define WRMSR(name, msr, value) \
	{ name, 2, { 0x0f, 0x30 }, \
	  REGS((uint32_t)(value), 0, msr, (uint64_t)(value) >> 32) }
#define WRITE_BACK(name) { name, 2, { 0x0f, 0x30 }, KEEP }
#define XSETBV(name, index, value) \
	{ name, 3, { 0x0f, 0x01, 0xd1 }, \
	  REGS((uint32_t)(value), 0, index, (uint64_t)(value) >> 32) }

/* A port that nobody has; the recorder hooks it. */
#define PORT UINT64_C(0x5100)

static const struct exits_case cases[] = {
	CPUID("cpuid-0", 0, 0),
	CPUID("cpuid-1", 1, 0),
	CPUID("cpuid-7", 7, 0),
	CPUID("cpuid-7-1", 7, 1),
	CPUID("cpuid-d", 0xd, 0),
	CPUID("cpuid-80000001", 0x80000001, 0),
	CPUID("cpuid-8000000a", 0x8000000a, 0),
	CPUID("cpuid-40004200", 0x40004200, 0),
	CPUID("cpuid-40004201", 0x40004201, 0),
	CPUID("cpuid-high-halves", 0xffffffff00000001, UINT64_MAX << 32),
	{ "cpuid-prefixes", 4, { 0x66, 0x48, 0x0f, 0xa2 }, REGS(0, 0, 0, 0) },
	RDMSR("rdmsr-apic-base", MSR_APIC_BASE),
	WRITE_BACK("wrmsr-apic-base"),
	RDMSR("rdmsr-unknown", 0x12345678),
	WRMSR("wrmsr-unknown", 0x12345678, 1),
	RDMSR("rdmsr-efer", MSR_EFER),
	WRITE_BACK("wrmsr-efer"),
	WRMSR("wrmsr-efer-without-lme", MSR_EFER, 0),
	WRMSR("wrmsr-efer-reserved", MSR_EFER, UINT64_C(1) << 40 | 0xd00),
	RDMSR("rdmsr-feature-control", MSR_FEATURE_CONTROL),
	WRMSR("wrmsr-feature-control", MSR_FEATURE_CONTROL, 5),
	RDMSR("rdmsr-vmx-basic", 0x480),
	RDMSR("rdmsr-vm-cr", MSR_AMD_VM_CR),
	RDMSR("rdmsr-hsave", MSR_AMD_VM_HSAVE_PA),
	RDMSR("rdmsr-mtrr-base0", MSR_MTRR_PHYSBASE0),
	WRITE_BACK("wrmsr-mtrr-base0"),
	RDMSR("rdmsr-mtrr-def-type", MSR_MTRR_DEF_TYPE),
	WRITE_BACK("wrmsr-mtrr-def-type"),
	RDMSR("rdmsr-mtrr-fix4k", MSR_MTRR_FIX4K_C0000),
	XSETBV("xsetbv-1", 0, 1),
	XSETBV("xsetbv-3", 0, 3),
	XSETBV("xsetbv-0", 0, 0),
	XSETBV("xsetbv-avx-alone", 0, 5),
	XSETBV("xsetbv-reserved", 0, UINT64_C(1) << 62 | 3),
	XSETBV("xsetbv-index-1", 1, 3),
	{ "in-8", 1, { 0xec }, REGS(0x1122334455667788, 0, 0, PORT) },
	{ "in-16", 2, { 0x66, 0xed }, REGS(0x1122334455667788, 0, 0, PORT) },
	{ "in-32", 1, { 0xed }, REGS(0x1122334455667788, 0, 0, PORT) },
	{ "out-8", 1, { 0xee }, REGS(0x1122334455667788, 0, 0, PORT) },
	{ "out-16", 2, { 0x66, 0xef }, REGS(0x1122334455667788, 0, 0, PORT) },
	{ "out-32", 1, { 0xef }, REGS(0x1122334455667788, 0, 0, PORT) },
	{ "ins-8", 1, { 0x6c }, REGS(0, 0, 1, PORT) },
	{ "rep-outs-8", 2, { 0xf3, 0x6e }, REGS(0, 0, 5, PORT) },
	{ "rep-ins-16", 3, { 0xf3, 0x66, 0x6d }, REGS(0, 0, 3, PORT) },
	{ "rep-outs-32-a32", 3, { 0xf3, 0x67, 0x6f }, REGS(0, 0, 2, PORT) },
	{ "rep-ins-0-times", 2, { 0xf3, 0x6d }, REGS(0, 0, 0, PORT) },
	{ "invd", 2, { 0x0f, 0x08 }, REGS(1, 2, 3, 4) },
	{ "vmrun", 3, { 0x0f, 0x01, 0xd8 }, REGS(0, 0, 0, 0) },
	{ "vmload", 3, { 0x0f, 0x01, 0xda }, REGS(0, 0, 0, 0) },
	{ "stgi", 3, { 0x0f, 0x01, 0xdc }, REGS(0, 0, 0, 0) },
	{ "skinit", 3, { 0x0f, 0x01, 0xde }, REGS(0, 0, 0, 0) },
	{ "invlpga", 3, { 0x0f, 0x01, 0xdf }, REGS(0, 0, 0, 0) },
	{ "vmlaunch", 3, { 0x0f, 0x01, 0xc2 }, REGS(0, 0, 0, 0) },
	{ "vmxoff", 3, { 0x0f, 0x01, 0xc4 }, REGS(0, 0, 0, 0) },
	{ "vmxon", 4, { 0xf3, 0x0f, 0xc7, 0x37 }, REGS(0, 0, 0, 0) },
	{ "vmptrld", 3, { 0x0f, 0xc7, 0x37 }, REGS(0, 0, 0, 0) },
	{ "vmread", 3, { 0x0f, 0x78, 0xc0 }, REGS(0, 0, 0, 0) },
	{ "invept", 5, { 0x66, 0x0f, 0x38, 0x80, 0x07 }, REGS(0, 0, 0, 0) },
	{ "getsec", 2, { 0x0f, 0x37 }, REGS(0, 0, 0, 0) },
};

static struct regs regs;

static void call_case(void *code)
{
	__asm__ volatile("call *%6"
			 : "+a"(regs.rax), "+b"(regs.rbx), "+c"(regs.rcx),
			   "+d"(regs.rdx), "+S"(regs.rsi), "+D"(regs.rdi)
			 : "r"(code) : "memory", "cc");
}

static void run(const char *name, const uint8_t *code, unsigned size)
{
	int trap;

	for (unsigned i = 0; i < size; i++)
		probe.low[i] = code[i];
	probe.low[size] = 0xc3;
	out("PROBE case %s\n", name);
	trap = trap_catch(call_case, probe.low);
	out("PROBE exits.%s ", name);
	trap_print(trap);
	if (trap == TRAP_NONE)
		out(" %lx %lx %lx %lx +%lx +%lx", regs.rax, regs.rbx,
		    regs.rcx, regs.rdx, regs.rsi - (uint64_t)probe.pages,
		    regs.rdi - (uint64_t)probe.pages);
	out("\n");
}

static void run_case(const struct exits_case *c)
{
	if (!c->keep)
		regs = c->in;
	regs.rsi = (uint64_t)probe.pages;
	regs.rdi = (uint64_t)probe.pages + 0x40;
	run(c->name, c->code, c->size);
}

/* MOV to a control register, from RAX.  A group of its own, for QEMU takes what
 * the others rightly refuse. */
static void mov_cr(const char *name, unsigned number, uint64_t value)
{
	const uint8_t code[] = {
		(uint8_t)(0x40 | number >> 3 << 2), 0x0f, 0x22,
		(uint8_t)(0xc0 | (number & 7) << 3),
	};

	regs = (struct regs){ value, 0, 0, 0, (uint64_t)probe.pages,
			      (uint64_t)probe.pages };
	run(name, code, sizeof(code));
}

void probe_exits_cr(void)
{
	const uint64_t cr0 = x86_read_cr0(), cr4 = x86_read_cr4();

	mov_cr("mov-cr0-ne", 0, cr0 ^ X86_CR0_NE);
	mov_cr("mov-cr0-back", 0, cr0);
	mov_cr("mov-cr0-nw", 0, (cr0 ^ X86_CR0_NE) | X86_CR0_NW);
	mov_cr("mov-cr0-high", 0, (cr0 ^ X86_CR0_NE) | UINT64_C(1) << 32);
	mov_cr("mov-cr4-vmxe", 4, cr4 | X86_CR4_VMXE);
	mov_cr("mov-cr4-smxe", 4, cr4 | X86_CR4_SMXE);
	mov_cr("mov-cr8", 8, 5);
	mov_cr("mov-cr8-reserved", 8, 0x10);
	mov_cr("mov-cr8-back", 8, 0);
}

/* What exits as memory of the VMM: by an instruction, and by the frame of an
 * event, which is then delivered again.  Apart, for Bochs keeps the trap of a
 * single step over an exit of SVM. */
void probe_exits_memory(void)
{
	static const uint8_t store[] = { 0x48, 0x89, 0x07 };
	/* mov rsp, rdi; int 0x92, or div ecx */
	static const uint8_t frame[] = { 0x48, 0x89, 0xfc, 0xcd, 0x92 };
	static const uint8_t divide[] = { 0x48, 0x89, 0xfc, 0xf7, 0xf1 };

	regs = (struct regs){ 1, 0, 0, 0, (uint64_t)probe.pages,
			      probe.vmm_base + 0x2008 };
	run("store", store, sizeof(store));
	(void)x86_cpuid(0, 0);	/* an exit that ends what the VMM began */
	trap_set_bad_stack(0x92);
	run("int", frame, sizeof(frame));
	(void)x86_cpuid(0, 0);
	trap_set_bad_stack(X86_TRAP_DE);
	run("divide", divide, sizeof(divide));
}

void probe_exits(void)
{
	static const uint8_t vmcall[] = { 0x0f, 0x01, 0xc1 };
	static const uint8_t vmmcall[] = { 0x0f, 0x01, 0xd9 };
	uint64_t cr4 = x86_read_cr4();
	unsigned i;

	for (i = 0; i < 64; i++)
		probe.pages[i] = (uint8_t)(0x30 + i);
	if (x86_cpuid(1, 0).ecx & 1u << 26)
		x86_write_cr4(cr4 | X86_CR4_OSXSAVE);
	for (i = 0; i < VMM_ARRAY_SIZE(cases); i++)
		run_case(&cases[i]);
	x86_write_cr4(cr4);
	regs = (struct regs){ 0xfffe, 1, 2, 3, 0, 0 };
	run("hypercall", *probe.cpu == 'A' ? vmmcall : vmcall, 3);
}
