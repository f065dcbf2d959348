/* SPDX-License-Identifier: BSD-3-Clause */
/* An I/O APIC whose inputs are tried, and what the guest then sees of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include <cpu/ioapic.h>

#define INPUTS	24u
#define DEST	3u

/* The model: registers, and what is wired to its inputs. */
static struct {
	uint32_t version, select, rte[2 * INPUTS];
	unsigned pin;		/* the input of the device's pin */
	bool active_high;	/* ... at that input */
	bool driven, nmi;
	unsigned besides;	/* an input that it leads to as well */
	unsigned lost;		/* edges of it that come too late */
	unsigned noisy;		/* an input that is always busy */
	unsigned lone;		/* one that was busy once */
	unsigned other_modes;	/* entries written unmasked, not NMI */
} m;

static uint32_t *reg(void)
{
	static uint32_t none;

	if (m.select == 1)
		return &m.version;
	if (m.select >= 0x10 && m.select < 0x10 + 2 * INPUTS)
		return &m.rte[m.select - 0x10];
	none = 0;
	return &none;
}

static uint32_t model_read(void *ctx, unsigned offset)
{
	assert_ptr_equal(ctx, &m);
	return offset == IOAPIC_SELECT ? m.select : *reg();
}

static void model_write(void *ctx, unsigned offset, uint32_t value)
{
	assert_ptr_equal(ctx, &m);
	if (offset == IOAPIC_SELECT) {
		m.select = value;
		return;
	}
	assert_int_equal(offset, IOAPIC_WINDOW);
	assert_int_not_equal(m.select, 1);
	*reg() = value;
	if (!(m.select & 1) && !(value & RTE_MASKED)) {
		m.other_modes += (value & 0x700) != RTE_NMI;
		/* the other polarity: it looks driven now */
		if ((m.select - 0x10) / 2 == m.pin &&
		    m.active_high == !!(value & RTE_LOW))
			m.nmi = true;
	}
}

static bool delivers(unsigned input)
{
	return !(m.rte[2 * input] & RTE_MASKED) &&
		m.rte[2 * input + 1] == DEST << RTE_DEST_SHIFT;
}

/* An edge to the level that counts. */
static void drive(void *ctx, bool on)
{
	bool low = m.rte[2 * m.pin] & RTE_LOW;

	(void)ctx;
	if (on != m.driven && delivers(m.pin) &&
	    on == (low != m.active_high)) {
		m.nmi = !m.lost;
		m.lost -= m.lost > 0;
	}
	if (on != m.driven && m.besides < INPUTS && delivers(m.besides) &&
	    on == !(m.rte[2 * m.besides] & RTE_LOW))
		m.nmi = true;
	m.driven = on;
}

static bool came(void *ctx)
{
	bool nmi = m.nmi;

	(void)ctx;
	m.nmi = false;
	if (m.lone < INPUTS && delivers(m.lone)) {
		m.lone = INPUTS;
		return true;
	}
	return nmi || (m.noisy < INPUTS && delivers(m.noisy));
}

static const struct ioapic_probe probe = { drive, came, NULL };
static struct ioapic io;

static int setup(void **state)
{
	unsigned i;

	(void)state;
	memset(&m, 0, sizeof(m));
	m.version = (INPUTS - 1) << 16 | 0x20;
	for (i = 0; i < INPUTS; i++)
		m.rte[2 * i] = RTE_MASKED | i;
	m.pin = 22;
	m.noisy = m.lone = m.besides = INPUTS;
	io = (struct ioapic){ model_read, model_write, &m, IOAPIC_NONE, 0, 0 };
	return 0;
}

static void finds(unsigned pin, bool active_high)
{
	uint32_t before[2 * INPUTS];

	setup(NULL);
	m.pin = pin;
	m.active_high = active_high;
	m.noisy = 2;		/* a timer */
	m.lone = pin == 17 ? 18 : 17;
	m.select = 7;
	m.rte[2 * 9] = 0x39;	/* in use, level or not */
	memcpy(before, m.rte, sizeof(before));
	assert_true(ioapic_claim(&io, &probe, DEST));
	assert_int_equal(io.input, pin);
	assert_int_equal(m.rte[2 * pin], RTE_NMI |
			 (active_high ? 0 : RTE_LOW));
	assert_int_equal(m.rte[2 * pin + 1], DEST << RTE_DEST_SHIFT);
	assert_int_equal(m.select, 7);
	assert_int_equal(m.other_modes, 0);
	assert_false(m.driven);
	ioapic_release(&io);
	assert_memory_equal(m.rte, before, sizeof(before));
}

/* An emulator that is late once does not make the VMM take an input that
 * leads nowhere as soon as the guest routes the pin by the I/O APIC alone. */
static void late_once(void **state)
{
	(void)state;
	m.besides = 11;
	m.lost = 1;
	assert_true(ioapic_claim(&io, &probe, DEST));
	assert_int_equal(io.input, 22);
	ioapic_release(&io);
	m.rte[2 * 22] = 0x39;	/* not to be had: any other will do */
	assert_true(ioapic_claim(&io, &probe, DEST));
	assert_int_equal(io.input, 11);
}

static void found(void **state)
{
	unsigned pin;

	(void)state;
	for (pin = 0; pin < INPUTS; pin++) {
		if (pin == 2 || pin == 9)
			continue;
		finds(pin, false);
		finds(pin, true);
	}
}

static void not_found(void **state)
{
	uint32_t before[2 * INPUTS];

	(void)state;
	m.rte[2 * m.pin] = 0xa061;	/* the firmware's */
	m.noisy = 4;
	memcpy(before, m.rte, sizeof(before));
	assert_false(ioapic_claim(&io, &probe, DEST));
	assert_memory_equal(m.rte, before, sizeof(before));
	assert_int_equal(io.input, IOAPIC_NONE);
	ioapic_release(&io);
	assert_memory_equal(m.rte, before, sizeof(before));
	/* nothing there at all */
	m.version = UINT32_MAX;
	assert_int_equal(ioapic_inputs(&io), 0);
	assert_false(ioapic_claim(&io, &probe, DEST));
	m.version = 0xff0020;
	assert_int_equal(ioapic_inputs(&io), 0);
	m.version = 0;
	assert_int_equal(ioapic_inputs(&io), 0);
	/* more than have an index */
	m.version = 0xef0020;
	assert_int_equal(ioapic_inputs(&io), 120);
}

static uint32_t guest_get(unsigned r)
{
	assert_false(ioapic_guest_write(&io, IOAPIC_SELECT, 4, r));
	assert_int_equal(ioapic_guest_read(&io, IOAPIC_SELECT, 4), r);
	return ioapic_guest_read(&io, IOAPIC_WINDOW, 4);
}

static bool guest_set(unsigned r, uint32_t value)
{
	assert_false(ioapic_guest_write(&io, IOAPIC_SELECT, 4, r));
	return ioapic_guest_write(&io, IOAPIC_WINDOW, 4, value);
}

/* It has an entry of its own until it unmasks that. */
static void guest_sees(void **state)
{
	unsigned r = 0x10 + 2 * 22;

	(void)state;
	assert_true(ioapic_claim(&io, &probe, DEST));
	assert_int_equal(guest_get(1), m.version);
	assert_int_equal(guest_get(r), RTE_MASKED | 22);
	assert_int_equal(guest_get(r + 1), 0);
	assert_false(guest_set(r, RTE_MASKED | 0xf045));
	assert_false(guest_set(r + 1, 0x05000000));
	assert_int_equal(guest_get(r), RTE_MASKED | 0xa045);
	assert_int_equal(guest_get(r + 1), 0x05000000);
	assert_int_equal(m.rte[2 * 22], RTE_NMI | RTE_LOW);
	assert_int_equal(m.rte[2 * 22 + 1], DEST << RTE_DEST_SHIFT);
	/* the others are the hardware's */
	assert_false(guest_set(r + 2, 0xa033));
	assert_int_equal(m.rte[2 * 23], 0xa033);
	assert_int_equal(guest_get(r + 2), 0xa033);
	assert_false(guest_set(r - 1, 0x01000000));
	assert_int_equal(m.rte[2 * 21 + 1], 0x01000000);
	/* and now it wants it */
	assert_true(guest_set(r, 0xa046));
	ioapic_release(&io);
	assert_int_equal(m.rte[2 * 22], 0xa046);
	assert_int_equal(m.rte[2 * 22 + 1], 0x05000000);
	assert_int_equal(m.select, r);
	assert_false(guest_set(r, 0xa047));
	assert_int_equal(m.rte[2 * 22], 0xa047);
}

/* The chip decodes one bit of the address: the VMM's entry must not be reached
 * that way, nor by a part of it. */
static void beside_the_registers(void **state)
{
	static const unsigned sizes[] = { 1, 2, 4, 8 };
	unsigned offset, i, r = 0x10 + 2 * 22;

	(void)state;
	assert_true(ioapic_claim(&io, &probe, DEST));
	assert_false(ioapic_guest_write(&io, IOAPIC_SELECT, 1, r));
	assert_int_equal(m.select, r);
	for (offset = 1; offset < IOAPIC_BYTES; offset++)
		for (i = 0; i < 4; i++) {
			if (offset == IOAPIC_WINDOW && sizes[i] >= 4)
				continue;
			assert_false(ioapic_guest_write(&io, offset, sizes[i],
							0x45));
			assert_int_equal(ioapic_guest_read(&io, offset,
							   sizes[i]), 0);
		}
	assert_int_equal(m.select, r);
	assert_int_equal(m.rte[2 * 22], RTE_NMI | RTE_LOW);
	assert_int_equal(guest_get(r), RTE_MASKED | 22);
	assert_true(ioapic_guest_write(&io, IOAPIC_WINDOW, 8, 0x45));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(found, setup),
		cmocka_unit_test_setup(late_once, setup),
		cmocka_unit_test_setup(not_found, setup),
		cmocka_unit_test_setup(guest_sees, setup),
		cmocka_unit_test_setup(beside_the_registers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
