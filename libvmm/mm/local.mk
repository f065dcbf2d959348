# SPDX-License-Identifier: BSD-3-Clause
# Memory: pages, page tables, the nested map, guest memory.
libvmm_la_SOURCES += \
	libvmm/mm/gmem.c \
	libvmm/mm/hostmap.c \
	libvmm/mm/hostmap.h \
	libvmm/mm/nested.c \
	libvmm/mm/nested.h \
	libvmm/mm/pagepool.c \
	libvmm/mm/pool_mem.c \
	libvmm/mm/pool_mem.h \
	libvmm/mm/pt_formats.c \
	libvmm/mm/ptable.c \
	libvmm/mm/ram.c \
	libvmm/mm/walk.c
