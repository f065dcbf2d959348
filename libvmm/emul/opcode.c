/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The opcode maps: Intel SDM vol. 2, appendix A, tables; AMD APM
 * vol. 3, appendix A for 3DNow! and XOP.
 */
#include <emul/opcode.h>

#define R	ROW_MODRM
#define B	ROW_BYTE
#define X	ROW_INVALID
#define NO64	ROW_INVALID64
#define PREFIX	ROW_PREFIX
#define DO(op, form)	ROW_DO(op, form)

/* 00-3F: eight operations in the same six forms */
#define ARITHMETIC(first, op)				\
	[(first) + 0] = R | B | DO(op, MR),		\
	[(first) + 1] = R | DO(op, MR),			\
	[(first) + 2] = R | B | DO(op, RM),		\
	[(first) + 3] = R | DO(op, RM),			\
	[(first) + 4] = IMM_B,				\
	[(first) + 5] = IMM_Z

const uint32_t emul_map_one[256] = {
	ARITHMETIC(0x00, ADD),
	[0x06 ... 0x07] = NO64,
	ARITHMETIC(0x08, OR),
	[0x0e] = NO64,
	[0x0f] = ROW_ESCAPE,
	ARITHMETIC(0x10, ADC),
	[0x16 ... 0x17] = NO64,
	ARITHMETIC(0x18, SBB),
	[0x1e ... 0x1f] = NO64,
	ARITHMETIC(0x20, AND),
	[0x26] = PREFIX,				/* ES */
	[0x27] = NO64,
	ARITHMETIC(0x28, SUB),
	[0x2e] = PREFIX,				/* CS */
	[0x2f] = NO64,
	ARITHMETIC(0x30, XOR),
	[0x36] = PREFIX,				/* SS */
	[0x37] = NO64,
	ARITHMETIC(0x38, CMP),
	[0x3e] = PREFIX,				/* DS */
	[0x3f] = NO64,
	/* 40-4F: INC, DEC of registers, or REX */
	[0x60 ... 0x61] = NO64,
	[0x62] = R | ROW_ESCAPE | NO64,			/* BOUND or EVEX */
	[0x63] = R | ROW_ONLY64 | ROW_MEM4 | DO(MOVSX, RM),
	[0x64 ... 0x67] = PREFIX,			/* FS GS 66 67 */
	[0x68] = IMM_Z,
	[0x69] = R | IMM_Z | DO(IMUL, RMI),
	[0x6a] = IMM_B,
	[0x6b] = R | IMM_B | DO(IMUL, RMI),
	[0x70 ... 0x7f] = IMM_B,
	[0x80] = R | B | IMM_B | ROW_FORM(MI) | ROW_GROUP(1),
	[0x81] = R | IMM_Z | ROW_FORM(MI) | ROW_GROUP(1),
	[0x82] = R | B | IMM_B | NO64 | ROW_FORM(MI) | ROW_GROUP(1),
	[0x83] = R | IMM_B | ROW_FORM(MI) | ROW_GROUP(1),
	[0x84] = R | B | DO(TEST, MR),
	[0x85] = R | DO(TEST, MR),
	[0x86] = R | B | DO(XCHG, MR),
	[0x87] = R | DO(XCHG, MR),
	[0x88] = R | B | DO(MOV, MR),
	[0x89] = R | DO(MOV, MR),
	[0x8a] = R | B | DO(MOV, RM),
	[0x8b] = R | DO(MOV, RM),
	[0x8c ... 0x8e] = R,			/* MOV Sreg, LEA, MOV Sreg */
	[0x8f] = R | ROW_ESCAPE | ROW_STACK | ROW_GROUP(1A),	/* or XOP */
	[0x9a] = NO64 | IMM_FAR,
	[0xa0] = B | IMM_MOFFS | DO(MOV, RM),
	[0xa1] = IMM_MOFFS | DO(MOV, RM),
	[0xa2] = B | IMM_MOFFS | DO(MOV, MR),
	[0xa3] = IMM_MOFFS | DO(MOV, MR),
	[0xa4] = B | DO(MOVS, NONE),
	[0xa5] = DO(MOVS, NONE),
	[0xa8] = IMM_B,
	[0xa9] = IMM_Z,
	[0xaa] = B | DO(STOS, NONE),
	[0xab] = DO(STOS, NONE),
	[0xac] = B | DO(LODS, NONE),
	[0xad] = DO(LODS, NONE),
	[0xb0 ... 0xb7] = IMM_B,
	[0xb8 ... 0xbf] = IMM_V,
	[0xc0] = R | B | IMM_B | ROW_FORM(MI) | ROW_GROUP(2),
	[0xc1] = R | IMM_B | ROW_FORM(MI) | ROW_GROUP(2),
	[0xc2] = IMM_W,
	[0xc4 ... 0xc5] = R | ROW_ESCAPE | NO64,	/* LES, LDS or VEX */
	[0xc6] = R | B | ROW_GROUP(11),
	[0xc7] = R | ROW_GROUP(11),
	[0xc8] = IMM_WB,
	[0xca] = IMM_W,
	[0xcd] = IMM_B,
	[0xce] = NO64,
	[0xd0] = R | B | IMM_1 | ROW_FORM(MI) | ROW_GROUP(2),
	[0xd1] = R | IMM_1 | ROW_FORM(MI) | ROW_GROUP(2),
	[0xd2] = R | B | ROW_CL | ROW_FORM(MR) | ROW_GROUP(2),
	[0xd3] = R | ROW_CL | ROW_FORM(MR) | ROW_GROUP(2),
	[0xd4 ... 0xd5] = NO64 | IMM_B,			/* AAM, AAD */
	[0xd6] = NO64,
	[0xd8 ... 0xdf] = R,
	[0xe0 ... 0xe7] = IMM_B,
	[0xe8 ... 0xe9] = IMM_JZ,
	[0xea] = NO64 | IMM_FAR,
	[0xeb] = IMM_B,
	[0xf0] = PREFIX,				/* LOCK */
	[0xf2 ... 0xf3] = PREFIX,			/* REPNE, REP */
	[0xf6] = R | B | ROW_GROUP(3),
	[0xf7] = R | ROW_GROUP(3),
	[0xfe] = R | B | ROW_GROUP(4),
	[0xff] = R | ROW_GROUP(5),
};

const uint32_t emul_map_0f[256] = {
	[0x00 ... 0x03] = R,
	[0x04] = X,
	[0x0a] = X,
	[0x0c] = X,
	[0x0d] = R,
	[0x0f] = R | IMM_B,				/* 3DNow! */
	[0x10 ... 0x1f] = R,
	[0x20 ... 0x23] = R | ROW_NOMEM,		/* MOV CR, DR */
	[0x24 ... 0x27] = X,
	[0x28 ... 0x2f] = R,
	[0x36] = X,
	[0x39] = X,
	[0x3b ... 0x3f] = X,
	[0x40 ... 0x4f] = R | IMM_COND | DO(CMOV, RM),
	[0x50 ... 0x6f] = R,
	[0x70 ... 0x73] = R | IMM_B,
	[0x74 ... 0x76] = R,
	[0x78 ... 0x79] = R,				/* see decode.c */
	[0x7a ... 0x7b] = X,
	[0x7c ... 0x7f] = R,
	[0x80 ... 0x8f] = IMM_JZ,
	[0x90 ... 0x9f] = R | B | IMM_COND | DO(SET, M),
	[0xa3] = R | DO(BT, MR),
	[0xa4] = R | IMM_B,
	[0xa5 ... 0xa7] = R,
	[0xab] = R | DO(BTS, MR),
	[0xac] = R | IMM_B,
	[0xad ... 0xae] = R,
	[0xaf] = R | DO(IMUL, RM),
	[0xb0] = R | B | DO(CMPXCHG, MR),
	[0xb1] = R | DO(CMPXCHG, MR),
	[0xb2] = R,
	[0xb3] = R | DO(BTR, MR),
	[0xb4 ... 0xb5] = R,
	[0xb6] = R | ROW_MEM1 | DO(MOV, RM),		/* MOVZX */
	[0xb7] = R | ROW_MEM2 | DO(MOV, RM),
	[0xb8] = R | ROW_F3 | DO(POPCNT, RM),
	[0xb9] = R,
	[0xba] = R | IMM_B | ROW_FORM(MI) | ROW_GROUP(8),
	[0xbb] = R | DO(BTC, MR),
	[0xbc] = R | DO(BSF, RM),			/* F3: TZCNT */
	[0xbd] = R | DO(BSR, RM),			/* F3: LZCNT */
	[0xbe] = R | ROW_MEM1 | DO(MOVSX, RM),
	[0xbf] = R | ROW_MEM2 | DO(MOVSX, RM),
	[0xc0] = R | B | DO(XADD, MR),
	[0xc1] = R | DO(XADD, MR),
	[0xc2] = R | IMM_B,
	[0xc3] = R | ROW_NP | DO(MOV, MR),		/* MOVNTI */
	[0xc4 ... 0xc6] = R | IMM_B,
	[0xc7] = R,
	[0xd0 ... 0xff] = R,
};

const uint32_t emul_groups[GROUPS][8] = {
	[GROUP_1] = {
		ROW_OP(ADD), ROW_OP(OR), ROW_OP(ADC), ROW_OP(SBB),
		ROW_OP(AND), ROW_OP(SUB), ROW_OP(XOR), ROW_OP(CMP),
	},
	[GROUP_1A] = { ROW_OP(POP), X, X, X, X, X, X, X },
	[GROUP_2] = {	/* 6 is a synonym of SHL that AMD documents */
		ROW_OP(ROL), ROW_OP(ROR), ROW_OP(RCL), ROW_OP(RCR),
		ROW_OP(SHL), ROW_OP(SHR), ROW_OP(SHL), ROW_OP(SAR),
	},
	[GROUP_3] = {	/* 1 is a synonym of TEST that AMD documents */
		IMM_BZ | DO(TEST, MI), IMM_BZ | DO(TEST, MI),
		DO(NOT, M), DO(NEG, M),
		ROW_OP(MUL), ROW_OP(MULS), ROW_OP(DIV), ROW_OP(DIVS),
	},
	[GROUP_4] = { DO(INC, M), DO(DEC, M), X, X, X, X, X, X },
	[GROUP_5] = {	/* 2 to 5: CALL, JMP */
		DO(INC, M), DO(DEC, M), 0, 0, 0, 0,
		ROW_STACK | ROW_OP(PUSH), X,
	},
	[GROUP_8] = {
		X, X, X, X, ROW_OP(BT), ROW_OP(BTS), ROW_OP(BTR), ROW_OP(BTC),
	},
	[GROUP_11] = {	/* 7: XABORT and XBEGIN, of registers only */
		IMM_BZ | DO(MOV, MI), X, X, X, X, X, X, IMM_BZ,
	},
};

uint32_t emul_row_0f38(uint8_t opcode)
{
	switch (opcode) {
	case 0xf0:
		return R | ROW_NOREP | DO(MOVBE, RM);
	case 0xf1:
		return R | ROW_NOREP | DO(MOVBE, MR);
	case 0xf9:					/* MOVDIRI */
		return R | ROW_NP | DO(MOV, MR);
	default:
		return R;
	}
}

uint32_t emul_row_vector(enum emul_space space, unsigned map, uint8_t opcode)
{
	switch (map) {
	case 1:		/* as with 0F */
		if (opcode == 0x77)			/* VZEROUPPER */
			return space == SPACE_VEX ? 0 : X;
		return R | ((emul_map_0f[opcode] & ROW_IMM_MASK) == IMM_B ?
			    IMM_B : IMM_NONE);
	case 2:
		return R;
	case 3:
		return R | IMM_B;
	case 5: case 6:		/* half precision */
		return space == SPACE_EVEX ? R : X;
	case 8:
		return space == SPACE_XOP ? R | IMM_B : X;
	case 9:
		return space == SPACE_XOP ? R : X;
	case 10:
		return space == SPACE_XOP ? R | IMM_D : X;
	default:
		return X;
	}
}

uint32_t emul_row_bmi(unsigned map, uint8_t opcode, unsigned pp, unsigned reg)
{
	/* behind 0F 38 F7, by pp */
	static const uint32_t f7[4] = {
		DO(BEXTR, RMR), DO(SHLX, RMR), DO(SARX, RMR), DO(SHRX, RMR),
	};
	static const uint32_t group_17[8] = {	/* destination: reg2 */
		[1] = DO(BLSR, RM), [2] = DO(BLSMSK, RM), [3] = DO(BLSI, RM),
	};

	if (map == 3)
		return opcode == 0xf0 && pp == 3 ? DO(RORX, RMI) : 0;
	if (map != 2)
		return 0;
	switch (opcode) {
	case 0xf2:
		return pp == 0 ? DO(ANDN, RMR) : 0;
	case 0xf3:
		return pp == 0 ? group_17[reg] : 0;
	case 0xf5:
		return pp == 0 ? DO(BZHI, RMR) : 0;
	case 0xf7:
		return f7[pp];
	default:
		return 0;
	}
}
