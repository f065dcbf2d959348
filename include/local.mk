# SPDX-License-Identifier: BSD-3-Clause
# Public headers, installed as <prefix>/include/bitvisor/<vmm/log.h, ...>.
bitvisorincdir = $(pkgincludedir)/bitvisor
bitvisorinc_HEADERS = \
	include/bitvisor/config.h
bvnetincdir = $(pkgincludedir)/bvnet
bvnetinc_HEADERS = \
	include/bvnet/access.h \
	include/bvnet/dbgsh.h \
	include/bvnet/dbgshcall.h \
	include/bvnet/guesses.h \
	include/bvnet/iptext.h \
	include/bvnet/net.h \
	include/bvnet/password.h \
	include/bvnet/netdev.h \
	include/bvnet/random.h \
	include/bvnet/rtc.h \
	include/bvnet/services.h \
	include/bvnet/stack.h \
	include/bvnet/syslog.h \
	include/bvnet/telnet.h \
	include/bvnet/telnet_session.h
bootincdir = $(pkgincludedir)/boot
bootinc_HEADERS = \
	include/boot/handoff.h
freestandingincdir = $(pkgincludedir)/freestanding
freestandinginc_HEADERS = \
	include/freestanding/errno.h \
	include/freestanding/string.h
nicdrvincdir = $(pkgincludedir)/nicdrv
nicdrvinc_HEADERS = \
	include/nicdrv/device.h \
	include/nicdrv/nic.h \
	include/nicdrv/pro1000.h \
	include/nicdrv/virtio_net.h
vmmincdir = $(pkgincludedir)/vmm
vmminc_HEADERS = \
	include/vmm/acpi.h \
	include/vmm/compiler.h \
	include/vmm/error.h \
	include/vmm/exit.h \
	include/vmm/gmem.h \
	include/vmm/hypercall.h \
	include/vmm/insn.h \
	include/vmm/intx.h \
	include/vmm/io.h \
	include/vmm/log.h \
	include/vmm/logread.h \
	include/vmm/mmio.h \
	include/vmm/mtrr.h \
	include/vmm/pagepool.h \
	include/vmm/paging.h \
	include/vmm/panic.h \
	include/vmm/pci.h \
	include/vmm/printf.h \
	include/vmm/ram.h \
	include/vmm/sinks.h \
	include/vmm/msi.h \
	include/vmm/service.h \
	include/vmm/smp.h \
	include/vmm/spinlock.h \
	include/vmm/unit.h \
	include/vmm/vcpu.h \
	include/vmm/vmm.h \
	include/vmm/x86.h
