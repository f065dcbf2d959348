/* SPDX-License-Identifier: BSD-3-Clause */
/* bvlog and the VMM's side of it, from the log to the printed line. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <vmm/hypercall.h>
#include <vmm/sinks.h>
#include <vmm/vmm.h>
#include "fake_vcpu.h"
int bvlog_main(int argc, char **argv);
#define main bvlog_main
#include "../../tools/bvlog/bvlog.c"
#undef main
#include "../../tools/bvlog/call.h"

struct config_data config;

static struct vmm_vcpu vcpu;
static uint64_t now;
/* Makes the hypercall numbered 0 and so on do something before it. */
static void (*before_call)(unsigned n);
static unsigned call_count;
static bool no_vmm;

uint64_t vmm_uptime_usec(void)
{
	return now++;
}

/* The name is shorter than what dispatch reads at once: give it room. */
static void stage_name(struct bvlog_regs *r)
{
	static char name[4096 + 256] VMM_ALIGNED(4096);

	if (r->rax)
		return;
	snprintf(name, sizeof(name), "%s", (char *)(uintptr_t)r->rbx);
	vcpu.reg[VMM_REG_RBX] = (uintptr_t)name;
}

static const enum vmm_reg order[] = {
	VMM_REG_RAX, VMM_REG_RBX, VMM_REG_RCX, VMM_REG_RDX, VMM_REG_RSI,
	VMM_REG_RDI, VMM_REG_R8, VMM_REG_R9, VMM_REG_R10, VMM_REG_R11,
	VMM_REG_R12, VMM_REG_R13, VMM_REG_R14, VMM_REG_R15,
};
VMM_STATIC_ASSERT(sizeof(struct bvlog_regs) ==
		  8 * VMM_ARRAY_SIZE(order), "all registers");

/* Instead of tools/bvlog/call.c. */
bool bvlog_call(struct bvlog_regs *regs)
{
	uint64_t words[VMM_ARRAY_SIZE(order)];

	if (before_call)
		before_call(call_count);
	call_count++;
	if (no_vmm)
		return false;
	memcpy(words, regs, sizeof(words));
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(order); i++)
		vcpu.reg[order[i]] = words[i];
	stage_name(regs);
	vmm_hypercall_dispatch(&vcpu);
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(order); i++)
		words[i] = vcpu.reg[order[i]];
	memcpy(regs, words, sizeof(words));
	return true;
}

static void become(unsigned cpl)
{
	fake_vcpu_init(&vcpu);
	vcpu.host_memory = true;
	vcpu.seg[VMM_SEG_CS].selector = (uint16_t)(0x30 | cpl);
}

static int setup(void **state)
{
	(void)state;
	become(0);
	before_call = NULL;
	call_count = 0;
	no_vmm = false;
	return 0;
}

/* Output of one run. */
static char out[1 << 18], err[4096];

static void read_back(FILE *f, char *buf, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(buf, 1, size - 1, f);
	buf[n] = '\0';
	fclose(f);
}

static int run_bvlog(const char *a, const char *b)
{
	char *argv[] = { (char *)(uintptr_t)"bvlog", (char *)(uintptr_t)a,
			 (char *)(uintptr_t)b, NULL };
	int saved_out = dup(1), saved_err = dup(2);
	FILE *to_out = tmpfile(), *to_err = tmpfile();
	int result;

	fflush(stdout);
	fflush(stderr);
	dup2(fileno(to_out), 1);
	dup2(fileno(to_err), 2);
	optind = 0;
	result = bvlog_main(b ? 3 : a ? 2 : 1, argv);
	fflush(stdout);
	fflush(stderr);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(saved_out);
	close(saved_err);
	read_back(to_out, out, sizeof(out));
	read_back(to_err, err, sizeof(err));
	return result;
}

/* --- tests; the log goes on from one to the next --- */

static void test_no_call(void **state)
{
	(void)state;
	assert_int_equal(run_bvlog(NULL, NULL), 1);
	assert_non_null(strstr(err, "variant has no guest log"));
	assert_int_equal(vmm_sink_guest.init(NULL), 0);
}

static void test_empty(void **state)
{
	(void)state;
	assert_int_equal(run_bvlog(NULL, NULL), 0);
	assert_string_equal(out, "");
	assert_string_equal(err, "");
}

/* Lines of all lengths around those that one call can carry. */
static void test_lines(void **state)
{
	char text[VMM_LOG_LINE_MAX], expect[VMM_LOG_LINE_MAX + 32];
	char *p = out;

	(void)state;
	memset(text, 0, sizeof(text));
	now = 0;
	for (unsigned i = 0; i < 260; i++) {
		vmm_log_info("%s\n", text);
		text[i] = (char)('a' + i % 26);
	}
	assert_int_equal(run_bvlog(NULL, NULL), 0);
	for (unsigned i = 0; i < 260; i++) {
		int n = snprintf(expect, sizeof(expect), "[    0.%06u] %.*s\n",
				 i, (int)i, text);

		assert_memory_equal(p, expect, (size_t)n);
		p += n;
	}
	assert_int_equal(*p, '\0');
}

static void test_options(void **state)
{
	(void)state;
	now = 71234567;
	vmm_log_err("an error\n");
	vmm_log_warning("a warning\n");
	vmm_log_debug("for debugging\n");
	assert_int_equal(run_bvlog("-n2", "-lerr"), 0);
	assert_string_equal(out, "[   71.234567] an error\n");
	assert_int_equal(run_bvlog("--lines=3", "--level=4"), 0);
	assert_non_null(strstr(out, "[   71.234567] an error\n"
			       "[   71.234568] a warning\n"));
	assert_null(strstr(out, "debugging"));
	assert_int_equal(run_bvlog("-n2", NULL), 0);
	assert_string_equal(out, "[   71.234568] a warning\n"
			    "[   71.234569] for debugging\n");
}

static void test_bad_options(void **state)
{
	const char *const bad[] = {
		"-lfatal", "-l8", "-l-1", "-l", "-n0", "-nx", "-n1x", "-n-1",
		"-n99999999999999999999", "-q", "file",
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		assert_int_equal(run_bvlog(bad[i], NULL), 2);
		assert_string_equal(out, "");
		assert_int_not_equal(*err, '\0');
	}
	assert_int_equal(call_count, 0);
	assert_int_equal(run_bvlog("--help", NULL), 0);
	assert_non_null(strstr(out, "Usage: bvlog"));
}

static void test_privilege(void **state)
{
	(void)state;
	become(3);
	assert_int_equal(run_bvlog(NULL, NULL), 1);
	assert_string_equal(out, "");
	assert_non_null(strstr(err, "root"));
	/* 32-bit code cannot take what the call gives. */
	become(0);
	vcpu.seg[VMM_SEG_CS].attr &= ~VMM_SEG_ATTR_L;
	vcpu.reg[VMM_REG_RAX] = 1;
	vcpu.reg[VMM_REG_RSI] = 42;
	vmm_hypercall_dispatch(&vcpu);
	assert_int_equal(vcpu.reg[VMM_REG_RAX], BVLOG_DENIED);
	assert_int_equal(vcpu.reg[VMM_REG_RSI], 42);
}

static void test_no_vmm(void **state)
{
	(void)state;
	no_vmm = true;
	assert_int_equal(run_bvlog("-f", NULL), 1);
	assert_string_equal(err, "bvlog: not running under BitVisor\n");
}

/* Nonsense in, no harm done. */
static void test_odd_requests(void **state)
{
	struct bvlog_regs r;

	(void)state;
	for (uint64_t seq = 0; seq < 3; seq++) {
		memset(&r, 0, sizeof(r));
		r.rax = 1;
		r.rbx = 20 + seq;
		r.rcx = seq ? UINT64_MAX >> (seq - 1) : 5;
		assert_true(bvlog_call(&r));
		assert_int_equal(r.rax, BVLOG_LINE);
		assert_int_equal(r.rcx, seq ? 0 : 15);
		assert_int_equal(r.text[0], seq ? 0 : 0x6d6c6b6a69686766);
	}
	memset(&r, 0, sizeof(r));
	r.rax = 1;
	r.rbx = UINT64_MAX;
	assert_true(bvlog_call(&r));
	assert_int_equal(r.rax, BVLOG_END);
}

/* While a long line is read in pieces, it is overwritten. */
static void overwrite(unsigned n)
{
	if (n == 2)
		for (unsigned i = 0; i < 300; i++)
			vmm_log_info("%0400u\n", i);
}

static void test_overtaken(void **state)
{
	unsigned lines = 0;

	(void)state;
	/* Fill the ring, so that its oldest line is a long one. */
	overwrite(2);
	before_call = overwrite;
	assert_int_equal(run_bvlog(NULL, NULL), 0);
	assert_non_null(strstr(out, " lines lost)\n"));
	for (char *p = out; *p; p = strchr(p, '\n') + 1) {
		if (*p != '[')
			continue;
		/* Whole lines only. */
		assert_int_equal(strcspn(p, "\n"),
				 strlen("[   71.234567] ") + 400);
		lines++;
	}
	assert_int_equal(lines, 65536 / 400);
}

/* Of 2048 lines the last one, then what comes: call 0 finds the number, the
 * 2048 lines and the end take 2049; then a call for each look. */
static void log_when_followed(unsigned n)
{
	if (n == 2050 || n == 2052)
		vmm_log_info("%u\n", n);
	if (n == 2055)
		no_vmm = true;
}

static void test_follow(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2048; i++)
		vmm_log_info("x\n");
	now = 0;
	before_call = log_when_followed;
	assert_int_equal(run_bvlog("-fn1", NULL), 1);
	assert_string_equal(strchr(out, '\n'), "\n[    0.000000] 2050\n"
			    "[    0.000001] 2052\n");
	assert_string_equal(err, "bvlog: not running under BitVisor\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_call, setup),
		cmocka_unit_test_setup(test_empty, setup),
		cmocka_unit_test_setup(test_lines, setup),
		cmocka_unit_test_setup(test_options, setup),
		cmocka_unit_test_setup(test_bad_options, setup),
		cmocka_unit_test_setup(test_privilege, setup),
		cmocka_unit_test_setup(test_no_vmm, setup),
		cmocka_unit_test_setup(test_odd_requests, setup),
		cmocka_unit_test_setup(test_overtaken, setup),
		cmocka_unit_test_setup(test_follow, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
