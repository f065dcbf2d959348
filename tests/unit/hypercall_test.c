/* SPDX-License-Identifier: BSD-3-Clause */
/* Registry, dispatch and the privilege check of hypercalls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/x86.h>
#include "fake_vcpu.h"
/* Itself, to begin each test with an empty registry. */
#include <core/hypercall.c>

static struct vmm_vcpu vcpu;
static unsigned called;

static void handler(struct vmm_vcpu *v, void *ctx)
{
	called++;
	vmm_vcpu_set(v, VMM_REG_RAX, (uintptr_t)ctx);
}

static int setup(void **state)
{
	(void)state;
	memset(&calls, 0, sizeof(calls));
	fake_vcpu_init(&vcpu);
	called = 0;
	assert_int_equal(vmm_hypercall_register("anyone", handler, (void *)111,
						VMM_HYPERCALL_ANYONE), 0);
	assert_int_equal(vmm_hypercall_register("secret", handler, (void *)222,
						VMM_HYPERCALL_PRIVILEGED), 0);
	return 0;
}

static uint64_t call(uint64_t number, uint64_t rbx)
{
	vcpu.reg[VMM_REG_RAX] = number;
	vcpu.reg[VMM_REG_RBX] = rbx;
	vmm_hypercall_dispatch(&vcpu);
	return vcpu.reg[VMM_REG_RAX];
}

static uint64_t lookup(const char *name, unsigned at)
{
	memcpy(vcpu.memory + at, name, strlen(name) + 1);
	return call(0, FAKE_BASE + at);
}

static void test_registry(void **state)
{
	static char name[MAX_CALLS][12];
	char longest[MAX_NAME + 1];

	(void)state;
	assert_int_equal(vmm_hypercall_register("anyone", handler, NULL, 0),
			 -EEXIST);
	assert_int_equal(vmm_hypercall_register("", handler, NULL, 0),
			 -EINVAL);
	assert_int_equal(vmm_hypercall_register(NULL, handler, NULL, 0),
			 -EINVAL);
	assert_int_equal(vmm_hypercall_register("x", NULL, NULL, 0), -EINVAL);
	assert_int_equal(vmm_hypercall_register("x", handler, NULL, 2),
			 -EINVAL);
	memset(longest, 'x', MAX_NAME);
	longest[MAX_NAME] = '\0';
	assert_int_equal(vmm_hypercall_register(longest, handler, NULL, 0),
			 -EINVAL);
	longest[MAX_NAME - 1] = '\0';
	assert_int_equal(vmm_hypercall_register(longest, handler, NULL, 0), 0);
	assert_int_equal(lookup(longest, 0), 3);
	for (unsigned i = 3; i < MAX_CALLS; i++) {
		sprintf(name[i], "call%u", i);
		assert_int_equal(vmm_hypercall_register(name[i], handler, NULL,
							0), 0);
	}
	assert_int_equal(vmm_hypercall_register("more", handler, NULL, 0),
			 -ENOSPC);
	assert_int_equal(lookup("call127", 0), 128);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(lookup("anyone", 16), 1);
	assert_int_equal(lookup("secret", 16), 2);
	assert_int_equal(lookup("secre", 16), 0);
	assert_int_equal(lookup("secrets", 16), 0);
	assert_int_equal(lookup("", 16), 0);
	assert_int_equal(called, 0);
}

/* The name may end with the last byte that is readable. */
static void test_name_at_page_end(void **state)
{
	(void)state;
	vcpu.missing[1] = true;
	assert_int_equal(lookup("secret", 4096 - 7), 2);
	/* Its NUL is in the missing page. */
	assert_int_equal(lookup("secret", 4096 - 6), 0);
	vcpu.missing[1] = false;
	assert_int_equal(lookup("secret", 4096 - 6), 2);
	assert_int_equal(lookup("secret", 4096 - 3), 2);
	/* In memory that the caller may not read. */
	vcpu.supervisor[0] = true;
	assert_int_equal(lookup("secret", 16), 0);
	/* No memory, and wrapping around. */
	assert_int_equal(call(0, 0), 0);
	assert_int_equal(call(0, UINT64_MAX - 3), 0);
}

static void test_name_without_end(void **state)
{
	(void)state;
	memset(vcpu.memory, 'x', sizeof(vcpu.memory));
	assert_int_equal(call(0, FAKE_BASE), 0);
	assert_int_equal(call(0, FAKE_BASE + 4000), 0);
}

static void test_dispatch(void **state)
{
	(void)state;
	assert_int_equal(call(1, 0), 111);
	assert_int_equal(called, 1);
	assert_int_equal(call(3, 0), 0);
	assert_int_equal(call(UINT64_MAX, 0), 0);
	assert_int_equal(call(UINT64_C(0x100000001), 0), 0);
	assert_int_equal(called, 1);
}

/* 32-bit code: what is above EAX and EBX is not meant. */
static void test_32bit(void **state)
{
	(void)state;
	vcpu.seg[VMM_SEG_CS].attr &= ~VMM_SEG_ATTR_L;
	assert_int_equal(call(UINT64_C(0xabc00000001), 0), 111);
	memcpy(vcpu.memory, "secret", 7);
	assert_int_equal(call(0, UINT64_C(0xabc00000000) + FAKE_BASE), 2);
	vcpu.reg[VMM_REG_EFER] = 0;
	vcpu.seg[VMM_SEG_CS].attr |= VMM_SEG_ATTR_L;	/* AVL without LMA */
	assert_int_equal(call(UINT64_C(0xabc00000001), 0), 111);
}

static bool may_call(void)
{
	unsigned before = called;
	uint64_t result = call(2, 0);

	assert_int_equal(result, called > before ? 222 : 0);
	return result == 222;
}

static void test_privilege_by_level(void **state)
{
	(void)state;
	assert_false(may_call());
	for (unsigned cpl = 0; cpl < 4; cpl++) {
		for (unsigned iopl = 0; iopl < 4; iopl++) {
			vcpu.seg[VMM_SEG_CS].selector = (uint16_t)(0x30 | cpl);
			vcpu.reg[VMM_REG_RFLAGS] =
				iopl << X86_RFLAGS_IOPL_SHIFT | 2;
			assert_int_equal(may_call(), cpl <= iopl);
		}
	}
	/* Virtual-8086 mode: the bitmap alone counts. */
	vcpu.reg[VMM_REG_RFLAGS] = X86_RFLAGS_VM | 3 << X86_RFLAGS_IOPL_SHIFT;
	vcpu.seg[VMM_SEG_CS].selector = 0x1230;
	assert_false(may_call());
	/* Real mode. */
	vcpu.reg[VMM_REG_CR0] = 0;
	vcpu.reg[VMM_REG_RFLAGS] = 2;
	vcpu.seg[VMM_SEG_CS].selector = 0x1233;
	assert_true(may_call());
}

#define MAP_AT	0x68u	/* where the tests put the bitmap */
#define BYTE	(VMM_PRIVILEGE_PORT / 8)
#define BIT	(VMM_PRIVILEGE_PORT % 8)

/* A TSS whose bitmap denies all ports and reaches as far as it must. */
static void make_tss(void)
{
	vcpu.memory[0x66] = MAP_AT;
	vcpu.memory[0x67] = 0;
	memset(vcpu.memory + MAP_AT, 0xff, 8193);
	vcpu.seg[VMM_SEG_TR].limit = MAP_AT + 8192;
}

static void test_privilege_by_bitmap(void **state)
{
	(void)state;
	make_tss();
	assert_false(may_call());
	vcpu.memory[MAP_AT + BYTE] = (uint8_t)~(1u << BIT);
	assert_true(may_call());
	/* All ports but ours. */
	memset(vcpu.memory + MAP_AT, 0, 8192);
	vcpu.memory[MAP_AT + BYTE] = 1u << BIT;
	assert_false(may_call());
	vcpu.memory[MAP_AT + BYTE] = 0;
	assert_true(may_call());
	/* As in virtual-8086 mode. */
	vcpu.reg[VMM_REG_RFLAGS] |= X86_RFLAGS_VM;
	assert_true(may_call());
	/* The kernel's memory, which the task itself cannot read. */
	vcpu.supervisor[0] = vcpu.supervisor[1] = true;
	vcpu.supervisor[2] = true;
	assert_true(may_call());
	vcpu.missing[(MAP_AT + BYTE) / 4096] = true;
	assert_false(may_call());
}

static void test_bitmap_limits(void **state)
{
	(void)state;
	make_tss();
	memset(vcpu.memory + MAP_AT, 0, 8192);
	/* Two bytes are read for every port. */
	vcpu.seg[VMM_SEG_TR].limit = MAP_AT + BYTE + 1;
	assert_true(may_call());
	vcpu.seg[VMM_SEG_TR].limit = MAP_AT + BYTE;
	assert_false(may_call());
	vcpu.seg[VMM_SEG_TR].limit = 0x67;
	assert_false(may_call());
	/* Not even the field with the bitmap's place is there. */
	vcpu.seg[VMM_SEG_TR].limit = 0x66;
	assert_false(may_call());
	vcpu.seg[VMM_SEG_TR].limit = 0;
	assert_false(may_call());
	/* A bitmap that begins behind the limit. */
	vcpu.seg[VMM_SEG_TR].limit = MAP_AT + 8192;
	vcpu.memory[0x66] = vcpu.memory[0x67] = 0xff;
	assert_false(may_call());
}

static void test_kinds_of_tss(void **state)
{
	(void)state;
	make_tss();
	memset(vcpu.memory + MAP_AT, 0, 8192);
	for (unsigned type = 0; type < 32; type++) {
		vcpu.seg[VMM_SEG_TR].attr = 0x80 | type;
		assert_int_equal(may_call(), type == 9 || type == 11);
	}
	vcpu.seg[VMM_SEG_TR].attr = 0x8b | VMM_SEG_UNUSABLE;
	assert_false(may_call());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_registry, setup),
		cmocka_unit_test_setup(test_names, setup),
		cmocka_unit_test_setup(test_name_at_page_end, setup),
		cmocka_unit_test_setup(test_name_without_end, setup),
		cmocka_unit_test_setup(test_dispatch, setup),
		cmocka_unit_test_setup(test_32bit, setup),
		cmocka_unit_test_setup(test_privilege_by_level, setup),
		cmocka_unit_test_setup(test_privilege_by_bitmap, setup),
		cmocka_unit_test_setup(test_bitmap_limits, setup),
		cmocka_unit_test_setup(test_kinds_of_tss, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
