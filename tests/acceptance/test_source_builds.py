"""Builds while locking, on a loopback index: what they are made with, and when they are made again."""

from __future__ import annotations

import platform
from typing import Any

from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import File, Loopback, sdist, wheel

BUILDING = "speech 1.0: running its own build"


def speech(version: str = "1.0", **build: Any) -> File:
    """An sdist whose requirements only building tells: it needs ``tool`` to build, and ``dep`` to run."""
    return sdist(
        "speech",
        version,
        build={"dynamic": ["Requires-Dist"], "build_requires": ["tool"], "built_requires": ["dep"], **build},
    )


def write_spec(room: Room, *requirements: str, **parts: str) -> None:
    """A spec for this very interpreter, which so is the one that builds."""
    path = room.spec(*requirements, **parts)
    path.write_text(path.read_text().replace('python = "3.10"', f'python = "{platform.python_version()}"'))


def projects() -> dict[str, list[File]]:
    return {"speech": [speech()], "tool": [wheel("tool", "1.0")], "dep": [wheel("dep", "3.0")]}


def built_with(room: Room, name: str = "") -> dict[str, str]:
    """Name to version of what the only build in a lock was made with."""
    [build] = room.table(name)["tool"]["envspec"]["builds"]
    assert (build["name"], build["version"]) == ("speech", "1.0")
    return {each["name"]: each["version"] for each in build["requirements"]}


def test_a_build_tells_what_it_requires_and_stands_in_the_lock(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]')
    with Loopback(projects=projects()) as server:
        assert BUILDING in room.lock(server).err
        [tool] = room.table()["tool"]["envspec"]["builds"][0]["requirements"]
    assert room.pins() == {"dep": "3.0", "speech": "1.0"}
    file = wheel("tool", "1.0")
    assert (tool["file"], tool["url"], tool["hashes"]) == (
        file.filename,
        server.file_url(file.filename),
        {"sha256": file.sha256},
    )


def test_a_relock_builds_nothing_and_changes_no_byte(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]')
    with Loopback(projects=projects()) as server:
        first = room.locked(server)
        for options in ([], ["--refresh"], ["--offline"]):
            outcome = room.lock(server, *options)
            assert (outcome.code, BUILDING in outcome.err) == (0, False)
            assert room.text() == first


def test_without_the_cache_the_same_bytes_are_built(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]')
    with Loopback(projects=projects()) as server:
        first = room.locked(server)
        assert BUILDING in room.lock(server, "--no-cache").err
        assert room.text() == first


def test_a_relock_keeps_what_a_build_was_made_with(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]')
    with Loopback(projects=projects()) as server:
        first = room.locked(server)
        server.add("tool", wheel("tool", "2.0"))
        assert BUILDING not in room.lock(server, "--refresh").err
        assert room.text() == first
        assert BUILDING in room.lock(server, "--upgrade-package", "tool").err
        assert built_with(room) == {"tool": "2.0"}


def test_an_upgrade_builds_with_the_newest(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]')
    with Loopback(projects=projects()) as server:
        room.locked(server)
        server.add("tool", wheel("tool", "2.0"))
        room.locked(server, "--refresh", "--upgrade")
        assert built_with(room) == {"tool": "2.0"}


def test_constraints_and_the_cut_off_bind_what_a_build_needs(room: Room) -> None:
    files = projects()
    files["tool"] += [wheel("tool", "2.0"), wheel("tool", "1.5", upload_time="2025-01-01T00:00:00Z")]
    write_spec(room, "speech", name="plain", python='sdists = ["speech"]')
    write_spec(room, "speech", name="bound", python='sdists = ["speech"]\nconstraints = ["tool<2"]')
    write_spec(
        room,
        "speech",
        name="early",
        python='sdists = ["speech"]\nconstraints = ["tool<2"]\nexclude-newer = 2024-06-30',
    )
    with Loopback(projects=files) as server:
        outcome = room.lock(server)
    assert outcome.err.count(BUILDING) == 3
    assert [built_with(room, name) for name in ("plain", "bound", "early")] == [
        {"tool": "2.0"},
        {"tool": "1.5"},
        {"tool": "1.0"},
    ]


def test_variants_share_one_build(room: Room) -> None:
    variants = "[variants.one]\n[variants.two.python]\nextra-requirements = ['dep']\n"
    write_spec(room, "speech", python='sdists = ["speech"]', tables=variants)
    with Loopback(projects=projects()) as server:
        assert room.lock(server).err.count(BUILDING) == 1
    assert built_with(room, "demo-one") == built_with(room, "demo-two") == {"tool": "1.0"}


def test_what_the_backend_asks_for_besides_is_resolved_too(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]')
    files = {
        **projects(),
        "speech": [speech(dynamic_build_requires=["late"])],
        "late": [wheel("late", "0.1")],
    }
    with Loopback(projects=files) as server:
        first = room.locked(server)
        assert built_with(room) == {"late": "0.1", "tool": "1.0"}
        (room.locks / "pylock.demo.toml").unlink()
        outcome = room.lock(server)
        assert (outcome.code, BUILDING in outcome.err, room.text() == first) == (0, False, True)


def test_an_index_serves_builds_as_it_serves_all_else(room: Room) -> None:
    with Loopback(projects=projects()) as server, Loopback(projects={"tool": [wheel("tool", "9")]}) as site:
        index = f'[[index]]\nname = "site"\nurl = "{site.index_url}"\npackages = ["tool"]\n'
        write_spec(room, "speech", python='sdists = ["speech"]', tables=index)
        room.locked(server)
        assert built_with(room) == {"tool": "9"}
        assert server.asked("/simple/tool/") == []


def test_a_folder_of_wheels_serves_builds_too(room: Room) -> None:
    folder = room.specs / "wheels"
    folder.mkdir()
    file = wheel("tool", "9")
    (folder / file.filename).write_bytes(file.data)
    index = '[[index]]\nname = "own"\npath = "wheels"\npackages = ["tool"]\n'
    write_spec(room, "speech", python='sdists = ["speech"]', tables=index)
    with Loopback(projects=projects()) as server:
        room.locked(server)
    assert built_with(room) == {"tool": "9"}


def test_a_release_that_does_not_build_is_passed_over_and_named(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]')
    files = {**projects(), "speech": [speech(), speech("2.0", build_fails="no compiler")]}
    with Loopback(projects=files) as server:
        outcome = room.lock(server)
    assert outcome.code == 0
    assert room.pins() == {"dep": "3.0", "speech": "1.0"}
    assert "speech 2.0 was passed over: its source distribution doesn't build: " in outcome.err
    assert "no compiler" in outcome.err


def test_the_only_release_that_does_not_build_is_a_conflict(room: Room) -> None:
    write_spec(room, "speech==2.0", python='sdists = ["speech"]')
    files = {**projects(), "speech": [speech(), speech("2.0", build_fails="no compiler")]}
    with Loopback(projects=files) as server:
        said = room.refused(1, server)
    assert "2.0: its source distribution doesn't build: " in said
    assert "RuntimeError: no compiler" in said


def test_what_a_build_needs_and_nobody_has_is_told(room: Room) -> None:
    write_spec(room, "speech", python='sdists = ["speech"]\nconstraints = ["tool>5"]')
    with Loopback(projects=projects()) as server:
        said = room.refused(1, server)
    assert "what a build needs doesn't fit together: tool: " in said
    assert "your constraint tool>5" in said


def test_only_projects_in_sdists_are_built(room: Room) -> None:
    write_spec(room, "speech")
    with Loopback(projects=projects()) as server:
        said = room.refused(1, server)
    assert BUILDING not in said
    assert "name speech in [python] sdists: then speech 1.0 would do" in said
