/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes and length of an instruction, for processors that do not tell. */
#include <string.h>
#include <cpu/vcpu_priv.h>
#include <vmm/insn.h>

static bool is_legacy_prefix(uint8_t b)
{
	switch (b) {
	case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
	case 0x66: case 0x67: case 0xf0: case 0xf2: case 0xf3:
		return true;
	default:
		return false;
	}
}

unsigned vmm_insn_fetch(struct vmm_vcpu *v, uint8_t *buf, unsigned n,
			unsigned *mode)
{
	struct vmm_segment cs;
	uint64_t rip = v->vmm->vendor->get(v, VMM_REG_RIP);
	unsigned in_page;

	v->vmm->vendor->get_seg(v, VMM_SEG_CS, &cs);
	if (cs.attr & VMM_SEG_ATTR_L &&
	    v->vmm->vendor->get(v, VMM_REG_EFER) & X86_EFER_LMA) {
		*mode = 64;
	} else {
		*mode = cs.attr & VMM_SEG_ATTR_DB ? 32 : 16;
		rip = (uint32_t)(cs.base + rip);
	}
	in_page = (unsigned)(VMM_PAGE_SIZE - (rip & VMM_PAGE_MASK));
	if (in_page > n)
		in_page = n;
	if (vmm_gva_read(v, rip, buf, in_page, VMM_ACCESS_FETCH, NULL, NULL))
		return 0;
	if (in_page < n && vmm_gva_read(v, rip + in_page, buf + in_page,
					n - in_page, VMM_ACCESS_FETCH, NULL,
					NULL) == 0)
		return n;
	return in_page;
}

static unsigned match(const uint8_t *buf, unsigned have, bool long_mode,
		      const uint8_t *opcode, unsigned n)
{
	unsigned i = 0;

	/* A REX prefix that is not the last is ignored, not an error (Intel
	 * SDM vol. 2, 2.2.1). */
	while (i < have && (is_legacy_prefix(buf[i]) ||
			    (long_mode && (buf[i] & 0xf0) == 0x40)))
		i++;
	if (i + n > have || memcmp(buf + i, opcode, n) != 0)
		return 0;
	return i + n;
}

unsigned vmm_insn_len(struct vmm_vcpu *v, const uint8_t *opcode, unsigned n)
{
	uint8_t buf[VMM_INSN_MAX];
	unsigned mode, have, len;

	/* Nearly always there is no prefix: read no more than needed. */
	have = vmm_insn_fetch(v, buf, n, &mode);
	len = match(buf, have, mode == 64, opcode, n);
	if (vmm_likely(len))
		return len;
	have = vmm_insn_fetch(v, buf, VMM_INSN_MAX, &mode);
	return match(buf, have, mode == 64, opcode, n);
}
