/* SPDX-License-Identifier: BSD-3-Clause */
/* See task.h.  Sections and tables: Intel SDM vol. 3, chapter 8. */
#include <string.h>
#include <cpu/task.h>
#include <vmm/gmem.h>
#include <vmm/x86.h>

#define EFLAGS_NT	0x4000u
#define EFLAGS_ALL	0x3f7fd5u	/* those that are defined, but bit 1 */
#define DR7_LOCAL	0x155u		/* L0 to L3, LE */

#define TYPE_BUSY	0x2u		/* of a TSS */
#define TYPE_32BIT	0x8u		/* of a TSS */
#define TYPE_CODE	0x8u		/* of a code or data segment */
#define TYPE_CONFORMING	0x4u		/* of code */
#define TYPE_DOWN	0x4u		/* of data */
#define TYPE_RW		0x2u		/* code: readable; data: writable */
#define TYPE_ACCESSED	0x1u
#define TYPE_LDT	0x2u
#define ATTR_S		0x10u
#define ATTR_P		0x80u
#define ATTR_DPL(attr)	((attr) >> 5 & 3u)
#define ATTR_V86	0xf3u		/* data, accessed, DPL 3, present */

#define SELECTOR_TI	0x4u
#define DESC_SIZE	8u
#define DESC_TYPE	5u		/* the byte with type, S, DPL, P */

/* TSS of 16 and of 32 bits (figures 8-10 and 8-2): from `ip` on EIP, EFLAGS,
 * eight general registers, segments and LDT, each of `width` bytes, with
 * nothing between them. */
static const struct layout {
	uint8_t width, ip, segments, ldt, size;
} layouts[] = {
	{ 2, 0x0e, 4, 0x2a, 0x2c },
	{ 4, 0x20, 6, 0x60, 0x68 },
};
#define TSS_MAX		0x68u
#define TSS_CR3		0x1cu		/* of 32 bits only, as these */
#define TSS_TRAP	0x64u
#define FIRST_GPR	2u		/* behind EIP and EFLAGS */
#define FIRST_SEG	10u

/* One task switch on its way. */
struct task {
	struct task_cpu *c;
	const struct task_switch *t;
	const struct task_world *w;
	struct vmm_event *fault;
};

static const struct layout *layout_of(uint32_t attr)
{
	return &layouts[(attr & TYPE_32BIT) != 0];
}

static bool is_nested(const struct task *k)
{
	return k->t->source == TASK_CALL || k->t->source == TASK_GATE;
}

static uint32_t get(const uint8_t *b, unsigned width)
{
	uint32_t n = 0;

	memcpy(&n, b, width);
	return n;
}

static bool read(const struct task *k, uint32_t linear, void *buf, size_t n)
{
	return k->w->read(k->w->ctx, linear, buf, n, VMM_ACCESS_IMPLICIT,
			  k->fault);
}

static bool write(const struct task *k, uint32_t linear, const void *buf,
		  size_t n)
{
	return k->w->write(k->w->ctx, linear, buf, n, VMM_ACCESS_IMPLICIT,
			   k->fault);
}

static bool raise(const struct task *k, uint8_t vector, uint32_t error)
{
	*k->fault = (struct vmm_event){
		.vector = vector, .type = VMM_EVENT_EXCEPTION,
		.has_error = true, .error = error | k->t->external,
	};
	return false;
}

/* The error codes of table 8-1: the selector without its RPL. */
static bool refuse(const struct task *k, uint8_t vector, uint16_t selector)
{
	return raise(k, vector, selector & ~UINT32_C(3));
}

/* --- descriptors --- */

/* Linear address of a descriptor; #TS if it is not in its table. */
static bool descriptor_at(const struct task *k, uint16_t selector,
			  uint32_t *linear)
{
	const struct vmm_segment *ldt = &k->c->seg[VMM_SEG_LDTR];
	uint32_t base = k->c->gdt_base, limit = k->c->gdt_limit;

	if (selector & SELECTOR_TI) {
		if (ldt->attr & VMM_SEG_UNUSABLE)
			return refuse(k, X86_TRAP_TS, selector);
		base = (uint32_t)ldt->base;
		limit = ldt->limit;
	}
	if ((selector | (DESC_SIZE - 1)) > limit)
		return refuse(k, X86_TRAP_TS, selector);
	*linear = base + (selector & ~(DESC_SIZE - 1));
	return true;
}

static void decode(uint16_t selector, const uint8_t *d, struct vmm_segment *s)
{
	uint32_t low = get(d, 4), high = get(d + 4, 4);

	s->selector = selector;
	s->base = low >> 16 | (high & 0xff) << 16 | (high & 0xff000000);
	s->limit = (low & 0xffff) | (high & 0xf0000);
	if (high & 0x800000)		/* G */
		s->limit = s->limit << 12 | 0xfff;
	s->attr = (high >> 8 & 0xff) | (high >> 20 & 0xf) << 8;
}

static bool read_descriptor(const struct task *k, uint16_t selector,
			    uint32_t *linear, struct vmm_segment *s)
{
	uint8_t d[DESC_SIZE];

	if (!descriptor_at(k, selector, linear) ||
	    !read(k, *linear, d, sizeof(d)))
		return false;
	decode(selector, d, s);
	return true;
}

/* The byte with the type in memory becomes that of attr. */
static bool write_type(const struct task *k, uint32_t linear, uint32_t attr)
{
	uint8_t byte = (uint8_t)attr;

	return write(k, linear + DESC_TYPE, &byte, 1);
}

/* --- what can fail in the old task --- */

/* EIP, EFLAGS, registers and segments; the rest of the TSS is not written. */
static bool save(const struct task *k)
{
	const struct task_cpu *c = k->c;
	const struct layout *l = layout_of(c->seg[VMM_SEG_TR].attr);
	uint32_t at = (uint32_t)c->seg[VMM_SEG_TR].base + l->ip;
	uint32_t flags = c->eflags;
	unsigned w = l->width, i;
	uint8_t b[TSS_MAX];
	size_t size = (FIRST_SEG + l->segments) * w;

	if (k->t->source == TASK_IRET)
		flags &= ~EFLAGS_NT;
	if (!read(k, at, b, size))
		return false;
	memcpy(b, &c->eip, w);
	memcpy(b + w, &flags, w);
	for (i = 0; i < VMM_ARRAY_SIZE(c->gpr); i++)
		memcpy(b + (FIRST_GPR + i) * w, &c->gpr[i], w);
	for (i = 0; i < l->segments; i++)
		memcpy(b + (FIRST_SEG + i) * w, &c->seg[i].selector, 2);
	return write(k, at, b, size);
}

/* The descriptor was good when the processor looked. */
static bool find(const struct task *k, uint32_t *linear, struct vmm_segment *s)
{
	uint32_t busy = k->t->source == TASK_IRET ? TYPE_BUSY : 0;

	if (k->t->selector & SELECTOR_TI)
		return refuse(k, X86_TRAP_TS, k->t->selector);
	if (!read_descriptor(k, k->t->selector, linear, s))
		return false;
	/* types 1, 3, 9, 11: a TSS, of 16 or 32 bits, available or busy */
	if ((s->attr & (ATTR_S | 0x7)) != (0x1 | busy) ||
	    s->limit < layout_of(s->attr)->size - 1u)
		return refuse(k, X86_TRAP_TS, k->t->selector);
	if (!(s->attr & ATTR_P))
		return refuse(k, X86_TRAP_NP, k->t->selector);
	return true;
}

/* A task that is left for good is no longer busy; one that is entered is. */
static bool mark(const struct task *k, uint32_t linear,
		 struct vmm_segment *tss)
{
	const struct vmm_segment *old = &k->c->seg[VMM_SEG_TR];
	uint32_t at;

	if (!is_nested(k) &&
	    (!descriptor_at(k, old->selector, &at) ||
	     !write_type(k, at, old->attr & ~TYPE_BUSY)))
		return false;
	tss->attr |= TYPE_BUSY;
	return k->t->source == TASK_IRET || write_type(k, linear, tss->attr);
}

/* All accesses to the two TSSs and their descriptors: afterwards the new
 * task is loaded from image. */
static bool leave(const struct task *k, struct vmm_segment *tss,
		  uint8_t image[TSS_MAX])
{
	uint32_t linear;
	uint16_t back = k->c->seg[VMM_SEG_TR].selector;

	if (!find(k, &linear, tss) || !save(k) ||
	    !read(k, (uint32_t)tss->base, image, layout_of(tss->attr)->size))
		return false;
	if (is_nested(k) && !write(k, (uint32_t)tss->base, &back, 2))
		return false;
	return mark(k, linear, tss);
}

/* --- the new task --- */

static void load_registers(const struct task *k, const struct layout *l,
			   const uint8_t *image)
{
	const uint8_t *b = image + l->ip;
	struct task_cpu *c = k->c;
	unsigned i;

	c->eip = get(b, l->width);
	c->eflags = (get(b + l->width, l->width) & EFLAGS_ALL) |
		(uint32_t)X86_RFLAGS_FIXED;
	if (is_nested(k))
		c->eflags |= EFLAGS_NT;
	/* What a 16-bit task gets above its registers is not documented. */
	for (i = 0; i < VMM_ARRAY_SIZE(c->gpr); i++)
		c->gpr[i] = get(b + (FIRST_GPR + i) * l->width, l->width);
	c->cr0 |= (uint32_t)X86_CR0_TS;
	c->dr7 &= ~DR7_LOCAL;
}

static struct vmm_segment v86_segment(uint16_t selector)
{
	return (struct vmm_segment){
		.selector = selector, .base = (uint32_t)selector << 4,
		.limit = 0xffff, .attr = ATTR_V86,
	};
}

/* Selectors of all segments, and what may be entered with them until their
 * descriptors are loaded. */
static void load_selectors(const struct task *k, const struct layout *l,
			   const uint8_t *image)
{
	const uint8_t *b = image + l->ip + FIRST_SEG * l->width;
	struct vmm_segment *s = k->c->seg;
	uint32_t dpl;
	unsigned i;

	for (i = 0; i <= VMM_SEG_GS; i++) {
		uint16_t selector = i < l->segments ?
			(uint16_t)get(b + i * l->width, 2) : 0;

		s[i] = v86_segment(selector);
		if (!(k->c->eflags & X86_RFLAGS_VM)) {
			s[i].attr = VMM_SEG_UNUSABLE;
			s[i].base = s[i].limit = 0;
		}
	}
	s[VMM_SEG_LDTR] = (struct vmm_segment){
		.selector = (uint16_t)get(image + l->ldt, 2),
		.attr = VMM_SEG_UNUSABLE,
	};
	if (k->c->eflags & X86_RFLAGS_VM)
		return;
	dpl = (s[VMM_SEG_CS].selector & 3u) << 5;	/* the new CPL */
	s[VMM_SEG_CS].attr = ATTR_P | ATTR_S | TYPE_CODE | TYPE_RW |
		TYPE_ACCESSED | dpl;
	s[VMM_SEG_SS].attr = ATTR_P | ATTR_S | TYPE_RW | TYPE_ACCESSED | dpl;
}

static bool is_null(uint16_t selector)
{
	return (selector & ~3u) == 0;
}

/* #TS for all that is wrong with it but its absence. */
static bool load_ldt(const struct task *k)
{
	struct vmm_segment *ldt = &k->c->seg[VMM_SEG_LDTR], s;
	uint32_t linear;

	if (is_null(ldt->selector))
		return true;
	if (ldt->selector & SELECTOR_TI)
		return refuse(k, X86_TRAP_TS, ldt->selector);
	if (!read_descriptor(k, ldt->selector, &linear, &s))
		return false;
	if ((s.attr & (ATTR_S | ATTR_P | 0xf)) != (ATTR_P | TYPE_LDT))
		return refuse(k, X86_TRAP_TS, ldt->selector);
	*ldt = s;
	return true;
}

/* The type and privilege checks of table 8-1; cpl: the new one. */
static bool fits(enum vmm_segreg seg, uint16_t selector, uint32_t attr,
		 unsigned cpl)
{
	bool code = attr & TYPE_CODE, conforming = code &&
		attr & TYPE_CONFORMING;
	unsigned rpl = selector & 3u, dpl = ATTR_DPL(attr);

	if (!(attr & ATTR_S))
		return false;
	switch (seg) {
	case VMM_SEG_CS:
		return code && (conforming ? dpl <= cpl : dpl == cpl);
	case VMM_SEG_SS:
		return !code && attr & TYPE_RW && dpl == cpl && rpl == cpl;
	default:
		if (code && !(attr & TYPE_RW))
			return false;
		return conforming || dpl >= (cpl > rpl ? cpl : rpl);
	}
}

static bool load_segment(const struct task *k, enum vmm_segreg seg)
{
	uint16_t selector = k->c->seg[seg].selector;
	unsigned cpl = k->c->seg[VMM_SEG_CS].selector & 3u;
	struct vmm_segment s;
	uint32_t linear;

	if (is_null(selector))
		return (seg != VMM_SEG_CS && seg != VMM_SEG_SS) ||
			refuse(k, X86_TRAP_TS, selector);
	if (!read_descriptor(k, selector, &linear, &s))
		return false;
	if (!fits(seg, selector, s.attr, cpl))
		return refuse(k, X86_TRAP_TS, selector);
	if (!(s.attr & ATTR_P))
		return refuse(k, seg == VMM_SEG_SS ? X86_TRAP_SS :
			      X86_TRAP_NP, selector);
	if (!(s.attr & TYPE_ACCESSED) &&
	    !write_type(k, linear, s.attr | TYPE_ACCESSED))
		return false;
	s.attr = (s.attr | TYPE_ACCESSED) & ~VMM_SEG_ATTR_L;
	k->c->seg[seg] = s;
	return true;
}

/* With the selectors and CR3 of the new task: faults are its own. */
static bool load_descriptors(const struct task *k)
{
	static const enum vmm_segreg order[] = {
		VMM_SEG_CS, VMM_SEG_SS, VMM_SEG_DS, VMM_SEG_ES, VMM_SEG_FS,
		VMM_SEG_GS,
	};
	unsigned i;

	if (!load_ldt(k))
		return false;
	if (k->c->eflags & X86_RFLAGS_VM)
		return true;
	for (i = 0; i < VMM_ARRAY_SIZE(order); i++)
		if (!load_segment(k, order[i]))
			return false;
	return true;
}

enum task_result task_switch(struct task_cpu *c, const struct task_switch *t,
			     const struct task_world *w,
			     struct vmm_event *fault)
{
	const struct task k = { .c = c, .t = t, .w = w, .fault = fault };
	uint8_t image[TSS_MAX] = { 0 };
	const struct layout *l;
	struct vmm_segment tss;

	if (!leave(&k, &tss, image))
		return TASK_FAULT_OLD;
	l = layout_of(tss.attr);
	c->seg[VMM_SEG_TR] = tss;
	load_registers(&k, l, image);
	load_selectors(&k, l, image);
	if (l->width == 4 && c->cr0 & X86_CR0_PG &&
	    !w->load_cr3(w->ctx, get(image + TSS_CR3, 4), fault))
		return TASK_FAULT_NEW;
	if (!load_descriptors(&k))
		return TASK_FAULT_NEW;
	return image[TSS_TRAP] & 1 ? TASK_TRAP : TASK_DONE;
}

/* Is [offset, offset + n) within the segment? */
static bool within(const struct vmm_segment *s, uint32_t offset, unsigned n)
{
	uint32_t last = offset + n - 1;
	uint32_t top = s->attr & VMM_SEG_ATTR_DB ? UINT32_MAX : 0xffff;

	if (last < offset)
		return false;
	if (s->attr & TYPE_DOWN)
		return offset > s->limit && last <= top;
	return last <= s->limit;
}

bool task_push_error(struct task_cpu *c, uint32_t error,
		     const struct task_world *w, struct vmm_event *fault)
{
	const struct vmm_segment *ss = &c->seg[VMM_SEG_SS];
	uint32_t mask = ss->attr & VMM_SEG_ATTR_DB ? UINT32_MAX : 0xffff;
	unsigned n = layout_of(c->seg[VMM_SEG_TR].attr)->width;
	uint32_t esp = (c->gpr[VMM_REG_RSP] - n) & mask;

	if (!within(ss, esp, n)) {
		*fault = (struct vmm_event){
			.vector = X86_TRAP_SS, .type = VMM_EVENT_EXCEPTION,
			.has_error = true, .error = 1,	/* EXT */
		};
		return false;
	}
	if (!w->write(w->ctx, (uint32_t)ss->base + esp, &error, n,
		      VMM_ACCESS_WRITE, fault))
		return false;
	c->gpr[VMM_REG_RSP] = (c->gpr[VMM_REG_RSP] & ~mask) | esp;
	return true;
}
