/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model of Intel's gigabit controllers, written from their manuals, to run
 * the driver against: registers, rings, segmentation, checksums, causes; and
 * faults on demand.  Physical addresses are the host's.
 */
#ifndef E1000_MODEL_H
#define E1000_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <nicdrv/pro1000.h>

#define MODEL_FRAMES 128u

struct model_frame {
	uint32_t len;
	uint8_t data[2048];
};

struct model {
	uint32_t reg[0x20000 / 4];
	bool old_rings;		/* registers of the 82542 */
	bool advanced;		/* 82575 and later */
	unsigned resets, waited, irqs;
	unsigned taken;		/* calls of take */
	int take_error;
	struct nic_irq irq;
	uint8_t mac[6];
	void *memory[4];	/* the drivers' */
	unsigned memories;
	bool held;		/* by model_hold */
	unsigned holds;
	bool runs_meanwhile;	/* sends while a driver waits */

	/* What has been sent, segments one by one. */
	struct model_frame sent[MODEL_FRAMES];
	unsigned sent_count, tx_descs;
	bool tso, ixsm, txsm;	/* of the latest frame */

	/* Faults. */
	bool gone;		/* reads give ones */
	bool reset_hangs;
	bool tx_stuck;
	bool queue_hangs;	/* QUEUE_ENABLE is never read back */
	bool no_pages;
	bool eeprom_hangs;
	bool link;
	bool lazy_phy;		/* no link before it is told to negotiate */

	/* The context of the latest context descriptor. */
	uint8_t ipcss, ipcso, tucss, tucso, hdr_len;
	uint16_t ipcse, mss;
	bool ctx_ipv4, ctx_tcp;
	uint8_t frame[70000];
	uint32_t frame_len;
};

struct model *model_create(void);
void model_free(struct model *m);
/* A world with the model in it. */
struct pro1000_world model_world(struct model *m, uint16_t device);

/* Let the NIC do what its registers ask for. */
void model_run(struct model *m);

/* A frame (without CRC) arrives: false if no descriptor was free, or it is
 * filtered.  errors: bits of the legacy error field. */
bool model_receive(struct model *m, const void *data, uint32_t len,
		   uint8_t errors);
/* The next free descriptor is written back as given, without data; `bytes`
 * are written into its buffer first.  In the words of that format. */
bool model_write_back(struct model *m, uint32_t cmd, uint32_t opt,
		      uint32_t bytes);
void model_link(struct model *m, bool up);

#endif
