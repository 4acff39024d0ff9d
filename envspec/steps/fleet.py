"""Fleet: judge one host of many. What can't be read of it is told, and ends nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envspec.errors import EnvspecError
from envspec.steps.verify import Asked, FactsFile, verify
from envspec.verify.judgement import HostJudged


def judge_one(
    several: Sequence[Asked],
    read: Callable[[], FactsFile],
    *,
    label: str,
    where: str,
    today: str,
    siblings: Callable[[], Sequence[Asked]] = tuple,
) -> HostJudged:
    """The host whose facts ``read`` gives; ``label`` and ``where`` name it if it raises an EnvspecError."""
    try:
        host = read()
    except EnvspecError as error:
        said = "; ".join(line.replace("\n", "; ") for line in (error.what, error.why) if line)
        return HostJudged(label, where, trouble=said)
    return verify(several, host, today=today, siblings=siblings)
