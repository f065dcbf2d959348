/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AML, the byte code of ACPI (chapter 20), as far as it must be understood to
 * tell which objects a table puts into the root of the name space: its
 * structure, not its meaning.  Pure.
 */
#ifndef LIBVMM_ACPI_AML_H
#define LIBVMM_ACPI_AML_H

#include <stdbool.h>
#include <vmm/compiler.h>

#define AML_NAME_SEG	4u	/* bytes of a name */

/* What a walk over the definition blocks of a table meets. */
struct aml_visitor {
	/* An object of the root is defined (Name, Method, Alias): its name
	 * has its last four bytes at offset. */
	void (*root_object)(struct aml_visitor *visitor, uint32_t offset);
	/* The AML cannot be followed from one offset up to another. */
	void (*lost)(struct aml_visitor *visitor, uint32_t from, uint32_t to);
};

/*
 * Walk over len bytes of AML, that is a table without its header.  Bodies of
 * methods are not looked into: what they create exists only while they run.
 * Both branches of an If at the root are taken.
 */
void aml_walk(const uint8_t *aml, uint32_t len, struct aml_visitor *visitor);

/*
 * Is there, at an offset of something that is not understood, what looks like
 * a Name of a Package of up to four integers, or like a Method without
 * arguments, with this name?  Result: offset of the four bytes of the name, or
 * 0 if not.
 */
uint32_t aml_match_object(const uint8_t *aml, uint32_t len, uint32_t offset,
			  const char *name);

#endif
