/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start of the VMM, from the loader's call to the first entry into the
 * guest.  Everything up to host_enter() runs in the firmware's environment
 * and can be undone by returning an error.
 */
#include <string.h>
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <core/memmap.h>
#include <cpu/host.h>
#include <cpu/policy.h>
#include <cpu/smp.h>
#include <mm/nested.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include <vmm/sinks.h>

#define CONFIG_FILE	"bitvisor.conf"
#define PROGRESS_BAR	"oooooooooooooooooooooooooooooooooooooooooooooooooo\n"
#define HEAP_BASE	(UINT64_C(2) << 20)
#define HEAP_PER_CPU	(UINT64_C(128) << 10)

#define CPUID_EXT1_EDX_NX	(1u << 20)
#define CPUID_EXT1_EDX_1G	(1u << 26)

struct vmm vmm_machine;

static struct bv_handoff handoff_copy;
static struct vmm_nested nested;

/* Called by entry.S. */
int64_t vmm_start(struct bv_handoff *h, const struct boot_frame *frame);

/* What the image asks of its loader (boot/handoff.h). */
static const struct {
	uint32_t name_size, desc_size, type;
	char name[(sizeof(BV_NOTE_NAME) + 3) & ~3u];
	struct bv_image_request request;
} VMM_PACKED image_note
__attribute__((section(".note.bitvisor"), used, aligned(4))) = {
	.name_size = sizeof(BV_NOTE_NAME),
	.desc_size = sizeof(struct bv_image_request),
	.type = BV_NOTE_TYPE_REQUEST,
	.name = BV_NOTE_NAME,
	.request = {
		.handoff_version = BV_HANDOFF_VERSION,
		.heap_base_size = HEAP_BASE,
		.heap_per_cpu = HEAP_PER_CPU,
	},
};

static int check_handoff(const struct bv_handoff *h)
{
	const struct bv_boot_services *services;

	if (h->magic != BV_HANDOFF_MAGIC || h->version != BV_HANDOFF_VERSION ||
	    h->size < sizeof(*h))
		return VMM_ERROR(EPROTO);
	services = (const struct bv_boot_services *)(uintptr_t)h->services;
	if (services->version != BV_HANDOFF_VERSION ||
	    services->size < sizeof(*services))
		return VMM_ERROR(EPROTO);
	return 0;
}

static int read_config(struct vmm *vmm, struct bv_handoff *h)
{
	const char *text = (const char *)(uintptr_t)h->config_text;
	int rc = 0;

	(void)vmm;
	if (text)
		rc = config_parse(&config, text, h->config_size, CONFIG_FILE,
				  h->error, sizeof(h->error));
	if (rc == 0)
		rc = config_check(&config, h->error, sizeof(h->error));
	if (rc == 0)
		memcpy(h->chain, config.loader.chain, sizeof(h->chain));
	VMM_STATIC_ASSERT(sizeof(h->chain) == sizeof(config.loader.chain),
			  "same length");
	return rc;
}

/* The lines of the existing system, whose users look for them; then ours. */
static void banner(void)
{
	vmm_log_info("Starting BitVisor...\n");
	vmm_log_info("Copyright (c) 2007, 2008 University of Tsukuba\n");
	vmm_log_info("All rights reserved.\n");
	vmm_log_info("This implementation: Copyright (c) 2026 The BitVisor"
		     " developers\n");
}

static void *acpi_map(void *ctx, uint64_t pa, uint64_t len, bool write)
{
	const struct bv_handoff *h = ctx;

	(void)write;
	return memmap_covers(h, pa, len) ? (void *)(uintptr_t)pa : NULL;
}

static void read_acpi(struct vmm *vmm, const struct bv_handoff *h)
{
	const struct vmm_acpi_mem mem = { acpi_map, &handoff_copy };

	vmm_acpi_scan(&vmm->acpi, &mem, h->rsdp20, h->rsdp10);
	/* Users of the existing system know this line: it means that the VMM
	 * runs with what was compiled in. */
	if (!h->config_text)
		vmm_log_info("Module not found.\n");
	vmm_log_info("Processor 0 (BSP)\n");
	if (config.vmm.disable_sleep) {
		vmm_log_info(PROGRESS_BAR);
		vmm_acpi_hide_sleep(&vmm->acpi, &mem);
	}
}

static int choose_vendor(struct vmm *vmm, struct bv_handoff *h)
{
	const struct vmm_vendor_ops *const *p;

	for (p = vmm_variant.vendors; *p; p++)
		if ((*p)->present())
			break;
	if (!*p) {
		vmm_snprintf(h->error, sizeof(h->error), "This processor does"
			     " not support Intel VT or AMD Virtualization, or"
			     " it is hidden by a VMM that runs already");
		return VMM_ERROR(ENODEV);
	}
	vmm->vendor = *p;
	return (*p)->check(h->error, sizeof(h->error));
}

/* The VMM's own page tables and its nested ones need NX; with 5-level paging
 * of the firmware both would need another level. */
static int check_processor(struct bv_handoff *h)
{
	if (!(x86_cpuid(0x80000001u, 0).edx & CPUID_EXT1_EDX_NX)) {
		vmm_snprintf(h->error, sizeof(h->error), "the processor has no"
			     " execute-disable bit; enable it (\"NX\", \"XD\")"
			     " in the firmware setup");
		return VMM_ERROR(ENODEV);
	}
	if (x86_read_cr4() & X86_CR4_LA57) {
		vmm_snprintf(h->error, sizeof(h->error), "the firmware uses"
			     " 5-level paging; turn it off in the firmware"
			     " setup");
		return VMM_ERROR(EOPNOTSUPP);
	}
	return 0;
}

/* The nested map, and the VMM's own. */
static int build_maps(struct vmm *vmm)
{
	const struct bv_handoff *h = vmm->handoff;
	bool gib = x86_cpuid(0x80000001u, 0).edx & CPUID_EXT1_EDX_1G;
	uint64_t top = memmap_top(h);
	int rc;

	memmap_ram(h, &vmm->ram);
	msr_read_mtrrs(&vmm->mtrr);
	rc = host_init(vmm, gib ? 3 : 2, vmm_nested_memory_end(top));
	if (rc < 0)
		return rc;
	rc = vmm_nested_init(&nested, vmm->vendor->nested_format, &vmm->pool,
			     &vmm->mtrr, vmm->vendor->nested_types,
			     vmm->vendor->max_leaf(), vmm->mtrr.phys_bits,
			     top);
	if (rc < 0)
		return rc;
	vmm->nested = &nested;
	return vmm_nested_hide(&nested, h->reserved_base, h->reserved_size);
}

static int make_vcpu(struct vmm *vmm, unsigned number)
{
	struct vmm_vcpu *v = vmm_pages_alloc(&vmm->pool, 1);
	int rc;

	VMM_STATIC_ASSERT(sizeof(*v) <= VMM_PAGE_SIZE, "one page");
	if (!v)
		return VMM_ERROR(ENOMEM);
	v->self = v;
	v->vmm = vmm;
	v->number = number;
	rc = host_cpu_init(vmm, v);
	if (rc == 0)
		rc = vmm->vendor->vcpu_init(v);
	if (rc == 0)
		vmm->vcpu[number] = v;
	return rc;
}

/* The boot processor's comes first; the others join when they start. */
static int make_vcpus(struct vmm *vmm)
{
	unsigned n = vmm->handoff->cpu_count, i;
	int rc = 0;

	if (n > VMM_MAX_CPUS)
		n = VMM_MAX_CPUS;
	for (i = 0; rc == 0 && i < n; i++)
		rc = make_vcpu(vmm, i);
	vmm->vcpu_count = 1;
	return rc;
}

static int prepare_machine(struct vmm *vmm, struct bv_handoff *h)
{
	int rc = choose_vendor(vmm, h);

	if (rc == 0)
		rc = check_processor(h);
	if (rc == 0)
		rc = build_maps(vmm);
	if (rc == 0)
		rc = vmm->vendor->vm_init(vmm);
	if (rc == 0)
		rc = make_vcpus(vmm);
	if (rc < 0)
		return rc;
	vmm_log_info("Using %s.\n", vmm->vendor->name);
	time_calibrate(vmm);
	vmm_log_info("Loading drivers.\n");
	msr_intercepts(vmm);
	io_intercepts(vmm);
	return vmm_units_init(vmm, false);
}

/* A setting that nothing in this variant reads is worth a word. */
static void check_variant(const struct vmm *vmm)
{
	const struct vmm_unit *const *u;

	if (!config.vmm.tty_serial)
		return;
	for (u = vmm->units; *u; u++)
		if (strcmp((*u)->name, VMM_SINK_SERIAL_NAME) == 0)
			return;
	vmm_log_warning("vmm.tty_serial: the variant \"%s\" has no log on"
			" serial ports; use another one\n", vmm_variant.name);
}

static int prepare(struct vmm *vmm, struct bv_handoff *h)
{
	int rc = check_handoff(h);

	if (rc < 0)
		return rc;
	handoff_copy = *h;
	vmm->handoff = &handoff_copy;
	vmm->services = (const struct bv_boot_services *)(uintptr_t)
		h->services;
	vmm->units = vmm_variant.units;
	vmm->start_error = h->error;
	rc = read_config(vmm, h);
	if (rc < 0)
		return rc;
	banner();
	rc = vmm_pagepool_init(&vmm->pool, (void *)(uintptr_t)h->heap_base,
			       h->heap_size);
	if (rc == 0)
		rc = vmm_units_init(vmm, true);
	if (rc < 0)
		return rc;
	check_variant(vmm);
	read_acpi(vmm, &handoff_copy);
	return prepare_machine(vmm, h);
}

/* Arguments of the last step, which runs on the VMM's own stack. */
struct enter {
	struct vmm_vcpu *v;
	const struct boot_state *state;
	char *error;
	size_t error_size;
};

static int enter_guest(void *arg)
{
	struct enter *e = arg;
	struct vmm *vmm = e->v->vmm;

	smp_cpu_init(e->v);
	vmm_units_cpu_init(vmm, e->v);
	return vmm->vendor->start(e->v, e->state, e->error, e->error_size);
}

int vmm_start_cpu(struct vmm_vcpu *v, const struct boot_frame *frame,
		  char *error, size_t size)
{
	struct boot_state state;
	struct enter e = { v, &state, error, size };
	int rc;

	boot_state_capture(&state, frame);
	host_enter(v->host, v);
	rc = host_call_on_stack(v->host->stack_top, enter_guest, &e);
	host_leave(&state);
	return rc;
}

static void describe_error(struct bv_handoff *h, int rc)
{
	struct vmm_error_origin o = vmm_error_origin();

	if (h->error[0])
		return;
	vmm_snprintf(h->error, sizeof(h->error), "the VMM could not start: %s"
		     " (%s:%d)", vmm_error_name(rc), o.file ? o.file : "?",
		     o.line);
}

static int64_t start(struct bv_handoff *h, const struct boot_frame *frame)
{
	struct vmm *vmm = &vmm_machine;
	int rc;

	time_start();
	h->error[0] = '\0';
	rc = prepare(vmm, h);
	if (rc == 0) {
		smp_start_others(vmm);
		vmm_log_info("Starting a virtual machine.\n");
		vmm->services = NULL;	/* the guest's from now on */
		vmm->start_error = NULL;
		rc = vmm_start_cpu(vmm->vcpu[0], frame, h->error,
				   sizeof(h->error));
		vmm->services = (const struct bv_boot_services *)(uintptr_t)
			h->services;
	}
	vmm_units_shutdown(vmm);
	describe_error(h, rc);
	return rc;
}

/* Apart from start(), so that the stack guard changes in a function that does
 * not check it. */
__attribute__((no_stack_protector))
int64_t vmm_start(struct bv_handoff *h, const struct boot_frame *frame)
{
	vmm_stack_guard_init();
	return start(h, frame);
}
