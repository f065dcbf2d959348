/* SPDX-License-Identifier: BSD-3-Clause */
/* serialtest: try the line at the VMM's serial port, both ways. */
#include <string.h>
#include <vmm/sinks.h>
#include "dbgsh_priv.h"

#define GREETING	"BitVisor serial test: type, '.' ends\n"
#define STEP_BYTES	16u	/* a UART holds no more */

/* What comes goes back, and is shown here, until a dot. */
static enum dbgsh_next serial_step(struct dbgsh *sh)
{
	for (unsigned i = 0; i < STEP_BYTES; i++) {
		int byte = vmm_serial_read();
		char c = byte == '\r' ? '\n' : (char)byte;

		if (byte < 0)
			return DBGSH_LATER;
		vmm_serial_write(&c, 1);
		dbgsh_putc(sh, c);
		if (c == '.') {
			vmm_serial_write("\n", 1);
			dbgsh_putc(sh, '\n');
			return DBGSH_DONE;
		}
	}
	return DBGSH_MORE;
}

static enum dbgsh_next serial_start(struct dbgsh *sh, int argc,
				    const char *const *argv)
{
	(void)argc;
	(void)argv;
	if (!vmm_serial_write(GREETING, strlen(GREETING))) {
		dbgsh_puts(sh, "The VMM has no serial port; see "
			   "vmm.tty_serial.\n");
		return DBGSH_DONE;
	}
	dbgsh_puts(sh, "Wrote a line to the serial port; it is sent back what "
		   "comes.  A '.' from\nthere ends it, or ^C here.\n");
	return DBGSH_MORE;
}

const struct dbgsh_command dbgsh_serialtest = {
	.name = "serialtest",
	.help = "serial I/O test",
	.start = serial_start,
	.step = serial_step,
};
