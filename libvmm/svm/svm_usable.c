/* SPDX-License-Identifier: BSD-3-Clause */
#include <svm/svm_priv.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/printf.h>

#define CPUID_SVM_NP	(1u << 0)
#define CPUID_SVM_SVML	(1u << 2)
#define VM_CR_SVMDIS	(1u << 4)

/* Why SVM is off although the CPU has it (15.4). */
static const char *disabled_reason(uint64_t vm_cr, uint32_t features)
{
	if (!(vm_cr & VM_CR_SVMDIS))
		return NULL;
	if (features & CPUID_SVM_SVML)
		return "SVM is disabled with a key.";
	return "SVM is disabled at BIOS.";
}

int svm_usable(uint64_t vm_cr, uint32_t features, char *error, size_t size)
{
	const char *why = disabled_reason(vm_cr, features);

	if (why) {
		vmm_log_err("%s\n", why);
		vmm_snprintf(error, size, "%s Enable SVM (\"SVM Mode\") in the"
			     " firmware setup", why);
		return VMM_ERROR(EACCES);
	}
	if (!(features & CPUID_SVM_NP)) {
		vmm_snprintf(error, size, "this processor's SVM has no nested"
			     " paging; one with it is needed");
		return VMM_ERROR(ENODEV);
	}
	return 0;
}
