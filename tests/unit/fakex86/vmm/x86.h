/* SPDX-License-Identifier: BSD-3-Clause */
/* In the place of include/vmm/x86.h for tests on the host: the same, but what
 * the hardware answers comes from the test. */
#ifndef FAKE_X86_H
#define FAKE_X86_H

#include "../../../../include/vmm/x86.h"

struct x86_cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t fake_rdmsr(uint32_t msr);
void fake_wrmsr(uint32_t msr, uint64_t value);
uint64_t fake_read_cr(unsigned cr);
void fake_write_cr(unsigned cr, uint64_t value);
uint64_t fake_read_dr(unsigned n);
void fake_write_dr(unsigned n, uint64_t value);

#define x86_cpuid(leaf, subleaf) fake_cpuid(leaf, subleaf)
#define x86_rdmsr(msr) fake_rdmsr(msr)
#define x86_wrmsr(msr, value) fake_wrmsr(msr, value)
#define x86_read_cr0() fake_read_cr(0)
#define x86_read_cr2() fake_read_cr(2)
#define x86_read_cr8() fake_read_cr(8)
#define x86_write_cr0(value) fake_write_cr(0, value)
#define x86_write_cr2(value) fake_write_cr(2, value)
#define x86_write_cr8(value) fake_write_cr(8, value)
#define x86_read_dr0() fake_read_dr(0)
#define x86_read_dr1() fake_read_dr(1)
#define x86_read_dr2() fake_read_dr(2)
#define x86_read_dr3() fake_read_dr(3)
#define x86_read_dr6() fake_read_dr(6)
#define x86_write_dr0(value) fake_write_dr(0, value)
#define x86_write_dr1(value) fake_write_dr(1, value)
#define x86_write_dr2(value) fake_write_dr(2, value)
#define x86_write_dr3(value) fake_write_dr(3, value)
#define x86_write_dr6(value) fake_write_dr(6, value)

#endif
