/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers: National Semiconductor PC16550D data sheet, table II. */
#include <core/uart.h>
#include <errno.h>
#include <vmm/error.h>

#define REG_DATA	0	/* divisor, low byte, while LCR_DLAB */
#define REG_IER		1	/* divisor, high byte, while LCR_DLAB */
#define REG_FCR		2
#define REG_LCR		3
#define REG_MCR		4
#define REG_LSR		VMM_UART_STATUS

#define FCR_ON_AND_CLEAR	0x07
#define LCR_8N1			0x03
#define LCR_DLAB		0x80
#define MCR_DTR_RTS		0x03
#define LSR_DATA_READY		0x01
#define LSR_THR_EMPTY		0x20
#define LSR_ABSENT		0xff	/* bit 7 and all errors: a dead bus */

#define DIVISOR_115200		1	/* of the 1.8432 MHz clock */

/* A byte takes 87 us; a read of a legacy port about 1 us, at least 0.1. */
#define MAX_POLLS	20000u
#define MAX_TIMEOUTS	3u

uint16_t vmm_uart_port(int tty_serial)
{
	static const uint16_t com[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };

	if (tty_serial >= 1 && tty_serial <= (int)VMM_ARRAY_SIZE(com))
		return com[tty_serial - 1];
	if (tty_serial < (int)VMM_UART_PORTS ||
	    tty_serial > (int)(0x10000 - VMM_UART_PORTS))
		return 0;
	return (uint16_t)tty_serial;
}

static uint8_t get(const struct vmm_uart *u, unsigned reg)
{
	return u->in((uint16_t)(u->port + reg));
}

static void set(const struct vmm_uart *u, unsigned reg, uint8_t value)
{
	u->out((uint16_t)(u->port + reg), value);
}

int vmm_uart_init(struct vmm_uart *u)
{
	u->timeouts = 0;
	if (get(u, REG_LSR) == LSR_ABSENT)
		return VMM_ERROR(ENODEV);
	set(u, REG_LCR, LCR_8N1);
	set(u, REG_IER, 0);
	set(u, REG_LCR, LCR_8N1 | LCR_DLAB);
	set(u, REG_DATA, DIVISOR_115200 & 0xff);
	set(u, REG_IER, DIVISOR_115200 >> 8);
	set(u, REG_LCR, LCR_8N1);
	set(u, REG_FCR, FCR_ON_AND_CLEAR);
	set(u, REG_MCR, MCR_DTR_RTS);
	return 0;
}

/* Wait for room; false if there is none in time. */
static bool wait_room(struct vmm_uart *u)
{
	for (unsigned i = 0; i < MAX_POLLS; i++) {
		if (get(u, REG_LSR) & LSR_THR_EMPTY) {
			u->timeouts = 0;
			return true;
		}
	}
	u->timeouts++;
	return false;
}

static bool put_byte(struct vmm_uart *u, char c)
{
	if (!wait_room(u))
		return false;
	set(u, REG_DATA, (uint8_t)c);
	return true;
}

void vmm_uart_write(struct vmm_uart *u, const char *text, size_t n)
{
	/* The rest of a text is not tried after a byte that was refused:
	 * thousands of waits in a row would stop the guest. */
	for (; n && u->timeouts < MAX_TIMEOUTS; n--, text++) {
		if (*text == '\n' && !put_byte(u, '\r'))
			return;
		if (!put_byte(u, *text))
			return;
	}
}

int vmm_uart_read(struct vmm_uart *u)
{
	uint8_t status = get(u, REG_LSR);

	if (status == LSR_ABSENT || !(status & LSR_DATA_READY))
		return -1;
	return get(u, REG_DATA);
}
