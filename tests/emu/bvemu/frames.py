# SPDX-License-Identifier: BSD-3-Clause
"""Checksums of the frames of a capture file (pcap, Ethernet), VLAN tags,
fragments and IPv6 included."""

import struct
from collections import Counter

FRAGMENTS = 0x3fff      # more fragments, or an offset
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58


def timed(path):
    """(microseconds, frame) of each frame, in their order."""
    data, at = path.read_bytes(), 24
    while at + 16 <= len(data):
        seconds, usec, size = struct.unpack_from("<III", data, at)
        if at + 16 + size > len(data):
            break       # it is being written
        yield seconds * 1000000 + usec, data[at + 16:at + 16 + size]
        at += 16 + size


def frames(path):
    for _, frame in timed(path):
        yield frame


def ones_sum(data):
    """RFC 1071; 0xffff if a checksum within makes it right."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def content(frame):
    """(EtherType, number of VLAN or None, what follows)."""
    kind, vlan, at = struct.unpack_from(">H", frame, 12)[0], None, 14
    if kind == 0x8100:
        vlan, kind = struct.unpack_from(">HH", frame, 14)
        vlan, at = vlan & 0xfff, 18
    return kind, vlan, frame[at:]


class Checker:
    """add() the frames of one sender.  good: counts by name, bad: texts."""

    def __init__(self):
        self.good, self.bad, self.parts = Counter(), [], {}

    def judge(self, name, source, right):
        if right:
            self.good[name, source] += 1
        else:
            self.bad.append(f"{name} of {source}")

    def segment(self, protocol, source, addresses, data):
        """What IP carries, whole."""
        names = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMP6: "icmp6"}
        if protocol not in names:
            return
        if protocol == UDP and len(addresses) == 8 and data[6:8] == b"\0\0":
            self.good["udp without", source] += 1       # RFC 768
            return
        if protocol != ICMP:
            data += bytes(len(data) % 2) + addresses + \
                struct.pack(">II", len(data), protocol)
        self.judge(names[protocol], source, ones_sum(data) == 0xffff)

    def ipv4(self, p):
        head, total = (p[0] & 15) * 4, struct.unpack_from(">H", p, 2)[0]
        source = ".".join(map(str, p[12:16]))
        self.judge("ip", source, ones_sum(p[:head]) == 0xffff)
        flags, data = struct.unpack_from(">H", p, 6)[0], p[head:total]
        if flags & FRAGMENTS:
            data = self.fragment(p[4:6] + p[9:10] + p[12:20], flags, data)
        if data is not None:
            self.segment(p[9], source, p[12:20], data)

    def fragment(self, key, flags, data):
        """The datagram, once all of it is there in its order."""
        got = self.parts.setdefault(key, b"") if flags & 0x1fff else b""
        if len(got) != (flags & 0x1fff) * 8:
            return None
        self.parts[key] = got + data
        return None if flags & 0x2000 else self.parts.pop(key)

    def ipv6(self, p):
        length, following = struct.unpack_from(">HB", p, 4)
        source, at = p[8:24].hex(":", 2), 40
        while following in (0, 60):     # options (RFC 8200, section 4)
            following, size = p[at], p[at + 1]
            at += 8 + size * 8
        self.segment(following, source, p[8:40], p[at:40 + length])

    def add(self, frame):
        kind, vlan, p = content(frame)
        if vlan is not None:
            self.good["vlan", vlan] += 1
        if kind == 0x0800:
            self.ipv4(p)
        elif kind == 0x86dd:
            self.ipv6(p)
        elif kind == 0x0806:
            self.good["arp", ".".join(map(str, p[14:18]))] += 1


def check(path, mac):
    """A Checker with all frames that mac sent."""
    checker, mac = Checker(), bytes.fromhex(mac.replace(":", ""))
    for frame in frames(path):
        if frame[6:12] == mac:
            checker.add(frame)
    return checker
