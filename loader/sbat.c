/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Generation numbers for revocation under Secure Boot, read by shim: one CSV
 * line for each component (SBAT.md in shim's sources says which columns).
 */
extern const char loader_sbat[];

__attribute__((section(".sbat"), used, aligned(4096)))
const char loader_sbat[] =
	"sbat,1,SBAT Version,sbat,1,"
	"https://github.com/rhboot/shim/blob/main/SBAT.md\n"
	"bitvisor.loadvmm,1,BitVisor,loadvmm.efi," PACKAGE_VERSION ","
	"https://www.bitvisor.org/\n";
