from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from envspec.errors import InputError, InvalidValueError, SeveralProblems
from envspec.index.page import FileEntry, ProjectPage
from envspec.index.recording import RecordedFile, Recording, read_recording, write_recording

PYTORCH = Path(__file__).parents[2] / "recordings" / "pytorch.json"
INDEX = "https://index.example/simple"
SHA = "ab" * 32

DEMO = RecordedFile(
    filename="demo_app-1.0-py3-none-any.whl",
    url="https://files.example/demo_app-1.0-py3-none-any.whl",
    hashes={"sha256": SHA},
    size=1234,
    upload_time="2024-01-29T18:38:38Z",
    requires_python=">=3.8",
    core_metadata={"sha256": SHA},
    requires_dist=["numpy>=1.20"],
    requires_dist_from="index: the metadata file beside the wheel",
    sources=["https://index.example/simple"],
)

TEXT = (
    "{\n"
    '"recorded": "2026-11-22",\n'
    '"source": "an example",\n'
    '"indexes": {\n'
    '"https://index.example/simple": {\n'
    '"demo-app": [\n'
    '{"filename":"demo_app-0.9-py3-none-any.whl","url":"https://files.example/0.9","yanked":"broken"},\n'
    '{"filename":"demo_app-1.0-py3-none-any.whl","url":"https://files.example/demo_app-1.0-py3-none-any.whl",'
    f'"hashes":{{"sha256":"{SHA}"}},"size":1234,"upload-time":"2024-01-29T18:38:38Z",'
    f'"requires-python":">=3.8","core-metadata":{{"sha256":"{SHA}"}},"requires-dist":["numpy>=1.20"],'
    '"requires-dist-from":"index: the metadata file beside the wheel",'
    '"sources":["https://index.example/simple"]}\n'
    "],\n"
    '"empty": [\n'
    "]\n"
    "}\n"
    "}\n"
    "}\n"
)


def recording_of(*files: RecordedFile) -> Recording:
    return Recording(recorded="2026-11-22", source="an example", indexes={INDEX: {"demo-app": files}})


def text_with(row: dict[str, Any], project: str = "demo-app", index: str = INDEX) -> str:
    return json.dumps({"recorded": "2026-11-22", "source": "", "indexes": {index: {project: [row]}}})


def test_a_recording_is_written_with_one_file_per_line_and_read_back_as_it_was() -> None:
    older = RecordedFile(
        filename="demo_app-0.9-py3-none-any.whl", url="https://files.example/0.9", yanked="broken"
    )
    recording = Recording(
        recorded="2026-11-22", source="an example", indexes={INDEX: {"empty": (), "demo-app": (DEMO, older)}}
    )
    assert write_recording(recording) == TEXT
    again = read_recording(TEXT, "demo.json")
    assert again.indexes[INDEX]["demo-app"] == (older, DEMO)
    assert write_recording(again) == TEXT


def test_a_page_has_what_the_rows_say() -> None:
    assert recording_of(DEMO).page(INDEX, "demo-app") == ProjectPage(
        name="demo-app",
        files=[
            FileEntry(
                filename="demo_app-1.0-py3-none-any.whl",
                url="https://files.example/demo_app-1.0-py3-none-any.whl",
                hashes={"sha256": SHA},
                requires_python=">=3.8",
                size=1234,
                upload_time="2024-01-29T18:38:38Z",
                core_metadata={"sha256": SHA},
                requires_dist=["numpy>=1.20"],
            )
        ],
    )


def test_a_row_without_requires_dist_is_unknown_and_one_with_an_empty_list_needs_nothing() -> None:
    unknown = {"filename": "demo_app-1.0-py3-none-any.whl", "url": "https://files.example/x"}
    free = {**unknown, "requires-dist": [], "requires-dist-from": "lock: a/b:poetry.lock"}
    for row, expected in ((unknown, None), (free, [])):
        recording = read_recording(text_with(row), "demo.json")
        assert json.loads(write_recording(recording))["indexes"][INDEX]["demo-app"] == [row]
        page = recording.page(INDEX, "demo-app")
        assert page is not None
        assert page.files[0].requires_dist == expected


def test_a_project_that_was_not_recorded_has_no_page() -> None:
    assert recording_of(DEMO).page(INDEX, "other") is None


def test_a_slash_or_credentials_make_no_other_index() -> None:
    assert recording_of(DEMO).page("https://me:secret@index.example/simple/", "demo-app") is not None


def test_an_index_that_was_not_recorded_is_refused_by_name() -> None:
    with pytest.raises(InvalidValueError) as caught:
        recording_of(DEMO).page("https://me:secret@other.example/simple", "demo-app")
    assert str(caught.value) == (
        "https://other.example/simple is not in the recording\n"
        "  why: it holds: https://index.example/simple\n"
        "  fix: record it too: envspec record URL PROJECT... -o FILE"
    )


def test_versions_are_sorted_as_numbers() -> None:
    names = [
        "demo_app-1.10-py3-none-any.whl",
        "demo_app-1.9-py3-none-any.whl",
        "demo_app-1.9.1-py3-none-any.whl",
    ]
    files = [RecordedFile(filename=name, url="https://files.example/x") for name in names]
    text = write_recording(recording_of(*files))
    found = [file.filename for file in read_recording(text, "demo.json").indexes[INDEX]["demo-app"]]
    assert found == [
        "demo_app-1.9-py3-none-any.whl",
        "demo_app-1.9.1-py3-none-any.whl",
        "demo_app-1.10-py3-none-any.whl",
    ]


def test_recording_a_project_anew_keeps_the_other_projects_and_indexes() -> None:
    old = Recording(
        recorded="2026-01-01",
        source="by hand",
        indexes={INDEX: {"demo-app": (), "kept": (DEMO,)}, "https://other.example/simple": {"kept": ()}},
    )
    new = old.replaced(INDEX, {"demo-app": (DEMO,)}, recorded="2026-11-22", source="envspec record")
    assert new == Recording(
        recorded="2026-11-22",
        source="by hand; envspec record",
        indexes={INDEX: {"demo-app": (DEMO,), "kept": (DEMO,)}, "https://other.example/simple": {"kept": ()}},
    )
    assert new.replaced(INDEX, {}, recorded="2026-11-23", source="envspec record").source == new.source


GOOD = {"filename": "demo_app-1.0-py3-none-any.whl", "url": "https://files.example/x"}


ANEW = "put the file aside, and make it anew: envspec record URL PROJECT... -o FILE"
FIX = f"  fix: correct this by hand, or {ANEW}"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"filename": "demo_app-1.0-py3-none-any.whl"},
            "r.json: https://index.example/simple: demo-app: row 1: Object missing required field `url`",
        ),
        (
            {**GOOD, "size": "big"},
            "r.json: https://index.example/simple: demo-app: row 1: "
            "Expected `int | null`, got `str` - at `$.size`",
        ),
        (
            {**GOOD, "requires_dist": []},
            "r.json: https://index.example/simple: demo-app: row 1: "
            "Object contains unknown field `requires_dist`",
        ),
        (
            {**GOOD, "filename": "../demo_app-1.0-py3-none-any.whl"},
            "r.json: https://index.example/simple: demo-app: ../demo_app-1.0-py3-none-any.whl: "
            "is no name for a file of a project",
        ),
        (
            {**GOOD, "filename": "other-1.0-py3-none-any.whl"},
            "r.json: https://index.example/simple: demo-app: other-1.0-py3-none-any.whl: "
            "is no wheel or source distribution of demo-app",
        ),
        (
            {**GOOD, "url": "file:///etc/passwd"},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "URL 'file:///etc/passwd' isn't an absolute http or https URL without a fragment",
        ),
        (
            {**GOOD, "url": "https://me:secret@files.example/x"},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "its URL holds credentials; a recording is read by others",
        ),
        (
            {**GOOD, "hashes": {"sha256": "ABC"}},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "sha256 'ABC' isn't 64 hexadecimal digits in lower case",
        ),
        (
            {**GOOD, "hashes": {"crc": "1"}},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "hash 'crc' is unknown, use sha256",
        ),
        (
            {**GOOD, "size": -1},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "size -1 is negative",
        ),
        (
            {**GOOD, "size": 2**53 + 1},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "size 9007199254740993 is more bytes than any file has",
        ),
        (
            {**GOOD, "url": "https://files.example:99999/x"},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "URL 'https://files.example:99999/x' isn't an absolute http or https URL without a fragment",
        ),
        (
            {**GOOD, "url": "https://[::1/x"},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "URL 'https://[::1/x' isn't an absolute http or https URL without a fragment",
        ),
        (
            {**GOOD, "url": "https://files.example/\x1b[31mx"},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "URL 'https://files.example/\\x1b[31mx' isn't an absolute http or https URL without a fragment",
        ),
        (
            {**GOOD, "upload-time": "2024-13-01T00:00:00Z"},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "upload-time '2024-13-01T00:00:00Z' is no UTC time such as '2024-01-29T18:38:38Z'",
        ),
        (
            {**GOOD, "upload-time": "yesterday"},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "upload-time 'yesterday' is no UTC time such as '2024-01-29T18:38:38Z'",
        ),
        (
            {**GOOD, "requires-dist": ["numpy"]},
            "r.json: https://index.example/simple: demo-app: demo_app-1.0-py3-none-any.whl: "
            "has requires-dist, and no requires-dist-from that says where it comes from",
        ),
    ],
)
def test_a_wrong_row_is_named_with_its_place(row: dict[str, Any], message: str) -> None:
    with pytest.raises(SeveralProblems) as caught:
        read_recording(text_with(row), "r.json")
    assert str(caught.value) == f"{message}\n{FIX}"


def test_every_problem_is_told_at_once() -> None:
    rows = [GOOD, GOOD, {"url": 1}]
    text = json.dumps({"recorded": "today", "source": "", "indexes": {f"{INDEX}/": {"Demo_App": rows}}})
    with pytest.raises(SeveralProblems) as caught:
        read_recording(text, "r.json")
    assert str(caught.value).splitlines() == [
        "r.json: recorded: 'today' is no date such as '2026-11-22'",
        "r.json: https://index.example/simple/: Demo_App: demo_app-1.0-py3-none-any.whl: "
        "is no wheel or source distribution of Demo_App",
        "r.json: https://index.example/simple/: Demo_App: demo_app-1.0-py3-none-any.whl: "
        "is no wheel or source distribution of Demo_App",
        "r.json: https://index.example/simple/: Demo_App: demo_app-1.0-py3-none-any.whl: stands there twice",
        "r.json: https://index.example/simple/: Demo_App: row 3: Expected `str`, got `int` - at `$.url`",
        "r.json: https://index.example/simple/: an index stands there without a slash at the end",
        "r.json: https://index.example/simple/: 'Demo_App': is no normalized project name, such as "
        "'typing-extensions'",
        FIX,
    ]


def test_thousands_of_problems_are_cut_to_what_anyone_reads() -> None:
    text = json.dumps({"recorded": "2026-11-22", "source": "", "indexes": {INDEX: {"demo-app": [{}] * 1000}}})
    with pytest.raises(SeveralProblems) as caught:
        read_recording(text, "r.json")
    lines = str(caught.value).splitlines()
    assert len(lines) == 22
    assert lines[-2:] == ["r.json: and 980 more", FIX]


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "r.json: isn't JSON: Input data was truncated"),
        ("<html>", "r.json: isn't JSON: JSON is malformed: invalid character (byte 0)"),
        ("[]", "r.json: is no recording of an index: Expected `object`, got `array`"),
        ("{}", "r.json: is no recording of an index: Object missing required field `recorded`"),
        (
            '{"recorded": "2026-11-22", "source": "", "indexes": {"https://x/simple": {"a": [' + DEEP,
            "r.json: its JSON is nested too deep",
        ),
        (
            '{"recorded": "2026-11-22", "source": "", "indexes": ' + DEEP,
            "r.json: is no recording of an index: Expected `object`, got `array` - at `$.indexes`",
        ),
    ],
)
def test_what_is_no_recording_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_recording(text, "r.json")
    assert caught.value.what == message
    assert caught.value.fix.endswith("envspec record URL PROJECT... -o FILE")


def test_the_recorded_pytorch_index_is_canonical_and_names_no_other_host() -> None:
    text = PYTORCH.read_text(encoding="utf-8")
    recording = read_recording(text, "recordings/pytorch.json")
    assert write_recording(recording) == text
    assert {url: sorted(projects) for url, projects in recording.indexes.items()} == {
        "https://download.pytorch.org/whl/cu118": ["torch", "torchaudio", "torchvision", "triton"],
        "https://download.pytorch.org/whl/cu121": ["torch", "torchaudio", "torchvision", "triton"],
    }
    files = [f for projects in recording.indexes.values() for found in projects.values() for f in found]
    assert {file.url.split("/")[2] for file in files} == {"download.pytorch.org"}
    assert all(set(file.hashes) == {"sha256"} and file.upload_time and file.sources for file in files)
    assert all("-cp310-" in f.filename or "-cp311-" in f.filename or "-cp312-" in f.filename for f in files)


@pytest.mark.parametrize(
    ("build", "sha256", "uploaded"),
    [
        ("cu118", "60396358193f238888540f4a38d78485f161e28ec17fa445f0373b5350ef21f0", "2024-01-29T18:38:38Z"),
        ("cu121", "b2184b7729ef3b9b10065c074a37c1e603fd99f91e38376e25cb7ed6e1d54696", "2024-01-29T19:13:07Z"),
    ],
)
def test_torch_2_1_2_of_each_build_is_recorded_with_what_it_requires(
    build: str, sha256: str, uploaded: str
) -> None:
    recording = read_recording(PYTORCH.read_text(encoding="utf-8"), "recordings/pytorch.json")
    page = recording.page(f"https://download.pytorch.org/whl/{build}", "torch")
    assert page is not None
    [torch] = [f for f in page.files if f.filename == f"torch-2.1.2+{build}-cp310-cp310-linux_x86_64.whl"]
    assert (torch.hashes, torch.upload_time) == ({"sha256": sha256}, uploaded)
    assert torch.url == (
        f"https://download.pytorch.org/whl/{build}/torch-2.1.2%2B{build}-cp310-cp310-linux_x86_64.whl"
    )
    needed = sorted(text for text in torch.requires_dist or [] if "extra ==" not in text)
    assert needed == [
        "filelock",
        "fsspec",
        "jinja2",
        "networkx",
        "sympy",
        'triton==2.1.0 ; platform_system == "Linux" and platform_machine == "x86_64"',
        "typing-extensions",
    ]


def test_torch_2_5_0_of_the_recording_is_unknown_and_not_free_of_dependencies() -> None:
    recording = read_recording(PYTORCH.read_text(encoding="utf-8"), "recordings/pytorch.json")
    page = recording.page("https://download.pytorch.org/whl/cu118", "torch")
    assert page is not None
    unknown = {f.filename for f in page.files if f.requires_dist is None}
    assert "torch-2.5.0+cu118-cp310-cp310-linux_x86_64.whl" in unknown


def test_a_day_that_is_in_no_calendar_is_refused() -> None:
    text = json.dumps({"recorded": "2026-02-30", "source": "by hand", "indexes": {}})
    with pytest.raises(SeveralProblems) as caught:
        read_recording(text, "r.json")
    what = "r.json: recorded: '2026-02-30' is no date such as '2026-11-22'"
    assert str(caught.value) == f"{what}\n{FIX}"
