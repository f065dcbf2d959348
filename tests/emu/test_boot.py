# SPDX-License-Identifier: BSD-3-Clause
"""Firmware, shell and Linux: bare, and as the guest of each variant."""

import re

from bvemu import flow, linux
from bvemu.case import test
from bvemu.flow import label
from bvemu.qemu import Qemu

DOWNLOAD = 20 << 20

# What the guide shows on the screen, in this order (and nowhere backwards).
GUIDE_LINES = [
    r"Starting BitVisor\.\.\.",
    r"Copyright \(c\) ",
    r"All rights reserved\.",
    r"ACPI DMAR not found\.",
    r"FACS address 0x[0-9A-F]+",
    r"Module not found\.",
    r"Processor 0 \(BSP\)",
    r"o{50}$",
    r"Disable ACPI S3",
    r"Using SVM\.",
    r"Processor 0 \d+ Hz",
    r"Loading drivers\.",
    r"Starting a virtual machine\.",
]


def expect_guide_lines(machine, variant):
    if variant:
        for line in GUIDE_LINES:
            machine.wait_for(line, 60)


def shell(variant):
    """The guide's way: a folder as the disk, the network card with its ROM,
    the firmware's shell, startup.nsh."""
    def run(t):
        files = flow.shell(["echo SHELL-GOES-ON", "map -b", "reset -s"],
                           variant)
        with Qemu(t.folder, files, folder_disk=True, nic="e1000e",
                  nic_rom=True, time_limit=90) as m:
            m.wait_for(r"startup\.nsh", 60)
            expect_guide_lines(m, variant)
            m.wait_for(r"^SHELL-GOES-ON", 60)
            m.wait_exit(30)
    return run


def shell_linux(variant):
    """And from there to Linux, as quickly typed."""
    def run(t):
        files = flow.shell([linux.boot_line()], variant,
                           linux.boot_files("echo GUEST ran"))
        with Qemu(t.folder, files, time_limit=120) as m:
            expect_guide_lines(m, variant)
            m.wait_for("^GUEST init", 90)
            m.wait_for("^GUEST ran", 30)
            m.wait_exit(30)
    return run


# What the guest looks at in itself.  Kernel messages of the levels warning
# and worse are compared with those of the bare machine.
LOOK = """
echo "CPUS $(grep -c ^processor /proc/cpuinfo)"
echo "SVM $(grep -c -w svm /proc/cpuinfo)"
echo "SLEEP $(cat /sys/power/mem_sleep)"
echo "MEMORY $(sed -n 's/MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo)"
sed 's/^/IOMEM /' /proc/iomem
dmesg -r | sed -n 's/^<[0-4]>\\[[^]]*\\] /KERNEL /p'
net e1000e
wget -q -O - @URL@ | sha256sum | sed 's/^/SHA256 /'
cat /proc/interrupts | sed 's/^/IRQ /'
echo LOOKED
"""


def facts(text):
    """The lines of LOOK by their first word."""
    found = {}
    for word, rest in re.findall(
            r"^(CPUS|SVM|SLEEP|MEMORY|IOMEM|KERNEL|SHA256|IRQ) ?(.*)$", text,
            re.MULTILINE):
        found.setdefault(word, []).append(rest.strip())
    return found


def look(t, variant, memory):
    with linux.Server(DOWNLOAD) as server:
        script = LOOK.replace("@URL@", server.url)
        files = flow.direct([":map", linux.boot_line()], variant,
                            linux.boot_files(script))
        with Qemu(t.folder / label(variant), files, nic="e1000e",
                  memory=memory, time_limit=180) as m:
            m.wait_port("FLOW begin", 60)
            m.wait_for("^GUEST init", 90)
            m.wait_for("^GUEST address 10.0.2", 60)
            m.wait_for("^LOOKED", 90)
            m.wait_exit(30)
            found = facts(m.serial.text())
            found["RESERVED"] = re.findall(r"FLOW reserved (\S+) new",
                                           m.port.text())
        found["SENT"] = [server.sha256 + "  -"]
    t.equal(found["SHA256"], found["SENT"], "checksum of the download")
    return found


def bare_facts(t, memory):
    return t.once(f"linux {memory}", lambda: look(t, flow.BARE, memory))


def hidden_size(t, found):
    """Bytes of the VMM, which /proc/iomem must show as reserved."""
    t.check(found["RESERVED"], "no region of the memory map became reserved")
    size = 0
    for region in found["RESERVED"]:
        base, length = (int(x, 16) for x in region.split("+"))
        size += length
        for line in found["IOMEM"]:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) : (.*)", line)
            if not m:
                continue
            first, last = int(m[1], 16), int(m[2], 16)
            if first <= base and base + length - 1 <= last and \
                    m[3] == "Reserved":
                break
        else:
            t.check(False, f"/proc/iomem does not show {region} as reserved")
    return size


# How fast the emulator runs is no fault of the VMM's.
TIMING = re.compile(r"APIC calibration|clocksource|TSC|tsc:|hrtimer|sched_clock|"
                    r"perf: interrupt")


def warnings(found):
    return {line for line in found.get("KERNEL", [])
            if not TIMING.search(line)}


def compare_facts(t, bare, found):
    t.equal(found["CPUS"], bare["CPUS"], "processors")
    t.equal(found["SVM"], ["0"], "processors that show SVM")
    t.equal(bare["SVM"], bare["CPUS"], "processors that show SVM, bare")
    # "deep" is S3.
    t.check("deep" in bare["SLEEP"][0] and "deep" not in found["SLEEP"][0],
            f"sleep states: bare {bare['SLEEP']}, guest {found['SLEEP']}")
    new = warnings(found) - warnings(bare)
    t.check(not new, f"warnings that bare does not give: {sorted(new)}")
    lost = int(bare["MEMORY"][0]) * 1024 - int(found["MEMORY"][0]) * 1024
    hidden = hidden_size(t, found)
    t.check(lost < hidden + (1 << 20),
            f"the guest has {lost >> 10} KiB less than bare, and the VMM "
            f"reserved only {hidden >> 10} KiB")


def whole_linux(variant, memory):
    """Linux with network, and what it sees of the machine."""
    def run(t):
        bare = bare_facts(t, memory)
        if not variant:
            t.check(int(bare["MEMORY"][0]) > memory * 900,
                    f"only {bare['MEMORY']} KiB of {memory} MiB")
            t.equal(bare["RESERVED"], [], "newly reserved regions")
            return
        compare_facts(t, bare, look(t, variant, memory))
    return run


def reboot(variant):
    """The guest reboots: the firmware comes up again, and without the VMM
    having been lost on the way, it starts again."""
    def run(t):
        files = flow.linux_direct("echo GUEST ran", variant, end="reboot")
        with Qemu(t.folder, files, no_reboot=False, time_limit=180) as m:
            for _ in range(2):
                m.wait_port("FLOW begin", 60)
                m.wait_for("^GUEST init", 90)
                m.wait_for("^GUEST end", 30)
    return run


def triple_fault(variant):
    """reboot=t: Linux resets the machine by a triple fault."""
    def run(t):
        files = flow.linux_direct("echo GUEST ran", variant, end="reboot",
                                  command_line="reboot=t")
        with Qemu(t.folder, files, time_limit=120) as m:
            m.wait_for("^GUEST end", 90)
            m.wait_exit(20)
    return run


def firmware_reset(variant):
    """The firmware's own services, as guest."""
    def run(t):
        with Qemu(t.folder, flow.direct([":reset"], variant),
                  no_reboot=False, time_limit=60) as m:
            m.wait_port("FLOW begin", 30)
            m.wait_port("FLOW step :reset", 30)
            m.wait_port("FLOW begin", 30)
            m.wait_port("FLOW step :reset", 30)
        with Qemu(t.folder, flow.direct([":poweroff"], variant),
                  time_limit=60) as m:
            m.wait_port("FLOW step :poweroff", 30)
            m.wait_exit(20)
    return run


def twice(variant):
    """loadvmm.efi under BitVisor: refused, and the machine goes on."""
    def run(t):
        with Qemu(t.folder,
                  flow.direct([flow.LOADVMM, ":map", ":poweroff"], variant),
                  time_limit=60) as m:
            m.wait_port("FLOW status 0$", 30)
            status = m.wait_port(r"FLOW status (\S+)$", 30)[1]
            t.check(status != "0", "the second loadvmm.efi succeeded")
            m.wait_for(r"already", 5)
            m.wait_port("FLOW step :poweroff", 30)
            m.wait_exit(20)
            regions = re.findall(r"FLOW reserved (\S+) new", m.port.text())
            t.equal(len(regions), 1, "reserved regions after two starts")
    return run


def register(variant):
    name = label(variant)
    test(f"boot/shell-{name}")(shell(variant))
    test(f"boot/shell-linux-{name}")(shell_linux(variant))
    test(f"boot/linux-{name}")(whole_linux(variant, 2048))
    test(f"boot/linux-{name}-8g")(whole_linux(variant, 8192))
    test(f"boot/reboot-{name}")(reboot(variant))
    test(f"boot/triple-fault-{name}")(triple_fault(variant))
    test(f"boot/firmware-reset-{name}")(firmware_reset(variant))
    if variant:
        test(f"boot/twice-{name}")(twice(variant))


for each in flow.ALL:
    register(each)
