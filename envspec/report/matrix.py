"""The matrix: one line a host, one column a lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from envspec.report import sentences
from envspec.report.visible import visible
from envspec.verify.judgement import HostJudged, Judgement


def cell(judgement: Judgement) -> str:
    """The answer in a few words, such as ``no: driver, disk`` or ``yes: full function``."""
    if judgement.answer == "no":
        return f"no: {sentences.failing(judgement)}"
    if judgement.answer == "unknown":
        return f"not known: {sentences.deciding(judgement) or 'nothing was seen to hold'}"
    grade = sentences.GRADES.get(judgement.grade, judgement.grade)
    return f"yes: {grade}" if grade else "yes"


def matrix_lines(hosts: Sequence[HostJudged]) -> Iterator[str]:
    """Columns as wide as they need to be; a host whose facts can't be read is a line that says why."""
    labels = labels_of(hosts)
    rows = [("host", *map(visible, labels))]
    rows += [row_of(host, labels) for host in hosts if not host.trouble]
    widths = [max(len(row[number]) for row in rows) for number in range(len(labels) + 1)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    for host in hosts:
        if host.trouble:
            yield f"{visible(host.label)}  unreadable: {visible(host.trouble)}"


def labels_of(hosts: Sequence[HostJudged]) -> list[str]:
    """Of all the locks, in the order in which they were named."""
    return list(dict.fromkeys(one.label for host in hosts for one in host.judgements))


def row_of(host: HostJudged, labels: Sequence[str]) -> tuple[str, ...]:
    """The host's label, then a cell for each lock."""
    cells = {one.label: visible(cell(one)) for one in host.judgements}
    return (visible(host.label), *(cells.get(label, "") for label in labels))
