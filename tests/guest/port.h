/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Output of the test programs: QEMU's isa-debugcon and Bochs' port_e9_hack
 * take bytes written to port 0xe9 and put them into a file of the host.  It
 * needs no driver, works with interrupts off, and no VMM traps it.
 */
#ifndef TESTS_GUEST_PORT_H
#define TESTS_GUEST_PORT_H

#include <stdint.h>

#define PORT_E9 0xe9

/* Write formatted text.  Conversions: %s %c %d %u %x %lx %lu %ld %%, numbers
 * with an optional width, always filled with zeros: %08x. */
void out(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
