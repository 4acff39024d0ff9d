"""A report as text: a head of a few lines, then the findings, the worst first, each with its ways out."""

from __future__ import annotations

from collections.abc import Iterator

from envspec.report import sentences
from envspec.report.judged import Report
from envspec.report.visible import visible
from envspec.verify.finding import Finding
from envspec.verify.judgement import HostJudged, Judgement, best_of_each

_HEAD = ("OS", "GPU", "driver")
_COLOURS = {
    "fail": "31;1", "unknown": "35;1", "warn": "33;1", "pass": "32",
    "no": "31;1", "yes": "32;1",
}  # fmt: skip
_STATUS_CHARS = 9
_NARROWEST = 40


class _Style:
    """Whether in colour, and how wide; without a width each finding is one line, for grep."""

    def __init__(self, *, colour: bool, width: int | None) -> None:
        self._colour = colour
        self._width = width

    def painted(self, text: str, by: str) -> str:
        return f"\x1b[{_COLOURS[by]}m{text}\x1b[0m" if self._colour else text

    def lines(self, lead: str, text: str, *, shown: str = "") -> Iterator[str]:
        """``text`` behind ``lead``, and under itself where it's long; ``shown`` is the lead in colour."""
        if self._width is None:
            rows = [text]
        else:
            from textwrap import wrap

            room = max(self._width - len(lead), _NARROWEST)
            rows = wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        yield f"{shown or lead}{rows[0]}".rstrip()
        for row in rows[1:]:
            yield f"{' ' * len(lead)}{row}"


def as_text(report: Report, *, colour: bool = False, width: int | None = None, verbose: bool = False) -> str:
    """The report, with what passed counted, or named under ``verbose``."""
    style = _Style(colour=colour, width=width)
    lines: list[str] = []
    if len(report.hosts) > 1:
        from envspec.report.matrix import matrix_lines

        lines += [*matrix_lines(report.hosts), ""]
    for host in report.hosts:
        lines += _host(host, style, strict=report.strict, verbose=verbose)
    return "\n".join(lines)


def _host(host: HostJudged, style: _Style, *, strict: bool, verbose: bool) -> Iterator[str]:
    named = visible(host.label) or "this host"
    at = f" ({visible(host.where)})" if host.where and host.where != host.label else ""
    yield from style.lines("host     ", f"{named}{at}")
    shown = [one for one in host.seen if verbose or one.name in _HEAD]
    wide = max([8, *(len(visible(one.name)) for one in shown)])
    for one in shown:
        how = f"  [{visible(one.how)}]" if verbose and one.how else ""
        yield from style.lines(f"{visible(one.name):<{wide}} ", f"{visible(one.text)}{how}")
    grades = [
        f"{judgement.label} {sentences.GRADES.get(judgement.grade, judgement.grade)}"
        for judgement in host.judgements
        if judgement.grade
    ]
    if grades:
        yield from style.lines("grade    ", visible("; ".join(grades)))
    said = visible(sentences.verdict(host))
    word = sentences.ANSWER_WORDS[host.answer] if not host.trouble else "NOT JUDGED"
    text = said.partition(": ")[2]
    lead = f"verdict  {word}: "
    yield from style.lines(lead, text, shown=f"verdict  {style.painted(word, host.answer)}: ")
    if strict and host.answer == "yes" and not host.passes(strict=True):
        yield from style.lines("strict   ", sentences.STRICT)
    for line in sentences.choice(host):
        yield from style.lines(" " * 9, visible(line))
    yield ""
    best = best_of_each(host.judgements)
    for judgement in sorted(host.judgements, key=lambda one: one not in best):
        yield from _judgement(judgement, style, verbose=verbose)


def _judgement(judgement: Judgement, style: _Style, *, verbose: bool) -> Iterator[str]:
    word = sentences.ANSWER_WORDS[judgement.answer]
    text = sentences.counts(judgement) or "no rule had anything to say"
    lead = f"{visible(judgement.label)}: {word}: "
    yield from style.lines(
        lead, text, shown=f"{visible(judgement.label)}: {style.painted(word, judgement.answer)}: "
    )
    for finding in judgement.findings:
        if finding.status != "pass" or verbose:
            yield from _finding(finding, style, verbose=verbose)
    yield ""


def _finding(finding: Finding, style: _Style, *, verbose: bool) -> Iterator[str]:
    word = f"{sentences.WORDS[finding.status]:<{_STATUS_CHARS}}"
    text = visible(sentences.told(finding))
    yield from style.lines(f"  {word}  ", text, shown=f"  {style.painted(word, finding.status)}  ")
    for number, way in enumerate(sentences.ways_out(finding)):
        yield from style.lines("                or: " if number else "               fix: ", visible(way))
    if verbose and finding.source:
        yield from style.lines("            source: ", visible(finding.source))
