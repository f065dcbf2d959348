/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server's end of a telnet connection (RFC 854): options (RFC 855, 1143),
 * the ends of lines, sub-negotiation.  Pure: bytes in, bytes out.
 *
 * The server echoes (RFC 857), both suppress go-ahead (RFC 858), the client
 * may tell the size of its window (RFC 1073).  All other options are refused.
 */
#ifndef BVNET_TELNET_H
#define BVNET_TELNET_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

#define TELNET_OPTIONS	3u	/* that are not refused */
#define TELNET_REPLIES	64u	/* bytes of answers that may wait */

/* The members are the implementation's but for width and height. */
struct telnet {
	uint8_t state;
	uint8_t command;	/* WILL, WONT, DO or DONT that waits for its
				 * option */
	bool after_cr;
	uint8_t us[TELNET_OPTIONS], him[TELNET_OPTIONS];
	uint8_t sub_option;	/* of the sub-negotiation */
	uint8_t sub[4];		/* its first bytes */
	unsigned sub_count;
	unsigned reply_count;
	uint8_t reply[TELNET_REPLIES];
	unsigned width, height;	/* of the client's window; 0: not known */
};

/* A new connection: the first requests are in the replies. */
void telnet_start(struct telnet *t);

/*
 * Take bytes that came.  data gets what was typed, room for n bytes, and
 * *count its length: the end of a line is a '\r', "interrupt" is ^C, "erase
 * character" is DEL, "erase line" is ^U.  Returns how many bytes were taken;
 * fewer than n if replies must be sent before.
 */
size_t telnet_decode(struct telnet *t, const uint8_t *bytes, size_t n,
		     uint8_t *data, size_t *count);

/* Take up to n bytes of replies, to be sent as they are. */
size_t telnet_replies(struct telnet *t, uint8_t *bytes, size_t n);

/* Encode text for the client, '\n' being the end of a line: out has room for
 * 2 * n bytes.  Returns their number. */
size_t telnet_encode(const char *text, size_t n, uint8_t *out);

VMM_END_DECLS

#endif
