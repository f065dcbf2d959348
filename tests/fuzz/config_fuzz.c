/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bitvisor.conf: any text is applied as a whole or not at all, with a one-line
 * message; what is accepted is within the ranges.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bitvisor/config.h>
#include <core/config_names.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

static void require_message(const char *error, size_t size,
			    const char *prefix)
{
	const char *nul = memchr(error, '\0', size);

	REQUIRE(nul && strncmp(error, prefix, strlen(prefix)) == 0);
	for (const char *p = error; p < nul; p++)
		REQUIRE(*p >= ' ' && *p < 0x7f);
}

/* What the type of each member promises. */
static void require_sound(const struct config_data *cfg)
{
	for (size_t i = 0; i < config_names_count; i++) {
		const struct config_name *row = &config_names[i];
		const char *member = (const char *)cfg + row->offset;
		int value;

		if (row->type == CONFIG_STRING)
			REQUIRE(memchr(member, '\0', row->size));
		if (row->type != CONFIG_INT)
			continue;
		memcpy(&value, member, sizeof(value));
		REQUIRE(config_int_ok(row, value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config_data cfg, again;
	char error[256];
	/* A copy of its own size, so that reading on is noticed. */
	char *text = malloc(size ? size : 1);

	REQUIRE(text);
	memcpy(text, data, size);
	memcpy(&cfg, &config, sizeof(cfg));
	memcpy(&again, &config, sizeof(again));
	memset(error, '\n', sizeof(error));
	if (config_parse(&cfg, text, size, "f", error, sizeof(error))) {
		require_message(error, sizeof(error), "f:");
		REQUIRE(memcmp(&cfg, &config, sizeof(cfg)) == 0);
	} else {
		require_sound(&cfg);
		if (config_check(&cfg, error, sizeof(error)))
			require_message(error, sizeof(error), "config: ");
		REQUIRE(config_parse(&again, text, size, "f", error, 0) == 0);
		REQUIRE(memcmp(&cfg, &again, sizeof(cfg)) == 0);
	}
	free(text);
	return 0;
}
