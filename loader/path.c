/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include "path.h"

/* --- appending --- */

/* Append one character, merging runs of separators.  Returns false if full. */
static bool put(uint16_t *path, size_t *n, uint16_t c)
{
	if (c == '/')
		c = '\\';
	if (c == '\\' && *n && path[*n - 1] == '\\')
		return true;
	if (*n + 1 >= PATH_CHARS)
		return false;
	path[(*n)++] = c;
	path[*n] = 0;
	return true;
}

/* --- device paths: UEFI specification, chapter 10 --- */

enum {
	NODE_HEADER = 4,		/* type, subtype, 16-bit length */
	TYPE_END = 0x7f,
	TYPE_MEDIA = 4, SUBTYPE_FILE = 4,
};

/* A file-path node's text ends at its NUL or with the node. */
static bool put_node(uint16_t *path, size_t *n, const uint8_t *text,
		     size_t bytes)
{
	uint16_t c;

	if (!put(path, n, '\\'))
		return false;
	for (size_t i = 0; i + 1 < bytes; i += 2) {
		c = (uint16_t)(text[i] | text[i + 1] << 8);
		if (c == 0)
			break;
		if (!put(path, n, c))
			return false;
	}
	return true;
}

static void cut_to_directory(uint16_t *path, size_t n)
{
	while (n && path[n - 1] != '\\')
		n--;
	if (n == 0)
		path[n++] = '\\';
	path[n] = 0;
}

int path_directory(uint16_t dir[PATH_CHARS], const void *device_path,
		   size_t limit)
{
	const uint8_t *p = device_path;
	size_t at = 0, n = 0;

	dir[0] = 0;
	while (limit - at >= NODE_HEADER) {
		const uint8_t *node = p + at;
		size_t length = node[2] | (size_t)node[3] << 8;

		if (node[0] == TYPE_END) {
			cut_to_directory(dir, n);
			return 0;
		}
		if (length < NODE_HEADER || length > limit - at)
			return -EBADMSG;
		if (node[0] != TYPE_MEDIA || node[1] != SUBTYPE_FILE)
			n = 0;
		else if (!put_node(dir, &n, node + NODE_HEADER,
				   length - NODE_HEADER))
			return -E2BIG;
		at += length;
	}
	return -EBADMSG;
}

/* --- load options --- */

struct words {
	const uint8_t *text;
	size_t chars, at;
};

static uint16_t peek(const struct words *w)
{
	const uint8_t *c = w->text + 2 * w->at;

	return w->at < w->chars ? (uint16_t)(c[0] | c[1] << 8) : 0;
}

static bool is_blank(uint16_t c)
{
	return c == ' ' || c == '\t';
}

/* Text has no control characters before its NUL. */
static bool is_text(struct words w)
{
	for (uint16_t c; (c = peek(&w)) != 0; w.at++)
		if (c < 0x20 && c != '\t')
			return false;
	return true;
}

/* Take the next word.  Returns false if there is none; a word that is too
 * long is cut off and will name no file. */
static bool next_word(struct words *w, uint16_t word[PATH_CHARS])
{
	bool quoted = false;
	size_t n = 0;
	uint16_t c;

	while (is_blank(peek(w)))
		w->at++;
	if (peek(w) == 0)
		return false;
	for (; (c = peek(w)) != 0 && (quoted || !is_blank(c)); w->at++) {
		if (c == '"')
			quoted = !quoted;
		else if (n + 1 < PATH_CHARS)
			word[n++] = c;
	}
	word[n] = 0;
	return true;
}

static bool ends_in_elf(const uint16_t *word)
{
	static const char suffix[] = ".elf";
	const size_t length = sizeof(suffix) - 1;
	size_t n = 0;

	while (word[n])
		n++;
	if (n < length)
		return false;
	for (size_t i = 0; i < length; i++) {
		uint16_t c = word[n - length + i];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != (uint16_t)suffix[i])
			return false;
	}
	return true;
}

int path_from_options(uint16_t name[PATH_CHARS], const void *options,
		      size_t size)
{
	struct words w = { options, size / 2, 0 };
	bool found;

	name[0] = 0;
	if (!options || size % 2 || !is_text(w))
		return 0;
	found = next_word(&w, name);
	if (found && !ends_in_elf(name))
		found = next_word(&w, name);
	if (!found)
		return 0;
	while (is_blank(peek(&w)))
		w.at++;
	return peek(&w) ? -E2BIG : 1;
}

/* --- joining --- */

int path_join(uint16_t path[PATH_CHARS], const uint16_t *dir,
	      const uint16_t *name)
{
	size_t n = 0;

	path[0] = 0;
	if (name[0] != '\\' && name[0] != '/')
		for (; *dir; dir++)
			if (!put(path, &n, *dir))
				return -E2BIG;
	for (; *name; name++)
		if (!put(path, &n, *name))
			return -E2BIG;
	return 0;
}

int path_directory_of(uint16_t dir[PATH_CHARS], const uint16_t *path)
{
	size_t n = 0;

	dir[0] = 0;
	for (; *path; path++)
		if (!put(dir, &n, *path))
			return -E2BIG;
	cut_to_directory(dir, n);
	return 0;
}

/* Decode one UTF-8 sequence of at most n bytes; returns its length, 0 if it
 * is malformed or outside the basic plane, which file names hardly use. */
static size_t decode(const unsigned char *s, size_t n, uint16_t *c)
{
	if (s[0] < 0x80) {
		*c = s[0];
		return 1;
	}
	if (n >= 2 && (s[0] & 0xe0) == 0xc0 && (s[1] & 0xc0) == 0x80) {
		*c = (uint16_t)((s[0] & 0x1f) << 6 | (s[1] & 0x3f));
		return *c >= 0x80 ? 2 : 0;
	}
	if (n >= 3 && (s[0] & 0xf0) == 0xe0 && (s[1] & 0xc0) == 0x80 &&
	    (s[2] & 0xc0) == 0x80) {
		*c = (uint16_t)((s[0] & 0x0f) << 12 | (s[1] & 0x3f) << 6 |
				(s[2] & 0x3f));
		return *c >= 0x800 && (*c & 0xf800) != 0xd800 ? 3 : 0;
	}
	return 0;
}

int path_from_utf8(uint16_t path[PATH_CHARS], const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t out = 0, length;
	uint16_t c;

	path[0] = 0;
	for (size_t i = 0; i < n && s[i]; i += length) {
		length = decode(s + i, n - i, &c);
		if (length == 0)
			return -EINVAL;
		if (!put(path, &out, c))
			return -E2BIG;
	}
	return 0;
}
