/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registers and descriptors of Intel's gigabit controllers, as far as they
 * are used here.  Manuals: "PCI/PCI-X Family of Gigabit Ethernet Controllers
 * Software Developer's Manual" (8254x), "82574 GbE Controller Family
 * Datasheet", "82576EB Gigabit Ethernet Controller Datasheet".
 */
#ifndef PRO1000_REGS_H
#define PRO1000_REGS_H

#include <stdint.h>

#define BIT(n)		(UINT32_C(1) << (n))

/* General (82574 datasheet, 10.2.2). */
#define REG_CTRL	0x0000u
#define CTRL_GIO_MASTER_DISABLE BIT(2)	/* PCI Express parts */
#define CTRL_ASDE	BIT(5)
#define CTRL_SLU	BIT(6)
#define CTRL_ILOS	BIT(7)
#define CTRL_FRCSPD	BIT(11)
#define CTRL_FRCDPX	BIT(12)
#define CTRL_RST	BIT(26)
#define CTRL_VME	BIT(30)
#define CTRL_PHY_RST	BIT(31)
#define REG_STATUS	0x0008u
#define STATUS_FD	BIT(0)
#define STATUS_LU	BIT(1)
#define STATUS_SPEED(s)	((s) >> 6 & 3u)
#define STATUS_GIO_MASTER_ENABLE BIT(19)
#define REG_EERD	0x0014u		/* as the 82540 has it */
#define EERD_START	BIT(0)
#define EERD_DONE	BIT(4)
#define EERD_ADDRESS_SHIFT 8
#define EERD_DATA_SHIFT	16
#define REG_CTRL_EXT	0x0018u
#define CTRL_EXT_IAME	BIT(27)
#define CTRL_EXT_DRV_LOAD BIT(28)
#define CTRL_EXT_PBA_CLR BIT(31)
/* Writes a register of the PHY (82576, 8.2.4; IEEE 802.3, 22.2.4.1). */
#define REG_MDIC	0x0020u
#define MDIC_REG_SHIFT	16
#define MDIC_PHY(n)	((uint32_t)(n) << 21)
#define MDIC_WRITE	BIT(26)
#define PHY_CONTROL	0u
#define PHY_NEGOTIATE	0x1200u		/* automatically, and anew */

/* Interrupts (82574, 10.2.4; the same causes in the others). */
#define REG_ICR		0x00c0u
#define REG_ITR		0x00c4u		/* units of 256 ns */
#define REG_ICS		0x00c8u
#define REG_IMS		0x00d0u
#define REG_IMC		0x00d8u
#define REG_EIAC_82574	0x00dcu
#define REG_IVAR_82574	0x00e4u
#define REG_EITR_82574	0x00e8u		/* + 4 * vector, units of 256 ns */
/* 82575 and later (82576, 8.8). */
#define REG_GPIE	0x1514u
#define GPIE_NSICR	BIT(0)		/* reading ICR always clears it */
#define GPIE_MULTIPLE	BIT(4)		/* MSI-X with more than one vector */
#define GPIE_PBA	BIT(31)
#define REG_EICS	0x1520u
#define REG_EIMS	0x1524u
#define REG_EIMC	0x1528u
#define REG_EICR	0x1580u		/* GPIE_MULTIPLE: reading keeps it */
#define REG_EITR_IGB	0x1680u		/* + 4 * vector */
#define EITR_IGB_SHIFT	2		/* microseconds */
#define EITR_IGB_COUNTER_SHIFT 21	/* 4 microseconds */
#define REG_IVAR_IGB	0x1700u		/* byte 0: receive, 1: transmit */
#define REG_IVAR_MISC	0x1740u		/* byte 1: other causes */
#define IVAR_IGB(byte, vector) ((0x80u | (vector)) << 8 * (byte))
#define ICR_TXDW	BIT(0)
#define ICR_LSC		BIT(2)
#define ICR_RXDMT0	BIT(4)
#define ICR_RXO		BIT(6)
#define ICR_RXT0	BIT(7)
#define ICR_RXQ0	BIT(20)		/* 82574 with MSI-X: by queue */
#define ICR_RXQ1	BIT(21)
#define ICR_TXQ0	BIT(22)
#define ICR_OTHER	BIT(24)
#define ICR_ASSERTED	BIT(31)

/* Receive. */
#define REG_RCTL	0x0100u
#define RCTL_EN		BIT(1)
#define RCTL_UPE	BIT(3)
#define RCTL_MPE	BIT(4)
#define RCTL_LPE	BIT(5)
#define RCTL_BAM	BIT(15)
#define RCTL_SECRC	BIT(26)
#define REG_RDTR	0x2820u
#define REG_RXDCTL	0x2828u
#define REG_SRRCTL	0x280cu		/* 82575 and later */
#define SRRCTL_2KB	2u
#define SRRCTL_ADV_ONE	BIT(25)
#define REG_RADV	0x282cu
#define REG_RSRPD	0x2c00u
#define REG_RXCSUM	0x5000u
#define RXCSUM_IPOFL	BIT(8)
#define RXCSUM_TUOFL	BIT(9)
#define REG_RFCTL	0x5008u
#define RFCTL_ACKDIS	BIT(12)
#define RFCTL_EXSTEN	BIT(15)
#define REG_MTA		0x5200u
#define REG_RA		0x5400u		/* low, high; 8 bytes each */
#define RAH_AV		BIT(31)
#define REG_MRQC	0x5818u
#define QUEUE_ENABLE	BIT(25)		/* RXDCTL, TXDCTL of 82575 and later */

/* Transmit. */
#define REG_TCTL	0x0400u
#define TCTL_EN		BIT(1)
#define TCTL_PSP	BIT(3)
#define TCTL_CT(n)	((n) << 4)
#define TCTL_COLD(n)	((n) << 12)
#define TCTL_RTLC	BIT(24)
#define TCTL_MULR	BIT(28)
#define REG_TIPG	0x0410u
#define REG_TIDV	0x3820u		/* units of 1.024 us */
#define REG_TXDCTL	0x3828u
#define TXDCTL_PTHRESH(n) (n)
#define TXDCTL_HTHRESH(n) ((n) << 8)
#define TXDCTL_WTHRESH(n) ((n) << 16)
#define TXDCTL_COUNT_DESC BIT(22)
#define TXDCTL_GRAN	BIT(24)
#define REG_TADV	0x382cu
#define REG_TARC0	0x3840u
#define REG_QUEUE1	0x0100u		/* from queue 0's register to 1's */

/* Rings: offsets from REG_RDBAL, REG_TDBAL or their like in an 82542. */
#define REG_RDBAL	0x2800u
#define REG_TDBAL	0x3800u
#define REG_82542_RDBAL	0x0110u
#define REG_82542_TDBAL	0x0420u
#define REG_82542_RA	0x0040u
#define REG_82542_MTA	0x0200u
#define RING_BAH	0x04u
#define RING_LEN	0x08u
#define RING_HEAD	0x10u
#define RING_TAIL	0x18u

/* Statistics, cleared by reading. */
#define REG_CRCERRS	0x4000u
#define REG_MPC		0x4010u
#define REG_RNBC	0x40a0u

/* A descriptor of any kind: two or four words. */
struct pro1000_desc {
	uint64_t addr;
	uint32_t cmd;
	uint32_t opt;
};

/* Legacy receive descriptor as written back: cmd = length, checksum;
 * opt = status, errors, special (8254x, 3.2.3). */
#define RXL_LEN(cmd)	((cmd) & 0xffffu)
#define RXL_STATUS(opt)	((opt) & 0xffu)
#define RXL_ERRORS(opt)	((opt) >> 8 & 0xffu)
#define RXL_ERR_FRAME	0x97u	/* CE, SE, SEQ, CXE, RXE */
#define RXL_ERR_TCPE	0x20u
/* Extended and advanced: cmd = status, errors; opt = length, VLAN (82574,
 * 7.1.5; 82576, 7.1.5.2).  The status bits are those of the legacy one. */
#define RXX_LEN(opt)	((opt) & 0xffffu)
#define RXX_ERR_EXT	0x97000000u
#define RXX_ERR_ADV	0x80000000u
#define RXX_ERR_TCPE	BIT(29)
#define RX_DD		BIT(0)
#define RX_EOP		BIT(1)
#define RX_IXSM		BIT(2)
#define RX_TCPCS	BIT(5)

/* Transmit, all kinds: cmd has the length at 0 and the command at 24. */
#define TX_EOP		BIT(24)
#define TX_IFCS		BIT(25)
#define TX_TSE		BIT(26)		/* extended */
#define TX_RS		BIT(27)
#define TX_DEXT		BIT(29)
#define TX_IDE		BIT(31)		/* legacy and extended */
#define TX_ADV_TSE	BIT(31)
#define TX_DTYP_DATA	BIT(20)		/* extended; 0 is the context */
#define TX_DTYP_ADV_CTX	(BIT(21))
#define TX_DTYP_ADV_DATA (BIT(20) | BIT(21))
#define TX_DD		BIT(0)		/* opt */
#define TX_POPTS_IXSM	BIT(8)
#define TX_POPTS_TXSM	BIT(9)
/* Context: TUCMD of the extended one is where the command is. */
#define TX_TUCMD_TCP	BIT(24)
#define TX_TUCMD_IP	BIT(25)
#define TX_ADV_IPV4	BIT(10)
#define TX_ADV_L4_TCP	BIT(11)

#endif
