# SPDX-License-Identifier: BSD-3-Clause
dist_check_SCRIPTS += tests/headers/headers.tap
TESTS += tests/headers/headers.tap
