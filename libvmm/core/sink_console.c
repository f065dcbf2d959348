/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines on the firmware's console, until the guest runs. */
#include <bitvisor/config.h>
#include <core/core_priv.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include <vmm/sinks.h>
#include <vmm/vmm.h>

static struct console {
	struct vmm_log_sink sink;
	const struct vmm *vmm;
	uint32_t apic_id;	/* of the boot processor */
} console;

static void write_text(const char *text, size_t n)
{
	const struct bv_boot_services *services = console.vmm->services;

	services->console_write(services->ctx, text, n);
}

static void console_emit(struct vmm_log_sink *sink,
			 const struct vmm_log_line *line, uint64_t lost)
{
	char text[48];

	(void)sink;
	if (lost)
		write_text(text, (size_t)vmm_snprintf(text, sizeof(text),
						      "(%lu lines lost)\n",
						      lost));
	if ((int)line->level > config_log_level())
		return;
	write_text(line->text, line->len);
	write_text("\n", 1);
}

/* Firmware is for the boot processor alone; what others log meanwhile comes
 * with the next line that is logged there. */
static bool console_ready(struct vmm_log_sink *sink)
{
	(void)sink;
	return console.vmm->services &&
	       vmm_host_apic_id() == console.apic_id;
}

static int console_init(struct vmm *vmm)
{
	console = (struct console){
		.sink = {
			.name = "console",
			.emit = console_emit,
			.ready = console_ready,
		},
		.vmm = vmm,
		.apic_id = vmm_host_apic_id(),
	};
	vmm_log_attach(&console.sink);
	return 0;
}

static void console_shutdown(struct vmm *vmm)
{
	(void)vmm;
	vmm_log_detach(&console.sink);
}

const struct vmm_unit vmm_sink_console = {
	.name = "console log",
	.early = true,
	.init = console_init,
	.shutdown = console_shutdown,
};
