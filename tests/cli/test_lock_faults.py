"""``envspec lock`` against a world that fails: one clear message, its exit code, nothing left behind."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import zipfile

import pytest

from tests import certificates
from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.distributions import metadata_text
from tests.loopback import (
    JSON_TYPE,
    RANGE_MODES,
    Answer,
    File,
    Loopback,
    broken_json,
    deep_json,
    endless,
    html_instead_of_json,
    redirect,
    sdist,
    silent,
    truncated,
    wheel,
)

PAGE = "/simple/demo/"


@pytest.fixture
def spec(room: Room) -> Room:
    room.spec("demo")
    return room


# What a server answers


@pytest.mark.parametrize(
    ("status", "why", "fix"),
    [
        pytest.param(
            401,
            "it wants a user name and password",
            "put `machine 127.0.0.1 login USER password PASSWORD` in ~/.netrc, or USER:PASSWORD@ in the URL",
            id="401",
        ),
        pytest.param(
            403,
            "it doesn't allow this",
            "check that the URL is right and may be read from here; if it needs an account: put `machine"
            " 127.0.0.1 login USER password PASSWORD` in ~/.netrc, or USER:PASSWORD@ in the URL",
            id="403",
        ),
        pytest.param(
            429, "it asks to wait 0 s", "wait, then try again; what was fetched is kept", id="429 for ever"
        ),
        pytest.param(
            500,
            "it asks to wait 0 s",
            "try again later; if it stays so, ask whoever runs the server",
            id="500 for ever",
        ),
        pytest.param(
            503,
            "it asks to wait 0 s",
            "try again later; if it stays so, ask whoever runs the server",
            id="503 for ever",
        ),
    ],
)
def test_a_status_that_is_no_answer_ends_locking(spec: Room, status: int, why: str, fix: str) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        server.always(PAGE, Answer(status, b"no", {"retry-after": "0"}))
        assert spec.refused(3, server) == (
            f"envspec: {server.url}{PAGE}: the server answered {status}\n  why: {why}\n  fix: {fix}\n"
        )


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_asks_for_patience_is_asked_again(spec: Room, status: int) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        server.first(PAGE, Answer(status, headers={"retry-after": "0"}), times=2)
        assert spec.locked(server)
        assert len(server.asked(PAGE)) == 3


def test_a_server_that_asks_for_an_hour_is_given_up_at_once(spec: Room) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        server.always(PAGE, Answer(503, headers={"retry-after": "3600"}))
        assert spec.refused(3, server) == (
            f"envspec: {server.url}{PAGE}: the server answered 503\n"
            "  why: it asks to wait 3600 s, we wait 60 s at most\n"
            "  fix: try again later; if it stays so, ask whoever runs the server\n"
        )
        assert len(server.asked(PAGE)) == 1


def test_a_server_that_hangs_up_after_each_answer_is_served(room: Room) -> None:
    names = [f"p{number}" for number in range(20)]
    room.spec(*names)
    with Loopback(
        projects={name: [wheel(name, "1.0")] for name in names}, requests_per_connection=1
    ) as server:
        room.locked(server)
    assert sorted(room.pins()) == sorted(names)


def test_a_connection_that_broke_is_made_again(spec: Room) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        server.first(PAGE, Answer(reset=True), times=2)
        server.first("/files/demo-1.0-py3-none-any.whl.metadata", Answer(reset=True))
        spec.locked(server)


def test_an_answer_that_is_no_http_is_told(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, Answer(raw=b"nonsense\r\n\r\n"))
        assert spec.refused(3, server).startswith(
            f"envspec: {server.url}{PAGE}: no answer that can be read\n  why: "
        )


def test_a_project_that_the_index_lacks_is_a_conflict(spec: Room) -> None:
    with Loopback() as server:
        said = spec.refused(1, server)
        assert "no set of releases fits demo on linux x86_64 with Python 3.10 and glibc 2.28" in said
        assert f"demo: the default index ({server.index_url}) has no such project" in said


def test_requirements_that_contradict_each_other_are_explained(room: Room) -> None:
    room.spec("demo", "dep<2")
    files = {"demo": [wheel("demo", "1.0", ["dep>=2"])], "dep": [wheel("dep", "1.0"), wheel("dep", "2.0")]}
    with Loopback(projects=files) as server:
        said = room.refused(1, server)
        assert "no set of releases fits demo on linux x86_64 with Python 3.10 and glibc 2.28" in said
        assert "demo 1.0 requires dep>=2" in said
        assert "dep<2" in said


def test_html_where_json_was_promised_is_told(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, html_instead_of_json())
        assert spec.refused(3, server) == (
            f"envspec: the page of demo at {server.url}{PAGE} is HTML, and was sent as"
            " 'application/vnd.pypi.simple.v1+json'\n"
            "  why: JSON was promised; a login page or a proxy may have answered in place of the index\n"
            "  fix: open the URL in a browser and see who answers\n"
        )


def test_broken_json_is_told(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, broken_json())
        assert spec.refused(3, server) == (
            f"envspec: the page of demo at {server.url}{PAGE} isn't the JSON it should be\n"
            "  why: Input data was truncated\n"
            "  fix: open the URL in a browser and see who answers\n"
        )


def test_json_nested_a_hundred_thousand_deep_is_told(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, deep_json())
        said = spec.refused(3, server)
        assert said.startswith(f"envspec: the page of demo at {server.url}{PAGE} ")
        assert said.count("\n") < 4


def test_a_body_that_breaks_off_is_told(spec: Room) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        server.always(PAGE, truncated(server.page_json("demo")))
        said = spec.refused(3, server)
        assert said.startswith(f"envspec: {server.url}{PAGE}: the answer broke off\n  why: ")
        assert len(server.asked(PAGE)) == 4


def test_a_body_that_broke_off_once_is_asked_for_again(spec: Room) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        server.first(PAGE, truncated(server.page_json("demo")))
        assert spec.locked(server)


def test_a_body_without_an_end_is_cut_off(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, endless(b"x" * (1 << 20)))
        assert spec.refused(3, server) == (
            f"envspec: {server.url}{PAGE}: the body is longer than 67108864 bytes\n"
            "  why: it was cut off there\n"
            "  fix: check the URL; nothing that belongs here is that long\n"
        )


def test_a_body_that_swells_while_it_is_unpacked_is_cut_off(spec: Room) -> None:
    spec.monkeypatch.setattr("envspec.index.reading.MAX_PAGE_DECODED_BYTES", 1 << 20)
    bomb = gzip.compress(b" " * (2 << 20), 9)
    with Loopback() as server:
        server.always(PAGE, Answer(body=bomb, headers={"content-encoding": "gzip"}))
        assert spec.refused(3, server) == (
            f"envspec: the page of demo at {server.url}{PAGE}: a body is longer than 1048576 bytes\n"
            "  why: nothing that an index says is that long\n"
        )


def test_a_body_that_is_not_the_gzip_it_claims_to_be_is_told(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, Answer(body=b"plain text, and no gzip", headers={"content-encoding": "gzip"}))
        assert spec.refused(3, server) == (
            f"envspec: the page of demo at {server.url}{PAGE}: a body isn't the gzip it claims to be\n"
            "  why: what came can't be unpacked\n"
        )


def test_a_redirect_loop_is_told(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, redirect("/elsewhere/"))
        server.always("/elsewhere/", redirect(PAGE))
        assert spec.refused(3, server) == (
            f"envspec: {server.url}{PAGE}: redirected in a loop\n"
            f"  why: {server.url}{PAGE} was asked before\n"
            "  fix: check the URL, and ask whoever runs the server where it moved\n"
        )


def test_a_redirect_to_a_name_that_does_not_resolve_says_nothing_of_certificates(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, redirect("https://files.invalid/x/"))
        said = spec.refused(3, server)
        assert said.startswith(
            f"envspec: {server.url}{PAGE}: redirected to https://files.invalid/x/: the name 'files.invalid'"
            " does not resolve\n  why: the resolver said: "
        )
        assert said.endswith("(/etc/resolv.conf); no certificate was looked at yet\n")


def test_nobody_who_listens_is_told(spec: Room) -> None:
    with Loopback() as server:
        pass
    said = spec.refused(3, server)
    assert said.startswith(f"envspec: {server.url}{PAGE}: no connection to 127.0.0.1:{server.port}\n")
    assert "why: Connection refused" in said


def test_a_server_that_says_nothing_is_given_up_after_the_time_allowed(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, silent())
        assert spec.refused(3, server, "--timeout", "0.2") == (
            f"envspec: {server.url}{PAGE}: silent for 0.2 s\n"
            f"  why: 127.0.0.1:{server.port} took the request and sent nothing more\n"
            "  fix: try again, allow more with --timeout SECONDS, or check the way there (firewall, proxy)\n"
        )


def test_errors_go_to_stdout_as_json_where_json_was_asked_for(spec: Room) -> None:
    with Loopback() as server:
        server.always(PAGE, Answer(403))
        outcome = spec.lock(server, "--format", "json")
        assert (outcome.code, outcome.err) == (3, "")
        assert json.loads(outcome.out) == {
            "error": {
                "exit-code": 3,
                "what": f"{server.url}{PAGE}: the server answered 403",
                "why": "it doesn't allow this",
                "fix": "check that the URL is right and may be read from here; if it needs an account: put"
                " `machine 127.0.0.1 login USER password PASSWORD` in ~/.netrc, or USER:PASSWORD@ in the URL",
            }
        }


# Certificates


def test_an_expired_certificate_is_told(spec: Room) -> None:
    with Loopback(tls="expired") as server:
        spec.monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
        said = spec.refused(3, server)
        assert said.startswith(
            f"envspec: {server.url}{PAGE}: the certificate of '127.0.0.1' can't be trusted\n"
            "  why: certificate has expired\n"
            "  fix: check this machine's clock (it says "
        )


def test_an_unknown_issuer_is_told_and_how_to_name_it(spec: Room) -> None:
    with Loopback(tls="good") as server:
        assert spec.refused(3, server) == (
            f"envspec: {server.url}{PAGE}: the certificate of '127.0.0.1' can't be trusted\n"
            "  why: nobody we trust vouches for it: unable to get local issuer certificate\n"
            "  fix: if 127.0.0.1, or a proxy on the way, has an authority of its own, name its PEM file:"
            " `ca-file` of the [[index]], or SSL_CERT_FILE\n"
        )
        assert server.log == []


def test_an_authority_of_ssl_cert_file_is_trusted(spec: Room) -> None:
    with Loopback(tls="good", projects={"demo": [wheel("demo", "1.0")]}) as server:
        spec.monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))
        assert spec.locked(server)


def test_a_ca_file_is_trusted_for_its_index_and_nowhere_else(room: Room) -> None:
    (room.specs / "site-ca.pem").write_bytes(certificates.ca_file().read_bytes())
    with (
        Loopback(tls="good", projects={"demo": [wheel("demo", "1.0", metadata="none")]}) as own,
        Loopback(tls="good", projects={"other": [wheel("other", "1.0")]}) as server,
    ):
        index = f'[[index]]\nname="own"\nurl="{own.index_url}"\npackages=["demo"]\nca-file="site-ca.pem"'
        room.spec("demo", tables=index)
        assert room.locked(server)
        room.spec("demo", "other", tables=index)
        assert "unable to get local issuer certificate" in room.refused(3, server)


# Metadata and wheels


def no_metadata(file: File, **other: object) -> File:
    return dataclasses.replace(file, metadata="none", **other)  # type: ignore[arg-type]


@pytest.mark.parametrize("metadata", ["hashed", "none"])
def test_a_release_with_a_broken_requirement_is_passed_over_and_named(room: Room, metadata: str) -> None:
    room.spec("demo")
    files = [wheel("demo", "2.0", ["dep >== 1"], metadata=metadata), wheel("demo", "1.0", metadata=metadata)]
    with Loopback(projects={"demo": files}) as server:
        outcome = room.lock(server)
        assert outcome.code == 0
        assert room.pins() == {"demo": "1.0"}
        assert "warning: demo: demo 2.0 was passed over: requirement 'dep >== 1' can't be read" in outcome.err
        warm = room.lock(server)
        assert warm.out.endswith(f"unchanged: 1 distribution, {len(files[1].data)} bytes\n")


def test_a_project_of_broken_releases_alone_is_a_conflict(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "2.0", ["dep >== 1"])]}) as server:
        assert "dep >== 1" in room.refused(1, server)


def test_a_metadata_file_of_another_hash_than_promised_ends_locking(spec: Room) -> None:
    file = wheel("demo", "1.0", metadata="wrong-hash")
    met = wheel("demo", "1.0").stated_metadata
    assert isinstance(met, dict)
    with Loopback(projects={"demo": [file]}) as server:
        assert spec.refused(3, server) == (
            f"envspec: demo-1.0-py3-none-any.whl: its metadata file has sha256 {met['sha256']}, the index"
            f" promised {'0' * 64}\n"
            "  why: the file was changed after the page was made, or on its way\n"
            "  fix: lock again with --refresh; if it stays so, tell whoever runs the index\n"
        )


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("gzip", "a body isn't the gzip it claims to be\n  why: what came can't be unpacked\n"),
        ("br", "a body came with Content-Encoding 'br'\n  why: we asked for gzip or none\n"),
    ],
)
def test_a_metadata_file_that_cannot_be_unpacked_is_named(spec: Room, encoding: str, said: str) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        answer = Answer(body=b"not packed", headers={"content-encoding": encoding})
        server.always("/files/demo-1.0-py3-none-any.whl.metadata", answer)
        assert spec.refused(3, server) == f"envspec: demo-1.0-py3-none-any.whl: its metadata file: {said}"


def test_a_wheel_that_is_no_zip_is_passed_over_and_named(spec: Room) -> None:
    broken = File("demo-2.0-py3-none-any.whl", b"this is no zip file" * 1000)
    with Loopback(projects={"demo": [broken, wheel("demo", "1.0")]}) as server:
        outcome = spec.lock(server)
        assert outcome.code == 0
        assert spec.pins() == {"demo": "1.0"}
        assert outcome.err == (
            "warning: demo: demo 2.0 was passed over: demo-2.0-py3-none-any.whl can't be read"
            " (it isn't a zip file, or its end is missing)\n"
        )


def test_a_zip_bomb_is_passed_over_and_named(spec: Room) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo-2.0.dist-info/METADATA", metadata_text("demo", "2.0") + " " * (17 << 20))
    bomb = File("demo-2.0-py3-none-any.whl", buffer.getvalue())
    with Loopback(projects={"demo": [bomb, wheel("demo", "1.0")]}) as server:
        outcome = spec.lock(server)
        assert outcome.code == 0
        assert spec.pins() == {"demo": "1.0"}
        assert "demo 2.0 was passed over: demo-2.0-py3-none-any.whl can't be read" in outcome.err
        assert "more than the 16777216 we unpack" in outcome.err


def test_a_wheel_with_the_metadata_of_another_project_is_passed_over(spec: Room) -> None:
    other = wheel("other", "2.0", metadata="none")
    with Loopback(
        projects={"demo": [File("demo-2.0-py3-none-any.whl", other.data), wheel("demo", "1.0")]}
    ) as server:
        outcome = spec.lock(server)
        assert (outcome.code, spec.pins()) == (0, {"demo": "1.0"})
        assert "holds the metadata of another release: 'other-2.0'" in outcome.err


@pytest.mark.parametrize("mode", RANGE_MODES)
@pytest.mark.parametrize("metadata", ["none", "missing"])
def test_metadata_is_read_from_the_wheel_however_ranges_are_served(
    room: Room, mode: str, metadata: str
) -> None:
    room.spec("demo")
    big = {"demo/data.bin": bytes(range(256)) * 1024}
    files = {
        "demo": [wheel("demo", "1.0", ["dep"], metadata=metadata, files=big)],
        "dep": [wheel("dep", "2.0", metadata=metadata)],
    }
    with Loopback(projects=files, ranges=mode) as server:
        room.locked(server)
    assert room.pins() == {"demo": "1.0", "dep": "2.0"}
    assert list(room.temporary.iterdir()) == []


def test_a_whole_wheel_of_another_hash_than_promised_ends_locking(spec: Room) -> None:
    file = wheel("demo", "1.0", metadata="none", hashes={"sha256": "0" * 64})
    with Loopback(projects={"demo": [file]}, ranges="refused-501") as server:
        assert spec.refused(3, server) == (
            f"envspec: demo-1.0-py3-none-any.whl has sha256 {file.sha256}, its index promised {'0' * 64}\n"
            "  why: it was changed after the page was made, or on its way\n"
            "  fix: lock again with --refresh; if it stays so, tell whoever runs the index\n"
        )


@pytest.mark.parametrize("hashes", [True, False], ids=["hashed", "to be hashed"])
def test_a_whole_wheel_that_comes_packed_unasked_is_told_as_such(spec: Room, hashes: bool) -> None:
    file = wheel("demo", "1.0", metadata="none" if hashes else "unhashed", hashes=hashes)
    with Loopback(projects={"demo": [file]}, ranges="refused-501") as server:
        packed = Answer(body=gzip.compress(file.data), headers={"content-encoding": "gzip"})
        server.always(f"/files/{file.filename}", packed)
        assert spec.refused(3, server).endswith(
            f"envspec: {file.filename}: its server sent it packed, with Content-Encoding 'gzip'\n"
            "  why: it was asked for as it is: its digest is of the file, and not of what came\n"
            "  fix: tell whoever runs the index, or the proxy on the way, that files are sent as they are\n"
        )


@pytest.mark.parametrize("hashes", [True, False], ids=["hashed", "to be hashed"])
def test_an_sdist_that_is_called_packed_and_is_not_is_taken_as_it_is(room: Room, hashes: bool) -> None:
    room.spec("demo", python='sdists = ["demo"]')
    file = sdist("demo", "1.0", hashes=hashes)
    with Loopback(projects={"demo": [file]}) as server:
        named = Answer(body=file.data, headers={"content-encoding": "x-gzip"})
        server.always(f"/files/{file.filename}", named)
        room.locked(server)
    assert file.sha256 in room.text()


def test_a_wheel_that_does_not_end_is_cut_off_soon_after_the_size_its_index_gives(spec: Room) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0", metadata="none")]}) as server:
        [file] = server.projects["demo"]
        server.always("/files/demo-1.0-py3-none-any.whl", endless())
        limit = len(file.data) + 16 * 1024 * 1024
        assert spec.refused(3, server) == (
            f"envspec: {server.url}/files/{file.filename}: the body is longer than {limit} bytes\n"
            "  why: it was cut off there\n"
            "  fix: check the URL; nothing that belongs here is that long\n"
        )


@pytest.mark.parametrize("hashes", [True, False], ids=["hashed", "to be hashed"])
def test_a_wheel_of_no_stated_size_that_does_not_end_is_cut_off(
    spec: Room, hashes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("envspec.adapters.workshop.MAX_UNSTATED_BYTES", 20_000_000)
    file = wheel("demo", "1.0", metadata="none" if hashes else "unhashed", hashes=hashes, size=False)
    with Loopback(projects={"demo": [file]}, form="html") as server:
        server.always(f"/files/{file.filename}", endless())
        assert spec.refused(3, server).endswith(
            f"envspec: {server.url}/files/{file.filename}: the body is longer than 20000000 bytes\n"
            "  why: it was cut off there\n"
            "  fix: check the URL; nothing that belongs here is that long\n"
        )


def test_hashes_in_capitals_are_hashes(room: Room) -> None:
    room.spec("demo")
    file = wheel("demo", "1.0", metadata="none")
    shouted = dataclasses.replace(file, hashes={"sha256": file.sha256.upper()})
    with Loopback(projects={"demo": [shouted]}, ranges="refused-501") as server:
        room.locked(server)
        assert file.sha256 in room.text()


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x.whl", "javascript:1", "https://[::1/x", "http:///x"]
)
def test_a_file_at_no_http_address_is_never_opened(spec: Room, url: str) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0", metadata="none", url=url)]}) as server:
        outcome = spec.lock(server)
        assert (outcome.code, outcome.out) == ((3 if url == "http:///x" else 1), "")
        assert not list(spec.locks.iterdir())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(metadata_text("other", "2.0"), id="another project"),
        pytest.param(metadata_text("demo", "2.1"), id="another version"),
        pytest.param("Metadata-Version: 2.1\n", id="nobody"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_metadata_file_of_another_release_is_passed_over(spec: Room, text: str) -> None:
    files = [wheel("demo", "2.0", wheel_metadata=text), wheel("demo", "1.0")]
    with Loopback(projects={"demo": files}) as server:
        outcome = spec.lock(server)
        assert (outcome.code, spec.pins()) == (0, {"demo": "1.0"})
        assert outcome.err.startswith("warning: demo: demo 2.0 was passed over: ")


@pytest.mark.parametrize(
    "requirement",
    [
        pytest.param(f"dep<{'9' * 5000}", id="a number of 5,000 digits"),
        pytest.param(f"dep{'.1' * 20_000}", id="a text of 40,000 characters"),
        pytest.param(f"dep; {'(' * 5000}python_version > '3'{')' * 5000}", id="a marker nested 5,000 deep"),
        pytest.param("dep >", id="half an operator"),
        pytest.param("\x1b[31mdep", id="a character that steers the terminal"),
    ],
)
def test_a_requirement_that_nobody_can_read_is_told_on_one_short_line(spec: Room, requirement: str) -> None:
    with Loopback(projects={"demo": [wheel("demo", "2.0", [requirement]), wheel("demo", "1.0")]}) as server:
        outcome = spec.lock(server)
    assert (outcome.code, spec.pins()) == (0, {"demo": "1.0"})
    assert outcome.err.startswith("warning: demo: demo 2.0 was passed over: requirement '")
    assert outcome.err.removesuffix("\n").isprintable()
    assert len(outcome.err) < 500


# Entries of a page


def with_entry(server: Loopback, **changes: object) -> None:
    """Serve the page of demo with its first entry changed."""
    page = json.loads(server.page_json("demo"))
    page["files"][0].update(changes)
    server.always(PAGE, Answer(body=json.dumps(page).encode(), headers={"content-type": JSON_TYPE}))


@pytest.mark.parametrize(
    "hashes",
    [
        pytest.param({"sha256": "xyz"}, id="too short"),
        pytest.param({"sha256": "../" * 21 + "x"}, id="a path"),
        pytest.param({"sha256": ""}, id="empty"),
        pytest.param({'x" }]\n[tool.evil]\ny = "': "00"}, id="TOML in the name of an algorithm"),
        pytest.param({"md5": '"\n'}, id="TOML in a digest"),
    ],
)
def test_a_digest_that_is_none_is_computed(spec: Room, hashes: dict[str, str]) -> None:
    file = wheel("demo", "1.0")
    with Loopback(projects={"demo": [file]}) as server:
        with_entry(server, hashes=hashes)
        spec.locked(server)
        [package] = spec.table()["packages"]
        assert package["wheels"][0]["hashes"] == {"sha256": file.sha256}
        assert package["tool"]["envspec"]["digest-from"] == "computed"
        assert "evil" not in spec.table()["tool"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"size": -5}, id="a size below nothing"),
        pytest.param({"size": 2**70}, id="a size beyond all disks"),
        pytest.param({"requires-python": ">>>3"}, id="a Requires-Python that nobody can read"),
        pytest.param({"requires-python": f">=3.8,<{'9' * 5000}"}, id="a number of 5,000 digits"),
        pytest.param({"filename": f"demo-{'1' * 5000}-py3-none-any.whl"}, id="a version of 5,000 digits"),
        pytest.param({"filename": "demo-2.0-1/../../x-py3-none-any.whl"}, id="a path for a name"),
        pytest.param({"filename": 5}, id="a number for a name"),
        pytest.param({"core-metadata": "yes"}, id="text for hashes"),
        pytest.param({"yanked": None}, id="nothing for yanked"),
    ],
)
def test_an_entry_that_cannot_be_used_is_left_out(spec: Room, changes: dict[str, object]) -> None:
    with Loopback(projects={"demo": [wheel("demo", "2.0"), wheel("demo", "1.0")]}) as server:
        with_entry(server, **changes)
        spec.locked(server)
    assert spec.pins() == {"demo": "1.0"}


def test_what_an_index_says_steers_no_terminal(spec: Room) -> None:
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as server:
        with_entry(server, yanked="\x1b[2J\x07gone\nenvspec: all is well")
        said = spec.refused(1, server)
        assert "\x1b" not in said
        assert "\x07" not in said
        assert "1.0: yanked (?[2J?gone envspec: all is well)" in said
        spec.spec("demo==1.0")
        outcome = spec.lock(server)
        assert outcome.code == 0
        assert outcome.err.replace("\n", "").isprintable()
