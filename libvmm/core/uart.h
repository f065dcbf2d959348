/* SPDX-License-Identifier: BSD-3-Clause */
/* A 16550 UART, polled.  Pure but for the port accesses, which
 * are the caller's functions.  Private to libvmm/core. */
#ifndef CORE_UART_H
#define CORE_UART_H

#include <stdbool.h>
#include <vmm/compiler.h>

#define VMM_UART_PORTS 8u
#define VMM_UART_STATUS	5u	/* the line status register */
#define VMM_UART_IDLE	0x60u	/* all was sent, nothing came */

struct vmm_uart {
	uint8_t (*in)(uint16_t port);
	void (*out)(uint16_t port, uint8_t value);
	uint16_t port;
	unsigned timeouts;	/* in a row */
};

/* The port that config.vmm.tty_serial means: 1 to 4 are COM1 to COM4, other
 * numbers a port.  0 if it means none. */
uint16_t vmm_uart_port(int tty_serial);

/* Set 115200 8n1 with FIFOs, no interrupts.  -ENODEV if nothing answers. */
int vmm_uart_init(struct vmm_uart *uart) VMM_MUST_CHECK;

/* Send n bytes, '\n' as CR LF.  Waits a bounded time for each; a UART that
 * lets us wait in vain again and again is not written to any more. */
void vmm_uart_write(struct vmm_uart *uart, const char *text, size_t n);
/* The byte that came, -1 if there is none.  Does not wait. */
int vmm_uart_read(struct vmm_uart *uart);

#endif
