"""Remedies of a driver that is too old: another driver, the compatibility package, or why neither helps.

Another variant is the caller's to name: whoever judges several locks knows which of them pass.
"""

from __future__ import annotations

from envspec.compat.cuda import Branch, CompatPackage, compat_package, tables
from envspec.compat.gpus import NamedGpu, gpu_named
from envspec.probe.facts import HostFacts
from envspec.target.gpu import DriverVersion
from envspec.verify.driver_grade import floors
from envspec.verify.finding import Status
from envspec.verify.needs import Needs

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MOST_BRANCHES = 2
WITHOUT_NOUVEAU = (
    "root: write `blacklist nouveau` and `options nouveau modeset=0` into "
    "/etc/modprobe.d/blacklist-nouveau.conf, then `dracut --force` (RHEL, SUSE) or `update-initramfs -u` "
    "(Debian, Ubuntu), and reboot; without that file, the same again is the way back"
)
_KEEP = "leave that package first in LD_LIBRARY_PATH of whatever starts the program"


def month(text: str) -> str:
    """``June 2028`` of ``2028-06``."""
    year, _, number = text.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def is_vgpu(facts: HostFacts) -> bool:
    """Whether any GPU is that of a vGPU guest, whose driver belongs to its hypervisor's vGPU software."""
    return any(gpu.vgpu or _is_vgpu_name(gpu.name) for gpu in facts.gpus.value or ())


def refused(needs: Needs, facts: HostFacts, today: str) -> tuple[Status, str, list[str]]:
    """Status, why, and the ways out of a driver that is older than the lowest for the lock's CUDA.

    A warning alone where the compatibility package is in use already, or where the lock carries it and NVIDIA
    lists it for this host.
    """
    driver, cuda = facts.driver.need(), needs.cuda
    if cuda is None:
        raise ValueError(f"{needs.label} needs no CUDA")
    lowest = floors(cuda).lowest
    why = f"driver {driver} is older than {lowest} that CUDA {cuda.release} needs"
    if facts.driver_at_least:
        why = f"the promised driver may be as old as {driver}, and CUDA {cuda.release} needs {lowest}"
    ways = []
    if facts.driver_at_least:
        ways.append(f'if the site has {lowest} or later, promise that in the spec: driver = ">={lowest}"')
    ways += another_driver(facts, lowest, today)
    level = facts.driver_cuda.value
    if level is not None and level[:2] >= cuda[:2]:
        why += (
            f"; yet programs find a libcuda of CUDA {level.release}: a compatibility package stands in for it"
        )
        return "warn", why, [_KEEP, *ways]
    package = compat_package(cuda)
    if package is None:
        return "fail", why, ways
    hindrance = _hindrance(package, facts)
    if hindrance:
        return "fail", f"{why}; {package.package} {hindrance}", ways
    limits = _limits(package, driver)
    if _carries(needs, package):
        why += f"; the lock carries {package.package}, which stands in for it here"
        path = "its folder first in LD_LIBRARY_PATH"
        ways.append(f"without root: {package.package}, which the lock carries, {path}. {limits}")
        return "warn", why, ways
    ways.append(
        f"without root: {package.package}, unpacked anywhere, its folder first in LD_LIBRARY_PATH; as "
        f'[[installers]] kind = "cuda-compat", version = "{package.cuda}" the bundle carries it. {limits}'
    )
    return "fail", why, ways


def another_driver(facts: HostFacts, least: DriverVersion | None, today: str) -> list[str]:
    """How the host comes to a driver that is ``least`` or later, on one line; with the way back."""
    wanted = f"{least} or later" if least is not None else "for this CUDA"
    if is_vgpu(facts):
        return [
            f"a guest driver {wanted}: it belongs to the vGPU software of the hypervisor, so ask whoever "
            "runs that; a data-centre driver does not work in a guest"
        ]
    last = _last_branch(facts)
    if last is not None and least is not None and least.branch > last.branch:
        return [f"another GPU: no driver {wanted} runs {_gpu_names(facts)}, whose last branch is {last.name}"]
    names = _named_branches(facts, least, today)
    of_branch = f", of a branch that is still supported: {names}" if names else ""
    return [f"a driver {wanted}{of_branch}; {_what_it_takes(facts)}"]


def new_branch(facts: HostFacts, today: str) -> str:
    """A newer branch alone is wanted."""
    names, last = _named_branches(facts, None, today), _last_branch(facts)
    if last is not None and not names:
        return (
            f"another GPU: {last.name} is the last branch for {_gpu_names(facts)}, and no later one runs it"
        )
    wanted = f"a driver of {names}" if names else "a driver of a branch that NVIDIA still mends"
    return f"when the host is next maintained: {wanted}; {_what_it_takes(facts)}"


def _what_it_takes(facts: HostFacts) -> str:
    text = "it takes root and a reboot, and serves every program of the host"
    if facts.nvswitches.value:
        text += ", and nvidia-fabricmanager of the very same version"
    if facts.driver.is_known and not facts.driver_at_least:
        text += f"; the way back is {facts.driver.need()}: keep {_installed_as(facts)}"
    return text


def _installed_as(facts: HostFacts) -> str:
    install = facts.driver_install.value
    if install is None:
        return "its installer or packages at hand"
    if install.method == "runfile":
        return "its runfile at hand (it was installed by one: `nvidia-uninstall` first)"
    if install.method == "container":
        return "it outside this container, where it is installed"
    return f"its packages at hand ({install.method}; don't put a runfile over them)"


def _named_branches(facts: HostFacts, least: DriverVersion | None, today: str) -> str:
    """``R580 (to June 2028) or R620 (to September 2029)``; empty where none is known that would do."""
    kept = _branches(facts, least, today)
    return " or ".join(f"{row.name} (to {month(row.end_of_life)})" for row in kept)


def _branches(facts: HostFacts, least: DriverVersion | None, today: str) -> list[Branch]:
    """Long-term branches before others, those kept longest first; none that has dropped the host's GPU."""
    last = _last_branch(facts)
    rows = [
        row
        for row in tables().branch
        if row.end_of_life
        and row.is_supported(today or row.checked.isoformat())
        and (last is None or row.branch <= last.branch)
    ]
    oldest = max([least.branch if least is not None else 0, _present_branch(facts)])
    rows = [row for row in rows if row.branch >= oldest]
    rows.sort(key=lambda row: row.end_of_life, reverse=True)
    rows.sort(key=lambda row: row.kind != "lts")
    return sorted(rows[:_MOST_BRANCHES], key=lambda row: row.branch)


def _last_branch(facts: HostFacts) -> Branch | None:
    """The last one that runs all of the host's GPUs; None where no later one is known to have dropped any."""
    architectures = {named.architecture for named in _named(facts)}
    rows = [row for row in tables().branch if architectures & set(row.last_for)]
    return min(rows, key=lambda row: row.branch, default=None)


def _gpu_names(facts: HostFacts) -> str:
    return ", ".join(dict.fromkeys(gpu.name for gpu in facts.gpus.value or ()))


def _present_branch(facts: HostFacts) -> int:
    """Of the driver on the host, below which no one would go; 0 where there is none, or it's promised."""
    return facts.driver.need().branch if facts.driver.is_known and not facts.driver_at_least else 0


def _hindrance(package: CompatPackage, facts: HostFacts) -> str:
    """Why the compatibility package can't stand in here, or may not; empty where it can."""
    driver, last = facts.driver.need(), _last_branch(facts)
    if is_vgpu(facts):
        return "doesn't help: NVIDIA doesn't list it for guests of vGPU"
    for gpu in facts.gpus.value or ():
        named = gpu_named(gpu.name)
        if named is not None and named.data_center is False:
            return f"doesn't help: {gpu.name} is no data-centre GPU (CUDA error 804)"
        if named is None or named.data_center is None:
            return (
                f"may not help: nobody says whether {gpu.name} is a data-centre GPU; on others it fails "
                "(CUDA error 804)"
            )
    if not facts.gpus.value:
        return "may not help: the host's GPU isn't known, and it runs on data-centre GPUs alone"
    if last is not None and DriverVersion.parse(package.driver).branch > last.branch:
        return f"doesn't help: it is of driver {package.driver}, and {last.name} is the last for that GPU"
    if not package.runs_on(driver):
        branches = ", ".join(f"R{number}" for number in package.branches)
        return f"doesn't help: NVIDIA lists it for drivers of {branches} alone, older than {package.driver}"
    return ""


def _limits(package: CompatPackage, driver: DriverVersion) -> str:
    return (
        f"Its limits: NVIDIA's own images list it for R{driver.branch}"
        f"{', but later ones no more' if driver.branch in package.dropped else ''}; data-centre GPUs alone "
        f"(else CUDA error 804); take it away once the driver is newer than {package.driver} (CUDA error 803)"
    )


def _carries(needs: Needs, package: CompatPackage) -> bool:
    return any(
        asset.provider == "cuda-compat" and asset.version.split(".")[:2] == package.cuda.split(".")
        for asset in needs.installers
    )


def _named(facts: HostFacts) -> list[NamedGpu]:
    found = (gpu_named(gpu.name) for gpu in facts.gpus.value or ())
    return [named for named in found if named is not None]


def _is_vgpu_name(name: str) -> bool:
    named = gpu_named(name)
    return named is not None and bool(named.vgpu_profile)
