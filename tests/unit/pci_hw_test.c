/* SPDX-License-Identifier: BSD-3-Clause */
/* Configuration space by ports and by memory, and what is found of several
 * segments: the real ways to it, on ports and memory of the test. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <core/core_priv.h>
#include <pci/pci_priv.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/x86.h>

#define ECAM0	UINT64_C(0xe0000000)
#define ECAM1	UINT64_C(0x4000000000)	/* of segment 1, buses 0x10 on */
#define WRONG	UINT64_C(0xd0000000)	/* memory that is something else */

struct vmm vmm_machine;

/* --- functions --- */

static struct function {
	struct vmm_pci_addr at;
	uint8_t space[4096];
} function[8];
static unsigned functions;

static void add(unsigned segment, unsigned bus, unsigned device, uint32_t id)
{
	struct function *f = &function[functions++];

	*f = (struct function){ .at = { (uint16_t)segment, (uint8_t)bus,
					(uint8_t)device, 0 } };
	memcpy(f->space, &id, sizeof(id));
}

static void bridge(unsigned n, uint8_t secondary)
{
	function[n].space[VMM_PCI_HEADER_TYPE] = PCI_HEADER_BRIDGE;
	function[n].space[PCI_BRIDGE_BUSES + 1] = secondary;
	function[n].space[PCI_BRIDGE_BUSES + 2] = secondary;
}

static uint8_t *find(unsigned segment, unsigned bus, unsigned device,
		     unsigned fn)
{
	for (unsigned i = 0; i < functions; i++) {
		const struct vmm_pci_addr *a = &function[i].at;

		if (a->segment == segment && a->bus == bus &&
		    a->device == device && a->function == fn)
			return function[i].space;
	}
	return NULL;
}

/* --- ports --- */

static uint32_t selected;
static bool interrupts_off;

uint64_t fake_rflags(void)
{
	return 0;
}

void vmm_host_interrupts_off(void)
{
	interrupts_off = true;
}

static uint8_t *chosen(uint16_t port)
{
	uint8_t *space = find(0, selected >> 16 & 0xff, selected >> 11 & 31,
			      selected >> 8 & 7);

	assert_true(interrupts_off);
	assert_in_range(port, 0xcfc, 0xcff);
	return space && selected >> 31 ? space + (selected & 0xfc) + (port & 3) :
		NULL;
}

uint32_t vmm_port_read(uint16_t port, unsigned width)
{
	uint32_t value = UINT32_MAX;
	uint8_t *at;

	if (port == PCI_CONFIG_ADDRESS)
		return selected;
	at = chosen(port);
	if (at) {
		value = 0;
		memcpy(&value, at, width);
	}
	return value & UINT32_MAX >> (32 - 8 * width);
}

void vmm_port_write(uint16_t port, unsigned width, uint32_t value)
{
	if (port == PCI_CONFIG_ADDRESS)
		selected = value;
	else if (chosen(port))
		memcpy(chosen(port), &value, width);
}

/* --- memory --- */

static uint8_t *memory(uint64_t pa)
{
	unsigned segment = pa >= ECAM1;
	uint64_t at = pa - (segment ? ECAM1 : ECAM0);
	uint8_t *space;

	if (pa < ECAM0)
		return NULL;
	assert_true(at >> 20 <= 0xff);
	space = find(segment, at >> 20 & 0xff, at >> 15 & 31, at >> 12 & 7);
	return space ? space + (at & 0xfff) : NULL;
}

uint64_t vmm_device_read(uint64_t pa, unsigned size)
{
	uint64_t value = UINT64_MAX >> (64 - 8 * size);
	uint8_t *at = memory(pa);

	if (pa < ECAM0)
		return 0x12345678;
	if (at)
		memcpy(&value, at, size);
	return value;
}

void vmm_device_write(uint64_t pa, unsigned size, uint64_t value)
{
	if (memory(pa))
		memcpy(memory(pa), &value, size);
}

int vmm_device_map(struct vmm *vmm, uint64_t pa, uint64_t size)
{
	(void)vmm;
	return pa + size > UINT64_C(1) << 46 ? -EINVAL : 0;
}

/* As in owned.c. */
uint32_t vmm_pci_read(const struct vmm_pci_dev *dev, unsigned offset,
		      unsigned size)
{
	return pci_hw_read(dev->addr, offset, size);
}

static unsigned warnings;

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)fmt;
	assert_int_equal(level, VMM_LOG_WARNING);
	warnings++;
}

/* --- the machine --- */

static void start(const struct vmm_acpi_mcfg *ranges, unsigned n)
{
	functions = warnings = 0;
	selected = 0x80001234;
	interrupts_off = false;
	add(0, 0, 0, 0x29c08086);
	add(0, 0, 3, 0x000c1b36);
	bridge(1, 2);
	add(0, 2, 5, 0x10d38086);
	add(1, 0x10, 0, 0x000c1b36);
	bridge(3, 0x11);
	add(1, 0x11, 0, 0x10c98086);
	memcpy(vmm_machine.acpi.mcfg, ranges, n * sizeof(*ranges));
	vmm_machine.acpi.mcfg_count = n;
	pci_hw_init(&vmm_machine);
}

static void has(unsigned i, unsigned segment, unsigned bus, unsigned device,
		uint32_t id, int parent)
{
	struct vmm_pci_dev *dev = vmm_pci_device(i);
	uint32_t found;

	assert_non_null(dev);
	memcpy(&found, dev->header, sizeof(found));
	assert_int_equal(found, id);
	assert_int_equal(dev->addr.segment, segment);
	assert_int_equal(dev->addr.bus, bus);
	assert_int_equal(dev->addr.device, device);
	assert_ptr_equal(dev->parent, parent < 0 ? NULL :
			 vmm_pci_device((unsigned)parent));
}

static const struct vmm_acpi_mcfg both[] = {
	{ .base = ECAM0, .segment = 0, .first_bus = 0, .last_bus = 0x3f },
	{ .base = ECAM1, .segment = 1, .first_bus = 0x10, .last_bus = 0x1f },
};

static void several_segments(void **state)
{
	(void)state;
	start(both, 2);
	assert_false(pci_hw_uses_ports());
	assert_int_equal(pci_scan(&vmm_machine), 5);
	has(0, 0, 0, 0, 0x29c08086, -1);
	has(1, 0, 0, 3, 0x000c1b36, -1);
	has(2, 0, 2, 5, 0x10d38086, 1);
	has(3, 1, 0x10, 0, 0x000c1b36, -1);
	has(4, 1, 0x11, 0, 0x10c98086, 3);
	/* Bytes above the first 256, and to the right segment. */
	pci_hw_write(vmm_pci_device(4)->addr, 0xffc, 4, 0xcafe);
	assert_int_equal(*(uint16_t *)(function[4].space + 0xffc), 0xcafe);
	assert_int_equal(pci_hw_read(vmm_pci_device(4)->addr, 0xffd, 1), 0xca);
	assert_int_equal(pci_hw_page(vmm_pci_device(4)->addr),
			 ECAM1 + 0x1100000);
	assert_int_equal(warnings, 0);
}

/* Ports show segment 0 and its first 256 bytes; what the guest has selected
 * stays so. */
static void no_mcfg(void **state)
{
	(void)state;
	start(both, 0);
	assert_true(pci_hw_uses_ports());
	assert_int_equal(pci_scan(&vmm_machine), 3);
	has(2, 0, 2, 5, 0x10d38086, 1);
	pci_hw_write(vmm_pci_device(2)->addr, 0xfe, 1, 0x5a);
	assert_int_equal(function[2].space[0xfe], 0x5a);
	assert_int_equal(pci_hw_read(vmm_pci_device(2)->addr, 0xfc, 4), 0x5a0000);
	assert_int_equal(pci_hw_read(vmm_pci_device(2)->addr, 0x100, 2), 0xffff);
	assert_int_equal(selected, 0x80001234);
}

/* A table that ends early names all buses there are; one that begins late leaves
 * the first to the ports. */
static void a_part_of_the_buses(void **state)
{
	struct vmm_acpi_mcfg part[2] = { both[0], both[1] };

	(void)state;
	part[0].last_bus = 1;
	start(part, 2);
	assert_int_equal(pci_scan(&vmm_machine), 4);
	part[0].first_bus = 1;
	part[0].last_bus = 0x3f;
	start(part, 2);
	assert_true(pci_hw_uses_ports());
	assert_int_equal(pci_scan(&vmm_machine), 5);
	has(4, 1, 0x11, 0, 0x10c98086, 3);
}

/* Tables that are wrong are told of, and the ports remain. */
static void tables_that_lie(void **state)
{
	static const struct vmm_acpi_mcfg bad[] = {
		{ .base = WRONG, .last_bus = 0xff },
		{ .base = 0, .last_bus = 0xff },
		{ .base = ECAM0 + 0x10, .last_bus = 0xff },
		{ .base = ECAM0, .first_bus = 2, .last_bus = 1 },
		{ .base = UINT64_C(1) << 46, .last_bus = 0xff },
		{ .base = ECAM0 + 0x100000, .last_bus = 0xff },
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		start(&bad[i], 1);
		assert_int_equal(warnings, 1);
		assert_true(pci_hw_uses_ports());
		assert_int_equal(pci_scan(&vmm_machine), 3);
	}
}

static int end(void **state)
{
	(void)state;
	pci_scan_forget(&vmm_machine);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_segments),
		cmocka_unit_test(no_mcfg),
		cmocka_unit_test(a_part_of_the_buses),
		cmocka_unit_test(tables_that_lie),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
