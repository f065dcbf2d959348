/* SPDX-License-Identifier: BSD-3-Clause */
/* Single-stepping and breakpoints, over intercepted instructions too. */
#include "probe.h"

#define DR7_L0		0x1u
#define DR7_EXEC	(DR7_L0 | 0x400u)
#define DR7_WRITE1	(DR7_EXEC | 0x10000u)
#define DR7_IO1		(DR7_EXEC | 0x20000u)
#define CR4_DE		0x8u
#define DR6_CLEAR	0xffff0ff0u
#define MAX_TRAPS	32

#define SNIPPETS(X) X(step_nops) X(step_cpuid) X(step_rdmsr)		\
	X(step_mov_ss) X(step_int3) X(step_io) X(step_rep) X(step_pushf) \
	X(step_icebp)
#define DECLARE(name) extern const uint8_t name[], name##_end[];
SNIPPETS(DECLARE)
DECLARE(break_code)
extern const uint8_t break_code_cpuid[], break_code_after[];

static struct {
	uint16_t offset, dr6;
	uint8_t vector;
} seen[MAX_TRAPS];
static unsigned seen_count;

static void note(struct trap_frame *f)
{
	uint64_t dr6 = trap_last.dr6;

	if (seen_count < MAX_TRAPS) {
		seen[seen_count].offset =
			(uint16_t)(f->rip - (uint64_t)probe.low);
		seen[seen_count].vector = (uint8_t)f->vector;
		seen[seen_count++].dr6 = (uint16_t)dr6;
	}
	__asm__ volatile("mov %0, %%dr6" :: "r"((uint64_t)DR6_CLEAR));
}

/* The piece ends at "nopl (%rax)": 0f 1f 00. */
static bool at_end(const struct trap_frame *f)
{
	const uint8_t *p = (const uint8_t *)f->rip;

	return p[0] == 0x0f && p[1] == 0x1f && p[2] == 0x00;
}

static void on_debug(struct trap_frame *f)
{
	note(f);
	if (at_end(f) || seen_count == MAX_TRAPS)
		f->rflags &= ~X86_RFLAGS_TF;
}

/* A breakpoint before an instruction: RF lets it run when we return. */
static void on_breakpoint(struct trap_frame *f)
{
	note(f);
	f->rflags |= 0x10000;
	if (seen_count == MAX_TRAPS)
		trap_abort(f);
}

static void print_seen(const char *name, int trap)
{
	unsigned i;

	out("PROBE step.%s ", name);
	trap_print(trap);
	for (i = 0; i < seen_count; i++)
		out(" %u@%x/%x", seen[i].vector, seen[i].offset,
		    seen[i].dr6);
	out("\n");
}

static void begin(trap_hook_fn hook)
{
	seen_count = 0;
	trap_hook[X86_TRAP_DB] = hook;
	trap_hook[X86_TRAP_BP] = note;
	trap_hook[0x80] = note;
	__asm__ volatile("mov %0, %%dr6" :: "r"((uint64_t)DR6_CLEAR));
}

static void end(void)
{
	x86_write_dr7(0x400);
	trap_hook[X86_TRAP_DB] = trap_hook[X86_TRAP_BP] = trap_hook[0x80] = 0;
}

static void step(const char *name, const uint8_t *code, const uint8_t *stop)
{
	int trap;

	begin(on_debug);
	trap = probe_run_code(code, (unsigned)(stop - code));
	end();
	print_seen(name, trap);
}

static void execute_breakpoint(const char *name, const uint8_t *where)
{
	int trap;

	begin(on_breakpoint);
	x86_write_dr6(DR6_CLEAR);
	__asm__ volatile("mov %0, %%dr0"
			 :: "r"(probe.low + (where - break_code)));
	x86_write_dr7(DR7_EXEC);
	trap = probe_run_code(break_code,
			      (unsigned)(break_code_end - break_code));
	end();
	print_seen(name, trap);
}

static void data_breakpoint(void)
{
	/* mov [rdi], al with RDI loaded from DR0: mov rdi,dr0; then a CPUID */
	static const uint8_t code[] = {
		0x0f, 0x21, 0xc7,		/* mov %dr0, %rdi */
		0x31, 0xc0, 0x31, 0xc9,		/* xor eax,eax; xor ecx,ecx */
		0x88, 0x07,			/* mov %al, (%rdi) */
		0x0f, 0xa2, 0x90,		/* cpuid; nop */
	};
	int trap;

	begin(note);
	__asm__ volatile("mov %0, %%dr0" :: "r"(probe.pages + 8));
	x86_write_dr7(DR7_WRITE1);
	trap = probe_run_code(code, sizeof(code));
	end();
	print_seen("data-breakpoint", trap);
}

static void io_breakpoint(void)
{
	static const uint8_t code[] = {
		0xba, 0xe9, 0, 0, 0,		/* mov $0xe9, %edx */
		0xec, 0x90, 0x90,		/* in (%dx), %al; nops */
	};
	uint64_t cr4 = x86_read_cr4();
	int trap;

	x86_write_cr4(cr4 | CR4_DE);
	begin(note);
	__asm__ volatile("mov %0, %%dr0" :: "r"(0xe9L));
	x86_write_dr7(DR7_IO1);
	trap = probe_run_code(code, sizeof(code));
	end();
	x86_write_cr4(cr4);
	print_seen("io-breakpoint", trap);
}

void probe_step(void)
{
#define STEP(name) step(#name + 5, name, name##_end);
	SNIPPETS(STEP)
	execute_breakpoint("break-before-cpuid", break_code_cpuid);
	execute_breakpoint("break-after-cpuid", break_code_after);
	data_breakpoint();
	io_breakpoint();
}
