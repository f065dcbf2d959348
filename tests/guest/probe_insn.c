/* SPDX-License-Identifier: BSD-3-Clause */
/* Single instructions: those of the virtualization extensions, in ring 0 and
 * 3, and the forms and places in which an intercepted one can stand. */
#include "probe.h"

#define PAGE 4096

struct insn {
	const char *name;
	uint8_t size;
	uint8_t code[15];
};

static const struct insn virt[] = {
	{ "vmrun", 3, { 0x0f, 0x01, 0xd8 } },
	{ "vmload", 3, { 0x0f, 0x01, 0xda } },
	{ "vmsave", 3, { 0x0f, 0x01, 0xdb } },
	{ "stgi", 3, { 0x0f, 0x01, 0xdc } },
	{ "clgi", 3, { 0x0f, 0x01, 0xdd } },
	{ "skinit", 3, { 0x0f, 0x01, 0xde } },
	{ "invlpga", 3, { 0x0f, 0x01, 0xdf } },
	{ "vmcall", 3, { 0x0f, 0x01, 0xc1 } },
	{ "vmlaunch", 3, { 0x0f, 0x01, 0xc2 } },
	{ "vmresume", 3, { 0x0f, 0x01, 0xc3 } },
	{ "vmxoff", 3, { 0x0f, 0x01, 0xc4 } },
	{ "vmfunc", 3, { 0x0f, 0x01, 0xd4 } },
	{ "vmptrld", 3, { 0x0f, 0xc7, 0x37 } },
	{ "vmclear", 4, { 0x66, 0x0f, 0xc7, 0x37 } },
	{ "vmxon", 4, { 0xf3, 0x0f, 0xc7, 0x37 } },
	{ "vmptrst", 3, { 0x0f, 0xc7, 0x3f } },
	{ "vmread", 3, { 0x0f, 0x78, 0xc0 } },
	{ "vmwrite", 3, { 0x0f, 0x79, 0xc0 } },
	{ "invept", 5, { 0x66, 0x0f, 0x38, 0x80, 0x07 } },
	{ "invvpid", 5, { 0x66, 0x0f, 0x38, 0x81, 0x07 } },
	{ "getsec", 2, { 0x0f, 0x37 } },
	{ "rsm", 2, { 0x0f, 0xaa } },
	{ "vmmcall-66", 4, { 0x66, 0x0f, 0x01, 0xd9 } },
	{ "vmrun-67", 4, { 0x67, 0x0f, 0x01, 0xd8 } },
	{ "vmmcall-lock", 4, { 0xf0, 0x0f, 0x01, 0xd9 } },
};

/* Each is run with EAX = ECX = 0, and a "mov $0x11223344, %r8d" behind it
 * that must be reached exactly. */
static const struct insn forms[] = {
	{ "cpuid", 2, { 0x0f, 0xa2 } },
	{ "cpuid-66", 3, { 0x66, 0x0f, 0xa2 } },
	{ "cpuid-67", 3, { 0x67, 0x0f, 0xa2 } },
	{ "cpuid-rep", 3, { 0xf3, 0x0f, 0xa2 } },
	{ "cpuid-repne", 3, { 0xf2, 0x0f, 0xa2 } },
	{ "cpuid-rexw", 3, { 0x48, 0x0f, 0xa2 } },
	{ "cpuid-rex", 3, { 0x40, 0x0f, 0xa2 } },
	{ "cpuid-66-rexw", 4, { 0x66, 0x48, 0x0f, 0xa2 } },
	{ "cpuid-rexw-66", 4, { 0x48, 0x66, 0x0f, 0xa2 } },
	{ "cpuid-cs-fs", 4, { 0x2e, 0x64, 0x0f, 0xa2 } },
	{ "cpuid-lock", 3, { 0xf0, 0x0f, 0xa2 } },
	{ "cpuid-15-bytes", 15,
	  { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
	    0x66, 0x66, 0x66, 0x0f, 0xa2 } },
	{ "rdmsr-bad-rep", 3, { 0xf3, 0x0f, 0x32 } },
	{ "in-imm", 2, { 0xe4, 0xe9 } },
	{ "in-imm-66", 3, { 0x66, 0xe5, 0xe9 } },
	{ "wbinvd", 2, { 0x0f, 0x09 } },
	{ "invd", 2, { 0x0f, 0x08 } },
	{ "rdtsc-66", 3, { 0x66, 0x0f, 0x31 } },
	{ "rdpmc", 2, { 0x0f, 0x33 } },
	{ "pause", 2, { 0xf3, 0x90 } },
	{ "clts", 2, { 0x0f, 0x06 } },
	{ "smsw", 3, { 0x0f, 0x01, 0xe0 } },
	{ "str", 4, { 0x66, 0x0f, 0x00, 0xc8 } },
	{ "mov-cr8", 4, { 0x44, 0x0f, 0x20, 0xc0 } },
	{ "mov-cr1", 3, { 0x0f, 0x20, 0xc8 } },
	{ "mov-to-cr5", 3, { 0x0f, 0x22, 0xe8 } },
	{ "ud2", 2, { 0x0f, 0x0b } },
	{ "ud1", 3, { 0x0f, 0xb9, 0xc0 } },
	{ "undefined-0f0a", 2, { 0x0f, 0x0a } },
};

extern const uint8_t code32_cpuid[], code32_cpuid_end[];
extern const uint8_t code16_cpuid[], code16_cpuid_end[];
void call_far(uint64_t offset, uint64_t selector, uint64_t stack, void *edi);
void call_user(uint64_t rip, uint64_t cs, uint64_t rsp, uint64_t ss);

static void copy(uint8_t *to, const void *from, unsigned n)
{
	const uint8_t *p = from;

	while (n--)
		*to++ = *p++;
}

static void print_result(const char *group, const char *name, int trap)
{
	out("PROBE insn.%s.%s ", group, name);
	trap_print(trap);
	out("\n");
}

/* xor eax,eax; mov ecx,eax; mov edx,eax; lea rdi,[rip+far into the page] */
static const uint8_t prologue[] = {
	0x31, 0xc0, 0x89, 0xc1, 0x89, 0xc2,
	0x48, 0x8d, 0x3d, 0x00, 0x08, 0x00, 0x00,
};

static unsigned with_prologue(uint8_t *to, const struct insn *in)
{
	copy(to, prologue, sizeof(prologue));
	copy(to + sizeof(prologue), in->code, in->size);
	return sizeof(prologue) + in->size;
}

static void run_virt(const struct insn *in)
{
	uint8_t code[64];

	print_result("ring0", in->name,
		     probe_run_code(code, with_prologue(code, in)));
}

static void enter_user(void *arg)
{
	(void)arg;
	call_user((uint64_t)probe.window, SEL_USER_CODE,
		  (uint64_t)probe.window + 2 * PAGE, SEL_USER_DATA);
}

/* "int-80" says that ring 3 got to the INT behind the instruction. */
static void run_user(const struct insn *in)
{
	unsigned n = with_prologue(probe.pages, in);

	copy(probe.pages + n, "\xcd\x80", 2);
	window_map(0, (uint64_t)probe.pages, PTE_PRESENT | PTE_WRITE | PTE_USER);
	window_map(1, (uint64_t)probe.pages + PAGE,
		   PTE_PRESENT | PTE_WRITE | PTE_USER);
	print_result("ring3", in->name, trap_catch(enter_user, 0));
}

static void run_form(const struct insn *in)
{
	static const uint8_t marker[] = { 0x41, 0xb8, 0x44, 0x33, 0x22, 0x11 };
	/* mov %r8d, 0x400(%rip) */
	static const uint8_t epilogue[] = { 0x44, 0x89, 0x05, 0x00, 0x04,
					    0x00, 0x00 };
	uint8_t code[96];
	volatile uint32_t *seen;
	unsigned n = with_prologue(code, in);
	int trap;

	copy(code + n, marker, sizeof(marker));
	n += sizeof(marker);
	copy(code + n, epilogue, sizeof(epilogue));
	n += sizeof(epilogue);
	seen = (volatile uint32_t *)(probe.low + n + 0x400);
	*seen = 0;
	trap = probe_run_code(code, n);
	out("PROBE insn.form.%s ", in->name);
	trap_print(trap);
	if (trap == TRAP_NONE)
		out(" marker %x", *seen);
	out("\n");
}

/* VMMCALL: no such instruction bare; an unknown number gives 0 as guest. */
static void run_vmmcall(void)
{
	uint64_t rax = 0xfffffffe, rbx = 0x1111, rcx = 0x2222, rdx = 0x3333;
	static const uint8_t code[] = {
		0xb8, 0xfe, 0xff, 0xff, 0xff,	/* mov eax, 0xfffffffe */
		0x0f, 0x01, 0xd9,
	};
	int trap;

	trap = probe_run_code(code, sizeof(code));
	print_result("ring0", "vmmcall", trap);
	if (trap != TRAP_NONE)
		return;
	__asm__ volatile("vmmcall"
			 : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx)
			 :: "memory");
	out("PROBE insn.vmmcall.unknown %lx %lx %lx %lx\n", rax, rbx, rcx,
	    rdx);
	rax = 0;
	rbx = 0x8000000000000000;
	__asm__ volatile("vmmcall" : "+a"(rax), "+b"(rbx) :: "memory");
	out("PROBE insn.vmmcall.bad-name %lx\n", rax);
}

static void call_window(void *offset)
{
	uint8_t *at = probe.window + (uint64_t)offset;

	__asm__ volatile("xor %%eax, %%eax\n\txor %%ecx, %%ecx\n\tcall *%0"
			 :: "r"(at)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "memory",
			   "cc");
}

/* CPUID as the last bytes before a page that is not there: it is done, then
 * the fetch of the next instruction faults. */
static void end_of_page(const char *name, const void *code, unsigned n)
{
	int trap;

	window_map(0, (uint64_t)probe.pages, PTE_PRESENT | PTE_WRITE);
	window_map(1, 0, 0);
	copy(probe.pages + PAGE - n, code, n);
	trap = trap_catch(call_window, (void *)(uint64_t)(PAGE - n));
	out("PROBE insn.end-of-page.%s ", name);
	trap_print(trap);
	out(" cr2 +%lx rip +%lx\n",
	    trap_last.cr2 - (uint64_t)probe.window,
	    trap_last.frame.rip - (uint64_t)probe.window);
}

/* An instruction whose bytes lie in two pages that are no neighbours in
 * physical memory; and one whose second half is not there. */
static void across_pages(void)
{
	int trap;

	window_map(0, (uint64_t)probe.pages, PTE_PRESENT | PTE_WRITE);
	window_map(1, (uint64_t)probe.pages + 3 * PAGE,
		   PTE_PRESENT | PTE_WRITE);
	probe.pages[PAGE - 1] = 0x0f;
	copy(probe.pages + PAGE, "\x0b\x0b", 2);
	copy(probe.pages + 3 * PAGE, "\xa2\xc3", 2);
	trap = trap_catch(call_window, (void *)(PAGE - 1L));
	print_result("across-pages", "cpuid", trap);
	copy(probe.pages + PAGE - 2, "\x66\x0f", 2);
	trap = trap_catch(call_window, (void *)(PAGE - 2L));
	print_result("across-pages", "cpuid-66", trap);
	window_map(1, 0, 0);
	trap = trap_catch(call_window, (void *)(PAGE - 2L));
	print_result("across-pages", "cpuid-66-absent", trap);
}

static struct {
	uint64_t offset, selector;
	uint32_t *result;
} far;

static void do_call_far(void *arg)
{
	(void)arg;
	call_far(far.offset, far.selector, (uint64_t)probe.low + 0x8000,
		 far.result);
}

static void other_mode(const char *name, unsigned selector, uint32_t base,
		       const uint8_t *code, const uint8_t *end)
{
	int trap;

	copy(probe.low, code, (unsigned)(end - code));
	if (selector != SEL_CODE32)
		trap_set_base(selector, base);
	far.offset = (uint64_t)probe.low - base;
	far.selector = selector;
	far.result = (uint32_t *)(probe.low + 0x2000);
	far.result[0] = far.result[1] = far.result[2] = far.result[3] = 0;
	far.result[4] = 0;
	trap = trap_catch(do_call_far, 0);
	out("PROBE insn.mode.%s ", name);
	trap_print(trap);
	out(" %08x %08x %08x %08x efer %x\n", far.result[0], far.result[1],
	    far.result[2], far.result[3], far.result[4]);
}

void probe_insn(void)
{
	uint32_t low = (uint32_t)(uint64_t)probe.low;
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(virt); i++)
		run_virt(&virt[i]);
	run_vmmcall();
	for (i = 0; i < VMM_ARRAY_SIZE(forms); i++)
		run_form(&forms[i]);
	for (i = 0; i < VMM_ARRAY_SIZE(virt); i++)
		run_user(&virt[i]);
	for (i = 0; i < VMM_ARRAY_SIZE(forms); i++)
		run_user(&forms[i]);
	end_of_page("cpuid", "\x0f\xa2", 2);
	end_of_page("cpuid-66", "\x66\x0f\xa2", 3);
	end_of_page("in", "\xe4\xe9", 2);
	across_pages();
	other_mode("code32", SEL_CODE32, 0, code32_cpuid, code32_cpuid_end);
	other_mode("code32-based", SEL_CODE32_BASED, low - 0x1234,
		   code32_cpuid, code32_cpuid_end);
	other_mode("code32-wrapped", SEL_CODE32_BASED, low + 0x10000,
		   code32_cpuid, code32_cpuid_end);
	other_mode("code16-based", SEL_CODE16_BASED, low, code16_cpuid,
		   code16_cpuid_end);
}
