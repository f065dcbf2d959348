/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <cpu/apic.h>
#include <vmm/msi.h>

static bool x2;
static uint32_t sent_dest, sent_low;

bool apic_is_x2(void)
{
	return x2;
}

void apic_send(uint32_t dest, uint32_t icr_low)
{
	sent_dest = dest;
	sent_low = icr_low;
}

static void sends(uint64_t address, uint32_t data, uint32_t dest, uint32_t low)
{
	sent_dest = sent_low = 0;
	assert_int_equal(vmm_msi_send(address, data), 0);
	assert_int_equal(sent_dest, dest);
	assert_int_equal(sent_low, low);
}

static void messages(void **state)
{
	(void)state;
	sends(0xfee00000, 0x4031, 0, 0x4031);
	sends(0xfee03000, 0x31, 3, 0x4031);
	sends(0xfee0100c, 0x131, 1, 0x4831);	/* lowest priority, logical */
	sends(0xfeeff000, 0x31, 0xff, 0x4031);
	x2 = true;
	sends(0xfeeff000, 0x31, 0xffffffff, 0x4031);
	sends(0xfee07000, 0x31, 7, 0x4031);
	x2 = false;
}

static void others(void **state)
{
	static const struct {
		uint64_t address;
		uint32_t data;
	} bad[] = {
		{ 0, 0x31 }, { 0x1fee00000, 0x31 }, { 0xfed00000, 0x31 },
		{ 0xfef00000, 0x31 }, { 0xfee00010, 0x31 },	/* remapped */
		{ 0xfee00000, 0x0f }, { 0xfee00000, 0x231 },	/* SMI */
		{ 0xfee00000, 0x431 }, { 0xfee00000, 0x531 },	/* NMI, INIT */
		{ 0xfee00000, 0x731 },			/* ExtINT */
	};

	(void)state;
	sent_low = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vmm_msi_send(bad[i].address, bad[i].data),
				 -EINVAL);
	assert_int_equal(sent_low, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
