"""cuda-compat: the user part of a newer driver, unpacked into the environment, for hosts with an older one.

Source: NVIDIA, CUDA Compatibility, "Forward Compatibility". Digest and sizes are those that NVIDIA's own
package repository publishes.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from envspec.assets.installers.package_repository import published, repository_for
from envspec.assets.installers.space import estimated
from envspec.assets.interface import Context, Plan, Planned, Question, Wish
from envspec.assets.one_file import OneFile, Record, one_file
from envspec.compat.cuda import CompatPackage, compat_package
from envspec.compat.gpus import gpu_named
from envspec.errors import InvalidValueError
from envspec.lock.document import Asset, AssetFile, Space, Variable
from envspec.target.gpu import ToolkitVersion

PROVIDES = ("cuda-compat",)

EULA = "NVIDIA CUDA Toolkit EULA, https://docs.nvidia.com/cuda/eula/"
SOURCE = "NVIDIA, CUDA Compatibility, Forward Compatibility"


def plan(wish: Wish, context: Context) -> Plan:
    """The package of one CUDA release, from the repository of the target's distribution."""
    cuda = ToolkitVersion.parse(wish.said["version"])
    version, file, space = yield from _file(wish, context, cuda)
    home = f"{{environment}}/cuda-compat-{cuda.release}"
    libraries = f"{home}/usr/local/cuda-{cuda.release}/compat"
    row = compat_package(cuda)
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            version=version,
            files=(file.at(file.name, root="installers"),),
            unconfirmed=file.unconfirmed,
            space=space or estimated(file.size),
            commands=(_unpacking(file.name, home),),
            variables=(Variable("LD_LIBRARY_PATH", libraries, (wish.label,), SOURCE),),
            when="driver-older",
            eula=EULA,
            notes=_notes(row),
        ),
        warnings=_warnings(context.target.gpu),
    )


def _file(
    wish: Wish, context: Context, cuda: ToolkitVersion
) -> Generator[Sequence[Question], Sequence[Any], tuple[str, OneFile, Space | None]]:
    said, earlier = wish.said, context.earlier
    if said["url"]:
        one = yield from one_file(
            Record(said["url"]), context, said_sha256=said["sha256"], trust=said["trust"]
        )
        return said["version"], one, None
    repository = repository_for(context.target)
    if earlier is not None and len(earlier.files) == 1:
        file = earlier.files[0]
        is_fit = file.url.startswith(f"{repository.url}/") and said["sha256"] in (None, file.sha256)
        if is_fit:  # of this very distribution, unlike that of a spec that named another one, or a url
            return earlier.version, _as_it_was(file, earlier.unconfirmed), earlier.space
    package = f"cuda-compat-{cuda.major}-{cuda.minor}"
    found = yield from published(repository, package)
    record = Record(found.url, found.sha256, size=found.size, digest_from="publisher")
    one = yield from one_file(record, context, said_sha256=said["sha256"], trust=None)
    space = Space(found.size, found.installed_bytes, f"{repository.url}: its index of packages")
    return found.version, one, space


def _as_it_was(file: AssetFile, unconfirmed: str) -> OneFile:
    return OneFile(file.name, file.url, file.hashes, file.size, file.digest_from, unconfirmed)


def _unpacking(name: str, home: str) -> tuple[str, ...]:
    """Taken apart without root and without the package manager, which would want to install it."""
    if name.endswith(".deb"):
        return ("dpkg-deb", "-x", "{file}", home)
    if name.endswith(".rpm"):
        script = 'mkdir -p "$2" && cd "$2" && rpm2cpio "$1" | cpio -idmu --quiet'
        return ("sh", "-c", script, "sh", "{file}", home)
    raise InvalidValueError(
        what=f"{name} is no package that can be taken apart",
        why="NVIDIA publishes cuda-compat as .rpm and .deb",
        fix="give the url of one of those",
    )


def _notes(row: CompatPackage | None) -> tuple[str, ...]:
    notes = ["for data-centre GPUs alone, and only where the host's driver is older than the one in it"]
    if row is not None:
        kept = [branch for branch in row.branches if branch not in row.dropped]
        listed = ", ".join(f"R{branch}" for branch in row.branches)
        notes.append(f"NVIDIA's images list these branches of the host's driver for it: {listed}")
        if row.dropped:
            now = ", ".join(f"R{branch}" for branch in kept)
            notes.append(
                f"later images of the same CUDA list only {now}" if now else "later images list none"
            )
    return tuple(notes)


def _warnings(gpu: str) -> tuple[str, ...]:
    found = gpu_named(gpu) if gpu else None
    if found is not None and found.data_center is False:
        return (f"{gpu} is no data-centre GPU: NVIDIA's compatibility packages don't run on it (error 804)",)
    return ()
