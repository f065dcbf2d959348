/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of day by the machine's real-time clock (the MC146818 that every PC
 * has behind ports 0x70 and 0x71). */
#ifndef BVNET_RTC_H
#define BVNET_RTC_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

/* The clock's registers, by their index in CMOS memory. */
struct net_rtc {
	uint8_t second, minute, hour;	/* 0, 2, 4 */
	uint8_t day, month, year;	/* 7, 8, 9 */
	uint8_t status_b;		/* 11 */
};

/* Seconds since 1970, taking the clock for UTC, years for 2000 to 2099; 0 if
 * the registers make no sense.  Pure. */
uint64_t net_rtc_seconds(const struct net_rtc *rtc);

/* Read it: seconds since 1970, 0 if that fails.  Before the guest runs only,
 * since the clock's ports are the guest's.  Takes up to 3 ms. */
uint64_t net_rtc_read(void);

VMM_END_DECLS

#endif
