/* SPDX-License-Identifier: BSD-3-Clause */
/* A program of the guest: calls the hypercall "hello" (vmm/hypercall.h). */
#include <cpuid.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t hypercall(uint64_t number, const char *name)
{
	unsigned eax, ebx = 0, ecx, edx;

	__get_cpuid(0, &eax, &ebx, &ecx, &edx);
	if (ebx == signature_INTEL_ebx)
		__asm__ volatile("vmcall" : "+a"(number) : "b"(name)
				 : "memory");
	else
		__asm__ volatile("vmmcall" : "+a"(number) : "b"(name)
				 : "memory");
	return number;
}

int main(void)
{
	uint64_t hello = hypercall(0, "hello");

	if (!hello || hypercall(0, "goodbye")) {
		puts("HELLO unknown");
		return 1;
	}
	printf("HELLO %llu\n", (unsigned long long)hypercall(hello, NULL));
	return 0;
}
