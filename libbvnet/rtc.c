/* SPDX-License-Identifier: BSD-3-Clause */
/* What the registers of the real-time clock mean. */
#include <bvnet/rtc.h>

#define STATUS_B_24H	0x02u
#define STATUS_B_BINARY	0x04u
#define HOUR_PM		0x80u

static unsigned decode(uint8_t v, uint8_t status_b)
{
	return status_b & STATUS_B_BINARY ? v : (v >> 4) * 10u + (v & 15u);
}

/* Of 24. */
static unsigned hour_of(const struct net_rtc *rtc)
{
	unsigned hour = decode(rtc->hour & (uint8_t)~HOUR_PM, rtc->status_b);

	if (rtc->status_b & STATUS_B_24H)
		return decode(rtc->hour, rtc->status_b);
	return hour % 12 + (rtc->hour & HOUR_PM ? 12 : 0);
}

uint64_t net_rtc_seconds(const struct net_rtc *rtc)
{
	static const uint16_t before[12] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	unsigned b = rtc->status_b, hour = hour_of(rtc);
	unsigned second = decode(rtc->second, (uint8_t)b);
	unsigned minute = decode(rtc->minute, (uint8_t)b);
	unsigned day = decode(rtc->day, (uint8_t)b);
	unsigned month = decode(rtc->month, (uint8_t)b);
	unsigned year = decode(rtc->year, (uint8_t)b);
	uint64_t days;

	if (second > 59 || minute > 59 || hour > 23 || day < 1 || day > 31 ||
	    month < 1 || month > 12 || year > 99)
		return 0;
	/* 10957 days from 1970 to 2000; every fourth year has one more, of
	 * which that of this year counts from March on. */
	days = 10957 + year * 365u + (year + 3) / 4 + before[month - 1] +
		(day - 1) + (year % 4 == 0 && month > 2);
	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}
