# mypy: ignore-errors
"""The brief's lines on GPUs and their driver.

A part of probe.py: Python 3.6, standard library alone.
"""

import re

from envspec.probe.script.brief_line import flag, listed, number, unit_is_active

BRIEF_GPUS = 4
NVML_NOT_SUPPORTED = 3


def driver_lines(shown):
    """NVML, MODULE and PCI."""
    return [nvml_line(shown), module_line(shown), pci_line(shown)]


def nvml_line(shown):
    """The code of nvmlInit, or why there's none."""
    nvml, error = shown.value("call:nvml", {}), shown.error("call:nvml")
    calls = nvml.get("calls", {})
    code = next((number(calls[name]) for name in ("nvmlInit_v2", "nvmlInit") if name in calls), None)
    if "load-error" in nvml:
        code = "library-missing" if "No such file" in nvml["load-error"] else "?"
    elif code is None:
        code = {"timeout": "timeout", "abandoned": "timeout", "crashed": "crashed"}.get(error, "?")
    words = [
        "NVML",
        code,
        "DRIVER",
        nvml.get("driver", "?").replace(" ", "%20"),
        "CUDA",
        number(nvml.get("cuda")),
    ]
    trouble = nvml.get("hung-in") or next(
        (name for name, one in sorted(calls.items()) if one and not name.startswith("nvmlInit")), None
    )
    return " ".join(words + (["CALL", trouble] if trouble else []))


def module_line(shown):
    """The kernel module that is loaded, and the traces of how it came."""
    key = "file:/proc/driver/nvidia/version"
    match = re.search(r"NVRM version:.*Module.*?\s(\d+(?:\.\d+)+)\s", shown.text(key))
    version = match.group(1) if match else "none" if shown.is_absent(key) else "?"
    flavour = "?" if not match else "open" if "Open Kernel Module" in match.group() else "proprietary"
    words = ["MODULE", version, "FLAVOUR", flavour, "FROM", listed(driver_traces(shown))]
    return " ".join(words + ["RIGHTS", device_rights(shown)] + fabric_words(shown))


def device_rights(shown):
    """Whether all that programs open may be read and written."""
    devices = shown.value("call:devices")
    if devices is None:
        return "?"
    used = [one for one in devices if re.match(r"/dev/nvidia(\d+|ctl|-uvm)$", one["path"])]
    return flag(all(one.get("read") and one.get("write") for one in used)) if used else "none"


def fabric_words(shown):
    """The fabric manager's version, and whether it runs."""
    key = "command:nv-fabricmanager --version"
    version = re.search(r":\s*(\d+(?:\.\d+)+)", shown.text(key))
    if version:
        return ["FABRIC", version.group(1), "ACTIVE", flag(unit_is_active(shown, 1))]
    trace = shown.value("call:traces", {}).get("/usr/bin/nv-fabricmanager")
    return ["FABRIC", "none" if shown.is_absent(key) or trace == "absent" else "?"]


def driver_traces(shown):
    """Words for what was found of each way to install it; several may have left traces."""
    if "call:traces" not in shown.items:
        return None
    rpm = shown.text("command:rpm -qa")
    deb = "".join(line + "\n" for line in shown.text("command:dpkg-query").splitlines() if " ii" in line)
    modules = shown.text("file:/lib/modules/RELEASE/modules.dep")
    ways = (
        ("rpm", re.search(r"^(?:kmod-|akmod-|xorg-x11-drv-)?nvidia-|^kmod-nvidia", rpm, re.MULTILINE)),
        ("deb", re.search(r"^(?:nvidia-(?:driver|kernel|dkms|utils)|libnvidia-compute)", deb, re.MULTILINE)),
        ("dkms", "dkms/nvidia" in modules or any(shown.texts("list:/var/lib/dkms/"))),
        (
            "precompiled",
            re.search(r"^kmod-nvidia-\d|^linux-modules-nvidia-", rpm + deb, re.MULTILINE)
            or "kernel/nvidia-" in modules,
        ),
        (
            "runfile",
            shown.value("call:traces", {}).get("/usr/bin/nvidia-uninstall") == "file"
            or "is now complete" in shown.text("file:/var/log/nvidia-installer.log"),
        ),
        ("container", (shown.value("call:container") or {}).get("files")),
    )
    return [name for name, trace in ways if trace]


def pci_line(shown):
    """GPUs on PCI, and which driver holds them."""
    if shown.is_absent("call:pci"):
        return "PCI none BOUND none SWITCHES none"
    devices = shown.value("call:pci", {}).get("nvidia")
    if devices is None:
        return "PCI ? BOUND ? SWITCHES ?"
    gpus = [one for one in devices if one["class"].startswith("0x03")]
    drivers = sorted({one["driver"] or "none" for one in gpus if "driver" in one})
    return "PCI %d BOUND %s SWITCHES %d" % (len(gpus), listed(drivers), len(devices) - len(gpus))


def gpu_lines(shown):
    """Devices that are alike in one line each."""
    devices = shown.value("call:nvml", {}).get("devices") or listed_devices(shown)
    groups = {}
    for device in devices:
        groups.setdefault(kind_words(device), []).append(device)
    kinds = list(groups.items())
    if len(kinds) > BRIEF_GPUS:
        rest = sum(len(alike) for _, alike in kinds[BRIEF_GPUS - 1 :])
        return [gpu_line(*kind) for kind in kinds[: BRIEF_GPUS - 1]] + ["GPU MORE %d" % rest]
    return [gpu_line(*kind) for kind in kinds]


def listed_devices(shown):
    """Those of nvidia-smi -L, else of /proc: their names alone."""
    names = re.findall(r"^GPU \d+: (.*?)(?: \(UUID|$)", shown.text("command:nvidia-smi -L"), re.MULTILINE)
    return [{"name": name} for name in names or shown.value("call:proc-gpus", [])]


def kind_words(device):
    """What devices that are alike share: capability, memory, MIG, vGPU, ECC, name."""
    capability, mig, ecc = device.get("capability"), device.get("mig"), device.get("ecc")
    virtual, memory = device.get("virtualization"), device.get("memory")
    return (
        ".".join(map(str, capability)) if capability else "?",
        number(memory and memory["total"] >> 20),
        flag(mig and mig[0] == 1),
        listed(slices_of(device)),
        flag(None if virtual is None else virtual == 2),
        flag(ecc and ecc[0] == 1),
        " ".join(device.get("name", "?").split()),
    )


def slices_of(device):
    """Names as ``1g.10gb``; None where nobody could tell whether there are any."""
    if "mig-devices" in device:
        return [one.get("name", "?").rpartition("MIG ")[2].strip() for one in device["mig-devices"]]
    code = device.get("calls", {}).get("nvmlDeviceGetMigMode", "not asked")
    has_none = code in (None, NVML_NOT_SUPPORTED) or (device.get("mig") or [None])[0] == 0
    return [] if has_none else None


def gpu_line(words, alike):
    """How many, what they share, the least that is free and all that compute on them."""
    free = [one["memory"]["free"] >> 20 for one in alike if "memory" in one]
    processes = [one["processes"] for one in alike if "processes" in one]
    known = len(processes) == len(alike)
    names = ("CC", "MIB", "MIG", "SLICES", "VGPU", "ECC")
    pairs = ["%s %s" % pair for pair in zip(names, words)]
    pairs.insert(2, "FREE " + number(min(free) if len(free) == len(alike) else None))
    pairs.append("PROCESSES " + number(sum(processes) if known else None))
    return "GPU %d %s NAME %s" % (len(alike), " ".join(pairs), words[-1])
