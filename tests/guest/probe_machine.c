/* SPDX-License-Identifier: BSD-3-Clause */
/* The TSC, ports, XCR0, and what an exit costs. */
#include "probe.h"

struct write {
	uint32_t index;
	uint64_t value;
};

static void do_wrmsr(void *arg)
{
	struct write *w = arg;

	x86_wrmsr(w->index, w->value);
}

static int write_msr(uint32_t index, uint64_t value)
{
	struct write w = { index, value };

	return trap_catch(do_wrmsr, &w);
}

static void do_rdmsr(void *arg)
{
	struct write *w = arg;

	w->value = x86_rdmsr(w->index);
}

static uint64_t read_msr(uint32_t index)
{
	struct write w = { index, 0 };

	return trap_catch(do_rdmsr, &w) == TRAP_NONE ? w.value : ~0ul;
}

static void tsc_monotonic(void)
{
	uint64_t last = x86_rdtsc(), now;
	unsigned i, back = 0;

	for (i = 0; i < 1000; i++) {
		x86_cpuid(0, 0);
		now = x86_rdtsc();
		back += now < last;
		last = now;
	}
	out("PROBE tsc.backward %u\n", back);
}

/* How far the TSC is from a value, in classes that do not depend on speed:
 * a jump is 2^40 or more, all the tests take far less. */
static const char *class(uint64_t difference)
{
	if (difference < UINT64_C(1) << 36)
		return "near";
	if (-difference < UINT64_C(1) << 36)
		return "near-below";
	return "far";
}

static void tsc_writes(void)
{
	uint64_t target = UINT64_C(1) << 44, before, adjust;
	int trap;

	adjust = read_msr(MSR_TSC_ADJUST);
	before = x86_rdtsc();
	trap = write_msr(MSR_TSC, target);
	out("PROBE tsc.write ");
	trap_print(trap);
	out(" then %s rdmsr %s\n", class(x86_rdtsc() - target),
	    class(read_msr(MSR_TSC) - target));
	out("PROBE tsc.adjust-after-write %s\n",
	    read_msr(MSR_TSC_ADJUST) == adjust ? "same" :
	    class(read_msr(MSR_TSC_ADJUST) - adjust - (target - before)));
	(void)write_msr(MSR_TSC, before);
	out("PROBE tsc.restored %s\n", class(x86_rdtsc() - before));
}

static void tsc_adjust(void)
{
	uint64_t step = UINT64_C(1) << 45, before, adjust;
	int trap;

	adjust = read_msr(MSR_TSC_ADJUST);
	before = x86_rdtsc();
	trap = write_msr(MSR_TSC_ADJUST, adjust + step);
	out("PROBE tsc.adjust-write ");
	trap_print(trap);
	out(" tsc %s", class(x86_rdtsc() - before - step));
	out(" reads-back %lx\n", read_msr(MSR_TSC_ADJUST) - adjust);
	(void)write_msr(MSR_TSC_ADJUST, adjust);
}

static void tscp(void)
{
	uint32_t lo, hi, aux;
	uint64_t old;

	if (!(x86_cpuid(0x80000001, 0).edx & 1u << 27))
		return;
	old = read_msr(MSR_TSC_AUX);
	(void)write_msr(MSR_TSC_AUX, 0x1234);
	x86_cpuid(0, 0);
	__asm__ volatile("rdtscp" : "=a"(lo), "=d"(hi), "=c"(aux));
	out("PROBE tsc.aux %x\n", aux);
	(void)write_msr(MSR_TSC_AUX, old);
}

void probe_tsc(void)
{
	tsc_monotonic();
	tsc_writes();
	tsc_adjust();
	tscp();
}

/* --- ports --- */

/* Reads that have no effect on the device. */
static const uint16_t byte_ports[] = {
	0x20, 0x21, 0xa0, 0xa1, 0x64, 0x80, 0x92, 0xe9, 0xed, 0x2f8,
	0x2fd, 0x3fb, 0x3fc, 0x3ff, 0x402, 0x4d0, 0x4d1, 0xb2, 0xb3, 0x600,
	0xb175, 0xcf8, 0xcf9, 0xcfb, 0x5658, 0xfffe, 0xffff,
};
static const uint16_t word_ports[] = {
	0x80, 0xe9, 0x600, 0x602, 0x604, 0xcf8, 0x1f0, 0xb175, 0xfffe,
};
static const uint16_t long_ports[] = {
	0x80, 0xe9, 0xcf8, 0xb175, 0xfffc,
};

static void ports_read(void)
{
	unsigned i;

	for (i = 0; i < VMM_ARRAY_SIZE(byte_ports); i++)
		out("PROBE port.byte.%04x %02x\n", byte_ports[i],
		    x86_inb(byte_ports[i]));
	for (i = 0; i < VMM_ARRAY_SIZE(word_ports); i++)
		out("PROBE port.word.%04x %04x\n", word_ports[i],
		    x86_inw(word_ports[i]));
	for (i = 0; i < VMM_ARRAY_SIZE(long_ports); i++)
		out("PROBE port.long.%04x %08x\n", long_ports[i],
		    x86_inl(long_ports[i]));
}

static uint32_t pci_read(unsigned bus, unsigned devfn, unsigned reg)
{
	x86_outl(0xcf8, 0x80000000 | bus << 16 | devfn << 8 | reg);
	return x86_inl(0xcfc);
}

/* The configuration space of every function of bus 0. */
static void pci_dump(void)
{
	unsigned devfn, reg;

	for (devfn = 0; devfn < 256; devfn++) {
		if ((pci_read(0, devfn, 0) & 0xffff) == 0xffff)
			continue;
		out("PROBE pci.%02x.%u", devfn >> 3, devfn & 7);
		for (reg = 0; reg < 256; reg += 4)
			out(" %08x", pci_read(0, devfn, reg));
		out("\n");
	}
}

/* String forms, and writes that are seen by reading back. */
static void ports_string(void)
{
	uint8_t bytes[4] = { 0 };
	uint32_t longs[2] = { 0 };
	void *to = bytes;
	uint64_t n = 4;

	__asm__ volatile("cld\n\trep insb"
			 : "+D"(to), "+c"(n) : "d"(0xe9) : "memory");
	out("PROBE port.insb %02x%02x%02x%02x left %lu moved %lu\n", bytes[0],
	    bytes[1], bytes[2], bytes[3], n,
	    (uint64_t)((uint8_t *)to - bytes));
	x86_outl(0xcf8, 0x80000000);
	to = longs;
	n = 2;
	__asm__ volatile("rep insl"
			 : "+D"(to), "+c"(n) : "d"(0xcfc) : "memory");
	out("PROBE port.insl %08x %08x\n", longs[0], longs[1]);
	x86_outl(0xcf8, 0x80001234);
	out("PROBE port.cf8 %08x\n", x86_inl(0xcf8));
}

void probe_port(void)
{
	x86_outl(0xcf8, 0);
	ports_read();
	ports_string();
	pci_dump();
}

/* --- XCR0 --- */

struct xsetbv {
	uint32_t index;
	uint64_t value;
};

static void do_xsetbv(void *arg)
{
	struct xsetbv *x = arg;

	__asm__ volatile("xsetbv"
			 :: "c"(x->index), "a"((uint32_t)x->value),
			    "d"((uint32_t)(x->value >> 32)));
}

static uint64_t xgetbv(void)
{
	uint32_t lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (uint64_t)hi << 32 | lo;
}

static void try_xsetbv(uint32_t index, uint64_t value)
{
	struct xsetbv x = { index, value };

	out("PROBE xsetbv.%x.%lx ", index, value);
	trap_print(trap_catch(do_xsetbv, &x));
	out(" xcr0 %lx leaf-d %x\n", xgetbv(), x86_cpuid(0xd, 0).ebx);
}

void probe_xsetbv(void)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 0x18, 0x1b, 0x1f, 0xe7, 0xe3, 0x207,
		0x20007, 0x60007, 0x8000000000000001, 0x4000000000000007,
	};
	uint64_t cr4 = x86_read_cr4(), xcr0;
	struct xsetbv plain = { 0, 1 };
	unsigned i;

	if (!(x86_cpuid(1, 0).ecx & 1u << 26)) {
		probe_trap("xsetbv.unsupported", trap_catch(do_xsetbv, &plain));
		return;
	}
	x86_write_cr4(cr4 & ~X86_CR4_OSXSAVE);
	probe_trap("xsetbv.osxsave-off", trap_catch(do_xsetbv, &plain));
	out("PROBE xsetbv.cpuid-off %x\n", x86_cpuid(1, 0).ecx);
	x86_write_cr4(cr4 | X86_CR4_OSXSAVE);
	out("PROBE xsetbv.cpuid-on %x\n", x86_cpuid(1, 0).ecx);
	xcr0 = xgetbv();
	for (i = 0; i < VMM_ARRAY_SIZE(values); i++)
		try_xsetbv(0, values[i]);
	try_xsetbv(1, 7);
	try_xsetbv(0xffffffff, 7);
	plain.value = xcr0;
	(void)trap_catch(do_xsetbv, &plain);
	x86_write_cr4(cr4);
}

/* --- cost, in TSC ticks; with -icount they are instructions --- */

#define COST(name, insn, ...)						\
	static uint64_t cost_##name(void)				\
	{								\
		uint64_t t = x86_rdtsc();				\
									\
		__asm__ volatile(insn __VA_ARGS__);			\
		return x86_rdtsc() - t;					\
	}
COST(nothing, "nop", ::: "memory")
COST(cpuid, "xor %%eax, %%eax\n\tcpuid",
     ::: "rax", "rbx", "rcx", "rdx")
COST(rdmsr_efer, "rdmsr", :: "c"(MSR_EFER) : "rax", "rdx")
COST(rdmsr_tsc, "rdmsr", :: "c"(MSR_TSC) : "rax", "rdx")
COST(in, "in $0xe9, %%al", ::: "rax")
COST(pause, "pause", ::: "memory")

static void print_cost(const char *name, uint64_t (*measure)(void))
{
	uint64_t least = ~0ul, t, sum = 0;
	unsigned i;

	for (i = 0; i < 64; i++) {
		t = measure();
		sum += t;
		if (t < least)
			least = t;
	}
	out("PROBE cost.%s %lu %lu\n", name, least, sum / 64);
}

void probe_cost(void)
{
	print_cost("nothing", cost_nothing);
	print_cost("cpuid", cost_cpuid);
	print_cost("rdmsr-efer", cost_rdmsr_efer);
	print_cost("rdmsr-tsc", cost_rdmsr_tsc);
	print_cost("in", cost_in);
	print_cost("pause", cost_pause);
}
