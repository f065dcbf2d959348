/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A machine of PCI functions for host tests: their configuration space with
 * writable bits, ports and ECAM, and the hooks that libvmm/pci sets.
 */
#ifndef PCI_MACHINE_H
#define PCI_MACHINE_H

#include <pci/pci_priv.h>
#include <vmm/io.h>
#include <vmm/mmio.h>

#define MACHINE_FUNCTIONS	8u
#define MACHINE_HOOKS		32u
#define MACHINE_REGISTERS	UINT64_C(0xfeb00000)
#define MACHINE_ECAM		UINT64_C(0xe0000000)

struct machine_function {
	uint8_t device, function;
	int parent;		/* index of the bridge; -1: root bus */
	uint8_t space[4096], writable[4096], clears[4096];
	bool dead;		/* does not answer */
};

struct machine_hook {
	uint64_t at, size;
	bool io;
	const struct vmm_mmio_ops *mem_ops;
	const struct vmm_io_ops *io_ops;
	void *ctx;
};

extern struct machine {
	struct machine_function function[MACHINE_FUNCTIONS];
	unsigned functions;
	struct machine_hook hook[MACHINE_HOOKS];
	unsigned hooks;
	uint32_t address;	/* port 0xCF8 */
	bool ecam;
	uint8_t last_bus;	/* of ECAM */
	uint8_t registers[4096];	/* at MACHINE_REGISTERS */
	unsigned writes;	/* to the hardware's configuration space */
	unsigned lines;		/* of the log */
} machine;

/* Empty it. */
void machine_reset(bool ecam);
/* A function, its header filled; returns its index. */
unsigned machine_add(int parent, unsigned device, unsigned function,
		     uint32_t id);
void machine_bridge(unsigned n, unsigned secondary);
/* size 0: none; kind as the BAR's lowest bits. */
void machine_bar(unsigned n, unsigned bar, uint64_t base, uint64_t size,
		 unsigned kind);
void machine_cap(unsigned n, unsigned at, unsigned id, unsigned next);
void put(unsigned n, unsigned offset, unsigned size, uint32_t value);
uint32_t get(unsigned n, unsigned offset, unsigned size);

/* The guest's accesses. */
uint32_t guest_in(uint16_t port, unsigned width);
void guest_out(uint16_t port, unsigned width, uint32_t value);
uint64_t guest_load(uint64_t gpa, unsigned size);
void guest_store(uint64_t gpa, unsigned size, uint64_t value);
const struct machine_hook *machine_hook_at(uint64_t at, bool io);

#endif
