/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver "monitor": the guest has the device, and what it does with the
 * registers that the rule names is recorded.
 */
#include <pci/monitor.h>
#include <pci/pci_priv.h>
#include <vmm/error.h>
#include <vmm/io.h>
#include <vmm/log.h>
#include <vmm/mmio.h>

#define MAX_MONITORS	4u
#define CONFIG		VMM_PCI_BARS	/* n of records of that */
#define ENTRIES		1024
#define MAX_ENTRIES	65536

struct monitor;

/* What a hook's ctx is. */
struct place {
	struct monitor *monitor;
	struct monitor_spec spec;
	bool used;
	uint64_t told;		/* where the log says that it is */
};

struct monitor {
	struct vmm_pci_dev *dev;
	struct place place[CONFIG + 1];
	struct monitor_times times;
	bool overwrite;
	struct vmm_spinlock lock;	/* over what follows */
	struct vmm_pci_record *ring;
	uint64_t entries, next;		/* number of the next record */
};

static struct monitor monitors[MAX_MONITORS];
static unsigned monitor_count;

/* --- records --- */

static bool is_repeat(const struct vmm_pci_record *a,
		      const struct vmm_pci_record *b)
{
	return a->n == b->n && a->write == b->write && a->len == b->len &&
		a->offset == b->offset && a->base == b->base &&
		a->value == b->value && a->count < UINT32_MAX;
}

static void append(struct monitor *m, const struct vmm_pci_record *r,
		   bool merge)
{
	struct vmm_pci_record *last;

	vmm_spin_lock(&m->lock);
	last = &m->ring[(m->next - 1) % m->entries];
	if (merge && m->next && is_repeat(last, r))
		last->count++;
	else if (m->overwrite || m->next < m->entries)
		m->ring[m->next++ % m->entries] = *r;
	vmm_spin_unlock(&m->lock);
}

static void record(const struct place *place, unsigned offset, unsigned len,
		   bool write, uint64_t value)
{
	struct monitor *m = place->monitor;
	unsigned n = (unsigned)(place - m->place);
	const struct vmm_pci_bar *bar = &m->dev->bar[n];
	struct vmm_pci_record r = {
		.usec = vmm_uptime_usec(),
		.value = value & UINT64_MAX >> (64 - 8 * len),
		.offset = offset,
		.count = 1,
		.n = (uint8_t)n,
		.write = write,
		.len = (uint8_t)len,
	};
	bool merge;

	if (n < CONFIG) {
		r.base = bar->base;
		r.memory = bar->kind != VMM_PCI_BAR_IO;
	}
	if (monitor_wants(&place->spec, offset, len, write, &merge) &&
	    monitor_is_on(&m->times, r.usec))
		append(m, &r, merge);
}

struct vmm_pci_dev *vmm_pci_monitored(unsigned n)
{
	return n < monitor_count ? monitors[n].dev : NULL;
}

bool vmm_pci_monitor_read(unsigned n, uint64_t *seq, struct vmm_pci_record *r)
{
	struct monitor *m = &monitors[n];
	bool found;

	if (n >= monitor_count)
		return false;
	vmm_spin_lock(&m->lock);
	if (m->next > m->entries && *seq < m->next - m->entries)
		*seq = m->next - m->entries;
	found = *seq < m->next;
	if (found)
		*r = m->ring[(*seq)++ % m->entries];
	vmm_spin_unlock(&m->lock);
	return found;
}

/* --- accesses, which all go on to the device --- */

static const struct vmm_pci_bar *bar_of(const struct place *place)
{
	const struct monitor *m = place->monitor;

	return &m->dev->bar[place - m->place];
}

static int bar_read(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		    unsigned size, uint64_t *value)
{
	const struct place *place = ctx;
	const struct vmm_pci_bar *bar = bar_of(place);

	(void)v;
	*value = bar->kind == VMM_PCI_BAR_IO ?
		vmm_port_read((uint16_t)(bar->base + offset), size) :
		vmm_device_read(bar->base + offset, size);
	record(place, (unsigned)offset, size, false, *value);
	return 0;
}

static int bar_write(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		     unsigned size, uint64_t value)
{
	const struct place *place = ctx;
	const struct vmm_pci_bar *bar = bar_of(place);

	(void)v;
	record(place, (unsigned)offset, size, true, value);
	if (bar->kind == VMM_PCI_BAR_IO)
		vmm_port_write((uint16_t)(bar->base + offset), size,
			       (uint32_t)value);
	else
		vmm_device_write(bar->base + offset, size, value);
	return 0;
}

static uint32_t config_read(struct vmm_pci_dev *dev, unsigned offset,
			    unsigned size)
{
	const struct monitor *m = dev->ctx;
	uint32_t value = vmm_pci_guest_read(dev, offset, size);

	record(&m->place[CONFIG], offset, size, false, value);
	return value;
}

static void config_write(struct vmm_pci_dev *dev, unsigned offset,
			 unsigned size, uint32_t value)
{
	const struct monitor *m = dev->ctx;

	record(&m->place[CONFIG], offset, size, true, value);
	vmm_pci_guest_write(dev, offset, size, value);
}

static void log_hook(const char *what, const struct vmm_pci_bar *bar,
		     uint64_t at)
{
	vmm_log_info("pci_monitor: %s %s 0x%08llX\n", what,
		     bar->kind == VMM_PCI_BAR_IO ? "i/o" : "mem",
		     (unsigned long long)at);
}

/* Moves only: systems switch decoding off and on for each size probe. */
static void hooked(struct vmm_pci_dev *dev, unsigned n, bool on)
{
	struct place *place = &((struct monitor *)dev->ctx)->place[n];
	const struct vmm_pci_bar *bar = &dev->bar[n];

	if (!on || place->told == bar->base)
		return;
	if (place->told)
		log_hook("unregister", bar, place->told);
	log_hook("register", bar, bar->base);
	place->told = bar->base;
}

/* --- the driver --- */

static void read_options(struct monitor *m,
			 const struct vmm_pci_options *options)
{
	static const char *const names[CONFIG + 1] = {
		"bar0", "bar1", "bar2", "bar3", "bar4", "bar5", "config",
	};
	const char *text;
	unsigned n;

	for (n = 0; n <= CONFIG; n++) {
		struct place *place = &m->place[n];

		place->monitor = m;
		text = vmm_pci_option_text(options, names[n], NULL);
		place->used = text && monitor_spec_parse(&place->spec, text);
	}
	text = vmm_pci_option_text(options, "time", NULL);
	if (!text || !monitor_times_parse(&m->times, text))
		m->times.count = 0;
	m->overwrite = vmm_pci_option_bool(options, "overwrite", true);
	m->entries = (uint64_t)vmm_pci_option_int(options, "nentries",
						  ENTRIES);
	if (m->entries < 1)
		m->entries = 1;
	if (m->entries > MAX_ENTRIES)
		m->entries = MAX_ENTRIES;
}

static int hook_bars(struct vmm *vmm, struct monitor *m)
{
	static const struct vmm_pci_bar_ops ops = { bar_read, bar_write };
	unsigned n;
	int rc = 0;

	for (n = 0; n < CONFIG && rc == 0; n++)
		if (m->place[n].used)
			rc = vmm_pci_hook_bar(vmm, m->dev, n, &ops,
					      &m->place[n]);
	return rc;
}

static int monitor(struct vmm *vmm, struct vmm_pci_dev *dev,
		   const struct vmm_pci_options *options)
{
	static const struct vmm_pci_ops ops = {
		.config_read = config_read,
		.config_write = config_write,
		.hooked = hooked,
	};
	struct monitor *m = &monitors[monitor_count];
	uint64_t pages;
	int rc;

	if (monitor_count == MAX_MONITORS)
		return VMM_ERROR(ENOSPC);
	*m = (struct monitor){ .dev = dev, .lock = VMM_SPINLOCK_INIT };
	read_options(m, options);
	pages = VMM_ROUND_UP(m->entries * sizeof(*m->ring), VMM_PAGE_SIZE) /
		VMM_PAGE_SIZE;
	m->ring = vmm_pages_alloc(&vmm->pool, pages);
	if (!m->ring)
		return VMM_ERROR(ENOMEM);
	vmm_pci_size_bars(dev);
	rc = vmm_pci_own(vmm, dev, &ops, m, 0);
	if (rc == 0)
		rc = hook_bars(vmm, m);
	if (rc < 0) {
		vmm_pages_free(&vmm->pool, m->ring, pages);
		return rc;
	}
	monitor_count++;
	vmm_log_info("[%02X:%02X.%u/%04X:%04X] I/O monitor\n", dev->addr.bus,
		     dev->addr.device, dev->addr.function,
		     vmm_pci_header16(dev, VMM_PCI_VENDOR),
		     vmm_pci_header16(dev, VMM_PCI_DEVICE));
	return 0;
}

const struct vmm_pci_driver vmm_pci_monitor = {
	.name = "monitor",
	.long_name = "PCI device monitor",
	.options = monitor_options,
	.probe = monitor,
};
