/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vmm_emulate_access() in a guest of 16 pages that is made up here: linear
 * page i is at guest-physical page map[i].gpa, page HOOKED is not memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <cpu/vcpu_priv.h>
#include <vmm/insn.h>
#include <vmm/log.h>
#include <vmm/mmio.h>
#include <vmm/x86.h>

#define K4	UINT64_C(0x1000)
#define PAGES	16u
#define CODE	(1 * K4)
#define STACK	(3 * K4)
#define DATA	(5 * K4)
#define APIC	(8 * K4)	/* linear; physically: */
#define HOOKED	UINT64_C(0xfee00000)

static struct {
	bool present, writable;
	uint64_t gpa;
} map[PAGES];
static uint8_t memory[PAGES * K4];	/* by linear address */
static struct vmm_segment segments[VMM_SEGS];
static uint64_t rip, rsp, rflags, efer, cr2;
static unsigned logged;

/* --- the rest of the VMM --- */

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
	logged++;
}

bool vmm_ratelimit_ok(struct vmm_ratelimit *limit, uint32_t *suppressed)
{
	(void)limit;
	*suppressed = 0;
	return true;
}

int vmm_gva_translate(struct vmm_vcpu *v, uint64_t gva, unsigned access,
		      uint64_t *gpa, uint32_t *error_code)
{
	uint64_t page = gva / K4;

	(void)v;
	*error_code = (access & VMM_ACCESS_WRITE ? 2 : 0);
	if (gva >> 47)
		return -ERANGE;
	if (page >= PAGES || !map[page].present)
		return -EFAULT;
	*error_code |= 1;
	if ((access & VMM_ACCESS_WRITE) && !map[page].writable)
		return -EFAULT;
	*gpa = map[page].gpa + gva % K4;
	return 0;
}

static int copy(struct vmm_vcpu *v, uint64_t gva, uint8_t *to,
		const uint8_t *from, size_t n, unsigned access)
{
	uint64_t gpa;
	uint32_t code;

	for (size_t i = 0; i < n; i++) {
		if (vmm_gva_translate(v, gva + i, access, &gpa, &code))
			return -EFAULT;
		/* the hooked page is not read behind its owner's back */
		assert_int_not_equal(gpa & ~(K4 - 1), HOOKED);
	}
	if (to)
		memcpy(to, memory + gva, n);
	else
		memcpy(memory + gva, from, n);
	return 0;
}

int vmm_gva_read(struct vmm_vcpu *v, uint64_t gva, void *buf, size_t n,
		 unsigned access, uint64_t *bad, uint32_t *error_code)
{
	(void)bad;
	(void)error_code;
	return copy(v, gva, buf, NULL, n, access);
}

int vmm_gva_write(struct vmm_vcpu *v, uint64_t gva, const void *buf, size_t n,
		  unsigned access, uint64_t *bad, uint32_t *error_code)
{
	(void)bad;
	(void)error_code;
	return copy(v, gva, NULL, buf, n, access | VMM_ACCESS_WRITE);
}

static uint64_t get(struct vmm_vcpu *v, enum vmm_reg reg)
{
	(void)v;
	switch (reg) {
	case VMM_REG_RIP:
		return rip;
	case VMM_REG_RSP:
		return rsp;
	case VMM_REG_RFLAGS:
		return rflags;
	case VMM_REG_EFER:
		return efer;
	default:
		fail_msg("register %d", reg);
		return 0;
	}
}

static void set(struct vmm_vcpu *v, enum vmm_reg reg, uint64_t value)
{
	(void)v;
	switch (reg) {
	case VMM_REG_RSP:
		rsp = value;
		break;
	case VMM_REG_RFLAGS:
		rflags = value;
		break;
	case VMM_REG_CR2:
		cr2 = value;
		break;
	default:
		fail_msg("register %d", reg);
	}
}

static void get_seg(struct vmm_vcpu *v, enum vmm_segreg seg,
		    struct vmm_segment *out)
{
	(void)v;
	*out = segments[seg];
}

static const struct vmm_vendor_ops vendor = {
	.get = get, .set = set, .get_seg = get_seg,
};
static struct vmm vmm = { .vendor = &vendor };
static struct vmm_vcpu vcpu = { .vmm = &vmm };

/* --- the owner of the page: tells what it was asked --- */

static struct call {
	bool write;
	uint64_t gpa;
	unsigned size;
	uint64_t value;
} calls[8];
static unsigned call_count;
static uint64_t answer;
static int result;

static void record(bool write, uint64_t gpa, unsigned size, uint64_t value)
{
	assert_true(call_count < VMM_ARRAY_SIZE(calls));
	calls[call_count++] = (struct call){ write, gpa, size, value };
	/* all of it in the page */
	assert_in_range(gpa, HOOKED, HOOKED + K4 - size);
}

static int owner_read(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		      unsigned size, uint64_t *value)
{
	assert_ptr_equal(v, &vcpu);
	assert_ptr_equal(ctx, &answer);
	record(false, gpa, size, 0);
	*value = answer;
	return result;
}

static int owner_write(struct vmm_vcpu *v, void *ctx, uint64_t gpa,
		       unsigned size, uint64_t value)
{
	assert_ptr_equal(v, &vcpu);
	assert_ptr_equal(ctx, &answer);
	record(true, gpa, size, value);
	return result;
}

static const struct vmm_mmio_ops owner = { owner_read, owner_write };

#define assert_call(n, w, at, bytes, v) do {				\
	assert_true((n) < call_count);					\
	assert_int_equal(calls[n].write, w);				\
	assert_int_equal(calls[n].gpa, HOOKED + (at));			\
	assert_int_equal(calls[n].size, bytes);				\
	if (w)								\
		assert_int_equal(calls[n].value, v);			\
} while (0)

/* --- tests --- */

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PAGES; i++) {
		map[i].present = map[i].writable = true;
		map[i].gpa = 0x100000 + i * K4;
	}
	map[APIC / K4].gpa = HOOKED;
	memset(memory, 0x5a, sizeof(memory));
	memset(&vcpu.regs, 0, sizeof(vcpu.regs));
	memset(segments, 0, sizeof(segments));
	memset(calls, 0, sizeof(calls));
	segments[VMM_SEG_CS].attr = VMM_SEG_ATTR_L;
	efer = X86_EFER_LMA;
	rip = CODE;
	rsp = STACK + 0x800;
	rflags = X86_RFLAGS_FIXED;
	cr2 = 0;
	logged = call_count = 0;
	answer = UINT64_C(0x8877665544332211);
	result = 0;
	return 0;
}

static struct vmm_exit e;

static enum vmm_verdict run(bool write, unsigned n, const uint8_t *bytes)
{
	memcpy(memory + rip + segments[VMM_SEG_CS].base, bytes, n);
	e = (struct vmm_exit){ .reason = VMM_EXIT_MEM };
	e.mem.gpa = HOOKED + 0x300;
	e.mem.write = write;
	e.mem.read = !write;
	return vmm_emulate_access(&vcpu, &e, &owner, &answer);
}
#define RUN(write, ...) \
	run(write, sizeof((uint8_t[]){ __VA_ARGS__ }), \
	    (const uint8_t[]){ __VA_ARGS__ })

static void assert_fault(enum vmm_verdict verdict, unsigned vector,
			 bool has_error, uint32_t error)
{
	assert_int_equal(verdict, VMM_FAULT);
	assert_int_equal(e.fault.type, VMM_EVENT_EXCEPTION);
	assert_int_equal(e.fault.vector, vector);
	assert_int_equal(e.fault.has_error, has_error);
	assert_int_equal(e.fault.error, error);
}

static void moves(void **state)
{
	(void)state;
	vcpu.regs.rdi = APIC + 0x300;
	vcpu.regs.rax = UINT64_C(0xaaaaaaaa000c4620);
	assert_int_equal(RUN(true, 0x89, 0x07), VMM_DONE);
	assert_int_equal(e.insn_len, 2);
	assert_int_equal(call_count, 1);
	assert_call(0, true, 0x300, 4, 0x000c4620);

	assert_int_equal(RUN(false, 0x8b, 0x5f, 0x20), VMM_DONE);
	assert_int_equal(e.insn_len, 3);
	assert_call(1, false, 0x320, 4, 0);
	assert_int_equal(vcpu.regs.rbx, 0x44332211);
	assert_int_equal(rflags, X86_RFLAGS_FIXED);
}

static void flags_and_both_calls(void **state)
{
	(void)state;
	answer = 0xffffffff;
	vcpu.regs.rdi = APIC + 0x300;
	assert_int_equal(RUN(true, 0xf0, 0x83, 0x07, 0x01), VMM_DONE);
	assert_int_equal(call_count, 2);
	assert_call(0, false, 0x300, 4, 0);
	assert_call(1, true, 0x300, 4, 0);
	assert_int_equal(rflags, X86_RFLAGS_FIXED | X86_RFLAGS_CF |
			 X86_RFLAGS_ZF | X86_RFLAGS_PF | X86_RFLAGS_AF);
}

static void stack(void **state)
{
	uint64_t pushed;

	(void)state;
	vcpu.regs.rdi = APIC + 0x300;
	assert_int_equal(RUN(false, 0xff, 0x37), VMM_DONE);	/* PUSH */
	assert_int_equal(rsp, STACK + 0x7f8);
	memcpy(&pushed, memory + rsp, 8);
	assert_int_equal(pushed, answer);
	assert_int_equal(RUN(true, 0x8f, 0x07), VMM_DONE);	/* POP */
	assert_int_equal(rsp, STACK + 0x800);
	assert_call(1, true, 0x300, 8, answer);
}

static void repeated(void **state)
{
	(void)state;
	vcpu.regs.rsi = APIC + 0x300;
	vcpu.regs.rdi = DATA;
	vcpu.regs.rcx = 2;
	assert_int_equal(RUN(false, 0xf3, 0xa5), VMM_RETRY);
	assert_int_equal(RUN(false, 0xf3, 0xa5), VMM_DONE);
	assert_int_equal(e.insn_len, 2);
	assert_int_equal(call_count, 2);
	assert_call(1, false, 0x304, 4, 0);
	assert_memory_equal(memory + DATA, "\x11\x22\x33\x44\x11\x22\x33\x44",
			    8);
	/* the count is zero: somebody else changed it, nothing is done */
	assert_int_equal(RUN(false, 0xf3, 0xa5), VMM_RETRY);
	assert_int_equal(call_count, 2);
}

/* The part outside of the page goes to memory. */
static void across_edges(void **state)
{
	(void)state;
	vcpu.regs.rdi = APIC + K4 - 3;
	vcpu.regs.rax = UINT64_C(0x1122334455667788);
	assert_int_equal(RUN(true, 0x48, 0x89, 0x07), VMM_DONE);
	assert_int_equal(call_count, 2);
	assert_call(0, true, K4 - 3, 1, 0x88);
	assert_call(1, true, K4 - 2, 2, 0x6677);
	assert_memory_equal(memory + APIC + K4, "\x55\x44\x33\x22\x11\x5a", 6);

	vcpu.regs.rdi = APIC - 1;
	assert_int_equal(RUN(false, 0x48, 0x8b, 0x07), VMM_DONE);
	assert_int_equal(call_count, 5);
	assert_call(2, false, 0, 4, 0);
	assert_call(3, false, 4, 2, 0);
	assert_call(4, false, 6, 1, 0);
	assert_int_equal(vcpu.regs.rax, UINT64_C(0x112211443322115a));
	/* unaligned, but all in the page: one call */
	vcpu.regs.rdi = APIC + 0x301;
	assert_int_equal(RUN(false, 0x48, 0x8b, 0x07), VMM_DONE);
	assert_call(5, false, 0x301, 8, 0);
}

/* The page is what counts, not the address of the exit. */
static void other_alias(void **state)
{
	(void)state;
	map[10].gpa = HOOKED;
	vcpu.regs.rdi = 10 * K4 + 0x80;
	assert_int_equal(RUN(false, 0x8b, 0x07), VMM_DONE);
	assert_call(0, false, 0x80, 4, 0);
}

static void changed_meanwhile(void **state)
{
	uint8_t before[sizeof(memory)];

	(void)state;
	memcpy(before, memory, sizeof(before));
	vcpu.regs.rdi = DATA;		/* does not access the page */
	memcpy(before + CODE, "\x89\x07", 2);
	assert_int_equal(RUN(true, 0x89, 0x07), VMM_RETRY);
	assert_int_equal(call_count, 0);
	assert_memory_equal(memory, before, sizeof(before));
	map[1].present = false;		/* cannot be fetched */
	assert_int_equal(RUN(true, 0x89, 0x07), VMM_RETRY);
	map[1].present = true;
	map[2].present = false;		/* its end cannot */
	vcpu.regs.rdi = APIC;
	rip = CODE + K4 - 2;
	assert_int_equal(RUN(true, 0x89, 0x47, 0x20), VMM_RETRY);
	assert_int_equal(call_count, 0);
	assert_int_equal(RUN(true, 0x89, 0x07), VMM_DONE);	/* all there */
	assert_int_equal(call_count, 1);
	assert_int_equal(logged, 0);
}

static void not_emulated(void **state)
{
	(void)state;
	vcpu.regs.rdi = APIC;
	assert_fault(RUN(true, 0x0f, 0x11, 0x07), X86_TRAP_UD, false, 0);
	assert_int_equal(logged, 1);
	assert_fault(RUN(true, 0x0f, 0x04), X86_TRAP_UD, false, 0);
	assert_int_equal(logged, 2);
	assert_fault(RUN(true, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
			 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x89, 0x07),
		     X86_TRAP_GP, true, 0);
	assert_int_equal(call_count, 0);
}

static void not_by_instruction(void **state)
{
	(void)state;
	vcpu.regs.rdi = APIC;
	for (unsigned i = 0; i < 2; i++) {
		RUN(true, 0x89, 0x07);
		call_count = 0;
		e.mem.exec = i;
		e.mem.table_walk = !i;
		assert_fault(vmm_emulate_access(&vcpu, &e, &owner, &answer),
			     X86_TRAP_GP, true, 0);
		assert_int_equal(call_count, 0);
	}
}

static void faults_of_the_guest(void **state)
{
	(void)state;
	vcpu.regs.rdi = APIC + 0x10;
	map[APIC / K4].writable = false;
	/* before the read of what is to be written back */
	assert_fault(RUN(true, 0x01, 0x07), X86_TRAP_PF, true, 3);
	assert_int_equal(cr2, APIC + 0x10);
	assert_int_equal(RUN(false, 0x03, 0x07), VMM_DONE);
	call_count = 0;
	rsp = 14 * K4;			/* PUSH to a page that is not there */
	map[13].present = false;
	assert_fault(RUN(false, 0xff, 0x37), X86_TRAP_PF, true, 2);
	assert_int_equal(cr2, 14 * K4 - 8);
	assert_int_equal(rsp, 14 * K4);
	vcpu.regs.rdi = UINT64_C(1) << 47;
	assert_fault(RUN(false, 0x8b, 0x07), X86_TRAP_GP, true, 0);
	map[APIC / K4 + 1].present = false;	/* the second part */
	vcpu.regs.rdi = APIC + K4 - 1;
	assert_fault(RUN(false, 0x8b, 0x07), X86_TRAP_PF, true, 0);
	assert_int_equal(cr2, APIC + K4);
	assert_int_equal(call_count, 0);
}

static void faults_of_the_access(void **state)
{
	(void)state;
	vcpu.regs.rdi = APIC;
	vcpu.regs.rax = 7;
	answer = 0;
	assert_fault(RUN(false, 0xf7, 0x37), X86_TRAP_DE, false, 0);
	result = -EIO;
	assert_fault(RUN(false, 0x8b, 0x07), X86_TRAP_GP, true, 0);
	assert_int_equal(vcpu.regs.rax, 7);
	assert_fault(RUN(true, 0x89, 0x07), X86_TRAP_GP, true, 0);
}

/* 66 makes of MOV EAX a MOV AX, or the reverse in 16-bit code */
static void code_sizes(void **state)
{
	(void)state;
	vcpu.regs.rdi = vcpu.regs.rbx = 0x300;
	segments[VMM_SEG_DS].base = APIC;
	segments[VMM_SEG_CS].base = K4;
	segments[VMM_SEG_CS].attr = VMM_SEG_ATTR_DB;
	rip = 0x10;
	assert_int_equal(RUN(false, 0x66, 0x8b, 0x07), VMM_DONE);
	assert_call(0, false, 0x300, 2, 0);
	segments[VMM_SEG_CS].attr = 0;
	assert_int_equal(RUN(false, 0x66, 0x8b, 0x07), VMM_DONE);
	assert_call(1, false, 0x300, 4, 0);
	/* L means nothing without long mode */
	segments[VMM_SEG_CS].attr = VMM_SEG_ATTR_L;
	efer = 0;
	assert_int_equal(RUN(false, 0x8b, 0x07), VMM_DONE);
	assert_call(2, false, 0x300, 2, 0);
	/* the stack's size is that of SS */
	rsp = 0x12340002;
	segments[VMM_SEG_SS].base = STACK;
	assert_int_equal(RUN(false, 0xff, 0x37), VMM_DONE);
	assert_int_equal(rsp, 0x12340000);
	assert_memory_equal(memory + STACK, "\x11\x22", 2);
	segments[VMM_SEG_SS].attr = VMM_SEG_ATTR_DB;
	rsp = 0x10;
	assert_int_equal(RUN(false, 0xff, 0x37), VMM_DONE);
	assert_int_equal(rsp, 0xe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(moves, setup),
		cmocka_unit_test_setup(flags_and_both_calls, setup),
		cmocka_unit_test_setup(stack, setup),
		cmocka_unit_test_setup(repeated, setup),
		cmocka_unit_test_setup(across_edges, setup),
		cmocka_unit_test_setup(other_alias, setup),
		cmocka_unit_test_setup(changed_meanwhile, setup),
		cmocka_unit_test_setup(not_emulated, setup),
		cmocka_unit_test_setup(not_by_instruction, setup),
		cmocka_unit_test_setup(faults_of_the_guest, setup),
		cmocka_unit_test_setup(faults_of_the_access, setup),
		cmocka_unit_test_setup(code_sizes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
