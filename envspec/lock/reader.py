"""The text of a lock to a Lock: ours, and PEP 751 locks of other tools.

A lock may come from anywhere, so every name, path, URL and digest is checked here
once; what follows may trust them. ``[tool.envspec]`` may be missing.
"""

from __future__ import annotations

import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from envspec.errors import UnreadableLockError
from envspec.lock.canonical import canonical_toml
from envspec.lock.codec import canonical_time
from envspec.lock.document import (
    Build,
    BuildRequirement,
    Dependency,
    Lock,
    LockedDistribution,
    LockedFile,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

_MAX_CHARACTERS = 64 * 1024 * 1024
_MAX_DEPTH = 32
_MAX_SIZE = 2**63 - 1
_MAX_FILE_NAME = 255

_STRING = re.compile(r"""\"(?:[^"\\\n]|\\.)*\"|'[^'\n]*'""")
_ENDLESS_KEY = re.compile(r"(?<![\w-])(?:[\w-]+[ \t]*\.[ \t]*){64}")
"""tomllib needs memory in the square of a dotted key's parts, so such a key may not reach it."""
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LABEL = re.compile(r"[a-z0-9-]+")
_VERSION = re.compile(r"[A-Za-z0-9.!+_-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEX = re.compile(r"[0-9a-f]+")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)
_OWN_KEYS = {
    "spec-digest", "name", "variant", "files", "target", "requirements", "builds", "indexes", "hosts",
    "not-locked", "warnings",
}  # fmt: skip


class _WrongError(Exception):
    """Something in the document can't be accepted: where it stands, and why."""

    def __init__(self, place: str, why: str, fix: str = "") -> None:
        super().__init__(why)
        self.place = place
        self.why = why
        self.fix = fix


def read(text: str, where: str) -> Lock:
    """Read a lock; ``where`` names the file in messages.

    Raises UnreadableLockError with the exact place of what can't be accepted.
    """
    try:
        return _lock(_parsed(text), where)
    except _WrongError as wrong:
        place = f"{where}: {wrong.place}" if wrong.place else where
        fix = wrong.fix or "restore the file from version control, or delete it and lock again"
        raise UnreadableLockError(what=f"{place}: can't be read", why=wrong.why, fix=fix) from None


def _parsed(text: str) -> dict[str, Any]:
    if len(text) > _MAX_CHARACTERS:
        raise _WrongError("", f"it has {len(text)} characters; no lock has more than {_MAX_CHARACTERS}")
    known = canonical_toml(text)
    if known is not None:
        return known
    if _ENDLESS_KEY.search(_STRING.sub("q", text)):
        raise _WrongError("", "not a lock: it holds a key of more than 64 parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _CONFLICT.search(text)
        if found is not None:
            line = text.count("\n", 0, found.start()) + 1
            raise _WrongError(
                f"line {line}",
                "it holds the marks of an unfinished merge",
                "take either side whole (git checkout --ours or --theirs), then lock again",
            ) from None
        raise _WrongError("", f"not TOML: {error}") from None
    except RecursionError:
        raise _WrongError("", "not a lock: its values are nested too deep") from None
    except ValueError as error:  # a number or a date beyond what Python can hold
        raise _WrongError("", f"not TOML: {error}") from None


def _lock(document: dict[str, Any], where: str) -> Lock:
    _check_kind(document)
    own = _table(_table(document, "tool", ""), "envspec", "tool")
    _check_depth(own)
    at = "tool.envspec"
    distributions = tuple(_distributions(document))
    return Lock(
        name=_matching(own, "name", at, _LABEL, "a spec's name") or _name_from(where),
        variant=_matching(own, "variant", at, _LABEL, "a variant's name"),
        spec_digest=_text(own, "spec-digest", at),
        files=_text(own, "files", at) or "urls",
        environments=_texts(document, "environments", ""),
        requires_python=_text(document, "requires-python", ""),
        target=_table(own, "target", at),
        requirements=_texts(own, "requirements", at),
        distributions=distributions,
        builds=tuple(_build(row, place) for row, place in _rows(own, "builds", at)),
        indexes=tuple(
            (_text(row, "name", place), _url(row, "url", place)) for row, place in _rows(own, "indexes", at)
        ),
        hosts=_texts(own, "hosts", at) if own else _hosts(distributions),
        not_locked=tuple(
            (_text(row, "kind", place), _text(row, "label", place))
            for row, place in _rows(own, "not-locked", at)
        ),
        warnings=_texts(own, "warnings", at),
        extra_tool={name: item for name, item in own.items() if name not in _OWN_KEYS},
    )


def _check_kind(document: dict[str, Any]) -> None:
    version = document.get("lock-version")
    if version is None:
        raise _WrongError(
            "", "not a lock: lock-version is missing", "name a pylock.*.toml, as envspec lock writes it"
        )
    if not isinstance(version, str) or not re.fullmatch(r"1\.\d+", version):
        raise _WrongError(
            "lock-version", f"{version!r} was met, this envspec reads '1.0'", "use a newer envspec"
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
        raise _WrongError("packages", "the array is missing, PEP 751 wants it")
    seen: dict[str, str] = {}
    for row, at in _rows(document, "packages", ""):
        item = _distribution(row, at)
        before = seen.get(item.name)
        if before is not None and not (item.marker and before):
            raise _WrongError(
                f"{at}.name", f"{item.name!r} stands here twice, and no marker tells which to install"
            )
        seen[item.name] = item.marker
        yield item


def _distribution(row: dict[str, Any], at: str) -> LockedDistribution:
    name = _matching(row, "name", at, _NAME, "a normalized project name, such as 'typing-extensions'")
    if not name:
        raise _WrongError(f"{at}.name", "it is missing")
    version = _matching(row, "version", at, _VERSION, "a version, such as '2.1.2+cu118'")
    own = _table(_table(row, "tool", at), "envspec", f"{at}.tool")
    own_at = f"{at}.tool.envspec"
    digest_from = _text(own, "digest-from", own_at) or "index"
    wheels = tuple(_file(entry, place, digest_from) for entry, place in _rows(row, "wheels", at))
    sdist = _file(row["sdist"], f"{at}.sdist", digest_from) if "sdist" in row else None
    direct_url = ""
    if "archive" in row:
        archive = _file(row["archive"], f"{at}.archive", digest_from, _text(own, "file-name", own_at))
        direct_url = (
            _line(_text(own, "direct-url", own_at), f"{own_at}.direct-url") or archive.url or archive.path
        )
        is_wheel = archive.name.endswith(".whl")
        wheels, sdist = ((archive,), None) if is_wheel else ((), archive)
    elif "vcs" in row or "directory" in row:
        direct_url = _source_tree(row, at)
    if not (wheels or sdist or direct_url):
        raise _WrongError(at, f"{name!r} has no file: wheels, sdist or archive is wanted")
    for wheel in wheels:
        _check_belongs(wheel, name, version, at)
    extras = _table(own, "dependency-extras", own_at)
    return LockedDistribution(
        name=name,
        version=version,
        wheel=wheels[0] if wheels else None,
        more_wheels=wheels[1:],
        sdist=sdist,
        index=_url(row, "index", at),
        index_name=_text(own, "index", own_at),
        requires_python=_text(row, "requires-python", at),
        dependencies=tuple(_dependencies(row, at, extras)),
        extras=_texts(own, "extras", own_at),
        direct_url=direct_url,
        notes=_texts(own, "notes", own_at),
        marker=_text(row, "marker", at),
    )


def _dependencies(row: dict[str, Any], at: str, extras: dict[str, Any]) -> Iterator[Dependency]:
    for edge, place in _rows(row, "dependencies", at):
        name = _matching(edge, "name", place, _NAME, "the name of a package in this lock")
        yield Dependency(name=name, extras=_texts(extras, name, f"{at}.tool.envspec.dependency-extras"))


def _source_tree(row: dict[str, Any], at: str) -> str:
    """One line for a source tree: ``git+https://host/x.git@COMMIT``, or a path."""
    if "directory" in row:
        return _line(_text(_table(row, "directory", at), "path", f"{at}.directory"), f"{at}.directory.path")
    vcs = _table(row, "vcs", at)
    at = f"{at}.vcs"
    source = _without_credentials(_text(vcs, "url", at)) or _text(vcs, "path", at)
    return _line(f"{_text(vcs, 'type', at)}+{source}@{_text(vcs, 'commit-id', at)}", at)


def _file(row: Any, at: str, digest_from: str, name: str = "") -> LockedFile:
    row = _is(row, dict, at, "a table")
    url = _url(row, "url", at)
    path = _path(row, at)
    if not url and not path:
        raise _WrongError(at, "url or path is wanted, both are missing")
    name = (
        name
        or _text(row, "name", at)
        or path.rsplit("/", 1)[-1]
        or unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    )
    return LockedFile(
        name=_file_name(name, f"{at}.name"),
        hashes=_hashes(row, at),
        url=url,
        path=path,
        size=_size(row, at),
        upload_time=_upload_time(row, at),
        digest_from=digest_from,
    )


def _check_belongs(wheel: LockedFile, name: str, version: str, at: str) -> None:
    """A wheel's file name must say the project and version that it's locked as."""
    parts = wheel.name.removesuffix(".whl").split("-")
    if not wheel.name.endswith(".whl") or len(parts) not in (5, 6):
        raise _WrongError(f"{at}.wheels", f"{wheel.name!r} is no file name of a wheel")
    if re.sub(r"[-_.]+", "-", parts[0]).lower() != name:
        raise _WrongError(f"{at}.wheels", f"{wheel.name!r} is not a wheel of {name}")
    if version and parts[1] != version and not _same_version(parts[1], version):
        raise _WrongError(f"{at}.wheels", f"{wheel.name!r} is not {name} {version}")


def _same_version(one: str, other: str) -> bool:
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return False


def _build(row: dict[str, Any], at: str) -> Build:
    requirements = []
    for each, place in _rows(row, "requirements", at):
        digest_from = _text(each, "digest-from", place) or "index"
        requirements.append(
            BuildRequirement(
                name=_matching(each, "name", place, _NAME, "a normalized project name"),
                version=_matching(each, "version", place, _VERSION, "a version"),
                file=_file({**each, "name": _text(each, "file", place)}, place, digest_from),
                index_name=_text(each, "index", place),
            )
        )
    return Build(
        name=_matching(row, "name", at, _NAME, "a normalized project name"),
        version=_matching(row, "version", at, _VERSION, "a version"),
        requirements=tuple(requirements),
    )


def _hashes(row: dict[str, Any], at: str) -> tuple[tuple[str, str], ...]:
    hashes = _table(row, "hashes", at)
    for algorithm in hashes:
        digest = _text(hashes, algorithm, f"{at}.hashes").lower()
        if not _HEX.fullmatch(digest):
            raise _WrongError(
                f"{at}.hashes.{_shown(algorithm)}", f"{_shown(digest)} is no hexadecimal digest"
            )
    if len(hashes.get("sha256", "")) != 64:
        raise _WrongError(f"{at}.hashes", "a sha256 of 64 hexadecimal digits is wanted")
    return tuple(sorted((algorithm, digest.lower()) for algorithm, digest in hashes.items()))


def _size(row: dict[str, Any], at: str) -> int | None:
    size = row.get("size")
    if size is None:
        return None
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _MAX_SIZE:
        raise _WrongError(f"{at}.size", f"{_shown(size)} was met, a number of bytes is wanted")
    return size


def _upload_time(row: dict[str, Any], at: str) -> str:
    moment = row.get("upload-time")
    if moment is None:
        return ""
    return canonical_time(_is(moment, datetime, f"{at}.upload-time", "a date and time").isoformat())


def _url(row: dict[str, Any], name: str, at: str) -> str:
    url = _text(row, name, at)
    if not url:
        return ""
    place = f"{at}.{name}"
    shown = _shown(_without_credentials(url))
    if not url.startswith(("https://", "http://")):
        raise _WrongError(place, f"{shown} was met, only http and https are accepted")
    if _CONTROL.search(url) or " " in url:
        raise _WrongError(place, f"{shown} holds a space or a control character")
    return _without_credentials(url)


def _without_credentials(url: str) -> str:
    if "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]))


def _path(row: dict[str, Any], at: str) -> str:
    """A path that stays beside the lock, or the one way out of it: ``../wheels/NAME``."""
    path = _text(row, "path", at)
    if not path:
        return ""
    parts = path.removeprefix("./").split("/")
    inside = parts[2:] if parts[:2] == ["..", "wheels"] and len(parts) == 3 else parts
    if (
        "\\" in path
        or _CONTROL.search(path)
        or re.match(r"[A-Za-z]:", path)
        or any(part in ("", ".", "..") for part in inside)
    ):
        raise _WrongError(
            f"{at}.path",
            f"{_shown(path)} leaves the lock's folder; only a path below it and ../wheels/NAME are accepted",
        )
    return path


def _file_name(name: str, place: str) -> str:
    if not name or name in (".", "..") or "/" in name or "\\" in name or _CONTROL.search(name):
        raise _WrongError(place, f"{_shown(name)} is no file name")
    if len(name.encode("utf-8", "replace")) > _MAX_FILE_NAME:
        raise _WrongError(place, f"a file name has at most {_MAX_FILE_NAME} bytes, {_shown(name)} was met")
    return name


def _line(text: str, place: str) -> str:
    if _CONTROL.search(text):
        raise _WrongError(place, f"{_shown(text)} holds a control character")
    return text


def _matching(row: dict[str, Any], name: str, at: str, pattern: re.Pattern[str], wanted: str) -> str:
    text = _text(row, name, at)
    if text and not pattern.fullmatch(text):
        raise _WrongError(f"{at}.{name}", f"{_shown(text)} was met, wanted is {wanted}")
    return text


def _text(row: dict[str, Any], name: str, at: str) -> str:
    item = row.get(name, "")
    if isinstance(item, str):
        return item
    raise _WrongError(_join(at, name), f"{_shown(item)} was met, a text is wanted")


def _texts(row: dict[str, Any], name: str, at: str) -> tuple[str, ...]:
    place = _join(at, name)
    items = _is(row.get(name, []), list, place, "an array of texts")
    for number, item in enumerate(items):
        _is(item, str, f"{place}[{number}]", "a text")
    return tuple(items)


def _table(row: dict[str, Any], name: str, at: str) -> dict[str, Any]:
    return _is(row.get(name, {}), dict, _join(at, name), "a table")


def _rows(row: dict[str, Any], name: str, at: str) -> Iterator[tuple[dict[str, Any], str]]:
    place = _join(at, name)
    for number, item in enumerate(_is(row.get(name, []), list, place, "an array of tables")):
        yield _is(item, dict, f"{place}[{number}]", "a table"), f"{place}[{number}]"


def _is(item: Any, kind: type[T], place: str, wanted: str) -> T:
    if not isinstance(item, kind):
        raise _WrongError(place, f"{_shown(item)} was met, {wanted} is wanted")
    return item


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _shown(item: Any) -> str:
    """A value for a message: bounded, on one line, free of control characters."""
    if isinstance(item, (dict, list)):
        return "a table" if isinstance(item, dict) else "an array"
    text = ascii(item) if isinstance(item, str) and _CONTROL.search(item) else repr(item)
    return text if len(text) <= 100 else f"{text[:100]}..."


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
    raise _WrongError("tool.envspec", f"its values are nested more than {_MAX_DEPTH} deep")
