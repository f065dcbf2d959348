# SPDX-License-Identifier: BSD-3-Clause
include tests/emu/payload/local.mk
