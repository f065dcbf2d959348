# SPDX-License-Identifier: BSD-3-Clause
pkglib_LTLIBRARIES += libbvnet.la
libbvnet_la_SOURCES =
include libbvnet/dbgsh.mk
libbvnet_la_CPPFLAGS = $(VMM_CPPFLAGS)
libbvnet_la_LIBADD =
libbvnet_la_CFLAGS = $(BV_WARNINGS)
include libbvnet/net.mk
$(libbvnet_la_OBJECTS): override CFLAGS = $(VMM_BORROW) $(VMM_REQUIRED)
$(libbvnet_la_OBJECTS): override CPPFLAGS =
