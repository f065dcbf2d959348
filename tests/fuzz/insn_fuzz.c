/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libvmm/emul on any bytes and any state.  Input: the mode, which access is
 * to fail, the size of stack addresses, values of the registers, instruction.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/insn.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

struct machine {
	struct vmm_insn_cpu cpu;
	uint64_t gpr[16];
	const struct vmm_insn_access *access;
	unsigned count, reads, writes;
	bool fail_read, fail_write;
};

static struct machine *machine_of(struct vmm_insn_cpu *cpu)
{
	return VMM_CONTAINER_OF(cpu, struct machine, cpu);
}

static uint64_t seg_base(struct vmm_insn_cpu *cpu, enum vmm_segreg seg)
{
	(void)cpu;
	REQUIRE(seg <= VMM_SEG_GS);
	return UINT64_C(0x1111111111) * (unsigned)seg;
}

static int read_any(struct vmm_insn_cpu *cpu, const struct vmm_insn_access *a,
		    uint64_t *value)
{
	struct machine *m = machine_of(cpu);

	REQUIRE(a >= m->access && a < m->access + m->count && a->read);
	REQUIRE(!m->reads++ && !m->writes);
	*value = a->linear * UINT64_C(0x9e3779b97f4a7c15);
	return m->fail_read ? -EIO : 0;
}

static int write_any(struct vmm_insn_cpu *cpu,
		     const struct vmm_insn_access *a, uint64_t value)
{
	struct machine *m = machine_of(cpu);

	REQUIRE(a >= m->access && a < m->access + m->count && a->write);
	REQUIRE(!m->writes++);
	REQUIRE(a->size == 8 || value >> 8 * a->size == 0);
	return m->fail_write ? -EROFS : 0;
}

static const struct vmm_insn_env env = { seg_base, read_any, write_any };

static void check_insn(const struct vmm_insn *insn, const uint8_t *bytes,
		       unsigned n, unsigned mode)
{
	struct vmm_insn again;

	REQUIRE(insn->len >= 1 && insn->len <= VMM_INSN_MAX && insn->len <= n);
	REQUIRE(insn->mode == mode && insn->op < VMM_INSN_OPS);
	/* the same without what comes behind it, too short without its end */
	REQUIRE(vmm_insn_decode(&again, bytes, insn->len, mode) == 0);
	REQUIRE(memcmp(&again, insn, sizeof(again)) == 0);
	for (n = 0; n < insn->len; n++)
		REQUIRE(vmm_insn_decode(&again, bytes, n, mode) == -ENODATA);
	if (insn->op == VMM_INSN_OTHER)
		return;
	REQUIRE(insn->form <= VMM_INSN_FORM_RMR);
	REQUIRE(insn->reg < 16 && insn->reg2 < 16);
	REQUIRE(insn->base < 16 || insn->base >= VMM_INSN_RIP);
	REQUIRE(insn->index < 16 || insn->index == VMM_INSN_NO_REG);
	REQUIRE(insn->reads || insn->writes);
}

static void check_execution(const struct vmm_insn *insn, struct machine *m)
{
	struct vmm_insn_access a[VMM_INSN_ACCESSES];
	struct machine before;
	int rc;

	m->count = vmm_insn_accesses(insn, &m->cpu, a);
	REQUIRE(m->count <= VMM_INSN_ACCESSES);
	if (insn->op == VMM_INSN_OTHER)
		REQUIRE(m->count == 0);
	else if (!m->count)
		return;
	for (unsigned i = 0; i < m->count; i++) {
		REQUIRE(a[i].size == 1 || a[i].size == 2 || a[i].size == 4 ||
			a[i].size == 8);
		REQUIRE(insn->mode == 64 || a[i].linear <= UINT32_MAX);
	}
	m->access = a;
	before = *m;
	rc = vmm_insn_execute(insn, &m->cpu, a);
	if (rc) {
		REQUIRE((rc == -EIO && m->fail_read) ||
			(rc == -EROFS && m->fail_write) || rc == -EDOM ||
			(rc == -EOPNOTSUPP && insn->op == VMM_INSN_OTHER));
		REQUIRE(memcmp(m->gpr, before.gpr, sizeof(m->gpr)) == 0);
		REQUIRE(m->cpu.rflags == before.cpu.rflags);
		REQUIRE(m->cpu.rip == before.cpu.rip);
		return;
	}
	REQUIRE(m->reads || m->writes);
	REQUIRE(m->cpu.rip != before.cpu.rip || insn->rep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t modes[4] = { 16, 32, 64, 64 };
	struct machine m = { .cpu = { .gpr = m.gpr, .env = &env } };
	struct vmm_insn insn;
	unsigned n;
	uint8_t *bytes;
	int rc;

	if (size < 8)
		return 0;
	m.fail_read = data[0] & 4;
	m.fail_write = data[0] & 8;
	m.cpu.stack_size = (uint8_t)(2u << (data[0] >> 4) % 3);
	m.cpu.rip = (uint64_t)data[1] << 24;
	m.cpu.rflags = data[2] | (uint64_t)data[3] << 8;
	for (unsigned i = 0; i < 16; i++)
		m.gpr[i] = (data[4 + i % 4] * UINT64_C(0x0101010101010101)) >>
			   (data[4 + i / 4] & 63);
	/* a copy of the exact size, so that reading beyond it is found */
	n = size - 8 < 20 ? (unsigned)size - 8 : 20;
	bytes = malloc(n);
	if (!bytes)
		return 0;
	memcpy(bytes, data + 8, n);
	rc = vmm_insn_decode(&insn, bytes, n, modes[data[0] & 3]);
	if (rc) {
		REQUIRE(rc == -EINVAL || (rc == -ENODATA && n < VMM_INSN_MAX) ||
			(rc == -E2BIG && n >= VMM_INSN_MAX));
	} else {
		check_insn(&insn, bytes, n, modes[data[0] & 3]);
		check_execution(&insn, &m);
	}
	free(bytes);
	return 0;
}
