/* SPDX-License-Identifier: BSD-3-Clause */
/* Walking over the units of a variant. */
#include <core/core_priv.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/vmm.h>

static void log_failure(const struct vmm_unit *unit, int error)
{
	struct vmm_error_origin o = vmm_error_origin();

	if (o.file && o.error == error)
		vmm_log_err("%s: init failed: %s (%s:%d)\n", unit->name,
			    vmm_error_name(error), o.file, o.line);
	else
		vmm_log_err("%s: init failed: %s\n", unit->name,
			    vmm_error_name(error));
}

int vmm_units_init(struct vmm *vmm, bool early)
{
	while (vmm->units[vmm->units_started]) {
		const struct vmm_unit *unit = vmm->units[vmm->units_started];
		int error;

		if (early && !unit->early)
			break;
		error = unit->init ? unit->init(vmm) : 0;
		if (error) {
			log_failure(unit, error);
			vmm_units_shutdown(vmm);
			return error;
		}
		vmm->units_started++;
	}
	return 0;
}

void vmm_units_cpu_init(struct vmm *vmm, struct vmm_vcpu *vcpu)
{
	for (unsigned i = 0; i < vmm->units_started; i++)
		if (vmm->units[i]->cpu_init)
			vmm->units[i]->cpu_init(vmm, vcpu);
}

void vmm_units_suspend(struct vmm *vmm)
{
	for (unsigned i = vmm->units_started; i-- > 0;)
		if (vmm->units[i]->suspend)
			vmm->units[i]->suspend(vmm);
}

void vmm_units_resume(struct vmm *vmm)
{
	for (unsigned i = 0; i < vmm->units_started; i++)
		if (vmm->units[i]->resume)
			vmm->units[i]->resume(vmm);
}

void vmm_units_panic_dump(struct vmm *vmm)
{
	for (unsigned i = 0; i < vmm->units_started; i++)
		if (vmm->units[i]->panic_dump)
			vmm->units[i]->panic_dump(vmm);
}

void vmm_units_shutdown(struct vmm *vmm)
{
	/* Counted down first: a unit that fails in its shutdown is not asked
	 * again by the panic that follows. */
	while (vmm->units_started > 0) {
		const struct vmm_unit *unit = vmm->units[--vmm->units_started];

		if (unit->shutdown)
			unit->shutdown(vmm);
	}
}
