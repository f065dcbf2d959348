# SPDX-License-Identifier: BSD-3-Clause

# bvconf: checks and lists settings, from the VMM's own sources.
bin_PROGRAMS += bvconf
BVCONF_SOURCES = tools/bvconf.c $(CONFIG_SOURCES) $(PCI_RULES_SOURCES) \
	$(PASSWORD_SOURCES) libbvnet/access.c libbvnet/iptext.c libbvnet/classify.c \
	libnicdrv/device.c libvmm/core/error.c libvmm/core/printf.c \
	libvmm/pci/monitor_spec.c
bvconf_SOURCES = $(BVCONF_SOURCES) libvmm/core/config_default.c
dist_man_MANS += tools/bvconf.1
bvconf_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/libvmm -I$(top_srcdir)
$(filter %-config_default.$(OBJEXT),$(bvconf_OBJECTS)): \
		$(DEFCONFIG) | check-defconfig

# bvlog: reads the VMM's log in the guest; a program of the guest's system.
bin_PROGRAMS += bvlog
bvlog_SOURCES = tools/bvlog/bvlog.c tools/bvlog/call.c tools/bvlog/call.h \
	tools/bvlog/instruction.S tools/bvlog/reader.c tools/bvlog/reader.h
bvlog_CPPFLAGS = $(AM_CPPFLAGS)
bvlog_CCASFLAGS =
dist_man_MANS += tools/bvlog.1

# dbgsh: a terminal for the VMM's debug shell, in the guest.
bin_PROGRAMS += dbgsh
dbgsh_SOURCES = tools/dbgsh/dbgsh.c tools/bvlog/call.c tools/bvlog/call.h \
	tools/bvlog/instruction.S
dbgsh_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tools/bvlog
dbgsh_CCASFLAGS =
dist_man_MANS += tools/dbgsh.1

# bvpasswd: hashes a password for vmm.dbgsh_password, on the build host.
bin_PROGRAMS += bvpasswd
bvpasswd_SOURCES = tools/bvpasswd.c $(PASSWORD_SOURCES) libvmm/core/error.c
bvpasswd_CPPFLAGS = $(AM_CPPFLAGS)
dist_man_MANS += tools/bvpasswd.1

# A bootable USB stick.  A bitvisor.conf in the build folder goes along;
# EFI_SHELL=FILE names the UEFI shell if no package of one is installed.
dist_noinst_SCRIPTS += tools/mkimage
CLEANFILES += bitvisor.img
.PHONY: image
image: bitvisor.img
bitvisor.img: loadvmm.efi bitvisor.elf tools/mkimage $(wildcard bitvisor.conf)
	$(AM_V_GEN)$(top_srcdir)/tools/mkimage \
		$(if $(EFI_SHELL),--shell '$(EFI_SHELL)') \
		$(if $(wildcard bitvisor.conf),--conf bitvisor.conf) \
		$@ loadvmm.efi bitvisor.elf
