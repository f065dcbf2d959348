# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libvmm/acpi.
ACPI_TEST_SOURCES = tests/unit/acpi_world.c tests/unit/acpi_world.h \
	tests/unit/acpi_build.c tests/unit/acpi_build.h \
	$(ACPI_SOURCES) libvmm/core/printf.c

check_PROGRAMS += acpi_test
TESTS += acpi_test
acpi_test_SOURCES = tests/unit/acpi_test.c $(ACPI_TEST_SOURCES)
acpi_test_CPPFLAGS = $(UNIT_CPPFLAGS)
acpi_test_CFLAGS = $(UNIT_CFLAGS)
acpi_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += acpi_madt_test
TESTS += acpi_madt_test
acpi_madt_test_SOURCES = tests/unit/acpi_madt_test.c $(ACPI_TEST_SOURCES)
acpi_madt_test_CPPFLAGS = $(UNIT_CPPFLAGS)
acpi_madt_test_CFLAGS = $(UNIT_CFLAGS)
acpi_madt_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += acpi_sleep_test
TESTS += acpi_sleep_test
acpi_sleep_test_SOURCES = tests/unit/acpi_sleep_test.c $(ACPI_TEST_SOURCES)
acpi_sleep_test_CPPFLAGS = $(UNIT_CPPFLAGS)
acpi_sleep_test_CFLAGS = $(UNIT_CFLAGS)
acpi_sleep_test_LDADD = $(UNIT_LIBS)

# The same code on real tables.
check_PROGRAMS += acpi_tool
acpi_tool_SOURCES = tests/unit/acpi_tool.c tests/unit/acpi_world.c \
	$(ACPI_SOURCES) libvmm/core/printf.c
acpi_tool_CPPFLAGS = $(UNIT_CPPFLAGS)
acpi_tool_CFLAGS = $(UNIT_CFLAGS)
dist_check_SCRIPTS += tests/unit/acpi_real.tap
TESTS += tests/unit/acpi_real.tap
