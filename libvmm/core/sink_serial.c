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

/*
 * What the guest finds at the ports.  No system takes them for a UART's, for
 * they read as ones.  But a firmware that has found one there before the VMM
 * came goes on with it as its console: errors without end in the line status
 * would keep EDK II's driver busy for ever, which repeats until there are none
 * (SerialReceiveTransmit() in SerialIo.c).  So nothing ever comes, and all can
 * be sent at once.
 */
static uint32_t idle_read(struct vmm_vcpu *v, void *ctx, uint16_t port,
			  unsigned width)
{
	uint32_t value = UINT32_MAX;
	unsigned status = serial.uart.port + VMM_UART_STATUS - port;

	(void)v;
	(void)ctx;
	if (status < width)
		value ^= (UINT8_MAX ^ VMM_UART_IDLE) << status * 8;
	return value;
}

static void lost_write(struct vmm_vcpu *v, void *ctx, uint16_t port,
		       unsigned width, uint32_t value)
{
	(void)v;
	(void)ctx;
	(void)port;
	(void)width;
	(void)value;
}

static int serial_init(struct vmm *vmm)
{
	static const struct vmm_io_ops idle = { idle_read, lost_write };

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
	return vmm_io_hook(vmm, serial.uart.port, VMM_UART_PORTS, &idle, NULL);
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
