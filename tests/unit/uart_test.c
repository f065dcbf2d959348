/* SPDX-License-Identifier: BSD-3-Clause */
/* The serial port's driver against a small model of a 16550. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <core/uart.h>
#include <vmm/error.h>

#define BASE 0x2f8

static struct {
	bool absent, stuck;
	unsigned busy_reads;	/* of LSR after each byte */
	unsigned busy, polls;
	uint8_t ier, lcr, mcr, fcr, dll, dlm;
	char sent[64];
	unsigned count;
	const char *coming;	/* what the other end sends */
} model;

static uint8_t model_in(uint16_t port)
{
	assert_in_range(port, BASE, BASE + 7);
	if (model.absent)
		return 0xff;
	if (port == BASE) {
		assert_true(*model.coming);
		return (uint8_t)*model.coming++;
	}
	assert_int_equal(port, BASE + 5);
	model.polls++;
	if (*model.coming)
		return 0x61;
	if (model.stuck)
		return 0;
	if (model.busy) {
		model.busy--;
		return 0;
	}
	return 0x60;
}

static void model_out(uint16_t port, uint8_t value)
{
	bool dlab = model.lcr & 0x80;

	switch (port - BASE) {
	case 0:
		if (dlab) {
			model.dll = value;
			break;
		}
		assert_int_equal(model.busy, 0);
		assert_true(model.count < sizeof(model.sent));
		model.sent[model.count++] = (char)value;
		model.busy = model.busy_reads;
		break;
	case 1:
		*(dlab ? &model.dlm : &model.ier) = value;
		break;
	case 2:
		model.fcr = value;
		break;
	case 3:
		model.lcr = value;
		break;
	case 4:
		model.mcr = value;
		break;
	default:
		fail_msg("write to register %d", port - BASE);
	}
}

static struct vmm_uart uart;

static int setup(void **state)
{
	(void)state;
	memset(&model, 0, sizeof(model));
	model.coming = "";
	model.ier = 0x0f;
	model.dll = model.dlm = 0x55;
	uart = (struct vmm_uart){ model_in, model_out, BASE, 0 };
	return 0;
}

static void test_ports(void **state)
{
	(void)state;
	assert_int_equal(vmm_uart_port(0), 0);
	assert_int_equal(vmm_uart_port(1), 0x3f8);
	assert_int_equal(vmm_uart_port(2), 0x2f8);
	assert_int_equal(vmm_uart_port(3), 0x3e8);
	assert_int_equal(vmm_uart_port(4), 0x2e8);
	assert_int_equal(vmm_uart_port(5), 0);
	assert_int_equal(vmm_uart_port(0x3f8), 0x3f8);
	assert_int_equal(vmm_uart_port(0xfff8), 0xfff8);
	assert_int_equal(vmm_uart_port(0xfff9), 0);
	assert_int_equal(vmm_uart_port(0x103f8), 0);
	assert_int_equal(vmm_uart_port(-1), 0);
}

static void test_init(void **state)
{
	(void)state;
	assert_int_equal(vmm_uart_init(&uart), 0);
	assert_int_equal(model.lcr, 3);
	assert_int_equal(model.dll, 1);
	assert_int_equal(model.dlm, 0);
	assert_int_equal(model.ier, 0);
	assert_int_equal(model.mcr, 3);
	assert_int_equal(model.fcr & 1, 1);
	assert_int_equal(model.count, 0);
}

static void test_absent(void **state)
{
	(void)state;
	model.absent = true;
	assert_int_equal(vmm_uart_init(&uart), -ENODEV);
	assert_int_equal(model.lcr, 0);
}

static void test_write(void **state)
{
	(void)state;
	assert_int_equal(vmm_uart_init(&uart), 0);
	model.busy_reads = 100;
	vmm_uart_write(&uart, "one\ntwo\n", 8);
	assert_int_equal(model.count, 10);
	assert_memory_equal(model.sent, "one\r\ntwo\r\n", 10);
}

/* A transmitter that never gets ready costs a bounded number of reads, and
 * after a few texts none at all. */
static void test_stuck(void **state)
{
	unsigned polls;

	(void)state;
	assert_int_equal(vmm_uart_init(&uart), 0);
	model.stuck = true;
	vmm_uart_write(&uart, "a long text\n", 12);
	assert_in_range(model.polls, 1000, 100000);
	for (unsigned i = 0; i < 10; i++)
		vmm_uart_write(&uart, "more\n", 5);
	polls = model.polls;
	vmm_uart_write(&uart, "more\n", 5);
	assert_int_equal(model.polls, polls);
	assert_int_equal(model.count, 0);
}

/* One hiccup is forgiven. */
static void test_recovers(void **state)
{
	(void)state;
	assert_int_equal(vmm_uart_init(&uart), 0);
	for (unsigned i = 0; i < 10; i++) {
		model.stuck = true;
		vmm_uart_write(&uart, "x", 1);
		model.stuck = false;
		vmm_uart_write(&uart, "y", 1);
	}
	assert_int_equal(model.count, 10);
}

static void test_read(void **state)
{
	(void)state;
	assert_int_equal(vmm_uart_init(&uart), 0);
	assert_int_equal(vmm_uart_read(&uart), -1);
	model.coming = "a\xff";
	assert_int_equal(vmm_uart_read(&uart), 'a');
	assert_int_equal(vmm_uart_read(&uart), 0xff);
	assert_int_equal(vmm_uart_read(&uart), -1);
	/* A dead bus has every bit set, data ready, too. */
	model.absent = true;
	assert_int_equal(vmm_uart_read(&uart), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_read, setup),
		cmocka_unit_test_setup(test_ports, setup),
		cmocka_unit_test_setup(test_init, setup),
		cmocka_unit_test_setup(test_absent, setup),
		cmocka_unit_test_setup(test_write, setup),
		cmocka_unit_test_setup(test_stuck, setup),
		cmocka_unit_test_setup(test_recovers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
