/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking a controller, and telling about it. */
#include <string.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include "pro1000/pro1000.h"

#define EEPROM_TRIES	20u
#define EEPROM_USEC	100u

bool pro1000_known(uint16_t device)
{
	return pro1000_family(device) != NULL;
}

/* A word of the EEPROM: its address at bit 8, done at bit 4 (8254x manual,
 * 13.4.4).  The 82541's other layout, which has a word at bit 2 and done at bit
 * 1, never looks done here. */
static int read_eeprom(const struct pro1000_world *w, uint32_t word,
		       uint32_t *value)
{
	w->write(w->ctx, REG_EERD, EERD_START | word << EERD_ADDRESS_SHIFT);
	for (unsigned i = 0; i < EEPROM_TRIES; i++) {
		uint32_t eerd = w->read(w->ctx, REG_EERD);

		if (eerd & EERD_DONE) {
			*value = eerd >> EERD_DATA_SHIFT;
			return 0;
		}
		w->wait(w->ctx, EEPROM_USEC);
	}
	return VMM_ERROR(ENODATA);
}

static bool is_station(uint32_t low, uint32_t high)
{
	return !(low & 1) && (low | (high & 0xffff));
}

/* The address that firmware or EEPROM put into the first entry.  Bochs' card
 * leaves the entry empty: then the EEPROM's first three words (5.6.1). */
int pro1000_read_mac(const struct pro1000_world *w,
		     const struct pro1000_family *family, uint32_t ra,
		     uint8_t mac[6])
{
	uint32_t low = w->read(w->ctx, ra), high = w->read(w->ctx, ra + 4);

	if (!(low | (high & 0xffff)) && family->has & PRO1000_EEPROM) {
		uint32_t word[3];

		for (uint32_t i = 0; i < 3; i++)
			if (read_eeprom(w, i, &word[i]) < 0)
				return VMM_ERROR(ENODATA);
		low = word[0] | word[1] << 16;
		high = word[2];
	}
	for (unsigned i = 0; i < 4; i++)
		mac[i] = (uint8_t)(low >> i * 8);
	mac[4] = (uint8_t)high;
	mac[5] = (uint8_t)(high >> 8);
	if (!is_station(low, high))
		return VMM_ERROR(ENODATA);
	vmm_log_info("MAC Address: %02X:%02X:%02X:%02X:%02X:%02X\n", mac[0],
		     mac[1], mac[2], mac[3], mac[4], mac[5]);
	return 0;
}

static void set_caps(struct pro1000 *p)
{
	struct nic *nic = &p->nic;

	if (pro1000_has(p, PRO1000_TX_CONTEXT | PRO1000_ADVANCED))
		nic->caps |= NIC_CAP_TX_CSUM | NIC_CAP_RX_CSUM;
	if (pro1000_has(p, PRO1000_TSO))
		nic->caps |= NIC_CAP_TSO4 | NIC_CAP_TSO6;
	if (pro1000_has(p, PRO1000_ITR | PRO1000_ADVANCED))
		nic->caps |= NIC_CAP_KICK;
	nic->caps |= p->w.caps & NIC_CAP_MSI;
	if (pro1000_msix_vectors(p->family))
		nic->caps |= p->w.caps & NIC_CAP_MSIX;
	nic->limits = (struct nic_limits){
		.tx_frags = PRO1000_TX_FRAGS,
		.tso_bytes = 65535 + 14,
		.frame_bytes = NIC_FRAME_MAX - 4,
		.rx_ring = PRO1000_RX_RING - 1,
	};
}

static struct pro1000 *allocate(const struct pro1000_world *w)
{
	uint64_t object = (sizeof(struct pro1000) + VMM_PAGE_MASK) /
		VMM_PAGE_SIZE;
	uint64_t tx = PRO1000_TX_RING * sizeof(struct pro1000_desc) /
		VMM_PAGE_SIZE;
	uint64_t rx = PRO1000_RX_RING * sizeof(struct pro1000_desc) /
		VMM_PAGE_SIZE;
	uint64_t hdr = PRO1000_TX_RING * PRO1000_HDR_MAX / VMM_PAGE_SIZE;
	uint64_t bounce = PRO1000_RX_RING * PRO1000_RX_BUF / VMM_PAGE_SIZE;
	uint8_t *m = w->pages(w->ctx, object + tx + rx + hdr + bounce);
	struct pro1000 *p = (void *)m;

	if (!m)
		return NULL;
	m += object * VMM_PAGE_SIZE;
	p->tx = (void *)m;
	m += tx * VMM_PAGE_SIZE;
	p->rx = (void *)m;
	m += rx * VMM_PAGE_SIZE;
	p->hdr = (void *)m;
	m += hdr * VMM_PAGE_SIZE;
	p->bounce = (void *)m;
	return p;
}

/* With the firmware still in charge there is time to wait. */
static int start(struct pro1000 *p)
{
	int err;

	pro1000_reset_begin(p);
	p->w.wait(p->w.ctx, PRO1000_RESET_USEC);
	err = pro1000_reset_end(p);
	if (err)
		return err;
	p->state = PRO1000_RUNNING;
	/* The link may take seconds; polls tell when it is there. */
	vmm_log_info("Wait for PHY reset and link setup completion.\n");
	return 0;
}

int pro1000_open(const struct pro1000_world *world, struct nic **nic)
{
	const struct pro1000_family *family = pro1000_family(world->device);
	struct pro1000 *p;
	int err;

	if (!family)
		return VMM_ERROR(EOPNOTSUPP);
	if (world->read(world->ctx, REG_STATUS) == UINT32_MAX)
		return VMM_ERROR(ENODEV);
	p = allocate(world);
	if (!p)
		return VMM_ERROR(ENOMEM);
	p->w = *world;
	p->family = family;
	p->nic.ops = &pro1000_ops;
	p->nic.name = "pro1000";
	set_caps(p);
	err = pro1000_read_mac(&p->w, family, pro1000_ra(p), p->nic.mac);
	if (!err && p->w.take)
		err = p->w.take(p->w.ctx);
	if (!err)
		err = start(p);
	if (err)
		return err;
	*nic = &p->nic;
	return 0;
}

static void line(nic_print *print, void *ctx, const char *fmt, ...)
	VMM_PRINTF(3, 4);

static void line(nic_print *print, void *ctx, const char *fmt, ...)
{
	char text[96];
	va_list ap;

	va_start(ap, fmt);
	vmm_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print(ctx, text);
}

void pro1000_dump(struct nic *nic, nic_print *print, void *ctx)
{
	static const char *const states[] = {
		"resetting", "running", "gone", "stopped",
	};
	struct pro1000 *p = (struct pro1000 *)nic;
	uint32_t rdbal = pro1000_rdbal(p), tdbal = pro1000_tdbal(p);

	line(print, ctx, "pro1000 %04x (%s): %s", p->w.device,
	     p->family->name, states[p->state]);
	line(print, ctx, "CTRL %08x STATUS %08x RCTL %08x TCTL %08x IMS %08x",
	     pro1000_read(p, REG_CTRL), pro1000_read(p, REG_STATUS),
	     pro1000_read(p, REG_RCTL), pro1000_read(p, REG_TCTL),
	     pro1000_read(p, REG_IMS));
	line(print, ctx, "rx: head %u tail %u, first %u next %u",
	     pro1000_read(p, rdbal + RING_HEAD),
	     pro1000_read(p, rdbal + RING_TAIL), p->rx_clean, p->rx_next);
	line(print, ctx, "tx: head %u tail %u, first %u next %u",
	     pro1000_read(p, tdbal + RING_HEAD),
	     pro1000_read(p, tdbal + RING_TAIL), p->tx_clean, p->tx_next);
}
