/* SPDX-License-Identifier: BSD-3-Clause */
/* Processors of our own: tables, the page to start at, and telling them what
 * to do. */
#include "starts.h"

#define VECTORS		256
#define MAX_SPINS	3000000u
#define SETTLE_SPINS	5000u
#define SLOWLY		20u
#define APIC_BASE_MASK	UINT64_C(0x000ffffffffff000)

struct gate {
	uint16_t offset0, selector, type, offset16;
	uint32_t offset32, zero;
} VMM_PACKED;

extern const uint8_t ap_code[], ap_code_end[], ap_code32[], ap_code64[];
extern const uint8_t entry_nmi[], entry_fixed[], entry_other[],
	entry_crash[];

void ap_main(uint32_t id, uint32_t page);
void starts_interrupted(int vector, const uint64_t *frame);
void starts_crashed(int vector, const uint64_t *frame);

struct cpu cpus[MAX_CPUS];
unsigned cpu_count;
bool starts_sign = true;
bool starts_slow;

static struct gate idt[VECTORS];
static const uint64_t gdt[4] = {
	0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff,
};
static uint8_t stacks[MAX_CPUS][AP_STACK] VMM_ALIGNED(16);

/* --- the APIC --- */

static bool is_x2(void)
{
	return x86_rdmsr(MSR_APIC_BASE) & BASE_X2;
}

static volatile uint32_t *lapic(unsigned reg)
{
	uint64_t base = x86_rdmsr(MSR_APIC_BASE) & APIC_BASE_MASK;

	return (volatile uint32_t *)(uintptr_t)(base + reg);
}

uint32_t apic_get(unsigned reg)
{
	return is_x2() ? (uint32_t)x86_rdmsr(0x800 + reg / 16) : *lapic(reg);
}

void apic_set(unsigned reg, uint32_t value)
{
	if (is_x2())
		x86_wrmsr(0x800 + reg / 16, value);
	else
		*lapic(reg) = value;
}

void apic_send(uint32_t dest, uint32_t low)
{
	if (is_x2()) {
		x86_wrmsr(MSR_X2APIC_ICR, (uint64_t)dest << 32 | low);
		return;
	}
	while (*lapic(APIC_ICR) & ICR_PENDING)
		x86_pause();
	*lapic(APIC_ICR_HIGH) = dest << 24;
	*lapic(APIC_ICR) = low;
}

/* --- interrupts --- */

/* By the stack, for CPUID and the APIC may be what is tried right now. */
static struct cpu *self(void)
{
	uint64_t at = (uint64_t)__builtin_frame_address(0) -
		(uint64_t)stacks;

	return &cpus[at < sizeof(stacks) ? at / AP_STACK : 0];
}

void starts_interrupted(int vector, const uint64_t *frame)
{
	(void)frame;
	if (vector == X86_TRAP_NMI) {
		self()->nmis++;
		return;
	}
	/* Others are what was pending when the firmware's timer ended. */
	self()->interrupts += vector == AP_VECTOR;
	apic_set(APIC_EOI, 0);
}

void starts_crashed(int vector, const uint64_t *frame)
{
	(void)vector;
	/* behind 10 registers: RIP or error code, CS or RIP */
	out("PROBE crash cpu %u stack %lx %lx %lx cr2 %lx\n", self()->id,
	    frame[10], frame[11], frame[12], x86_read_cr2());
	for (;;)
		x86_hlt();
}

static void set_gate(unsigned vector, const uint8_t *handler)
{
	uint64_t at = (uint64_t)handler;

	idt[vector] = (struct gate){
		.offset0 = (uint16_t)at, .selector = AP_CODE64,
		.type = 0x8e00, .offset16 = (uint16_t)(at >> 16),
		.offset32 = (uint32_t)(at >> 32),
	};
}

static void load_idt(void)
{
	const struct x86_table_reg table = {
		sizeof(idt) - 1, (uint64_t)idt,
	};

	__asm__ volatile("lidt %0" :: "m"(table));
}

static void load_segments(void)
{
	const struct x86_table_reg table = {
		sizeof(gdt) - 1, (uint64_t)gdt,
	};

	__asm__ volatile("lgdt %0\n\tpushq %1\n\tleaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\tlretq\n1:\n\t"
			 "movl %2, %%eax\n\tmovl %%eax, %%ds\n\t"
			 "movl %%eax, %%es\n\tmovl %%eax, %%ss"
			 :: "m"(table), "i"(AP_CODE64), "i"(AP_DATA)
			 : "rax", "memory");
}

void starts_tables(void)
{
	unsigned i;

	x86_cli();
	x86_outb(0x21, 0xff);
	x86_outb(0xa1, 0xff);
	apic_set(APIC_LVT_TIMER, 0x10000);
	for (i = 0; i < VECTORS; i++)
		set_gate(i, i < 32 ? entry_crash : entry_other);
	set_gate(X86_TRAP_NMI, entry_nmi);
	set_gate(AP_VECTOR, entry_fixed);
	load_segments();
	load_idt();
	apic_set(APIC_SVR, APIC_ENABLE | 0xff);
}

/* --- the page to start at --- */

static uint8_t *page_of(unsigned vector)
{
	uint8_t *page;

	/* not known to the compiler: page 0 is one, too */
	__asm__("" : "=r"(page) : "0"((uint64_t)vector << 12));
	return page;
}

volatile uint8_t *starts_at(unsigned vector, unsigned offset)
{
	return page_of(vector) + offset;
}

volatile struct ap_needs *starts_needs(unsigned vector)
{
	return (void *)(page_of(vector) + AP_NEEDS);
}

volatile uint32_t *starts_found(unsigned vector)
{
	return (void *)(page_of(vector) + AP_FOUND);
}

void starts_page(unsigned vector)
{
	uint8_t *page = page_of(vector);
	volatile struct ap_needs *needs = starts_needs(vector);
	uint32_t base = vector << 12;
	unsigned i;

	for (i = 0; i < (unsigned)(ap_code_end - ap_code); i++)
		page[i] = ap_code[i];
	for (i = 0; i < sizeof(gdt) / 8; i++)
		((volatile uint64_t *)(page + AP_GDT))[i] = gdt[i];
	for (i = 0; i < AP_REGISTERS; i++)
		starts_found(vector)[i] = 0;
	needs->gdt_limit = sizeof(gdt) - 1;
	needs->gdt_base = base + AP_GDT;
	needs->far32 = base + (uint32_t)(ap_code32 - ap_code);
	needs->selector32 = AP_CODE32;
	needs->far64 = base + (uint32_t)(ap_code64 - ap_code);
	needs->selector64 = AP_CODE64;
	needs->cr0 = (uint32_t)x86_read_cr0();
	needs->cr3 = (uint32_t)x86_read_cr3();
	needs->cr4 = (uint32_t)x86_read_cr4();
	needs->efer = (uint32_t)x86_rdmsr(MSR_EFER) &
		~(uint32_t)X86_EFER_LMA;
	needs->stacks = (uint64_t)stacks;
	needs->entry = (uint64_t)ap_main;
	needs->tsc = 0;
}

static void note_apic(struct cpu *c)
{
	unsigned i, reg, pending = 0;

	for (i = 0; i < 16; i++)
		pending |= apic_get((i < 8 ? APIC_ISR : APIC_IRR - 0x80) +
				    i * 16);
	c->apic[0] = apic_get(APIC_SVR);
	c->apic[1] = apic_get(APIC_TPR);
	c->apic[2] = apic_get(APIC_LDR);
	c->apic[3] = is_x2() ? 0 : apic_get(APIC_DFR);
	c->apic[4] = pending;
	c->apic[5] = apic_get(APIC_TIMER_INIT) | apic_get(APIC_TIMER_DIV);
	for (c->apic[6] = 0, reg = APIC_LVT_TIMER; reg <= APIC_LVT_ERROR;
	     reg += 16)
		c->apic[6] += apic_get(reg);
	c->apic[7] = x86_rdmsr(MSR_APIC_BASE);
}

/* Where each start ends. */
void ap_main(uint32_t id, uint32_t page)
{
	struct cpu *c = &cpus[id % MAX_CPUS];
	void (*work)(struct cpu *);

	load_idt();
	note_apic(c);
	apic_set(APIC_SVR, APIC_ENABLE | 0xff);
	c->id = id;
	c->work = 0;
	c->vector = page >> 12;
	c->starts++;
	for (;;) {
		work = c->work;
		if (work) {
			work(c);
			c->work = 0;
		}
		x86_pause();
	}
}

/* --- telling and waiting --- */

bool wait_for(volatile unsigned *count, unsigned value)
{
	unsigned i;

	for (i = 0; i < MAX_SPINS && *count != value; i++)
		x86_pause();
	return *count == value;
}

void settle(void)
{
	unsigned i, n = SETTLE_SPINS * (starts_slow ? SLOWLY : 1);

	for (i = 0; i < n; i++)
		x86_pause();
}

void tell_only(unsigned id, void (*work)(struct cpu *self), uint64_t argument)
{
	cpus[id].argument = argument;
	cpus[id].work = work;
}

bool tell(unsigned id, void (*work)(struct cpu *self), uint64_t argument)
{
	unsigned i;

	if (!id) {	/* the boot processor itself */
		cpus[0].argument = argument;
		work(&cpus[0]);
		return true;
	}
	tell_only(id, work, argument);
	for (i = 0; i < MAX_SPINS && cpus[id].work; i++)
		x86_pause();
	return !cpus[id].work;
}

static void serve(struct cpu *c)
{
	unsigned before = c->interrupts;

	__asm__ volatile("sti" ::: "memory");
	(void)wait_for(&c->interrupts, before + 1);
	x86_cli();
}

unsigned all_serve(void)
{
	unsigned i, served = 0, before;

	for (i = 0; i < cpu_count; i++) {
		before = cpus[i].interrupts;
		if (i)
			tell_only(i, serve, 0);
		apic_send(i, ICR_FIXED | AP_VECTOR);
		if (!i)
			serve(&cpus[0]);
		served += wait_for(&cpus[i].interrupts, before + 1);
		while (i && cpus[i].work)
			x86_pause();
	}
	if (starts_sign)
		(void)x86_rdmsr(MSR_MTRR_FIX64K);
	return served;
}
