"""What nvidia-smi says: of one output, whichever of its forms it has, and of all together."""

from __future__ import annotations

from envspec.named_tuple import NamedTuple
from envspec.probe.facts import GpuState
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion


class SmiGpu(NamedTuple):
    """One device, as far as the output tells."""

    name: str
    """As printed; the default table cuts it: ``NVIDIA A100 80G...``."""
    capability: ComputeCapability | None = None
    memory_mib: int | None = None
    memory_used_mib: int | None = None
    memory_free_mib: int | None = None
    mig: bool | None = None
    mig_slices: tuple[str, ...] | None = None
    vgpu: bool | None = None
    ecc: bool | None = None
    processes: int | None = None
    """How many that compute were listed; None where the output lists none at all."""

    @property
    def name_is_cut(self) -> bool:
        """Whether only the beginning of the name is there."""
        return self.name.endswith("...")


class SmiReport(NamedTuple):
    """What one output says; None and () where it doesn't."""

    tool: DriverVersion | None = None
    """Of nvidia-smi itself, which need not be the driver's."""
    driver: DriverVersion | None = None
    cuda: ToolkitVersion | None = None
    gpus: tuple[SmiGpu, ...] = ()


class SmiFailure(NamedTuple):
    """Why it shows nothing."""

    state: GpuState
    said: str
    library: str = ""
    """``570.86``, two numbers of the library's version, where it names it."""


class Smi(NamedTuple):
    """What all outputs say together."""

    tool: DriverVersion | None = None
    driver: DriverVersion | None = None
    cuda: ToolkitVersion | None = None
    gpus: tuple[SmiGpu, ...] = ()
    failure: SmiFailure | None = None
    refused: tuple[str, ...] = ()
    """Fields that this nvidia-smi is too old for."""
    is_there: bool | None = None
    """Whether the program is on the host; None where nothing looked for it."""
    how: str = "nvidia-smi"


NO_DEVICES = "No devices were found"
"""What it prints where the driver counts none."""
NO_SMI = Smi()
"""Where nvidia-smi wasn't asked."""


def on_or_off(text: str) -> bool | None:
    """Of ``Enabled``, ``Disabled``, ``On``, ``Off``; None for ``[N/A]``, ``[Not Supported]`` and all else."""
    return {"enabled": True, "on": True, "disabled": False, "off": False}.get(text.strip().lower())
