/* SPDX-License-Identifier: BSD-3-Clause */
#include <cpu/apic.h>
#include <cpu/smp.h>
#include <vmm/error.h>
#include <vmm/service.h>
#include <vmm/spinlock.h>

#define MAX_SERVICES		4u
#define MSI_BASE		UINT64_C(0xfee00000)
#define MSI_DEST_SHIFT		12
#define MSI_DELIVERY_NMI	(ICR_MODE_NMI << 8)
#define ECHO_USEC		1000000u
/* On their way are at most one that the processor has latched, one that it is
 * taking, one that is late and the echo of one of these. */
#define EXPECT_MOST		4u

static const struct vmm_service *services[MAX_SERVICES];

/* NMIs that are nobody's: so many, until then. */
static struct {
	struct vmm_spinlock lock;
	uint64_t until;
	unsigned count;
} expected;

/* All run, whoever interrupted: one NMI is latched for any number of them. */
static bool run_all(void)
{
	bool cause = false;
	unsigned i;

	for (i = 0; i < MAX_SERVICES; i++)
		if (services[i])
			cause |= services[i]->run(services[i]->ctx);
	return cause;
}

void vmm_service_expect_nmi(uint64_t until)
{
	uint64_t now = vmm_uptime_usec();

	vmm_spin_lock(&expected.lock);
	if (now >= expected.until)
		expected.count = 0;
	if (expected.count < EXPECT_MOST)
		expected.count++;
	if (expected.until < until)
		expected.until = until;
	vmm_spin_unlock(&expected.lock);
}

static bool was_expected(void)
{
	uint64_t now = vmm_uptime_usec();
	bool was;

	vmm_spin_lock(&expected.lock);
	was = now < expected.until && expected.count;
	if (was)
		expected.count--;
	vmm_spin_unlock(&expected.lock);
	return was;
}

/*
 * See struct vmm.serve.  An NMI has no source that could be read: whoever has a
 * cause claims it, and for each one NMI more, which the processor had latched
 * when the cause was read.  It need not come at once: a device may interrupt
 * again between the reading of its causes and their acknowledgement, several
 * times in a row.
 */
static bool serve(bool nmi)
{
	if (run_all()) {
		vmm_service_expect_nmi(vmm_uptime_usec() + ECHO_USEC);
		return false;
	}
	return nmi && !was_expected();
}

int vmm_service_register(struct vmm *vmm, const struct vmm_service *service)
{
	unsigned i;

	for (i = 0; i < MAX_SERVICES; i++)
		if (!services[i]) {
			services[i] = service;
			vmm->serve = serve;
			return 0;
		}
	return VMM_ERROR(ENOSPC);
}

void vmm_service_unregister(struct vmm *vmm, const struct vmm_service *service)
{
	bool left = false;
	unsigned i;

	for (i = 0; i < MAX_SERVICES; i++) {
		if (services[i] == service)
			services[i] = NULL;
		left |= services[i] != NULL;
	}
	if (!left)
		vmm->serve = NULL;
}

void vmm_service_message(struct vmm *vmm, uint64_t *address, uint32_t *data)
{
	uint64_t id = vmm->vcpu[0] ? vmm->vcpu[0]->apic_id : apic_id();

	/* A boot processor whose ID has more than 8 bits is not known; one
	 * would need interrupt remapping to get a message at all. */
	*address = MSI_BASE | (id & 0xff) << MSI_DEST_SHIFT;
	*data = MSI_DELIVERY_NMI;
}

/* The kick is for the other processors: this one looks at v->attention before
 * it enters its guest. */
void vmm_service_wake(struct vmm *vmm)
{
	struct vmm_vcpu *v = vmm->vcpu[0];

	vcpu_attention(v, VCPU_SERVICE);
	if (v != vmm_vcpu_current())
		smp_kick(v);
}
