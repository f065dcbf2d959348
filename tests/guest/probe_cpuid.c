/* SPDX-License-Identifier: BSD-3-Clause */
/* What CPUID says, and that it changes nothing else. */
#include "probe.h"

#define SUBLEAVES 64

static void print_leaf(uint32_t leaf, uint32_t sub, struct x86_cpuid r)
{
	out("PROBE cpuid.%08x.%u %08x %08x %08x %08x\n", leaf, sub, r.eax,
	    r.ebx, r.ecx, r.edx);
}

static bool same(struct x86_cpuid a, struct x86_cpuid b)
{
	return a.eax == b.eax && a.ebx == b.ebx && a.ecx == b.ecx &&
		a.edx == b.edx;
}

/* Print a leaf with all subleaves that differ from the one before. */
static void sweep_leaf(uint32_t leaf)
{
	struct x86_cpuid last = x86_cpuid(leaf, 0), r;
	uint32_t sub;

	print_leaf(leaf, 0, last);
	for (sub = 1; sub < SUBLEAVES; sub++) {
		r = x86_cpuid(leaf, sub);
		if (!same(r, last))
			print_leaf(leaf, sub, r);
		last = r;
	}
}

static void sweep_range(uint32_t first, uint32_t count)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		sweep_leaf(first + i);
}

/* Registers around a CPUID: the high halves of the four results, and all
 * others untouched.  R8..R15, RSI, RDI get patterns; RBP, RSP by the ABI. */
static void check_registers(void)
{
	static uint64_t after[14];
	static const uint64_t seed = 0x0123456789abcdef;
	uint64_t changed = 0, high = 0;
	unsigned i;

	__asm__ volatile(
		"push %%rbp\n\t"
		"mov %1, %%rax\n\t"
		"lea 1(%%rax), %%r8\n\tlea 2(%%rax), %%r9\n\t"
		"lea 3(%%rax), %%r10\n\tlea 4(%%rax), %%r11\n\t"
		"lea 5(%%rax), %%r12\n\tlea 6(%%rax), %%r13\n\t"
		"lea 7(%%rax), %%r14\n\tlea 8(%%rax), %%r15\n\t"
		"lea 9(%%rax), %%rsi\n\tlea 10(%%rax), %%rbp\n\t"
		"movabs $0xffffffff00000000, %%rax\n\t"
		"mov %%rax, %%rbx\n\tmov %%rax, %%rcx\n\t"
		"mov %%rax, %%rdx\n\t"
		"cpuid\n\t"
		"mov %%rax, 0(%0)\n\tmov %%rbx, 8(%0)\n\t"
		"mov %%rcx, 16(%0)\n\tmov %%rdx, 24(%0)\n\t"
		"mov %%r8, 32(%0)\n\tmov %%r9, 40(%0)\n\t"
		"mov %%r10, 48(%0)\n\tmov %%r11, 56(%0)\n\t"
		"mov %%r12, 64(%0)\n\tmov %%r13, 72(%0)\n\t"
		"mov %%r14, 80(%0)\n\tmov %%r15, 88(%0)\n\t"
		"mov %%rsi, 96(%0)\n\tmov %%rbp, 104(%0)\n\t"
		"pop %%rbp"
		:: "D"(after), "m"(seed)
		: "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11",
		  "r12", "r13", "r14", "r15", "memory", "cc");
	for (i = 0; i < 4; i++)
		high |= after[i] >> 32;
	for (i = 0; i < 10; i++)
		changed |= after[4 + i] ^ (seed + 1 + i);
	out("PROBE cpuid.high-halves %lx\n", high);
	out("PROBE cpuid.other-registers %s\n", changed ? "changed" : "kept");
}

/* The flags: all six arithmetic ones, DF, and with IF off. */
static void check_flags(void)
{
	uint64_t set, clear;

	__asm__ volatile("pushq $0xcd7\n\tpopfq\n\tcpuid\n\tpushfq\n\tpopq %0\n\tcld"
			 : "=&D"(set) :: "rax", "rbx", "rcx", "rdx", "cc");
	__asm__ volatile("pushq $2\n\tpopfq\n\tcpuid\n\tpushfq\n\tpopq %0"
			 : "=&D"(clear) :: "rax", "rbx", "rcx", "rdx", "cc");
	out("PROBE cpuid.flags %lx %lx\n", set, clear);
}

/* SSE state and debug registers live through many exits. */
static void check_other_state(void)
{
	uint64_t in = 0xa5a55a5a12345678, xmm0, xmm15, dr0, dr3, cr2;
	unsigned i;

	__asm__ volatile("movq %0, %%xmm0\n\tmovq %1, %%xmm15"
			 :: "r"(in), "r"(~in));
	__asm__ volatile("mov %0, %%dr0" :: "r"(in & 0x7fffffff));
	__asm__ volatile("mov %0, %%dr3" :: "r"(in & 0x7ffff));
	__asm__ volatile("mov %0, %%cr2" :: "r"(in & 0x7fffffffff));
	for (i = 0; i < 100; i++)
		x86_cpuid(i, 0);
	__asm__ volatile("movq %%xmm0, %0\n\tmovq %%xmm15, %1"
			 : "=r"(xmm0), "=r"(xmm15));
	__asm__ volatile("mov %%dr0, %0" : "=r"(dr0));
	__asm__ volatile("mov %%dr3, %0" : "=r"(dr3));
	cr2 = x86_read_cr2();
	out("PROBE cpuid.xmm %lx %lx\n", xmm0, xmm15);
	out("PROBE cpuid.debug-registers %lx %lx %lx %lx\n", dr0, dr3,
	    x86_read_dr6(), x86_read_dr7());
	out("PROBE cpuid.cr2 %lx\n", cr2);
	__asm__ volatile("mov %0, %%dr0\n\tmov %0, %%dr3" :: "r"(0L));
}

static void print_control(void)
{
	out("PROBE control.cr0 %lx\n", x86_read_cr0());
	out("PROBE control.cr4 %lx\n", x86_read_cr4());
	out("PROBE control.dr6 %lx\n", x86_read_dr6());
	out("PROBE control.dr7 %lx\n", x86_read_dr7());
}

void probe_cpuid(void)
{
	static const uint32_t beyond[] = {
		0x3fffffff, 0x4fffffff, 0x50000000, 0x7fffffff, 0x8fffffff,
		0x90000000, 0xbfffffff, 0xc0000000, 0xffffffff,
	};
	unsigned i;

	print_control();
	sweep_range(0, x86_cpuid(0, 0).eax + 3);
	sweep_range(0x80000000, x86_cpuid(0x80000000, 0).eax - 0x7ffffffd);
	sweep_range(0x40000000, 16);
	sweep_range(0x40000100, 2);
	sweep_range(0x40004200, 4);
	for (i = 0; i < VMM_ARRAY_SIZE(beyond); i++)
		sweep_leaf(beyond[i]);
	check_registers();
	check_flags();
	check_other_state();
}
