"""How the NVIDIA driver came onto the host: by the packages of its package manager, or by NVIDIA's runfile.

Source of the names: NVIDIA, Driver Installation Guide (``kmod-nvidia-latest-dkms``, ``nvidia-driver``,
streams of precompiled ``kmod-nvidia-VERSION-KERNEL``); Ubuntu's ``linux-modules-nvidia-BRANCH-KERNEL`` and
``nvidia-dkms-BRANCH``; RPM Fusion's and negativo17's ``akmod-nvidia``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from envspec.probe.facts import DriverInstall
from envspec.probe.numbers import driver_version
from envspec.probe.shown import plain

_DRIVER = re.compile(
    r"nvidia-driver(?:-cuda|-libs|-latest|-latest-dkms)?|nvidia-open|cuda-drivers(?:-[0-9]+)?"
    r"|nvidia-driver-[0-9]+(?:-server)?(?:-open)?|xorg-x11-drv-nvidia|nvidia-driver-G0[0-9].*|nvidia-open-driver-.*"
)
_MODULE = re.compile(
    r"[ak]?kmod-nvidia.*|akmod-nvidia.*|nvidia-(?:kernel-)?(?:open-)?dkms.*|linux-modules-nvidia-.*"
)
_PRECOMPILED = re.compile(r"kmod-nvidia(?:-open)?-[0-9]{3}[0-9.]*-[0-9.]+.*|linux-modules-nvidia-.*")
_MAX_PACKAGES = 64


def read_rpm_names(text: str) -> tuple[tuple[str, str], ...]:
    """Name and version of each line: ``NAME VERSION-RELEASE ARCH``, or ``NAME-VERSION-RELEASE.ARCH``."""
    packages = []
    for line in text.splitlines():
        words = line[:400].split()
        if len(words) == 1:
            parts = words[0].rsplit("-", 2)
        else:
            parts = [*words[:1], *words[1:2]]
        if len(parts) > 1 and parts[1][:1].isdigit():
            packages.append((parts[0], parts[1]))
    return tuple(packages)


def read_deb_names(text: str) -> tuple[tuple[str, str], ...]:
    """Name and version of each line ``PACKAGE VERSION ARCH STATUS`` that is installed, as ``ii`` says."""
    packages = []
    for line in text.splitlines():
        words = line[:400].split()
        if len(words) > 3 and words[3] == "ii" and words[1][:1].isdigit():
            packages.append((words[0].partition(":")[0], words[1]))
    return tuple(packages)


def driver_install(
    packages: Iterable[tuple[str, str]], manager: Literal["rpm", "deb"]
) -> DriverInstall | None:
    """The driver's own packages among these, and which way its kernel module takes; None without any."""
    own = [
        (name, version) for name, version in packages if _DRIVER.fullmatch(name) or _MODULE.fullmatch(name)
    ]
    if not own:
        return None
    names = [name for name, _ in own]
    numbers = [driver_version(_upstream(version)) for name, version in own if _DRIVER.fullmatch(name)]
    numbers += [driver_version(_upstream(version)) for _, version in own]
    method: Literal["rpm", "deb", "dkms", "precompiled"] = manager
    if any("dkms" in name or name.startswith("akmod-") for name in names):
        method = "dkms"
    elif any(_PRECOMPILED.fullmatch(name) for name in names):
        method = "precompiled"
    shown = sorted({plain(f"{name} {version}", 160) for name, version in own})[:_MAX_PACKAGES]
    return DriverInstall(method, tuple(shown), next(filter(None, numbers), None))


def _upstream(version: str) -> str:
    """``570.86.15`` of ``3:570.86.15-1.el8`` and of ``535.104.05-0ubuntu1``."""
    return version.rpartition(":")[2].partition("-")[0]
