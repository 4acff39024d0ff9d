"""The CUDA toolkit by its runfile: never the driver inside it, and never through /tmp.

Source: NVIDIA, CUDA Installation Guide for Linux, "Runfile Installation", "Advanced Options".
"""

from __future__ import annotations

from envspec.assets.installers.space import estimated, nearest
from envspec.assets.installers.wanted import other_arch, record_of
from envspec.assets.interface import Context, Plan, Planned, Wish
from envspec.assets.one_file import Record, one_file
from envspec.compat.installers import InstalledSize, cuda_runfile, installed_size, tables
from envspec.lock.document import Asset, Space, Variable
from envspec.target.gpu import ToolkitVersion

PROVIDES = ("cuda",)

EULA = "NVIDIA CUDA Toolkit EULA, https://docs.nvidia.com/cuda/eula/"


def plan(wish: Wish, context: Context) -> Plan:
    """The runfile, and the command that lays only the toolkit, inside the environment."""
    said = wish.said
    unfit = other_arch(context.target.arch)
    row = None if unfit else cuda_runfile(said["version"])
    record = record_of(
        said,
        Record(row.url, row.sha256 or "", row.md5 or "", row.md5_list or "", row.size) if row else None,
        kind="CUDA runfile",
        versions=[each.version for each in tables().cuda_runfile],
        why=unfit,
    )
    file = yield from one_file(record, context, said_sha256=said["sha256"], trust=said["trust"])
    release = ToolkitVersion.parse(row.version if row else said["version"]).release
    home = f"{{environment}}/cuda-{release}"
    notes = [f"the driver {row.driver} inside it is not installed"] if row else []
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            version=row.version if row else said["version"],
            files=(file.at(file.name, root="installers", mode="0755"),),
            unconfirmed=file.unconfirmed,
            space=_space(row.version if row else said["version"], file.size),
            commands=(
                (
                    "sh",
                    "{file}",
                    "--silent",
                    "--toolkit",
                    f"--toolkitpath={home}",
                    f"--defaultroot={home}",
                    "--no-man-page",
                    "--tmpdir={scratch}",
                ),
            ),
            on_path=(f"{home}/bin",),
            variables=(Variable("CUDA_HOME", home, (wish.label,), "NVIDIA, CUDA Installation Guide"),),
            eula=EULA,
            notes=(
                *notes,
                "its log is /tmp/cuda-installer.log; one that belongs to another user makes it crash",
            ),
        )
    )


def _space(version: str, size: int | None) -> Space | None:
    measured: InstalledSize | None = installed_size(version)
    if measured is None or size not in (None, measured.runfile_bytes):
        return estimated(size, nearest(version, tables().cuda_runfile))
    return Space(measured.runfile_bytes, measured.installed_bytes, f"measured: {measured.source}")
