/* SPDX-License-Identifier: BSD-3-Clause */
/* printf into a buffer, C11 semantics for the conversions
 * d i u x X o c s p % with flags "-+ #0", width, precision, '*' and the
 * lengths hh h l ll z j t.  No floating point.  Result: the length that the
 * whole text needs; the buffer is always NUL-terminated if size > 0. */
#ifndef VMM_PRINTF_H
#define VMM_PRINTF_H

#include <stdarg.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

int vmm_snprintf(char *buf, size_t size, const char *fmt, ...) VMM_PRINTF(3, 4);
int vmm_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	VMM_PRINTF(3, 0);

VMM_END_DECLS

#endif
