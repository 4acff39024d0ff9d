"""Spec: the shape of the TOML file in which a user says what is wished."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BeforeValidator, Field, PositiveInt, model_validator

from envspec.spec.assets import Installer, Model, OwnFile
from envspec.spec.table import Table
from envspec.spec.values import (
    AbsolutePath,
    ConstraintText,
    CudaRelease,
    CudnnVersion,
    CutOff,
    Destination,
    DriverFloor,
    FilePath,
    GlibcVersion,
    IndexName,
    IndexUrl,
    Line,
    ModuleName,
    Name,
    OsName,
    OverrideText,
    ProjectName,
    PythonVersion,
    RequirementText,
    Size,
    SpecifierText,
    Url,
    VersionText,
    size_bytes,
    wrong,
)


class Disk(Table):
    """What the site promised of one mount point."""

    size: Size | None = Field(default=None, examples=["39 GiB"])
    """The whole of it."""
    free: Size | None = Field(default=None, examples=["12 GiB"])
    """What is free, as ``df -h`` prints it."""

    @model_validator(mode="after")
    def _says_what_can_be(self) -> Disk:
        if self.size is None and self.free is None:
            raise wrong("it says neither size nor free", 'for example { size = "39 GiB", free = "12 GiB" }')
        if self.size and self.free and size_bytes(self.free) > size_bytes(self.size):
            raise wrong(f"{self.free} can't be free of {self.size}", at=("free",))
        return self


class Gpu(Table):
    """The GPUs of the target, all of one kind."""

    name: Line = Field(examples=["A100-80GB"])
    """Market name, or as ``nvidia-smi -L`` prints it."""
    count: PositiveInt = Field(default=1, examples=[2], le=1024, strict=True)
    """How many of them."""


class Endpoint(Table):
    """What the program will have to reach inside."""

    url: Url = Field(examples=["https://nas.internal/download"])
    """http or https."""
    ca_file: FilePath | None = Field(default=None, examples=["site-ca.pem"])
    """PEM file of the authority that signed its certificate."""


def _read_disk(value: Any) -> Any:
    return {"free": value} if isinstance(value, str) else value


def _read_gpu(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    listed = re.findall(r"^GPU \d+: (.{1,200}?) \(UUID: [^)]*\)\s*$", value, re.MULTILINE)
    if not listed:
        return None if value == "none" else {"name": value}
    if len(set(listed)) > 1:
        raise wrong(
            f"it lists GPUs of {len(set(listed))} kinds",
            "name the kind that the environment will use, and its count",
        )
    return {"name": listed[0], "count": len(listed)}


class TargetTable(Table):
    """The host we lock for."""

    os: OsName | None = Field(default=None, examples=["rhel-8.9"])
    """ID and VERSION_ID of its /etc/os-release; gives glibc and kernel."""
    glibc: GlibcVersion | None = Field(default=None, examples=["2.28"])
    """Version of its C library, where ``os`` doesn't give it."""
    arch: Literal["x86_64", "aarch64"] = "x86_64"
    """As ``uname -m`` prints it."""
    python: PythonVersion = Field(examples=["3.10"])
    """CPython's minor version, or a full one."""
    gpu: Annotated[Gpu | None, BeforeValidator(_read_gpu, json_schema_input_type=str | Gpu)] = Field(
        default=None, examples=["A100-80GB"]
    )
    """Market name or the text of ``nvidia-smi -L``; none for CPU."""
    driver: DriverFloor | None = Field(default=None, examples=[">=515"])
    """The oldest driver that the site promised."""
    network: Literal["closed", "internal", "open"] | None = None
    """What can be reached from the target."""
    disk: dict[
        AbsolutePath, Annotated[Disk, BeforeValidator(_read_disk, json_schema_input_type=str | Disk)]
    ] = Field(default={}, examples=[{"/data": "2 TiB"}])
    """Mount points; a bare size is free space."""
    endpoints: tuple[Endpoint, ...] = ()
    """What the program will have to reach inside."""

    @model_validator(mode="after")
    def _has_a_glibc(self) -> TargetTable:
        if self.os is None and self.glibc is None:
            raise wrong("neither os nor glibc says for which C library wheels are chosen", 'os = "rhel-8.9"')
        return self


class NeedsTable(Table):
    """What the program needs while it runs."""

    gpu_memory: Size | None = Field(default=None, examples=["20 GiB"])
    """Memory of one GPU."""


class MetadataTable(Table):
    """The dependencies of one release, where nothing else can say them."""

    name: ProjectName = Field(examples=["example"])
    """The project."""
    version: VersionText = Field(examples=["1.0"])
    """The release."""
    requires_dist: tuple[OverrideText, ...] = Field(examples=[["numpy"]])
    """What it requires."""
    requires_python: SpecifierText | None = Field(default=None, examples=[">=3.8"])
    """The Pythons it runs on."""


class PythonTable(Table):
    """The Python distributions."""

    requirements: tuple[RequirementText, ...] = Field(default=(), examples=[["torch==2.1.2", "easyocr"]])
    """PEP 508, or ``app @ ./dist/app.whl`` for a wheel of your own."""
    extra_requirements: tuple[RequirementText, ...] = Field(default=(), examples=[["xformers"]])
    """In a variant only: appended to requirements."""
    constraints: tuple[ConstraintText, ...] = Field(default=(), examples=[["numpy<2"]])
    """Bounds that hold if something asks for the project."""
    exclude_newer: CutOff | None = Field(default=None, examples=["2025-07-01"])
    """Files uploaded later are out; a date is a whole UTC day."""
    prereleases: Literal["if-necessary", "allow"] = "if-necessary"
    """Whether pre-releases may be chosen where others fit, too."""
    overrides: tuple[OverrideText, ...] = Field(default=(), examples=[["pillow>=10"]])
    """Replace what others ask of a project."""
    sdists: tuple[ProjectName, ...] = Field(default=(), examples=[["openai-whisper"]])
    """Projects that may come as source distributions."""
    metadata: tuple[MetadataTable, ...] = ()
    """Dependencies of releases where nothing else can say them."""

    @model_validator(mode="after")
    def _says_each_release_once(self) -> PythonTable:
        seen: set[tuple[str, Version]] = set()
        for position, row in enumerate(self.metadata):
            release = (row.name, Version(row.version))
            if release in seen:
                raise wrong(
                    f"{row.name} {row.version} stands here twice", "keep one", at=("metadata", position)
                )
            seen.add(release)
        return self


class LockTable(Table):
    """How the lock is written."""

    files: Literal["urls", "portable"] = "urls"
    """Whether files of the default index stand as URLs, or as paths into the bundle."""


class IndexTable(Table):
    """An index other than the usual one; it serves the projects it names and nothing else."""

    name: IndexName = Field(examples=["pytorch-cu118"])
    """How the lock calls it."""
    url: IndexUrl | None = Field(default=None, examples=["https://download.pytorch.org/whl/cu118"])
    """Root of its simple API."""
    path: FilePath | None = Field(default=None, examples=["wheels/"])
    """Or a folder of wheels."""
    packages: tuple[ProjectName, ...] = Field(default=(), examples=[["torch", "torchvision"]])
    """The projects that come from here, and from nowhere else."""
    recording: FilePath | None = Field(default=None, examples=["../recordings/pytorch.json"])
    """A pinned view of this index, read in place of it."""
    ca_file: FilePath | None = Field(default=None, examples=["site-ca.pem"])
    """PEM file of the authority that signed its certificate."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> IndexTable:
        if self.url is not None and self.path is not None:
            raise wrong("an index is a URL or a folder, and both are given", "keep url or path")
        if self.path is not None and (self.recording is not None or self.ca_file is not None):
            raise wrong(
                "a folder of wheels has no recording and no certificate", "drop recording and ca-file"
            )
        return self


class InstallTable(Table):
    """Where the environment goes on the target."""

    prefix: AbsolutePath | None = Field(default=None, examples=["/data/envs"])
    """The folder of all environments."""
    scratch: AbsolutePath | None = Field(default=None, examples=["/data/tmp"])
    """For temporary files; never /tmp when / is small."""


class SmokeTable(Table):
    """What must work after installing."""

    imports: tuple[ModuleName, ...] = Field(default=(), examples=[["torch", "easyocr"]])
    """Modules to import."""
    run: Line | None = Field(default=None, examples=["python smoke.py"])
    """A command that must end with 0."""


class SpecTables(Table):
    """All tables of a spec, as one lock reads them: with its variant merged in."""

    name: Name = Field(examples=["ocr"])
    """Of the environment; names its locks."""
    cuda: CudaRelease | None = Field(default=None, examples=["11.8", "cpu"])
    """The CUDA release that wheels are built for, or ``cpu``; mostly said in a variant."""
    cudnn: CudnnVersion | None = Field(default=None, examples=["8.7"])
    """The cuDNN that the wheels should bring; checked, never installed."""
    target: TargetTable
    needs: NeedsTable = NeedsTable()
    python: PythonTable = PythonTable()
    lock: LockTable = LockTable()
    index: tuple[IndexTable, ...] = ()
    """Indexes other than the usual one."""
    models: tuple[Model, ...] = ()
    """Weights and vocabularies."""
    files: tuple[OwnFile, ...] = ()
    """Your own code and configuration."""
    installers: tuple[Installer, ...] = ()
    """CUDA, cuDNN, drivers, Pythons, and other files with a checksum."""
    install: InstallTable = InstallTable()
    smoke: SmokeTable = SmokeTable()

    @model_validator(mode="after")
    def _names_each_thing_once(self) -> SpecTables:
        _refuse_twins("index", [row.name for row in self.index])
        _refuse_twins("files", [row.dest.rstrip("/") for row in self.files])
        _refuse_twins("models", [getattr(row, "dest", None) for row in self.models])
        return self


def _refuse_twins(table: str, names: list[Destination | None]) -> None:
    seen: dict[str, int] = {}
    for position, name in enumerate(names):
        if name is not None and seen.setdefault(name, position) != position:
            raise wrong(
                f"{name!r} stands in {table}[{seen[name]}], too",
                "give each its own name",
                at=(table, position),
            )


@dataclass(frozen=True, slots=True)
class Spec:
    """What one spec file says, each of its variants merged and checked."""

    name: str
    variants: Mapping[str, SpecTables]
    """Variant name to its tables, in the order of the file; ``""`` alone where there are none."""


def project_of(requirement: str) -> str:
    """The normalized project that a checked requirement names."""
    return str(canonicalize_name(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]))
