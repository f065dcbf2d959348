# SPDX-License-Identifier: BSD-3-Clause
# Public headers, installed as <prefix>/include/bitvisor/...
bitvisorincludedir = $(includedir)/bitvisor
nobase_bitvisorinclude_HEADERS = \
	include/boot/handoff.h \
	include/bitvisor/config.h \
	include/freestanding/errno.h \
	include/freestanding/string.h \
	include/vmm/acpi.h \
	include/vmm/compiler.h \
	include/vmm/error.h \
	include/vmm/exit.h \
	include/vmm/gmem.h \
	include/vmm/hypercall.h \
	include/vmm/log.h \
	include/vmm/mtrr.h \
	include/vmm/pagepool.h \
	include/vmm/paging.h \
	include/vmm/panic.h \
	include/vmm/printf.h \
	include/vmm/spinlock.h \
	include/vmm/unit.h \
	include/vmm/vcpu.h \
	include/vmm/vmm.h \
	include/vmm/x86.h
