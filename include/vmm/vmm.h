/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine under the VMM.  There is one struct vmm; it is passed down to
 * whoever needs it.
 */
#ifndef VMM_VMM_H
#define VMM_VMM_H

#include <boot/handoff.h>
#include <vmm/acpi.h>
#include <vmm/compiler.h>
#include <vmm/mtrr.h>
#include <vmm/pagepool.h>
#include <vmm/ram.h>
#include <vmm/unit.h>

VMM_BEGIN_DECLS

struct vmm_vcpu;
struct vmm_vendor_ops;
struct vmm_nested;
struct vmm_pci_driver;

#define VMM_MAX_CPUS 256

struct vmm {
	const struct bv_handoff *handoff;	/* the VMM's copy, see below */
	const struct bv_boot_services *services; /* NULL once the guest runs */
	struct vmm_pagepool pool;
	struct vmm_acpi acpi;
	const struct vmm_vendor_ops *vendor;
	struct vmm_nested *nested;
	struct vmm_mtrr mtrr;	/* as the guest has set them */
	struct vmm_vcpu *vcpu[VMM_MAX_CPUS];
	unsigned vcpu_count;
	const struct vmm_unit *const *units;	/* NULL-terminated */
	unsigned units_started;	/* those whose init has succeeded */
	/* BV_ERROR_MAX bytes: a unit whose init fails may leave one line with
	 * cause and remedy here, without newline.  NULL once the guest runs. */
	char *start_error;
	/* The VMM's own work (vmm/service.h); NULL if there is none.  nmi: an
	 * NMI came that is not the VMM's.  True: it is the guest's. */
	bool (*serve)(bool nmi);
	uint64_t tsc_hz;	/* TSC ticks a second; 0 before calibration */
	struct vmm_ram ram;	/* memory, by the firmware's map */
};

/* What a frontend describes itself with. */
struct vmm_variant {
	const char *name;			/* "minimal" */
	const struct vmm_vendor_ops *const *vendors; /* NULL-terminated */
	const struct vmm_unit *const *units;	/* NULL-terminated, in order */
	/* NULL-terminated, or NULL; see vmm/pci.h */
	const struct vmm_pci_driver *const *pci_drivers;
};

/* Both vendors, for struct vmm_variant. */
extern const struct vmm_vendor_ops vmm_svm_ops, vmm_vmx_ops;

/* The variant that this image is: every frontend defines it. */
extern const struct vmm_variant vmm_variant;

/* The one machine; for code that has no object at hand (panic, NMI). */
extern struct vmm vmm_machine;

/* Reset the machine as its own reset button would.  Any CPU, any context. */
VMM_NORETURN void vmm_reset_machine(void);

/* Microseconds since the VMM was entered; 0 before calibration.  Any CPU. */
uint64_t vmm_uptime_usec(void);

/* Busy wait.  Before calibration at least roughly right, never for ever. */
void vmm_delay_usec(uint64_t usec);

VMM_END_DECLS

#endif
