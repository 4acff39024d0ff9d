"""A fleet as one page of HTML: totals, who is alike, what to do where a host doesn't fit, and the matrix."""

from __future__ import annotations

from collections.abc import Iterator

from envspec.report.fleet_text import names, totals
from envspec.report.html import files_table, finding_item, legend
from envspec.report.html_matrix import html_cell, html_matrix
from envspec.report.html_page import page, signatures, text
from envspec.verify.fleet import Alike, Fleet
from envspec.verify.judgement import best_of_each

_MOST_NAMES = 40


def as_html(fleet: Fleet, *, day: str, version: str, passes: bool) -> str:
    """A page to print and file; the matrix names every host."""
    first, *rest = totals(fleet)
    title = f"Verification of {len(fleet.hosts)} hosts"
    word, status = ("YES", "pass") if passes else ("NO", "fail")
    more = "".join(f'<p class="more">{text(line)}</p>' for line in rest)
    parts = [
        f"<header><h1>{text(title)}</h1>",
        f'<p class="soft">Judged on {text(day)} by envspec {text(version)}.</p></header>',
        f'<main><div class="verdict {status}"><strong>{word}</strong>',
        f"<div><p>{text(first)}</p>{more}</div></div>",
    ]
    for number, group in enumerate(fleet.groups, start=1):
        parts += _group(group, number)
    parts += ["<section><h2>All hosts</h2>", html_matrix(fleet.hosts), "</section>"]
    locks = {one.where: one.sha256 for group in fleet.groups for one in group.first.judgements}
    parts += [files_table((f"lock: {where}", sha256) for where, sha256 in locks.items()), signatures()]
    parts += [f"</main><footer>{legend()}</footer>"]
    return page(title, "\n".join(parts))


def _group(group: Alike, number: int) -> Iterator[str]:
    count = len(group.hosts)
    yield f"<section><h2>Group {number}: {count} {'host' if count == 1 else 'hosts'} alike</h2>"
    yield f'<p class="lead small soft">{text(names(group.hosts, _MOST_NAMES))}</p>'
    if group.differs:
        lines = "".join(f"<li>{text(line)}</li>" for line in group.differs)
        yield f"<p>Differs from group 1 by</p><ul>{lines}</ul>"
    seen = "".join(
        f'<tr><th scope="row">{text(one.name)}</th><td>{text(one.text)}</td></tr>' for one in group.first.seen
    )
    answers = "".join(
        f'<tr><th scope="row">{text(one.label)}</th><td>{html_cell(one)}</td></tr>'
        for one in group.first.judgements
    )
    yield f'<table class="pairs"><tbody>{seen}{answers}</tbody></table>'
    findings = [
        finding
        for best in best_of_each(group.first.judgements)
        if best.answer != "yes"
        for finding in best.having("fail") or best.having("unknown")
    ]
    if findings:
        at = f", as on {text(group.first.label)}" if count > 1 else ""
        yield f'<h3>What to do{at}</h3><ol class="findings">'
        yield from map(finding_item, findings)
        yield "</ol>"
    yield "</section>"
