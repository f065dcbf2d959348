/* SPDX-License-Identifier: BSD-3-Clause */
/* A unit from outside of BitVisor's tree: public headers only. */
#include <stdint.h>
#include <vmm/hypercall.h>
#include <vmm/log.h>
#include <vmm/vcpu.h>
#include "hello.h"

static uint64_t calls;

static void hello(struct vmm_vcpu *v, void *ctx)
{
	uint64_t *count = ctx;
	uint64_t n = __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);

	vmm_vcpu_set(v, VMM_REG_RAX, n);
	vmm_log_info("hello: call %llu, CPU %u\n", (unsigned long long)n,
		     vmm_vcpu_number(v));
}

static int hello_init(struct vmm *vmm)
{
	(void)vmm;
	vmm_log_info("hello: here is a unit from outside\n");
	return vmm_hypercall_register("hello", hello, &calls,
				      VMM_HYPERCALL_ANYONE);
}

static void hello_panic_dump(struct vmm *vmm)
{
	(void)vmm;
	vmm_log_err("hello: %llu calls\n", (unsigned long long)calls);
}

const struct vmm_unit hello_unit = {
	.name = "hello",
	.init = hello_init,
	.panic_dump = hello_panic_dump,
};
