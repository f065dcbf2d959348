/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of the opcode maps. */
#ifndef EMUL_OPCODE_H
#define EMUL_OPCODE_H

#include <vmm/compiler.h>
#include <vmm/insn.h>

/* Size of the immediate, in the letters of Intel SDM vol. 2, appendix A.2:
 * z is 2 or 4 bytes, v 2, 4 or 8, by operand size; b/z is b where ROW_BYTE. */
enum emul_imm {
	IMM_NONE,
	IMM_B,
	IMM_Z,
	IMM_BZ,
	IMM_V,
	IMM_W,
	IMM_D,
	IMM_WB,		/* ENTER */
	IMM_JZ,		/* near branch: 4 bytes in 64-bit mode */
	IMM_FAR,	/* selector and offset */
	IMM_MOFFS,	/* an address in place of ModRM */
	IMM_1,		/* not encoded: shift by one */
	IMM_COND,	/* not encoded: bits 0-3 of the opcode, a condition */
};

/* A row is the OR of these; zero: valid, one byte, VMM_INSN_OTHER. */
#define ROW_IMM_MASK	0x0000000fu
#define ROW_MODRM	0x00000010u
#define ROW_NOMEM	0x00000020u	/* ModRM whose mod is taken as 3 */
#define ROW_INVALID	0x00000040u
#define ROW_INVALID64	0x00000080u	/* in 64-bit mode */
#define ROW_PREFIX	0x00000100u
#define ROW_BYTE	0x00000200u	/* operands of one byte */
#define ROW_STACK	0x00000400u	/* 64-bit mode: operands of 8 bytes */
#define ROW_ONLY64	0x00000800u	/* else the operation is another */
#define ROW_NP		0x00001000u	/* operation: if no 66, F2, F3 */
#define ROW_NOREP	0x00002000u	/* operation: if no F2, F3 */
#define ROW_F3		0x00004000u	/* operation: if F3 */
#define ROW_ESCAPE	0x00008000u	/* to another map, or it may be */
#define ROW_CL		0x00010000u	/* the register operand is CL */
/* Size of the memory operand, if it differs from the register's. */
#define ROW_MEM1	0x00020000u
#define ROW_MEM2	0x00040000u
#define ROW_MEM4	0x00060000u
#define ROW_MEM_MASK	0x00060000u
#define ROW_MEM_OF(row)	((uint8_t)(1u << ((row) >> 17 & 3) >> 1))
#define ROW_OP(op)	((unsigned)VMM_INSN_##op << 19)
#define ROW_OP_OF(row)	((row) >> 19 & 63)
#define ROW_FORM(form)	((unsigned)VMM_INSN_FORM_##form << 25)
#define ROW_FORM_OF(row) ((row) >> 25 & 7)
/* The group: its row for ModRM.reg is ORed to this one. */
#define ROW_GROUP(g)	((unsigned)GROUP_##g << 28)
#define ROW_GROUP_OF(row) ((row) >> 28)
#define ROW_DO(op, form) (ROW_OP(op) | ROW_FORM(form))

/* What most instructions have not. */
#define ROW_UNUSUAL	(ROW_BYTE | ROW_STACK | ROW_ONLY64 | ROW_NP |	\
			 ROW_NOREP | ROW_F3 | ROW_CL | ROW_MEM_MASK)

VMM_STATIC_ASSERT(VMM_INSN_OPS <= 64, "ROW_OP has 6 bits");
VMM_STATIC_ASSERT(VMM_INSN_FORM_RMR <= 7, "ROW_FORM has 3 bits");

/* Groups (SDM vol. 2, table A-6) whose members differ in what matters here. */
enum emul_group {
	GROUP_NONE,
	GROUP_1,	/* 80-83 */
	GROUP_1A,	/* 8F */
	GROUP_2,	/* C0 C1 D0-D3 */
	GROUP_3,	/* F6 F7 */
	GROUP_4,	/* FE */
	GROUP_5,	/* FF */
	GROUP_8,	/* 0F BA */
	GROUP_11,	/* C6 C7 */
	GROUPS
};

extern const uint32_t emul_map_one[256];		/* one-byte opcodes */
extern const uint32_t emul_map_0f[256];
extern const uint32_t emul_groups[GROUPS][8];

/* Opcodes behind 0F 38; those behind 0F 3A have all the same row. */
uint32_t emul_row_0f38(uint8_t opcode);
#define ROW_0F3A	(ROW_MODRM | IMM_B)

/* Opcodes behind VEX, XOP, EVEX. */
enum emul_space { SPACE_VEX, SPACE_XOP, SPACE_EVEX };
uint32_t emul_row_vector(enum emul_space space, unsigned map, uint8_t opcode);

/* What VEX instructions on general registers do; 0 for all others.
 * pp: the prefix that VEX holds, 0 to 3: none, 66, F3, F2. */
uint32_t emul_row_bmi(unsigned map, uint8_t opcode, unsigned pp, unsigned reg);

#endif
