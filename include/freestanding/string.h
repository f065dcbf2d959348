/* SPDX-License-Identifier: BSD-3-Clause */
/* The string functions that freestanding code has; C11 semantics. */
#ifndef FREESTANDING_STRING_H
#define FREESTANDING_STRING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *haystack, const char *needle);

#ifdef __cplusplus
}
#endif

/* -ffreestanding keeps the compiler from knowing what these do.  It is to know:
 * a copy of a few bytes is then a few moves, not a call.  Who defines the
 * functions asks for their plain names. */
#ifndef FREESTANDING_STRING_PLAIN
#define memcpy(...)	__builtin_memcpy(__VA_ARGS__)
#define memset(...)	__builtin_memset(__VA_ARGS__)
#define memcmp(...)	__builtin_memcmp(__VA_ARGS__)
#endif

#endif
