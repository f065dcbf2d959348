/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that loads microcode on Intel (SDM vol. 3, 10.11): the processor
 * does not do it in VMX non-root operation, and reads the update by linear
 * addresses, so the VMM loads it from a copy.  The revision is then read, and
 * asked for with CPUID, as always: both are the hardware's own.
 */
#include <cpu/policy.h>
#include <vmm/log.h>

/* Header of an update (table 10-7); sizes of 0 stand for the first format. */
struct update_header {
	uint32_t version, revision, date, signature, checksum, loader;
	uint32_t flags, data_size, total_size, reserved[3];
};
VMM_STATIC_ASSERT(sizeof(struct update_header) == 48, "table 10-7");

#define HEADER_VERSION		1u
#define DEFAULT_DATA_SIZE	2000u
#define MAX_DATA_SIZE		(UINT32_C(1) << 20)

static enum vmm_verdict page_fault(struct vmm_vcpu *v, struct vmm_exit *e,
				   uint64_t address, uint32_t error_code)
{
	v->vmm->vendor->set(v, VMM_REG_CR2, address);
	return vmm_fault_error(e, X86_TRAP_PF, error_code);
}

/* What the processor would make of something that is no update: nothing. */
static enum vmm_verdict ignore(const struct vmm_vcpu *v, const char *why)
{
	vmm_log_warning("CPU%u: microcode update of the guest ignored: %s\n",
			v->number, why);
	return VMM_DONE;
}

static enum vmm_verdict load(struct vmm_vcpu *v, struct vmm_exit *e,
			     uint64_t header, uint32_t size, uint8_t *copy)
{
	uint32_t error_code = 0;
	uint64_t bad = 0;

	if (vmm_gva_read(v, header, copy, size, VMM_ACCESS_READ, &bad,
			 &error_code) < 0)
		return page_fault(v, e, bad, error_code);
	if (!x86_wrmsr_safe(MSR_BIOS_UPDT_TRIG, (uint64_t)(uintptr_t)copy +
			    sizeof(struct update_header)))
		return vmm_fault_error(e, X86_TRAP_GP, 0);
	return VMM_DONE;
}

/* The operand is the address of the data behind the header. */
enum vmm_verdict microcode_write(struct vmm_vcpu *v, struct vmm_exit *e)
{
	uint64_t at = e->msr.value - sizeof(struct update_header);
	struct update_header header;
	enum vmm_verdict verdict;
	uint32_t error_code = 0, size;
	uint64_t bad = 0, pages;
	uint8_t *copy;

	if (vmm_gva_read(v, at, &header, sizeof(header), VMM_ACCESS_READ, &bad,
			 &error_code) < 0)
		return page_fault(v, e, bad, error_code);
	size = header.data_size ? header.data_size : DEFAULT_DATA_SIZE;
	if (header.version != HEADER_VERSION || size > MAX_DATA_SIZE)
		return ignore(v, "no update header");
	size += (uint32_t)sizeof(header);
	pages = VMM_ROUND_UP((uint64_t)size, VMM_PAGE_SIZE) / VMM_PAGE_SIZE;
	copy = vmm_pages_alloc(&v->vmm->pool, pages);
	if (!copy)
		return ignore(v, "no memory for a copy");
	verdict = load(v, e, at, size, copy);
	vmm_pages_free(&v->vmm->pool, copy, pages);
	return verdict;
}
