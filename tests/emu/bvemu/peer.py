# SPDX-License-Identifier: BSD-3-Clause
"""The only other station on the wire: frames as datagrams between QEMU and
the test, which makes them itself.  Use as a context manager."""

import socket
import struct
import time

from . import frames
from .qemu import MAC

OWN_MAC = bytes.fromhex("020000000007")
NIC_MAC = bytes.fromhex(MAC.replace(":", ""))
ALL = b"\xff" * 6
IP, VMM = bytes((192, 168, 88, 1)), bytes((192, 168, 88, 9))
CAPTURE = "wire.pcap"


def closing(data):
    """The checksum that makes data right."""
    return struct.pack(">H", 0xffff - frames.ones_sum(data))


def ipv4(protocol, data, source=IP):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 0, 0, 64,
                       protocol, 0, source, VMM)
    return head[:10] + closing(head) + head[12:] + data


def echo_request(number, source=IP):
    data = struct.pack(">BBHHH", 8, 0, 0, 0x4256, number) + bytes(48)
    return ipv4(frames.ICMP, data[:2] + closing(data) + data[4:], source)


def tcp(port, to, flags, seq=1000, ack=0):
    data = struct.pack(">HHIIBBHHH", port, to, seq, ack, 0x50, flags, 8192,
                       0, 0)
    pseudo = IP + VMM + struct.pack(">II", len(data), frames.TCP)
    return ipv4(frames.TCP, data[:16] + closing(pseudo + data) + data[18:])


class Peer:
    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            self.to = other.getsockname()
        return self

    def __exit__(self, *_):
        self.socket.close()

    def arguments(self, nic):
        """For QEMU: a NIC on this wire, and a capture of what is on it.  The
        capture's times are those of the machine's own clock."""
        own = "%s:%d" % self.socket.getsockname()
        return ["-netdev", f"socket,id=net0,udp={own},"
                           "localaddr=%s:%d" % self.to,
                "-device", f"{nic},netdev=net0,mac={MAC},romfile=",
                "-object", f"filter-dump,id=wire,netdev=net0,file={CAPTURE}"]

    def send(self, kind, data, to=NIC_MAC):
        frame = to + OWN_MAC + struct.pack(">H", kind) + data
        self.socket.sendto(frame + bytes(max(0, 60 - len(frame))), self.to)

    def arp(self, operation, to_mac, to_ip):
        self.send(0x0806, struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation)
                  + OWN_MAC + IP + to_mac + to_ip, ALL)

    def wait(self, wanted, seconds):
        """Answer ARP until a frame comes that wanted(EtherType, content)
        accepts.  False: none has come."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                kind, _, p = frames.content(self.socket.recv(4096))
            except TimeoutError:
                break
            if kind == 0x0806 and p[7] == 1 and p[24:28] == IP:
                self.arp(2, p[8:14], p[14:18])
            if wanted(kind, p):
                return True
        return False

    def ping(self, number, seconds=20):
        """An echo request to the VMM, and its answer; False: there is none."""
        self.send(0x0800, echo_request(number))
        return self.wait(
            lambda kind, p: kind == 0x0800 and p[9] == frames.ICMP and
            p[20] == 0 and p[24:28] == struct.pack(">HH", 0x4256, number),
            seconds)
