# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libnicdrv.
PRO1000_TEST_SOURCES = tests/unit/e1000_model.c tests/unit/e1000_model.h \
	$(PRO1000_PURE_SOURCES) libvmm/core/error.c libvmm/core/printf.c
NIC_CPPFLAGS = $(UNIT_CPPFLAGS)
PRO1000_BENCH = tests/unit/pro1000_bench.c tests/unit/pro1000_bench.h
check_PROGRAMS += pro1000_test pro1000_fault_test
TESTS += pro1000_test pro1000_fault_test
pro1000_test_SOURCES = tests/unit/pro1000_test.c $(PRO1000_BENCH) \
	$(PRO1000_TEST_SOURCES)
pro1000_test_CPPFLAGS = $(NIC_CPPFLAGS)
pro1000_test_CFLAGS = $(UNIT_CFLAGS)
pro1000_test_LDADD = $(UNIT_LIBS)
pro1000_fault_test_SOURCES = tests/unit/pro1000_fault_test.c \
	$(PRO1000_BENCH) $(PRO1000_TEST_SOURCES)
pro1000_fault_test_CPPFLAGS = $(NIC_CPPFLAGS)
pro1000_fault_test_CFLAGS = $(UNIT_CFLAGS)
pro1000_fault_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += pro1000_pass_test
TESTS += pro1000_pass_test
pro1000_pass_test_SOURCES = tests/unit/pro1000_pass_test.c \
	$(PRO1000_TEST_SOURCES)
pro1000_pass_test_CPPFLAGS = $(NIC_CPPFLAGS)
pro1000_pass_test_CFLAGS = $(UNIT_CFLAGS)
pro1000_pass_test_LDADD = $(UNIT_LIBS)
