"""Where ``envspec lock`` takes distributions from: indexes, folders, files, URLs, recordings, sdists."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import File, Loopback, redirect, sdist, wheel

USER, PASSWORD = "someone", "s3cr3t-word"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def index(name: str, url: str, *packages: str, more: str = "") -> str:
    return f'[[index]]\nname = "{name}"\nurl = "{url}"\npackages = {json.dumps(packages)}\n{more}\n'


# Upload times


@pytest.mark.parametrize(
    ("told", "locked"),
    [
        ("2024-01-01T23:59:59.999999Z", "2024-01-01T23:59:59Z"),
        ("2024-01-02T08:59:59.5+09:00", "2024-01-01T23:59:59Z"),
        ("2024-01-01T20:00:00+00:00", "2024-01-01T20:00:00Z"),
        ("2024-01-01 20:00:00", "2024-01-01T20:00:00Z"),
        ("2024-01-01T20:00:00-05:00", ""),
        ("2024-01-02T00:00:00Z", ""),
        ("0Z", ""),
        ("1", ""),
    ],
)
def test_the_cut_off_is_an_instant_whatever_zone_an_index_writes(room: Room, told: str, locked: str) -> None:
    room.spec("demo", python="exclude-newer = 2024-01-01")
    files = [wheel("demo", "1.0", upload_time="2023-01-01T00:00:00Z"), wheel("demo", "2.0", upload_time=told)]
    with Loopback(projects={"demo": files}) as server:
        text = room.locked(server)
    assert room.pins() == {"demo": "2.0" if locked else "1.0"}
    assert f"upload-time = {locked or '2023-01-01T00:00:00Z'}," in text


# Named indexes


def test_an_index_serves_its_own_projects_and_the_default_one_the_rest(room: Room) -> None:
    both = {"own": [wheel("own", "9.0")], "demo": [wheel("demo", "9.0", ["own"])]}
    with (
        Loopback(projects={**both, "own": [wheel("own", "1.0")]}) as named,
        Loopback(projects={**both, "demo": [wheel("demo", "1.0", ["own"])]}) as default,
    ):
        room.spec("demo", tables=index("site", named.index_url, "own"))
        room.locked(default)
        assert room.pins() == {"demo": "1.0", "own": "1.0"}
        assert set(named.paths) == {"/simple/own/", "/files/own-1.0-py3-none-any.whl.metadata"}
        assert set(default.paths) == {"/simple/demo/", "/files/demo-1.0-py3-none-any.whl.metadata"}
        packages = {package["name"]: package for package in room.table()["packages"]}
        assert packages["own"]["index"] == named.index_url
        assert packages["own"]["tool"]["envspec"]["index"] == "site"
        assert room.table()["tool"]["envspec"]["indexes"] == [{"name": "site", "url": named.index_url}]


def test_a_project_that_its_index_lacks_is_not_looked_for_elsewhere(room: Room) -> None:
    with Loopback() as named, Loopback(projects={"own": [wheel("own", "9.0")]}) as default:
        room.spec("own", tables=index("site", named.index_url, "own"))
        said = room.refused(1, default)
        assert f"own: index 'site' ({named.index_url}) has no such project" in said
        assert default.log == []


def test_an_index_cannot_speak_for_the_files_of_another(room: Room) -> None:
    genuine = wheel("demo", "1.0", ["dep"])
    forged = wheel("demo", "1.0", ["evil"], hashes={"sha256": genuine.sha256})
    with (
        Loopback(projects={"own": [wheel("own", "1.0")], "demo": [forged]}) as named,
        Loopback(projects={"demo": [genuine], "dep": [wheel("dep", "1.0")]}) as default,
    ):
        room.spec("demo", tables=index("site", named.index_url, "demo", "evil"))
        room.lock(default)
        room.spec("demo")
        room.locked(default)
        assert room.pins() == {"demo": "1.0", "dep": "1.0"}


def test_cuda_alone_chooses_the_index_of_its_build(room: Room) -> None:
    built = [
        wheel("torch", "2.1.2+cu118", ["triton==2.1.0"]),
        wheel("torch", "2.2.0+cu121"),
        wheel("torch", "2.3.0"),
    ]
    with (
        Loopback(projects={"torch": built, "triton": [wheel("triton", "2.1.0")]}) as mirror,
        Loopback(
            projects={"torch": [wheel("torch", "9.0")], "demo": [wheel("demo", "1.0", ["torch"])]}
        ) as default,
    ):
        mirrored = f'[[index]]\nname = "pytorch-cu118"\nurl = "{mirror.index_url}"\n'
        room.spec("demo", tables=f'{mirrored}[variants.gpu]\ncuda = "11.8"\n')
        room.locked(default)
        assert room.pins() == {"demo": "1.0", "torch": "2.1.2+cu118", "triton": "2.1.0"}
        assert "/simple/torch/" not in default.paths
        packages = {package["name"]: package for package in room.table()["packages"]}
        assert packages["torch"]["wheels"][0]["name"] == "torch-2.1.2+cu118-py3-none-any.whl"
        assert (
            packages["torch"]["wheels"][0]["url"]
            == f"{mirror.url}/files/torch-2.1.2%2Bcu118-py3-none-any.whl"
        )


def test_a_variant_of_another_build_leaves_the_index_out(room: Room) -> None:
    with (
        Loopback(projects={"torch": [wheel("torch", "2.1.2+cu118")]}) as one,
        Loopback(projects={"torch": [wheel("torch", "2.1.2+cu121")]}) as two,
    ):
        tables = "".join(
            f'[[index]]\nname = "pytorch-{label}"\nurl = "{server.index_url}"\n'
            for label, server in (("cu118", one), ("cu121", two))
        )
        tables += '[variants.cu118]\ncuda = "11.8"\n[variants.cu121]\ncuda = "12.1"\n'
        room.spec("torch==2.1.2", tables=tables)
        with Loopback() as default:
            assert room.lock(default).code == 0
            assert default.log == []
    assert room.pins("demo-cu118") == {"torch": "2.1.2+cu118"}
    assert room.pins("demo-cu121") == {"torch": "2.1.2+cu121"}


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize("relative", [False, True])
def test_both_forms_of_pages_give_the_same_pins(room: Room, form: str, relative: bool) -> None:
    files = {
        "demo": [
            wheel("demo", "3.0", yanked="bad"),
            wheel("demo", "2.0", requires_python=">=3.11"),
            wheel("demo", "1.0", ["dep"], requires_python=">=3.8"),
        ],
        "dep": [wheel("dep", "1.0", metadata="none")],
    }
    room.spec("demo")
    with Loopback(projects=files, form=form, relative_urls=relative) as server:
        room.locked(server)
        [demo, dep] = room.table()["packages"]
        assert demo["wheels"][0]["url"] == f"{server.url}/files/demo-1.0-py3-none-any.whl"
        assert ("size" in demo["wheels"][0]) is (form == "json")
        assert (demo["version"], dep["version"]) == ("1.0", "1.0")
        outcome = room.lock(server)
        assert ("at least" in outcome.out) is (form == "html")


def test_the_users_own_index_is_the_default_one(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        room.monkeypatch.setenv("PIP_INDEX_URL", f"{server.index_url}/")
        assert room.lock(None).code == 0
        assert f'index = "{server.index_url}"' in room.text()


# Credentials


def nowhere(room: Room, *said: str) -> None:
    """The password is in no lock, no message, and no byte of the cache."""
    for path in room.locks.rglob("*"):
        assert PASSWORD not in path.read_text()
    for text in said:
        assert PASSWORD not in text
    held = room.cache_bytes()
    assert PASSWORD.encode() not in held
    assert BASIC.split()[1].encode() not in held


def netrc(room: Room, host: str = "127.0.0.1") -> None:
    entry = host if host == "default" else f"machine {host}"
    (room.folder / "home" / ".netrc").write_text(f"{entry}\nlogin {USER}\npassword {PASSWORD}\n")


@pytest.mark.parametrize("place", ["--index-url", "[[index]]", "PIP_INDEX_URL", "netrc"])
@pytest.mark.parametrize("metadata", ["hashed", "none"])
def test_credentials_serve_their_index_and_are_written_nowhere(room: Room, place: str, metadata: str) -> None:
    files = {"demo": [wheel("demo", "1.0", metadata=metadata), wheel("demo", "0.9", hashes=False)]}
    with Loopback(projects=files, auth=(USER, PASSWORD)) as server, Loopback() as other:
        url = server.with_credentials(USER, PASSWORD)
        options = ["--index-url", other.index_url]
        tables = ""
        if place == "--index-url":
            options = ["--index-url", url]
        elif place == "[[index]]":
            tables = index("site", url, "demo")
        elif place == "PIP_INDEX_URL":
            room.monkeypatch.setenv("PIP_INDEX_URL", url)
            options = []
        else:
            netrc(room)
            options = ["--index-url", server.index_url]
        room.spec("demo", tables=tables)
        for more in ([], ["--refresh"], ["--upgrade-package", "demo==0.9"], ["--verbose"]):
            outcome = room.lock(None, *options, *more)
            assert outcome.code == 0, outcome
            nowhere(room, outcome.out, outcome.err)
        assert {asked.headers.get("authorization") for asked in server.log} <= {BASIC, None}
        assert server.asked("/files/demo-0.9-py3-none-any.whl")


@pytest.mark.parametrize("place", ["url", "netrc", "default of netrc"])
@pytest.mark.parametrize("metadata", ["none", "hashed", "unhashed file"])
def test_credentials_are_never_sent_to_another_host(room: Room, place: str, metadata: str) -> None:
    stated: dict[str, Any] = {"hashes": False} if metadata == "unhashed file" else {"metadata": metadata}
    with (
        Loopback(projects={"demo": [wheel("demo", "1.0", **stated)]}, relative_urls=True) as files,
        Loopback(auth=(USER, PASSWORD)) as server,
    ):
        elsewhere = files.url.replace("127.0.0.1", "localhost")
        listed = File(
            "demo-1.0-py3-none-any.whl",
            files.projects["demo"][0].data,
            url=f"{elsewhere}/files/demo-1.0-py3-none-any.whl",
            **stated,
        )
        page = wheel("moved", "1.0")
        server.add("demo", listed)
        server.always("/simple/moved/", lambda asked: redirect(f"{elsewhere}/simple/moved/"))
        files.add("moved", page)
        room.spec("demo", "moved")
        url = server.with_credentials(USER, PASSWORD) if place == "url" else server.index_url
        if place == "netrc":
            netrc(room)
        elif place == "default of netrc":
            netrc(room, "default")
        assert room.lock(None, "--index-url", url).code == 0
        assert room.pins() == {"demo": "1.0", "moved": "1.0"}
        assert files.log
        assert [
            asked.headers["authorization"] for asked in files.log if "authorization" in asked.headers
        ] == []
        nowhere(room)


def test_wrong_credentials_are_told_without_them(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, auth=("other", "word")) as server:
        outcome = room.lock(None, "--index-url", server.with_credentials(USER, PASSWORD))
        assert outcome == (
            3,
            "",
            f"envspec: {server.url}/simple/demo/: the server answered 401\n"
            "  why: it refused the user name and password it was given\n"
            "  fix: put `machine 127.0.0.1 login USER password PASSWORD` in ~/.netrc,"
            " or USER:PASSWORD@ in the URL\n",
        )  # fmt: skip
        nowhere(room)


def test_a_conflict_shows_no_credentials(room: Room) -> None:
    room.spec("demo>1", "absent")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}, auth=(USER, PASSWORD)) as server:
        for form in ("text", "json"):
            outcome = room.lock(
                None, "--index-url", server.with_credentials(USER, PASSWORD), "--format", form
            )
            assert outcome.code == 1
            nowhere(room, outcome.out, outcome.err)


def test_credentials_in_a_requirement_are_refused(room: Room) -> None:
    room.spec(f"demo @ https://{USER}:{PASSWORD}@files.example/demo-1.0-py3-none-any.whl")
    said = room.refused(2, None)
    assert "it holds credentials, and a spec is a file that people share" in said
    assert PASSWORD not in said


# Files without a sha256


def test_a_wheel_without_sha256_is_downloaded_and_hashed_after_saying_so(room: Room) -> None:
    room.spec("demo")
    demo = wheel("demo", "1.0", ["dep"], hashes=False)
    dep = wheel("dep", "1.0", hashes={"md5": "0" * 32}, size=False)
    with Loopback(projects={"demo": [demo], "dep": [dep]}) as server:
        outcome = room.lock(server)
        assert outcome.code == 0
        assert outcome.err.splitlines()[0] == (
            f"2 file(s) without a sha256 on their index: downloading at least {len(demo.data):,} bytes to"
            " hash them (demo-1.0-py3-none-any.whl, dep-1.0-py3-none-any.whl)"
        )
        text = room.text()
        packages = {package["name"]: package for package in room.table()["packages"]}
        assert packages["demo"]["wheels"][0]["hashes"] == {"sha256": demo.sha256}
        assert packages["demo"]["wheels"][0]["size"] == len(demo.data)
        assert packages["demo"]["tool"]["envspec"]["digest-from"] == "computed"
        assert packages["dep"]["wheels"][0]["hashes"] == {"md5": "0" * 32, "sha256": dep.sha256}
        for options in ([], ["--refresh"], ["--no-cache"], ["--upgrade"]):
            assert room.locked(server, *options) == text
        assert list(room.temporary.iterdir()) == []


def test_a_warm_run_does_not_download_again_to_hash(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0", hashes=False)]}) as server:
        room.locked(server)
        room.locked(server)
        before = len(server.log)
        room.locked(server)
        assert server.paths[before:] == []


def test_a_file_that_changed_at_its_address_is_read_anew(room: Room) -> None:
    room.spec("demo")
    with Loopback(
        projects={"demo": [wheel("demo", "1.0", hashes=False)], "dep": [wheel("dep", "1.0")]}
    ) as server:
        room.locked(server)
        changed = wheel("demo", "1.0", ["dep"], hashes=False)
        server.projects["demo"] = [changed]
        room.locked(server, "--refresh")
        assert room.pins() == {"demo": "1.0", "dep": "1.0"}
        assert changed.sha256 in room.text()


def test_offline_a_wheel_without_sha256_is_out(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "2.0", hashes=False), wheel("demo", "1.0")]}) as server:
        room.locked(server)
        assert room.pins() == {"demo": "2.0"}
        (room.locks / "pylock.demo.toml").unlink()
        room.locked(server, "--upgrade-package", "demo==1.0")
        (room.locks / "pylock.demo.toml").unlink()
        room.locked(server, "--offline")
        assert room.pins() == {"demo": "1.0"}
        room.spec("demo>1")
        assert "no sha256 on its index" in room.refused(1, server, "--offline")


# Folders and local wheels


def put(folder: Path, *files: File) -> None:
    folder.mkdir(exist_ok=True)
    for file in files:
        (folder / file.filename).write_bytes(file.data)


FOLDER = '[[index]]\nname = "own"\npath = "../wheels/"\npackages = ["app", "lib"]\n'


def test_a_folder_of_wheels_serves_its_projects(room: Room) -> None:
    put(
        room.folder / "wheels",
        wheel("app", "1.0", ["lib>1", "dep"]),
        wheel("lib", "1.0"),
        wheel("lib", "2.0"),
    )
    room.spec("app", tables=FOLDER)
    with Loopback(projects={"dep": [wheel("dep", "1.0")], "app": [wheel("app", "9.0")]}) as server:
        text = room.locked(server)
        assert room.pins() == {"app": "1.0", "dep": "1.0", "lib": "2.0"}
        [app, _, lib] = room.table()["packages"]
        assert app["wheels"][0]["path"] == "../wheels/app-1.0-py3-none-any.whl"
        assert lib["tool"]["envspec"] == {"index": "own", "digest-from": "computed"}
        assert str(room.folder) not in text
        assert "/simple/app/" not in server.paths
        assert room.locked(server) == text


def test_a_folder_that_changed_is_read_again(room: Room) -> None:
    put(room.folder / "wheels", wheel("app", "1.0"))
    room.spec("app", tables=FOLDER)
    with Loopback(projects={"dep": [wheel("dep", "1.0")]}) as server:
        room.locked(server)
        put(room.folder / "wheels", wheel("app", "1.0", ["dep"]))
        room.locked(server)
        assert room.pins() == {"app": "1.0", "dep": "1.0"}
        put(room.folder / "wheels", wheel("app", "2.0"))
        room.locked(server)
        assert room.pins() == {"app": "1.0", "dep": "1.0"}
        room.locked(server, "--upgrade")
        assert room.pins() == {"app": "2.0"}
        room.locked(server, "--offline")


def test_a_folder_with_a_broken_wheel_passes_it_over(room: Room) -> None:
    put(room.folder / "wheels", wheel("app", "1.0"), File("app-2.0-py3-none-any.whl", b"no zip"))
    room.spec("app", tables=FOLDER)
    with Loopback() as server:
        outcome = room.lock(server)
        assert (outcome.code, room.pins()) == (0, {"app": "1.0"})
        assert "app 2.0 was passed over: app-2.0-py3-none-any.whl can't be read" in outcome.err


def test_a_folder_that_is_not_there_is_told(room: Room) -> None:
    room.spec("app", tables=FOLDER)
    with Loopback() as server:
        assert room.refused(2, server) == (
            f"envspec: [[index]] own: {room.folder}/wheels can't be read as a folder of wheels\n"
            "  why: No such file or directory\n"
            "  fix: its path is relative to the spec\n"
        )


def test_a_local_wheel_is_locked_by_its_path(room: Room) -> None:
    app = wheel("app", "1.0", ["dep"], extras=["x"])
    put(room.specs / "dist", app)
    room.spec("app[x] @ ./dist/app-1.0-py3-none-any.whl")
    with Loopback(projects={"dep": [wheel("dep", "1.0")]}) as server:
        text = room.locked(server)
        [locked, _] = room.table()["packages"]
        assert locked["version"] == "1.0"
        assert locked["archive"]["hashes"] == {"sha256": app.sha256}
        assert str(room.folder) not in text
        assert room.locked(server) == text
        assert room.lock(server, "--check").code == 0
        changed = wheel("app", "1.0")
        put(room.specs / "dist", changed)
        assert room.lock(server, "--check").code == 1
        assert changed.sha256 in room.locked(server)
        assert room.pins() == {"app": "1.0"}


def test_a_local_wheel_that_cannot_be_had_is_told(room: Room) -> None:
    path = room.specs / "app-1.0-py3-none-any.whl"
    room.spec("app @ ./app-1.0-py3-none-any.whl")
    with Loopback() as server:
        assert f"{path}: no such file" in room.refused(2, server)
        path.write_bytes(b"no zip")
        assert "it isn't a zip file, or its end is missing" in room.refused(1, server)
        path.unlink()
        other = wheel("other", "1.0")
        put(room.specs, other)
        room.spec("app @ ./other-1.0-py3-none-any.whl")
        assert "that's a wheel of 'other'" in room.refused(2, server)
        windows = wheel("app", "1.0", tag="cp310-cp310-win_amd64")
        put(room.specs, windows)
        room.spec("app @ ./app-1.0-cp310-cp310-win_amd64.whl")
        assert "this wheel doesn't fit the target" in room.refused(2, server)


# Direct URLs


@pytest.mark.parametrize("hashed", [True, False])
def test_a_wheel_at_a_url_is_locked_with_its_digest(room: Room, hashed: bool) -> None:
    app = wheel("app", "1.0", ["dep"])
    with Loopback(projects={"app": [app, wheel("app", "9.0")], "dep": [wheel("dep", "1.0")]}) as server:
        url = server.file_url(app.filename)
        room.spec(f"app @ {url}#sha256={app.sha256}" if hashed else f"app @ {url}")
        outcome = room.lock(server)
        assert outcome.code == 0
        assert ("without a sha256" in outcome.err) is not hashed
        [locked, _] = room.table()["packages"]
        assert locked["archive"]["url"] == url
        assert locked["archive"]["hashes"] == {"sha256": app.sha256}
        assert locked["tool"]["envspec"]["digest-from"] == ("publisher" if hashed else "computed")
        assert "/simple/app/" not in server.paths
        text = room.text()
        for options in ([], ["--no-cache"], ["--upgrade"]):
            assert room.locked(server, *options) == text


def test_a_url_whose_file_changed_is_noticed(room: Room) -> None:
    with Loopback(projects={"app": [wheel("app", "1.0")], "dep": [wheel("dep", "1.0")]}) as server:
        room.spec(f"app @ {server.file_url('app-1.0-py3-none-any.whl')}")
        room.locked(server)
        room.locked(server)
        changed = wheel("app", "1.0", ["dep"])
        server.projects["app"] = [changed]
        room.locked(server)
        assert changed.sha256 in room.text()
        assert room.pins() == {"app": "1.0", "dep": "1.0"}


def test_other_bytes_under_a_name_that_the_lock_knows_are_shouted(room: Room) -> None:
    room.spec("demo")
    known, other = wheel("demo", "1.0"), wheel("demo", "1.0", ["dep; sys_platform == 'win32'"])
    with Loopback(projects={"demo": [known]}) as server:
        text = room.locked(server, "--files", "portable")
    with Loopback(projects={"demo": [other]}) as mirror:
        outcome = room.lock(mirror, "--files", "portable", "--strict", "--dry-run", "--format", "json")
        [row] = json.loads(outcome.out)["locks"]
        assert (outcome.code, row["state"], room.text()) == (1, "updated", text)
        assert row["remarks"] == [
            "OTHER BYTES UNDER THE SAME FILE NAME: demo-1.0-py3-none-any.whl: sha256"
            f" {known.sha256} stood in the lock, {other.sha256} came now; a published file never changes,"
            " so find out which is right"
        ]
        assert f"warning: demo: {row['remarks'][0]}\n" in room.lock(mirror, "--files", "portable").err
        assert "OTHER BYTES" not in room.lock(mirror, "--files", "portable").err


def test_a_local_wheel_that_was_built_anew_is_not_shouted(room: Room) -> None:
    path = room.specs / "app-1.0-py3-none-any.whl"
    room.spec("app @ ./app-1.0-py3-none-any.whl")
    with Loopback() as server:
        path.write_bytes(wheel("app", "1.0").data)
        text = room.locked(server)
        path.write_bytes(wheel("app", "1.0", ["dep; sys_platform == 'win32'"]).data)
        assert "OTHER BYTES" not in room.lock(server).err
        assert room.text() != text


def test_a_url_with_the_wrong_digest_ends_locking(room: Room) -> None:
    app = wheel("app", "1.0")
    with Loopback(projects={"app": [app]}, ranges="refused-501") as server:
        room.spec(f"app @ {server.file_url(app.filename)}#sha256={'0' * 64}")
        assert room.refused(3, server).startswith(
            f"envspec: app-1.0-py3-none-any.whl has sha256 {app.sha256}, its index promised {'0' * 64}\n"
        )


@pytest.mark.parametrize(
    ("filename", "said"),
    [
        ("app-1.0.tar.gz", "is no wheel"),
        ("other-1.0-py3-none-any.whl", "that's a wheel of 'other'"),
        ("app-1.0-cp39-cp39-manylinux_2_17_x86_64.whl", "this wheel doesn't fit the target"),
        ("app-x-py3-none-any.whl", "is no version"),
        ("app.whl", "doesn't fit the target"),
    ],
)
def test_a_url_of_something_else_is_refused(room: Room, filename: str, said: str) -> None:
    with Loopback() as server:
        room.spec(f"app @ {server.url}/{filename}")
        assert said in room.refused(2, server)
        assert server.log == []


def test_a_url_where_nothing_is_ends_locking(room: Room) -> None:
    with Loopback() as server:
        room.spec(f"app @ {server.url}/app-1.0-py3-none-any.whl")
        assert "answered 404" in room.refused(3, server)


@pytest.mark.parametrize(
    "requirement",
    [
        "dep @ file:///etc/dep-1.0-py3-none-any.whl",
        "dep @ git+https://host.example/dep.git",
        "dep @ https://host.example/dep-1.0.tar.gz",
    ],
)
def test_a_release_that_requires_what_cannot_be_locked_is_passed_over(room: Room, requirement: str) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "2.0", [requirement]), wheel("demo", "1.0")]}) as server:
        outcome = room.lock(server)
        assert (outcome.code, room.pins()) == (0, {"demo": "1.0"})
        assert outcome.err == (
            f"warning: demo: demo 2.0 was passed over: it requires {requirement}, and only wheels at http"
            " addresses are locked\n"
        )


def test_an_extra_that_requires_a_file_of_this_machine_opens_nothing(room: Room) -> None:
    put(room.folder / "wheels", wheel("dep", "1.0"))
    uri = (room.folder / "wheels" / "dep-1.0-py3-none-any.whl").as_uri()
    room.spec("demo[x]")
    files = [wheel("demo", "1.0", [f"dep @ {uri} ; extra == 'x'"], extras=["x"])]
    with Loopback(projects={"demo": files}) as server:
        assert room.refused(1, server) == (
            "no set of releases fits demo on linux x86_64 with Python 3.10 and glibc 2.28\n"
            "  why: your spec requires demo[x]\n"
            f"       demo, from the default index ({server.index_url}):\n"
            f"         1.0: it requires dep @ {uri}: a release requires a file of this machine (only the spec"
            " itself may name files)\n"
            "  fix: no single change that was tried helps\n"
        )


def test_a_release_is_passed_over_whose_file_does_not_fit_the_target(room: Room) -> None:
    away = "https://files.example/dep-1.0-cp310-cp310-win_amd64.whl"
    room.spec("demo")
    files = [wheel("demo", "1.0"), wheel("demo", "2.0", [f"dep @ {away}"])]
    with Loopback(projects={"demo": files}) as server:
        outcome = room.lock(server)
        assert (outcome.code, room.pins()) == (0, {"demo": "1.0"})
        assert outcome.err == (
            f"warning: demo: demo 2.0 was passed over: it requires dep @ {away}: this wheel doesn't fit the"
            " target (its tag is cp310-cp310-win_amd64; the target takes cp310-cp310-manylinux_2_28_x86_64"
            " and below)\n"
        )


# Recordings


def test_a_recording_is_read_in_place_of_its_index(room: Room) -> None:
    files = {"own": [wheel("own", "1.0", ["dep"]), wheel("own", "2.0", hashes=False)]}
    with Loopback(projects=files) as site:
        recorded = room.run("record", site.index_url, "own", "-o", room.folder / "own.json")
        assert recorded.code == 0
        gone = site.index_url
    tables = index("site", gone, "own", more='recording = "../own.json"')
    room.spec("own", tables=tables)
    with Loopback(projects={"dep": [wheel("dep", "1.0")]}) as server:
        text = room.locked(server)
        assert room.pins() == {"dep": "1.0", "own": "1.0"}
        own = room.table()["packages"][1]
        assert own["wheels"][0]["url"] == f"{gone.removesuffix('/simple')}/files/own-1.0-py3-none-any.whl"
        assert own["tool"]["envspec"] == {"index": "site", "digest-from": "recording"}
        assert room.locked(server) == text
        assert room.locked(server, "--no-cache") == text
        assert room.locked(server, "--offline") == text


def test_what_a_recording_lacks_is_not_said_of_its_index(room: Room) -> None:
    with Loopback(projects={"own": [wheel("own", "1.0")], "other": [wheel("other", "1.0")]}) as site:
        room.run("record", site.index_url, "own", "-o", room.folder / "own.json")
        tables = index("site", site.index_url, "own", "other", more='recording = "../own.json"')
        room.spec("own", "other", tables=tables)
        outcome = room.lock(site)
    assert outcome.code == 1
    assert f"other: the recording of index 'site' ({site.index_url}) has no such project" in outcome.err
    assert "record other, too: envspec record URL other -o RECORDING" in outcome.err


def test_a_recording_that_changed_is_noticed(room: Room) -> None:
    with Loopback(projects={"own": [wheel("own", "1.0")]}) as site, Loopback() as server:
        tables = index("site", site.index_url, "own", more='recording = "../own.json"')
        room.spec("own", tables=tables)
        assert room.run("record", site.index_url, "own", "-o", room.folder / "own.json").code == 0
        first = room.locked(server)
        assert room.locked(server) == first
        site.add("own", wheel("own", "2.0"))
        assert room.run("record", site.index_url, "own", "-o", room.folder / "own.json").code == 0
        assert room.lock(server, "--check").code == 1
        assert room.pins() == {"own": "1.0"}
        room.locked(server, "--upgrade")
        assert room.pins() == {"own": "2.0"}
        assert room.lock(server, "--check").code == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 99}', "[" * 100_000])
def test_a_recording_that_cannot_be_read_is_told(room: Room, text: str) -> None:
    (room.folder / "own.json").write_text(text)
    room.spec("own", tables=index("site", "https://index.example", "own", more='recording = "../own.json"'))
    with Loopback() as server:
        said = room.refused(2, server)
        assert "own.json" in said
        assert server.log == []


def test_a_recording_that_is_not_there_is_told(room: Room) -> None:
    room.spec("own", tables=index("site", "https://index.example", "own", more='recording = "../own.json"'))
    with Loopback() as server:
        assert f"{room.folder}/own.json: no such file" in room.refused(2, server)


# Source distributions

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def own_python(room: Room, *requirements: str, python: str) -> None:
    """A spec for the Python that the tests run on, so that builds find it."""
    path = room.spec(*requirements, python=python)
    path.write_text(path.read_text().replace('python = "3.10"', f'python = "{PYTHON}"'))


def test_source_distributions_are_out_unless_named(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [sdist("demo", "2.0"), wheel("demo", "1.0")]}) as server:
        room.locked(server)
        assert room.pins() == {"demo": "1.0"}
        room.spec("demo>1")
        assert "only a source distribution" in room.refused(1, server)


def test_a_named_source_distribution_is_read_where_it_is_static(room: Room) -> None:
    room.spec("demo", python='sdists = ["Demo"]')
    demo = sdist("demo", "2.0", ["dep"])
    files = {"demo": [demo, wheel("demo", "1.0")], "dep": [wheel("dep", "1.0")]}
    with Loopback(projects=files) as server:
        text = room.locked(server)
        [locked, _] = room.table()["packages"]
        assert locked["sdist"]["name"] == "demo-2.0.tar.gz"
        assert locked["sdist"]["hashes"] == {"sha256": demo.sha256}
        assert "builds" not in room.table()["tool"]["envspec"]
        (room.locks / "pylock.demo.toml").unlink()
        before = len(server.log)
        assert room.locked(server) == text
        assert server.paths[before:] == []
        assert room.locked(server, "--offline") == text


def built(version: str = "2.0", **kind: object) -> File:
    build = {"metadata_version": "2.1", "build_requires": ["tool"], "built_requires": ["dep"], **kind}
    return sdist("demo", version, build=build)


def test_a_source_distribution_that_must_be_built_stands_with_what_built_it(room: Room) -> None:
    own_python(room, "demo", python='sdists = ["demo"]')
    tool = wheel("tool", "1.0")
    files = {"demo": [built()], "dep": [wheel("dep", "1.0")], "tool": [tool, wheel("tool", "0.9")]}
    with Loopback(projects=files, max_age=0) as server:
        outcome = room.lock(server)
        assert outcome.code == 0, outcome
        assert "demo 2.0: running its own build" in outcome.err
        assert room.pins() == {"demo": "2.0", "dep": "1.0"}
        [build] = room.table()["tool"]["envspec"]["builds"]
        assert (build["name"], build["version"]) == ("demo", "2.0")
        [requirement] = build["requirements"]
        assert (requirement["name"], requirement["version"]) == ("tool", "1.0")
        assert requirement["hashes"] == {"sha256": tool.sha256}
        text = room.text()
        server.add("tool", wheel("tool", "2.0"))
        for options in ([], ["--refresh"], ["--no-cache"]):
            assert room.locked(server, *options) == text, options
        room.locked(server, "--upgrade")
        [build] = room.table()["tool"]["envspec"]["builds"]
        assert build["requirements"][0]["version"] == "2.0"
        assert list(room.temporary.iterdir()) == []


def test_a_source_distribution_that_does_not_build_is_passed_over(room: Room) -> None:
    own_python(room, "demo", python='sdists = ["demo"]')
    files = {
        "demo": [built(build_fails="no compiler here"), wheel("demo", "1.0")],
        "tool": [wheel("tool", "1.0")],
    }
    with Loopback(projects=files) as server:
        outcome = room.lock(server)
        assert (outcome.code, room.pins()) == (0, {"demo": "1.0"})
        assert "demo 2.0 was passed over" in outcome.err
        assert "no compiler here" in outcome.err


def test_a_source_distribution_that_is_no_archive_is_passed_over(room: Room) -> None:
    room.spec("demo", python='sdists = ["demo"]')
    files = {"demo": [File("demo-2.0.tar.gz", b"no archive"), wheel("demo", "1.0")]}
    with Loopback(projects=files) as server:
        outcome = room.lock(server)
        assert (outcome.code, room.pins()) == (0, {"demo": "1.0"})
        assert "demo 2.0 was passed over" in outcome.err


def test_a_source_distribution_of_another_hash_than_promised_ends_locking(room: Room) -> None:
    room.spec("demo", python='sdists = ["demo"]')
    with Loopback(projects={"demo": [sdist("demo", "2.0", hashes={"sha256": "0" * 64})]}) as server:
        assert f"its index promised {'0' * 64}" in room.refused(3, server)


def test_dependencies_that_the_spec_says_spare_the_build(room: Room) -> None:
    row = '[[python.metadata]]\nname = "demo"\nversion = "2.0"\nrequires-dist = ["dep"]'
    room.spec("demo", python='sdists = ["demo"]', tables=row)
    with Loopback(projects={"demo": [built()], "dep": [wheel("dep", "1.0")]}) as server:
        room.locked(server)
        assert room.pins() == {"demo": "2.0", "dep": "1.0"}
        assert not server.asked("/files/demo-2.0.tar.gz")
