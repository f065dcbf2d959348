/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <cpu/ioapic.h>

#define REG_VERSION	1u
#define REG_ENTRY	0x10u		/* two for each input */
#define VERSION_MAX(v)	((v) >> 16 & 0xff)
#define MAX_INPUTS	120u		/* for which an index of 8 bits does */
#define FIRST_PCI	16u		/* below are those of ISA */
#define TIMES		3u		/* it must react so often */

static uint32_t get(const struct ioapic *io, unsigned reg)
{
	io->write(io->ctx, IOAPIC_SELECT, reg);
	return io->read(io->ctx, IOAPIC_WINDOW);
}

static void set(const struct ioapic *io, unsigned reg, uint32_t value)
{
	io->write(io->ctx, IOAPIC_SELECT, reg);
	io->write(io->ctx, IOAPIC_WINDOW, value);
}

/* Masked as long as it is half written. */
static void set_entry(const struct ioapic *io, unsigned input, uint32_t low,
		      uint32_t high)
{
	unsigned reg = REG_ENTRY + 2 * input;

	set(io, reg, low | RTE_MASKED);
	set(io, reg + 1, high);
	if (!(low & RTE_MASKED))
		set(io, reg, low);
}

/* No version register reads as ones, or as zeros.  It may tell of 240 inputs
 * (82093AA, 3.2.2), but the index wraps before. */
unsigned ioapic_inputs(const struct ioapic *io)
{
	uint32_t version = get(io, REG_VERSION);
	unsigned n = VERSION_MAX(version) + 1;

	if (version == UINT32_MAX || !version || n > 240)
		return 0;
	return n < MAX_INPUTS ? n : MAX_INPUTS;
}

/* --- finding the input --- */

/* Again and again, and never by itself: others may be busy there. */
static bool reacts(const struct ioapic_probe *probe)
{
	unsigned i;

	for (i = 0; i < TIMES; i++) {
		bool came;

		probe->drive(probe->ctx, true);
		came = probe->came(probe->ctx);
		probe->drive(probe->ctx, false);
		if (!came)
			return false;
	}
	return !probe->came(probe->ctx);
}

static bool try_input(struct ioapic *io, const struct ioapic_probe *probe,
		      unsigned input, uint32_t low, uint8_t dest)
{
	unsigned reg = REG_ENTRY + 2 * input;

	io->low = get(io, reg) & ~RTE_READ_ONLY;
	io->high = get(io, reg + 1);
	if (!(io->low & RTE_MASKED))
		return false;	/* in use */
	set_entry(io, input, low, (uint32_t)dest << RTE_DEST_SHIFT);
	/* With the wrong polarity it may have come just now. */
	if (!probe->came(probe->ctx) && reacts(probe)) {
		io->input = input;
		return true;
	}
	set_entry(io, input, io->low, io->high);
	return false;
}

/* PCI's pins are active low; where a bridge routes them to inputs of ISA
 * interrupts they need not be so at the input. */
static bool try_inputs(struct ioapic *io, const struct ioapic_probe *probe,
		       unsigned first, unsigned end, uint8_t dest)
{
	static const uint32_t polarities[] = { RTE_LOW, 0 };
	unsigned i, p;

	for (p = 0; p < 2; p++)
		for (i = first; i < end; i++)
			if (try_input(io, probe, i, RTE_NMI | polarities[p],
				      dest))
				return true;
	return false;
}

/* A bridge may lead a pin to an input of ISA's besides, but only as long as it
 * is told so: PCI's are tried twice, for an emulator may be late. */
bool ioapic_claim(struct ioapic *io, const struct ioapic_probe *probe,
		  uint8_t dest)
{
	uint32_t select = io->read(io->ctx, IOAPIC_SELECT);
	unsigned n = ioapic_inputs(io);
	unsigned isa = n < FIRST_PCI ? n : FIRST_PCI;
	bool found;

	io->input = IOAPIC_NONE;
	probe->drive(probe->ctx, false);
	found = try_inputs(io, probe, isa, n, dest) ||
		try_inputs(io, probe, isa, n, dest) ||
		try_inputs(io, probe, 0, isa, dest);
	io->write(io->ctx, IOAPIC_SELECT, select);
	return found;
}

void ioapic_release(struct ioapic *io)
{
	uint32_t select = io->read(io->ctx, IOAPIC_SELECT);
	unsigned input = io->input;

	if (input == IOAPIC_NONE)
		return;
	io->input = IOAPIC_NONE;
	set_entry(io, input, io->low, io->high);
	io->write(io->ctx, IOAPIC_SELECT, select);
}

/* --- the guest's accesses --- */

/* Part of the window is not to be accessed (82093AA, 3.0), and what is beside
 * the registers may be decoded as one of them: the chip looks at one bit of the
 * address.  The selector's upper bytes have nothing in them. */
static bool is_register(unsigned offset, unsigned size)
{
	return offset == IOAPIC_SELECT ||
		(offset == IOAPIC_WINDOW && size >= 4);
}

/* Which half of the VMM's entry the guest has chosen; NULL: another. */
static uint32_t *chosen(struct ioapic *io, unsigned offset)
{
	uint32_t reg;

	if (offset != IOAPIC_WINDOW || io->input == IOAPIC_NONE)
		return NULL;
	reg = io->read(io->ctx, IOAPIC_SELECT) & 0xff;
	if (reg == REG_ENTRY + 2 * io->input)
		return &io->low;
	return reg == REG_ENTRY + 2 * io->input + 1 ? &io->high : NULL;
}

uint32_t ioapic_guest_read(struct ioapic *io, unsigned offset, unsigned size)
{
	const uint32_t *half;

	if (!is_register(offset, size))
		return 0;
	half = chosen(io, offset);
	return half ? *half : io->read(io->ctx, offset);
}

bool ioapic_guest_write(struct ioapic *io, unsigned offset, unsigned size,
			uint32_t value)
{
	uint32_t *half;

	if (!is_register(offset, size))
		return false;
	half = chosen(io, offset);
	if (!half) {
		io->write(io->ctx, offset, value);
		return false;
	}
	*half = half == &io->low ? value & ~RTE_READ_ONLY : value;
	return !(io->low & RTE_MASKED);
}
