"""Report: what ``envspec verify`` tells of hosts and locks, in whichever form it's printed."""

from __future__ import annotations

from envspec.named_tuple import NamedTuple
from envspec.verify.judgement import HostJudged


class Report(NamedTuple):
    """Hosts, each judged by the same locks."""

    day: str
    """The day that the rules took for today, ``2026-11-28``."""
    version: str
    """Of envspec."""
    hosts: tuple[HostJudged, ...]
    strict: bool = False

    @property
    def passes(self) -> bool:
        """Whether every host does."""
        return bool(self.hosts) and all(host.passes(strict=self.strict) for host in self.hosts)
