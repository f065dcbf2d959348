/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A controller that another driver, the guest's, drives: that driver here is
 * the one of the VMM.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include "e1000_model.h"
#include "pro1000/pro1000.h"

#define GUESTS	0x11
#define OURS	0x22

struct bench {
	struct model *m;
	struct nic *guest, *pass;
	uint64_t now;
	unsigned done, cancelled, guest_done;
	uint8_t guest_frame[100], our_frame[100];
};

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
}

static void on_tx_done(void *ctx, void *cookie, int error)
{
	struct bench *b = ctx;

	assert_ptr_equal(cookie, b);
	if (error)
		b->cancelled++;
	else
		b->done++;
}

static void on_guest_tx_done(void *ctx, void *cookie, int error)
{
	struct bench *b = ctx;

	(void)cookie;
	b->guest_done += !error;
}

static const struct nic_sink sink = { NULL, on_tx_done, NULL };
static const struct nic_sink guest_sink = { NULL, on_guest_tx_done, NULL };

static void step(struct bench *b)
{
	model_run(b->m);
	b->now += 1000;
	nic_poll(b->guest, b->now, 64);
	nic_poll(b->pass, b->now, 64);
}

static void start(struct bench *b, uint16_t device)
{
	struct pro1000_world w;

	memset(b, 0, sizeof(*b));
	memset(b->guest_frame, GUESTS, sizeof(b->guest_frame));
	memset(b->our_frame, OURS, sizeof(b->our_frame));
	b->m = model_create();
	b->m->runs_meanwhile = true;
	w = model_world(b->m, device);
	assert_int_equal(pro1000_pass_open(&w, &b->pass), 0);
	assert_int_equal(b->m->resets, 0);	/* not ours to reset */
	nic_attach(b->pass, &sink, b);
	nic_poll(b->pass, 0, 64);
	assert_false(b->pass->link.up);	/* no driver of the guest's yet */
	assert_int_equal(pro1000_open(&w, &b->guest), 0);
	nic_attach(b->guest, &guest_sink, b);
	step(b);		/* seen at once: something may wait for it */
	assert_true(b->pass->link.up);
	assert_true(nic_deadline(b->pass) == NIC_NEVER);
}

static void end(struct bench *b)
{
	nic_quiesce(b->pass);
	nic_quiesce(b->guest);
	model_free(b->m);
}

static int send(struct nic *nic, void *frame, void *cookie)
{
	struct nic_frag frag[2] = {
		{ (uintptr_t)frame, 40 }, { (uintptr_t)frame + 40, 60 },
	};
	struct nic_tx tx = { .frag = frag, .frag_count = 2,
		.cookie = cookie };

	return nic_tx(nic, &tx);
}

static int ours(struct bench *b)
{
	int err = send(b->pass, b->our_frame, b);

	nic_tx_push(b->pass);
	return err;
}

static int guests(struct bench *b)
{
	int err = send(b->guest, b->guest_frame, b);

	nic_tx_push(b->guest);
	return err;
}

static unsigned count(const struct bench *b, uint8_t whose)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->m->sent_count; i++) {
		const struct model_frame *f = &b->m->sent[i];

		if (f->data[0] != whose)
			continue;
		assert_int_equal(f->len, 100);
		for (unsigned j = 0; j < 100; j++)
			assert_int_equal(f->data[j], whose);
		n++;
	}
	return n;
}

static void for_both(void (*test)(struct bench *b, bool hooked))
{
	struct bench b;

	start(&b, 0x10d3);
	test(&b, false);
	end(&b);
	start(&b, 0x100e);
	test(&b, true);
	end(&b);
}

/* Both send, in every order, more than a ring of frames each. */
static void share(struct bench *b, bool hooked)
{
	for (unsigned round = 0; round < 1000; round++) {
		b->m->sent_count = 0;
		if (round & 1)
			assert_int_equal(guests(b), 0);
		if (round & 2)
			assert_int_equal(ours(b), 0);
		if (round & 4)
			assert_int_equal(guests(b), 0);
		for (int i = 0; i < 4; i++)
			step(b);
		assert_int_equal(count(b, GUESTS),
				 (round & 1) + !!(round & 4));
		assert_int_equal(count(b, OURS), !!(round & 2));
	}
	assert_int_equal(b->done, 500);
	assert_int_equal(b->cancelled, 0);
	assert_int_equal(b->guest_done, 1000);
	assert_int_equal(b->guest->stats.resets, 0);
	if (!hooked)
		assert_int_equal(b->m->holds, 0);
	assert_false(b->m->held);
}

static void both_share(void **state)
{
	(void)state;
	for_both(share);
}

/* What the guest's driver has in its registers is there afterwards. */
static void registers_stay(struct bench *b, bool hooked)
{
	static uint32_t before[sizeof(b->m->reg) / 4];

	(void)hooked;
	for (int i = 0; i < 7; i++)
		assert_int_equal(guests(b), 0);
	for (int i = 0; i < 3; i++)
		step(b);
	memcpy(before, b->m->reg, sizeof(before));
	assert_int_equal(ours(b), 0);
	step(b);
	assert_int_equal(b->done, 1);
	for (unsigned r = 0; r < sizeof(before); r += 4)
		if ((r < 0x3900 || r > 0x3940) && r != REG_ICR)
			assert_int_equal(b->m->reg[r / 4], before[r / 4]);
}

static void both_leave_registers(void **state)
{
	(void)state;
	for_both(registers_stay);
}

/* While the guest's frames do not go out, ours wait; then they go. */
static void waits(struct bench *b, bool hooked)
{
	unsigned waited;

	b->m->tx_stuck = true;
	assert_int_equal(guests(b), 0);
	waited = b->m->waited;
	assert_int_equal(ours(b), 0);
	step(b);
	assert_true(b->m->waited - waited <= NIC_WAIT_MAX_USEC);
	assert_int_equal(b->m->sent_count, 0);
	assert_true(nic_deadline(b->pass) <= b->now + 1000);
	if (hooked)
		assert_int_equal(b->m->reg[REG_TDBAL / 4], (uint32_t)
			(uintptr_t)((struct pro1000 *)b->guest)->tx);
	b->m->tx_stuck = false;
	for (int i = 0; i < 3; i++)
		step(b);
	assert_int_equal(b->m->sent_count, 2);
	assert_int_equal(b->done, 1);
}

static void both_wait(void **state)
{
	(void)state;
	for_both(waits);
}

static void survives_resets(struct bench *b, bool hooked)
{
	(void)hooked;
	for (int round = 0; round < 5; round++) {
		assert_int_equal(ours(b), 0);
		b->m->runs_meanwhile = false;
		nic_restart(b->guest);	/* a reset by the guest */
		assert_int_equal(ours(b), -ENETDOWN);
		b->m->runs_meanwhile = true;
		for (int i = 0; i < 50; i++)
			step(b);
		assert_int_equal(b->done + b->cancelled, 2 * round + 1);
		assert_int_equal(ours(b), 0);
		for (int i = 0; i < 3; i++)
			step(b);
		assert_int_equal(b->done + b->cancelled, 2 * round + 2);
		assert_true(b->done >= (unsigned)round + 1);
		assert_int_equal(guests(b), 0);
		step(b);
	}
	assert_int_equal(b->guest_done, 5);
}

static void both_survive_resets(void **state)
{
	(void)state;
	for_both(survives_resets);
}

static void gives_up(struct bench *b, bool hooked)
{
	b->m->tx_stuck = true;
	assert_int_equal(ours(b), 0);
	b->now += 3000000;
	nic_poll(b->pass, b->now, 64);
	assert_int_equal(b->cancelled, 1);
	b->m->tx_stuck = false;
	model_run(b->m);
	assert_int_equal(b->m->sent_count, 0);	/* not from freed memory */
	if (!hooked)
		assert_int_equal(b->pass->stats.resets, 1);
	assert_int_equal(ours(b), 0);
	step(b);
	step(b);
	assert_int_equal(b->done, 1);
	b->m->gone = true;
	assert_int_equal(ours(b), -ENETDOWN);
	b->now += 600000;
	step(b);
	assert_false(b->pass->link.up);
}

static void both_give_up(void **state)
{
	(void)state;
	for_both(gives_up);
}

static void refuses_frames(struct bench *b, bool hooked)
{
	struct nic_frag frag[5] = {
		{ (uintptr_t)b->our_frame, 100 }, { (uintptr_t)b, 1419 },
		{ (uintptr_t)b, 1 }, { (uintptr_t)b, 1 }, { (uintptr_t)b, 1 },
	};
	struct nic_tx tx = { .frag = frag, .frag_count = 2, .cookie = b };
	unsigned n = 0;

	(void)hooked;
	assert_int_equal(nic_tx(b->pass, &tx), -EINVAL);
	frag[1].len = UINT32_MAX;
	assert_int_equal(nic_tx(b->pass, &tx), -EINVAL);
	frag[1].len = 0;
	assert_int_equal(nic_tx(b->pass, &tx), -EINVAL);
	frag[1].len = 1;
	tx.frag_count = 5;
	assert_int_equal(nic_tx(b->pass, &tx), -EINVAL);
	tx.frag_count = 0;
	assert_int_equal(nic_tx(b->pass, &tx), -EINVAL);
	tx.frag_count = 1;
	tx.flags = NIC_TX_CSUM;
	assert_int_equal(nic_tx(b->pass, &tx), -EINVAL);
	tx.flags = 0;
	while (!nic_tx(b->pass, &tx))
		assert_true(++n < 64);
	assert_int_equal(nic_tx(b->pass, &tx), -ENOSPC);
	nic_flush(b->pass, true, true);
	assert_int_equal(b->cancelled, n);
	assert_int_equal(nic_rx_post(b->pass, (uintptr_t)b, 2048, b),
			 -EOPNOTSUPP);
	for (unsigned i = 0; i < 20; i++)	/* more than one batch */
		assert_int_equal(nic_tx(b->pass, &tx), 0);
	for (unsigned i = 0; i < 5; i++)
		step(b);
	assert_int_equal(b->done, 20);
}

static void both_refuse(void **state)
{
	(void)state;
	for_both(refuses_frames);
}

/* The guest's driver uses the second queue itself. */
static void leaves_a_used_queue_alone(void **state)
{
	struct bench b;

	(void)state;
	start(&b, 0x10d3);
	b.m->reg[(REG_TDBAL + REG_QUEUE1) / 4] = 0x1000;
	b.m->reg[(REG_TDBAL + REG_QUEUE1 + RING_LEN) / 4] = 4096;
	assert_int_equal(ours(&b), 0);
	step(&b);
	assert_int_equal(b.m->sent_count, 0);
	assert_int_equal(b.m->reg[(REG_TDBAL + REG_QUEUE1) / 4], 0x1000);
	assert_int_equal(b.m->reg[(REG_TDBAL + REG_QUEUE1 + RING_TAIL) / 4],
			 0);
	end(&b);
}

static void knows_which_need_a_hook(void **state)
{
	struct model *m = model_create();
	struct pro1000_world w = model_world(m, 0x10c9);
	struct nic *nic;

	(void)state;
	assert_false(pro1000_pass_hooks(0x10d3));
	assert_true(pro1000_pass_hooks(0x100e));
	assert_int_equal(pro1000_pass_open(&w, &nic), -EOPNOTSUPP);
	w.device = 0x1000;
	assert_int_equal(pro1000_pass_open(&w, &nic), -EOPNOTSUPP);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_share),
		cmocka_unit_test(both_leave_registers),
		cmocka_unit_test(both_wait),
		cmocka_unit_test(both_survive_resets),
		cmocka_unit_test(both_give_up),
		cmocka_unit_test(both_refuse),
		cmocka_unit_test(leaves_a_used_queue_alone),
		cmocka_unit_test(knows_which_need_a_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
