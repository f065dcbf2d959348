/* SPDX-License-Identifier: BSD-3-Clause */
/* A telnet session, with a password or without: any bytes in, at any pace. */
#include <stdlib.h>
#include <string.h>
#include <bvnet/telnet_session.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

static const struct dbgsh_command *const commands[] = {
	&dbgsh_help, &dbgsh_shell, &dbgsh_exit, NULL
};

/* For the log's time stamps. */
uint64_t vmm_uptime_usec(void);
uint64_t vmm_uptime_usec(void)
{
	return 0;
}

static struct guesses guesses;
static struct access open_rules = { .count = 1 }, password_rules = {
	.has_password = true,
	.password = { .iterations = 1, .salt_len = 8 },
};

/* What comes out is the network virtual terminal's: CR goes before LF or NUL,
 * IAC begins one of the commands that the server sends. */
static void require_encoded(const uint8_t *out, size_t n, uint8_t *before)
{
	for (size_t i = 0; i < n; i++) {
		if (*before == '\r')
			REQUIRE(out[i] == '\n' || out[i] == '\0');
		else
			REQUIRE(out[i] != '\n' && out[i] != '\0');
		if (out[i] == 0xff && i + 1 < n)
			REQUIRE(out[i + 1] >= 251 && out[i + 1] <= 254);
		/* An option of a command is no text. */
		if (out[i] == 0xff) {
			if (i + 2 >= n)
				return;
			i += 2;
			*before = 0;
			continue;
		}
		*before = out[i];
	}
}

static void drain(struct telnet_session *s, size_t at_most, uint8_t *before)
{
	const uint8_t *out;
	size_t n;

	out = telnet_session_output(s, &n);
	REQUIRE(n <= TELNET_OUT && (out || !n));
	if (n > at_most)
		n = at_most;
	if (out && at_most >= TELNET_OUT)
		require_encoded(out, n, before);
	telnet_session_sent(s, n);
}

/* Nothing goes wrong for ever: without input it comes to rest. */
static void settle(struct telnet_session *s, uint64_t *now, size_t at_most,
		   uint8_t *before)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t wait = telnet_session_run(s, NULL, *now);

		REQUIRE(wait <= 4000000 || wait == UINT64_MAX);
		/* Who needs no clock is run when somebody's frame comes. */
		*now += wait == UINT64_MAX ? 1000000 : wait;
		drain(s, at_most, before);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t peer[NET_IP_LEN] = {
		[10] = 0xff, 0xff, 10, 0, 2, 2,
	};
	static struct telnet_session s;
	uint8_t mode = size ? data[0] : 0, before = 0;
	size_t piece = mode / 4 % 16 + 1, at_most = mode & 2 ? 5 : 10000;
	uint64_t now = 1000000;

	memset(&guesses, 0, sizeof(guesses));
	telnet_session_start(&s, NULL, commands, mode & 1 ? &password_rules :
			     &open_rules, &guesses, peer, now);
	for (size_t at = 1; at < size && !telnet_session_ended(&s);) {
		size_t n = size - at < piece ? size - at : piece;

		at += telnet_session_input(&s, data + at, n, now);
		settle(&s, &now, at_most, &before);
	}
	return 0;
}
