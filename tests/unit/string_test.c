/* SPDX-License-Identifier: BSD-3-Clause */
/* The freestanding string functions against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The library's source under other names: its own belong to the C library
 * and to the sanitizers here. */
void *my_memcpy(void *dst, const void *src, size_t n);
void *my_memmove(void *dst, const void *src, size_t n);
void *my_memset(void *dst, int c, size_t n);
int my_memcmp(const void *a, const void *b, size_t n);
void *my_memchr(const void *s, int c, size_t n);
size_t my_strlen(const char *s);
size_t my_strnlen(const char *s, size_t max);
int my_strcmp(const char *a, const char *b);
int my_strncmp(const char *a, const char *b, size_t n);
char *my_strchr(const char *s, int c);
char *my_strrchr(const char *s, int c);
char *my_strstr(const char *haystack, const char *needle);
#define memcpy my_memcpy
#define memmove my_memmove
#define memset my_memset
#define memcmp my_memcmp
#define memchr my_memchr
#define strlen my_strlen
#define strnlen my_strnlen
#define strcmp my_strcmp
#define strncmp my_strncmp
#define strchr my_strchr
#define strrchr my_strrchr
#define strstr my_strstr
#include <core/string.c>
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr

#define SIZE 48

static void fill(unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(i * 7 + 1);
}

/* Every pair of places and every length inside a small block. */
static void test_memmove(void **state)
{
	unsigned char a[SIZE], b[SIZE];

	(void)state;
	for (size_t dst = 0; dst < SIZE; dst++) {
		for (size_t src = 0; src < SIZE; src++) {
			size_t room = SIZE - (dst > src ? dst : src);

			for (size_t n = 0; n <= room; n++) {
				fill(a, SIZE);
				fill(b, SIZE);
				assert_ptr_equal(my_memmove(a + dst, a + src,
							    n), a + dst);
				memmove(b + dst, b + src, n);
				assert_memory_equal(a, b, SIZE);
			}
		}
	}
}

static void test_memcpy_memset(void **state)
{
	unsigned char a[SIZE], b[SIZE], src[SIZE];

	(void)state;
	fill(src, SIZE);
	for (size_t at = 0; at < SIZE; at++) {
		for (size_t n = 0; n <= SIZE - at; n++) {
			memset(a, 0, SIZE);
			memset(b, 0, SIZE);
			assert_ptr_equal(my_memcpy(a + at, src, n), a + at);
			memcpy(b + at, src, n);
			assert_memory_equal(a, b, SIZE);
			assert_ptr_equal(my_memset(a + at, 0x1a5, n), a + at);
			memset(b + at, 0x1a5, n);
			assert_memory_equal(a, b, SIZE);
		}
	}
}

static int sign(int v)
{
	return (v > 0) - (v < 0);
}

static const char *const words[] = {
	"", "a", "b", "ab", "abc", "abd", "aab", "\xff", "\x7f", "a\xff",
	"abcabcabd", "the quick brown fox",
};
#define WORDS (sizeof(words) / sizeof(words[0]))

static void test_compare(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORDS; i++) {
		for (size_t j = 0; j < WORDS; j++) {
			const char *a = words[i], *b = words[j];
			size_t la = strlen(a), lb = strlen(b);
			size_t n = la < lb ? la : lb;

			assert_int_equal(sign(my_strcmp(a, b)),
					 sign(strcmp(a, b)));
			assert_int_equal(sign(my_memcmp(a, b, n)),
					 sign(memcmp(a, b, n)));
			for (size_t k = 0; k < 12; k++)
				assert_int_equal(sign(my_strncmp(a, b, k)),
						 sign(strncmp(a, b, k)));
			assert_ptr_equal(my_strstr(a, b), strstr(a, b));
		}
	}
}

static void test_search(void **state)
{
	(void)state;
	for (size_t i = 0; i < WORDS; i++) {
		const char *s = words[i];

		assert_int_equal(my_strlen(s), strlen(s));
		for (size_t k = 0; k < 24; k++)
			assert_int_equal(my_strnlen(s, k), strnlen(s, k));
		for (int c = 0; c < 256; c++) {
			assert_ptr_equal(my_strchr(s, c), strchr(s, c));
			assert_ptr_equal(my_strrchr(s, c), strrchr(s, c));
			for (size_t k = 0; k <= strlen(s); k++)
				assert_ptr_equal(my_memchr(s, c, k),
						 memchr(s, c, k));
		}
	}
}

/* No byte behind the end may be read: ASan watches the heap block. */
static void test_no_overread(void **state)
{
	char *s = malloc(4);

	(void)state;
	memcpy(s, "abcd", 4);
	assert_int_equal(my_strnlen(s, 4), 4);
	assert_int_equal(my_strncmp(s, "abcde", 4), 0);
	assert_null(my_memchr(s, 'x', 4));
	assert_int_equal(my_memcmp(s, "abcd", 4), 0);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memmove),
		cmocka_unit_test(test_memcpy_memset),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_no_overread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
