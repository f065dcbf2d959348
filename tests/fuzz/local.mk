# SPDX-License-Identifier: BSD-3-Clause
# Fuzzers of the logic that reads what others wrote.  For one called NAME:
#	FUZZERS += tests/fuzz/NAME.fuzz
#	FUZZ_SOURCES_NAME = tests/fuzz/NAME_fuzz.c and what it calls
#	FUZZ_FLAGS_NAME = arguments for libFuzzer, if any
#	FUZZ_LIBS_NAME = libraries, if any
#	tests/fuzz/corpus/NAME/ inputs worth keeping (at least one)
# NAME_fuzz.c defines LLVMFuzzerTestOneInput().  `make check` tries the
# corpus and a fixed number of inputs made from it; for a longer search run
# tests/fuzz/NAME.fuzz itself.
FUZZERS =
include tests/fuzz/loader.mk
include tests/fuzz/mm.mk
include tests/fuzz/cpu.mk
include tests/fuzz/emul.mk
include tests/fuzz/acpi.mk
include tests/fuzz/config.mk
include tests/fuzz/net.mk
include tests/fuzz/nic.mk
include tests/fuzz/dbgsh.mk
include tests/fuzz/virtio.mk
include tests/fuzz/pci.mk

FUZZ_NAMES = $(patsubst tests/fuzz/%.fuzz,%,$(FUZZERS))
FUZZ_CFLAGS = $(AM_CFLAGS) -g -O1 -fno-omit-frame-pointer \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-Wno-unknown-warning-option

EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus \
	$(foreach name,$(FUZZ_NAMES),$(FUZZ_SOURCES_$(name)))
CLEANFILES += $(FUZZERS) $(FUZZERS:.fuzz=.d)
TEST_EXTENSIONS += .fuzz
FUZZ_LOG_COMPILER = $(SHELL) $(top_srcdir)/tests/fuzz/run
if BV_HAVE_FUZZ
check_SCRIPTS += $(FUZZERS)
TESTS += $(FUZZERS)
endif

# Any source of any fuzzer makes all again: they build in seconds.
$(FUZZERS): tests/fuzz/%.fuzz: \
		$(foreach name,$(FUZZ_NAMES),$(FUZZ_SOURCES_$(name)))
	$(AM_V_at)$(MKDIR_P) tests/fuzz
	$(AM_V_CCLD)$(FUZZ_CC) $(UNIT_CPPFLAGS) $(FUZZ_CFLAGS) -o $@ \
		$(addprefix $(top_srcdir)/,$(filter %.c,$(FUZZ_SOURCES_$*))) \
		$(FUZZ_LIBS_$*)
