# SPDX-License-Identifier: BSD-3-Clause
# PCI: scan, rules, what the guest sees of functions that drivers own.
PCI_RULES_SOURCES = \
	libvmm/pci/rules.c \
	libvmm/pci/rules.h \
	libvmm/pci/rules_match.c
PCI_SOURCES = \
	libvmm/pci/access.c \
	libvmm/pci/bars.c \
	libvmm/pci/bridge.c \
	libvmm/pci/caps.c \
	libvmm/pci/conceal.c \
	libvmm/pci/firmware.c \
	libvmm/pci/hw.c \
	libvmm/pci/monitor.c \
	libvmm/pci/monitor.h \
	libvmm/pci/monitor_spec.c \
	libvmm/pci/owned.c \
	libvmm/pci/pci.c \
	libvmm/pci/pci_priv.h \
	libvmm/pci/scan.c
libvmm_la_SOURCES += $(PCI_RULES_SOURCES) $(PCI_SOURCES)
