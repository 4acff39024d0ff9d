"""The HTML reports in a real browser: on screens of two widths, light and dark, and on paper."""

from __future__ import annotations

import http.server
import io
import threading
from pathlib import Path

import pytest

from envspec.report import fleet_html
from envspec.report.html import as_html
from envspec.verify.fleet import fleet
from tests.browser import measured, needs_browser, printed, run_chromium
from tests.report.cases import BROKEN, CASES, REFUSED, many

FLEET = fleet_html.as_html(fleet(many(30)), day="2026-11-28", version="0.1.0", passes=False)
PAGES = {
    "one host": as_html(CASES["founding"]),
    "several hosts": as_html(CASES["several-hosts"]),
    "hostile": as_html(CASES["hostile"]),
    "fleet": FLEET,
}
pytestmark = [needs_browser, pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [500, 1100])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_its_window_and_can_be_read(tmp_path: Path, name: str, width: int, dark: bool) -> None:
    found = measured(tmp_path, PAGES[name], width=width, dark=dark)
    assert found["scrolls"] <= found["wide"]
    assert found["outside"] == []
    assert found["faint"] == []
    assert found["dark"] is dark
    assert found["unlabelled"] == 0
    assert all(
        after - before <= 1 for before, after in zip(found["headings"], found["headings"][1:], strict=False)
    )


def test_the_measure_sees_what_is_wrong_with_a_page(tmp_path: Path) -> None:
    wrong = (
        "<p style='width:3000px'>too wide</p><p style='color:#999'>too faint</p><table><th>bare</th></table>"
    )
    found = measured(tmp_path, PAGES["one host"].replace("<main>", f"<main>{wrong}"))
    assert found["scrolls"] > found["wide"]
    assert "too wide" in found["outside"]
    assert [text for text, _ in found["faint"]] == ["too faint"]
    assert found["unlabelled"] == 1


def test_a_page_shows_the_verdict_and_every_finding_with_its_ways_out(tmp_path: Path) -> None:
    text = measured(tmp_path, PAGES["several hosts"])["text"]
    for judgement in CASES["several-hosts"].hosts[0].judgements:
        for finding in judgement.findings:
            for part in (finding.subject, finding.actual, finding.expected, finding.why, finding.source):
                assert part in text
            for way in finding.fix.splitlines():
                assert way.removeprefix("or ") in text
    assert "founding-cu118 fits this host, minor-version compatible (1 not known, 2 warnings)" in text
    assert "take the variant cu118, which passes here" in text
    assert BROKEN.trouble in text


def test_a_host_that_says_markup_makes_no_element(tmp_path: Path) -> None:
    found = measured(tmp_path, PAGES["hostile"])
    assert found["scripts"] == 0
    assert "<script>alert(1)</script>" in found["text"]


def test_opening_a_page_asks_for_nothing_else(tmp_path: Path) -> None:
    assert asked_for(tmp_path, PAGES["hostile"]) == ["/report.html"]
    leaky = "<!doctype html><title>x</title><link rel=icon href='data:,'><img src='/pixel.png'>"
    assert asked_for(tmp_path, leaky) == ["/report.html", "/pixel.png"]


def test_the_policy_of_a_page_lets_nothing_be_fetched(tmp_path: Path) -> None:
    slipped_in = PAGES["one host"].replace(
        "<main>", "<main><img src='/pixel.png'><script src='/x.js'></script>"
    )
    assert asked_for(tmp_path, slipped_in) == ["/report.html"]


def test_on_paper_it_is_a4_numbered_and_ends_with_room_to_sign(tmp_path: Path) -> None:
    pages = paper(tmp_path, PAGES["one host"])
    for number, (text, size) in enumerate(pages, start=1):
        assert size == (595, 842)
        assert f"page {number} of {len(pages)}" in text
    last = pages[-1][0]
    for word in ("Checked by", "Accepted for the site by", "Name", "Function", "Date", "Signature"):
        assert last.count(word) >= 1
    assert "a5a5a5a5" in "".join(text for text, _ in pages)


@pytest.mark.parametrize("name", ["one host", "several hosts", "fleet"])
def test_no_finding_is_torn_by_the_end_of_a_page_and_no_heading_left_behind(
    tmp_path: Path, name: str
) -> None:
    pages = [text for text, _ in paper(tmp_path, PAGES[name])]
    torn = 0
    for text in pages:
        flat = " ".join(text.split())
        torn += flat.count(REFUSED.why) != flat.count("put cuda-compat-12-1 in front")
        body = flat.split("envspec verification report")[0].rstrip()
        assert not body.endswith(("passed", "YES", "NO", "What to do", "failed"))
    assert torn == 0
    assert sum(" ".join(text.split()).count(REFUSED.why) for text in pages) >= 1


def paper(folder: Path, page: str) -> list[tuple[str, tuple[int, int]]]:
    """The text of each printed page, and its size in points."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(printed(folder, page)))
    return [
        (one.extract_text(), (round(float(one.mediabox.width)), round(float(one.mediabox.height))))
        for one in reader.pages
    ]


def asked_for(folder: Path, page: str) -> list[str]:
    """The paths that the browser asks the page's own server for, in order."""
    asked: list[str] = []

    class Door(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            at = f"http://127.0.0.1:{server.server_address[1]}/report.html"
            assert "<title>" in run_chromium(folder / "profile", "--dump-dom", at)
        finally:
            server.shutdown()
            thread.join(timeout=10)
    return asked
