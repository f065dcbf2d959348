# SPDX-License-Identifier: BSD-3-Clause
"""Boot flows: what the test disk does when the firmware starts it."""

from . import linux, where

BOOT = "EFI/BOOT/BOOTX64.EFI"
# Variants that every boot test runs under; None is the bare machine.
BARE = None
VARIANTS = ("minimal", "full")
ALL = (BARE,) + VARIANTS
LOADVMM = "\\bitvisor\\loadvmm.efi"


def label(variant):
    return variant or "bare"


def vmm_files(variant, config=None):
    """The folder bitvisor of the guide's USB stick."""
    if not variant:
        return {}
    files = {"bitvisor/loadvmm.efi": where.built("loadvmm.efi"),
             "bitvisor/bitvisor.elf": where.vmm_image(variant)}
    if config is not None:
        files["bitvisor/bitvisor.conf"] = config
    return files


def direct(steps, variant=BARE, files=None, config=None):
    """Files of a disk that runs steps (see tests/guest/flow.c), under a
    variant of the VMM if one is given."""
    if variant:
        steps = [LOADVMM] + list(steps)
    result = {BOOT: where.guest_program("flow"),
              "flow.txt": "\n".join(steps) + "\n"}
    result.update(vmm_files(variant, config))
    result.update(files or {})
    return result


def same_state(m):
    """The steps ":state", LOADVMM, ":state" came by on the machine: the guest
    goes on with the firmware's own registers."""
    before = m.wait_port(r"^FLOW state (.*)$")[1]
    m.wait_port(r"^FLOW status 0$")
    after = m.wait_port(r"^FLOW state (.*)$")[1]
    if before != after or "cr0 80" not in before:
        m.fail(f"the firmware's registers\n{before}\nbecame\n{after}")


def shell(lines, variant=BARE, files=None, config=None):
    """Files of a disk for the guide's way: the firmware's shell runs
    startup.nsh.  lines: what comes after the VMM was loaded."""
    script = ["fs0:"]
    if variant:
        script += ["cd bitvisor", "loadvmm.efi", "cd .."]
    script += lines
    result = {"startup.nsh": "\r\n".join(script) + "\r\n"}
    result.update(vmm_files(variant, config))
    result.update(files or {})
    return result


def linux_direct(script, variant=BARE, end="poweroff", command_line="",
                 files=None, config=None):
    """Files of a disk that boots Linux, which then runs script."""
    return direct([linux.boot_line(end, command_line)], variant,
                  linux.boot_files(script, files), config)
