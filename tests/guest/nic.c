/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * nic.efi: the VMM's driver of Intel's gigabit controllers on the machine
 * itself, without the VMM.  Asks a host by ARP, then sends it UDP datagrams
 * of all kinds, and tells on port 0xe9 what came of it.  Argument: none; the
 * network is QEMU's (10.0.2.0/24, the host 10.0.2.2 with a TFTP server).
 */
#include <efi.h>
#include <efilib.h>
#include <string.h>
#include <nicdrv/pro1000.h>
#include <vmm/log.h>
#include <vmm/printf.h>
#include "port.h"

#define ME	{ 10, 0, 2, 15 }
#define HOST	{ 10, 0, 2, 2 }

static uint32_t function;	/* CF8 address */
static uint64_t bar;

static uint32_t config(unsigned offset)
{
	uint32_t value;

	__asm__ volatile("outl %0, %w1" : : "a"(function | offset),
			 "Nd"(0xcf8));
	__asm__ volatile("inl %w1, %0" : "=a"(value) : "Nd"(0xcfc));
	return value;
}

static void config_write(unsigned offset, uint32_t value)
{
	__asm__ volatile("outl %0, %w1" : : "a"(function | offset),
			 "Nd"(0xcf8));
	__asm__ volatile("outl %0, %w1" : : "a"(value), "Nd"(0xcfc));
}

static bool find(void)
{
	for (uint32_t slot = 0; slot < 32 * 8; slot++) {
		function = 0x80000000u | slot << 8;
		if ((config(0) & 0xffff) == 0x8086 &&
		    pro1000_known((uint16_t)(config(0) >> 16)))
			return true;
	}
	return false;
}

void vmm_log(enum vmm_log_level level, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vmm_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out("%s", text);
}

static uint32_t reg_read(void *ctx, uint32_t reg)
{
	(void)ctx;
	return *(volatile uint32_t *)(bar + reg);
}

static void reg_write(void *ctx, uint32_t reg, uint32_t value)
{
	(void)ctx;
	*(volatile uint32_t *)(bar + reg) = value;
}

static void stall(void *ctx, uint32_t usec)
{
	(void)ctx;
	uefi_call_wrapper(BS->Stall, 1, usec);
}

static void *pages(void *ctx, uint64_t count)
{
	EFI_PHYSICAL_ADDRESS pa;

	(void)ctx;
	if (EFI_ERROR(uefi_call_wrapper(BS->AllocatePages, 4, AllocateAnyPages,
					EfiBootServicesData, count, &pa)))
		return NULL;
	memset((void *)pa, 0, count * 4096);
	return (void *)pa;
}

static uint8_t rx_buf[32][2048], frame[32768];
static uint8_t got[2048], host_mac[6];
static uint32_t got_len;
static unsigned received, sent, links;
static uint64_t now;
static struct nic *nic;

static void on_rx(void *ctx, const struct nic_rx *rx)
{
	(void)ctx;
	if (!(rx->flags & NIC_RX_CANCELLED)) {
		received++;
		got_len = rx->len;
		memcpy(got, rx->cookie, rx->len);
	}
	if (nic_rx_post(nic, (uintptr_t)rx->cookie, 2048, rx->cookie))
		out("nic: post failed\n");
}

static void on_tx_done(void *ctx, void *cookie, int error)
{
	(void)ctx;
	(void)cookie;
	if (!error)
		sent++;
}

static void on_link(void *ctx, const struct nic_link *link)
{
	(void)ctx;
	links += link->up;
}

static const struct nic_sink sink = { on_rx, on_tx_done, on_link };

/* Poll until *count has become want; false after two seconds. */
static bool wait_for(const volatile unsigned *count, unsigned want)
{
	for (unsigned i = 0; i < 20000 && *count < want; i++) {
		nic_poll(nic, now, 64);
		stall(NULL, 100);
		now += 100;
	}
	return *count >= want;
}

static void put(uint8_t *to, const void *from, unsigned n)
{
	memcpy(to, from, n);
}

static bool transmit(uint32_t len, struct nic_tx *tx)
{
	struct nic_frag frag[2] = {
		{ (uintptr_t)frame, 20 }, { (uintptr_t)frame + 20, len - 20 },
	};
	unsigned before = sent;

	tx->frag = frag;
	tx->frag_count = 2;
	if (nic_tx(nic, tx))
		return false;
	nic_tx_push(nic);
	return wait_for(&sent, before + 1);
}

/* Who has 10.0.2.2?  (RFC 826) */
static bool ask_for_host(void)
{
	static const uint8_t head[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };
	static const uint8_t me[] = ME, host[] = HOST;
	struct nic_tx tx = { 0 };
	unsigned before = received;

	memset(frame, 0, 60);
	memset(frame, 0xff, 6);
	put(frame + 6, nic->mac, 6);
	put(frame + 12, head, sizeof(head));
	put(frame + 22, nic->mac, 6);
	put(frame + 28, me, 4);
	put(frame + 38, host, 4);
	if (!transmit(42, &tx) || !wait_for(&received, before + 1))
		return false;
	put(host_mac, got + 22, 6);
	return got[21] == 2 && !memcmp(got + 28, host, 4);
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t s)
{
	for (uint32_t i = 0; i < len; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Ethernet and IPv4 headers for len bytes of protocol proto. */
static void ip_header(uint32_t len, uint8_t proto)
{
	static const uint8_t me[] = ME, host[] = HOST;
	uint8_t *ip = frame + 14;

	memset(frame, 0, 64);
	put(frame, host_mac, 6);
	put(frame + 6, nic->mac, 6);
	frame[12] = 8;
	ip[0] = 0x45;
	put16(ip + 2, 20 + len);
	ip[8] = 64;
	ip[9] = proto;
	put(ip + 12, me, 4);
	put(ip + 16, host, 4);
	put16(ip + 10, ~sum(ip, 20, 0));
}

/* A TFTP request for a file that is not there: the answer, an error, shows
 * that the server found the checksum right, which the NIC has filled in. */
static bool ask_tftp(void)
{
	static const char request[] = "\0\1no-such-file\0octet";
	uint8_t *udp = frame + 34;
	uint32_t len = 8 + sizeof(request);
	unsigned before = received;
	struct nic_tx tx = { .flags = NIC_TX_CSUM, .csum_start = 34,
		.csum_offset = 6 };

	ip_header(len, 17);
	put16(udp, 4000);
	put16(udp + 2, 69);
	put16(udp + 4, len);
	memset(udp + 8, 0, 64);
	put(udp + 8, request, sizeof(request));
	put16(udp + 6, sum(frame + 26, 8, 17 + len));
	if (!transmit(34 + len, &tx) || !wait_for(&received, before + 1))
		return false;
	return got[23] == 17 && got[43] == 5;	/* opcode: error */
}

/* A long TCP segment to be cut up; where it comes out, a capture tells. */
static bool send_segments(void)
{
	uint8_t *tcp = frame + 34;
	uint32_t len = 20 + 10000;
	struct nic_tx tx = { .flags = NIC_TX_CSUM | NIC_TX_TSO4,
		.csum_start = 34, .csum_offset = 16, .hdr_len = 54,
		.mss = 1460 };

	ip_header(len, 6);
	put16(tcp, 4001);
	put16(tcp + 2, 9);
	memset(tcp + 4, 0, 16);
	tcp[12] = 5 << 4;
	tcp[13] = 0x10;
	for (uint32_t i = 0; i < 10000; i++)
		tcp[20 + i] = (uint8_t)i;
	put16(tcp + 16, sum(frame + 26, 8, 6 + len));
	return transmit(34 + len, &tx);
}

/* An interrupt's cause without interrupts: pending after a kick. */
static bool kick(void)
{
	if (nic_kick_after(nic, 0))
		return false;
	return nic_irq_cause(nic) & NIC_CAUSE_KICK;
}

/* The same controller again, as one that somebody else - the code above -
 * drives: ask for the host through it. */
static void hold(void *ctx, bool on)
{
	(void)ctx;
	(void)on;		/* one processor: nobody else comes */
}

static bool readable(void *ctx, uint64_t pa, uint64_t len)
{
	(void)ctx;
	return pa && len;
}

static bool pass(const struct pro1000_world *world)
{
	struct nic_frag frag = { (uintptr_t)frame, 60 };
	struct nic_tx tx = { .frag = &frag, .frag_count = 1 };
	struct pro1000_world w = *world;
	struct nic *passed;

	w.hold = hold;
	w.readable = readable;
	if (pro1000_pass_open(&w, &passed))
		return false;
	nic_attach(passed, &sink, NULL);
	for (unsigned i = 0; i < 300; i++) {
		unsigned before, before_sent = sent;

		if (!ask_for_host())	/* fills in the frame, too */
			return false;
		nic_poll(passed, now, 64);
		before = received;
		if (nic_tx(passed, &tx))
			return false;
		nic_tx_push(passed);
		if (!wait_for(&received, before + 1))
			return false;
		nic_poll(passed, now, 64);
		if (sent != before_sent + 2)
			return false;
	}
	nic_quiesce(passed);
	return true;
}

static void result(const char *what, bool ok)
{
	out("nic: %s: %s\n", what, ok ? "ok" : "FAILED");
}

static void line(void *ctx, const char *text)
{
	(void)ctx;
	out("%s\n", text);
}

static struct pro1000_world world = { .read = reg_read, .write = reg_write,
	.wait = stall, .pages = pages };

static bool start(void)
{
	int err;

	if (!find())
		return false;
	world.device = (uint16_t)(config(0) >> 16);
	bar = config(0x10) & ~15u;
	if ((config(0x10) & 6) == 4)
		bar |= (uint64_t)config(0x14) << 32;
	config_write(4, (config(4) & 0xffff) | 6);
	err = pro1000_open(&world, &nic);
	if (err) {
		out("nic: open: %d\n", err);
		return false;
	}
	nic_attach(nic, &sink, NULL);
	for (unsigned i = 0; i < 32; i++)
		if (nic_rx_post(nic, (uintptr_t)rx_buf[i], 2048, rx_buf[i]))
			return false;
	return true;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	InitializeLib(image, system);
	if (!start()) {
		result("start", false);
		return EFI_DEVICE_ERROR;
	}
	result("link", wait_for(&links, 1));
	result("arp", ask_for_host());
	result("checksum", ask_tftp());
	result("segments", send_segments());
	result("kick", kick());
	for (unsigned i = 0; i < 600; i++)	/* more than a ring */
		if (!ask_for_host()) {
			result("many", false);
			break;
		}
	out("nic: received %u sent %u\n", received, sent);
	nic_flush(nic, true, true);
	nic_poll(nic, now, 64);		/* the time counts from here */
	stall(NULL, 30000);
	now += 30000;
	nic_poll(nic, now, 64);
	wait_for(&links, 2);
	result("after reset", ask_for_host());
	result("passed", pass(&world));
	nic_dump(nic, line, NULL);
	nic_quiesce(nic);
	nic_hand_back(nic);
	out("nic: end\n");
	return EFI_SUCCESS;
}
