# SPDX-License-Identifier: BSD-3-Clause
# Configuration.  The user's defconfig is compiled in: the one at the root of
# the build tree, else that of the source tree, else a new copy of the template
# in the build tree.  (Not by VPATH: make takes a file that a dependency file
# mentions for one that exists.)
DEFCONFIG = $(firstword $(wildcard $(abs_builddir)/defconfig \
	$(abs_srcdir)/defconfig) $(abs_builddir)/defconfig)
CONFIG_SOURCES = \
	libvmm/core/config.c \
	libvmm/core/config_check.c \
	libvmm/core/config_names.c \
	libvmm/core/config_names.h
libvmm_la_SOURCES += $(CONFIG_SOURCES) libvmm/core/config_default.c \
	libvmm/core/config_print.c
EXTRA_DIST += defconfig.tmpl

$(filter %-config_default.lo,$(libvmm_la_OBJECTS)): \
		$(DEFCONFIG) | check-defconfig

$(abs_builddir)/defconfig:
	$(AM_V_GEN)cp $(srcdir)/defconfig.tmpl $@

# Two different files would leave it to chance which one the user edits.
.PHONY: check-defconfig
check-defconfig:
	@if test -f defconfig && test -f $(srcdir)/defconfig && \
	    ! cmp -s defconfig $(srcdir)/defconfig; then \
		echo "error: $(abs_builddir)/defconfig and" \
		    "$(abs_srcdir)/defconfig differ;" \
		    "remove the one that is not meant" >&2; exit 1; \
	fi

# A defconfig that somebody has edited is not ours to remove.  The folder lwip
# is what configure fetched.
distclean-local:
	rm -rf lwip
	if cmp -s $(srcdir)/defconfig.tmpl defconfig; then \
		rm -f defconfig; fi
