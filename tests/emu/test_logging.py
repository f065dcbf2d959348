# SPDX-License-Identifier: BSD-3-Clause
"""The variant that only logs: what the VMM says goes out by a NIC that the
guest uses, too."""

from bvemu import flow, linux
from bvemu.case import test
from bvemu.qemu import Qemu
from test_net import SYSLOG_LINES, check_syslog

CONFIG = """
vmm.driver.pci = driver=pro1000, net=pass, tty=1, virtio=1
vmm.tty_mac_address = 52:55:0a:00:02:02
vmm.tty_syslog.enable = 1
vmm.tty_syslog.src_ipaddr = 10.0.2.9
vmm.tty_syslog.dst_ipaddr = 10.0.2.2
"""
SCRIPT = """
modprobe virtio_pci
net virtio_net
echo "BOUND $(basename $(readlink /sys/class/net/eth0/device/driver))"
wget -q -O - @URL@ | sha256sum | sed 's/^/SHA256 /'
"""
DOWNLOAD = 1 << 20


@test("net/logging")
def logging(t):
    with linux.Server(DOWNLOAD) as server:
        disk = flow.linux_direct(SCRIPT.replace("@URL@", server.url),
                                 "logging", config=CONFIG)
        with Qemu(t.folder, disk, nic="e1000e", time_limit=200,
                  extra=["-object", "filter-dump,id=wire,netdev=net0,"
                         "file=wire.pcap"]) as m:
            m.wait_exit()
            text = m.serial.text()
        t.check("BOUND virtio_net" in text, "the driver is not virtio_net")
        t.check(f"SHA256 {server.sha256}" in text,
                "checksum of the download")
    check_syslog(t, t.folder / "wire.pcap", SYSLOG_LINES)
