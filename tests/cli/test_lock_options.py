"""The options of ``envspec lock``, each by what it does to the locks on disk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import File, Loopback, wheel

VARIANTS = "[variants.one]\n[variants.two]\n[variants.three]\n"


def releases(name: str, *versions: str, requires: tuple[str, ...] = ()) -> list[File]:
    return [wheel(name, version, requires) for version in versions]


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


# --variant


def test_only_the_variants_that_are_named_are_locked(room: Room) -> None:
    room.spec("demo", tables=VARIANTS)
    with Loopback(projects={"demo": releases("demo", "1.0")}) as server:
        assert room.lock(server, "--variant", "three", "--variant", "one").code == 0
    assert sorted(path.name for path in room.locks.iterdir()) == [
        "pylock.demo-one.toml",
        "pylock.demo-three.toml",
    ]


def test_an_unknown_variant_is_told_with_the_nearest(room: Room) -> None:
    path = room.spec("demo", tables=VARIANTS)
    with Loopback() as server:
        assert room.refused(2, server, "--variant", "tow") == (
            f"envspec: {path}: no variant 'tow'\n"
            "  why: its variants are one, two, three\n"
            "  fix: --variant two\n"
        )


def test_a_variant_of_a_spec_without_any_is_told(room: Room) -> None:
    path = room.spec("demo")
    with Loopback() as server:
        assert room.refused(2, server, "--variant", "x") == (
            f"envspec: {path}: no variant 'x'\n  why: it has no variants\n"
        )


# --upgrade and --upgrade-package


@pytest.fixture
def grown(room: Room) -> Room:
    """A lock of one 1.0 and two 1.0, and an index that has 2.0 and 3.0 of both by now."""
    room.spec("one", "two")
    with Loopback(projects={"one": releases("one", "1.0"), "two": releases("two", "1.0")}) as server:
        assert room.lock(server, "--no-cache").code == 0
    return room


NOW = {name: releases(name, "3.0", "2.0", "1.0") for name in ("one", "two")}


@pytest.mark.parametrize(
    ("options", "pins"),
    [
        pytest.param([], {"one": "1.0", "two": "1.0"}, id="nothing"),
        pytest.param(["--upgrade"], {"one": "3.0", "two": "3.0"}, id="all"),
        pytest.param(["--upgrade-package", "two"], {"one": "1.0", "two": "3.0"}, id="one project"),
        pytest.param(
            ["--upgrade-package", "TWO==2.0"], {"one": "1.0", "two": "2.0"}, id="one project to a version"
        ),
        pytest.param(
            ["--upgrade-package", "two==2", "--upgrade-package=one"],
            {"one": "3.0", "two": "2.0"},
            id="two projects",
        ),
        pytest.param(
            ["--upgrade-package", "three"], {"one": "1.0", "two": "1.0"}, id="a project that isn't there"
        ),
    ],
)
def test_upgrading(grown: Room, options: list[str], pins: dict[str, str]) -> None:
    with Loopback(projects=NOW) as server:
        text = grown.locked(server, *options)
        assert grown.pins() == pins
        assert grown.locked(server) == text


def test_a_version_that_does_not_fit_is_a_conflict(grown: Room) -> None:
    with Loopback(projects=NOW) as server:
        assert "two==9.0" in grown.refused(1, server, "--upgrade-package", "two==9.0")
    assert grown.pins() == {"one": "1.0", "two": "1.0"}


@pytest.mark.parametrize(
    "text", ["two>=2", "two==2,<3", "two[x]", "two @ https://files.example/two.whl", "", "=="]
)
def test_an_upgrade_that_cannot_be_read_is_refused(grown: Room, text: str) -> None:
    with Loopback(projects=NOW) as server:
        said = grown.refused(2, server, "--upgrade-package", text)
        assert said.startswith("envspec: ")
        assert repr(text) in said


def test_two_upgrades_of_one_project_to_different_versions_are_refused(grown: Room) -> None:
    with Loopback(projects=NOW) as server:
        twice = ["--upgrade-package", "two==3.0", "--upgrade-package", "Two==2.0"]
        assert grown.refused(2, server, *twice) == (
            "envspec: --upgrade-package 'Two==2.0': two==3.0 was asked for, too\n"
            "  why: a lock pins one version of a project\n"
        )
        grown.locked(server, "--upgrade-package", "two==2.0", "--upgrade-package", "two")
        assert grown.pins() == {"one": "1.0", "two": "2.0"}


# --check


def test_check_says_whether_locks_answer_their_spec(room: Room) -> None:
    room.spec("demo", tables="[variants.one]\n[variants.two]\n")
    one, two = room.locks / "pylock.demo-one.toml", room.locks / "pylock.demo-two.toml"
    with Loopback(projects={"demo": releases("demo", "2.0", "1.0")}) as server:
        room.lock(server, "--variant", "one")
        before = snapshot(room.locks)
        asked = len(server.log)
        assert room.lock(server, "--check", "--variant", "one") == (0, f"current  {one}\n", "")
        assert room.lock(server, "--check") == (1, f"current  {one}\nmissing  {two}  (no such lock)\n", "")
        room.spec("demo<2", tables="[variants.one]\n[variants.two]\n")
        stale = f"stale    {one}  (the spec, a recording or a table changed since)\n"
        assert room.lock(server, "--check", "--variant", "one") == (1, stale, "")
        outcome = room.lock(server, "--check", "--format", "json")
        assert (outcome.code, json.loads(outcome.out)) == (
            1,
            {
                "current": False,
                "locks": [
                    {
                        "path": str(one),
                        "state": "stale",
                        "why": "the spec, a recording or a table changed since",
                    },
                    {"path": str(two), "state": "missing", "why": "no such lock"},
                ],
            },
        )
        assert snapshot(room.locks) == before
        assert len(server.log) == asked


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "# only a comment\n", id="a comment"),
        pytest.param('constraints = ["a<1", "b<2"]', 'constraints=["a<1",\n"b<2",]', id="another layout"),
    ],
)
def test_what_does_not_matter_leaves_a_lock_current(room: Room, before: str, after: str) -> None:
    room.spec("demo", python=before)
    with Loopback(projects={"demo": releases("demo", "1.0")}) as server:
        text = room.locked(server)
        room.spec("demo", python=after)
        assert room.lock(server, "--check").code == 0
        assert room.locked(server) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('sha256 = "', 'sha256 = "{zeros}", sha512 = "', id="a digest"),
        pytest.param("demo-2.0-py3", "demo-2.0-py2.py3", id="a file"),
        pytest.param("size = ", "size = 1", id="a size"),
        pytest.param("# sha256 of the rest: ", "# sha256 of the rest: 0", id="the digest of the rest"),
        pytest.param(
            "wheels = [",
            'vcs = {{ type = "git", url = "https://e.example", commit-id = "1" }}\nx = [',
            id="a tree",
        ),
    ],
)
def test_a_lock_that_another_hand_changed_is_not_current(room: Room, before: str, after: str) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    with Loopback(projects={"demo": releases("demo", "2.0", "1.0")}) as server:
        text = room.locked(server)
        path.write_text(text.replace(before, after.format(zeros="0" * 64)))
        assert path.read_text() != text
        stale = f"stale    {path}  (something else than envspec changed what it says)\n"
        assert room.lock(server, "--check") == (1, stale, "")
        assert room.locked(server) == text
        assert room.lock(server, "--check").code == 0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text + "# seen by Kim\n", id="a comment"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="other ends of lines"),
    ],
)
def test_a_lock_that_still_says_the_same_is_current(room: Room, change: Callable[[str], str]) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": releases("demo", "1.0")}) as server:
        changed = change(room.locked(server))
        (room.locks / "pylock.demo.toml").write_bytes(changed.encode())
        assert room.lock(server, "--check").code == 0


def test_check_notices_another_form_of_files(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": releases("demo", "1.0")}) as server:
        room.locked(server)
        assert room.lock(server, "--check", "--files", "portable").code == 1


def test_the_same_requirements_in_another_order_change_nothing(room: Room) -> None:
    room.spec("demo", "other", python='constraints = ["demo<3", "other<3"]')
    with Loopback(projects={name: releases(name, "1.0") for name in ("demo", "other")}) as server:
        room.locked(server)
        before = snapshot(room.locks)
        room.spec("other", "demo", python='constraints = ["other<3", "demo<3"]')
        assert room.lock(server, "--check").code == 0
        room.locked(server)
        assert snapshot(room.locks) == before


def test_check_of_a_spec_that_cannot_be_read_is_no_answer(room: Room) -> None:
    (room.specs / "demo.toml").write_text("name = 1\n")
    with Loopback() as server:
        assert room.refused(2, server, "--check").startswith(f"envspec: {room.specs / 'demo.toml'}: name")


# --dry-run, --strict, --quiet, --verbose


def test_a_dry_run_writes_nothing(room: Room) -> None:
    room.spec("demo")
    path = room.locks / "pylock.demo.toml"
    old, new = wheel("demo", "1.0"), wheel("demo", "2.0")
    size = f"1 distribution, {len(old.data)} bytes"
    with Loopback(projects={"demo": [old]}, max_age=0) as server:
        outcome = room.lock(server, "--dry-run")
        assert outcome == (0, f"{path}  would be created: {size}\n", "")
        assert list(room.locks.iterdir()) == []
        room.locked(server)
        before = snapshot(room.locks)
        assert room.lock(server, "--dry-run").out == f"{path}  unchanged: {size}\n"
        server.add("demo", new)
        size = f"1 distribution, {len(new.data)} bytes"
        outcome = room.lock(server, "--dry-run", "--upgrade")
        assert outcome.out == f"{path}  would be updated: {size}\n"
        [row] = json.loads(room.lock(server, "--dry-run", "--upgrade", "--format", "json").out)["locks"]
        assert (row["state"], row["dry-run"]) == ("updated", True)
        assert snapshot(room.locks) == before


def test_strict_turns_a_warning_into_a_no(room: Room) -> None:
    room.spec("demo")
    plain = wheel("demo", "1.0", tag="cp310-cp310-linux_x86_64")
    with Loopback(projects={"demo": [plain]}) as server:
        outcome = room.lock(server)
        assert outcome.code == 0
        assert outcome.err == (
            "warning: demo: demo-1.0-cp310-cp310-linux_x86_64.whl: its tag tells no glibc; whether the"
            " target's is enough, only the wheel tells\n"
        )
        assert room.lock(server, "--strict").code == 1


def test_without_warnings_strict_changes_nothing(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": releases("demo", "1.0")}) as server:
        assert room.lock(server, "--strict").code == 0


def test_quiet_says_nothing_but_errors(room: Room) -> None:
    room.spec("demo")
    plain = wheel("demo", "1.0", tag="cp310-cp310-linux_x86_64")
    with Loopback(projects={"demo": [plain]}) as server:
        assert room.lock(server, "--quiet") == (0, "", "")
        assert room.lock(server, "-q", "--check") == (0, "", "")
        assert room.pins() == {"demo": "1.0"}
        room.spec("absent")
        assert "no set of releases fits" in room.refused(1, server, "--quiet")


# --files


def test_a_portable_lock_names_no_index_and_no_host(room: Room) -> None:
    room.spec("demo")
    demo = wheel("demo", "1.0")
    with Loopback(projects={"demo": [demo]}) as server:
        text = room.locked(server, "--files", "portable")
        assert "127.0.0.1" not in text
        [package] = room.table()["packages"]
        [file] = package["wheels"]
        file.pop("upload-time")
        assert "index" not in package
        assert package["tool"]["envspec"] == {"index": "default", "digest-from": "index"}
        assert file == {
            "name": demo.filename,
            "path": f"../wheels/{demo.filename}",
            "size": len(demo.data),
            "hashes": {"sha256": demo.sha256},
        }
        assert room.table()["tool"]["envspec"]["hosts"] == ["default"]


def test_a_portable_lock_is_the_same_from_another_mirror(room: Room) -> None:
    room.spec("demo", tables='[lock]\nfiles = "portable"')
    files = {"demo": [wheel("demo", "1.0", ["dep"])], "dep": releases("dep", "1.0")}
    with Loopback(projects=files) as server:
        first = room.locked(server)
    with Loopback(projects=files, relative_urls=True) as mirror:
        (room.locks / "pylock.demo.toml").unlink()
        assert room.locked(mirror) == first
        assert room.locked(mirror, "--files", "urls") != first


def test_a_relock_from_a_mirror_that_tells_less_changes_no_byte(room: Room) -> None:
    room.spec("demo", tables='[lock]\nfiles = "portable"')
    told = {"demo": [wheel("demo", "1.0", ["dep"], requires_python=">=3.8")], "dep": releases("dep", "1.0")}
    untold = {
        name: [dataclasses.replace(file, hashes=False, requires_python=None) for file in files]
        for name, files in told.items()
    }
    with Loopback(projects=told) as server, Loopback(projects=untold, form="html") as mirror:
        outcome = room.lock(mirror)
        assert "2 file(s) without a sha256 on their index: downloading files of unknown size" in outcome.err
        poor = room.text()
        assert "upload-time" not in poor
        rich = room.locked(server)
        assert "upload-time" in rich
        for options in ([], ["--no-cache"], ["--refresh"], ["--upgrade"]):
            assert room.locked(mirror, *options) == rich
        (room.locks / "pylock.demo.toml").unlink()
        assert room.locked(mirror) == poor


def test_other_bytes_on_a_mirror_that_tells_less_are_not_taken_for_those_known(room: Room) -> None:
    room.spec("demo")
    other = dataclasses.replace(wheel("demo", "1.0", ["dep; os_name == 'nt'"], upload_time=None), size=False)
    with Loopback(projects={"demo": releases("demo", "1.0")}) as server:
        assert "upload-time" in room.locked(server)
    with Loopback(projects={"demo": [other]}) as mirror:
        outcome = room.lock(mirror)
        assert "OTHER BYTES UNDER THE SAME FILE NAME" in outcome.err
        assert ("upload-time" in room.text(), other.sha256 in room.text()) == (False, True)


def test_named_indexes_keep_their_urls_in_a_portable_lock(room: Room) -> None:
    with (
        Loopback(projects={"demo": releases("demo", "1.0")}) as server,
        Loopback(projects={"own": releases("own", "1.0")}) as own,
    ):
        room.spec("demo", "own", tables=f'[[index]]\nname="own"\nurl="{own.index_url}"\npackages=["own"]')
        text = room.locked(server, "--files", "portable")
        assert f'url = "{own.url}/files/own-1.0-py3-none-any.whl"' in text
        assert server.url not in text
        assert room.table()["tool"]["envspec"]["hosts"] == ["127.0.0.1", "default"]


# What argparse refuses


@pytest.mark.parametrize(
    "options",
    [
        ["--timeout", "0"],
        ["--timeout", "soon"],
        ["--timeout", "nan"],
        ["--files", "both"],
        ["--nonsense"],
        ["--check=1"],
    ],
)
def test_options_that_cannot_be_are_refused(room: Room, options: list[str]) -> None:
    room.spec("demo")
    with pytest.raises(SystemExit) as raised:
        room.lock(None, *options)
    assert raised.value.code == 2
