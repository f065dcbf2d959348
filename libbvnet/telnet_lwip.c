/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telnet sessions on lwIP's TCP.
 *
 * lwIP's callbacks only note what came: they run wherever net_poll() runs.
 * The sessions run in telnet_server_poll(), on the CPU whose guest a debugger
 * would look at.
 */
#include <string.h>
#include <bitvisor/config.h>
#include <bvnet/telnet_session.h>
#include <lwip/ip.h>
#include <lwip/tcp.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/service.h>
#include <vmm/vmm.h>
#include "services_priv.h"

#define PORT		23
#define CONNECTIONS	4u
#define BACKLOG		4
#define ERROR_SIZE	200
/* Probes of a connection whose other end may have gone, in milliseconds. */
#define KEEP_IDLE	60000u
#define KEEP_INTERVAL	10000u

struct connection {
	struct tcp_pcb *pcb;	/* NULL: not in use */
	struct pbuf *in;	/* came, not taken by the session yet */
	u16_t in_at;		/* bytes of its first buffer that were */
	bool closing;		/* the other end has sent its last byte */
	struct telnet_session session;
};

#define CONNECTION_PAGES ((CONNECTIONS * sizeof(struct connection) + \
			   VMM_PAGE_SIZE - 1) / VMM_PAGE_SIZE)

static struct {
	struct vmm *vmm;
	struct access access;
	struct guesses guesses;
	struct connection *connection;	/* CONNECTIONS; NULL: no server */
	bool announced;
	struct vmm_ratelimit refusals;
} server = { .refusals = VMM_RATELIMIT(5) };

/* --- connections --- */

/* The connection is over; its pcb is lwIP's again. */
static void forget(struct connection *c)
{
	if (c->in)
		pbuf_free(c->in);
	memset(c, 0, sizeof(*c));
}

static void detach(struct tcp_pcb *pcb)
{
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
}

/* What was written still gets sent.  Without memory for the FIN there is no
 * way but a reset. */
static void close_connection(struct connection *c)
{
	struct tcp_pcb *pcb = c->pcb;

	detach(pcb);
	forget(c);
	if (tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
}

/* --- lwIP's callbacks --- */

static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
			err_t error)
{
	struct connection *c = arg;

	(void)pcb;
	(void)error;
	/* At most as much as the window waits here. */
	if (!p)
		c->closing = true;
	else if (c->in)
		pbuf_cat(c->in, p);
	else
		c->in = p;
	vmm_service_wake(server.vmm);
	return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)arg;
	(void)pcb;
	(void)len;
	vmm_service_wake(server.vmm);
	return ERR_OK;
}

/* Reset by the other end, or given up: the pcb is gone already. */
static void on_error(void *arg, err_t error)
{
	(void)error;
	forget(arg);
}

/* Refuse with a word to the user, and one in the log. */
static err_t refuse(struct tcp_pcb *pcb, const uint8_t ip[NET_IP_LEN],
		    const char *text, const char *why)
{
	char shown[NET_IP_TEXT];
	uint32_t suppressed;

	if (vmm_ratelimit_ok(&server.refusals, &suppressed))
		vmm_log_warning("telnet \"dbgsh\": %s refused: %s\n",
				net_ip_format(ip, shown), why);
	detach(pcb);
	if (tcp_write(pcb, text, (u16_t)strlen(text), TCP_WRITE_FLAG_COPY) ==
	    ERR_OK && tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

static struct connection *free_connection(void)
{
	for (unsigned i = 0; i < CONNECTIONS; i++)
		if (!server.connection[i].pcb)
			return &server.connection[i];
	return NULL;
}

static void accept_connection(struct connection *c, struct tcp_pcb *pcb,
			      const uint8_t ip[NET_IP_LEN])
{
	c->pcb = pcb;
	telnet_session_start(&c->session, server.vmm, bvnet_dbgsh_commands,
			     &server.access, &server.guesses, ip,
			     vmm_uptime_usec());
	tcp_arg(pcb, c);
	tcp_recv(pcb, on_receive);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb);
	ip_set_option(pcb, SOF_KEEPALIVE);
	pcb->keep_idle = KEEP_IDLE;
	pcb->keep_intvl = KEEP_INTERVAL;
	vmm_service_wake(server.vmm);
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t error)
{
	struct connection *c;
	uint8_t ip[NET_IP_LEN];

	(void)arg;
	if (error != ERR_OK || !pcb)
		return ERR_VAL;
	services_get_ip(ip, &pcb->remote_ip);
	if (!access_is_open(&server.access))
		return refuse(pcb, ip, "Refused: see BitVisor's log.\r\n",
			      "neither vmm.dbgsh_allow nor "
			      "vmm.dbgsh_password is set");
	if (!access_allows(&server.access, ip))
		return refuse(pcb, ip, "Refused: see BitVisor's log.\r\n",
			      "not in vmm.dbgsh_allow");
	c = free_connection();
	if (!c)
		return refuse(pcb, ip, "All debug shells are in use.\r\n",
			      "all shells are in use");
	accept_connection(c, pcb, ip);
	return ERR_OK;
}

/* --- sessions --- */

/* Give the session what came, as far as it takes it, and let more come. */
static void take_input(struct connection *c, uint64_t now)
{
	while (c->in) {
		struct pbuf *p = c->in;
		size_t taken = telnet_session_input(
			&c->session, (const uint8_t *)p->payload + c->in_at,
			(size_t)(p->len - c->in_at), now);

		c->in_at = (u16_t)(c->in_at + taken);
		tcp_recved(c->pcb, (u16_t)taken);
		if (c->in_at < p->len)
			return;
		/* The rest of the chain keeps its own reference. */
		c->in = p->next;
		c->in_at = 0;
		if (c->in)
			pbuf_ref(c->in);
		pbuf_free(p);
	}
}

/* What does not fit waits for on_sent. */
static void give_output(struct connection *c)
{
	const uint8_t *out;
	size_t n;

	while ((out = telnet_session_output(&c->session, &n)) != NULL) {
		if (n > tcp_sndbuf(c->pcb))
			n = tcp_sndbuf(c->pcb);
		if (!n || tcp_write(c->pcb, out, (u16_t)n,
				    TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		telnet_session_sent(&c->session, n);
	}
	tcp_output(c->pcb);
}

/* Returns as telnet_server_poll(). */
static uint64_t serve(struct connection *c, struct vmm_vcpu *v, uint64_t now)
{
	uint64_t next;

	take_input(c, now);
	next = telnet_session_run(&c->session, v, now);
	give_output(c);
	/* Who sends no more still gets the answers. */
	if (telnet_session_ended(&c->session) ||
	    (c->closing && !c->in && telnet_session_rests(&c->session))) {
		close_connection(c);
		return UINT64_MAX;
	}
	return next;
}

/* From the first poll on somebody can be answered. */
static void announce(void)
{
	server.announced = true;
	vmm_log_info("telnet server \"dbgsh\" ready\n");
	if (!access_is_open(&server.access))
		vmm_log_warning("telnet \"dbgsh\" refuses all logins: set "
				"vmm.dbgsh_allow or vmm.dbgsh_password\n");
}

uint64_t telnet_server_poll(struct vmm_vcpu *v, uint64_t now)
{
	uint64_t next = UINT64_MAX;

	if (server.connection && !server.announced)
		announce();
	for (unsigned i = 0; server.connection && i < CONNECTIONS; i++) {
		struct connection *c = &server.connection[i];
		uint64_t wait = c->pcb ? serve(c, v, now) : UINT64_MAX;

		if (wait < next)
			next = wait;
	}
	return next;
}

/* --- start --- */

/* A pcb that listens takes less memory than one that does not: tcp_listen
 * exchanges it. */
static int listen(void)
{
	struct tcp_pcb *pcb = tcp_new_ip_type(IPADDR_TYPE_ANY), *listening;

	if (!pcb)
		return VMM_ERROR(ENOMEM);
	if (tcp_bind(pcb, IP_ANY_TYPE, PORT) != ERR_OK) {
		tcp_abort(pcb);
		return VMM_ERROR(EBUSY);
	}
	listening = tcp_listen_with_backlog(pcb, BACKLOG);
	if (!listening) {
		tcp_abort(pcb);
		return VMM_ERROR(ENOMEM);
	}
	tcp_accept(listening, on_accept);
	return 0;
}

int telnet_server_start(struct vmm *vmm)
{
	char error[ERROR_SIZE];
	int rc;

	if (!config.vmm.telnet_dbgsh)
		return 0;
	rc = access_parse(&server.access, config.vmm.dbgsh_allow,
			  config.vmm.dbgsh_password, error, sizeof(error));
	if (rc < 0) {
		vmm_log_err("%s\n", error);
		return rc;
	}
	server.vmm = vmm;
	server.connection = vmm_pages_alloc(&vmm->pool, CONNECTION_PAGES);
	if (!server.connection)
		return VMM_ERROR(ENOMEM);
	rc = listen();
	if (rc < 0) {
		vmm_pages_free(&vmm->pool, server.connection,
			       CONNECTION_PAGES);
		server.connection = NULL;
		return rc;
	}
	server.announced = false;
	return 0;
}
