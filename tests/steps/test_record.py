from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from envspec.errors import HashMismatchError, HttpStatusError, InvalidValueError
from envspec.index.recording import RecordedFile, Recording
from envspec.ports import Response
from envspec.steps.record import Recorded, RecordRequest, merge, record
from tests.fakes import FakeHttp, FakeProgress
from tests.few_threads import allow_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

INDEX = "https://index.example/simple"
FILES = "https://files.example"
SHA = "ab" * 32

METADATA = (
    b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\nRequires-Python: >=3.8\nRequires-Dist: numpy>=1.20\n"
)
METADATA_SHA = hashlib.sha256(METADATA).hexdigest()

Row = dict[str, object]


def row(filename: str, **said: object) -> Row:
    return {"filename": filename, "url": f"{FILES}/{filename}", "hashes": {"sha256": SHA}, **said}


def page(rows: Sequence[Row], url: str) -> Response:
    body = json.dumps({"meta": {"api-version": "1.1"}, "name": "demo", "files": list(rows)}).encode()
    return Response(200, {"content-type": "application/vnd.pypi.simple.v1+json"}, body, url)


def index_of(*rows: Row) -> FakeHttp:
    """An index with the project demo, and METADATA beside every wheel."""
    beside = {f"{FILES}/{row['filename']}.metadata": METADATA for row in rows}
    return FakeHttp({f"{INDEX}/demo/": page(rows, f"{INDEX}/demo/"), **beside})


def recorded(http: FakeHttp, **wanted: Sequence[str]) -> Recorded:
    return record(RecordRequest(url=INDEX, projects=["demo"], **wanted), http=http, progress=FakeProgress())  # type: ignore[arg-type]


def names(found: Recorded) -> list[str]:
    return [file.filename for file in found.projects["demo"]]


def test_a_wheel_is_recorded_with_what_the_index_and_its_metadata_file_say() -> None:
    said = row(
        "demo-1.0-py3-none-any.whl",
        size=1234,
        yanked="broken",
        **{"upload-time": "2024-01-29T18:38:38.5+00:00", "core-metadata": {"sha256": METADATA_SHA}},
    )
    found = recorded(index_of(said))
    assert found.url == INDEX
    assert found.projects == {
        "demo": (
            RecordedFile(
                filename="demo-1.0-py3-none-any.whl",
                url="https://files.example/demo-1.0-py3-none-any.whl",
                hashes={"sha256": SHA},
                size=1234,
                upload_time="2024-01-29T18:38:38.5Z",
                requires_python=">=3.8",
                yanked="broken",
                core_metadata={"sha256": METADATA_SHA},
                requires_dist=["numpy>=1.20"],
                requires_dist_from="index: the metadata file beside the wheel, its sha256 checked",
            ),
        )
    }
    assert (found.absent, found.skipped, found.unknown, found.unhashed) == ((), (), (), ())


def test_a_metadata_file_of_which_no_hash_is_known_is_told_to_be_unchecked() -> None:
    found = recorded(index_of(row("demo-1.0-py3-none-any.whl", **{"core-metadata": True})))
    assert found.projects["demo"][0].requires_dist_from == "index: the metadata file beside the wheel"


def test_metadata_that_is_not_what_its_hash_promised_ends_the_recording() -> None:
    http = index_of(row("demo-1.0-py3-none-any.whl", **{"core-metadata": {"sha256": "0" * 64}}))
    with pytest.raises(HashMismatchError) as caught:
        recorded(http)
    assert caught.value.what == (
        f"demo-1.0-py3-none-any.whl: its metadata file has sha256 {METADATA_SHA}, "
        f"the index promised {'0' * 64}"
    )


def test_a_wheel_with_broken_metadata_is_recorded_as_unknown_and_named() -> None:
    http = index_of(row("demo-1.0-py3-none-any.whl", **{"core-metadata": True}))
    http.answers[f"{FILES}/demo-1.0-py3-none-any.whl.metadata"] = b"\x00\x01 nonsense"
    found = recorded(http)
    assert found.projects["demo"][0].requires_dist is None
    assert found.unknown == (
        "demo-1.0-py3-none-any.whl lacks Metadata-Version and Name and Version: "
        "every release says these of itself",
    )


def test_an_sdist_is_recorded_without_asking_what_it_requires() -> None:
    http = index_of(row("demo-1.0.tar.gz"))
    found = recorded(http)
    assert names(found) == ["demo-1.0.tar.gz"]
    assert found.projects["demo"][0].requires_dist is None
    assert http.urls == ["https://index.example/simple/demo/"]


WHEELS = [
    "demo-1.0-cp310-cp310-linux_x86_64.whl",
    "demo-1.0-cp310-cp310-manylinux_2_28_aarch64.whl",
    "demo-1.0-cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64.whl",
    "demo-1.0-cp38-abi3-manylinux_2_35_x86_64.whl",
    "demo-1.0-cp310-cp310-win_amd64.whl",
    "demo-1.0-cp310-cp310-macosx_10_9_x86_64.whl",
    "demo-1.0-py3-none-any.whl",
    "demo-1.0.tar.gz",
]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"architectures": ["x86_64"]}, [0, 2, 3, 6, 7]),
        ({"architectures": ["x86_64"], "pythons": ["3.10"]}, [0, 3, 6, 7]),
        ({"pythons": ["3.10"]}, [0, 1, 3, 6, 7]),
        ({"architectures": ["x86_64", "aarch64"], "pythons": ["3.10", "3.12"]}, [0, 1, 2, 3, 6, 7]),
    ],
)
def test_only_wheels_that_a_wanted_linux_and_python_can_install_are_kept(
    wanted: dict[str, list[str]], kept: list[int]
) -> None:
    found = recorded(index_of(*(row(name, **{"core-metadata": True}) for name in WHEELS)), **wanted)
    assert names(found) == [WHEELS[place] for place in kept]


def test_what_can_stand_in_no_recording_is_left_out_and_named() -> None:
    twice = row("demo-1.0.tar.gz")
    found = recorded(index_of(twice, twice, row("other-1.0.tar.gz"), row("demo-1.0.exe")))
    assert names(found) == ["demo-1.0.tar.gz"]
    assert found.skipped == (
        "demo-1.0.exe: is no wheel or source distribution of demo",
        "demo-1.0.tar.gz: the page lists it twice",
        "other-1.0.tar.gz: is no wheel or source distribution of demo",
    )


def test_a_file_without_sha256_is_recorded_and_named() -> None:
    found = recorded(index_of(row("demo-1.0.tar.gz", hashes={"blake2b": "00"})))
    assert found.projects["demo"][0].hashes == {}
    assert found.unhashed == ("demo-1.0.tar.gz",)


def test_a_project_that_the_index_does_not_have_is_absent() -> None:
    request = RecordRequest(url=INDEX, projects=["demo", "Other.Project"])
    found = record(request, http=index_of(row("demo-1.0.tar.gz")), progress=FakeProgress())
    assert list(found.projects) == ["demo"]
    assert found.absent == ("other-project",)


def test_relative_urls_and_html_pages_are_understood() -> None:
    body = b'<!doctype html><a href="../../files/demo-1.0%2Bcu118-cp310-cp310-linux_x86_64.whl#sha256=' + (
        SHA.encode() + b'" data-core-metadata="true">demo</a>'
    )
    where = "https://index.example/files/demo-1.0%2Bcu118-cp310-cp310-linux_x86_64.whl"
    http = FakeHttp(
        {
            f"{INDEX}/demo/": Response(200, {"content-type": "text/html"}, body, f"{INDEX}/demo/"),
            f"{where}.metadata": METADATA,
        }
    )
    found = recorded(http)
    assert found.projects["demo"][0].filename == "demo-1.0+cu118-cp310-cp310-linux_x86_64.whl"
    assert found.projects["demo"][0].url == where
    assert found.projects["demo"][0].requires_dist == ["numpy>=1.20"]


def test_credentials_of_the_address_are_used_for_the_page_and_never_written() -> None:
    secret = "https://me:secret@index.example/simple"
    wheel = row("demo-1.0-py3-none-any.whl", **{"core-metadata": True})
    own = {**row("demo-2.0.tar.gz"), "url": "https://me:secret@index.example/files/demo-2.0.tar.gz"}
    http = FakeHttp(
        {
            f"{secret}/demo/": page([wheel, own], f"{INDEX}/demo/"),
            f"{FILES}/demo-1.0-py3-none-any.whl.metadata": METADATA,
        }
    )
    found = record(RecordRequest(url=f"{secret}/", projects=["demo"]), http=http, progress=FakeProgress())
    assert found.url == INDEX
    assert [file.url for file in found.projects["demo"]] == [
        "https://files.example/demo-1.0-py3-none-any.whl",
        "https://index.example/files/demo-2.0.tar.gz",
    ]
    assert http.urls[1:] == ["https://files.example/demo-1.0-py3-none-any.whl.metadata"]


def test_an_index_that_refuses_ends_the_recording() -> None:
    http = FakeHttp({f"{INDEX}/demo/": HttpStatusError(status=401, what="index.example: status 401")})
    with pytest.raises(HttpStatusError):
        recorded(http)


@pytest.mark.parametrize(
    "url", ["index.example", "ftp://index.example", "https://index.example/simple?x=1", ""]
)
def test_what_is_no_address_of_an_index_is_refused(url: str) -> None:
    with pytest.raises(InvalidValueError):
        record(RecordRequest(url=url, projects=["demo"]), http=FakeHttp(), progress=FakeProgress())


@pytest.mark.parametrize("name", ["demo==1.0", "../demo", "", "demo/x", "x" * 300])
def test_what_is_no_name_of_a_project_is_refused(name: str) -> None:
    http = FakeHttp()
    with pytest.raises(InvalidValueError):
        record(RecordRequest(url=INDEX, projects=[name]), http=http, progress=FakeProgress())
    assert http.urls == []


FILE = RecordedFile(filename="demo-1.0.tar.gz", url=f"{FILES}/demo-1.0.tar.gz")
OTHER = {"https://other.example/simple": {"kept": (FILE,)}}


def test_recording_again_what_did_not_change_keeps_the_day() -> None:
    known = Recording(
        recorded="2026-01-01", source="envspec record", indexes={**OTHER, INDEX: {"demo": (FILE,)}}
    )
    again = merge(known, Recorded(INDEX, {"demo": (FILE,)}), today="2026-11-22", source="envspec record")
    assert again == known


def test_recording_another_index_keeps_the_ones_that_are_there() -> None:
    known = Recording(recorded="2026-01-01", source="by hand", indexes=OTHER)
    merged = merge(known, Recorded(INDEX, {"demo": (FILE,)}), today="2026-11-22", source="envspec record")
    assert merged == Recording(
        recorded="2026-11-22", source="by hand; envspec record", indexes={**OTHER, INDEX: {"demo": (FILE,)}}
    )


@pytest.mark.parametrize("allowed", [0, 2])
def test_recording_goes_on_where_no_more_threads_can_be_started(
    monkeypatch: pytest.MonkeyPatch, allowed: int
) -> None:
    allow_threads(monkeypatch, allowed)
    wheels = [f"demo-1.{number}-py3-none-any.whl" for number in range(20)]
    found = recorded(index_of(*(row(name, **{"core-metadata": True}) for name in wheels)))
    assert names(found) == wheels
    assert {len(file.requires_dist or ()) for file in found.projects["demo"]} == {1}
