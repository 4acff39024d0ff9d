"""Where NVIDIA publishes a package for a distribution, and what its repository's own index says of it.

Sources: the RPM repository format (``repodata/repomd.xml``, ``primary.xml``), Debian's repository format
(``Packages``); NVIDIA's repositories under developer.download.nvidia.com/compute/cuda/repos.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Generator, Sequence
from typing import Any

from envspec.assets.installers.plain_versions import in_order
from envspec.assets.interface import Get, Got, Question
from envspec.assets.plain_xml import child, elements, local_name
from envspec.errors import BrokenArtifactError, HashMismatchError, HttpStatusError, InvalidValueError
from envspec.named_tuple import NamedTuple
from envspec.target.host import Target

ROOT = "https://developer.download.nvidia.com/compute/cuda/repos"
_MAX_INDEX_BYTES = 32 * 1024 * 1024
_MAX_UNPACKED_BYTES = 512 * 1024 * 1024
_RHEL = ("rhel", "rocky", "almalinux", "centos", "ol")
_ARCH = {"x86_64": "x86_64", "aarch64": "sbsa"}
_MACHINE = {"rpm": {"x86_64": "x86_64", "aarch64": "aarch64"}, "deb": {"x86_64": "amd64", "aarch64": "arm64"}}


class Repository(NamedTuple):
    """One of NVIDIA's repositories."""

    url: str
    kind: str
    """``rpm`` or ``deb``."""
    machine: str
    """As its index says it: ``x86_64``, ``amd64``."""


class Published(NamedTuple):
    """A package as its repository's index has it."""

    url: str
    version: str
    """``530.30.02-1``."""
    sha256: str
    size: int
    installed_bytes: int


def repository_for(target: Target) -> Repository:
    """The one for the target's distribution. Raises InvalidValueError where NVIDIA has none that is known."""
    family, _, version = target.os.partition("-")
    major = version.partition(".")[0]
    if family in _RHEL and major:
        name, kind = f"rhel{major}", "rpm"
    elif family in ("sles", "opensuse-leap") and major:
        name, kind = f"{'sles' if family == 'sles' else 'opensuse'}{major}", "rpm"
    elif family == "ubuntu" and version:
        name, kind = f"ubuntu{version.replace('.', '')}", "deb"
    elif family == "debian" and major:
        name, kind = f"debian{major}", "deb"
    else:
        raise InvalidValueError(
            what=f"NVIDIA's repository for {target.os or 'a target without os'} isn't known",
            why="it has some for RHEL and its kin, SLES, Ubuntu and Debian",
            fix="say target.os, or give the package's url with its sha256",
        )
    return Repository(f"{ROOT}/{name}/{_ARCH[target.arch]}", kind, _MACHINE[kind][target.arch])


def published(
    repository: Repository, package: str
) -> Generator[Sequence[Question], Sequence[Any], Published]:
    """The newest release of a package; one round for Debian's form, two for RPM's."""
    found = yield from (_of_rpm if repository.kind == "rpm" else _of_deb)(repository, package)
    if not found:
        raise InvalidValueError(
            what=f"{repository.url} has no package {package}",
            why=f"its index names none for {repository.machine}",
            fix="take another version, or give the package's url with its sha256",
        )
    return max(found, key=lambda each: in_order(each.version))


# RPM


def _of_rpm(
    repository: Repository, package: str
) -> Generator[Sequence[Question], Sequence[Any], list[Published]]:
    entrance = f"{repository.url}/repodata/repomd.xml"
    (answer,) = yield [Get(entrance, max_bytes=1024 * 1024)]
    where, digest = _primary(_body(answer), entrance)
    address = f"{repository.url}/{where}"
    (answer,) = yield [Get(address, max_bytes=_MAX_INDEX_BYTES, lasting=True)]
    body = _body(answer)
    met = hashlib.sha256(body).hexdigest()
    if met != digest:
        raise HashMismatchError(
            what=f"{address} has sha256 {met}, {entrance} promises {digest}",
            why="the repository changed between two questions, or a mirror of it is broken",
            fix="lock again",
        )
    text = _unpacked(body, address)
    return [
        row
        for element in elements(text, "package", address)
        for row in [_rpm(element, package, repository)]
        if row is not None
    ]


def _primary(data: bytes, where: str) -> tuple[str, str]:
    """Path and sha256 of the list of packages."""
    for element in elements(data, "data", where):
        location, checksum = child(element, "location"), child(element, "checksum")
        if element.get("type") == "primary" and location is not None and checksum is not None:
            path, digest = location.get("href", ""), (checksum.text or "").strip().lower()
            if _is_inside(path) and checksum.get("type") == "sha256" and _is_sha256(digest):
                return path, digest
    raise BrokenArtifactError(what=f"{where} names no list of packages with a sha256")


def _rpm(element: Any, package: str, repository: Repository) -> Published | None:
    parts = {local_name(each): each for each in element}
    try:
        if parts["name"].text != package or parts["arch"].text != repository.machine:
            return None
        version, checksum, size = parts["version"], parts["checksum"], parts["size"]
        path, digest = parts["location"].get("href", ""), (checksum.text or "").strip().lower()
        if not (_is_inside(path) and checksum.get("type") == "sha256" and _is_sha256(digest)):
            return None
        return Published(
            f"{repository.url}/{path}",
            f"{version.get('ver')}-{version.get('rel')}",
            digest,
            _count(size.get("package")),
            _count(size.get("installed")),
        )
    except (KeyError, ValueError):
        return None


# Debian


def _of_deb(
    repository: Repository, package: str
) -> Generator[Sequence[Question], Sequence[Any], list[Published]]:
    address = f"{repository.url}/Packages.gz"
    (answer,) = yield [Get(address, max_bytes=_MAX_INDEX_BYTES)]
    text = _unpacked(_body(answer), address).decode("utf-8", "replace")
    rows = (_stanza(part) for part in re.split(r"\n\s*\n", text) if f"Package: {package}\n" in f"{part}\n")
    return [row for fields in rows for row in [_deb(fields, package, repository)] if row is not None]


def _stanza(text: str) -> dict[str, str]:
    lines = (line.partition(":") for line in text.splitlines() if line[:1] not in (" ", "\t"))
    return {name: value.strip() for name, colon, value in lines if colon}


def _deb(fields: dict[str, str], package: str, repository: Repository) -> Published | None:
    path, digest = fields.get("Filename", "").removeprefix("./"), fields.get("SHA256", "").lower()
    is_it = fields.get("Package") == package and fields.get("Architecture") == repository.machine
    if not (is_it and _is_inside(path) and _is_sha256(digest)):
        return None
    try:
        size, installed_kib = _count(fields.get("Size")), _count(fields.get("Installed-Size"))
    except ValueError:
        return None
    url = f"{repository.url}/{path}"
    return Published(url, fields.get("Version", ""), digest, size, installed_kib * 1024)


# Both


def _body(answer: Got) -> bytes:
    if answer.status != 200:
        raise HttpStatusError(
            status=answer.status, what=f"{answer.url}: answered {answer.status}, 200 was wanted"
        )
    return answer.body


def _unpacked(data: bytes, where: str) -> bytes:
    """The text of a gzipped list, within a bound; one that isn't packed is taken as it is."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            text = file.read(_MAX_UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenArtifactError(what=f"{where} can't be unpacked", why=str(error)) from error
    if len(text) > _MAX_UNPACKED_BYTES:
        raise BrokenArtifactError(what=f"{where} unpacks to more than {_MAX_UNPACKED_BYTES} bytes")
    return text


def _is_inside(path: str) -> bool:
    """Whether a path of the index stays below the repository."""
    return bool(re.fullmatch(r"[A-Za-z0-9._+~%/-]+", path)) and not path.startswith("/") and ".." not in path


def _is_sha256(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _count(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 15:
        raise ValueError(text)
    return int(text)
