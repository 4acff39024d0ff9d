"""Requirements, and the projects and versions in them.

Source: PEP 508, 503 and 440, through ``packaging``. Importing that costs 20 ms, so plain forms, which
it takes for sure, are known by their look; it judges all others, and its verdict is the one that counts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from envspec.project_name import normal_name
from envspec.spec.kinds import Text
from envspec.spec.problems import WrongValueError
from envspec.spec.values import check_url

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_VERSION = r"[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?"
_LOCAL = r"\+[a-z0-9]+(?:\.[a-z0-9]+)*"
_PROJECT = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_BOUND = rf"(?:(?:==|!=) ?{_VERSION}(?:{_LOCAL})?|(?:<=|>=|<|>) ?{_VERSION})"
_BOUNDS = rf"{_BOUND}(?:, ?{_BOUND})*"


def read_requirement(text: str) -> Requirement:
    """``text`` by PEP 508; raises WrongValueError where it isn't."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise WrongValueError(
            str(error).splitlines()[0] + " (PEP 508)", 'for example "numpy>=1.26,<2"'
        ) from None
    except RecursionError:
        raise WrongValueError("its marker is nested too deep") from None


def is_local(requirement: Requirement) -> bool:
    """Whether it names a file beside the spec, ``app @ ./dist/app.whl``."""
    return requirement.url is not None and "://" not in requirement.url


def is_plain(requirement: str) -> bool:
    """Whether it's surely PEP 508: a name and versions at most, without extras, URL and marker."""
    return re.fullmatch(rf"{_PROJECT} ?(?:{_BOUNDS})?", requirement) is not None


def _checked_requirement(text: str) -> Requirement:
    requirement = read_requirement(text)
    if requirement.url is None or is_local(requirement):
        return requirement
    if requirement.url.startswith("file:"):
        raise WrongValueError(
            "a file: URL holds on one machine only",
            f"{requirement.name} @ ./path/to.whl, relative to the spec",
        )
    if requirement.url.startswith(("git+", "hg+", "svn+", "bzr+")):
        raise WrongValueError(
            "a checkout has no digest to lock",
            f"build its wheel and write {requirement.name} @ ./path/to.whl",
        )
    check_url(requirement.url)
    return requirement


def check_requirement(text: str) -> str:
    """``text`` if a spec may require it: PEP 508, http(s) URLs, or a wheel beside the spec."""
    if is_plain(text):
        return text
    requirement = _checked_requirement(text)
    url = requirement.url or ""
    if is_local(requirement) and (not url.endswith(".whl") or url.startswith("file:") or "\\" in url):
        raise WrongValueError(
            "a local requirement must be the path of a wheel", f"{requirement.name} @ ./dist/NAME.whl"
        )
    return text


def check_override(text: str) -> str:
    """``text`` if it may replace what others ask: PEP 508, but no local file."""
    if not is_plain(text) and is_local(_checked_requirement(text)):
        raise WrongValueError("an override can't be a local file", "name the wheel in requirements")
    return text


def check_constraint(text: str) -> str:
    """``text`` if it bounds versions: PEP 508 without extras and URL."""
    if is_plain(text):
        return text
    requirement = read_requirement(text)
    if requirement.extras or requirement.url is not None:
        raise WrongValueError(
            "a constraint bounds versions; it has no extras and no URL", "write it among requirements"
        )
    return text


def _project(text: str) -> str:
    if re.fullmatch(_PROJECT, text) is not None:
        return normal_name(text)
    from packaging.utils import InvalidName, canonicalize_name

    try:
        return str(canonicalize_name(text, validate=True))
    except InvalidName:
        raise WrongValueError(
            "it must be the name of a project, without version or extras", 'for example "torch"'
        ) from None


def _version(text: str) -> str:
    if re.fullmatch(_VERSION, text) is not None:
        return text
    from packaging.version import InvalidVersion, Version

    try:
        Version(text)
    except InvalidVersion:
        raise WrongValueError("it must be a version (PEP 440)", 'for example "1.0"') from None
    return text


def _specifier(text: str) -> str:
    if re.fullmatch(_BOUNDS, text) is not None:
        return text
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise WrongValueError(
            "it must be a version specifier (PEP 440)", 'for example ">=3.8,<3.12"'
        ) from None
    return text


RequirementText = Text(check_requirement)
OverrideText = Text(check_override)
ConstraintText = Text(check_constraint)
ProjectName = Text(_project)
"""Normalized, PEP 503."""
VersionText = Text(_version)
SpecifierText = Text(_specifier)
