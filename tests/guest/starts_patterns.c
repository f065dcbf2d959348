/* SPDX-License-Identifier: BSD-3-Clause */
/* INIT and SIPI in every way that a system may send them. */
#include "starts.h"

#define CLUSTER		0x0fffffffu	/* DFR */
#define FLAT		0xffffffffu
#define OLD_INIT	(ICR_INIT | ICR_LEVEL)	/* with and without ASSERT */
#define INIT		(ICR_INIT | ICR_ASSERT)
#define ROUNDS		20

static unsigned before[MAX_CPUS];
/* The processors are not to serve interrupts when they were started. */
static bool fresh;

static uint32_t sipi(unsigned vector)
{
	return ICR_STARTUP | ICR_ASSERT | vector;
}

static void note(void)
{
	unsigned i;

	for (i = 0; i < cpu_count; i++)
		before[i] = cpus[i].starts;
}

/* What came of it; expected: bits of those that should be started once.  It
 * says only how long to wait for them. */
static void report(const char *name, unsigned expected)
{
	unsigned i;

	for (i = 0; i < cpu_count; i++)
		if (expected & 1u << i)
			(void)wait_for(&cpus[i].starts, before[i] + 1);
	settle();
	out("PROBE %s.%s", phase, name);
	for (i = 0; i < cpu_count; i++) {
		out(" %u", cpus[i].starts - before[i]);
		if (cpus[i].starts != before[i])
			out(":%x", cpus[i].vector);
	}
	out("\n");
	note();
}

static unsigned others(void)
{
	return ((1u << cpu_count) - 1) & ~1u;
}

bool start_one(unsigned id)
{
	unsigned was = cpus[id].starts;

	apic_send(id, INIT);
	apic_send(id, sipi(starts_vector));
	return wait_for(&cpus[id].starts, was + 1);
}

void start_all(void)
{
	unsigned i, was;

	for (i = 1; i < cpu_count; i++) {
		was = cpus[i].starts;
		if (!start_one(i))
			out("PROBE crash processor %u: %u starts\n", i,
			    cpus[i].starts - was);
	}
	if (!fresh)
		(void)all_serve();
	note();
}

/* --- to one processor --- */

static void physical(void)
{
	static const char *const names[MAX_CPUS] = {
		"", "to-1", "to-2", "to-3", "to-4", "to-5", "to-6", "to-7",
	};
	unsigned i;

	note();
	for (i = 1; i < cpu_count; i++) {
		apic_send(i, INIT);
		apic_send(i, sipi(starts_vector));
		report(names[i], 1u << i);
	}
}

static void with_pauses(void)
{
	apic_send(1, INIT);
	report("init-alone", 0);
	apic_send(1, sipi(starts_vector));
	report("sipi-late", 2);
	/* as the manuals of the first processors with a local APIC said */
	apic_send(1, OLD_INIT | ICR_ASSERT);
	settle();
	apic_send(1, OLD_INIT);
	settle();
	apic_send(1, sipi(starts_vector));
	settle();
	apic_send(1, sipi(starts_vector));
	report("init-deassert-sipi-sipi", 2);
	apic_send(1, OLD_INIT);
	report("deassert-alone", 0);
	out("PROBE %s.deassert-harmless %u\n", phase, all_serve());
}

static void repeated(void)
{
	unsigned i;

	apic_send(1, INIT);
	for (i = 0; i < 5; i++)
		apic_send(1, sipi(starts_vector));
	report("sipi-5-times", 2);
	apic_send(1, INIT);
	apic_send(1, INIT);
	apic_send(1, sipi(starts_vector));
	report("init-twice", 2);
	apic_send(1, sipi(starts_vector));
	apic_send(1, sipi(starts_vector ^ 1));
	report("sipi-without-init", 0);
	out("PROBE %s.goes-on %u\n", phase, all_serve());
}

static void rounds(void)
{
	unsigned i, good = 0;

	for (i = 0; i < ROUNDS; i++)
		good += start_one(1 + i % (cpu_count - 1));
	out("PROBE %s.rounds %u\n", phase, good);
	for (i = 0; i < ROUNDS; i++) {
		apic_send(1, INIT);
		apic_send(1, sipi(starts_vector));
	}
	settle();
	out("PROBE %s.hammered %u\n", phase, start_one(1));
	start_all();
}

/* --- to several --- */

static void set_logical(struct cpu *c)
{
	apic_set(APIC_DFR, (uint32_t)(c->argument >> 32));
	apic_set(APIC_LDR, (uint32_t)c->argument);
}

static void logical(bool cluster)
{
	unsigned i;
	uint32_t ldr;

	for (i = 0; i < cpu_count; i++) {
		ldr = cluster ? (i / 2) << 4 | 1u << i % 2 : 1u << i;
		(void)tell(i, set_logical,
			   (uint64_t)(cluster ? CLUSTER : FLAT) << 32 |
			   ldr << 24);
	}
}

/* An INIT makes LDR zero: a SIPI to the same logical ID finds nobody. */
static void flat(void)
{
	unsigned i;

	logical(false);
	apic_send(2, INIT | ICR_LOGICAL);
	settle();
	apic_send(2, sipi(starts_vector) | ICR_LOGICAL);
	report("flat-sipi-logical", 0);
	apic_send(1, sipi(starts_vector));
	report("flat-one", 2);
	start_all();
	logical(false);
	apic_send(others() & 0xa, INIT | ICR_LOGICAL);
	settle();
	for (i = 1; i < cpu_count; i++)
		apic_send(i, sipi(starts_vector));
	report("flat-odd", others() & 0xa);
	start_all();
}

static void cluster(void)
{
	unsigned i;

	logical(true);
	apic_send(0x02, INIT | ICR_LOGICAL);
	settle();
	for (i = 1; i < cpu_count; i++)
		apic_send(i, sipi(starts_vector));
	report("cluster-0", 2);
	start_all();
	logical(true);
	apic_send(0x13, INIT | ICR_LOGICAL);
	settle();
	for (i = 1; i < cpu_count; i++)
		apic_send(i, sipi(starts_vector));
	report("cluster-1", others() & 0xc);
	start_all();
}

static void shorthands(void)
{
	unsigned i;

	apic_send(0, INIT | ICR_OTHERS);
	apic_send(0, sipi(starts_vector) | ICR_OTHERS);
	report("others", others());
	apic_send(0, INIT | ICR_OTHERS);
	apic_send(0, sipi(starts_vector) | ICR_OTHERS);
	apic_send(0, sipi(starts_vector) | ICR_OTHERS);
	report("others-sipi-twice", others());
	apic_send(0, INIT | ICR_OTHERS);
	settle();
	apic_send(0, sipi(starts_vector) | ICR_ALL);
	report("sipi-to-all", others());
	apic_send(0, INIT | ICR_OTHERS);
	settle();
	apic_send(0xff, sipi(starts_vector));
	report("sipi-broadcast", others());
	apic_send(0, sipi(starts_vector) | ICR_SELF);
	report("sipi-to-self", 0);
	apic_send(0xfe, INIT);
	apic_send(0xfe, sipi(starts_vector));
	report("to-nobody", 0);
	for (i = 1; i < cpu_count; i++)
		apic_send(i, INIT);
	settle();
	for (i = 1; i < cpu_count; i++)
		apic_send(i, sipi(starts_vector));
	report("inits-then-sipis", others());
	start_all();
}

/* --- from others than the boot processor --- */

static void init_self(struct cpu *c)
{
	apic_send((uint32_t)c->argument, INIT);
	for (;;)
		x86_pause();
}

static void start_another(struct cpu *c)
{
	apic_send((uint32_t)c->argument, INIT);
	apic_send((uint32_t)c->argument, sipi(starts_vector));
}

static void sipi_others(struct cpu *c)
{
	(void)c;
	apic_send(0, sipi(starts_vector) | ICR_OTHERS);
}

static void from_others(void)
{
	unsigned last = cpu_count - 1;

	tell_only(1, init_self, 1);
	settle();
	report("init-of-itself", 0);
	apic_send(1, sipi(starts_vector));
	report("sipi-after-that", 2);
	start_all();
	if (last == 1)
		return;
	(void)tell(1, start_another, last);
	report("from-1-to-last", 1u << last);
	start_all();
	(void)tell(last, start_another, 1);
	report("from-last-to-1", 2);
	start_all();
	apic_send(2, INIT);
	settle();
	(void)tell(1, sipi_others, 0);
	report("sipi-from-1-to-others", 4);
	start_all();
}

/* --- to processors that do something --- */

static void halt_off(struct cpu *c)
{
	c->value = 1;
	for (;;)
		x86_hlt();
}

static void halt_on(struct cpu *c)
{
	c->value = 1;
	for (;;)
		__asm__ volatile("sti\n\thlt" ::: "memory");
}

static void cpuids(struct cpu *c)
{
	c->value = 1;
	for (;;) {
		x86_cpuid(0, 0);
		x86_pause();
	}
}

static void flags_and_debug(struct cpu *c)
{
	x86_write_dr0(0x1234);
	x86_write_dr7(0x700);	/* QEMU loses track of enabled breakpoints */
	x86_write_cr2(0xdead);
	apic_set(APIC_TPR, 0x80);
	apic_set(APIC_LVT_TIMER, 0x300ee);
	apic_set(APIC_TIMER_DIV, 3);
	apic_set(APIC_TIMER_INIT, 0x100);
	c->value = 1;
	for (;;)
		x86_pause();
}

/* Interrupts that wait, and one that is being served. */
static void pending(struct cpu *c)
{
	apic_set(APIC_TPR, 0xf0);
	apic_send(c->id, ICR_FIXED | 0x92);
	apic_send(c->id, ICR_FIXED | AP_VECTOR);
	c->value = 1;
	for (;;)
		x86_pause();
}

static const struct {
	const char *name;
	void (*work)(struct cpu *self);
} busy[] = {
	{ "halted", halt_off },
	{ "halted-open", halt_on },
	{ "exiting", cpuids },
	{ "changed", flags_and_debug },
	{ "pending", pending },
};

static void of_running(void)
{
	unsigned i, j;

	for (i = 0; i < VMM_ARRAY_SIZE(busy); i++) {
		cpus[1].value = 0;
		tell_only(1, busy[i].work, 0);
		while (!cpus[1].value)
			x86_pause();
		settle();
		apic_send(1, INIT);
		settle();
		apic_send(1, sipi(starts_vector));
		report(busy[i].name, 2);
		out("PROBE %s.%s-apic", phase, busy[i].name);
		for (j = 0; j < 8; j++)
			out(" %lx", cpus[1].apic[j]);
		out("\n");
		start_all();
	}
}

/* --- all of it --- */

static void all(void)
{
	physical();
	start_all();
	with_pauses();
	repeated();
	rounds();
	flat();
	cluster();
	shorthands();
	from_others();
	of_running();
}

void starts_patterns(void)
{
	phase = "first";
	fresh = true;
	all();
	phase = "again";
	fresh = false;
	all();
}

/*
 * Without any sign that a processor will be started.  For processors: after
 * the #VMEXIT of an INIT QEMU does that INIT at once, though GIF is 0; Bochs
 * keeps it pending after the VM exit, for the next one.
 */
void starts_unsigned(void)
{
	phase = "unsigned";
	starts_sign = false;
	all();
	starts_sign = true;
}

void starts_vectors(void)
{
	unsigned vector, was, page = starts_vector;

	for (vector = 0; vector < 0xa0; vector++) {
		if (!starts_memory(vector))
			continue;
		if (vector != page)
			starts_page(vector);
		was = cpus[1].starts;
		apic_send(1, INIT);
		apic_send(1, sipi(vector));
		out("PROBE vector.%x %u", vector,
		    wait_for(&cpus[1].starts, was + 1));
		out(" %x %x\n", cpus[1].vector, starts_found(vector)[13]);
	}
	start_all();
}
