/* SPDX-License-Identifier: BSD-3-Clause */
/* Ticket lock.  The VMM runs with interrupts off, so there is no irqsave
 * variant; an NMI handler must not take any lock.  Not recursive. */
#ifndef VMM_SPINLOCK_H
#define VMM_SPINLOCK_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

struct vmm_spinlock {
	uint32_t next;		/* ticket handed out next */
	uint32_t owner;		/* ticket served now */
};

#define VMM_SPINLOCK_INIT { 0, 0 }

static inline void vmm_spin_lock(struct vmm_spinlock *lock)
{
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->owner, __ATOMIC_ACQUIRE) != ticket)
		__builtin_ia32_pause();
}

static inline void vmm_spin_unlock(struct vmm_spinlock *lock)
{
	__atomic_store_n(&lock->owner, lock->owner + 1, __ATOMIC_RELEASE);
}

/* For panics: try for about `spins` rounds; false if the lock stayed taken. */
static inline bool vmm_spin_trylock(struct vmm_spinlock *lock, uint32_t spins)
{
	do {
		uint32_t owner = __atomic_load_n(&lock->owner,
						 __ATOMIC_ACQUIRE);
		uint32_t expect = owner;

		if (__atomic_compare_exchange_n(&lock->next, &expect,
						owner + 1, false,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		__builtin_ia32_pause();
	} while (spins--);
	return false;
}

VMM_END_DECLS

#endif
