/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Carry out a decoded instruction on memory that is reached by callbacks.
 * All that can fail comes before all that changes the processor's state.
 */
#include <emul/alu.h>
#include <vmm/error.h>

#define RAX 0
#define RCX 1
#define RDX 2
#define RSP 4
#define RSI 6
#define RDI 7

/* A register's lowest `size` bytes become value, as the processor does it:
 * 32 bits clear the upper half (SDM vol. 1, 3.4.1.1). */
static void set_low(uint64_t *reg, unsigned size, uint64_t value)
{
	uint64_t m = alu_mask(size);

	if (size == 4)
		*reg = (uint32_t)value;
	else
		*reg = (*reg & ~m) | (value & m);
}

static uint64_t get_reg(const struct vmm_insn *insn,
			const struct vmm_insn_cpu *cpu)
{
	return cpu->gpr[insn->reg] >> (insn->high ? 8 : 0) &
		alu_mask(insn->reg_size);
}

static void set_reg(const struct vmm_insn *insn, struct vmm_insn_cpu *cpu,
		    uint64_t value)
{
	uint64_t *reg = &cpu->gpr[insn->reg];

	if (insn->high)
		*reg = (*reg & ~UINT64_C(0xff00)) | (value & 0xff) << 8;
	else
		set_low(reg, insn->reg_size, value);
}

static uint64_t next_rip(const struct vmm_insn *insn,
			 const struct vmm_insn_cpu *cpu)
{
	uint64_t rip = cpu->rip + insn->len;

	return insn->mode == 64 ? rip : (uint32_t)rip;
}

uint64_t vmm_insn_address(const struct vmm_insn *insn,
			  const struct vmm_insn_cpu *cpu)
{
	uint64_t ea = (uint64_t)insn->disp;

	if (insn->base == VMM_INSN_RIP)
		ea += cpu->rip + insn->len;
	else if (insn->base != VMM_INSN_NO_REG)
		ea += cpu->gpr[insn->base];
	if (insn->index != VMM_INSN_NO_REG)
		ea += cpu->gpr[insn->index] << insn->scale;
	return ea & alu_mask(insn->addr_size);
}

static uint64_t linear(const struct vmm_insn *insn, struct vmm_insn_cpu *cpu,
		       unsigned seg, uint64_t ea)
{
	if (insn->mode == 64)
		return seg >= VMM_SEG_FS ?
			ea + cpu->env->seg_base(cpu, seg) : ea;
	return (uint32_t)(ea + cpu->env->seg_base(cpu, seg));
}

/* A bit number in a register goes beyond the operand: it is signed, and its
 * upper part selects the element of a string of bits (SDM vol. 2, BT). */
static uint64_t bit_string_offset(const struct vmm_insn *insn,
				  const struct vmm_insn_cpu *cpu)
{
	int64_t bit = (int64_t)alu_sign(get_reg(insn, cpu), insn->reg_size);

	return (uint64_t)((bit >> 3) & -(int64_t)insn->size);
}

static uint64_t operand_address(const struct vmm_insn *insn,
				const struct vmm_insn_cpu *cpu)
{
	uint64_t ea = vmm_insn_address(insn, cpu);

	if (insn->form == VMM_INSN_FORM_MR &&
	    insn->op >= VMM_INSN_BT && insn->op <= VMM_INSN_BTC)
		ea += bit_string_offset(insn, cpu);
	/* POP computes its address with rSP already advanced */
	if (insn->op == VMM_INSN_POP && insn->base == RSP)
		ea += insn->size;
	return ea & alu_mask(insn->addr_size);
}

static void set_access(struct vmm_insn_access *a, uint64_t address,
		       unsigned size, bool read, bool write)
{
	a->linear = address;
	a->size = (uint8_t)size;
	a->read = read;
	a->write = write;
}

/* Offset in the stack segment, `by` from its top. */
static uint64_t stack_address(const struct vmm_insn_cpu *cpu, int64_t by)
{
	return (cpu->gpr[RSP] + (uint64_t)by) & alu_mask(cpu->stack_size);
}

unsigned vmm_insn_accesses(const struct vmm_insn *insn,
			   struct vmm_insn_cpu *cpu,
			   struct vmm_insn_access a[VMM_INSN_ACCESSES])
{
	uint64_t mask = alu_mask(insn->addr_size);
	unsigned size = insn->size;

	if (insn->op == VMM_INSN_OTHER ||
	    (insn->rep && !(cpu->gpr[RCX] & mask)))
		return 0;
	set_access(a, linear(insn, cpu, insn->seg, operand_address(insn, cpu)),
		   size, insn->reads, insn->writes);
	switch (insn->op) {
	case VMM_INSN_MOVS:
		set_access(a + 1, linear(insn, cpu, VMM_SEG_ES,
					 cpu->gpr[RDI] & mask),
			   size, false, true);
		return 2;
	case VMM_INSN_PUSH:
		set_access(a + 1, linear(insn, cpu, VMM_SEG_SS,
					 stack_address(cpu, -(int64_t)size)),
			   size, false, true);
		return 2;
	case VMM_INSN_POP:
		a[1] = a[0];
		set_access(a, linear(insn, cpu, VMM_SEG_SS,
				     stack_address(cpu, 0)),
			   size, true, false);
		return 2;
	default:
		return 1;
	}
}

/* The second operand of an instruction with a form. */
static uint64_t source(const struct vmm_insn *insn,
		       const struct vmm_insn_cpu *cpu, uint64_t memory)
{
	switch (insn->form) {
	case VMM_INSN_FORM_MR:
		return get_reg(insn, cpu);
	case VMM_INSN_FORM_RM:
		return memory;
	case VMM_INSN_FORM_RMR:
		return cpu->gpr[insn->reg2];
	default:
		return (uint64_t)insn->imm;
	}
}

static uint64_t compute(const struct vmm_insn *insn,
			const struct vmm_insn_cpu *cpu, uint64_t memory,
			uint64_t *rflags)
{
	uint64_t a = memory, b = source(insn, cpu, memory);
	unsigned size = insn->size;

	if (insn->form >= VMM_INSN_FORM_RM)
		size = insn->reg_size;
	if (insn->form == VMM_INSN_FORM_RM)
		a = get_reg(insn, cpu);
	switch (insn->op) {
	case VMM_INSN_SET:
		return alu_condition((unsigned)insn->imm, *rflags);
	case VMM_INSN_CMOV:
		return alu_condition((unsigned)insn->imm, *rflags) ? b : a;
	case VMM_INSN_MOVSX:
		return alu_sign(b, insn->size);
	default:
		return alu_compute(insn->op, size, a, b, rflags);
	}
}

/* XCHG, XADD, CMPXCHG: a register gets what was in memory. */
static uint64_t exchange(const struct vmm_insn *insn,
			 const struct vmm_insn_cpu *cpu, uint64_t memory,
			 uint64_t *rflags)
{
	uint64_t reg = get_reg(insn, cpu);

	switch (insn->op) {
	case VMM_INSN_XCHG:
		return reg;
	case VMM_INSN_XADD:
		return alu_compute(insn->op, insn->size, memory, reg, rflags);
	default:
		/* Where they differ the old value is written back: there is
		 * no locked read without a write (SDM vol. 2, CMPXCHG). */
		alu_compute(insn->op, insn->size,
			    cpu->gpr[RAX] & alu_mask(insn->size), memory,
			    rflags);
		return *rflags & X86_RFLAGS_ZF ? reg : memory;
	}
}

static int read_operand(struct vmm_insn_cpu *cpu,
			const struct vmm_insn_access *a, uint64_t *value)
{
	int rc;

	*value = 0;
	if (!a->read)
		return 0;
	rc = cpu->env->read(cpu, a, value);
	*value &= alu_mask(a->size);
	return rc;
}

static int write_operand(struct vmm_insn_cpu *cpu,
			 const struct vmm_insn_access *a, uint64_t value)
{
	if (!a->write)
		return 0;
	return cpu->env->write(cpu, a, value & alu_mask(a->size));
}

/* Instructions whose form tells what goes where. */
static int execute_form(const struct vmm_insn *insn, struct vmm_insn_cpu *cpu,
			const struct vmm_insn_access *a)
{
	uint64_t memory, result, rflags = cpu->rflags;
	int rc = read_operand(cpu, a, &memory);

	if (rc)
		return rc;
	result = compute(insn, cpu, memory, &rflags);
	rc = write_operand(cpu, a, result);
	if (rc)
		return rc;
	cpu->rflags = rflags;
	if (insn->form < VMM_INSN_FORM_RM || insn->op == VMM_INSN_CMP ||
	    ((insn->op == VMM_INSN_BSF || insn->op == VMM_INSN_BSR) &&
	     !memory))
		return 0;
	set_reg(insn, cpu, result);
	return 0;
}

static int execute_exchange(const struct vmm_insn *insn,
			    struct vmm_insn_cpu *cpu,
			    const struct vmm_insn_access *a)
{
	uint64_t memory, result, rflags = cpu->rflags;
	int rc = read_operand(cpu, a, &memory);

	if (rc)
		return rc;
	result = exchange(insn, cpu, memory, &rflags);
	rc = write_operand(cpu, a, result);
	if (rc)
		return rc;
	cpu->rflags = rflags;
	if (insn->op != VMM_INSN_CMPXCHG)
		set_reg(insn, cpu, memory);
	else if (!(rflags & X86_RFLAGS_ZF))
		set_low(&cpu->gpr[RAX], insn->size, memory);
	return 0;
}

/* rDX:rAX; for bytes both halves are in AX. */
static int execute_wide(const struct vmm_insn *insn, struct vmm_insn_cpu *cpu,
			const struct vmm_insn_access *a)
{
	bool sign = insn->op == VMM_INSN_MULS || insn->op == VMM_INSN_DIVS;
	uint64_t m = alu_mask(insn->size), *gpr = cpu->gpr, memory;
	struct alu_pair p = {
		.low = gpr[RAX] & m,
		.high = insn->size == 1 ? gpr[RAX] >> 8 & m : gpr[RDX] & m,
	};
	int rc = read_operand(cpu, a, &memory);

	if (rc)
		return rc;
	if (insn->op == VMM_INSN_MUL || insn->op == VMM_INSN_MULS)
		p = alu_multiply(sign, insn->size, p.low, memory,
				 &cpu->rflags);
	else
		rc = alu_divide(sign, insn->size, &p, memory);
	if (rc)
		return rc;
	if (insn->size == 1) {
		set_low(&gpr[RAX], 2, p.high << 8 | p.low);
	} else {
		set_low(&gpr[RAX], insn->size, p.low);
		set_low(&gpr[RDX], insn->size, p.high);
	}
	return 0;
}

static int execute_stack(const struct vmm_insn *insn, struct vmm_insn_cpu *cpu,
			 const struct vmm_insn_access *a)
{
	uint64_t value, *rsp = &cpu->gpr[RSP];
	int rc = read_operand(cpu, a, &value);

	if (!rc)
		rc = write_operand(cpu, a + 1, value);
	if (rc)
		return rc;
	set_low(rsp, cpu->stack_size, insn->op == VMM_INSN_PUSH ?
		*rsp - insn->size : *rsp + insn->size);
	return 0;
}

/* One element; *again: the prefix asks for more. */
static int execute_string(const struct vmm_insn *insn,
			  struct vmm_insn_cpu *cpu,
			  const struct vmm_insn_access *a, bool *again)
{
	uint64_t step = cpu->rflags & X86_RFLAGS_DF ?
			-(uint64_t)insn->size : insn->size;
	uint64_t value, *gpr = cpu->gpr;
	int rc = read_operand(cpu, a, &value);

	if (insn->op == VMM_INSN_STOS)
		value = gpr[RAX];
	if (!rc && insn->op != VMM_INSN_LODS)
		rc = write_operand(cpu, insn->op == VMM_INSN_MOVS ? a + 1 : a,
				   value);
	if (rc)
		return rc;
	if (insn->op == VMM_INSN_LODS)
		set_low(&gpr[RAX], insn->size, value);
	if (insn->op != VMM_INSN_STOS)
		set_low(&gpr[RSI], insn->addr_size, gpr[RSI] + step);
	if (insn->op != VMM_INSN_LODS)
		set_low(&gpr[RDI], insn->addr_size, gpr[RDI] + step);
	if (insn->rep) {
		set_low(&gpr[RCX], insn->addr_size, gpr[RCX] - 1);
		*again = gpr[RCX] & alu_mask(insn->addr_size);
	}
	return 0;
}

int vmm_insn_execute(const struct vmm_insn *insn, struct vmm_insn_cpu *cpu,
		     const struct vmm_insn_access a[VMM_INSN_ACCESSES])
{
	bool again = false;
	int rc;

	switch (insn->op) {
	case VMM_INSN_OTHER:
		return VMM_ERROR(EOPNOTSUPP);
	case VMM_INSN_XCHG ... VMM_INSN_CMPXCHG:
		rc = execute_exchange(insn, cpu, a);
		break;
	case VMM_INSN_MUL ... VMM_INSN_DIVS:
		rc = execute_wide(insn, cpu, a);
		break;
	case VMM_INSN_PUSH ... VMM_INSN_POP:
		rc = execute_stack(insn, cpu, a);
		break;
	case VMM_INSN_STOS ... VMM_INSN_LODS:
		rc = execute_string(insn, cpu, a, &again);
		break;
	default:
		rc = execute_form(insn, cpu, a);
	}
	if (!rc && !again)
		cpu->rip = next_rip(insn, cpu);
	return rc;
}
