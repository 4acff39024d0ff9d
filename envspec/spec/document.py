"""Spec: the shape of the TOML file in which a user says what is wished."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from envspec.named_tuple import NamedTuple
from envspec.project_name import normal_name
from envspec.spec.assets import Installer, Model, OwnFile
from envspec.spec.kinds import Array, ByKey, Choice, Count, Of
from envspec.spec.problems import WrongValueError
from envspec.spec.requirement import (
    ConstraintText,
    OverrideText,
    ProjectName,
    RequirementText,
    SpecifierText,
    VersionText,
)
from envspec.spec.table import Table, key
from envspec.spec.values import (
    AbsolutePath,
    CudaRelease,
    CudnnVersion,
    CutOff,
    DriverFloor,
    FilePath,
    GlibcVersion,
    IndexName,
    IndexUrl,
    Line,
    ModuleName,
    Name,
    OsName,
    PythonVersion,
    Size,
    Url,
    size_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.version import Version


_ARCHITECTURES = {"amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64", "arm64": "aarch64"}
"""Names that others use to those of ``uname -m``."""


class Disk(Table):
    """What the site promised of one mount point."""

    size = key(Size, None, examples=["39 GiB"])
    """The whole of it."""
    free = key(Size, None, examples=["12 GiB"])
    """What is free, as ``df -h`` prints it."""

    def _check(self) -> Iterator[WrongValueError]:
        both = ("size", "free")
        if self.size is None and self.free is None:
            fix = 'for example { size = "39 GiB", free = "12 GiB" }'
            yield WrongValueError("it says neither size nor free", fix, of=both)
        elif self.size and self.free and size_bytes(self.free) > size_bytes(self.size):
            yield WrongValueError(f"{self.free} can't be free of {self.size}", at=("free",), of=both)


class Gpu(Table):
    """The GPUs of the target, all of one kind."""

    name = key(Line, examples=["A100-80GB"])
    """Market name, or as ``nvidia-smi -L`` prints it."""
    count = key(Count(1024), 1, examples=[2])
    """How many of them."""


class Endpoint(Table):
    """What the program will have to reach inside."""

    url = key(Url, examples=["https://nas.internal/download"])
    """http or https."""
    ca_file = key(FilePath, None, examples=["site-ca.pem"])
    """PEM file of the authority that signed its certificate."""


def _read_disk(free: str) -> dict[str, Any]:
    return {"free": free}


def _read_gpu(text: str) -> dict[str, Any] | None:
    listed = re.findall(r"^GPU \d+: (.{1,200}?) \(UUID: [^)]*\)\s*$", text, re.MULTILINE)
    if not listed:
        return None if text == "none" else {"name": text}
    if len(set(listed)) > 1:
        raise WrongValueError(
            f"it lists GPUs of {len(set(listed))} kinds",
            "name the kind that the environment will use, and its count",
        )
    return {"name": listed[0], "count": len(listed)}


class TargetTable(Table):
    """The host we lock for."""

    os = key(OsName, None, examples=["rhel-8.9"])
    """ID and VERSION_ID of its /etc/os-release; gives glibc and kernel."""
    glibc = key(GlibcVersion, None, examples=["2.28"])
    """Version of its C library, where ``os`` doesn't give it."""
    arch = key(Choice("x86_64", "aarch64", others=_ARCHITECTURES), "x86_64")
    """As ``uname -m`` prints it."""
    python = key(PythonVersion, examples=["3.10"])
    """CPython's minor version, or a full one."""
    gpu = key(Of(Gpu, short=_read_gpu), None, examples=["A100-80GB"])
    """Market name or the text of ``nvidia-smi -L``; none for CPU."""
    driver = key(DriverFloor, None, examples=[">=515"])
    """The oldest driver that the site promised."""
    network = key(Choice("closed", "internal", "open"), None)
    """What can be reached from the target."""
    disk = key(ByKey(AbsolutePath, Of(Disk, short=_read_disk)), {}, examples=[{"/data": "2 TiB"}])
    """Mount points; a bare size is free space."""
    endpoints = key(Array(Of(Endpoint)), ())
    """What the program will have to reach inside."""

    def _check(self) -> Iterator[WrongValueError]:
        if self.os is None and self.glibc is None:
            why = "neither os nor glibc says for which C library wheels are chosen"
            yield WrongValueError(why, 'os = "rhel-8.9"', of=("os", "glibc"))


class NeedsTable(Table):
    """What the program needs while it runs."""

    gpu_memory = key(Size, None, examples=["20 GiB"])
    """Memory of one GPU."""


class MetadataTable(Table):
    """The dependencies of one release, where nothing else can say them."""

    name = key(ProjectName, examples=["example"])
    """The project."""
    version = key(VersionText, examples=["1.0"])
    """The release."""
    requires_dist = key(Array(OverrideText), examples=[["numpy"]])
    """What it requires."""
    requires_python = key(SpecifierText, None, examples=[">=3.8"])
    """The Pythons it runs on."""


class PythonTable(Table):
    """The Python distributions."""

    requirements = key(Array(RequirementText), (), examples=[["torch==2.1.2", "easyocr"]])
    """PEP 508, or ``app @ ./dist/app.whl`` for a wheel of your own."""
    extra_requirements = key(Array(RequirementText), (), examples=[["xformers"]])
    """In a variant only: appended to requirements."""
    constraints = key(Array(ConstraintText), (), examples=[["numpy<2"]])
    """Bounds that hold if something asks for the project."""
    exclude_newer = key(CutOff, None, examples=["2025-07-01"])
    """Files uploaded later are out; a date is a whole UTC day."""
    prereleases = key(Choice("if-necessary", "allow"), "if-necessary")
    """Whether pre-releases may be chosen where others fit, too."""
    overrides = key(Array(OverrideText), (), examples=[["pillow>=10"]])
    """Replace what others ask of a project."""
    sdists = key(Array(ProjectName), (), examples=[["openai-whisper"]])
    """Projects that may come as source distributions."""
    metadata = key(Array(Of(MetadataTable)), ())
    """Dependencies of releases where nothing else can say them."""

    def _check(self) -> Iterator[WrongValueError]:
        rows = [(position, row) for position, row in enumerate(self.metadata or ()) if row is not None]
        if len(rows) < 2:
            return
        from packaging.version import Version

        seen: set[tuple[str, Version]] = set()
        for position, row in rows:
            release = (row.name, Version(row.version))
            if release in seen:
                why = f"{row.name} {row.version} stands here twice"
                yield WrongValueError(why, "keep one", at=("metadata", position))
            seen.add(release)


class LockTable(Table):
    """How the lock is written."""

    files = key(Choice("urls", "portable"), "urls")
    """Whether files of the default index stand as URLs, or as paths into the bundle."""


class IndexTable(Table):
    """An index other than the usual one; it serves the projects it names and nothing else."""

    name = key(IndexName, examples=["pytorch-cu118"])
    """How the lock calls it."""
    url = key(IndexUrl, None, examples=["https://download.pytorch.org/whl/cu118"])
    """Root of its simple API."""
    path = key(FilePath, None, examples=["wheels/"])
    """Or a folder of wheels."""
    packages = key(Array(ProjectName), (), examples=[["torch", "torchvision"]])
    """The projects that come from here, and from nowhere else."""
    recording = key(FilePath, None, examples=["../recordings/pytorch.json"])
    """A pinned view of this index, read in place of it."""
    ca_file = key(FilePath, None, examples=["site-ca.pem"])
    """PEM file of the authority that signed its certificate."""

    def _check(self) -> Iterator[WrongValueError]:
        if self.url is not None and self.path is not None:
            yield WrongValueError("an index is a URL or a folder, and both are given", "keep url or path")
        elif self.path is not None and (self.recording is not None or self.ca_file is not None):
            why = "a folder of wheels has no recording and no certificate"
            yield WrongValueError(why, "drop recording and ca-file")


class InstallTable(Table):
    """Where the environment goes on the target."""

    prefix = key(AbsolutePath, None, examples=["/data/envs"])
    """The folder of all environments."""
    scratch = key(AbsolutePath, None, examples=["/data/tmp"])
    """For temporary files; never /tmp when / is small."""


class SmokeTable(Table):
    """What must work after installing."""

    imports = key(Array(ModuleName), (), examples=[["torch", "easyocr"]])
    """Modules to import."""
    run = key(Line, None, examples=["python smoke.py"])
    """A command that must end with 0."""


class SpecTables(Table):
    """All tables of a spec, as one lock reads them: with its variant merged in."""

    name = key(Name, examples=["ocr"])
    """Of the environment; names its locks."""
    cuda = key(CudaRelease, None, examples=["11.8", "cpu"])
    """The CUDA release that wheels are built for, or ``cpu``; mostly said in a variant."""
    cudnn = key(CudnnVersion, None, examples=["8.7"])
    """The cuDNN that the wheels should bring; checked, never installed."""
    target = key(Of(TargetTable))
    needs = key(Of(NeedsTable), NeedsTable())
    python = key(Of(PythonTable), PythonTable())
    lock = key(Of(LockTable), LockTable())
    index = key(Array(Of(IndexTable)), ())
    """Indexes other than the usual one."""
    models = key(Array(Model), ())
    """Weights and vocabularies."""
    files = key(Array(Of(OwnFile)), ())
    """Your own code and configuration."""
    installers = key(Array(Installer), ())
    """CUDA, cuDNN, drivers, Pythons, and other files with a checksum."""
    install = key(Of(InstallTable), InstallTable())
    smoke = key(Of(SmokeTable), SmokeTable())

    def _check(self) -> Iterator[WrongValueError]:
        yield from _twins("index", "name", self.index)
        yield from _twins("files", "dest", self.files)
        yield from _twins("models", "dest", self.models)
        yield from _repeated("models", self.models)
        yield from _repeated("installers", self.installers)


def _twins(table: str, key: str, rows: Sequence[Table] | None) -> Iterator[WrongValueError]:
    seen: dict[str, int] = {}
    for position, row in enumerate(rows or ()):
        name = getattr(row, key, None)
        if name is not None and seen.setdefault(name.rstrip("/"), position) != position:
            why = f"{name!r} stands in {table}[{seen[name.rstrip('/')]}], too"
            yield WrongValueError(why, f"give each its own {key}", at=(table, position))


def _repeated(table: str, rows: Sequence[Table] | None) -> Iterator[WrongValueError]:
    seen: dict[str, int] = {}
    for position, row in enumerate(rows or ()):
        if row is not None and getattr(row, "dest", None) is None:
            first = seen.setdefault(repr(row), position)
            if first != position:
                yield WrongValueError(f"{table}[{first}] says the same", "leave it out", at=(table, position))


class Spec(NamedTuple):
    """What one spec file says, each of its variants merged and checked."""

    name: str
    variants: Mapping[str, SpecTables]
    """Variant name to its tables, in the order of the file; ``""`` alone where there are none."""


def project_of(requirement: str) -> str:
    """The normalized project that a checked requirement names."""
    return normal_name(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
