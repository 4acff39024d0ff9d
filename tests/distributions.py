"""Real wheels and sdists, small and made in memory; pip and uv install them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence

_IN_TREE_BACKEND = """\
import base64, hashlib, os, zipfile
NAME, VERSION, MODULE = {name!r}, {version!r}, {module!r}
METADATA = {metadata!r}
FAILS = {fails!r}
TAG = "py3-none-any"
INFO = MODULE + "-" + VERSION + ".dist-info"

def get_requires_for_build_wheel(config_settings=None):
    return {dynamic_requires!r}

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    if FAILS:
        raise RuntimeError(FAILS)
    folder = os.path.join(metadata_directory, INFO)
    os.mkdir(folder)
    for name, text in (("METADATA", METADATA), ("WHEEL", WHEEL)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return INFO

WHEEL = "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: " + TAG + "\\n"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    if FAILS:
        raise RuntimeError(FAILS)
    files = [(MODULE + "/__init__.py", "__version__ = " + repr(VERSION) + "\\n"),
             (INFO + "/METADATA", METADATA), (INFO + "/WHEEL", WHEEL)]
    record = ""
    for name, text in files:
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += "%s,sha256=%s,%d\\n" % (name, digest, len(text.encode()))
    files.append((INFO + "/RECORD", record + INFO + "/RECORD,,\\n"))
    filename = MODULE + "-" + VERSION + "-" + TAG + ".whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, filename), "w") as archive:
        for name, text in files:
            archive.writestr(name, text)
    return filename
"""


def wheel_name(name: str, version: str, tag: str = "py3-none-any", build: str = "") -> str:
    """``demo_app-1.0-py3-none-any.whl``."""
    parts = [_escaped(name), version.replace("-", "_"), *([build] if build else []), tag]
    return "-".join(parts) + ".whl"


def sdist_name(name: str, version: str) -> str:
    """``demo_app-1.0.tar.gz``."""
    return f"{_escaped(name)}-{version}.tar.gz"


def metadata_text(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    requires_python: str | None = None,
    extras: Sequence[str] = (),
    dynamic: Sequence[str] = (),
    metadata_version: str = "2.2",
) -> str:
    """Core metadata, as METADATA and PKG-INFO hold it."""
    lines = [f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}"]
    lines += ["Summary: made for a test"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Dynamic: {field}" for field in dynamic]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return "\n".join(lines) + "\n\nA distribution made for a test.\n"


def make_wheel(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    tag: str = "py3-none-any",
    requires_python: str | None = None,
    extras: Sequence[str] = (),
    metadata: str | bytes | None = None,
    files: Mapping[str, bytes] | None = None,
    metadata_version: str = "2.2",
) -> bytes:
    """A wheel with a valid RECORD; ``metadata`` replaces the whole METADATA file.

    Equal arguments give equal bytes. ``files`` replaces the one module it holds.
    """
    module = _escaped(name).lower()
    info = f"{_escaped(name)}-{version.replace('-', '_')}.dist-info"
    if metadata is None:
        metadata = metadata_text(
            name,
            version,
            requires,
            requires_python=requires_python,
            extras=extras,
            metadata_version=metadata_version,
        )
    pure = "true" if tag.endswith("-any") else "false"
    tags = "".join(f"Tag: {one}\n" for one in _expanded(tag))
    content = (
        dict(files)
        if files is not None
        else {f"{module}/__init__.py": f"__version__ = {version!r}\n".encode()}
    )
    content[f"{info}/METADATA"] = metadata if isinstance(metadata, bytes) else metadata.encode()
    content[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {pure}\n{tags}".encode()
    )
    record = "".join(f"{path},sha256={_record_digest(data)},{len(data)}\n" for path, data in content.items())
    content[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in content.items():
            member = zipfile.ZipInfo(path, date_time=(2024, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return buffer.getvalue()


def make_sdist(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    metadata_version: str = "2.2",
    dynamic: Sequence[str] = (),
    requires_python: str | None = None,
    extras: Sequence[str] = (),
    build_requires: Sequence[str] = (),
    dynamic_build_requires: Sequence[str] = (),
    built_requires: Sequence[str] | None = None,
    build_fails: str = "",
    pyproject: str | None = None,
    pkg_info: str | None = None,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    """An sdist with PKG-INFO, pyproject.toml and a build backend of its own, which needs nothing.

    ``built_requires`` is what building says it requires, where that differs from
    PKG-INFO; ``build_fails`` is the text with which building fails. ``pyproject`` and
    ``pkg_info`` replace those files, an empty text leaves them out; ``files`` adds some.
    """
    plain = metadata_text(
        name,
        version,
        requires,
        requires_python=requires_python,
        extras=extras,
        dynamic=dynamic,
        metadata_version=metadata_version,
    )
    built = metadata_text(
        name,
        version,
        requires if built_requires is None else built_requires,
        requires_python=requires_python,
        extras=extras,
    )
    if pyproject is None:
        wanted = ", ".join(f'"{requirement}"' for requirement in build_requires)
        pyproject = (
            f'[build-system]\nrequires = [{wanted}]\nbuild-backend = "in_tree"\nbackend-path = ["."]\n'
        )
    backend = _IN_TREE_BACKEND.format(
        name=name,
        version=version,
        module=_escaped(name).lower(),
        metadata=built,
        fails=build_fails,
        dynamic_requires=list(dynamic_build_requires),
    )
    content = {
        "PKG-INFO": (plain if pkg_info is None else pkg_info).encode(),
        "pyproject.toml": pyproject.encode(),
        "in_tree.py": backend.encode(),
        f"{_escaped(name).lower()}/__init__.py": f"__version__ = {version!r}\n".encode(),
        **(files or {}),
    }
    root = f"{_escaped(name)}-{version}"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in content.items():
            if data:
                member = tarfile.TarInfo(f"{root}/{path}")
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _escaped(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name)


def _expanded(tag: str) -> list[str]:
    interpreters, abis, platforms = tag.split("-")
    return [
        f"{i}-{a}-{p}" for i in interpreters.split(".") for a in abis.split(".") for p in platforms.split(".")
    ]


def _record_digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
