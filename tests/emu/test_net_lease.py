# SPDX-License-Identifier: BSD-3-Clause
"""The VMM's DHCP lease while nobody does anything: no exits for it, and it is
renewed all the same.  Exits are those of QEMU's log."""

import socket
import time

import test_net
from bvemu import flow, telnet
from bvemu.apart import apart
from bvemu.case import test
from bvemu.qemu import MAC, Qemu
from test_net_wire import CLIENT_ID, Dnsmasq, make_wire, ping, run, \
    wait_address
from test_quiet import EXIT, LOG_EXITS

CONFIG = """
vmm.driver.pci = driver=pro1000, net=@NET@, virtio=1
ip.use_dhcp = 1
vmm.telnet_dbgsh = 1
vmm.dbgsh_allow = 0.0.0.0/0
"""
# The receiver's address is asked for once, and then kept.
SYSLOG = """
vmm.tty_mac_address = 00:00:00:00:00:00
vmm.tty_syslog.enable = 1
vmm.tty_syslog.src_ipaddr = 10.0.2.15
vmm.tty_syslog.dst_ipaddr = 10.0.2.2
"""
SETTLED = 8             # seconds until no ARP of the new address is repeated
IDLE = 10
# Linux executes a CPUID now and then.
FEW = 10
IDLE_LINUX = """
echo READY
read -t 300 -r _ </dev/ttyS0
"""


def exits(m):
    return len(EXIT.findall((m.folder / "exits.log").read_text()))


def exits_in(m, seconds):
    before = exits(m)
    if not before:
        m.fail("no exits in QEMU's log, not even those of the start")
    time.sleep(seconds)
    return exits(m) - before


@test("net/quiet-dhcp")
def quiet(t):
    """With a lease of a day, of QEMU's own server, a receiver of the log that
    ARP has found, and a debug shell that nobody types in."""
    test_net.need_stack()
    port = telnet.free_port()
    config = CONFIG.replace("@NET@", "ip, tty=1") + SYSLOG
    disk = flow.linux_direct(IDLE_LINUX, "full", config=config)
    with Qemu(t.folder, disk, nic="e1000e", time_limit=150, extra=LOG_EXITS,
              hostfwd=[f"tcp:127.0.0.1:{port}-10.0.2.15:23"]) as m:
        m.wait_for("^READY", 120)
        shell = test_net.answers(port, ["version", "exit"])
        t.check("BitVisor" in shell, f"answer to 'version': {shell}")
        with socket.create_connection(("127.0.0.1", port), 20) as idle:
            test_net.read_until(idle, b"> ")
            time.sleep(SETTLED)
            found = exits_in(m, IDLE)
            t.say(f"{found} exits in {IDLE} idle seconds")
            t.check(found <= FEW, f"{found} exits")
            idle.sendall(b"version\r\0")
            t.check(b"BitVisor" in test_net.read_until(idle, b"> "),
                    "the idle shell does not answer")
        m.type("\n")
        m.wait_exit(30)


def given(dhcp, kind):
    """How many of these messages dnsmasq got or sent."""
    return dhcp.output.read_text().count(f"DHCP{kind}(tap0)")


def held(lease, seconds, frames_each, most):
    """On a silent wire, but for a ping now and then."""
    def whole(t):
        test_net.need_stack()
        make_wire()
        run("sysctl", "-w", "net.ipv6.conf.tap0.disable_ipv6=1")
        with Dnsmasq(t.folder, lease) as dhcp:
            disk = flow.linux_direct(IDLE_LINUX.replace("300", "3000"), "full",
                                     config=CONFIG.replace("@NET@", "ip"))
            with Qemu(t.folder, disk, time_limit=seconds + 150,
                      extra=LOG_EXITS + [
                          "-netdev", "tap,id=net0,ifname=tap0,script=no,"
                          "downscript=no,vnet_hdr=off",
                          "-device", f"e1000e,netdev=net0,mac={MAC},"
                          "romfile="]) as m:
                m.wait_for("^READY", 120)
                address = wait_address(dhcp, CLIENT_ID)
                time.sleep(SETTLED)
                begun = given(dhcp, "DISCOVER")
                begin, idle = time.monotonic(), 0
                while time.monotonic() < begin + seconds:
                    idle += exits_in(m, frames_each)
                    ping(t, address)
            t.say(f"{idle} exits in {seconds} s, {given(dhcp, 'ACK')} ACKs")
            t.check(given(dhcp, "ACK") >= 2, "the lease was not renewed")
            t.equal(given(dhcp, "DISCOVER"), begun, "leases begun")
            t.check(most is None or idle <= most, f"{idle} exits")
    return apart()(whole)


# Half of ten minutes: with the first frame after that.
test("long/net/lease-10-minutes")(held("10m", 420, 60, 7 * FEW))
# The shortest that dnsmasq gives: by the VMM's clock.
test("long/net/lease-2-minutes")(held("2m", 200, 200, None))
