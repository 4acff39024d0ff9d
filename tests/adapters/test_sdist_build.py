"""Metadata built from source: by the project's own backend, alone with what was resolved for it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import pytest

from envspec.adapters.build_host import BuildHost, find_build_host
from envspec.adapters.sdist_build import BuiltMetadata, build_metadata, extract
from envspec.errors import BrokenArtifactError, BuildFailedError, BuildHostError
from envspec.index.metadata import CoreMetadata
from envspec.ports import Silent
from tests.distributions import make_sdist, make_wheel, wheel_name
from tests.fakes import FakeProgress

BACKEND = """\
import os
METADATA = "Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\n%s\\n"

def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    os.mkdir(os.path.join(metadata_directory, "demo-1.0.dist-info"))
    with open(os.path.join(metadata_directory, "demo-1.0.dist-info", "METADATA"), "w") as file:
        file.write(METADATA % "".join("Requires-Dist: %s\\n" % text for text in requires()))
    return "demo-1.0.dist-info"

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    raise RuntimeError("a wheel was not asked for")
"""


@lru_cache
def own() -> BuildHost:
    return find_build_host(sys.version_info[:2], search_path="")


def sdist_with(folder: Path, backend: str, **files: bytes) -> Path:
    path = folder / "demo-1.0.tar.gz"
    path.write_bytes(make_sdist("demo", "1.0", pkg_info="", files={"in_tree.py": backend.encode(), **files}))
    return path


def sdist(folder: Path, **kind: object) -> Path:
    path = folder / "demo-1.0.tar.gz"
    path.write_bytes(make_sdist("demo", "1.0", metadata_version="2.1", **kind))  # type: ignore[arg-type]
    return path


def nothing_needed(requirements: Sequence[str]) -> Sequence[Path]:
    raise AssertionError(f"asked for {requirements}")


def build(
    path: Path,
    requirements: Callable[[Sequence[str]], Sequence[Path]] = nothing_needed,
    timeout_s: float = 60,
) -> BuiltMetadata:
    return build_metadata(
        path, "demo", "1.0", host=own(), requirements=requirements, timeout_s=timeout_s, progress=Silent()
    )


def failure(path: Path, **how: float) -> BuildFailedError:
    with pytest.raises(BuildFailedError) as caught:
        build(path, **how)  # type: ignore[arg-type]
    assert caught.value.what == "demo 1.0: its source distribution doesn't build"
    return caught.value


class Wheels:
    """Answers requirements from wheels made for a test, and remembers what it was asked."""

    def __init__(self, folder: Path, **wheels: dict[str, bytes]) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._paths = {}
        for name, files in wheels.items():
            path = self._paths[name] = folder / wheel_name(name, "1.5")
            path.write_bytes(make_wheel(name, "1.5", files=files))

    def __call__(self, requirements: Sequence[str]) -> Sequence[Path]:
        self.asked.append(tuple(requirements))
        return [self._paths[re.split(r"[<>=]", text)[0]] for text in requirements]


def test_the_backend_says_what_the_project_requires(tmp_path: Path) -> None:
    progress = FakeProgress()
    built = build_metadata(
        sdist(tmp_path, requires=["old"], built_requires=["dep>=2"], requires_python=">=3.8"),
        "demo",
        "1.0",
        host=own(),
        requirements=nothing_needed,
        timeout_s=60,
        progress=progress,
    )
    assert built == BuiltMetadata(
        metadata=CoreMetadata(
            metadata_version="2.2",
            name="demo",
            version="1.0",
            requires_dist=("dep>=2",),
            requires_python=">=3.8",
        ),
        requirements=(),
        python=own().target.python,
        notes=(),
    )
    assert progress.said == [
        f"demo 1.0: running its own build with Python {own().target.python} to learn what it requires"
    ]
    assert (progress.started, progress.finished) == ([("building demo 1.0", None)], 1)


def test_the_notes_of_the_build_host_come_along(tmp_path: Path) -> None:
    host = BuildHost(own().executable, own().target, ("another Python",))
    built = build_metadata(
        sdist(tmp_path),
        "demo",
        "1.0",
        host=host,
        requirements=nothing_needed,
        timeout_s=60,
        progress=Silent(),
    )
    assert built.notes == ("another Python",)


def test_a_build_that_fails_with_another_python_than_the_target_s_is_the_host_s_failure(
    tmp_path: Path,
) -> None:
    host = BuildHost(own().executable, own().target, ("built with Python 9.9.9",))
    with pytest.raises(BuildHostError) as caught:
        build_metadata(
            sdist(tmp_path, build_fails="too new for me"),
            "demo",
            "1.0",
            host=host,
            requirements=nothing_needed,
            timeout_s=60,
            progress=Silent(),
        )
    assert caught.value.why == (
        "its build ended with status 1: RuntimeError: too new for me (built with Python 9.9.9)"
    )
    assert caught.value.fix.startswith("put the target's Python on PATH; or choose another version")


def test_what_the_backend_needs_is_installed_from_the_wheels_given(tmp_path: Path) -> None:
    backend = BACKEND + "def requires():\n    import first, second\n    return [first.WORD, second.WORD]\n"
    hooks = "def get_requires_for_build_wheel(config_settings=None):\n    return ['second>=1']\n"
    path = tmp_path / "demo-1.0.tar.gz"
    path.write_bytes(
        make_sdist("demo", "1.0", build_requires=["first"], files={"in_tree.py": (backend + hooks).encode()})
    )
    wheels = Wheels(tmp_path, first={"first.py": b"WORD = 'a'"}, second={"second.py": b"WORD = 'b'"})
    built = build(path, wheels)
    assert built.metadata.requires_dist == ("a", "b")
    assert wheels.asked == [("first",), ("first", "second>=1")]
    assert built.requirements == (
        ("first", "1.5", tmp_path / "first-1.5-py3-none-any.whl"),
        ("second", "1.5", tmp_path / "second-1.5-py3-none-any.whl"),
    )


def test_programs_that_the_wheels_bring_are_found(tmp_path: Path) -> None:
    backend = BACKEND + (
        "import subprocess\n"
        "def requires():\n    return [subprocess.check_output(['tell'], text=True).strip()]\n"
    )
    path = tmp_path / "demo-1.0.tar.gz"
    path.write_bytes(
        make_sdist("demo", "1.0", build_requires=["tell"], files={"in_tree.py": backend.encode()})
    )
    entry = b"[console_scripts]\ntell = tell:main\n"
    files = {"tell.py": b"def main(): print('told')", "tell-1.5.dist-info/entry_points.txt": entry}
    assert build(path, Wheels(tmp_path, tell=files)).metadata.requires_dist == ("told",)


def test_without_the_metadata_hook_the_wheel_is_built(tmp_path: Path) -> None:
    backend = (
        "import os, zipfile\n"
        "def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):\n"
        "    path = os.path.join(wheel_directory, 'demo-1.0-py3-none-any.whl')\n"
        "    with zipfile.ZipFile(path, 'w') as archive:\n"
        "        archive.writestr('demo-1.0.dist-info/METADATA',\n"
        "            'Metadata-Version: 2.1\\nName: demo\\nVersion: 1.0\\nRequires-Dist: dep\\n\\n')\n"
        "    return 'demo-1.0-py3-none-any.whl'\n"
    )
    assert build(sdist_with(tmp_path, backend)).metadata.requires_dist == ("dep",)


def test_the_build_sees_no_proxy_no_secret_and_no_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "PIP_INDEX_URL", "HF_TOKEN", "PYTHONPATH", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "https://user:secret@proxy.example")
    backend = BACKEND + (
        "def requires():\n"
        "    names = sorted(name for name in os.environ if 'BACKEND' not in name)\n"
        "    assert 'secret' not in repr(os.environ)\n"
        f"    assert os.environ['HOME'] == os.path.expanduser('~') != {os.path.expanduser('~')!r}\n"
        "    return [name.lower().replace('_', '-') for name in names if name != 'LD_LIBRARY_PATH']\n"
    )
    assert build(sdist_with(tmp_path, backend)).metadata.requires_dist == (
        "git-ceiling-directories",
        "home",
        "lang",
        "path",
        "pip-config-file",
        "pip-no-index",
        "pythonhashseed",
        "pythonnousersite",
        "source-date-epoch",
        "tmpdir",
        "uv-offline",
    )


def test_the_build_sees_only_its_own_distributions(tmp_path: Path) -> None:
    backend = BACKEND + (
        "import importlib.metadata\n"
        "def requires():\n    return [one.metadata['Name'] for one in importlib.metadata.distributions()]\n"
    )
    assert build(sdist_with(tmp_path, backend)).metadata.requires_dist == ()


def test_a_failing_build_tells_its_last_words(tmp_path: Path) -> None:
    error = failure(sdist(tmp_path, build_fails="no compiler"))
    assert str(error) == (
        "demo 1.0: its source distribution doesn't build\n"
        "  why: its build ended with status 1: RuntimeError: no compiler\n"
        "  fix: install what it misses, or bind what it's built with in [python] constraints; "
        "or choose another version; or say what it requires in [[python.metadata]]"
    )


def test_without_an_error_the_last_lines_are_told(tmp_path: Path) -> None:
    backend = (
        BACKEND + "def requires():\n    print('one\\ntwo\\nthree\\nfour', flush=True)\n    os._exit(7)\n"
    )
    assert failure(sdist_with(tmp_path, backend)).why == "its build ended with status 7: two | three | four"


def test_setuptools_without_pkg_resources_is_named(tmp_path: Path) -> None:
    path = sdist(tmp_path, build_requires=["setuptools"], build_fails="No module named 'pkg_resources'")
    wheel = tmp_path / "setuptools-84.0.0-py3-none-any.whl"
    wheel.write_bytes(make_wheel("setuptools", "84.0.0"))
    with pytest.raises(BuildFailedError) as caught:
        build(path, lambda _: [wheel])
    assert (caught.value.why, caught.value.fix) == (
        "its build ended with status 1: RuntimeError: No module named 'pkg_resources' "
        "(setuptools 84.0.0 has it no more)",
        'add "setuptools<81" to [python] constraints, which bind what builds need, too; '
        "or choose another version; or say what it requires in [[python.metadata]]",
    )


def test_a_missing_backend_is_told(tmp_path: Path) -> None:
    path = sdist(tmp_path, pyproject="[build-system]\nrequires = []\nbuild-backend = 'not_there'\n")
    assert failure(path).why == "ModuleNotFoundError: No module named 'not_there'"


def test_output_comes_without_what_a_terminal_obeys(tmp_path: Path) -> None:
    backend = (
        BACKEND
        + "import sys\ndef requires():\n    sys.exit('\\x1b[31mred\\x1b[0m \\x07bell \\x1b]0;title')\n"
    )
    assert failure(sdist_with(tmp_path, backend)).why == ("its build ended with status 1: red bell 0;title")


def test_a_build_that_never_ends_is_killed_with_its_children(tmp_path: Path) -> None:
    backend = BACKEND + (
        "import subprocess\ndef requires():\n    child = subprocess.Popen(['sleep', '600'])\n"
        "    print(child.pid, flush=True)\n    child.wait()\n"
    )
    with pytest.raises(BuildHostError) as caught:
        build(sdist_with(tmp_path, backend), timeout_s=3)
    assert caught.value.what == "demo 1.0: building its source distribution was ended"
    match = re.fullmatch(r"it was still running after 3 s: (\d+)", caught.value.why)
    assert match is not None
    assert gone(int(match[1]))


def test_the_project_that_was_built_must_be_the_one_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    path.write_bytes(make_sdist("demo", "1.1"))
    assert failure(path).why == "its metadata says version '1.1'"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (
            "METADATA = 'Summary: nothing%s\\n\\n'",
            "its METADATA lacks Metadata-Version and Name and Version",
        ),
        (
            "def get_requires_for_build_wheel(config_settings=None): return ['a b']",
            "its backend asks for requirements that can't be read: "
            "Expected semicolon (after name with no version specifier) or end a b ^",
        ),
        (
            "def get_requires_for_build_wheel(config_settings=None): return list(map(str, range(2000)))",
            "its backend answered get_requires_for_build_wheel with no list of requirements",
        ),
        (
            "def get_requires_for_build_wheel(config_settings=None): return 7",
            "'int' object is not iterable",
        ),
        (
            "def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):\n"
            "    return '../../../etc'",
            "its backend wrote no METADATA where it was told to",
        ),
        (
            "def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):\n"
            "    os.mkdir(metadata_directory + '/x')\n"
            "    os.mkfifo(metadata_directory + '/x/METADATA')\n    return 'x'",
            "its backend wrote no METADATA where it was told to",
        ),
        (
            "def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):\n"
            "    os.mkdir(metadata_directory + '/x')\n"
            "    os.symlink('/etc/passwd', metadata_directory + '/x/METADATA')\n    return 'x'",
            "its backend wrote no METADATA where it was told to",
        ),
    ],
)
def test_a_backend_that_answers_nonsense_is_told(tmp_path: Path, code: str, why: str) -> None:
    assert failure(sdist_with(tmp_path, BACKEND + "def requires(): return []\n" + code)).why == why


def test_a_wheel_that_cannot_be_installed_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "first-1.5-py3-none-any.whl"
    wheel.write_bytes(b"Not found")
    with pytest.raises(BrokenArtifactError) as caught:
        build(sdist(tmp_path, build_requires=["first"]), lambda _: [wheel])
    assert (caught.value.what, caught.value.why) == (
        "first-1.5-py3-none-any.whl: can't be installed to build with",
        "File is not a zip file",
    )


def test_a_wheel_writes_nothing_outside_of_the_environment(tmp_path: Path) -> None:
    wheel = tmp_path / "first-1.5-py3-none-any.whl"
    wheel.write_bytes(make_wheel("first", "1.5", files={"../../../../../../escaped": b""}))
    with pytest.raises(BrokenArtifactError) as caught:
        build(sdist(tmp_path, build_requires=["first"]), lambda _: [wheel])
    assert caught.value.why == "Attempting to write ../../../../../../escaped outside of the target directory"


def gone(pid: int) -> bool:
    """Within five seconds; a process whose parent has not asked for it yet is gone, too."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_ctrl_c_leaves_no_folder_and_no_process(tmp_path: Path) -> None:
    backend = BACKEND + (
        "import subprocess\ndef requires():\n    child = subprocess.Popen(['sleep', '600'])\n"
        f"    with open({str(tmp_path / 'pids')!r}, 'w') as file:\n"
        "        print(os.getpid(), child.pid, file=file)\n"
        "    child.wait()\n"
    )
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from envspec.adapters.build_host import find_build_host\n"
        "from envspec.adapters.sdist_build import build_metadata\n"
        "from envspec.ports import Silent\n"
        "host = find_build_host(sys.version_info[:2], search_path='')\n"
        "build_metadata(Path(sys.argv[1]), 'demo', '1.0', host=host,\n"
        "    requirements=None, timeout_s=60, progress=Silent())\n"
    )
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(sdist_with(tmp_path, backend))],
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 20
    pids: list[str] = []
    while len(pids) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
        pids = (tmp_path / "pids").read_text(encoding="utf-8").split() if (tmp_path / "pids").exists() else []
    assert len(pids) == 2
    assert list(scratch.iterdir()) != []
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert errors.strip().splitlines()[-1] == b"KeyboardInterrupt"
    assert list(scratch.iterdir()) == []
    assert [gone(int(pid)) for pid in pids] == [True, True]


def archive(*members: tarfile.TarInfo | tuple[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member in members:
            if isinstance(member, tuple):
                info = tarfile.TarInfo(member[0])
                info.size, info.mode = len(member[1]), 0o4777 if member[0].endswith(".sh") else 0o600
                tar.addfile(info, io.BytesIO(member[1]))
            else:
                tar.addfile(member)
    return io.BytesIO(gzip.compress(buffer.getvalue()))


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info


def test_files_folders_and_links_are_unpacked(tmp_path: Path) -> None:
    folder = tarfile.TarInfo("demo/empty")
    folder.type = tarfile.DIRTYPE
    data = archive(
        ("demo/a/x.py", b"x"),
        ("demo/run.sh", b"#!"),
        folder,
        link("demo/b/y.py", "../a/x.py"),
        link("demo/z.py", "demo/a/x.py", tarfile.LNKTYPE),
    )
    extract(data, tmp_path / "out", "demo 1.0")
    found = {
        str(path.relative_to(tmp_path / "out")): oct(path.stat().st_mode & 0o7777)
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == {"a/x.py": "0o644", "run.sh": "0o755", "b/y.py": "0o644", "z.py": "0o644"}
    assert (tmp_path / "out" / "b" / "y.py").read_bytes() == b"x"
    assert (tmp_path / "out" / "empty").is_dir()


def test_a_zip_is_unpacked_too(tmp_path: Path) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("demo/a/x.py", "x")
    extract(data, tmp_path / "out", "demo 1.0")
    assert (tmp_path / "out" / "a" / "x.py").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (
            [link("demo/x", "../../etc"), ("demo/x/passwd", b"root")],
            "'x' links to '../../etc', outside of the archive",
        ),
        ([link("demo/x", "/etc")], "'x' links to '/etc', outside of the archive"),
        (
            [link("demo/x", "demo/../../y", tarfile.LNKTYPE)],
            "a member is named 'demo/../../y', which leaves the archive",
        ),
        ([link("demo/x", "", tarfile.FIFOTYPE)], "'x' is a device, a pipe or a sparse file"),
        ([link("demo/x", "", tarfile.CHRTYPE)], "'x' is a device, a pipe or a sparse file"),
    ],
)
def test_what_leaves_the_folder_is_not_unpacked(
    tmp_path: Path, members: list[tarfile.TarInfo], why: str
) -> None:
    with pytest.raises(BrokenArtifactError) as caught:
        extract(archive(("demo/setup.py", b""), *members), tmp_path / "out", "demo 1.0")
    assert caught.value.why == why
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"whole")
    data = archive(("demo/a", b""), link("demo/x", "a"), ("demo/x", b"new"))
    with pytest.raises(BrokenArtifactError) as caught:
        extract(data, tmp_path / "out", "demo 1.0")
    assert caught.value.why.startswith("its members don't fit together: ")
    assert (tmp_path / "out" / "a").read_bytes() == b""


def test_a_file_where_a_folder_should_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenArtifactError) as caught:
        extract(archive(("demo/a", b""), ("demo/a/b", b"")), tmp_path / "out", "demo 1.0")
    assert caught.value.why.startswith("its members don't fit together: ")


def from_registry(folder: Path, project: str, filename: str) -> Path:
    import httpx

    from envspec.adapters.settings import pip_settings

    page = httpx.get(
        f"{pip_settings().index_url}/{project}/",
        headers={"Accept": "application/vnd.pypi.simple.v1+json"},
        follow_redirects=True,
    )
    [entry] = [entry for entry in page.json()["files"] if entry["filename"] == filename]
    data = httpx.get(entry["url"], follow_redirects=True).content
    assert hashlib.sha256(data).hexdigest() == entry["hashes"]["sha256"]
    (folder / filename).write_bytes(data)
    return folder / filename


@pytest.mark.registry
def test_openai_whisper_20250625_is_static(tmp_path: Path) -> None:
    from envspec.index.sdist import static_metadata

    with from_registry(tmp_path, "openai-whisper", "openai_whisper-20250625.tar.gz").open("rb") as file:
        found = static_metadata(file, "openai-whisper", "20250625")
    assert found is not None
    assert [text for text in found.requires_dist if "extra" not in text] == [
        "more-itertools",
        "numba",
        "numpy",
        "tiktoken",
        "torch",
        "tqdm",
        'triton>=2; (platform_machine == "x86_64" and sys_platform == "linux") or sys_platform == "linux2"',
    ]


@pytest.mark.registry
@pytest.mark.slow
def test_openai_whisper_20240930_builds_with_a_setuptools_that_has_pkg_resources(tmp_path: Path) -> None:
    from envspec.index.sdist import static_metadata

    hosts = [find_build_host(wanted) for wanted in ((3, 12), (3, 11), (3, 10))]
    host = next((host for host in hosts if not host.notes), None)
    if host is None:
        pytest.skip("its setup.py knows no Python from 3.13 on, and no older one is here")
    path = from_registry(tmp_path, "openai-whisper", "openai-whisper-20240930.tar.gz")
    with path.open("rb") as file:
        assert static_metadata(file, "openai-whisper", "20240930") is None

    def build_with(setuptools: str) -> BuiltMetadata:
        wheel = from_registry(tmp_path, "setuptools", f"setuptools-{setuptools}-py3-none-any.whl")

        def requirements(asked: Sequence[str]) -> Sequence[Path]:
            assert asked == ("setuptools>=40.8.0",)
            return [wheel]

        return build_metadata(
            path,
            "openai-whisper",
            "20240930",
            host=host,
            requirements=requirements,
            timeout_s=120,
            progress=Silent(),
        )

    with pytest.raises(BuildFailedError) as caught:
        build_with("82.0.0")
    assert caught.value.why == (
        "its build ended with status 1: ModuleNotFoundError: No module named 'pkg_resources' "
        "(setuptools 82.0.0 has it no more)"
    )
    built = build_with("80.9.0")
    assert [text.split(";")[0] for text in built.metadata.requires_dist if "extra" not in text] == [
        "numba",
        "numpy",
        "torch",
        "tqdm",
        "more-itertools",
        "tiktoken",
        "triton>=2.0.0",
    ]
    assert [requirement[:2] for requirement in built.requirements] == [("setuptools", "80.9.0")]
