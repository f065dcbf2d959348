/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP's view of the compiler and of what is around it.  It is built from its
 * own sources, with the flags of freestanding code and, for tests, with those
 * of hosted code; this file serves both. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stddef.h>
#include <stdint.h>

/* Headers that freestanding code has not. */
#define LWIP_NO_INTTYPES_H	1
#define LWIP_NO_LIMITS_H	1
#define LWIP_NO_UNISTD_H	1
#define LWIP_NO_CTYPE_H		1

/* What would be in them. */
#define X8_F	"02x"
#define U16_F	"u"
#define S16_F	"d"
#define X16_F	"x"
#define U32_F	"u"
#define S32_F	"d"
#define X32_F	"x"
#define SZT_F	"zu"
#ifndef INT_MAX
#define INT_MAX __INT_MAX__
#endif
/* With SSIZE_MAX lwIP leaves the type to us; it may be declared twice. */
typedef long ssize_t;
#ifndef SSIZE_MAX
#define SSIZE_MAX __LONG_MAX__
#endif

#ifndef BYTE_ORDER
#define BYTE_ORDER LITTLE_ENDIAN
#endif

/* Unpredictable for others: port numbers, transaction IDs. */
uint32_t bvnet_lwip_random(void);
#define LWIP_RAND() bvnet_lwip_random()

/* A broken invariant of lwIP: our bug, or its own. */
_Noreturn void bvnet_lwip_assert(const char *message, const char *file,
				 int line);
#define LWIP_PLATFORM_ASSERT(message) \
	bvnet_lwip_assert((message), __FILE_NAME__, __LINE__)
/* Its debugging output is off. */
#define LWIP_PLATFORM_DIAG(arguments) ((void)0)

/* The heap, see heap.h. */
void *bvnet_lwip_malloc(size_t size);
void *bvnet_lwip_calloc(size_t count, size_t size);
void bvnet_lwip_free(void *p);
#define mem_clib_malloc bvnet_lwip_malloc
#define mem_clib_calloc bvnet_lwip_calloc
#define mem_clib_free bvnet_lwip_free

#endif
