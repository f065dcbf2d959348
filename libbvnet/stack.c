/* SPDX-License-Identifier: BSD-3-Clause */
/* lwIP on the switch: interface, memory, time, randomness. */
#include <bvnet/stack.h>
#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <lwip/prot/dhcp.h>
#include <lwip/sys.h>
#include <string.h>
#include <vmm/error.h>
#include <vmm/log.h>
#include <vmm/panic.h>
#include "heap.h"
#include "lwiphooks.h"
#include "netif/ethernet.h"
#include "stack_priv.h"
#include "wire.h"

#define TYPE_AT		12u	/* in a frame: the EtherType */
#define ARP_OPERATION	20u
#define ARP_TARGET	38u

/* lwIP has global state, so this has. */
static struct {
	struct net *net;	/* NULL: not started */
	struct netif netif;
	struct heap heap;
	struct net_random *random;
	uint32_t isn_key[8];
	uint64_t now;
	uint8_t address[4];	/* told last */
	uint8_t ip6[NET_IP_LEN];	/* configured; zeros: none */
	bool dhcp, use_ipv6, up;
	uint64_t bad_headers;
	uint8_t frame[NET_MAX_FRAME];	/* being sent */
} stack;

/* --- what lwIP calls, see arch/cc.h and lwiphooks.h --- */

u32_t sys_now(void)
{
	return (u32_t)(stack.now / 1000);
}

uint32_t bvnet_lwip_random(void)
{
	return net_random_u32(stack.random);
}

_Noreturn void bvnet_lwip_assert(const char *message, const char *file,
				 int line)
{
	vmm_panic("lwIP, %s:%d: %s", file, line, message);
}

void *bvnet_lwip_malloc(size_t size)
{
	return heap_alloc(&stack.heap, size);
}

void *bvnet_lwip_calloc(size_t count, size_t size)
{
	void *p = NULL;

	if (!size || count <= SIZE_MAX / size)
		p = heap_alloc(&stack.heap, count * size);
	return p ? memset(p, 0, count * size) : NULL;
}

void bvnet_lwip_free(void *p)
{
	heap_free(&stack.heap, p);
}

/* IPv6 addresses do not fit into a nonce: each block's key is of the one before.
 * There are always as many, so none is the beginning of another. */
static void hash_ip6(const ip_addr_t *local_ip, const ip_addr_t *remote_ip,
		     uint32_t ports, uint8_t block[64])
{
	uint32_t key[8], in[9];

	memcpy(in, ip_2_ip6(local_ip)->addr, NET_IP_LEN);
	memcpy(in + 4, ip_2_ip6(remote_ip)->addr, NET_IP_LEN);
	in[8] = ports;
	memcpy(key, stack.isn_key, sizeof(key));
	for (unsigned i = 0; i < 9; i += 3) {
		net_chacha20_block(key, 1, in + i, block);
		memcpy(key, block, sizeof(key));
	}
}

/* A function of the connection that others cannot compute, plus a clock of
 * 250 kHz (RFC 6528, section 3). */
u32_t bvnet_lwip_tcp_isn(const ip_addr_t *local_ip, u16_t local_port,
			 const ip_addr_t *remote_ip, u16_t remote_port)
{
	uint32_t ports = (uint32_t)local_port << 16 | remote_port;
	uint8_t block[64];
	u32_t isn;

	if (IP_IS_V6_VAL(*local_ip)) {
		hash_ip6(local_ip, remote_ip, ports, block);
	} else {
		uint32_t nonce[3] = {
			ip4_addr_get_u32(ip_2_ip4(local_ip)),
			ip4_addr_get_u32(ip_2_ip4(remote_ip)), ports,
		};

		net_chacha20_block(stack.isn_key, 0, nonce, block);
	}
	memcpy(&isn, block, sizeof(isn));
	return isn + (u32_t)(stack.now / 4);
}

/* A client identifier (RFC 2132, 9.14) that differs from that of the guest,
 * which has the same MAC address; else both would get the same lease. */
void bvnet_lwip_dhcp_options(struct netif *netif, struct dhcp_msg *msg,
			     u16_t *len)
{
	static const uint8_t head[] = { DHCP_OPTION_CLIENT_ID, 15, 0,
					'b', 'i', 't', 'v', 'i', 's', 'o', 'r' };

	if (*len + sizeof(head) + NET_MAC_LEN > DHCP_OPTIONS_LEN)
		return;
	memcpy(msg->options + *len, head, sizeof(head));
	memcpy(msg->options + *len + sizeof(head), netif->hwaddr, NET_MAC_LEN);
	*len = (u16_t)(*len + sizeof(head) + NET_MAC_LEN);
}

/* --- the interface --- */

static bool asks_all(const uint8_t *frame)
{
	return (frame[0] & 1) && wire_get16(frame + TYPE_AT) == WIRE_TYPE_ARP &&
		wire_get16(frame + ARP_OPERATION) == 1;
}

static err_t send_frame(struct netif *netif, struct pbuf *p)
{
	(void)netif;
	if (p->tot_len > sizeof(stack.frame))
		return ERR_BUF;
	pbuf_copy_partial(p, stack.frame, p->tot_len, 0);
	if (p->tot_len >= ARP_TARGET + 4 && asks_all(stack.frame))
		stack_timers_asked(stack.frame + ARP_TARGET, stack.now);
	return net_vmm_tx(stack.net, stack.frame, p->tot_len) ? ERR_MEM :
		ERR_OK;
}

static void address_changed(struct netif *netif)
{
	uint8_t ip[4], *old = stack.address;

	stack_ip6_changed();
	memcpy(ip, netif_ip4_addr(netif), 4);
	if (memcmp(ip, old, 4) == 0)
		return;
	vmm_log_info("IP address changed: %u.%u.%u.%u -> %u.%u.%u.%u\n",
		     old[0], old[1], old[2], old[3], ip[0], ip[1], ip[2],
		     ip[3]);
	memcpy(old, ip, 4);
	net_vmm_set_address(stack.net, ip);
}

static err_t init_interface(struct netif *netif)
{
	netif->name[0] = 'v';
	netif->name[1] = 'm';
	netif->mtu = 1500;
	netif->hwaddr_len = NET_MAC_LEN;
	memcpy(netif->hwaddr, net_nic(stack.net)->mac, NET_MAC_LEN);
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
		NETIF_FLAG_ETHERNET;
	netif->output = etharp_output;
	netif->linkoutput = send_frame;
	if (stack.use_ipv6)
		stack_ip6_interface(netif);
	return ERR_OK;
}

/* --- what the switch calls --- */

static void stack_input(void *vmm, const uint8_t *frame, uint32_t len,
			unsigned flags)
{
	struct pbuf *p;

	(void)vmm;
	(void)flags;
	if (len > UINT16_MAX || !net_headers_ok(frame, len)) {
		stack.bad_headers++;
		return;
	}
	p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_RAM);
	if (!p)
		return;	/* counted by the heap */
	if (pbuf_take(p, frame, (u16_t)len) != ERR_OK ||
	    stack.netif.input(p, &stack.netif) != ERR_OK)
		pbuf_free(p);
	stack_ip6_settle();
}

/* The first poll: the network runs.  The guide shows the address behind the
 * line that says that the virtual machine starts. */
static void come_up(void)
{
	stack.up = true;
	stack_timers_start(&stack.netif, stack.now);
	netif_set_up(&stack.netif);
	address_changed(&stack.netif);
	if (stack.use_ipv6)
		stack_ip6_start(&stack.netif, stack.net, stack.ip6);
	if (stack.dhcp && dhcp_start(&stack.netif) != ERR_OK)
		vmm_log_err("DHCP does not start: no memory\n");
}

/* Before what has come is looked at: it may have been long under way, and what
 * has ended since must not answer. */
static void stack_time(void *vmm, uint64_t now)
{
	(void)vmm;
	stack.now = now;
	if (stack.up)
		stack_timers_run(now);
}

static uint64_t stack_poll(void *vmm, uint64_t now)
{
	(void)vmm;
	if (!stack.up)
		come_up();
	return stack_timers_next(now);
}

static void stack_link(void *vmm, const struct nic_link *link)
{
	(void)vmm;
	if (link->up)
		netif_set_link_up(&stack.netif);
	else
		netif_set_link_down(&stack.netif);
}

static const struct net_vmm_ops stack_ops = {
	.time = stack_time,
	.input = stack_input,
	.poll = stack_poll,
	.link = stack_link,
};

static int check_setup(struct net *net, const struct net_stack_setup *setup,
		       size_t heap)
{
	static const uint8_t zeros[4];

	if (stack.net)
		return VMM_ERROR(EBUSY);
	if (!net_mode_has_stack(net_get_mode(net)) ||
	    heap < NET_STACK_HEAP_MIN ||
	    (!setup->dhcp && !setup->use_ipv6 &&
	     memcmp(setup->ip, zeros, 4) == 0))
		return VMM_ERROR(EINVAL);
	return 0;
}

static int add_interface(const struct net_stack_setup *setup)
{
	ip4_addr_t ip, netmask, gateway;
	struct netif *netif = &stack.netif;

	memcpy(&ip, setup->ip, 4);
	memcpy(&netmask, setup->netmask, 4);
	memcpy(&gateway, setup->gateway, 4);
	lwip_init();
	if (!netif_add(netif, &ip, &netmask, &gateway, NULL, init_interface,
		       ethernet_input))
		return VMM_ERROR(EINVAL);
	netif_set_default(netif);
	netif_set_status_callback(netif, address_changed);
	stack_link(NULL, &net_nic(stack.net)->link);
	return 0;
}

int net_stack_start(struct net *net, const struct net_stack_setup *setup,
		    struct vmm_pagepool *pool, uint64_t now)
{
	size_t heap = setup->heap_size ? setup->heap_size :
		NET_STACK_HEAP_DEFAULT;
	void *memory;
	int error = check_setup(net, setup, heap);

	if (error)
		return error;
	heap = VMM_ROUND_UP(heap, VMM_PAGE_SIZE);
	memory = vmm_pages_alloc(pool, heap / VMM_PAGE_SIZE);
	if (!memory)
		return VMM_ERROR(ENOMEM);
	heap_init(&stack.heap, memory, heap);
	stack.net = net;
	stack.random = setup->random;
	stack.dhcp = setup->dhcp;
	stack.use_ipv6 = setup->use_ipv6;
	memcpy(stack.ip6, setup->ip6, sizeof(stack.ip6));
	stack.now = now;
	net_random_bytes(stack.random, stack.isn_key, sizeof(stack.isn_key));
	net_vmm_attach(net, &stack_ops, NULL);
	/* What fails here leaves the stack without an address, holding on to
	 * the rest. */
	return add_interface(setup);
}

void net_stack_get_info(struct net_stack_info *info)
{
	*info = (struct net_stack_info){
		.running = stack.net,
		.dhcp = stack.dhcp,
		.heap_size = stack.heap.total,
		.heap_used = stack.heap.used,
		.heap_most = stack.heap.most_used,
		.heap_failures = stack.heap.failures,
		.bad_headers = stack.bad_headers,
	};
	memcpy(info->ip, netif_ip4_addr(&stack.netif), 4);
	memcpy(info->netmask, netif_ip4_netmask(&stack.netif), 4);
	memcpy(info->gateway, netif_ip4_gw(&stack.netif), 4);
	info->ip6_count = stack_ip6_list(info->ip6);
}
