/* SPDX-License-Identifier: BSD-3-Clause */
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <cpu/apic.h>
#include <cpu/host.h>
#include <cpu/smp.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/spinlock.h>

#define APIC_BASE_MASK	UINT64_C(0x000ffffffffff000)
#define NMI_IPI		(ICR_MODE_NMI << 8 | ICR_ASSERT)

/* Orders INIT and SIPI of different senders to one receiver. */
static struct vmm_spinlock start_lock = VMM_SPINLOCK_INIT;

void smp_kick(struct vmm_vcpu *v)
{
	/* One at a time: the receiver knows ours by the flag alone. */
	if (!__atomic_exchange_n(&v->kicked, true, __ATOMIC_ACQ_REL))
		apic_send(v->apic_id, NMI_IPI);
}

/* An NMI of ours that merges with one of the guest's in the processor's latch
 * (SDM vol. 3, 7.7.1) takes the guest's with it.  Kicks are sent only while a
 * processor is started or a map changes, when the guest's IPIs are trapped
 * and its NMIs delivered by VCPU_NMI. */
void smp_nmi_arrived(struct vmm_vcpu *v)
{
	bool ours = __atomic_exchange_n(&v->kicked, false, __ATOMIC_ACQ_REL);

	if (v->vmm->serve && v->number == 0)
		vcpu_attention(v, ours ? VCPU_SERVICE :
			       VCPU_SERVICE | VCPU_ANY_NMI);
	else if (!ours)
		vcpu_attention(v, VCPU_NMI);
}

void smp_cpu_init(struct vmm_vcpu *v)
{
	v->apic_id = apic_id();
	v->ldr = apic_read(APIC_LDR);
	v->dfr = apic_is_x2() ? UINT32_MAX : apic_read(APIC_DFR);
	v->apic_page = x86_rdmsr(MSR_APIC_BASE) & APIC_BASE_MASK;
}

static void init_one(struct vmm_vcpu *v)
{
	vmm_spin_lock(&start_lock);
	__atomic_and_fetch(&v->attention, ~VCPU_SIPI, __ATOMIC_ACQ_REL);
	vcpu_attention(v, VCPU_INIT);
	vmm_spin_unlock(&start_lock);
	smp_kick(v);
}

/* A SIPI counts only in the wait-for-SIPI state, and only the first one. */
static void sipi_one(struct vmm_vcpu *v, uint8_t vector)
{
	bool taken;

	vmm_spin_lock(&start_lock);
	taken = (v->parked || v->attention & VCPU_INIT) &&
		!(v->attention & VCPU_SIPI);
	if (taken) {
		v->sipi_vector = vector;
		vcpu_attention(v, VCPU_SIPI);
	}
	vmm_spin_unlock(&start_lock);
	if (taken)
		smp_kick(v);
}

static void nmi_one(struct vmm_vcpu *v)
{
	vcpu_attention(v, VCPU_NMI);
	smp_kick(v);
}

static void send_one(struct vmm_vcpu *v, const struct ipi *ipi)
{
	switch (ICR_MODE(ipi->low)) {
	case ICR_MODE_INIT:
		init_one(v);
		break;
	case ICR_MODE_STARTUP:
		sipi_one(v, ICR_VECTOR(ipi->low));
		break;
	default:
		nmi_one(v);
		break;
	}
}

static bool carried_out_here(const struct ipi *ipi)
{
	unsigned mode = ICR_MODE(ipi->low);

	return mode == ICR_MODE_INIT || mode == ICR_MODE_STARTUP ||
		mode == ICR_MODE_NMI;
}

/* The de-assert of an INIT sets arbitration IDs, which no processor of the
 * 64-bit age has (SDM vol. 3, 11.6.1). */
static bool is_deassert(const struct ipi *ipi)
{
	return ICR_MODE(ipi->low) == ICR_MODE_INIT &&
		ipi->low & ICR_LEVEL && !(ipi->low & ICR_ASSERT);
}

bool smp_guest_ipi(struct vmm_vcpu *sender, const struct ipi *ipi)
{
	struct vmm *vmm = sender->vmm;
	unsigned i;

	if (!carried_out_here(ipi))
		return false;
	if (is_deassert(ipi))
		return true;
	for (i = 0; i < vmm->vcpu_count; i++) {
		struct vmm_vcpu *v = vmm->vcpu[i];
		struct ipi_target t = {
			.id = v->apic_id, .ldr = v->ldr, .dfr = v->dfr,
			.x2 = ipi->x2, .self = v == sender,
		};

		if (v->running && ipi_reaches(ipi, &t))
			send_one(v, ipi);
	}
	return true;
}

/* An INIT of the boot processor restarts the firmware at the reset vector;
 * what it means is a reset of the machine, so that is what it gets, unless
 * the user wants to see a machine that stands still. */
static void init_of_bsp(void)
{
	if (config.vmm.auto_reboot) {
		vmm_log(VMM_LOG_NOTICE, "INIT of the boot processor: resetting"
			" the machine\n");
		vmm_reset_machine();
	}
	vmm_log(VMM_LOG_NOTICE, "VM has stopped.\n");
}

static void do_init(struct vmm_vcpu *v)
{
	if (v->number == 0)
		init_of_bsp();
	apic_init_state(v->vmm->vendor->drain);
	v->alive = v->left = false;
	v->ldr = 0;
	v->dfr = UINT32_MAX;
	smp_init_state(v);
	v->vmm->vendor->park(v);
}

void smp_native_init(struct vmm_vcpu *v)
{
	unsigned i;

	init_one(v);
	icr_trap_arm(v);
	for (i = 0; i < v->vmm->vcpu_count; i++)
		if (v->vmm->vcpu[i] != v && v->vmm->vcpu[i]->running) {
			vcpu_attention(v->vmm->vcpu[i], VCPU_RESEND);
			smp_kick(v->vmm->vcpu[i]);
		}
}

uint32_t smp_take_attention(struct vmm_vcpu *v)
{
	uint32_t bits;

	vmm_spin_lock(&start_lock);
	bits = __atomic_exchange_n(&v->attention, 0, __ATOMIC_ACQ_REL);
	if (bits & VCPU_INIT)
		v->parked = true;
	if (bits & VCPU_SIPI)
		v->parked = false;
	vmm_spin_unlock(&start_lock);
	return bits;
}

/* A SIPI that followed an INIT which the trap did not see was lost on the
 * bus; it still stands in its sender's ICR. */
static void repeat_sipi(struct vmm_vcpu *v)
{
	struct ipi ipi = { .low = apic_read(APIC_ICR_LOW), .x2 = apic_is_x2() };

	if (ICR_MODE(ipi.low) != ICR_MODE_STARTUP)
		return;
	ipi.dest = ipi.x2 ? (uint32_t)(x86_rdmsr(MSR_X2APIC_ICR) >> 32) :
		apic_read(APIC_ICR_HIGH) >> 24;
	smp_guest_ipi(v, &ipi);
}

void smp_attend(struct vmm_vcpu *v, uint32_t bits)
{
	if (bits & VCPU_INIT)
		do_init(v);
	if (bits & VCPU_SIPI) {
		smp_sipi_state(v, v->sipi_vector);
		v->vmm->vendor->unpark(v);
	}
	if (bits & VCPU_SYNC)
		smp_cpu_init(v);
	if (bits & VCPU_RESEND)
		repeat_sipi(v);
	if (bits & VCPU_PAUSE)
		smp_stay_paused(v);
}

/* --- the other processors, through the firmware --- */

/* Called by entry.S. */
int64_t vmm_ap_start(void *arg, const struct boot_frame *frame);
void BV_ABI vmm_ap_entry(void *arg);

int64_t vmm_ap_start(void *arg, const struct boot_frame *frame)
{
	struct vmm *vmm = arg;
	struct vmm_vcpu *v = vmm->vcpu[vmm->vcpu_count];
	char error[BV_ERROR_MAX];
	int rc;

	if (!v)
		return 0;
	vmm_log_info("Processor %u (AP)\n", v->number);
	vmm->vcpu_count++;
	rc = vmm_start_cpu(v, frame, error, sizeof(error));
	/* Only a processor that refused comes here. */
	vmm->vcpu_count--;
	vmm_log_err("Processor %u: %s\n", v->number, error);
	return rc;
}

void smp_start_others(struct vmm *vmm)
{
	const struct bv_boot_services *s = vmm->services;
	uint32_t wanted = vmm->handoff->cpu_count;
	int64_t n;

	if (wanted < 2)
		return;
	smp_cpu_init(vmm->vcpu[0]);
	icr_trap_arm(vmm->vcpu[0]);
	n = s->run_on_other_cpus(s->ctx, vmm_ap_entry, vmm);
	if (n < 0)
		vmm_log_warning("The firmware does not start the other"
				" processors: %s\n", vmm_error_name((int)n));
	if (vmm->vcpu_count < wanted)
		vmm_log_warning("%u of %u processors are under the VMM; the"
				" guest cannot start the others\n",
				vmm->vcpu_count, wanted);
}
