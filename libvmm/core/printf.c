/* SPDX-License-Identifier: BSD-3-Clause */
/* Formatting into a buffer: C11 7.21.6.1 without floating point. */
#include <stdbool.h>
#include <string.h>
#include <vmm/printf.h>

/* Where the text goes: what does not fit is counted only. */
struct out {
	char *buf;
	size_t size;
	size_t len;
};

/* One conversion specification between '%' and its letter. */
struct spec {
	bool left, plus, space, alt, zero;
	unsigned width;
	int precision;		/* -1: not given */
	char length;		/* 'H' hh, 'h', 0 int, 'l', 'L' ll */
};

/* Digits of the longest number: 64 bits in octal. */
#define MAX_DIGITS 22

/* A width or precision above this is ours to refuse: no caller needs it, and
 * it keeps the sums below from overflowing. */
#define MAX_FIELD 4096u

static void put(struct out *o, char c)
{
	if (o->len < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_many(struct out *o, char c, unsigned n)
{
	while (n--)
		put(o, c);
}

static void put_text(struct out *o, const char *s, size_t n)
{
	while (n--)
		put(o, *s++);
}

/* Text padded to the width. */
static void put_field(struct out *o, const struct spec *sp, const char *s,
		      size_t n)
{
	unsigned pad = sp->width > n ? sp->width - (unsigned)n : 0;

	if (!sp->left)
		put_many(o, ' ', pad);
	put_text(o, s, n);
	if (sp->left)
		put_many(o, ' ', pad);
}

/* Digits of v, most significant first, without leading zeros (none for 0);
 * returns their start inside buf, whose end is given. */
static char *digits_of(uint64_t v, unsigned base, bool upper, char *end)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (; v; v /= base)
		*--end = set[v % base];
	return end;
}

/* A number whose sign or radix prefix is given. */
static void put_number(struct out *o, const struct spec *sp, const char *prefix,
		       uint64_t v, unsigned base, bool upper)
{
	char buf[MAX_DIGITS + 1];
	char *end = buf + sizeof(buf);
	char *start = digits_of(v, base, upper, end);
	unsigned n = (unsigned)(end - start);
	unsigned prefix_len = (unsigned)strlen(prefix);
	unsigned min = sp->precision < 0 ? 1 : (unsigned)sp->precision;
	unsigned zeros = n < min ? min - n : 0;
	unsigned pad;

	/* '#' with octal asks for a first digit 0, not for a prefix. */
	if (base == 8 && sp->alt && !zeros)
		zeros = 1;
	pad = prefix_len + zeros + n;
	pad = sp->width > pad ? sp->width - pad : 0;
	if (pad && sp->zero && !sp->left && sp->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	if (!sp->left)
		put_many(o, ' ', pad);
	put_text(o, prefix, prefix_len);
	put_many(o, '0', zeros);
	put_text(o, start, n);
	if (sp->left)
		put_many(o, ' ', pad);
}

static void put_signed(struct out *o, const struct spec *sp, int64_t v)
{
	const char *sign = sp->plus ? "+" : sp->space ? " " : "";
	uint64_t magnitude = (uint64_t)v;

	if (v < 0) {
		sign = "-";
		magnitude = -magnitude;
	}
	put_number(o, sp, sign, magnitude, 10, false);
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
	size_t n;

	if (!s)
		s = sp->precision < 0 || sp->precision >= 6 ? "(null)" : "";
	n = sp->precision < 0 ? strlen(s) : strnlen(s, (size_t)sp->precision);
	put_field(o, sp, s, n);
}

static void put_pointer(struct out *o, const struct spec *sp, const void *p)
{
	if (p)
		put_number(o, sp, "0x", (uintptr_t)p, 16, false);
	else
		put_field(o, sp, "(nil)", 5);
}

/* va_list may be an array type: wrapped, it can be passed by address. */
struct args {
	va_list ap;
};

static int64_t next_signed(struct args *a, char length)
{
	switch (length) {
	case 'H':
		return (signed char)va_arg(a->ap, int);
	case 'h':
		return (short)va_arg(a->ap, int);
	case 'l':
		return va_arg(a->ap, int64_t);
	default:
		return va_arg(a->ap, int);
	}
}

static uint64_t next_unsigned(struct args *a, char length)
{
	switch (length) {
	case 'H':
		return (unsigned char)va_arg(a->ap, unsigned);
	case 'h':
		return (unsigned short)va_arg(a->ap, unsigned);
	case 'l':
		return va_arg(a->ap, uint64_t);
	default:
		return va_arg(a->ap, unsigned);
	}
}

static const char *parse_flags(struct spec *sp, const char *f)
{
	for (;; f++) {
		switch (*f) {
		case '-':
			sp->left = true;
			break;
		case '+':
			sp->plus = true;
			break;
		case ' ':
			sp->space = true;
			break;
		case '#':
			sp->alt = true;
			break;
		case '0':
			sp->zero = true;
			break;
		default:
			return f;
		}
	}
}

static const char *parse_uint(unsigned *value, const char *f)
{
	for (*value = 0; *f >= '0' && *f <= '9'; f++)
		if (*value < MAX_FIELD)
			*value = *value * 10 + (unsigned)(*f - '0');
	if (*value > MAX_FIELD)
		*value = MAX_FIELD;
	return f;
}

/* '*' or digits; a negative '*' gives -1 - magnitude through *value. */
static const char *parse_field(int *value, const char *f, struct args *a)
{
	unsigned n;

	if (*f == '*') {
		*value = va_arg(a->ap, int);
		if (*value > (int)MAX_FIELD)
			*value = MAX_FIELD;
		if (*value < -(int)MAX_FIELD)
			*value = -(int)MAX_FIELD;
		return f + 1;
	}
	f = parse_uint(&n, f);
	*value = (int)n;
	return f;
}

/* All of l ll z j t are 64 bits wide here. */
static const char *parse_length(struct spec *sp, const char *f)
{
	if (*f == 'h') {
		sp->length = 'h';
		if (*++f == 'h') {
			sp->length = 'H';
			f++;
		}
	} else if (*f == 'l') {
		sp->length = 'l';
		if (*++f == 'l')
			f++;
	} else if (*f == 'z' || *f == 'j' || *f == 't') {
		sp->length = 'l';
		f++;
	}
	return f;
}

VMM_STATIC_ASSERT(sizeof(long) == 8 && sizeof(long long) == 8 &&
		  sizeof(size_t) == 8, "lengths l ll z j t are one");

/* Everything between '%' and the conversion letter. */
static const char *parse_spec(struct spec *sp, const char *f, struct args *a)
{
	int width;

	memset(sp, 0, sizeof(*sp));
	sp->precision = -1;
	f = parse_flags(sp, f);
	f = parse_field(&width, f, a);
	if (width < 0) {
		/* C11 7.21.6.1, 5: a negative '*' is the flag '-'. */
		sp->left = true;
		width = -width;
	}
	sp->width = (unsigned)width;
	if (*f == '.') {
		f = parse_field(&sp->precision, f + 1, a);
		if (sp->precision < 0)
			sp->precision = -1;
	}
	return parse_length(sp, f);
}

/* One conversion; false if the letter is unknown. */
static bool convert(struct out *o, const struct spec *sp, char letter,
		    struct args *a)
{
	uint64_t v;
	char c;

	switch (letter) {
	case 'd':
	case 'i':
		put_signed(o, sp, next_signed(a, sp->length));
		return true;
	case 'u':
		put_number(o, sp, "", next_unsigned(a, sp->length), 10, false);
		return true;
	case 'o':
		put_number(o, sp, "", next_unsigned(a, sp->length), 8, false);
		return true;
	case 'x':
		v = next_unsigned(a, sp->length);
		put_number(o, sp, sp->alt && v ? "0x" : "", v, 16, false);
		return true;
	case 'X':
		v = next_unsigned(a, sp->length);
		put_number(o, sp, sp->alt && v ? "0X" : "", v, 16, true);
		return true;
	case 'c':
		c = (char)va_arg(a->ap, int);
		put_field(o, sp, &c, 1);
		return true;
	case 's':
		put_string(o, sp, va_arg(a->ap, const char *));
		return true;
	case 'p':
		put_pointer(o, sp, va_arg(a->ap, const void *));
		return true;
	case '%':
		put(o, '%');
		return true;
	default:
		return false;
	}
}

int vmm_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	struct args a;
	struct spec sp;

	va_copy(a.ap, ap);
	while (*fmt) {
		const char *start = fmt;

		if (*fmt++ != '%') {
			put(&o, *start);
			continue;
		}
		fmt = parse_spec(&sp, fmt, &a);
		if (*fmt && convert(&o, &sp, *fmt, &a)) {
			fmt++;
			continue;
		}
		/* Not ours: show it as it stands.  What follows cannot find
		 * its argument, so it is not interpreted either. */
		put_text(&o, start, strlen(start));
		break;
	}
	va_end(a.ap);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len > INT32_MAX ? INT32_MAX : (int)o.len;
}

int vmm_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vmm_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}
