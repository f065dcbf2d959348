# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libvmm/emul.
EMUL_TEST_SOURCES = $(EMUL_PURE_SOURCES) libvmm/core/error.c

check_PROGRAMS += insn_test
TESTS += insn_test
insn_test_SOURCES = tests/unit/insn_test.c $(EMUL_TEST_SOURCES)
insn_test_CPPFLAGS = $(UNIT_CPPFLAGS)
insn_test_CFLAGS = $(UNIT_CFLAGS)
insn_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += insn_native_test
TESTS += insn_native_test
insn_native_test_SOURCES = tests/unit/insn_native_test.c \
	tests/unit/insn_native.S tests/unit/insn_forms.h $(EMUL_TEST_SOURCES)
insn_native_test_CPPFLAGS = $(UNIT_CPPFLAGS)
insn_native_test_CFLAGS = $(UNIT_CFLAGS)
insn_native_test_LDADD = $(UNIT_LIBS)

# A guest made up around emul.c.
check_PROGRAMS += emul_test
TESTS += emul_test
emul_test_SOURCES = tests/unit/emul_test.c libvmm/emul/emul.c \
	libvmm/cpu/insn.c \
	$(EMUL_TEST_SOURCES)
emul_test_CPPFLAGS = $(UNIT_CPPFLAGS)
emul_test_CFLAGS = $(UNIT_CFLAGS)
emul_test_LDADD = $(UNIT_LIBS)

# The decoder against objdump ...
check_PROGRAMS += insn_corpus
insn_corpus_SOURCES = tests/unit/insn_corpus.c $(EMUL_TEST_SOURCES)
insn_corpus_CPPFLAGS = $(UNIT_CPPFLAGS)
insn_corpus_CFLAGS = $(UNIT_CFLAGS)
dist_check_SCRIPTS += tests/unit/insn_corpus.tap
TESTS += tests/unit/insn_corpus.tap

# ... and against a library, where there is one.
EXTRA_PROGRAMS += insn_sweep_test
insn_sweep_test_SOURCES = tests/unit/insn_sweep_test.c \
	tests/unit/insn_reference.c tests/unit/insn_reference.h \
	$(EMUL_TEST_SOURCES)
insn_sweep_test_CPPFLAGS = $(UNIT_CPPFLAGS)
insn_sweep_test_CFLAGS = $(UNIT_CFLAGS)
insn_sweep_test_LDADD = $(ZYDIS_LIBS)
if BV_HAVE_ZYDIS
check_PROGRAMS += insn_sweep_test
TESTS += insn_sweep_test
endif
