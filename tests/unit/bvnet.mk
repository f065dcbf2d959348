# SPDX-License-Identifier: BSD-3-Clause
# Unit tests of libbvnet, on a NIC that is made of memory.
BVNET_FAKES = tests/unit/net_fake.c tests/unit/net_fake.h \
	libvmm/core/error.c libvmm/core/printf.c libvmm/mm/pagepool.c
BVNET_CPPFLAGS = $(UNIT_CPPFLAGS) -I$(top_srcdir)/libbvnet

check_PROGRAMS += net_test
TESTS += net_test
net_test_SOURCES = tests/unit/net_test.c $(BVNET_FAKES) $(BVNET_PURE_SOURCES)
net_test_CPPFLAGS = $(BVNET_CPPFLAGS)
net_test_CFLAGS = $(UNIT_CFLAGS)
net_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += net_ip6_test
TESTS += net_ip6_test
net_ip6_test_SOURCES = tests/unit/net_ip6_test.c $(BVNET_FAKES) \
	$(BVNET_PURE_SOURCES)
net_ip6_test_CPPFLAGS = $(BVNET_CPPFLAGS)
net_ip6_test_CFLAGS = $(UNIT_CFLAGS)
net_ip6_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += net_poll_test
TESTS += net_poll_test
net_poll_test_SOURCES = tests/unit/net_poll_test.c $(BVNET_FAKES) \
	$(BVNET_PURE_SOURCES)
net_poll_test_CPPFLAGS = $(BVNET_CPPFLAGS)
net_poll_test_CFLAGS = $(UNIT_CFLAGS)
net_poll_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += netparts_test
TESTS += netparts_test
netparts_test_SOURCES = tests/unit/netparts_test.c $(BVNET_FAKES) \
	$(BVNET_PURE_SOURCES)
netparts_test_CPPFLAGS = $(BVNET_CPPFLAGS)
netparts_test_CFLAGS = $(UNIT_CFLAGS)
netparts_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += netshow_test
TESTS += netshow_test
netshow_test_SOURCES = tests/unit/netshow_test.c $(BVNET_FAKES) \
	$(BVNET_PURE_SOURCES) libbvnet/netdev_show.c
netshow_test_CPPFLAGS = $(BVNET_CPPFLAGS)
netshow_test_CFLAGS = $(UNIT_CFLAGS)
netshow_test_LDADD = $(UNIT_LIBS)

check_PROGRAMS += netlog_test
TESTS += netlog_test
netlog_test_SOURCES = tests/unit/netlog_test.c $(BVNET_FAKES) \
	$(BVNET_PURE_SOURCES) $(BVNET_SYSLOG_SOURCES)
netlog_test_CPPFLAGS = $(BVNET_CPPFLAGS)
netlog_test_CFLAGS = $(UNIT_CFLAGS)
netlog_test_LDADD = $(UNIT_LIBS)

# lwIP itself is built once more, under the sanitizers.
if BV_HAVE_LWIP
LWIP_HOST_OBJECTS = $(patsubst %.c,tests/unit/lwip/%.o,$(LWIP_FILES))
CLEANFILES += $(LWIP_HOST_OBJECTS)
$(LWIP_HOST_OBJECTS): tests/unit/lwip/%.o: $(LWIP_DIR)/src/%.c \
		$(LWIP_PORT_FILES)
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(LWIP_INCLUDES) -std=gnu11 $(SANITIZE) -w -c -o $@ $<

NETSTACK_BENCH = tests/unit/netstack_bench.c tests/unit/netstack_bench.h \
	$(BVNET_STACK_SOURCES) $(BVNET_FAKES) $(BVNET_PURE_SOURCES) \
	libbvnet/iptext.c libbvnet/sha256.c
check_PROGRAMS += netstack_test
TESTS += netstack_test
netstack_test_SOURCES = tests/unit/netstack_test.c $(NETSTACK_BENCH)
netstack_test_CPPFLAGS = $(BVNET_CPPFLAGS) $(LWIP_INCLUDES)
netstack_test_CFLAGS = $(UNIT_CFLAGS)
netstack_test_LDADD = $(LWIP_HOST_OBJECTS) $(UNIT_LIBS)
netstack_test_DEPENDENCIES = $(LWIP_HOST_OBJECTS)

check_PROGRAMS += netstack6_test
TESTS += netstack6_test
netstack6_test_SOURCES = tests/unit/netstack6_test.c $(NETSTACK_BENCH)
netstack6_test_CPPFLAGS = $(BVNET_CPPFLAGS) $(LWIP_INCLUDES)
netstack6_test_CFLAGS = $(UNIT_CFLAGS)
netstack6_test_LDADD = $(LWIP_HOST_OBJECTS) $(UNIT_LIBS)
netstack6_test_DEPENDENCIES = $(LWIP_HOST_OBJECTS)
endif

check_PROGRAMS += kicks_test
TESTS += kicks_test
kicks_test_SOURCES = tests/unit/kicks_test.c libbvnet/kicks.c
kicks_test_CPPFLAGS = $(BVNET_CPPFLAGS)
kicks_test_CFLAGS = $(UNIT_CFLAGS)
kicks_test_LDADD = $(UNIT_LIBS)
