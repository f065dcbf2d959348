# SPDX-License-Identifier: BSD-3-Clause
LINK_TESTS = tests/link/configure.tap tests/link/frames.tap \
	tests/link/guard.tap tests/link/guide.tap tests/link/hardened.tap \
	tests/link/loader.tap tests/link/lwip.tap tests/link/rules.tap \
	tests/link/symbols.tap
dist_check_SCRIPTS += $(LINK_TESTS)
TESTS += $(LINK_TESTS)
