"""Draw: what a lock asks of its host, read once out of the lock and the tables."""

from __future__ import annotations

import re

from envspec.lock.document import Lock
from envspec.verify.lock_table import count, text
from envspec.verify.needs import Needs


def needs_of(lock: Lock) -> Needs:
    """What the rules ask facts about. A lock of another tool says less, and so asks for less."""
    target = lock.target
    return Needs(
        lock=lock,
        label=lock.label,
        gpu_name=text(target, "gpu"),
        gpu_count=count(target, "gpu-count") or 0,
        driver_floor=text(target, "driver"),
        python=text(target, "python") or _python(lock.requires_python),
        os=text(target, "os"),
        arch=text(target, "arch"),
        network=text(target, "network"),
        newest_upload=_newest_upload(lock),
    )


def _python(specifier: str) -> str:
    """``3.10`` of ``==3.10.*``, the one form that says which Python alone."""
    match = re.fullmatch(r"==\s*(3\.[0-9]{1,2})(?:\.\*|(\.[0-9]{1,3}))", specifier.strip())
    return f"{match[1]}{match[2] or ''}" if match else ""


def _newest_upload(lock: Lock) -> str:
    moments = [
        file.upload_time
        for distribution in lock.distributions
        for file in (distribution.wheel, distribution.sdist)
        if file is not None and file.upload_time
    ]
    return max(moments, key=lambda moment: moment[:19], default="")
