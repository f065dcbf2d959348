/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixed ACPI description table, signature FACP (5.2.9).  Tables of ACPI
 * 1.0 end behind the flags, and some between revisions end elsewhere: what a
 * table is too short for is absent.
 */
#include <string.h>
#include <acpi/acpi_priv.h>
#include <vmm/log.h>

#define FADT_FACS		36u
#define FADT_DSDT		40u
#define FADT_SMI_CMD		48u
#define FADT_PM1A_CNT		64u
#define FADT_PM1B_CNT		68u
#define FADT_PM_TMR		76u
#define FADT_PM_TMR_LEN		91u
#define FADT_FLAGS		112u
#define FADT_RESET_REG		116u
#define FADT_RESET_VALUE	128u
#define FADT_X_FACS		132u
#define FADT_X_DSDT		140u
#define FADT_X_PM1A_CNT		172u
#define FADT_X_PM1B_CNT		184u
#define FADT_X_PM_TMR		208u

#define FLAG_TMR_VAL_EXT	(1u << 8)
#define FLAG_RESET_REG_SUP	(1u << 10)
#define FLAG_HW_REDUCED		(1u << 20)

#define GAS_SIZE		12u
#define GAS_MEMORY		0u
#define GAS_IO			1u
#define GAS_PCI			2u

#define FACS_SIZE		64u
#define FACS_LENGTH		4u
#define FACS_ALIGNMENT		64u

/* A register of the FADT: where its two descriptions are. */
struct reg_field {
	const char *name;
	uint32_t gas;		/* generic address structure */
	uint32_t port;		/* 32-bit I/O port, 0: has none */
	uint8_t width;		/* bytes, where the table does not say */
	bool required;
	bool pci;		/* may be in PCI configuration space */
};

static uint32_t field32(const struct acpi_view *t, uint32_t offset)
{
	return acpi_has(t, offset, 4) ? acpi_get32(t->data + offset) : 0;
}

static uint64_t field64(const struct acpi_view *t, uint32_t offset)
{
	return acpi_has(t, offset, 8) ? acpi_get64(t->data + offset) : 0;
}

static uint8_t field8(const struct acpi_view *t, uint32_t offset)
{
	return acpi_has(t, offset, 1) ? t->data[offset] : 0;
}

/* Access width in bytes: what the structure says (5.2.3.2, access size), else
 * what the register's width is, else the usual one. */
static uint8_t gas_width(uint8_t bit_width, uint8_t access_size,
			 uint8_t usual)
{
	if (access_size)
		return (uint8_t)(1u << (access_size - 1));
	if (bit_width == 8 || bit_width == 16 || bit_width == 32 ||
	    bit_width == 64)
		return (uint8_t)(bit_width / 8);
	return usual;
}

/* Is the address one in its space?  PCI: device 47:32, function 31:16, offset
 * 15:0, on bus 0 of segment 0. */
static bool gas_address_ok(const char *name, const struct vmm_acpi_gas *gas)
{
	const char *space;
	uint64_t a = gas->address;
	bool ok;

	if (gas->space == GAS_MEMORY) {
		space = "MEM";
		ok = a <= ACPI_MAX_ADDRESS - gas->width;
	} else if (gas->space == GAS_IO) {
		space = "IO";
		ok = a <= 0x10000u - gas->width;
	} else {
		space = "PCI";
		ok = a >> 48 == 0 && (a >> 32) < 32 && (a >> 16 & 0xffff) < 8 &&
			(a & 0xffff) <= 0x100u - gas->width;
	}
	if (!ok)
		vmm_log_warning("acpi: %s gas %s invalid address 0x%llX\n",
				name, space, (unsigned long long)a);
	return ok;
}

/* Take a generic address structure that is there; false, logged, if it cannot
 * be used. */
static bool gas_read(const struct reg_field *reg, const uint8_t *p,
		     struct vmm_acpi_gas *gas)
{
	uint8_t space = p[0], bits = p[1], offset = p[2], access = p[3];

	if (space > GAS_PCI || (space == GAS_PCI && !reg->pci))
		vmm_log_warning("acpi: %s gas unsupported address space id"
				" %u\n", reg->name, space);
	else if (bits == 0)
		vmm_log_warning("acpi: %s gas unexpected bit width zero\n",
				reg->name);
	else if (offset != 0)
		vmm_log_warning("acpi: %s gas unexpected bit offset %u\n",
				reg->name, offset);
	else if (access > 4)
		vmm_log_warning("acpi: %s gas structure unknown access size"
				" %u\n", reg->name, access);
	else {
		gas->space = space;
		gas->width = gas_width(bits, access, reg->width);
		gas->address = acpi_get64(p + 4);
		return gas_address_ok(reg->name, gas);
	}
	return false;
}

/* The old 32-bit field; false if it is absent or, logged, no port. */
static bool port_read(const struct reg_field *reg, uint32_t port,
		      struct vmm_acpi_gas *gas)
{
	if (port == 0)
		return false;
	if (port > 0x10000u - reg->width) {
		vmm_log_warning("acpi: %s IO invalid address 0x%X\n",
				reg->name, port);
		return false;
	}
	gas->space = GAS_IO;
	gas->width = reg->width;
	gas->address = port;
	return true;
}

/* The generic structure of a register counts first, if the table reaches so
 * far and it is not empty. */
static bool read_register(const struct reg_field *reg,
			  const struct acpi_view *fadt,
			  struct vmm_acpi_gas *result)
{
	uint32_t port = reg->port ? field32(fadt, reg->port) : 0;
	bool filled = acpi_has(fadt, reg->gas, GAS_SIZE) &&
		acpi_get64(fadt->data + reg->gas + 4) != 0;
	struct vmm_acpi_gas gas;

	if ((filled && gas_read(reg, fadt->data + reg->gas, &gas)) ||
	    port_read(reg, port, &gas)) {
		*result = gas;
		return true;
	}
	if (!filled && !port && !reg->required)
		return false;
	if (!filled)
		vmm_log_warning("acpi: %s gas structure is NULL\n", reg->name);
	vmm_log_warning("acpi: skip %s initialization\n", reg->name);
	return false;
}

/* 4.8.3: PM1 control registers and the PM timer. */
static void read_pm_registers(struct vmm_acpi *acpi,
			      const struct acpi_view *fadt)
{
	static const struct reg_field pm1a = {
		"PM1a control", FADT_X_PM1A_CNT, FADT_PM1A_CNT, 2, true, false
	}, pm1b = {
		"PM1b control", FADT_X_PM1B_CNT, FADT_PM1B_CNT, 2, false, false
	}, timer = {
		"PM timer", FADT_X_PM_TMR, FADT_PM_TMR, 4, false, false
	};

	read_register(&pm1a, fadt, &acpi->pm1a_control);
	read_register(&pm1b, fadt, &acpi->pm1b_control);
	/* Length 4, or 0 where there is no timer (5.2.9, PM_TMR_LEN). */
	if (field8(fadt, FADT_PM_TMR_LEN) == 4)
		read_register(&timer, fadt, &acpi->pm_timer);
}

/* 4.8.3.6: one byte wide. */
static void read_reset(struct vmm_acpi *acpi, const struct acpi_view *fadt)
{
	static const struct reg_field reset = {
		"reset register", FADT_RESET_REG, 0, 1, true, true
	};

	acpi->reset_supported = acpi_has(fadt, FADT_RESET_VALUE, 1) &&
		read_register(&reset, fadt, &acpi->reset);
	acpi->reset_value = field8(fadt, FADT_RESET_VALUE);
}

static void read_smi_command(struct vmm_acpi *acpi,
			     const struct acpi_view *fadt)
{
	uint32_t port = field32(fadt, FADT_SMI_CMD);

	if (port > 0xffff)
		vmm_log_warning("acpi: SMI command IO invalid address 0x%X\n",
				port);
	else
		acpi->smi_command = port;
}

void acpi_read_fadt(struct vmm_acpi *acpi, const struct acpi_view *fadt)
{
	uint32_t flags = field32(fadt, FADT_FLAGS);

	/* 4.1: hardware-reduced platforms have none of these registers. */
	if (!(flags & FLAG_HW_REDUCED)) {
		read_pm_registers(acpi, fadt);
		read_smi_command(acpi, fadt);
	}
	acpi->pm_timer_32 = flags & FLAG_TMR_VAL_EXT;
	if (flags & FLAG_RESET_REG_SUP)
		read_reset(acpi, fadt);
}

/* Why there is no FACS at an address, or NULL (5.2.10).  It has no checksum. */
static const char *check_facs(const struct vmm_acpi_mem *mem, uint64_t address)
{
	const uint8_t *p = acpi_map(mem, address, FACS_SIZE, false);
	uint32_t length;

	if (!p)
		return "not in readable memory";
	if (acpi_get32(p) != SIG_FACS)
		return "other signature in memory";
	length = acpi_get32(p + FACS_LENGTH);
	if (length < FACS_SIZE || length > VMM_PAGE_SIZE)
		return "wrong length";
	if (address % FACS_ALIGNMENT)
		return "not aligned to 64 bytes";
	return NULL;
}

static void add_facs(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		     uint64_t address)
{
	const char *why;

	if (address == 0)
		return;
	for (unsigned i = 0; i < acpi->facs_count; i++)
		if (acpi->facs[i] == address)
			return;
	why = check_facs(mem, address);
	if (!why && acpi->facs_count == VMM_ACPI_MAX_FACS)
		why = "more than can be noted";
	if (why)
		vmm_log_warning("ACPI FACS at 0x%llX: %s; table ignored\n",
				(unsigned long long)address, why);
	else
		acpi->facs[acpi->facs_count++] = address;
}

static void add_dsdt(struct vmm_acpi *acpi, const struct vmm_acpi_mem *mem,
		     uint64_t address)
{
	if (address != 0)
		(void)acpi_add_table(acpi, mem, address, SIG_DSDT);
}

void acpi_read_fadt_pointers(struct vmm_acpi *acpi,
			     const struct vmm_acpi_mem *mem,
			     const struct acpi_view *fadt)
{
	if (!acpi_has(fadt, FADT_DSDT, 4))
		vmm_log_warning("ACPI FACP at 0x%llX: length %u is too short"
				" for a DSDT\n",
				(unsigned long long)fadt->address,
				fadt->length);
	add_facs(acpi, mem, field32(fadt, FADT_FACS));
	add_facs(acpi, mem, field64(fadt, FADT_X_FACS));
	add_dsdt(acpi, mem, field32(fadt, FADT_DSDT));
	add_dsdt(acpi, mem, field64(fadt, FADT_X_DSDT));
}
