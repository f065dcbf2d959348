/* SPDX-License-Identifier: BSD-3-Clause */
/* Arithmetic as the processor does it, with its flags. */
#ifndef EMUL_ALU_H
#define EMUL_ALU_H

#include <stdbool.h>
#include <vmm/insn.h>
#include <vmm/x86.h>

#define ALU_FLAGS (X86_RFLAGS_CF | X86_RFLAGS_PF | X86_RFLAGS_AF |	\
		   X86_RFLAGS_ZF | X86_RFLAGS_SF | X86_RFLAGS_OF)

/* The lowest `size` bytes, 1 to 8. */
static inline uint64_t alu_mask(unsigned size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

/* Value of `size` bytes, sign-extended. */
static inline uint64_t alu_sign(uint64_t value, unsigned size)
{
	unsigned shift = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

/*
 * Result of an operation on a and b of `size` bytes; bits of b beyond that are
 * ignored, those of a must be 0.  For CMP, TEST and BT, which have no result,
 * it means nothing.  Bit operations take the bit's number modulo the size.
 * Updates the flags in *rflags; undefined ones stay or are cleared.
 */
uint64_t alu_compute(enum vmm_insn_op op, unsigned size, uint64_t a,
		     uint64_t b, uint64_t *rflags);

/* A number of twice the operand size: rDX:rAX, or AH:AL. */
struct alu_pair {
	uint64_t low, high;
};

/* The product of low and b; bits of b beyond `size` bytes must be 0. */
struct alu_pair alu_multiply(bool sign, unsigned size, uint64_t low,
			     uint64_t b, uint64_t *rflags);

/* *n becomes its quotient (low) and remainder (high) by b.  -EDOM, *n
 * unchanged, if the quotient does not fit. */
int alu_divide(bool sign, unsigned size, struct alu_pair *n, uint64_t b)
	VMM_MUST_CHECK;

/* Does the condition (bits 0 to 3 of Jcc, SETcc, CMOVcc) hold? */
bool alu_condition(unsigned condition, uint64_t rflags);

#endif
