/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The local APIC (Intel SDM vol. 3, chapter 11).  It is the guest's; the VMM
 * reads it, sends IPIs of its own, and puts it into its INIT state when it
 * carries out an INIT for the guest.
 */
#ifndef CPU_APIC_H
#define CPU_APIC_H

#include <stdbool.h>
#include <stdint.h>

/* Registers by their offset in the xAPIC page; the x2APIC MSR is
 * 0x800 + offset / 16. */
#define APIC_ID		0x020u
#define APIC_TPR	0x080u
#define APIC_EOI	0x0b0u
#define APIC_LDR	0x0d0u
#define APIC_DFR	0x0e0u
#define APIC_SVR	0x0f0u
#define APIC_ISR	0x100u
#define APIC_ESR	0x280u
#define APIC_LVT_CMCI	0x2f0u
#define APIC_ICR_LOW	0x300u
#define APIC_ICR_HIGH	0x310u
#define APIC_LVT_TIMER	0x320u
#define APIC_LVT_ERROR	0x370u
#define APIC_TIMER_INIT	0x380u
#define APIC_TIMER_DIV	0x3e0u

#define APIC_SVR_ENABLE		0x100u
#define APIC_BASE_EXTD		0x400u	/* x2APIC */
#define APIC_BASE_EN		0x800u
#define APIC_BASE_BSP		0x100u

#define ICR_VECTOR(low)		((uint8_t)(low))
#define ICR_MODE(low)		((low) >> 8 & 7)
#define ICR_MODE_FIXED		0u
#define ICR_MODE_NMI		4u
#define ICR_MODE_INIT		5u
#define ICR_MODE_STARTUP	6u
#define ICR_LOGICAL		0x800u
#define ICR_PENDING		0x1000u
#define ICR_ASSERT		0x4000u
#define ICR_LEVEL		0x8000u
#define ICR_SHORTHAND(low)	((low) >> 18 & 3)
#define ICR_TO_DEST		0u
#define ICR_TO_SELF		1u
#define ICR_TO_ALL		2u
#define ICR_TO_OTHERS		3u

/* This CPU's.  With the APIC disabled reads give 0 and writes are lost. */
bool apic_is_x2(void);
uint32_t apic_read(unsigned reg);
void apic_write(unsigned reg, uint32_t value);
uint32_t apic_id(void);

/* Send an IPI; a destination that the guest has half written to the ICR is
 * put back.  Waits, bounded, for the ICR to be idle. */
void apic_send(uint32_t dest, uint32_t icr_low);

/* What an INIT does to the local APIC (11.4.7.3): all registers as after
 * reset, but the ID and the mode.  Interrupts that wait are forgotten: drain
 * lets them into the VMM, which ends them. */
void apic_init_state(void (*drain)(void));

/* An interprocessor interrupt that the guest asks for. */
struct ipi {
	uint32_t low;		/* ICR bits 31:0 */
	uint32_t dest;		/* APIC ID, or logical destination */
	bool x2;		/* 32-bit destinations */
};

/* What is known of a possible receiver. */
struct ipi_target {
	uint32_t id, ldr, dfr;
	bool x2;
	bool self;		/* it is the sender */
};

/* Is t among the receivers (11.6.1, 11.6.2, 11.12.9)?  Pure. */
bool ipi_reaches(const struct ipi *ipi, const struct ipi_target *t);

#endif
