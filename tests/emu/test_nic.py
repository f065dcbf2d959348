# SPDX-License-Identifier: BSD-3-Clause
"""The drivers of network cards on emulated ones, without the VMM."""

import struct

from bvemu import flow, where
from bvemu.case import test
from bvemu.qemu import Qemu

PARTS = ("link", "arp", "checksum", "segments", "kick", "after reset",
         "passed")


def frames(path):
    """The frames of a capture file."""
    data, at = path.read_bytes(), 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def ones_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def check_segments(t, path):
    """What nic.efi gave the card as one TCP segment of 10000 bytes.  The
    model of e1000e makes IP fragments of it for a network that does not
    segment itself; that of e1000 makes TCP segments."""
    payload = {}
    for f in frames(path):
        if f[12:14] != b"\x08\0" or f[23] != 6 or f[26:30] != b"\n\0\2\x0f":
            continue
        length, _, where_to = struct.unpack_from(">HHH", f, 16)
        t.equal(ones_sum(f[14:34]), 0xffff, "sum of an IP header")
        part = f[34:14 + length]
        if where_to:
            payload[(where_to & 0x1fff) * 8] = part
            continue
        pseudo = f[26:34] + struct.pack(">HH", 6, len(part))
        t.equal(ones_sum(pseudo + part), 0xffff, "sum of a segment")
        payload[struct.unpack_from(">I", part, 4)[0] + 20] = part[20:]
    whole = b"".join(payload[k] for k in sorted(payload))[-10000:]
    t.equal(whole, bytes(i & 255 for i in range(10000)), "payload")


def register(model):
    @test(f"nic/{model}")
    def card(t):
        extra = ["-object",
                 "filter-dump,id=dump,netdev=net0,file=frames.pcap"]
        files = flow.direct(["\\nic.efi", ":poweroff"], flow.BARE,
                            {"nic.efi": where.guest_program("nic")})
        with Qemu(t.folder, files, memory=512, nic=model, extra=extra) as m:
            m.wait_port(r"^nic: end$")
            m.wait_exit()
            text = m.port.text()
        for part in PARTS:
            t.check(f"nic: {part}: ok\n" in text, f"{part} failed:\n{text}")
        t.check("FAILED" not in text, text)
        check_segments(t, t.folder / "frames.pcap")


for each in ("e1000e", "e1000"):
    register(each)
