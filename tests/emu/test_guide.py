# SPDX-License-Identifier: BSD-3-Clause
"""The guide from its first to its last line: a receiver of syslog, a stick
with the firmware's shell, commands typed there, then the system that the
firmware boots next."""

import subprocess

from bvemu import disk, firmware, linux, telnet, where
from bvemu.apart import apart
from bvemu.case import test
from bvemu.qemu import Qemu
from bvemu.rsyslog import Rsyslogd

ON_THE_SCREEN = [
    r"Copyright \(c\) 2007, 2008 University of Tsukuba$",
    r"All rights reserved\.$",
    r"ACPI DMAR not found\.$",
    r"FACS address 0x[0-9A-F]+$",
    r"Module not found\.$",
    r"Processor 0 \(BSP\)$",
    r"o{50}$",
    r"Disable ACPI S3$",
    r"Using SVM\.$",
    r"Processor 0 \d+ Hz$",
    r"Loading drivers\.$",
    r"Uninstall \d+ protocol\(s\) successfully$",
    r"\[0000:00:02\.0\] Disconnected PCI device drivers$",
    r"Wait for PHY reset and link setup completion\.$",
    r"PCI: \d+ devices found$",
    r"MCFG \[0\] 0000:00-FF \(B0000000,10000000\)$",
    r"Starting a virtual machine\.$",
]
# With the time, the sender's name and the tag as rsyslogd writes them.
STAMP = r"^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ bitvisor: "
IN_THE_LOG = [
    r"PCI: \d+ devices found$",
    r"MCFG \[0\] 0000:00-FF \(B0000000,10000000\)$",
    r"Starting a virtual machine\.$",
    r"IP address changed: 0\.0\.0\.0 -> 10\.0\.2\.7$",
    r'telnet server "dbgsh" ready$',
]

GRUB = f"""
linux /vmlinuz {linux.COMMAND_LINE} bvend=poweroff
initrd /initrd.img
boot
"""
DOWN = "\x1b[B"
WORK = """
modprobe virtio_pci
net virtio_net
echo "BOUND $(basename $(readlink /sys/class/net/eth0/device/driver))"
echo READY
read -t 60 -r _ </dev/ttyS0
"""


def grub(t):
    """GRUB with the guest's menu built in."""
    (t.folder / "grub.cfg").write_text(
        "search --file --set=root /vmlinuz\n" + GRUB)
    program = t.folder / "grub.efi"
    try:
        subprocess.run(
            ["grub-mkimage", "-O", "x86_64-efi", "-o", program, "-c",
             t.folder / "grub.cfg", "-p", "/EFI/BOOT", "part_msdos", "fat",
             "linux", "search", "search_fs_file", "boot"],
            check=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as reason:
        raise where.Missing("grub-mkimage not found: install "
                            "grub-common and grub-efi-amd64-bin") from reason
    return program


def machine(t, port):
    """The guide's command line, with the system on a second disk."""
    stick = {"EFI/boot/bootx64.efi": firmware.shell(),
             "bitvisor/loadvmm.efi": where.built("loadvmm.efi"),
             "bitvisor/bitvisor.elf": where.built("tests/emu/guide.elf",
                                                  "make guest-programs")}
    disk.write_folder(t.folder / "stick", stick)
    system = {"EFI/BOOT/BOOTX64.EFI": grub(t)}
    files = linux.boot_files(WORK)
    system["vmlinuz"] = files["vmlinuz.efi"]
    system["initrd.img"] = files["initrd.img"]
    disk.make_image(t.folder / "disk.img", system)
    return Qemu(t.folder, boot_disk=False, memory=4096, time_limit=300,
                extra=["-drive", "file=fat:rw:stick,format=raw", "-drive",
                       "file=disk.img,format=raw",
                       "-nic", "user,model=e1000e,"
                       f"hostfwd=tcp:127.0.0.1:{port}-10.0.2.7:23"])


def type_command(m, command):
    m.wait_for(r"(Shell|FS\d+:\S*)> ", 60)
    m.type(command + "\r")


def highlight(m, shown, wanted):
    """Move down in a menu until what is shown of an entry is the wanted."""
    for _ in range(12):
        m.type(DOWN)
        if m.wait_for(shown, 20)[1] == wanted:
            return
    m.fail(f"no {wanted} in the firmware's menu")


def boot_next(m):
    """The firmware shows its menu, because the shell ended without an error:
    Boot Manager, and the entry of the second disk."""
    m.wait_for("Boot Maintenance Manager", 30)
    m.wait_for("Select Entry", 30)
    highlight(m, r"take you to the[\s\S]{0,40}?(Device|Boot)", "Boot")
    m.type("\r")
    m.wait_for("Boot Manager Menu", 30)
    m.wait_for(r"Sata\(", 30)     # where the first entry leads to
    highlight(m, r"Sata\((0x\d),", "0x1")
    m.type("\r")


def boot(m):
    """What the guide has one type, and see."""
    m.wait_for("to skip", 90)
    m.type("x")
    type_command(m, "fs0:")
    type_command(m, "cd bitvisor")
    type_command(m, "loadvmm.efi")
    for line in ON_THE_SCREEN:
        m.wait_for(line, 60)
    type_command(m, "exit")
    boot_next(m)
    m.wait_for("^GUEST init", 120)
    m.wait_for("^GUEST address 10.0.2.15", 60)
    m.wait_for("^BOUND virtio_net$", 20)
    m.wait_for("^READY", 20)


@test("guide/replayed")
@apart(needed=False)
def replayed(t):
    """With rsyslogd in the one syntax, then in the other; no one may log in
    by telnet, because the guide does not say who may."""
    port = telnet.free_port()
    with machine(t, port) as m:
        with Rsyslogd(t.folder / "legacy", "legacy") as receiver:
            boot(m)
            for line in IN_THE_LOG:
                m.wait_for(STAMP + line, 30, receiver.log)
            t.check("bitvisor" not in receiver.rest.text(),
                    "the tag was not recognized")
        with Rsyslogd(t.folder / "new", "new") as receiver:
            telnet.client(t, port)
            m.wait_for(STAMP + r'telnet "dbgsh": 10\.0\.2\.2 refused: neither '
                       r"vmm\.dbgsh_allow nor vmm\.dbgsh_password is set$",
                       20, receiver.log)
            t.check("bitvisor" not in receiver.rest.text(),
                    "the tag was not recognized")
        m.type("\n")
        m.wait_exit(30)
