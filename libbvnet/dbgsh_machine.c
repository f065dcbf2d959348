/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the machine and the VMM. */
#include <string.h>
#include <bitvisor/config.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>
#include "dbgsh_priv.h"

#define SECOND		UINT64_C(1000000)	/* usec */
#define MAX_SECONDS	60u

/* --- stats --- */

/* Which counters: of each CPU, or of each reason, of one CPU or all. */
#define ALL_CPUS	VMM_MAX_CPUS

struct stats {
	uint64_t begin, usec;	/* when the first sample was taken, how long */
	unsigned cpu;		/* whose reasons; ALL_CPUS: everybody's */
	unsigned row;		/* the next to print */
	bool printing;
	uint64_t by_reason[VMM_EXIT_REASONS];
	uint64_t by_cpu[VMM_MAX_CPUS];
};
VMM_STATIC_ASSERT(sizeof(struct stats) <= DBGSH_SCRATCH, "scratch");

/* Counters of other CPUs may be one behind: no locks for statistics. */
static uint64_t exits_of_cpu(const struct vmm *vmm, unsigned cpu)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < VMM_EXIT_REASONS; i++)
		sum += vmm_vcpu_exits(vmm->vcpu[cpu], (enum vmm_exit_reason)i);
	return sum;
}

static uint64_t exits_for(const struct vmm *vmm, unsigned cpu, unsigned reason)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < vmm->vcpu_count; i++)
		if (cpu == ALL_CPUS || cpu == i)
			sum += vmm_vcpu_exits(vmm->vcpu[i],
					      (enum vmm_exit_reason)reason);
	return sum;
}

/* What the differences are taken to, a while later. */
static void sample(const struct vmm *vmm, struct stats *s)
{
	for (unsigned i = 0; i < vmm->vcpu_count; i++)
		s->by_cpu[i] = exits_of_cpu(vmm, i);
	for (unsigned i = 0; i < VMM_EXIT_REASONS; i++)
		s->by_reason[i] = exits_for(vmm, s->cpu, i);
}

/* Total, and what came a second since the sample was taken. */
static void print_count(struct dbgsh *sh, const struct stats *s,
			const char *name, uint64_t now, uint64_t before)
{
	dbgsh_printf(sh, "%-16s%16llu%12llu\n", name, (unsigned long long)now,
		     (unsigned long long)((now - before) * SECOND / s->usec));
}

/* Rows are the reasons, then the CPUs.  False when there are no more. */
static bool print_stats_row(struct dbgsh *sh, const struct stats *s)
{
	unsigned row = s->row;
	uint64_t now;
	char name[16] = "CPU ";
	unsigned at = 4;

	if (row < VMM_EXIT_REASONS) {
		now = exits_for(sh->vmm, s->cpu, row);
		if (now)
			print_count(sh, s,
				    vmm_exit_name((enum vmm_exit_reason)row),
				    now, s->by_reason[row]);
		return true;
	}
	row -= VMM_EXIT_REASONS;
	if (s->cpu != ALL_CPUS || row >= sh->vmm->vcpu_count)
		return false;
	for (unsigned unit = row >= 100 ? 100 : row >= 10 ? 10 : 1; unit;
	     unit /= 10)
		name[at++] = (char)('0' + row / unit % 10);
	print_count(sh, s, name, exits_of_cpu(sh->vmm, row), s->by_cpu[row]);
	return true;
}

/* Wait for the time to pass, then print row by row. */
static enum dbgsh_next stats_step(struct dbgsh *sh)
{
	struct stats *s = dbgsh_scratch(sh);
	uint64_t passed = vmm_uptime_usec() - s->begin;

	if (!s->printing && passed < s->usec)
		return DBGSH_LATER;
	if (!s->printing) {
		s->usec = passed;
		s->printing = true;
		dbgsh_puts(sh, "Exits                      total"
			   "  per second\n");
	}
	if (!print_stats_row(sh, s))
		return DBGSH_DONE;
	s->row++;
	return DBGSH_MORE;
}

static enum dbgsh_next stats_start(struct dbgsh *sh, int argc,
				   const char *const *argv)
{
	struct stats *s = dbgsh_scratch(sh);
	uint64_t cpu = ALL_CPUS, seconds = 1;

	if (argc > 3 || (argc > 1 && strcmp(argv[1], "all") &&
			 (!dbgsh_number(argv[1], 0, &cpu) ||
			  cpu >= sh->vmm->vcpu_count)) ||
	    (argc > 2 && (!dbgsh_number(argv[2], 0, &seconds) || !seconds ||
			  seconds > MAX_SECONDS)))
		return dbgsh_usage(sh);
	s->cpu = (unsigned)cpu;
	s->usec = seconds * SECOND;
	s->row = 0;
	s->printing = false;
	sample(sh->vmm, s);
	s->begin = vmm_uptime_usec();
	return DBGSH_LATER;
}

const struct dbgsh_command dbgsh_stats = {
	.name = "stats",
	.help = "exits by reason and CPU",
	.arguments = "[CPU|all [SECONDS]]",
	.start = stats_start,
	.step = stats_step,
};

/* --- cpu --- */

/* The 48 characters of CPUID leaves 80000002 to 80000004, unless they are
 * not there. */
static void print_brand(struct dbgsh *sh)
{
	char brand[49] = "";

	if (x86_cpuid(0x80000000u, 0).eax < 0x80000004u)
		return;
	for (unsigned i = 0; i < 3; i++) {
		struct x86_cpuid r = x86_cpuid(0x80000002u + i, 0);

		memcpy(brand + 16 * i, &r, 16);
	}
	dbgsh_printf(sh, "%s\n", brand);
}

/* One CPU a step. */
static enum dbgsh_next cpu_step(struct dbgsh *sh)
{
	unsigned *row = dbgsh_scratch(sh);
	const struct vmm *vmm = sh->vmm;

	if (*row >= vmm->vcpu_count)
		return DBGSH_DONE;
	dbgsh_printf(sh, "CPU %-4u%16llu exits%s\n", *row,
		     (unsigned long long)exits_of_cpu(vmm, *row),
		     vmm->vcpu[*row] == sh->vcpu ? "  (this one)" : "");
	++*row;
	return DBGSH_MORE;
}

static enum dbgsh_next cpu_start(struct dbgsh *sh, int argc,
				 const char *const *argv)
{
	(void)argc;
	(void)argv;
	print_brand(sh);
	dbgsh_printf(sh, "%u CPUs, TSC %llu Hz\n", sh->vmm->vcpu_count,
		     (unsigned long long)sh->vmm->tsc_hz);
	*(unsigned *)dbgsh_scratch(sh) = 0;
	return DBGSH_MORE;
}

const struct dbgsh_command dbgsh_cpu = {
	.name = "cpu",
	.help = "processors",
	.start = cpu_start,
	.step = cpu_step,
};

/* --- mem, reboot --- */

static unsigned long long kib(uint64_t pages)
{
	return pages * (VMM_PAGE_SIZE / 1024);
}

/* The text is what users of the message "free" look for. */
void dbgsh_print_free(struct dbgsh *sh)
{
	uint64_t n = sh->vmm->pool.free_pages;

	dbgsh_printf(sh, "%llu pages (%llu KiB) free\n", (unsigned long long)n,
		     kib(n));
}

/* All memory of the VMM is one block; the heap is what pages come from. */
static enum dbgsh_next mem_start(struct dbgsh *sh, int argc,
				 const char *const *argv)
{
	const struct bv_handoff *h = sh->vmm->handoff;

	(void)argc;
	(void)argv;
	dbgsh_printf(sh, "VMM    %08llX-%08llX  %llu KiB\n",
		     (unsigned long long)h->reserved_base,
		     (unsigned long long)(h->reserved_base +
					  h->reserved_size - 1),
		     (unsigned long long)h->reserved_size / 1024);
	dbgsh_printf(sh, "image  %llu KiB\nheap   %llu KiB, at least %llu KiB "
		     "were always free\n",
		     (unsigned long long)h->image_size / 1024,
		     kib(sh->vmm->pool.pages), kib(sh->vmm->pool.low_water));
	dbgsh_print_free(sh);
	return DBGSH_DONE;
}

const struct dbgsh_command dbgsh_mem = {
	.name = "mem",
	.help = "memory of the VMM",
	.start = mem_start,
};

/* Wait for the terminal to show the line, then go. */
#define REBOOT_DELAY	(SECOND / 4)

enum dbgsh_next dbgsh_reboot_step(struct dbgsh *sh)
{
	uint64_t *begin = dbgsh_scratch(sh);

	if (vmm_uptime_usec() - *begin < REBOOT_DELAY)
		return DBGSH_LATER;
	vmm_reset_machine();
}

/* Begin the delay that dbgsh_reboot_step() waits out. */
enum dbgsh_next dbgsh_begin_reboot(struct dbgsh *sh)
{
	*(uint64_t *)dbgsh_scratch(sh) = vmm_uptime_usec();
	dbgsh_puts(sh, "Rebooting.\n");
	return DBGSH_LATER;
}

static enum dbgsh_next reboot_start(struct dbgsh *sh, int argc,
				    const char *const *argv)
{
	(void)argc;
	(void)argv;
	return dbgsh_begin_reboot(sh);
}

const struct dbgsh_command dbgsh_reboot = {
	.name = "reboot",
	.help = "reboot",
	.start = reboot_start,
	.step = dbgsh_reboot_step,
};

/* --- version, config --- */

/* h:mm:ss since the VMM was entered. */
static enum dbgsh_next version_start(struct dbgsh *sh, int argc,
				     const char *const *argv)
{
	uint64_t up = vmm_uptime_usec() / SECOND;

	(void)argc;
	(void)argv;
	dbgsh_printf(sh, "BitVisor %s, variant %s, up %llu:%02u:%02u\n",
		     PACKAGE_VERSION, vmm_variant.name,
		     (unsigned long long)(up / 3600),
		     (unsigned)(up / 60 % 60), (unsigned)(up % 60));
	return DBGSH_DONE;
}

const struct dbgsh_command dbgsh_version = {
	.name = "version",
	.help = "what runs, since when",
	.start = version_start,
};

struct config_place {
	size_t member, at;
};

/* One piece of a member's line; long values need several. */
static enum dbgsh_next config_step(struct dbgsh *sh)
{
	struct config_place *p = dbgsh_scratch(sh);
	char value[256];
	const char *name;
	size_t left;

	name = config_member(&config, p->member, p->at, value, sizeof(value),
			     &left);
	if (!name)
		return DBGSH_DONE;
	if (!p->at)
		dbgsh_printf(sh, "%s=", name);
	dbgsh_puts(sh, value);
	p->at += sizeof(value) - 1;
	if (!left) {
		dbgsh_putc(sh, '\n');
		*p = (struct config_place){ p->member + 1, 0 };
	}
	return DBGSH_MORE;
}

static enum dbgsh_next config_start(struct dbgsh *sh, int argc,
				    const char *const *argv)
{
	(void)argc;
	(void)argv;
	memset(dbgsh_scratch(sh), 0, sizeof(struct config_place));
	return DBGSH_MORE;
}

const struct dbgsh_command dbgsh_config = {
	.name = "config",
	.help = "configuration in force, secrets left out",
	.start = config_start,
	.step = config_step,
};
