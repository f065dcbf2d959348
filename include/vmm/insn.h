/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * x86 instructions that access memory: decode one, find out what it accesses,
 * carry it out.  For accesses to hooked pages, where the processor tells
 * neither the instruction's bytes nor its length.
 *
 * Everything here is pure (vmm_emulate_access() of <vmm/mmio.h> is not): no
 * state, any CPU, any context; it runs in host tests.
 */
#ifndef VMM_INSN_H
#define VMM_INSN_H

#include <stdbool.h>
#include <vmm/compiler.h>
#include <vmm/vcpu.h>

VMM_BEGIN_DECLS

#define VMM_INSN_MAX 15		/* bytes; Intel SDM vol. 2, 2.3.11 */

/* What an instruction does, by the manuals' names. */
enum vmm_insn_op {
	/* Accesses no memory, or not in one of the ways below: only its
	 * length is known. */
	VMM_INSN_OTHER,
	/* the form tells what goes where */
	VMM_INSN_ADD, VMM_INSN_OR, VMM_INSN_ADC, VMM_INSN_SBB,
	VMM_INSN_AND, VMM_INSN_SUB, VMM_INSN_XOR, VMM_INSN_CMP,
	VMM_INSN_TEST, VMM_INSN_NOT, VMM_INSN_NEG, VMM_INSN_INC, VMM_INSN_DEC,
	VMM_INSN_ROL, VMM_INSN_ROR, VMM_INSN_RCL, VMM_INSN_RCR,
	VMM_INSN_SHL, VMM_INSN_SHR, VMM_INSN_SAR,
	VMM_INSN_BT, VMM_INSN_BTS, VMM_INSN_BTR, VMM_INSN_BTC,
	VMM_INSN_MOV,		/* also MOVZX, MOVNTI, MOVDIRI */
	VMM_INSN_MOVSX,		/* also MOVSXD */
	VMM_INSN_MOVBE,
	VMM_INSN_IMUL,		/* two and three operands */
	VMM_INSN_CMOV,		/* imm: the condition's number, 0 to 15 */
	VMM_INSN_SET,		/* the same */
	VMM_INSN_BSF, VMM_INSN_BSR,
	VMM_INSN_TZCNT, VMM_INSN_LZCNT, VMM_INSN_POPCNT,
	VMM_INSN_ANDN, VMM_INSN_BLSR, VMM_INSN_BLSMSK, VMM_INSN_BLSI,
	VMM_INSN_BZHI, VMM_INSN_BEXTR,
	VMM_INSN_SHLX, VMM_INSN_SHRX, VMM_INSN_SARX, VMM_INSN_RORX,
	/* the name alone tells */
	VMM_INSN_XCHG, VMM_INSN_XADD, VMM_INSN_CMPXCHG,
	VMM_INSN_MUL, VMM_INSN_MULS,	/* MUL and IMUL of rDX:rAX */
	VMM_INSN_DIV, VMM_INSN_DIVS,	/* DIV and IDIV */
	VMM_INSN_PUSH, VMM_INSN_POP,
	VMM_INSN_STOS, VMM_INSN_MOVS, VMM_INSN_LODS,
	VMM_INSN_OPS		/* their number */
};

/* What goes where: the destination, which mostly is a source too, first. */
enum vmm_insn_form {
	VMM_INSN_FORM_NONE,
	VMM_INSN_FORM_MR,	/* memory, register */
	VMM_INSN_FORM_MI,	/* memory, immediate */
	VMM_INSN_FORM_M,	/* memory alone */
	VMM_INSN_FORM_RM,	/* register, memory */
	VMM_INSN_FORM_RMI,	/* register (only written), memory, immediate */
	VMM_INSN_FORM_RMR,	/* register (only written), memory, reg2 */
};

#define VMM_INSN_NO_REG	0xff	/* no base, no index */
#define VMM_INSN_RIP	0xfe	/* base: address of the next instruction */

struct vmm_insn {
	uint8_t len;		/* bytes, 1 to 15 */
	uint8_t mode;		/* as given: 16, 32, 64 */
	uint8_t op;		/* enum vmm_insn_op */
	/* The rest means something unless op is VMM_INSN_OTHER. */
	uint8_t form;		/* enum vmm_insn_form */
	uint8_t size;		/* of the memory operand: 1, 2, 4, 8 bytes */
	uint8_t reg_size;	/* of reg and reg2; differs for MOVSX etc. */
	uint8_t reg;		/* number of the register operand */
	uint8_t reg2;		/* second one, of BMI instructions */
	bool high;		/* reg is AH, CH, DH, BH (of number 0 to 3) */
	bool lock, rep;		/* the prefixes; rep: string instructions */
	bool reads, writes;	/* the memory operand; MOVS: its source */
	uint8_t addr_size;	/* 2, 4, 8 bytes */
	uint8_t seg;		/* enum vmm_segreg of the memory operand */
	uint8_t base;		/* register number, _NO_REG or _RIP */
	uint8_t index;		/* register number, _NO_REG */
	uint8_t scale;		/* log2: 0 to 3 */
	int64_t disp;
	int64_t imm;		/* sign-extended */
};

/*
 * Decode the instruction that begins at `bytes`, of which n can be read, for
 * a code segment of 16, 32 or 64 bits (mode).
 *
 * The length is right for every valid instruction: legacy maps, 3DNow!, VEX,
 * XOP, EVEX, without the extensions of APX; a near branch with an operand
 * size prefix in 64-bit mode is taken as Intel does, with 32-bit displacement.
 * Not every invalid encoding is refused.
 *
 * 0, or: -EINVAL no such instruction (#UD); -E2BIG longer than 15 bytes (#GP);
 * -ENODATA more than n bytes are needed to tell.  *out is undefined then.
 */
int vmm_insn_decode(struct vmm_insn *out, const uint8_t *bytes, unsigned n,
		    unsigned mode) VMM_MUST_CHECK;

/* One access of an instruction to memory. */
struct vmm_insn_access {
	uint64_t linear;
	uint8_t size;		/* bytes: 1, 2, 4, 8 */
	bool read, write;	/* both: read, then written back */
};
#define VMM_INSN_ACCESSES 2

struct vmm_insn_cpu;

/* What surrounds the processor.  read and write return 0 or a negative errno,
 * which ends the instruction. */
struct vmm_insn_env {
	uint64_t (*seg_base)(struct vmm_insn_cpu *cpu, enum vmm_segreg seg);
	int (*read)(struct vmm_insn_cpu *cpu, const struct vmm_insn_access *a,
		    uint64_t *value);
	int (*write)(struct vmm_insn_cpu *cpu, const struct vmm_insn_access *a,
		     uint64_t value);
};

/* State of the processor that an instruction is carried out on. */
struct vmm_insn_cpu {
	uint64_t *gpr;		/* 16, by their numbers in instructions */
	uint64_t rflags;
	uint64_t rip;
	uint8_t stack_size;	/* of stack addresses: 2, 4, 8 bytes */
	const struct vmm_insn_env *env;
};

/* Effective address of the memory operand (without segment base), cut to the
 * address size.  cpu->rip is that of the instruction. */
uint64_t vmm_insn_address(const struct vmm_insn *insn,
			  const struct vmm_insn_cpu *cpu);

/*
 * The accesses that the instruction is about to make, in its order; linear
 * addresses.  Returns their number: 0 for VMM_INSN_OTHER and for a repeated
 * string instruction whose count is zero; 2 for PUSH, POP and MOVS, else 1.
 */
unsigned vmm_insn_accesses(const struct vmm_insn *insn,
			   struct vmm_insn_cpu *cpu,
			   struct vmm_insn_access a[VMM_INSN_ACCESSES]);

/*
 * Carry out the instruction: read, compute, write, then set registers, flags
 * (undefined ones stay or are cleared) and RIP; there is at most one read and
 * one write, of elements of a, which vmm_insn_accesses() has filled and not
 * returned 0.  With a REP prefix this is one iteration, and RIP stays while
 * some are left.
 *
 * 0, or: -EOPNOTSUPP VMM_INSN_OTHER; -EDOM the division overflows (#DE); what
 * read or write returned.  *cpu is unchanged then.
 */
int vmm_insn_execute(const struct vmm_insn *insn, struct vmm_insn_cpu *cpu,
		     const struct vmm_insn_access a[VMM_INSN_ACCESSES])
	VMM_MUST_CHECK;

VMM_END_DECLS

#endif
