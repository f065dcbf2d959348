/* SPDX-License-Identifier: BSD-3-Clause */
/* Telnet; see <bvnet/telnet.h>. */
#include <string.h>
#include <bvnet/telnet.h>

/* RFC 854, "TELNET COMMAND STRUCTURE" */
enum {
	SE = 240, NOP = 241, DM = 242, BRK = 243, IP = 244, AO = 245,
	AYT = 246, EC = 247, EL = 248, GA = 249, SB = 250, WILL = 251,
	WONT = 252, DO = 253, DONT = 254, IAC = 255,
};

enum { OPTION_ECHO = 1, OPTION_SGA = 3, OPTION_NAWS = 31 };

enum state {
	DATA,
	COMMAND,	/* behind IAC */
	OPTION,		/* behind WILL, WONT, DO, DONT */
	SUB_OPTION,	/* behind SB */
	SUB,		/* inside of a sub-negotiation */
	SUB_COMMAND,	/* behind an IAC in there */
};

/* Each side of each option, RFC 1143, section 7.  Nothing that was asked for
 * is ever taken back here, so that the states WANTNO and the queue bits of
 * that document do not occur. */
enum side { NO, YES, WANTYES };

static const struct {
	uint8_t option;
	bool us, him;		/* who may do it */
} options[TELNET_OPTIONS] = {
	{ OPTION_ECHO, true, false },
	{ OPTION_SGA, true, true },
	{ OPTION_NAWS, false, true },
};

/* --- replies --- */

#define LONGEST_REPLY 9u	/* "\r\n[Yes]\r\n" */

static bool has_room(const struct telnet *t)
{
	return TELNET_REPLIES - t->reply_count >= LONGEST_REPLY;
}

static void reply(struct telnet *t, const void *bytes, size_t n)
{
	memcpy(t->reply + t->reply_count, bytes, n);
	t->reply_count += (unsigned)n;
}

static void negotiate(struct telnet *t, uint8_t command, uint8_t option)
{
	uint8_t bytes[3] = { IAC, command, option };

	reply(t, bytes, sizeof(bytes));
}

size_t telnet_replies(struct telnet *t, uint8_t *bytes, size_t n)
{
	if (n > t->reply_count)
		n = t->reply_count;
	memcpy(bytes, t->reply, n);
	t->reply_count -= (unsigned)n;
	memmove(t->reply, t->reply + n, t->reply_count);
	return n;
}

/* --- options --- */

/* The index of an option, or TELNET_OPTIONS if it is not known. */
static unsigned find_option(uint8_t option)
{
	unsigned i;

	for (i = 0; i < TELNET_OPTIONS && options[i].option != option; i++)
		;
	return i;
}

/* The other one offers to do an option, or asks us to.  Only a change of
 * state is answered, or a refusal: two that confirm each other's
 * confirmations would never end. */
static void on_yes(struct telnet *t, uint8_t *side, bool may, uint8_t option,
		   uint8_t agree, uint8_t refuse)
{
	if (!side || !may) {
		negotiate(t, refuse, option);
		return;
	}
	if (*side == NO)
		negotiate(t, agree, option);
	*side = YES;
}

/* The other one stops doing an option, or wants us to, or refuses. */
static void on_no(struct telnet *t, uint8_t *side, uint8_t option,
		  uint8_t confirm)
{
	if (!side)
		return;
	if (*side == YES)
		negotiate(t, confirm, option);
	*side = NO;
}

static void on_option(struct telnet *t, uint8_t option)
{
	unsigned i = find_option(option);
	bool known = i < TELNET_OPTIONS;
	uint8_t *us = known ? &t->us[i] : NULL;
	uint8_t *him = known ? &t->him[i] : NULL;

	switch (t->command) {
	case WILL:
		on_yes(t, him, known && options[i].him, option, DO, DONT);
		break;
	case WONT:
		on_no(t, him, option, DONT);
		break;
	case DO:
		on_yes(t, us, known && options[i].us, option, WILL, WONT);
		break;
	default:
		on_no(t, us, option, WONT);
		break;
	}
}

/* The only sub-negotiation that was agreed to is that of the window's size:
 * four bytes. */
static void on_sub(struct telnet *t)
{
	if (t->sub_option != OPTION_NAWS || t->sub_count != sizeof(t->sub))
		return;
	t->width = (unsigned)t->sub[0] << 8 | t->sub[1];
	t->height = (unsigned)t->sub[2] << 8 | t->sub[3];
}

static void sub_byte(struct telnet *t, uint8_t byte)
{
	if (t->sub_count < sizeof(t->sub))
		t->sub[t->sub_count] = byte;
	/* Counts one more than fit, so that longer ones are told apart. */
	if (t->sub_count <= sizeof(t->sub))
		t->sub_count++;
}

/* --- bytes --- */

/* The byte behind an IAC outside of a sub-negotiation.  What it means for who
 * types, or -1. */
static int on_command(struct telnet *t, uint8_t byte)
{
	t->state = DATA;
	switch (byte) {
	case WILL:
	case WONT:
	case DO:
	case DONT:
		t->command = byte;
		t->state = OPTION;
		return -1;
	case SB:
		t->state = SUB_OPTION;
		return -1;
	case AYT:
		reply(t, "\r\n[Yes]\r\n", LONGEST_REPLY);
		return -1;
	case BRK:
	case IP:
		return 3;
	case EC:
		return 0x7f;
	case EL:
		return 0x15;
	case IAC:
		return IAC;
	default:
		return -1;
	}
}

static int on_sub_command(struct telnet *t, uint8_t byte)
{
	if (byte == IAC) {
		sub_byte(t, byte);
		t->state = SUB;
		return -1;
	}
	if (byte == SE) {
		on_sub(t);
		t->state = DATA;
		return -1;
	}
	/* Its end got lost: a command is a command. */
	return on_command(t, byte);
}

/* The end of a line is CR LF, a CR alone is CR NUL (RFC 854, "The NVT Printer
 * and Keyboard"); both come from the key Return. */
static int on_data(struct telnet *t, uint8_t byte)
{
	bool second = t->after_cr && (byte == '\n' || byte == '\0');

	if (byte == IAC) {
		t->state = COMMAND;
		return -1;
	}
	t->after_cr = byte == '\r';
	return second ? -1 : byte;
}

/* What a byte amounts to as one that was typed, or -1. */
static int on_byte(struct telnet *t, uint8_t byte)
{
	switch (t->state) {
	case COMMAND:
		return on_command(t, byte);
	case OPTION:
		t->state = DATA;
		on_option(t, byte);
		return -1;
	case SUB_OPTION:
		t->sub_option = byte;
		t->sub_count = 0;
		t->state = SUB;
		return -1;
	case SUB:
		if (byte == IAC)
			t->state = SUB_COMMAND;
		else
			sub_byte(t, byte);
		return -1;
	case SUB_COMMAND:
		return on_sub_command(t, byte);
	default:
		return on_data(t, byte);
	}
}

size_t telnet_decode(struct telnet *t, const uint8_t *bytes, size_t n,
		     uint8_t *data, size_t *count)
{
	size_t i;

	*count = 0;
	/* Who only sends and never reads has to wait. */
	for (i = 0; i < n && has_room(t); i++) {
		int typed = on_byte(t, bytes[i]);

		if (typed >= 0)
			data[(*count)++] = (uint8_t)typed;
	}
	return i;
}

size_t telnet_encode(const char *text, size_t n, uint8_t *out)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c == '\n')
			out[used++] = '\r';
		out[used++] = c;
		if (c == '\r')
			out[used++] = '\0';
		else if (c == IAC)
			out[used++] = IAC;
	}
	return used;
}

/* The first two are what users of this server have always seen. */
void telnet_start(struct telnet *t)
{
	memset(t, 0, sizeof(*t));
	negotiate(t, WILL, OPTION_ECHO);
	negotiate(t, DO, OPTION_SGA);
	negotiate(t, WILL, OPTION_SGA);
	negotiate(t, DO, OPTION_NAWS);
	t->us[find_option(OPTION_ECHO)] = WANTYES;
	t->us[find_option(OPTION_SGA)] = WANTYES;
	t->him[find_option(OPTION_SGA)] = WANTYES;
	t->him[find_option(OPTION_NAWS)] = WANTYES;
}
