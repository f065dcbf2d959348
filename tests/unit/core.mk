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
