# SPDX-License-Identifier: BSD-3-Clause
# Tests on emulated machines: `make check-emu`, or tests/emu/run from the
# build tree.  EMU='-l' or EMU='boot/*' goes to it as arguments.
include tests/emu/payload/local.mk
include tests/emu/paniclab/local.mk
include tests/emu/exitlab/local.mk
include tests/emu/guide/local.mk
include tests/emu/netlab/local.mk
include tests/emu/netload/local.mk
EXTRA_DIST += tests/emu/run tests/emu/telnet.exp \
	$(wildcard $(srcdir)/tests/emu/*.py) \
	$(wildcard $(srcdir)/tests/emu/bvemu/*.py)

.PHONY: check-emu check-long emu-programs clean-emu
emu-programs: all guest-programs $(PAYLOADS)
check-emu: emu-programs
	BV_BUILD=. $(top_srcdir)/tests/emu/run $(EMU)

# What takes an emulator many minutes.
check-long: emu-programs
	BV_BUILD=. $(top_srcdir)/tests/emu/run long/

clean-local: clean-emu
clean-emu:
	rm -rf tests/emu/logs tests/emu/guest tests/emu/guest.stamp
