/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instruction decoder and executor: what insn_native_test and the comparison
 * with the reference cannot show, errors and code of 16 and 32 bits.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/insn.h>
#include <vmm/x86.h>

#define HEX(...) sizeof((uint8_t[]){ __VA_ARGS__ }), { __VA_ARGS__ }

/* --- decoder --- */

static void refuses(void **state)
{
	static const struct {
		unsigned mode;
		unsigned n;
		uint8_t bytes[8];
	} invalid[] = {
		{ 64, HEX(0x06) },			/* PUSH ES */
		{ 64, HEX(0x82, 0x00, 0x00) },
		{ 64, HEX(0x9a, 1, 2, 3, 4, 5, 6) },	/* far CALL */
		{ 64, HEX(0x0f, 0x04) },
		{ 32, HEX(0x0f, 0x3b) },
		{ 64, HEX(0xc6, 0x08, 0x00) },		/* group 11, 1 */
		{ 64, HEX(0xfe, 0x30) },		/* PUSH of a byte */
		{ 64, HEX(0xff, 0x38) },
		{ 64, HEX(0x8f, 0x20) },
		{ 64, HEX(0x0f, 0xba, 0x00, 0x01) },
		{ 64, HEX(0x66, 0xc5, 0xf8, 0x28, 0x00) },
		{ 64, HEX(0xf3, 0xc5, 0xf8, 0x28, 0x00) },
		{ 64, HEX(0xf0, 0xc5, 0xf8, 0x28, 0x00) },
		{ 64, HEX(0x48, 0xc5, 0xf8, 0x28, 0x00) },
		{ 64, HEX(0xc4, 0xe4, 0x78, 0x28, 0x00) },	/* map 4 */
		{ 64, HEX(0x62, 0xf1, 0x78, 0x48, 0x28, 0x00) },  /* MVEX */
	};

	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(invalid); i++) {
		struct vmm_insn insn;
		int rc = vmm_insn_decode(&insn, invalid[i].bytes, invalid[i].n,
					 invalid[i].mode);

		if (rc != -EINVAL)
			fail_msg("row %zu: %d", i, rc);
	}
}

static void too_long_or_short(void **state)
{
	struct vmm_insn insn;
	uint8_t bytes[32];

	(void)state;
	memset(bytes, 0x66, sizeof(bytes));
	bytes[14] = 0x90;
	assert_int_equal(vmm_insn_decode(&insn, bytes, 15, 64), 0);
	assert_int_equal(insn.len, 15);
	assert_int_equal(vmm_insn_decode(&insn, bytes, 32, 64), 0);
	assert_int_equal(vmm_insn_decode(&insn, bytes, 14, 64), -ENODATA);
	assert_int_equal(vmm_insn_decode(&insn, bytes, 0, 64), -ENODATA);
	bytes[14] = 0x66;	/* only prefixes; then one byte too many */
	assert_int_equal(vmm_insn_decode(&insn, bytes, 15, 64), -E2BIG);
	bytes[15] = 0x90;
	assert_int_equal(vmm_insn_decode(&insn, bytes, 32, 64), -E2BIG);
	bytes[13] = 0xb0;	/* MOV AL, with its byte */
	assert_int_equal(vmm_insn_decode(&insn, bytes, 32, 64), 0);
	bytes[13] = 0xb8;	/* MOV AX, with one byte too many */
	assert_int_equal(vmm_insn_decode(&insn, bytes, 32, 64), -E2BIG);
}

/* Lengths that tables get wrong easily. */
static void lengths(void **state)
{
	static const struct {
		unsigned mode, n;
		uint8_t bytes[12];
	} rows[] = {
		{ 64, HEX(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8) },
		{ 64, HEX(0x66, 0xb8, 1, 2) },
		{ 64, HEX(0x66, 0x48, 0x05, 1, 2, 3, 4) },	/* REX.W wins */
		{ 64, HEX(0x48, 0x66, 0x05, 1, 2) },	/* REX not last */
		{ 64, HEX(0xa1, 1, 2, 3, 4, 5, 6, 7, 8) },
		{ 64, HEX(0x67, 0xa1, 1, 2, 3, 4) },
		{ 32, HEX(0xa1, 1, 2, 3, 4) },
		{ 32, HEX(0x67, 0xa1, 1, 2) },
		{ 16, HEX(0xa1, 1, 2) },
		{ 16, HEX(0x9a, 1, 2, 3, 4) },
		{ 32, HEX(0x9a, 1, 2, 3, 4, 5, 6) },
		{ 32, HEX(0xc8, 1, 2, 3) },		/* ENTER */
		{ 64, HEX(0xf6, 0x00, 1) },		/* TEST */
		{ 64, HEX(0xf7, 0x00, 1, 2, 3, 4) },
		{ 64, HEX(0xf7, 0x10) },		/* NOT */
		{ 64, HEX(0x66, 0xe9, 1, 2, 3, 4) },	/* as Intel does */
		{ 32, HEX(0x66, 0xe9, 1, 2) },
		{ 64, HEX(0xc7, 0xf8, 1, 2, 3, 4) },	/* XBEGIN */
		{ 64, HEX(0x66, 0xc7, 0xf8, 1, 2) },
		{ 64, HEX(0x0f, 0x20, 0x05) },		/* mod ignored */
		{ 64, HEX(0x0f, 0x0f, 0x00, 0x9e) },	/* 3DNow! */
		{ 64, HEX(0x66, 0x0f, 0x78, 0xc0, 1, 2) },	/* EXTRQ */
		{ 64, HEX(0x0f, 0x78, 0xc0) },		/* VMREAD */
		{ 32, HEX(0xc5, 0x00) },		/* LDS */
		{ 32, HEX(0xc5, 0xf8, 0x77) },		/* VZEROUPPER */
		{ 32, HEX(0x62, 0x00) },		/* BOUND */
		{ 32, HEX(0x8f, 0x00) },		/* POP */
		{ 32, HEX(0x8f, 0xe8, 0x78, 0xc0, 0x00, 1) },	/* VPROTB */
		{ 64, HEX(0x62, 0xf1, 0x7d, 0x48, 0x70, 0x40, 1, 2) },
		{ 16, HEX(0x66, 0x67, 0x8b, 0x04, 0x25, 1, 2, 3, 4) },
		{ 16, HEX(0x8b, 0x06, 1, 2) },
		{ 16, HEX(0x8b, 0x46, 1) },
	};

	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		uint8_t bytes[15] = { 0 };
		struct vmm_insn insn;

		memcpy(bytes, rows[i].bytes, rows[i].n);
		assert_int_equal(vmm_insn_decode(&insn, bytes, sizeof(bytes),
						 rows[i].mode), 0);
		if (insn.len != rows[i].n)
			fail_msg("row %zu: %u", i, insn.len);
	}
}

/* --- executor --- */

struct machine {
	struct vmm_insn_cpu cpu;
	uint64_t gpr[16];
	uint64_t base[6];
	uint64_t value;			/* what a read finds */
	struct vmm_insn_access read, write;	/* the last ones */
	uint64_t written;
};

static struct machine *machine_of(struct vmm_insn_cpu *cpu)
{
	return VMM_CONTAINER_OF(cpu, struct machine, cpu);
}

static uint64_t seg_base(struct vmm_insn_cpu *cpu, enum vmm_segreg seg)
{
	assert_in_range(seg, VMM_SEG_ES, VMM_SEG_GS);
	return machine_of(cpu)->base[seg];
}

static int read_one(struct vmm_insn_cpu *cpu, const struct vmm_insn_access *a,
		    uint64_t *value)
{
	machine_of(cpu)->read = *a;
	*value = machine_of(cpu)->value;
	return 0;
}

static int write_one(struct vmm_insn_cpu *cpu,
		     const struct vmm_insn_access *a, uint64_t value)
{
	machine_of(cpu)->write = *a;
	machine_of(cpu)->written = value;
	return 0;
}

static const struct vmm_insn_env env = { seg_base, read_one, write_one };

static void machine_init(struct machine *m, unsigned stack_size)
{
	memset(m, 0, sizeof(*m));
	m->cpu.gpr = m->gpr;
	m->cpu.env = &env;
	m->cpu.stack_size = (uint8_t)stack_size;
	m->cpu.rflags = X86_RFLAGS_FIXED;
	m->cpu.rip = 0x1000;
	for (unsigned i = 0; i < 16; i++)
		m->gpr[i] = 0x11110000 * (i + 1) + 0x10 * i;
	for (unsigned i = 0; i < 6; i++)
		m->base[i] = 0x100000 * (i + 1);
}

static void run(struct machine *m, unsigned mode, unsigned n,
		const uint8_t *bytes)
{
	struct vmm_insn_access a[VMM_INSN_ACCESSES];
	struct vmm_insn insn;

	assert_int_equal(vmm_insn_decode(&insn, bytes, n, mode), 0);
	assert_int_equal(insn.len, n);
	assert_int_not_equal(vmm_insn_accesses(&insn, &m->cpu, a), 0);
	assert_int_equal(vmm_insn_execute(&insn, &m->cpu, a), 0);
}
#define RUN(m, mode, ...) \
	run(m, mode, sizeof((uint8_t[]){ __VA_ARGS__ }), \
	    (const uint8_t[]){ __VA_ARGS__ })

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* Where MOV AX or EAX reads from; seg: whose base is in the address. */
static void addresses(void **state)
{
	static const struct {
		unsigned mode;
		enum vmm_segreg seg;
		uint32_t offset;
		unsigned n;
		uint8_t bytes[10];
	} rows[] = {
		{ 16, VMM_SEG_DS, 0x90, HEX(0x8b, 0x00) },	/* BX+SI */
		{ 16, VMM_SEG_DS, 0xa0, HEX(0x8b, 0x01) },	/* BX+DI */
		{ 16, VMM_SEG_SS, 0xb0, HEX(0x8b, 0x02) },	/* BP+SI */
		{ 16, VMM_SEG_SS, 0xc0, HEX(0x8b, 0x03) },	/* BP+DI */
		{ 16, VMM_SEG_DS, 0x60, HEX(0x8b, 0x04) },	/* SI */
		{ 16, VMM_SEG_DS, 0x70, HEX(0x8b, 0x05) },	/* DI */
		{ 16, VMM_SEG_DS, 0x8001, HEX(0x8b, 0x06, 0x01, 0x80) },
		{ 16, VMM_SEG_DS, 0x30, HEX(0x8b, 0x07) },	/* BX */
		{ 16, VMM_SEG_SS, 0x4f, HEX(0x8b, 0x46, 0xff) },/* BP-1 */
		/* BP+FF00h; BX+SI+FFC0h wraps */
		{ 16, VMM_SEG_SS, 0xff50, HEX(0x8b, 0x86, 0x00, 0xff) },
		{ 16, VMM_SEG_DS, 0x50, HEX(0x8b, 0x80, 0xc0, 0xff) },
		{ 16, VMM_SEG_ES, 0x60, HEX(0x26, 0x8b, 0x04) },
		{ 16, VMM_SEG_FS, 0x50, HEX(0x64, 0x8b, 0x46, 0x00) },
		{ 16, VMM_SEG_DS, 0x1234, HEX(0xa1, 0x34, 0x12) },
		{ 16, VMM_SEG_DS, 0x44440030, HEX(0x67, 0x8b, 0x03) },
		{ 32, VMM_SEG_DS, 0x44440030, HEX(0x8b, 0x03) },
		{ 32, VMM_SEG_SS, 0x66660050, HEX(0x8b, 0x45, 0x00) },
		{ 32, VMM_SEG_SS, 0x55550040, HEX(0x8b, 0x04, 0x24) },
		{ 32, VMM_SEG_CS, 0x55550040, HEX(0x2e, 0x8b, 0x04, 0x24) },
		/* EAX + 8 * EDI wraps */
		{ 32, VMM_SEG_DS, (uint32_t)(0x11110000 + 8ull * 0x88880070),
		  HEX(0x8b, 0x04, 0xf8) },
		/* no base: a displacement, and DS */
		{ 32, VMM_SEG_DS, 0x12345678,
		  HEX(0x8b, 0x05, 0x78, 0x56, 0x34, 0x12) },
		{ 32, VMM_SEG_DS, 0x12345678 + 2 * 0x66660050u,
		  HEX(0x8b, 0x04, 0x6d, 0x78, 0x56, 0x34, 0x12) },
		{ 32, VMM_SEG_GS, 0x60, HEX(0x65, 0x67, 0x8b, 0x04) },
		{ 32, VMM_SEG_DS, 0xfee00300,
		  HEX(0xa1, 0x00, 0x03, 0xe0, 0xfe) },
	};

	(void)state;
	for (size_t i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		struct machine m;

		machine_init(&m, 4);
		run(&m, rows[i].mode, rows[i].n, rows[i].bytes);
		if (m.read.linear != (uint32_t)(m.base[rows[i].seg] +
						rows[i].offset))
			fail_msg("row %zu: %#lx", i, m.read.linear);
	}
}

/* In 64-bit mode the bases of ES, CS, SS and DS are not used. */
static void flat_segments(void **state)
{
	struct machine m;

	(void)state;
	machine_init(&m, 8);
	RUN(&m, 64, 0x8b, 0x03);
	assert_int_equal(m.read.linear, m.gpr[RBX]);
	RUN(&m, 64, 0x2e, 0x8b, 0x45, 0x00);
	assert_int_equal(m.read.linear, m.gpr[RBP]);
	/* an ignored prefix does not take back another */
	RUN(&m, 64, 0x65, 0x2e, 0x8b, 0x03);
	assert_int_equal(m.read.linear, m.gpr[RBX] + m.base[VMM_SEG_GS]);
}

static void push_and_pop(void **state)
{
	struct machine m;

	(void)state;
	machine_init(&m, 2);		/* SP wraps, ESP's upper half stays */
	m.gpr[RSP] = 0x55550001;
	m.value = 0x87654321;
	RUN(&m, 16, 0xff, 0x37);	/* PUSH word [BX] */
	assert_int_equal(m.read.linear, m.base[VMM_SEG_DS] + 0x30);
	assert_int_equal(m.write.linear, m.base[VMM_SEG_SS] + 0xffff);
	assert_int_equal(m.write.size, 2);
	assert_int_equal(m.written, 0x4321);
	assert_int_equal(m.gpr[RSP], 0x5555ffff);
	RUN(&m, 16, 0x8f, 0x07);	/* POP word [BX] */
	assert_int_equal(m.read.linear, m.base[VMM_SEG_SS] + 0xffff);
	assert_int_equal(m.write.linear, m.base[VMM_SEG_DS] + 0x30);
	assert_int_equal(m.gpr[RSP], 0x55550001);

	machine_init(&m, 4);
	m.value = 0x87654321;
	RUN(&m, 32, 0x8f, 0x44, 0x24, 0x08);	/* POP [ESP+8] */
	assert_int_equal(m.read.linear, m.base[VMM_SEG_SS] + 0x55550040);
	assert_int_equal(m.write.linear, m.base[VMM_SEG_SS] + 0x5555004c);
	assert_int_equal(m.written, 0x87654321);
	assert_int_equal(m.gpr[RSP], 0x55550044);
	RUN(&m, 32, 0x66, 0xff, 0x34, 0x24);	/* PUSH word [ESP] */
	assert_int_equal(m.write.size, 2);
	assert_int_equal(m.gpr[RSP], 0x55550042);
}

static void strings(void **state)
{
	struct vmm_insn_access a[VMM_INSN_ACCESSES];
	const uint8_t stos[] = { 0xf3, 0x67, 0xab };
	struct vmm_insn insn;
	struct machine m;

	(void)state;
	machine_init(&m, 4);
	m.gpr[RSI] = 0x7777fffe;
	m.gpr[RDI] = 0x88880001;
	m.gpr[RCX] = 0x22220002;
	m.cpu.rflags |= X86_RFLAGS_DF;
	RUN(&m, 16, 0x2e, 0xf3, 0xa5);	/* REP MOVSW CS: */
	assert_int_equal(m.read.linear, m.base[VMM_SEG_CS] + 0xfffe);
	assert_int_equal(m.write.linear, m.base[VMM_SEG_ES] + 1);
	assert_int_equal(m.gpr[RSI], 0x7777fffc);
	assert_int_equal(m.gpr[RDI], 0x8888ffff);
	assert_int_equal(m.gpr[RCX], 0x22220001);
	assert_int_equal(m.cpu.rip, 0x1000);	/* one more */
	RUN(&m, 16, 0x2e, 0xf3, 0xa5);
	assert_int_equal(m.gpr[RCX], 0x22220000);
	assert_int_equal(m.cpu.rip, 0x1003);

	/* nothing left to do: no access */
	assert_int_equal(vmm_insn_decode(&insn, stos, sizeof(stos), 32), 0);
	assert_int_equal(vmm_insn_accesses(&insn, &m.cpu, a), 0);
	m.gpr[RCX] = 0;
	RUN(&m, 32, 0x65, 0xab);	/* STOS has no other segment than ES */
	assert_int_equal(m.write.linear, m.base[VMM_SEG_ES] + 0x8888fffd);
	assert_int_equal(m.written, (uint32_t)m.gpr[RAX]);
	assert_int_equal(m.gpr[RCX], 0);
}

static void bit_strings(void **state)
{
	struct machine m;

	(void)state;
	machine_init(&m, 2);
	m.gpr[RAX] = 0xffff;		/* bit -1: of the word before */
	RUN(&m, 16, 0x0f, 0xab, 0x07);	/* BTS [BX], AX */
	assert_int_equal(m.read.linear, m.base[VMM_SEG_DS] + 0x2e);
	assert_int_equal(m.written, 0x8000);
	m.gpr[RBX] = 0;			/* and wraps in the segment */
	RUN(&m, 16, 0x0f, 0xab, 0x07);
	assert_int_equal(m.read.linear, m.base[VMM_SEG_DS] + 0xfffe);
}

static void instruction_pointer(void **state)
{
	struct machine m;

	(void)state;
	machine_init(&m, 4);
	m.cpu.rip = 0xffffffff;
	RUN(&m, 32, 0x8b, 0x03);
	assert_int_equal(m.cpu.rip, 1);
	m.cpu.rip = UINT64_C(0xffffffff);
	RUN(&m, 64, 0x8b, 0x05, 0x01, 0x00, 0x00, 0x00);
	assert_int_equal(m.read.linear, UINT64_C(0x100000006));
	m.cpu.rip = UINT64_C(0x1ffffffff);	/* EIP-relative */
	RUN(&m, 64, 0x67, 0x8b, 0x05, 0x01, 0x00, 0x00, 0x00);
	assert_int_equal(m.read.linear, 7);
	assert_int_equal(m.cpu.rip, UINT64_C(0x200000006));
}

/* The forms with an immediate that are sign-extended to 64 bits. */
static void immediates(void **state)
{
	struct machine m;

	(void)state;
	machine_init(&m, 8);
	RUN(&m, 64, 0x48, 0xc7, 0x03, 0xff, 0xff, 0xff, 0x80);
	assert_int_equal(m.written, UINT64_C(0xffffffff80ffffff));
	RUN(&m, 64, 0xc7, 0x03, 0xff, 0xff, 0xff, 0x80);
	assert_int_equal(m.written, 0x80ffffff);
	assert_int_equal(m.write.size, 4);
	m.value = 1;
	RUN(&m, 64, 0x48, 0x83, 0x03, 0xfe);	/* ADD qword, -2 */
	assert_int_equal(m.written, UINT64_MAX);
}

static void not_described(void **state)
{
	static const uint8_t rows[][6] = {
		{ 0x8b, 0xc3 },			/* MOV EAX, EBX */
		{ 0x8c, 0x03 },			/* MOV [RBX], ES */
		{ 0x8d, 0x03 },			/* LEA */
		{ 0xff, 0x13 },			/* CALL [RBX] */
		{ 0xff, 0x23 },			/* JMP [RBX] */
		{ 0x0f, 0x11, 0x03 },		/* MOVUPS [RBX], XMM0 */
		{ 0x0f, 0xc7, 0x0b },		/* CMPXCHG8B [RBX] */
		{ 0x66, 0x0f, 0xc3, 0x03 },	/* MOVNTI has no 66 */
		{ 0x0f, 0xb8, 0x03 },		/* POPCNT has F3 */
		{ 0xf2, 0x0f, 0x38, 0xf1, 0x03 },	/* CRC32 */
		{ 0x87, 0xc3 },			/* XCHG EBX, EAX */
		{ 0x90 },
	};
	struct vmm_insn_access a[VMM_INSN_ACCESSES];
	struct machine m;

	(void)state;
	machine_init(&m, 8);
	for (size_t i = 0; i < VMM_ARRAY_SIZE(rows); i++) {
		struct vmm_insn insn;

		assert_int_equal(vmm_insn_decode(&insn, rows[i],
						 sizeof(rows[i]), 64), 0);
		if (insn.op != VMM_INSN_OTHER)
			fail_msg("row %zu: operation %u", i, insn.op);
		assert_int_equal(vmm_insn_accesses(&insn, &m.cpu, a), 0);
		assert_int_equal(vmm_insn_execute(&insn, &m.cpu, a),
				 -EOPNOTSUPP);
		assert_int_equal(m.cpu.rip, 0x1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses),
		cmocka_unit_test(too_long_or_short),
		cmocka_unit_test(lengths),
		cmocka_unit_test(addresses),
		cmocka_unit_test(flat_segments),
		cmocka_unit_test(push_and_pop),
		cmocka_unit_test(strings),
		cmocka_unit_test(bit_strings),
		cmocka_unit_test(instruction_pointer),
		cmocka_unit_test(immediates),
		cmocka_unit_test(not_described),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
