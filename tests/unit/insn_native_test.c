/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instructions carried out by libvmm/emul against the processor that the test
 * runs on: the same bytes, registers, flags and memory for both, and all of
 * them compared afterwards, except flags that the manual leaves undefined.
 */
#define _GNU_SOURCE	/* REG_RIP */
#include <asm/prctl.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <cmocka.h>
#include <vmm/insn.h>
#include <vmm/x86.h>
#include "insn_forms.h"

struct native_state {		/* offsets: insn_native.S */
	uint64_t gpr[16];
	uint64_t rflags;
	uint64_t code;
};
void native_run(struct native_state *st);
void native_return(void);

#define RAX 0
#define RCX 1
#define RDX 2
#define RSP 4
#define RSI 6
#define RDI 7
#define FLAGS (X86_RFLAGS_CF | X86_RFLAGS_PF | X86_RFLAGS_AF | \
	       X86_RFLAGS_ZF | X86_RFLAGS_SF | X86_RFLAGS_OF)
#define ROUNDS 150

/* --- the memory that instructions work on, below 2 GiB --- */

#define DATA_SIZE 16384u
static uint8_t *data, *code;		/* the processor's */
static uint8_t shadow[DATA_SIZE];	/* the emulator's */
static uint64_t gs_base;
static volatile int caught;

static uint64_t random64(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s;
}

static unsigned below(unsigned n)
{
	return (unsigned)((random64() >> 33) % n);
}

/* Numbers at which something changes, and any others. */
static uint64_t interesting(void)
{
	static const unsigned widths[] = { 0, 1, 4, 7, 8, 15, 16, 31, 32, 63 };
	uint64_t v = random64();

	switch (below(5)) {
	case 0:
		return v;
	case 1:
		return (UINT64_C(1) << widths[below(10)]) + below(3) - 1;
	case 2:
		return -((UINT64_C(1) << widths[below(10)]) + below(3) - 1);
	case 3:
		return v >> below(64);
	default:
		return v & random64() & random64();
	}
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)info;
	caught = sig;
	uc->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)native_return;
}

/* In each test: cmocka puts handlers of its own in place before it. */
static void catch_signals(void)
{
	static uint8_t stack[65536];
	const stack_t alternate = {
		.ss_sp = stack, .ss_size = sizeof(stack),
	};
	struct sigaction sa = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	assert_int_equal(sigaltstack(&alternate, NULL), 0);
	assert_int_equal(sigaction(SIGFPE, &sa, NULL), 0);
	assert_int_equal(sigaction(SIGILL, &sa, NULL), 0);
}

static int set_up(void **state)
{
	(void)state;
	data = mmap(NULL, DATA_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (data == MAP_FAILED || code == MAP_FAILED)
		return -1;
	gs_base = (uintptr_t)data - 0x12345;
	return syscall(SYS_arch_prctl, ARCH_SET_GS, gs_base) ? -1 : 0;
}

/* --- the emulator's surroundings --- */

struct machine {
	struct vmm_insn_cpu cpu;
	uint64_t gpr[16];
	bool fail_read, fail_write;
};

static uint64_t seg_base(struct vmm_insn_cpu *cpu, enum vmm_segreg seg)
{
	(void)cpu;
	assert_int_equal(seg, VMM_SEG_GS);
	return gs_base;
}

static uint8_t *at(const struct vmm_insn_access *a)
{
	uint64_t offset = a->linear - (uintptr_t)data;

	assert_true(offset <= DATA_SIZE - a->size);
	return shadow + offset;
}

static int read_shadow(struct vmm_insn_cpu *cpu,
		       const struct vmm_insn_access *a, uint64_t *value)
{
	assert_true(a->read);
	if (VMM_CONTAINER_OF(cpu, struct machine, cpu)->fail_read)
		return -EIO;
	/* bytes beyond the size must not matter */
	*value = a->size < 8 ? random64() << 8 * a->size : 0;
	for (unsigned i = 0; i < a->size; i++)
		*value |= (uint64_t)at(a)[i] << 8 * i;
	return 0;
}

static int write_shadow(struct vmm_insn_cpu *cpu,
			const struct vmm_insn_access *a, uint64_t value)
{
	assert_true(a->write);
	if (VMM_CONTAINER_OF(cpu, struct machine, cpu)->fail_write)
		return -EROFS;
	assert_true(a->size == 8 || value >> 8 * a->size == 0);
	for (unsigned i = 0; i < a->size; i++)
		at(a)[i] = (uint8_t)(value >> 8 * i);
	return 0;
}

static const struct vmm_insn_env env = { seg_base, read_shadow, write_shadow };

/* --- instructions to try --- */

/* One instruction made of a form. */
struct sample {
	const struct form *form;
	unsigned size;
	unsigned reg, vvvv;
	unsigned base, index;	/* 16: none */
	unsigned scale;
	unsigned rex_b;		/* has to be ignored without a base */
	bool rip_relative, short_disp, address32, gs, lock;
	uint64_t target;
	int32_t disp;
	uint8_t bytes[32];
	unsigned n;
};

static void put(struct sample *s, uint64_t value, unsigned size)
{
	for (; size; size--, value >>= 8)
		s->bytes[s->n++] = (uint8_t)value;
}

static void encode_opcode(struct sample *s)
{
	const struct form *f = s->form;
	unsigned rex = (s->size == 8) << 3 | (s->reg >> 3) << 2 |
		(s->index < 16 ? s->index >> 3 : 0) << 1 |
		(s->base < 16 ? s->base >> 3 : s->rex_b);

	if (f->pp >= 0) {
		put(s, 0xc4, 1);
		put(s, (~rex & 7) << 5 | f->map, 1);
		put(s, (rex & 8) << 4 | (~s->vvvv & 15) << 3 |
		    (unsigned)f->pp, 1);
		put(s, f->opcode, 1);
		return;
	}
	/* without REX, byte registers 4 to 7 are AH to BH */
	if (rex || below(2))
		put(s, 0x40 | rex, 1);
	if (f->map)
		put(s, 0x0f, 1);
	if (f->map > 1)
		put(s, f->map == 2 ? 0x38 : 0x3a, 1);
	put(s, f->opcode, 1);
}

static void encode_memory(struct sample *s)
{
	unsigned reg = (s->reg & 7) << 3;
	unsigned mod = s->short_disp ? 0x40 : 0x80;

	if (s->rip_relative) {
		put(s, reg | 5, 1);
	} else if (s->base == 16) {	/* SIB with neither base nor index */
		put(s, reg | 4, 1);
		put(s, s->scale << 6 | (s->index < 16 ? s->index & 7 : 4) << 3
		    | 5, 1);
	} else if (s->index < 16 || (s->base & 7) == 4) {
		put(s, mod | reg | 4, 1);
		put(s, s->scale << 6 | (s->index < 16 ? s->index & 7 : 4) << 3
		    | (s->base & 7), 1);
	} else {
		put(s, mod | reg | (s->base & 7), 1);
	}
	put(s, (uint32_t)s->disp, s->short_disp ? 1 : 4);
}

static unsigned imm_size(const struct sample *s)
{
	return s->form->imm == 4 && s->size == 2 ? 2 : s->form->imm;
}

static void encode(struct sample *s, uint64_t imm)
{
	s->n = 0;
	if (s->gs)
		put(s, 0x65, 1);
	if (s->address32)
		put(s, 0x67, 1);
	if (s->size == 2)
		put(s, 0x66, 1);
	if (s->lock)
		put(s, 0xf0, 1);
	if (s->form->prefix)
		put(s, s->form->prefix, 1);
	encode_opcode(s);
	encode_memory(s);
	put(s, imm, imm_size(s));
}

static bool is_bit_string(const struct form *f)
{
	return f->map == 1 && (f->opcode & 0xc7) == 0x83 && f->opcode >= 0xa3;
}

static bool is_stack(const struct form *f)
{
	return f->map == 0 && (f->opcode == 0x8f ||
			       (f->opcode == 0xff && f->ext == 6));
}

/* Registers, memory operand, and the registers' values that make it point
 * into the data. */
static void choose(struct sample *s, struct native_state *st)
{
	const struct form *f = s->form;
	uint64_t target;

	s->reg = f->ext >= 0 ? (unsigned)f->ext : below(16);
	s->vvvv = f->map == 3 ? 0 : below(16);	/* RORX has no third */
	s->rip_relative = below(8) == 0;
	s->base = s->rip_relative ? 16 : below(17);
	do
		s->index = s->rip_relative || below(2) ? 16 : below(16);
	while (s->index == 4 || (s->index < 16 && s->index == s->base));
	s->scale = below(4);
	s->rex_b = below(2);
	if (is_bit_string(f))	/* its value is chosen below */
		while (s->reg == s->base || s->reg == s->index)
			s->reg = below(16);
	s->short_disp = s->base < 16 && below(2);
	s->address32 = below(4) == 0;
	s->gs = below(4) == 0;
	for (unsigned i = 0; i < 16; i++)
		st->gpr[i] = interesting();
	if (below(2))		/* let some divisions succeed */
		st->gpr[RDX] = below(2) - 1u;
	if (is_bit_string(f))
		st->gpr[s->reg] = s->size == 8 ? below(20000) - 10000ul :
			(st->gpr[s->reg] & (s->size == 4 ?
			 UINT64_C(0xffffffff00000000) : ~UINT64_C(0xffff))) |
			((below(20000) - 10000u) & (s->size == 4 ?
						    0xffffffff : 0xffff));
	if (is_stack(f))
		st->gpr[RSP] = (uintptr_t)data + 12000;

	s->target = (uintptr_t)data + 4096 + below(4096);
	target = s->target - (s->gs ? gs_base : 0);
	s->disp = s->short_disp ? (int8_t)random64() : (int32_t)random64();
	if (s->index < 16 && s->base == 16) {	/* small, to be reachable */
		st->gpr[s->index] = below(4096);
		s->disp = (int32_t)(target - (st->gpr[s->index] << s->scale));
	} else if (s->index < 16) {
		target -= st->gpr[s->index] << s->scale;
	}
	if (s->base == 16) {
		if (s->index == 16)
			s->disp = (int32_t)target;
	} else if (s->base == RSP && is_stack(f)) {
		s->short_disp = false;
		if (s->index < 16) {
			st->gpr[s->index] = below(100);
			target = s->target - (s->gs ? gs_base : 0) -
				(st->gpr[s->index] << s->scale);
		}
		s->disp = (int32_t)(target - st->gpr[RSP]);
	} else {
		st->gpr[s->base] = target - (uint64_t)(int64_t)s->disp;
		if (s->address32)
			st->gpr[s->base] ^= random64() << 32;
	}
}

/* Instructions that accept LOCK: SDM vol. 2, "LOCK". */
static bool may_lock(const struct vmm_insn *insn)
{
	switch (insn->op) {
	case VMM_INSN_CMP: case VMM_INSN_TEST: case VMM_INSN_BT:
	case VMM_INSN_ROL ... VMM_INSN_SAR:
		return false;
	default:
		return insn->reads && insn->writes;
	}
}

/* Flags that the manual leaves undefined after this. */
static uint64_t undefined_flags(const struct vmm_insn *insn, uint64_t count)
{
	uint64_t one = count == 1 ? 0 : X86_RFLAGS_OF;
	const uint64_t af_pf = X86_RFLAGS_AF | X86_RFLAGS_PF;

	switch (insn->op) {
	case VMM_INSN_AND: case VMM_INSN_OR: case VMM_INSN_XOR:
	case VMM_INSN_TEST:
		return X86_RFLAGS_AF;
	case VMM_INSN_ROL: case VMM_INSN_ROR:
	case VMM_INSN_RCL: case VMM_INSN_RCR:
		return count ? one : 0;
	case VMM_INSN_SHL: case VMM_INSN_SHR: case VMM_INSN_SAR:
		if (!count)
			return 0;
		return one | X86_RFLAGS_AF |
			(count > insn->size * 8u ? X86_RFLAGS_CF : 0);
	case VMM_INSN_BT ... VMM_INSN_BTC:
		return FLAGS & ~(X86_RFLAGS_CF | X86_RFLAGS_ZF);
	case VMM_INSN_BSF: case VMM_INSN_BSR:
		return FLAGS & ~X86_RFLAGS_ZF;
	case VMM_INSN_TZCNT: case VMM_INSN_LZCNT:
		return FLAGS & ~(X86_RFLAGS_CF | X86_RFLAGS_ZF);
	case VMM_INSN_MUL: case VMM_INSN_MULS: case VMM_INSN_IMUL:
		return FLAGS & ~(X86_RFLAGS_CF | X86_RFLAGS_OF);
	case VMM_INSN_DIV: case VMM_INSN_DIVS:
		return FLAGS;
	case VMM_INSN_ANDN ... VMM_INSN_BZHI:
		return af_pf;
	case VMM_INSN_BEXTR:
		return af_pf | X86_RFLAGS_SF;
	default:
		return 0;
	}
}

/* --- doing it both ways --- */

static void describe(const char *name, const uint8_t *bytes, unsigned n)
{
	print_message("%s:", name);
	for (unsigned i = 0; i < n; i++)
		print_message(" %02x", bytes[i]);
	print_message("\n");
}

static bool same(const struct native_state *st, const struct machine *m,
		 uint64_t ignored)
{
	uint64_t flags = (FLAGS | X86_RFLAGS_DF) & ~ignored;
	bool equal = true;

	for (unsigned i = 0; i < 16; i++) {
		if (st->gpr[i] == m->gpr[i])
			continue;
		print_error("register %u: %#lx, but emulated %#lx\n", i,
			    st->gpr[i], m->gpr[i]);
		equal = false;
	}
	if ((st->rflags ^ m->cpu.rflags) & flags) {
		print_error("flags: %#lx, but emulated %#lx\n",
			    st->rflags & flags, m->cpu.rflags & flags);
		equal = false;
	}
	for (unsigned i = 0; i < DATA_SIZE; i++) {
		if (data[i] == shadow[i])
			continue;
		print_error("byte %#x: %#x, but emulated %#x\n", i, data[i],
			    shadow[i]);
		equal = false;
	}
	return equal;
}

static int emulate(const struct vmm_insn *insn, struct machine *m)
{
	struct vmm_insn_access a[VMM_INSN_ACCESSES];

	assert_in_range(vmm_insn_accesses(insn, &m->cpu, a), 1, 2);
	return vmm_insn_execute(insn, &m->cpu, a);
}

/* A failing access leaves everything as it was. */
static void try_failures(const struct vmm_insn *insn, const struct machine *m)
{
	static uint8_t before[DATA_SIZE];

	memcpy(before, shadow, DATA_SIZE);
	for (int write = 0; write < 2; write++) {
		struct machine f = *m;
		bool touched = insn->reads || insn->op == VMM_INSN_POP;

		if (write)
			touched = insn->writes || insn->op == VMM_INSN_PUSH ||
				insn->op == VMM_INSN_MOVS;
		if (!touched)
			continue;
		f.cpu.gpr = f.gpr;
		f.fail_read = !write;
		f.fail_write = write;
		assert_int_equal(emulate(insn, &f), write ? -EROFS : -EIO);
		assert_memory_equal(f.gpr, m->gpr, sizeof(f.gpr));
		assert_int_equal(f.cpu.rflags, m->cpu.rflags);
		assert_int_equal(f.cpu.rip, m->cpu.rip);
		assert_memory_equal(shadow, before, DATA_SIZE);
	}
}

static void load_code(struct native_state *st, const uint8_t *bytes,
		      unsigned n)
{
	uint64_t back = (uintptr_t)native_return;

	memcpy(code, bytes, n);
	memcpy(code + n, "\xff\x25\x00\x00\x00\x00", 6);	/* jmp *0(rip) */
	memcpy(code + n + 6, &back, 8);
	st->code = (uintptr_t)code;
}

/* BSF and BSR of zero leave the destination alone; but of a 32-bit one, some
 * processors clear the upper half (SDM vol. 2, BSF, footnote). */
static void scan_of_zero(const struct vmm_insn *insn, struct machine *m,
			 const struct native_state *st)
{
	if ((insn->op == VMM_INSN_BSF || insn->op == VMM_INSN_BSR) &&
	    insn->size == 4 && (st->rflags & X86_RFLAGS_ZF) &&
	    st->gpr[insn->reg] == (uint32_t)m->gpr[insn->reg])
		m->gpr[insn->reg] = st->gpr[insn->reg];
}

/* Returns false if this processor does not know the instruction. */
static bool try(const char *name, const uint8_t *bytes, unsigned n,
		struct native_state *st)
{
	struct machine m = { .cpu = {
		.gpr = m.gpr, .rflags = st->rflags, .rip = (uintptr_t)code,
		.stack_size = 8, .env = &env,
	} };
	struct vmm_insn insn;
	uint64_t count, next = m.cpu.rip + n;
	int rc;

	memcpy(m.gpr, st->gpr, sizeof(m.gpr));
	assert_int_equal(vmm_insn_decode(&insn, bytes, n, 64), 0);
	if (insn.len != n || insn.op == VMM_INSN_OTHER) {
		describe(name, bytes, n);
		fail_msg("length %u, operation %u", insn.len, insn.op);
	}
	count = (insn.form == VMM_INSN_FORM_MR ? m.gpr[RCX] :
		 (uint64_t)insn.imm) & (insn.size == 8 ? 63 : 31);
	load_code(st, bytes, n);
	caught = 0;
	native_run(st);
	if (caught == SIGILL)
		return false;
	if (!(insn.op == VMM_INSN_DIV || insn.op == VMM_INSN_DIVS))
		try_failures(&insn, &m);
	do
		rc = emulate(&insn, &m);
	while (!rc && m.cpu.rip != next && insn.rep);
	scan_of_zero(&insn, &m, st);
	if (rc != (caught ? -EDOM : 0) || (!rc && m.cpu.rip != next) ||
	    !same(st, &m, undefined_flags(&insn, count))) {
		describe(name, bytes, n);
		fail_msg("emulated: %d, signal %d, RIP + %ld", rc, caught,
			 (long)(m.cpu.rip - (uintptr_t)code));
	}
	return true;
}

static uint64_t random_flags(void)
{
	return (random64() & FLAGS) | X86_RFLAGS_FIXED | X86_RFLAGS_IF;
}

static void random_data(void)
{
	for (unsigned i = 4096 - 2048; i < 8192 + 2048; i += 8) {
		uint64_t v = interesting();

		memcpy(data + i, &v, sizeof(v));
	}
	for (unsigned i = 11900; i < 12100; i++)
		data[i] = (uint8_t)random64();
	memcpy(shadow, data, DATA_SIZE);
}

static bool try_form(const struct form *f, unsigned size)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct native_state st = { .rflags = random_flags() };
		struct sample s = { .form = f, .size = size };
		uint64_t imm = interesting();
		struct vmm_insn insn;

		random_data();
		choose(&s, &st);
		encode(&s, imm);
		if (s.rip_relative)
			s.disp = (int32_t)(s.target - (s.gs ? gs_base : 0) -
					   ((uintptr_t)code + s.n));
		/* a comparison that holds must be tried too */
		if (f->map == 1 && (f->opcode & 0xfe) == 0xb0 && s.base &&
		    s.index && below(2))
			memcpy(&st.gpr[RAX], data + (s.target -
						     (uintptr_t)data), 8);
		encode(&s, imm);
		assert_int_equal(vmm_insn_decode(&insn, s.bytes, s.n, 64), 0);
		if (f->pp < 0 && may_lock(&insn) && below(4) == 0) {
			s.lock = true;
			if (s.rip_relative)
				s.disp--;
			encode(&s, imm);
		}
		if (!try(f->name, s.bytes, s.n, &st))
			return false;
	}
	return true;
}

/* Returns false if the processor lacks it. */
static bool try_sizes(const struct form *f)
{
	bool known = true;

	for (unsigned size = 1; size <= 8; size *= 2)
		if (f->sizes & size)
			known = try_form(f, size) && known;
	return known;
}

static void base_instructions(void **state)
{
	(void)state;
	catch_signals();
	for (size_t i = 0; i < VMM_ARRAY_SIZE(base_forms); i++)
		if (!try_sizes(&base_forms[i]))
			fail_msg("SIGILL: %s", base_forms[i].name);
}

static void conditions(void **state)
{
	(void)state;
	for (uint8_t cc = 0; cc < 16; cc++) {
		struct form set = { "setcc", B1, 0, 1, 0x90, REG, 0, LEGACY };
		struct form cmov = { "cmovcc", W, 0, 1, 0x40, REG, 0, LEGACY };

		set.opcode |= cc;
		cmov.opcode |= cc;
		assert_true(try_sizes(&set));
		assert_true(try_sizes(&cmov));
	}
}

/* On processors without them TZCNT and LZCNT are not #UD, but BSF and BSR. */
static bool is_other_instruction(const struct form *f)
{
	if (f->prefix == 0xf3 && f->opcode == 0xbc)	/* BMI1 */
		return !(x86_cpuid(7, 0).ebx & 0x08);
	if (f->prefix == 0xf3 && f->opcode == 0xbd)	/* LZCNT */
		return !(x86_cpuid(0x80000001, 0).ecx & 0x20);
	return false;
}

static void newer_instructions(void **state)
{
	(void)state;
	catch_signals();
	for (size_t i = 0; i < VMM_ARRAY_SIZE(newer_forms); i++)
		if (is_other_instruction(&newer_forms[i]) ||
		    !try_sizes(&newer_forms[i]))
			print_message("%s: not on this processor\n",
				      newer_forms[i].name);
}

static void try_string(uint8_t opcode, unsigned size, bool rep)
{
	struct native_state st = { .rflags = random_flags() };
	uint8_t bytes[8];
	unsigned n = 0;
	bool address32 = below(4) == 0;

	random_data();
	for (unsigned i = 0; i < 16; i++)
		st.gpr[i] = interesting();
	st.rflags |= random64() & X86_RFLAGS_DF;
	st.gpr[RSI] = (uintptr_t)data + 5000 + below(500);
	st.gpr[RDI] = (uintptr_t)data + 5000 + below(500);
	if (rep)
		st.gpr[RCX] = 1 + below(20);
	if (address32) {
		st.gpr[RSI] ^= random64() << 32;
		st.gpr[RDI] ^= random64() << 32;
		st.gpr[RCX] ^= random64() << 32;
		bytes[n++] = 0x67;
	}
	if (size == 2)
		bytes[n++] = 0x66;
	if (rep)
		bytes[n++] = below(2) ? 0xf3 : 0xf2;
	if (size == 8)
		bytes[n++] = 0x48;
	bytes[n++] = opcode | (size > 1);
	assert_true(try("string", bytes, n, &st));
}

static void strings(void **state)
{
	static const uint8_t opcodes[] = { 0xa4, 0xaa, 0xac };

	(void)state;
	for (unsigned i = 0; i < 3 * ROUNDS * 4; i++)
		try_string(opcodes[i % 3], 1u << i / 3 % 4, below(2));
}

/* MOV of the accumulator with a full address */
static void accumulator(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct native_state st = { .rflags = random_flags() };
		unsigned size = 1u << below(4), n = 0;
		uint64_t target = (uintptr_t)data + 4096 + below(4096);
		bool address32 = below(2), gs = below(2);
		uint8_t bytes[16];

		random_data();
		st.gpr[RAX] = interesting();
		target -= gs ? gs_base : 0;
		if (gs)
			bytes[n++] = 0x65;
		if (address32)
			bytes[n++] = 0x67;
		if (size == 2)
			bytes[n++] = 0x66;
		if (size == 8)
			bytes[n++] = 0x48;
		bytes[n++] = (uint8_t)(0xa0 | (size > 1) | below(2) << 1);
		memcpy(bytes + n, &target, 8);
		n += address32 ? 4 : 8;
		assert_true(try("moffs", bytes, n, &st));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_instructions),
		cmocka_unit_test(conditions),
		cmocka_unit_test(newer_instructions),
		cmocka_unit_test(strings),
		cmocka_unit_test(accumulator),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
