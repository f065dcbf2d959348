/* SPDX-License-Identifier: BSD-3-Clause */
#include <boot/handoff.h>
#include <core/symbols.h>
#include <string.h>
#include <vmm/printf.h>

/* Elf64_Sym (System V ABI, chapter 4 "Symbol Table"). */
struct elf_sym {
	uint32_t name;
	uint8_t info, other;
	uint16_t shndx;
	uint64_t value, size;
};
VMM_STATIC_ASSERT(sizeof(struct elf_sym) == 24, "Elf64_Sym");

#define STT_NOTYPE	0
#define STT_FUNC	2
#define SHN_UNDEF	0

/* Names are cut in print; C names are far shorter. */
#define MAX_NAME "80"

void vmm_symtab_init(struct vmm_symtab *tab, const struct bv_handoff *handoff)
{
	memset(tab, 0, sizeof(*tab));
	if (!handoff)
		return;
	tab->bias = handoff->image_bias;
	tab->code = handoff->image_base;
	tab->code_size = handoff->image_size;
	if (!handoff->symtab || !handoff->strtab)
		return;
	tab->symbols = (const void *)(uintptr_t)handoff->symtab;
	tab->symbols_size = handoff->symtab_size;
	tab->strings = (const char *)(uintptr_t)handoff->strtab;
	tab->strings_size = handoff->strtab_size;
}

/* The symbol's name, NULL if it is empty or not inside the string table. */
static const char *name_of(const struct vmm_symtab *tab,
			   const struct elf_sym *sym)
{
	const char *name = tab->strings + sym->name;

	if (sym->name >= tab->strings_size || !*name ||
	    !memchr(name, '\0', tab->strings_size - sym->name))
		return NULL;
	return name;
}

/* May the symbol name code at value?  Sizeless ones are labels, which reach
 * as far as the next one. */
static bool covers(const struct elf_sym *sym, uint64_t value)
{
	unsigned type = sym->info & 0xf;

	if (sym->shndx == SHN_UNDEF || sym->value > value)
		return false;
	if (sym->size)
		return type == STT_FUNC && value - sym->value < sym->size;
	return type == STT_FUNC || type == STT_NOTYPE;
}

/* Is a better than b?  Both cover the address. */
static bool is_better(const struct elf_sym *a, const struct elf_sym *b)
{
	if (!a->size != !b->size)
		return a->size;
	return a->value > b->value;
}

bool vmm_symbol_find(const struct vmm_symtab *tab, uint64_t address,
		     struct vmm_symbol *symbol)
{
	const struct elf_sym *sym = tab->symbols, *best = NULL;
	uint64_t value = address - tab->bias;

	if (address - tab->code >= tab->code_size)
		return false;
	for (uint64_t n = tab->symbols_size / sizeof(*sym); n; n--, sym++)
		if (covers(sym, value) && name_of(tab, sym) &&
		    (!best || is_better(sym, best)))
			best = sym;
	if (!best)
		return false;
	symbol->name = name_of(tab, best);
	symbol->offset = value - best->value;
	symbol->size = best->size;
	return true;
}

void vmm_symbol_print(const struct vmm_symtab *tab, uint64_t address,
		      bool is_return, char buf[VMM_SYMBOL_TEXT])
{
	struct vmm_symbol s;

	/* A call that does not return may be the last instruction of its
	 * function: look the byte before up. */
	if (vmm_symbol_find(tab, address - is_return, &s))
		vmm_snprintf(buf, VMM_SYMBOL_TEXT,
			     "0x%08lx %." MAX_NAME "s+0x%lx/0x%lx", address,
			     s.name, s.offset + is_return, s.size);
	else if (address - tab->code < tab->code_size)
		vmm_snprintf(buf, VMM_SYMBOL_TEXT, "0x%08lx image+0x%lx",
			     address, address - tab->bias);
	else
		vmm_snprintf(buf, VMM_SYMBOL_TEXT, "0x%08lx", address);
}
