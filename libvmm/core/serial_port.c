/* SPDX-License-Identifier: BSD-3-Clause */
/* Which ports the log's UART has; apart from the sink, so that who asks does
 * not pull the sink into variants without it. */
#include <core/core_priv.h>
#include <core/uart.h>
#include <vmm/sinks.h>

static uint16_t serial_port;

void vmm_serial_port_set(uint16_t port)
{
	serial_port = port;
}

bool vmm_serial_port(uint16_t *first, uint16_t *count)
{
	*first = serial_port;
	*count = VMM_UART_PORTS;
	return serial_port != 0;
}
