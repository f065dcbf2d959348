/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HELLO_H
#define HELLO_H

#include <vmm/unit.h>

/* Counts the calls of its hypercall "hello" and returns the count. */
extern const struct vmm_unit hello_unit;

#endif
