/* SPDX-License-Identifier: BSD-3-Clause */
#include <vmm/x86.h>
#include "port.h"
#include "trap.h"

#define VECTORS		256
#define STACK_SIZE	16384
#define LAPIC_EOI	0xb0
#define LAPIC_LVT_TIMER	0x320
#define LVT_MASKED	0x10000u

struct gate {
	uint16_t offset0, selector;
	uint8_t ist, type;
	uint16_t offset16;
	uint32_t offset32, zero;
} VMM_PACKED;

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3], reserved1, ist[7], reserved2;
	uint16_t reserved3, iomap;
} VMM_PACKED;

static struct gate idt[VECTORS];
static uint64_t gdt[12];
static struct tss tss;
/* NMI and the rest have stacks of their own: an NMI may hit a handler. */
static uint8_t stacks[2][STACK_SIZE] VMM_ALIGNED(16);

struct trap_record trap_last;
volatile unsigned trap_count[VECTORS];
trap_hook_fn trap_hook[VECTORS];
uint64_t trap_recover_rsp;

extern const char trap_entries[], trap_recovered[], trap_bad_stack[];
void trap_handle(struct trap_frame *f);
void trap_load_segments(uint16_t code, uint16_t data);

static struct {
	struct x86_table_reg gdt, idt;
	uint16_t cs, ss;
	uint8_t pic_mask[2];
	uint32_t lvt_timer;
	uint64_t rflags;
} firmware;

void trap_abort(struct trap_frame *f)
{
	f->rax = f->vector;
	f->rip = (uint64_t)trap_recovered;
	f->cs = SEL_CODE;
	f->ss = SEL_DATA;
	f->rsp = trap_recover_rsp;
	f->rflags = X86_RFLAGS_FIXED;
}

void trap_handle(struct trap_frame *f)
{
	uint8_t vector = (uint8_t)f->vector;

	trap_count[vector]++;
	trap_last.frame = *f;
	trap_last.cr2 = x86_read_cr2();
	trap_last.dr6 = x86_read_dr6();
	if (trap_hook[vector]) {
		trap_hook[vector](f);
		return;
	}
	if (!trap_recover_rsp) {
		/* A bug of the test program itself: say where, and stop. */
		out("PROBE crash vector %lu error %lx rip %lx cr2 %lx\n",
		    f->vector, f->error, f->rip, trap_last.cr2);
		for (;;)
			x86_hlt();
	}
	trap_abort(f);
}

static void fill_idt(void)
{
	uint64_t entry;
	int i;

	for (i = 0; i < VECTORS; i++) {
		entry = (uint64_t)trap_entries + (uint64_t)i * 16;
		idt[i].offset0 = (uint16_t)entry;
		idt[i].offset16 = (uint16_t)(entry >> 16);
		idt[i].offset32 = (uint32_t)(entry >> 32);
		idt[i].selector = SEL_CODE;
		idt[i].ist = i == X86_TRAP_NMI ? 2 : 1;
		idt[i].type = 0x8e;
	}
	/* Ring 3 may raise these by INT n. */
	idt[X86_TRAP_BP].type = idt[0x80].type = 0xee;
}

static void fill_gdt(void)
{
	uint64_t base = (uint64_t)&tss;

	gdt[SEL_CODE / 8] = 0x00af9b000000ffff;
	gdt[SEL_DATA / 8] = 0x00cf93000000ffff;
	gdt[SEL_CODE32 / 8] = 0x00cf9b000000ffff;
	gdt[SEL_DATA32 / 8] = 0x00cf93000000ffff;
	gdt[SEL_CODE32_BASED / 8] = 0x00cf9b000000ffff;
	gdt[SEL_CODE16_BASED / 8] = 0x00009b000000ffff;
	gdt[SEL_USER_DATA / 8] = 0x00cff3000000ffff;
	gdt[SEL_USER_CODE / 8] = 0x00affb000000ffff;
	gdt[SEL_USER_CODE32 / 8] = 0x00cffb000000ffff;
	gdt[SEL_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 |
		UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;
	tss.ist[0] = (uint64_t)stacks[0] + STACK_SIZE;
	tss.ist[1] = (uint64_t)stacks[1] + STACK_SIZE;
	tss.rsp[0] = tss.ist[0];
	tss.iomap = sizeof(tss);
}

void trap_set_bad_stack(uint8_t vector)
{
	uint64_t entry = (uint64_t)trap_bad_stack;

	idt[vector].offset0 = (uint16_t)entry;
	idt[vector].offset16 = (uint16_t)(entry >> 16);
	idt[vector].offset32 = (uint32_t)(entry >> 32);
	idt[vector].ist = 0;
}

void trap_set_base(unsigned selector, uint32_t base)
{
	uint64_t *d = &gdt[selector / 8];

	*d &= ~UINT64_C(0xff0000ffffff0000);
	*d |= (uint64_t)(base & 0xffffff) << 16 |
		(uint64_t)(base >> 24) << 56;
}

static volatile uint32_t *lapic(unsigned offset)
{
	uint64_t base = x86_rdmsr(MSR_APIC_BASE) & ~UINT64_C(0xfff);

	return (volatile uint32_t *)(uintptr_t)(base + offset);
}

static void mask_interrupts(void)
{
	firmware.pic_mask[0] = x86_inb(0x21);
	firmware.pic_mask[1] = x86_inb(0xa1);
	x86_outb(0x21, 0xff);
	x86_outb(0xa1, 0xff);
	firmware.lvt_timer = *lapic(LAPIC_LVT_TIMER);
	*lapic(LAPIC_LVT_TIMER) = firmware.lvt_timer | LVT_MASKED;
}

static void acknowledge(struct trap_frame *f)
{
	(void)f;
	*lapic(LAPIC_EOI) = 0;
}

/* The firmware's tick may have come behind CLI and before the masks.  It would
 * be taken at some group's first STI. */
static void drop_pending(void)
{
	unsigned i;

	for (i = 32; i < VECTORS; i++)
		trap_hook[i] = acknowledge;
	__asm__ volatile("sti\n\tnop\n\tcli" ::: "memory");
	for (i = 32; i < VECTORS; i++)
		trap_hook[i] = 0;
}

void trap_load_tr(void)
{
	gdt[SEL_TSS / 8] &= ~(UINT64_C(2) << 40);	/* not busy */
	__asm__ volatile("ltr %0" :: "r"((uint16_t)SEL_TSS));
}

void trap_begin(void)
{
	struct x86_table_reg table;

	firmware.rflags = x86_read_rflags();
	x86_cli();
	__asm__ volatile("sgdt %0" : "=m"(firmware.gdt));
	__asm__ volatile("sidt %0" : "=m"(firmware.idt));
	__asm__ volatile("mov %%cs, %0" : "=r"(firmware.cs));
	__asm__ volatile("mov %%ss, %0" : "=r"(firmware.ss));
	fill_gdt();
	fill_idt();
	table.limit = sizeof(gdt) - 1;
	table.base = (uint64_t)gdt;
	__asm__ volatile("lgdt %0" :: "m"(table));
	trap_load_segments(SEL_CODE, SEL_DATA);
	trap_load_tr();
	table.limit = sizeof(idt) - 1;
	table.base = (uint64_t)idt;
	__asm__ volatile("lidt %0" :: "m"(table));
	mask_interrupts();
	drop_pending();
}

/* The task register keeps pointing into this image, whose memory the loader
 * will reuse; harmless, as the firmware uses neither ISTs nor ring 3. */
void trap_end(void)
{
	x86_cli();
	*lapic(LAPIC_LVT_TIMER) = firmware.lvt_timer;
	x86_outb(0x21, firmware.pic_mask[0]);
	x86_outb(0xa1, firmware.pic_mask[1]);
	__asm__ volatile("lgdt %0" :: "m"(firmware.gdt));
	trap_load_segments(firmware.cs, firmware.ss);
	__asm__ volatile("lidt %0" :: "m"(firmware.idt));
	if (firmware.rflags & X86_RFLAGS_IF)
		__asm__ volatile("sti" ::: "memory");
}

static const char *const names[32] = {
	"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", 0,
	"#TS", "#NP", "#SS", "#GP", "#PF", 0, "#MF", "#AC", "#MC", "#XM",
	"#VE", "#CP", 0, 0, 0, 0, 0, 0, 0, "#VC", "#SX", 0
};

void trap_print(int vector)
{
	if (vector == TRAP_NONE)
		out("none");
	else if (vector < 32 && names[vector])
		out("%s", names[vector]);
	else
		out("int-%x", vector);
	if (vector >= 0 && vector < 32 && 0x60227d00 >> vector & 1)
		out("(%lx)", trap_last.frame.error);
}
