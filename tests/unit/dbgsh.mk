# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of the debug shell.
check_PROGRAMS += dbgsh_test
TESTS += dbgsh_test
dbgsh_test_SOURCES = tests/unit/dbgsh_test.c tests/unit/dbgsh_terminal.h \
	tests/unit/dbgsh_world.c tests/unit/dbgsh_world.h \
	tests/unit/fake_vcpu.c tests/unit/fake_vcpu.h \
	$(DBGSH_CORE_SOURCES) libbvnet/dbgsh_debug.c libbvnet/dbgsh_guest.c \
	libbvnet/dbgsh_log.c libbvnet/dbgsh_machine.c \
	libbvnet/dbgsh_message.c libbvnet/dbgsh_serial.c \
	tests/unit/fakeports/vmm/x86.h libvmm/core/error.c \
	libvmm/core/hypercall.c libvmm/core/log.c libvmm/core/printf.c \
	libvmm/core/config_names.c libvmm/core/config_print.c \
	libvmm/mm/walk.c
dbgsh_test_CPPFLAGS = -I$(top_srcdir)/tests/unit/fakeports $(UNIT_CPPFLAGS)
dbgsh_test_CFLAGS = $(UNIT_CFLAGS)
dbgsh_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += access_test
TESTS += access_test
access_test_SOURCES = tests/unit/access_test.c libbvnet/access.c libbvnet/iptext.c \
	$(PASSWORD_SOURCES) libvmm/core/error.c libvmm/core/printf.c
access_test_CPPFLAGS = $(UNIT_CPPFLAGS)
access_test_CFLAGS = $(UNIT_CFLAGS)
access_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += telnet_test
TESTS += telnet_test
telnet_test_SOURCES = tests/unit/telnet_test.c tests/unit/dbgsh_world.c \
	tests/unit/dbgsh_world.h tests/unit/fake_vcpu.c \
	tests/unit/fake_vcpu.h $(TELNET_SOURCES) $(DBGSH_CORE_SOURCES) \
	libbvnet/dbgsh_debug.c libbvnet/dbgsh_machine.c \
	libvmm/core/config_names.c libvmm/core/config_print.c \
	libvmm/core/error.c libvmm/core/log.c libvmm/core/printf.c \
	libvmm/mm/walk.c
telnet_test_CPPFLAGS = $(UNIT_CPPFLAGS)
telnet_test_CFLAGS = $(UNIT_CFLAGS)
telnet_test_LDADD = $(UNIT_LIBS)

dist_check_SCRIPTS += tests/unit/bvpasswd.tap
TESTS += tests/unit/bvpasswd.tap

check_PROGRAMS += dbgsh_pci_test
TESTS += dbgsh_pci_test
dbgsh_pci_test_SOURCES = tests/unit/dbgsh_pci_test.c \
	tests/unit/dbgsh_world.c tests/unit/dbgsh_world.h \
	tests/unit/fake_vcpu.c tests/unit/fake_vcpu.h \
	$(DBGSH_CORE_SOURCES) libbvnet/dbgsh_pci.c libvmm/core/error.c \
	libvmm/core/printf.c
dbgsh_pci_test_CPPFLAGS = $(UNIT_CPPFLAGS)
dbgsh_pci_test_CFLAGS = $(UNIT_CFLAGS)
dbgsh_pci_test_LDADD = $(UNIT_LIBS)

# lwIP's functions are played by the test, but its headers are the real ones.
if BV_HAVE_LWIP
check_PROGRAMS += services_test
TESTS += services_test
services_test_SOURCES = tests/unit/services_test.c $(SERVICES_SOURCES) \
	tests/unit/dbgsh_world.c tests/unit/dbgsh_world.h \
	tests/unit/fake_vcpu.c tests/unit/fake_vcpu.h $(TELNET_SOURCES) \
	$(DBGSH_CORE_SOURCES) libbvnet/dbgsh_machine.c libbvnet/dbgsh_net.c \
	libvmm/core/config_names.c libvmm/core/config_print.c \
	libvmm/core/error.c libvmm/core/log.c libvmm/core/printf.c \
	libvmm/core/ratelimit.c
services_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(LWIP_INCLUDES)
services_test_CFLAGS = $(UNIT_CFLAGS)
services_test_LDADD = $(UNIT_LIBS)
endif
