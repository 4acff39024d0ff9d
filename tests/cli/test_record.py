"""``envspec record`` against a real loopback server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from envspec.cli.main import main
from envspec.index.recording import read_recording
from tests.loopback import Answer, Loopback, html_instead_of_json, sdist, wheel

if TYPE_CHECKING:
    from pathlib import Path


def recorded(path: Path, url: str, project: str) -> list[tuple[str, list[str] | None]]:
    recording = read_recording(path.read_text(encoding="utf-8"), str(path))
    page = recording.page(url, project)
    assert page is not None
    return [(file.filename, file.requires_dist) for file in page.files]


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize("metadata", ["hashed", "unhashed", "missing", "none"])
def test_a_wheel_of_a_live_index_is_recorded_whatever_the_index_offers(
    tmp_path: Path, form: str, metadata: str
) -> None:
    output = tmp_path / "demo.json"
    files = [wheel("demo", "1.0", ["numpy>=1.20"], metadata=metadata), sdist("demo", "1.0", ["numpy"])]
    with Loopback(projects={"demo": files}, form=form) as server:
        assert main(["record", server.index_url, "demo", "-o", str(output)]) == 0
        assert recorded(output, server.index_url, "demo") == [
            ("demo-1.0-py3-none-any.whl", ["numpy>=1.20"]),
            ("demo-1.0.tar.gz", None),
        ]


@pytest.mark.parametrize("ranges", ["refused-416", "refused-501", "wrong-content-range", "short"])
def test_a_wheel_whose_server_gives_no_proper_ranges_is_recorded_as_unknown(
    tmp_path: Path, ranges: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "demo.json"
    files = [wheel("demo", "1.0", ["numpy"], metadata="none")]
    with Loopback(projects={"demo": files}, ranges=ranges) as server:
        assert main(["record", server.index_url, "demo", "-o", str(output)]) == 0
        assert recorded(output, server.index_url, "demo") == [("demo-1.0-py3-none-any.whl", None)]
    assert "1 wheels whose requirements nobody could read; they stay unknown" in capsys.readouterr().err


def test_a_small_wheel_that_comes_whole_in_place_of_a_range_is_read(tmp_path: Path) -> None:
    output = tmp_path / "demo.json"
    files = [wheel("demo", "1.0", ["numpy"], metadata="none")]
    with Loopback(projects={"demo": files}, ranges="ignored") as server:
        assert main(["record", server.index_url, "demo", "-o", str(output)]) == 0
        assert recorded(output, server.index_url, "demo") == [("demo-1.0-py3-none-any.whl", ["numpy"])]


def test_a_second_index_joins_the_first_in_one_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "two.json"
    with (
        Loopback(projects={"demo": [wheel("demo", "1.0")]}) as one,
        Loopback(projects={"other": [wheel("other", "2.0")]}) as two,
    ):
        assert main(["record", one.index_url, "demo", "-o", str(output)]) == 0
        assert main(["record", two.index_url, "other", "-o", str(output), "--format", "json"]) == 0
        assert recorded(output, one.index_url, "demo") == [("demo-1.0-py3-none-any.whl", [])]
        assert recorded(output, two.index_url, "other") == [("other-2.0-py3-none-any.whl", [])]
        assert json.loads(capsys.readouterr().out) == {
            "path": str(output),
            "changed": True,
            "index": two.index_url,
            "projects": {"other": 1},
            "unknown": [],
            "unhashed": [],
            "skipped": [],
        }


def test_recording_twice_changes_no_byte(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "demo.json"
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        main(["record", server.index_url, "demo", "-o", str(output)])
        first = output.read_bytes()
        capsys.readouterr()
        assert main(["record", server.index_url, "demo", "-o", str(output)]) == 0
    assert output.read_bytes() == first
    assert capsys.readouterr().err.splitlines()[-1] == f"{output}: unchanged"


def test_without_a_file_the_recording_goes_to_stdout_and_the_talk_to_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        assert main(["record", server.index_url, "demo"]) == 0
        printed = capsys.readouterr()
        assert read_recording(printed.out, "stdout").page(server.index_url, "demo") is not None
    assert printed.err.splitlines() == ["project pages", "wheel metadata", "demo: 1 files"]


def test_a_recording_of_the_default_index_is_made_with_a_warning_that_names_the_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "demo.json"
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        monkeypatch.setenv("PIP_INDEX_URL", server.with_credentials("me", "secret"))
        assert main(["record", server.index_url, "demo", "-o", str(output)]) == 0
    warned = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning:")]
    assert len(warned) == 1
    assert warned[0].startswith(
        "warning: 127.0.0.1 is the host of your default index, and this file names it"
    )
    assert output.exists()


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan", "inf"])
def test_a_timeout_that_is_no_time_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["record", "https://index.example/simple", "demo", "--timeout", seconds])
    assert caught.value.code == 2
    assert "invalid number of seconds value" in capsys.readouterr().err


def test_quiet_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        assert main(["record", server.index_url, "demo", "-o", str(tmp_path / "x.json"), "--quiet"]) == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_an_absent_project_is_answered_with_1_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "demo.json"
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        assert main(["record", server.index_url, "demo", "nothing", "-o", str(output)]) == 1
        assert f"envspec: nothing: {server.index_url} doesn't have this project" in capsys.readouterr().err
    assert not output.exists()


def test_an_authority_of_ones_own_is_trusted_when_it_is_named(tmp_path: Path) -> None:
    output = tmp_path / "demo.json"
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, tls="good") as server:
        assert main(["record", server.index_url, "demo", "-o", str(output)]) == 3
        arguments = ["record", server.index_url, "demo", "-o", str(output), "--ca-file", str(server.ca_file)]
        assert main(arguments) == 0


def test_credentials_in_the_address_are_used_and_not_written(tmp_path: Path) -> None:
    output = tmp_path / "demo.json"
    with Loopback(projects={"demo": [wheel("demo", "1.0", ["numpy"])]}, auth=("me", "secret")) as server:
        address = server.with_credentials("me", "secret")
        assert main(["record", address, "demo", "-o", str(output)]) == 0
        assert recorded(output, server.index_url, "demo") == [("demo-1.0-py3-none-any.whl", ["numpy"])]
    assert "secret" not in output.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "answer", [Answer(401), Answer(403), html_instead_of_json()], ids=["401", "403", "html instead of json"]
)
def test_an_index_that_gives_no_page_ends_with_3_and_the_old_file_stays(
    tmp_path: Path, answer: Answer
) -> None:
    output = tmp_path / "demo.json"
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        main(["record", server.index_url, "demo", "-o", str(output)])
        before = output.read_bytes()
        server.always("/simple/demo/", answer)
        assert main(["record", server.index_url, "demo", "-o", str(output)]) == 3
    assert output.read_bytes() == before


def test_an_existing_file_that_is_no_recording_is_the_users_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "demo.json"
    output.write_text("[]", encoding="utf-8")
    assert main(["record", "https://index.example/simple", "demo", "-o", str(output)]) == 2
    assert "is no recording of an index" in capsys.readouterr().err
    assert output.read_text(encoding="utf-8") == "[]"
