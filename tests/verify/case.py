"""A case of ``tests/cases/verify``: a lock and a host in few words, and what the rules must say of them.

``lock``: ``target``, ``variant``, ``distributions`` (``name==version TAG``; without a tag it's pure),
``sizes`` and ``audit`` by project, ``upload``. ``assets``: rows with the fields of Asset. ``facts``: by the
names of HostFacts, each as ``FACTS`` reads it, or ``{ absent = "why" }``, ``{ unknown = "why" }``.
``expect``: findings; of each rule in ``rules`` they stand there whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from envspec.lock.document import Asset, AssetFile, Lock, Space
from envspec.probe.facts import (
    Cudnn,
    DriverInstall,
    Fact,
    Gpu,
    HostFacts,
    Interpreter,
    Memory,
    Mount,
    NetworkFacts,
    OsRelease,
    Toolkit,
    absent,
    known,
    unknown,
)
from envspec.target.gpu import ComputeCapability, DriverVersion, ToolkitVersion
from tests.lock.locks import distribution, lock

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASES = Path(__file__).parents[1] / "cases" / "verify"
GIB = 1024**3


def read_case(path: Path) -> dict[str, Any]:
    """The document as it stands."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def lock_of(case: Mapping[str, Any]) -> Lock:
    """The case's lock."""
    said = case.get("lock", {})
    items = []
    for text in sorted(said.get("distributions", ())):
        release, _, tag = text.partition(" ")
        name, _, version = release.partition("==")
        items.append(distribution(name, version, tag=tag or "py3-none-any"))
    if said.get("upload") and items:
        wheel = items[0].wheel
        assert wheel is not None
        items[0] = items[0]._replace(wheel=wheel._replace(upload_time=said["upload"]))
    sizes = said.get("sizes", {})
    for number, item in enumerate(items):
        assert item.wheel is not None
        size = sizes.get(item.name, item.wheel.size)
        items[number] = item._replace(wheel=item.wheel._replace(size=None if size == "unknown" else size))
    audit = {
        item.wheel.sha256: said["audit"][item.name]
        for item in items
        if item.wheel is not None and item.name in said.get("audit", {})
    }
    return lock(
        *items,
        variant=said.get("variant", ""),
        target=said.get("target", {}),
        extra_tool={"audit": audit} if audit else {},
        assets=tuple(_asset(row) for row in case.get("assets", ())),
    )


def _asset(row: Mapping[str, Any]) -> Asset:
    files = tuple(
        AssetFile(name=each["name"], hashes=(("sha256", "0" * 64),), dest=each["name"], size=each.get("size"))
        for each in row.get("files", ())
    )
    rest = {key: value for key, value in row.items() if key not in ("files", "space", "commands", "on_path")}
    return Asset(
        **{"kind": "installer", "label": f"{row['provider']} {row.get('version', '')}".strip(), **rest},
        files=files,
        on_path=tuple(row.get("on_path", ())),
        space=Space(**{"source": "the case", **row["space"]}) if "space" in row else None,
        commands=tuple(tuple(command) for command in row.get("commands", ())),
    )


def _gpu(row: Mapping[str, Any]) -> Gpu:
    capability = ComputeCapability.parse(row["capability"]) if "capability" in row else None
    slices = tuple(row["mig_slices"]) if "mig_slices" in row else None
    return Gpu(**{**row, "capability": capability, "mig_slices": slices})


def _mount(row: Mapping[str, Any]) -> Mount:
    sizes = {f"{key}_bytes": int(row[f"{key}_gib"] * GIB) for key in ("total", "free") if f"{key}_gib" in row}
    rest = {key: value for key, value in row.items() if not key.endswith("_gib")}
    noexec = None if rest.pop("noexec", False) == "unknown" else row.get("noexec", False)
    return Mount(**{"mount_point": row["path"], **rest, **sizes, "noexec": noexec})


def _os(text: str) -> OsRelease:
    key, _, like = text.partition(" ")
    name, _, version = key.rpartition("-")
    return OsRelease(name, version, tuple(like.split()))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _install(row: Mapping[str, Any]) -> DriverInstall:
    method: Literal["rpm", "runfile"] = row["method"]
    return DriverInstall(method, tuple(row.get("packages", ())))


FACTS: Mapping[str, Callable[[Any], Any]] = {
    "os": _os,
    "glibc": _version,
    "glibcxx": _version,
    "memory": lambda row: Memory(**{f"{key}_bytes": int(value * GIB) for key, value in row.items()}),
    "gpus": lambda rows: tuple(map(_gpu, rows)),
    "driver": DriverVersion.parse,
    "driver_cuda": ToolkitVersion.parse,
    "driver_install": _install,
    "fabric_manager": DriverVersion.parse,
    "toolkits": lambda rows: tuple(
        Toolkit(ToolkitVersion.parse(row), f"/usr/local/cuda-{row}") for row in rows
    ),
    "cudnn": lambda rows: tuple(Cudnn(row, "/usr/lib64") for row in rows),
    "pythons": lambda rows: tuple(Interpreter(**row) for row in rows),
    "libraries": frozenset,
    "mounts": lambda rows: tuple(map(_mount, rows)),
    "repositories": tuple,
    "media": tuple,
    "network": lambda row: NetworkFacts(**row),
}
"""How a value of the case becomes the value of the fact; what isn't here is taken as it is."""

PLAIN = ("label", "source", "driver_at_least", "libraries_asked")


def facts_of(case: Mapping[str, Any]) -> HostFacts:
    """The case's host; a fact that it doesn't name is unknown."""
    said = case.get("facts", {})
    plain = {name: said[name] for name in PLAIN if name in said}
    if "libraries_asked" in said:
        plain["libraries_asked"] = frozenset(said["libraries_asked"])
    facts = {name: _fact(name, value) for name, value in said.items() if name not in PLAIN}
    return HostFacts(**{"source": "evidence", **plain, **facts})


def _fact(name: str, value: Any) -> Fact[Any]:
    if isinstance(value, dict) and set(value) == {"absent"}:
        return absent("the case", value["absent"])
    if isinstance(value, dict) and set(value) == {"unknown"}:
        return unknown("the case", value["unknown"])
    return known(FACTS[name](value) if name in FACTS else value, "the case")
