"""The NVIDIA driver by its runfile: the one installer that needs root, a reboot, and a way back.

Source: nvidia-installer's own options (``option_table.h``), NVIDIA's driver installation guide.
"""

from __future__ import annotations

from envspec.assets.installers.space import estimated, nearest
from envspec.assets.installers.wanted import other_arch, record_of
from envspec.assets.interface import Context, Plan, Planned, Wish
from envspec.assets.one_file import Record, one_file
from envspec.compat.installers import driver_runfile, tables
from envspec.lock.document import Asset

PROVIDES = ("driver",)

EULA = "License For Customer Use of NVIDIA Software, https://www.nvidia.com/en-us/drivers/nvidia-license/"
NOTES = (
    "needs root, the headers of exactly the running kernel, gcc and make; nouveau must not be loaded",
    "a driver that came from packages must go first; after installing, reboot",
    "the way back: nvidia-uninstall, then the driver that was there before",
    "never on a vGPU guest, whose driver comes from the site's virtualization",
    "a host with NVSwitches needs the fabric manager of the same version",
)


def plan(wish: Wish, context: Context) -> Plan:
    """The runfile of the data-centre line, and the command that builds and installs it."""
    said = wish.said
    unfit = other_arch(context.target.arch)
    row = None if unfit else driver_runfile(said["version"])
    record = record_of(
        said,
        Record(row.url, row.sha256 or "", row.md5 or "", "", row.size) if row and row.url else None,
        kind="driver runfile",
        versions=[each.version for each in tables().driver_runfile if each.url],
        why=unfit
        if row is None
        else f"{row.version} is known, but no source says that it's of the data-centre line",
    )
    file = yield from one_file(record, context, said_sha256=said["sha256"], trust=said["trust"])
    version = row.version if row else said["version"]
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            version=version,
            files=(file.at(file.name, root="installers", mode="0755"),),
            unconfirmed=file.unconfirmed,
            space=estimated(file.size, nearest(version, tables().driver_runfile)),
            commands=(("sh", "{file}", "--silent", "--tmpdir={scratch}"),),
            as_root=True,
            eula=EULA,
            notes=NOTES,
        )
    )
