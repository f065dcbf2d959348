/* SPDX-License-Identifier: BSD-3-Clause */
/* A VMCS that a processor accepts, and each rule of an entry broken in it:
 * the message must name the field. */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/vcpu.h>
#include <vmx/vmcs.h>
#include <vmx/vmx_entryfail.h>

#define FIELDS 0x6c18

static uint64_t vmcs[FIELDS];
static char text[200];

static const struct vmx_msrs msrs = {
	.pin = 0x0000007f00000016,
	.proc = 0xf7f9fffe04006172,
	.proc2 = 0x00047fff00000000,
	.exit = 0x007fffff00036dfb,
	.entry = 0x0000ffff000011fb,
	.cr0_fixed0 = 0x80000021, .cr0_fixed1 = 0xffffffff,
	.cr4_fixed0 = 0x2000, .cr4_fixed1 = 0x1727ff,
};

static uint64_t read_field(void *ctx, unsigned field)
{
	const uint64_t *fields = ctx;

	assert_true(field < FIELDS);
	return fields[field];
}

static const struct vmx_fields fields = { read_field, vmcs };

static void segment(unsigned n, uint16_t selector, uint32_t ar, uint32_t limit,
		    uint64_t base)
{
	vmcs[VMCS_GUEST_SELECTOR + 2 * n] = selector;
	vmcs[VMCS_GUEST_AR + 2 * n] = ar;
	vmcs[VMCS_GUEST_LIMIT + 2 * n] = limit;
	vmcs[VMCS_GUEST_BASE + 2 * n] = base;
}

static void good_controls(void)
{
	vmcs[VMCS_PIN] = 0x3e;
	vmcs[VMCS_PROC] = 0x04006172 | 1u << 25 | 1u << 28 | 1u << 31;
	vmcs[VMCS_PROC2] = PROC2_EPT | PROC2_VPID | PROC2_UNRESTRICTED;
	vmcs[VMCS_EXIT_CONTROLS] = 0x36dfb | 1u << 2 | 1u << 9 | 0xfu << 18;
	vmcs[VMCS_ENTRY_CONTROLS] = 0x11fb | 1u << 2 | 1u << 9 | 3u << 14;
	vmcs[VMCS_IO_BITMAP_A] = 0x10000;
	vmcs[VMCS_IO_BITMAP_B] = 0x11000;
	vmcs[VMCS_MSR_BITMAP] = 0x12000;
	vmcs[VMCS_EPTP] = 0x1301e;
	vmcs[VMCS_VPID] = 1;
}

static void good_host(void)
{
	vmcs[VMCS_HOST_CS] = 0x08;
	vmcs[VMCS_HOST_SS] = 0x10;
	vmcs[VMCS_HOST_TR] = 0x18;
	vmcs[VMCS_HOST_CR0] = 0x80050033;
	vmcs[VMCS_HOST_CR3] = 0x20000;
	vmcs[VMCS_HOST_CR4] = 0x2060;
	vmcs[VMCS_HOST_PAT] = 0x0007040600070406;
	vmcs[VMCS_HOST_EFER] = 0xd00;
	vmcs[VMCS_HOST_RIP] = 0x100000;
}

/* As OVMF calls the loader */
static void good_guest(void)
{
	unsigned n;

	for (n = VMM_SEG_ES; n <= VMM_SEG_GS; n++)
		segment(n, 0x30, 0xc093, 0xffffffff, 0);
	segment(VMM_SEG_CS, 0x38, 0xa09b, 0xffffffff, 0);
	segment(VMM_SEG_LDTR, 0, VMCS_AR_UNUSABLE, 0, 0);
	segment(VMM_SEG_TR, 0, 0x8b, 0, 0);
	vmcs[VMCS_GUEST_CR0] = 0x80010033;
	vmcs[VMCS_GUEST_CR3] = 0x3fc01000;
	vmcs[VMCS_GUEST_CR4] = 0x2668;
	vmcs[VMCS_GUEST_DR7] = 0x400;
	vmcs[VMCS_GUEST_EFER] = 0xd00;
	vmcs[VMCS_GUEST_PAT] = 0x0007040600070406;
	vmcs[VMCS_GUEST_GDTR_LIMIT] = 0x47;
	vmcs[VMCS_GUEST_IDTR_LIMIT] = 0xfff;
	vmcs[VMCS_GUEST_RIP] = 0x3e1d6000;
	vmcs[VMCS_GUEST_RSP] = 0x3fe95000;
	vmcs[VMCS_GUEST_RFLAGS] = 0x206;
	vmcs[VMCS_LINK_POINTER] = VMCS_NO_LINK;
}

static int setup(void **state)
{
	(void)state;
	memset(vmcs, 0, sizeof(vmcs));
	good_controls();
	good_host();
	good_guest();
	return 0;
}

static const char *guest(uint64_t qualification)
{
	vmx_explain_guest(&fields, &msrs, 39, qualification, text,
			  sizeof(text));
	return text;
}

static const char *controls(void)
{
	vmx_explain_controls(&fields, &msrs, 39, text, sizeof(text));
	return text;
}

static const char *host(void)
{
	vmx_explain_host(&fields, &msrs, 39, text, sizeof(text));
	return text;
}

static void test_good(void **state)
{
	(void)state;
	assert_string_equal(guest(0), "no rule known to be broken");
	assert_string_equal(controls(), "no rule known to be broken");
	assert_string_equal(host(), "no rule known to be broken");
}

/* One field set to a value that breaks a rule. */
struct broken {
	unsigned field;
	uint64_t value;
	const char *says;
};

#define TR(f) (VMCS_GUEST_##f + 2 * VMM_SEG_TR)
#define CS(f) (VMCS_GUEST_##f + 2 * VMM_SEG_CS)
#define SS(f) (VMCS_GUEST_##f + 2 * VMM_SEG_SS)
#define DS(f) (VMCS_GUEST_##f + 2 * VMM_SEG_DS)
#define FS(f) (VMCS_GUEST_##f + 2 * VMM_SEG_FS)
#define LDTR(f) (VMCS_GUEST_##f + 2 * VMM_SEG_LDTR)
#define NOT_CANONICAL UINT64_C(0x8000000000000000)

static const struct broken guests[] = {
	{ VMCS_GUEST_CR0, 0x80010032, "CR0.PG needs CR0.PE" },
	{ VMCS_GUEST_CR0, 0x80010013, "guest CR0: a bit that VMX fixes to 1" },
	{ VMCS_GUEST_CR0, 0x180010033, "guest CR0" },
	{ VMCS_GUEST_CR0, 0x10033, "CR0.PG must be 1 in IA-32e mode" },
	{ VMCS_GUEST_CR4, 0x668, "guest CR4: a bit that VMX fixes to 1" },
	{ VMCS_GUEST_CR4, 0x402668, "guest CR4: a bit that VMX fixes to 0" },
	{ VMCS_GUEST_CR4, 0x2648, "CR4.PAE" },
	{ VMCS_GUEST_CR3, UINT64_C(1) << 39, "guest CR3" },
	{ VMCS_GUEST_DR7, UINT64_C(1) << 32, "guest DR7" },
	{ VMCS_GUEST_PAT, 2, "guest PAT" },
	{ VMCS_GUEST_EFER, 0x900, "EFER.LMA" },
	{ VMCS_GUEST_EFER, 0xc00, "LMA and LME" },
	{ VMCS_GUEST_SYSENTER_ESP, NOT_CANONICAL, "SYSENTER_ESP" },
	{ VMCS_GUEST_SYSENTER_EIP, NOT_CANONICAL, "SYSENTER_EIP" },
	{ CS(AR), VMCS_AR_UNUSABLE, "guest CS: cannot be unusable" },
	{ CS(AR), 0xa09a, "guest CS: type" },
	{ CS(AR), 0xe09b, "guest CS: D must be 0" },
	{ CS(AR), 0xa0fb, "guest CS: DPL" },
	{ CS(AR), 0xa01b, "guest CS: must be present" },
	{ CS(AR), 0x209b, "guest CS: without G" },
	{ CS(AR), 0xa19b, "guest CS: reserved" },
	{ CS(LIMIT), 0xfffff000, "guest CS: with G" },
	{ SS(AR), 0xc091, "guest SS: type must be 3 or 7" },
	{ DS(AR), 0xc092, "guest DS: type must be an accessed one" },
	{ DS(AR), 0xc083, "guest DS: must be a code or data segment" },
	{ DS(BASE), UINT64_C(1) << 32, "guest DS: bits 63:32 of the base" },
	{ FS(BASE), NOT_CANONICAL, "guest FS: base must be canonical" },
	{ TR(AR), VMCS_AR_UNUSABLE, "guest TR: cannot be unusable" },
	{ TR(AR), 0x89, "guest TR: type" },
	{ TR(AR), 0x83, "guest TR: type" },
	{ TR(SELECTOR), 4, "guest TR: TI" },
	{ LDTR(AR), 0x8b, "guest LDTR: type" },
	{ VMCS_GUEST_GDTR_LIMIT, 0x10000, "GDTR and IDTR limit" },
	{ VMCS_GUEST_IDTR_BASE, NOT_CANONICAL, "IDTR base" },
	{ VMCS_GUEST_RIP, NOT_CANONICAL, "guest RIP" },
	{ VMCS_GUEST_RFLAGS, 0x204, "RFLAGS: reserved" },
	{ VMCS_GUEST_RFLAGS, 0x20202, "virtual-8086" },
	{ VMCS_GUEST_ACTIVITY, 4, "activity state must be 0 to 3" },
	{ VMCS_GUEST_INTERRUPTIBILITY, 3, "both STI and MOV SS" },
	{ VMCS_GUEST_INTERRUPTIBILITY, 4, "blocked by SMI" },
	{ VMCS_GUEST_INTERRUPTIBILITY, 0x20, "reserved bits" },
	{ VMCS_GUEST_PENDING_DEBUG, 0x10, "pending debug" },
	{ VMCS_LINK_POINTER, 0x1001, "link pointer" },
};

/* Break one rule, hear what is said about it, mend it. */
static void try(const struct broken *b, const char *(*explain)(void))
{
	uint64_t old = vmcs[b->field];
	const char *said;

	vmcs[b->field] = b->value;
	said = explain();
	if (!strstr(said, b->says))
		fail_msg("field %#x = %#lx: \"%s\" is not in \"%s\"", b->field,
			 (unsigned long)b->value, b->says, said);
	vmcs[b->field] = old;
}

static const char *guest_plain(void)
{
	return guest(0);
}

static void test_guest(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < VMM_ARRAY_SIZE(guests); i++)
		try(&guests[i], guest_plain);
	test_good(state);
}

static void test_guest_events(void **state)
{
	(void)state;
	vmcs[VMCS_ENTRY_EVENT] = 0x80000020;	/* an interrupt */
	assert_non_null(strstr(guest(0), "no rule"));
	vmcs[VMCS_GUEST_RFLAGS] = 2;
	assert_non_null(strstr(guest(0), "RFLAGS.IF 0"));
	vmcs[VMCS_ENTRY_EVENT] = 0x80000202;	/* an NMI */
	assert_non_null(strstr(guest(0), "no rule"));
	vmcs[VMCS_GUEST_INTERRUPTIBILITY] = VMCS_BLOCK_NMI;
	assert_non_null(strstr(guest(0), "NMIs blocked"));
	vmcs[VMCS_GUEST_INTERRUPTIBILITY] = VMCS_BLOCK_MOV_SS;
	assert_non_null(strstr(guest(0), "MOV SS"));
	vmcs[VMCS_ENTRY_EVENT] = 0;
	assert_non_null(strstr(guest(0), "no rule"));
	vmcs[VMCS_GUEST_RFLAGS] = 0x102;	/* TF in the shadow */
	assert_non_null(strstr(guest(0), "BS must equal"));
	vmcs[VMCS_GUEST_PENDING_DEBUG] = VMCS_PENDING_BS;
	assert_non_null(strstr(guest(0), "no rule"));
	vmcs[VMCS_GUEST_ACTIVITY] = VMCS_HALTED;
	assert_non_null(strstr(guest(0), "not active"));
}

/* Real mode, as after INIT; then with what only protected mode may have. */
static void test_real_mode(void **state)
{
	unsigned n;

	(void)state;
	for (n = VMM_SEG_ES; n <= VMM_SEG_GS; n++)
		segment(n, 0, 0x93, 0xffff, 0);
	segment(VMM_SEG_CS, 0xf000, 0x9b, 0xffff, 0xffff0000);
	segment(VMM_SEG_TR, 0, 0x8b, 0xffff, 0);
	segment(VMM_SEG_LDTR, 0, 0x82, 0xffff, 0);
	vmcs[VMCS_GUEST_CR0] = 0x60000030;
	vmcs[VMCS_GUEST_CR4] = 0x2000;
	vmcs[VMCS_GUEST_EFER] = 0;
	vmcs[VMCS_GUEST_RIP] = 0xfff0;
	vmcs[VMCS_GUEST_RFLAGS] = 2;
	vmcs[VMCS_ENTRY_CONTROLS] &= ~(uint64_t)ENTRY_IA32E;
	assert_string_equal(guest(0), "no rule known to be broken");
	vmcs[VMCS_GUEST_RIP] = UINT64_C(0x10000fff0);
	assert_non_null(strstr(guest(0), "guest RIP"));
	vmcs[VMCS_GUEST_RIP] = 0;
	segment(VMM_SEG_SS, 0, 0xf3, 0xffff, 0);
	assert_non_null(strstr(guest(0), "guest"));
}

static void test_pae(void **state)
{
	(void)state;
	vmcs[VMCS_GUEST_EFER] = 0;
	vmcs[VMCS_ENTRY_CONTROLS] &= ~(uint64_t)ENTRY_IA32E;
	segment(VMM_SEG_CS, 0x10, 0xc09b, 0xffffffff, 0);
	vmcs[VMCS_GUEST_PDPTE0] = 0x1001;
	assert_non_null(strstr(guest(0), "no rule"));
	vmcs[VMCS_GUEST_PDPTE0 + 6] = 0x1003;
	assert_non_null(strstr(guest(2), "loading the PDPTEs failed: guest"
			       " PDPTEs"));
	vmcs[VMCS_GUEST_PDPTE0 + 6] = 0x1002;	/* not present */
	assert_non_null(strstr(guest(0), "no rule"));
}

static const struct broken control_rules[] = {
	{ VMCS_PIN, 0x3f & ~2u, "pin-based controls: bit 1, \"?\", must be 1" },
	{ VMCS_PIN, 0xbe, "bit 7, \"process posted interrupts\", must be 0" },
	{ VMCS_PROC2, 1u << 20 | PROC2_EPT, "enable XSAVES/XRSTORS" },
	{ VMCS_PIN, 0x36, "needs \"NMI exiting\"" },
	{ VMCS_CR3_TARGETS, 5, "CR3-target count" },
	{ VMCS_IO_BITMAP_A, 0x10001, "I/O bitmap A" },
	{ VMCS_IO_BITMAP_B, UINT64_C(1) << 39, "I/O bitmap B" },
	{ VMCS_MSR_BITMAP, 8, "MSR bitmap" },
	{ VMCS_VPID, 0, "VPID" },
	{ VMCS_PROC2, PROC2_UNRESTRICTED, "\"unrestricted guest\" needs" },
	{ VMCS_EPTP, 0x1301d, "memory type" },
	{ VMCS_EPTP, 0x13016, "four levels" },
	{ VMCS_EPTP, 0x1311e, "reserved bits" },
	{ VMCS_ENTRY_EVENT, 0x80001b0e, "reserved bits 30:12" },
	{ VMCS_ENTRY_EVENT, 0x80000103, "type 1" },
	{ VMCS_ENTRY_EVENT, 0x80000203, "vector 2" },
	{ VMCS_ENTRY_EVENT, 0x80000320, "below 32" },
	{ VMCS_ENTRY_EVENT, 0x80000c20, "only exceptions" },
};

static const struct broken host_rules[] = {
	{ VMCS_HOST_CR0, 0x80050013, "host CR0" },
	{ VMCS_HOST_CR4, 0x60, "host CR4" },
	{ VMCS_HOST_CR4, 0x2040, "CR4.PAE" },
	{ VMCS_HOST_CR3, UINT64_C(1) << 40, "host CR3" },
	{ VMCS_HOST_PAT, 0x0300000000000000, "host PAT" },
	{ VMCS_HOST_EFER, 0x800, "host EFER" },
	{ VMCS_HOST_SS, 0x13, "host selectors" },
	{ VMCS_HOST_CS, 0, "host CS" },
	{ VMCS_HOST_TR, 0, "host TR" },
	{ VMCS_HOST_GS_BASE, NOT_CANONICAL, "canonical" },
	{ VMCS_HOST_RIP, NOT_CANONICAL, "canonical" },
};

static void test_controls(void **state)
{
	size_t i;

	for (i = 0; i < VMM_ARRAY_SIZE(control_rules); i++)
		try(&control_rules[i], controls);
	vmcs[VMCS_ENTRY_EVENT] = 0x80000b0e;
	vmcs[VMCS_ENTRY_ERROR] = 0x10000;
	assert_non_null(strstr(controls(), "error code"));
	vmcs[VMCS_ENTRY_EVENT] = 0;
	test_good(state);
}

static void test_host(void **state)
{
	size_t i;

	for (i = 0; i < VMM_ARRAY_SIZE(host_rules); i++)
		try(&host_rules[i], host);
	test_good(state);
}

static void test_insn_errors(void **state)
{
	uint32_t n;

	(void)state;
	assert_string_equal(vmx_insn_error(7),
			    "VM entry with invalid control field(s)");
	for (n = 0; n < 100; n++)
		assert_true(strlen(vmx_insn_error(n)) > 10);
}

/* A message longer than its place is cut, not written beyond it. */
static void test_short_buffer(void **state)
{
	char small[24];

	(void)state;
	vmcs[VMCS_GUEST_CR3] = UINT64_MAX;
	vmx_explain_guest(&fields, &msrs, 39, 2, small, sizeof(small));
	assert_int_equal(strlen(small), sizeof(small) - 1);
	vmx_explain_guest(&fields, &msrs, 39, 2, small, 1);
	assert_int_equal(small[0], '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, setup),
		cmocka_unit_test_setup(test_guest, setup),
		cmocka_unit_test_setup(test_guest_events, setup),
		cmocka_unit_test_setup(test_real_mode, setup),
		cmocka_unit_test_setup(test_pae, setup),
		cmocka_unit_test_setup(test_controls, setup),
		cmocka_unit_test_setup(test_host, setup),
		cmocka_unit_test_setup(test_insn_errors, setup),
		cmocka_unit_test_setup(test_short_buffer, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
