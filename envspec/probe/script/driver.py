# mypy: ignore-errors
"""How the driver was installed: packages, dkms, the runfile's traces, the fabric manager.

A part of probe.py: Python 3.6, standard library alone.
"""

from envspec.probe.script.asking import ask, ask_system
from envspec.probe.script.gpu import shows_nvidia
from envspec.probe.script.reading import file_item, find_program, kind_of, list_item

INSTALLER_LOG = "/var/log/nvidia-installer.log"
TRACES = (
    "/usr/bin/nvidia-uninstall",
    "/usr/bin/nvidia-installer",
    "/usr/bin/nvidia-smi",
    "/usr/bin/nv-fabricmanager",
    "/var/lib/dkms/nvidia",
    "/usr/local/cuda/compat",
    "/usr/lib/wsl/lib",
    "/run/fapolicyd",
    "/run/nvidia-fabricmanager",
)
UNITS = "fapolicyd nvidia-fabricmanager nvidia-persistenced"
PACKAGES = ("*nvidia*", "cuda-*", "libcudnn*", "dkms")
RPM_FORMAT = "%{NAME} %{VERSION}-%{RELEASE} %{ARCH}\\n"
DPKG_FORMAT = "${Package} ${Version} ${Architecture} ${db:Status-Abbrev}\\n"
MAX_PACKAGES_TEXT = 262144


def driver_items(crew, items, timeout_s):
    """Needs the items of gpu.py that are read at once."""
    crew.call(lambda say: [say([path, kind_of(path)]) for path in TRACES], traces_done(items), timeout_s)
    items["file:" + INSTALLER_LOG] = file_item(INSTALLER_LOG, says_what_was_installed, 1 << 20)
    for name in ("nvidia", "nvidia-open"):
        items["list:/var/lib/dkms/" + name] = list_item("/var/lib/dkms/" + name)
    ask_system(crew, items, "systemctl is-active " + UNITS, timeout_s)
    if shows_nvidia(items):
        ask_packages(crew, items, timeout_s)
    if find_program("nv-fabricmanager") or has_switch(items):
        ask_system(crew, items, "nv-fabricmanager --version", timeout_s)


def traces_done(items):
    def done(ended):
        item = items["call:traces"] = {"value": dict(ended.said())}
        if ended.error:
            item["error"] = ended.error

    return done


def says_what_was_installed(line):
    return any(words in line for words in ("installer version:", "creation time:", "is now complete"))


def ask_packages(crew, items, timeout_s):
    rpm = [find_program("rpm"), "-qa", "--qf", RPM_FORMAT, *PACKAGES]
    ask(crew, items, "command:rpm -qa", rpm, timeout_s, MAX_PACKAGES_TEXT)
    dpkg = [find_program("dpkg-query"), "-W", "-f", DPKG_FORMAT, *PACKAGES, "libcuda*"]
    ask(crew, items, "command:dpkg-query", dpkg, timeout_s, MAX_PACKAGES_TEXT)


def has_switch(items):
    devices = items.get("call:pci", {}).get("value", {}).get("nvidia", [])
    return any(device["class"].startswith("0x0680") for device in devices)
