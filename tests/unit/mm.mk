# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libvmm/mm and what it builds on.
check_PROGRAMS += pagepool_test
TESTS += pagepool_test
pagepool_test_SOURCES = tests/unit/pagepool_test.c \
	libvmm/mm/pagepool.c libvmm/core/error.c
pagepool_test_CPPFLAGS = $(UNIT_CPPFLAGS)
pagepool_test_CFLAGS = $(UNIT_CFLAGS)
pagepool_test_LDADD = $(UNIT_LIBS)

# Contains ptable.c itself, to see each store.
check_PROGRAMS += ptable_test
TESTS += ptable_test
ptable_test_SOURCES = tests/unit/ptable_test.c \
	libvmm/mm/pt_formats.c libvmm/core/error.c
ptable_test_CPPFLAGS = $(UNIT_CPPFLAGS)
ptable_test_CFLAGS = $(UNIT_CFLAGS)
ptable_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += mtrr_test
TESTS += mtrr_test
mtrr_test_SOURCES = tests/unit/mtrr_test.c libvmm/cpu/mtrr.c
mtrr_test_CPPFLAGS = $(UNIT_CPPFLAGS)
mtrr_test_CFLAGS = $(UNIT_CFLAGS)
mtrr_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += walk_test
TESTS += walk_test
walk_test_SOURCES = tests/unit/walk_test.c libvmm/mm/walk.c libvmm/core/error.c
walk_test_CPPFLAGS = $(UNIT_CPPFLAGS)
walk_test_CFLAGS = $(UNIT_CFLAGS)
walk_test_LDADD = $(UNIT_LIBS)

# Contains ptable.c itself, to watch pages through every store.
check_PROGRAMS += nested_test
TESTS += nested_test
nested_test_SOURCES = tests/unit/nested_test.c libvmm/mm/nested.c \
	libvmm/mm/pool_mem.c libvmm/mm/pagepool.c libvmm/mm/pt_formats.c \
	libvmm/cpu/mtrr.c libvmm/core/error.c
nested_test_CPPFLAGS = $(UNIT_CPPFLAGS)
nested_test_CFLAGS = $(UNIT_CFLAGS)
nested_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += hostmap_test
TESTS += hostmap_test
hostmap_test_SOURCES = tests/unit/hostmap_test.c libvmm/mm/hostmap.c \
	libvmm/mm/pool_mem.c libvmm/mm/pagepool.c libvmm/mm/pt_formats.c \
	libvmm/mm/ptable.c libvmm/cpu/mtrr.c libvmm/core/error.c
hostmap_test_CPPFLAGS = $(UNIT_CPPFLAGS)
hostmap_test_CFLAGS = $(UNIT_CFLAGS)
hostmap_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += gmem_test
TESTS += gmem_test
gmem_test_SOURCES = tests/unit/gmem_test.c libvmm/mm/gmem.c libvmm/mm/walk.c \
	libvmm/mm/ram.c \
	libvmm/core/error.c
gmem_test_CPPFLAGS = $(UNIT_CPPFLAGS)
gmem_test_CFLAGS = $(UNIT_CFLAGS)
gmem_test_LDADD = $(UNIT_LIBS)
