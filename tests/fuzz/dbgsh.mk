# SPDX-License-Identifier: BSD-3-Clause
# The debug shell.
FUZZERS += tests/fuzz/dbgsh.fuzz
FUZZ_SOURCES_dbgsh = tests/fuzz/dbgsh_fuzz.c $(DBGSH_CORE_SOURCES) \
	tests/unit/dbgsh_terminal.h libvmm/core/printf.c

# Its hypercall, in the world of the unit tests.
FUZZERS += tests/fuzz/dbgshcall.fuzz
FUZZ_SOURCES_dbgshcall = tests/fuzz/dbgshcall_fuzz.c \
	tests/unit/dbgsh_world.c tests/unit/dbgsh_world.h \
	tests/unit/fake_vcpu.c tests/unit/fake_vcpu.h $(DBGSH_CORE_SOURCES) \
	libbvnet/dbgsh_debug.c libbvnet/dbgsh_guest.c libbvnet/dbgsh_log.c \
	libbvnet/dbgsh_machine.c libbvnet/dbgsh_message.c \
	libvmm/core/config_names.c libvmm/core/config_print.c \
	libvmm/core/error.c libvmm/core/hypercall.c libvmm/core/log.c \
	libvmm/core/printf.c libvmm/mm/walk.c
FUZZ_LIBS_dbgshcall = $(DEFS) -I$(top_srcdir)/tests/unit

FUZZERS += tests/fuzz/telnet.fuzz
FUZZ_SOURCES_telnet = tests/fuzz/telnet_fuzz.c $(DBGSH_CORE_SOURCES) \
	$(TELNET_SOURCES) libvmm/core/error.c libvmm/core/printf.c \
	libvmm/core/log.c

FUZZERS += tests/fuzz/access.fuzz
FUZZ_SOURCES_access = tests/fuzz/access_fuzz.c libbvnet/access.c libbvnet/iptext.c \
	$(PASSWORD_SOURCES) libvmm/core/error.c libvmm/core/printf.c
