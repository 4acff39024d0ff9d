"""How the driver came onto the host, by the traces that each way leaves.

A runfile goes first: whoever installs a package beside one must remove it with ``nvidia-uninstall`` before.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from envspec.probe.driver_packages import driver_install, read_deb_names, read_rpm_names
from envspec.probe.facts import DriverInstall, Fact, absent, known, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.items import Items
from envspec.probe.numbers import driver_version
from envspec.target.gpu import DriverVersion


class _Container(msgspec.Struct, frozen=True):
    files: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


def read_driver_install(items: Items, sources: GpuSources) -> Fact[DriverInstall]:
    """The way it was installed; absent where nothing of it is there."""
    traces = items.value("call:traces", dict[str, str])
    log = items.text("file:/var/log/nvidia-installer.log")
    if traces.is_known and traces.need().get("/usr/bin/nvidia-uninstall") == "file":
        return known(DriverInstall("runfile", (), _of_log(log)), "/usr/bin/nvidia-uninstall")
    packages = _of_packages(items)
    if packages.is_known:
        install = packages.need()
        method = install.method if install.method not in ("rpm", "deb") else _refined(items, install.method)
        return known(install._replace(method=method), packages.how)
    if log.is_known and "is now complete" in log.need():
        return known(DriverInstall("runfile", (), _of_log(log)), log.how)
    if _is_container(items) and sources.module.is_known:
        return known(DriverInstall("container"), "the driver is loaded, and this is a container")
    if sources.module.state == "absent" and (packages.state == "absent" or _no_trace(traces)):
        return absent(packages.how, packages.why if packages.state == "absent" else "it left no trace")
    return unknown(packages.how, packages.why or "it left no trace that is known")


def _of_packages(items: Items) -> Fact[DriverInstall]:
    asked = []
    rpm = items.text("command:rpm -qa")
    if rpm.is_known:
        install = driver_install(read_rpm_names(rpm.need()), "rpm")
        if install is not None:
            return known(install, "rpm -qa")
        asked.append("rpm -qa")
    deb = items.text("command:dpkg-query")
    if deb.is_known:
        install = driver_install(read_deb_names(deb.need()), "deb")
        if install is not None:
            return known(install, "dpkg-query")
        asked.append("dpkg-query")
    if asked:
        return absent(" and ".join(asked), "no package of the driver is installed")
    return unknown(rpm.how, rpm.why)


def _refined(items: Items, method: Literal["rpm", "deb"]) -> Literal["rpm", "deb", "dkms", "precompiled"]:
    """Where the packages' names don't tell, the place of the module does."""
    text = items.text("file:/lib/modules/RELEASE/modules.dep")
    paths = text.need().splitlines() if text.is_known else []
    places = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2].startswith("nvidia.ko")}
    if any("dkms" in place for place in places):
        return "dkms"
    if any(place.startswith("kernel/nvidia-") for place in places):
        return "precompiled"
    return method


def _no_trace(traces: Fact[dict[str, str]]) -> bool:
    """Whether neither a driver's tools nor its uninstaller lie where every way of installing puts them."""
    paths = ("/usr/bin/nvidia-smi", "/usr/bin/nvidia-uninstall", "/var/lib/dkms/nvidia")
    return traces.is_known and all(traces.need().get(path) == "absent" for path in paths)


def _is_container(items: Items) -> bool:
    container = items.value("call:container", _Container)
    return container.is_known and bool(container.need().files)


def _of_log(log: Fact[str]) -> DriverVersion | None:
    if not log.is_known:
        return None
    line = next((line for line in log.need().splitlines() if "installer version:" in line), "")
    return driver_version(line.rpartition(":")[2].strip())
