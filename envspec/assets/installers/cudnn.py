"""cuDNN by its archive, unpacked inside the environment.

The wheels of PyTorch bring their own; only what looks for a cuDNN of the host needs this.
"""

from __future__ import annotations

from envspec.assets.installers.space import Like, estimated
from envspec.assets.installers.wanted import other_arch, record_of
from envspec.assets.interface import Context, Plan, Planned, Wish
from envspec.assets.one_file import Record, one_file
from envspec.compat.installers import CudnnArchive, cudnn_archive, tables
from envspec.errors import InvalidValueError
from envspec.lock.document import Asset, Variable
from envspec.target.gpu import ToolkitVersion

PROVIDES = ("cudnn",)

EULA = "NVIDIA cuDNN Software License Agreement, https://docs.nvidia.com/deeplearning/cudnn/latest/reference/eula.html"
_LIKE = Like("8.9.7.29 for CUDA 12", 865_000_000)
"""About; no other archive's size is on record (https://huggingface.co/csukuangfj/cudnn, its files)."""


def plan(wish: Wish, context: Context) -> Plan:
    """The archive for the CUDA major of the variant."""
    said = wish.said
    unfit = other_arch(context.target.arch)
    row = None if unfit or (said["url"] and not context.cuda) else _row(said["version"], context.cuda)
    record = record_of(
        said,
        Record(row.url, row.sha256 or "", row.md5 or "", "", row.size) if row else None,
        kind=f"cuDNN archive for CUDA {context.cuda}" if context.cuda else "cuDNN archive",
        versions=sorted({each.version for each in tables().cudnn_archive}),
        why=unfit,
    )
    file = yield from one_file(record, context, said_sha256=said["sha256"], trust=said["trust"])
    unpack = next((kind for kind in ("tar.xz", "tar.gz", "zip") if file.name.endswith(f".{kind}")), "")
    if not unpack:
        raise InvalidValueError(
            what=f"{file.name} is no archive that can be unpacked",
            why="NVIDIA's cuDNN archives are .tar.xz; .tar.gz and .zip can be unpacked, too",
        )
    version = row.version if row else said["version"]
    # All files of NVIDIA's archive lie in one folder of the archive's name.
    home = f"cudnn-{version}"
    inside = f"{{environment}}/{home}/{file.name.removesuffix(f'.{unpack}')}"
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            version=version,
            files=(file.at(home, root="environment", unpack=unpack),),
            unconfirmed=file.unconfirmed,
            space=estimated(file.size, _LIKE),
            variables=(Variable("CUDNN_PATH", inside, (wish.label,), "NVIDIA, cuDNN Installation Guide"),),
            eula=EULA,
        )
    )


def _row(version: str, cuda: str) -> CudnnArchive | None:
    if cuda:
        return cudnn_archive(version, ToolkitVersion.parse(cuda)) if cuda[0].isdigit() else None
    majors = sorted({row.cuda_major for row in tables().cudnn_archive if row.version.startswith(version)})
    if len(majors) > 1:
        raise InvalidValueError(
            what=f"cuDNN {version} is published for CUDA {' and '.join(map(str, majors))}",
            why="this variant names no cuda, so nothing chooses",
            fix='say cuda = "12.1" in the variant, or give the url',
        )
    return cudnn_archive(version, ToolkitVersion(majors[0], 0)) if majors else None
