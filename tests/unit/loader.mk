# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of the loader's parts that call no firmware.
check_PROGRAMS += elf_test loader_test
TESTS += elf_test loader_test
elf_test_SOURCES = tests/unit/elf_test.c loader/elf.c
elf_test_CPPFLAGS = $(UNIT_CPPFLAGS)
elf_test_CFLAGS = $(UNIT_CFLAGS)
elf_test_LDADD = $(UNIT_LIBS)
loader_test_SOURCES = tests/unit/loader_test.c \
	loader/layout.c loader/path.c loader/text.c
loader_test_CPPFLAGS = $(UNIT_CPPFLAGS)
loader_test_CFLAGS = $(UNIT_CFLAGS)
loader_test_LDADD = $(UNIT_LIBS)
