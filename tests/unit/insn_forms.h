/* SPDX-License-Identifier: BSD-3-Clause */
/* Forms of instructions with a memory operand. */
#ifndef INSN_FORMS_H
#define INSN_FORMS_H

#include <stdint.h>

struct form {
	const char *name;
	uint8_t sizes;		/* of operands: OR of 1, 2, 4, 8 */
	uint8_t prefix;		/* F2, F3 or 0 */
	uint8_t map;		/* 0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A */
	uint8_t opcode;
	int8_t ext;		/* ModRM.reg, if it is no register */
	uint8_t imm;		/* bytes; 4: by operand size */
	int8_t pp;		/* VEX, if >= 0 */
};

#define B1 1
#define W 14		/* 2, 4, 8 */
#define D 12		/* 4, 8 */
#define LEGACY -1
#define REG -1

#define ARITHMETIC(name, n)						\
	{ name " m8, r8", B1, 0, 0, 8 * (n), REG, 0, LEGACY },		\
	{ name " m, r", W, 0, 0, 8 * (n) + 1, REG, 0, LEGACY },		\
	{ name " r8, m8", B1, 0, 0, 8 * (n) + 2, REG, 0, LEGACY },	\
	{ name " r, m", W, 0, 0, 8 * (n) + 3, REG, 0, LEGACY },		\
	{ name " m8, i8", B1, 0, 0, 0x80, n, 1, LEGACY },		\
	{ name " m, iz", W, 0, 0, 0x81, n, 4, LEGACY },			\
	{ name " m, i8", W, 0, 0, 0x83, n, 1, LEGACY }
#define SHIFT(name, n)							\
	{ name " m8, i8", B1, 0, 0, 0xc0, n, 1, LEGACY },		\
	{ name " m, i8", W, 0, 0, 0xc1, n, 1, LEGACY },			\
	{ name " m8, 1", B1, 0, 0, 0xd0, n, 0, LEGACY },		\
	{ name " m, 1", W, 0, 0, 0xd1, n, 0, LEGACY },			\
	{ name " m8, cl", B1, 0, 0, 0xd2, n, 0, LEGACY },		\
	{ name " m, cl", W, 0, 0, 0xd3, n, 0, LEGACY }
#define UNARY(name, op, n)						\
	{ name " m8", B1, 0, 0, op, n, 0, LEGACY },			\
	{ name " m", W, 0, 0, (op) + 1, n, 0, LEGACY }
#define BIT(name, op, n)						\
	{ name " m, r", W, 0, 1, op, REG, 0, LEGACY },			\
	{ name " m, i8", W, 0, 1, 0xba, n, 1, LEGACY }

static const struct form base_forms[] = {
	ARITHMETIC("add", 0), ARITHMETIC("or", 1), ARITHMETIC("adc", 2),
	ARITHMETIC("sbb", 3), ARITHMETIC("and", 4), ARITHMETIC("sub", 5),
	ARITHMETIC("xor", 6), ARITHMETIC("cmp", 7),
	SHIFT("rol", 0), SHIFT("ror", 1), SHIFT("rcl", 2), SHIFT("rcr", 3),
	SHIFT("shl", 4), SHIFT("shr", 5), SHIFT("sal", 6), SHIFT("sar", 7),
	UNARY("not", 0xf6, 2), UNARY("neg", 0xf6, 3), UNARY("mul", 0xf6, 4),
	UNARY("imul", 0xf6, 5), UNARY("div", 0xf6, 6), UNARY("idiv", 0xf6, 7),
	UNARY("inc", 0xfe, 0), UNARY("dec", 0xfe, 1),
	BIT("bt", 0xa3, 4), BIT("bts", 0xab, 5), BIT("btr", 0xb3, 6),
	BIT("btc", 0xbb, 7),
	{ "test m8, r8", B1, 0, 0, 0x84, REG, 0, LEGACY },
	{ "test m, r", W, 0, 0, 0x85, REG, 0, LEGACY },
	{ "test m8, i8", B1, 0, 0, 0xf6, 0, 1, LEGACY },
	{ "test m, iz", W, 0, 0, 0xf7, 0, 4, LEGACY },
	{ "test m, iz (f7 /1)", W, 0, 0, 0xf7, 1, 4, LEGACY },
	{ "xchg m8, r8", B1, 0, 0, 0x86, REG, 0, LEGACY },
	{ "xchg m, r", W, 0, 0, 0x87, REG, 0, LEGACY },
	{ "mov m8, r8", B1, 0, 0, 0x88, REG, 0, LEGACY },
	{ "mov m, r", W, 0, 0, 0x89, REG, 0, LEGACY },
	{ "mov r8, m8", B1, 0, 0, 0x8a, REG, 0, LEGACY },
	{ "mov r, m", W, 0, 0, 0x8b, REG, 0, LEGACY },
	{ "mov m8, i8", B1, 0, 0, 0xc6, 0, 1, LEGACY },
	{ "mov m, iz", W, 0, 0, 0xc7, 0, 4, LEGACY },
	{ "movsxd r, m", W, 0, 0, 0x63, REG, 0, LEGACY },
	{ "imul r, m, iz", W, 0, 0, 0x69, REG, 4, LEGACY },
	{ "imul r, m, i8", W, 0, 0, 0x6b, REG, 1, LEGACY },
	{ "imul r, m", W, 0, 1, 0xaf, REG, 0, LEGACY },
	{ "pop m", 10, 0, 0, 0x8f, 0, 0, LEGACY },
	{ "push m", 10, 0, 0, 0xff, 6, 0, LEGACY },
	{ "movzx r, m8", W, 0, 1, 0xb6, REG, 0, LEGACY },
	{ "movzx r, m16", W, 0, 1, 0xb7, REG, 0, LEGACY },
	{ "movsx r, m8", W, 0, 1, 0xbe, REG, 0, LEGACY },
	{ "movsx r, m16", W, 0, 1, 0xbf, REG, 0, LEGACY },
	{ "movnti m, r", D, 0, 1, 0xc3, REG, 0, LEGACY },
	{ "bsf r, m", W, 0, 1, 0xbc, REG, 0, LEGACY },
	{ "bsr r, m", W, 0, 1, 0xbd, REG, 0, LEGACY },
	{ "xadd m8, r8", B1, 0, 1, 0xc0, REG, 0, LEGACY },
	{ "xadd m, r", W, 0, 1, 0xc1, REG, 0, LEGACY },
	{ "cmpxchg m8, r8", B1, 0, 1, 0xb0, REG, 0, LEGACY },
	{ "cmpxchg m, r", W, 0, 1, 0xb1, REG, 0, LEGACY },
};

/* Those that not every processor has. */
static const struct form newer_forms[] = {
	{ "movbe r, m", W, 0, 2, 0xf0, REG, 0, LEGACY },
	{ "movbe m, r", W, 0, 2, 0xf1, REG, 0, LEGACY },
	{ "movdiri m, r", D, 0, 2, 0xf9, REG, 0, LEGACY },
	{ "popcnt r, m", W, 0xf3, 1, 0xb8, REG, 0, LEGACY },
	{ "tzcnt r, m", W, 0xf3, 1, 0xbc, REG, 0, LEGACY },
	{ "lzcnt r, m", W, 0xf3, 1, 0xbd, REG, 0, LEGACY },
	{ "andn r, r, m", D, 0, 2, 0xf2, REG, 0, 0 },
	{ "blsr r, m", D, 0, 2, 0xf3, 1, 0, 0 },
	{ "blsmsk r, m", D, 0, 2, 0xf3, 2, 0, 0 },
	{ "blsi r, m", D, 0, 2, 0xf3, 3, 0, 0 },
	{ "bzhi r, m, r", D, 0, 2, 0xf5, REG, 0, 0 },
	{ "bextr r, m, r", D, 0, 2, 0xf7, REG, 0, 0 },
	{ "shlx r, m, r", D, 0, 2, 0xf7, REG, 0, 1 },
	{ "sarx r, m, r", D, 0, 2, 0xf7, REG, 0, 2 },
	{ "shrx r, m, r", D, 0, 2, 0xf7, REG, 0, 3 },
	{ "rorx r, m, i8", D, 0, 3, 0xf0, REG, 1, 3 },
};

#endif
