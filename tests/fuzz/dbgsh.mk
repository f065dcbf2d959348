# SPDX-License-Identifier: BSD-3-Clause
# The debug shell.
FUZZERS += tests/fuzz/dbgsh.fuzz
FUZZ_SOURCES_dbgsh = tests/fuzz/dbgsh_fuzz.c $(DBGSH_CORE_SOURCES) \
	tests/unit/dbgsh_terminal.h libvmm/core/printf.c
