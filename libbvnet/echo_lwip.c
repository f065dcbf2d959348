/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * echoctl: a TCP client and an echo server, to try the stack with.
 *
 * A shell may run without the net lock (that of the guest's tool does), so its
 * command leaves a request in a slot, and echo_poll(), under the lock, carries
 * it out.
 */
#include <string.h>
#include <bvnet/iptext.h>
#include <bvnet/stack.h>
#include <lwip/tcp.h>
#include <vmm/log.h>
#include <vmm/service.h>
#include <vmm/vmm.h>
#include "services_priv.h"

#define MESSAGE		"Hello, BitVisor!\n"
#define LOGGED		64u	/* bytes of what came that are logged */
#define ANSWER_USEC	(UINT64_C(3) * 1000000)
#define USAGE								\
	"usage: client connect IP PORT [NETIF]\n"			\
	"       client send\n"						\
	"       server start PORT [NETIF]\n"

enum action { CONNECT, SEND, SERVE };

/* The slot's states: a shell takes it, fills it and posts it; the other side
 * works on it and answers; the shell frees it.  A shell that was interrupted
 * does not: after a while the next one takes it as it is. */
enum { FREE, TAKEN, POSTED, WORKING, ANSWERED };

static struct {
	uint32_t state;
	uint64_t since;		/* when it was posted, usec */
	enum action action;
	uint8_t ip[NET_IP_LEN];
	uint16_t port;
	int result;		/* an err_t */
} slot;

static struct tcp_pcb *client;	/* the connection made last, or NULL */

/* --- under the net lock --- */

static void log_bytes(const struct pbuf *p)
{
	char text[LOGGED];
	u16_t n = pbuf_copy_partial(p, text, sizeof(text), 0);

	/* The log replaces control characters. */
	vmm_log_info("echo client: %u bytes: %.*s\n", p->tot_len, (int)n,
		     text);
}

static err_t close_pcb(struct tcp_pcb *pcb)
{
	if (pcb == client)
		client = NULL;
	tcp_recv(pcb, NULL);
	tcp_err(pcb, NULL);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

static err_t on_client_data(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
			    err_t error)
{
	(void)arg;
	(void)error;
	if (!p)
		return close_pcb(pcb);
	log_bytes(p);
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	return ERR_OK;
}

/* A failed connection, or a reset one: the pcb is lwIP's again. */
static void on_client_error(void *arg, err_t error)
{
	(void)error;
	if (!arg)
		vmm_log_info("Connection missed!\n");
	client = NULL;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
	(void)arg;
	(void)error;
	/* From now on an error is no failed attempt any more. */
	tcp_arg(pcb, pcb);
	vmm_log_info("Connection established!\n");
	return ERR_OK;
}

static err_t connect(void)
{
	struct tcp_pcb *pcb;
	ip_addr_t ip;

	if (client)
		close_pcb(client);
	services_put_ip(&ip, slot.ip);
	pcb = tcp_new_ip_type(IP_GET_TYPE(&ip));
	if (!pcb)
		return ERR_MEM;
	client = pcb;
	tcp_err(pcb, on_client_error);
	tcp_recv(pcb, on_client_data);
	vmm_log_info("Connecting...\n");
	if (tcp_connect(pcb, &ip, slot.port, on_connected) == ERR_OK)
		return ERR_OK;
	close_pcb(pcb);
	return ERR_RTE;
}

static err_t send_message(void)
{
	err_t error;

	if (!client)
		return ERR_CONN;
	error = tcp_write(client, MESSAGE, sizeof(MESSAGE) - 1,
			  TCP_WRITE_FLAG_COPY);
	return error == ERR_OK ? tcp_output(client) : error;
}

/* Back as it came.  Without room for the answer the data is refused, and lwIP
 * offers it again later. */
static err_t on_server_data(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
			    err_t error)
{
	(void)arg;
	(void)error;
	if (!p)
		return close_pcb(pcb);
	if (p->tot_len > tcp_sndbuf(pcb))
		return ERR_MEM;
	for (struct pbuf *q = p; q; q = q->next) {
		if (tcp_write(pcb, q->payload, q->len,
			      TCP_WRITE_FLAG_COPY) != ERR_OK) {
			/* A part is on its way: repeating would be wrong. */
			pbuf_free(p);
			tcp_abort(pcb);
			return ERR_ABRT;
		}
	}
	tcp_recved(pcb, p->tot_len);
	pbuf_free(p);
	tcp_output(pcb);
	return ERR_OK;
}

static err_t on_server_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
	(void)arg;
	if (error != ERR_OK || !pcb)
		return ERR_VAL;
	tcp_recv(pcb, on_server_data);
	return ERR_OK;
}

static err_t serve(void)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY), *listening;
	err_t error;

	if (!pcb)
		return ERR_MEM;
	error = tcp_bind(pcb, IP_ANY_TYPE, slot.port);
	listening = error == ERR_OK ? tcp_listen(pcb) : NULL;
	if (!listening) {
		tcp_abort(pcb);
		return error == ERR_OK ? ERR_MEM : error;
	}
	tcp_accept(listening, on_server_accept);
	return ERR_OK;
}

/* One of all who try succeeds. */
static bool change(uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&slot.state, &from, to, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static err_t carry_out(void)
{
	struct net_stack_info info;

	net_stack_get_info(&info);
	if (!info.running)
		return ERR_IF;
	switch (slot.action) {
	case CONNECT:
		return connect();
	case SEND:
		return send_message();
	default:
		return serve();
	}
}

void echo_poll(void)
{
	if (!change(POSTED, WORKING))
		return;
	slot.result = carry_out();
	__atomic_store_n(&slot.state, ANSWERED, __ATOMIC_RELEASE);
}

/* --- in a shell --- */

/* IPv4 with one to four parts, the last of which fills what is left, as
 * inet_aton(3) takes it; or IPv6. */
static bool parse_ip(const char *s, uint8_t ip[NET_IP_LEN])
{
	char text[DBGSH_LINE_MAX];
	uint8_t v4[4];
	uint64_t part = 0, value = 0;
	unsigned parts = 0;
	char *p = text;

	if (strchr(s, ':'))
		return net_ip_parse(&s, ip) && !*s;
	memcpy(text, s, strlen(s) + 1);
	for (;;) {
		char *dot = strchr(p, '.');
		unsigned left = 32 - 8 * parts;

		if (dot)
			*dot = '\0';
		if (parts == 4 || !dbgsh_number(p, 0, &part) ||
		    (dot ? part > 255 : part >> left))
			return false;
		value |= dot ? part << (left - 8) : part;
		parts++;
		if (!dot)
			break;
		p = dot + 1;
	}
	for (unsigned i = 0; i < 4; i++)
		v4[i] = (uint8_t)(value >> (24 - 8 * i));
	net_ip_from_v4(ip, v4);
	return true;
}

static bool parse_port(const char *s, uint16_t *port)
{
	uint64_t value;

	if (!dbgsh_number(s, 0, &value) || !value || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* The stack has one interface. */
static bool is_netif(struct dbgsh *sh, const char *name)
{
	if (!name || !strcmp(name, "vm0"))
		return true;
	dbgsh_printf(sh, "Can not access netif %s\n", name);
	return false;
}

/* Wait for the answer, under a limit that only a stopped network reaches. */
static enum dbgsh_next echoctl_step(struct dbgsh *sh)
{
	uint64_t *begin = dbgsh_scratch(sh);
	bool late = vmm_uptime_usec() - *begin >= ANSWER_USEC;

	if (__atomic_load_n(&slot.state, __ATOMIC_ACQUIRE) != ANSWERED) {
		if (!late)
			return DBGSH_LATER;
		if (change(POSTED, FREE))
			dbgsh_puts(sh, "No network.\n");
		dbgsh_puts(sh, "Done.\n");
		return DBGSH_LINE;
	}
	if (slot.result == ERR_RTE)
		dbgsh_puts(sh, "Connect failed!\n");
	else if (slot.result == ERR_MEM)
		dbgsh_puts(sh, "New context failed.\n");
	if (slot.result != ERR_OK)
		dbgsh_printf(sh, "Error Code: %d\n", slot.result);
	dbgsh_puts(sh, "Done.\n");
	__atomic_store_n(&slot.state, FREE, __ATOMIC_RELEASE);
	return DBGSH_LINE;
}

static enum dbgsh_next post(struct dbgsh *sh, enum action action,
			    const uint8_t ip[NET_IP_LEN], uint16_t port)
{
	uint64_t now = vmm_uptime_usec();
	bool stale = now - slot.since > 2 * ANSWER_USEC;

	if (!change(FREE, TAKEN) &&
	    !(stale && (change(ANSWERED, TAKEN) || change(POSTED, TAKEN)))) {
		dbgsh_puts(sh, "Another shell is using it.\n");
		return DBGSH_LINE;
	}
	slot.since = now;
	slot.action = action;
	slot.port = port;
	memcpy(slot.ip, ip, sizeof(slot.ip));
	__atomic_store_n(&slot.state, POSTED, __ATOMIC_RELEASE);
	*(uint64_t *)dbgsh_scratch(sh) = now;
	vmm_service_wake(sh->vmm);
	return DBGSH_LATER;
}

static enum dbgsh_next echoctl_line(struct dbgsh *sh, const char *text)
{
	char line[DBGSH_LINE_MAX];
	const char *w[6] = { NULL };
	uint8_t ip[NET_IP_LEN] = { 0 };
	char shown[NET_IP_TEXT];
	uint16_t port = 0;
	int n;

	memcpy(line, text, sizeof(line));
	n = dbgsh_split(line, w, 6);
	if (!n)
		return DBGSH_DONE;
	if (n >= 4 && n <= 5 && !strcmp(w[0], "client") &&
	    !strcmp(w[1], "connect") && parse_ip(w[2], ip) &&
	    parse_port(w[3], &port)) {
		if (!is_netif(sh, w[4]))
			return DBGSH_LINE;
		dbgsh_printf(sh, net_ip_is_v4(ip) ?
			     "Connecting to server at %s:%u (%x) %s\n" :
			     "Connecting to server at [%s]:%u (%x) %s\n",
			     net_ip_format(ip, shown), port, port,
			     w[4] ? w[4] : "vm0");
		return post(sh, CONNECT, ip, port);
	}
	if (n == 2 && !strcmp(w[0], "client") && !strcmp(w[1], "send")) {
		dbgsh_puts(sh, "Sending a message...\n");
		return post(sh, SEND, ip, port);
	}
	if (n >= 3 && n <= 4 && !strcmp(w[0], "server") &&
	    !strcmp(w[1], "start") && parse_port(w[2], &port)) {
		if (!is_netif(sh, w[3]))
			return DBGSH_LINE;
		dbgsh_printf(sh, "Starting server (Port:%u)...\n", port);
		return post(sh, SERVE, ip, port);
	}
	dbgsh_puts(sh, USAGE);
	return DBGSH_LINE;
}

static enum dbgsh_next echoctl_start(struct dbgsh *sh, int argc,
				     const char *const *argv)
{
	(void)argc;
	(void)argv;
	sh->prompt = "echoctl> ";
	return DBGSH_LINE;
}

const struct dbgsh_command dbgsh_echoctl = {
	.name = "echoctl",
	.help = "TCP/IP based client/server",
	.start = echoctl_start,
	.step = echoctl_step,
	.line = echoctl_line,
};
