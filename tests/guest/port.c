/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdarg.h>
#include <stdbool.h>
#include "port.h"

static void out_char(char c)
{
	__asm__ volatile("outb %0, %1"
			 :: "a"(c), "Nd"((uint16_t)PORT_E9) : "memory");
}

static void out_string(const char *s)
{
	while (*s)
		out_char(*s++);
}

static void out_number(uint64_t v, unsigned base, int width)
{
	char digits[24];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (width-- > n)
		out_char('0');
	while (n)
		out_char(digits[--n]);
}

static int parse_width(const char **fmt)
{
	int width = 0;

	while (**fmt >= '0' && **fmt <= '9')
		width = width * 10 + *(*fmt)++ - '0';
	return width;
}

static void out_conversion(char c, uint64_t v, int width)
{
	if (c == 'd' && (int64_t)v < 0) {
		out_char('-');
		v = -v;
	}
	out_number(v, c == 'x' ? 16 : 10, width);
}

void out(const char *fmt, ...)
{
	bool wide;
	int width;
	va_list ap;

	va_start(ap, fmt);
	for (; *fmt; fmt++) {
		if (*fmt != '%') {
			out_char(*fmt);
			continue;
		}
		fmt++;
		width = parse_width(&fmt);
		wide = *fmt == 'l';
		if (wide)
			fmt++;
		if (*fmt == 's')
			out_string(va_arg(ap, const char *));
		else if (*fmt == 'c')
			out_char((char)va_arg(ap, int));
		else if (*fmt == '%')
			out_char('%');
		else if (wide)
			out_conversion(*fmt, va_arg(ap, uint64_t), width);
		else if (*fmt == 'd')
			out_conversion('d', (uint64_t)(int64_t)va_arg(ap, int),
				       width);
		else
			out_conversion(*fmt, va_arg(ap, unsigned), width);
	}
	va_end(ap);
}
