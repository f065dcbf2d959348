# SPDX-License-Identifier: BSD-3-Clause
dist_check_SCRIPTS += tests/outoftree/outoftree.tap
TESTS += tests/outoftree/outoftree.tap
EXTRA_DIST += tests/outoftree/Makefile tests/outoftree/call-hello.c \
	tests/outoftree/hello.c tests/outoftree/hello.h tests/outoftree/main.c
CLEANFILES += tests/outoftree/prototype.elf tests/outoftree/call-hello
