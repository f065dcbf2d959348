/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Task switches in protected mode, which VMX leaves to the VMM: by JMP, CALL,
 * IRET, task gates with and without an error code, into ring 3, virtual-8086
 * mode and a 16-bit task, with a debug trap; without paging, with 32-bit and
 * with PAE paging.  (Intel SDM vol. 3, chapter 8)  Faults of the new task are
 * left to tests/unit/task_test.c: Bochs and QEMU, bare, differ there.
 */
#include "probe.h"
#include "probe_task.h"

#define PAGE		4096u
#define GIB		UINT64_C(0x40000000)
#define CR0_PG		0x80000000u
#define PTE_LARGE	0x80u
#define PTE_ALL		(PTE_PRESENT | PTE_WRITE | PTE_USER)
#define LINE_WORDS	32
#define EFLAGS_V86	0x23002u	/* VM, IOPL 3 */

extern const uint8_t task_code[], task_code_end[], task_partner[], task_gp[],
	task_trapped[], task_debug[], task_user[], task_v86[], task_v86_end[],
	task_called[], task_16bit[], task_memory[];
void call_far(uint64_t offset, uint64_t selector, uint64_t stack, void *edi);

static uint8_t *memory;		/* the layout of probe_task.h */

static uint32_t low(const void *p)
{
	return (uint32_t)(uintptr_t)p;
}

static uint32_t code_at(const uint8_t *label)
{
	return low(probe.low) + (uint32_t)(label - task_code);
}

static void set32(unsigned offset, uint32_t value)
{
	*(volatile uint32_t *)(memory + offset) = value;
}

static void set16(unsigned offset, uint16_t value)
{
	*(volatile uint16_t *)(memory + offset) = value;
}

static void table_reg(unsigned offset, unsigned table, unsigned size)
{
	set16(offset, (uint16_t)(size - 1));
	set32(offset + 2, low(memory + table));
}

/* attr: bytes 5 and 6, as 12 bits; limit as it stands there. */
static void descriptor(unsigned selector, uint32_t base, uint32_t limit,
		       uint32_t attr)
{
	uint64_t d = (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 |
		(uint64_t)(attr & 0xff) << 40 |
		(uint64_t)(limit >> 16 & 0xf) << 48 |
		(uint64_t)(attr >> 8) << 52 | (uint64_t)(base >> 24) << 56;

	*(volatile uint64_t *)(memory + T_GDT + (selector & ~7u)) = d;
}

static void gate(unsigned vector, uint16_t selector, uint32_t offset,
		 uint8_t type)
{
	set32(T_IDT + vector * 8, (offset & 0xffff) |
	      (uint32_t)selector << 16);
	set32(T_IDT + vector * 8 + 4, (offset & 0xffff0000) |
	      (uint32_t)type << 8);
}

static uint32_t stack_of(unsigned task)
{
	return low(memory + T_STACKS + task * 0x400 + 0x3e0);
}

static unsigned tss_at(unsigned task)
{
	return T_TSS + task * T_TSS_SIZE;
}

static void task32(unsigned task, const uint8_t *code, uint32_t cr3)
{
	static const unsigned segments[] = { 0x48, 0x50, 0x54, 0x58, 0x5c };
	unsigned at = tss_at(task), i;

	descriptor(S_TASK(task), low(memory + at), 0x67, 0x89);
	set32(at + 4, stack_of(task));			/* ESP0 */
	set32(at + 8, S_DATA);
	set32(at + 0x1c, cr3);
	set32(at + 0x20, code_at(code));
	set32(at + 0x24, X86_RFLAGS_FIXED | X86_RFLAGS_CF);
	set32(at + 0x28, 0x1000 + task);		/* EAX */
	set32(at + 0x2c, 0x2000 + task);
	set32(at + 0x30, 0x3000 + task);
	set32(at + 0x34, low(memory));			/* EBX */
	set32(at + 0x38, stack_of(task) - 0x100);	/* ESP */
	set32(at + 0x3c, 0x5000 + task);
	set32(at + 0x40, 0x6000 + task);
	set32(at + 0x44, 0x7000 + task);
	for (i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		set32(at + segments[i], S_DATA);
	set32(at + 0x4c, S_CODE);
	set32(at + 0x60, task == TASK_PARTNER ? S_LDT : 0);
	set32(at + 0x64, 0x68 << 16);			/* no I/O map */
}

static void user_task(void)
{
	unsigned at = tss_at(TASK_USER), i;

	for (i = 0x48; i <= 0x5c; i += 4)
		set32(at + i, S_USER_DATA);
	set32(at + 0x4c, S_USER_CODE);
}

/* Its code is below 1 MiB. */
static void v86_task(void)
{
	unsigned at = tss_at(TASK_V86), i;

	if (!probe.real)
		return;
	for (i = 0; i < (unsigned)(task_v86_end - task_v86); i++)
		probe.real[i] = task_v86[i];
	set32(at + 0x20, 0);
	set32(at + 0x24, EFLAGS_V86);
	set32(at + 0x38, 0x800);
	for (i = 0x48; i <= 0x5c; i += 4)
		set32(at + i, low(probe.real) >> 4);
}

static void task16(void)
{
	unsigned at = tss_at(TASK_16BIT), i;

	descriptor(S_TASK(TASK_16BIT), low(memory + at), 0x2b, 0x81);
	for (i = 0; i < T_TSS_SIZE; i += 4)
		set32(at + i, 0);
	set16(at + 0x0e, (uint16_t)(task_16bit - task_code));
	set16(at + 0x10, X86_RFLAGS_FIXED);
	for (i = 0; i < 8; i++)
		set16(at + 0x12 + 2 * i, (uint16_t)(0x1600 + i));
	set16(at + 0x1a, 0x3e0);			/* SP */
	set16(at + 0x22, S_DATA);
	set16(at + 0x24, S_BASED);
	set16(at + 0x26, S_STACK16);
	set16(at + 0x28, S_DATA);
}

static void fill_gdt(void)
{
	descriptor(S_CODE, 0, 0xfffff, 0xc9a);		/* not accessed yet */
	descriptor(S_DATA, 0, 0xfffff, 0xc92);
	descriptor(S_USER_CODE, 0, 0xfffff, 0xcfa);
	descriptor(S_USER_DATA, 0, 0xfffff, 0xcf2);
	descriptor(S_BASED, low(probe.low), 0xfff, 0x49a);
	descriptor(S_STACK16, low(memory + T_STACKS + TASK_16BIT * 0x400),
		   0x3ff, 0x092);
	descriptor(S_LDT, low(memory), 0xff, 0x082);
	table_reg(T_GDTR, T_GDT, S_TASK(TASKS));
}

static void fill_idt(void)
{
	gate(X86_TRAP_DB, S_CODE, code_at(task_debug), 0x8e);
	gate(X86_TRAP_GP, S_TASK(TASK_GP), 0, 0x85);
	gate(V_TASK, S_TASK(TASK_PARTNER), 0, 0x85);
	gate(V_CALL, S_CODE, code_at(task_called), 0xee);
	table_reg(T_IDTR, T_IDT, T_IDT_SIZE);
}

/* cr3: of the partner, and of all others. */
static void fill_tasks(const uint32_t cr3[2])
{
	static const uint8_t *const code[TASKS] = {
		task_code, task_partner, task_gp, task_trapped, task_user,
		task_v86, task_16bit,
	};
	unsigned i;

	*(volatile uint32_t *)(probe.low + (task_memory - task_code)) =
		low(memory);
	for (i = 0; i < TASKS; i++)
		task32(i, code[i], cr3[i == TASK_PARTNER]);
	set16(tss_at(TASK_TRAPPED) + 0x64, 1);
	user_task();
	v86_task();
	task16();
}

/* --- paging: identity, but for a window that the partner maps to another
 * page --- */

static uint64_t *table64(unsigned page)
{
	return (uint64_t *)(probe.pages + page * PAGE);
}

static uint32_t *table32(unsigned page)
{
	return (uint32_t *)(probe.pages + page * PAGE);
}

/* A GiB without anything of ours. */
static unsigned window_gib(void)
{
	unsigned g = 0;

	while (g == (uintptr_t)probe.low / GIB ||
	       g == (uintptr_t)probe.pages / GIB || g == 0)
		g++;
	return g;
}

/* Pages: 0, 1 directories; 2, 3 tables of the window; 4, 5 its page */
static void map_32bit(uint32_t cr3[2])
{
	unsigned g = window_gib(), side, i;

	for (side = 0; side < 2; side++) {
		for (i = 0; i < 1024; i++)
			table32(side)[i] = i << 22 | PTE_LARGE | PTE_ALL;
		table32(side)[g << 8] = low(table32(2 + side)) | PTE_ALL;
		table32(2 + side)[0] = low(table32(4 + side)) | PTE_ALL;
		table32(4 + side)[0] = 0xa0000000 + side;
		cr3[side] = low(table32(side));
	}
	set32(T_WINDOW, (uint32_t)(g * GIB));
}

/* Pages: 0, 1 pointers; 2, 3 tables of the window; 4, 5 its page; 6, 7 its
 * directory; 8 to 11 the other directories */
static void map_pae(uint32_t cr3[2])
{
	unsigned g = window_gib(), side, i;

	for (i = 0; i < 4 * 512; i++)
		table64(8)[i] = (uint64_t)i << 21 | PTE_LARGE | PTE_ALL;
	for (side = 0; side < 2; side++) {
		for (i = 0; i < 4; i++)
			table64(side)[i] = low(table64(8 + i)) | PTE_PRESENT;
		table64(side)[g] = low(table64(6 + side)) | PTE_PRESENT;
		for (i = 0; i < 512; i++)
			table64(6 + side)[i] = 0;
		table64(6 + side)[0] = low(table64(2 + side)) | PTE_ALL;
		table64(2 + side)[0] = low(table64(4 + side)) | PTE_ALL;
		table64(4 + side)[0] = 0xb0000000 + side;
		cr3[side] = low(table64(side));
	}
	set32(T_WINDOW, (uint32_t)(g * GIB));
}

/* --- running, and what comes of it --- */

/* Addresses of ours may differ from run to run. */
static void print_word(uint32_t value)
{
	if (value - low(memory) < T_SIZE)
		out(" m+%x", value - low(memory));
	else if (value - low(probe.pages) < 16 * PAGE)
		out(" p+%x", value - low(probe.pages));
	else if (probe.real && value == low(probe.real) >> 4)
		out(" real");
	else
		out(" %x", value);
}

static void print_log(const char *mode)
{
	uint32_t end = *(volatile uint32_t *)(memory + T_LOG);
	uint32_t *from = (uint32_t *)(memory + T_LOG_BEGIN);
	unsigned words = (end - low(from)) / 4, i;

	for (i = 0; i < words; i++) {
		if (i % LINE_WORDS == 0)
			out("%sPROBE task.%s.%u", i ? "\n" : "", mode,
			    i / LINE_WORDS);
		print_word(from[i]);
	}
	out("\n");
}

static void run(const char *mode, uint32_t cr4, uint32_t paging,
		void (*map)(uint32_t cr3[2]))
{
	uint32_t cr3[2] = { 0, 0 };
	unsigned i;

	for (i = 0; i < T_SIZE; i++)
		memory[i] = 0;
	set32(T_WINDOW, low(memory + T_GDT));	/* 0 */
	map(cr3);
	fill_gdt();
	fill_idt();
	fill_tasks(cr3);
	set32(T_CR4, cr4);
	set32(T_PAGING, paging);
	set32(T_LOG, low(memory + T_LOG_BEGIN));
	call_far(low(probe.low), SEL_CODE32,
		 (uint64_t)(memory + T_STACK_END), memory);
	print_log(mode);
}

static void map_nothing(uint32_t cr3[2])
{
	(void)cr3;
}

void probe_task(void)
{
	uint32_t cr4 = (uint32_t)x86_read_cr4();
	unsigned i;

	for (i = 0; i < (unsigned)(task_code_end - task_code); i++)
		probe.low[i] = task_code[i];
	memory = probe.low + PAGE;
	run("physical", cr4, 0, map_nothing);
	run("32bit", (cr4 & ~(uint32_t)X86_CR4_PAE) | X86_CR4_PSE, CR0_PG,
	    map_32bit);
	run("pae", cr4, CR0_PG, map_pae);
	trap_load_tr();
}
