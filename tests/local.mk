# SPDX-License-Identifier: BSD-3-Clause
include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/guest/local.mk
include tests/emu/local.mk
include tests/bench/local.mk
include tests/link/local.mk
include tests/headers/local.mk
include tests/outoftree/local.mk
EXTRA_DIST += tests/tap.sh
