# SPDX-License-Identifier: BSD-3-Clause
"""The shared NIC on a wire with real neighbours: a tap device in a network
namespace, with dnsmasq, ping, telnet, iperf3 and the kernel's own IPv6 at its
other end."""

import re
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from bvemu import flow, frames, linux, telnet
from bvemu.apart import apart
from bvemu.case import Skip, test
from bvemu.machine import Failure, die_with_parent
from bvemu.qemu import MAC, Qemu
from test_net import NO_TIMER_CHECK, check_guest, need_stack

CONFIG = """
vmm.driver.pci = driver=pro1000, net=@NET@, tty=1, virtio=1
vmm.tty_mac_address = 00:00:00:00:00:00
vmm.tty_syslog.enable = 1
vmm.tty_syslog.src_ipaddr = 192.168.77.9
vmm.tty_syslog.dst_ipaddr = 192.168.77.1
ip.use_dhcp = 1
vmm.telnet_dbgsh = 1
"""
DOWNLOAD = 8 << 20
# The client identifier of the VMM begins with it, see docs/network.md.
CLIENT_ID = "00:62:69:74:76:69:73:6f:72:"

WORK = """
modprobe virtio_pci
net virtio_net
echo "BOUND $(basename $(readlink /sys/class/net/eth0/device/driver))"
wget -q -O - @URL@ | sha256sum | sed 's/^/SHA256 /'
ifconfig eth0 add fd00:77::2/64
modprobe 8021q
vconfig add eth0 5
ifconfig eth0.5 192.168.5.2 netmask 255.255.255.0 up
sleep 3
answer() { echo "$1 $(grep -o '[0-9]* packets received')"; }
ping6 -c 3 -s 1400 fd00:77::1 | answer IPV6
ping -c 3 -s 1472 192.168.5.1 | answer VLAN
ping -c 3 -s 4000 192.168.77.1 | answer FRAGMENTS
echo PLEASE
read -t 60 -r vmm </dev/ttyS0
ping -c 3 $vmm | answer VMM
@IPERF@
echo READY
read -t 120 -r _ </dev/ttyS0
"""
IPERF = """
for way in '' -R; do
	/lib/ld-linux-x86-64.so.2 --library-path /lib /bin/iperf3 \\
		-c 192.168.77.1 -t 5 $way | sed "s/^/IPERF$way /"
done
"""


def run(*command):
    return subprocess.run(command, check=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT).stdout


def make_wire():
    """tap0 with IPv4 and IPv6."""
    for line in ("tuntap add dev tap0 mode tap",
                 "addr add 192.168.77.1/24 dev tap0",
                 "-6 addr add fd00:77::1/64 dev tap0 nodad",
                 "link set tap0 up"):
        try:
            run("ip", *line.split())
        except FileNotFoundError as reason:
            raise Skip("ip is not installed: package iproute2") from reason
        except subprocess.CalledProcessError as reason:
            raise Skip(f"ip {line}: {reason.stdout}") from reason


class Dnsmasq:
    """DHCP on tap0.  Use as a context manager."""

    def __init__(self, folder, lease="1h"):
        self.lease = lease
        self.leases = folder / "leases"
        self.output = folder / "dnsmasq.log"

    def __enter__(self):
        program = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin")
        if not program:
            raise Skip("dnsmasq is not installed: package dnsmasq-base")
        self.leases.unlink(missing_ok=True)
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [program, "--no-daemon", "--port=0", "--interface=tap0",
                 "--bind-interfaces", "--conf-file=/dev/null", "--log-dhcp",
                 "--user=root", "--dhcp-authoritative", "--dhcp-range="
                 f"192.168.77.100,192.168.77.150,255.255.255.0,{self.lease}",
                 f"--dhcp-leasefile={self.leases}"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=die_with_parent)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def address(self, client_id):
        """Who has the identifier; None: nobody yet."""
        text = self.leases.read_text() if self.leases.exists() else ""
        for line in text.splitlines():
            fields = line.split()
            if len(fields) == 5 and fields[4].startswith(client_id):
                return fields[2]
        return None


class VlanPeer:
    """192.168.5.1 in VLAN 5 on tap0: answers to ARP and to echo requests.
    (Not every kernel has VLAN devices.)"""

    MAC = bytes.fromhex("020000000005")
    PACKET_AUXDATA, ETH_P_ALL = 8, 3
    VLAN_VALID = 0x10       # TP_STATUS_VLAN_VALID, see packet(7)

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                    socket.htons(self.ETH_P_ALL))
        self.socket.bind(("tap0", 0))
        self.socket.setsockopt(263, self.PACKET_AUXDATA, 1)  # SOL_PACKET
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            frame, more, _, _ = self.socket.recvmsg(2000, 200)
            for _, _, data in more:
                status, tag = struct.unpack_from("=I12xH", data[:18])
                if status & self.VLAN_VALID and tag & 0xfff == 5:
                    self.answer(frame[6:12], frame[12:14], frame[14:])

    def answer(self, to, kind, p):
        if kind == b"\x08\x06" and p[6:8] == b"\0\1" and \
                p[24:28] == bytes((192, 168, 5, 1)):
            p = p[:6] + b"\0\2" + self.MAC + p[24:28] + p[8:18]
        elif kind == b"\x08\0" and p[9] == 1 and p[20] == 8:
            total = struct.unpack_from(">H", p, 2)[0]
            echo = b"\0\0\0\0" + p[24:total]
            total = 0xffff - frames.ones_sum(echo)
            p = p[:12] + p[16:20] + p[12:16] + echo[:2] + \
                struct.pack(">H", total) + echo[4:]
        else:
            return
        self.socket.send(to + self.MAC + b"\x81\0\0\5" + kind + p)


class Syslog:
    """A receiver of datagrams: lines holds them."""

    def __init__(self):
        self.lines = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("192.168.77.1", 514))
        threading.Thread(target=self.receive, daemon=True).start()

    def receive(self):
        while True:
            self.lines.append(self.socket.recv(2000).decode())


def iperf_files():
    """iperf3 and its libraries, in the guest without folders of their own."""
    program = shutil.which("iperf3")
    if not program:
        return {}
    files = {"bin/iperf3": Path(program)}
    for path in re.findall(r"(/\S+)", run("ldd", program)):
        files[f"lib/{Path(path).name}"] = Path(path)
    return files


def wait_address(dhcp, client_id):
    end = time.monotonic() + 30
    while not dhcp.address(client_id):
        if time.monotonic() > end:
            raise Failure(f"no lease for {client_id}")
        time.sleep(0.2)
    return dhcp.address(client_id)


def ping(t, address):
    done = subprocess.run(["busybox", "ping", "-c", "3", "-W", "2", address],
                          stdout=subprocess.PIPE, text=True)
    t.check("3 packets received" in done.stdout,
            f"ping {address}: {done.stdout}")


def served(t, m, server, dhcp, word):
    """What goes on at the wire's ends, while the guest runs."""
    m.wait_for("^PLEASE", 200)
    vmm = wait_address(dhcp, CLIENT_ID)
    guest = re.search(r"^GUEST address (\S+)", m.serial.text(),
                      re.MULTILINE)[1]
    t.check(vmm != guest, "guest and VMM have the same address")
    m.type(vmm + "\n")
    ping(t, vmm)
    telnet.client(t, 23, word, vmm)
    m.wait_for("^READY", 90)
    # The first one may drown in what is still under way of iperf3's flood.
    subprocess.run(["busybox", "ping", "-c", "1", "-W", "2", guest],
                   stdout=subprocess.DEVNULL)
    ping(t, guest)
    m.type("\n")
    m.wait_exit(60)
    check_guest(t, m, server, "virtio_net")
    for what in ("IPV6", "VLAN", "FRAGMENTS", "VMM"):
        t.check(f"{what} 3 packets received" in m.serial.text(),
                f"pings {what} of the guest's are lost")
    return vmm, guest


def check_frames(t, vmm, guest):
    """All that guest and VMM sent is right, and all kinds of it are there."""
    sent = frames.check(t.folder / "wire.pcap", MAC)
    t.equal(sent.bad[:10], [], "wrong checksums")
    for kind in (("tcp", vmm), ("udp", "192.168.77.9"), ("icmp", vmm),
                 ("arp", vmm), ("tcp", guest), ("icmp", guest),
                 ("vlan", 5), ("icmp6", "fd00:0077:0000:0000:"
                                        "0000:0000:0000:0002")):
        t.check(sent.good[kind], f"no {kind} among {sorted(sent.good)}")


def wire(net, smp):
    def whole(t):
        need_stack()
        make_wire()
        word = "open sesame"
        files = iperf_files()
        with Dnsmasq(t.folder) as dhcp, \
                linux.Server(DOWNLOAD, host="192.168.77.1") as server:
            syslog, _ = Syslog(), VlanPeer()
            script = WORK.replace("@URL@", server.url).replace(
                "@IPERF@", IPERF if files else "")
            disk = flow.linux_direct(
                script, "full", files=files,
                command_line=NO_TIMER_CHECK,
                config=CONFIG.replace("@NET@", net) + telnet.password(word))
            iperf = subprocess.Popen(
                ["iperf3", "-s"], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, preexec_fn=die_with_parent) if files else None
            with Qemu(t.folder, disk, smp=smp, time_limit=400, extra=[
                    "-netdev", "tap,id=net0,ifname=tap0,script=no,"
                    "downscript=no,vnet_hdr=off",
                    "-device", f"e1000e,netdev=net0,mac={MAC},romfile=",
                    "-object",
                    "filter-dump,id=wire,netdev=net0,file=wire.pcap"]) as m:
                vmm, guest = served(t, m, server, dhcp, word)
            if iperf:
                iperf.terminate()
                rates = re.findall(
                    r"^(IPERF\S*) .*?(\S+ \S+bits/sec).*receiver",
                    m.serial.text(), re.MULTILINE)
                t.equal([r[0] for r in rates], ["IPERF", "IPERF-R"],
                        "what iperf3 measured")
                t.say(f"iperf3, {net}, {smp} CPUs: {rates}")
        wanted = f"bitvisor:IP address changed: 0.0.0.0 -> {vmm}\n"
        t.check(wanted in syslog.lines, f"not in the log: {wanted}")
        check_frames(t, vmm, guest)
    return apart()(whole)


for each in ("ippass", "ippassfilter", "ippassfilter2"):
    test(f"long/net/wire-{each}")(wire(each, 1))
test("long/net/wire-ippass-4-cpus")(wire("ippass", 4))
