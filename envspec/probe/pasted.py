"""Outputs of well-known commands, pasted or mailed before anyone ran a probe, as items of evidence.

What a site sends first is ``nvidia-smi``, ``cat /etc/os-release`` or torch's collect_env, several in one
text.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from envspec.probe.collect_env import is_collect_env
from envspec.probe.evidence import Item
from envspec.probe.nvidia_proc import read_proc_version
from envspec.probe.nvidia_smi_failure import read_failure
from envspec.probe.nvidia_smi_list import is_list
from envspec.probe.nvidia_smi_log import is_log, is_versions
from envspec.probe.nvidia_smi_query import is_query
from envspec.probe.nvidia_smi_table import is_table
from envspec.probe.os_release import read_lsb_release
from envspec.probe.toolkit_files import read_installer_summary, read_nvcc

_MAX_TEXT = 256 * 1024
_QUOTED = re.compile(r"^(?:> ?){1,9}", re.MULTILINE)
"""As mail programs mark what is answered."""
_OS_RELEASE = re.compile(r'^(?:ID|VERSION_ID)="?[A-Za-z0-9._-]+"?$', re.MULTILINE)


def items_of_paste(text: str) -> dict[str, Item]:
    """The outputs that are known in a text, each reading the whole of it; empty where none is."""
    text = _QUOTED.sub("", text[:_MAX_TEXT])
    item = Item(text=text)
    items = {key: item for key, is_it in _KINDS if is_it(text)}
    query = _from_the_header(text)
    if query:
        items["command:nvidia-smi --query-gpu=all --format=csv"] = Item(text=query)
    return items


def _from_the_header(text: str) -> str:
    """A query's rows with their header, which says what they are; empty without one."""
    lines = text.splitlines()
    start = next((place for place, line in enumerate(lines) if is_query(line)), len(lines))
    commas = lines[start].count(", ") if start < len(lines) else 0
    return "\n".join(itertools.takewhile(lambda line: line.count(", ") == commas, lines[start:]))


def _is_failure(text: str) -> bool:
    return not is_table(text) and read_failure(text) is not None


_KINDS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("command:python -m torch.utils.collect_env", is_collect_env),
    ("file:/etc/os-release", _OS_RELEASE.search),
    ("command:lsb_release -a", read_lsb_release),
    ("file:/proc/driver/nvidia/version", read_proc_version),
    ("command:nvidia-smi", lambda text: is_table(text) or _is_failure(text)),
    ("command:nvidia-smi -L", is_list),
    ("command:nvidia-smi -q", is_log),
    ("command:nvidia-smi --version", is_versions),
    ("command:nvcc --version", read_nvcc),
    ("command:cuda-installer", read_installer_summary),
)
