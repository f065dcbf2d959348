# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of the configuration.  printf.c, and error.c that it reports to,
# are the VMM's own.
CONFIG_TEST_SOURCES = $(CONFIG_SOURCES) libvmm/core/error.c \
	libvmm/core/printf.c
EXTRA_DIST += tests/unit/defconfig-guide tests/unit/bvconf_test

check_PROGRAMS += config_test
TESTS += config_test
config_test_SOURCES = tests/unit/config_test.c tests/unit/config_guide.c \
	$(CONFIG_TEST_SOURCES)
config_test_CPPFLAGS = $(UNIT_CPPFLAGS)
config_test_CFLAGS = $(UNIT_CFLAGS)
config_test_LDADD = $(UNIT_LIBS)

# bvconf with the template, because the user's defconfig may say anything.
check_PROGRAMS += bvconf_tmpl
TESTS += tests/unit/bvconf_test
bvconf_tmpl_SOURCES = $(BVCONF_SOURCES) tests/unit/config_tmpl.c
bvconf_tmpl_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)
bvconf_tmpl_CFLAGS = $(UNIT_CFLAGS)
