from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from envspec.cli.main import main
from envspec.lock.codec import encode
from envspec.lock.document import Lock, LockedDistribution, LockedFile
from tests.distributions import make_wheel
from tests.lock.locks import distribution, file, lock

APP_URL = "https://files.example/${TOKEN}/app-1.0-py3-none-any.whl"
WHOLE = lock(
    distribution(
        "app",
        "1.0",
        wheel=file("app-1.0-py3-none-any.whl", url=APP_URL),
        direct_url=APP_URL,
        index="",
        index_name="",
    ),
    distribution(
        "numpy",
        "1.26.4",
        wheel=LockedFile(
            name="numpy-1.26.4-py3-none-any.whl",
            hashes=(
                ("blake2b_256", "9" * 64),
                ("md5", "8" * 32),
                ("sha256", "a" * 64),
                ("sha512", "7" * 128),
            ),
            path="../wheels/numpy-1.26.4-py3-none-any.whl",
        ),
        index="",
    ),
    LockedDistribution(
        "openai-whisper",
        "20240930",
        sdist=LockedFile(
            name="openai-whisper-20240930.tar.gz",
            hashes=(("sha256", "b" * 64),),
            url="https://files.example/openai-whisper-20240930.tar.gz",
        ),
        index_name="default",
    ),
    distribution(
        "torch",
        "2.1.2+cu118",
        wheel=LockedFile(
            name="torch-2.1.2+cu118-py3-none-any.whl",
            hashes=(("sha256", "c" * 64),),
            url="https://files.example/torch",
        ),
        index_name="pytorch-cu118",
        extras=("opt",),
    ),
    name="founding",
    variant="cu118",
    indexes=(("pytorch-cu118", "https://download.pytorch.org/whl/cu118"),),
)
TEXT = """\
# Python 3.10, linux x86_64
# Made by "envspec export" from pylock.founding-cu118.toml; complete: pip has nothing to resolve.
#   pip install --require-hashes --no-deps --extra-index-url https://download.pytorch.org/whl/cu118 \
--find-links wheels/ -r FILE
# index pytorch-cu118: https://download.pytorch.org/whl/cu118
app @ https://files.example/%24{TOKEN}/app-1.0-py3-none-any.whl \\
    --hash=sha256:APP
numpy==1.26.4 \\
    --hash=sha256:aaaa \\
    --hash=sha512:7777
# a source distribution: pip builds it, and checks by hash nothing that the build asks for
openai-whisper==20240930 \\
    --hash=sha256:bbbb
# from index pytorch-cu118
torch==2.1.2+cu118 \\
    --hash=sha256:cccc
"""


def expected() -> str:
    text = TEXT.replace("APP", WHOLE.distributions[0].file.sha256).replace("7777", "7" * 128)
    for letter in "abc":
        text = text.replace(f"sha256:{letter * 4}\n", f"sha256:{letter * 64}\n")
        text = text.replace(f"sha256:{letter * 4} ", f"sha256:{letter * 64} ")
    return text


def write(folder: Path, held: Lock) -> str:
    path = folder / held.file_name
    path.write_bytes(encode(held))
    return str(path)


def test_a_lock_becomes_hashed_requirements(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", write(tmp_path, WHOLE), "--format", "requirements"]) == 0
    assert capsys.readouterr().out == expected()


def test_the_requirements_go_to_a_file_where_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["export", write(tmp_path, WHOLE), "-o", str(tmp_path / "requirements.txt")])
    assert capsys.readouterr().out == ""
    assert (tmp_path / "requirements.txt").read_text() == expected()


def test_a_machine_reads_each_requirement_with_its_hashes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", write(tmp_path, WHOLE), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["lock"], told["indexes"]) == (
        "founding-cu118",
        {"pytorch-cu118": "https://download.pytorch.org/whl/cu118"},
    )
    assert [row["requirement"] for row in told["requirements"]] == [
        "app @ https://files.example/%24{TOKEN}/app-1.0-py3-none-any.whl",
        "numpy==1.26.4",
        "openai-whisper==20240930",
        "torch==2.1.2+cu118",
    ]
    assert told["requirements"][1]["hashes"] == [f"sha256:{'a' * 64}", f"sha512:{'7' * 128}"]
    assert told["requirements"][2] == {
        "name": "openai-whisper",
        "version": "20240930",
        "requirement": "openai-whisper==20240930",
        "marker": None,
        "index": "default",
        "source-distribution": True,
        "hashes": [f"sha256:{'b' * 64}"],
    }
    assert main(["export", write(tmp_path, WHOLE), "--format", "text"]) == 0
    assert capsys.readouterr().out == expected()


def test_a_lock_can_not_put_lines_into_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "x\n--index-url https://evil.example\u2028--index-url https://evil.example"
    hostile = lock(
        distribution("demo", "1.0", index_name=evil, marker="sys_platform == 'linux'"),
        target={"python": evil, "arch": evil},
        indexes=((evil, "https://index.example"),),
    )
    main(["export", write(tmp_path, hostile)])
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.lstrip().startswith("--index-url")] == []
    assert [line[:12] for line in lines if not line.startswith("#")] == ["demo==1.0 ; ", "    --hash=s"]


def test_a_source_tree_can_not_be_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pylock.foreign.toml"
    path.write_text(
        'lock-version = "1.0"\ncreated-by = "another"\n'
        '[[packages]]\nname = "demo"\ndirectory = { path = "." }\n'
    )
    assert main(["export", str(path)]) == 2
    assert capsys.readouterr().err == (
        "envspec: foreign: demo can't stand in a hashed requirements file\n"
        "  why: the lock names a source tree, and pip checks hashes of files only\n"
        "  fix: lock a wheel or a source distribution instead\n"
    )


@pytest.mark.parametrize(
    "marker",
    [
        "sys_platform == 'linux' --hash=sha256:00 # ",
        "sys_platform == 'linux'\n--index-url https://evil.example",
        "sys_platform != ' #'",
        "os_name == 'x\\\\'",
    ],
)
def test_a_marker_that_pip_would_read_as_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], marker: str
) -> None:
    held = lock(distribution("demo", "1.0", marker=marker))
    assert main(["export", write(tmp_path, held)]) == 2
    assert "the markers of demo can't stand in a requirements file" in capsys.readouterr().err


HASHES = f'hashes = {{ sha256 = "{"a" * 64}" }}'


@pytest.mark.parametrize(
    ("files", "pinned"),
    [
        (f'wheels = [{{ url = "https://files.example/demo-2.0-py3-none-any.whl", {HASHES} }}]', "demo==2.0"),
        (
            f'sdist = {{ url = "https://files.example/demo-2.0.tar.gz", {HASHES} }}',
            "demo @ https://files.example/demo-2.0.tar.gz",
        ),
    ],
)
def test_a_lock_that_tells_no_version_is_pinned_by_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: str, pinned: str
) -> None:
    path = tmp_path / "pylock.foreign.toml"
    head = 'lock-version = "1.0"\ncreated-by = "another"\n[[packages]]\nname = "demo"\n'
    path.write_text(f"{head}{files}\n")
    assert main(["export", str(path)]) == 0
    assert f"\n{pinned} \\\n    --hash=sha256:aaaa" in capsys.readouterr().out
    path.write_text(f'{head}sdist = {{ path = "demo-2.0.tar.gz", {HASHES} }}\n')
    assert main(["export", str(path)]) == 2
    assert "the lock tells no version of demo" in capsys.readouterr().err


def test_a_project_inside_an_archive_is_exported_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pylock.foreign.toml"
    head = 'lock-version = "1.0"\ncreated-by = "another"\n[[packages]]\nname = "demo"\nversion = "1.0"\n'
    path.write_text(
        f'{head}archive = {{ url = "https://files.example/x.zip", subdirectory = "a b/c", {HASHES} }}\n'
    )
    assert main(["export", str(path)]) == 0
    assert "\ndemo @ https://files.example/x.zip#subdirectory=a%20b/c \\\n" in capsys.readouterr().out
    path.write_text(f'{head}archive = {{ path = "x.zip", subdirectory = "c", {HASHES} }}\n')
    assert main(["export", str(path)]) == 2
    assert "demo can't stand in a hashed requirements file" in capsys.readouterr().err
    path.write_text(f'{head}archive = {{ path = "x.zip", subdirectory = "../c", {HASHES} }}\n')
    assert main(["export", str(path)]) == 2
    assert "packages[0].archive.subdirectory" in capsys.readouterr().err


def test_markers_that_only_locks_know_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    held = lock(distribution("demo", "1.0", marker="'test' in dependency_groups"))
    assert main(["export", write(tmp_path, held)]) == 2
    assert "the markers of demo ask for extras or dependency groups" in capsys.readouterr().err


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="pip isn't installed beside the tests")
def test_pip_installs_the_exported_file_by_its_hashes(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    held = []
    for name, version in (("demo-app", "1.0+local.1"), ("dep", "2.0")):
        data = make_wheel(name, version)
        filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        (wheels / filename).write_bytes(data)
        wheel = file(filename, url="", path=f"../wheels/{filename}")
        digest = hashlib.sha256(data).hexdigest()
        held.append(distribution(name, version, wheel=wheel._replace(hashes=(("sha256", digest),)), index=""))
    requirements = tmp_path / "requirements.txt"
    main(["export", write(tmp_path, lock(*held)), "-o", str(requirements)])
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "install"]
    command += ["--no-index", "--require-hashes", "--no-deps", "--find-links", str(wheels)]
    command += ["--target", str(tmp_path / "site"), "-r", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "site").glob("*.dist-info")) == [
        "demo_app-1.0+local.1.dist-info",
        "dep-2.0.dist-info",
    ]
    next(wheels.glob("dep*")).write_bytes(make_wheel("dep", "2.0", ["other"]))
    result = subprocess.run([*command, "--upgrade"], capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.stderr
