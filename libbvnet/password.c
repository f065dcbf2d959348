/* SPDX-License-Identifier: BSD-3-Clause */
/* PBKDF2 in slices, and the text of its results. */
#include <string.h>
#include <bvnet/password.h>
#include <vmm/error.h>

#define PREFIX "pbkdf2-sha256$"

/* --- text --- */

/* The value of a hexadecimal digit, 16 if it is none. */
static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* Read pairs of digits up to something else, at most max of them; *text is
 * left there.  The number of bytes. */
static unsigned parse_hex(const char **text, uint8_t *bytes, unsigned max)
{
	const char *p = *text;
	unsigned n = 0;

	while (n < max && digit(p[0]) < 16 && digit(p[1]) < 16) {
		bytes[n++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
		p += 2;
	}
	*text = p;
	return n;
}

int password_parse(struct password_hash *p, const char *text)
{
	uint32_t n = 0;

	if (strncmp(text, PREFIX, strlen(PREFIX)))
		return VMM_ERROR(EINVAL);
	text += strlen(PREFIX);
	/* The limit keeps it far from overflow. */
	while (digit(*text) < 10 && n <= PASSWORD_ITERATIONS_MAX)
		n = n * 10 + digit(*text++);
	if (n < PASSWORD_ITERATIONS_MIN || n > PASSWORD_ITERATIONS_MAX ||
	    *text++ != '$')
		return VMM_ERROR(EINVAL);
	p->iterations = n;
	p->salt_len = parse_hex(&text, p->salt, PASSWORD_SALT_MAX);
	if (p->salt_len < PASSWORD_SALT_MIN || *text++ != '$')
		return VMM_ERROR(EINVAL);
	if (parse_hex(&text, p->hash, SHA256_BYTES) != SHA256_BYTES || *text)
		return VMM_ERROR(EINVAL);
	return 0;
}

/* --- RFC 8018, 5.2, with one block --- */

void password_begin(struct password_work *w, const struct password_hash *p,
		    const char *password, size_t n)
{
	uint8_t first[PASSWORD_SALT_MAX + 4] = { 0 };

	hmac_sha256_key(&w->key, password, n);
	/* The salt, and the block's number, 1. */
	memcpy(first, p->salt, p->salt_len);
	first[p->salt_len + 3] = 1;
	hmac_sha256(&w->key, first, p->salt_len + 4, w->u);
	memcpy(w->hash, w->u, sizeof(w->hash));
	w->left = p->iterations - 1;
}

bool password_step(struct password_work *w, uint32_t n)
{
	for (; n && w->left; n--, w->left--) {
		hmac_sha256(&w->key, w->u, sizeof(w->u), w->u);
		for (unsigned i = 0; i < SHA256_BYTES; i++)
			w->hash[i] ^= w->u[i];
	}
	return !w->left;
}

bool password_equal(const struct password_work *w,
		    const struct password_hash *p)
{
	volatile uint8_t different = 0;

	/* All bytes, wherever the first difference is. */
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		different |= w->hash[i] ^ p->hash[i];
	return !different;
}
