# SPDX-License-Identifier: BSD-3-Clause
dist_doc_DATA = \
	docs/architecture.md \
	docs/configuration.md \
	docs/exit-path.md \
	docs/hooks.md \
	docs/testing.md
