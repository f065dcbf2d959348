# SPDX-License-Identifier: BSD-3-Clause
# The debug shell.
DBGSH_CORE_SOURCES = \
	libbvnet/dbgsh.c \
	libbvnet/dbgsh_basic.c \
	libbvnet/dbgsh_complete.c \
	libbvnet/dbgsh_edit.c \
	libbvnet/dbgsh_keys.c \
	libbvnet/dbgsh_priv.h
PASSWORD_SOURCES = \
	libbvnet/password.c \
	libbvnet/sha256.c
TELNET_SOURCES = $(PASSWORD_SOURCES) \
	libbvnet/access.c \
	libbvnet/guesses.c \
	libbvnet/iptext.c \
	libbvnet/telnet.c \
	libbvnet/telnet_session.c
SERVICES_SOURCES = \
	libbvnet/echo_lwip.c \
	libbvnet/services.c \
	libbvnet/services_priv.h \
	libbvnet/telnet_lwip.c
if BV_HAVE_LWIP
libbvnet_la_SOURCES += $(SERVICES_SOURCES)
else
libbvnet_la_SOURCES += libbvnet/noservices.c
endif
libbvnet_la_SOURCES += $(DBGSH_CORE_SOURCES) $(TELNET_SOURCES) \
	libbvnet/dbgsh_debug.c \
	libbvnet/dbgsh_guest.c \
	libbvnet/dbgsh_log.c \
	libbvnet/dbgsh_machine.c \
	libbvnet/dbgsh_message.c \
	libbvnet/dbgsh_net.c \
	libbvnet/dbgsh_pci.c \
	libbvnet/dbgsh_serial.c
