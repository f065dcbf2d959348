/* SPDX-License-Identifier: BSD-3-Clause */
/* Names for code addresses, from the ELF symbol table that the loader hands
 * over.  Pure; any context, a panic above all.  Private to libvmm/core. */
#ifndef CORE_SYMBOLS_H
#define CORE_SYMBOLS_H

#include <stdbool.h>
#include <vmm/compiler.h>

struct bv_handoff;

struct vmm_symtab {
	const void *symbols;	/* Elf64_Sym[] */
	uint64_t symbols_size;	/* bytes */
	const char *strings;
	uint64_t strings_size;
	uint64_t bias;		/* address - st_value */
	uint64_t code, code_size; /* the image's addresses */
};

struct vmm_symbol {
	const char *name;
	uint64_t offset;	/* of the address inside the symbol */
	uint64_t size;		/* of the symbol, 0 if the table has none */
};

/* The table of this image; empty without a handoff or symbols. */
void vmm_symtab_init(struct vmm_symtab *tab, const struct bv_handoff *handoff);

/* The function that contains the address, or else the nearest sizeless label
 * (of assembly code) before it.  False if there is neither. */
bool vmm_symbol_find(const struct vmm_symtab *tab, uint64_t address,
		     struct vmm_symbol *symbol);

/* Longest text of vmm_symbol_print, with its NUL. */
#define VMM_SYMBOL_TEXT 128

/*
 * Write "0xADDRESS name+0x12/0x40" into buf.  Without a name it is the
 * distance from the link address 0, "image+0x1234", as addr2line wants it;
 * outside the image just the address.  is_return: the address is that of a
 * return, so the call before it is what counts.
 */
void vmm_symbol_print(const struct vmm_symtab *tab, uint64_t address,
		      bool is_return, char buf[VMM_SYMBOL_TEXT]);

/* --- backtrace.c --- */

#define VMM_BACKTRACE_MAX 32

/*
 * Follow frame pointers from rbp.  Only memory in [low, high) is read, and
 * frames must ascend; return addresses outside the image end the walk.
 * Writes up to max return addresses; returns their number.
 */
unsigned vmm_backtrace_walk(const struct vmm_symtab *tab, uint64_t rbp,
			    uint64_t low, uint64_t high, uint64_t *addresses,
			    unsigned max);

/* Log the calls that led to rip (0: skip that) with frame pointer rbp. */
void vmm_backtrace_log(const struct bv_handoff *handoff, uint64_t rip,
		       uint64_t rbp);

#endif
