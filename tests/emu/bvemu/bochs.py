# SPDX-License-Identifier: BSD-3-Clause
"""Bochs as the Intel machine: it emulates VMX with EPT and unrestricted
guest, and several processors.  The same interface as qemu.Qemu, as far as
Bochs goes; firmware to shell takes it about 20 s."""

from . import disk, where
from .machine import Log, Machine

MAC = "52:54:00:12:34:56"

CONFIGURATION = """\
cpu: model={cpu}, count={smp}, ips={ips}, reset_on_triple_fault={reset}
memory: guest={memory}, host={host_memory}
romimage: file={firmware}, options=none
vgaromimage: file={vga}
pci: enabled=1, chipset=i440fx{slots}
ata0-master: type=disk, path=disk.img, mode=flat, cylinders={cylinders}, \
heads={heads}, spt={spt}
boot: disk
com1: enabled=1, mode=file, dev=serial.log
port_e9_hack: enabled=1
display_library: rfb, options="timeout=0"
sound: driver=dummy
speaker: enabled=0
clock: sync=none, time0=utc
log: bochs.log
panic: action=report
error: action=ignore
info: action=ignore, plugin=report
debug: action=ignore
"""


class Bochs(Machine):
    """cpu  model: corei7_haswell_4770 (VMX with EPT), core2_penryn_t9600 (VMX
    without), corei7_sandy_bridge_2600k, corei7_skylake_x, ryzen (SVM)
    nic  "e1000" or None.  A triple fault ends the machine if no_reboot, else
    resets it.  OVMF hangs when it is reset here, also bare.
    ips  ticks, of an instruction each, in a second of the machine's clock.
    """

    def __init__(self, folder, files=None, memory=1024, smp=1,
                 cpu="corei7_haswell_4770", nic=None, no_reboot=True,
                 firmware=None, time_limit=400, ips=100000000):
        super().__init__(folder, time_limit)
        self.files = files or {}
        self.memory, self.smp, self.cpu, self.nic = memory, smp, cpu, nic
        self.no_reboot, self.firmware = no_reboot, firmware
        self.ips = ips
        # port_e9_hack prints the bytes.
        self.standard_output = self.port

    def prepare(self):
        image = disk.make_image(self.folder / "disk.img", self.files)
        self.release_disk()
        slots = card = ""
        if self.nic:
            slots = f", slot1={self.nic}"
            card = (f"{self.nic}: enabled=1, mac={MAC}, ethmod=slirp, "
                    f'ethdev=., script=""\n')
        vga = where.system_file(
            ["/usr/share/bochs/VGABIOS-lgpl-latest*",
             "/usr/share/vgabios/vgabios.bin"], "vgabios (bochs recommends it)")
        (self.folder / "bochsrc").write_text(CONFIGURATION.format(
            cpu=self.cpu, smp=self.smp, ips=self.ips,
            reset=0 if self.no_reboot else 1,
            memory=self.memory, host_memory=min(self.memory, 1024),
            firmware=self.firmware or where.firmware(), vga=vga,
            slots=slots, cylinders=disk.cylinders(image),
            heads=disk.HEADS, spt=disk.SPT) + card)
        # Debian's Bochs is built with its debugger: tell it to go on.
        (self.folder / "rc").write_text("c\n")

    def wait_reset(self, limit=None):
        """Wait until the machine was reset."""
        log = Log("log of Bochs", self.folder / "bochs.log")
        for _ in "the first is at its start", "and this":
            self.wait_for("reset of 'cmos'", limit, log)

    def release_disk(self):
        """A run that was killed leaves its lock behind."""
        (self.folder / "disk.img.lock").unlink(missing_ok=True)

    def command(self):
        return ["bochs", "-q", "-f", "bochsrc", "-rc", "rc"]

    def stop(self):
        super().stop()
        self.release_disk()
