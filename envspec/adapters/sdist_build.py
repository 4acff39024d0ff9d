"""Build the metadata of a source distribution, for projects that the spec names in ``sdists``.

Source: PEP 517 (the hooks, and what holds without [build-system]), PEP 518 (build
requirements are installed in an environment of their own), PEP 427 (wheels).

This runs the project's code. The code gets an environment of its own, made of wheels that
the caller resolved, fetched and checked; no proxies, no credentials, no settings of pip; a
deadline; and a temporary home. It isn't kept from the network or the disk otherwise.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from envspec.adapters import process
from envspec.adapters.build_host import BuildHost
from envspec.errors import BrokenArtifactError, BuildFailedError, BuildHostError, DiskError
from envspec.index.metadata import CoreMetadata, parse_metadata
from envspec.index.sdist import MAX_TEXT_BYTES, build_requirements, check_identity
from envspec.index.sdist_archive import Member, broken, members, parts_of
from envspec.ports import Progress

if TYPE_CHECKING:
    from build import ProjectBuilder

MAX_DYNAMIC_REQUIREMENTS = 1000

ResolveRequirements = Callable[[Sequence[str]], Sequence[Path]]
"""Build requirements (PEP 508) to wheels on this disk, their hashes checked; raises what it must."""

_MAKE_ENVIRONMENT = """\
import json, os, sys, sysconfig, venv
folder = sys.argv[1]
venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
paths = sysconfig.get_paths("posix_prefix", vars={
    "base": folder, "platbase": folder, "installed_base": folder, "installed_platbase": folder})
paths["headers"] = os.path.join(folder, "include", "site")
print(json.dumps({key: paths[key] for key in ("purelib", "platlib", "headers", "scripts", "data")}))
"""


@dataclass(frozen=True, slots=True)
class BuiltMetadata:
    """What a build said, and what it was built with."""

    metadata: CoreMetadata
    requirements: tuple[tuple[str, str, Path], ...]
    """Project, version and wheel of what was installed to build it, by name."""
    python: str
    """Full version of the Python that built it."""
    notes: tuple[str, ...]
    static: tuple[str, ...] = ()
    """[build-system].requires, as written."""
    dynamic: tuple[str, ...] = ()
    """What the backend asked for besides."""


def build_metadata(
    sdist: Path,
    name: str,
    version: str,
    *,
    host: BuildHost,
    requirements: ResolveRequirements,
    timeout_s: float,
    progress: Progress,
) -> BuiltMetadata:
    """Ask the project's own backend for the metadata of its wheel, else build the wheel and read it there.

    ``requirements`` is called with [build-system].requires, and once more with what the
    backend adds to them. ``timeout_s`` bounds the time that the project's code runs. Call it
    on the main thread, so that Ctrl-C reaches it. Raises BrokenArtifactError, BuildFailedError,
    DiskError, and whatever ``requirements`` raises.
    """
    label = f"{name} {version}"
    progress.say(f"{label}: running its own build with Python {host.target.python} to learn what it requires")
    progress.start(f"building {label}")
    try:
        with tempfile.TemporaryDirectory(prefix="envspec-build-", ignore_cleanup_errors=True) as folder:
            return _Build(Path(folder), label, host, requirements, timeout_s).metadata(sdist, name, version)
    except OSError as error:
        raise DiskError(
            what=f"{label}: can't be built in {tempfile.gettempdir()}",
            why=error.strerror or str(error),
            fix="make room there, or choose another folder: TMPDIR=/data/tmp",
        ) from error
    finally:
        progress.finish()


class _Build:
    """One build, inside one temporary folder."""

    def __init__(
        self, folder: Path, label: str, host: BuildHost, requirements: ResolveRequirements, timeout_s: float
    ) -> None:
        self._folder = folder
        self._label = label
        self._host = host
        self._requirements = requirements
        self._timeout_s = timeout_s
        self._left_s = timeout_s
        self._last: process.Outcome | None = None
        self._wheels: tuple[tuple[str, str, Path], ...] = ()

    def metadata(self, sdist: Path, name: str, version: str) -> BuiltMetadata:
        source = self._folder / "source"
        with sdist.open("rb") as file:
            static = build_requirements(file, self._label)
            extract(file, source, self._label)
        for folder in ("home", "scratch"):
            (self._folder / folder).mkdir()
        python = self._environment("static", static)
        dynamic = self._dynamic_requirements(source, python)
        if set(dynamic) - set(static):
            python = self._environment("dynamic", (*static, *dynamic))
        text = self._prepare(source, python)
        try:
            metadata = parse_metadata(text, "its METADATA")
        except BrokenArtifactError as error:
            raise self._failed(error.what) from error
        try:
            check_identity(metadata, name, version)
        except BrokenArtifactError as error:
            raise self._failed(error.why) from error
        python_version, notes = self._host.target.python, self._host.notes
        return BuiltMetadata(metadata, self._wheels, python_version, notes, tuple(static), dynamic)

    def _environment(self, kind: str, requirements: Sequence[str]) -> Path:
        """A new virtual environment with what building needs; answers its interpreter."""
        wheels = tuple(self._requirements(requirements)) if requirements else ()
        folder = self._folder / kind
        outcome = process.run(
            [self._host.executable, "-I", "-c", _MAKE_ENVIRONMENT, str(folder)],
            cwd=self._folder,
            environment=self._variables(folder),
            timeout_s=60,
        )
        if outcome.status != 0:
            raise BuildHostError(
                what=f"{self._label}: {self._host.executable} can't make a virtual environment",
                why=_end_of(outcome),
                fix="install that Python's venv module, or say what it requires in [[python.metadata]]",
            )
        scheme: dict[str, str] = json.loads(outcome.output.splitlines()[-1])
        python = folder / "bin" / "python"
        for wheel in wheels:
            _install(wheel, scheme, python)
        self._wheels = tuple(sorted(_release_of(wheel) for wheel in wheels))
        return python

    def _variables(self, environment: Path) -> dict[str, str]:
        """All that a build gets to know: nothing of the user's but where programs and libraries lie."""
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        return {
            **kept,
            "PATH": os.pathsep.join((str(environment / "bin"), os.environ.get("PATH", os.defpath))),
            "HOME": str(self._folder / "home"),
            "TMPDIR": str(self._folder / "scratch"),
            "GIT_CEILING_DIRECTORIES": str(self._folder),
            "LANG": "C.UTF-8",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "PYTHONNOUSERSITE": "1",
            # Same bytes on any day and in any process
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": "315532800",
        }

    def _dynamic_requirements(self, source: Path, python: Path) -> tuple[str, ...]:
        from packaging.requirements import InvalidRequirement, Requirement

        answer = self._ask(source, python, lambda builder: builder.get_requires_for_build("wheel"))
        if not isinstance(answer, set) or len(answer) > MAX_DYNAMIC_REQUIREMENTS:
            raise self._failed(
                "its backend answered get_requires_for_build_wheel with no list of requirements"
            )
        try:
            return tuple(sorted(str(Requirement(text)) for text in answer))
        except (InvalidRequirement, TypeError, RecursionError) as error:
            raise self._failed(f"its backend asks for requirements that can't be read: {error}") from error

    def _prepare(self, source: Path, python: Path) -> bytes:
        folder = self._folder / "metadata"
        answered = self._ask(source, python, lambda builder: builder.metadata_path(folder))
        answer = Path(str(answered), "METADATA")
        try:
            if not answer.resolve().is_relative_to(folder.resolve()) or not stat.S_ISREG(
                answer.lstat().st_mode
            ):
                raise self._failed("its backend wrote no METADATA where it was told to")
            with answer.open("rb") as file:
                text = file.read(MAX_TEXT_BYTES + 1)
        except (OSError, ValueError, RuntimeError) as error:
            raise self._failed("its backend wrote no METADATA where it was told to") from error
        if len(text) > MAX_TEXT_BYTES:
            raise self._failed(f"its METADATA is longer than {MAX_TEXT_BYTES} bytes")
        return text

    def _ask(self, source: Path, python: Path, question: Callable[[ProjectBuilder], object]) -> object:
        """Call hooks of the backend; what third-party code can make ``build`` raise becomes one error."""
        from build import BuildBackendException, BuildException, ProjectBuilder

        def runner(
            cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
        ) -> None:
            variables = {**self._variables(python.parent.parent), **(extra_environ or {})}
            self._last = process.run(
                cmd, cwd=Path(cwd or source), environment=variables, timeout_s=self._left_s
            )
            self._left_s -= self._last.seconds
            if self._last.status != 0:
                raise subprocess.CalledProcessError(self._last.status or -1, cmd[0])

        self._last = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return question(ProjectBuilder(source, python_executable=str(python), runner=runner))
        except (
            BuildException, BuildBackendException, zipfile.BadZipFile, zlib.error, ValueError, TypeError,
            RecursionError,
        ) as error:  # fmt: skip
            if self._last is not None and self._last.status is None:
                raise self._ended(self._last) from error
            raise self._failed(self._reason(error)) from error

    def _ended(self, last: process.Outcome) -> BuildHostError:
        return BuildHostError(
            what=f"{self._label}: building its source distribution was ended",
            why=f"it was still running after {self._timeout_s:g} s: {_end_of(last)}",
            fix="lock where it builds sooner, or say what it requires in [[python.metadata]]",
        )

    def _reason(self, error: Exception) -> str:
        if self._last is None or self._last.status == 0:
            cause = getattr(error, "exception", error)
            lines = [line for line in str(cause).splitlines() if line.strip()]
            return _printable(lines[-1] if lines else type(cause).__name__)
        return f"its build ended with status {self._last.status}: {_end_of(self._last)}"

    def _failed(self, why: str) -> BuildFailedError:
        setuptools = next((version for name, version, _ in self._wheels if name == "setuptools"), "0")
        what, why = f"{self._label}: its source distribution doesn't build", " ".join(why.split())
        others = "choose another version; or say what it requires in [[python.metadata]]"
        if "pkg_resources" in why and int(setuptools.split(".")[0]) >= 82:
            fix = 'add "setuptools<81" to [python] constraints, which bind what builds need, too'
            why += f" (setuptools {setuptools} has it no more)"
        elif self._host.notes:
            # With the target's own Python it may build: another host might lock something else.
            fix = f"put the target's Python on PATH; or {others}"
            return BuildHostError(what=what, why=f"{why} ({'; '.join(self._host.notes)})", fix=fix)
        else:
            fix = "install what it misses, or bind what it's built with in [python] constraints"
        return BuildFailedError(what=what, why=why, fix=f"{fix}; or {others}")


def extract(data: BinaryIO, folder: Path, label: str) -> None:
    """Unpack what lies below the top folder into ``folder``, which must not exist.

    As tarfile's data filter does (PEP 706, 721): nothing outside of ``folder``, no devices, no
    owners, no set-user bits. Symlinks are made last, so nothing is ever written through one.
    Raises BrokenArtifactError, or OSError where the disk says no.
    """
    folder.mkdir()
    symlinks: list[tuple[Path, str]] = []
    try:
        for member in members(data, label):
            path = folder.joinpath(*member.path)
            if member.kind == "folder":
                path.mkdir(parents=True, exist_ok=True)
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            if member.kind == "symlink":
                symlinks.append((path, _safe_link(member, label)))
            elif member.kind == "hardlink":
                shutil.copyfile(folder.joinpath(*parts_of(member.link, label)[1:]), path)
            elif member.kind == "file":
                _write(member, path)
            else:
                raise broken(label, f"{'/'.join(member.path)!r} is a device, a pipe or a sparse file")
        for path, link in symlinks:
            path.symlink_to(link)
    except (OSError, shutil.Error, ValueError) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO):
            raise
        raise broken(label, f"its members don't fit together: {error}") from error


def _write(member: Member, path: Path) -> None:
    with path.open("wb") as file:
        for chunk in member.content():
            file.write(chunk)
    path.chmod(0o755 if member.executable else 0o644)


def _safe_link(member: Member, label: str) -> str:
    inside = os.path.normpath(os.path.join("/top", *member.path[:-1], member.link))
    if member.link.startswith("/") or not (inside + "/").startswith("/top/"):
        raise broken(label, f"{'/'.join(member.path)!r} links to {member.link!r}, outside of the archive")
    return member.link


def _install(wheel: Path, scheme: dict[str, str], python: Path) -> None:
    """Put a wheel into the environment; no pip, so no index and no settings can interfere."""
    from installer import install
    from installer.destinations import SchemeDictionaryDestination
    from installer.exceptions import InstallerError
    from installer.sources import WheelFile

    destination = SchemeDictionaryDestination(
        scheme, interpreter=str(python), script_kind="posix", overwrite_existing=True
    )
    try:
        with warnings.catch_warnings(), WheelFile.open(wheel) as source:
            warnings.simplefilter("ignore")
            install(source, destination, additional_metadata={})
    except (InstallerError, zipfile.BadZipFile, ValueError, LookupError, AssertionError) as error:
        raise BrokenArtifactError(
            what=f"{wheel.name}: can't be installed to build with",
            why=str(error) or type(error).__name__,
            fix="keep this release out with [python] constraints, which bind what builds need, too",
        ) from error


def _release_of(wheel: Path) -> tuple[str, str, Path]:
    from packaging.utils import parse_wheel_filename

    name, version, _, _ = parse_wheel_filename(wheel.name)
    return name, str(version), wheel


def _end_of(outcome: process.Outcome) -> str:
    """What a program died of: the line that names an error, else the last lines it printed."""
    lines = [line for line in _printable(outcome.output).splitlines() if line.strip()]
    telling = [line for line in lines if not line.startswith((" ", "\t", "Traceback"))]
    if telling and re.match(r"[\w.]*(Error|Exception)\b|error\b", telling[-1]):
        telling = telling[-1:]
    return " | ".join(line.strip()[:300] for line in (telling or lines)[-3:]) or "it printed nothing"


def _printable(text: str) -> str:
    """Without escape sequences, which a terminal would obey."""
    text = re.sub(r"\x1b(\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])", "", text)
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
