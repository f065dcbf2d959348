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

/* --- IPv6 --- */

#define IP6_SHORT	(WIRE_ETH_LEN + WIRE_IP6_LEN)	/* shorter ones */
#define IP6_TO		24u	/* where the receiver's address is */

static bool is_own6(const struct net_address *own, const uint8_t *ip6)
{
	for (unsigned i = 0; i < own->ip6_count; i++)
		if (memcmp(own->ip6[i], ip6, 16) == 0)
			return true;
	return false;
}

/* All nodes of the link, or those with an address that ends as one of ours
 * (RFC 4291, 2.7.1). */
static bool is_own_group(const struct net_address *own, const uint8_t *ip6)
{
	static const uint8_t nodes[] = {
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	};
	static const uint8_t solicited[] = {
		0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff,
	};

	if (memcmp(ip6, nodes, sizeof(nodes)) == 0)
		return true;
	if (memcmp(ip6, solicited, sizeof(solicited)))
		return false;
	for (unsigned i = 0; i < own->ip6_count; i++)
		if (memcmp(own->ip6[i] + 13, ip6 + 13, 3) == 0)
			return true;
	return false;
}

static bool is_wanted6(const uint8_t *packet, const struct net_address *own)
{
	const uint8_t *to = packet + IP6_TO;

	return is_own6(own, to) || is_own_group(own, to);
}

static unsigned filter6(const uint8_t *packet, const struct net_address *own)
{
	const uint8_t *to = packet + IP6_TO;

	if (is_own6(own, to))
		return NET_SIDE_VMM;
	return *to == 0xff ? NET_SIDE_GUEST | NET_SIDE_VMM : NET_SIDE_GUEST;
}

/* RFC 2464, 7. */
unsigned net_groups(const struct net_address *own, uint8_t mac[NET_GROUPS][6])
{
	static const uint8_t nodes[] = { 0x33, 0x33, 0, 0, 0, 1 };

	if (!own->ip6_count)
		return 0;
	memcpy(mac[0], nodes, sizeof(nodes));
	for (unsigned i = 0; i < own->ip6_count; i++) {
		memcpy(mac[i + 1], nodes, 2);
		mac[i + 1][2] = 0xff;
		memcpy(mac[i + 1] + 3, own->ip6[i] + 13, 3);
	}
	return own->ip6_count + 1;
}

/* --- all --- */

bool net_is_for_stack(const uint8_t *head, uint32_t len,
		      const struct net_address *own)
{
	unsigned type;

	if (len < WIRE_ETH_LEN)
		return false;
	type = wire_get16(head + 12 + net_tag_len(head, len));
	return type == WIRE_TYPE_IPV4 || type == WIRE_TYPE_ARP ||
		(type == WIRE_TYPE_IPV6 && own->ip6_count);
}

/* What another station's MAC address or IP address makes the stack throw away
 * at once need not be copied for it: in a download that is all of it. */
bool net_is_wanted(const uint8_t *head, uint32_t len,
		   const struct net_address *own)
{
	static const uint8_t none[4];
	unsigned tag = net_tag_len(head, len);
	const uint8_t *packet = head + WIRE_ETH_LEN + tag;
	unsigned type = wire_get16(packet - 2);

	if (type == WIRE_TYPE_IPV6)
		return len >= IP6_SHORT + tag && is_wanted6(packet, own);
	if (head[0] & 1 || memcmp(own->ip, none, 4) == 0 ||
	    len < WIRE_ETH_LEN + WIRE_IP_LEN + tag ||
	    type != WIRE_TYPE_IPV4)
		return true;
	return memcmp(packet + 16, own->ip, 4) == 0;
}

/* Of frames that the IP stack could use; len is at least an Ethernet
 * header's. */
static unsigned filter(const uint8_t *head, uint32_t len,
		       const struct net_address *own)
{
	static const uint8_t none[4];
	unsigned tag = net_tag_len(head, len);
	const uint8_t *packet = head + WIRE_ETH_LEN + tag;
	unsigned type = wire_get16(packet - 2);

	if (type == WIRE_TYPE_IPV6)
		return len < IP6_SHORT + tag ? NET_SIDE_GUEST :
			filter6(packet, own);
	if (len < WIRE_ETH_LEN + WIRE_IP_LEN + tag ||
	    type == WIRE_TYPE_ARP)
		return NET_SIDE_GUEST | NET_SIDE_VMM;
	/* The receiver's address decides before the protocol does: what is for
	 * the VMM's address the guest would refuse, or forward. */
	if (memcmp(own->ip, none, 4) != 0 &&
	    memcmp(packet + 16, own->ip, 4) == 0)
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
		      const struct net_address *own, uint32_t *run)
{
	bool usable = net_is_for_stack(head, len, own);

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
		return usable ? filter(head, len, own) : NET_SIDE_GUEST;
	default:	/* NET_MODE_IPPASSFILTER2 */
		return spare_one(usable ? filter(head, len, own) :
				 NET_SIDE_GUEST, run);
	}
}
