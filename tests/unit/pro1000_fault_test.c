/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver of Intel's gigabit controllers: faults, interrupts, filter. */
#include "pro1000_bench.h"

/* ---- faults ---- */

/* Written-back words in the device's format. */
static bool lie(struct bench *b, uint32_t status, uint32_t len)
{
	if (pro1000_family(((struct pro1000 *)b->nic)->w.device)->has &
	    (PRO1000_EXT_RX | PRO1000_ADVANCED))
		return model_write_back(b->m, status, len, 0);
	return model_write_back(b->m, len, status, 0);
}

static void survives_lies(struct bench *b)
{
	post(b, 0, 100, 2048);
	assert_true(lie(b, RX_DD | RX_EOP, 0xffff));
	run(b);
	assert_int_equal(b->seen.rx, 0);
	assert_int_equal(b->nic->stats.lies, 1);
	works_again(b, 100);
	post(b, 0, 100, 2048);
	for (int i = 0; i < 9; i++)	/* a frame without an end */
		assert_true(lie(b, RX_DD, 2048));
	run(b);
	assert_int_equal(b->nic->stats.lies, 2);
	works_again(b, 100);
	post(b, 0, 100, 1522);
	assert_true(lie(b, RX_DD | RX_EOP, 1523));	/* over the edge */
	run(b);
	assert_int_equal(b->nic->stats.lies, 3);
	works_again(b, 100);
	post(b, 0, 3, 2048);
	assert_true(lie(b, RX_DD | RX_EOP, 0));	/* nothing: dropped */
	assert_true(lie(b, RX_DD | RX_EOP, 13));
	run(b);
	assert_int_equal(b->nic->stats.lies, 3);
	assert_int_equal(b->nic->stats.rx_errors, 2);
	works_again(b, 3);
}

static void all_survive_lies(void **state)
{
	(void)state;
	for_each_device(survives_lies);
}

static void unsticks(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 10, 2048);
	b->m->tx_stuck = true;
	for (int i = 0; i < 3; i++)
		assert_int_equal(send(b, data, 60, &data[i]), 0);
	assert_true(nic_deadline(b->nic) <= b->now + 2000000);
	b->now += 1900000;
	run(b);
	assert_int_equal(b->nic->stats.resets, 0);
	b->now += 200000;
	run(b);
	assert_int_equal(b->nic->stats.resets, 1);
	assert_true(b->nic->resetting);
	assert_int_equal(b->seen.tx_cancelled, 3);
	assert_ptr_equal(b->seen.tx_cookie[2], &data[2]);
	assert_int_equal(send(b, data, 60, NULL), -ENETDOWN);
	b->m->tx_stuck = false;
	works_again(b, 10);
	assert_false(b->nic->resetting);
	assert_int_equal(b->m->resets, 2);
}

static void all_unstick(void **state)
{
	(void)state;
	for_each_device(unsticks);
}

static void follows_the_link(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	nic_irq_enable(b->nic);
	b->m->tx_stuck = true;		/* so a frame stays in the ring */
	assert_int_equal(send(b, data, 60, data), 0);
	model_link(b->m, false);
	assert_true(nic_irq_cause(b->nic) & NIC_CAUSE_LINK);
	run(b);
	assert_int_equal(b->seen.links, 2);
	assert_false(b->nic->link.up);
	assert_int_equal(send(b, data, 60, NULL), -ENETDOWN);
	b->now += 2100000;
	run(b);
	assert_int_equal(b->seen.tx_cancelled, 1);
	b->m->tx_stuck = false;
	settle(b);
	assert_false(b->nic->link.up);
	model_link(b->m, true);		/* no interrupt looked at: by time */
	b->now = nic_deadline(b->nic);
	run(b);
	assert_true(b->nic->link.up);
	assert_int_equal(b->seen.links, 3);
	assert_non_null(strstr(log_text, "pro1000: link down\n"));
	works_again(b, 0);
}

/* Where that is told, nobody is woken to look. */
static void looks_for_no_link(void **state)
{
	const struct nic_irq msi = { NIC_IRQ_MSI, 0xfee00000, 0x400 };
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	assert_int_equal(nic_irq_setup(b.nic, &msi), 0);
	nic_irq_enable(b.nic);
	model_link(b.m, false);
	assert_true(nic_irq_cause(b.nic) & NIC_CAUSE_LINK);
	run(&b);
	assert_false(b.nic->link.up);
	assert_true(nic_deadline(b.nic) == NIC_NEVER);
	model_link(b.m, true);
	assert_true(nic_irq_cause(b.nic) & NIC_CAUSE_LINK);
	run(&b);
	assert_true(b.nic->link.up);
	close_device(&b);
}

static void all_follow_the_link(void **state)
{
	(void)state;
	for_each_device(follows_the_link);
}

static void notices_that_it_has_gone(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 10, 2048);
	assert_int_equal(send(b, data, 60, data), 0);
	b->m->gone = true;
	assert_int_equal(nic_irq_cause(b->nic), 0);
	b->now += 3000000;
	run(b);
	assert_int_equal(b->seen.cancelled, 10);
	assert_int_equal(b->seen.tx_cancelled, 1);
	assert_false(b->nic->link.up);
	assert_int_equal(send(b, data, 60, data), -ENETDOWN);
	assert_int_equal(nic_rx_post(b->nic, (uintptr_t)b->buf, 2048, NULL),
			 -ENETDOWN);
	assert_true(nic_deadline(b->nic) == NIC_NEVER);
	assert_int_equal(run(b), 0);
}

static void all_notice(void **state)
{
	(void)state;
	for_each_device(notices_that_it_has_gone);
}

static void gives_up_resets(void **state)
{
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	post(&b, 0, 10, 2048);
	b.m->reset_hangs = true;
	nic_flush(b.nic, false, true);
	for (int i = 0; i < 300; i++)
		run(&b);
	assert_int_equal(b.seen.cancelled, 10);
	assert_non_null(strstr(log_text, "cannot be reset"));
	assert_true(b.m->resets < 20);
	close_device(&b);
}

static void flushes(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 7, 2048);
	for (int i = 0; i < 5; i++) {
		assert_true(model_receive(b->m, data, 60, 0));
		run(b);
	}
	post(b, 7, 200, 2048);
	b->m->tx_stuck = true;
	assert_int_equal(send(b, data, 60, data), 0);
	b->m->waited = 0;
	nic_flush(b->nic, true, true);
	assert_true(b->m->waited <= NIC_WAIT_MAX_USEC);
	assert_int_equal(b->seen.cancelled, 195);
	assert_int_equal(b->seen.tx_cancelled, 1);
	assert_false(model_receive(b->m, data, 60, 0));
	b->m->tx_stuck = false;
	post(b, 0, 150, 2048);		/* while it is being reset */
	works_again(b, 150);
	/* Buffers survive the loss of the others' frames, in order. */
	post(b, 0, 150, 2048);
	nic_flush(b->nic, false, true);
	works_again(b, 150);
	/* So they do when the hardware forgets everything. */
	post(b, 0, 150, 2048);
	memset(b->m->reg, 0, sizeof(b->m->reg));
	nic_restart(b->nic);
	works_again(b, 150);
	/* Reposting in the upcall does not go on for ever. */
	post(b, 0, 150, 2048);
	b->seen.repost = true;
	b->seen.cancelled = 0;
	nic_flush(b->nic, true, false);
	assert_int_equal(b->seen.cancelled, 150);
	b->seen.repost = false;
	works_again(b, 150);
}

static void all_flush(void **state)
{
	(void)state;
	for_each_device(flushes);
}

static void stops(struct bench *b)
{
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	post(b, 0, 7, 2048);
	nic_quiesce(b->nic);
	assert_false(model_receive(b->m, data, 60, 0));
	assert_int_equal(send(b, data, 60, data), -ENETDOWN);
	b->now += 10000000;
	assert_int_equal(run(b), 0);
	assert_int_equal(b->seen.cancelled, 0);
	assert_true(nic_deadline(b->nic) == NIC_NEVER);
	nic_hand_back(b->nic);
	assert_int_equal(b->m->reg[REG_RCTL / 4], 0);
}

static void all_stop(void **state)
{
	(void)state;
	for_each_device(stops);
}

/* ---- interrupts, filter, dump ---- */

static void interrupts_by(struct bench *b, enum nic_irq_mode mode)
{
	const struct nic_irq irq = { mode, 0xfee00000, 0x400 };
	uint8_t data[60];

	fill(data, sizeof(data), b->m->mac);
	assert_int_equal(nic_irq_setup(b->nic, &irq), 0);
	assert_int_equal(b->m->irq.data, 0x400);
	assert_int_equal(b->m->irqs, 0);
	post(b, 0, 10, 2048);
	assert_true(model_receive(b->m, data, 60, 0));
	assert_int_equal(b->m->irqs, 0);
	nic_irq_enable(b->nic);		/* what is pending comes at once */
	assert_int_equal(b->m->irqs, 1);
	assert_int_equal(nic_irq_cause(b->nic), NIC_CAUSE_RX);
	assert_int_equal(nic_irq_cause(b->nic), 0);
	run(b);
	b->m->irqs = 0;
	assert_int_equal(send(b, data, 60, data), 0);
	model_run(b->m);		/* sent at once: nobody waits for it */
	run(b);
	assert_int_equal(b->seen.tx, 1);
	assert_int_equal(b->m->irqs, 0);
	assert_int_equal(nic_irq_cause(b->nic), 0);
	assert_int_equal(send(b, data, 60, data), 0);
	nic_poll(b->nic, b->now, 64);	/* not yet: wait for it */
	assert_int_equal(b->m->irqs, 0);
	model_run(b->m);
	assert_int_equal(b->m->irqs, 1);
	assert_int_equal(nic_irq_cause(b->nic), NIC_CAUSE_TX);
	run(b);
	assert_int_equal(b->seen.tx, 2);
	assert_int_equal(b->nic->stats.irqs, 2);
	assert_true(model_receive(b->m, data, 60, 0));
	nic_irq_ack(b->nic);
	assert_int_equal(nic_irq_cause(b->nic), 0);
	nic_flush(b->nic, false, true);	/* stays enabled over a reset */
	settle(b);
	b->m->irqs = 0;
	assert_true(model_receive(b->m, data, 60, 0));
	assert_int_equal(b->m->irqs, 1);
	nic_irq_disable(b->nic);
	assert_true(model_receive(b->m, data, 60, 0));
	assert_int_equal(b->m->irqs, 1);
}

static void interrupts(struct bench *b)
{
	interrupts_by(b, NIC_IRQ_MSI);
}

static void msix_interrupts_alike(void **state)
{
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	interrupts_by(&b, NIC_IRQ_MSIX);
	close_device(&b);
	open_device(&b, 0x10c9);
	interrupts_by(&b, NIC_IRQ_MSIX);
	close_device(&b);
}

static void all_interrupt(void **state)
{
	(void)state;
	for_each_device(interrupts);
}

static void kicks(struct bench *b)
{
	if (!(b->nic->caps & NIC_CAP_KICK)) {
		assert_int_equal(nic_kick_after(b->nic, 10), -EOPNOTSUPP);
		return;
	}
	nic_irq_enable(b->nic);
	assert_int_equal(nic_kick_after(b->nic, 0), -0);
	assert_true(nic_irq_cause(b->nic) & NIC_CAUSE_KICK);
	assert_int_equal(nic_kick_after(b->nic, 1000000), 0);
	if (b->m->advanced)
		assert_int_equal(b->m->reg[REG_EITR_IGB / 4], 2000 << 2);
	else
		assert_int_equal(b->m->reg[REG_ITR / 4], 2000 * 1000 / 256);
	assert_true(nic_irq_cause(b->nic) & NIC_CAUSE_KICK);
	run(b);
	if (b->m->advanced)
		assert_int_equal(b->m->reg[REG_EITR_IGB / 4], 128 << 2);
	else
		assert_int_equal(b->m->reg[REG_ITR / 4], 500);
}

static void all_kick(void **state)
{
	(void)state;
	for_each_device(kicks);
}

static void msix_has_a_vector_for_kicks(void **state)
{
	const struct nic_irq msix = { NIC_IRQ_MSIX, 0xfee00000, 0x400 };
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	assert_int_equal(nic_irq_setup(b.nic, &msix), 0);
	assert_int_equal(b.m->reg[REG_IVAR_82574 / 4], 0x00080898);
	nic_irq_enable(b.nic);
	assert_int_equal(nic_kick_after(b.nic, 1000000), 0);
	assert_int_equal(b.m->reg[REG_EITR_82574 / 4], 500);
	assert_int_equal(b.m->reg[REG_EITR_82574 / 4 + 1], 62500);
	assert_int_equal(nic_irq_cause(b.nic), NIC_CAUSE_KICK);
	assert_int_equal(nic_irq_cause(b.nic), 0);
	close_device(&b);
	open_device(&b, 0x100e);
	assert_int_equal(nic_irq_setup(b.nic, &msix), -EOPNOTSUPP);
	close_device(&b);
}

/* 82576: a vector each for received and sent frames, kicks and the rest, and the
 * kick's time in its moderation: interval, and counter in units of 4 us. */
static void igb_vectors(void **state)
{
	const struct nic_irq msix = { NIC_IRQ_MSIX, 0xfee00000, 0x400 };
	const struct nic_irq msi = { NIC_IRQ_MSI, 0xfee00000, 0x400 };
	struct bench b;

	(void)state;
	open_device(&b, 0x10c9);
	assert_int_equal(nic_irq_setup(b.nic, &msix), 0);
	assert_int_equal(b.m->reg[REG_GPIE / 4], 0x80000011);
	assert_int_equal(b.m->reg[REG_IVAR_IGB / 4], 0x8280);
	assert_int_equal(b.m->reg[REG_IVAR_MISC / 4], 0x8300);
	assert_int_equal(b.m->reg[REG_EIMS / 4], 0);
	nic_irq_enable(b.nic);
	assert_int_equal(nic_kick_after(b.nic, 1000), 0);
	assert_int_equal(b.m->reg[REG_EITR_IGB / 4], 128 << 2);
	assert_int_equal(b.m->reg[REG_EITR_IGB / 4 + 1], 1000 << 2 | 250 << 21);
	assert_int_equal(nic_kick_after(b.nic, 1000000), 0);
	assert_int_equal(b.m->reg[REG_EITR_IGB / 4 + 1],
			 4000 << 2 | 1000 << 21);
	assert_int_equal(nic_irq_cause(b.nic), NIC_CAUSE_KICK);
	assert_int_equal(nic_irq_cause(b.nic), 0);
	model_link(b.m, false);
	assert_int_equal(nic_irq_cause(b.nic), NIC_CAUSE_RX | NIC_CAUSE_LINK);
	assert_int_equal(nic_irq_cause(b.nic), 0);
	model_link(b.m, true);	/* again: the first is acknowledged */
	assert_int_equal(nic_irq_cause(b.nic), NIC_CAUSE_RX | NIC_CAUSE_LINK);
	/* Back to one message for all, by ICR. */
	assert_int_equal(nic_irq_setup(b.nic, &msi), 0);
	assert_int_equal(b.m->reg[REG_GPIE / 4], 0);
	nic_irq_enable(b.nic);
	assert_int_equal(nic_kick_after(b.nic, 0), 0);
	assert_true(nic_irq_cause(b.nic) & NIC_CAUSE_KICK);
	close_device(&b);
	open_device(&b, 0x10a7);	/* no IVAR */
	assert_int_equal(nic_irq_setup(b.nic, &msix), -EOPNOTSUPP);
	close_device(&b);
}

static void filters(struct bench *b)
{
	uint8_t list[8][6] = {
		{ 1, 0, 0x5e, 0, 0, 1 }, { 2, 0, 0, 0, 0, 1 },
	};
	uint8_t data[60], other[6] = { 2, 0, 0, 0, 0, 99 };
	uint8_t group[6] = { 1, 0, 0x5e, 1, 2, 3 };
	struct nic_filter f = { .mac = (const uint8_t (*)[6])list,
		.count = 2 };
	struct pro1000 *p = (struct pro1000 *)b->nic;
	bool table = pro1000_has(p, PRO1000_UNICAST);

	if (pro1000_has(p, PRO1000_SMALL_MTA))
		return;			/* the model has the large one */
	post(b, 0, 200, 2048);
	fill(data, 60, list[0]);
	assert_false(model_receive(b->m, data, 60, 0));
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	assert_true(model_receive(b->m, data, 60, 0));
	fill(data, 60, list[1]);
	assert_true(model_receive(b->m, data, 60, 0));
	fill(data, 60, other);
	assert_int_equal(model_receive(b->m, data, 60, 0), !table);
	fill(data, 60, group);
	if (table)
		assert_false(model_receive(b->m, data, 60, 0));
	nic_flush(b->nic, false, true);	/* is kept over a reset */
	settle(b);
	fill(data, 60, list[1]);
	assert_true(model_receive(b->m, data, 60, 0));
	f.allmulti = true;
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	fill(data, 60, group);
	assert_true(model_receive(b->m, data, 60, 0));
	f = (struct nic_filter){ .promisc = true };
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	fill(data, 60, other);
	assert_true(model_receive(b->m, data, 60, 0));
	for (int i = 0; i < 8; i++) {	/* too many: more than asked for */
		memcpy(list[i], other, 6);
		list[i][3] = (uint8_t)i;
	}
	f = (struct nic_filter){ .mac = (const uint8_t (*)[6])list,
		.count = 8 };
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	for (int i = 0; i < 8; i++) {
		fill(data, 60, list[i]);
		assert_true(model_receive(b->m, data, 60, 0));
	}
	f.count = 0;
	assert_int_equal(nic_filter_set(b->nic, &f), 0);
	assert_false(model_receive(b->m, data, 60, 0));
	fill(data, 60, b->m->mac);
	assert_true(model_receive(b->m, data, 60, 0));
}

static void all_filter(void **state)
{
	(void)state;
	for_each_device(filters);
}

static void print(void *ctx, const char *line)
{
	strcat(ctx, line);
	strcat(ctx, "\n");
}

static void dumps(void **state)
{
	char text[2048] = "";
	struct bench b;

	(void)state;
	open_device(&b, 0x10d3);
	post(&b, 0, 10, 2048);
	nic_dump(b.nic, print, text);
	assert_non_null(strstr(text, "pro1000 10d3 (82574): running\n"));
	assert_non_null(strstr(text, "rx: head 0 tail 10, first 0 next 10\n"));
	close_device(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_survive_lies),
		cmocka_unit_test(all_unstick),
		cmocka_unit_test(all_follow_the_link),
		cmocka_unit_test(looks_for_no_link),
		cmocka_unit_test(all_notice),
		cmocka_unit_test(gives_up_resets),
		cmocka_unit_test(all_flush),
		cmocka_unit_test(all_stop),
		cmocka_unit_test(all_interrupt),
		cmocka_unit_test(all_kick),
		cmocka_unit_test(msix_has_a_vector_for_kicks),
		cmocka_unit_test(msix_interrupts_alike),
		cmocka_unit_test(igb_vectors),
		cmocka_unit_test(all_filter),
		cmocka_unit_test(dumps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
