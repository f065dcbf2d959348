/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiler attributes and small macros used by every other header. */
#ifndef VMM_COMPILER_H
#define VMM_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define VMM_BEGIN_DECLS extern "C" {
#define VMM_END_DECLS }
#define VMM_STATIC_ASSERT static_assert
#define VMM_NORETURN [[noreturn]]
#else
#define VMM_BEGIN_DECLS
#define VMM_END_DECLS
#define VMM_STATIC_ASSERT _Static_assert
#define VMM_NORETURN _Noreturn
#endif

#define VMM_MUST_CHECK		__attribute__((warn_unused_result))
#define VMM_PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define VMM_PACKED		__attribute__((packed))
#define VMM_ALIGNED(n)		__attribute__((aligned(n)))
#define VMM_COLD		__attribute__((cold, noinline))
#define vmm_likely(x)		__builtin_expect(!!(x), 1)
#define vmm_unlikely(x)		__builtin_expect(!!(x), 0)

#define VMM_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define VMM_CONTAINER_OF(p, type, member) \
	((type *)(void *)((char *)(p) - offsetof(type, member)))

#define VMM_PAGE_SIZE		UINT64_C(4096)
#define VMM_PAGE_MASK		(VMM_PAGE_SIZE - 1)
#define VMM_ROUND_UP(x, to)	(((x) + ((to) - 1)) & ~((to) - 1))
#define VMM_ROUND_DOWN(x, to)	((x) & ~((to) - 1))

#endif
