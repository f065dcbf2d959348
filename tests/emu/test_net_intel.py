# SPDX-License-Identifier: BSD-3-Clause
"""The shared NIC on the Intel machine: Bochs' e1000, an 82540EM without MSI.
It takes minutes."""

import socket
import threading

from bvemu import flow, linux
from bvemu.apart import apart
from bvemu.bochs import Bochs
from bvemu.case import Skip, test
from test_intel import need_bochs, with_tables
from test_net import CONFIG, STACK_LINES, check_guest, need_stack

DOWNLOAD = 256 << 10
WORK = """
@MODPROBE@
net @MODULE@
echo "BOUND $(basename $(readlink /sys/class/net/eth0/device/driver))"
wget -q -O - @URL@ | sha256sum | sed 's/^/SHA256 /'
ping -c 3 -q 10.0.2.9
(sleep 3; echo version; sleep 5; echo exit; sleep 5) | nc 10.0.2.9 23
echo READY
"""


def receiver(lines):
    """The receiver of syslog at port 514 of 127.0.0.1, the guest's 10.0.2.2."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.bind(("127.0.0.1", 514))
    except OSError as reason:
        raise Skip(f"UDP port 514: {reason}") from reason

    def receive():
        while True:
            lines.append(s.recv(2000).decode())
    threading.Thread(target=receive, daemon=True).start()


def steps(t, net, virtio, url):
    script = WORK
    for name, value in (
            ("URL", url), ("MODPROBE", "modprobe virtio_pci" if virtio
                           else ""),
            ("MODULE", "virtio_net" if virtio else "e1000")):
        script = script.replace(f"@{name}@", value)
    files = flow.direct(["\\acpitables.efi", flow.LOADVMM,
                         linux.boot_line(more="nokaslr")],
                        files=linux.boot_files(script))
    files.update(flow.vmm_files("full", CONFIG.replace(
        "@NET@", net).replace("@VIRTIO@", str(virtio))))
    return with_tables(files)


def shared(net, virtio):
    def run(t):
        need_bochs()
        need_stack()
        lines = []
        receiver(lines)
        with linux.Server(DOWNLOAD) as server, \
                Bochs(t.folder, steps(t, net, virtio, server.url),
                      memory=512, nic="e1000", time_limit=1500) as m:
            m.wait_for("^GUEST init")
            m.wait_for("^GUEST address 10.0.2")
            m.wait_for("^READY")
            m.wait_exit(60)
            text = m.serial.text()
            check_guest(t, m, server, "virtio_net" if virtio else "e1000")
        wanted = ["Using VMX.", "Starting a virtual machine."]
        if virtio:
            t.check("3 packets received" in text,
                    "the guest's pings to the VMM are lost")
            t.check("BitVisor 0" in text, "no answer to 'version'")
            wanted += STACK_LINES
        for line in wanted:
            t.check(f"bitvisor:{line}\n" in lines,
                    f"no '{line}' among {lines}")
    return apart(needed=False)(run)


test("long/net/intel-ippass-virtio1")(shared("ippass", 1))
test("long/net/intel-pass-virtio0")(shared("pass", 0))
