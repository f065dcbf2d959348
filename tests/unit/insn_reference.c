/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Differences that are none, because the reference is left out of it:
 *  - Zydis refuses more than the decoder does: it knows which opcodes,
 *    operands and prefixes (LOCK) are valid.  What it refuses is not compared.
 *  - Zydis knows the instructions of Knights Corner, which has no hardware
 *    virtualization; the decoder does not.
 *  - Zydis 4.0 sees R13D as base where ModRM.mod is 0 and the address size 32
 *    bits, in place of the displacement, which it counts nevertheless.  The
 *    processor sees the displacement, with any address size (SDM vol. 2,
 *    2.2.1.2; insn_native_test).
 *  - Zydis has names for XOP instructions that the decoder describes in their
 *    VEX form only: BEXTR of TBM.  Their length is compared.
 */
#include <stdio.h>
#include <string.h>
#include <Zydis/Zydis.h>
#include <vmm/insn.h>
#include "insn_reference.h"

struct pair {
	const struct vmm_insn *ours;
	const ZydisDecodedInstruction *theirs;
	const ZydisDecodedOperand *operands;
	const char *mnemonic;
};

/* Mnemonics of what the decoder describes; a * at the end stands for more. */
static const struct {
	const char *mnemonic;
	enum vmm_insn_op op;
} names[] = {
	{ "add", VMM_INSN_ADD }, { "or", VMM_INSN_OR },
	{ "adc", VMM_INSN_ADC }, { "sbb", VMM_INSN_SBB },
	{ "and", VMM_INSN_AND }, { "sub", VMM_INSN_SUB },
	{ "xor", VMM_INSN_XOR }, { "cmp", VMM_INSN_CMP },
	{ "test", VMM_INSN_TEST }, { "not", VMM_INSN_NOT },
	{ "neg", VMM_INSN_NEG }, { "inc", VMM_INSN_INC },
	{ "dec", VMM_INSN_DEC }, { "rol", VMM_INSN_ROL },
	{ "ror", VMM_INSN_ROR }, { "rcl", VMM_INSN_RCL },
	{ "rcr", VMM_INSN_RCR }, { "shl", VMM_INSN_SHL },
	{ "shr", VMM_INSN_SHR }, { "sar", VMM_INSN_SAR },
	{ "bt", VMM_INSN_BT }, { "bts", VMM_INSN_BTS },
	{ "btr", VMM_INSN_BTR }, { "btc", VMM_INSN_BTC },
	{ "mov", VMM_INSN_MOV }, { "movzx", VMM_INSN_MOV },
	{ "movnti", VMM_INSN_MOV }, { "movdiri", VMM_INSN_MOV },
	{ "movsx", VMM_INSN_MOVSX }, { "movsxd", VMM_INSN_MOVSX },
	{ "movbe", VMM_INSN_MOVBE }, { "imul", VMM_INSN_IMUL },
	{ "cmov*", VMM_INSN_CMOV }, { "set*", VMM_INSN_SET },
	{ "bsf", VMM_INSN_BSF }, { "bsr", VMM_INSN_BSR },
	{ "tzcnt", VMM_INSN_TZCNT }, { "lzcnt", VMM_INSN_LZCNT },
	{ "popcnt", VMM_INSN_POPCNT }, { "andn", VMM_INSN_ANDN },
	{ "blsr", VMM_INSN_BLSR }, { "blsmsk", VMM_INSN_BLSMSK },
	{ "blsi", VMM_INSN_BLSI }, { "bzhi", VMM_INSN_BZHI },
	{ "bextr", VMM_INSN_BEXTR }, { "shlx", VMM_INSN_SHLX },
	{ "shrx", VMM_INSN_SHRX }, { "sarx", VMM_INSN_SARX },
	{ "rorx", VMM_INSN_RORX }, { "xchg", VMM_INSN_XCHG },
	{ "xadd", VMM_INSN_XADD }, { "cmpxchg", VMM_INSN_CMPXCHG },
	{ "mul", VMM_INSN_MUL }, { "div", VMM_INSN_DIV },
	{ "idiv", VMM_INSN_DIVS }, { "push", VMM_INSN_PUSH },
	{ "pop", VMM_INSN_POP },
	{ "stos*", VMM_INSN_STOS }, { "movs*", VMM_INSN_MOVS },
	{ "lods*", VMM_INSN_LODS },
};

static bool matches(const char *pattern, const char *mnemonic)
{
	size_t n = strlen(pattern);

	if (pattern[n - 1] == '*')
		return strncmp(pattern, mnemonic, n - 1) == 0;
	return strcmp(pattern, mnemonic) == 0;
}

static bool is_register(const ZydisDecodedOperand *o, ZydisRegisterClass class)
{
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		ZydisRegisterGetClass(o->reg.value) == class;
}

/* The memory operand that is written out, if it is one of the plain kind. */
static const ZydisDecodedOperand *memory_operand(const struct pair *p)
{
	for (unsigned i = 0; i < p->theirs->operand_count; i++) {
		const ZydisDecodedOperand *o = &p->operands[i];

		/* MOVS has two; the decoder describes the source */
		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    o->mem.type == ZYDIS_MEMOP_TYPE_MEM &&
		    !(p->ours->op == VMM_INSN_MOVS && i == 0) &&
		    (o->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT ||
		     p->theirs->meta.category == ZYDIS_CATEGORY_STRINGOP))
			return o;
	}
	return NULL;
}

/* What the decoder should make of the instruction. */
static enum vmm_insn_op expected_op(const struct pair *p)
{
	if (!memory_operand(p) ||
	    p->theirs->encoding == ZYDIS_INSTRUCTION_ENCODING_XOP)
		return VMM_INSN_OTHER;
	for (unsigned i = 0; i < p->theirs->operand_count; i++)
		if (is_register(&p->operands[i], ZYDIS_REGCLASS_SEGMENT) ||
		    is_register(&p->operands[i], ZYDIS_REGCLASS_XMM))
			return VMM_INSN_OTHER;
	if (strcmp(p->mnemonic, "imul") == 0 &&
	    p->theirs->operand_count_visible == 1)
		return VMM_INSN_MULS;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(names); i++)
		if (matches(names[i].mnemonic, p->mnemonic))
			return names[i].op;
	return VMM_INSN_OTHER;
}

static unsigned our_number(ZydisRegister reg)
{
	switch (reg) {
	case ZYDIS_REGISTER_NONE:
		return VMM_INSN_NO_REG;
	case ZYDIS_REGISTER_RIP:
	case ZYDIS_REGISTER_EIP:
		return VMM_INSN_RIP;
	default:
		return (unsigned)ZydisRegisterGetId(reg);
	}
}

static uint64_t low(int64_t value, unsigned bytes)
{
	return (uint64_t)value << (64 - 8 * bytes) >> (64 - 8 * bytes);
}

/* In 64-bit mode only FS and GS have a base. */
static unsigned segment(const struct pair *p, unsigned seg)
{
	return p->ours->mode == 64 && seg < VMM_SEG_FS ? VMM_SEG_DS : seg;
}

static const char *compare_memory(const struct pair *p)
{
	const struct vmm_insn *o = p->ours;
	const ZydisDecodedOperand *m = memory_operand(p);
	bool base_missing;

	if (m->size != o->size * 8)
		return "size of memory operand";
	if (p->theirs->address_width != o->addr_size * 8)
		return "size of address";
	base_missing = o->base == VMM_INSN_NO_REG &&
		m->mem.base == ZYDIS_REGISTER_R13D && p->theirs->raw.modrm.mod == 0;
	if (our_number(m->mem.base) != o->base && !base_missing)
		return "base";
	if (our_number(m->mem.index) != o->index)
		return "index";
	if (m->mem.index != ZYDIS_REGISTER_NONE && m->mem.scale != 1 << o->scale)
		return "scale";
	if (low(m->mem.disp.value, o->addr_size) !=
	    low(o->disp, o->addr_size) && !base_missing)
		return "displacement";
	if (segment(p, (unsigned)ZydisRegisterGetId(m->mem.segment)) !=
	    segment(p, o->seg))
		return "segment";
	if (!(m->actions & ZYDIS_OPERAND_ACTION_MASK_READ) == o->reads ||
	    !(m->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == o->writes)
		return "kind of access";
	return NULL;
}

/* The n-th operand that is written out and not in memory. */
static const ZydisDecodedOperand *other_operand(const struct pair *p,
						unsigned n)
{
	for (unsigned i = 0; i < p->theirs->operand_count_visible; i++)
		if (p->operands[i].type != ZYDIS_OPERAND_TYPE_MEMORY && !n--)
			return &p->operands[i];
	return NULL;
}

static const char *compare_register(const struct pair *p, unsigned n,
				    unsigned number, bool high)
{
	const ZydisDecodedOperand *r = other_operand(p, n);
	unsigned id;

	if (!r || r->type != ZYDIS_OPERAND_TYPE_REGISTER)
		return "register operand";
	id = (unsigned)ZydisRegisterGetId(r->reg.value);
	/* AL CL DL BL, AH CH DH BH, SPL BPL SIL DIL, R8B ... */
	if (ZydisRegisterGetClass(r->reg.value) == ZYDIS_REGCLASS_GPR8) {
		bool is_high = id >= 4 && id < 8;

		if (is_high != high)
			return "high byte";
		id -= id >= 8 || is_high ? 4 : 0;
	}
	if (id != number)
		return "register";
	if (r->size != p->ours->reg_size * 8)
		return "size of register";
	return NULL;
}

static const char *compare_immediate(const struct pair *p, unsigned n,
				     unsigned bytes)
{
	const ZydisDecodedOperand *i = other_operand(p, n);

	if (!i || i->type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return "immediate operand";
	/* counts and bit numbers are not sign-extended by the reference */
	if (!i->imm.is_signed && p->theirs->raw.imm[0].size)
		bytes = p->theirs->raw.imm[0].size / 8;
	return low(i->imm.value.s, bytes) == low(p->ours->imm, bytes) ? NULL :
		"immediate";
}

static const char *compare_operands(const struct pair *p)
{
	const struct vmm_insn *o = p->ours;
	const char *differs;

	switch (o->form) {
	case VMM_INSN_FORM_MI:
		return compare_immediate(p, 0, o->size);
	case VMM_INSN_FORM_RMI:
		differs = compare_register(p, 0, o->reg, o->high);
		return differs ? differs : compare_immediate(p, 1, o->reg_size);
	case VMM_INSN_FORM_RMR:
		/* ANDN has its operands in another order */
		differs = compare_register(p, 0, o->reg, false);
		return differs ? differs :
			compare_register(p, 1, o->reg2, false);
	case VMM_INSN_FORM_RM:
	case VMM_INSN_FORM_MR:
		return compare_register(p, 0, o->reg, o->high);
	default:
		return NULL;
	}
}

static const char *compare_rest(const struct pair *p)
{
	static const char *const conditions[16] = {
		"o", "no", "b", "nb", "z", "nz", "be", "nbe",
		"s", "ns", "p", "np", "l", "nl", "le", "nle",
	};
	const struct vmm_insn *o = p->ours;
	const ZydisInstructionAttributes rep = ZYDIS_ATTRIB_HAS_REP |
		ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;

	if (o->op == VMM_INSN_CMOV || o->op == VMM_INSN_SET) {
		const char *cc = p->mnemonic +
			(o->op == VMM_INSN_CMOV ? strlen("cmov") : strlen("set"));

		if (o->imm < 0 || o->imm > 15 ||
		    strcmp(cc, conditions[o->imm]) != 0)
			return "condition";
	}
	if (!(p->theirs->attributes & ZYDIS_ATTRIB_HAS_LOCK) == o->lock)
		return "LOCK";
	if (p->theirs->meta.category == ZYDIS_CATEGORY_STRINGOP &&
	    o->rep != !!(p->theirs->attributes & rep))
		return "REP";
	return NULL;
}

static const char *compare(const struct pair *p)
{
	enum vmm_insn_op op = expected_op(p);
	const char *differs;

	if (p->theirs->length != p->ours->len)
		return "length";
	if (op != p->ours->op)
		return "operation";
	if (op == VMM_INSN_OTHER)
		return NULL;
	differs = compare_memory(p);
	if (!differs)
		differs = compare_operands(p);
	if (!differs)
		differs = compare_rest(p);
	return differs;
}

static bool is_knights_corner(const ZydisDecodedInstruction *i)
{
	switch (i->meta.isa_ext) {
	case ZYDIS_ISA_EXT_KNC:
	case ZYDIS_ISA_EXT_KNCE:
	case ZYDIS_ISA_EXT_KNCV:
		return true;
	default:
		return false;
	}
}

static void reference_init(ZydisDecoder *decoder, unsigned mode)
{
	ZydisMachineMode machine = mode == 64 ? ZYDIS_MACHINE_MODE_LONG_64 :
		mode == 32 ? ZYDIS_MACHINE_MODE_LEGACY_32 :
		ZYDIS_MACHINE_MODE_LEGACY_16;
	ZydisStackWidth width = mode == 64 ? ZYDIS_STACK_WIDTH_64 :
		mode == 32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16;

	ZydisDecoderInit(decoder, machine, width);
}

unsigned long insn_reference_known;

bool insn_reference_agrees(const uint8_t *bytes, unsigned n, unsigned mode,
			   char *text, size_t size)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction theirs;
	struct vmm_insn ours;
	struct pair p = { &ours, &theirs, operands, NULL };
	ZydisDecoder decoder;
	const char *differs;
	int rc;

	reference_init(&decoder, mode);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, n, &theirs,
						 operands)))
		return true;
	if (is_knights_corner(&theirs))
		return true;
	insn_reference_known++;
	p.mnemonic = ZydisMnemonicGetString(theirs.mnemonic);
	rc = vmm_insn_decode(&ours, bytes, n, mode);
	if (rc) {
		snprintf(text, size, "error %d, but %s of %u bytes", rc,
			 p.mnemonic, theirs.length);
		return false;
	}
	differs = compare(&p);
	if (differs)
		snprintf(text, size, "%s differs: operation %u, form %u, "
			 "length %u, but %s of %u bytes", differs, ours.op,
			 ours.form, ours.len, p.mnemonic, theirs.length);
	return !differs;
}
