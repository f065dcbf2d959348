# SPDX-License-Identifier: BSD-3-Clause
# The VMM's network: switch, log sender, IP stack.
BVNET_PURE_SOURCES = \
	libbvnet/classify.c \
	libbvnet/heap.c \
	libbvnet/heap.h \
	libbvnet/kicks.c \
	libbvnet/kicks.h \
	libbvnet/net.c \
	libbvnet/net_priv.h \
	libbvnet/queue.c \
	libbvnet/random.c \
	libbvnet/rtc.c \
	libbvnet/headers.c \
	libbvnet/wire.c \
	libbvnet/wire.h
BVNET_SYSLOG_SOURCES = \
	libbvnet/syslog.c \
	libbvnet/syslog_text.c
libbvnet_la_SOURCES += $(BVNET_PURE_SOURCES) $(BVNET_SYSLOG_SOURCES) \
	libbvnet/netdev.c \
	libbvnet/netdev.h \
	libbvnet/netdev_ip.c \
	libbvnet/netdev_show.c \
	libbvnet/netdev_virtio.c \
	libbvnet/random_cpu.c \
	libbvnet/rtc_read.c

# lwIP, compiled from a source tree that is not ours (scripts/get-lwip, or the
# one that --with-lwip names) into objects of this build tree.  Its warnings
# are its authors' affair.
LWIP_PORT_FILES = \
	libbvnet/lwip/freestanding/stdio.h \
	libbvnet/lwip/freestanding/stdlib.h \
	libbvnet/lwip/include/arch/cc.h \
	libbvnet/lwip/include/lwiphooks.h \
	libbvnet/lwip/include/lwipopts.h
EXTRA_DIST += $(LWIP_PORT_FILES)
LWIP_INCLUDES = -I$(top_srcdir)/libbvnet/lwip/include \
	-isystem $(LWIP_DIR)/src/include
if BV_HAVE_LWIP
LWIP_FILES = $(patsubst $(LWIP_DIR)/src/%,%,$(wildcard \
	$(LWIP_DIR)/src/core/*.c $(LWIP_DIR)/src/core/ipv4/*.c \
	$(LWIP_DIR)/src/core/ipv6/*.c \
	$(LWIP_DIR)/src/netif/ethernet.c))
LWIP_OBJECTS = $(patsubst %.c,libbvnet/lwip/%.lo,$(LWIP_FILES))
BVNET_STACK_SOURCES = \
	libbvnet/stack.c \
	libbvnet/stack_ip6.c \
	libbvnet/stack_priv.h \
	libbvnet/stack_timers.c
libbvnet_la_SOURCES += $(BVNET_STACK_SOURCES)
libbvnet_la_CPPFLAGS += $(LWIP_INCLUDES)
libbvnet_la_LIBADD += $(LWIP_OBJECTS)
libbvnet_la_DEPENDENCIES = $(LWIP_OBJECTS)
CLEANFILES += $(LWIP_OBJECTS) $(LWIP_OBJECTS:.lo=.o)
$(LWIP_OBJECTS): libbvnet/lwip/%.lo: $(LWIP_DIR)/src/%.c $(LWIP_PORT_FILES)
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_CC)$(LIBTOOL) $(AM_V_lt) --tag=CC --mode=compile $(CC) \
		$(VMM_CPPFLAGS) $(LWIP_INCLUDES) \
		-isystem $(top_srcdir)/libbvnet/lwip/freestanding \
		$(VMM_BORROW) $(VMM_REQUIRED) -w -c -o $@ $<
else
libbvnet_la_SOURCES += libbvnet/nostack.c
endif
