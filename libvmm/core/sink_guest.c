/* SPDX-License-Identifier: BSD-3-Clause */
/* The log for the guest: a hypercall that copies a piece of a line into the
 * caller's registers, so that no guest memory is involved. */
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <string.h>
#include <vmm/hypercall.h>
#include <vmm/log.h>
#include <vmm/logread.h>
#include <vmm/sinks.h>
#include <vmm/vcpu.h>

static const enum vmm_reg text_regs[BVLOG_TEXT_REGS] = {
	VMM_REG_RSI, VMM_REG_RDI, VMM_REG_R8, VMM_REG_R9, VMM_REG_R10,
	VMM_REG_R11, VMM_REG_R12, VMM_REG_R13, VMM_REG_R14, VMM_REG_R15,
};

static void give_text(struct vmm_vcpu *v, const char *text, size_t len)
{
	uint64_t words[BVLOG_TEXT_REGS] = { 0 };

	memcpy(words, text, len < sizeof(words) ? len : sizeof(words));
	for (unsigned i = 0; i < BVLOG_TEXT_REGS; i++)
		vmm_vcpu_set(v, text_regs[i], words[i]);
}

static void log_read(struct vmm_vcpu *v, void *ctx)
{
	uint64_t asked = vmm_vcpu_get(v, VMM_REG_RBX);
	uint64_t offset = vmm_vcpu_get(v, VMM_REG_RCX);
	uint64_t seq = asked;
	char buf[VMM_LOG_LINE_MAX];
	struct vmm_log_line line;

	(void)ctx;
	if (!vmm_hypercall_is_64bit(v)) {
		vmm_vcpu_set(v, VMM_REG_RAX, BVLOG_DENIED);
		return;
	}
	if (!vmm_log_read(&seq, &line, buf, sizeof(buf))) {
		vmm_vcpu_set(v, VMM_REG_RAX, BVLOG_END);
		return;
	}
	if (line.seq != asked)
		offset = 0;
	if (offset > line.len)
		offset = line.len;
	vmm_vcpu_set(v, VMM_REG_RAX, BVLOG_LINE);
	vmm_vcpu_set(v, VMM_REG_RBX, line.seq);
	vmm_vcpu_set(v, VMM_REG_RCX, line.len - offset);
	vmm_vcpu_set(v, VMM_REG_RDX, line.usec << 3 | line.level);
	give_text(v, line.text + offset, line.len - offset);
}

static int guest_init(struct vmm *vmm)
{
	(void)vmm;
	return vmm_hypercall_register(BVLOG_CALL_NAME, log_read, NULL,
				      config.vmm.bvlog_anyone ?
				      VMM_HYPERCALL_ANYONE :
				      VMM_HYPERCALL_PRIVILEGED);
}

const struct vmm_unit vmm_sink_guest = {
	.name = "guest log",
	.early = true,
	.init = guest_init,
};
