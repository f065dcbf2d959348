/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the real-time clock. */
#include <bvnet/rtc.h>
#include <string.h>
#include <vmm/x86.h>

#define PORT_INDEX	0x70	/* bit 7: NMIs off */
#define PORT_DATA	0x71
#define STATUS_A	10
#define STATUS_B	11
#define UPDATING	0x80u	/* in STATUS_A */
/* An update takes 2 ms; a read of a port about a microsecond. */
#define TRIES		3000
#define ROUNDS		4

static uint8_t reg(uint8_t index)
{
	x86_outb(PORT_INDEX, index);
	return x86_inb(PORT_DATA);
}

static struct net_rtc read_all(void)
{
	for (int i = 0; i < TRIES && reg(STATUS_A) & UPDATING; i++)
		x86_pause();
	return (struct net_rtc){
		.second = reg(0), .minute = reg(2), .hour = reg(4),
		.day = reg(7), .month = reg(8), .year = reg(9),
		.status_b = reg(STATUS_B),
	};
}

/* Twice the same means that no update was under way. */
uint64_t net_rtc_read(void)
{
	struct net_rtc last = read_all(), now;

	for (int i = 0; i < ROUNDS; i++) {
		now = read_all();
		if (memcmp(&now, &last, sizeof(now)) == 0)
			return net_rtc_seconds(&now);
		last = now;
	}
	return 0;
}
