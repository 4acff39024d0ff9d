"""Dependencies: what a file requires in one marker environment."""

from __future__ import annotations

import json
from collections.abc import Sequence

from envspec.index.requirement import MarkerEvaluator, Requirement, parse_requirement
from envspec.named_tuple import NamedTuple
from envspec.target.host import Target
from envspec.target.markers import marker_environment, patch_sensitive_marker


class Environment:
    """The target as markers see it."""

    def __init__(self, target: Target) -> None:
        variables = marker_environment(target)
        self.target = target
        self.key = "/".join(value for _, value in sorted(variables.items()))
        """Environments of equal keys evaluate all markers alike."""
        if not target.python_exact:
            self.key += "/any-patch"
        self._evaluator = MarkerEvaluator(variables)

    def holds(self, marker: str, extra: str) -> bool:
        """Whether a marker is true for the target, with ``extra`` asked for."""
        return self._evaluator.holds(marker, extra)

    def changes_at(self, marker: str) -> str | None:
        """The patch release of Python from which the marker's truth is another."""
        return patch_sensitive_marker(marker, self.target)


class Dependencies(NamedTuple):
    """Requirements whose markers hold; those behind an extra wait until it's asked for."""

    always: tuple[Requirement, ...]
    behind_extras: tuple[str, ...]
    """As the metadata writes them; read when an extra is asked for."""
    requires_python: str = ""
    extras: tuple[str, ...] = ()
    patch_sensitive: tuple[tuple[str, str], ...] = ()
    """(requirement, patch release of Python from which its marker's truth is another)."""

    def of_extra(self, extra: str, environment: Environment) -> tuple[Requirement, ...]:
        """What ``extra`` adds."""
        read = (parse_requirement(text) for text in self.behind_extras)
        return tuple(r for r in read if environment.holds(r.marker, extra))

    def dump(self) -> str:
        """As text, for a cache."""
        always = [(r.name, r.extras, r.specifier, r.url) for r in self.always]
        row = (always, self.behind_extras, self.requires_python, self.extras, self.patch_sensitive)
        return json.dumps(row, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Dependencies:
        """Read what ``dump`` wrote. Raises ValueError or TypeError for anything else."""
        always, behind, requires_python, extras, sensitive = json.loads(text)
        return cls(
            always=tuple(
                Requirement(name=name, extras=tuple(wanted), specifier=specifier, url=url, marker="")
                for name, wanted, specifier, url in always
            ),
            behind_extras=tuple(behind),
            requires_python=requires_python,
            extras=tuple(extras),
            patch_sensitive=tuple((text, patch) for text, patch in sensitive),
        )


def evaluate(
    requires_dist: Sequence[str], environment: Environment, *, requires_python: str, extras: Sequence[str]
) -> Dependencies:
    """Split requirements by their markers. Raises InvalidValueError for a broken one."""
    always: list[Requirement] = []
    behind: list[str] = []
    sensitive: list[tuple[str, str]] = []
    for text in requires_dist:
        requirement = parse_requirement(text)
        marker = requirement.marker
        if not marker:
            always.append(requirement)
            continue
        if (patch := environment.changes_at(marker)) is not None:
            sensitive.append((text, patch))
        if environment.holds(marker, ""):
            always.append(requirement)
        elif "extra" in marker:
            behind.append(text)
    return Dependencies(tuple(always), tuple(behind), requires_python, tuple(extras), tuple(sensitive))
