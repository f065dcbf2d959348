/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * loader/path.c on any device path, load options and chain= text: results end
 * in time, and paths look as the firmware wants them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include "path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(x) do { if (!(x)) abort(); } while (0)

static size_t length(const uint16_t *path)
{
	for (size_t n = 0; n < PATH_CHARS; n++)
		if (path[n] == 0)
			return n;
	abort();
}

/* No '/', and no two separators in a row. */
static void check_path(const uint16_t *path)
{
	size_t n = length(path);

	for (size_t i = 0; i < n; i++) {
		REQUIRE(path[i] != '/');
		REQUIRE(i == 0 || path[i] != '\\' || path[i - 1] != '\\');
	}
}

static void check_join(const uint16_t *dir, const uint16_t *name)
{
	uint16_t path[PATH_CHARS];

	if (path_join(path, dir, name) == 0)
		check_path(path);
	if (path_directory_of(path, name) == 0) {
		check_path(path);
		REQUIRE(path[length(path) - 1] == '\\');
	}
}

/* The first byte says what the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint16_t path[PATH_CHARS];
	int result;

	if (size == 0)
		return 0;
	switch (data[0]) {
	case 'd':
		result = path_directory(path, data + 1, size - 1);
		REQUIRE(result == 0 || result == -EBADMSG || result == -E2BIG);
		if (result == 0) {
			check_path(path);
			REQUIRE(path[length(path) - 1] == '\\');
		}
		break;
	case 'o':
		result = path_from_options(path, data + 1, size - 1);
		REQUIRE(result == 0 || result == 1 || result == -E2BIG);
		if (result == 1)
			check_join(u"\\bitvisor\\", path);
		break;
	default:
		result = path_from_utf8(path, (const char *)data + 1, size - 1);
		REQUIRE(result == 0 || result == -EINVAL || result == -E2BIG);
		if (result == 0)
			check_path(path);
		break;
	}
	return 0;
}
