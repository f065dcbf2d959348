# SPDX-License-Identifier: BSD-3-Clause
lib_LTLIBRARIES += libvmm.la
libvmm_la_SOURCES =
include libvmm/core/local.mk
include libvmm/mm/local.mk
libvmm_la_CPPFLAGS = $(VMM_CPPFLAGS)
libvmm_la_CFLAGS = $(BV_WARNINGS)
libvmm_la_CCASFLAGS = $(VMM_REQUIRED) -D__ASSEMBLY__
$(libvmm_la_OBJECTS): override CFLAGS = $(VMM_BORROW) $(VMM_REQUIRED)
$(libvmm_la_OBJECTS): override CPPFLAGS =
$(libvmm_la_OBJECTS): override CCASFLAGS =
# GCC would make calls of strlen, memset and so on of their own loops.
VMM_STRING_OBJECT = libvmm/core/la-string.lo
$(VMM_STRING_OBJECT): override CFLAGS = $(VMM_BORROW) \
	$(VMM_REQUIRED) -fno-tree-loop-distribute-patterns
