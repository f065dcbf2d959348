/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the driver "monitor" is to record: the texts of its options.  Pure.
 *
 *	bar0..bar5, config: "MODE" for all of it, or one or more groups
 *		"MODE OFFSET SIZE".  MODE: r reads, w writes, each access a
 *		record; R, W: the same access in a row is one record.
 *	time: seconds since the start of the VMM, alternately when recording
 *		begins and ends.
 */
#ifndef PCI_MONITOR_H
#define PCI_MONITOR_H

#include <vmm/pci.h>

#define MONITOR_GROUPS	8u
#define MONITOR_TIMES	16u

struct monitor_group {
	uint64_t offset, size;
	bool read, write;		/* to be recorded */
	bool merge_reads, merge_writes;
};

struct monitor_spec {
	struct monitor_group group[MONITOR_GROUPS];
	unsigned groups;
};

struct monitor_times {
	uint64_t usec[MONITOR_TIMES];
	unsigned count;
};

/* The driver's table of options. */
extern const struct vmm_pci_option_desc monitor_options[];

bool monitor_spec_parse(struct monitor_spec *spec, const char *text);
bool monitor_times_parse(struct monitor_times *times, const char *text);

/* Is the access to be recorded, and merged with one before? */
bool monitor_wants(const struct monitor_spec *spec, uint64_t offset,
		   unsigned len, bool write, bool *merge);
/* Is there recording at this time?  Without times always. */
bool monitor_is_on(const struct monitor_times *times, uint64_t usec);

#endif
