/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telnet and echoctl on lwIP's raw API, with that API played here: who owns a
 * pcb and a pbuf when, what is refused, what is said in the log.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <bvnet/netdev.h>
#include <bvnet/services.h>
#include <bvnet/stack.h>
#include <lwip/tcp.h>
#include <vmm/log.h>
#include <vmm/service.h>
#include "dbgsh_world.h"

const struct dbgsh_command *const bvnet_dbgsh_commands[] = {
	&dbgsh_help, &dbgsh_stats, &dbgsh_echoctl, &dbgsh_net,
	&dbgsh_exit, NULL
};

/* --- lwIP --- */

/* pcb first, so that a pointer to one is a pointer to the other. */
struct fake {
	struct tcp_pcb pcb;
	bool used, closed, aborted, listening, connected;
	u16_t port;
	tcp_accept_fn accept;
	tcp_connected_fn on_connected;
	char out[4096];
	size_t out_len, recved;
	bool no_memory;		/* for writing */
};

static struct fake fakes[16];
static struct tcp_pcb *listener;
static unsigned wakes, pbufs;
static bool stack_runs;

const ip_addr_t ip_addr_any_type;

static struct fake *fake(struct tcp_pcb *pcb)
{
	struct fake *f = (struct fake *)(void *)pcb;

	/* Nobody touches what is lwIP's again. */
	assert_true(f->used && !f->closed && !f->aborted);
	return f;
}

struct tcp_pcb *tcp_new_ip_type(u8_t type)
{
	assert_true(type == IPADDR_TYPE_ANY || type == IPADDR_TYPE_V4 ||
		    type == IPADDR_TYPE_V6);
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(fakes); i++) {
		if (fakes[i].used)
			continue;
		memset(&fakes[i], 0, sizeof(fakes[i]));
		fakes[i].used = true;
		fakes[i].pcb.snd_buf = 1000;
		return &fakes[i].pcb;
	}
	return NULL;
}

err_t tcp_bind(struct tcp_pcb *pcb, const ip_addr_t *ip, u16_t port)
{
	(void)ip;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(fakes); i++)
		if (fakes[i].used && fakes[i].port == port)
			return ERR_USE;
	fake(pcb)->port = port;
	return ERR_OK;
}

struct tcp_pcb *tcp_listen_with_backlog(struct tcp_pcb *pcb, u8_t backlog)
{
	assert_true(backlog > 0);
	fake(pcb)->listening = true;
	return listener = pcb;
}

void tcp_accept(struct tcp_pcb *pcb, tcp_accept_fn fn)
{
	fake(pcb)->accept = fn;
}

void tcp_arg(struct tcp_pcb *pcb, void *arg)
{
	fake(pcb)->pcb.callback_arg = arg;
}

void tcp_recv(struct tcp_pcb *pcb, tcp_recv_fn fn)
{
	fake(pcb)->pcb.recv = fn;
}

void tcp_sent(struct tcp_pcb *pcb, tcp_sent_fn fn)
{
	fake(pcb)->pcb.sent = fn;
}

void tcp_err(struct tcp_pcb *pcb, tcp_err_fn fn)
{
	fake(pcb)->pcb.errf = fn;
}

void tcp_recved(struct tcp_pcb *pcb, u16_t len)
{
	fake(pcb)->recved += len;
}

err_t tcp_write(struct tcp_pcb *pcb, const void *data, u16_t len, u8_t flags)
{
	struct fake *f = fake(pcb);

	assert_true(flags & TCP_WRITE_FLAG_COPY);
	assert_true(len <= pcb->snd_buf);
	if (f->no_memory)
		return ERR_MEM;
	memcpy(f->out + f->out_len, data, len);
	f->out_len += len;
	f->out[f->out_len] = '\0';
	pcb->snd_buf = (tcpwnd_size_t)(pcb->snd_buf - len);
	return ERR_OK;
}

err_t tcp_output(struct tcp_pcb *pcb)
{
	fake(pcb);
	return ERR_OK;
}

err_t tcp_connect(struct tcp_pcb *pcb, const ip_addr_t *ip, u16_t port,
		  tcp_connected_fn fn)
{
	struct fake *f = fake(pcb);

	if (!IP_IS_V6(ip) && !ip_2_ip4(ip)->addr)
		return ERR_RTE;
	f->connected = true;
	f->port = port;
	f->on_connected = fn;
	pcb->remote_ip = *ip;
	return ERR_OK;
}

err_t tcp_close(struct tcp_pcb *pcb)
{
	struct fake *f = fake(pcb);

	if (f->no_memory)
		return ERR_MEM;
	f->closed = true;
	return ERR_OK;
}

/* Calls the function for errors, as the real one does. */
void tcp_abort(struct tcp_pcb *pcb)
{
	struct fake *f = fake(pcb);
	tcp_err_fn fn = pcb->errf;
	void *arg = pcb->callback_arg;

	f->aborted = true;
	if (fn)
		fn(arg, ERR_ABRT);
}

static struct pbuf *new_pbuf(const char *text, size_t n)
{
	struct pbuf *p = calloc(1, sizeof(*p) + n);

	p->payload = memcpy(p + 1, text, n);
	p->len = p->tot_len = (u16_t)n;
	p->ref = 1;
	pbufs++;
	return p;
}

u8_t pbuf_free(struct pbuf *p)
{
	while (p && --p->ref == 0) {
		struct pbuf *next = p->next;

		free(p);
		pbufs--;
		p = next;
	}
	return 0;
}

void pbuf_ref(struct pbuf *p)
{
	p->ref++;
}

void pbuf_cat(struct pbuf *head, struct pbuf *tail)
{
	for (; head->next; head = head->next)
		head->tot_len = (u16_t)(head->tot_len + tail->tot_len);
	head->tot_len = (u16_t)(head->tot_len + tail->tot_len);
	head->next = tail;
}

u16_t pbuf_copy_partial(const struct pbuf *p, void *to, u16_t n, u16_t at)
{
	assert_int_equal(at, 0);
	if (n > p->len)
		n = p->len;
	memcpy(to, p->payload, n);
	return n;
}

/* --- the VMM --- */

void vmm_service_wake(struct vmm *vmm)
{
	assert_ptr_equal(vmm, &world_vmm);
	wakes++;
}

void net_stack_get_info(struct net_stack_info *info)
{
	*info = (struct net_stack_info){
		.running = stack_runs, .ip = { 10, 0, 2, 15 },
		.heap_size = 2 << 20, .heap_used = 3 << 10, .bad_headers = 7,
		.ip6_count = 2,
		.ip6 = {
			{ .ip = { 0xfd, [15] = 9 },
			  .state = NET_STACK_IP6_PREFERRED },
			{ .ip = { 0xfd, [15] = 8 },
			  .state = NET_STACK_IP6_DUPLICATE },
		},
	};
}

/* Two NICs, of which each part is a line. */
bool bvnet_netdev_show(unsigned n, unsigned part, nic_print *print, void *ctx)
{
	char text[32];

	if (n > 1 || part >= BVNET_NETDEV_PARTS)
		return false;
	snprintf(text, sizeof(text), "NIC %u part %u", n, part);
	print(ctx, text);
	return true;
}

/* --- the other end --- */

static struct fake *connect_from(unsigned last, err_t expected)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
	struct fake *f = fake(pcb);
	uint8_t ip[4] = { 10, 0, 2, (uint8_t)last };

	ip_addr_copy_from_ip4(pcb->remote_ip, *(ip4_addr_t *)(void *)ip);
	assert_int_equal(fake(listener)->accept(NULL, pcb, ERR_OK), expected);
	return f;
}

static void poll(void)
{
	for (unsigned i = 0; i < 50; i++) {
		net_services_poll(&world_vcpu, world_now);
		for (unsigned k = 0; k < VMM_ARRAY_SIZE(fakes); k++)
			fakes[k].pcb.snd_buf = 1000;
	}
}

static void type(struct fake *f, const char *text)
{
	unsigned before = wakes;

	f->out_len = 0;
	assert_int_equal(f->pcb.recv(f->pcb.callback_arg, &f->pcb,
				     new_pbuf(text, strlen(text)), ERR_OK),
			 ERR_OK);
	assert_int_equal(wakes, before + 1);
}

static void hang_up(struct fake *f)
{
	assert_int_equal(f->pcb.recv(f->pcb.callback_arg, &f->pcb, NULL,
				     ERR_OK), ERR_OK);
}

static bool logged(const char *what)
{
	struct vmm_log_line line;
	uint64_t seq = 0;
	char text[513];

	while (vmm_log_read(&seq, &line, text, sizeof(text) - 1)) {
		text[line.len] = '\0';
		if (!strcmp(text, what))
			return true;
	}
	return false;
}

/* --- tests, in this order --- */

static void start(const char *allow)
{
	world_init();
	memset(fakes, 0, sizeof(fakes));
	config.vmm.telnet_dbgsh = 1;
	strcpy(config.vmm.dbgsh_allow, allow);
	assert_int_equal(net_services_start(&world_vmm), 0);
}

static void off_unless_configured(void **state)
{
	(void)state;
	world_init();
	listener = NULL;
	assert_int_equal(net_services_start(&world_vmm), 0);
	assert_null(listener);
	assert_true(net_services_poll(&world_vcpu, 0) == UINT64_MAX);
	config.vmm.telnet_dbgsh = 1;
	strcpy(config.vmm.dbgsh_allow, "10.0.2");
	assert_int_equal(net_services_start(&world_vmm), -EINVAL);
	assert_null(listener);
	assert_true(logged("config: vmm.dbgsh_allow: '10.0.2' is no IP "
			   "address and no prefix; write them like 192.168.0.2, "
			   "10.0.2.0/24 or fd00:1::/64"));
}

static void refuses_all_without_a_rule(void **state)
{
	struct fake *f;

	(void)state;
	start("");
	assert_int_equal(fake(listener)->port, 23);
	assert_false(logged("telnet server \"dbgsh\" ready"));
	poll();
	assert_true(logged("telnet server \"dbgsh\" ready"));
	assert_true(logged("telnet \"dbgsh\" refuses all logins: set "
			   "vmm.dbgsh_allow or vmm.dbgsh_password"));
	f = connect_from(2, ERR_OK);
	assert_true(f->closed);
	assert_string_equal(f->out, "Refused: see BitVisor's log.\r\n");
	assert_true(logged("telnet \"dbgsh\": 10.0.2.2 refused: neither "
			   "vmm.dbgsh_allow nor vmm.dbgsh_password is set"));
}

static void serves_who_is_allowed(void **state)
{
	struct fake *f;

	(void)state;
	start("10.0.2.2");
	f = connect_from(3, ERR_OK);
	assert_true(f->closed);
	assert_true(logged("telnet \"dbgsh\": 10.0.2.3 refused: not in "
			   "vmm.dbgsh_allow"));
	f = connect_from(2, ERR_OK);
	poll();
	assert_memory_equal(f->out, "\xff\xfb\x01\xff\xfd\x03", 6);
	assert_string_equal(f->out + 12, "> ");
	type(f, "he");
	type(f, "lp\r\nexi");
	poll();
	assert_non_null(strstr(f->out, "help           commands\r\n"));
	assert_int_equal(f->recved, 9);
	type(f, "t\r\n");
	poll();
	assert_true(f->closed);
	assert_int_equal(pbufs, 0);
}

static struct fake *connect_from6(uint32_t last, err_t expected)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY);
	struct fake *f = fake(pcb);
	ip_addr_t ip = IPADDR6_INIT_HOST(0xfd000000, 0, 0, last);

	pcb->remote_ip = ip;
	assert_int_equal(fake(listener)->accept(NULL, pcb, ERR_OK), expected);
	return f;
}

static void serves_ipv6(void **state)
{
	struct fake *f;

	(void)state;
	start("10.0.2.2, fd00::2:0/112");
	f = connect_from6(0x30002, ERR_OK);
	assert_true(f->closed);
	assert_true(logged("telnet \"dbgsh\": fd00::3:2 refused: not in "
			   "vmm.dbgsh_allow"));
	f = connect_from6(0x20002, ERR_OK);
	poll();
	assert_true(logged("telnet \"dbgsh\": fd00::2:2 logged in"));
	stack_runs = true;
	type(f, "echoctl\rclient connect FD00::9 7\r");
	poll();
	assert_non_null(strstr(f->out, "Connecting to server at [fd00::9]:7 "
			       "(7) vm0\r\nDone."));
	assert_true(fakes[3].connected && IP_IS_V6_VAL(fakes[3].pcb.remote_ip));
	assert_true(ip_2_ip6(&fakes[3].pcb.remote_ip)->addr[0] ==
		    PP_HTONL(0xfd000000));
	fakes[3].pcb.errf(NULL, ERR_RST);
	type(f, "client connect fd00:::9 7\r");
	poll();
	assert_non_null(strstr(f->out, "usage: client connect IP PORT"));
	type(f, "\rexit\r");
	poll();
	assert_true(f->closed);
}

static void takes_a_flood_piece_by_piece(void **state)
{
	char text[3000];
	struct fake *f;

	(void)state;
	start("10.0.2.2");
	f = connect_from(2, ERR_OK);
	memset(text, 'x', sizeof(text));
	for (unsigned i = 99; i < sizeof(text); i += 100)
		text[i] = '\r';
	text[sizeof(text) - 1] = '\0';
	type(f, text);
	for (unsigned i = 0; i < 40; i++) {
		f->out_len = 0;
		poll();
	}
	assert_int_equal(f->recved, sizeof(text) - 1);
	assert_int_equal(pbufs, 0);
	/* No memory to send: it waits, and goes on. */
	f->no_memory = true;
	type(f, "\x03" "help\r\n");
	poll();
	assert_int_equal(f->out_len, 0);
	f->no_memory = false;
	poll();
	assert_non_null(strstr(f->out, "exit           exit shell\r\n> "));
	/* Nor for the end: then a reset. */
	f->no_memory = true;
	hang_up(f);
	poll();
	assert_true(f->aborted);
}

static void answers_who_sends_no_more(void **state)
{
	struct fake *f;

	(void)state;
	start("10.0.2.2");
	f = connect_from(2, ERR_OK);
	type(f, "help\r\n");
	hang_up(f);
	poll();
	assert_non_null(strstr(f->out, "exit           exit shell\r\n> "));
	assert_true(f->closed);
	assert_int_equal(pbufs, 0);
}

static void has_so_many_connections(void **state)
{
	struct fake *f[5], *g;

	(void)state;
	start("10.0.2.0/24");
	for (unsigned i = 0; i < 5; i++)
		f[i] = connect_from(i, ERR_OK);
	poll();
	assert_true(f[4]->closed);
	assert_string_equal(f[4]->out, "All debug shells are in use.\r\n");
	/* One is reset, with input waiting: that makes room. */
	type(f[1], "help\r\n");
	f[1]->pcb.errf(f[1]->pcb.callback_arg, ERR_RST);
	f[1]->aborted = true;
	assert_int_equal(pbufs, 0);
	g = connect_from(9, ERR_OK);
	poll();
	assert_false(g->closed);
	for (unsigned i = 0; i < 4; i++)
		if (i != 1)
			hang_up(f[i]);
	hang_up(g);
	poll();
	assert_true(f[0]->closed && f[2]->closed && f[3]->closed && g->closed);
	/* lwIP itself may have no memory for a new connection. */
	assert_int_equal(fake(listener)->accept(NULL, NULL, ERR_MEM), ERR_VAL);
}

static struct dbgsh sh;
static char said[4096];

static void tell(const char *line)
{
	size_t n = 0;

	assert_int_equal(dbgsh_input(&sh, (const uint8_t *)line, strlen(line)),
			 strlen(line));
	for (unsigned i = 0; i < 30; i++) {
		dbgsh_run(&sh, &world_vcpu);
		n += dbgsh_output(&sh, said + n, sizeof(said) - 1 - n);
		net_services_poll(&world_vcpu, world_now);
	}
	said[n] = '\0';
}

static void assert_said(const char *part)
{
	if (!strstr(said, part))
		fail_msg("no '%s' in '%s'", part, said);
}

static void controls_the_echo(void **state)
{
	struct fake *f, *c;
	struct pbuf *p;

	(void)state;
	start("10.0.2.2");
	dbgsh_start(&sh, &world_vmm, bvnet_dbgsh_commands, 0);
	stack_runs = false;
	tell("net\r");
	assert_said("No IP stack runs.\n");
	tell("echoctl\rclient send\r");
	assert_said("Sending a message...\nError Code: ");
	stack_runs = true;
	tell("client send\r");
	assert_said("Error Code: -11\nDone.\nechoctl> ");
	tell("client connect 10.0.2 80\r");
	assert_said("Connecting to server at 10.0.0.2:80 (50) vm0\nDone.\n");
	assert_true(logged("Connecting..."));
	c = &fakes[1];
	assert_true(c->connected && c->port == 80);
	c->on_connected(c->pcb.callback_arg, &c->pcb, ERR_OK);
	assert_true(logged("Connection established!"));
	tell("client send\r");
	assert_string_equal(c->out, "Hello, BitVisor!\n");
	p = new_pbuf("an answer", 9);
	assert_int_equal(c->pcb.recv(c->pcb.callback_arg, &c->pcb, p, ERR_OK),
			 ERR_OK);
	assert_true(logged("echo client: 9 bytes: an answer"));
	assert_int_equal(c->recved, 9);
	/* A new connection ends the old one; it fails. */
	tell("client connect 0x0a000203 0x51 vm0\r");
	assert_said("10.0.2.3:81 (51) vm0\n");
	assert_true(c->closed);
	c = &fakes[2];
	c->pcb.errf(c->pcb.callback_arg, ERR_RST);
	c->aborted = true;
	assert_true(logged("Connection missed!"));
	tell("client send\r");
	assert_said("Error Code: -11\n");
	tell("client connect 0 80\r");
	assert_said("Connect failed!\nError Code: -4\nDone.\n");
	tell("client connect 1.2.3.4 80 vm1\r");
	assert_said("Can not access netif vm1\n");
	tell("server start 7\r");
	assert_said("Starting server (Port:7)...\nDone.\n");
	f = fake(listener);
	assert_int_equal(f->port, 7);
	tell("server start 7\r");
	assert_said("Error Code: -8\nDone.\n");
	c = fake(tcp_new_ip_type(IPADDR_TYPE_ANY));
	assert_int_equal(f->accept(NULL, &c->pcb, ERR_OK), ERR_OK);
	p = new_pbuf("echo ", 5);
	pbuf_cat(p, new_pbuf("this", 4));
	assert_int_equal(c->pcb.recv(NULL, &c->pcb, p, ERR_OK), ERR_OK);
	assert_string_equal(c->out, "echo this");
	c->pcb.snd_buf = 3;
	p = new_pbuf("later", 5);
	assert_int_equal(c->pcb.recv(NULL, &c->pcb, p, ERR_OK), ERR_MEM);
	c->pcb.snd_buf = 300;
	assert_int_equal(c->pcb.recv(NULL, &c->pcb, p, ERR_OK), ERR_OK);
	assert_string_equal(c->out, "echo thislater");
	assert_int_equal(c->pcb.recv(NULL, &c->pcb, NULL, ERR_OK), ERR_OK);
	assert_true(c->closed);
	assert_int_equal(pbufs, 0);
}

static void refuses_what_is_no_request(void **state)
{
	static const char *const bad[] = {
		"client", "client connect 1.2.3.4", "server start 0",
		"server start 65536", "client connect 1.2.3.4.5 80",
		"client connect 256.1 80", "client connect 1.16777216 80",
		"client connect 4294967296 80", "client connect 1..2 80",
		"client send now", "client connect 1.2.3.4 80 vm0 x", "x",
	};

	(void)state;
	for (unsigned i = 0; i < VMM_ARRAY_SIZE(bad); i++) {
		char line[DBGSH_LINE_MAX + 1];

		snprintf(line, sizeof(line), "%s\r", bad[i]);
		tell(line);
		assert_said("usage: client connect IP PORT [NETIF]\n");
	}
}

/* One shell asks and is interrupted; the slot is not lost for that. */
static void recovers_the_slot(void **state)
{
	struct dbgsh other;
	char text[256];
	size_t n;

	(void)state;
	dbgsh_start(&other, &world_vmm, bvnet_dbgsh_commands, 0);
	dbgsh_input(&other, (const uint8_t *)"echoctl\rclient send\r", 20);
	for (unsigned i = 0; i < 10; i++) {
		dbgsh_run(&other, &world_vcpu);
		n = dbgsh_output(&other, text, sizeof(text));
		assert_true(n < sizeof(text));
	}
	dbgsh_input(&other, (const uint8_t *)"\x03", 1);
	dbgsh_run(&other, &world_vcpu);
	tell("client send\r");
	assert_said("Another shell is using it.\n");
	world_now += 7000000;
	tell("client send\r");
	assert_said("Error Code: -11\nDone.\n");
	tell("\r");
	assert_said("> ");
	tell("net\r");
	assert_said("NIC 0 part 0\nNIC 0 part 1\n");
	assert_said("NIC 1 part 5\naddress  10.0.2.15\n");
	assert_said("IPv6     fd00::9 preferred\n"
		    "IPv6     fd00::8 another station's\n");
	assert_said("heap     3 of 2048 KiB used, ");
	assert_said("dropped  7 frames with bad headers\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(off_unless_configured),
		cmocka_unit_test(refuses_all_without_a_rule),
		cmocka_unit_test(serves_who_is_allowed),
		cmocka_unit_test(serves_ipv6),
		cmocka_unit_test(takes_a_flood_piece_by_piece),
		cmocka_unit_test(answers_who_sends_no_more),
		cmocka_unit_test(has_so_many_connections),
		cmocka_unit_test(controls_the_echo),
		cmocka_unit_test(refuses_what_is_no_request),
		cmocka_unit_test(recovers_the_slot),
	};

	world_now = 100000000;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
