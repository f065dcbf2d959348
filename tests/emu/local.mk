# SPDX-License-Identifier: BSD-3-Clause
include tests/emu/payload/local.mk
EXTRA_DIST += tests/emu/run $(wildcard $(srcdir)/tests/emu/*.py) \
	$(wildcard $(srcdir)/tests/emu/bvemu/*.py)
