"""Judged: a lock with the contract that it asks of any host, and what the rules say of the promised one."""

from __future__ import annotations

from envspec.lock.document import Lock
from envspec.named_tuple import NamedTuple
from envspec.verify.finding import Finding
from envspec.verify.plan import Planned, planned_verdict

_GRADES = {
    "full": "runs with all functions",
    "minor-version": "runs, minor-version compatible",
    "refused": "refused",
    "unknown": "not known whether it runs",
}
_OF_THE_GPU = ("driver", "gpu-code")
"""Rules without whose answer nobody can say that a lock with CUDA runs."""


class Judged(NamedTuple):
    """The lock, and what the user is told of it."""

    lock: Lock
    word: str
    """``refused`` where a rule fails, ``unknown`` where what decides isn't known; else the driver's grade, or
    ``runs`` where no driver is needed."""
    told: tuple[str, ...]
    """The word in a sentence; below it, two blanks deeper each, what fails or isn't known, and what it takes.
    Nothing where no GPU is in play and nothing fails."""

    @property
    def is_refused(self) -> bool:
        """Whether the promised host can't run it."""
        return self.word == "refused"


def judged(lock: Lock) -> Judged:
    """Ask every rule of the host that the spec promises, and write the answers into the lock."""
    planned = planned_verdict(lock)
    failing = [finding for finding in planned.findings if finding.status == "fail"]
    is_open = [each for each in planned.findings if each.status == "unknown" and each.rule in _OF_THE_GPU]
    grade = next((finding.grade for finding in planned.findings if finding.grade), "")
    word = "refused" if failing else "unknown" if is_open else grade or "runs"
    if word == "runs":
        return Judged(_with(lock, planned), word, ())
    sentence = f"the promised host: {_GRADES.get(word, word)}{_counts(planned.findings)}"
    told = [sentence, *(line for finding in failing or is_open for line in _lines(finding))]
    if grade == "minor-version" and not failing:
        told += [f"  driver: {finding.why}" for finding in planned.findings if finding.grade and finding.why]
    return Judged(_with(lock, planned), word, tuple(told))


def judged_alike(lock: Lock) -> bool:
    """Whether today's tables make of this lock's packages and assets what stands in it."""
    from envspec.assets.environment import target_environment
    from envspec.audit.rows import warned
    from envspec.lock.codec import encode

    network = lock.target.get("network", "")
    names = [distribution.name for distribution in lock.distributions]
    again = judged(warned(lock)).lock._replace(
        environment=target_environment(
            names, lock.assets, network=network if isinstance(network, str) else ""
        )
    )
    return encode(again) == encode(lock)


def _with(lock: Lock, planned: Planned) -> Lock:
    return lock._replace(contract=planned.contract, verdict=planned.verdict)


def _counts(findings: list[Finding]) -> str:
    """How much else stands in the lock's verdict."""
    warned = sum(finding.status == "warn" and finding.rule != "driver" for finding in findings)
    unknown = sum(finding.status == "unknown" for finding in findings)
    parts = [f"{warned} warning{'' if warned == 1 else 's'}"] if warned else []
    parts += [f"{unknown} not known"] if unknown else []
    return f" ({', '.join(parts)}: [tool.envspec.verdict])" if parts else ""


def _lines(finding: Finding) -> list[str]:
    ways = finding.fix.splitlines()
    return [f"  {finding.rule}: {finding.why or finding.actual}", *(f"    - {way}" for way in ways)]
