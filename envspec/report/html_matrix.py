"""The matrix as a table of HTML."""

from __future__ import annotations

from collections.abc import Sequence

from envspec.report.html_page import badge, text
from envspec.report.matrix import cell, labels_of
from envspec.verify.judgement import HostJudged, Judgement


def html_matrix(hosts: Sequence[HostJudged]) -> str:
    """One row a host, one column a lock; a host whose facts can't be read says why."""
    labels = labels_of(hosts)
    heads = "".join(f'<th scope="col">{text(label)}</th>' for label in ("host", *labels))
    rows = []
    for host in hosts:
        if host.trouble:
            said = f"{badge('unknown', 'UNREADABLE')} {text(host.trouble)}"
            cells = f'<td colspan="{max(1, len(labels))}">{said}</td>'
        else:
            found = {one.label: one for one in host.judgements}
            cells = "".join(
                f"<td>{html_cell(found[label]) if label in found else ''}</td>" for label in labels
            )
        rows.append(f'<tr><th scope="row">{text(host.label)}</th>{cells}</tr>')
    table = f'<table class="matrix"><thead><tr>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def html_cell(judgement: Judgement) -> str:
    """A cell with the answer as a badge."""
    said, _, more = cell(judgement).partition(": ")
    status = {"yes": "pass", "no": "fail"}.get(said, "unknown")
    return f"{badge(status, said.upper())} {text(more)}"
