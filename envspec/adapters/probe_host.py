"""Probe this host: the same file that is carried elsewhere, run in a child by this interpreter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from envspec import __version__
from envspec.errors import DiskError, InvalidValueError
from envspec.probe import script_file as assembly
from envspec.probe.evidence import MAX_EVIDENCE_BYTES

_PARTS = Path(assembly.__file__).parent / "script"
_LONGEST_RUN_S = 3600
"""The script ends by itself; this is only for when it can't."""


def script_text() -> str:
    """``probe.py`` as one text."""
    parts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(_PARTS.glob("*.py"))}
    return assembly.script_file((_PARTS / "start.sh").read_text(encoding="utf-8"), parts, __version__)


def run_probe(options: Sequence[str] = ()) -> bytes:
    """What ``probe.py`` prints with ``options``.

    The text goes to the child by a pipe, so that nothing is written. Raises InvalidValueError where the
    script refuses the options, and DiskError where it could not be run to its end.
    """
    run = "import sys; exec(compile(sys.stdin.read(), 'probe.py', 'exec'))"
    command = [sys.executable, "-I", "-S", "-B", "-c", run, *options]
    try:
        done = subprocess.run(  # noqa: S603 - our own script, by our own interpreter
            command, input=script_text().encode(), capture_output=True, timeout=_LONGEST_RUN_S, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DiskError(
            what="the probe could not be run",
            why=str(error),
            fix="write it with: envspec probe --script > probe.py, and run: sh probe.py",
        ) from error
    if done.returncode == 2:
        first = done.stderr.decode("utf-8", "replace").partition("\n")[0].removeprefix("probe.py: ")
        raise InvalidValueError(
            what=f"the probe refused its options: {first}", fix="see envspec probe --help"
        )
    if done.returncode != 0 or len(done.stdout) > MAX_EVIDENCE_BYTES:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise DiskError(
            what=f"the probe ended with status {done.returncode}",
            why=last or f"it printed {len(done.stdout):,} bytes",
            fix="write it with: envspec probe --script > probe.py, and run: sh probe.py",
        )
    return done.stdout
