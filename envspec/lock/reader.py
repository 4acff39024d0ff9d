"""The text of a lock to a Lock: ours, and PEP 751 locks of other tools.

A lock may come from anywhere, so every name, path, URL and digest is checked here
once; what follows may trust them. ``[tool.envspec]`` may be missing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from envspec.errors import UnreadableLockError
from envspec.lock import fields
from envspec.lock.asset_rows import read_assets, read_variables
from envspec.lock.canonical import canonical_toml
from envspec.lock.document import (
    Build,
    BuildRequirement,
    Dependency,
    Lock,
    LockedDistribution,
    LockedFile,
)
from envspec.lock.fields import WrongError
from envspec.lock.target_table import read_target
from envspec.project_name import normal_name
from envspec.toml_library import tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_CHARACTERS = 64 * 1024 * 1024
_MAX_DEPTH = 32

_STRING = re.compile(r"""\"(?:[^"\\\n]|\\.)*\"|'[^'\n]*'""")
_ENDLESS_KEY = re.compile(r"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){64}")
"""tomllib needs memory in the square of a dotted key's parts, so such a key may not reach it."""
_NAME = re.compile(r"(?=.{1,255}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_LABEL = re.compile(r"[a-z0-9-]{1,255}")
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]{1,255}")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
_OWN_KEYS = {
    "spec-digest", "name", "variant", "files", "target", "requirements", "builds", "indexes", "hosts",
    "not-locked", "warnings", "assets", "environment", "contract", "verdict",
}  # fmt: skip


def read(text: str, where: str) -> Lock:
    """Read a lock; ``where`` names the file in messages.

    Raises UnreadableLockError with the exact place of what can't be accepted.
    """
    try:
        return _lock(_parsed(text), where)
    except WrongError as wrong:
        place = f"{where}: {wrong.place}" if wrong.place else where
        fix = wrong.fix or "restore the file from version control, or delete it and lock again"
        raise UnreadableLockError(what=f"{place}: can't be read", why=wrong.why, fix=fix) from None


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > _MAX_CHARACTERS:
        raise WrongError("", f"it has {len(text)} characters; no lock has more than {_MAX_CHARACTERS}")
    known = canonical_toml(text)
    if known is not None:
        return known
    if _ENDLESS_KEY.search(_STRING.sub("q", text)):
        raise WrongError("", "not a lock: it holds a key of more than 64 parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _CONFLICT.search(text)
        if found is not None:
            line = text.count("\n", 0, found.start()) + 1
            raise WrongError(
                f"line {line}",
                "it holds the marks of an unfinished merge",
                "take either side whole (git checkout --ours or --theirs), then lock again",
            ) from None
        raise WrongError("", f"not TOML: {error}") from None
    except RecursionError:
        raise WrongError("", "not a lock: its values are nested too deep") from None
    except ValueError as error:  # a number or a date beyond what Python can hold
        raise WrongError("", f"not TOML: {error}") from None


def _lock(document: dict[str, Any], where: str) -> Lock:
    _check_kind(document)
    own = fields.table(fields.table(document, "tool", ""), "envspec", "tool")
    _check_depth(own)
    at = "tool.envspec"
    distributions = tuple(_distributions(document))
    return Lock(
        name=fields.matching(own, "name", at, _LABEL, "a spec's name") or _name_from(where),
        variant=fields.matching(own, "variant", at, _LABEL, "a variant's name"),
        spec_digest=fields.text(own, "spec-digest", at),
        files=fields.text(own, "files", at) or "urls",
        environments=fields.texts(document, "environments", ""),
        requires_python=fields.text(document, "requires-python", ""),
        target=read_target(own, at),
        requirements=fields.texts(own, "requirements", at),
        distributions=distributions,
        builds=tuple(_build(row, place) for row, place in fields.rows(own, "builds", at)),
        assets=tuple(read_assets(own, at)) if "assets" in own else (),
        environment=read_variables(own, "environment", at) if "environment" in own else (),
        contract=fields.table(own, "contract", at),
        verdict=fields.table(own, "verdict", at),
        indexes=tuple(
            (fields.text(row, "name", place), fields.url(row, "url", place))
            for row, place in fields.rows(own, "indexes", at)
        ),
        hosts=fields.texts(own, "hosts", at) if own else _hosts(distributions),
        not_locked=tuple(
            (fields.text(row, "kind", place), fields.text(row, "label", place))
            for row, place in fields.rows(own, "not-locked", at)
        ),
        warnings=fields.texts(own, "warnings", at),
        extra_tool={name: item for name, item in own.items() if name not in _OWN_KEYS},
    )


def _check_kind(document: dict[str, Any]) -> None:
    version = document.get("lock-version")
    if version is None:
        raise WrongError(
            "", "not a lock: lock-version is missing", "name a pylock.*.toml, as envspec lock writes it"
        )
    if not isinstance(version, str) or not re.fullmatch(r"1\.\d+", version):
        raise WrongError(
            "lock-version",
            f"{fields.shown(version)} was met, this envspec reads '1.0'",
            "use a newer envspec",
        )


def _name_from(where: str) -> str:
    """``founding`` of ``locks/pylock.founding.toml``."""
    match = re.search(r"(?:^|[/\\])pylock\.([^./\\]+)\.toml$", where)
    return match[1] if match else "pylock"


def _hosts(distributions: tuple[LockedDistribution, ...]) -> tuple[str, ...]:
    """Of a lock of another tool, which doesn't list them: the hosts of its URLs."""
    files = (file for item in distributions for file in (item.wheel, item.sdist, *item.more_wheels) if file)
    return tuple(sorted({urlsplit(file.url).hostname or "" for file in files if file.url}))


def _distributions(document: dict[str, Any]) -> Iterator[LockedDistribution]:
    if "packages" not in document:
        raise WrongError("packages", "the array is missing, PEP 751 wants it")
    seen: dict[str, str] = {}
    for row, at in fields.rows(document, "packages", ""):
        item = _distribution(row, at)
        before = seen.get(item.name)
        if before is not None and not (item.marker and before):
            raise WrongError(
                f"{at}.name", f"{item.name!r} stands here twice, and no marker tells which to install"
            )
        seen[item.name] = item.marker
        yield item


def _distribution(row: dict[str, Any], at: str) -> LockedDistribution:
    name = fields.matching(row, "name", at, _NAME, "a normalized project name, such as 'typing-extensions'")
    if not name:
        raise WrongError(f"{at}.name", "it is missing")
    version = fields.matching(row, "version", at, _VERSION, "a version, such as '2.1.2+cu118'")
    own = fields.table(fields.table(row, "tool", at), "envspec", f"{at}.tool")
    own_at = f"{at}.tool.envspec"
    digest_from = fields.text(own, "digest-from", own_at) or "index"
    wheels = tuple(_file(entry, place, digest_from) for entry, place in fields.rows(row, "wheels", at))
    sdist = _file(row["sdist"], f"{at}.sdist", digest_from) if "sdist" in row else None
    direct_url = ""
    if "archive" in row:
        archive = _file(row["archive"], f"{at}.archive", digest_from, fields.text(own, "file-name", own_at))
        direct_url = (
            fields.line(fields.text(own, "direct-url", own_at), f"{own_at}.direct-url")
            or f"{archive.url or archive.path}{_subdirectory(row, at)}"
        )
        is_wheel = archive.name.endswith(".whl")
        wheels, sdist = ((archive,), None) if is_wheel else ((), archive)
    elif "vcs" in row or "directory" in row:
        direct_url = _source_tree(row, at)
    if not (wheels or sdist or direct_url):
        raise WrongError(at, f"{name!r} has no file: wheels, sdist or archive is wanted")
    for wheel in wheels:
        _check_belongs(wheel, name, version, at)
    extras = fields.table(own, "dependency-extras", own_at)
    return LockedDistribution(
        name=name,
        version=version,
        wheel=wheels[0] if wheels else None,
        more_wheels=wheels[1:],
        sdist=sdist,
        index=fields.url(row, "index", at),
        index_name=fields.text(own, "index", own_at),
        requires_python=fields.text(row, "requires-python", at),
        dependencies=tuple(_dependencies(row, at, extras)),
        extras=fields.texts(own, "extras", own_at),
        direct_url=direct_url,
        notes=fields.texts(own, "notes", own_at),
        marker=fields.text(row, "marker", at),
    )


def _subdirectory(row: dict[str, Any], at: str) -> str:
    """Where in its archive another tool's project lies, as URLs say it; empty for the archive itself."""
    found = fields.text(row["archive"], "subdirectory", f"{at}.archive")
    return f"#subdirectory={quote(fields.inside(found, f'{at}.archive.subdirectory'))}" if found else ""


def _dependencies(row: dict[str, Any], at: str, extras: dict[str, Any]) -> Iterator[Dependency]:
    for edge, place in fields.rows(row, "dependencies", at):
        name = fields.matching(edge, "name", place, _NAME, "the name of a package in this lock")
        yield Dependency(name=name, extras=fields.texts(extras, name, f"{at}.tool.envspec.dependency-extras"))


def _source_tree(row: dict[str, Any], at: str) -> str:
    """One line for a source tree: ``git+https://host/x.git@COMMIT``, or a path."""
    if "directory" in row:
        return fields.line(
            fields.text(fields.table(row, "directory", at), "path", f"{at}.directory"), f"{at}.directory.path"
        )
    vcs = fields.table(row, "vcs", at)
    at = f"{at}.vcs"
    source = fields.without_credentials(fields.text(vcs, "url", at)) or fields.text(vcs, "path", at)
    return fields.line(f"{fields.text(vcs, 'type', at)}+{source}@{fields.text(vcs, 'commit-id', at)}", at)


def _file(row: Any, at: str, digest_from: str, name: str = "") -> LockedFile:
    row = fields.checked(row, dict, at, "a table")
    url = fields.url(row, "url", at)
    path = fields.path(row, at)
    if not url and not path:
        raise WrongError(at, "url or path is wanted, both are missing")
    name = (
        name
        or fields.text(row, "name", at)
        or path.rsplit("/", 1)[-1]
        or unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    )
    return LockedFile(
        name=fields.file_name(name, f"{at}.name"),
        hashes=fields.hashes(row, at),
        url=url,
        path=path,
        size=fields.size(row, at),
        upload_time=fields.upload_time(row, at),
        digest_from=digest_from,
    )


def _check_belongs(wheel: LockedFile, name: str, version: str, at: str) -> None:
    """A wheel's file name must say the project and version that it's locked as."""
    parts = wheel.name.removesuffix(".whl").split("-")
    if not wheel.name.endswith(".whl") or len(parts) not in (5, 6):
        raise WrongError(f"{at}.wheels", f"{wheel.name!r} is no file name of a wheel")
    if normal_name(parts[0]) != name:
        raise WrongError(f"{at}.wheels", f"{wheel.name!r} is not a wheel of {name}")
    if version and parts[1] != version and not _same_version(parts[1], version):
        raise WrongError(f"{at}.wheels", f"{wheel.name!r} is not {name} {version}")


def _same_version(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False


def _build(row: dict[str, Any], at: str) -> Build:
    requirements = []
    for each, place in fields.rows(row, "requirements", at):
        digest_from = fields.text(each, "digest-from", place) or "index"
        requirements.append(
            BuildRequirement(
                name=fields.matching(each, "name", place, _NAME, "a normalized project name"),
                version=fields.matching(each, "version", place, _VERSION, "a version"),
                file=_file({**each, "name": fields.text(each, "file", place)}, place, digest_from),
                index_name=fields.text(each, "index", place),
            )
        )
    return Build(
        name=fields.matching(row, "name", at, _NAME, "a normalized project name"),
        version=fields.matching(row, "version", at, _VERSION, "a version"),
        requirements=tuple(requirements),
    )


def _check_depth(own: dict[str, Any]) -> None:
    """Dotted keys nest without end, and what compares or writes these values goes down with them."""
    level: list[Any] = [own]
    for _ in range(_MAX_DEPTH):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return
    raise WrongError("tool.envspec", f"its values are nested more than {_MAX_DEPTH} deep")
