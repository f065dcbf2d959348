# SPDX-License-Identifier: BSD-3-Clause
# Instructions of the guest; the second fuzzer compares two decoders.
FUZZERS += tests/fuzz/insn.fuzz
FUZZ_SOURCES_insn = tests/fuzz/insn_fuzz.c $(EMUL_PURE_SOURCES) \
	libvmm/core/error.c
if BV_HAVE_ZYDIS
FUZZERS += tests/fuzz/insnref.fuzz
endif
FUZZ_SOURCES_insnref = tests/fuzz/insnref_fuzz.c \
	tests/unit/insn_reference.c tests/unit/insn_reference.h \
	$(EMUL_PURE_SOURCES) libvmm/core/error.c
FUZZ_LIBS_insnref = $(ZYDIS_LIBS)
EXTRA_DIST += $(FUZZ_SOURCES_insnref)
