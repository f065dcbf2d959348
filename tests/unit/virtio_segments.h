/* SPDX-License-Identifier: BSD-3-Clause */
/* A sender and a receiver of TCP segments around a virtio network device: what
 * the receiver gets, it cuts up again as a router would, so that each frame
 * can be compared with the one that was sent. */
#ifndef VIRTIO_SEGMENTS_H
#define VIRTIO_SEGMENTS_H

#include "virtio_world.h"

#define S_FRAME_MAX	VIRTIO_NET_FRAME_MAX
#define S_FRAMES	400u
#define S_FIN		0x01u
#define S_PSH		0x08u
#define S_ACK		0x10u

struct s_frame {
	uint32_t len;
	uint8_t byte[S_FRAME_MAX];
};

/* A connection's direction, and what its next segment has. */
struct s_flow {
	bool v6, df;
	uint16_t port, id, id_step, window;
	uint32_t seq, ack;
	uint8_t tos, ttl;
	uint8_t options[40];
	unsigned options_len;		/* a multiple of 4 */
};

/* A packet as the guest got it. */
struct s_packet {
	struct w_hdr h;
	uint32_t len;
	uint16_t head[64];
	uint8_t byte[70000];
};

struct s_list {
	unsigned count;
	struct s_frame frame[S_FRAMES];
};

/* The next segment; flags besides ACK. */
void s_make(struct s_flow *flow, struct s_frame *f, uint32_t payload,
	    unsigned flags);
/* Make the sums of a frame right again: IPv4's, TCP's. */
void s_sum_ip(struct s_frame *f);
void s_sum_tcp(struct s_frame *f);
/* Where the frame's TCP header is. */
unsigned s_tcp(const struct s_frame *f);

/* Something about a frame that merging must mind. */
enum { IP_TOS, IP_TTL, IP_DF, IP_ID, IP_MORE, IP_OFFSET, IP_OPTIONS, IP_SUM,
       MAC_SOURCE, VLAN_TAG, PADDING, TCP_PORT, TCP_ACK, TCP_WINDOW,
       TCP_OPTIONS, TCP_FIN, TCP_SYN, TCP_RST, TCP_URG, TCP_ECE, TCP_CWR,
       TCP_NO_ACK, TCP_RESERVED, TCP_URGENT, SEQ_GAP, SEQ_AGAIN, PURE_ACK,
       NO_CHECK, UDP, ARP, CHANGES };
/* Change it; the sums stay right, but for IP_SUM.  What is no bit in the frame
 * (PURE_ACK, NO_CHECK) is left alone. */
void s_change(struct s_frame *f, unsigned what);

/* Make available count buffers of size bytes, each of one descriptor. */
void s_buffers(struct world *w, unsigned count, uint32_t size);
/* The next packet of the guest's.  False: there is none.  Aborts if a buffer
 * that is not the last one is not full. */
bool s_next(struct world *w, struct s_packet *p);
/* Cut it up and append the frames; id_step as the sender's. */
void s_cut(const struct s_packet *p, uint16_t id_step, struct s_list *to);
/* All that there is.  Returns the number of packets. */
unsigned s_take(struct world *w, uint16_t id_step, struct s_list *to);

#endif
