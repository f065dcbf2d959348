/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The controllers that are known, by PCI device number, and what tells their
 * register sets apart.
 */
#include <vmm/compiler.h>
#include "pro1000/pro1000.h"

#define F(...) ((uint32_t)(__VA_ARGS__))

/*
 * 82542: ring registers of its own, no offloads (8254x manual, 13.1).
 * 82543/82544: SECRC is not there; TSO came with the 82544, whose erratum
 * makes it unfit.  82541/82547 are 8254x as well; so is 82540.
 * 8257x: extended receive descriptors, TARC, count bit of TXDCTL; all but
 * the 82573 have two transmit queues.
 * ICH/PCH: multicast table of 32 words; their further address registers are
 * laid out differently from part to part.
 * 82575 and later: advanced descriptors, queues to be enabled one by one; the
 * 82575's vectors of MSI-X are given out otherwise than by IVAR.
 */
static const struct pro1000_family families[] = {
	[PRO1000_82542] = { "82542", F(PRO1000_OLD_RINGS) },
	[PRO1000_82543] = { "82543", F(PRO1000_TX_CONTEXT) },
	[PRO1000_8254X] = { "8254x", F(PRO1000_TX_CONTEXT | PRO1000_TSO |
				       PRO1000_SECRC | PRO1000_ITR |
				       PRO1000_UNICAST | PRO1000_EEPROM) },
	[PRO1000_82547] = { "82547", F(PRO1000_TX_CONTEXT | PRO1000_SECRC |
				       PRO1000_ITR | PRO1000_UNICAST) },
	[PRO1000_82571] = { "82571", F(PRO1000_EXPRESS_COMMON |
				       PRO1000_UNICAST | PRO1000_TWO_TARC |
				       PRO1000_SECOND_TX) },
	[PRO1000_82574] = { "82574", F(PRO1000_EXPRESS_COMMON |
				       PRO1000_UNICAST | PRO1000_TARC_82574 |
				       PRO1000_MSIX_82574 | PRO1000_SECOND_TX) },
	[PRO1000_82573] = { "8257x", F(PRO1000_EXPRESS_COMMON |
				       PRO1000_UNICAST) },
	[PRO1000_ICH] = { "ICH/PCH", F(PRO1000_EXPRESS_COMMON |
				       PRO1000_SMALL_MTA | PRO1000_SECOND_TX) },
	[PRO1000_82575] = { "82575", F(PRO1000_ADVANCED_COMMON) },
	[PRO1000_IGB] = { "82576 and later", F(PRO1000_ADVANCED_COMMON |
					       PRO1000_MSIX_IGB) },
};

static const uint16_t ids_82542[] = { 0x1000 };
static const uint16_t ids_82543[] = {
	0x1001, 0x1004, 0x1008, 0x1009, 0x100c, 0x100d,
};
static const uint16_t ids_8254x[] = {
	0x100e, 0x100f, 0x1010, 0x1011, 0x1012, 0x1013, 0x1014, 0x1015, 0x1016,
	0x1017, 0x1018, 0x101d, 0x101e, 0x1026, 0x1027, 0x1028, 0x1076, 0x1077,
	0x1078, 0x1079, 0x107a, 0x107b, 0x107c, 0x108a, 0x1099, 0x10b5, 0x1107,
	0x1112,
};
static const uint16_t ids_82547[] = { 0x1019, 0x101a, 0x1075 };
static const uint16_t ids_82571[] = {
	0x105e, 0x105f, 0x1060, 0x107d, 0x107e, 0x107f, 0x10a4,
	0x10a5, 0x10b9, 0x10bc, 0x10d5, 0x10d9, 0x10da,
};
static const uint16_t ids_82573[] = {
	0x108b, 0x108c, 0x109a, 0x1096, 0x1097, 0x1098, 0x10ba, 0x10bb, 0x1081,
	0x1082, 0x1083,
};
static const uint16_t ids_82574[] = { 0x10d3, 0x10f6, 0x150c };
static const uint16_t ids_ich[] = {
	0x1049, 0x104a, 0x104b, 0x104c, 0x104d, 0x10bd, 0x10bf, 0x10c0, 0x10c2,
	0x10c3, 0x10c4, 0x10c5, 0x10cb, 0x10cc, 0x10cd, 0x10ce, 0x10de, 0x10df,
	0x10e5, 0x10ea, 0x10eb, 0x10ef, 0x10f0, 0x10f5, 0x1501, 0x1502, 0x1503,
	0x1525, 0x153a, 0x153b, 0x1559, 0x155a, 0x156f, 0x1570, 0x15b7, 0x15bd,
	0x15be, 0x15d7, 0x15d8, 0x15e3, 0x294c,
};
static const uint16_t ids_82575[] = { 0x10a7, 0x10a9, 0x10d6 };
static const uint16_t ids_igb[] = {
	0x0438, 0x043a, 0x043c, 0x0440, 0x10c9, 0x10ca, 0x10e6, 0x10e7, 0x10e8,
	0x150a, 0x150d, 0x150e, 0x150f, 0x1510, 0x1511, 0x1516, 0x1518, 0x1520,
	0x1521, 0x1522, 0x1523, 0x1524, 0x1526, 0x1527, 0x1533, 0x1534, 0x1535,
	0x1536, 0x1537, 0x1538, 0x1539, 0x157b, 0x157c, 0x1f40, 0x1f41, 0x1f45,
};

#define IDS(a, family) { a, VMM_ARRAY_SIZE(a), family }
static const struct {
	const uint16_t *id;
	size_t count;
	enum pro1000_family_id family;
} lists[] = {
	IDS(ids_82542, PRO1000_82542), IDS(ids_82543, PRO1000_82543),
	IDS(ids_8254x, PRO1000_8254X), IDS(ids_82547, PRO1000_82547),
	IDS(ids_82571, PRO1000_82571), IDS(ids_82573, PRO1000_82573),
	IDS(ids_82574, PRO1000_82574), IDS(ids_ich, PRO1000_ICH),
	IDS(ids_82575, PRO1000_82575), IDS(ids_igb, PRO1000_IGB),
};

const struct pro1000_family *pro1000_family(uint16_t device)
{
	for (size_t l = 0; l < VMM_ARRAY_SIZE(lists); l++)
		for (size_t i = 0; i < lists[l].count; i++)
			if (lists[l].id[i] == device)
				return &families[lists[l].family];
	return NULL;
}

/* The same as a pattern of the PCI rules. */
const char pro1000_match[] = "class_code=020000, id="
	"8086:0438|8086:043a|8086:043c|8086:0440|8086:1000|8086:1001|"
	"8086:1004|8086:1008|8086:1009|8086:100c|8086:100d|8086:100e|"
	"8086:100f|8086:1010|8086:1011|8086:1012|8086:1013|8086:1014|"
	"8086:1015|8086:1016|8086:1017|8086:1018|8086:1019|8086:101a|"
	"8086:101d|8086:101e|8086:1026|8086:1027|8086:1028|8086:1049|"
	"8086:104a|8086:104b|8086:104c|8086:104d|8086:105e|8086:105f|"
	"8086:1060|8086:1075|8086:1076|8086:1077|8086:1078|8086:1079|"
	"8086:107a|8086:107b|8086:107c|8086:107d|8086:107e|8086:107f|"
	"8086:1081|8086:1082|8086:1083|8086:108a|8086:108b|8086:108c|"
	"8086:1096|8086:1097|8086:1098|8086:1099|8086:109a|8086:10a4|"
	"8086:10a5|8086:10a7|8086:10a9|8086:10b5|8086:10b9|8086:10ba|"
	"8086:10bb|8086:10bc|8086:10bd|8086:10bf|8086:10c0|8086:10c2|"
	"8086:10c3|8086:10c4|8086:10c5|8086:10c9|8086:10ca|8086:10cb|"
	"8086:10cc|8086:10cd|8086:10ce|8086:10d3|8086:10d5|8086:10d6|"
	"8086:10d9|8086:10da|8086:10de|8086:10df|8086:10e5|8086:10e6|"
	"8086:10e7|8086:10e8|8086:10ea|8086:10eb|8086:10ef|8086:10f0|"
	"8086:10f5|8086:10f6|8086:1107|8086:1112|8086:1501|8086:1502|"
	"8086:1503|8086:150a|8086:150c|8086:150d|8086:150e|8086:150f|"
	"8086:1510|8086:1511|8086:1516|8086:1518|8086:1520|8086:1521|"
	"8086:1522|8086:1523|8086:1524|8086:1525|8086:1526|8086:1527|"
	"8086:1533|8086:1534|8086:1535|8086:1536|8086:1537|8086:1538|"
	"8086:1539|8086:153a|8086:153b|8086:1559|8086:155a|8086:156f|"
	"8086:1570|8086:157b|8086:157c|8086:15b7|8086:15bd|8086:15be|"
	"8086:15d7|8086:15d8|8086:15e3|8086:1f40|8086:1f41|8086:1f45|"
	"8086:294c";
