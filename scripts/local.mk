# SPDX-License-Identifier: BSD-3-Clause
# What links an image goes along with the libraries.
dist_pkgdata_SCRIPTS = scripts/link-image scripts/check-freestanding
EXTRA_DIST += scripts/config.txt scripts/get-lwip scripts/guest-init scripts/guest-net \
	scripts/make-guest-image scripts/packages
