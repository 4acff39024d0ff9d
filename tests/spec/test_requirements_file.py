"""A requirements file is read as pip reads it, and what a spec can't say is told."""

from __future__ import annotations

import pytest

from envspec.errors import InputError
from envspec.spec.imported import Imported, ImportedIndex
from envspec.spec.requirements_file import read_requirements_file


def read(text: str, **others: str) -> Imported:
    files = {"/app/requirements.txt": text, **{f"/app/{name}": body for name, body in others.items()}}
    return read_requirements_file("/app/requirements.txt", files.__getitem__, "/app/specs")


def test_lines_are_joined_and_comments_go() -> None:
    found = read('\ufeff# all\ntorch==2.1.2 \\\n  ; os_name == "posix"  # why\n\n  numpy#1\nlast \\\n')
    assert found.requirements == ['torch==2.1.2   ; os_name == "posix"', "last"]
    assert found.notes == [
        "requirements.txt:5: 'numpy#1' was left out: Expected semicolon (after name with no version "
        'specifier) or end (PEP 508); for example "numpy>=1.26,<2"'
    ]


def test_included_files_and_constraints_are_read_once() -> None:
    found = read(
        "-r more.txt\n--requirement=more.txt\n-cbounds.txt\na\n",
        **{
            "more.txt": "b\n-r requirements.txt\n",
            "bounds.txt": "numpy<2\n-r deep.txt\n",
            "deep.txt": "c<3\n",
        },
    )
    assert found.requirements == ["a", "b"]
    assert found.constraints == ["numpy<2", "c<3"]
    assert found.notes == []


def test_files_without_end_are_refused() -> None:
    with pytest.raises(InputError, match="includes more than 100 files"):
        read_requirements_file("/0", lambda path: f"-r {int(path[1:]) + 1}\n", "/specs")


def test_hashes_are_left_out_and_told() -> None:
    found = read("a==1 --hash=sha256:aa \\\n --hash=sha256:bb\nb==2 --hash sha256:cc\n--require-hashes\n")
    assert found.requirements == ["a==1", "b==2"]
    assert found.notes == ["the hashes of 2 lines were left out: a lock has its own"]


def test_indexes_come_without_credentials() -> None:
    found = read(
        "-i https://me:secret@corp.example/simple/\n--extra-index-url=https://x.example:8443/simple\n"
    )
    assert found.indexes == [
        ImportedIndex("corp-example", "https://corp.example/simple", "requirements.txt:1, --index-url"),
        ImportedIndex(
            "x-example-8443", "https://x.example:8443/simple", "requirements.txt:2, --extra-index-url"
        ),
    ]
    assert found.notes == [
        "requirements.txt:1, --index-url: credentials of corp.example were left out; "
        "~/.netrc is the place for them"
    ]


@pytest.mark.parametrize(
    ("line", "cuda"),
    [
        ("--extra-index-url https://download.pytorch.org/whl/cu118", "11.8"),
        ("--index-url https://download.pytorch.org/whl/cpu/", "cpu"),
        ("torch==2.1.2+cu121", "12.1"),
        ("numpy==1+cu121", ""),
    ],
)
def test_a_build_of_pytorch_becomes_cuda(line: str, cuda: str) -> None:
    found = read(f"{line}\n")
    assert found.cuda == cuda
    assert found.indexes == []


def test_paths_of_wheels_lead_from_the_spec() -> None:
    found = read(
        "./dist/app-1.0-py3-none-any.whl\nlib[x] @ file:wheels/lib.whl ; os_name == 'posix'\n"
        "file:///opt/tool-2.0-py3-none-any.whl\nhttps://h.example/pkg-2.0-py3-none-any.whl#sha256=ab\n"
    )
    assert found.requirements == [
        "app @ ../dist/app-1.0-py3-none-any.whl",
        "lib[x] @ ../wheels/lib.whl ; os_name == 'posix'",
        "tool @ /opt/tool-2.0-py3-none-any.whl",
        "pkg @ https://h.example/pkg-2.0-py3-none-any.whl",
    ]
    assert found.notes == []


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("-e .", "requirements.txt:1: -e '.' was left out; build its wheel: NAME @ ./path/to.whl"),
        ("./src", "requirements.txt:1: './src' was left out; build its wheel and write NAME @ ./path/to.whl"),
        ("${NAME}==1", "requirements.txt:1: '${NAME}==1' was left out: a spec reads no variables"),
        ("-f wheels", "requirements.txt:1: -f 'wheels': a folder of wheels is an [[index]] with path = ..."),
        ("-r https://h.example/r.txt", "requirements.txt:1: 'https://h.example/r.txt' was not followed; "
         "download it and import it, too"),
        ("--no-binary x", "requirements.txt:1: --no-binary 'x': name what must be built in python.sdists"),
        ("--frobnicate", "requirements.txt:1: '--frobnicate' has no counterpart"),
        ("x @ https://me:secret@h.example/x.whl", "requirements.txt:1: 'x @ https://***@h.example/x.whl' was "
         "left out: it holds credentials, and a spec is a file that people share; take them out and put them "
         "into ~/.netrc"),
    ],
)  # fmt: skip
def test_what_a_spec_has_no_word_for_is_told(line: str, note: str) -> None:
    found = read(f"{line}\n")
    assert (found.requirements, found.notes) == ([], [note])


def test_pre_releases_are_allowed_where_pip_would() -> None:
    assert read("--pre\n").prereleases is True


def test_each_option_of_a_line_is_read() -> None:
    found = read(
        "--pre --index-url=https://a.example/s --extra-index-url https://b.example/s -c c.txt\n"
        "--odd --constraint=d.txt left\n",
        **{"c.txt": "six<2\n", "d.txt": "idna<4\n"},
    )
    assert found.prereleases
    assert [index.url for index in found.indexes] == ["https://a.example/s", "https://b.example/s"]
    assert found.constraints == ["six<2", "idna<4"]
    assert found.notes == [
        "requirements.txt:2: '--odd' has no counterpart",
        "requirements.txt:2: 'left' has no counterpart",
    ]
