/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The string functions of freestanding code.  GCC emits calls of memcpy,
 * memmove, memset and memcmp by itself, so these must exist under their own
 * names, and must not be turned into calls of themselves: local.mk compiles
 * this file with -fno-tree-loop-distribute-patterns.
 */
#define FREESTANDING_STRING_PLAIN
#include <stdint.h>
#include <string.h>

/* Eight bytes anywhere, of any type. */
struct word {
	uint64_t v;
} __attribute__((packed, may_alias));

/*
 * The string instructions count up (ABI: DF is clear on every call).  In words:
 * as fast as bytes where these are fast (SDM vol. 1, 7.3.9.3), and eight times
 * as fast where each step is carried out by itself, as emulators do.  The last
 * word may overlap the one before; it is read first, for memmove()'s sake.
 */
void *memcpy(void *dst, const void *src, size_t n)
{
	unsigned char *d = dst;
	const unsigned char *s = src;
	size_t words = (n - 1) / 8;	/* all but the last one */
	struct word last, *end;

	if (n < 8) {
		while (n--)
			*d++ = *s++;
		return dst;
	}
	last = *(const struct word *)(const void *)(s + n - 8);
	end = (struct word *)(void *)(d + n - 8);
	__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) ::
			 "memory");
	*end = last;
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	unsigned char *d = dst;
	uint64_t all = (unsigned char)c * UINT64_C(0x0101010101010101);
	size_t words = n / 8;

	if (n < 8) {
		while (n--)
			*d++ = (unsigned char)c;
		return dst;
	}
	*(struct word *)(void *)(d + n - 8) = (struct word){ all };
	__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(all) :
			 "memory");
	return dst;
}

/* Backwards by plain loads and stores: with DF set, an NMI would run the
 * VMM's C code the wrong way round. */
static void copy_backwards(unsigned char *d, const unsigned char *s, size_t n)
{
	while (n--)
		d[n] = s[n];
}

void *memmove(void *dst, const void *src, size_t n)
{
	/* Also right if src is above dst: the difference wraps. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		return memcpy(dst, src, n);
	copy_backwards(dst, src, n);
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n; n--, p++)
		if (*p == (unsigned char)c)
			return (void *)(uintptr_t)p;
	return NULL;
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

size_t strlen(const char *s)
{
	return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++) {
		unsigned char x = (unsigned char)*a, y = (unsigned char)*b;

		if (x != y)
			return x - y;
		if (!x)
			break;
	}
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == (char)c)
			found = s;
		if (!*s)
			return (char *)(uintptr_t)found;
	}
}

char *strstr(const char *haystack, const char *needle)
{
	size_t n = strlen(needle);

	for (;; haystack++) {
		if (!strncmp(haystack, needle, n))
			return (char *)(uintptr_t)haystack;
		if (!*haystack)
			return NULL;
	}
}
