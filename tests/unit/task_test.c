/* SPDX-License-Identifier: BSD-3-Clause */
/* Task switches in a small memory of linear addresses 0 to 16 KiB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cpu/task.h>
#include <vmm/x86.h>

#define GDT		0x1000u
#define OLD_TSS		0x2000u
#define NEW_TSS		0x3000u		/* another page */
#define CODE		0x08
#define DATA		0x10
#define LDT		0x18
#define ABSENT		0x20
#define USER_CODE	(0x28 | 3)
#define USER_DATA	(0x30 | 3)
#define OLD		0x38
#define NEW		0x40
#define GDT_SIZE	0x48u
#define NT		0x4000u

static uint8_t memory[0x4000];
static unsigned missing;	/* page, 0: none */
static uint32_t cr3;		/* what was loaded */
static bool bad_cr3;
static struct task_cpu cpu;
static struct vmm_event fault;

static bool reach(uint32_t linear, size_t n)
{
	uint64_t end = (uint64_t)linear + n;

	if (end <= sizeof(memory) &&
	    (!missing || (linear >> 12 != missing &&
			  (end - 1) >> 12 != missing)))
		return true;
	fault = (struct vmm_event){ .vector = X86_TRAP_PF, .has_error = true };
	return false;
}

static bool fake_read(void *ctx, uint32_t linear, void *buf, size_t n,
		      unsigned access, struct vmm_event *f)
{
	(void)ctx;
	(void)access;
	assert_ptr_equal(f, &fault);
	if (!reach(linear, n))
		return false;
	memcpy(buf, memory + linear, n);
	return true;
}

static bool fake_write(void *ctx, uint32_t linear, const void *buf, size_t n,
		       unsigned access, struct vmm_event *f)
{
	(void)ctx;
	(void)access;
	assert_ptr_equal(f, &fault);
	if (!reach(linear, n))
		return false;
	memcpy(memory + linear, buf, n);
	return true;
}

static bool fake_cr3(void *ctx, uint32_t value, struct vmm_event *f)
{
	(void)ctx;
	f->vector = X86_TRAP_GP;
	cr3 = value;
	return !bad_cr3;
}

static const struct task_world world = {
	.read = fake_read, .write = fake_write, .load_cr3 = fake_cr3,
};

static void put32(uint32_t at, uint32_t value)
{
	memcpy(memory + at, &value, 4);
}

static void put16(uint32_t at, uint16_t value)
{
	memcpy(memory + at, &value, 2);
}

static uint32_t get32(uint32_t at)
{
	uint32_t value;

	memcpy(&value, memory + at, 4);
	return value;
}

static uint8_t *type_of(unsigned selector)
{
	return &memory[GDT + (selector & ~7u) + 5];
}

static void descriptor(unsigned selector, uint32_t base, uint16_t limit,
		       uint8_t type, uint8_t flags)
{
	uint32_t at = GDT + (selector & ~7u);

	put32(at, limit | base << 16);
	put32(at + 4, (base >> 16 & 0xff) | (uint32_t)type << 8 |
	      (uint32_t)flags << 20 | (base & 0xff000000));
}

/* 32-bit tasks; the new one's registers are 0x100 and its number. */
static int setup(void **state)
{
	unsigned i;

	(void)state;
	memset(memory, 0, sizeof(memory));
	memset(&cpu, 0, sizeof(cpu));
	memset(&fault, 0, sizeof(fault));
	missing = 0;
	cr3 = 0;
	bad_cr3 = false;
	descriptor(CODE, 0, 0xffff, 0x9a, 0xc);
	descriptor(DATA, 0, 0xffff, 0x92, 0xc);
	descriptor(LDT, 0x800, 0x7, 0x82, 0);
	descriptor(ABSENT, 0, 0xffff, 0x12, 0xc);
	descriptor(USER_CODE, 0, 0xffff, 0xfa, 0xc);
	descriptor(USER_DATA, 0, 0xffff, 0xf2, 0xc);
	descriptor(OLD, OLD_TSS, 0x67, 0x8b, 0);
	descriptor(NEW, NEW_TSS, 0x67, 0x89, 0);
	put32(NEW_TSS + 0x1c, 0x77000);
	put32(NEW_TSS + 0x20, 0x12345);
	put32(NEW_TSS + 0x24, 0x203);
	for (i = 0; i < 8; i++)
		put32(NEW_TSS + 0x28 + 4 * i, 0x100 + i);
	for (i = 0; i < 6; i++)
		put32(NEW_TSS + 0x48 + 4 * i, i == VMM_SEG_CS ? CODE : DATA);
	put32(NEW_TSS + 0x60, LDT);
	for (i = 0; i < 8; i++)
		cpu.gpr[i] = 0xa0 + i;
	cpu.eip = 0x4444;
	cpu.eflags = 0x46;
	cpu.cr0 = (uint32_t)X86_CR0_PE;
	cpu.dr7 = 0x703;
	cpu.gdt_base = GDT;
	cpu.gdt_limit = GDT_SIZE - 1;
	for (i = 0; i <= VMM_SEG_GS; i++)
		cpu.seg[i].selector = (uint16_t)(0x51 + i);
	cpu.seg[VMM_SEG_LDTR].attr = VMM_SEG_UNUSABLE;
	cpu.seg[VMM_SEG_TR] = (struct vmm_segment){
		.selector = OLD, .base = OLD_TSS, .limit = 0x67, .attr = 0x8b,
	};
	return 0;
}

static enum task_result go(uint16_t selector, enum task_source source,
			   bool external)
{
	const struct task_switch t = {
		.selector = selector, .source = source, .external = external,
	};

	return task_switch(&cpu, &t, &world, &fault);
}

static void jump(void **state)
{
	unsigned i;

	(void)state;
	assert_int_equal(go(NEW, TASK_JMP, false), TASK_DONE);
	assert_int_equal(get32(OLD_TSS + 0x20), 0x4444);
	assert_int_equal(get32(OLD_TSS + 0x24), 0x46);
	for (i = 0; i < 8; i++) {
		assert_int_equal(get32(OLD_TSS + 0x28 + 4 * i), 0xa0 + i);
		assert_int_equal(cpu.gpr[i], 0x100 + i);
	}
	for (i = 0; i < 6; i++)
		assert_int_equal(get32(OLD_TSS + 0x48 + 4 * i), 0x51 + i);
	assert_int_equal(cpu.eip, 0x12345);
	assert_int_equal(cpu.eflags, 0x203);
	assert_int_equal(cpu.cr0, X86_CR0_PE | X86_CR0_TS);
	assert_int_equal(cpu.dr7, 0x602);
	assert_int_equal(cpu.seg[VMM_SEG_TR].selector, NEW);
	assert_int_equal(cpu.seg[VMM_SEG_TR].base, NEW_TSS);
	assert_int_equal(cpu.seg[VMM_SEG_TR].attr, 0x8b);
	assert_int_equal(cpu.seg[VMM_SEG_LDTR].base, 0x800);
	assert_int_equal(cpu.seg[VMM_SEG_CS].limit, 0xffffffff >> 4 | 0xfff);
	assert_int_equal(cpu.seg[VMM_SEG_CS].attr, 0xc9b);
	assert_int_equal(cpu.seg[VMM_SEG_DS].attr, 0xc93);
	assert_int_equal(*type_of(CODE), 0x9b);		/* accessed */
	assert_int_equal(*type_of(OLD), 0x89);
	assert_int_equal(*type_of(NEW), 0x8b);
	assert_int_equal(get32(NEW_TSS), 0);
	assert_int_equal(cr3, 0);			/* no paging */
}

/* CALL nests; IRET goes back, and leaves the task free. */
static void call_and_return(void **state)
{
	(void)state;
	descriptor(USER_DATA, 0, 0xffff, 0xf2, 0xc);
	assert_int_equal(go(NEW, TASK_CALL, false), TASK_DONE);
	assert_int_equal(cpu.eflags, 0x203 | NT);
	assert_int_equal(get32(NEW_TSS), OLD);
	assert_int_equal(*type_of(OLD), 0x8b);
	assert_int_equal(*type_of(NEW), 0x8b);
	/* the old one had made-up segments */
	put32(OLD_TSS + 0x4c, CODE);
	put32(OLD_TSS + 0x50, DATA);
	put32(OLD_TSS + 0x48, 0);
	put32(OLD_TSS + 0x54, 3);
	put32(OLD_TSS + 0x58, 0);
	put32(OLD_TSS + 0x5c, 0);
	cpu.eip = 0x999;
	assert_int_equal(go(OLD, TASK_IRET, false), TASK_DONE);
	assert_int_equal(get32(NEW_TSS + 0x20), 0x999);
	assert_int_equal(get32(NEW_TSS + 0x24), 0x203);	/* NT is off */
	assert_int_equal(*type_of(NEW), 0x89);
	assert_int_equal(*type_of(OLD), 0x8b);
	assert_int_equal(cpu.eip, 0x4444);
	assert_int_equal(cpu.eflags, 0x46);
	assert_int_equal(cpu.seg[VMM_SEG_DS].attr, VMM_SEG_UNUSABLE);
	assert_int_equal(cpu.seg[VMM_SEG_DS].selector, 3);
}

static void paging(void **state)
{
	(void)state;
	cpu.cr0 |= (uint32_t)X86_CR0_PG;
	assert_int_equal(go(NEW, TASK_JMP, false), TASK_DONE);
	assert_int_equal(cr3, 0x77000);
	setup(NULL);
	cpu.cr0 |= (uint32_t)X86_CR0_PG;
	bad_cr3 = true;
	assert_int_equal(go(NEW, TASK_JMP, false), TASK_FAULT_NEW);
	assert_int_equal(fault.vector, X86_TRAP_GP);
}

/* Nothing of the processor changes. */
static void refused(uint16_t selector, enum task_source source,
		    uint8_t vector, uint32_t error)
{
	struct task_cpu before = cpu;

	assert_int_equal(go(selector, source, false), TASK_FAULT_OLD);
	assert_int_equal(fault.vector, vector);
	assert_int_equal(fault.error, error);
	assert_memory_equal(&cpu, &before, sizeof(cpu));
}

static void bad_tss(void **state)
{
	(void)state;
	refused(NEW, TASK_IRET, X86_TRAP_TS, NEW);	/* not busy */
	refused(OLD | 3, TASK_JMP, X86_TRAP_TS, OLD);	/* busy */
	refused(CODE, TASK_JMP, X86_TRAP_TS, CODE);
	refused(NEW | 4, TASK_JMP, X86_TRAP_TS, NEW | 4);
	refused(GDT_SIZE, TASK_JMP, X86_TRAP_TS, GDT_SIZE);
	memory[GDT + NEW] = 0x66;
	refused(NEW, TASK_JMP, X86_TRAP_TS, NEW);	/* too short */
	memory[GDT + NEW] = 0x67;
	*type_of(NEW) = 0x09;
	refused(NEW, TASK_JMP, X86_TRAP_NP, NEW);
	*type_of(NEW) = 0x89;
	missing = NEW_TSS >> 12;
	refused(NEW, TASK_CALL, X86_TRAP_PF, 0);
	missing = OLD_TSS >> 12;
	refused(NEW, TASK_CALL, X86_TRAP_PF, 0);
	missing = GDT >> 12;
	refused(NEW, TASK_CALL, X86_TRAP_PF, 0);
}

/* What the processor can be entered with, whatever is missing. */
static void enterable(unsigned cpl)
{
	const struct vmm_segment *cs = &cpu.seg[VMM_SEG_CS];
	const struct vmm_segment *ss = &cpu.seg[VMM_SEG_SS];

	assert_int_equal(cs->attr & 0x9b, 0x9b);
	assert_int_equal(ss->attr & 0x93, 0x93);
	assert_int_equal(cs->attr >> 5 & 3, cpl);
	assert_int_equal(ss->attr >> 5 & 3, cpl);
}

static void fails(unsigned field, uint16_t selector, uint8_t vector,
		  uint32_t error, unsigned cpl)
{
	setup(NULL);
	put32(NEW_TSS + field, selector);
	assert_int_equal(go(NEW, TASK_GATE, true), TASK_FAULT_NEW);
	assert_int_equal(fault.vector, vector);
	assert_int_equal(fault.error, error);
	assert_int_equal(cpu.seg[VMM_SEG_TR].selector, NEW);
	enterable(cpl);
}

static void bad_segments(void **state)
{
	(void)state;
	fails(0x4c, 0, X86_TRAP_TS, 1, 0);
	fails(0x4c, DATA, X86_TRAP_TS, DATA | 1, 0);
	fails(0x4c, USER_CODE & ~3, X86_TRAP_TS, (USER_CODE & ~3) | 1, 0);
	fails(0x4c, GDT_SIZE, X86_TRAP_TS, GDT_SIZE | 1, 0);
	fails(0x4c, USER_CODE, X86_TRAP_TS, DATA | 1, 3);	/* SS */
	fails(0x50, 0, X86_TRAP_TS, 1, 0);
	fails(0x50, CODE, X86_TRAP_TS, CODE | 1, 0);
	fails(0x50, USER_DATA, X86_TRAP_TS, (USER_DATA & ~3) | 1, 0);
	fails(0x50, ABSENT, X86_TRAP_SS, ABSENT | 1, 0);
	fails(0x54, ABSENT, X86_TRAP_NP, ABSENT | 1, 0);
	fails(0x54, NEW, X86_TRAP_TS, NEW | 1, 0);
	fails(0x5c, 0x7fff, X86_TRAP_TS, 0x7ffd, 0);
	fails(0x60, DATA, X86_TRAP_TS, DATA | 1, 0);		/* LDT */
	fails(0x60, LDT | 4, X86_TRAP_TS, LDT | 4 | 1, 0);
	fails(0x48, 0xc, X86_TRAP_TS, 0xc | 1, 0);	/* beyond the LDT */
}

static void user(void **state)
{
	(void)state;
	put32(NEW_TSS + 0x4c, USER_CODE);
	put32(NEW_TSS + 0x50, USER_DATA);
	put32(NEW_TSS + 0x54, USER_DATA);
	put32(NEW_TSS + 0x48, 0);
	put32(NEW_TSS + 0x58, 0);
	put32(NEW_TSS + 0x5c, 0);
	assert_int_equal(go(NEW, TASK_JMP, false), TASK_DONE);
	enterable(3);
	setup(NULL);
	put32(NEW_TSS + 0x4c, USER_CODE);
	put32(NEW_TSS + 0x50, USER_DATA);
	assert_int_equal(go(NEW, TASK_JMP, false), TASK_FAULT_NEW);
	assert_int_equal(fault.vector, X86_TRAP_TS);	/* DS of ring 0 */
	assert_int_equal(fault.error, DATA);
}

static void virtual_8086(void **state)
{
	unsigned i;

	(void)state;
	put32(NEW_TSS + 0x24, 0x23002);
	for (i = 0; i < 6; i++)
		put32(NEW_TSS + 0x48 + 4 * i, 0x1234);
	assert_int_equal(go(NEW, TASK_JMP, false), TASK_DONE);
	for (i = 0; i < 6; i++) {
		assert_int_equal(cpu.seg[i].base, 0x12340);
		assert_int_equal(cpu.seg[i].limit, 0xffff);
		assert_int_equal(cpu.seg[i].attr, 0xf3);
	}
}

static void sixteen_bits(void **state)
{
	static const uint16_t selectors[] = { DATA, CODE, DATA, DATA, 0 };
	unsigned i;

	(void)state;
	descriptor(NEW, NEW_TSS, 0x2b, 0x81, 0);
	put16(NEW_TSS + 0x0e, 0x1111);
	put16(NEW_TSS + 0x10, 2);
	for (i = 0; i < 8; i++)
		put16(NEW_TSS + 0x12 + 2 * i, (uint16_t)(0x200 + i));
	for (i = 0; i < 5; i++)
		put16(NEW_TSS + 0x22 + 2 * i, selectors[i]);
	cpu.cr0 |= (uint32_t)X86_CR0_PG;
	assert_int_equal(go(NEW, TASK_CALL, false), TASK_DONE);
	assert_int_equal(cr3, 0);	/* its TSS has none */
	assert_int_equal(cpu.eip, 0x1111);
	assert_int_equal(cpu.eflags, 2 | NT);
	assert_int_equal(cpu.gpr[7] & 0xffff, 0x207);
	assert_int_equal(cpu.seg[VMM_SEG_GS].attr, VMM_SEG_UNUSABLE);
	assert_int_equal(cpu.seg[VMM_SEG_TR].attr, 0x83);
	/* and its state is saved in 16 bits */
	cpu.eip = 0x82222;
	descriptor(OLD, OLD_TSS, 0x67, 0x89, 0);
	(void)!go(OLD, TASK_JMP, false);
	assert_int_equal(get32(NEW_TSS + 0x0e), 0x2222 | (2 | NT) << 16);
	assert_int_equal(*type_of(NEW), 0x81);
}

static void error_code(void **state)
{
	(void)state;
	assert_int_equal(go(NEW, TASK_GATE, true), TASK_DONE);
	cpu.gpr[VMM_REG_RSP] = 0x804;
	assert_true(task_push_error(&cpu, 0xdead, &world, &fault));
	assert_int_equal(get32(0x800), 0xdead);
	assert_int_equal(cpu.gpr[VMM_REG_RSP], 0x800);
	/* beyond the limit, or memory */
	cpu.seg[VMM_SEG_SS].limit = 0x7fe;
	assert_false(task_push_error(&cpu, 1, &world, &fault));
	assert_int_equal(fault.vector, X86_TRAP_SS);
	cpu.seg[VMM_SEG_SS].limit = 0xffffffff;
	cpu.gpr[VMM_REG_RSP] = 0x5000;
	assert_false(task_push_error(&cpu, 1, &world, &fault));
	assert_int_equal(fault.vector, X86_TRAP_PF);
	assert_int_equal(cpu.gpr[VMM_REG_RSP], 0x5000);
	/* a stack of 16 bits wraps, and keeps the upper half */
	cpu.seg[VMM_SEG_SS].attr = 0x93;
	cpu.gpr[VMM_REG_RSP] = 0xabcd0904;
	assert_true(task_push_error(&cpu, 7, &world, &fault));
	assert_int_equal(cpu.gpr[VMM_REG_RSP], 0xabcd0900);
	assert_int_equal(get32(0x900), 7);
}

static void debug_trap(void **state)
{
	(void)state;
	memory[NEW_TSS + 0x64] = 1;
	assert_int_equal(go(NEW, TASK_JMP, false), TASK_TRAP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(jump, setup),
		cmocka_unit_test_setup(call_and_return, setup),
		cmocka_unit_test_setup(paging, setup),
		cmocka_unit_test_setup(bad_tss, setup),
		cmocka_unit_test_setup(bad_segments, setup),
		cmocka_unit_test_setup(user, setup),
		cmocka_unit_test_setup(virtual_8086, setup),
		cmocka_unit_test_setup(sixteen_bits, setup),
		cmocka_unit_test_setup(error_code, setup),
		cmocka_unit_test_setup(debug_trap, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
