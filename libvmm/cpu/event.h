/* SPDX-License-Identifier: BSD-3-Clause */
/* Exceptions that come while another is being delivered. */
#ifndef CPU_EVENT_H
#define CPU_EVENT_H

#include <stdint.h>

enum event_pair {
	EVENT_SECOND,		/* deliver the second one */
	EVENT_DOUBLE_FAULT,
	EVENT_SHUTDOWN,
};

/* What the delivery of exception `first` comes to that raises `second` (Intel
 * SDM vol. 3, table 7-5; AMD APM vol. 2, 8.2.9).  Pure. */
enum event_pair event_combine(uint8_t first, uint8_t second);

#endif
