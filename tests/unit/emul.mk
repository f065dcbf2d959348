# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libvmm/emul.
EMUL_TEST_SOURCES = $(EMUL_PURE_SOURCES) libvmm/core/error.c

check_PROGRAMS += insn_native_test
TESTS += insn_native_test
insn_native_test_SOURCES = tests/unit/insn_native_test.c \
	tests/unit/insn_native.S $(EMUL_TEST_SOURCES)
insn_native_test_CPPFLAGS = $(UNIT_CPPFLAGS)
insn_native_test_CFLAGS = $(UNIT_CFLAGS)
insn_native_test_LDADD = $(UNIT_LIBS)
