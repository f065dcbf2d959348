/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom an interprocessor interrupt reaches (Intel SDM vol. 3, 11.6). */
#include <cpu/apic.h>

#define XAPIC_BROADCAST		0xffu
#define X2APIC_BROADCAST	UINT32_MAX
#define DFR_FLAT		0xfu

static bool physical_match(const struct ipi *ipi, const struct ipi_target *t)
{
	if (ipi->x2)
		return ipi->dest == X2APIC_BROADCAST || ipi->dest == t->id;
	return (ipi->dest & 0xff) == XAPIC_BROADCAST ||
		(ipi->dest & 0xff) == (t->id & 0xff);
}

/* x2APIC: the logical ID is derived from the ID, 16 CPUs a cluster. */
static bool logical_x2(uint32_t dest, const struct ipi_target *t)
{
	if (dest == X2APIC_BROADCAST)
		return true;
	return dest >> 16 == t->id >> 4 && dest & 1u << (t->id & 15);
}

/* xAPIC: flat, eight CPUs with a bit each; or clusters of four. */
static bool logical_xapic(uint32_t dest, const struct ipi_target *t)
{
	uint32_t mda = dest & 0xff, logical = t->ldr >> 24;

	if (mda == XAPIC_BROADCAST)
		return true;
	if (t->dfr >> 28 == DFR_FLAT)
		return mda & logical;
	return mda >> 4 == logical >> 4 && mda & logical & 0xf;
}

bool ipi_reaches(const struct ipi *ipi, const struct ipi_target *t)
{
	switch (ICR_SHORTHAND(ipi->low)) {
	case ICR_TO_SELF:
		return t->self;
	case ICR_TO_ALL:
		return true;
	case ICR_TO_OTHERS:
		return !t->self;
	default:
		break;
	}
	if (!(ipi->low & ICR_LOGICAL))
		return physical_match(ipi, t);
	return ipi->x2 ? logical_x2(ipi->dest, t) : logical_xapic(ipi->dest, t);
}
