# SPDX-License-Identifier: BSD-3-Clause
"""How soon the VMM's stack answers, and whether its timers are in time, while
the guest idles, hangs with interrupts off, or has panicked.

The machine's clock is that of -icount: time goes by with the instructions
that are executed, 8 ns each, and while there are none leaps to what is due
next; the capture of the wire has its times.  What the host does besides does
not count."""

import struct

import test_net
from bvemu import flow, frames, peer, where
from bvemu.case import test
from bvemu.machine import Failure
from bvemu.qemu import Qemu

CONFIG = """
vmm.driver.pci = driver=pro1000, net=ippass, virtio=1
ip.ipaddr = 192.168.88.9
ip.netmask = 255.255.255.0
vmm.telnet_dbgsh = 1
vmm.dbgsh_allow = 192.168.88.0/24
"""
SCRIPT = """
modprobe virtio_pci
modprobe virtio_net
ifconfig eth0 192.168.88.2 up
echo 0 >/proc/sys/kernel/panic
echo READY
read -r _ </dev/ttyS0
echo PANICS
echo c >/proc/sysrq-trigger
"""
CLOCK = "shift=3,sleep=off"
PINGS = 40
LATE = 5000             # microseconds from a frame's arrival to the answer
SYN, RST, ACK = 2, 4, 16    # flags of TCP
TCP_TICK = 500000       # of lwIP's slow timer
ARP_TICK = 1000000


def machine(t, wire, disk, nic, smp=1, clock=CLOCK):
    test_net.need_stack()
    return Qemu(t.folder, disk, smp=smp, icount=clock, time_limit=300,
                extra=wire.arguments(nic))


def answer_times(t, what, first):
    """Of the pings from number first on: microseconds until the answer."""
    asked, took = {}, []
    for usec, frame in frames.timed(t.folder / peer.CAPTURE):
        kind, _, p = frames.content(frame)
        if kind != 0x0800 or p[9] != frames.ICMP:
            continue
        number = struct.unpack_from(">H", p, 26)[0]
        if p[20] == 8 and number >= first:
            asked[number] = usec
        elif p[20] == 0 and number in asked:
            took.append(usec - asked.pop(number))
    t.equal(len(took), PINGS, f"answers while the guest {what}")
    return sorted(took)


def check_answers(t, wire, what, first, of=PINGS):
    """Pings from number first on are answered in time; so many of them."""
    t.check(wire.ping(0), f"no answer while the guest {what}")
    for number in range(first, first + PINGS):
        t.check(wire.ping(number), f"no answer while the guest {what}")
    took = answer_times(t, what, first)
    t.say(f"the guest {what}: answers after {took[PINGS // 2]} us, at most "
          f"{took[-1]} us")
    t.check(took[of - 1] < LATE,
            f"answers while the guest {what}: {took} us")


def repeated(t, wire, what, wanted, count):
    """Microseconds of the captured frames that wanted(EtherType, content)
    accepts; so many come, for want of an answer."""
    for n in range(count):
        t.check(wire.wait(wanted, 60), f"{n} {what}s")
    times = []
    for usec, frame in frames.timed(t.folder / peer.CAPTURE):
        kind, _, p = frames.content(frame)
        if wanted(kind, p):
            times.append(usec)
    t.say(f"{what}s after {[usec - times[0] for usec in times]} us")
    return times


def check_ticks(t, times, tick):
    """From the second on they come at ticks of a timer; when that began does
    not matter."""
    for usec in times[2:]:
        off = (usec - times[1]) % tick
        t.check(min(off, tick - off) < LATE, f"not at a tick: {times}")


def greeting(t, wire, port):
    """Open a connection to the shell: microseconds from the acknowledgement
    that does so to the shell's first word."""
    got = []

    def segment(kind, p):
        mine = kind == 0x0800 and p[9] == frames.TCP and \
            p[22:24] == struct.pack(">H", port)
        if mine:
            got.append(struct.unpack_from(">I", p, 24)[0] + 1)
        return mine

    wire.send(0x0800, peer.tcp(port, 23, SYN))
    t.check(wire.wait(segment, 60), "no SYN-ACK")
    wire.send(0x0800, peer.tcp(port, 23, ACK, 1001, got[0]))
    t.check(wire.wait(segment, 60), "no greeting")
    wire.send(0x0800, peer.tcp(port, 23, RST, 1001))
    asked = None
    for usec, frame in frames.timed(t.folder / peer.CAPTURE):
        kind, _, p = frames.content(frame)
        if kind != 0x0800 or p[9] != frames.TCP:
            continue
        if p[20:22] == struct.pack(">H", port) and p[33] == ACK:
            asked = usec
        elif asked and p[22:24] == struct.pack(">H", port):
            return usec - asked
    raise Failure("no greeting in the capture")


def check_shell(t, wire):
    took = sorted(greeting(t, wire, 5000 + n) for n in range(PINGS))
    t.say(f"the shell: {took[PINGS // 2]} us, at most {took[-1]} us")
    t.check(took[-1] < LATE, f"the shell: {took} us")


def check_tcp(t, wire, port):
    """A SYN-ACK that nobody acknowledges is sent again, after 3 and 6 s."""
    wire.send(0x0800, peer.tcp(port, 23, SYN))
    times = repeated(t, wire, "SYN-ACK", lambda kind, p: kind == 0x0800 and
                     p[9] == frames.TCP and p[33] == SYN | ACK and
                     p[22:24] == struct.pack(">H", port), 3)
    t.check(times[1] - times[0] < 8 * TCP_TICK, f"repeated late: {times}")
    check_ticks(t, times, TCP_TICK)


def check_arp(t, wire, last):
    """An answer to somebody whose MAC address nobody tells: asked for each
    second."""
    source = peer.IP[:3] + bytes([last])
    wire.send(0x0800, peer.echo_request(1, source))
    times = repeated(t, wire, "ARP request", lambda kind, p: kind == 0x0806 and
                     p[24:28] == source, 3)
    t.check(times[2] - times[0] < 3 * ARP_TICK, f"repeated late: {times}")
    check_ticks(t, times, ARP_TICK)


def spinning():
    return flow.direct([":stall 500", "\\spin.efi"], "full",
                       {"spin.efi": where.guest_program("spin")}, CONFIG)


def hangs(nic):
    def run(t):
        with peer.Peer() as wire, machine(t, wire, spinning(), nic) as m:
            m.wait_port("^SPIN 1$", 120)
            check_answers(t, wire, "hangs with interrupts off", 1)
            check_shell(t, wire)
            check_arp(t, wire, 77)
            check_tcp(t, wire, 4000)
    return run


def hang_all(t):
    """With several processors -icount gives each its turn only when another's
    is over, so this is by the host's clock: of the answers those count that
    found the emulator running."""
    with peer.Peer() as wire, \
            machine(t, wire, spinning(), "e1000e", 4, None) as m:
        m.wait_port("^SPIN 4$", 120)
        check_answers(t, wire, "hangs on all processors", 1, PINGS // 8)


def linux(nic):
    def run(t):
        disk = flow.linux_direct(SCRIPT, "full", config=CONFIG)
        with peer.Peer() as wire, machine(t, wire, disk, nic) as m:
            m.wait_for("^READY", 280)
            check_answers(t, wire, "idles", 1)
            check_arp(t, wire, 77)
            m.type("\n")
            m.wait_for("^PANICS", 20)
            m.wait_for("end Kernel panic - not syncing", 60)
            check_answers(t, wire, "has panicked", 1000)
            check_arp(t, wire, 78)
    return run


test("net/time-hangs")(hangs("e1000e"))
test("long/net/time-hangs-intx")(hangs("e1000"))
test("long/net/time-hangs-4-cpus")(hang_all)
test("net/time-linux")(linux("e1000e"))
test("long/net/time-linux-intx")(linux("e1000"))
