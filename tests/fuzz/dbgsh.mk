# SPDX-License-Identifier: BSD-3-Clause
# The debug shell.
FUZZERS += tests/fuzz/dbgsh.fuzz
FUZZ_SOURCES_dbgsh = tests/fuzz/dbgsh_fuzz.c $(DBGSH_CORE_SOURCES) \
	tests/unit/dbgsh_terminal.h libvmm/core/printf.c

FUZZERS += tests/fuzz/telnet.fuzz
FUZZ_SOURCES_telnet = tests/fuzz/telnet_fuzz.c $(DBGSH_CORE_SOURCES) \
	$(TELNET_SOURCES) libvmm/core/error.c libvmm/core/printf.c \
	libvmm/core/log.c

FUZZERS += tests/fuzz/access.fuzz
FUZZ_SOURCES_access = tests/fuzz/access_fuzz.c libbvnet/access.c \
	$(PASSWORD_SOURCES) libvmm/core/error.c libvmm/core/printf.c
