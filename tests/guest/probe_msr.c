/* SPDX-License-Identifier: BSD-3-Clause */
/* Every MSR of the architectural ranges: read, and written back. */
#include "probe.h"

struct access {
	uint32_t index;
	uint64_t value;
};

struct outcome {
	int read, write;	/* TRAP_NONE or the vector */
	bool written;
	uint64_t value;
};

static void do_read(void *arg)
{
	struct access *a = arg;

	a->value = x86_rdmsr(a->index);
}

static void do_write(void *arg)
{
	struct access *a = arg;

	x86_wrmsr(a->index, a->value);
}

/*
 * Not written back: the microcode loaders take an address; a spin-up command
 * is no state.  The TSC has tests of its own.
 */
static bool may_write(uint32_t index)
{
	return index != MSR_BIOS_UPDT_TRIG && index != MSR_AMD_PATCH_LOADER &&
		index != MSR_TSC;
}

/* Counters: that they can be read is all there is to compare. */
static bool is_counter(uint32_t index)
{
	return index == MSR_TSC || index == 0xe7 || index == 0xe8;
}

static struct outcome try_msr(uint32_t index)
{
	struct access a = { .index = index };
	struct outcome o = { .write = TRAP_NONE };

	o.read = trap_catch(do_read, &a);
	o.value = o.read == TRAP_NONE && !is_counter(index) ? a.value : 0;
	o.written = may_write(index);
	if (o.written)
		o.write = trap_catch(do_write, &a);
	return o;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->read == b->read && a->write == b->write &&
		a->value == b->value && a->written == b->written;
}

static void print_run(uint32_t first, uint32_t last, const struct outcome *o)
{
	if (first == last)
		out("PROBE msr.%08x ", first);
	else
		out("PROBE msr.%08x-%08x ", first, last);
	if (o->read == TRAP_NONE)
		out("%lx", o->value);
	else
		trap_print(o->read);
	out(" write ");
	if (o->written)
		trap_print(o->write);
	else
		out("not-tried");
	out("\n");
}

/* Runs of MSRs that behave alike make one line. */
static void sweep(uint32_t first, uint32_t count)
{
	struct outcome last = try_msr(first), o;
	uint32_t i, begin = first;

	for (i = 1; i < count; i++) {
		o = try_msr(first + i);
		if (same(&o, &last))
			continue;
		print_run(begin, first + i - 1, &last);
		begin = first + i;
		last = o;
	}
	print_run(begin, first + count - 1, &last);
}

void probe_msr(void)
{
	sweep(0, 0x2000);
	sweep(0xc0000000, 0x2000);
	sweep(0xc0010000, 0x2000);
	sweep(0x2000, 4);
	sweep(0x40000000, 0x120);
	sweep(0x4b564d00, 8);
	sweep(0xbffffffe, 2);
	sweep(0xc0002000, 2);
	sweep(0xc0012000, 2);
	sweep(0xfffffffe, 2);
}

/* EFER bit by bit: what flipping each does, put back after each. */
void probe_efer(void)
{
	struct access a = { .index = MSR_EFER }, back = a;
	uint64_t original = x86_rdmsr(MSR_EFER);
	unsigned bit;
	int trap;

	out("PROBE efer.value %lx\n", original);
	for (bit = 0; bit < 64; bit++) {
		/* Without NXE the firmware's own no-execute pages fault. */
		if (UINT64_C(1) << bit & original & X86_EFER_NXE)
			continue;
		a.value = original ^ UINT64_C(1) << bit;
		trap = trap_catch(do_write, &a);
		(void)trap_catch(do_read, &back);
		out("PROBE efer.flip-%02u ", bit);
		trap_print(trap);
		out(" %lx\n", back.value);
		a.value = original;
		(void)trap_catch(do_write, &a);
	}
}
