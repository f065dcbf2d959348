# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libvmm/pci.
check_PROGRAMS += pci_rules_test
TESTS += pci_rules_test
pci_rules_test_SOURCES = tests/unit/pci_rules_test.c $(PCI_RULES_SOURCES) \
	libvmm/core/error.c libvmm/core/printf.c
pci_rules_test_CPPFLAGS = $(UNIT_CPPFLAGS)
pci_rules_test_CFLAGS = $(UNIT_CFLAGS)
pci_rules_test_LDADD = $(UNIT_LIBS)

# A machine of functions in place of hw.c, with the hooks that are set.
PCI_MACHINE = tests/unit/pci_machine.c tests/unit/pci_machine.h \
	tests/unit/fake_pages.c \
	libvmm/pci/access.c libvmm/pci/bars.c libvmm/pci/bridge.c \
	libvmm/pci/caps.c libvmm/pci/conceal.c libvmm/pci/firmware.c \
	libvmm/pci/owned.c libvmm/pci/scan.c libvmm/mm/ram.c \
	libvmm/core/error.c
check_PROGRAMS += pci_test
TESTS += pci_test
pci_test_SOURCES = tests/unit/pci_test.c $(PCI_MACHINE)
pci_test_CPPFLAGS = $(UNIT_CPPFLAGS)
pci_test_CFLAGS = $(UNIT_CFLAGS)
pci_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += pci_place_test
TESTS += pci_place_test
pci_place_test_SOURCES = tests/unit/pci_place_test.c $(PCI_MACHINE)
pci_place_test_CPPFLAGS = $(UNIT_CPPFLAGS)
pci_place_test_CFLAGS = $(UNIT_CFLAGS)
pci_place_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += pci_hw_test
TESTS += pci_hw_test
pci_hw_test_SOURCES = tests/unit/pci_hw_test.c tests/unit/fake_pages.c \
	tests/unit/fakeports/vmm/x86.h \
	libvmm/pci/hw.c libvmm/pci/scan.c libvmm/core/error.c
pci_hw_test_CPPFLAGS = -I$(top_srcdir)/tests/unit/fakeports $(UNIT_CPPFLAGS)
pci_hw_test_CFLAGS = $(UNIT_CFLAGS)
pci_hw_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += pci_monitor_test
TESTS += pci_monitor_test
pci_monitor_test_SOURCES = tests/unit/pci_monitor_test.c \
	libvmm/pci/monitor_spec.c
pci_monitor_test_CPPFLAGS = $(UNIT_CPPFLAGS)
pci_monitor_test_CFLAGS = $(UNIT_CFLAGS)
pci_monitor_test_LDADD = $(UNIT_LIBS)
