/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of include/vmm/x86.h for tests on the host: the same, but the
 * ports and the interrupt flag are the test's. */
#ifndef FAKE_PORTS_H
#define FAKE_PORTS_H

#include "../../../../include/vmm/x86.h"

uint8_t fake_inb(uint16_t port);
void fake_outb(uint16_t port, uint8_t value);
uint64_t fake_rflags(void);

#define x86_inb(port) fake_inb(port)
#define x86_outb(port, value) fake_outb(port, value)
#define x86_read_rflags() fake_rflags()

#endif
