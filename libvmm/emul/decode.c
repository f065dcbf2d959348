/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instruction decoder: prefixes, opcode map, ModRM, SIB, displacement,
 * immediate, as in Intel SDM vol. 2, chapter 2.  The maps are in opcode.c.
 */
#include <emul/opcode.h>
#include <vmm/error.h>

#define REX_W	0x08
#define REX_R	0x04
#define REX_X	0x02
#define REX_B	0x01

/* Sets of operations */
#define BIT_OF(op)	(UINT64_C(1) << (op))
#define BIT(op)		BIT_OF(VMM_INSN_##op)
/* those of which a destination in memory, or the only operand there, is */
#define ONLY_WRITTEN	(BIT(MOV) | BIT(MOVBE) | BIT(SET) | BIT(POP) | BIT(STOS))
#define ONLY_READ	(BIT(CMP) | BIT(TEST) | BIT(BT) | BIT(MUL) |	\
			 BIT(MULS) | BIT(DIV) | BIT(DIVS) | BIT(PUSH) |	\
			 BIT(MOVS) | BIT(LODS))

struct decoder {
	struct vmm_insn *insn;
	const uint8_t *bytes;
	/* Bytes that may be read.  Behind them are zeros, so that pos can go
	 * beyond the end: one check when all is done says whether it did. */
	unsigned n;
	unsigned pos;
	unsigned mode;
	uint8_t rex;		/* or what VEX, XOP, EVEX have of it */
	uint8_t rep;		/* F2 or F3, the last one; 0 */
	bool operand_prefix, address_prefix;
	bool bmi;		/* VEX, and vvvv may be a general register */
	uint8_t segment;	/* of a prefix, or VMM_SEGS */
	uint8_t vvvv;
	uint8_t opcode;
	uint8_t modrm;
	uint8_t operand_size;	/* 2, 4, 8 */
};

static uint8_t take8(struct decoder *d)
{
	unsigned pos = d->pos++;

	return vmm_likely(pos < d->n) ? d->bytes[pos] : 0;
}

static uint8_t peek(const struct decoder *d)
{
	return d->pos < d->n ? d->bytes[d->pos] : 0;
}

static int32_t take32(struct decoder *d)
{
	const uint8_t *p = d->bytes + d->pos;
	int32_t value;

	d->pos += sizeof(value);
	if (vmm_unlikely(d->pos > d->n))
		return 0;
	__builtin_memcpy(&value, p, sizeof(value));
	return value;
}

/* A little-endian number of 1, 2, 4 or 8 bytes, sign-extended. */
static int64_t take(struct decoder *d, unsigned size)
{
	uint32_t low;

	switch (size) {
	case 1:
		return (int8_t)take8(d);
	case 2:
		low = take8(d);
		return (int16_t)(low | (uint32_t)take8(d) << 8);
	case 4:
		return take32(d);
	default:
		low = (uint32_t)take32(d);
		return (int64_t)((uint64_t)take32(d) << 32 | low);
	}
}

/* In 64-bit mode the segments other than FS and GS have base 0 and their
 * prefixes are ignored (SDM vol. 2, 2.1.1; vol. 1, 3.4.2.1). */
static void segment_prefix(struct decoder *d, unsigned seg)
{
	if (d->mode != 64 || seg >= VMM_SEG_FS)
		d->segment = (uint8_t)seg;
}

/* All prefixes up to the first byte that is none; returns its row.  A REX
 * prefix counts only if it comes last. */
static uint32_t take_prefixes(struct decoder *d)
{
	for (;;) {
		uint8_t b = take8(d);
		uint32_t row = emul_map_one[b];

		if ((b & 0xf0) == 0x40 && d->mode == 64) {
			d->rex = b;
			continue;
		}
		d->opcode = b;
		if (vmm_likely(!(row & ROW_PREFIX)))
			return row;
		d->rex = 0;
		if (b == 0x66)
			d->operand_prefix = true;
		else if (b == 0x67)
			d->address_prefix = true;
		else if (b == 0xf0)
			d->insn->lock = true;
		else if (b >= 0xf2)
			d->rep = b;
		else if (b >= 0x64)	/* FS, GS */
			segment_prefix(d, VMM_SEG_FS + (b & 1));
		else			/* 26 2E 36 3E: ES CS SS DS */
			segment_prefix(d, b >> 3 & 3);
	}
}

/* SDM vol. 1, tables 3-3 and 3-4 */
static void set_sizes(struct decoder *d)
{
	/* by mode / 32 and prefix */
	static const uint8_t operand[3][2] = { { 2, 4 }, { 4, 2 }, { 4, 2 } };
	static const uint8_t address[3][2] = { { 2, 4 }, { 4, 2 }, { 8, 4 } };
	unsigned m = d->mode / 32;

	d->operand_size = d->rex & REX_W ? 8 : operand[m][d->operand_prefix];
	d->insn->addr_size = address[m][d->address_prefix];
}

/* VEX, XOP and EVEX: the payload bytes become REX, operand prefix, map, then
 * the opcode (SDM vol. 2, 2.3.5 and 2.7; APM vol. 3, 1.2.7 and 1.9). */
static uint32_t take_vector_opcode(struct decoder *d, uint8_t escape)
{
	enum emul_space space = escape == 0x62 ? SPACE_EVEX :
				escape == 0x8f ? SPACE_XOP : SPACE_VEX;
	unsigned map = 1;
	uint8_t p0, p1;
	uint32_t row;

	/* #UD behind these prefixes: SDM vol. 2, 2.3.2 to 2.3.4 */
	if (d->rex || d->rep || d->operand_prefix || d->insn->lock)
		return ROW_INVALID;
	p0 = p1 = take8(d);
	if (escape != 0xc5) {
		map = p0 & 0x1f;
		p1 = take8(d);
	}
	if (space == SPACE_EVEX) {
		take8(d);
		if (!(p1 & 4))
			return ROW_INVALID;
		map &= 0xf;
	}
	d->opcode = take8(d);
	row = emul_row_vector(space, map, d->opcode);
	if (space != SPACE_VEX || escape == 0xc5)
		return row;
	/* the registers of BMI instructions, only with C4 because of the map */
	d->vvvv = (uint8_t)(~p1 >> 3 & (d->mode == 64 ? 15 : 7));
	if (d->mode == 64)
		d->rex = (uint8_t)((~p0 >> 5 & 7) | (p1 >> 4 & REX_W));
	d->operand_size = d->rex & REX_W ? 8 : 4;
	d->bmi = !(p1 & 4);	/* VEX.L */
	if (d->bmi)
		row |= emul_row_bmi(map, d->opcode, p1 & 3, peek(d) >> 3 & 7);
	return row;
}

/* C4, C5, 62 and 8F have older meanings.  Outside of 64-bit mode they remain
 * where the next byte, as ModRM, has a memory operand; XOP is told from POP by
 * its map numbers. */
static bool is_vector_escape(const struct decoder *d)
{
	if (d->opcode == 0x8f)
		return (peek(d) & 0x1f) >= 8;
	return d->mode == 64 || peek(d) >= 0xc0;
}

static uint32_t take_0f_opcode(struct decoder *d)
{
	d->opcode = take8(d);
	switch (d->opcode) {
	case 0x38:
		d->opcode = take8(d);
		return emul_row_0f38(d->opcode);
	case 0x3a:
		d->opcode = take8(d);
		return ROW_0F3A;
	case 0x78:	/* EXTRQ and INSERTQ of SSE4a have two immediates */
		if (d->operand_prefix || d->rep == 0xf2)
			return emul_map_0f[d->opcode] | IMM_W;
	}
	return emul_map_0f[d->opcode];
}

/* Prefixes and opcode; returns the row. */
static uint32_t take_opcode(struct decoder *d)
{
	uint32_t row = take_prefixes(d);

	set_sizes(d);
	if (vmm_likely(!(row & ROW_ESCAPE)))
		return row;
	if (d->opcode == 0x0f)
		return take_0f_opcode(d);
	return is_vector_escape(d) ? take_vector_opcode(d, d->opcode) : row;
}

/* SDM vol. 2, table 2-1: mod is not 3 */
static void take_memory16(struct decoder *d)
{
	static const struct {
		uint8_t base, index, seg;
	} forms[8] = {
		{ 3, 6, VMM_SEG_DS }, { 3, 7, VMM_SEG_DS },	/* BX+SI, +DI */
		{ 5, 6, VMM_SEG_SS }, { 5, 7, VMM_SEG_SS },	/* BP+SI, +DI */
		{ 6, VMM_INSN_NO_REG, VMM_SEG_DS },
		{ 7, VMM_INSN_NO_REG, VMM_SEG_DS },
		{ 5, VMM_INSN_NO_REG, VMM_SEG_SS },
		{ 3, VMM_INSN_NO_REG, VMM_SEG_DS },
	};
	unsigned mod = d->modrm >> 6, rm = d->modrm & 7;
	struct vmm_insn *insn = d->insn;

	insn->base = forms[rm].base;
	insn->index = forms[rm].index;
	insn->seg = forms[rm].seg;
	if (mod == 0 && rm == 6) {	/* an address in place of BP */
		insn->base = VMM_INSN_NO_REG;
		insn->seg = VMM_SEG_DS;
		mod = 2;
	}
	if (mod)
		insn->disp = take(d, mod);
}

/* Index and scale; returns the base. */
static unsigned take_sib(struct decoder *d)
{
	uint8_t sib = take8(d);
	uint8_t index = (uint8_t)((sib >> 3 & 7) | (d->rex & REX_X ? 8 : 0));

	if (index != 4) {
		d->insn->index = index;
		d->insn->scale = sib >> 6;
	}
	return sib & 7;
}

/* SDM vol. 2, tables 2-2 and 2-3: mod is not 3.  A base of RBP or R13 with
 * mod 0 is no register, but a displacement of 32 bits; in 64-bit mode and
 * without SIB it is relative to RIP. */
static void take_memory32(struct decoder *d)
{
	unsigned mod = d->modrm >> 6, base = d->modrm & 7;
	struct vmm_insn *insn = d->insn;
	bool sib = base == 4;

	insn->index = VMM_INSN_NO_REG;
	if (vmm_unlikely(sib))
		base = take_sib(d);
	insn->seg = base == 4 || base == 5 ? VMM_SEG_SS : VMM_SEG_DS;
	insn->base = (uint8_t)base;
	if (d->rex & REX_B) {		/* R12 and R13 have no part in SS */
		insn->seg = VMM_SEG_DS;
		insn->base |= 8;
	}
	if (mod == 1) {
		insn->disp = (int8_t)take8(d);
	} else if (mod == 2) {
		insn->disp = take32(d);
	} else if (base == 5) {
		insn->seg = VMM_SEG_DS;
		insn->base = d->mode == 64 && !sib ? VMM_INSN_RIP :
			     VMM_INSN_NO_REG;
		insn->disp = take32(d);
	}
}

/* ModRM and what belongs to it; returns the row, completed by the group's.
 * *memory: there is a memory operand. */
static uint32_t take_modrm(struct decoder *d, uint32_t row, bool *memory)
{
	d->modrm = take8(d);
	*memory = d->modrm < 0xc0 && !(row & ROW_NOMEM);
	if (*memory && d->insn->addr_size == 2)
		take_memory16(d);
	else if (*memory)
		take_memory32(d);
	if (ROW_GROUP_OF(row))
		row |= emul_groups[ROW_GROUP_OF(row)][d->modrm >> 3 & 7];
	return row;
}

static void take_immediate(struct decoder *d, uint32_t row)
{
	unsigned z = d->operand_size == 2 ? 2 : 4;
	struct vmm_insn *insn = d->insn;

	switch (row & ROW_IMM_MASK) {
	case IMM_B:
		insn->imm = take(d, 1);
		break;
	case IMM_BZ:
		insn->imm = take(d, row & ROW_BYTE ? 1 : z);
		break;
	case IMM_Z:
		insn->imm = take(d, z);
		break;
	case IMM_V:
		insn->imm = take(d, d->operand_size);
		break;
	case IMM_W:
		insn->imm = take(d, 2);
		break;
	case IMM_D:
		insn->imm = take(d, 4);
		break;
	case IMM_WB:
		d->pos += 3;
		break;
	case IMM_JZ:
		insn->imm = take(d, d->mode == 64 ? 4 : z);
		break;
	case IMM_FAR:
		d->pos += z + 2;
		break;
	case IMM_MOFFS:
		insn->base = insn->index = VMM_INSN_NO_REG;
		insn->seg = VMM_SEG_DS;
		insn->disp = take(d, insn->addr_size);
		break;
	case IMM_1:
		insn->imm = 1;
		break;
	case IMM_COND:
		insn->imm = d->opcode & 15;
		break;
	}
}

/* An opcode can be another instruction behind some prefixes. */
static unsigned operation(const struct decoder *d, uint32_t row)
{
	unsigned op = ROW_OP_OF(row);

	if (((row & (ROW_NP | ROW_NOREP)) && d->rep) ||
	    ((row & ROW_NP) && d->operand_prefix) ||
	    ((row & ROW_F3) && d->rep != 0xf3) ||
	    ((row & ROW_ONLY64) && d->mode != 64))
		return VMM_INSN_OTHER;
	/* On processors without BMI1 and LZCNT the prefix is ignored; they are
	 * older than any whose users should rely on the result here. */
	if (d->rep == 0xf3 && op == VMM_INSN_BSF)
		return VMM_INSN_TZCNT;
	if (d->rep == 0xf3 && op == VMM_INSN_BSR)
		return VMM_INSN_LZCNT;
	return op;
}

static void set_bmi_registers(const struct decoder *d)
{
	struct vmm_insn *insn = d->insn;

	insn->reg2 = d->vvvv;
	if (insn->op >= VMM_INSN_BLSR && insn->op <= VMM_INSN_BLSI)
		insn->reg = d->vvvv;
}

/* What ROW_UNUSUAL and some prefixes change. */
static void describe_unusual(const struct decoder *d, uint32_t row)
{
	struct vmm_insn *insn = d->insn;

	insn->op = (uint8_t)operation(d, row);
	if ((row & ROW_STACK) && d->mode == 64 && insn->size == 4)
		insn->size = 8;
	if ((row & ROW_NP) && insn->size == 2)	/* MOVNTI, MOVDIRI */
		insn->size = insn->reg_size = 4;
	if (row & ROW_MEM_MASK)
		insn->size = ROW_MEM_OF(row);
	if (row & ROW_BYTE) {
		insn->size = insn->reg_size = 1;
		insn->high = !d->rex && insn->reg >= 4;
		insn->reg &= insn->high ? 3 : 15;
	}
	if (row & ROW_CL) {
		insn->reg = 1;
		insn->reg_size = 1;
		insn->high = false;
	}
	if (d->bmi)
		set_bmi_registers(d);
}

/* Without ModRM: rAX, and rSI or rDI.  The prefix of REPNE does the same as
 * that of REP here. */
static void describe_implicit(struct decoder *d)
{
	struct vmm_insn *insn = d->insn;

	insn->reg = 0;
	insn->high = false;
	if (insn->form != VMM_INSN_FORM_NONE)	/* MOV, with its address */
		return;
	insn->rep = d->rep;
	insn->index = VMM_INSN_NO_REG;
	insn->base = 6;
	insn->seg = VMM_SEG_DS;
	if (insn->op == VMM_INSN_STOS) {
		insn->base = 7;
		insn->seg = d->segment = VMM_SEG_ES;	/* no other is possible */
	}
}

/* What the instruction does to its memory operand. */
static void describe(struct decoder *d, uint32_t row)
{
	struct vmm_insn *insn = d->insn;
	bool source;

	insn->op = ROW_OP_OF(row);
	insn->form = ROW_FORM_OF(row);
	insn->size = insn->reg_size = d->operand_size;
	insn->reg = (uint8_t)((d->modrm >> 3 & 7) | (d->rex & REX_R ? 8 : 0));
	if ((row & ROW_UNUSUAL) | d->rep | d->bmi)
		describe_unusual(d, row);
	if (vmm_unlikely(!(row & ROW_MODRM)))
		describe_implicit(d);
	if (d->segment != VMM_SEGS)
		insn->seg = d->segment;
	source = insn->form >= VMM_INSN_FORM_RM;
	insn->reads = source || !(BIT_OF(insn->op) & ONLY_WRITTEN);
	insn->writes = !source && !(BIT_OF(insn->op) & ONLY_READ);
}

int vmm_insn_decode(struct vmm_insn *out, const uint8_t *bytes, unsigned n,
		    unsigned mode)
{
	struct decoder d = {
		.insn = out,
		.bytes = bytes,
		.n = n < VMM_INSN_MAX ? n : VMM_INSN_MAX,
		.mode = mode,
		.segment = VMM_SEGS,
	};
	bool memory = false;
	uint32_t row;

	*out = (struct vmm_insn){ .mode = (uint8_t)mode };
	row = take_opcode(&d);
	if (row & ROW_MODRM)
		row = take_modrm(&d, row, &memory);
	else	/* string instructions, and MOV with IMM_MOFFS */
		memory = ROW_OP_OF(row) != VMM_INSN_OTHER;
	if (row & ROW_IMM_MASK)
		take_immediate(&d, row);
	if (vmm_unlikely(d.pos > d.n))
		return n >= VMM_INSN_MAX ? VMM_ERROR(E2BIG) :
		       VMM_ERROR(ENODATA);
	if (vmm_unlikely(row & (ROW_INVALID | ROW_INVALID64)) &&
	    ((row & ROW_INVALID) || mode == 64))
		return VMM_ERROR(EINVAL);
	out->len = (uint8_t)d.pos;
	if (memory)
		describe(&d, row);
	return 0;
}
