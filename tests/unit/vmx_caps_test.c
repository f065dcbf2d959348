/* SPDX-License-Identifier: BSD-3-Clause */
/* Choice of the VMX controls, from capability MSRs as processors have them. */
#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/x86.h>
#include <vmx/vmcs.h>
#include <vmx/vmx_caps.h>

/* The TRUE capability MSRs of a Haswell (read on the emulated one). */
static struct vmx_msrs haswell(void)
{
	return (struct vmx_msrs){
		.basic = 0x00d810000000002b,
		.pin = 0x0000007f00000016,
		.proc = 0xf7f9fffe04006172,
		.proc2 = 0x00047fff00000000,
		.exit = 0x007fffff00036dfb,
		.entry = 0x0000ffff000011fb,
		.misc = 0x200401e0,
		.ept_vpid = 0x00000f0106334141,
		.cr0_fixed0 = 0x80000021, .cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = 0x2000, .cr4_fixed1 = 0x1727ff,
		.instructions = PROC2_RDTSCP | PROC2_INVPCID,
	};
}

static char error[200];

static int resolve(const struct vmx_msrs *m, struct vmx_controls *c)
{
	error[0] = '\0';
	return vmx_caps_resolve(m, c, error, sizeof(error));
}

static void test_haswell(void **state)
{
	struct vmx_msrs m = haswell();
	struct vmx_controls c;

	(void)state;
	assert_int_equal(resolve(&m, &c), 0);
	assert_string_equal(error, "");
	/* NMI exiting, virtual NMIs, what is reserved and 1; no interrupts,
	 * no timer */
	assert_int_equal(c.pin, 0x16 | 1u << 3 | 1u << 5);
	/* bitmaps and secondary controls; no HLT, INVLPG, RDTSC, CR3, ... */
	assert_int_equal(c.proc, 0x04006172 | 1u << 25 | 1u << 28 | 1u << 31);
	assert_int_equal(c.proc2, PROC2_EPT | PROC2_RDTSCP | PROC2_VPID |
			 PROC2_UNRESTRICTED | PROC2_INVPCID);
	assert_int_equal(c.exit, 0x36dfb | 1u << 2 | 1u << 9 | 0xfu << 18);
	assert_int_equal(c.entry, 0x11fb | 1u << 2 | 3u << 14);
	assert_int_equal(c.missing_count, 0);
	assert_true(c.io_info);
	assert_true(c.proc_allowed & PROC_NMI_WINDOW);
	assert_false(c.proc_allowed & PROC_MONITOR_TRAP);
	assert_true(c.pin_allowed & PIN_PREEMPTION_TIMER);
}

/* Whatever the processor says, each result is one that it accepts. */
static void test_result_is_allowed(void **state)
{
	struct vmx_msrs m = haswell();
	struct vmx_controls c;
	unsigned bit;

	(void)state;
	for (bit = 0; bit < 64; bit++) {
		m = haswell();
		m.proc2 ^= UINT64_C(1) << bit;
		if (resolve(&m, &c) < 0) {
			assert_true(strlen(error) > 20);
			continue;
		}
		assert_int_equal(c.proc2 & ~(uint32_t)(m.proc2 >> 32) &
				 ~(uint32_t)m.proc2, 0);
		assert_int_equal((uint32_t)m.proc2 & ~c.proc2, 0);
	}
}

struct defect {
	size_t member;
	uint64_t clear, set;
	const char *says;
};

#define DEFECT(m, clear, set, says) \
	{ offsetof(struct vmx_msrs, m), clear, set, says }
#define HIGH(bit) (UINT64_C(1) << ((bit) + 32))
#define LOW(bit) (UINT64_C(1) << (bit))

static const struct defect fatal[] = {
	DEFECT(proc2, HIGH(1), 0, "no EPT"),
	DEFECT(proc2, HIGH(7), 0, "no unrestricted guest"),
	DEFECT(ept_vpid, LOW(6), 0, "four levels"),
	DEFECT(ept_vpid, LOW(14), 0, "write-back"),
	DEFECT(ept_vpid, LOW(20), 0, "INVEPT"),
	DEFECT(ept_vpid, LOW(25) | LOW(26), 0, "INVEPT"),
	DEFECT(misc, LOW(5), 0, "IA-32e mode"),
	DEFECT(basic, UINT64_C(0xf) << 50, 0, "VMCS"),
	DEFECT(basic, 0, LOW(48), "VMCS"),
	DEFECT(pin, HIGH(3), 0, "does not allow \"NMI exiting\" (pin-based"),
	DEFECT(pin, HIGH(5), 0, "\"virtual NMIs\""),
	DEFECT(pin, 0, LOW(0), "forces \"external-interrupt exiting\""),
	DEFECT(proc, HIGH(25), 0, "\"use I/O bitmaps\" (processor-based"),
	DEFECT(proc, HIGH(28), 0, "\"use MSR bitmaps\""),
	DEFECT(proc, HIGH(31), 0, "\"activate secondary controls\""),
	DEFECT(proc, 0, LOW(15), "forces \"CR3-load exiting\""),
	DEFECT(proc2, 0, LOW(2), "forces \"descriptor-table exiting\""
	       " (secondary"),
	DEFECT(exit, HIGH(9), 0, "\"host address-space size\" (VM-exit"),
	DEFECT(exit, HIGH(20), 0, "\"save IA32_EFER\""),
	DEFECT(exit, 0, LOW(15), "forces \"acknowledge interrupt on exit\""),
	DEFECT(entry, HIGH(14), 0, "\"load IA32_PAT\" (VM-entry"),
	DEFECT(entry, 0, LOW(10), "forces \"entry to SMM\""),
};

static void apply(struct vmx_msrs *m, const struct defect *d)
{
	uint64_t *p = (uint64_t *)(void *)((char *)m + d->member);

	*p = (*p & ~d->clear) | d->set;
}

/* Each is declined, by its name. */
static void test_fatal(void **state)
{
	struct vmx_controls c;
	size_t i;

	(void)state;
	for (i = 0; i < VMM_ARRAY_SIZE(fatal); i++) {
		struct vmx_msrs m = haswell();

		apply(&m, &fatal[i]);
		assert_int_equal(resolve(&m, &c), -ENODEV);
		if (!strstr(error, fatal[i].says))
			fail_msg("\"%s\" is not in \"%s\"", fatal[i].says,
				 error);
	}
}

static const struct defect degrading[] = {
	DEFECT(proc2, HIGH(5), 0, "enable VPID"),
	DEFECT(ept_vpid, LOW(32), 0, "INVVPID"),
	DEFECT(ept_vpid, LOW(41) | LOW(42), 0, "INVVPID"),
	DEFECT(proc2, HIGH(12), 0, "enable INVPCID"),
};

static void test_degrading(void **state)
{
	struct vmx_controls c;
	size_t i;

	(void)state;
	for (i = 0; i < VMM_ARRAY_SIZE(degrading); i++) {
		struct vmx_msrs m = haswell();

		apply(&m, &degrading[i]);
		assert_int_equal(resolve(&m, &c), 0);
		assert_int_equal(c.missing_count, 1);
		assert_string_equal(c.missing[0], degrading[i].says);
		assert_true(c.proc2 & PROC2_EPT);
		assert_int_equal(!(c.proc2 & PROC2_VPID), i < 3);
	}
}

/* Controls of instructions that the CPU does not have stay off, silently. */
static void test_instructions(void **state)
{
	struct vmx_msrs m = haswell();
	struct vmx_controls c;

	(void)state;
	m.instructions = 0;
	assert_int_equal(resolve(&m, &c), 0);
	assert_int_equal(c.proc2, PROC2_EPT | PROC2_VPID |
			 PROC2_UNRESTRICTED);
	assert_int_equal(c.missing_count, 0);
	m.instructions = PROC2_XSAVES | PROC2_USER_WAIT;
	assert_int_equal(resolve(&m, &c), 0);
	assert_int_equal(c.missing_count, 2);
}

/* Exits that an outer hypervisor forces on, and that are handled. */
static void test_tolerated(void **state)
{
	struct vmx_msrs m = haswell();
	struct vmx_controls c;
	uint64_t forced = LOW(3) | LOW(7) | LOW(9) | LOW(10) | LOW(11) |
		LOW(12) | LOW(19) | LOW(20) | LOW(23) | LOW(29) | LOW(30);

	(void)state;
	m.proc |= forced;
	assert_int_equal(resolve(&m, &c), 0);
	assert_int_equal(c.proc & forced, forced);
}

static void test_feature_control(void **state)
{
	(void)state;
	assert_int_equal(vmx_feature_state(0), VMX_FEATURE_OPEN);
	assert_int_equal(vmx_feature_state(4), VMX_FEATURE_OPEN);
	assert_int_equal(vmx_feature_state(1), VMX_FEATURE_OFF);
	assert_int_equal(vmx_feature_state(3), VMX_FEATURE_OFF);
	assert_int_equal(vmx_feature_state(5), VMX_FEATURE_ON);
	/* what else the firmware has set is kept */
	assert_int_equal(vmx_feature_value(0x100000), 0x100005);
}

static void test_control_registers(void **state)
{
	struct vmx_msrs m = haswell();

	(void)state;
	assert_int_equal(vmx_cr0_mask(&m), X86_CR0_NE);
	assert_int_equal(vmx_cr0_real(&m, 0x10), 0x30);
	assert_int_equal(vmx_cr4_mask(&m), X86_CR4_VMXE | X86_CR4_SMXE |
			 X86_CR4_FRED);
	assert_int_equal(vmx_cr4_real(&m, 0x6b8), 0x26b8);
	assert_int_equal(vmx_cr4_real(&m, X86_CR4_SMXE), X86_CR4_VMXE);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(vmx_control_name(1, 7), "HLT exiting");
	assert_string_equal(vmx_control_name(2, 1), "enable EPT");
	assert_string_equal(vmx_control_name(0, 1), "?");
	assert_string_equal(vmx_control_name(5, 0), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_haswell),
		cmocka_unit_test(test_result_is_allowed),
		cmocka_unit_test(test_fatal),
		cmocka_unit_test(test_degrading),
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_tolerated),
		cmocka_unit_test(test_feature_control),
		cmocka_unit_test(test_control_registers),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
