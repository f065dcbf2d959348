/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The VMM's clock: the TSC, which it only reads.  A guest that writes the TSC
 * moves this clock too; nothing but time stamps depends on it.
 */
#include <core/core_priv.h>
#include <cpu/policy.h>
#include <vmm/log.h>

#define PM_TIMER_HZ	3579545u	/* ACPI specification, 4.8.3.3 */
#define PM_SAMPLE_TICKS	35796u		/* 10 ms */
#define PM_MASK		0xffffffu	/* 24 bits at least */
#define PIT_HZ		1193182u
#define PIT_TICKS	11932u		/* 10 ms */
#define MAX_SPINS	100000000u
#define USEC_SHIFT	32

static uint64_t tsc_at_start;
static uint64_t usec_per_tick;	/* fixed point, USEC_SHIFT fraction bits */

void time_start(void)
{
	tsc_at_start = x86_rdtsc();
}

static uint32_t pm_read(const struct vmm_acpi_gas *reg)
{
	if (reg->space == 1)
		return x86_inl((uint16_t)reg->address) & PM_MASK;
	return *(volatile uint32_t *)(uintptr_t)reg->address & PM_MASK;
}

/* TSC ticks a second by the ACPI PM timer; 0 if it does not count. */
static uint64_t hz_by_pm_timer(const struct vmm_acpi_gas *reg)
{
	uint32_t start, ticks = 0, spins;
	uint64_t t0, t1;

	if (!reg->address || reg->space > 1)
		return 0;
	start = pm_read(reg);
	t0 = x86_rdtsc();
	for (spins = 0; ticks < PM_SAMPLE_TICKS && spins < MAX_SPINS; spins++)
		ticks = (pm_read(reg) - start) & PM_MASK;
	t1 = x86_rdtsc();
	if (ticks < PM_SAMPLE_TICKS)
		return 0;
	return (t1 - t0) * PM_TIMER_HZ / ticks;
}

/* The same by channel 2 of the PIT, whose gate and output are in port 0x61.
 * The port is left as it was. */
static uint64_t hz_by_pit(void)
{
	uint8_t saved = x86_inb(0x61);
	uint64_t t0, t1;
	uint32_t spins;

	x86_outb(0x61, (uint8_t)((saved & ~2u) | 1u));
	x86_outb(0x43, 0xb0);	/* channel 2, both bytes, mode 0 */
	x86_outb(0x42, (uint8_t)PIT_TICKS);
	x86_outb(0x42, (uint8_t)(PIT_TICKS >> 8));
	t0 = x86_rdtsc();
	for (spins = 0; !(x86_inb(0x61) & 0x20) && spins < MAX_SPINS; spins++)
		;
	t1 = x86_rdtsc();
	x86_outb(0x61, saved);
	return spins < MAX_SPINS ? (t1 - t0) * PIT_HZ / PIT_TICKS : 0;
}

/* CPUID leaf 0x15: core crystal clock (Intel SDM vol. 2, CPUID). */
static uint64_t hz_by_cpuid(void)
{
	struct x86_cpuid r;

	if (x86_cpuid(0, 0).eax < 0x15)
		return 0;
	r = x86_cpuid(0x15, 0);
	return r.eax && r.ebx && r.ecx ?
		(uint64_t)r.ecx * r.ebx / r.eax : 0;
}

static bool tsc_is_invariant(void)
{
	return x86_cpuid(0x80000000u, 0).eax >= 0x80000007u &&
		x86_cpuid(0x80000007u, 0).edx & 1u << 8;
}

void time_calibrate(struct vmm *vmm)
{
	uint64_t hz = hz_by_cpuid();

	if (!hz)
		hz = hz_by_pm_timer(&vmm->acpi.pm_timer);
	if (!hz)
		hz = hz_by_pit();
	if (!hz) {
		vmm_log_warning("No clock to measure the TSC with, assuming"
				" 1 GHz\n");
		hz = 1000000000u;
	}
	vmm->tsc_hz = hz;
	usec_per_tick = (UINT64_C(1000000) << USEC_SHIFT) / hz;
	vmm_log_info("Processor 0 %llu Hz%s\n", (unsigned long long)hz,
		     tsc_is_invariant() ? " (Invariant TSC)" : "");
}

uint64_t vmm_uptime_usec(void)
{
	unsigned __int128 ticks = x86_rdtsc() - tsc_at_start;

	return (uint64_t)(ticks * usec_per_tick >> USEC_SHIFT);
}

void vmm_delay_usec(uint64_t usec)
{
	uint64_t end = vmm_uptime_usec() + usec;

	if (!usec_per_tick) {
		while (usec--)	/* a port write takes about 1 us */
			x86_outb(0x80, 0);
		return;
	}
	while (vmm_uptime_usec() < end)
		x86_pause();
}
