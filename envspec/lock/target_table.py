"""[tool.envspec.target]: what the spec said of the host.

Its values are checked where they're read: a rule that can use none of them would be passed over in silence.
"""

from __future__ import annotations

import re
from typing import Any

from envspec.lock import fields
from envspec.lock.fields import WrongError

_TEXTS = ("os", "arch", "glibc", "kernel", "python", "gpu", "driver", "cudnn")
_PATHS = ("prefix", "scratch")
_NETWORKS = ("", "closed", "internal", "open")
_CUDA = re.compile(r"[0-9]{1,2}\.[0-9]{1,2}(?:\.[0-9]{1,3})?|cpu")
_AMOUNT = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,3})?\s*(?:B|[KMGTP](?:B|iB)?)")
_AMOUNTS = "an amount such as 39 GiB"
_MAX_GPUS = 1024


def read_target(own: dict[str, Any], at: str) -> dict[str, Any]:
    """The table as it stands; raises WrongError for a known key whose value says nothing."""
    target = fields.table(own, "target", at)
    here = fields.place_of(at, "target")
    for name in _TEXTS:
        fields.text(target, name, here)
    for name in _PATHS:
        fields.line(fields.text(target, name, here), fields.place_of(here, name))
    fields.one_of(target, "network", here, _NETWORKS)
    fields.matching(target, "cuda", here, _CUDA, "a release such as 11.8, or cpu")
    fields.matching(target, "gpu-memory", here, _AMOUNT, _AMOUNTS)
    count = target.get("gpu-count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= _MAX_GPUS:
        place = fields.place_of(here, "gpu-count")
        raise WrongError(place, f"{fields.shown(count)} was met, a number from 1 to {_MAX_GPUS} is wanted")
    _check_disks(target, here)
    for row, place in fields.rows(target, "endpoints", here):
        fields.text(row, "url", place)
        fields.text(row, "ca-file", place)
    return target


def _check_disks(target: dict[str, Any], at: str) -> None:
    disks = fields.table(target, "disk", at)
    for mount in disks:
        place = fields.place_of(at, f"disk[{fields.shown(mount)}]")
        for name in ("size", "free"):
            fields.matching(fields.table(disks, mount, at), name, place, _AMOUNT, _AMOUNTS)
