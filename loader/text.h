/* SPDX-License-Identifier: BSD-3-Clause */
/* Making lines of text in a fixed buffer.  Pure. */
#ifndef LOADER_TEXT_H
#define LOADER_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Format into buf[size] (size > 0), cut off where it does not fit, always
 * terminated.  Returns the length.  Conversions:
 *	%s const char *		%w const uint16_t * (UTF-16; '?' for non-ASCII)
 *	%u uint64_t, decimal	%x uint64_t, upper-case hexadecimal
 *	%%
 */
size_t text_format(char *buf, size_t size, const char *format, ...);
size_t text_vformat(char *buf, size_t size, const char *format, va_list args);

#endif
