/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arithmetic with flags; Intel SDM vol. 1, 3.4.3.1 and the instructions'
 * pages in vol. 2.  In this file m is the mask of the operand size, and
 * numbers are kept cut to it.
 */
#include <emul/alu.h>
#include <vmm/error.h>

static unsigned bits_of(uint64_t m)
{
	return 64 - (unsigned)__builtin_clzll(m);
}

static bool sign_of(uint64_t v, uint64_t m)
{
	return v & (m ^ m >> 1);
}

static uint64_t flag(bool set, uint64_t f)
{
	return set ? f : 0;
}

/* SF, ZF and PF, which is that of the lowest byte: set if even. */
static uint64_t result_flags(uint64_t r, uint64_t m)
{
	unsigned nibbles = (unsigned)(r ^ r >> 4) & 15;

	return flag(sign_of(r, m), X86_RFLAGS_SF) | flag(!r, X86_RFLAGS_ZF) |
		flag(0x9669 >> nibbles & 1, X86_RFLAGS_PF);
}

static void set_flags(uint64_t *rflags, uint64_t which, uint64_t value)
{
	*rflags = (*rflags & ~which) | (value & which);
}

static uint64_t logic(uint64_t r, uint64_t m, uint64_t *rflags)
{
	set_flags(rflags, ALU_FLAGS, result_flags(r, m));
	return r;
}

/* carries: bit n is the carry (or borrow) out of bit n. */
static void carry_flags(uint64_t r, uint64_t carries, uint64_t overflow,
			uint64_t m, uint64_t *rflags)
{
	set_flags(rflags, ALU_FLAGS, result_flags(r, m) |
		  flag(sign_of(carries, m), X86_RFLAGS_CF) |
		  flag(carries & 8, X86_RFLAGS_AF) |
		  flag(sign_of(overflow, m), X86_RFLAGS_OF));
}

static uint64_t add(uint64_t a, uint64_t b, bool carry, uint64_t m,
		    uint64_t *rflags)
{
	uint64_t r = (a + b + carry) & m;

	carry_flags(r, (a & b) | ((a | b) & ~r), (a ^ r) & (b ^ r), m, rflags);
	return r;
}

static uint64_t sub(uint64_t a, uint64_t b, bool borrow, uint64_t m,
		    uint64_t *rflags)
{
	uint64_t r = (a - b - borrow) & m;

	carry_flags(r, (~a & b) | ((~a | b) & r), (a ^ b) & (a ^ r), m,
		    rflags);
	return r;
}

/* INC and DEC leave CF alone. */
static uint64_t keep_carry(uint64_t r, uint64_t old, uint64_t *rflags)
{
	set_flags(rflags, X86_RFLAGS_CF, old);
	return r;
}

static uint64_t shift_left(uint64_t a, unsigned n, uint64_t m,
			   uint64_t *rflags)
{
	unsigned bits = bits_of(m);
	uint64_t r = a << n & m;
	bool carry = n <= bits && (a >> (bits - n) & 1);

	set_flags(rflags, ALU_FLAGS, result_flags(r, m) |
		  flag(carry, X86_RFLAGS_CF) |
		  flag(carry != sign_of(r, m), X86_RFLAGS_OF));
	return r;
}

/* SHR; SAR with a sign-extended to 64 bits. */
static uint64_t shift_right(uint64_t a, unsigned n, bool arithmetic,
			    uint64_t m, uint64_t *rflags)
{
	uint64_t r = (arithmetic ? (uint64_t)((int64_t)a >> n) : a >> n) & m;

	set_flags(rflags, ALU_FLAGS, result_flags(r, m) |
		  flag(a >> (n - 1) & 1, X86_RFLAGS_CF) |
		  flag(!arithmetic && sign_of(a, m), X86_RFLAGS_OF));
	return r;
}

static uint64_t rotate(bool left, uint64_t a, unsigned n, uint64_t m,
		       uint64_t *rflags)
{
	unsigned bits = bits_of(m);
	unsigned k = (left ? n : bits - n % bits) % bits;
	uint64_t r = k ? (a << k | a >> (bits - k)) & m : a;
	bool top = sign_of(r, m);
	bool carry = left ? r & 1 : top;
	/* of a rotation by one: has the sign changed? */
	bool overflow = left ? carry != top : top != sign_of(r << 1, m);

	set_flags(rflags, X86_RFLAGS_CF | X86_RFLAGS_OF,
		  flag(carry, X86_RFLAGS_CF) | flag(overflow, X86_RFLAGS_OF));
	return r;
}

/* Rotate through the carry, bit by bit. */
static uint64_t rotate_carry(bool left, uint64_t a, unsigned n, uint64_t m,
			     uint64_t *rflags)
{
	bool carry = *rflags & X86_RFLAGS_CF, out, overflow;
	uint64_t top = m ^ m >> 1;

	for (n %= bits_of(m) + 1; n; n--) {
		out = a & (left ? top : 1);
		a = left ? (a << 1 & m) | carry : a >> 1 | flag(carry, top);
		carry = out;
	}
	overflow = sign_of(a, m) != (left ? carry : sign_of(a << 1, m));
	set_flags(rflags, X86_RFLAGS_CF | X86_RFLAGS_OF,
		  flag(carry, X86_RFLAGS_CF) | flag(overflow, X86_RFLAGS_OF));
	return a;
}

/* A count of zero, after masking, changes no flag. */
static uint64_t shift(enum vmm_insn_op op, uint64_t a, uint64_t count,
		      uint64_t m, uint64_t *rflags)
{
	unsigned n = count & (m == UINT64_MAX ? 63 : 31);

	if (!n)
		return a;
	switch (op) {
	case VMM_INSN_ROL:
	case VMM_INSN_ROR:
		return rotate(op == VMM_INSN_ROL, a, n, m, rflags);
	case VMM_INSN_RCL:
	case VMM_INSN_RCR:
		return rotate_carry(op == VMM_INSN_RCL, a, n, m, rflags);
	case VMM_INSN_SHL:
		return shift_left(a, n, m, rflags);
	case VMM_INSN_SAR:
		return shift_right(alu_sign(a, bits_of(m) / 8), n, true, m,
				   rflags);
	default:
		return shift_right(a, n, false, m, rflags);
	}
}

static uint64_t bit_op(enum vmm_insn_op op, uint64_t a, uint64_t b, uint64_t m,
		       uint64_t *rflags)
{
	uint64_t bit = UINT64_C(1) << (b & (bits_of(m) - 1));

	set_flags(rflags, X86_RFLAGS_CF, flag(a & bit, X86_RFLAGS_CF));
	switch (op) {
	case VMM_INSN_BTS:
		return a | bit;
	case VMM_INSN_BTR:
		return a & ~bit;
	case VMM_INSN_BTC:
		return a ^ bit;
	default:
		return a;
	}
}

static unsigned count_ones(uint64_t v)
{
	unsigned n;

	for (n = 0; v; n++)
		v &= v - 1;
	return n;
}

/* a is what the destination holds: BSF and BSR of zero leave it, as AMD
 * documents and Intel does. */
static uint64_t scan(enum vmm_insn_op op, uint64_t a, uint64_t b, uint64_t m,
		     uint64_t *rflags)
{
	bool counts = op == VMM_INSN_TZCNT || op == VMM_INSN_LZCNT;
	uint64_t r = counts ? bits_of(m) : a;

	if (b)
		switch (op) {
		case VMM_INSN_BSF:
		case VMM_INSN_TZCNT:
			r = (unsigned)__builtin_ctzll(b);
			break;
		case VMM_INSN_LZCNT:
			r = bits_of(m) - bits_of(b);
			break;
		default:
			r = bits_of(b) - 1;
		}
	set_flags(rflags, X86_RFLAGS_ZF,
		  flag(counts ? !r : !b, X86_RFLAGS_ZF));
	if (counts)
		set_flags(rflags, X86_RFLAGS_CF, flag(!b, X86_RFLAGS_CF));
	return r;
}

static uint64_t multiply_signed(uint64_t a, uint64_t b, unsigned size,
				uint64_t *rflags)
{
	int64_t r;
	bool overflow = __builtin_mul_overflow((int64_t)alu_sign(a, size),
					       (int64_t)alu_sign(b, size), &r);

	overflow |= alu_sign((uint64_t)r, size) != (uint64_t)r;
	set_flags(rflags, X86_RFLAGS_CF | X86_RFLAGS_OF,
		  flag(overflow, X86_RFLAGS_CF | X86_RFLAGS_OF));
	return (uint64_t)r & alu_mask(size);
}

/* The bits of a that index and length select; both may be beyond the end. */
static uint64_t extract(uint64_t a, unsigned index, unsigned length)
{
	if (index > 63)
		return 0;
	a >>= index;
	return length > 63 ? a : a & ((UINT64_C(1) << length) - 1);
}

/* BMI1 and BMI2; a: memory, b: the register, where there is one. */
static uint64_t bmi(enum vmm_insn_op op, uint64_t a, uint64_t b, uint64_t m,
		    uint64_t *rflags)
{
	uint64_t r, unchanged = *rflags;
	bool carry = false;

	switch (op) {
	case VMM_INSN_ANDN:
		r = a & ~b;
		break;
	case VMM_INSN_BLSR:
		r = b & (b - 1);
		carry = !b;
		break;
	case VMM_INSN_BLSMSK:
		r = (b ^ (b - 1)) & m;
		carry = !b;
		break;
	case VMM_INSN_BLSI:
		r = b & -b;
		carry = b;
		break;
	case VMM_INSN_BZHI:
		r = extract(a, 0, b & 0xff);
		carry = (b & 0xff) >= bits_of(m);
		break;
	case VMM_INSN_BEXTR:
		r = extract(a, b & 0xff, b >> 8 & 0xff);
		break;
	default:	/* those without flags */
		r = shift(op == VMM_INSN_SHLX ? VMM_INSN_SHL :
			  op == VMM_INSN_SHRX ? VMM_INSN_SHR :
			  op == VMM_INSN_SARX ? VMM_INSN_SAR : VMM_INSN_ROR,
			  a, b, m, rflags);
		*rflags = unchanged;
		return r;
	}
	logic(r, m, rflags);
	set_flags(rflags, X86_RFLAGS_CF, flag(carry, X86_RFLAGS_CF));
	return r;
}

static uint64_t swap_bytes(uint64_t v, unsigned size)
{
	return __builtin_bswap64(v) >> (64 - 8 * size);
}

uint64_t alu_compute(enum vmm_insn_op op, unsigned size, uint64_t a,
		     uint64_t b, uint64_t *rflags)
{
	uint64_t m = alu_mask(size), old = *rflags;
	bool carry = old & X86_RFLAGS_CF;

	b &= m;
	switch (op) {
	case VMM_INSN_ADD:
	case VMM_INSN_XADD:
		return add(a, b, false, m, rflags);
	case VMM_INSN_ADC:
		return add(a, b, carry, m, rflags);
	case VMM_INSN_SUB:
	case VMM_INSN_CMP:
	case VMM_INSN_CMPXCHG:
		return sub(a, b, false, m, rflags);
	case VMM_INSN_SBB:
		return sub(a, b, carry, m, rflags);
	case VMM_INSN_NEG:
		return sub(0, a, false, m, rflags);
	case VMM_INSN_INC:
		return keep_carry(add(a, 1, false, m, rflags), old, rflags);
	case VMM_INSN_DEC:
		return keep_carry(sub(a, 1, false, m, rflags), old, rflags);
	case VMM_INSN_OR:
		return logic(a | b, m, rflags);
	case VMM_INSN_AND:
	case VMM_INSN_TEST:
		return logic(a & b, m, rflags);
	case VMM_INSN_XOR:
		return logic(a ^ b, m, rflags);
	case VMM_INSN_NOT:
		return ~a & m;
	case VMM_INSN_MOVBE:
		return swap_bytes(b, size);
	case VMM_INSN_ROL ... VMM_INSN_SAR:
		return shift(op, a, b, m, rflags);
	case VMM_INSN_BT ... VMM_INSN_BTC:
		return bit_op(op, a, b, m, rflags);
	case VMM_INSN_IMUL:
		return multiply_signed(a, b, size, rflags);
	case VMM_INSN_BSF ... VMM_INSN_LZCNT:
		return scan(op, a, b, m, rflags);
	case VMM_INSN_POPCNT:
		set_flags(rflags, ALU_FLAGS, flag(!b, X86_RFLAGS_ZF));
		return count_ones(b);
	case VMM_INSN_ANDN ... VMM_INSN_RORX:
		return bmi(op, a, b, m, rflags);
	default:	/* MOV and its kin */
		return b;
	}
}

struct alu_pair alu_multiply(bool sign, unsigned size, uint64_t low,
			     uint64_t b, uint64_t *rflags)
{
	uint64_t m = alu_mask(size);
	struct alu_pair r;
	unsigned __int128 p;

	if (sign)
		p = (unsigned __int128)((__int128)(int64_t)alu_sign(low, size) *
					(int64_t)alu_sign(b, size));
	else
		p = (unsigned __int128)low * b;
	r.low = (uint64_t)p & m;
	r.high = (uint64_t)(p >> 8 * size) & m;
	set_flags(rflags, X86_RFLAGS_CF | X86_RFLAGS_OF,
		  flag(r.high != (sign && sign_of(r.low, m) ? m : 0),
		       X86_RFLAGS_CF | X86_RFLAGS_OF));
	return r;
}

/* n.high < d, so that the quotient fits.  C's division of 128 bits would be
 * a call of the compiler's library. */
static void divide_unsigned(unsigned size, struct alu_pair *n, uint64_t d)
{
	uint64_t low = n->low, high = n->high;

	if (size < 8) {
		low |= high << 8 * size;
		high = 0;
	}
	__asm__("divq %4" : "=a"(n->low), "=d"(n->high)
		: "0"(low), "1"(high), "r"(d) : "cc");
}

static uint64_t negate(uint64_t v, bool yes, uint64_t m)
{
	return (yes ? -v : v) & m;
}

int alu_divide(bool sign, unsigned size, struct alu_pair *n, uint64_t b)
{
	uint64_t m = alu_mask(size);
	bool minus_n = sign && sign_of(n->high, m);
	bool minus_b = sign && sign_of(b, m);
	bool minus_q = minus_n != minus_b;
	struct alu_pair r = *n;

	if (minus_n) {
		r.low = -n->low & m;
		r.high = (~n->high + !r.low) & m;
	}
	b = negate(b, minus_b, m);
	if (r.high >= b)	/* also for a divisor of zero */
		return VMM_ERROR(EDOM);
	divide_unsigned(size, &r, b);
	if (sign && r.low > (m >> 1) + minus_q)
		return VMM_ERROR(EDOM);
	n->low = negate(r.low, minus_q, m);
	n->high = negate(r.high, minus_n, m);
	return 0;
}

bool alu_condition(unsigned condition, uint64_t rflags)
{
	bool less = !(rflags & X86_RFLAGS_SF) != !(rflags & X86_RFLAGS_OF);
	bool holds;

	switch (condition >> 1) {
	case 0:
		holds = rflags & X86_RFLAGS_OF;
		break;
	case 1:
		holds = rflags & X86_RFLAGS_CF;
		break;
	case 2:
		holds = rflags & X86_RFLAGS_ZF;
		break;
	case 3:
		holds = rflags & (X86_RFLAGS_CF | X86_RFLAGS_ZF);
		break;
	case 4:
		holds = rflags & X86_RFLAGS_SF;
		break;
	case 5:
		holds = rflags & X86_RFLAGS_PF;
		break;
	case 6:
		holds = less;
		break;
	default:
		holds = less || (rflags & X86_RFLAGS_ZF);
	}
	return holds != (condition & 1);	/* odd ones are negated */
}
