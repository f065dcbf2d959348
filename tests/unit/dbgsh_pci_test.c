/* SPDX-License-Identifier: BSD-3-Clause */
/* The debug shell's commands about PCI. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/pci.h>
#include "dbgsh_world.h"

static const struct vmm_pci_driver nic = { .name = "pro1000" };

static struct vmm_pci_dev devices[] = {
	{ .addr = { 0, 0, 0x1f, 2 }, .header = {
		0x86, 0x80, 0x22, 0x29, 0, 0, 0, 0, 2, 0x01, 0x06, 0x01 } },
	{ .addr = { 1, 0xfe, 3, 7 }, .driver = &nic, .header = {
		0x86, 0x80, 0xd3, 0x10, 0, 0, 0, 0, 0, 0x00, 0x00, 0x02 } },
};
static unsigned monitored;

static struct vmm_pci_record records[] = {
	{ .usec = 1000002, .value = 0xab, .base = 0xfeb00000, .offset = 0x10,
	  .count = 1, .n = 0, .memory = true, .len = 1 },
	{ .usec = 12000000, .value = 0xbeef, .base = 0xc000, .offset = 2,
	  .count = 7, .n = 2, .write = true, .len = 2 },
	{ .usec = 12000001, .value = 0x12345678, .offset = 4, .count = 1,
	  .n = 6, .write = true, .len = 4 },
	{ .usec = 13000000, .value = 0x1122334455667788,
	  .base = 0x800000000, .offset = 8, .count = 1, .n = 5,
	  .memory = true, .len = 8 },
};

struct vmm_pci_dev *vmm_pci_device(unsigned n)
{
	return n < 2 ? &devices[n] : NULL;
}

struct vmm_pci_dev *vmm_pci_monitored(unsigned n)
{
	return n < monitored ? &devices[n] : NULL;
}

bool vmm_pci_monitor_read(unsigned n, uint64_t *seq,
			  struct vmm_pci_record *record)
{
	assert_int_equal(n, 1);
	if (*seq >= sizeof(records) / sizeof(records[0]))
		return false;
	*record = records[(*seq)++];
	return true;
}

static const struct dbgsh_command *const commands[] = {
	&dbgsh_pci, &dbgsh_monitor, NULL
};

static struct dbgsh sh;
static char out[4096];

static void settle(void)
{
	size_t len = 0;

	for (unsigned i = 0; i < 50; i++) {
		dbgsh_run(&sh, &world_vcpu);
		len += dbgsh_output(&sh, out + len, sizeof(out) - 1 - len);
	}
	out[len] = '\0';
}

static void expect(const char *typed, const char *said)
{
	assert_int_equal(dbgsh_input(&sh, (const uint8_t *)typed,
				     strlen(typed)), strlen(typed));
	settle();
	assert_string_equal(out, said);
}

static int setup(void **state)
{
	(void)state;
	world_init();
	world_now = 12500000;
	dbgsh_start(&sh, &world_vmm, commands, 0);
	settle();
	return 0;
}

static void test_pci(void **state)
{
	(void)state;
	expect("pci\r", "pci\n"
	       "[0000:00:1F.2] 010601: 8086:2922\n"
	       "[0001:FE:03.7] 020000: 8086:10D3 pro1000\n> ");
	expect("pci x\r", "pci x\npci takes no arguments.\n> ");
}

static void test_monitor(void **state)
{
	(void)state;
	monitored = 0;
	expect("monitor\r", "monitor\nNo device is monitored; see"
	       " driver=monitor in vmm.driver.pci.\n> ");
	monitored = 2;
	expect("monitor\r", "monitor\n0: 00:1F.2/8086:2922\n"
	       "1: FE:03.7/8086:10D3\nmonitor> ");
	expect("2\r", "2\nThere is no such number; an empty line ends.\n"
	       "monitor> ");
	expect("x\r", "x\nThere is no such number; an empty line ends.\n"
	       "monitor> ");
	/* what comes after the question is not shown */
	expect("1\r", "1\n"
	       "1.000002 bar0 mem r FEB00000+0010 bAB\n"
	       "12.000000 bar2 i/o w 0000C000+0002 wBEEF x7\n"
	       "12.000001 conf conf w 00000000+0004 l12345678\nmonitor> ");
	world_now = 14000000;
	expect("1\r", "1\n"
	       "1.000002 bar0 mem r FEB00000+0010 bAB\n"
	       "12.000000 bar2 i/o w 0000C000+0002 wBEEF x7\n"
	       "12.000001 conf conf w 00000000+0004 l12345678\n"
	       "13.000000 bar5 mem r 800000000+0008 q1122334455667788\n"
	       "monitor> ");
	expect("\r", "\n> ");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_pci, setup),
		cmocka_unit_test_setup(test_monitor, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
