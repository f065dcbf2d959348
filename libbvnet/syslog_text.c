/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of log datagrams. */
#include <bvnet/syslog.h>
#include <string.h>
#include <vmm/printf.h>

#define FACILITY_USER	1	/* RFC 5424, 6.2.1 */

struct date {
	unsigned year, month, day;
};

/* Days since 1970-01-01 in the Gregorian calendar.  Years are counted from
 * March on, so that the leap day is the last one of a year. */
static struct date date_of(uint64_t days)
{
	uint64_t d = days + 719468;		/* since 0000-03-01 */
	uint64_t era = d / 146097, in_era = d % 146097;
	uint64_t year = (in_era - in_era / 1460 + in_era / 36524 -
			 in_era / 146096) / 365;
	uint64_t day = in_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * day + 2) / 153;	/* 0: March */

	return (struct date){
		.year = (unsigned)(era * 400 + year + (month >= 10)),
		.month = (unsigned)(month < 10 ? month + 3 : month - 9),
		.day = (unsigned)(day - (153 * month + 2) / 5 + 1),
	};
}

/* "2026-11-22T22:04:17.123456Z", or the NILVALUE. */
static void put_time(char *buf, size_t size, uint64_t epoch, uint64_t usec)
{
	uint64_t sec = (epoch + usec) / 1000000;
	unsigned in_day = (unsigned)(sec % 86400);
	struct date d = date_of(sec / 86400);

	if (!epoch) {
		vmm_snprintf(buf, size, "-");
		return;
	}
	vmm_snprintf(buf, size, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", d.year,
		     d.month, d.day, in_day / 3600, in_day / 60 % 60,
		     in_day % 60, (unsigned)((epoch + usec) % 1000000));
}

static size_t put_head(const struct net_syslog_setup *setup,
		       const struct vmm_log_line *line, char *buf, size_t size)
{
	char time[32];
	int n;

	if (setup->format == NET_SYSLOG_CHARACTERS)
		return 0;
	if (setup->format == NET_SYSLOG_PLAIN) {
		n = vmm_snprintf(buf, size, "bitvisor:");
	} else {
		put_time(time, sizeof(time), setup->epoch, line->usec);
		n = vmm_snprintf(buf, size, "<%u>1 %s %u.%u.%u.%u bitvisor - "
				 "- [meta sysUpTime=\"%lu\"] ",
				 FACILITY_USER * 8 + line->level, time,
				 setup->src[0], setup->src[1], setup->src[2],
				 setup->src[3],
				 (unsigned long)(line->usec / 10000));
	}
	return (size_t)n < size ? (size_t)n : size;
}

size_t net_syslog_text(const struct net_syslog_setup *setup,
		       const struct vmm_log_line *line, char *buf, size_t size)
{
	size_t n = put_head(setup, line, buf, size);

	for (unsigned i = 0; i < line->len && n < size; i++) {
		char c = line->text[i];

		if (setup->format == NET_SYSLOG_CHARACTERS ||
		    (c >= 0x20 && c <= 0x7e))
			buf[n++] = c;
	}
	return n;
}
