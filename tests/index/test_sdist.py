"""What a source distribution says of itself: trusted where the standards say so, read within bounds."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator

import pytest

from envspec.errors import BrokenArtifactError
from envspec.index import sdist_archive
from envspec.index.metadata import CoreMetadata
from envspec.index.sdist import build_requirements, static_metadata
from tests.distributions import make_sdist

PKG_INFO = "Metadata-Version: 2.2\nName: demo\nVersion: 1.0\nRequires-Dist: dep>=2\n\n"


def member(name: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def tarball(*contents: tuple[tarfile.TarInfo, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in contents:
            archive.addfile(info, io.BytesIO(data))
    return io.BytesIO(gzip.compress(buffer.getvalue(), mtime=0))


def zipped(contents: dict[str, str]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
    return buffer


def pyproject_only(text: str) -> io.BytesIO:
    return tarball(member("demo-1.0/pyproject.toml", text.encode()))


def why_of(data: io.BytesIO) -> str:
    with pytest.raises(BrokenArtifactError) as caught:
        static_metadata(data, "demo", "1.0")
    assert caught.value.what == "demo 1.0: the source distribution can't be read"
    return caught.value.why


def test_core_metadata_2_2_without_dynamic_dependencies_is_trusted() -> None:
    data = io.BytesIO(make_sdist("demo", "1.0", ["dep>=2"], requires_python=">=3.8", dynamic=["Summary"]))
    assert static_metadata(data, "demo", "1.0") == CoreMetadata(
        metadata_version="2.2",
        name="demo",
        version="1.0",
        requires_dist=("dep>=2",),
        requires_python=">=3.8",
        dynamic=("summary",),
    )


def test_core_metadata_2_1_proves_nothing() -> None:
    data = io.BytesIO(make_sdist("demo", "1.0", ["dep>=2"], metadata_version="2.1"))
    assert static_metadata(data, "demo", "1.0") is None


def test_core_metadata_of_a_major_version_to_come_proves_nothing() -> None:
    data = io.BytesIO(make_sdist("demo", "1.0", ["dep>=2"], metadata_version="3.0"))
    assert static_metadata(data, "demo", "1.0") is None


@pytest.mark.parametrize("field", ["Requires-Dist", "requires-python", "Provides-Extra"])
def test_a_dynamic_field_that_resolving_needs_must_be_built(field: str) -> None:
    data = io.BytesIO(make_sdist("demo", "1.0", ["dep>=2"], dynamic=[field]))
    assert static_metadata(data, "demo", "1.0") is None


def test_a_zip_is_read_like_a_tar() -> None:
    data = zipped({"demo-1.0/setup.py": "", "demo-1.0/PKG-INFO": PKG_INFO})
    found = static_metadata(data, "demo", "1.0")
    assert found is not None
    assert found.requires_dist == ("dep>=2",)


def test_names_and_versions_are_compared_in_their_normal_form() -> None:
    text = "Metadata-Version: 2.2\nName: Demo_App\nVersion: 1.0-1\n\n"
    data = tarball(member("Demo_App-1.0-1/PKG-INFO", text.encode()))
    assert static_metadata(data, "demo-app", "1.0.post1") is not None


def test_another_pkg_info_deeper_down_is_not_this_one() -> None:
    data = tarball(member("demo-1.0/demo.egg-info/PKG-INFO", PKG_INFO.encode()))
    assert static_metadata(data, "demo", "1.0") is None


def test_a_static_project_table_stands_in_for_old_metadata() -> None:
    text = """\
[project]
name = "Demo"
dynamic = ["version"]
requires-python = ">=3.8"
dependencies = ["dep>=2", 'win; sys_platform == "win32"']
[project.optional-dependencies]
Fast_IO = ["speed", 'posix; os_name == "posix" or os_name == "java"']
"""
    old = PKG_INFO.replace("2.2", "2.1").encode()
    data = tarball(member("demo-1.0/PKG-INFO", old), member("demo-1.0/pyproject.toml", text.encode()))
    assert static_metadata(data, "demo", "1.0") == CoreMetadata(
        metadata_version="2.2",
        name="Demo",
        version="1.0",
        requires_dist=(
            "dep>=2",
            'win; sys_platform == "win32"',
            'speed; extra == "fast-io"',
            'posix; (os_name == "posix" or os_name == "java") and extra == "fast-io"',
        ),
        requires_python=">=3.8",
        provides_extra=("fast-io",),
    )


@pytest.mark.parametrize("field", ["dependencies", "optional-dependencies", "requires-python"])
def test_a_project_table_with_dynamic_dependencies_must_be_built(field: str) -> None:
    data = pyproject_only(f'[project]\nname = "demo"\nversion = "1.0"\ndynamic = ["{field}"]\n')
    assert static_metadata(data, "demo", "1.0") is None


def test_dependencies_in_the_table_of_poetry_must_be_built() -> None:
    data = pyproject_only(
        '[project]\nname = "demo"\nversion = "1.0"\n[tool.poetry.dependencies]\ndep = "^2"\n'
    )
    assert static_metadata(data, "demo", "1.0") is None


def test_no_project_table_must_be_built() -> None:
    assert static_metadata(pyproject_only("[tool.black]\n"), "demo", "1.0") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(
            "[project]\nname = 'other'\nversion = '1.0'", "its metadata names the project 'other'", id="name"
        ),
        pytest.param(
            "[project]\nname = 'demo'\nversion = '2.0'", "its metadata says version '2.0'", id="version"
        ),
        pytest.param(
            "[project]\nname = 'demo'\nversion = 'new'", "its metadata says version 'new'", id="no version"
        ),
        pytest.param("project = 1", "[project] of its pyproject.toml is no table", id="no table"),
        pytest.param(
            "[project]\nname = 'demo'\nversion = '1.0'\ndependencies = 'dep'",
            "dependencies in its pyproject.toml is no array of strings",
            id="no array",
        ),
        pytest.param(
            "[project]\nname = 'demo'\nversion = '1.0'\ndependencies = ['dep >>']",
            "its pyproject.toml requires 'dep >>', which can't be read",
            id="broken requirement",
        ),
        pytest.param(
            "[project]\nname = 'demo'\nversion = '1.0'\nrequires-python = '3 or so'",
            "its pyproject.toml says requires-python = '3 or so'",
            id="broken requires-python",
        ),
        pytest.param(
            "[project]\nname = 'demo'\nversion = '1.0'\n[project.optional-dependencies]\n'a b' = []",
            "its pyproject.toml has an extra 'a b', which is no name or there twice",
            id="broken extra",
        ),
        pytest.param(
            "a = " + "[" * 100_000, "its pyproject.toml is nested too deep", id="a hundred thousand arrays"
        ),
    ],
)
def test_a_broken_pyproject_says_what_is_wrong(text: str, why: str) -> None:
    assert why_of(pyproject_only(text)) == why


def test_metadata_of_another_project_is_refused() -> None:
    assert why_of(io.BytesIO(make_sdist("other", "1.0"))) == "its metadata names the project 'other'"


def test_metadata_of_another_version_is_refused() -> None:
    assert why_of(io.BytesIO(make_sdist("demo", "1.1"))) == "its metadata says version '1.1'"


def test_metadata_that_claims_much_and_says_nothing_is_refused() -> None:
    data = tarball(member("demo-1.0/PKG-INFO", b"Metadata-Version: 2.2\nSummary: nothing\n\n"))
    assert why_of(data) == "its PKG-INFO lacks Name and Version"


def hostile() -> Iterator[object]:
    info = PKG_INFO.encode()
    good = ("demo-1.0/PKG-INFO", info)
    link = member("demo-1.0/PKG-INFO", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    for name, data, why in [
        ("text", io.BytesIO(b"Not found"), "it's neither a gzipped tar nor a zip"),
        ("nothing", io.BytesIO(b""), "it's neither a gzipped tar nor a zip"),
        ("an empty tar", tarball(), "it's empty"),
        (
            "a path upwards",
            tarball(member(*good), member("demo-1.0/../../x")),
            "a member is named 'demo-1.0/../../x', which leaves the archive",
        ),
        (
            "an absolute path",
            tarball(member(*good), member("/etc/passwd")),
            "a member is named '/etc/passwd', which leaves the archive",
        ),
        (
            "a path upwards in a zip",
            zipped({"demo-1.0/PKG-INFO": PKG_INFO, "../x": ""}),
            "a member is named '../x', which leaves the archive",
        ),
        (
            "two top folders",
            tarball(member(*good), member("demo-2.0/PKG-INFO", info)),
            "'demo-2.0/PKG-INFO' lies outside of its top folder 'demo-1.0'",
        ),
        (
            "no top folder",
            tarball(member("PKG-INFO", info)),
            "'PKG-INFO' lies outside of its top folder 'PKG-INFO'",
        ),
        ("a link", tarball(link), "its PKG-INFO is no regular file"),
        ("two of it", tarball(member(*good), member(*good)), "it has PKG-INFO twice"),
        (
            "a long text",
            tarball(member("demo-1.0/PKG-INFO", bytes(2_000_000))),
            "its PKG-INFO is longer than 1048576 bytes",
        ),
        (
            "a long name",
            tarball(member("demo-1.0/" + "x" * 5_000_000), member(*good)),
            "the headers of one member are too long",
        ),
        (
            "a member of two GiB",
            io.BytesIO(gzip.compress(member("demo-1.0/x", size=2**31)[0].tobuf())),
            "it holds more than 1073741824 bytes",
        ),
    ]:
        yield pytest.param(data, why, id=name)


@pytest.mark.parametrize(("data", "why"), list(hostile()))
def test_a_hostile_archive_is_refused(data: io.BytesIO, why: str) -> None:
    assert why_of(data) == why


def test_more_members_than_any_project_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdist_archive, "MAX_MEMBERS", 100)
    data = tarball(*(member(f"demo-1.0/{number}") for number in range(101)))
    assert why_of(data) == "it has more than 100 members"


def test_a_bomb_behind_the_end_of_the_tar_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sdist_archive, "MAX_CONTENT_BYTES", 1_000_000)
    inner = gzip.decompress(tarball(member("demo-1.0/PKG-INFO", PKG_INFO.encode())).getvalue())
    data = io.BytesIO(gzip.compress(inner + bytes(3_000_000)))
    assert why_of(data) == "it unpacks to more than 2000000 bytes"


def test_a_zip_with_a_directory_that_fills_the_memory_is_refused() -> None:
    data = zipped({"demo-1.0/PKG-INFO": PKG_INFO}).getvalue()
    end = data.rindex(b"PK\x05\x06") + 12
    data = data[:end] + (2**31).to_bytes(4, "little") + data[end + 4 :]
    assert why_of(io.BytesIO(data)) == "its directory is larger than any source distribution needs"


def test_a_zip_with_a_wrong_checksum_is_refused() -> None:
    data = bytearray(zipped({"demo-1.0/PKG-INFO": PKG_INFO}).getvalue())
    data[data.index(b"PK\x01\x02") + 16] ^= 1
    assert why_of(io.BytesIO(bytes(data))).startswith("Bad CRC-32 for file")


def test_a_truncated_file_is_refused_wherever_it_ends() -> None:
    whole = make_sdist("demo", "1.0", ["dep>=2"])
    for length in range(len(whole)):
        why_of(io.BytesIO(whole[:length]))


def test_a_flipped_bit_is_refused_or_changes_nothing() -> None:
    whole = make_sdist("demo", "1.0", ["dep>=2"])
    right = static_metadata(io.BytesIO(whole), "demo", "1.0")
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0x10
        try:
            assert static_metadata(io.BytesIO(bytes(changed)), "demo", "1.0") == right
        except BrokenArtifactError:
            continue


def test_headers_that_lie_raise_nothing_else() -> None:
    inner = gzip.decompress(make_sdist("demo", "1.0", ["dep>=2"]))
    block = inner[:512]
    for at in range(100, 512, 3):
        for value in (b"\xff", b"\x80", b"L", b"x", b"S", b"7"):
            info = bytearray(block[:at] + value + block[at + 1 :])
            info[148:156] = b" " * 8
            info[148:156] = b"%06o\0 " % sum(info)
            data = io.BytesIO(gzip.compress(bytes(info) + inner[512:], compresslevel=1))
            try:
                static_metadata(data, "demo", "1.0")
            except BrokenArtifactError:
                continue


def test_without_a_build_system_setuptools_builds_it() -> None:
    assert build_requirements(pyproject_only("[tool.black]\n")) == ("setuptools>=40.8.0",)
    assert build_requirements(tarball(member("demo-1.0/setup.py", b"#"))) == ("setuptools>=40.8.0",)


def test_build_requirements_keep_their_order() -> None:
    data = pyproject_only('[build-system]\nrequires = ["wheel", "setuptools>=61", "cython; os_name"]\n')
    with pytest.raises(BrokenArtifactError):
        build_requirements(data)
    data = pyproject_only('[build-system]\nrequires = ["wheel", "setuptools>=61"]\n')
    assert build_requirements(data) == ("wheel", "setuptools>=61")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "[build-system]\nbuild-backend = 'x'",
            "[build-system] of its pyproject.toml lacks the key 'requires' (PEP 518)",
        ),
        ("build-system = 1", "[build-system] of its pyproject.toml lacks the key 'requires' (PEP 518)"),
        ("[build-system]\nrequires = 'x'", "requires in its pyproject.toml is no array of strings"),
        (
            "[build-system]\nrequires = ['x y']",
            "its pyproject.toml requires 'x y', which can't be read",
        ),
    ],
)
def test_a_broken_build_system_says_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(BrokenArtifactError) as caught:
        build_requirements(pyproject_only(text), "demo 1.0")
    assert caught.value.why == why
