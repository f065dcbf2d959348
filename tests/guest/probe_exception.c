/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions and how they arrive: vector, error code, place, flags. */
#include "probe.h"

static const struct {
	const char *name;
	uint8_t size;
	uint8_t code[16];
} cases[] = {
	{ "int3", 1, { 0xcc } },
	{ "int-3-long", 2, { 0xcd, 0x03 } },
	{ "int-80", 2, { 0xcd, 0x80 } },
	{ "int-ff", 2, { 0xcd, 0xff } },
	{ "icebp", 1, { 0xf1 } },
	{ "ud2", 2, { 0x0f, 0x0b } },
	/* xor ecx,ecx; div ecx */
	{ "divide", 4, { 0x31, 0xc9, 0xf7, 0xf1 } },
	/* mov rax,0x8000000000000000; mov al,[rax] */
	{ "non-canonical", 12, { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0x80,
				 0x8a, 0x00 } },
	/* mov rbx,rsp; mov rsp,0x8000000000000000; push rax */
	{ "non-canonical-stack", 14, { 0x48, 0x89, 0xe3, 0x48, 0xbc, 0, 0, 0,
				       0, 0, 0, 0, 0x80, 0x50 } },
	/* mov eax,0xfff8; mov ds,eax */
	{ "bad-selector", 7, { 0xb8, 0xf8, 0xff, 0, 0, 0x8e, 0xd8 } },
	/* xor eax,eax; mov ss,eax: null is allowed in 64-bit ring 0 */
	{ "null-ss", 4, { 0x31, 0xc0, 0x8e, 0xd0 } },
	/* mov ecx,0xdeadbeef; rdmsr */
	{ "rdmsr-unknown", 7, { 0xb9, 0xef, 0xbe, 0xad, 0xde, 0x0f, 0x32 } },
	/* mov eax,cr0; set NW without CD */
	{ "cr0-bad", 11, { 0x0f, 0x20, 0xc0, 0x0d, 0, 0, 0, 0x20, 0x0f, 0x22,
			   0xc0 } },
	/* mov rax,-1; mov cr8,rax */
	{ "cr8-bad", 11, { 0x48, 0xc7, 0xc0, 0xff, 0xff, 0xff, 0xff, 0x44,
			   0x0f, 0x22, 0xc0 } },
	{ "int-1f", 2, { 0xcd, 0x1f } },
};

/* Where: offset of RIP in the page; the flags that matter: RF, TF. */
static void print_trap(const char *name, int trap)
{
	out("PROBE exception.%s ", name);
	trap_print(trap);
	if (trap != TRAP_NONE)
		out(" rip +%lx flags %lx",
		    trap_last.frame.rip - (uint64_t)probe.low,
		    trap_last.frame.rflags & 0x10100);
	if (trap == X86_TRAP_PF)
		out(" cr2 %lx", trap_last.cr2 - (uint64_t)probe.window);
	if (trap == X86_TRAP_DB)
		out(" dr6 %lx", trap_last.dr6);
	out("\n");
}

static void *access_address;

static void do_read(void *arg)
{
	(void)arg;
	(void)*(volatile uint8_t *)access_address;
}

static void do_write(void *arg)
{
	(void)arg;
	*(volatile uint8_t *)access_address = 1;
}

static void print_fault(const char *name, int trap)
{
	out("PROBE exception.page-fault.%s ", name);
	trap_print(trap);
	if (trap != TRAP_NONE)
		out(" cr2 +%lx", trap_last.cr2 - (uint64_t)probe.window);
	out("\n");
}

static void page_faults(void)
{
	access_address = probe.window + 0x123;
	window_map(0, 0, 0);
	print_fault("read-absent", trap_catch(do_read, 0));
	print_fault("write-absent", trap_catch(do_write, 0));
	window_map(0, (uint64_t)probe.pages, PTE_PRESENT);
	print_fault("read-only-read", trap_catch(do_read, 0));
	x86_write_cr0(x86_read_cr0() | X86_CR0_WP);
	print_fault("read-only-write", trap_catch(do_write, 0));
	window_map(0, (uint64_t)probe.pages, PTE_PRESENT | PTE_WRITE);
	print_fault("writable", trap_catch(do_write, 0));
	window_map(0, (uint64_t)probe.pages | UINT64_C(1) << 51, PTE_PRESENT);
	print_fault("reserved-bit", trap_catch(do_read, 0));
	window_map(0, 0, 0);
}

/* Many, with exits in between. */
static void storm(void)
{
	unsigned i, n = 0;

	for (i = 0; i < 200; i++) {
		access_address = probe.window + 0x456;
		n += trap_catch(do_read, 0) == X86_TRAP_PF;
		x86_cpuid(1, 0);
		n += probe_run_code("\xcc", 1) == X86_TRAP_BP;
	}
	out("PROBE exception.storm %u\n", n);
}

void probe_exception(void)
{
	uint64_t cr0 = x86_read_cr0(), cr4 = x86_read_cr4();
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(cases); i++) {
		print_trap(cases[i].name,
			   probe_run_code(cases[i].code, cases[i].size));
		__asm__ volatile("mov %0, %%ss\n\tmov %0, %%ds"
				 :: "r"(SEL_DATA));
		x86_write_cr0(cr0);
		x86_write_cr4(cr4);
		__asm__ volatile("mov %0, %%cr8" :: "r"(0L));
		x86_write_dr6(0xffff0ff0);
	}
	page_faults();
	storm();
}
