/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may open the debug shell over the network.  Pure. */
#ifndef BVNET_ACCESS_H
#define BVNET_ACCESS_H

#include <bvnet/iptext.h>
#include <bvnet/password.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

#define ACCESS_PREFIXES	32u

struct access_prefix {
	uint8_t ip[NET_IP_LEN];
	uint8_t bits;			/* of the 128; for IPv4 from 96 on */
};

struct access {
	unsigned count;
	struct access_prefix prefix[ACCESS_PREFIXES];	/* none: any address */
	bool has_password;
	struct password_hash password;
};

/*
 * From the settings vmm.dbgsh_allow (addresses and prefixes like 10.0.2.0/24 or
 * fd00:1::/64, separated by commas or blanks) and vmm.dbgsh_password.  0, or
 * -EINVAL with one line in error, "config: NAME: what was wrong; what would be right".
 */
int access_parse(struct access *a, const char *allow, const char *password,
		 char *error, size_t error_size) VMM_MUST_CHECK;

/* Is anybody allowed at all? */
bool access_is_open(const struct access *a);
/* May who has this address try? */
bool access_allows(const struct access *a, const uint8_t ip[NET_IP_LEN]);

VMM_END_DECLS

#endif
