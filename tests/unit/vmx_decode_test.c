/* SPDX-License-Identifier: BSD-3-Clause */
/* Exits as VMX records them, into neutral terms. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/x86.h>
#include <vmx/vmcs.h>
#include <vmx/vmx_decode.h>

static void test_reasons(void **state)
{
	unsigned basic, insns = 0;
	bool insn;

	(void)state;
	assert_int_equal(vmx_reason_neutral(VMX_EXIT_CPUID, &insn),
			 VMM_EXIT_CPUID);
	assert_true(insn);
	assert_int_equal(vmx_reason_neutral(VMX_EXIT_EPT_VIOLATION, &insn),
			 VMM_EXIT_MEM);
	assert_false(insn);
	/* every instruction of VMX and SMX but VMCALL does not exist */
	for (basic = VMX_EXIT_VMCLEAR; basic <= VMX_EXIT_VMXON; basic++)
		assert_int_equal(vmx_reason_neutral(basic, &insn),
				 VMM_EXIT_VIRT_INSN);
	assert_int_equal(vmx_reason_neutral(VMX_EXIT_GETSEC, &insn),
			 VMM_EXIT_VIRT_INSN);
	assert_int_equal(vmx_reason_neutral(VMX_EXIT_INVEPT, &insn),
			 VMM_EXIT_VIRT_INSN);
	assert_int_equal(vmx_reason_neutral(VMX_EXIT_INVVPID, &insn),
			 VMM_EXIT_VIRT_INSN);
	assert_int_equal(vmx_reason_neutral(VMX_EXIT_VMCALL, &insn),
			 VMM_EXIT_HYPERCALL);
	/* numbers without a row */
	for (basic = 0; basic < 65536; basic++) {
		if (strcmp(vmx_reason_name(basic), "?") == 0) {
			assert_int_equal(vmx_reason_neutral(basic, &insn),
					 VMM_EXIT_UNKNOWN);
			assert_false(insn);
		}
		assert_true(vmx_reason_neutral(basic, &insn) <
			    VMM_EXIT_REASONS);
		insns += insn;
	}
	assert_true(insns > 25);
}

static void test_io(void **state)
{
	struct vmm_exit e;

	(void)state;
	/* in al, 0x60: recorded from a guest */
	vmx_decode_io(0x00600048, 0, true, 8, &e);
	assert_int_equal(e.reason, VMM_EXIT_IO);
	assert_int_equal(e.io.port, 0x60);
	assert_int_equal(e.io.width, 1);
	assert_true(e.io.in);
	assert_false(e.io.string || e.io.rep);
	/* out dx, eax */
	vmx_decode_io(0x0cf80003, 0, true, 8, &e);
	assert_int_equal(e.io.port, 0xcf8);
	assert_int_equal(e.io.width, 4);
	assert_false(e.io.in || e.io.string);
	/* rep insw, address size by the instruction information */
	vmx_decode_io(0x03f80039, 1u << 7, true, 8, &e);
	assert_true(e.io.in && e.io.string && e.io.rep);
	assert_int_equal(e.io.width, 2);
	assert_int_equal(e.io.addr_size, 4);
	vmx_decode_io(0x03f80039, 2u << 7, true, 2, &e);
	assert_int_equal(e.io.addr_size, 8);
	vmx_decode_io(0x03f80039, 0, true, 8, &e);
	assert_int_equal(e.io.addr_size, 2);
	/* a processor without that */
	vmx_decode_io(0x03f80039, 2u << 7, false, 4, &e);
	assert_int_equal(e.io.addr_size, 4);
}

static void test_ept(void **state)
{
	struct vmm_exit e;

	(void)state;
	/* a store that a read-only page refused */
	vmx_decode_ept(0x1aa, 0x3df24fff, 0x7f0000001fff, &e);
	assert_int_equal(e.reason, VMM_EXIT_MEM);
	assert_int_equal(e.mem.gpa, 0x3df24fff);
	assert_true(e.mem.write && e.mem.gla_valid);
	assert_false(e.mem.read || e.mem.exec || e.mem.table_walk);
	assert_int_equal(e.mem.gla, 0x7f0000001fff);
	/* the guest's page walk */
	vmx_decode_ept(0x81, 0x1000, 0x2000, &e);
	assert_true(e.mem.read && e.mem.table_walk);
	/* loading of PDPTEs: no linear address */
	vmx_decode_ept(0x01, 0x1000, 0x2000, &e);
	assert_true(e.mem.read);
	assert_false(e.mem.gla_valid || e.mem.table_walk);
	assert_int_equal(e.mem.gla, 0);
	vmx_decode_ept(0x184, 0x1000, 0x2000, &e);
	assert_true(e.mem.exec && !e.mem.read && !e.mem.write);
}

static void test_cr(void **state)
{
	struct vmm_exit e;
	enum vmx_cr_access a;

	(void)state;
	a = vmx_decode_cr(0x304, &e);		/* mov cr4, rbx */
	assert_int_equal(a, VMX_CR_WRITE);
	assert_int_equal(e.reason, VMM_EXIT_CR_WRITE);
	assert_int_equal(e.cr.cr, 4);
	assert_int_equal(e.cr.gpr, VMM_REG_RBX);
	assert_int_equal(vmx_cr_value(a, 0x304, 0, 0x26b8), 0x26b8);
	a = vmx_decode_cr(0xf18, &e);		/* mov r15, cr8 */
	assert_int_equal(a, VMX_CR_READ);
	assert_int_equal(e.reason, VMM_EXIT_CR_READ);
	assert_int_equal(e.cr.cr, 8);
	assert_int_equal(e.cr.gpr, VMM_REG_R15);
	a = vmx_decode_cr(0x20, &e);		/* clts */
	assert_true(e.cr.clts);
	assert_int_equal(vmx_cr_value(a, 0x20, 0x8005003b, 0), 0x80050033);
	a = vmx_decode_cr(0x00080030, &e);	/* lmsw: sets TS */
	assert_true(e.cr.lmsw);
	/* PE stays, MP goes, the rest is not LMSW's */
	assert_int_equal(vmx_cr_value(a, 0x00080030, 0x80050033, 0),
			 0x80050039);
	assert_int_equal(vmx_cr_value(a, 0xfff00030, 0x10, 0), 0x10);
}

static void test_dr(void **state)
{
	struct vmx_dr_access a;

	(void)state;
	a = vmx_decode_dr(0x0917);	/* mov r9, dr7 */
	assert_true(a.read);
	assert_int_equal(a.dr, 7);
	assert_int_equal(a.gpr, VMM_REG_R9);
	a = vmx_decode_dr(0x0006);	/* mov dr6, rax */
	assert_false(a.read);
	assert_int_equal(a.dr, 6);
	assert_int_equal(a.gpr, VMM_REG_RAX);
}

static void test_events(void **state)
{
	static const uint32_t infos[] = {
		0x80000020, 0x80000202, 0x80000b0e, 0x80000306, 0x80000480,
		0x80000501, 0x80000603,
	};
	struct vmm_event ev;
	size_t i;

	(void)state;
	assert_false(vmx_decode_event(0x00000b0e, 2, 0, &ev));
	for (i = 0; i < VMM_ARRAY_SIZE(infos); i++) {
		assert_true(vmx_decode_event(infos[i], 7, 2, &ev));
		assert_int_equal(vmx_encode_event(&ev), infos[i]);
		assert_int_equal(ev.has_error, i == 2);
		assert_int_equal(ev.error, i == 2 ? 7 : 0);
		/* only INT n, INT1, INT3 and INTO are instructions */
		assert_int_equal(ev.insn_len, i >= 4 ? 2 : 0);
	}
	/* NMI unblocking is no part of the event */
	assert_true(vmx_decode_event(0x80001b0e, 7, 2, &ev));
	assert_int_equal(vmx_encode_event(&ev), 0x80000b0e);
}

static void test_segments(void **state)
{
	const struct vmm_segment null = { .attr = VMM_SEG_UNUSABLE };
	struct vmm_segment s = { .selector = 0x38, .limit = 0xffffffff,
				 .attr = 0xa9a };
	uint32_t attr;

	(void)state;
	for (attr = 0; attr < 0x1000; attr++) {
		uint32_t ar = vmx_ar_of_attr(attr | VMM_SEG_UNUSABLE);

		assert_int_equal(ar & VMCS_AR_RESERVED, 0);
		assert_int_equal(vmx_attr_of_ar(ar), attr | VMM_SEG_UNUSABLE);
	}
	assert_int_equal(vmx_ar_of_attr(0xa9b), 0xa09b);
	/* a descriptor that was not marked accessed, as in ROM */
	s = vmx_segment_fit(VMM_SEG_CS, s, true);
	assert_int_equal(s.attr, 0xa9b);
	/* a firmware without a TSS */
	s = vmx_segment_fit(VMM_SEG_TR, null, true);
	assert_int_equal(s.attr, 0x8b);
	assert_int_equal(s.limit, 0);
	s = (struct vmm_segment){ .selector = 0x40, .limit = 0x67,
				  .attr = 0x89 };
	assert_int_equal(vmx_segment_fit(VMM_SEG_TR, s, true).attr, 0x8b);
	s.attr = 0x81;		/* 16-bit TSS */
	assert_int_equal(vmx_segment_fit(VMM_SEG_TR, s, false).attr, 0x83);
	assert_int_equal(vmx_segment_fit(VMM_SEG_LDTR, null, true).attr,
			 VMM_SEG_UNUSABLE);
	assert_int_equal(vmx_segment_fit(VMM_SEG_DS, null, true).attr,
			 VMM_SEG_UNUSABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_io),
		cmocka_unit_test(test_ept),
		cmocka_unit_test(test_cr),
		cmocka_unit_test(test_dr),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
