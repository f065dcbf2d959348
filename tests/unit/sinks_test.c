/* SPDX-License-Identifier: BSD-3-Clause */
/* The units of the firmware console and of the panic screen, and the dump of
 * a guest, on the real log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <core/screen.h>
#include <vmm/sinks.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>
#include "fake_vcpu.h"

struct config_data config;

static char printed[32768];
static uint32_t apic_id;
static uint64_t panic_line = UINT64_MAX;

uint64_t vmm_uptime_usec(void)
{
	return 0;
}

uint32_t vmm_host_apic_id(void)
{
	return apic_id;
}

uint64_t vmm_panic_first_line(void)
{
	return panic_line;
}

static void BV_ABI console_write(void *ctx, const char *text, uint64_t n)
{
	size_t used = strlen(printed);

	assert_ptr_equal(ctx, &apic_id);
	assert_int_equal(apic_id, 5);
	assert_true(used + n < sizeof(printed));
	memcpy(printed + used, text, n);
	printed[used + n] = '\0';
}

static const struct bv_boot_services services = {
	.ctx = &apic_id, .console_write = console_write,
};

static void test_console(void **state)
{
	struct vmm vmm = { .services = &services };

	(void)state;
	config.vmm.log_level = VMM_LOG_INFO;
	apic_id = 5;
	vmm_log_info("before\n");
	assert_int_equal(vmm_sink_console.init(&vmm), 0);
	vmm_log_info("info\n");
	vmm_log_debug("debug\n");
	vmm_log_err("err\n");
	assert_string_equal(printed, "before\ninfo\nerr\n");
	/* Another processor must not call the firmware. */
	apic_id = 6;
	vmm_log_info("from CPU 6\n");
	assert_string_equal(printed, "before\ninfo\nerr\n");
	apic_id = 5;
	vmm_log_info("from CPU 5\n");
	assert_string_equal(printed + 16, "from CPU 6\nfrom CPU 5\n");
	/* After the firmware's time. */
	*printed = '\0';
	vmm.services = NULL;
	vmm_log_info("guest runs\n");
	assert_string_equal(printed, "");
	vmm_sink_console.shutdown(&vmm);
}

static void test_console_tells_of_losses(void **state)
{
	struct vmm vmm = { .services = &services };

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		vmm_log_debug("\n");
	*printed = '\0';
	assert_int_equal(vmm_sink_console.init(&vmm), 0);
	assert_non_null(strstr(printed, " lines lost)\n"));
	vmm_sink_console.shutdown(&vmm);
}

#define WIDTH	640u
#define HEIGHT	320u

static void test_screen(void **state)
{
	static uint32_t pixels[WIDTH * HEIGHT];
	struct bv_handoff handoff = {
		.framebuffer = {
			.base = (uintptr_t)pixels, .size = sizeof(pixels),
			.width = WIDTH, .height = HEIGHT, .stride = WIDTH,
			.format = BV_PIXEL_BGRX8,
		},
	};
	struct vmm vmm = { .handoff = &handoff, .services = &services };
	uint32_t row = vmm_panic_font.height * WIDTH;
	struct vmm_log_line line;
	uint64_t seq = 0;
	char c;

	(void)state;
	assert_int_equal(vmm_sink_screen.init(&vmm), 0);
	vmm_log_err("all is well\n");
	for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
		assert_int_equal(pixels[i], 0);
	/* The first line of the panic is the first on the screen. */
	while (vmm_log_read(&seq, &line, &c, 1))
		;
	panic_line = seq;
	vmm_log_err("_\n");
	/* The screen is still the firmware's. */
	assert_int_equal(pixels[0], 0);
	vmm.services = NULL;
	vmm_log_err("_\n");
	assert_int_not_equal(pixels[0], 0);
	assert_memory_equal(pixels + row, pixels, row * 4);
	vmm_log_err("#\n");
	assert_memory_not_equal(pixels + 2 * row, pixels, row * 4);
	vmm_sink_screen.shutdown(&vmm);
	panic_line = UINT64_MAX;
	/* No screen is no reason not to start. */
	handoff.framebuffer.format = BV_PIXEL_NONE;
	assert_int_equal(vmm_sink_screen.init(&vmm), 0);
	vmm_sink_screen.shutdown(&vmm);
}

static void test_guest_dump(void **state)
{
	struct vmm vmm = { .services = &services };
	struct vmm_vcpu vcpu;

	(void)state;
	fake_vcpu_init(&vcpu);
	vcpu.number = 1;
	for (unsigned i = 0; i <= VMM_REG_R15; i++)
		vcpu.reg[i] = 0x1000 + i;
	vcpu.reg[VMM_REG_RIP] = UINT64_C(0xffffffff81000123);
	assert_int_equal(vmm_sink_console.init(&vmm), 0);
	*printed = '\0';
	vmm_dump_guest(&vcpu, VMM_LOG_ERR);
	assert_non_null(strstr(printed, "Guest state and registers of cpu 1 "
			       "------------\n"
			       "RAX 00001000    RCX 00001001    RDX 00001002"
			       "    RBX 00001003\n"
			       "RSP 00001004    RBP 00001005    RSI 00001006"
			       "    RDI 00001007\n"
			       "R8  00001008    R9  00001009    R10 0000100A"
			       "    R11 0000100B\n"));
	assert_non_null(strstr(printed, "R15 0000100F\nCR0 80000001    CR2 "));
	assert_non_null(strstr(printed, "\nACR   00000000 00000AFB "));
	assert_non_null(strstr(printed, "\nLIMIT 00000000 FFFFFFFF "));
	assert_non_null(strstr(printed, "\nBASE  00000000 "));
	assert_non_null(strstr(printed, "\nSEL   00000000 00000033 "));
	assert_non_null(strstr(printed, "\nRIP FFFFFFFF81000123    RFLAGS "));
	assert_non_null(strstr(printed, "\nEFER 00000500    "));
	/* At a level that is not printed, nothing is. */
	*printed = '\0';
	vmm_dump_guest(&vcpu, VMM_LOG_DEBUG);
	assert_string_equal(printed, "");
	vmm_sink_console.shutdown(&vmm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_console),
		cmocka_unit_test(test_console_tells_of_losses),
		cmocka_unit_test(test_screen),
		cmocka_unit_test(test_guest_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
