# SPDX-License-Identifier: BSD-3-Clause
# Frames through the switch, and into the IP stack.
FUZZ_NET_FILES = tests/unit/net_fake.c $(filter %.c,$(BVNET_PURE_SOURCES)) \
	libvmm/core/error.c libvmm/core/printf.c libvmm/mm/pagepool.c
FUZZ_NET_FLAGS = -I$(top_srcdir)/libbvnet -I$(top_srcdir)/tests/unit
FUZZERS += tests/fuzz/switch.fuzz
FUZZ_SOURCES_switch = tests/fuzz/switch_fuzz.c $(FUZZ_NET_FILES)
FUZZ_LIBS_switch = $(FUZZ_NET_FLAGS)
FUZZERS += tests/fuzz/syslog.fuzz
FUZZ_SOURCES_syslog = tests/fuzz/syslog_fuzz.c $(BVNET_SYSLOG_SOURCES) \
	$(FUZZ_NET_FILES)
FUZZ_LIBS_syslog = $(FUZZ_NET_FLAGS)
if BV_HAVE_LWIP
FUZZERS += tests/fuzz/netstack.fuzz
endif
FUZZ_SOURCES_netstack = tests/fuzz/netstack_fuzz.c $(BVNET_STACK_SOURCES) \
	libbvnet/iptext.c libbvnet/sha256.c $(FUZZ_NET_FILES)
# lwIP is not of this tree: its files are compiled along like libraries.
FUZZ_LIBS_netstack = $(FUZZ_NET_FLAGS) $(LWIP_INCLUDES) -w \
	$(addprefix $(LWIP_DIR)/src/,$(LWIP_FILES))
EXTRA_DIST += tests/fuzz/netstack_fuzz.c
