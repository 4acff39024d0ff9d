"""Pinning: a Resolution becomes a Lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from envspec.index.catalog import Index
from envspec.index.credentials import without_credentials
from envspec.index.live import LiveIndex
from envspec.index.view import ReleaseFile
from envspec.lock.codec import canonical_time
from envspec.lock.document import Asset, Build, Dependency, Lock, LockedDistribution, LockedFile, Variable
from envspec.lock.environment import environment_marker, locked_python
from envspec.resolve.resolution import Pin, Resolution
from envspec.spec.request import LockRequest
from envspec.target.tags import plain_linux

DEFAULT_INDEX = "default"


def pin_lock(
    request: LockRequest,
    resolution: Resolution,
    *,
    computed: Mapping[str, tuple[str, int]],
    builds: Sequence[Build] = (),
    assets: Sequence[Asset] = (),
    environment: Sequence[Variable] = (),
    not_locked: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
    python_exact: bool = False,
    extra_tool: Mapping[str, object] | None = None,
) -> Lock:
    """Write the solution down.

    ``computed`` gives (sha256, size in bytes) by URL for files whose index gives none. ``python_exact``: the
    lock is for one patch release of Python, although the spec names none.
    """
    distributions = tuple(_distribution(pin, request, computed) for pin in resolution.pins)
    target = request.target
    exact = target.python_exact or python_exact
    used = {d.index_name for d in distributions}
    return Lock(
        name=request.name,
        variant=request.variant,
        spec_digest=request.spec_digest,
        files=request.files,
        environments=(environment_marker(target.python, exact, target.arch),),
        requires_python=locked_python(target.python, exact),
        target=target_table(request),
        requirements=tuple(sorted([*request.requirements, *(w.requirement for w in request.local_wheels)])),
        distributions=distributions,
        builds=tuple(builds),
        assets=tuple(assets),
        environment=tuple(environment),
        indexes=tuple(
            sorted((i.name, without_credentials(i.url)) for i in request.indexes if i.name in used and i.url)
        ),
        hosts=_hosts(distributions, assets),
        not_locked=tuple(not_locked),
        warnings=tuple(warnings),
        extra_tool=dict(extra_tool or {}),
    )


def _distribution(
    pin: Pin, request: LockRequest, computed: Mapping[str, tuple[str, int]]
) -> LockedDistribution:
    project, place = pin.project, pin.candidate.place
    release = project.record.file(place)
    index = project.index
    file = locked_file(release, computed, index, request, is_direct=bool(project.direct_url))
    return LockedDistribution(
        name=pin.name,
        version=project.versions[place],
        wheel=file if release.is_wheel else None,
        sdist=None if release.is_wheel else file,
        index="" if file.path or index is None or project.direct_url else without_credentials(index.url),
        index_name="" if index is None or project.direct_url else index.name,
        requires_python=release.requires_python,
        dependencies=tuple(Dependency(name, extras) for name, extras in pin.requires if name != pin.name),
        extras=pin.extras,
        direct_url=_direct_url(project.direct_url, request),
        notes=_notes(release),
    )


def _direct_url(url: str, request: LockRequest) -> str:
    """As a lock may hold it: without credentials, and a local file by the path that the spec writes."""
    if not url.startswith("file:"):
        return without_credentials(url)
    from pathlib import Path

    return next(wheel.spec_path for wheel in request.local_wheels if Path(wheel.path).as_uri() == url)


def locked_file(
    release: ReleaseFile,
    computed: Mapping[str, tuple[str, int]],
    index: Index | None,
    request: LockRequest,
    *,
    is_direct: bool = False,
) -> LockedFile:
    """A release's file as the lock holds it; portable where the request says so, and every local file.

    ``is_direct``: no index told its digest, but whoever names its URL.
    """
    is_local = release.url.startswith("file:")
    is_default = isinstance(index, LiveIndex) and index.name == DEFAULT_INDEX
    portable = is_local or (is_default and request.files == "portable")
    hashes = {name.lower(): value.lower() for name, value in release.hashes.items()}
    size, digest_from = release.size, "index" if isinstance(index, LiveIndex) else "recording"
    if "sha256" not in hashes:
        hashes["sha256"], size = computed[release.url]
        digest_from = "computed"
    elif is_local:
        digest_from = "computed"
    elif is_direct:
        digest_from = "publisher"
    return LockedFile(
        name=release.filename,
        hashes=tuple(sorted(hashes.items())),
        url="" if portable else without_credentials(release.url.partition("#")[0]),
        path=f"../wheels/{release.filename}" if portable else "",
        size=size,
        upload_time=_whole_seconds(release.upload_time),
        digest_from=digest_from,
    )


def _whole_seconds(upload_time: str) -> str:
    """``2024-01-29T18:38:38Z``; indexes differ in the digits after the second."""
    moment = canonical_time(upload_time)
    return f"{moment[:19]}Z" if moment else ""


def _notes(release: ReleaseFile) -> tuple[str, ...]:
    if release.is_wheel and plain_linux(release.filename):
        return ("its tag linux_ARCH tells no glibc: only the wheel itself can",)
    return ()


def _hosts(distributions: Iterable[LockedDistribution], assets: Iterable[Asset]) -> tuple[str, ...]:
    hosts = {host for asset in assets for host in asset.hosts}
    hosts |= {_host(file.url) for asset in assets for file in asset.files if file.url}
    for distribution in distributions:
        url = distribution.file.url
        if url:
            hosts.add(_host(url))
        elif distribution.index_name == DEFAULT_INDEX:
            hosts.add(DEFAULT_INDEX)
    return tuple(sorted(hosts))


def _host(url: str) -> str:
    return url.split("/", 3)[2].partition(":")[0].lower()


def target_table(request: LockRequest) -> dict[str, object]:
    """[tool.envspec.target]: what the spec said of the host, for people and for the verifier."""
    target = request.target
    table: dict[str, object] = {
        "os": target.os,
        "arch": target.arch,
        "glibc": f"{target.glibc[0]}.{target.glibc[1]}",
        "kernel": target.kernel,
        "python": target.python if target.python_exact else "{}.{}".format(*target.python_minor),
        "gpu": target.gpu,
        "gpu-count": target.gpu_count,
        "driver": target.driver,
        "network": target.network,
        "cuda": request.cuda,
        "cudnn": request.cudnn,
        "gpu-memory": request.gpu_memory,
        "prefix": request.prefix,
        "scratch": request.scratch,
        "disk": {mount: dict(amounts) for mount, amounts in target.disk},
        "endpoints": [
            {"url": url, "ca-file": ca_file} if ca_file else {"url": url}
            for url, ca_file in request.endpoints
        ],
    }
    return {key: value for key, value in table.items() if value}
