# SPDX-License-Identifier: BSD-3-Clause
EXTRA_DIST += scripts/check-freestanding scripts/guest-init scripts/guest-net \
	scripts/link-image scripts/make-guest-image scripts/packages
