/* SPDX-License-Identifier: BSD-3-Clause */
#include <vmm/log.h>
#include <vmm/vmm.h>

#define WINDOW_USEC UINT64_C(1000000)

/* Begin a new window if the old one is over.  Of several CPUs that see it
 * end, one resets the count. */
static void renew_window(struct vmm_ratelimit *rl)
{
	uint64_t now = vmm_uptime_usec();
	uint64_t start = __atomic_load_n(&rl->window_start, __ATOMIC_RELAXED);

	if (now - start >= WINDOW_USEC &&
	    __atomic_compare_exchange_n(&rl->window_start, &start, now, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		__atomic_store_n(&rl->count, 0, __ATOMIC_RELAXED);
}

bool vmm_ratelimit_ok(struct vmm_ratelimit *rl, uint32_t *suppressed)
{
	renew_window(rl);
	/* The look before the addition keeps the count from wrapping. */
	if (__atomic_load_n(&rl->count, __ATOMIC_RELAXED) < rl->burst &&
	    __atomic_fetch_add(&rl->count, 1, __ATOMIC_RELAXED) < rl->burst) {
		*suppressed = __atomic_exchange_n(&rl->suppressed, 0,
						  __ATOMIC_RELAXED);
		return true;
	}
	__atomic_fetch_add(&rl->suppressed, 1, __ATOMIC_RELAXED);
	return false;
}
