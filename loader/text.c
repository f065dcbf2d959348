/* SPDX-License-Identifier: BSD-3-Clause */
#include "text.h"

struct out {
	char *buf;
	size_t size, n;
};

static void put(struct out *o, char c)
{
	if (o->n + 1 < o->size)
		o->buf[o->n++] = c;
}

static void put_string(struct out *o, const char *s)
{
	while (*s)
		put(o, *s++);
}

static void put_utf16(struct out *o, const uint16_t *s)
{
	for (; *s; s++)
		put(o, *s >= 0x20 && *s < 0x7f ? (char)*s : '?');
}

static void put_number(struct out *o, uint64_t x, unsigned base)
{
	char digits[20];	/* as many as 2^64 has in decimal */
	unsigned n = 0;

	do {
		digits[n++] = "0123456789ABCDEF"[x % base];
		x /= base;
	} while (x);
	while (n)
		put(o, digits[--n]);
}

size_t text_vformat(char *buf, size_t size, const char *format, va_list args)
{
	struct out o = { buf, size, 0 };

	for (; *format; format++) {
		if (*format != '%') {
			put(&o, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_string(&o, va_arg(args, const char *));
			break;
		case 'w':
			put_utf16(&o, va_arg(args, const uint16_t *));
			break;
		case 'u':
			put_number(&o, va_arg(args, uint64_t), 10);
			break;
		case 'x':
			put_number(&o, va_arg(args, uint64_t), 16);
			break;
		default:
			put(&o, '%');
			break;
		}
	}
	buf[o.n] = '\0';
	return o.n;
}

size_t text_format(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	size_t n;

	va_start(args, format);
	n = text_vformat(buf, size, format, args);
	va_end(args);
	return n;
}
