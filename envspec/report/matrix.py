"""The matrix: one line a host, one column a lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from envspec.report.sentences import GRADES
from envspec.report.visible import visible
from envspec.verify.judgement import HostJudged, Judgement


def cell(judgement: Judgement) -> str:
    """The answer in a few words, such as ``no: driver, disk`` or ``yes: full function``."""
    if judgement.answer == "no":
        return f"no: {_rules(judgement, 'fail')}"
    if judgement.answer == "unknown":
        return f"not known: {_rules(judgement, 'unknown')}"
    grade = GRADES.get(judgement.grade, judgement.grade)
    return f"yes: {grade}" if grade else "yes"


def matrix_lines(hosts: Sequence[HostJudged]) -> Iterator[str]:
    """Columns as wide as they need to be; a host whose facts can't be read is a line that says why."""
    labels = labels_of(hosts)
    rows = [("host", *labels)]
    rows += [row_of(host, labels) for host in hosts if not host.trouble]
    widths = [max(len(row[number]) for row in rows) for number in range(len(labels) + 1)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    for host in hosts:
        if host.trouble:
            yield f"{visible(host.label)}  unreadable: {visible(host.trouble)}"


def labels_of(hosts: Sequence[HostJudged]) -> list[str]:
    """Of all the locks, in the order in which they were named."""
    return list(dict.fromkeys(visible(one.label) for host in hosts for one in host.judgements))


def row_of(host: HostJudged, labels: Sequence[str]) -> tuple[str, ...]:
    """The host's label, then a cell for each lock."""
    cells = {visible(one.label): visible(cell(one)) for one in host.judgements}
    return (visible(host.label), *(cells.get(label, "") for label in labels))


def _rules(judgement: Judgement, status: str) -> str:
    return ", ".join(dict.fromkeys(one.rule for one in judgement.findings if one.status == status))


def html_matrix(hosts: Sequence[HostJudged]) -> str:
    """The same as a table."""
    from envspec.report.html_page import badge, text

    labels = labels_of(hosts)
    heads = "".join(f'<th scope="col">{text(label)}</th>' for label in ("host", *labels))
    rows = []
    for host in hosts:
        if host.trouble:
            said = f"{badge('unknown', 'UNREADABLE')} {text(host.trouble)}"
            cells = f'<td colspan="{max(1, len(labels))}">{said}</td>'
        else:
            found = {visible(one.label): one for one in host.judgements}
            cells = "".join(
                f"<td>{html_cell(found[label]) if label in found else ''}</td>" for label in labels
            )
        rows.append(f'<tr><th scope="row">{text(host.label)}</th>{cells}</tr>')
    table = f'<table class="matrix"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def html_cell(judgement: Judgement) -> str:
    """A cell with the answer as a badge."""
    from envspec.report.html_page import badge, text

    said, _, more = cell(judgement).partition(": ")
    status = {"yes": "pass", "no": "fail"}.get(said, "unknown")
    return f"{badge(status, said.upper())} {text(more)}"
