# SPDX-License-Identifier: BSD-3-Clause
dist_doc_DATA = CHANGES.md README.md \
	docs/architecture.md \
	docs/configuration.md \
	docs/exit-path.md \
	docs/hardware.md \
	docs/hooks.md \
	docs/network.md \
	docs/nic-pass.md \
	docs/testing.md
