"""Versions and specifiers: which releases of a project a specifier admits, as bits of an int.

Source: PEP 440; where it is silent, packaging, which the tests compare with. Our own keys are
plain tuples with places between any two versions, so that a clause is one or two bisections of
a sorted list, whatever its length; packaging keeps such places to itself, and importing its
specifiers takes as long as a whole lock whose masks are in the cache.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from envspec.errors import DiskError, InvalidValueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Key = tuple[float, tuple[int, ...], int, int, float, float, tuple[tuple[int | str, ...], ...]]
"""Epoch, release without zeros at its end, kind of pre-release, its number, post, dev, local."""
Range = tuple[Key, Key]
"""Keys from the first up to, and not with, the second."""

_INFINITE = float("inf")
_DEV_ONLY, _FINAL = -1, 3
_PRE_RANKS = {"a": 0, "alpha": 0, "b": 1, "beta": 1, "c": 2, "rc": 2, "pre": 2, "preview": 2}
_PRE_NAMES = ("a", "b", "rc")

_VERSION_PATTERN = r"""
    v?(?:(?P<epoch>[0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)
    (?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>[0-9]+)?)?
    (?:-(?P<post_n1>[0-9]+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_n2>[0-9]+)?)?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_n>[0-9]+)?)?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?
"""
_OPERATORS = ("===", "==", "!=", "~=", "<=", ">=", "<", ">")
_MAX_VERSION_CHARS = 512


def normal_version(text: str) -> str | None:
    """``text`` as PEP 440 writes it (``1.0rc1`` of ``v1.0-RC.1``); None where it's no version."""
    parsed = _parse(text)
    return parsed and _normal_form(*parsed)


def is_same_version(one: str, other: str) -> bool:
    """Whether both write the same version (``1.0``, ``1.0.0``). What's no version is like nothing."""
    parsed, expected = _parse(one), _parse(other)
    return parsed is not None and expected is not None and parsed[1] == expected[1]


def admits(specifier: str, version: str) -> bool:
    """Whether ``specifier`` admits ``version``, pre-releases included. No version is never admitted.

    Raises InvalidValueError for a specifier that can't be read.
    """
    return bool(VersionList.sort([version])[0].mask(specifier))


def mentions_prerelease(specifier: str) -> bool:
    """Whether a clause asks for a pre-release by name, which lets pre-releases in (PEP 440).

    Raises InvalidValueError for a specifier that can't be read.
    """
    return any(_read(clause).asks_prerelease for clause in _clauses(specifier))


def canonical_specifier(specifier: str) -> str:
    """The clauses of ``specifier`` without blanks, sorted, each once: ``<2,>=1.0``.

    Raises InvalidValueError for a specifier that can't be read.
    """
    return ",".join(sorted({_read(clause).written for clause in _clauses(specifier)}))


class VersionList:
    """The versions of a project, newest first; bit i of every mask is version i.

    Nothing is parsed before a specifier is asked whose mask isn't known.
    """

    __slots__ = ("_keys", "_prerelease_mask", "changed", "masks", "strings")

    def __init__(
        self,
        strings: Sequence[str],
        prerelease_mask: int | None = None,
        masks: dict[str, int] | None = None,
        keys: Sequence[Key] | None = None,
    ) -> None:
        self.strings = strings
        self.masks = {} if masks is None else masks
        """Specifier to its mask: all that were asked for so far."""
        self.changed = False
        """Whether ``masks`` grew."""
        self._prerelease_mask = prerelease_mask
        self._keys = keys

    @classmethod
    def sort(cls, texts: Iterable[str]) -> tuple[VersionList, dict[str, str]]:
        """The list of ``texts``, and each text's entry in it; what's no version is in neither.

        Spellings of one version (``1.0``, ``1.0.0``) are one entry, the shortest of them.
        """
        rows = [(parsed[1], _normal_form(*parsed), text) for text in texts if (parsed := _parse(text))]
        rows.sort(key=itemgetter(0), reverse=True)
        strings: list[str] = []
        keys: list[Key] = []
        places: dict[str, int] = {}
        last: Key | None = None
        for key, normal, text in rows:
            if key != last:
                strings.append(normal)
                keys.append(key)
                last = key
            elif (len(normal), normal) < (len(strings[-1]), strings[-1]):
                strings[-1] = normal
            places[text] = len(strings) - 1
        return cls(strings, keys=keys[::-1]), {text: strings[place] for text, place in places.items()}

    def __len__(self) -> int:
        return len(self.strings)

    @property
    def everything(self) -> int:
        """The mask of all versions."""
        return (1 << len(self.strings)) - 1

    @property
    def prerelease_mask(self) -> int:
        """Versions with a pre-release or development part."""
        if self._prerelease_mask is None:
            bits = "".join("1" if _is_prerelease(key) else "0" for key in self.keys)
            self._prerelease_mask = int(bits or "0", 2)
        return self._prerelease_mask

    def mask(self, specifier: str) -> int:
        """The versions that ``specifier`` admits, pre-releases included.

        Raises InvalidValueError for a specifier that can't be read.
        """
        known = self.masks.get(specifier)
        if known is None:
            known = self.everything
            for clause in _clauses(specifier):
                known &= self._clause_mask(_read(clause))
            self.masks[specifier] = known
            self.changed = True
        return known

    def _clause_mask(self, clause: _Clause) -> int:
        if clause.text is not None:
            return sum(1 << i for i, string in enumerate(self.strings) if string.lower() == clause.text)
        keys = self.keys
        count = len(keys)
        mask = 0
        for lower, upper in clause.ranges:
            first, end = bisect_left(keys, lower), bisect_left(keys, upper)
            if first < end:
                mask |= ((1 << (end - first)) - 1) << (count - end)
        return mask

    @property
    def keys(self) -> Sequence[Key]:
        """Of each version, oldest first."""
        if self._keys is None:
            self._keys = [_key_of_kept(string) for string in reversed(self.strings)]
        return self._keys


class _Clause:
    """One clause of a specifier: ranges of keys, or a text to be equal to (``===``)."""

    __slots__ = ("asks_prerelease", "ranges", "text", "written")

    def __init__(
        self, written: str, ranges: tuple[Range, ...], *, asks_prerelease: bool, text: str | None = None
    ) -> None:
        self.written = written
        self.ranges = ranges
        self.text = text
        self.asks_prerelease = asks_prerelease


def _clauses(specifier: str) -> list[str]:
    return [clause for part in specifier.split(",") if (clause := part.strip())]


@lru_cache(maxsize=4096)
def _read(clause: str) -> _Clause:
    operator = next((known for known in _OPERATORS if clause.startswith(known)), "")
    text = clause[len(operator) :].strip()
    if operator == "===":
        if not re.search(r"[\s;)]", text):
            parsed = _parse(text)
            asks = parsed is not None and _is_prerelease(parsed[1])
            return _Clause(operator + text, (), text=text.lower(), asks_prerelease=asks)
    elif operator:
        prefix = text.endswith(".*")
        # A blank before .* would be lost by _parse, which strips.
        parsed = None if text[-3:-2].isspace() and prefix else _parse(text[:-2] if prefix else text)
        if parsed is not None and _may_follow(operator, prefix, *parsed):
            asks = operator != "!=" and not prefix and _is_prerelease(parsed[1])
            return _Clause(operator + text, _ranges(operator, prefix, *parsed), asks_prerelease=asks)
    raise InvalidValueError(
        what=f"version specifier {clause[:80]!r} can't be read",
        why="it must be an operator of PEP 440 and a version, such as >=1.2 or ==1.2.*",
    )


def _may_follow(operator: str, prefix: bool, release: tuple[int, ...], key: Key) -> bool:
    if prefix:
        return operator in ("==", "!=") and key[2:] == _PLAIN
    if key[6]:
        return operator in ("==", "!=")
    return operator != "~=" or len(release) > 1


_LOWEST: Key = (-1, (), 0, 0, 0, 0, ())
_HIGHEST: Key = (_INFINITE, (), 0, 0, 0, 0, ())


def _ranges(operator: str, prefix: bool, release: tuple[int, ...], key: Key) -> tuple[Range, ...]:
    """The keys that a clause admits. Comments give the sentence of PEP 440 each case answers."""
    epoch, _, _, _, post, dev, local = key
    after_locals: Key = (*key[:6], _beyond_locals(local))
    if prefix:
        low, high = _first_of(epoch, release), _first_of(epoch, _next(release))
        return ((low, high),) if operator == "==" else ((_LOWEST, low), (high, _HIGHEST))
    if operator == "==":
        return ((key, after_locals),)
    if operator == "!=":
        return ((_LOWEST, key), (after_locals, _HIGHEST))
    if operator == "~=":
        # "approximately equivalent to the pair >= V.N, == V.*"
        return ((key, _first_of(epoch, _next(release[:-1]))),)
    if operator == ">=":
        return ((key, _HIGHEST),)
    if operator == "<=":
        return ((_LOWEST, after_locals),)
    if operator == "<":
        # "MUST NOT allow a pre-release of the specified version unless [it] is itself a pre-release"
        return ((_LOWEST, key if _is_prerelease(key) else _first_prerelease(release, key)),)
    # ">V MUST NOT match a local version of the specified version", nor "allow a post-release of
    # the given version unless V itself is a post release"
    if dev != _INFINITE:
        return (((*key[:5], dev + 1, ()), _HIGHEST),)
    if post >= 0:
        return (((*key[:4], post + 1, 0, ()), _HIGHEST),)
    return (((*key[:4], _INFINITE, _INFINITE, _BEYOND_EVERY_LOCAL), _HIGHEST),)


_BEYOND_EVERY_LOCAL: tuple[tuple[int | str, ...], ...] = ((2,),)


def _beyond_locals(local: tuple[tuple[int | str, ...], ...]) -> tuple[tuple[int | str, ...], ...]:
    """Just above ``local`` itself; where there is none, above every local version."""
    return (*local, (-1,)) if local else _BEYOND_EVERY_LOCAL


def _first_prerelease(release: tuple[int, ...], key: Key) -> Key:
    """``.dev0`` of a version that is no pre-release itself: of a release, or of a post-release."""
    return _first_of(key[0], release) if key[4] < 0 else (*key[:5], 0, ())


def _first_of(epoch: float, release: tuple[int, ...]) -> Key:
    """The lowest version of a release: its .dev0."""
    return (epoch, _trimmed(release), _DEV_ONLY, 0, -1, 0, ())


def _next(release: tuple[int, ...]) -> tuple[int, ...]:
    return (*release[:-1], release[-1] + 1)


def _is_prerelease(key: Key) -> bool:
    return key[2] != _FINAL or key[5] != _INFINITE


_PLAIN = (_FINAL, 0, -1, _INFINITE, ())
"""The end of a key that has a release and nothing more."""


def _parse(text: str) -> tuple[tuple[int, ...], Key] | None:
    """Release with its zeros, and key; None where ``text`` is no version."""
    if text.isascii() and text.replace(".", "").isdigit() and len(text) <= _MAX_VERSION_CHARS:
        try:
            release = tuple(map(int, text.split(".")))
        except ValueError:  # two dots in a row, or one at an end
            return None
        return release, (0, _trimmed(release), *_PLAIN)
    text = text.strip()
    match = _version_pattern().fullmatch(text) if len(text) <= _MAX_VERSION_CHARS else None
    return None if match is None else _read_parts(match)


@cache
def _version_pattern() -> re.Pattern[str]:
    return re.compile(_VERSION_PATTERN, re.VERBOSE | re.IGNORECASE | re.ASCII)


def _read_parts(match: re.Match[str]) -> tuple[tuple[int, ...], Key]:
    release = tuple(map(int, match["release"].split(".")))
    is_post = bool(match["post"] or match["post_n1"])
    post = int(match["post_n1"] or match["post_n2"] or 0) if is_post else -1
    dev = int(match["dev_n"] or 0) if match["dev"] else _INFINITE
    if match["pre"]:
        pre = _PRE_RANKS[match["pre"].lower()]
    else:
        pre = _DEV_ONLY if match["dev"] and not is_post else _FINAL
    local = _local_key(match["local"]) if match["local"] else ()
    key = (int(match["epoch"] or 0), _trimmed(release), pre, int(match["pre_n"] or 0), post, dev, local)
    return release, key


def _local_key(local: str) -> tuple[tuple[int | str, ...], ...]:
    """Numbers are above words (PEP 440, local version identifiers)."""
    segments = re.split(r"[-_.]", local.lower())
    return tuple((1, int(segment)) if segment.isdigit() else (0, segment) for segment in segments)


def _trimmed(release: tuple[int, ...]) -> tuple[int, ...]:
    if release[-1]:
        return release
    end = len(release)
    while end > 1 and not release[end - 1]:
        end -= 1
    return release[:end]


def _normal_form(release: tuple[int, ...], key: Key) -> str:
    if not key[0] and key[2:] == _PLAIN:
        return ".".join(map(str, release))
    epoch, _, pre, pre_n, post, dev, local = key
    return "".join(
        (
            f"{epoch}!" if epoch else "",
            ".".join(map(str, release)),
            f"{_PRE_NAMES[pre]}{pre_n}" if 0 <= pre < _FINAL else "",
            f".post{post}" if post >= 0 else "",
            f".dev{dev}" if dev != _INFINITE else "",
            "+" + ".".join(str(segment[1]) for segment in local) if local else "",
        )
    )


def _key_of_kept(string: str) -> Key:
    parsed = _parse(string)
    if parsed is None:
        raise DiskError(
            what=f"the cache holds {string[:80]!r} in place of a version",
            fix="empty it: envspec cache clean",
        )
    return parsed[1]
