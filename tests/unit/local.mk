# SPDX-License-Identifier: BSD-3-Clause
# Host unit tests: the library's own sources, under sanitizers.
UNIT_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/libvmm -I$(top_srcdir)/loader \
	-I$(top_srcdir)/libnicdrv
UNIT_CFLAGS = $(AM_CFLAGS) $(SANITIZE)
UNIT_LIBS = -lcmocka
include tests/unit/mm.mk
include tests/unit/config.mk
include tests/unit/core.mk
include tests/unit/loader.mk
include tests/unit/acpi.mk
include tests/unit/cpu.mk
include tests/unit/emul.mk
include tests/unit/vmx.mk
include tests/unit/nic.mk
include tests/unit/dbgsh.mk
include tests/unit/bvnet.mk
include tests/unit/virtio.mk
include tests/unit/pci.mk
