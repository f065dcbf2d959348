/* SPDX-License-Identifier: BSD-3-Clause */
/* Modes of the switch, and which side gets a frame. */
#include <bvnet/net.h>
#include <string.h>
#include <vmm/error.h>
#include "net_priv.h"
#include "wire.h"

/* ippassfilter2: of so many frames in a row for the VMM alone the guest gets
 * the last one.  Where NIC and guest share an interrupt line, Linux disables
 * it after too many interrupts that none of its drivers had work for. */
#define FILTER2_RUN 100u

static const struct {
	const char *name;
	bool guest, stack;
} modes[] = {
	[NET_MODE_NONE] = { "", false, false },
	[NET_MODE_PASS] = { "pass", true, false },
	[NET_MODE_IP] = { "ip", false, true },
	[NET_MODE_IPPASS] = { "ippass", true, true },
	[NET_MODE_IPPASSFILTER] = { "ippassfilter", true, true },
	[NET_MODE_IPPASSFILTER2] = { "ippassfilter2", true, true },
};

const char net_mode_names[] = "pass, ip, ippass, ippassfilter, ippassfilter2";

int net_mode_parse(const char *text, enum net_mode *mode)
{
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	for (size_t i = 0; i < VMM_ARRAY_SIZE(modes); i++) {
		if (strlen(modes[i].name) != len ||
		    memcmp(modes[i].name, text, len) != 0)
			continue;
		*mode = (enum net_mode)i;
		return 0;
	}
	return VMM_ERROR(EINVAL);
}

const char *net_mode_name(enum net_mode mode)
{
	return modes[mode].name;
}

bool net_mode_wants_guest(enum net_mode mode)
{
	return modes[mode].guest;
}

bool net_mode_has_stack(enum net_mode mode)
{
	return modes[mode].stack;
}

/* VLAN 0 is no VLAN: the tag has a priority only (IEEE 802.1Q, 9.6). */
unsigned net_tag_len(const uint8_t *head, uint32_t len)
{
	bool tag = len >= WIRE_ETH_LEN + NET_TAG_LEN &&
		wire_get16(head + 12) == WIRE_TYPE_VLAN &&
		!(wire_get16(head + 14) & 0xfff);

	return tag ? NET_TAG_LEN : 0;
}

bool net_is_for_stack(const uint8_t *head, uint32_t len)
{
	unsigned type;

	if (len < WIRE_ETH_LEN)
		return false;
	type = wire_get16(head + 12 + net_tag_len(head, len));
	return type == WIRE_TYPE_IPV4 || type == WIRE_TYPE_ARP;
}

/* What another station's MAC address or IP address makes the stack throw away
 * at once need not be copied for it: in a download that is all of it. */
bool net_is_wanted(const uint8_t *head, uint32_t len, const uint8_t ip[4])
{
	static const uint8_t none[4];
	unsigned tag = net_tag_len(head, len);
	const uint8_t *packet = head + WIRE_ETH_LEN + tag;

	if (head[0] & 1 || memcmp(ip, none, 4) == 0 ||
	    len < WIRE_ETH_LEN + WIRE_IP_LEN + tag ||
	    wire_get16(packet - 2) != WIRE_TYPE_IPV4)
		return true;
	return memcmp(packet + 16, ip, 4) == 0;
}

/* Of frames that the IP stack could use; len is at least an Ethernet
 * header's. */
static unsigned filter(const uint8_t *head, uint32_t len, const uint8_t ip[4])
{
	static const uint8_t none[4];
	unsigned tag = net_tag_len(head, len);
	const uint8_t *packet = head + WIRE_ETH_LEN + tag;

	if (len < WIRE_ETH_LEN + WIRE_IP_LEN + tag ||
	    wire_get16(packet - 2) == WIRE_TYPE_ARP)
		return NET_SIDE_GUEST | NET_SIDE_VMM;
	/* The receiver's address decides before the protocol does: what is for
	 * the VMM's address the guest would refuse, or forward. */
	if (memcmp(ip, none, 4) != 0 && memcmp(packet + 16, ip, 4) == 0)
		return NET_SIDE_VMM;
	return packet[9] == WIRE_PROTO_TCP ? NET_SIDE_GUEST :
		NET_SIDE_GUEST | NET_SIDE_VMM;
}

/* The guest, too, at the end of a run. */
static unsigned spare_one(unsigned to, uint32_t *run)
{
	if (to != NET_SIDE_VMM) {
		*run = 0;
	} else if (++*run >= FILTER2_RUN) {
		*run = 0;
		to |= NET_SIDE_GUEST;
	}
	return to;
}

unsigned net_classify(enum net_mode mode, const uint8_t *head, uint32_t len,
		      const uint8_t ip[4], uint32_t *run)
{
	bool usable = net_is_for_stack(head, len);

	switch (mode) {
	case NET_MODE_NONE:
		return 0;
	case NET_MODE_PASS:
		return NET_SIDE_GUEST;
	case NET_MODE_IP:
		return NET_SIDE_VMM;
	case NET_MODE_IPPASS:
		return usable ? NET_SIDE_GUEST | NET_SIDE_VMM : NET_SIDE_GUEST;
	case NET_MODE_IPPASSFILTER:
		return usable ? filter(head, len, ip) : NET_SIDE_GUEST;
	default:	/* NET_MODE_IPPASSFILTER2 */
		return spare_one(usable ? filter(head, len, ip) :
				 NET_SIDE_GUEST, run);
	}
}
