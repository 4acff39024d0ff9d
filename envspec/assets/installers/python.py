"""CPython itself, for hosts without the one that the wheels are for: a build of python-build-standalone.

URLs and digests come from the distribution pbs-installer, which carries the list of that project's releases.
The builds need glibc 2.17, any x86-64 or ARMv8 processor, and no rights.
Source: python-build-standalone, docs/running.rst.
"""

from __future__ import annotations

import functools
import pkgutil
import re

import msgspec

from envspec.assets.installers.space import estimated
from envspec.assets.installers.wanted import record_of
from envspec.assets.interface import Context, Plan, Planned, Wish
from envspec.assets.one_file import Record, one_file
from envspec.errors import InvalidValueError
from envspec.lock.document import Asset, Variable
from envspec.target.host import Target

PROVIDES = ("python",)

LICENCES = "PSF-2.0 and those of what it's linked with; their texts lie in the archive"
_CHOICE = re.compile(r"-unknown-linux-gnu-install_only(_stripped)?\.tar\.gz$")
_KNOWS_SYSTEM_CAS = 20260301
"""Releases before it look for certificates where RHEL has none (python-build-standalone, issue 858)."""
_RHEL_CAS = "/etc/pki/tls/certs/ca-bundle.crt"
_RHEL_FAMILY = ("rhel", "rocky", "almalinux", "centos", "ol", "fedora")


class _File(msgspec.Struct):
    platform: str
    arch: str
    install_only: bool
    filename: str
    url: str
    sha256: str | None


class _Version(msgspec.Struct):
    implementation: str
    major: int
    minor: int
    micro: int
    freethreaded: bool


class _Release(msgspec.Struct):
    python_version: _Version
    files: tuple[_File, ...]


@functools.cache
def _builds() -> dict[tuple[str, str], _File]:
    """(``3.10.22``, ``x86_64``) to the archive that only needs unpacking, stripped if there's one."""
    data = pkgutil.get_data("pbs_installer", "versions.json") or b"[]"
    found: dict[tuple[str, str], _File] = {}
    for release in msgspec.json.decode(data, type=tuple[_Release, ...]):
        of = release.python_version
        if of.implementation != "cpython" or of.freethreaded:
            continue
        for file in sorted(release.files, key=lambda file: (len(file.filename), file.filename)):
            if file.platform == "linux" and _CHOICE.search(file.filename):
                found[(f"{of.major}.{of.minor}.{of.micro}", file.arch)] = file
    return found


def newest(version: str, arch: str) -> str:
    """``3.10.22`` of ``3.10``, and of a full version itself; empty where there's no such build."""
    known = [release for release, of in _builds() if of == arch]
    fitting = [release for release in known if release == version or release.startswith(f"{version}.")]
    return max(fitting, key=lambda release: int(release.rpartition(".")[2]), default="")


def plan(wish: Wish, context: Context) -> Plan:
    """The archive of one build, unpacked inside the environment, whose Python it then is."""
    said, target = wish.said, context.target
    _refuse_other_python(said["version"], target)
    kept = context.earlier.version if context.earlier and said["version"].count(".") < 2 else ""
    version = (kept if (kept, target.arch) in _builds() else "") or newest(said["version"], target.arch)
    build = _builds().get((version, target.arch))
    if build is not None and build.sha256 is None and said["sha256"] is None:
        raise InvalidValueError(
            what=f"no digest of CPython {version} is on record",
            why="pbs-installer lists it without a sha256",
            fix="take another version, or give url and sha256",
        )
    minor = said["version"].rsplit(".", 1)[0] if said["version"].count(".") == 2 else said["version"]
    record = record_of(
        said,
        Record(build.url, build.sha256 or "", digest_from="index") if build else None,
        kind=f"build of CPython for {target.arch}",
        versions=[
            known for known, arch in _builds() if arch == target.arch and known.startswith(f"{minor}.")
        ],
    )
    file = yield from one_file(record, context, said_sha256=said["sha256"], trust=said["trust"])
    return Planned(
        Asset(
            kind=wish.kind,
            provider=wish.provider,
            label=wish.label,
            version=version or said["version"],
            files=(file.at("runtime", root="environment", unpack="tar.gz"),),
            unconfirmed=file.unconfirmed,
            space=estimated(file.size),
            on_path=("{environment}/runtime/python/bin",),
            variables=_variables(file.name, target, wish.label),
            eula=LICENCES,
            notes=("it brings its own OpenSSL, which is not the validated one of a host in FIPS mode",),
        )
    )


def _refuse_other_python(version: str, target: Target) -> None:
    """A runtime that isn't the one which the wheels are for would be of no use."""
    wanted = target.python if target.python_exact else ".".join(target.python.split(".")[:2])
    if version == wanted or wanted.startswith(f"{version}.") or version.startswith(f"{wanted}."):
        return
    raise InvalidValueError(
        what=f"CPython {version} isn't the Python of the target, which is {wanted}",
        why="the wheels are locked for the target's",
        fix=f'say version = "{wanted}" here, or change target.python',
    )


def _variables(file_name: str, target: Target, label: str) -> tuple[Variable, ...]:
    date = re.search(r"\+(\d{8})-", file_name)
    is_rhel = target.os.partition("-")[0] in _RHEL_FAMILY
    if not is_rhel or date is None or int(date[1]) >= _KNOWS_SYSTEM_CAS:
        return ()
    source = "python-build-standalone, issue 858: builds before March 2026 don't find RHEL's certificates"
    return (Variable("SSL_CERT_FILE", _RHEL_CAS, (label,), source),)
