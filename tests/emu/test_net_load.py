# SPDX-License-Identifier: BSD-3-Clause
"""Much of everything through the shared NIC, with every byte checked, and the
VMM's memory compared before and after."""

import re
import socket
import struct
import threading
import time

import test_net
from bvemu import netload, telnet, where
from bvemu.case import test

CONFIG = test_net.CONFIG.replace("@NET@", "ippass").replace("@VIRTIO@", "1")
BURST = 1000
SEGMENTS = 728  # of QEMU's 1440 bytes in a MiB
CLIENTS = 4     # at a time
REFUSAL = 20    # seconds until a connection must have been served


def machine(t, port, image=None, **options):
    test_net.need_stack()
    return netload.Guest(t.folder, "full", "virtio_net", CONFIG, image=image,
                         hostfwd=[f"tcp:127.0.0.1:{port}-10.0.2.9:23"],
                         **options)


def visit(port, command):
    """One session: banner, a command, exit; what a terminal shows."""
    text = b""
    with socket.create_connection(("127.0.0.1", port), REFUSAL) as s:
        for line in (command, "exit"):
            while not text.endswith(b"> "):
                more = s.recv(4096)
                if not more:
                    raise AssertionError(f"the shell hung up: {text}")
                text += more
            s.sendall(line.encode() + b"\r\0")
            text += b" "    # the next prompt is another
        while True:
            more = s.recv(4096)
            if not more:
                return text.decode("latin-1")
            text += more


def memory(port):
    """Pages of the pool that are free, bytes of lwIP's heap that are used."""
    text = visit(port, "mem") + visit(port, "net")
    free = re.search(r"\((\d+) KiB\) free", text)
    used = re.search(r"heap\s+(\d+) of", text)
    if not free or not used:
        raise AssertionError(f"answers to mem and net: {text}")
    return int(free[1]), int(used[1])


def settled_memory(port, wanted):
    """Closed connections keep some memory for two minutes (TIME-WAIT)."""
    end = time.monotonic() + 150
    while True:
        found = memory(port)
        if found[0] == wanted[0] and found[1] <= wanted[1]:
            return found
        if time.monotonic() > end:
            return found
        time.sleep(5)


def move(mib, smp, time_limit):
    def run(t):
        port = telnet.free_port()
        with netload.Server() as server, \
                machine(t, port, smp=smp, time_limit=time_limit) as m:
            m.ready()
            before = memory(port)
            for what in ("get", "put"):
                seconds, _, _ = m.move(what, server, mib)
                t.say(f"{what}: {mib} MiB in {seconds:.1f} s")
            merged = re.search(r"merged (\d+) into (\d+)",
                               visit(port, "net"))
            after = settled_memory(port, before)
            text = m.serial.text()
            m.leave()
        t.equal(after, before, "memory (pool free, heap used), KiB")
        t.say(f"{merged[1]} frames were merged into {merged[2]}")
        t.check(int(merged[1]) > SEGMENTS * mib // 2,
                "less than half of the download was merged")
        t.check("NMI received" not in text, "an NMI of the NIC came through")
    return run


test("net/load")(move(16, 2, 200))
test("long/net/gigabyte")(move(1024, 2, 1500))


def visits(t, port, count):
    """Count sessions, CLIENTS at a time; the failures."""
    failures, left = [], iter(range(count))
    lock = threading.Lock()

    def client():
        while True:
            with lock:
                n = next(left, None)
            if n is None or len(failures) > 3:
                return
            try:
                if "BitVisor" not in visit(port, "version"):
                    failures.append(f"session {n}: no answer to 'version'")
            except (OSError, AssertionError) as reason:
                failures.append(f"session {n}: {reason}")

    begin = time.monotonic()
    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    t.say(f"{count} sessions in {time.monotonic() - begin:.0f} s")
    return failures


def connects(count, time_limit):
    def run(t):
        port = telnet.free_port()
        with machine(t, port, time_limit=time_limit) as m:
            m.ready()
            before = memory(port)
            failures = visits(t, port, count)
            after = settled_memory(port, before)
            alive = "2 packets received" in m.do("ping -c 2 -q 10.0.2.9")
            m.leave()
        t.check(not failures, "; ".join(failures))
        t.equal(after, before, "memory (pool free, heap used), KiB")
        t.check(alive, "the guest's pings to the VMM are lost")
    return run


test("long/net/telnet")(connects(6000, 1500))
test("long/net/telnet-24000")(connects(24000, 6000))


def syslog_texts(capture):
    """Lines in the datagrams of a capture file (pcap, Ethernet)."""
    data, at, found = capture.read_bytes(), 24, []
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        if frame[12:14] == b"\x08\x00" and frame[23:24] == b"\x11" and \
                frame[36:38] == struct.pack(">H", 514):
            found.append(frame[42:].decode("ascii").rstrip("\n"))
    return found


@test("net/burst")
def burst(t):
    """1000 lines within one exit all arrive, in order, once."""
    port = telnet.free_port()
    files = {"burst": where.built("tests/emu/burst.prog",
                                  "make guest-programs")}
    image = where.built("tests/emu/netlab.elf", "make guest-programs")
    with machine(t, port, image, programs=files,
                 extra=["-object", "filter-dump,id=wire,netdev=net0,"
                        "file=wire.pcap"], time_limit=200) as m:
        m.ready()
        for _ in range(2):
            t.check("BURST done" in m.do(f"/burst {BURST}"), "no hypercall")
            m.do("sleep 1")
        m.leave()
    lines = [line for line in syslog_texts(t.folder / "wire.pcap")
             if "burst" in line or "lost" in line]
    expected = [f"bitvisor:burst {i}" for i in range(BURST)] * 2
    t.equal(len(lines), len(expected), "lines on the wire")
    for got, wanted in zip(lines, expected):
        t.equal(got, wanted, "line on the wire")


@test("net/server-ends")
def server_ends(t):
    """The server of these tests takes no connection after its end."""
    with netload.Server() as server:
        pass
    t.check(not server.thread.is_alive(), "it still waits for connections")
    try:
        socket.create_connection(("127.0.0.1", server.port), 1).close()
    except ConnectionRefusedError:
        return
    t.check(False, "it is still connected to")
