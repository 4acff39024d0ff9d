"""Driver installation: what stands in its way, where the lock carries a driver or the host has none.

Source: installers.json, facts of the driver (NVIDIA's installation guide and nvidia-installer's own checks).
"""

from __future__ import annotations

from collections.abc import Iterator

from envspec.compat.installers import facts as installer_facts
from envspec.errors import InvalidValueError
from envspec.lock.document import Asset
from envspec.probe.facts import HostFacts
from envspec.target.gpu import DriverVersion
from envspec.verify.driver_grade import grade
from envspec.verify.driver_remedies import WITHOUT_NOUVEAU, is_vgpu
from envspec.verify.finding import Finding, not_known
from envspec.verify.needs import Needs
from envspec.verify.source import cited

RULE = "driver-install"

_TOOLS = ("gcc", "make")


def check(needs: Needs, facts: HostFacts) -> list[Finding]:
    """Nothing where no driver is to be installed, or the facts are only promised.

    Where the present driver bears the lock nothing here is worse than a warning: it runs without another one.
    """
    carried = [asset for asset in needs.installers if asset.provider == "driver"]
    if facts.source == "spec" or needs.cuda is None:
        return []
    found = [finding for asset in carried for finding in _carried(asset, needs, facts)]
    has_none = facts.gpu_state.value in ("no-driver", "nouveau")
    if not found and (carried or has_none):
        found = [*_kernel(facts), *_tools(facts), *_secure_boot(facts), *_other_method(facts, carried)]
    if not facts.driver.is_known or grade(needs.cuda, facts.driver.need()) in ("refused", ""):
        return found
    return [each._replace(status="warn") if each.status == "fail" else each for each in found]


def _carried(asset: Asset, needs: Needs, facts: HostFacts) -> Iterator[Finding]:
    """Why the driver that the lock carries has no business on this host; nothing where it has."""
    source = "the lock's installers; the driver on the host"
    expected = "a driver that this host needs"
    if is_vgpu(facts):
        yield Finding(
            rule=RULE,
            subject=asset.label,
            status="fail",
            expected=expected,
            actual="a guest of NVIDIA vGPU",
            why="a guest's driver belongs to the vGPU software of its hypervisor; a data-centre driver "
            "doesn't work there",
            fix=f"leave {asset.label} alone, and ask whoever runs the hypervisor for the guest's driver",
            source=source,
        )
    elif facts.driver.is_known and needs.cuda is not None:
        driver = facts.driver.need()
        if grade(needs.cuda, driver) == "full":
            yield _not_needed(asset, f"driver {driver} bears all of CUDA {needs.cuda.release}", source)
        elif _is_older(asset.version, driver):
            yield _not_needed(asset, f"driver {driver}, which is as new", source)


def _not_needed(asset: Asset, actual: str, source: str) -> Finding:
    return Finding(
        rule=RULE,
        subject=asset.label,
        status="warn",
        expected="a driver that this host needs",
        actual=actual,
        why="changing a driver that works costs root, a reboot and every other program of the host",
        fix=f"leave {asset.label} uninstalled here",
        source=source,
    )


def _is_older(version: str, driver: DriverVersion) -> bool:
    try:
        return DriverVersion.parse(version) <= driver
    except InvalidValueError:
        return False


def _source(name: str) -> str:
    row = next(row for row in installer_facts("driver") if row.name == name)
    return cited("installers", f"driver, {name}", row)


def _kernel(facts: HostFacts) -> list[Finding]:
    kernel = facts.kernel.value or "$(uname -r)"
    expected = f"headers of the running kernel {kernel}"
    packages = (
        f"RHEL: kernel-devel-{kernel} and kernel-headers-{kernel}; Debian, Ubuntu: linux-headers-{kernel}; "
        "from the OS's own media where there is no network (root)"
    )
    found = []
    if facts.kernel_headers.state == "unknown":
        fix = "on the host: ls /lib/modules/$(uname -r)/build"
        found.append(
            not_known(RULE, "kernel headers", expected, facts.kernel_headers, fix, _source("kernel-headers"))
        )
    elif not facts.kernel_headers.value:
        found.append(
            Finding(
                rule=RULE,
                subject="kernel headers",
                status="fail",
                expected=expected,
                actual="none",
                why="the driver's kernel module is compiled against them; those of another kernel don't do",
                fix=f"{packages}\non RHEL: NVIDIA's precompiled and signed module for this very kernel, "
                "which needs none",
                source=_source("kernel-headers"),
            )
        )
    if facts.nouveau_loaded.state == "unknown":
        fix = "on the host: grep nouveau /proc/modules"
        found.append(not_known(RULE, "nouveau", "not loaded", facts.nouveau_loaded, fix, _source("nouveau")))
    if facts.nouveau_loaded.value and facts.gpu_state.value != "nouveau":
        found.append(
            Finding(
                rule=RULE,
                subject="nouveau",
                status="fail",
                expected="not loaded",
                actual="loaded",
                why="NVIDIA's installer stops while nouveau is in use",
                fix=WITHOUT_NOUVEAU,
                source=_source("nouveau"),
            )
        )
    return found


def _tools(facts: HostFacts) -> list[Finding]:
    expected = f"{' and '.join(_TOOLS)}, which compile the driver's kernel module"
    fix = "root: install gcc and make from the OS's own media, which need no network"
    if not facts.executables.is_known:
        return [not_known(RULE, "compiler", expected, facts.executables, fix, _source("rhel-packages"))]
    missing = [name for name in _TOOLS if not facts.executables.need().get(name)]
    if not missing:
        return []
    return [
        Finding(
            rule=RULE,
            subject="compiler",
            status="fail",
            expected=expected,
            actual=f"no {' and no '.join(missing)}",
            why="without them only a precompiled module can be installed",
            fix=fix,
            source=_source("rhel-packages"),
        )
    ]


def _secure_boot(facts: HostFacts) -> list[Finding]:
    if facts.secure_boot.state == "unknown":
        expected, fix = "off, or a signed module", "on the host: mokutil --sb-state"
        return [not_known(RULE, "Secure Boot", expected, facts.secure_boot, fix, _source("secure-boot"))]
    if not facts.secure_boot.value:
        return []
    return [
        Finding(
            rule=RULE,
            subject="Secure Boot",
            status="warn",
            expected="off, or a signed module",
            actual="on",
            why="the kernel refuses a module that nobody it trusts has signed",
            fix="root: sign the module with a key of the site's and enrol that at the console (`mokutil "
            "--import`, then a reboot), or take a module that the OS's vendor has signed",
            source=_source("secure-boot"),
        )
    ]


def _other_method(facts: HostFacts, carried: list[Asset]) -> list[Finding]:
    """A runfile over packages, which the installer refuses or warns of."""
    install = facts.driver_install.value
    runfiles = [asset for asset in carried if any(file.name.endswith(".run") for file in asset.files)]
    if install is None or not runfiles or install.method in ("runfile", "container"):
        return []
    packages = ", ".join(install.packages) or f"its {install.method} packages"
    return [
        Finding(
            rule=RULE,
            subject=runfiles[0].label,
            status="fail",
            expected="one way of installation, or the old driver removed first",
            actual=f"the present driver came by {install.method}: {packages}",
            why="two installations over each other leave a kernel module and libraries of different versions",
            fix="root: take the new driver by the same way, from packages of its branch; or remove the old "
            "packages whole, keeping them as the way back, and run the file then",
            source=_source("one-method"),
        )
    ]
