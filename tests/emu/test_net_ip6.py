# SPDX-License-Identifier: BSD-3-Clause
"""The VMM's own IPv6 on a wire with real neighbours: a tap device in a network
namespace, the kernel's IPv6 at its other end, and a router that is made here."""

import re
import socket
import struct
import subprocess
import threading
import time

from bvemu import flow, frames
from bvemu.apart import apart
from bvemu.case import test
from bvemu.machine import Failure
from bvemu.qemu import MAC, Qemu
from test_net import NO_TIMER_CHECK, need_stack
from test_net_lease import FEW, IDLE, SETTLED, exits_in
from test_net_wire import Syslog, make_wire, run
from test_quiet import LOG_EXITS

CONFIG = """
vmm.driver.pci = driver=pro1000, net=@NET@, tty=1, virtio=1
vmm.tty_mac_address = 00:00:00:00:00:00
vmm.tty_syslog.enable = 1
vmm.tty_syslog.src_ipaddr = 192.168.77.9
vmm.tty_syslog.dst_ipaddr = 192.168.77.1
ip.ipaddr = 192.168.77.9
ip.netmask = 255.255.255.0
ip.use_ipv6 = 1
ip.ip6addr = fd00:77::9
vmm.telnet_dbgsh = 1
vmm.dbgsh_allow = 10.0.0.0/8, fd00:77::/64
"""
# What the guest makes of the prefix, having QEMU's MAC address.
GUEST = "fd00:77::5054:ff:fe12:3456"
STATIC = "fd00:77::9"
LINK = "fe80::1"        # the host's
PREFIX = socket.inet_pton(socket.AF_INET6, "fd00:77::")

WORK = """
modprobe virtio_pci
modprobe virtio_net
ifconfig eth0 192.168.77.5 netmask 255.255.255.0 up
echo "BOUND $(basename $(readlink /sys/class/net/eth0/device/driver))"
echo PLEASE
read -t 90 -r link slaac </dev/ttyS0
# Until it has its own two, and has found no duplicates.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	[ "$(grep -c ' [08]0 *eth0' /proc/net/if_inet6)" -lt 2 ] || break
	sleep 1
done
answer() { echo "$1 $(grep -o '[0-9]* packets received')"; }
ping6 -c 3 -I eth0 $link | answer LINK
ping6 -c 3 $slaac | answer SLAAC
ping6 -c 3 -s 1400 fd00:77::9 | answer STATIC
ping6 -c 3 fd00:77::1 | answer HOST
{ sleep 2; printf 'net\\r'; sleep 3; printf 'exit\\r'; sleep 1; } |
	nc $slaac 23 | tr -d '\\r' | sed 's/^/SHELL /'
sed 's/^/HAS /' /proc/net/if_inet6
echo READY
read -t 120 -r _ </dev/ttyS0
sed 's/^/LAST /' /proc/net/if_inet6
"""


def icmp6(source, to, message):
    """An IPv6 packet with the message's sum in its place."""
    head = struct.pack(">IHBB", 0x60000000, len(message), 58, 255)
    pseudo = source + to + struct.pack(">II", len(message), 58)
    total = 0xffff - frames.ones_sum(message + pseudo)
    return head + source + to + message[:2] + struct.pack(">H", total) + \
        message[4:]


class Router:
    """Advertises the prefix on tap0 each two seconds (RFC 4861, 4.2 and
    4.6.2), with the address of the kernel there."""

    def __init__(self):
        mac = re.search(r"ether (\S+)", run("ip", "link", "show", "tap0"))[1]
        mac = bytes.fromhex(mac.replace(":", ""))
        nodes = socket.inet_pton(socket.AF_INET6, "ff02::1")
        message = struct.pack(">BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) + \
            b"\1\1" + mac + \
            struct.pack(">BBBBIII", 3, 4, 64, 0xc0, 3600, 1800, 0) + PREFIX
        self.frame = bytes.fromhex("333300000001") + mac + b"\x86\xdd" + \
            icmp6(socket.inet_pton(socket.AF_INET6, LINK), nodes, message)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind(("tap0", 0))
        self.silent = False
        threading.Thread(target=self.advertise, daemon=True).start()

    def advertise(self):
        while not self.silent:
            try:
                self.socket.send(self.frame)
            except OSError:
                pass    # the machine is not there yet, or not any more
            time.sleep(2)


def addresses(syslog, count, limit=60):
    """Those that the VMM says it has."""
    end = time.monotonic() + limit
    while True:
        found = re.findall(r"^bitvisor:IPv6 address added: (\S+)$",
                           "".join(syslog.lines), re.MULTILINE)
        if len(found) >= count:
            return found
        if time.monotonic() > end:
            raise Failure(f"the VMM's IPv6 addresses: {found}")
        time.sleep(0.2)


def ping(t, address):
    done = subprocess.run(["busybox", "ping6", "-c", "3", "-W", "2", "-I",
                           "tap0", address], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    t.check("3 packets received" in done.stdout,
            f"ping6 {address}: {done.stdout}")


class Shell:
    """A connection to port 23, without the words of telnet's own."""

    def __init__(self, address, scope=0):
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect((address, 23, 0, scope))
        self.got = b""

    def until(self, what):
        while what not in self.got:
            data = self.socket.recv(4096)
            if not data:
                raise Failure(f"closed before {what}: {self.got}")
            self.got += data
        return self.got.decode(errors="replace")


def check_shell(t, link, slaac):
    for address in (slaac, STATIC):
        shell = Shell(address)
        shell.until(b"> ")
        shell.socket.sendall(b"net\r\n")
        for each in (link, slaac, STATIC):
            shell.until(f"{each} preferred".encode())
        shell.socket.sendall(b"exit\r\n")
        shell.socket.close()
    shell = Shell(link, socket.if_nametoindex("tap0"))
    t.check("Refused" in shell.until(b"log."), "who is not allowed came in")
    shell.socket.close()


def advertised(path):
    """Of the frames that the two sent: (sender, target) of each neighbour
    advertisement, and the senders of TCP resets."""
    sender = bytes.fromhex(MAC.replace(":", ""))
    said, resets = [], []
    for frame in frames.frames(path):
        kind, _, p = frames.content(frame)
        if frame[6:12] != sender or kind != 0x86dd:
            continue
        source = socket.inet_ntop(socket.AF_INET6, p[8:24])
        if p[6] == 58 and p[40] == 136:
            said.append((source, socket.inet_ntop(socket.AF_INET6, p[48:64])))
        elif p[6] == 6 and p[53] & 4:
            resets.append(source)
    return said, resets


def check_quiet(t, m, router):
    """On a silent wire nobody is woken for neighbours and lifetimes."""
    router.silent = True
    time.sleep(SETTLED)
    found = exits_in(m, IDLE)
    t.say(f"{found} exits in {IDLE} idle seconds")
    t.check(found <= FEW, f"{found} exits")


def served(t, m, syslog, router):
    """What goes on at the wire's ends, while the guest runs."""
    m.wait_for("^PLEASE", 200)
    found = addresses(syslog, 3)
    link = next(a for a in found if a.startswith("fe80"))
    slaac = next(a for a in found if a not in (link, STATIC))
    t.check(slaac.startswith("fd00:77:") and slaac.count(":") >= 5,
            f"an address of the prefix: {found}")
    m.type(f"{link} {slaac}\n")
    m.wait_for("^READY", 120)
    for address in (link, slaac, STATIC, GUEST):
        ping(t, address)
    check_shell(t, link, slaac)
    check_quiet(t, m, router)
    m.type("\n")
    m.wait_exit(60)
    return link, slaac


def check_guest(t, text, slaac):
    t.check("BOUND virtio_net" in text, "the guest's driver")
    for what in ("LINK", "SLAAC", "STATIC", "HOST"):
        t.check(f"{what} 3 packets received" in text,
                f"pings {what} of the guest's are lost")
    t.check(f"SHELL IPv6     {slaac} preferred" in text,
            "the shell of the guest's")
    for when in ("HAS", "LAST"):
        lines = re.findall(rf"^{when} (\S+) \S+ \S+ \S+ (\S+) +eth0", text,
                           re.MULTILINE)
        own = sorted(a for a, flags in lines if not int(flags, 16) & 0x48)
        t.equal(own, sorted(frames_address(a) for a in
                            ("fe80::5054:ff:fe12:3456", GUEST)),
                "addresses of the guest's that are neither tentative nor "
                "duplicates")


def frames_address(text):
    return socket.inet_pton(socket.AF_INET6, text).hex()


def ip6(net):
    def whole(t):
        need_stack()
        make_wire()
        run("ip", "-6", "addr", "add", f"{LINK}/64", "dev", "tap0", "nodad")
        syslog = Syslog()
        disk = flow.linux_direct(WORK, "full", command_line=NO_TIMER_CHECK,
                                 config=CONFIG.replace("@NET@", net))
        with Qemu(t.folder, disk, time_limit=300, extra=LOG_EXITS + [
                "-netdev", "tap,id=net0,ifname=tap0,script=no,"
                "downscript=no,vnet_hdr=off",
                "-device", f"e1000e,netdev=net0,mac={MAC},romfile=",
                "-object",
                "filter-dump,id=wire,netdev=net0,file=wire.pcap"]) as m:
            link, slaac = served(t, m, syslog, Router())
        check_guest(t, m.serial.text(), slaac)
        t.check(any("refused: not in vmm.dbgsh_allow" in line
                    for line in syslog.lines), "the refusal is not logged")
        sent = frames.check(t.folder / "wire.pcap", MAC)
        t.equal(sent.bad[:10], [], "wrong checksums")
        said, resets = advertised(t.folder / "wire.pcap")
        t.equal([each for each in said if each[0] != each[1]], [],
                "advertisements of other addresses than the sender's")
        own = {link, slaac, STATIC}
        t.equal({target for _, target in said} & own, own,
                "addresses that the VMM answered for")
        t.equal(resets, [], "connections that were reset")
    return apart()(whole)


test("long/net/ip6")(ip6("ippassfilter"))
