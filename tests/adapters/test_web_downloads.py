from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from envspec.errors import BrokenBodyError, DiskError, HttpStatusError, TooLargeError
from envspec.ports import Request
from tests.adapters.web_doors import Open
from tests.adapters.web_doors import web as web
from tests.fakes import FakeProgress
from tests.loopback import Answer, Asked, File, Loopback

DATA = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(DATA).hexdigest()
ETAG = f'"{SHA256[:16]}"'
PATH = "/files/data.bin"


def server_of_data(**settings: str) -> Loopback:
    return Loopback(projects={"data": [File("data.bin", DATA)]}, **settings)  # type: ignore[arg-type]


def cut(at: int, **headers: str) -> Answer:
    return Answer(body=DATA, cut_at=at, headers={"etag": ETAG, "accept-ranges": "bytes", **headers})


def test_a_file_comes_whole_with_its_digest_and_progress(web: Open, tmp_path: Path) -> None:
    progress = FakeProgress()
    with server_of_data() as server:
        digest = web().download(Request(server.url + PATH), tmp_path / "data.bin", progress)
    assert digest == SHA256
    assert (tmp_path / "data.bin").read_bytes() == DATA
    assert progress.advanced == len(DATA)
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]


def test_a_file_is_asked_for_unencoded(web: Open, tmp_path: Path) -> None:
    with server_of_data() as server:
        web().download(Request(server.url + PATH), tmp_path / "data.bin")
        assert server.log[0].headers["accept-encoding"] == "identity"


def test_what_was_cut_off_is_resumed(web: Open, tmp_path: Path) -> None:
    progress = FakeProgress()
    with server_of_data() as server:
        server.first(PATH, cut(500_000))
        assert web().download(Request(server.url + PATH), tmp_path / "data.bin", progress) == SHA256
        first, second = server.log
    assert "range" not in first.headers
    assert second.headers["if-range"] == ETAG
    assert 0 < int(second.headers["range"].removeprefix("bytes=").removesuffix("-")) <= 500_000
    assert progress.advanced == len(DATA)
    assert (tmp_path / "data.bin").read_bytes() == DATA


@pytest.mark.parametrize(
    "mode", ["ignored", "refused-416", "wrong-content-range", "no-content-range", "multipart", "short"]
)
def test_a_botched_range_never_mixes_files(web: Open, tmp_path: Path, mode: str) -> None:
    progress = FakeProgress()
    with server_of_data(ranges=mode) as server:
        server.first(PATH, cut(500_000))
        assert web().download(Request(server.url + PATH), tmp_path / "data.bin", progress) == SHA256
    assert progress.advanced == len(DATA)
    assert (tmp_path / "data.bin").read_bytes() == DATA


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"etag": 'W/"weak"'}, id="a weak ETag"),
        pytest.param({"etag": ""}, id="no ETag"),
        pytest.param({"accept-ranges": "none"}, id="no ranges"),
    ],
)
def test_without_a_promise_the_file_is_fetched_from_its_beginning(
    web: Open, tmp_path: Path, headers: dict[str, str]
) -> None:
    with server_of_data() as server:
        server.first(PATH, cut(500_000, **headers))
        assert web().download(Request(server.url + PATH), tmp_path / "data.bin") == SHA256
        assert [asked.headers.get("range") for asked in server.log] == [None, None]


def test_a_file_that_changed_meanwhile_is_fetched_anew(web: Open, tmp_path: Path) -> None:
    with server_of_data() as server:
        server.first(
            PATH,
            Answer(
                body=b"old" * 300_000, cut_at=500_000, headers={"etag": '"old"', "accept-ranges": "bytes"}
            ),
        )
        assert web().download(Request(server.url + PATH), tmp_path / "data.bin") == SHA256


def test_a_download_that_gets_on_is_never_given_up(web: Open, tmp_path: Path) -> None:
    data = DATA * 12

    def a_megabyte_more(asked: Asked) -> Answer:
        start = int(asked.headers.get("range", "bytes=0-")[6:-1])
        headers = {"etag": '"x"', "accept-ranges": "bytes"}
        if start:
            headers["content-range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        return Answer(206 if start else 200, data[start:], headers, cut_at=1_200_000)

    with Loopback() as server:
        server.always("/x", a_megabyte_more)
        digest = web().download(Request(f"{server.url}/x"), tmp_path / "x")
        assert len(server.log) > 8
    assert digest == hashlib.sha256(data).hexdigest()


def test_a_download_that_does_not_get_on_is_given_up(web: Open, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"of before")
    with Loopback() as server:
        server.always(PATH, cut(100))
        with pytest.raises(BrokenBodyError):
            web().download(Request(server.url + PATH), tmp_path / "data.bin")
        assert len(server.log) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["data.bin"]
    assert (tmp_path / "data.bin").read_bytes() == b"of before"


@pytest.mark.parametrize(
    ("status", "why"),
    [(404, "there's no such file"), (410, ""), (304, ""), (206, ""), (403, "it doesn't allow this")],
)
def test_what_is_no_whole_file_is_an_error(web: Open, tmp_path: Path, status: int, why: str) -> None:
    with Loopback() as server:
        server.always("/x", Answer(status, b"sorry" if status != 304 else b""))
        with pytest.raises(HttpStatusError) as raised:
            web().download(Request(f"{server.url}/x"), tmp_path / "x")
    assert (raised.value.status, raised.value.why) == (status, why)
    assert list(tmp_path.iterdir()) == []


def test_a_file_beyond_its_bound_is_not_kept(web: Open, tmp_path: Path) -> None:
    with Loopback() as server:
        server.always("/x", Answer(body=b"x" * 5000, chunked=True))
        with pytest.raises(TooLargeError):
            web().download(Request(f"{server.url}/x", max_bytes=4999), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_no_matter_of_the_network(web: Open, tmp_path: Path) -> None:
    with server_of_data() as server, pytest.raises(DiskError) as raised:
        web().download(Request(server.url + PATH), tmp_path / "absent" / "x")
    assert raised.value.what == f"{tmp_path}/absent/x: can't be written"
    assert raised.value.why == "No such file or directory"


def test_a_full_disk_is_told(web: Open) -> None:
    class Full(type(Path())):  # type: ignore[misc]
        """A path whose file stands on /dev/full."""

        def with_name(self, name: str) -> Path:
            return FullFile("/dev/full")

    class FullFile(type(Path())):  # type: ignore[misc]
        def open(self, *_: object, **__: object) -> object:
            return open("/dev/full", "wb", buffering=0)

        def unlink(self, missing_ok: bool = False) -> None:
            """/dev/full stays."""

    with server_of_data() as server, pytest.raises(DiskError) as raised:
        web().download(Request(server.url + PATH), Full("/tmp/x"))
    assert raised.value.why == "No space left on device"
