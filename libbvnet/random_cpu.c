/* SPDX-License-Identifier: BSD-3-Clause */
/* Where random numbers come from. */
#include <bvnet/random.h>
#include <vmm/x86.h>

#define CPUID_1_ECX_RDRAND	(1u << 30)
#define JITTER_SAMPLES		64

/* The SDM (vol. 1, 7.3.17.1) asks for ten tries. */
static uint64_t rdrand(void)
{
	uint64_t v;
	bool ok;

	for (int i = 0; i < 10; i++) {
		__asm__ volatile("rdrand %0" : "=r"(v), "=@ccc"(ok));
		if (ok)
			return v;
	}
	return 0;
}

void net_random_add_processor(struct net_random *r)
{
	uint64_t sample[JITTER_SAMPLES];

	for (int i = 0; i < JITTER_SAMPLES; i++) {
		/* CPUID exits under a hypervisor below us, and takes a time
		 * that nobody knows to the tick without one. */
		bool have = x86_cpuid(1, 0).ecx & CPUID_1_ECX_RDRAND;

		sample[i] = x86_rdtsc();
		if (have)
			sample[i] ^= rdrand();
	}
	net_random_add(r, sample, sizeof(sample));
}
