# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of the debug shell.
DBGSH_TEST_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/libbvnet
check_PROGRAMS += dbgsh_test
TESTS += dbgsh_test
dbgsh_test_SOURCES = tests/unit/dbgsh_test.c tests/unit/dbgsh_terminal.h \
	tests/unit/dbgsh_world.c tests/unit/dbgsh_world.h \
	tests/unit/fake_vcpu.c tests/unit/fake_vcpu.h \
	$(DBGSH_CORE_SOURCES) libbvnet/dbgsh_debug.c libbvnet/dbgsh_guest.c \
	libbvnet/dbgsh_log.c libbvnet/dbgsh_machine.c libvmm/core/error.c \
	libvmm/core/hypercall.c libvmm/core/log.c libvmm/core/printf.c \
	libvmm/core/config_names.c libvmm/core/config_print.c \
	libvmm/mm/walk.c
dbgsh_test_CPPFLAGS = $(DBGSH_TEST_CPPFLAGS)
dbgsh_test_CFLAGS = $(UNIT_CFLAGS)
dbgsh_test_LDADD = $(UNIT_LIBS)
