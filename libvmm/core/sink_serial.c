/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines on a serial port. */
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <core/uart.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include <vmm/sinks.h>
#include <vmm/spinlock.h>
#include <vmm/x86.h>

static struct serial {
	struct vmm_log_sink sink;
	struct vmm_uart uart;
	bool attached;
} serial;

/* Rounds that the log waits for another writer's short text. */
#define LOCK_SPINS	1000000u

static struct vmm_spinlock port_lock;

/* For the log, which a panic prints, too: the lock's owner may be stopped.
 * That is found out once, not for each line. */
static bool lock_port(void)
{
	static bool lost;

	lost = lost || !vmm_spin_trylock(&port_lock, LOCK_SPINS);
	return !lost;
}

static void serial_emit(struct vmm_log_sink *sink,
			const struct vmm_log_line *line, uint64_t lost)
{
	bool locked = lock_port();
	char text[48];

	(void)sink;
	if (lost)
		vmm_uart_write(&serial.uart, text,
			       (size_t)vmm_snprintf(text, sizeof(text),
						    "(%lu lines lost)\n",
						    lost));
	if ((int)line->level <= config_log_level()) {
		vmm_uart_write(&serial.uart, line->text, line->len);
		vmm_uart_write(&serial.uart, "\n", 1);
	}
	if (locked)
		vmm_spin_unlock(&port_lock);
}

bool vmm_serial_write(const char *text, size_t n)
{
	if (!serial.attached)
		return false;
	vmm_spin_lock(&port_lock);
	vmm_uart_write(&serial.uart, text, n);
	vmm_spin_unlock(&port_lock);
	return true;
}

int vmm_serial_read(void)
{
	int byte = -1;

	if (!serial.attached)
		return byte;
	vmm_spin_lock(&port_lock);
	byte = vmm_uart_read(&serial.uart);
	vmm_spin_unlock(&port_lock);
	return byte;
}

static int serial_init(struct vmm *vmm)
{
	serial = (struct serial){
		.sink = { .name = "serial", .emit = serial_emit },
		.uart = {
			.in = x86_inb,
			.out = x86_outb,
			.port = vmm_uart_port(config.vmm.tty_serial),
		},
	};
	if (!serial.uart.port)
		return 0;
	/* The machine is no worse for it: not a reason to refuse to start. */
	if (vmm_uart_init(&serial.uart)) {
		vmm_log_warning("vmm.tty_serial: no UART answers at port "
				"0x%x; no log on a serial port\n",
				serial.uart.port);
		return 0;
	}
	serial.attached = true;
	vmm_log_attach(&serial.sink);
	return vmm_io_hide(vmm, serial.uart.port, VMM_UART_PORTS);
}

static void serial_shutdown(struct vmm *vmm)
{
	(void)vmm;
	if (!serial.attached)
		return;
	vmm_log_detach(&serial.sink);
	serial.attached = false;
}

const struct vmm_unit vmm_sink_serial = {
	.name = VMM_SINK_SERIAL_NAME,
	.early = true,
	.init = serial_init,
	.shutdown = serial_shutdown,
};
