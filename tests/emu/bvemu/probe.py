# SPDX-License-Identifier: BSD-3-Clause
"""Running probe.efi, and comparing what it saw as guest with what it saw
bare.  A difference is an error unless a rule below says why it is meant."""

import re

from . import flow, where
from .machine import Failure
from .qemu import Qemu

LINE = re.compile(r"^PROBE (\S+) ?(.*)$", re.MULTILINE)
MSR_RUN = re.compile(r"msr\.([0-9a-f]{8})-([0-9a-f]{8})$")
NO_SVM = "SVM is hidden"
NO_VMX = "VMX is hidden"


def parse(text):
    """The lines as a dict; runs of MSRs are spread out to single ones."""
    result = {}
    for key, value in LINE.findall(text):
        run = MSR_RUN.match(key)
        if run:
            for index in range(int(run[1], 16), int(run[2], 16) + 1):
                result[f"msr.{index:08x}"] = value
        elif key not in ("begin", "end", "group"):
            if key in result:
                raise Failure(f"probe.efi printed {key} twice")
            result[key] = value
    return result


def steps(groups="", variant=None):
    place = " vmm=%R" if variant else ""
    return [f"\\probe.efi{place} {groups}".rstrip(), ":poweroff"]


def files(groups="", variant=None, config=None):
    return flow.direct(steps(groups, variant), variant,
                       {"probe.efi": where.guest_program("probe")}, config)


def run(folder, groups="", variant=None, config=None, machine=Qemu,
        time_limit=120, **more):
    """One run; the parsed lines."""
    with machine(folder, files(groups, variant, config),
                 time_limit=time_limit, **more) as m:
        end = m.wait_port(r"^PROBE (end|crash.*)$")
        if end[1] != "end":
            m.fail(f"probe.efi: {end[1]}")
        m.wait_exit()
        return parse(m.port.text())


# --- the differences that are meant ---

def words(text):
    return text.split()


def cleared_bits(word, bits):
    """Rule: the guest's value is the bare one, with bits of one of the words
    EAX EBX ECX EDX cleared."""
    def rule(key, bare, guest):
        expected = words(bare)
        expected[word] = f"{int(expected[word], 16) & ~bits:08x}"
        return expected == words(guest)
    return rule


def exactly(text):
    return lambda key, bare, guest: guest == text


def one_of(*texts):
    return lambda key, bare, guest: guest in texts


def anything(key, bare, guest):
    return True


def as_hardware(key, bare, guest):
    """EFER: the emulator ignores what it does not know, where a processor
    raises #GP; either is right."""
    original = "d00"
    return guest in (bare, f"#GP(0) {original}")


def no_flag_svme(key, bare, guest):
    return guest.startswith("#GP(0) ")


def hidden_load(key, bare, guest):
    """What lies inside reads as zeros or ones, what lies outside as bare.
    The fill pattern c3 marks the outside."""
    got, expected = words(guest), words(bare)
    if got[0] != "none" or expected[0] != "none":
        return False
    for g, e in zip(got[1:], expected[1:]):
        inside = {g_byte for g_byte, e_byte in
                  zip(octets(g), octets(e)) if e_byte == "00"}
        outside = [g_byte for g_byte, e_byte in
                   zip(octets(g), octets(e)) if e_byte != "00"]
        if any(byte != "c3" for byte in outside):
            return False
        if inside not in ({"00"}, {"ff"}, set()):
            return False
    return True


def octets(number):
    number = number.zfill(16)
    return [number[i:i + 2] for i in range(0, 16, 2)]


def dropped_store(key, bare, guest):
    """The same but for the inside, which keeps showing zeros or ones."""
    return guest in (bare.replace("inside data", f"inside {what}")
                     for what in ("zeros", "ones"))


def same_but(word, bits):
    """The same for an instruction's outcome, whose first word is "none"."""
    return cleared_bits(word + 1, bits)


def time_stamp(key, bare, guest):
    return bare.endswith("write not-tried") and \
        guest.endswith("write not-tried")


# key, rule, reason
ANY_VENDOR = [
    (r"cpuid\.4000420[0-3]\.\d+", anything, "the BitVisor leaf"),
    (r"efer\.flip-\d+", as_hardware, "reserved bits"),
    (r"insn\.vmmcall\.unknown", exactly("0 1111 2222 3333"), "a hypercall"),
    (r"insn\.vmmcall\.bad-name", exactly("0"), "a hypercall"),
    (r"memory\.neighbours", anything, "what is beside the VMM"),
    (r"memory\.load\..*", hidden_load, "the VMM's memory"),
    (r"memory\.xadd", one_of("old 0 now zeros",
                             "old ffffffffffffffff now ones"),
     "the VMM's memory"),
    (r"memory\.bts", one_of("carry 0 now zeros", "carry 1 now ones"),
     "the VMM's memory"),
    (r"memory\.cmpxchg", one_of("equal 1 now zeros", "equal 1 now ones"),
     "the VMM's memory"),
    (r"memory\.inc-or", one_of("now zeros", "now ones"),
     "the VMM's memory"),
    (r"memory\.[a-z0-9-]+\.(first|middle|page-cross|last|into|out-of)",
     dropped_store, "the VMM's memory"),
    (r"cost\..*", anything, "what the bench measures"),
]
SVM = [
    (r"cpuid\.80000001\.\d+", cleared_bits(2, 1 << 2), NO_SVM),
    (r"cpuid\.8000000a\.\d+",
     exactly("00000000 00000000 00000000 00000000"), NO_SVM),
    (r"msr\.000000fe", one_of("508 write #GP(0)"),
     "MTRRCAP is read-only; the emulator ignores writes"),
    (r"efer\.flip-12", no_flag_svme, NO_SVM),
    (r"msr\.c0010114", one_of("10 write none", "18 write none"),
     "VM_CR: SVM disabled"),
    (r"msr\.c0010117", one_of("0 write none",
                              "#GP(0) write #GP(0)"), NO_SVM),
    (r"insn\.ring0\.vmmcall", exactly("none"), "a hypercall"),
    # The emulator does not mind the LOCK, and exits.
    (r"insn\.ring0\.vmmcall-(66|lock)", one_of("none", "#UD"),
     "a hypercall"),
    (r"insn\.ring3\.vmmcall-(66|lock)", one_of("int-80", "#UD"),
     "a hypercall"),
    # The privilege is checked before the intercept, and hiding this would
    # take an exit for each #GP of the guest.
    (r"insn\.ring3\.(vmrun|vmload|vmsave|stgi|clgi|invlpga|skinit|vmrun-67)",
     exactly("#GP(0)"), "the CPU has SVM enabled"),
]
VMX = [
    (r"cpuid\.00000001\.\d+", cleared_bits(2, 0x60), NO_VMX),
    (r"insn\.mode\.code.*", same_but(2, 0x60), NO_VMX),
    (r"xsetbv\.cpuid-o(n|ff)", cleared_bits(0, 0x60), NO_VMX),
    (r"insn\.ring0\.vmcall", exactly("none"), "a hypercall"),
    (r"insn\.ring3\.vmcall", exactly("int-80"), "a hypercall"),
    (r"msr\.00000010", time_stamp, "the TSC counts"),
    (r"msr\.0000003a", exactly("1 write #GP(0)"), "VMX is off and locked"),
    (r"msr\.0000009b", exactly("#GP(0) write #GP(0)"), NO_VMX),
    (r"msr\.0000048.|msr\.0000049[0-3]", exactly("#GP(0) write #GP(0)"),
     NO_VMX),
    # The emulator takes any MSR for one that is 0.
    (r"msr\.0000056[01]|msr\.0000057[0-2]|msr\.0000058[0-7]",
     exactly("#GP(0) write #GP(0)"), "no Processor Trace"),
]


def compiled(rows):
    return [(re.compile(k), rule) for k, rule, why in rows]


# Where being as bare would be the error: what is hidden shows.
MUST_DIFFER = {
    "svm": ("efer.flip-12", "insn.ring0.vmmcall", "cpuid.80000001.0"),
    "vmx": ("insn.ring0.vmcall", "cpuid.00000001.0", "msr.00000480"),
}
DIFFERENCES = {"svm": compiled(SVM + ANY_VENDOR),
               "vmx": compiled(VMX + ANY_VENDOR)}


def explained(key, bare, guest, vendor):
    for pattern, rule in DIFFERENCES[vendor]:
        if pattern.fullmatch(key):
            return rule(key, bare, guest)
    return False


def may_be_missing(key, guest):
    """Subleaves of the BitVisor leaf; edges of the VMM's memory that cannot
    be tried, as there is no memory beside them."""
    beside = words(guest.get("memory.neighbours", "1 1"))
    return (key.startswith("cpuid.4000420") or
            key.endswith(".into") and beside[0] == "0" or
            key.endswith(".out-of") and beside[1] == "0")


def may_be_new(key):
    return key.startswith(("insn.vmmcall.", "cpuid.4000420",
                           "cpuid.8000000a."))


def compare(bare, guest, vendor="svm"):
    """The differences that no rule explains, as text."""
    wrong = []
    for key in sorted(set(bare) | set(guest)):
        b, g = bare.get(key), guest.get(key)
        if b is None:
            if not may_be_new(key) or not explained(key, "", g, vendor):
                wrong.append(f"{key}: only as guest: {g}")
        elif g is None:
            if not may_be_missing(key, guest):
                wrong.append(f"{key}: only bare: {b}")
        elif (b != g or must_differ(key, vendor)) and \
                not explained(key, b, g, vendor):
            wrong.append(f"{key}\n    bare  {b}\n    guest {g}")
    return wrong


def must_differ(key, vendor):
    """Memory of the VMM that can be written would be an error, too."""
    return key.startswith("memory.") and not key.startswith(
        ("memory.neighbours", "memory.frame", "memory.fxsave",
         "memory.xsave", "memory.every", "memory.flood")) or \
        key in MUST_DIFFER[vendor]
