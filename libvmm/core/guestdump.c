/* SPDX-License-Identifier: BSD-3-Clause */
/* The state of a guest CPU as text.  Programs parse it by its key words. */
#include <core/core_priv.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include <vmm/vcpu.h>

struct named_reg {
	const char *name;
	enum vmm_reg reg;
};

static const struct named_reg general[] = {
	{ "RAX", VMM_REG_RAX }, { "RCX", VMM_REG_RCX },
	{ "RDX", VMM_REG_RDX }, { "RBX", VMM_REG_RBX },
	{ "RSP", VMM_REG_RSP }, { "RBP", VMM_REG_RBP },
	{ "RSI", VMM_REG_RSI }, { "RDI", VMM_REG_RDI },
	{ "R8 ", VMM_REG_R8 }, { "R9 ", VMM_REG_R9 },
	{ "R10", VMM_REG_R10 }, { "R11", VMM_REG_R11 },
	{ "R12", VMM_REG_R12 }, { "R13", VMM_REG_R13 },
	{ "R14", VMM_REG_R14 }, { "R15", VMM_REG_R15 },
	{ "CR0", VMM_REG_CR0 }, { "CR2", VMM_REG_CR2 },
	{ "CR3", VMM_REG_CR3 }, { "CR4", VMM_REG_CR4 },
};

static const enum vmm_segreg shown_segments[] = {
	VMM_SEG_ES, VMM_SEG_CS, VMM_SEG_SS, VMM_SEG_DS, VMM_SEG_FS,
	VMM_SEG_GS, VMM_SEG_LDTR, VMM_SEG_TR,
};

#define SEGMENTS VMM_ARRAY_SIZE(shown_segments)

static uint64_t field_acr(const struct vmm_segment *s) { return s->attr; }
static uint64_t field_limit(const struct vmm_segment *s) { return s->limit; }
static uint64_t field_base(const struct vmm_segment *s) { return s->base; }
static uint64_t field_sel(const struct vmm_segment *s) { return s->selector; }

/* One row of the table: eight columns of at most 16 digits. */
static void dump_row(enum vmm_log_level level, const char *name,
		     const struct vmm_segment *segs,
		     uint64_t (*field)(const struct vmm_segment *))
{
	char line[8 + SEGMENTS * 17 + 1];
	size_t n = (size_t)vmm_snprintf(line, sizeof(line), "%-6s", name);

	for (unsigned i = 0; i < SEGMENTS; i++)
		n += (size_t)vmm_snprintf(line + n, sizeof(line) - n,
					  "%08lX ", field(&segs[i]));
	vmm_log(level, "%s\n", line);
}

static void dump_segments(struct vmm_vcpu *v, enum vmm_log_level level)
{
	struct vmm_segment segs[SEGMENTS];

	for (unsigned i = 0; i < SEGMENTS; i++)
		vmm_vcpu_get_seg(v, shown_segments[i], &segs[i]);
	vmm_log(level, "      %-8s %-8s %-8s %-8s %-8s %-8s %-8s %s\n",
		"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR");
	dump_row(level, "ACR", segs, field_acr);
	dump_row(level, "LIMIT", segs, field_limit);
	dump_row(level, "BASE", segs, field_base);
	dump_row(level, "SEL", segs, field_sel);
}

static void dump_general(struct vmm_vcpu *v, enum vmm_log_level level)
{
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(general); i += 4) {
		const struct named_reg *r = &general[i];

		vmm_log(level, "%s %08lX    %s %08lX    %s %08lX    %s %08lX\n",
			r[0].name, vmm_vcpu_get(v, r[0].reg),
			r[1].name, vmm_vcpu_get(v, r[1].reg),
			r[2].name, vmm_vcpu_get(v, r[2].reg),
			r[3].name, vmm_vcpu_get(v, r[3].reg));
	}
}

void vmm_dump_guest(struct vmm_vcpu *v, enum vmm_log_level level)
{
	vmm_log(level, "Guest state and registers of cpu %u ------------\n",
		vmm_vcpu_number(v));
	dump_general(v, level);
	dump_segments(v, level);
	vmm_log(level, "RIP %08lX    RFLAGS %08lX    "
		"GDTR %08lX+%04lX    IDTR %08lX+%04lX\n",
		vmm_vcpu_get(v, VMM_REG_RIP), vmm_vcpu_get(v, VMM_REG_RFLAGS),
		vmm_vcpu_get(v, VMM_REG_GDTR_BASE),
		vmm_vcpu_get(v, VMM_REG_GDTR_LIMIT),
		vmm_vcpu_get(v, VMM_REG_IDTR_BASE),
		vmm_vcpu_get(v, VMM_REG_IDTR_LIMIT));
	vmm_log(level, "EFER %08lX    DR7 %08lX\n",
		vmm_vcpu_get(v, VMM_REG_EFER), vmm_vcpu_get(v, VMM_REG_DR7));
	vmm_log(level, "------------------------------------------------\n");
}
