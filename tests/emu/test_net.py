# SPDX-License-Identifier: BSD-3-Clause
"""The NIC shared with the guest: what the guest sees in its place, the VMM's
own address, log and shell on the same wire."""

import re
import socket
import struct
import time

from bvemu import flow, linux, telnet, where
from bvemu.case import Skip, test
from bvemu.qemu import Qemu, version

CONFIG = """
vmm.driver.pci = driver=pro1000, net=@NET@, tty=1, virtio=@VIRTIO@
vmm.tty_mac_address = 52:55:0a:00:02:02
vmm.tty_syslog.enable = 1
vmm.tty_syslog.src_ipaddr = 10.0.2.9
vmm.tty_syslog.dst_ipaddr = 10.0.2.2
ip.ipaddr = 10.0.2.9
ip.netmask = 255.255.255.0
ip.gateway = 10.0.2.2
vmm.telnet_dbgsh = 1
vmm.dbgsh_allow = 10.0.2.0/24
"""

WORK = """
@MODPROBE@
net @MODULE@
echo "BOUND $(basename $(readlink /sys/class/net/eth0/device/driver))"
wget -q -O - @URL@ | sha256sum | sed 's/^/SHA256 /'
@MORE@
echo READY
read -t 30 -r bars </dev/ttyS0
for bar in $bars; do
	echo "BAR $bar $(devmem $bar 32)"
done
dmesg -r | sed -n 's/^<[0-4]>\\[[^]]*\\] /KERNEL /p'
echo ENDED
"""
DOWNLOAD = 4 << 20
# Whether the 8254 ticks in time is a matter of the emulator's host.
NO_TIMER_CHECK = "no_timer_check"

# In this order in the log that the receiver gets.
SYSLOG_LINES = [
    "Copyright (c) 2007, 2008 University of Tsukuba",
    "Using SVM.",
    "Loading drivers.",
    "PRO/1000 found.",
    "[0000:00:02.0] Disconnected PCI device drivers",
    "Wait for PHY reset and link setup completion.",
    "PCI: ",
    "MCFG [0] 0000:00-FF (B0000000,10000000)",
    "Starting a virtual machine.",
]
STACK_LINES = ["IP address changed: 0.0.0.0 -> 10.0.2.9",
               'telnet server "dbgsh" ready']


def datagrams(capture):
    """Payloads of the UDP datagrams from 10.0.2.9:514 to 10.0.2.2:514 in a
    capture file (pcap, Ethernet), checksums verified."""
    data, at, found = capture.read_bytes(), 24, []
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        if frame[12:14] != b"\x08\x00" or frame[23] != 17 or \
                frame[26:34] != bytes((10, 0, 2, 9, 10, 0, 2, 2)):
            continue
        length = struct.unpack(">H", frame[38:40])[0]
        if frame[34:38] == struct.pack(">HH", 514, 514):
            found.append((frame, frame[42:34 + length]))
    return found


def internet_sum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def check_sums(t, frame):
    t.equal(internet_sum(frame[14:34]), 0xffff, "IP checksum")
    length = struct.unpack(">H", frame[38:40])[0]
    if frame[40:42] == b"\0\0":
        return      # the sender made none (RFC 768)
    pseudo = frame[26:34] + struct.pack(">HH", 17, length)
    t.equal(internet_sum(pseudo + frame[34:34 + length]), 0xffff,
            "UDP checksum")


def syslog_lines(t, capture):
    lines = []
    for frame, payload in datagrams(capture):
        check_sums(t, frame)
        t.check(payload.startswith(b"bitvisor:") and
                payload.endswith(b"\n"), f"odd datagram {payload}")
        lines.append(payload[9:-1].decode())
    return lines


def check_syslog(t, capture, expected):
    lines, at = syslog_lines(t, capture), 0
    for wanted in expected:
        hits = [i for i in range(at, len(lines)) if wanted in lines[i]]
        t.check(hits, f"no line '{wanted}' after line {at} of "
                + "\n".join(lines))
        at = hits[0] + 1


def answers(port, commands):
    """What a terminal shows: the shell's answers, options refused."""
    text = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        for command in commands:
            text += read_until(s, b"> ")
            s.sendall(command.encode() + b"\r\0")
        while True:
            more = s.recv(4096)
            if not more:
                break
            text += more
    return re.sub(rb"\xff[\xfb-\xfe].", b"", text).decode("ascii")


def read_until(s, end):
    text, limit = b"", time.monotonic() + 20
    while not text.endswith(end) and time.monotonic() < limit:
        text += s.recv(4096)
    return text


def machine(t, disk, port, smp=1, nic="e1000e", address="10.0.2.9"):
    return Qemu(t.folder, disk, nic=nic, smp=smp, time_limit=200,
                hostfwd=[f"tcp:127.0.0.1:{port}-{address}:23"],
                extra=["-object", "filter-dump,id=wire,netdev=net0,"
                       "file=wire.pcap"])


def memory_bars(m):
    """Where the hardware has the NIC's registers."""
    text = m.human("info pci").split("Ethernet controller", 1)[1]
    text = re.split(r"^  Bus", text, flags=re.MULTILINE)[0]
    return re.findall(r"memory at (0x[0-9a-f]+)", text)


def make_disk(net, virtio, url, more="", module="e1000e",
              config=""):
    script = WORK
    for name, value in (
            ("URL", url), ("MORE", more),
            ("MODPROBE", "modprobe virtio_pci" if virtio else ""),
            ("MODULE", "virtio_net" if virtio else module)):
        script = script.replace(f"@{name}@", value)
    config += CONFIG.replace("@NET@", net).replace("@VIRTIO@", str(virtio))
    return flow.linux_direct(script, "full", config=config,
                             command_line=NO_TIMER_CHECK)


def check_guest(t, m, server, driver):
    text = m.serial.text()
    t.check(f"BOUND {driver}" in text, f"the guest's driver is not {driver}")
    t.check(f"SHA256 {server.sha256}" in text, "checksum of the download")
    t.check("NMI received" not in text, "an NMI of the VMM's NIC came through")


def need_stack():
    if 'S["LWIP_DIR"]=""' in where.built("config.status").read_text():
        raise Skip("built without lwIP")


def shared(smp, nic="e1000e"):
    def run(t):
        need_stack()
        port = telnet.free_port()
        with linux.Server(DOWNLOAD) as server:
            disk = make_disk("ippass", 1, server.url,
                             "ping -c 3 -q 10.0.2.9",
                             config=telnet.password("open sesame"))
            with machine(t, disk, port, smp, nic) as m:
                m.wait_for("^READY", 150)
                shell = telnet.client(t, port, "open sesame")
                bars = memory_bars(m)
                m.type(" ".join(bars[1:]) + "\n")
                m.wait_for("^ENDED", 60)
                m.wait_exit(60)
                check_guest(t, m, server, "virtio_net")
                t.check("3 packets received" in m.serial.text(),
                        "the guest's pings to the VMM are lost")
                t.equal(re.findall(r"^BAR \S+ (\S+)", m.serial.text(),
                                   re.MULTILINE),
                        ["0xFFFFFFFF"] * len(bars[1:]), "the NIC's own BARs")
        for wanted in (r"pro1000  52:54:00:12:34:56\s", r"link +up, 1000 ",
                       r"net=ippass, tty=1; the guest sees virtio-net",
                       r"rx +[1-9][0-9]* frames, [1-9]", r"log +[1-9]\d+ lines "
                       r"sent in \d+ frames, 0 waiting, 0 lost",
                       r"address +10\.0\.2\.9\s"):
            t.check(re.search(wanted, shell), f"no '{wanted}' in {shell}")
        check_syslog(t, t.folder / "wire.pcap", SYSLOG_LINES + STACK_LINES)
    return run


test("net/shared")(shared(1))
test("net/shared-2-cpus")(shared(2))
test("net/shared-intx")(shared(2, "e1000"))


@test("net/shared-igb")
def shared_igb(t):
    """An 82576, whose causes and timers are by vector."""
    found = version()
    if found < (8, 0):
        raise Skip("QEMU %d.%d has no igb; 8.0 does (BV_QEMU names another)"
                   % found)
    shared(2, "igb")(t)


@test("net/alone")
def alone(t):
    """net=ip: the NIC is the VMM's, with an address by DHCP; the guest finds
    none."""
    need_stack()
    port = telnet.free_port()
    config = CONFIG.replace("@NET@", "ip").replace(
        "@VIRTIO@", "0").replace("ip.ipaddr = 10.0.2.9", "ip.use_dhcp = 1")
    disk = flow.linux_direct("""
for dev in /sys/bus/pci/devices/*; do
	echo "DEVICE $(basename $dev) $(cat $dev/class)"
done
echo READY
read -t 30 -r _ </dev/ttyS0
""", "full", config=config)
    with machine(t, disk, port, address="10.0.2.15") as m:
        m.wait_for("^READY", 150)
        shell = answers(port, ["version", "exit"])
        m.type("\n")
        m.wait_exit(60)
        text = m.serial.text()
    t.check("DEVICE 0000:00:1f.2 0x010601" in text, "no disk controller")
    t.check(" 0x020000" not in text, "the guest sees the NIC")
    t.check("BitVisor" in shell, f"answer to 'version': {shell}")
    check_syslog(t, t.folder / "wire.pcap", SYSLOG_LINES +
                 ["IP address changed: 0.0.0.0 -> 10.0.2.15"])


def log_lines(text):
    """What bvlog printed in the guest, without the times."""
    return re.findall(r"^LOG \[.*?\] (.*?)\r?$", text, re.MULTILINE)


def passed(nic, smp):
    def run(t):
        """The guest drives the NIC itself, beside the VMM's sender: all lines
        arrive, from the first on, each once, though nothing is logged after
        the link is up."""
        with linux.Server(DOWNLOAD) as server:
            disk = make_disk("pass", 0, server.url, "sleep 2; bvlog |"
                             " sed 's/^/LOG /'", nic)
            with machine(t, disk, telnet.free_port(), smp, nic) as m:
                m.wait_for("^READY", 150)
                m.type("\n")
                m.wait_for("^ENDED", 60)
                m.wait_exit(60)
                check_guest(t, m, server, nic)
                expected = log_lines(m.serial.text())
        t.check(len(expected) >= 10, f"bvlog says {expected}")
        t.equal(syslog_lines(t, t.folder / "wire.pcap"), expected,
                "the log that was sent")
    return run


test("net/passed")(passed("e1000e", 1))
test("net/passed-one-queue")(passed("e1000", 2))


def spins(nic, smp):
    def run(t):
        """The guest hangs with interrupts off, on all processors: there is
        somebody at home all the same, without delay."""
        need_stack()
        port = telnet.free_port()
        config = CONFIG.replace("@NET@", "ippass").replace("@VIRTIO@", "1")
        files = {"spin.efi": where.guest_program("spin")}
        disk = flow.direct([":stall 500", "\\spin.efi"], "full", files, config)
        with machine(t, disk, port, smp, nic) as m:
            m.wait_port(f"^SPIN {smp}$", 60)
            time.sleep(2)
            for _ in range(3):
                begin = time.monotonic()
                shell = answers(port, ["version", "exit"])
                t.check("BitVisor" in shell, f"answer to 'version': {shell}")
                t.check(time.monotonic() - begin < 1, "slow answers")
        check_syslog(t, t.folder / "wire.pcap", SYSLOG_LINES)
    return run


test("net/spins")(spins("e1000e", 1))
test("net/spins-2-cpus")(spins("e1000e", 2))
test("net/spins-intx")(spins("e1000", 1))
test("net/spins-intx-2-cpus")(spins("e1000", 2))


@test("net/intx-taken")
def intx_taken(t):
    """The guest has another device at the input of the NIC's pin, and uses
    it: then the input is the guest's, and that device works."""
    need_stack()
    config = CONFIG.replace("@NET@", "ippass").replace("@VIRTIO@", "1") \
        .replace("driver=pro1000,", "slot=00:02.0, driver=pro1000,")
    disk = flow.linux_direct("""
modprobe e1000
ifconfig eth0 10.0.3.15 up
sleep 3
ping -c 3 -q 10.0.3.2
sed -n 's/.*eth0/INTERRUPTS &/p' /proc/interrupts
bvlog | sed 's/^/LOG /'
dmesg -r | sed -n 's/^<[0-4]>\\[[^]]*\\] /KERNEL /p'
""", "full", config=config)
    with Qemu(t.folder, disk, nic="e1000", time_limit=150, extra=[
            "-netdev", "user,id=net1,net=10.0.3.0/24", "-device",
            "e1000,netdev=net1,addr=6,romfile="]) as m:
        m.wait_for("^GUEST end", 140)
        m.wait_exit(30)
        text = m.serial.text()
    lines = "\n".join(log_lines(text))
    t.check(re.search("input 22 is the VMM's.*0000:00:02.0. has no MSI, and "
                      "the guest has another device at its input", lines,
                      re.DOTALL), f"the log: {lines}")
    t.check("3 packets received" in text, "the guest's device does not work")
    t.check("NMI received" not in text, "an NMI of the VMM's NIC came through")
