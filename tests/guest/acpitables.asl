// SPDX-License-Identifier: BSD-3-Clause
// The DSDT of acpitables.efi: what a PC with the chipset i440FX has on Bochs.
DefinitionBlock ("", "DSDT", 2, "BVTEST", "BOCHS", 1)
{
	// The PIIX4 turns off with sleep type 0, and suspends with 1.
	Name (\_S3, Package () { 1, 1, 0, 0 })
	Name (\_S5, Package () { 0, 0, 0, 0 })

	Scope (\_SB)
	{
		Device (PCI0)
		{
			Name (_HID, EisaId ("PNP0A03"))
			Name (_CRS, ResourceTemplate ()
			{
				WordBusNumber (ResourceProducer, MinFixed, MaxFixed,
					PosDecode, 0, 0, 0xFF, 0, 0x100)
				IO (Decode16, 0xCF8, 0xCF8, 1, 8)
				WordIO (ResourceProducer, MinFixed, MaxFixed,
					PosDecode, EntireRange, 0, 0, 0xCF7, 0, 0xCF8)
				WordIO (ResourceProducer, MinFixed, MaxFixed,
					PosDecode, EntireRange, 0, 0xD00, 0xFFFF, 0,
					0xF300)
				DWordMemory (ResourceProducer, PosDecode, MinFixed,
					MaxFixed, Cacheable, ReadWrite, 0, 0xA0000,
					0xBFFFF, 0, 0x20000)
				DWordMemory (ResourceProducer, PosDecode, MinFixed,
					MaxFixed, NonCacheable, ReadWrite, 0,
					0x80000000, 0xFEBFFFFF, 0, 0x7EC00000)
			})
			// Interrupt line of device d, pin p (0 is INTA): the I/O
			// APIC's input 16 + (d + p - 1) % 4.
			Name (_PRT, Package ()
			{
				Package () { 0x0001FFFF, 0, 0, 16 },
				Package () { 0x0001FFFF, 1, 0, 17 },
				Package () { 0x0001FFFF, 2, 0, 18 },
				Package () { 0x0001FFFF, 3, 0, 19 },
				Package () { 0x0002FFFF, 0, 0, 17 },
				Package () { 0x0002FFFF, 1, 0, 18 },
				Package () { 0x0002FFFF, 2, 0, 19 },
				Package () { 0x0002FFFF, 3, 0, 16 },
				Package () { 0x0003FFFF, 0, 0, 18 },
				Package () { 0x0003FFFF, 1, 0, 19 },
				Package () { 0x0003FFFF, 2, 0, 16 },
				Package () { 0x0003FFFF, 3, 0, 17 },
				Package () { 0x0004FFFF, 0, 0, 19 },
				Package () { 0x0004FFFF, 1, 0, 16 },
				Package () { 0x0004FFFF, 2, 0, 17 },
				Package () { 0x0004FFFF, 3, 0, 18 },
				Package () { 0x0005FFFF, 0, 0, 16 },
				Package () { 0x0005FFFF, 1, 0, 17 },
				Package () { 0x0005FFFF, 2, 0, 18 },
				Package () { 0x0005FFFF, 3, 0, 19 },
				Package () { 0x0006FFFF, 0, 0, 17 },
				Package () { 0x0006FFFF, 1, 0, 18 },
				Package () { 0x0006FFFF, 2, 0, 19 },
				Package () { 0x0006FFFF, 3, 0, 16 },
				Package () { 0x0007FFFF, 0, 0, 18 },
				Package () { 0x0007FFFF, 1, 0, 19 },
				Package () { 0x0007FFFF, 2, 0, 16 },
				Package () { 0x0007FFFF, 3, 0, 17 },
			})
		}
	}
}
