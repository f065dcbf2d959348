/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom a refused VMRUN is blamed on (AMD APM vol. 2, 15.5.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <svm/svm_priv.h>

#define PHYS_BITS	40u

static struct vmcb c;
static char why[128];

/* A guest in 64-bit mode, and the VMM's part as svm.c makes it. */
static int setup(void **state)
{
	(void)state;
	memset(&c, 0, sizeof(c));
	svm_intercept(&c, SVM_EXIT_VMRUN, true);
	c.asid = 1;
	c.iopm_pa = 0x10000;
	c.msrpm_pa = 0x20000;
	c.n_cr3 = UINT64_C(0xffffff7000);
	c.efer = 0x1d00;
	c.cr0 = 0x80010033;
	c.cr4 = 0x668;
	c.cr3 = 0x1000;
	c.dr6 = 0xffff0ff0;
	c.dr7 = 0x400;
	c.cs.attr = 0x29b;
	return 0;
}

static bool guests(void)
{
	why[0] = '\0';
	return svm_refused_guest(&c, PHYS_BITS, why, sizeof(why));
}

static void nothing_known(void **state)
{
	(void)state;
	assert_true(guests());
	assert_non_null(strstr(why, "does not know"));
	c.eventinj = 0x80000b0d;	/* #GP */
	assert_true(guests());
	c.eventinj = 0x7ffff103;	/* not valid, so whatever it holds */
	assert_true(guests());
}

static void the_guest(uint64_t *field, uint64_t value, const char *text)
{
	uint64_t old = *field;

	*field = value;
	assert_true(guests());
	if (!strstr(why, text))
		fail_msg("%s: %s", text, why);
	*field = old;
}

static void the_vmm(uint64_t *field, uint64_t value, const char *text)
{
	uint64_t old = *field;

	*field = value;
	assert_false(guests());
	if (!strstr(why, text))
		fail_msg("%s: %s", text, why);
	*field = old;
}

static void registers(void **state)
{
	(void)state;
	the_guest(&c.cr4, 0x2668, "CR4: reserved bits must be 0 (it is 0x2668)");
	the_guest(&c.cr4, UINT64_C(1) << 63 | 0x668, "CR4: reserved");
	the_guest(&c.cr4, 0x2000668, "CR4: reserved");
	the_guest(&c.cr4, 0x648, "long mode needs CR4.PAE");
	the_guest(&c.cr0, UINT64_C(0x180010033), "CR0: bits 63:32");
	the_guest(&c.cr0, 0xa0010033, "CR0.NW needs CD");
	the_guest(&c.cr0, 0x80010032, "long mode needs CR0.PE");
	the_guest(&c.cr3, UINT64_C(1) << PHYS_BITS, "CR3");
	the_guest(&c.dr6, UINT64_C(1) << 32, "DR6");
	the_guest(&c.dr7, UINT64_C(1) << 40, "DR7");
	c.cs.attr |= VMM_SEG_ATTR_DB;
	assert_true(guests());
	assert_non_null(strstr(why, "both L and D"));
	/* Without paging all that is as it may be. */
	the_guest(&c.cr0, 0x10033, "does not know");
}

static void controls(void **state)
{
	(void)state;
	the_vmm(&c.efer, 0xd00, "EFER.SVME");
	the_vmm(&c.iopm_pa, UINT64_C(1) << PHYS_BITS, "I/O map");
	the_vmm(&c.msrpm_pa, 0x20800, "MSR map");
	the_vmm(&c.n_cr3, UINT64_C(1) << 50, "nested tables");
	the_vmm(&c.eventinj, 0x80000120, "EVENTINJ");	/* reserved type */
	the_vmm(&c.eventinj, 0x80000302, "EVENTINJ");	/* exception 2 */
	the_vmm(&c.eventinj, 0x80000320, "EVENTINJ");	/* exception 32 */
	the_vmm(&c.eventinj, 0x8000130d, "EVENTINJ");	/* reserved bit */
	/* Whatever the guest did besides. */
	c.cr4 = UINT64_MAX;
	c.asid = 0;
	assert_false(guests());
	assert_non_null(strstr(why, "ASID"));
	c.asid = 1;
	svm_intercept(&c, SVM_EXIT_VMRUN, false);
	assert_false(guests());
	assert_non_null(strstr(why, "VMRUN must be intercepted"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_known, setup),
		cmocka_unit_test_setup(registers, setup),
		cmocka_unit_test_setup(controls, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
