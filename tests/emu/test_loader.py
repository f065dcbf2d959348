# SPDX-License-Identifier: BSD-3-Clause
"""loadvmm.efi: what it hands over, the ways it is started, and every way it
can fail.  Most of it with an image that is no VMM (tests/emu/payload) and
checks from inside what it was given."""

import re
import shutil
import subprocess

from bvemu import flow, where
from bvemu.bochs import Bochs
from bvemu.case import Skip, test
from bvemu.elf import Elf
from bvemu.qemu import Qemu

LOADER = "bitvisor/loadvmm.efi"
IMAGE = "bitvisor/bitvisor.elf"
RUNNING = "loadvmm: BitVisor is already running; "
MIB = 1 << 20

# EFI status codes without the error bit, as %lasterror% and flow.efi show.
LOAD_ERROR, INVALID, UNSUPPORTED, BAD_SIZE = 1, 2, 3, 4
NO_MEMORY, NOT_FOUND, DENIED, STARTED = 9, 0xe, 0xf, 0x14


def payload(name="payload"):
    return where.built(f"tests/emu/{name}.elf", "make guest-programs")


def loader():
    return where.built("loadvmm.efi")


def stick(image=None, config=None):
    """The folder of the guide, with an image that is no VMM."""
    files = {LOADER: loader(), IMAGE: image or payload()}
    if config is not None:
        files["bitvisor/bitvisor.conf"] = config
    return files


def wait_good(t, m):
    """Wait for the image's verdict; its output."""
    m.wait_for(r"^payload: (all good|FAILED)$")
    said = m.serial.text()
    bad = re.findall(r"^payload: BAD: .*", said, re.MULTILINE)
    t.check(not bad, "the image found: " + "; ".join(bad))
    t.check("payload: all good" in said, "the image failed without a reason")
    return said


def number(said, what):
    return int(re.search(rf"^payload: {what} ([0-9a-f]+)$", said,
                         re.MULTILINE)[1], 16)


def hand_over(t, image, cpus, emulator=Qemu, **machine):
    """Start an image by flow.efi; where it was reserved."""
    files = flow.direct([flow.LOADVMM, ":map", ":stall 1"],
                        files=stick(image))
    with emulator(t.folder, files, smp=cpus, **machine) as m:
        said = wait_good(t, m)
        m.wait_port(r"^FLOW status 0$")
        m.wait_port(r"^FLOW step :stall")
        # The map after the return still says reserved.
        base = number(said, "reserved at")
        regions = re.findall(r"^FLOW reserved ([0-9a-f]+)\+([0-9a-f]+)",
                             m.port.text(), re.MULTILINE)
    t.equal(number(said, "processors"), cpus, "processors")
    t.check(any(int(start, 16) <= base < int(start, 16) + int(size, 16)
                for start, size in regions),
            f"{base:x} is not reserved after the return: {regions}")
    return said, base


@test("loader/handoff-2g")
def handoff_2g(t):
    said, _ = hand_over(t, payload(), 2, memory=2048)
    t.check(number(said, "rsdp20"), "no RSDP")
    t.check(number(said, "framebuffer"), "no framebuffer")


@test("loader/handoff-8g")
def handoff_8g(t):
    said, base = hand_over(t, payload("payload-2m"), 4, memory=8192)
    t.equal(base % (2 * MIB), 0, "offset of the image aligned to 2 MiB")


@test("loader/above-4g")
def above_4g(t):
    """512 MiB below 4 GiB, and an image that wants more than that."""
    image = Elf(payload().read_bytes()).heap(640 * MIB)
    said, base = hand_over(t, image, 1, memory=2048,
                           extra=["-M", "q35,max-ram-below-4g=512M"])
    t.check(base >= 1 << 32, f"image at {base:x}, below 4 GiB")
    t.check(number(said, "image bias") >= 1 << 32, "bias below 4 GiB")


@test("loader/handoff-bochs")
def handoff_bochs(t):
    """Another emulator: its firmware has no ACPI tables, and its own idea
    of several processors."""
    if not shutil.which("bochs"):
        raise Skip("bochs is not installed: packages bochs, bochsbios")
    hand_over(t, payload(), 2, Bochs, time_limit=150)


def broken_images():
    """Name -> (bytes, EFI status, what the line says)."""
    good = payload().read_bytes()
    elf = Elf(good)
    return {
        "cut.elf": (good[:len(good) // 2], LOAD_ERROR,
                    r"the file is truncated \(expected size \d+\)"),
        "stub.elf": (good[:20], LOAD_ERROR, "the file is truncated"),
        "empty.elf": (b"", LOAD_ERROR, "not an ELF file"),
        "text.elf": (b"bitvisor\n" * 500, LOAD_ERROR, "not an ELF file"),
        "machine.elf": (elf.machine(183), LOAD_ERROR,
                        r"another machine than x86-64 \(ELF machine 183\)"),
        "fixed.elf": (elf.kind(2), LOAD_ERROR,
                      "not a position-independent executable"),
        "reloc.elf": (elf.relocation_type(1), LOAD_ERROR,
                      r"bad relocation.*\(relocation type 1\)"),
        "target.elf": (elf.relocation_target(0x1000), LOAD_ERROR,
                       r"bad relocation.*\(address 0x1000\)"),
        "version.elf": (elf.handoff_version(7), LOAD_ERROR,
                        r"another version.*\(handoff version 7\)"),
        "program.elf": (elf.without_note(), LOAD_ERROR,
                        "not a BitVisor image"),
        "heap.elf": (elf.heap(1 << 40), NO_MEMORY,
                     r"not enough memory: .* wants 104857\d MiB"),
        "absurd.elf": (elf.heap(1 << 60), NO_MEMORY, "not enough memory"),
    }


def memory_map(text):
    """Pages of each type that the loader allocates, from `memmap`."""
    return {kind: int(pages.replace(",", "")) for kind, pages in
            re.findall(r"^ *(Reserved|LoaderCode|LoaderData) *: *([0-9,]+) "
                       r"Pages", text, re.MULTILINE)}


@test("loader/failures")
def failures(t):
    """Each failure is one line with its EFI status, in the UEFI shell of
    the guide; the machine goes on and has its memory back."""
    images = broken_images()
    cases = [(f"loadvmm.efi {name}", status, line)
             for name, (_, status, line) in images.items()]
    cases += [
        ("loadvmm.efi nothing.elf", NOT_FOUND,
         r"\\bitvisor\\nothing\.elf not found; "),
        ("loadvmm.efi a.elf b.elf", INVALID, "too many arguments; usage: "),
        ("\\empty\\loadvmm.efi", NOT_FOUND,
         r"\\empty\\bitvisor\.elf not found; "),
        ("\\large\\loadvmm.efi", BAD_SIZE,
         r"\\large\\bitvisor\.conf is larger than 1024 KiB; "),
        ("\\refuse\\loadvmm.efi", UNSUPPORTED, "no such hardware; get some"),
        ("\\silent\\loadvmm.efi", LOAD_ERROR,
         r"did not start \(error 5\) and does not say why; "),
    ]
    files = stick()
    files.update({f"bitvisor/{name}": data
                  for name, (data, _, _) in images.items()})
    files.update({
        "empty/loadvmm.efi": loader(),
        "large/loadvmm.efi": loader(), "large/bitvisor.elf": payload(),
        "large/bitvisor.conf": b"#" * (MIB + 1),
        "refuse/loadvmm.efi": loader(), "refuse/bitvisor.elf": payload(),
        "refuse/bitvisor.conf": "fail=19 no such hardware; get some\n",
        "silent/loadvmm.efi": loader(), "silent/bitvisor.elf": payload(),
        "silent/bitvisor.conf": "fail=5\n",
    })
    lines = ["cd bitvisor", "echo MAP1", "memmap"]
    for command, _, _ in cases:
        lines += [f"{command}", "echo STATUS %lasterror%"]
    lines += ["echo MAP2", "memmap", "echo END", "loadvmm.efi",
              "echo STATUS %lasterror%", "reset -s"]
    with Qemu(t.folder, flow.shell(lines, files=files)) as m:
        m.wait_for(r"^MAP1$")
        for command, status, line in cases:
            m.wait_for(rf"{re.escape(command)}\n(payload: .*\n)*"
                       rf"loadvmm: .*{line}.*\n"
                       rf".*echo STATUS %lasterror%\nSTATUS 0x{status:X}$")
        m.wait_for(r"^END$")
        t.check("Shell> " in m.serial.text(), "no shell")
        wait_good(t, m)
        m.wait_for(r"^STATUS 0x0$")
        m.wait_exit()
        said = m.serial.text()
    before, after = said.split("\nMAP2\n")[0], said.split("\nMAP2\n")[1]
    before, after = memory_map(before), memory_map(after)
    t.check(len(before) == 3, f"no memory map: {before}")
    t.equal(after, before, "pages of memory after all failures")


@test("loader/twice")
def twice(t):
    lines = ["cd bitvisor", "loadvmm.efi", "echo FIRST %lasterror%",
             "loadvmm.efi", "echo SECOND %lasterror%", "reset -s"]
    with Qemu(t.folder, flow.shell(lines, files=stick())) as m:
        wait_good(t, m)
        m.wait_for(r"^FIRST 0x0$")
        m.wait_for(rf"^{RUNNING}.*\n.*\nSECOND 0x{STARTED:X}$")
        m.wait_exit()


@test("loader/chain")
def chain(t):
    """Not a way to start the loader twice, but a program that tells."""
    files = flow.direct([flow.LOADVMM, ":poweroff"],
                        files=stick(config="chain=/next/loadvmm.efi\n"))
    files["next/loadvmm.efi"] = loader()
    with Qemu(t.folder, files) as m:
        wait_good(t, m)
        m.wait_for("^" + RUNNING)
        m.wait_for(r"^loadvmm: BitVisor runs, but "
                   r"chain=\\next\\loadvmm\.efi gave up \(already started")
        m.wait_port(rf"^FLOW status 80000000000000{STARTED:02x}$")
        m.wait_exit()


@test("loader/chain-missing")
def chain_missing(t):
    files = flow.direct([flow.LOADVMM, ":poweroff"],
                        files=stick(config="chain=\\EFI\\none\\x.efi\n"))
    with Qemu(t.folder, files) as m:
        wait_good(t, m)
        m.wait_for(r"^loadvmm: BitVisor runs, but chain=\\EFI\\none\\x\.efi "
                   r"cannot be started \(not found, .*\); ")
        m.wait_port(rf"^FLOW status 80000000000000{NOT_FOUND:02x}$")
        m.wait_exit()


@test("loader/boot-disk")
def boot_disk(t):
    """As the program that the firmware starts from a disk by itself, which
    then starts the next."""
    files = {flow.BOOT: loader(), "EFI/BOOT/bitvisor.elf": payload(),
             "EFI/BOOT/bitvisor.conf": "chain=/flow.efi\n",
             "flow.efi": where.guest_program("flow"),
             "flow.txt": f"{flow.LOADVMM}\n:poweroff\n", LOADER: loader()}
    with Qemu(t.folder, files) as m:
        wait_good(t, m)
        m.wait_port(r"^FLOW begin$")
        m.wait_for("^" + RUNNING)
        m.wait_exit()


@test("loader/boot-entry")
def boot_entry(t):
    """As a boot entry of its own, with the name of an image as its optional
    data, in flash memory that keeps the entry over a reset."""
    lines = ["if exist fs0:\\added then", "  reset -s", "endif",
             "echo added > fs0:\\added",
             "bcfg boot add 0 fs0:\\bitvisor\\loadvmm.efi BitVisor",
             "bcfg boot -opt 0x0 fs0:\\options", "reset"]
    files = flow.shell(lines, files={
        LOADER: loader(), "bitvisor/payload.elf": payload(),
        "options": "payload.elf".encode("utf-16-le")})
    with Qemu(t.folder, files, no_reboot=False, flash=True) as m:
        m.wait_for(r'starting Boot0.* "BitVisor" from')
        wait_good(t, m)


@test("loader/grub")
def grub(t):
    """By GRUB's chainloader command, with the name of an image."""
    script = t.folder / "grub.cfg"
    script.write_text("search --file --set=root /bitvisor/loadvmm.efi\n"
                      "chainloader /bitvisor/loadvmm.efi payload.elf\n"
                      "boot\n"
                      "chainloader /flow.efi\nboot\n")
    program = t.folder / "grub.efi"
    try:
        subprocess.run(["grub-mkimage", "-O", "x86_64-efi", "-o", program,
                        "-c", script, "-p", "/EFI/BOOT", "part_msdos", "fat",
                        "chain", "search", "search_fs_file", "boot"],
                       check=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError as reason:
        raise where.Missing("grub-mkimage not found: install "
                            "grub-common and grub-efi-amd64-bin") from reason
    files = {flow.BOOT: program, LOADER: loader(),
             "bitvisor/payload.elf": payload(),
             "flow.efi": where.guest_program("flow"),
             "flow.txt": ":poweroff\n"}
    with Qemu(t.folder, files) as m:
        wait_good(t, m)
        m.wait_port(r"^FLOW begin$")
        m.wait_exit()


# --- with the VMM itself ---

def refused(t, line, status, config=None, cpu="max,+svm,+npt"):
    """The VMM refuses: one line, the status, and no memory kept; the
    firmware goes on without it."""
    files = flow.direct([":map", ":poweroff"], "minimal", config=config)
    with Qemu(t.folder, files, cpu=cpu) as m:
        m.wait_for(rf"^loadvmm: .*{line}.*$")
        m.wait_port(rf"^FLOW status 80000000000000{status:02x}$")
        m.wait_port(r"^FLOW step :poweroff$")
        m.wait_exit()
        t.check("FLOW reserved" in m.port.text(), "no memory map")
        t.check(" new\n" not in m.port.text(), "memory stays reserved")


@test("loader/vmm-no-svm")
def vmm_no_svm(t):
    refused(t, "does not support Intel VT or AMD Virtualization",
            UNSUPPORTED, cpu="max,-svm")


@test("loader/vmm-bad-config")
def vmm_bad_config(t):
    refused(t, r"bitvisor\.conf:2: .*nonsense", INVALID,
            config="# a comment\nvmm.nonsense=1\n")


@test("loader/vmm-twice")
def vmm_twice(t):
    """And the first time the guest goes on with the firmware's registers."""
    files = flow.direct([flow.LOADVMM, ":poweroff"], "minimal")
    files["flow.txt"] = ":state\n" + files["flow.txt"].replace(
        flow.LOADVMM, f"{flow.LOADVMM}\n:state", 1)
    with Qemu(t.folder, files) as m:
        flow.same_state(m)
        m.wait_for("^" + RUNNING)
        m.wait_port(rf"^FLOW status 80000000000000{STARTED:02x}$")
        m.wait_exit()


@test("loader/vmm-chain")
def vmm_chain(t):
    """The VMM as what the firmware boots; the next program is its guest."""
    files = {flow.BOOT: loader(),
             "EFI/BOOT/bitvisor.elf": where.vmm_image("minimal"),
             "EFI/BOOT/bitvisor.conf": "chain=/flow.efi\n",
             "flow.efi": where.guest_program("flow"),
             "flow.txt": f"{flow.LOADVMM}\n:poweroff\n", LOADER: loader()}
    with Qemu(t.folder, files) as m:
        m.wait_port(r"^FLOW begin$")
        m.wait_for("^" + RUNNING)
        m.wait_exit()
