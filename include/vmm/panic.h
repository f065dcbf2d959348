/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end: for our own bugs only.  Nothing that a guest, a packet, a table
 * or a configuration file did may lead here.
 *
 * vmm_panic stops all CPUs, logs message, registers, symbolised backtrace
 * and guest state to every sink, calls the panic_dump of every unit, then
 * reboots or halts as configured.  Any CPU, any context.
 */
#ifndef VMM_PANIC_H
#define VMM_PANIC_H

#include <vmm/compiler.h>

VMM_BEGIN_DECLS

VMM_NORETURN void vmm_panic(const char *fmt, ...) VMM_PRINTF(1, 2) VMM_COLD;

VMM_NORETURN void vmm_assert_failed(const char *expr, const char *func,
				    const char *file, int line) VMM_COLD;

#define VMM_ASSERT(expr) \
	(vmm_likely(expr) ? (void)0 : \
	 vmm_assert_failed(#expr, __func__, __FILE_NAME__, __LINE__))

VMM_END_DECLS

#endif
