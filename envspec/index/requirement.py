"""Requirements and markers: the plain forms by one regular expression, the rest by packaging.

Source: PEP 508 and its living form, the dependency specifiers of packaging.python.org. Nearly
all metadata is written in plain forms, and importing packaging's reader takes longer than
reading them all; whatever is not certain here is asked of packaging, whose word counts.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from envspec.errors import InvalidValueError
from envspec.index.credentials import without_credentials
from envspec.index.versions import admits, canonical_specifier
from envspec.named_tuple import NamedTuple
from envspec.project_name import normal_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_CHARS = 16 * 1024
_MAX_NESTING = 20
_MAX_PARENTHESES = 150
"""In what packaging reads, which calls itself for each: no sane marker has a tenth of them."""

_IDENTIFIER = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_PLAIN = re.compile(
    rf" *({_IDENTIFIER}) *(?:\[ *({_IDENTIFIER}(?: *, *{_IDENTIFIER})*)? *\])?"
    r" *(?:\(([^;()@\[\]]*)\)|([<>=!~][^;()@\[\]]*))? *(?:;(.*))?"
)


class Requirement(NamedTuple):
    """What PEP 508 says in one line, each part in its normal form."""

    name: str
    """Normalized."""
    extras: tuple[str, ...] = ()
    """Normalized, sorted."""
    specifier: str = ""
    """Sorted clauses without blanks, ``<2,>=1.0``; empty for any version."""
    url: str = ""
    """Of a direct reference; may hold credentials."""
    marker: str = ""
    """As written; empty where it always applies."""


@lru_cache(maxsize=8192)
def parse_requirement(text: str) -> Requirement:
    """Read one requirement. Raises InvalidValueError where PEP 508 doesn't know its form."""
    if len(text) > _MAX_CHARS:
        raise _broken(text, f"it's longer than {_MAX_CHARS} characters")
    if not text.isprintable():
        return _parse_by_packaging(text)
    match = _PLAIN.fullmatch(text)
    if match is None:
        return _parse_by_packaging(text)
    name, extras, bracketed, bare, marker = match.groups()
    marker = marker.strip() if marker is not None else None
    if marker is not None and _tree(marker) is None:
        return _parse_by_packaging(text)
    try:
        specifier = _specifier((bracketed if bare is None else bare) or "")
    except InvalidValueError:
        return _parse_by_packaging(text)
    wanted = tuple(sorted({normal_name(extra.strip()) for extra in extras.split(",")})) if extras else ()
    return Requirement(normal_name(name), wanted, specifier, "", marker or "")


@lru_cache(maxsize=4096)
def _specifier(text: str) -> str:
    if not text.strip():
        return ""
    if "===" in text or not all(clause.strip() for clause in text.split(",")):
        raise InvalidValueError(what="not a plain form")
    return canonical_specifier(text)


def _parse_by_packaging(text: str) -> Requirement:
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Parsed

    if text.count("(") > _MAX_PARENTHESES:
        raise _broken(text, "it's nested too deep")
    try:
        parsed = Parsed(text)
        return Requirement(
            name=normal_name(parsed.name),
            extras=tuple(sorted({normal_name(extra) for extra in parsed.extras})),
            specifier=canonical_specifier(",".join(str(clause) for clause in parsed.specifier)),
            url=parsed.url or "",
            marker=str(parsed.marker) if parsed.marker else "",
        )
    except InvalidRequirement as error:
        raise _broken(text, str(error).partition("\n")[0]) from error
    except InvalidValueError as error:
        raise _broken(text, error.why) from error


def _broken(text: str, why: str) -> InvalidValueError:
    shown = without_credentials(text)
    return InvalidValueError(
        what=f"requirement {shown[:200]!r} can't be read",
        why=without_credentials(why),
        fix="write it as PEP 508 says, such as name[extra]>=1.0; python_version < '3.11'",
    )


# Markers. A tree is alternatives of conjunctions of atoms or trees.


class _Atom(NamedTuple):
    key: str
    operator: str
    literal: str
    literal_first: bool


_Tree = tuple[tuple["_Atom | _Tree", ...], ...]


_TOKEN = re.compile(
    r""" *(?:([()])|("[^"\\]*"|'[^'\\]*')|(===|==|~=|!=|<=|>=|<|>)|(not +in(?![\w.])|[a-z_.]+))"""
)
_KEYS = {
    "implementation_name", "implementation_version", "os_name", "platform_machine",
    "platform_python_implementation", "platform_release", "platform_system", "platform_version",
    "python_full_version", "python_version", "sys_platform",
}  # fmt: skip
_VARIABLES = {
    **{key: key for key in _KEYS},
    "extra": "extra",
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
_COMPARED_AS_VERSIONS = {
    "implementation_version",
    "platform_release",
    "python_full_version",
    "python_version",
}


class _Unsure(Exception):  # noqa: N818
    """Not a form that is read here; packaging decides."""


@lru_cache(maxsize=4096)
def _tree(marker: str) -> _Tree | None:
    """The marker read; None where packaging has to say what it is."""
    if not marker.isprintable():
        return None
    tokens: list[str] = []
    position = 0
    while position < len(marker):
        match = _TOKEN.match(marker, position)
        if match is None:
            return None
        tokens.append(match[0].strip(" "))
        position = match.end()
    tokens.append("")
    try:
        tree, end = _alternatives(tokens, 0, _MAX_NESTING)
    except _Unsure:
        return None
    return tree if end == len(tokens) - 1 else None


def _alternatives(tokens: list[str], at: int, depth: int) -> tuple[_Tree, int]:
    alternatives: list[tuple[_Atom | _Tree, ...]] = []
    conjunction: list[_Atom | _Tree] = []
    while True:
        part: _Atom | _Tree
        if tokens[at] == "(":
            if not depth:
                raise _Unsure
            part, at = _alternatives(tokens, at + 1, depth - 1)
            if tokens[at] != ")":
                raise _Unsure
            at += 1
        else:
            part, at = _atom(tokens, at), at + 3
        conjunction.append(part)
        if tokens[at] == "and":
            at += 1
        else:
            alternatives.append(tuple(conjunction))
            if tokens[at] != "or":
                return tuple(alternatives), at
            conjunction = []
            at += 1


def _atom(tokens: list[str], at: int) -> _Atom:
    if at + 3 >= len(tokens):
        raise _Unsure
    left, operator, right = tokens[at : at + 3]
    literal_first = left[0] in "\"'"
    variable, literal = (right, left) if literal_first else (left, right)
    key = _VARIABLES.get(variable)
    if key is None or literal[0] not in "\"'":
        raise _Unsure
    if operator.startswith("not"):
        operator = "not in"
    if operator not in _OPERATORS:
        raise _Unsure
    value = normal_name(literal[1:-1]) if key == "extra" else literal[1:-1]
    return _Atom(key, operator, value, literal_first)


_OPERATORS = {"in", "not in", "<", "<=", "==", "!=", ">=", ">", "~=", "==="}


class MarkerEvaluator:
    """Says which markers hold in one environment. Safe to share between threads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """``environment`` has all eleven variables: what it lacks must not come from this host."""
        missing = _KEYS - environment.keys()
        if missing:
            raise ValueError(f"the marker environment lacks {', '.join(sorted(missing))}")
        self._environment = {key: environment[key] for key in sorted(_KEYS)}
        self._known: dict[tuple[str, str], bool] = {}

    @cached_property
    def key(self) -> str:
        """Equal for equal environments; for caches of what was evaluated."""
        from hashlib import sha256

        return sha256("\0".join(self._environment.values()).encode()).hexdigest()[:16]

    def holds(self, marker: str, extra: str = "") -> bool:
        """Whether ``marker`` (empty: always) holds where ``extra`` is asked for.

        Raises InvalidValueError for a marker that can't be read or compares what can't be.
        """
        if not marker:
            return True
        question = (marker, extra if "extra" in marker else "")
        known = self._known.get(question)
        if known is None:
            known = self._known[question] = self._evaluate(*question)
        return known

    def _evaluate(self, marker: str, extra: str) -> bool:
        environment = {**self._environment, "extra": normal_name(extra)}
        if len(marker) > _MAX_CHARS:
            raise _broken_marker(marker, f"it's longer than {_MAX_CHARS} characters")
        tree = _tree(marker)
        try:
            if tree is not None:
                return _tree_holds(tree, environment)
        except _Unsure:
            pass
        return _holds_by_packaging(marker, environment)


def _tree_holds(tree: _Tree, environment: Mapping[str, str]) -> bool:
    # Every part is asked, since one that can't be compared breaks the marker wherever it stands.
    answers = [[_part_holds(part, environment) for part in parts] for parts in tree]
    return any(all(parts) for parts in answers)


def _part_holds(part: _Atom | _Tree, environment: Mapping[str, str]) -> bool:
    return _atom_holds(part, environment) if isinstance(part, _Atom) else _tree_holds(part, environment)


def _atom_holds(atom: _Atom, environment: Mapping[str, str]) -> bool:
    met = environment[atom.key]
    left, right = (atom.literal, met) if atom.literal_first else (met, atom.literal)
    operator = atom.operator
    if operator == "in":
        return left in right
    if operator == "not in":
        return left not in right
    if atom.key in _COMPARED_AS_VERSIONS:
        if operator == "===" or "," in right or met.endswith("+"):
            raise _Unsure
        try:
            return admits(operator + right, left)
        except InvalidValueError:
            pass  # what is no version is compared as text
    if operator in ("==", "<=", ">="):
        return left == right
    if operator == "!=":
        return left != right
    if operator in ("<", ">"):
        return False
    raise _Unsure


def _holds_by_packaging(marker: str, environment: Mapping[str, str]) -> bool:
    from packaging.markers import InvalidMarker, Marker, UndefinedComparison

    try:
        return Marker(marker).evaluate(dict(environment))
    except (InvalidMarker, UndefinedComparison, KeyError, RecursionError) as error:
        why = "it's nested too deep" if isinstance(error, RecursionError) else str(error).partition("\n")[0]
        raise _broken_marker(marker, why) from error


def _broken_marker(marker: str, why: str) -> InvalidValueError:
    return InvalidValueError(
        what=f"marker {marker[:200]!r} can't be evaluated",
        why=why,
        fix="write it as PEP 508 says, such as python_version < '3.11' and extra == 'gpu'",
    )
