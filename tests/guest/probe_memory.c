/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Accesses to the VMM's memory and across its edges.  As guest: reads give
 * zeros or ones, writes are dropped, what lies beside is neither lost nor
 * harmed.  Bare, ordinary memory stands in the place, and all lands there.
 */
#include "probe.h"

#define FILL	0xc3
#define DATA	0x5a
#define DATA64	UINT64_C(0x5a5a5a5a5a5a5a5a)
#define AROUND	64	/* bytes looked at on each side of an edge */
#define VECTOR_BAD_STACK 0x92

struct op {
	const char *name;
	void (*run)(void *at);
	unsigned size;		/* bytes it writes */
	int adjust;		/* where it begins, counted from `at` */
	unsigned align;		/* `at` must be a multiple of this */
};

/* Every operation stores bytes of DATA. */
#define STORE(name, insn)						\
	static void name(void *at)					\
	{								\
		__asm__ volatile(insn :: "D"(at), "a"(DATA64),		\
				 "d"(DATA64) : "memory", "cc", "rcx");	\
	}
STORE(store8, "movb %%al, (%%rdi)")
STORE(store16, "movw %%ax, (%%rdi)")
STORE(store32, "movl %%eax, (%%rdi)")
STORE(store64, "movq %%rax, (%%rdi)")
STORE(store_imm, "movl $0x5a5a5a5a, (%%rdi)")
STORE(movnti, "movnti %%rax, (%%rdi)")
STORE(store_sse, "movq %%rax, %%xmm0\n\tpunpcklqdq %%xmm0, %%xmm0\n\t"
      "movups %%xmm0, (%%rdi)")
STORE(movntdq, "movq %%rax, %%xmm0\n\tpunpcklqdq %%xmm0, %%xmm0\n\t"
      "movntdq %%xmm0, (%%rdi)")
STORE(maskmov, "movq %%rax, %%xmm0\n\tpunpcklqdq %%xmm0, %%xmm0\n\t"
      "pcmpeqb %%xmm1, %%xmm1\n\tmaskmovdqu %%xmm1, %%xmm0")

static void stos(void *at)
{
	uint64_t n = 32;

	__asm__ volatile("cld\n\trep stosb"
			 : "+D"(at), "+c"(n) : "a"(DATA64) : "memory");
}

static void stos_down(void *at)
{
	uint64_t n = 32;

	__asm__ volatile("std\n\trep stosb\n\tcld"
			 : "+D"(at), "+c"(n) : "a"(DATA64) : "memory");
}

static uint64_t source[8];

static void movs(void *at)
{
	const void *from = source;
	uint64_t n = 4;

	__asm__ volatile("cld\n\trep movsq"
			 : "+D"(at), "+S"(from), "+c"(n) :: "memory");
}

static void xchg(void *at)
{
	uint64_t v = DATA64;

	__asm__ volatile("xchgq %0, (%1)" : "+r"(v) : "r"(at) : "memory");
}

/* To the stack: PUSH and CALL with RSP there. */
static void push(void *at)
{
	__asm__ volatile("movq %%rsp, %%rbx\n\tmovq %0, %%rsp\n\t"
			 "pushq %1\n\tmovq %%rbx, %%rsp"
			 :: "r"((uint8_t *)at + 8), "r"(DATA64)
			 : "rbx", "memory");
}

static const struct op stores[] = {
	{ "mov8", store8, 1, 0, 1 },
	{ "mov16", store16, 2, 0, 1 },
	{ "mov32", store32, 4, 0, 1 },
	{ "mov64", store64, 8, 0, 1 },
	{ "mov-imm", store_imm, 4, 0, 1 },
	{ "movnti", movnti, 8, 0, 1 },
	{ "movups", store_sse, 16, 0, 1 },
	{ "movntdq", movntdq, 16, 0, 16 },
	{ "maskmovdqu", maskmov, 16, 0, 1 },
	{ "stosb-32", stos, 32, 0, 1 },
	{ "stosb-32-down", stos_down, 32, -31, 1 },
	{ "movsq-4", movs, 32, 0, 1 },
	{ "xchg", xchg, 8, 0, 1 },
	{ "push", push, 8, 0, 1 },
};

static void do_store(void *arg)
{
	const struct op *op = ((void **)arg)[0];

	op->run(((void **)arg)[1]);
}

static bool inside(const uint8_t *p)
{
	return (uint64_t)p - probe.vmm_base < probe.vmm_size;
}

static bool owned(const uint8_t *p)
{
	uint64_t a = (uint64_t)p;

	return (probe.own_before && a < probe.vmm_base) ||
		(probe.own_after && a >= probe.vmm_base + probe.vmm_size);
}

static void fill(uint8_t *p, unsigned n, bool in)
{
	for (; n--; p++)
		if (inside(p) ? in : owned(p))
			*(volatile uint8_t *)p = inside(p) ? 0 : FILL;
}

/* What the bytes inside or outside became. */
static const char *state(const uint8_t *p, unsigned n, bool in)
{
	unsigned zeros = 0, ones = 0, data = 0, kept = 0, all = 0;
	uint8_t b;

	for (; n--; p++) {
		if (inside(p) != in || (!in && !owned(p)))
			continue;
		b = *(const volatile uint8_t *)p;
		all++;
		zeros += b == 0;
		ones += b == 0xff;
		data += b == DATA;
		kept += b == FILL;
	}
	if (!all)
		return "-";
	return zeros == all ? "zeros" : ones == all ? "ones" :
		data == all ? "data" : kept == all ? "kept" : "mixed";
}

static void try_store(const struct op *op, const char *place, uint64_t where)
{
	uint8_t *at = (uint8_t *)(where & ~(uint64_t)(op->align - 1));
	uint8_t *begin = at + op->adjust;
	void *arg[2] = { (void *)op, at };
	int trap;

	fill(begin - AROUND, op->size + 2 * AROUND, true);
	trap = trap_catch(do_store, arg);
	out("PROBE memory.%s.%s ", op->name, place);
	trap_print(trap);
	out(" inside %s outside %s around %s %s\n",
	    state(begin, op->size, true), state(begin, op->size, false),
	    state(begin - AROUND, AROUND, false),
	    state(begin + op->size, AROUND, false));
}

/* Crossing the edges is only tried where the neighbours are ours. */
static void all_stores(void)
{
	uint64_t base = probe.vmm_base, end = base + probe.vmm_size;
	const struct op *op;
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(stores); i++) {
		op = &stores[i];
		try_store(op, "first", base - (uint64_t)(int64_t)op->adjust);
		try_store(op, "middle", base + probe.vmm_size / 2 + 0x40);
		try_store(op, "page-cross", base + 0x1000 - op->size / 2 -
			  (uint64_t)(int64_t)op->adjust);
		try_store(op, "last", end - op->size -
			  (uint64_t)(int64_t)op->adjust);
		if (op->size == 1 || op->align > 1)
			continue;
		if (probe.own_before)
			try_store(op, "into", base - op->size / 2 -
				  (uint64_t)(int64_t)op->adjust);
		if (probe.own_after)
			try_store(op, "out-of", end - op->size / 2 -
				  (uint64_t)(int64_t)op->adjust);
	}
}

/* Read-modify-write: the result in registers and flags is that of the value
 * read, zeros (bare: the memory is zero) or ones. */
static void modify(void)
{
	uint64_t *at = (uint64_t *)(probe.vmm_base + 0x2000), old = 5, rax;
	uint8_t carry;

	fill((uint8_t *)at, 64, true);
	__asm__ volatile("lock xaddq %0, (%1)"
			 : "+r"(old) : "r"(at) : "memory", "cc");
	out("PROBE memory.xadd old %lx now %s\n", old,
	    *(volatile uint64_t *)at == 5 ? "data" :
	    state((uint8_t *)at, 8, true));
	fill((uint8_t *)at, 64, true);
	__asm__ volatile("lock btsl $3, (%1)\n\tsetc %0"
			 : "=q"(carry) : "r"(at) : "memory", "cc");
	out("PROBE memory.bts carry %u now %s\n", carry,
	    *(volatile uint64_t *)at == 8 ? "data" :
	    state((uint8_t *)at, 8, true));
	fill((uint8_t *)at, 64, true);
	rax = *(volatile uint64_t *)at;
	__asm__ volatile("lock cmpxchgq %2, (%3)\n\tsetz %0"
			 : "=q"(carry), "+a"(rax)
			 : "r"(DATA64), "r"(at) : "memory", "cc");
	out("PROBE memory.cmpxchg equal %u now %s\n", carry,
	    state((uint8_t *)at, 8, true));
	fill((uint8_t *)at, 64, true);
	__asm__ volatile("lock incl (%0)\n\tlock orb $4, 1(%0)"
			 :: "r"(at) : "memory", "cc");
	out("PROBE memory.inc-or now %s\n",
	    *(volatile uint64_t *)at == 0x401 ? "data" :
	    state((uint8_t *)at, 8, true));
}

static void do_fxsave(void *at)
{
	__asm__ volatile("fxsave64 (%0)" :: "r"(at) : "memory");
}

static void do_xsave(void *at)
{
	__asm__ volatile("xsave64 (%0)"
			 :: "r"(at), "a"(3), "d"(0) : "memory");
}

static void big_stores(void)
{
	uint64_t base = probe.vmm_base, end = base + probe.vmm_size;
	uint64_t cr4 = x86_read_cr4();

	probe_trap("memory.fxsave.first",
		   trap_catch(do_fxsave, (void *)base));
	probe_trap("memory.fxsave.page-cross",
		   trap_catch(do_fxsave, (void *)(base + 0x1000 - 256)));
	if (probe.own_before)
		probe_trap("memory.fxsave.into",
			   trap_catch(do_fxsave, (void *)(base - 256)));
	if (probe.own_after)
		probe_trap("memory.fxsave.out-of",
			   trap_catch(do_fxsave, (void *)(end - 256)));
	if (!(x86_cpuid(1, 0).ecx & 1u << 26))
		return;
	x86_write_cr4(cr4 | X86_CR4_OSXSAVE);
	probe_trap("memory.xsave.first", trap_catch(do_xsave, (void *)base));
	probe_trap("memory.xsave.last",
		   trap_catch(do_xsave, (void *)(end - 1024)));
	x86_write_cr4(cr4);
}

/* The frame of an interrupt is pushed into the VMM's memory; the handler has
 * no use for it and leaves through the catch. */
static void do_int_on_stack(void *at)
{
	__asm__ volatile("movq %0, %%rsp\n\tint $0x92"
			 :: "r"(at) : "memory");
}

static void do_call_on_stack(void *at)
{
	__asm__ volatile("movq %%rsp, %%rbx\n\tmovq %0, %%rsp\n\t"
			 "call 1f\n1:\tmovq %%rbx, %%rsp"
			 :: "r"(at) : "rbx", "memory");
}

static void frames(void)
{
	uint64_t base = probe.vmm_base;

	probe_trap("memory.frame.int",
		   trap_catch(do_int_on_stack, (void *)(base + 0x1800)));
	probe_trap("memory.frame.int-page-cross",
		   trap_catch(do_int_on_stack, (void *)(base + 0x1010)));
	probe_trap("memory.frame.call",
		   trap_catch(do_call_on_stack, (void *)(base + 0x1800)));
}

static uint64_t loaded[4];

static void do_load(void *at)
{
	const void *from = at;
	void *to = &loaded[2];
	uint64_t n = 8;

	loaded[0] = *(volatile uint64_t *)at;
	__asm__ volatile("movups (%1), %%xmm0\n\tmovq %%xmm0, %0"
			 : "=r"(loaded[1]) : "r"(at) : "memory");
	__asm__ volatile("cld\n\trep movsb"
			 : "+S"(from), "+D"(to), "+c"(n) :: "memory");
	__asm__ volatile("movq %%rsp, %%rbx\n\tmovq %1, %%rsp\n\t"
			 "popq %0\n\tmovq %%rbx, %%rsp"
			 : "=&r"(loaded[3]) : "r"(at) : "rbx", "memory");
}

static void try_load(const char *place, uint64_t at)
{
	int trap;

	fill((uint8_t *)at - AROUND, 2 * AROUND, true);
	loaded[0] = loaded[1] = loaded[2] = loaded[3] = DATA64;
	trap = trap_catch(do_load, (void *)at);
	out("PROBE memory.load.%s ", place);
	trap_print(trap);
	out(" %lx %lx %lx %lx\n", loaded[0], loaded[1], loaded[2],
	    loaded[3]);
}

static void loads(void)
{
	uint64_t base = probe.vmm_base, end = base + probe.vmm_size;

	try_load("first", base);
	try_load("middle", base + probe.vmm_size / 2);
	try_load("last", end - 16);
	if (probe.own_before)
		try_load("into", base - 4);
	if (probe.own_after)
		try_load("out-of", end - 4);
}

/* Every page: the first and last byte.  As guest none shows anything. */
static void every_page(void)
{
	uint64_t at, other = 0;

	for (at = probe.vmm_base; at < probe.vmm_base + probe.vmm_size;
	     at += 0x1000) {
		*(volatile uint64_t *)at = 0;
		*(volatile uint64_t *)(at + 0xff8) = 0;
		other += *(volatile uint64_t *)at + 1 > 1;
		other += *(volatile uint64_t *)(at + 0xff8) + 1 > 1;
	}
	out("PROBE memory.every-page %lu\n", other);
}

/* Many writes: dropped, counted, and not one log line each. */
static void flood(void)
{
	unsigned i;

	for (i = 0; i < 2000; i++)
		*(volatile uint64_t *)(probe.vmm_base + i * 8) = 0;
	out("PROBE memory.flood survived\n");
}

/* The pages beside the VMM's memory are put back as they were: whose they
 * are is not known, and nobody runs but we. */
static void keep_neighbours(bool restore)
{
	static uint8_t before[4096], after[4096];
	uint8_t *at[2] = {
		(uint8_t *)probe.vmm_base - sizeof(before),
		(uint8_t *)probe.vmm_base + probe.vmm_size,
	};
	unsigned i;

	for (i = 0; i < sizeof(before); i++) {
		if (restore && probe.own_before)
			at[0][i] = before[i];
		else if (probe.own_before)
			before[i] = at[0][i];
		if (restore && probe.own_after)
			at[1][i] = after[i];
		else if (probe.own_after)
			after[i] = at[1][i];
	}
}

void probe_memory(void)
{
	unsigned i;

	keep_neighbours(false);
	for (i = 0; i < VMM_ARRAY_SIZE(source); i++)
		source[i] = DATA64;
	trap_set_bad_stack(VECTOR_BAD_STACK);
	out("PROBE memory.neighbours %u %u\n", probe.own_before,
	    probe.own_after);
	loads();
	all_stores();
	modify();
	big_stores();
	frames();
	every_page();
	flood();
	keep_neighbours(true);
}
