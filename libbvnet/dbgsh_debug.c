/* SPDX-License-Identifier: BSD-3-Clause */
/* The debugger: dumps of memory, the guest's and the VMM's own. */
#include <string.h>
#include <vmm/gmem.h>
#include <vmm/log.h>
#include <vmm/vcpu.h>
#include <vmm/vmm.h>
#include <vmm/x86.h>
#include "dbgsh_priv.h"

#define DEFAULT_LENGTH	0x80u
#define MAX_LENGTH	0x100u
#define ROW		16u
#define LINE_SIZE	512u

enum space { GUEST_PHYSICAL, GUEST_VIRTUAL, VMM_PHYSICAL, VMM_VIRTUAL };

/* Of the guest, from a dump in the log or as it is now. */
struct registers {
	uint64_t rip, rsp, gdtr, idtr, cr0, cr3, cr4, efer;
};

struct debugger {
	struct registers regs;
	uint64_t next_state;	/* log line from which to search the next */
	enum space space;
	uint64_t at;		/* where the next dump begins */
	uint64_t length;	/* of a dump */
	uint64_t left;		/* of the present one */
};
VMM_STATIC_ASSERT(sizeof(struct debugger) <= DBGSH_SAVED, "scratch");

static const struct {
	const char *name;
	size_t offset;
} register_names[] = {
	{ "RIP", offsetof(struct registers, rip) },
	{ "RSP", offsetof(struct registers, rsp) },
	{ "GDTR", offsetof(struct registers, gdtr) },
	{ "IDTR", offsetof(struct registers, idtr) },
	{ "CR0", offsetof(struct registers, cr0) },
	{ "CR3", offsetof(struct registers, cr3) },
	{ "CR4", offsetof(struct registers, cr4) },
	{ "EFER", offsetof(struct registers, efer) },
};

/* All of them are of one type. */
static uint64_t *register_at(struct registers *r, unsigned i)
{
	return (uint64_t *)(void *)((char *)r + register_names[i].offset);
}

/* A name in either case; NULL if there is none. */
static uint64_t *find_register(struct registers *r, const char *name)
{
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(register_names); i++) {
		const char *a = register_names[i].name, *b = name;

		/* All letters of the table are upper case. */
		while (*a && (*a == *b || (*a >= 'A' && *a + 0x20 == *b)))
			a++, b++;
		if (!*a && !*b)
			return register_at(r, i);
	}
	return NULL;
}

/* --- guest states --- */

/* Take "NAME HEX NAME HEX+HEX ..." out of a line of a dump. */
static void parse_state_line(struct registers *r, char *line)
{
	const char *words[DBGSH_WORDS];
	int count = dbgsh_split(line, words, DBGSH_WORDS);

	for (int i = 0; i + 1 < count; i++) {
		uint64_t number;
		uint64_t *value = find_register(r, words[i]);
		char *plus = strchr(words[i + 1], '+');

		if (plus)
			*plus = '\0';
		if (value && dbgsh_number(words[i + 1], 16, &number))
			*value = number;
	}
}

/* Read a line of the log as a string; *seq becomes the next one's number. */
static bool read_line(uint64_t *seq, char *text)
{
	struct vmm_log_line line;

	if (!vmm_log_read(seq, &line, text, LINE_SIZE - 1))
		return false;
	text[line.len < LINE_SIZE ? line.len : LINE_SIZE - 1] = '\0';
	return true;
}

/* Load the next guest state from the log on. */
static bool load_from_log(struct debugger *d)
{
	struct registers r = { 0 };
	char text[LINE_SIZE];
	uint64_t seq = d->next_state;

	do {
		if (!read_line(&seq, text))
			return false;
	} while (strncmp(text, "Guest state", 11));
	while (read_line(&seq, text) && strncmp(text, "-----", 5))
		parse_state_line(&r, text);
	d->next_state = seq;
	d->regs = r;
	return true;
}

/* Of the CPU that the shell runs on at this moment, in the exit that brought
 * it here: with the tool in the guest, that of the tool itself. */
static void load_present(struct debugger *d, struct vmm_vcpu *v)
{
	d->regs = (struct registers){
		.rip = vmm_vcpu_get(v, VMM_REG_RIP),
		.rsp = vmm_vcpu_get(v, VMM_REG_RSP),
		.gdtr = vmm_vcpu_get(v, VMM_REG_GDTR_BASE),
		.idtr = vmm_vcpu_get(v, VMM_REG_IDTR_BASE),
		.cr0 = vmm_vcpu_get(v, VMM_REG_CR0),
		.cr3 = vmm_vcpu_get(v, VMM_REG_CR3),
		.cr4 = vmm_vcpu_get(v, VMM_REG_CR4),
		.efer = vmm_vcpu_get(v, VMM_REG_EFER),
	};
}

/* A dump in the log is what one wants to look at; without, the present. */
static void load_state(struct dbgsh *sh, struct debugger *d)
{
	if (load_from_log(d)) {
		dbgsh_puts(sh, "guest state loaded\n");
	} else {
		load_present(d, sh->vcpu);
		dbgsh_puts(sh, "guest state not found\n");
		dbgsh_printf(sh, "present state of cpu %u loaded\n",
			     vmm_vcpu_number(sh->vcpu));
	}
}

/* Two lines of four. */
static void print_state(struct dbgsh *sh, struct debugger *d)
{
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(register_names); i++)
		dbgsh_printf(sh, "%-4s %016llX%s", register_names[i].name,
			     (unsigned long long)*register_at(&d->regs, i),
			     i % 4 == 3 ? "\n" : "  ");
}

/* --- memory --- */

/* For vmm_walk(): tables in the VMM's memory read as zeros, as everything
 * there does, so they map nothing. */
static bool read_guest_table(void *ctx, uint64_t pa, void *buf, unsigned size)
{
	return vmm_gpa_read(ctx, pa, buf, size) == 0;
}

/* The guest's tables, as its kernel may read. */
static bool translate(struct dbgsh *sh, const struct debugger *d, uint64_t at,
		      uint64_t *pa)
{
	struct vmm_walk_result result;
	struct vmm_walk_state st;

	vmm_vcpu_walk_state(sh->vcpu, &st);
	st.cr0 = d->regs.cr0;
	st.cr3 = d->regs.cr3;
	st.cr4 = d->regs.cr4 & ~(X86_CR4_SMAP | X86_CR4_PKE);
	st.efer = d->regs.efer;
	st.rflags = X86_RFLAGS_FIXED;
	st.cpl = 0;
	if (vmm_walk(&st, at, VMM_ACCESS_READ, read_guest_table, sh->vcpu, &result))
		return false;
	*pa = result.pa;
	return true;
}

/* n bytes of guest-virtual memory, which may cross a page. */
static bool read_virtual(struct dbgsh *sh, const struct debugger *d,
			 uint8_t *buf, unsigned n)
{
	uint64_t pa;

	for (unsigned i = 0; i < n; i++) {
		uint64_t at = d->at + i;

		if ((i == 0 || !(at & VMM_PAGE_MASK)) &&
		    !translate(sh, d, at, &pa)) {
			dbgsh_printf(sh, "Error: get_pte failed "
				     "(virt=0x%llX)\n",
				     (unsigned long long)at);
			return false;
		}
		if (vmm_gpa_read(sh->vcpu, pa, &buf[i], 1)) {
			dbgsh_printf(sh, "Error: mapmem_hphys failed "
				     "(phys=0x%llX)\n",
				     (unsigned long long)pa);
			return false;
		}
		pa++;
	}
	return true;
}

/* A row of the dump; if it cannot be read, say why. */
static bool read_row(struct dbgsh *sh, const struct debugger *d, uint8_t *buf,
		     unsigned n)
{
	switch (d->space) {
	case GUEST_VIRTUAL:
		return read_virtual(sh, d, buf, n);
	case GUEST_PHYSICAL:
		if (!vmm_gpa_read(sh->vcpu, d->at, buf, n))
			return true;
		dbgsh_printf(sh, "Error: mapmem_hphys failed (phys=0x%llX)\n",
			     (unsigned long long)d->at);
		return false;
	default:
		/* The VMM's map is the identity. */
		if (x86_read_safe(buf, (const void *)(uintptr_t)d->at, n))
			return true;
		dbgsh_printf(sh, "Error: exception %d\n", X86_TRAP_PF);
		return false;
	}
}

/* Address, bytes with a dash in the middle, text. */
static void print_row(struct dbgsh *sh, uint64_t at, const uint8_t *buf,
		      unsigned n)
{
	dbgsh_printf(sh, "%08llX  ", (unsigned long long)at);
	for (unsigned i = 0; i < ROW; i++) {
		if (i < n)
			dbgsh_printf(sh, "%02X", buf[i]);
		else
			dbgsh_puts(sh, "  ");
		dbgsh_putc(sh, i == ROW / 2 - 1 && n > ROW / 2 ? '-' : ' ');
	}
	dbgsh_putc(sh, ' ');
	for (unsigned i = 0; i < n; i++)
		dbgsh_putc(sh, buf[i] >= ' ' && buf[i] < 0x7f ?
			   (char)buf[i] : '.');
	dbgsh_putc(sh, '\n');
}

static enum dbgsh_next debug_step(struct dbgsh *sh)
{
	struct debugger *d = dbgsh_scratch(sh);
	unsigned n = d->left < ROW ? (unsigned)d->left : ROW;
	uint8_t buf[ROW];

	if (!read_row(sh, d, buf, n))
		return DBGSH_LINE;
	print_row(sh, d->at, buf, n);
	d->at += n;
	d->left -= n;
	return d->left ? DBGSH_MORE : DBGSH_LINE;
}

/* --- commands --- */

/* All there is to say about a line that is not understood. */
static enum dbgsh_next bad(struct dbgsh *sh)
{
	dbgsh_puts(sh, "error.\n");
	return DBGSH_LINE;
}

/* Whom "dp", "dv", "Dp" and "Dv" mean; false: no such command. */
static bool parse_space(const char *word, enum space *space)
{
	if ((word[0] != 'd' && word[0] != 'D') ||
	    (word[1] != 'p' && word[1] != 'v'))
		return false;
	*space = word[0] == 'd' ?
		(word[1] == 'p' ? GUEST_PHYSICAL : GUEST_VIRTUAL) :
		(word[1] == 'p' ? VMM_PHYSICAL : VMM_VIRTUAL);
	return true;
}

/* The VMM hides its memory from the guest, also behind the shell. */
static enum dbgsh_next begin_dump(struct dbgsh *sh, struct debugger *d)
{
	if (d->space >= VMM_PHYSICAL && !(sh->flags & DBGSH_SEES_VMM)) {
		dbgsh_puts(sh, "The VMM's memory is not shown in the "
			   "guest.\n");
		return DBGSH_LINE;
	}
	d->left = d->length;
	return DBGSH_MORE;
}

/* dp[/LENGTH] ADDRESS */
static enum dbgsh_next dump(struct dbgsh *sh, struct debugger *d, int count,
			    const char **words)
{
	uint64_t length = DEFAULT_LENGTH, at;
	enum space space;

	if (count == 1 && !strcmp(words[0], "d"))
		return begin_dump(sh, d);
	if (!parse_space(words[0], &space) || count != 2 ||
	    !dbgsh_number(words[1], 16, &at) ||
	    (words[0][2] && (words[0][2] != '/' ||
			     !dbgsh_number(words[0] + 3, 16, &length))) ||
	    !length || length > MAX_LENGTH)
		return bad(sh);
	d->space = space;
	d->at = at;
	d->length = length;
	return begin_dump(sh, d);
}

/* h A B: modulo 2^64. */
static enum dbgsh_next sum(struct dbgsh *sh, const char **words)
{
	uint64_t a, b;

	if (!dbgsh_number(words[1], 16, &a) || !dbgsh_number(words[2], 16, &b))
		return bad(sh);
	dbgsh_printf(sh, "%llX %llX\n", (unsigned long long)(a + b),
		     (unsigned long long)(a - b));
	return DBGSH_LINE;
}

static enum dbgsh_next set_register(struct dbgsh *sh, struct debugger *d,
				    const char **words)
{
	uint64_t *value = find_register(&d->regs, words[1]);

	if (!value || !dbgsh_number(words[2], 16, value))
		return bad(sh);
	return DBGSH_LINE;
}

static enum dbgsh_next print_help(struct dbgsh *sh)
{
	dbgsh_puts(sh,
		   "dp[/LEN] ADDR  dump guest-physical memory (hexadecimal)\n"
		   "dv[/LEN] ADDR  dump guest-virtual memory\n"
		   "Dp[/LEN] ADDR  dump physical memory of the VMM\n"
		   "Dv[/LEN] ADDR  dump virtual memory of the VMM\n"
		   "d              go on dumping\n"
		   "h A B          sum and difference\n"
		   "r [NAME VALUE] print registers, set one\n"
		   "n              next guest state in the log\n"
		   "! COMMAND      a command of the shell\n"
		   "q              quit\n");
	return DBGSH_LINE;
}

/* ! COMMAND: not the debugger in the debugger. */
static enum dbgsh_next run_command(struct dbgsh *sh, const char *line)
{
	const char *words[1];
	char copy[DBGSH_LINE_MAX];

	memcpy(copy, line, strlen(line) + 1);
	if (!dbgsh_split(copy, words, 1) || sh->outer ||
	    !strcmp(words[0], sh->command->name))
		return bad(sh);
	return dbgsh_run_inside(sh, line);
}

/* One line at the debugger's prompt. */
static enum dbgsh_next debug_line(struct dbgsh *sh, const char *text)
{
	struct debugger *d = dbgsh_scratch(sh);
	const char *words[4];
	char line[DBGSH_LINE_MAX];
	int count;

	memcpy(line, text, sizeof(line));
	count = dbgsh_split(line, words, 4);
	if (!count)
		return DBGSH_LINE;
	switch (words[0][0]) {
	case '!':
		return run_command(sh, strchr(text, '!') + 1);
	case 'd':
	case 'D':
		return dump(sh, d, count, words);
	case 'q':
		return words[0][1] || count > 1 ? bad(sh) : DBGSH_DONE;
	default:
		break;
	}
	if (!strcmp(words[0], "h") && count == 3)
		return sum(sh, words);
	if (!strcmp(words[0], "r") && count == 3)
		return set_register(sh, d, words);
	if (count > 1)
		return bad(sh);
	if (!strcmp(words[0], "h") || !strcmp(words[0], "help") ||
	    !strcmp(words[0], "?"))
		return print_help(sh);
	if (!strcmp(words[0], "r"))
		print_state(sh, d);
	else if (!strcmp(words[0], "n"))
		load_state(sh, d);
	else
		return bad(sh);
	return DBGSH_LINE;
}

static enum dbgsh_next debug_start(struct dbgsh *sh, int argc,
				   const char *const *argv)
{
	struct debugger *d = dbgsh_scratch(sh);

	(void)argc;
	(void)argv;
	*d = (struct debugger){ .length = DEFAULT_LENGTH };
	load_state(sh, d);
	sh->prompt = "debug> ";
	return DBGSH_LINE;
}

const struct dbgsh_command dbgsh_debug = {
	.name = "debug",
	.help = "debugger",
	.start = debug_start,
	.step = debug_step,
	.line = debug_line,
};
