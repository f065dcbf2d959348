# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libnicdrv.
NIC_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/libnicdrv
check_PROGRAMS += pro1000_test
TESTS += pro1000_test
pro1000_test_SOURCES = tests/unit/pro1000_test.c tests/unit/e1000_model.c \
	tests/unit/e1000_model.h $(PRO1000_PURE_SOURCES) \
	libvmm/core/error.c libvmm/core/printf.c
pro1000_test_CPPFLAGS = $(NIC_CPPFLAGS)
pro1000_test_CFLAGS = $(UNIT_CFLAGS)
pro1000_test_LDADD = $(UNIT_LIBS)
