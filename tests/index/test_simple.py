from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from envspec.errors import BrokenPageError
from envspec.index.page import FileEntry, ProjectPage
from envspec.index.simple import file_url, parse_page

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
BASE = "https://user:secret@index.example/simple/torch/"
WHEEL = "torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl"


def parse(body: str | bytes, content_type: str = JSON) -> ProjectPage:
    return parse_page(body.encode() if isinstance(body, str) else body, content_type, BASE, "torch")


def files_json(*entries: object, version: str = "1.1") -> str:
    return json.dumps({"meta": {"api-version": version}, "name": "torch", "files": entries})


def test_a_json_page() -> None:
    entry = {
        "filename": WHEEL,
        "url": f"https://files.example/{WHEEL}",
        "hashes": {"sha256": "ab" * 32},
        "requires-python": ">=3.8.0",
        "size": 2_300_000_000,
        "upload-time": "2023-12-15T01:02:03.456789Z",
        "yanked": "broken on this driver",
        "core-metadata": {"sha256": "cd" * 32},
        "dist-info-metadata": True,
        "provenance": None,
        "something-new": [{"a": 1}],
    }
    page = parse(
        files_json(entry, {"filename": "torch-1.tar.gz", "url": "https://files.example/torch-1.tar.gz"})
    )
    assert page == ProjectPage(
        name="torch",
        files=[
            FileEntry(
                filename=WHEEL,
                url=f"https://files.example/{WHEEL}",
                hashes={"sha256": "ab" * 32},
                requires_python=">=3.8.0",
                size=2_300_000_000,
                upload_time="2023-12-15T01:02:03.456789Z",
                yanked="broken on this driver",
                core_metadata={"sha256": "cd" * 32},
                dist_info_metadata=True,
            ),
            FileEntry(filename="torch-1.tar.gz", url="https://files.example/torch-1.tar.gz"),
        ],
    )


HTML_PAGE = f"""<!DOCTYPE html>
<html><head><meta name="pypi:repository-version" content="1.1"><title>Links for torch</title></head><body>
<!-- <a href="torch-0-py3-none-any.whl">commented out</a> -->
<a href="../">up</a>
<A HREF='/whl/cu118/torch-2.1.2%2Bcu118-cp310-cp310-linux_x86_64.whl#sha256={"AB" * 32}'
   data-dist-info-metadata="sha256={"cd" * 32}" data-core-metadata="true"
   data-requires-python="&gt;=3.8.0,&lt;4">{WHEEL}</A><br/>
<a href=https://files.example/torch-2.0.0.tar.gz?x=1#md5=00&sha256={"ef" * 32} data-yanked>x</a>
<a data-requires-python=">=3.8" href="torch-1.13.0-py3-none-any.whl" data-yanked="too &amp; old"
   data-upload-time="2022-10-28T00:00:00Z" data-size="10" data-core-metadata="false">x</a>
</body></html>"""


def test_an_html_page() -> None:
    page = parse(HTML_PAGE, "text/html; charset=utf-8")
    assert page.name == "torch"
    assert page.files == [
        FileEntry(
            filename=WHEEL,
            url="/whl/cu118/torch-2.1.2%2Bcu118-cp310-cp310-linux_x86_64.whl",
            hashes={"sha256": "ab" * 32},
            requires_python=">=3.8.0,<4",
            core_metadata=True,
            dist_info_metadata={"sha256": "cd" * 32},
        ),
        FileEntry(
            filename="torch-2.0.0.tar.gz",
            url="https://files.example/torch-2.0.0.tar.gz?x=1",
            hashes={"md5": "00", "sha256": "ef" * 32},
            yanked=True,
        ),
        FileEntry(
            filename="torch-1.13.0-py3-none-any.whl",
            url="torch-1.13.0-py3-none-any.whl",
            requires_python=">=3.8",
            yanked="too & old",
            upload_time="2022-10-28T00:00:00Z",
            size=10,
            core_metadata=False,
        ),
    ]
    assert [file_url(entry, "https://index.example/simple/torch/") for entry in page.files] == [
        "https://index.example/whl/cu118/torch-2.1.2%2Bcu118-cp310-cp310-linux_x86_64.whl",
        "https://files.example/torch-2.0.0.tar.gz?x=1",
        "https://index.example/simple/torch/torch-1.13.0-py3-none-any.whl",
    ]


def test_base_moves_every_relative_link() -> None:
    page = parse('<base href="../../files/"><a href="a-1-py3-none-any.whl#sha256=00">x</a>', HTML)
    assert [entry.url for entry in page.files] == [
        "https://user:secret@index.example/files/a-1-py3-none-any.whl"
    ]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"files": [{"filename": "a-1.zip", "url": "https://x.example/a-1.zip"}]}', "text/plain"),
        ('{"files": [{"filename": "a-1.zip", "url": "https://x.example/a-1.zip"}]}', "text/html"),
        ('{"files": [{"filename": "a-1.zip", "url": "https://x.example/a-1.zip"}]}', ""),
        ('\ufeff <a href="https://x.example/a-1.zip">a</a>', "application/octet-stream"),
        ('text <a href="https://x.example/a-1.zip">a</a>', "text/html"),
    ],
)
def test_a_page_is_known_by_its_type_and_else_by_its_looks(body: str, content_type: str) -> None:
    assert [entry.filename for entry in parse(body, content_type).files] == ["a-1.zip"]


@pytest.mark.parametrize("content_type", ["text/html; charset=iso-8859-1", "text/html; charset=utf-8", HTML])
def test_an_empty_page_is_a_project_without_files(content_type: str) -> None:
    assert parse("<!DOCTYPE html><html><body></body></html>", content_type).files == []


def named_a(url: object) -> dict[str, object]:
    return {"filename": "a-1.zip", "url": url}


@pytest.mark.parametrize(
    ("entry", "skipped"),
    [
        (named_a("javascript:alert(1)"), "a-1.zip: its URL is javascript:, http or https was wanted"),
        (named_a("file:///etc/passwd"), "a-1.zip: its URL is file:, http or https was wanted"),
        (named_a("java\nscript:x"), "a-1.zip: its URL holds a space or a control character"),
        ({"filename": "../a-1.zip", "url": "https://x.example/a"}, "../a-1.zip: no name for a file"),
        (named_a("https://[::1/a-1.zip"), "a-1.zip: its URL can't be read"),
        (named_a("//[/a-1.zip"), "a-1.zip: its URL can't be read"),
        ({"filename": "a-1.zip"}, "a-1.zip: it has no URL"),
        ({"filename": "a\x1b[2J-1.zip"}, "a?[2J-1.zip: it has no URL"),
        (named_a(5), "a-1.zip: Expected `str`, got `int` - at `$.url`"),
        ({"url": "https://x.example/a"}, "an entry without a name: Object missing required field `filename`"),
        ("a", "an entry without a name: Expected `object`, got `str`"),
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_used_is_named_and_the_others_stay(entry: object, skipped: str) -> None:
    good = {"filename": "a-2.zip", "url": "https://x.example/a-2.zip"}
    page = parse(files_json(entry, good))
    assert [found.filename for found in page.files] == ["a-2.zip"]
    assert page.skipped == [skipped]


@pytest.mark.parametrize(
    ("body", "content_type", "what", "why"),
    [
        ("", JSON, "isn't the JSON it should be", "Input data was truncated"),
        (files_json()[:-1], JSON, "isn't the JSON it should be", "Input data was truncated"),
        (b'{"files": [{"filename": "\xff"}]}', JSON, "isn't the JSON it should be", "utf-8"),
        ("<html>", JSON, f"is HTML, and was sent as {JSON!r}", "JSON was promised"),
        ('{"message": "not found"}', JSON, "isn't a page of a project", "required field `files`"),
        ("[]", JSON, "isn't a page of a project", "Expected `object`, got `array`"),
        (files_json(version="2.0"), JSON, "speaks version '2.0' of the simple API", "only the versions 1.*"),
        ("hello", "text/plain", "can't be read", "neither JSON nor HTML"),
        ('<meta name="pypi:repository-version" content="2.0">', HTML, "speaks version '2.0'", "1.*"),
        ('<form action="/login"><input></form>', "text/html", "has a form to fill in", "login page"),
        ("<base href='//[x/'>", HTML, "isn't proper HTML", "its base '//[x/' is no URL"),
        ("<a href='x.whl", HTML, "isn't proper HTML", "the tag at character 0 doesn't end"),
    ],
)
def test_a_broken_page_says_what_it_was_and_what_was_wrong(
    body: str | bytes, content_type: str, what: str, why: str
) -> None:
    with pytest.raises(BrokenPageError) as error:
        parse(body, content_type)
    assert error.value.what.startswith("the page of torch at https://index.example/simple/torch/ ")
    assert what in error.value.what
    assert why in error.value.why
    assert error.value.fix != ""


@pytest.mark.parametrize(
    "body",
    [
        '{"files":' + "[" * 100_000,
        '{"new":' + "[" * 100_000 + "]" * 100_000 + ',"files":[]}',
        '{"files":[{"filename":"a","url":"u","new":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}]}",
        '{"files":[{"filename":"a","url":5,"new":' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}]}",
    ],
    ids=["files", "unknown-key", "unknown-key-of-a-file", "in-a-broken-file"],
)
def test_json_nested_a_hundred_thousand_deep_is_a_broken_page(body: str) -> None:
    with pytest.raises(BrokenPageError):
        parse(body)


@pytest.mark.parametrize(
    "body",
    ["<!--" * 1_000_000, "<" * 4_000_000, "<a" * 2_000_000, "<a >" * 500_000],
    ids=["open-comments", "brackets", "names", "empty-anchors"],
)
def test_no_html_takes_long(body: str) -> None:
    begun = time.process_time()
    assert parse(body, HTML).files == []
    assert time.process_time() - begun < 5


@pytest.mark.parametrize("body", ["<a " * 1_000_000, "<a '" * 1_000_000], ids=["open-tags", "open-quotes"])
def test_a_tag_without_end_is_not_searched_for_its_end_for_long(body: str) -> None:
    begun = time.process_time()
    with pytest.raises(BrokenPageError, match="isn't proper HTML"):
        parse(body, HTML)
    assert time.process_time() - begun < 5


FIRST_READING = """
import sys, threading
sys.setswitchinterval(1e-6)
from envspec.index.simple import parse_page
body = b'{"meta": {"api-version": "1.1"}, "files": [{"filename": "demo-1.0.tar.gz", "url": "https://a.example/b"}]}'
gate = threading.Barrier(16)
def read():
    gate.wait()
    parse_page(body, "application/vnd.pypi.simple.v1+json", "https://index.example/simple/demo/", "demo")
threads = [threading.Thread(target=read) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_many_threads_may_read_the_first_pages_at_once() -> None:
    for _ in range(8):  # unguarded, every fifth process or so was killed by signal 11
        assert subprocess.run([sys.executable, "-c", FIRST_READING], check=False).returncode == 0


def test_a_link_that_cannot_be_read_is_named_below_a_base_too() -> None:
    page = parse("<base href='https://x.example/'><a href='//[x/a-1.zip'>a</a><a href='a-2.zip'>a</a>", HTML)
    assert [found.url for found in page.files] == ["https://x.example/a-2.zip"]
    assert page.skipped == ["a-1.zip: its URL can't be read"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (files_json(*[{"filename": "a-1.zip", "url": "https://x.example/a-1.zip"}] * 4), JSON),
        ("<a href='a-1.zip'>a</a>" * 4, HTML),
    ],
)
def test_a_page_of_more_files_than_any_project_has_is_broken(
    monkeypatch: pytest.MonkeyPatch, body: str, content_type: str
) -> None:
    monkeypatch.setattr("envspec.index.simple.MAX_FILES", 4)
    assert len(parse(body, content_type).files) == 4
    monkeypatch.setattr("envspec.index.simple.MAX_FILES", 3)
    with pytest.raises(BrokenPageError) as raised:
        parse(body, content_type)
    assert raised.value.what.endswith(" lists more than 3 files")
