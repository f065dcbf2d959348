/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines on a serial port. */
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <core/uart.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include <vmm/sinks.h>
#include <vmm/x86.h>

static struct serial {
	struct vmm_log_sink sink;
	struct vmm_uart uart;
	bool attached;
} serial;

static void serial_emit(struct vmm_log_sink *sink,
			const struct vmm_log_line *line, uint64_t lost)
{
	char text[48];

	(void)sink;
	if (lost)
		vmm_uart_write(&serial.uart, text,
			       (size_t)vmm_snprintf(text, sizeof(text),
						    "(%lu lines lost)\n",
						    lost));
	if ((int)line->level > config_log_level())
		return;
	vmm_uart_write(&serial.uart, line->text, line->len);
	vmm_uart_write(&serial.uart, "\n", 1);
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
