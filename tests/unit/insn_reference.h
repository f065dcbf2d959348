/* SPDX-License-Identifier: BSD-3-Clause */
/* The instruction decoder against another one, the library Zydis. */
#ifndef INSN_REFERENCE_H
#define INSN_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode n bytes both ways.  True if both agree: on the length, and on what
 * the instruction does to memory if one of them knows; or if the reference
 * knows of no such instruction.  Else *text says what differs. */
bool insn_reference_agrees(const uint8_t *bytes, unsigned n, unsigned mode,
			   char *text, size_t size);

/* How many of them the reference knew. */
extern unsigned long insn_reference_known;

#endif
