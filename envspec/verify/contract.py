"""Contract: what a lock asks of any host, as the plain values of [tool.envspec.contract].

Same lock, same values, on any day: nothing here depends on a host or on the date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from envspec.verify.driver_grade import floors
from envspec.verify.finding import Finding, verdict, worst_first
from envspec.verify.needs import DiskNeed, FromWheel, Needs
from envspec.verify.source import cited

_MOST_FINDINGS = 20


def contract(needs: Needs) -> dict[str, Any]:
    """The driver's floors with their source, GPU code, glibc, libraries, programs, disks, Python."""
    table: dict[str, Any] = {
        "python": needs.python,
        "arch": needs.arch,
        "cuda": needs.cuda.release if needs.cuda is not None else "",
        "cudnn": needs.cudnn,
        "driver": _driver(needs),
        "code-targets": [str(target) for target in needs.code_targets],
        "code-targets-source": needs.code_source,
        "compiles-at-run-time": [code.what for code in needs.run_time],
        "gpu-memory-mib": needs.gpu_memory_mib,
        "glibc": _version(needs.glibc),
        "glibcxx": _version(needs.glibcxx),
        "libraries": _things(needs.libraries, "soname"),
        "executables": _things(needs.executables, "name"),
        "toolkit": _things(needs.toolkit, "name"),
        "cudnn-on-host": _things(needs.host_cudnn, "soname"),
        "disk": {need.path: _disk(need) for need in needs.disks},
        "not-read": len(needs.not_read),
    }
    return _filled(table)


def verdict_table(findings: Iterable[Finding]) -> dict[str, Any]:
    """The worst status, the driver's grade, and what isn't fulfilled, with what it would take."""
    judged = worst_first(findings)
    grade = next((finding.grade for finding in judged if finding.grade), "")
    table: dict[str, Any] = {
        "status": verdict(judged),
        "grade": grade,
        "findings": [_row(finding) for finding in judged if finding.status != "pass"][:_MOST_FINDINGS],
    }
    return _filled(table)


def _row(finding: Finding) -> dict[str, Any]:
    return _filled(
        {
            "rule": finding.rule,
            "subject": finding.subject,
            "status": finding.status,
            "expected": finding.expected,
            "actual": finding.actual,
            "why": finding.why,
            "takes": finding.fix.splitlines(),
            "source": finding.source,
        }
    )


def _driver(needs: Needs) -> dict[str, Any]:
    if needs.cuda is None:
        return {}
    rows = floors(needs.cuda)
    table = {}
    if rows.full is not None:
        table["full"] = rows.full.driver
        table["full-source"] = cited("cuda", f"toolkit {rows.full.version}", rows.full)
    if rows.minor is not None:
        table["minor-version"] = rows.minor.driver
        table["minor-version-source"] = cited("cuda", f"floor of CUDA {rows.minor.major}", rows.minor)
    return table


def _version(needs: tuple[FromWheel, ...]) -> dict[str, str]:
    """The highest that something needs to be loaded at all."""
    must = [need for need in needs if not need.needed]
    return {"version": must[0].thing, "by": must[0].by, "source": must[0].how} if must else {}


def _things(needs: tuple[FromWheel, ...], key: str) -> list[dict[str, str]]:
    return [
        _filled({key: need.thing, "needed": need.needed, "by": need.by, "source": need.how})
        for need in sorted(needs, key=lambda need: (need.thing, need.by))
    ]


def _disk(need: DiskNeed) -> dict[str, Any]:
    table = {"stays-bytes": need.stays_bytes, "peak-bytes": need.peak_bytes, "of": list(need.of)}
    return {**table, "unknown-bytes-assumed": need.assumed_bytes} if need.assumed_bytes else table


def _filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """Without the keys whose value says nothing; TOML has no null."""
    return {key: value for key, value in table.items() if value not in ("", None, [], {}, ())}
