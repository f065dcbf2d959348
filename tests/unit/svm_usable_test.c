/* SPDX-License-Identifier: BSD-3-Clause */
/* What a firmware that has SVM switched off makes of a start; no emulator has
 * such a firmware (AMD APM vol. 2, 15.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <svm/svm_priv.h>
#include <vmm/log.h>
#include <vmm/printf.h>

#define SVMDIS	0x10u
#define NP	0x1u
#define SVML	0x4u

static char said[128], error[256];

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	va_list ap;

	assert_int_equal(level, VMM_LOG_ERR);
	va_start(ap, fmt);
	vmm_vsnprintf(said, sizeof(said), fmt, ap);
	va_end(ap);
}

static int usable(uint64_t vm_cr, uint32_t features)
{
	said[0] = error[0] = '\0';
	return svm_usable(vm_cr, features, error, sizeof(error));
}

static void switched_off(void **state)
{
	(void)state;
	assert_int_equal(usable(SVMDIS, NP), -EACCES);
	assert_string_equal(said, "SVM is disabled at BIOS.\n");
	assert_string_equal(error, "SVM is disabled at BIOS. Enable SVM"
			    " (\"SVM Mode\") in the firmware setup");
	assert_int_equal(usable(SVMDIS | 0x8, NP | SVML), -EACCES);
	assert_string_equal(said, "SVM is disabled with a key.\n");
	assert_non_null(strstr(error, "firmware setup"));
}

static void without_nested_paging(void **state)
{
	(void)state;
	assert_int_equal(usable(0, SVML), -ENODEV);
	assert_non_null(strstr(error, "no nested paging"));
	/* What can be mended is said first. */
	assert_int_equal(usable(SVMDIS, 0), -EACCES);
}

static void good(void **state)
{
	(void)state;
	assert_int_equal(usable(0, NP), 0);
	assert_int_equal(usable(0x8, NP | SVML), 0);	/* locked, and on */
	assert_string_equal(said, "");
	assert_string_equal(error, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switched_off),
		cmocka_unit_test(without_nested_paging),
		cmocka_unit_test(good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
