# mypy: ignore-errors
"""GPU and driver beside NVML: PCI, the kernel module, /dev, and nvidia-smi where nothing else answered.

A part of probe.py: Python 3.6, standard library alone.
"""

import glob
import os
import stat

from envspec.probe.script.asking import ask_system
from envspec.probe.script.nvml import NO_CTYPES, nvml_item, observe_libcuda, observe_nvml
from envspec.probe.script.reading import (
    errno_name,
    file_item,
    find_program,
    kind_of,
    names_in,
    read_text,
    shown_name,
)

PCI_DEVICES = "/sys/bus/pci/devices"
PCI_CLASSES = ("0x03", "0x0680")
"""Display controllers, and the bridges that NVSwitches are."""
WSL_FOLDER = "/usr/lib/wsl/lib"
SMI_QUERIES = (
    "nvidia-smi -L",
    "nvidia-smi --query-gpu=index,name,driver_version,memory.total,memory.free,ecc.mode.current,"
    "mig.mode.current --format=csv",
    "nvidia-smi --query-gpu=index,compute_cap --format=csv",
    "nvidia-smi",
)
"""The capability by itself: drivers up to branch 470 refuse a query that names it."""


def gpu_items(crew, items, timeout_s, identify):
    """Begin all that concerns GPUs; the items come as they are found."""
    release = os.uname().release

    def nvml_done(ended):
        item = nvml_item(ended)
        if item["value"].get("load-error") != NO_CTYPES:
            items["call:nvml"] = item
        if not item["value"].get("devices") and ended.error not in ("timeout", "abandoned"):
            ask_nvidia_smi(crew, items, timeout_s)

    crew.call(lambda say: observe_nvml(say, identify), nvml_done, timeout_s)

    def libcuda_done(ended):
        item = {"value": {key: value for said in ended.said() for key, value in said.items()}}
        if ended.error:
            item["error"] = ended.error
        if item["value"].get("load-error") != NO_CTYPES:
            items["call:libcuda"] = item

    crew.call(observe_libcuda, libcuda_done, timeout_s)
    driver_files = ("file:/proc/driver/nvidia/version", "call:proc-gpus")

    def driver_done(ended):
        said = {key: item for pair in ended.said() for key, item in pair.items()}
        for key in driver_files:
            items[key] = said.get(key) or {"error": ended.error or "crashed"}

    crew.call(observe_driver_files, driver_done, timeout_s)
    items["call:pci"] = pci_item()
    items["file:/sys/module/nvidia/version"] = file_item("/sys/module/nvidia/version")
    items["file:/proc/modules"] = file_item(
        "/proc/modules", lambda line: line.startswith(("nvidia", "nouveau", "nova")), 1 << 20
    )
    items["file:/lib/modules/RELEASE/modules.dep"] = modules_dep_item(release)
    items["file:/etc/modprobe.d"] = modprobe_item()
    items["call:devices"] = devices_item()
    items["call:kernel-headers"] = {"value": {"build": kind_of("/lib/modules/" + release + "/build")}}
    if "nvidia" in items["file:/lib/modules/RELEASE/modules.dep"].get("text", ""):
        for field in ("version", "license"):
            ask_system(crew, items, "modinfo -F %s nvidia" % field, timeout_s)


def ask_nvidia_smi(crew, items, timeout_s):
    if find_program("nvidia-smi", (WSL_FOLDER,)) is None:
        items["command:nvidia-smi"] = {"error": "ENOENT"}
        return
    for line in SMI_QUERIES:
        ask_system(crew, items, line, timeout_s, (WSL_FOLDER,))


def observe_driver_files(say):
    """What the kernel module says; a sick GPU may keep it from answering."""
    say({"file:/proc/driver/nvidia/version": file_item("/proc/driver/nvidia/version")})
    models = []
    for path in sorted(glob.glob("/proc/driver/nvidia/gpus/*/information")):
        for line in (read_text(path) or "").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "Model":
                models.append(value.strip())
    say({"call:proc-gpus": {"value": models}})


def pci_item():
    try:
        addresses = sorted(os.listdir(PCI_DEVICES))
    except OSError as error:
        return {"error": errno_name(error)}
    found = []
    for address in addresses:
        folder = PCI_DEVICES + "/" + address + "/"
        if (read_text(folder + "vendor") or "").strip() != "0x10de":
            continue
        device = {key: (read_text(folder + key) or "").strip() for key in ("class", "device")}
        if not device["class"].startswith(PCI_CLASSES):
            continue
        try:
            device["driver"] = os.readlink(folder + "driver").rpartition("/")[2]
        except OSError as error:
            device.update({"driver": ""} if errno_name(error) == "ENOENT" else {"error": errno_name(error)})
        found.append(device)
    return {"value": {"devices": len(addresses), "nvidia": found}}


def modules_dep_item(release):
    item = file_item(
        "/lib/modules/" + release + "/modules.dep",
        lambda line: module_name(line) in ("nvidia", "nvidia-current", "nouveau"),
        8 << 20,
    )
    if "text" in item:
        item["text"] = "".join(line.partition(":")[0] + "\n" for line in item["text"].splitlines())
    return item


def module_name(line):
    return line.partition(":")[0].rpartition("/")[2].partition(".ko")[0]


def modprobe_item():
    try:
        names = sorted(name for name in os.listdir("/etc/modprobe.d") if name.endswith(".conf"))
    except OSError as error:
        return {"error": errno_name(error)}
    lines = []
    for name in names[:200]:
        for line in (read_text("/etc/modprobe.d/" + name) or "").splitlines():
            if ("nouveau" in line or "nvidia" in line) and not line.lstrip().startswith("#"):
                lines.append("%s: %s\n" % (shown_name(name), line.strip()))
    return {"text": "".join(lines)[:65536]}


def devices_item():
    devices = []
    for path in sorted(glob.glob("/dev/nvidia*") + glob.glob("/dev/nvidia-caps/*") + glob.glob("/dev/dxg")):
        try:
            status = os.stat(path)
        except OSError as error:
            devices.append({"path": path, "error": errno_name(error)})
            continue
        if not stat.S_ISCHR(status.st_mode):
            continue
        device = {"path": path, "mode": "%04o" % stat.S_IMODE(status.st_mode), "uid": status.st_uid}
        device.update(gid=status.st_gid, read=os.access(path, os.R_OK), write=os.access(path, os.W_OK))
        devices.append(device)
    return {"value": devices[:256]}


def shows_nvidia(items):
    """Whether there's any trace of NVIDIA, so that asking package managers is worth its time."""
    pci = items.get("call:pci", {}).get("value", {})
    libraries = [name for folder in ("/usr/lib64", "/usr/lib/x86_64-linux-gnu") for name in names_in(folder)]
    return bool(
        pci.get("nvidia")
        or os.path.isdir("/proc/driver/nvidia")
        or find_program("nvidia-smi")
        or "libnvidia-ml.so.1" in libraries
        or "libcuda.so.1" in libraries
    )
