/* SPDX-License-Identifier: BSD-3-Clause */
#include <cpu/apic.h>
#include <vmm/x86.h>

#define X2APIC_MSR(reg)		(0x800u + (reg) / 16)
#define APIC_BASE_MASK		UINT64_C(0x000ffffffffff000)
#define MAX_SPINS		1000000u
#define MAX_IN_SERVICE		256u
#define LVT_MASKED		0x10000u
#define SVR_RESET		0xffu

static uint64_t apic_base(void)
{
	return x86_rdmsr(MSR_APIC_BASE);
}

bool apic_is_x2(void)
{
	return apic_base() & APIC_BASE_EXTD;
}

static volatile uint32_t *mmio(uint64_t base, unsigned reg)
{
	return (volatile uint32_t *)(uintptr_t)((base & APIC_BASE_MASK) + reg);
}

uint32_t apic_read(unsigned reg)
{
	uint64_t base = apic_base();

	if (!(base & APIC_BASE_EN))
		return 0;
	if (base & APIC_BASE_EXTD)
		return (uint32_t)x86_rdmsr(X2APIC_MSR(reg));
	return *mmio(base, reg);
}

void apic_write(unsigned reg, uint32_t value)
{
	uint64_t base = apic_base();

	if (!(base & APIC_BASE_EN))
		return;
	if (base & APIC_BASE_EXTD)
		x86_wrmsr(X2APIC_MSR(reg), value);
	else
		*mmio(base, reg) = value;
}

/* The initial APIC ID by CPUID: right with the APIC disabled, too. */
uint32_t apic_id(void)
{
	uint32_t max = x86_cpuid(0, 0).eax;
	struct x86_cpuid r;

	if (max >= 0xb) {
		r = x86_cpuid(0xb, 0);
		if (r.ebx)
			return r.edx;
	}
	return x86_cpuid(1, 0).ebx >> 24;
}

static void wait_idle(uint64_t base)
{
	unsigned i;

	for (i = 0; i < MAX_SPINS && *mmio(base, APIC_ICR_LOW) & ICR_PENDING;
	     i++)
		x86_pause();
}

void apic_send(uint32_t dest, uint32_t icr_low)
{
	uint64_t base = apic_base();
	uint32_t saved;

	if (!(base & APIC_BASE_EN))
		return;
	if (base & APIC_BASE_EXTD) {
		x86_wrmsr(MSR_X2APIC_ICR, (uint64_t)dest << 32 | icr_low);
		return;
	}
	wait_idle(base);
	saved = *mmio(base, APIC_ICR_HIGH);
	*mmio(base, APIC_ICR_HIGH) = dest << 24;
	*mmio(base, APIC_ICR_LOW) = icr_low;
	wait_idle(base);
	*mmio(base, APIC_ICR_HIGH) = saved;
}

/* Interrupts in service can only be ended, not forgotten. */
static void end_in_service(void)
{
	unsigned i, reg, n;

	for (n = 0; n < MAX_IN_SERVICE; n++) {
		uint32_t any = 0;

		for (i = 0, reg = APIC_ISR; i < 8; i++, reg += 0x10)
			any |= apic_read(reg);
		if (!any)
			return;
		apic_write(APIC_EOI, 0);
	}
}

void apic_init_state(void (*drain)(void))
{
	bool x2 = apic_is_x2();
	unsigned reg;

	end_in_service();
	apic_write(APIC_TIMER_INIT, 0);
	for (reg = APIC_LVT_TIMER; reg <= APIC_LVT_ERROR; reg += 0x10)
		apic_write(reg, LVT_MASKED);
	apic_write(APIC_TIMER_DIV, 0);
	apic_write(APIC_TPR, 0);
	apic_write(APIC_SVR, APIC_SVR_ENABLE | SVR_RESET);
	drain();
	if (!x2) {
		apic_write(APIC_LDR, 0);
		apic_write(APIC_DFR, UINT32_MAX);
	}
	apic_write(APIC_ESR, 0);
	apic_write(APIC_SVR, SVR_RESET);
}
