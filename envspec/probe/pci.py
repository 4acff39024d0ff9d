"""What stands on the PCI bus: ``call:pci``, NVIDIA's GPUs and NVSwitches and what they are bound to."""

from __future__ import annotations

import msgspec

from envspec.named_tuple import NamedTuple
from envspec.probe.facts import Fact, known, unknown
from envspec.probe.items import Items

_GPU = "0x03"
_NVSWITCH = "0x0680"


class _Device(msgspec.Struct, frozen=True, rename={"class_": "class"}):
    class_: str = ""
    device: str = ""
    driver: str = ""


class _Pci(msgspec.Struct, frozen=True):
    devices: int = 0
    nvidia: tuple[_Device, ...] = ()


class Bus(NamedTuple):
    """NVIDIA's devices on it."""

    gpus: int
    switches: int
    bound_to: tuple[str, ...]
    """The GPUs' kernel drivers, each once: ``nvidia``, ``nouveau``, ``vfio-pci``."""


def read_bus(items: Items) -> Fact[Bus]:
    """The devices; unknown where a host shows no PCI bus at all, as under WSL."""
    pci = items.value("call:pci", _Pci)
    if not pci.is_known:
        return unknown(pci.how, pci.why)
    gpus = [device for device in pci.need().nvidia if device.class_.startswith(_GPU)]
    switches = [device for device in pci.need().nvidia if device.class_.startswith(_NVSWITCH)]
    drivers = sorted({device.driver for device in gpus if device.driver})
    return known(Bus(len(gpus), len(switches), tuple(drivers)), "/sys/bus/pci/devices")
