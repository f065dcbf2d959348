# SPDX-License-Identifier: BSD-3-Clause
"""The image of a USB stick that `make image` makes, in a USB port."""

import subprocess

from bvemu import flow, where
from bvemu.case import test
from bvemu.qemu import Qemu

USB = ["-device", "qemu-xhci", "-drive", "file=stick.img,format=raw,if=none,"
       "id=stick", "-device", "usb-storage,drive=stick,bootindex=0"]


def stick(t, *arguments):
    done = subprocess.run(
        [where.SOURCE / "tools/mkimage", *arguments, t.folder / "stick.img",
         where.built("loadvmm.efi"), where.built("bitvisor.elf")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    t.check(done.returncode == 0, f"mkimage: {done.stdout}")


@test("image/with-shell")
def with_shell(t):
    """The shell is what the firmware starts, and finds all else beside it.
    In its place, a program that does not wait for a typist."""
    conf = t.folder / "bitvisor.conf"
    conf.write_text("vmm.hide_cpuid=1\n")
    steps = t.folder / "flow.txt"
    steps.write_text(f"{flow.LOADVMM}\n:reset\n")
    stick(t, "--shell", where.guest_program("flow"), "--conf", conf,
          "--file", f"{steps}:flow.txt")
    with Qemu(t.folder, boot_disk=False, extra=USB, time_limit=90) as m:
        m.wait_port("FLOW begin", 60)
        m.wait_for(r"Starting a virtual machine\.", 30)
        m.wait_port("FLOW step :reset", 30)
        m.wait_exit(20)
        t.check("Module not found" not in m.serial.text(),
                "bitvisor.conf of the stick was not read")


@test("image/without-shell")
def without_shell(t):
    """BitVisor is started at once; the firmware goes on as its guest."""
    stick(t, "--no-shell")
    with Qemu(t.folder, boot_disk=False, extra=USB, time_limit=90) as m:
        m.wait_for(r"Starting a virtual machine\.", 60)
        m.wait_for("BdsDxe: starting", 30)
