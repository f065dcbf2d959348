# SPDX-License-Identifier: BSD-3-Clause
"""QEMU as the AMD machine: its TCG emulates SVM with nested paging."""

import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import time
from pathlib import Path

from . import disk, where
from .machine import EmulatorFault, Machine
from .monitor import Monitor, left_nested_paging_on, vmm_log

MAC = "52:54:00:12:34:56"


def program():
    """The emulator: $BV_QEMU, or the system's."""
    return os.environ.get("BV_QEMU", "qemu-system-x86_64")


def version():
    """(major, minor) of the emulator."""
    text = subprocess.run([program(), "-version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return tuple(map(int, re.search(r"version (\d+)\.(\d+)", text).groups()))


class Qemu(Machine):
    """A q35 machine with OVMF.

    files    content of the boot disk (disk.write_folder)
    folder_disk  serve the files from a folder (fat:rw:), as the guide does
    memory   MiB;  smp  processors;  cpu  the -cpu argument
    nic      model of the network card, or None
    nic_rom  leave its option ROM in, so that the firmware has a driver
    hostfwd  list of slirp forwards, "tcp:127.0.0.1:0-:80"
    icount   None, or the argument of -icount: virtual time from executed
             instructions, and with it runs that repeat exactly
    no_reboot  a reset of the machine ends the emulator
    thread   "multi": a thread of the host for each processor, "single": one
             processor after the other (the first -accel counts, so that
             extra cannot say it)
    flash    firmware in flash memory: boot entries outlive a reset
    extra    more arguments
    """

    def __init__(self, folder, files=None, folder_disk=False, memory=2048,
                 smp=1, cpu="max,+svm,+npt", nic=None, nic_rom=False,
                 hostfwd=(), icount=None, no_reboot=True, firmware=None,
                 flash=False, boot_disk=True, thread=None, extra=(),
                 time_limit=120):
        super().__init__(folder, time_limit)
        self.files, self.folder_disk = files or {}, folder_disk
        self.memory, self.smp, self.cpu = memory, smp, cpu
        self.nic, self.nic_rom, self.hostfwd = nic, nic_rom, hostfwd
        self.icount, self.no_reboot = icount, no_reboot
        self.firmware, self.boot_disk = firmware, boot_disk
        self.flash, self.thread = flash, thread
        self.extra = list(extra)
        self.monitor = None
        self.private = None
        self.ended_by = None

    def prepare(self):
        # The monitor's socket: not in the build tree, whose path may be
        # longer than the 107 bytes of a socket address.
        self.private = Path(tempfile.mkdtemp(prefix="bvemu-"))
        self.ended_by = None
        if not self.boot_disk:
            return
        if self.folder_disk:
            tree = self.folder / "disk"
            shutil.rmtree(tree, ignore_errors=True)
            tree.mkdir()
            disk.write_folder(tree, self.files)
        else:
            disk.make_image(self.folder / "disk.img", self.files)

    def disk_arguments(self):
        if not self.boot_disk:
            return []
        source = "fat:rw:disk" if self.folder_disk else "disk.img"
        return ["-drive", f"file={source},format=raw,if=none,id=boot",
                "-device", "ide-hd,drive=boot,bootindex=0"]

    def firmware_arguments(self):
        if not self.flash:
            return ["-bios", self.firmware or where.firmware()]
        code, variables = where.flash()
        shutil.copyfile(variables, self.folder / "variables.fd")
        return ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
                "-drive", "if=pflash,format=raw,file=variables.fd"]

    def nic_arguments(self):
        if not self.nic:
            return ["-nic", "none"]
        forwards = "".join(f",hostfwd={f}" for f in self.hostfwd)
        device = f"{self.nic},netdev=net0,mac={MAC}"
        if not self.nic_rom:
            device += ",romfile="
        return ["-netdev", f"user,id=net0{forwards}", "-device", device]

    def command(self):
        command = [
            program(), "-accel",
            f"tcg,thread={self.thread}" if self.thread else "tcg",
            "-M", "q35",
            "-cpu", self.cpu, "-m", str(self.memory), "-smp", str(self.smp),
            "-display", "none", "-monitor", "none",
            "-chardev", "stdio,id=com1,signal=off",
            "-serial", "chardev:com1",
            "-debugcon", "file:port-e9.log",
            "-global", "isa-debugcon.iobase=0xe9",
            "-qmp", f"unix:{self.private}/qmp,server=on,wait=off",
            "-no-shutdown"]     # see running()
        command += self.firmware_arguments()
        command += self.disk_arguments() + self.nic_arguments()
        if self.icount:
            command += ["-icount", self.icount, "-seed", "1",
                        "-rtc", "base=2026-01-01,clock=vm"]
        if self.no_reboot:
            command += ["-no-reboot"]
        return command + self.extra

    def __exit__(self, kind, value, trace):
        try:
            # Whatever the test saw first, the reason may be another.
            if kind and issubclass(kind, Exception) and not self.running():
                self.last_words()
        finally:
            self.stop()

    def stop(self):
        if self.monitor:
            self.monitor.close()
            self.monitor = None
        super().stop()
        if self.private:
            shutil.rmtree(self.private, ignore_errors=True)

    def connect_monitor(self):
        end = time.monotonic() + 10
        while not self.try_monitor():
            if time.monotonic() > end or not super().running():
                self.fail("no connection to QEMU's monitor")
            time.sleep(0.05)

    def try_monitor(self):
        """False: its socket does not exist yet, or QEMU is ending."""
        if self.monitor:
            return True
        try:
            monitor = Monitor(f"{self.private}/qmp")
            status = monitor.execute("query-status")["return"]["status"]
        except (OSError, EOFError):
            return False
        self.monitor = monitor
        if status == "shutdown":
            self.ended_by = "before the monitor was there"
        return True

    def running(self):
        """A machine that has powered off or was reset stands still, so that
        its registers and memory can still be read, until stop()."""
        if not super().running():
            return False
        if self.ended_by is None and self.try_monitor():
            try:
                self.ended_by = self.monitor.shutdown()
            except (OSError, EOFError):
                return super().running()
        return self.ended_by is None

    def wait_exit(self, limit=None):
        super().wait_exit(limit)
        if self.process.poll() is None:
            self.quit()
        return self.process.returncode

    def quit(self):
        """Let go of a machine that stands still."""
        try:
            self.monitor.execute("quit")
        except (OSError, EOFError):
            pass                # so it did
        self.process.wait(20)

    def ending(self):
        """QEMU's reason; without one, what the process left."""
        return self.ended_by or super().ending()

    def last_words(self):
        """Of a machine that ended when it should not have; once."""
        if self.ended_by != "guest-reset" or not super().running():
            return []
        registers = self.human("info registers -a")
        (self.folder / "registers.log").write_text(registers)
        log = vmm_log(self.process.pid)
        self.quit()
        if left_nested_paging_on(log, registers):
            raise EmulatorFault("QEMU left nested paging on at an exit")
        rip = re.findall(r"^RIP=\S+|\bCR3=\S+", registers, re.MULTILINE)
        return [f"  registers ({self.folder / 'registers.log'}): "
                + " ".join(rip), "  the VMM's log:\n" +
                "\n".join("    | " + line for line in textwrap.wrap(log))]

    def qmp(self, command, **arguments):
        """A command to QEMU's monitor; its result."""
        self.connect_monitor()
        try:
            answer = self.monitor.execute(command, **arguments)
        except (OSError, EOFError):
            self.fail(f"QEMU ended at the monitor command {command}")
        if "error" in answer:
            self.fail(f"monitor: {command}: {answer['error']['desc']}")
        return answer["return"]

    def human(self, line):
        """A command of the human monitor; its output."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def screenshot(self, name="screen.ppm"):
        path = self.folder / name
        self.qmp("screendump", filename=str(path))
        return path
