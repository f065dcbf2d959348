/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI: which functions there are, which of them the VMM's drivers own, and
 * what the guest sees of those in configuration space and in their BARs.
 * (PCI Local Bus Specification 3.0; PCI Express Base Specification.)
 *
 * A function that nobody owns is the guest's alone: no access to it exits but
 * those by the ports 0xCFC..0xCFF while there is an owned function at all, and
 * those get what the hardware says.
 */
#ifndef VMM_PCI_H
#define VMM_PCI_H

#include <stdbool.h>
#include <vmm/compiler.h>
#include <vmm/unit.h>
#include <vmm/vcpu.h>

VMM_BEGIN_DECLS

struct vmm;
struct vmm_pci_dev;
struct vmm_pci_driver;
struct vmm_pci_options;

/* Scans, reads the rules vmm.driver.pci and gives devices to the drivers of
 * vmm_variant.pci_drivers.  Behind the units that drivers need. */
extern const struct vmm_unit vmm_pci;

struct vmm_pci_addr {
	uint16_t segment;
	uint8_t bus, device, function;
};

enum vmm_pci_bar_kind {
	VMM_PCI_BAR_NONE,	/* not there, or the upper half of the last */
	VMM_PCI_BAR_IO,
	VMM_PCI_BAR_MEM32,
	VMM_PCI_BAR_MEM64,	/* takes two registers */
};

struct vmm_pci_bar {
	enum vmm_pci_bar_kind kind;
	uint64_t base;		/* where the hardware decodes it now */
	uint64_t size;		/* bytes; 0 until vmm_pci_size_bars() */
};

#define VMM_PCI_BARS	6u
#define VMM_PCI_HEADER	64u

/*
 * Where something in configuration space is, for messages and log lines:
 * "[0000:00:1F.6]" is VMM_PCI_FORMAT with VMM_PCI_ARGS(dev->addr).
 */
#define VMM_PCI_FORMAT	"[%04X:%02X:%02X.%X]"
#define VMM_PCI_ARGS(a)	(a).segment, (a).bus, (a).device, (a).function

struct vmm_pci_dev {
	struct vmm_pci_addr addr;	/* bus as the bridges have it now */
	struct vmm_pci_addr first_addr;	/* when it was found */
	uint8_t header[VMM_PCI_HEADER];	/* as found */
	struct vmm_pci_bar bar[VMM_PCI_BARS];
	struct vmm_pci_dev *parent;	/* the bridge above, NULL: root bus */
	const struct vmm_pci_driver *driver;	/* NULL: the guest's alone */
	void *ctx;			/* the driver's, see vmm_pci_own() */
	struct vmm_pci_owned *owned;	/* private to libvmm; NULL: not owned */
};

/* Of the header as found. */
static inline uint16_t vmm_pci_header16(const struct vmm_pci_dev *dev,
					unsigned offset)
{
	return (uint16_t)(dev->header[offset] | dev->header[offset + 1] << 8);
}

/* All devices in the order of the scan; NULL from the count on.  Constant once
 * the guest runs but for addr and bar.  Any CPU. */
struct vmm_pci_dev *vmm_pci_device(unsigned n);

/* --- the hardware's configuration space --- */

#define VMM_PCI_VENDOR		0x00u
#define VMM_PCI_DEVICE		0x02u
#define VMM_PCI_COMMAND		0x04u
#define VMM_PCI_STATUS		0x06u
#define VMM_PCI_REVISION	0x08u
#define VMM_PCI_CLASS		0x09u	/* interface, subclass, class */
#define VMM_PCI_HEADER_TYPE	0x0eu
#define VMM_PCI_BAR0		0x10u
#define VMM_PCI_SUBSYSTEM	0x2cu	/* vendor, device */
#define VMM_PCI_CAPS		0x34u

#define VMM_PCI_COMMAND_IO	0x0001u
#define VMM_PCI_COMMAND_MEM	0x0002u
#define VMM_PCI_COMMAND_MASTER	0x0004u
#define VMM_PCI_COMMAND_INTX_OFF 0x0400u

#define VMM_PCI_CAP_PM		0x01u
#define VMM_PCI_CAP_MSI		0x05u
#define VMM_PCI_CAP_EXPRESS	0x10u
#define VMM_PCI_CAP_MSIX	0x11u
#define VMM_PCI_CAP_AF		0x13u

/*
 * Read or write size (1, 2, 4) bytes that are in one dword.  Offsets from 0x100
 * on exist in memory-mapped configuration space only; elsewhere reads give ones
 * and writes are lost.  Any CPU; takes a lock of its own, may be called under
 * any other; while the guest runs, behind no other port access of the guest's.
 */
uint32_t vmm_pci_read(const struct vmm_pci_dev *dev, unsigned offset,
		      unsigned size);
void vmm_pci_write(const struct vmm_pci_dev *dev, unsigned offset,
		   unsigned size, uint32_t value);

/* Offset of the capability, 0 if there is none.  ID 0 is none; a list that
 * runs in circles ends.  Extended: those from 0x100 on. */
unsigned vmm_pci_find_cap(const struct vmm_pci_dev *dev, unsigned id);
unsigned vmm_pci_find_ext_cap(const struct vmm_pci_dev *dev, unsigned id);

/* --- interrupts --- */

/* Send MSIs with this address and data (one vector), be the capability's
 * layout the one for 32 or 64 bits.  -ENODEV: no MSI; -EINVAL: the device
 * takes no addresses above 4 GiB.  And stop. */
int vmm_pci_msi_set(struct vmm_pci_dev *dev, uint64_t address, uint32_t data)
	VMM_MUST_CHECK;
void vmm_pci_msi_off(struct vmm_pci_dev *dev);

/* The same with entry n of the MSI-X table, which is unmasked, the others
 * being left as they are.  BARs must have been sized.  -ENODEV: no MSI-X, or
 * its table is nowhere; -EINVAL: no such entry; -ENOMEM. */
int vmm_pci_msix_set(struct vmm_pci_dev *dev, unsigned n, uint64_t address,
		     uint32_t data) VMM_MUST_CHECK;
void vmm_pci_msix_off(struct vmm_pci_dev *dev);

/* --- for drivers, from their probe function --- */

/* End the firmware's use of the device: its drivers let go, protocols that
 * they leave behind are removed.  Logs what it did.  -ENODEV: the firmware
 * does not know the device (then nobody uses it); -EBUSY: it did not let go. */
int vmm_pci_disconnect_firmware(struct vmm *vmm, struct vmm_pci_dev *dev)
	VMM_MUST_CHECK;

/* Find the sizes of the BARs, with decoding off meanwhile.  After
 * vmm_pci_disconnect_firmware(). */
void vmm_pci_size_bars(struct vmm_pci_dev *dev);

/* What a driver that owns a device answers.  Any of them may be NULL.  They are
 * called with the lock of PCI held, on any CPU, between an exit and the next
 * entry; a lock of the driver's comes below that one. */
struct vmm_pci_ops {
	/* The guest's accesses, size 1, 2 or 4 within one dword (others come
	 * in parts).  NULL: as vmm_pci_guest_read() and _write(). */
	uint32_t (*config_read)(struct vmm_pci_dev *dev, unsigned offset,
				unsigned size);
	void (*config_write)(struct vmm_pci_dev *dev, unsigned offset,
			     unsigned size, uint32_t value);
	/* on: the driver must not touch the device's registers, from now until
	 * the call with off: BARs move, or it is reset.  A driver takes its
	 * lock with the one and drops it with the other. */
	void (*hold)(struct vmm_pci_dev *dev, bool on);
	/* Within a hold: the hardware has lost all state but configuration
	 * space, which is as before (a bridge above was reset); or, with
	 * function, the guest asked for that, and the device still has it. */
	void (*reset)(struct vmm_pci_dev *dev, bool function);
	/* The hook of BAR n is at its base now; or, not on, there no more. */
	void (*hooked)(struct vmm_pci_dev *dev, unsigned n, bool on);
};

/* The VMM uses the device itself: its decoding, bus mastering and full power
 * stay on whatever the guest writes (who reads what he wrote), size probes
 * never reach the hardware, resets of the function neither. */
#define VMM_PCI_KEEP	0x1u

/* The driver owns the device from now on.  Once a device, in its probe
 * function; ops and ctx for ever.  -EBUSY, -ENOSPC, -ENOMEM. */
int vmm_pci_own(struct vmm *vmm, struct vmm_pci_dev *dev,
		const struct vmm_pci_ops *ops, void *ctx, unsigned flags)
	VMM_MUST_CHECK;

/* What the guest's access does if the driver wants nothing else: BARs, command
 * register and power state are tracked, all else goes to the hardware.
 * From config_read and config_write. */
uint32_t vmm_pci_guest_read(struct vmm_pci_dev *dev, unsigned offset,
			    unsigned size);
void vmm_pci_guest_write(struct vmm_pci_dev *dev, unsigned offset,
			 unsigned size, uint32_t value);

/* Accesses of the guest to a hooked BAR, by the offset in it; size 1, 2, 4
 * or, in memory, 8.  Context and errors as in vmm/mmio.h and vmm/io.h. */
struct vmm_pci_bar_ops {
	int (*read)(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		    unsigned size, uint64_t *value);
	int (*write)(struct vmm_vcpu *v, void *ctx, uint64_t offset,
		     unsigned size, uint64_t value);
};

/* Answer for the BAR n of an owned device wherever the guest moves it, while
 * the guest has decoding on.  After vmm_pci_own() and vmm_pci_size_bars().
 * -EINVAL: no such BAR; -ENOSPC, -ENOMEM. */
int vmm_pci_hook_bar(struct vmm *vmm, struct vmm_pci_dev *dev, unsigned n,
		     const struct vmm_pci_bar_ops *ops, void *ctx)
	VMM_MUST_CHECK;

/* Configuration space of a device that the guest is not to see: ones, writes
 * are lost.  For struct vmm_pci_ops. */
uint32_t vmm_pci_absent_read(struct vmm_pci_dev *dev, unsigned offset,
			     unsigned size);
void vmm_pci_absent_write(struct vmm_pci_dev *dev, unsigned offset,
			  unsigned size, uint32_t value);

/* As vmm_pci_hook_bar() for all BARs that are not hooked yet, and whose
 * registers the guest is not to see: reads give ones, writes are lost.  The
 * expansion ROM is switched off.  -ENOSPC, -ENOMEM. */
int vmm_pci_hide_bars(struct vmm *vmm, struct vmm_pci_dev *dev) VMM_MUST_CHECK;

/* --- what a driver is --- */

enum vmm_pci_option_kind {
	VMM_PCI_OPTION_END,
	VMM_PCI_OPTION_BOOL,	/* 0 1 yes no on off true false y n t f */
	VMM_PCI_OPTION_INT,	/* as in C, 32 bits with sign */
	VMM_PCI_OPTION_CHOICE,	/* one of the words in accepted */
	VMM_PCI_OPTION_TEXT,	/* checked by check, if that is not NULL */
};

struct vmm_pci_option_desc {
	const char *name;
	enum vmm_pci_option_kind kind;
	/* CHOICE: the words, with blanks between ("pass ip ippass", "" may not
	 * be among them); others: for messages, what is accepted. */
	const char *accepted;
	bool (*check)(const char *text);	/* TEXT: is it well-formed? */
};

struct vmm_pci_driver {
	const char *name;	/* "pro1000": no blanks , = | " or backslash */
	const char *long_name;	/* "Intel PRO/1000 driver" */
	/* The devices for a rule without selectors: selectors of the rules'
	 * grammar, "id=8086:100e|8086:10d3"; NULL: none. */
	const char *match;
	const struct vmm_pci_option_desc *options;	/* until END; or NULL */
	/* The device is yours.  Boot processor, firmware still in charge.  A
	 * negative errno, everything undone: it stays the guest's; that is
	 * logged.  options: valid for ever. */
	int (*probe)(struct vmm *vmm, struct vmm_pci_dev *dev,
		     const struct vmm_pci_options *options);
	/* NULL, or: the VMM does not start after all; the firmware gets the
	 * device back behind this call, its drivers connected again. */
	void (*give_back)(struct vmm *vmm, struct vmm_pci_dev *dev);
};

/* The value that the winning rule gives an option of the driver, checked
 * against its description; else the default. */
const char *vmm_pci_option_text(const struct vmm_pci_options *options,
				const char *name, const char *fallback);
bool vmm_pci_option_bool(const struct vmm_pci_options *options,
			 const char *name, bool fallback);
int vmm_pci_option_int(const struct vmm_pci_options *options,
		       const char *name, int fallback);

/* Drivers for vmm_variant.pci_drivers that libvmm has: no device is there for
 * the guest; the guest's accesses are recorded. */
extern const struct vmm_pci_driver vmm_pci_conceal, vmm_pci_monitor;

/* An access of the guest that the driver "monitor" recorded. */
struct vmm_pci_record {
	uint64_t usec;		/* of the first, if there were several */
	uint64_t value;
	uint64_t base;		/* of the BAR */
	uint32_t offset;
	uint32_t count;		/* the same access in a row, this often */
	uint8_t n;		/* BAR 0..5; 6: configuration space */
	bool write, memory;
	uint8_t len;		/* bytes */
};

/* Copies the record with the number *seq of the n-th monitored device, or the
 * oldest that is left, and sets *seq to the number to ask for next; false if
 * there is none.  Any CPU. */
bool vmm_pci_monitor_read(unsigned n, uint64_t *seq,
			  struct vmm_pci_record *record);
/* The n-th monitored device; NULL from their number on. */
struct vmm_pci_dev *vmm_pci_monitored(unsigned n);

VMM_END_DECLS

#endif
