# SPDX-License-Identifier: BSD-3-Clause
"""VMX, on Bochs: firmware, shell and Linux, bare and as the guest.

Bochs needs minutes for a Linux, so only one is among the tests that run when
nothing is asked for; the others are `tests/emu/run long/`."""

import re
import shutil

from bvemu import flow, linux, where
from bvemu.bochs import Bochs
from bvemu.case import Skip, test
from bvemu.flow import label

HASWELL, SKYLAKE = "corei7_haswell_4770", "corei7_skylake_x"
NO_EPT = "core2_penryn_t9600"
DOWNLOAD = 256 << 10
LIMIT = 900

# What the guide shows on the screen, in this order; OVMF on Bochs locks
# nothing, so the VMM enables VMXON itself.
GUIDE_LINES = [
    r"Starting BitVisor\.\.\.",
    r"Copyright \(c\) 2007, 2008 University of Tsukuba",
    r"All rights reserved\.",
    r"ACPI DMAR not found\.",
    r"FACS address 0x[0-9A-F]+",
    r"Module not found\.",
    r"Processor 0 \(BSP\)",
    r"o{50}$",
    r"Disable ACPI S3",
    r"Trying to enable VMXON\.",
    r"Using VMX\.",
    r"Processor 0 \d+ Hz",
    r"Loading drivers\.",
    r"Starting a virtual machine\.",
]

LOOK = """
echo "CPUS $(grep -c ^processor /proc/cpuinfo)"
echo "FLAGS $(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo | head -n 1)"
sed 's/^/MTRR /' /proc/mtrr
cat /proc/interrupts | sed -n 's/^ *\\([0-9]*\\):.*\\(IO-APIC.*\\)/LINE \\1 \\2/p'
dmesg -r | sed -n 's/^<[0-4]>\\[[^]]*\\] /KERNEL /p'
net e1000
wget -q -O - @URL@ | sha256sum | sed 's/^/SHA256 /'
echo LOOKED
"""


def need_bochs():
    if not shutil.which("bochs"):
        raise Skip("bochs is not installed: packages bochs, bochsbios")


def with_tables(files):
    """Files of a disk with the program that gives the machine ACPI tables."""
    files["acpitables.efi"] = where.guest_program("acpitables")
    return files


def shell(variant, cpu):
    """The guide's way, on a machine with ACPI."""
    def run(t):
        need_bochs()
        load = ["cd bitvisor", "loadvmm.efi", "cd .."] if variant else []
        files = flow.shell(["acpitables.efi"] + load +
                           ["echo SHELL-GOES-ON", "reset -s"])
        files.update(flow.vmm_files(variant))
        with Bochs(t.folder, with_tables(files), cpu=cpu,
                   time_limit=300) as m:
            if variant:
                for line in GUIDE_LINES:
                    m.wait_for(line)
            m.wait_for(r"^SHELL-GOES-ON")
            m.wait_exit(60)
    return run


def facts(text):
    """The lines of LOOK by their first word."""
    found = {}
    for word, rest in re.findall(
            r"^(CPUS|FLAGS|MTRR|LINE|KERNEL|SHA256) ?(.*)$", text,
            re.MULTILINE):
        # In a trace of the kernel's: an address in the memory that is left.
        rest = re.sub(r"\bffff8880[0-9a-f]{8}\b", "ADDRESS", rest)
        found.setdefault(word, []).append(rest.strip())
    return found


def look(t, variant, cpu):
    """Boot Linux with its network on the passed-through e1000."""
    with linux.Server(DOWNLOAD) as server:
        script = LOOK.replace("@URL@", server.url)
        steps = ["\\acpitables.efi"]
        if variant:
            steps += [":state", flow.LOADVMM, ":state"]
        steps.append(linux.boot_line(more="nokaslr"))
        files = flow.direct(steps, files=linux.boot_files(script))
        files.update(flow.vmm_files(variant))
        with Bochs(t.folder / label(variant), with_tables(files), cpu=cpu,
                   memory=512, nic="e1000", time_limit=LIMIT) as m:
            m.wait_port(r"^ACPI tables 1 cpus")
            if variant:
                flow.same_state(m)
            m.wait_for("^GUEST init")
            m.wait_for("^GUEST address 10.0.2")
            m.wait_for("^LOOKED")
            m.wait_exit(60)
            found = facts(m.serial.text())
        t.equal(found["SHA256"], [server.sha256 + "  -"],
                "checksum of the download")
    return found


# The flags that Linux derives from VMX go with it.
VMX_FLAGS = {"vmx", "tpr_shadow", "vnmi", "flexpriority", "ept", "vpid",
             "ept_ad"}


def expect_hidden(t, found):
    flags = found["FLAGS"][0].split()
    t.check("vmx" not in flags, "the guest sees VMX")
    t.check("nx" in flags and "fpu" in flags, f"odd flags: {flags}")


def linux_alone(variant, cpu):
    def run(t):
        need_bochs()
        expect_hidden(t, look(t, variant, cpu))
    return run


def linux_compared(variant, cpu):
    """As guest Linux sees what it sees bare, but for VMX."""
    def run(t):
        need_bochs()
        bare = t.once(f"linux {cpu}", lambda: look(t, flow.BARE, cpu))
        t.check("vmx" in bare["FLAGS"][0].split(), "bare has no VMX")
        found = look(t, variant, cpu)
        expect_hidden(t, found)
        t.equal(set(found["FLAGS"][0].split()),
                set(bare["FLAGS"][0].split()) - VMX_FLAGS, "CPU flags")
        for what in ("CPUS", "MTRR", "LINE"):
            t.equal(found.get(what), bare.get(what), what)
        new = set(found.get("KERNEL", [])) - set(bare.get("KERNEL", []))
        t.check(not new, f"warnings that bare does not give: {sorted(new)}")
    return run


@test("intel/no-ept")
def no_ept(t):
    """A processor whose VMX has no nested paging."""
    need_bochs()
    files = flow.direct([":map", ":poweroff"], "minimal")
    with Bochs(t.folder, files, cpu=NO_EPT, time_limit=200) as m:
        m.wait_for("has no EPT")
        m.wait_port("FLOW step :poweroff", 60)
        m.wait_exit(60)
        t.check("FLOW status 0\n" not in
                m.port.text().split("FLOW step :map")[0],
                "loadvmm.efi returned success")
        t.check(" new\n" not in m.port.text(), "memory was not given back")


@test("intel/vmxon-locked")
def vmxon_locked(t):
    """A firmware that has VT-x switched off, and locked."""
    need_bochs()
    files = flow.direct([":wrmsr 3a 1", flow.LOADVMM, ":map", ":poweroff"])
    files.update(flow.vmm_files("minimal"))
    with Bochs(t.folder, files, cpu=HASWELL, time_limit=200) as m:
        m.wait_for(r"VMXON is disabled\.")
        m.wait_for(r"firmware setup")
        m.wait_port("FLOW step :poweroff", 60)
        m.wait_exit(60)
        t.check(" new\n" not in m.port.text(), "memory was not given back")


@test("intel/entry-refused")
def entry_refused(t):
    """The panic says which field breaks which rule."""
    need_bochs()
    files = flow.direct([flow.LOADVMM, ":hypercall entry"])
    files.update(flow.vmm_files("minimal", "vmm.tty_serial = 1\n"))
    files["bitvisor/bitvisor.elf"] = where.built("tests/emu/paniclab.elf",
                                                 "make guest-programs")
    with Bochs(t.folder, files, cpu=HASWELL, time_limit=200) as m:
        m.wait_for(r"^panic\(CPU0\): VM entry failed: entry failure: guest "
                   r"state: guest CR4: a bit that VMX fixes to 0 "
                   r"\(it is 0xa668\)")
        m.wait_for(r"^Unrecoverable error\.", 20)


test("intel/shell-minimal")(shell("minimal", HASWELL))
test("intel/shell-full-skylake")(shell("full", SKYLAKE))
test("intel/linux-minimal")(linux_alone("minimal", HASWELL))
for each in flow.VARIANTS:
    test(f"long/intel/linux-{each}")(linux_compared(each, HASWELL))
    test(f"long/intel/linux-{each}-skylake")(linux_compared(each, SKYLAKE))
test("long/intel/shell-full")(shell("full", HASWELL))
test("long/intel/shell-minimal-skylake")(shell("minimal", SKYLAKE))
