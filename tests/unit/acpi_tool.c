/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The code of libvmm/acpi on files, for tests with real tables:
 *
 *	acpi_tool hide IN OUT		hide the sleep states of one AML table
 *	acpi_tool scan IMAGE BASE RSDP	read the tables in an image of memory
 *
 * Prints the log, then what was found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmm/acpi.h>
#include "acpi_world.h"

#define MAX_FILE (4u << 20)
#define TABLE_AT UINT64_C(0x100000)

static uint8_t bytes[MAX_FILE];
static struct acpi_world world;
static struct vmm_acpi acpi;

static size_t load(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	if (n == 0 || ferror(f)) {
		perror(path);
		exit(1);
	}
	fclose(f);
	return n;
}

static void save(const char *path, size_t n)
{
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static int hide(const char *in, const char *out)
{
	size_t n = load(in);
	unsigned changed;

	acpi_world_init(&world, bytes, TABLE_AT, n);
	acpi.table_count = 1;
	acpi.table[0].address = TABLE_AT;
	acpi.table[0].length = (uint32_t)n;
	acpi.table[0].signature = VMM_ACPI_SIGNATURE(bytes[0], bytes[1],
						     bytes[2], bytes[3]);
	changed = vmm_acpi_hide_sleep(&acpi, &world.mem);
	acpi_world_settle(&world);
	save(out, n);
	printf("%schanged %u\n", acpi_world_log, changed);
	return 0;
}

static void print_gas(const char *name, const struct vmm_acpi_gas *gas)
{
	printf("%s %u:%llx/%u\n", name, gas->space,
	       (unsigned long long)gas->address, gas->width);
}

static void print_scan(void)
{
	print_gas("pm1a", &acpi.pm1a_control);
	print_gas("timer", &acpi.pm_timer);
	if (acpi.reset_supported) {
		print_gas("reset", &acpi.reset);
		printf("reset value %x\n", acpi.reset_value);
	}
	printf("smi %x\n", acpi.smi_command);
	printf("lapic %llx\n", (unsigned long long)acpi.lapic_base);
	for (unsigned i = 0; i < acpi.cpu_count; i++)
		printf("cpu %x %s\n", acpi.cpu[i].apic_id,
		       acpi.cpu[i].enabled ? "on" : "off");
	for (unsigned i = 0; i < acpi.mcfg_count; i++)
		printf("mcfg %llx %u %02x-%02x\n",
		       (unsigned long long)acpi.mcfg[i].base,
		       acpi.mcfg[i].segment, acpi.mcfg[i].first_bus,
		       acpi.mcfg[i].last_bus);
	for (unsigned i = 0; i < acpi.table_count; i++)
		printf("table %.4s %llx %u\n",
		       (const char *)&acpi.table[i].signature,
		       (unsigned long long)acpi.table[i].address,
		       acpi.table[i].length);
}

static int scan(const char *image, const char *base, const char *rsdp)
{
	size_t n = load(image);
	unsigned changed;

	acpi_world_init(&world, bytes, strtoull(base, NULL, 0), n);
	vmm_acpi_scan(&acpi, &world.mem, 0, strtoull(rsdp, NULL, 0));
	acpi_world_settle(&world);
	changed = vmm_acpi_hide_sleep(&acpi, &world.mem);
	acpi_world_settle(&world);
	fputs(acpi_world_log, stdout);
	print_scan();
	printf("changed %u\n", changed);
	save(image, n);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "hide") == 0)
		return hide(argv[2], argv[3]);
	if (argc == 5 && strcmp(argv[1], "scan") == 0)
		return scan(argv[2], argv[3], argv[4]);
	fputs("usage: acpi_tool hide IN OUT | scan IMAGE BASE RSDP\n", stderr);
	return 2;
}
