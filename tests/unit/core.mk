# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libvmm/core but for the configuration.
check_PROGRAMS += printf_test
TESTS += printf_test
printf_test_SOURCES = tests/unit/printf_test.c libvmm/core/printf.c
printf_test_CPPFLAGS = $(UNIT_CPPFLAGS)
printf_test_CFLAGS = $(UNIT_CFLAGS)
printf_test_LDADD = $(UNIT_LIBS)

# Contains string.c itself, under other names.
check_PROGRAMS += string_test
TESTS += string_test
string_test_SOURCES = tests/unit/string_test.c
string_test_CPPFLAGS = $(UNIT_CPPFLAGS)
string_test_CFLAGS = $(UNIT_CFLAGS) -fno-builtin
string_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += log_test
TESTS += log_test
log_test_SOURCES = tests/unit/log_test.c libvmm/core/printf.c \
	libvmm/core/ratelimit.c
log_test_CPPFLAGS = $(UNIT_CPPFLAGS)
log_test_CFLAGS = $(UNIT_CFLAGS) -pthread
log_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += hypercall_test
TESTS += hypercall_test
hypercall_test_SOURCES = tests/unit/hypercall_test.c tests/unit/fake_vcpu.c \
	tests/unit/fake_vcpu.h libvmm/core/error.c
hypercall_test_CPPFLAGS = $(UNIT_CPPFLAGS)
hypercall_test_CFLAGS = $(UNIT_CFLAGS)
hypercall_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += unit_test
TESTS += unit_test
unit_test_SOURCES = tests/unit/unit_test.c libvmm/core/unit.c \
	libvmm/core/error.c
unit_test_CPPFLAGS = $(UNIT_CPPFLAGS)
unit_test_CFLAGS = $(UNIT_CFLAGS)
unit_test_LDADD = $(UNIT_LIBS)
