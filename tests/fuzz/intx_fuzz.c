/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two I/O APICs with anything in them, a device's pin at an input of one, and
 * a guest that reads and writes the registers of the one that has an input of
 * the VMM's.  The guest finds what it would without the VMM; the VMM's input
 * delivers the pin's NMI until the VMM is told that it is lost, and then is as
 * the guest wants it; no other entry is touched, and nothing but registers.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cpu/ioapic.h>
#include <cpu/smp.h>
#include <vmm/error.h>
#include <vmm/intx.h>
#include <vmm/log.h>
#include <vmm/mmio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHIPS		2u
#define REGS		0x100u	/* an index has 8 bits */
#define ENTRIES		0x10u	/* the first of them that is an entry's */
#define MOST		((REGS - ENTRIES) / 2)
#define MODES		0x700u

static struct input {
	const uint8_t *at, *end;
} input;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t take(unsigned bytes)
{
	uint32_t value = 0;

	while (bytes-- && input.at < input.end)
		value = value << 8 | *input.at++;
	return value;
}

/* --- the hardware, and how it would be without the VMM --- */

struct chip {
	uint64_t base;
	unsigned inputs;	/* that it has */
	unsigned told;		/* that its version register tells, 0: none */
	uint32_t select_mask;	/* bits of the selector that are kept */
	uint32_t select, reg[REGS];
};

static struct chip hw[CHIPS], bare[CHIPS];
static bool fixed[CHIPS][MOST];	/* in use: the VMM must not write it */
static bool allowed;		/* the VMM may access registers now */
static struct vmm vmm;
static struct vmm_vcpu cpu;
static uint64_t now;

static struct {
	unsigned chip, input, late;
	bool active_high, driven;
} pin;
static bool noisy;

static bool is_entry(const struct chip *c, unsigned reg)
{
	return reg >= ENTRIES && reg < ENTRIES + 2 * c->inputs;
}

static void store(struct chip *c, uint32_t value)
{
	unsigned reg = c->select & 0xff;
	uint32_t keep = is_entry(c, reg) && !(reg & 1) ? RTE_READ_ONLY : 0;

	if (reg == 0 || is_entry(c, reg))
		c->reg[reg] = (c->reg[reg] & keep) | (value & ~keep);
}

static void nmi(void)
{
	cpu.attention |= VCPU_ANY_NMI | VCPU_SERVICE;
}

static const uint32_t *pin_entry(void)
{
	return &hw[pin.chip].reg[ENTRIES + 2 * pin.input];
}

static const uint32_t *bare_entry(void)
{
	return &bare[pin.chip].reg[ENTRIES + 2 * pin.input];
}

/* As seen through the polarity of its input: is there something to deliver? */
static bool asserted(void)
{
	bool low = pin_entry()[0] & RTE_LOW;

	return pin.driven == (low != pin.active_high);
}

/* What has changed may be an edge. */
static void edge(bool before)
{
	const uint32_t *entry = pin_entry();

	if (before || !asserted() || (entry[0] & RTE_MASKED) ||
	    (entry[0] & MODES) != RTE_NMI ||
	    entry[1] != cpu.apic_id << RTE_DEST_SHIFT)
		return;
	if (pin.late)
		pin.late--;
	else
		nmi();
}

static struct chip *chip_at(uint64_t pa, unsigned size)
{
	unsigned i = (pa & ~VMM_PAGE_MASK) == hw[0].base ? 0 : 1;
	unsigned offset = (unsigned)(pa - hw[i].base);

	/* A part of a register, or beside it: some hardware takes it for the
	 * register as a whole. */
	check(size == 4 &&
	      (offset == IOAPIC_SELECT || offset == IOAPIC_WINDOW));
	check(allowed);
	return &hw[i];
}

uint64_t vmm_device_read(uint64_t pa, unsigned size)
{
	struct chip *c = chip_at(pa, size);

	return pa & IOAPIC_WINDOW ? c->reg[c->select & 0xff] : c->select;
}

void vmm_device_write(uint64_t pa, unsigned size, uint64_t value)
{
	struct chip *c = chip_at(pa, size);
	unsigned reg = c->select & 0xff;

	check(value <= UINT32_MAX);
	if (!(pa & IOAPIC_WINDOW)) {
		c->select = (uint32_t)value & c->select_mask;
		return;
	}
	if (is_entry(c, reg))
		check(!fixed[c - hw][(reg - ENTRIES) / 2]);
	store(c, (uint32_t)value);
	/* With the wrong polarity it looks driven as soon as it may. */
	if (c == &hw[pin.chip] && &c->reg[reg] == pin_entry())
		edge(false);
}

/* --- the VMM around it --- */

static const struct vmm_mmio_ops *ops;	/* the last that were hooked */
static unsigned ops_chip;
static bool hooked, owned;
static unsigned lost_count;
static int hook_rc;
static uint8_t no_map;

int vmm_device_map(struct vmm *m, uint64_t pa, uint64_t size)
{
	check(m == &vmm && size == IOAPIC_BYTES);
	return no_map & 1u << (pa == hw[1].base) ? -ENOMEM : 0;
}

int vmm_mmio_hook(struct vmm *m, uint64_t gpa, uint64_t size,
		  const struct vmm_mmio_ops *o, void *ctx)
{
	check(m == &vmm && size == IOAPIC_BYTES && !ctx && !hooked);
	check(gpa == hw[0].base || gpa == hw[1].base);
	if (hook_rc)
		return hook_rc;
	ops = o;
	ops_chip = gpa == hw[1].base;
	hooked = true;
	return 0;
}

void vmm_mmio_unhook(struct vmm *m, uint64_t gpa)
{
	check(m == &vmm && hooked && gpa == hw[ops_chip].base);
	hooked = false;
}

struct vmm_vcpu *vmm_vcpu_current(void)
{
	return &cpu;
}

uint64_t vmm_uptime_usec(void)
{
	if (noisy && take(1) % 8 == 7)
		nmi();
	return now += 20000;
}

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void drive(void *ctx, bool on)
{
	bool before = asserted();

	check(ctx == &pin);
	pin.driven = on;
	edge(before);
}

static uint32_t guest_read(unsigned offset, unsigned size)
{
	uint64_t value = 0;

	check(ops->read(&cpu, NULL, hw[ops_chip].base + offset, size,
			&value) == 0);
	return (uint32_t)value;
}

/* The entry is the guest's by now, and no lock is held: a processor whose
 * access came just before goes on. */
static void lost(void *ctx)
{
	const struct chip *c = &bare[pin.chip];

	check(ctx == &pin && !hooked);
	lost_count++;
	check(guest_read(IOAPIC_WINDOW, 4) == c->reg[c->select & 0xff]);
}

static const struct vmm_intx intx = { drive, lost, &pin };

/* --- what must hold --- */

static bool is_own(unsigned chip, unsigned reg)
{
	return owned && chip == pin.chip &&
		(reg & ~1u) == ENTRIES + 2 * pin.input;
}

static void check_all(void)
{
	struct chip seen[CHIPS];

	memcpy(seen, hw, sizeof(seen));
	if (owned)
		memcpy(&seen[pin.chip].reg[ENTRIES + 2 * pin.input],
		       bare_entry(), 2 * sizeof(uint32_t));
	check(!memcmp(seen, bare, sizeof(seen)));
	check(hooked == owned);
	if (!owned)
		return;
	check(bare_entry()[0] & RTE_MASKED);
	cpu.attention = 0;
	drive(&pin, true);
	check(cpu.attention & VCPU_ANY_NMI);
	cpu.attention = 0;
	drive(&pin, false);
	check(!cpu.attention);
}

/* --- what happens --- */

static void may_write_unused(void)
{
	for (unsigned chip = 0; chip < CHIPS; chip++)
		for (unsigned i = 0; i < MOST; i++)
			fixed[chip][i] = !(bare[chip].reg[ENTRIES + 2 * i] &
					   RTE_MASKED);
}

/* The pin must be found where it is, if nothing disturbs. */
static bool to_be_found(void)
{
	return !noisy && !pin.late && !hook_rc && cpu.apic_id < 255 &&
		!(no_map & 1u << pin.chip) &&
		pin.input < hw[pin.chip].told && !fixed[pin.chip][pin.input];
}

static void release(void)
{
	may_write_unused();
	allowed = true;
	vmm_intx_release(&vmm, &intx);
	allowed = false;
	owned = false;
}

static void claim(void)
{
	uint32_t what = take(1);
	bool must;
	int rc;

	noisy = what & 1;
	pin.late = what >> 1 & 3;
	hook_rc = what >> 3 & 7 ? 0 : -ENOSPC;
	no_map = what >> 6;
	may_write_unused();
	must = to_be_found();
	cpu.attention = 0;
	/* What is kept: unmasked entries, and all if it has its input. */
	allowed = !owned;
	rc = vmm_intx_claim(&vmm, &intx);
	allowed = noisy = false;
	pin.late = 0;
	if (owned) {
		check(rc == -EBUSY);
		return;
	}
	check(rc == 0 || rc == -ENODEV || rc == hook_rc);
	check(rc == 0 || !must);
	/* Noise may make it look like another one: not for this test. */
	owned = rc == 0 && pin_entry()[0] != bare_entry()[0];
	check(rc != 0 || owned || what & 1);
	if (rc == 0 && !owned)
		release();
	if (!owned)
		ops = NULL;	/* they are for a place that was another's */
}

/* Mostly registers, as they have to be accessed. */
static unsigned place(unsigned *size)
{
	uint32_t n = take(1);
	unsigned offset = n < 200 ? (n & 1 ? IOAPIC_WINDOW : IOAPIC_SELECT) :
		n % IOAPIC_BYTES;

	*size = n < 180 ? 4 : 1u << take(1) % 4;
	if (offset > IOAPIC_BYTES - *size)
		offset = IOAPIC_BYTES - *size;
	return offset;
}

/* Mostly the entry of the pin, or one beside; mostly masked. */
static uint64_t value_for(unsigned offset)
{
	uint32_t n = take(1);

	if (offset != IOAPIC_WINDOW && n < 220)
		return (ENTRIES + 2 * pin.input + n % 4 - (n & 4)) & 0xff;
	return (uint64_t)take(1) << 32 | take(4) |
		(n < 200 ? RTE_MASKED : 0);
}

static void guest_writes(void)
{
	struct chip *c = &bare[ops_chip];
	unsigned size, offset = place(&size);
	uint64_t value = value_for(offset);
	unsigned lost_before = lost_count;
	bool wants = false;

	if (size < 8)
		value &= (UINT64_C(1) << 8 * size) - 1;
	if (offset == IOAPIC_SELECT) {
		c->select = (uint32_t)value & c->select_mask;
	} else if (offset == IOAPIC_WINDOW && size >= 4) {
		unsigned reg = c->select & 0xff;

		store(c, (uint32_t)value);
		wants = is_own(ops_chip, reg) &&
			!(bare_entry()[0] & RTE_MASKED);
	}
	memset(fixed, 0, sizeof(fixed));
	allowed = true;
	check(ops->write(&cpu, NULL, hw[ops_chip].base + offset, size,
			 value) == 0);
	allowed = false;
	owned = owned && !wants;
	check(lost_count - lost_before == wants);
}

static void guest_reads(void)
{
	const struct chip *c = &bare[ops_chip];
	unsigned size, offset = place(&size), reg = c->select & 0xff;
	uint32_t is, mask = size < 4 ? (1u << 8 * size) - 1 : UINT32_MAX;

	allowed = true;
	is = guest_read(offset, size);
	allowed = false;
	if (offset == IOAPIC_SELECT)
		check(!((is ^ c->select) & mask));
	else if (offset != IOAPIC_WINDOW || size < 4)
		check(!is);
	/* No interrupt of the guest's is on its way at a masked input. */
	else if (is_own(ops_chip, reg) && !(reg & 1))
		check(is == (c->reg[reg] & ~RTE_READ_ONLY));
	else
		check(is == c->reg[reg]);
}

/* Interrupts are on their way, or are not any more. */
static void hardware(void)
{
	unsigned chip = take(1) % CHIPS;
	unsigned reg = ENTRIES + 2 * (take(1) % MOST);

	if (!is_entry(&hw[chip], reg))
		return;
	hw[chip].reg[reg] ^= RTE_READ_ONLY & take(2);
	bare[chip].reg[reg] ^= (bare[chip].reg[reg] ^ hw[chip].reg[reg]) &
		RTE_READ_ONLY;
}

static void build_chip(struct chip *c, uint64_t base)
{
	uint32_t last = take(1), odd = take(1);

	*c = (struct chip){ .base = base };
	c->inputs = last < MOST ? last + 1 : MOST;
	c->reg[1] = last << 16 | 0x20;
	c->told = last < 240 ? c->inputs : 0;
	if (odd < 4) {
		c->reg[1] = odd & 1 ? UINT32_MAX : 0;
		c->told = 0;
	}
	c->select_mask = odd & 4 ? UINT32_MAX : 0xff;
	c->select = take(2) & c->select_mask;
	for (unsigned i = 0; i < c->inputs; i++) {
		uint32_t n = odd & 8 ? take(1) : i;

		c->reg[ENTRIES + 2 * i] = (n & 0x80 ? 0 : RTE_MASKED) | n << 5;
		c->reg[ENTRIES + 2 * i + 1] = n << RTE_DEST_SHIFT;
	}
}

static void build(void)
{
	uint32_t how = take(1);

	build_chip(&hw[0], 0xfec00000);
	build_chip(&hw[1], 0xfec80000);
	memset(&cpu, 0, sizeof(cpu));
	cpu.vmm = &vmm;
	cpu.apic_id = how & 0x38 ? 3 : take(2);
	memset(&vmm, 0, sizeof(vmm));
	vmm.vcpu[0] = &cpu;
	vmm.vcpu_count = 1;
	vmm.acpi.ioapic[0] = hw[0].base;
	vmm.acpi.ioapic[1] = hw[1].base;
	vmm.acpi.ioapic_count = CHIPS;
	memset(&pin, 0, sizeof(pin));
	pin.chip = how & 1;
	pin.active_high = how & 2;
	pin.input = take(1) % hw[pin.chip].inputs;
	memcpy(bare, hw, sizeof(bare));
	ops = NULL;
	hooked = owned = noisy = false;
	lost_count = 0;
	cpu.attention = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct input){ data, data + size };
	build();
	for (unsigned i = 0; i < 100 && input.at < input.end; i++) {
		uint32_t what = take(1);

		if (what < 16 || (what < 96 && !ops))
			claim();
		else if (what < 20)
			release();
		else if (what < 32 || !ops)
			hardware();
		else if (what < 96)
			guest_reads();
		else
			guest_writes();
		check_all();
	}
	release();
	check_all();
	return 0;
}
