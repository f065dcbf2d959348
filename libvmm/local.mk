# SPDX-License-Identifier: BSD-3-Clause
# Freestanding code has no business in the linker's default path.
pkglib_LTLIBRARIES += libvmm.la
pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = bitvisor-vmm.pc
libvmm_la_SOURCES =
include libvmm/core/local.mk
include libvmm/core/config.mk
include libvmm/acpi/local.mk
include libvmm/mm/local.mk
include libvmm/cpu/local.mk
include libvmm/emul/local.mk
include libvmm/pci/local.mk
include libvmm/svm/local.mk
include libvmm/vmx/local.mk
# The last is where config_default.c may find defconfig.
libvmm_la_CPPFLAGS = $(VMM_CPPFLAGS) -I$(top_srcdir)
libvmm_la_CFLAGS = $(BV_WARNINGS)
libvmm_la_CCASFLAGS = $(VMM_REQUIRED)
$(libvmm_la_OBJECTS): override CFLAGS = $(VMM_BORROW) $(VMM_REQUIRED)
$(libvmm_la_OBJECTS): override CPPFLAGS =
$(libvmm_la_OBJECTS): override CCASFLAGS =
# GCC would make calls of strlen, memset and so on of their own loops.
VMM_STRING_OBJECT = libvmm/core/la-string.lo
$(VMM_STRING_OBJECT): override CFLAGS = $(VMM_BORROW) \
	$(VMM_REQUIRED) -fno-tree-loop-distribute-patterns
