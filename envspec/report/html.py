"""A report as one page of HTML, to read, print, sign and file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from envspec.report import sentences
from envspec.report.html_matrix import html_matrix
from envspec.report.html_page import badge, page, signatures, text
from envspec.report.judged import Report
from envspec.verify.finding import Finding
from envspec.verify.judgement import Answer, HostJudged, Judgement, best_of_each

_CLASSES: dict[Answer, str] = {"yes": "pass", "no": "fail", "unknown": "unknown"}


def as_html(report: Report) -> str:
    """Everything in the report, what passed too: a filed page is read by people who can't ask for more."""
    names = ", ".join(host.label for host in report.hosts[:3])
    more = f" and {len(report.hosts) - 3} more" if len(report.hosts) > 3 else ""
    title = f"Verification of {names}{more}"
    parts = [
        "<header>",
        f"<h1>{text(title)}</h1>",
        f'<p class="soft">Judged on {text(report.day)} by envspec {text(report.version)}'
        f"{', strictly: warnings and what is not known count as no' if report.strict else ''}.</p>",
        "</header>",
        "<main>",
    ]
    if len(report.hosts) > 1:
        parts += ['<section class="part"><h2>All hosts</h2>', html_matrix(report.hosts), "</section>"]
    for host in report.hosts:
        parts += _host(host, report)
    parts += [signatures(), "</main>", "<footer>", legend(), "</footer>"]
    return page(title, "\n".join(parts))


def _host(host: HostJudged, report: Report) -> Iterator[str]:
    yield '<section class="part">'
    if len(report.hosts) > 1:
        yield f"<h2>{text(host.label)}</h2>"
    yield _verdict(host, report.strict)
    if host.judgements:
        yield _locks(host)
    if host.seen:
        yield "<section><h2>The host, as it was seen</h2>"
        yield _seen(host)
        yield "</section>"
    best = best_of_each(host.judgements)
    for judgement in sorted(host.judgements, key=lambda one: one not in best):
        yield from _judgement(judgement)
    yield _files(host)
    yield "</section>"


def _verdict(host: HostJudged, strict: bool) -> str:
    said = sentences.verdict(host).partition(": ")[2]
    word = "NOT JUDGED" if host.trouble else sentences.ANSWER_WORDS[host.answer]
    lines = [f"<p>{text(said)}</p>"]
    lines += [f'<p class="more">{text(line)}</p>' for line in sentences.choice(host)]
    answer = host.answer
    if strict and answer == "yes" and not host.passes(strict=True):
        word, answer = "NO", "no"
        lines.append(f'<p class="more">{text(sentences.STRICT)}</p>')
    return f'<div class="verdict {_CLASSES[answer]}"><strong>{word}</strong><div>{"".join(lines)}</div></div>'


def _locks(host: HostJudged) -> str:
    rows = []
    for judgement in host.judgements:
        numbers = "".join(
            f'<td class="number">{len(judgement.having(status))}</td>' for status in sentences.STATUSES
        )
        answer = badge(_CLASSES[judgement.answer], sentences.ANSWER_WORDS[judgement.answer])
        grade = text(sentences.GRADES.get(judgement.grade, judgement.grade)) or "&ndash;"
        rows.append(
            f'<tr><th scope="row">{text(judgement.label)}</th><td>{answer}</td><td>{grade}</td>{numbers}</tr>'
        )
    heads = "".join(
        f'<th scope="col" class="number">{word}</th>'
        for word in ("failed", "not known", "warnings", "passed")
    )
    return (
        '<section class="keep"><h2>The locks</h2><div class="scroll"><table class="locks">'
        '<thead><tr><th scope="col">lock</th>'
        f'<th scope="col">fits</th><th scope="col">driver</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></section>"
    )


def _seen(host: HostJudged) -> str:
    rows = "".join(
        f'<tr><th scope="row">{text(one.name)}</th><td>{text(one.text)}</td>'
        f'<td class="soft small">{text(one.how)}</td></tr>'
        for one in host.seen
    )
    return (
        '<table class="seen"><thead><tr><th scope="col">what</th><th scope="col">seen</th>'
        f'<th scope="col">read from</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _judgement(judgement: Judgement) -> Iterator[str]:
    answer = badge(_CLASSES[judgement.answer], sentences.ANSWER_WORDS[judgement.answer])
    yield f"<section><h2>{text(judgement.label)} {answer}</h2>"
    lead = text(sentences.counts(judgement)) or "No rule had anything to say."
    yield f'<p class="lead">{lead}</p>'
    open_findings = [finding for finding in judgement.findings if finding.status != "pass"]
    if open_findings:
        yield '<ol class="findings">'
        yield from map(finding_item, open_findings)
        yield "</ol>"
    passed = judgement.having("pass")
    if passed:
        yield f"<h3>What holds ({len(passed)})</h3>"
        yield (
            '<table class="held"><thead><tr><th scope="col">rule</th><th scope="col">found</th>'
            '<th scope="col">wanted</th></tr></thead><tbody>'
        )
        yield from map(_held, passed)
        yield "</tbody></table>"
    yield "</section>"


def _held(finding: Finding) -> str:
    of = f'<div class="soft small">{text(finding.subject)}</div>' if finding.subject != finding.rule else ""
    found, wanted = _with(finding.actual, finding.why), _with(finding.expected, finding.source)
    return f'<tr><th scope="row">{text(finding.rule)}{of}</th><td>{found}</td><td>{wanted}</td></tr>'


def _with(said: str, more: str) -> str:
    return f'{text(said)}<div class="soft small">{text(more)}</div>' if more else text(said)


def finding_item(finding: Finding) -> str:
    """One finding as an item of a list ``findings``."""
    rows = [("found", text(finding.actual)), ("wanted", text(finding.expected)), ("why", text(finding.why))]
    ways = [text(way) for way in sentences.ways_out(finding)]
    if len(ways) == 1:
        rows.append(("what to do", ways[0]))
    elif ways:
        rows.append(("one of these", f"<ul>{''.join(f'<li>{way}</li>' for way in ways)}</ul>"))
    if finding.source:
        rows.append(("source", f'<span class="soft small">{text(finding.source)}</span>'))
    told = "".join(f"<dt>{name}</dt><dd>{cell}</dd>" for name, cell in rows if cell)
    head = f'<h3>{text(finding.subject or finding.rule)} <span class="soft">{text(finding.rule)}</span></h3>'
    return (
        f"<li><div>{badge(finding.status, sentences.WORDS[finding.status])}</div>"
        f"<div>{head}<dl>{told}</dl></div></li>"
    )


def _files(host: HostJudged) -> str:
    taken = f", taken {host.taken} by the host's clock" if host.taken else ""
    rows = [(f"facts: {host.where}{taken}", host.sha256)]
    return files_table([*rows, *((f"lock: {one.where}", one.sha256) for one in host.judgements)])


def files_table(rows: Iterable[tuple[str, str]]) -> str:
    """What was judged: files and their digests."""
    cells = "".join(
        f'<tr><td>{text(name)}</td><td class="digest">{text(sha256) or "&ndash;"}</td></tr>'
        for name, sha256 in rows
    )
    return (
        '<section class="keep"><h2>What was judged</h2><table class="files"><thead>'
        f'<tr><th scope="col">file</th><th scope="col">sha256</th></tr></thead>'
        f"<tbody>{cells}</tbody></table></section>"
    )


def legend() -> str:
    """What the words mean."""
    return (
        f"<p>{badge('fail', 'FAIL')} the lock does not run there as it stands. "
        f"{badge('unknown', 'NOT KNOWN')} could not be found out, which is not the same as fine. "
        f"{badge('warn', 'WARNING')} runs, with a limit or a risk. {badge('pass', 'PASS')} holds.</p>"
        "<p>&ldquo;Minor-version compatible&rdquo; is NVIDIA&rsquo;s term: compiled kernels run on the older "
        "driver of the same CUDA major; code that is compiled at run time by a newer toolkit does not.</p>"
    )
