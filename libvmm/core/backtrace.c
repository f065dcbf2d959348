/* SPDX-License-Identifier: BSD-3-Clause */
#include <boot/handoff.h>
#include <core/symbols.h>
#include <vmm/log.h>

/* How far above the present frame a stack of the firmware is followed.  The
 * UEFI specification (2.3.4) promises 128 KiB of it. */
#define FIRMWARE_STACK 0x8000u

/* What "push rbp; mov rbp, rsp" leaves, rbp pointing at it. */
struct frame {
	uint64_t rbp;
	uint64_t return_address;
};

unsigned vmm_backtrace_walk(const struct vmm_symtab *tab, uint64_t rbp,
			    uint64_t low, uint64_t high, uint64_t *addresses,
			    unsigned max)
{
	unsigned n = 0;

	while (n < max && rbp >= low && high >= sizeof(struct frame) &&
	       rbp <= high - sizeof(struct frame) && !(rbp % 8)) {
		const struct frame *f = (const void *)(uintptr_t)rbp;

		if (f->return_address - tab->code >= tab->code_size)
			break;
		addresses[n++] = f->return_address;
		low = rbp + sizeof(*f);
		rbp = f->rbp;
	}
	return n;
}

/* The memory that a stack with a frame at rbp may lie in: the VMM's own, or
 * a part of the firmware's while that is in charge.  Empty for nonsense. */
static void stack_bounds(const struct bv_handoff *handoff, uint64_t rbp,
			 uint64_t *low, uint64_t *high)
{
	uint64_t here = (uintptr_t)__builtin_frame_address(0);

	*low = here;
	*high = here + FIRMWARE_STACK;
	if (rbp - handoff->reserved_base < handoff->reserved_size) {
		*low = handoff->reserved_base;
		*high = *low + handoff->reserved_size;
	}
}

void vmm_backtrace_log(const struct bv_handoff *handoff, uint64_t rip,
		       uint64_t rbp)
{
	uint64_t addresses[VMM_BACKTRACE_MAX];
	char text[VMM_SYMBOL_TEXT];
	struct vmm_symtab tab;
	uint64_t low, high;
	unsigned n;

	if (!handoff)
		return;
	vmm_symtab_init(&tab, handoff);
	vmm_log_err("backtrace:\n");
	if (rip) {
		vmm_symbol_print(&tab, rip, false, text);
		vmm_log_err("    %s\n", text);
	}
	stack_bounds(handoff, rbp, &low, &high);
	n = vmm_backtrace_walk(&tab, rbp, low, high, addresses,
			       VMM_BACKTRACE_MAX);
	for (unsigned i = 0; i < n; i++) {
		vmm_symbol_print(&tab, addresses[i], true, text);
		vmm_log_err("  < %s\n", text);
	}
}
