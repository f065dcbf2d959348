# SPDX-License-Identifier: BSD-3-Clause
"""PCI functions that the VMM's drivers own, and all others."""

import re

from bvemu import flow, linux
from bvemu.case import test
from bvemu.flow import label
from bvemu.qemu import Qemu

# Each function as Linux finds it: header, where its BARs are.
LOOK = """
for d in /sys/bus/pci/devices/*; do
    n=${d##*/}
    echo "FUNCTION $n $(head -c 64 $d/config | hexdump -v -e '1/1 "%02x"')"
    sed "s/^/BAR $n /" $d/resource
done
echo LOOKED
"""

# One NIC on the root bus, one behind a bridge, one more function each.
DEVICES = ["-device", "e1000,addr=5,romfile=", "-device",
           "pcie-root-port,id=below,slot=1,addr=6", "-device",
           "e1000e,bus=below,romfile="]

REGISTERED = [r"Loading drivers\.", r"PCI device concealer registered",
              r"PCI: finding devices\.\.\."]
FOUND = [r"PCI: \d+ devices found", r"MCFG \[0\] 0000:00-FF \([0-9A-F]+,"
         r"10000000\)", r"Starting a virtual machine\."]


def look(t, variant, script="", config=None, lines=()):
    files = flow.direct([linux.boot_line()], variant,
                        linux.boot_files(script + LOOK), config)
    with Qemu(t.folder / label(variant), files, extra=DEVICES,
              time_limit=150) as m:
        for line in lines:
            m.wait_for(line, 60)
        m.wait_for("^GUEST init", 90)
        m.wait_for("^LOOKED", 60)
        m.wait_exit(30)
        text = m.serial.text()
    found = {}
    for word, rest in re.findall(r"^(FUNCTION|BAR|READ) (.*)$", text,
                                 re.MULTILINE):
        found.setdefault(word, []).append(rest.strip())
    return found


def without(found, addresses):
    return [line for line in found if line.split()[0] not in addresses]


@test("pci/conceal")
def conceal(t):
    """Two devices are gone, one of them behind a bridge, with the firmware's
    driver; everything else is as on the bare machine."""
    rules = ("vmm.driver.pci=class=0200, id=8086:100e, driver=conceal, and,"
             " id=8086:10d3, driver=conceal\n")
    lines = REGISTERED + [
        r"\[0000:00:05\.0\] Disconnected PCI device drivers",
        r"\[00:05\.0/8086:100E\] concealed",
        r"\[0000:01:00\.0\] Disconnected PCI device drivers",
        r"\[01:00\.0/8086:10D3\] concealed"] + FOUND
    bare = look(t, flow.BARE)
    gone = ("0000:00:05.0", "0000:01:00.0")
    bars = [line.split()[1] for line in bare["BAR"]
            if line.startswith(gone) and line.endswith("40200")]
    script = "".join(f"echo READ $(devmem {bar} 32)\n" for bar in bars)
    full = look(t, "full", script, rules, lines)
    t.check(len(bars) >= 2, "no BARs on the bare machine")
    t.equal(full["READ"], ["0xFFFFFFFF"] * len(bars), "where the BARs were")
    for address in gone:
        t.check(any(line.startswith(address) for line in bare["FUNCTION"]),
                f"{address} is not on the bare machine")
    t.equal(full["FUNCTION"], without(bare["FUNCTION"], gone), "functions and headers")
    t.equal(full["BAR"], without(bare["BAR"], gone), "resources")


@test("pci/rule-error")
def rule_error(t):
    """A rule that is wrong: one line says what, and the machine goes on
    without the VMM."""
    files = flow.direct([":poweroff"], "full", config="vmm.driver.pci="
                        "class=0200, driver=concael\n")
    with Qemu(t.folder, files, time_limit=60) as m:
        m.wait_for(r"config: vmm\.driver\.pci: character 20, at 'concael': no"
                   r" such driver here; accepted are: .*conceal", 30)
        status = m.wait_port(r"FLOW status (\S+)$", 30)[1]
        t.check(status != "0", "loadvmm.efi succeeded")
        m.wait_port("FLOW step :poweroff", 30)
        m.wait_exit(20)
        t.equal(re.findall(r"FLOW reserved (\S+) new", m.port.text()), [],
                "reserved regions")


MONITORED = """
net e1000e
wget -q -O - @URL@ | sha256sum | sed 's/^/SHA256 /'
# Decoding off, size probes, D3 and back.
ifconfig eth0 down
echo 1 >/sys/bus/pci/devices/0000:00:02.0/remove
echo 1 >/sys/bus/pci/rescan
net e1000e
wget -q -O - @URL@ | sha256sum | sed 's/^/AGAIN /'
bvlog | sed -n 's/.*pci_monitor:/HOOK/p'
"""


@test("pci/monitor")
def monitor(t):
    """A device whose registers are hooked works as ever, and the hooks
    follow what the guest does with its BARs."""
    rules = ("vmm.driver.pci=id=8086:10d3, driver=monitor, bar0=RW, bar2=rw,"
             " config=r, time=0\n")
    with linux.Server(1 << 20) as server:
        files = flow.direct([linux.boot_line()], "full", linux.boot_files(
            MONITORED.replace("@URL@", server.url)), rules)
        with Qemu(t.folder, files, nic="e1000e", smp=2,
                  time_limit=150) as m:
            m.wait_for(r"pci_monitor: register mem 0x[0-9A-F]{8}", 60)
            m.wait_for(r"pci_monitor: register i/o 0x[0-9A-F]{8}", 10)
            m.wait_for(r"\[00:02\.0/8086:10D3\] I/O monitor", 10)
            m.wait_for("^GUEST init", 90)
            m.wait_for(f"^SHA256 {server.sha256}", 90)
            m.wait_for(f"^AGAIN {server.sha256}", 90)
            m.wait_for(r"^HOOK unregister mem 0x[0-9A-F]{8}", 30)
            m.wait_for(r"^HOOK register mem 0x[0-9A-F]{8}", 30)
            m.wait_exit(30)


@test("pci/conceal-ports")
def conceal_ports(t):
    """A machine without ECAM: found and concealed by the ports."""
    files = flow.direct([linux.boot_line()], "full", linux.boot_files(LOOK),
                        "vmm.driver.pci=id=8086:100e, driver=conceal\n")
    with Qemu(t.folder, files, extra=["-M", "pc", "-device",
                                      "e1000,addr=5,romfile="],
              time_limit=150) as m:
        m.wait_for(r"\[00:05\.0/8086:100E\] concealed", 60)
        m.wait_for(r"PCI: \d+ devices found", 10)
        m.wait_for("^LOOKED", 120)
        m.wait_exit(30)
        text = m.serial.text()
    found = re.findall(r"^FUNCTION (\S+)", text, re.MULTILINE)
    t.equal(found, ["0000:00:00.0", "0000:00:01.0", "0000:00:01.1",
                    "0000:00:01.3", "0000:00:02.0"], "functions")
    t.check("MCFG [" not in text, "an ECAM range on a PC without one")
