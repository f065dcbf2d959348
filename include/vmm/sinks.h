/* SPDX-License-Identifier: BSD-3-Clause */
/* The log's sinks: each is a unit, so a variant has those that it names. */
#ifndef VMM_SINKS_H
#define VMM_SINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <vmm/compiler.h>
#include <vmm/unit.h>

VMM_BEGIN_DECLS

/* The firmware's console, while vmm->services is there; the boot processor
 * prints for all.  Level: config.vmm.log_level, as for the serial port. */
extern const struct vmm_unit vmm_sink_console;

/* A 16550 UART, config.vmm.tty_serial; the guest does not see its ports. */
extern const struct vmm_unit vmm_sink_serial;
#define VMM_SINK_SERIAL_NAME "serial log"

/* The same port beside the log, to try the line: between two lines of it.  On
 * any CPU.  vmm_serial_write() returns false if the VMM has no port; what a
 * line takes that nobody listens to is bounded.  vmm_serial_read() returns a
 * byte that came, or -1. */
bool vmm_serial_write(const char *text, size_t n);
int vmm_serial_read(void);

/* The framebuffer that the loader handed over; shows panics only, from when
 * vmm->services is NULL.  It must be mapped, at its physical address, in the
 * VMM's own page tables. */
extern const struct vmm_unit vmm_sink_screen;

/* The guest, which asks by hypercall: see vmm/logread.h and bvlog(1). */
extern const struct vmm_unit vmm_sink_guest;

VMM_END_DECLS

#endif
