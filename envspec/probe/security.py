"""What guards the host, and what stands in a driver's way: SELinux, FIPS, fapolicyd, secure boot, headers."""

from __future__ import annotations

import re

import msgspec

from envspec.probe.facts import Fact, absent, known, unknown
from envspec.probe.items import Items
from envspec.probe.shown import plain

_SERVICES = "command:systemctl is-active fapolicyd nvidia-fabricmanager nvidia-persistenced"
_STATES = {
    "active",
    "inactive",
    "failed",
    "activating",
    "deactivating",
    "reloading",
    "unknown",
    "maintenance",
}


class _SecureBoot(msgspec.Struct, frozen=True):
    efi: bool | None = None
    value: int | None = None
    error: str = ""


class _Headers(msgspec.Struct, frozen=True):
    build: str = ""


class _Device(msgspec.Struct, frozen=True):
    path: str = ""
    read: bool | None = None
    write: bool | None = None


def read_selinux(items: Items) -> Fact[str]:
    """``enforcing``, ``permissive`` or ``disabled``, as it is now and not as it will be after a boot."""
    enforce = items.text("file:/sys/fs/selinux/enforce")
    if enforce.state == "absent":
        return known("disabled", enforce.how)
    word = {"1": "enforcing", "0": "permissive"}.get((enforce.value or "").strip())
    if word is not None:
        return known(word, enforce.how)
    return unknown(enforce.how, enforce.why or "it is neither 0 nor 1")


def read_fips(items: Items) -> Fact[bool]:
    """Whether the kernel is in FIPS mode; one without the file can't be."""
    return _switch(items.text("file:/proc/sys/crypto/fips_enabled"))


def read_fapolicyd(items: Items) -> Fact[bool]:
    """Whether fapolicyd runs: by systemd, else by the folder it makes while it runs."""
    service = _service(items, 0)
    if service.is_known:
        return service
    traces = items.value("call:traces", dict[str, str])
    trace = traces.need().get("/run/fapolicyd", "") if traces.is_known else ""
    if trace in ("folder", "absent"):
        return known(trace == "folder", "/run/fapolicyd")
    return service


def read_fabric_manager_active(items: Items) -> Fact[bool]:
    """Whether nvidia-fabricmanager runs."""
    return _service(items, 1)


def read_secure_boot(items: Items) -> Fact[bool]:
    """Whether only signed kernel modules load; a host that a BIOS started has no secure boot."""
    said = items.value("call:secure-boot", _SecureBoot)
    if not said.is_known:
        return unknown(said.how, said.why)
    value = said.need()
    if value.efi is False:
        return known(False, "no EFI")
    if value.value in (0, 1):
        return known(value.value == 1, "the EFI variable SecureBoot")
    return unknown("the EFI variable SecureBoot", plain(value.error, 60) or "it is neither 0 nor 1")


def read_kernel_headers(items: Items) -> Fact[bool]:
    """Whether the running kernel's headers are there, which a module is built with."""
    headers = items.value("call:kernel-headers", _Headers)
    word = headers.need().build if headers.is_known else ""
    how = "/lib/modules/RELEASE/build"
    if word in ("folder", "broken-link", "absent"):
        return Fact("known", word == "folder", how, "a broken link" if word == "broken-link" else "")
    return unknown(how, headers.why or plain(word, 60) or "the evidence doesn't say")


def read_gpu_devices_usable(items: Items) -> Fact[bool]:
    """Whether this user may read and write every device file of the GPUs that a program opens."""
    value = items.value("call:devices", tuple[_Device, ...])
    if not value.is_known:
        return Fact(value.state, None, "/dev/nvidia*", value.why)
    form = re.compile(r"/dev/(?:nvidia[0-9]{1,3}|nvidiactl|nvidia-uvm|dxg)")
    devices = [device for device in value.need() if form.fullmatch(device.path)]
    if not devices:
        return absent("/dev/nvidia*", "there are no device files")
    barred = sorted(device.path for device in devices if not (device.read and device.write))
    why = f"no rights on {', '.join(barred[:4])}" if barred else ""
    return Fact("known", not barred, "/dev/nvidia*", why)


def _switch(text: Fact[str]) -> Fact[bool]:
    if text.state == "absent":
        return Fact("known", False, text.how, text.why)
    word = (text.value or "").strip()
    if word in ("0", "1"):
        return known(word == "1", text.how)
    return unknown(text.how, text.why or "it is neither 0 nor 1")


def _service(items: Items, place: int) -> Fact[bool]:
    text = items.text(_SERVICES)
    words = text.need().split() if text.is_known else []
    if len(words) == 3 and set(words) <= _STATES:
        return known(words[place] == "active", "systemctl is-active")
    return unknown("systemctl is-active", text.why or "systemd did not answer")
