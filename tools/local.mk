# SPDX-License-Identifier: BSD-3-Clause

# bvconf: checks and lists settings, from the VMM's own sources.
bin_PROGRAMS += bvconf
bvconf_SOURCES = tools/bvconf.c $(CONFIG_SOURCES) \
	libvmm/core/config_default.c libvmm/core/error.c libvmm/core/printf.c
bvconf_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/libvmm -I$(top_srcdir)
$(filter %-config_default.$(OBJEXT),$(bvconf_OBJECTS)): \
		$(DEFCONFIG) | check-defconfig
