/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An I/O APIC (Intel 82093AA datasheet, chapter 3): a register is chosen by
 * one and accessed by another.  Pure: the two come in as functions.
 */
#ifndef CPU_IOAPIC_H
#define CPU_IOAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define IOAPIC_SELECT	0x00u	/* offsets in its page */
#define IOAPIC_WINDOW	0x10u
#define IOAPIC_BYTES	0x20u	/* with both */
#define IOAPIC_NONE	256u

#define RTE_NMI		0x400u
#define RTE_LOW		0x2000u		/* active low */
#define RTE_MASKED	0x10000u
#define RTE_READ_ONLY	0x5000u		/* delivery status, remote IRR */
#define RTE_DEST_SHIFT	24		/* in the upper half */

struct ioapic {
	uint32_t (*read)(void *ctx, unsigned offset);
	void (*write)(void *ctx, unsigned offset, uint32_t value);
	void *ctx;
	/* The input that is the VMM's, IOAPIC_NONE: none. */
	unsigned input;
	uint32_t low, high;	/* what the guest finds in its entry */
};

/* What tries the inputs.  All get ctx. */
struct ioapic_probe {
	void (*drive)(void *ctx, bool on);	/* the device's pin */
	/* Wait for an NMI, not for long; true: one came. */
	bool (*came)(void *ctx);
	void *ctx;
};

/* Number of its inputs; 0: there is none. */
unsigned ioapic_inputs(const struct ioapic *io);

/* Find the masked input that the pin leads to, and leave it delivering NMI to
 * the APIC ID dest.  False: there is none; all is as it was. */
bool ioapic_claim(struct ioapic *io, const struct ioapic_probe *probe,
		  uint8_t dest);

/* The input is the guest's, with what it has written to its entry. */
void ioapic_release(struct ioapic *io);

/* Accesses of the guest's to its page, of size bytes, from offset 0 to
 * IOAPIC_BYTES.  What is none of a register goes nowhere and reads as zeros.
 * The write's result is true if the guest now wants the input itself. */
uint32_t ioapic_guest_read(struct ioapic *io, unsigned offset, unsigned size);
bool ioapic_guest_write(struct ioapic *io, unsigned offset, unsigned size,
			uint32_t value);

#endif
