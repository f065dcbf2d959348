/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about PCI: the devices, and what was recorded of some. */
#include <vmm/pci.h>
#include <vmm/vmm.h>
#include "dbgsh_priv.h"

/* --- pci --- */

struct list {
	unsigned n;		/* the next to print */
};

static unsigned class_code(const struct vmm_pci_dev *dev)
{
	return (unsigned)vmm_pci_header16(dev, VMM_PCI_CLASS + 1) << 8 |
		dev->header[VMM_PCI_CLASS];
}

static enum dbgsh_next pci_step(struct dbgsh *sh)
{
	struct list *list = dbgsh_scratch(sh);
	const struct vmm_pci_dev *dev = vmm_pci_device(list->n++);

	if (!dev)
		return DBGSH_DONE;
	dbgsh_printf(sh, VMM_PCI_FORMAT " %06X: %04X:%04X%s%s\n",
		     VMM_PCI_ARGS(dev->addr), class_code(dev),
		     vmm_pci_header16(dev, VMM_PCI_VENDOR),
		     vmm_pci_header16(dev, VMM_PCI_DEVICE),
		     dev->driver ? " " : "",
		     dev->driver ? dev->driver->name : "");
	return DBGSH_MORE;
}

static enum dbgsh_next pci_start(struct dbgsh *sh, int argc,
				 const char *const *argv)
{
	struct list *list = dbgsh_scratch(sh);

	(void)argc;
	(void)argv;
	list->n = 0;
	return DBGSH_MORE;
}

const struct dbgsh_command dbgsh_pci = {
	.name = "pci",
	.help = "PCI devices, and the drivers that own them",
	.start = pci_start,
	.step = pci_step,
};

/* --- monitor --- */

struct dump {
	unsigned n;		/* whose records */
	uint64_t seq;		/* the next to print */
	uint64_t end;		/* usec: what came later is for the next time */
};
VMM_STATIC_ASSERT(sizeof(struct dump) <= DBGSH_SCRATCH, "scratch");

static const char *place_name(const struct vmm_pci_record *r, char buf[8])
{
	static const char bar[] = "bar", config[] = "conf";
	const char *from = r->n < VMM_PCI_BARS ? bar : config;
	unsigned i;

	for (i = 0; from[i]; i++)
		buf[i] = from[i];
	if (r->n < VMM_PCI_BARS)
		buf[i++] = (char)('0' + r->n);
	buf[i] = '\0';
	return buf;
}

static char width_letter(unsigned len)
{
	return len == 1 ? 'b' : len == 2 ? 'w' : len == 4 ? 'l' : 'q';
}

static void print_record(struct dbgsh *sh, const struct vmm_pci_record *r)
{
	char place[8];

	dbgsh_printf(sh, "%llu.%06llu %s %s %c %08llX+%04X %c%0*llX",
		     (unsigned long long)(r->usec / 1000000),
		     (unsigned long long)(r->usec % 1000000),
		     place_name(r, place), r->n >= VMM_PCI_BARS ? "conf" :
		     r->memory ? "mem" : "i/o", r->write ? 'w' : 'r',
		     (unsigned long long)r->base, r->offset,
		     width_letter(r->len), r->len * 2,
		     (unsigned long long)r->value);
	if (r->count > 1)
		dbgsh_printf(sh, " x%u", r->count);
	dbgsh_puts(sh, "\n");
}

/* Records go on coming: stop at those that are younger than the question. */
static enum dbgsh_next monitor_step(struct dbgsh *sh)
{
	struct dump *d = dbgsh_scratch(sh);
	struct vmm_pci_record r;

	if (!vmm_pci_monitor_read(d->n, &d->seq, &r) || r.usec > d->end)
		return DBGSH_LINE;
	print_record(sh, &r);
	return DBGSH_MORE;
}

static enum dbgsh_next monitor_line(struct dbgsh *sh, const char *line)
{
	struct dump *d = dbgsh_scratch(sh);
	uint64_t n;

	while (*line == ' ')
		line++;
	if (!*line)
		return DBGSH_DONE;
	if (!dbgsh_number(line, 0, &n) || n > UINT32_MAX ||
	    !vmm_pci_monitored((unsigned)n)) {
		dbgsh_puts(sh, "There is no such number; an empty line"
			   " ends.\n");
		return DBGSH_LINE;
	}
	*d = (struct dump){ (unsigned)n, 0, vmm_uptime_usec() };
	return DBGSH_MORE;
}

static enum dbgsh_next monitor_start(struct dbgsh *sh, int argc,
				     const char *const *argv)
{
	const struct vmm_pci_dev *dev;
	unsigned n;

	(void)argc;
	(void)argv;
	for (n = 0; (dev = vmm_pci_monitored(n)) != NULL; n++)
		dbgsh_printf(sh, "%u: %02X:%02X.%X/%04X:%04X\n", n,
			     dev->addr.bus, dev->addr.device,
			     dev->addr.function,
			     vmm_pci_header16(dev, VMM_PCI_VENDOR),
			     vmm_pci_header16(dev, VMM_PCI_DEVICE));
	if (!n) {
		dbgsh_puts(sh, "No device is monitored; see driver=monitor in"
			   " vmm.driver.pci.\n");
		return DBGSH_DONE;
	}
	sh->prompt = "monitor> ";
	return DBGSH_LINE;
}

const struct dbgsh_command dbgsh_monitor = {
	.name = "monitor",
	.help = "what the driver \"monitor\" recorded",
	.start = monitor_start,
	.step = monitor_step,
	.line = monitor_line,
};
