/* SPDX-License-Identifier: BSD-3-Clause */
/* Panics on the screen.  Whatever the guest shows there stays untouched as
 * long as all is well. */
#include <core/core_priv.h>
#include <core/screen.h>
#include <vmm/log.h>
#include <vmm/sinks.h>
#include <vmm/vmm.h>

static struct panic_screen {
	struct vmm_log_sink sink;
	struct vmm_screen screen;
	const struct vmm *vmm;
	bool attached, cleared;
} panic_screen;

static void screen_emit(struct vmm_log_sink *sink,
			const struct vmm_log_line *line, uint64_t lost)
{
	(void)sink;
	(void)lost;
	if (line->seq < vmm_panic_first_line())
		return;
	if (!panic_screen.cleared)
		vmm_screen_clear(&panic_screen.screen);
	panic_screen.cleared = true;
	vmm_screen_line(&panic_screen.screen, line->text, line->len);
}

/* Lines before a panic need no hands: they wait until there is one.  While
 * the firmware is in charge, its console shows them, on the same pixels. */
static bool screen_ready(struct vmm_log_sink *sink)
{
	(void)sink;
	return vmm_panic_first_line() != UINT64_MAX &&
	       !panic_screen.vmm->services;
}

static int screen_init(struct vmm *vmm)
{
	panic_screen = (struct panic_screen){
		.sink = {
			.name = "screen",
			.emit = screen_emit,
			.ready = screen_ready,
		},
		.vmm = vmm,
	};
	/* A machine without a usable screen has no panics on it: fine. */
	if (vmm_screen_init(&panic_screen.screen, &vmm->handoff->framebuffer,
			    &vmm_panic_font)) {
		vmm_log_debug("no linear framebuffer: no panic screen\n");
		return 0;
	}
	panic_screen.attached = true;
	vmm_log_attach(&panic_screen.sink);
	return 0;
}

static void screen_shutdown(struct vmm *vmm)
{
	(void)vmm;
	if (panic_screen.attached)
		vmm_log_detach(&panic_screen.sink);
	panic_screen.attached = false;
}

const struct vmm_unit vmm_sink_screen = {
	.name = "panic screen",
	.early = true,
	.init = screen_init,
	.shutdown = screen_shutdown,
};
