# SPDX-License-Identifier: BSD-3-Clause
"""A private rsyslogd with the guide's configuration, in the two syntaxes that
the guide gives.  It has nothing to do with the system's."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from . import apart
from .case import Skip
from .machine import Failure, Log, die_with_parent

# What the guide adds to /etc/rsyslog.conf, and its 10-bitvisor.conf.
RECEPTION = {
    "legacy": """\
# provides UDP syslog reception (Legacy format)
$ModLoad imudp
$UDPServerRun 514
""",
    "new": """\
# Read syslog messages from UDP
module(load="imudp")
input(type="imudp" port="514")
"""}
REDIRECTION = {
    "legacy": """\
:syslogtag,isequal,"bitvisor:" /var/log/bitvisor.log
& ~
""",
    "new": """\
:syslogtag, isequal, "bitvisor:" {
	action(type="omfile" file="/var/log/bitvisor.log")
	stop
}
"""}
# The rest of Debian's: where its own files are, the form of lines, the files
# of what no rule took.
REST = """
$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat
$WorkDirectory @FOLDER@
$IncludeConfig @FOLDER@/rsyslog.d/*.conf
*.* @FOLDER@/rest.log
"""


class Rsyslogd:
    """Use as a context manager.  log: the file bitvisor.log; rest: what went
    by the guide's rule."""

    def __init__(self, folder, syntax):
        self.folder, self.syntax = Path(folder).resolve(), syntax
        self.log = Log("bitvisor.log", self.folder / "bitvisor.log")
        self.rest = Log("rest.log", self.folder / "rest.log")

    def configure(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "rsyslog.d").mkdir(parents=True)
        main = self.folder / "rsyslog.conf"
        main.write_text(RECEPTION[self.syntax] +
                        REST.replace("@FOLDER@", str(self.folder)))
        (self.folder / "rsyslog.d/10-bitvisor.conf").write_text(
            REDIRECTION[self.syntax].replace("/var/log", str(self.folder)))
        return main

    def __enter__(self):
        program = shutil.which("rsyslogd", path="/usr/sbin:/sbin:/usr/bin")
        if not program:
            raise Skip("rsyslogd is not installed: package rsyslog")
        if not apart.port_is_free(socket.SOCK_DGRAM, 514):
            raise Skip("UDP port 514 is taken, or for root only")
        main = self.configure()
        with open(self.folder / "rsyslogd.out", "wb") as output:
            self.process = subprocess.Popen(
                [program, "-n", "-f", main, "-i", self.folder / "pid"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=die_with_parent)
        end = time.monotonic() + 20
        while apart.port_is_free(socket.SOCK_DGRAM, 514):
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise Failure("rsyslogd does not receive:\n" +
                              (self.folder / "rsyslogd.out").read_text())
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
