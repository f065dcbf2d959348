/* SPDX-License-Identifier: BSD-3-Clause */
/* What -fstack-protector-strong -mstack-protector-guard=global asks for. */
#include <core/core_priv.h>
#include <vmm/panic.h>
#include <vmm/x86.h>

/* Names that GCC has chosen. */
extern uintptr_t __stack_chk_guard;
VMM_NORETURN void __stack_chk_fail(void);

uintptr_t __stack_chk_guard;

#define CPUID_1_ECX_RDRAND	(1u << 30)

/* One random number, or 0 if the processor has none to give.  The SDM (vol. 1,
 * 7.3.17.1) asks for ten tries. */
static uint64_t rdrand(void)
{
	uint64_t v;
	bool ok;

	if (!(x86_cpuid(1, 0).ecx & CPUID_1_ECX_RDRAND))
		return 0;
	for (int i = 0; i < 10; i++) {
		__asm__ volatile("rdrand %0" : "=r"(v), "=@ccc"(ok));
		if (ok)
			return v;
	}
	return 0;
}

/* Mixes the bits of the time stamp, of which few are unpredictable, into all
 * places: one odd multiplication (2^64 / golden ratio) and folding. */
static uint64_t scramble(uint64_t v)
{
	v ^= v >> 32;
	v *= UINT64_C(0x9e3779b97f4a7c15);
	return v ^ v >> 29;
}

/* Not protected itself: the guard changes between its entry and its end. */
__attribute__((no_stack_protector))
void vmm_stack_guard_init(void)
{
	uint64_t v = rdrand() ^ scramble(x86_rdtsc());

	/* The lowest byte stays 0: a string copy cannot write it back. */
	__stack_chk_guard = v & ~UINT64_C(0xff);
}

void __stack_chk_fail(void)
{
	vmm_panic("stack smashed in the function that %p belongs to",
		  __builtin_return_address(0));
}
