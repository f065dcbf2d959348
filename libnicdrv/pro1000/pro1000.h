/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the driver among themselves. */
#ifndef PRO1000_H
#define PRO1000_H

#include <nicdrv/pro1000.h>
#include "pro1000/regs.h"

/* What a family has (struct pro1000_family.has). */
#define PRO1000_OLD_RINGS	0x0001u	/* the 82542's registers */
#define PRO1000_TX_CONTEXT	0x0002u	/* checksums by context descriptors */
#define PRO1000_TSO		0x0004u
#define PRO1000_SECRC		0x0008u	/* cuts the CRC off */
#define PRO1000_ITR		0x0010u
#define PRO1000_EXPRESS		0x0020u	/* GIO master disable, DRV_LOAD */
#define PRO1000_EXT_RX		0x0040u	/* extended receive descriptors */
#define PRO1000_UNICAST		0x0080u	/* plain table of addresses */
#define PRO1000_SMALL_MTA	0x0100u
#define PRO1000_TWO_TARC	0x0200u
#define PRO1000_TARC_82574	0x0400u
#define PRO1000_MSIX_82574	0x0800u
#define PRO1000_ADVANCED	0x1000u	/* advanced descriptors only */
#define PRO1000_SECOND_TX	0x2000u	/* two plain transmit queues */
#define PRO1000_EEPROM		0x4000u	/* read by the 8254x's EERD */
#define PRO1000_MSIX_IGB	0x8000u
#define PRO1000_EXPRESS_COMMON \
	(PRO1000_EXPRESS | PRO1000_EXT_RX | PRO1000_TX_CONTEXT | \
	 PRO1000_TSO | PRO1000_SECRC | PRO1000_ITR)
#define PRO1000_ADVANCED_COMMON \
	(PRO1000_EXPRESS | PRO1000_TX_CONTEXT | PRO1000_TSO | \
	 PRO1000_SECRC | PRO1000_UNICAST | PRO1000_ADVANCED)

enum pro1000_family_id {
	PRO1000_82542,
	PRO1000_82543,
	PRO1000_8254X,
	PRO1000_82547,
	PRO1000_82571,
	PRO1000_82573,
	PRO1000_82574,
	PRO1000_ICH,
	PRO1000_82575,
	PRO1000_IGB,
};

struct pro1000_family {
	const char *name;
	uint32_t has;
};

/* NULL: not known. */
const struct pro1000_family *pro1000_family(uint16_t device);
/* All that are known, as a pattern of the PCI rules (vmm/pci.h). */
extern const char pro1000_match[];

#define PRO1000_TX_RING		512u
#define PRO1000_RX_RING		256u
#define PRO1000_RX_BUF		2048u	/* what the NIC may write at most */
#define PRO1000_HDR_MAX		256u	/* of a frame with TSO */
#define PRO1000_TX_FRAGS	64u
#define PRO1000_UNICAST_MAX	6u	/* besides its own; all families have */

enum pro1000_state {
	PRO1000_RESETTING,	/* waits for `until`, then starts */
	PRO1000_RUNNING,
	PRO1000_GONE,		/* answers ones only, or does not come back */
	PRO1000_STOPPED,	/* by nic_quiesce */
};

/* One transmit descriptor's frame; only those with last have one. */
struct pro1000_txslot {
	void *cookie;
	bool last;
};

struct pro1000_rxslot {
	uint64_t pa;
	void *cookie;
	uint32_t len;		/* of the buffer */
	bool copy;		/* receive into the bounce buffer */
};

/* How the NIC's registers are to be; put there whenever it starts anew. */
struct pro1000_want {
	struct nic_irq irq;
	bool irq_on;
	bool promisc, allmulti;
	unsigned unicast_count;
	uint8_t unicast[PRO1000_UNICAST_MAX][6];
	uint32_t mta[128];
};

struct pro1000 {
	struct nic nic;
	struct pro1000_world w;
	const struct pro1000_family *family;
	enum pro1000_state state;
	uint64_t now;		/* of the latest poll */
	uint64_t until;		/* RESETTING, GONE: when to go on */
	unsigned attempts;	/* resets since the NIC last ran */
	uint64_t link_check;	/* when to look at the link again */
	uint32_t causes;	/* atomic: seen by irq_cause, not by poll */
	uint32_t asked;		/* atomic: unmasked since the last irq_cause */
	bool tx_watched;	/* sent frames interrupt */
	bool kick_slow;		/* interrupts are held back for a kick */
	struct pro1000_want want;

	volatile struct pro1000_desc *tx, *rx;
	uint8_t (*hdr)[PRO1000_HDR_MAX];	/* one for each tx descriptor */
	uint8_t (*bounce)[PRO1000_RX_BUF];	/* one for each rx descriptor */
	struct pro1000_txslot txslot[PRO1000_TX_RING];
	struct pro1000_rxslot rxslot[PRO1000_RX_RING];
	/* Rings: first descriptor that is the NIC's, first that is ours. */
	unsigned tx_clean, tx_next, tx_told;	/* told: tail register */
	unsigned rx_clean, rx_next, rx_told;
	uint64_t tx_progress;	/* when the NIC last finished one; or idle */
};

static inline bool pro1000_has(const struct pro1000 *p, uint32_t what)
{
	return p->family->has & what;
}

static inline uint32_t pro1000_read(struct pro1000 *p, uint32_t reg)
{
	return p->w.read(p->w.ctx, reg);
}

static inline void pro1000_write(struct pro1000 *p, uint32_t reg, uint32_t v)
{
	p->w.write(p->w.ctx, reg, v);
}

/* hw.c: registers */
uint32_t pro1000_rdbal(const struct pro1000 *p);
uint32_t pro1000_tdbal(const struct pro1000 *p);
/* Where the address registers are. */
uint32_t pro1000_ra(const struct pro1000 *p);
/* Stop DMA, begin a reset; ends PRO1000_RESET_USEC later. */
void pro1000_reset_begin(struct pro1000 *p);
/* After that time: program everything.  -EIO, -ENODEV. */
int pro1000_reset_end(struct pro1000 *p) VMM_MUST_CHECK;
void pro1000_write_filter(struct pro1000 *p);
int pro1000_filter(struct nic *nic, const struct nic_filter *filter);
struct nic_link pro1000_read_link(struct pro1000 *p, bool *gone);
/* The longest wait of all families' manuals, with a margin. */
#define PRO1000_RESET_USEC 20000u

/* core.c */
extern const struct nic_ops pro1000_ops;

/* open.c */
/* The address in the entry at register ra, or in the EEPROM if that is empty.
 * -ENODATA: there is none. */
int pro1000_read_mac(const struct pro1000_world *w,
		     const struct pro1000_family *family, uint32_t ra,
		     uint8_t mac[6]) VMM_MUST_CHECK;
void pro1000_dump(struct nic *nic, nic_print *print, void *ctx);

/* irq.c */
/* How many vectors are used with MSI-X; 0: it is not. */
unsigned pro1000_msix_vectors(const struct pro1000_family *family);
int pro1000_irq_setup(struct nic *nic, const struct nic_irq *irq);
void pro1000_irq_program(struct pro1000 *p);
void pro1000_irq_enable(struct nic *nic);
void pro1000_irq_disable(struct nic *nic);
uint32_t pro1000_irq_cause(struct nic *nic);
void pro1000_irq_ack(struct nic *nic);
int pro1000_kick_after(struct nic *nic, uint32_t usec);
void pro1000_kick_over(struct pro1000 *p);
/* Interrupt for frames that are sent from now on, or do not. */
void pro1000_irq_watch_tx(struct pro1000 *p, bool on);

/* tx.c */
int pro1000_tx(struct nic *nic, const struct nic_tx *tx);
void pro1000_tx_push(struct pro1000 *p);
/* Take back finished frames, at most budget. */
unsigned pro1000_tx_reap(struct pro1000 *p, unsigned budget);
/* The NIC is reset: take back all. */
void pro1000_tx_cancel(struct pro1000 *p);

/* offload.c */
/* The two kinds of context descriptor; and what data descriptors need. */
struct pro1000_offload {
	struct pro1000_desc context;
	uint32_t cmd, opt;	/* to be in each data descriptor */
};
/* Check tx's flags against its headers, of which hdr has the first len bytes;
 * TSO: rewrite them as the NIC needs them.  -EINVAL. */
int pro1000_offload(const struct pro1000 *p, const struct nic_tx *tx,
		    uint32_t total, uint8_t *hdr, uint32_t len,
		    struct pro1000_offload *out) VMM_MUST_CHECK;

/* rx.c */
int pro1000_rx_post(struct nic *nic, uint64_t pa, uint32_t len, void *cookie);
void pro1000_rx_push(struct pro1000 *p);
/* Deliver frames, at most about budget buffers.  -EIO: the NIC lies. */
int pro1000_rx_reap(struct pro1000 *p, unsigned budget, unsigned *done)
	VMM_MUST_CHECK;
/* The NIC is reset: give its buffers back, or to the new ring. */
void pro1000_rx_cancel(struct pro1000 *p);
void pro1000_rx_rearm(struct pro1000 *p);

#endif
