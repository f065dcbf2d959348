/* SPDX-License-Identifier: BSD-3-Clause */
/* x86-64 instructions and architectural constants that C has no words for.
 * Names and numbers are those of the Intel SDM and the AMD APM. */
#ifndef VMM_X86_H
#define VMM_X86_H

#include <stdbool.h>
#include <vmm/compiler.h>

VMM_BEGIN_DECLS

#define X86_CR0_PE		UINT64_C(0x00000001)
#define X86_CR0_MP		UINT64_C(0x00000002)
#define X86_CR0_EM		UINT64_C(0x00000004)
#define X86_CR0_TS		UINT64_C(0x00000008)
#define X86_CR0_ET		UINT64_C(0x00000010)
#define X86_CR0_NE		UINT64_C(0x00000020)
#define X86_CR0_WP		UINT64_C(0x00010000)
#define X86_CR0_AM		UINT64_C(0x00040000)
#define X86_CR0_NW		UINT64_C(0x20000000)
#define X86_CR0_CD		UINT64_C(0x40000000)
#define X86_CR0_PG		UINT64_C(0x80000000)

#define X86_CR4_PSE		UINT64_C(0x00000010)
#define X86_CR4_PAE		UINT64_C(0x00000020)
#define X86_CR4_MCE		UINT64_C(0x00000040)
#define X86_CR4_PGE		UINT64_C(0x00000080)
#define X86_CR4_OSFXSR		UINT64_C(0x00000200)
#define X86_CR4_OSXMMEXCPT	UINT64_C(0x00000400)
#define X86_CR4_UMIP		UINT64_C(0x00000800)
#define X86_CR4_LA57		UINT64_C(0x00001000)
#define X86_CR4_VMXE		UINT64_C(0x00002000)
#define X86_CR4_SMXE		UINT64_C(0x00004000)
#define X86_CR4_FSGSBASE	UINT64_C(0x00010000)
#define X86_CR4_PCIDE		UINT64_C(0x00020000)
#define X86_CR4_OSXSAVE		UINT64_C(0x00040000)
#define X86_CR4_SMEP		UINT64_C(0x00100000)
#define X86_CR4_SMAP		UINT64_C(0x00200000)
#define X86_CR4_PKE		UINT64_C(0x00400000)
#define X86_CR4_CET		UINT64_C(0x00800000)
#define X86_CR4_PKS		UINT64_C(0x01000000)
#define X86_CR4_FRED		UINT64_C(0x100000000)

#define X86_EFER_SCE		UINT64_C(0x0001)
#define X86_EFER_LME		UINT64_C(0x0100)
#define X86_EFER_LMA		UINT64_C(0x0400)
#define X86_EFER_NXE		UINT64_C(0x0800)
#define X86_EFER_SVME		UINT64_C(0x1000)

#define X86_RFLAGS_CF		UINT64_C(0x00000001)
#define X86_RFLAGS_FIXED	UINT64_C(0x00000002)
#define X86_RFLAGS_PF		UINT64_C(0x00000004)
#define X86_RFLAGS_AF		UINT64_C(0x00000010)
#define X86_RFLAGS_ZF		UINT64_C(0x00000040)
#define X86_RFLAGS_SF		UINT64_C(0x00000080)
#define X86_RFLAGS_TF		UINT64_C(0x00000100)
#define X86_RFLAGS_IF		UINT64_C(0x00000200)
#define X86_RFLAGS_DF		UINT64_C(0x00000400)
#define X86_RFLAGS_OF		UINT64_C(0x00000800)
#define X86_RFLAGS_IOPL_SHIFT	12
#define X86_RFLAGS_VM		UINT64_C(0x00020000)
#define X86_RFLAGS_AC		UINT64_C(0x00040000)

#define X86_TRAP_DE	0
#define X86_TRAP_DB	1
#define X86_TRAP_NMI	2
#define X86_TRAP_BP	3
#define X86_TRAP_UD	6
#define X86_TRAP_DF	8
#define X86_TRAP_TS	10
#define X86_TRAP_NP	11
#define X86_TRAP_SS	12
#define X86_TRAP_GP	13
#define X86_TRAP_PF	14
#define X86_TRAP_AC	17
#define X86_TRAP_MC	18
#define X86_TRAP_SX	30	/* AMD: security exception */

#define MSR_TSC			0x00000010u
#define MSR_APIC_BASE		0x0000001bu
#define MSR_FEATURE_CONTROL	0x0000003au
#define MSR_TSC_ADJUST		0x0000003bu
#define MSR_BIOS_UPDT_TRIG	0x00000079u
#define MSR_SMM_MONITOR_CTL	0x0000009bu
#define MSR_MTRRCAP		0x000000feu
#define MSR_SYSENTER_CS		0x00000174u
#define MSR_SYSENTER_ESP	0x00000175u
#define MSR_SYSENTER_EIP	0x00000176u
#define MSR_DEBUGCTL		0x000001d9u
#define MSR_MTRR_PHYSBASE0	0x00000200u
#define MSR_MTRR_FIX64K		0x00000250u
#define MSR_MTRR_FIX16K_80000	0x00000258u
#define MSR_MTRR_FIX4K_C0000	0x00000268u
#define MSR_PAT			0x00000277u
#define MSR_MTRR_DEF_TYPE	0x000002ffu
#define MSR_X2APIC_ICR		0x00000830u
#define MSR_EFER		0xc0000080u
#define MSR_STAR		0xc0000081u
#define MSR_LSTAR		0xc0000082u
#define MSR_CSTAR		0xc0000083u
#define MSR_FMASK		0xc0000084u
#define MSR_FS_BASE		0xc0000100u
#define MSR_GS_BASE		0xc0000101u
#define MSR_KERNEL_GS_BASE	0xc0000102u
#define MSR_TSC_AUX		0xc0000103u
#define MSR_AMD_SYSCFG		0xc0010010u
#define MSR_AMD_TOP_MEM		0xc001001au
#define MSR_AMD_TOP_MEM2	0xc001001du
#define MSR_AMD_PATCH_LOADER	0xc0010020u
#define MSR_AMD_VM_CR		0xc0010114u
#define MSR_AMD_VM_HSAVE_PA	0xc0010117u

struct x86_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct x86_cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct x86_cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t x86_rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void x86_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
			 :: "c"(msr), "a"((uint32_t)value),
			    "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t x86_rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

#define X86_DEFINE_REG(name, reg)					\
static inline uint64_t x86_read_##name(void)				\
{									\
	uint64_t v;							\
									\
	__asm__ volatile("mov %%" reg ", %0" : "=r"(v) :: "memory");	\
	return v;							\
}									\
static inline void x86_write_##name(uint64_t v)				\
{									\
	__asm__ volatile("mov %0, %%" reg :: "r"(v) : "memory");	\
}
X86_DEFINE_REG(cr0, "cr0")
X86_DEFINE_REG(cr2, "cr2")
X86_DEFINE_REG(cr3, "cr3")
X86_DEFINE_REG(cr4, "cr4")
X86_DEFINE_REG(cr8, "cr8")
X86_DEFINE_REG(dr0, "dr0")
X86_DEFINE_REG(dr1, "dr1")
X86_DEFINE_REG(dr2, "dr2")
X86_DEFINE_REG(dr3, "dr3")
X86_DEFINE_REG(dr6, "dr6")
X86_DEFINE_REG(dr7, "dr7")
#undef X86_DEFINE_REG

#define X86_DEFINE_IO(suffix, type)					\
static inline type x86_in##suffix(uint16_t port)			\
{									\
	type v;								\
									\
	__asm__ volatile("in" #suffix " %1, %0" : "=a"(v) : "Nd"(port)	\
			 : "memory");					\
	return v;							\
}									\
static inline void x86_out##suffix(uint16_t port, type v)		\
{									\
	__asm__ volatile("out" #suffix " %0, %1" :: "a"(v), "Nd"(port)	\
			 : "memory");					\
}
X86_DEFINE_IO(b, uint8_t)
X86_DEFINE_IO(w, uint16_t)
X86_DEFINE_IO(l, uint32_t)
#undef X86_DEFINE_IO

struct x86_table_reg {
	uint16_t limit;
	uint64_t base;
} VMM_PACKED;

static inline uint64_t x86_read_rflags(void)
{
	uint64_t v;

	__asm__ volatile("pushfq; popq %0" : "=r"(v) :: "memory");
	return v;
}

static inline void x86_cli(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void x86_hlt(void) { __asm__ volatile("hlt" ::: "memory"); }
static inline void x86_pause(void) { __builtin_ia32_pause(); }

/* MSR accesses that may fault, for the VMM's own environment (its IDT must
 * be loaded).  False if the hardware raised #GP. */
bool x86_rdmsr_safe(uint32_t msr, uint64_t *value) VMM_MUST_CHECK;
bool x86_wrmsr_safe(uint32_t msr, uint64_t value) VMM_MUST_CHECK;
/* The same for RDPMC, and for XSETBV (needs CR4.OSXSAVE). */
bool x86_rdpmc_safe(uint32_t counter, uint64_t *value) VMM_MUST_CHECK;
bool x86_xsetbv_safe(uint32_t index, uint64_t value) VMM_MUST_CHECK;
/* Copy n bytes from an address of the VMM's own that may not be mapped; false
 * if it is not, and a part may have been copied. */
bool x86_read_safe(void *to, const void *from, size_t n) VMM_MUST_CHECK;

VMM_END_DECLS

#endif
