"""The text of a spec to start from: commented, and good to lock as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envspec.spec.imported import Imported, ImportedIndex

_TARGET = """\
[target]                            # the machine it will run on, not this one
os = "rhel-8.9"                     # ID and VERSION_ID of its /etc/os-release; or say glibc = "2.28"
arch = "x86_64"                     # or "aarch64"
python = {python}                     # or a full version, if you know it
# gpu = "A100-80GB"                 # market name, or what `nvidia-smi -L` prints; leave it out for CPU
# driver = ">=515"                  # the oldest NVIDIA driver that the site promised
network = "closed"                  # closed | internal | open

# [target.disk]                     # what the site promised; a bare size is free space
# "/" = {{ size = "39 GiB", free = "12 GiB" }}
# "/data" = "2 TiB"
"""

_STARTER_PYTHON = """\
[python]
requirements = [
    "numpy",                        # anything that pip takes; a wheel of your own: "app @ ./dist/app.whl"
]
# constraints = ["numpy<2"]         # bounds for what comes along
# exclude-newer = 2025-07-01        # nothing uploaded after this UTC day: the same lock next year
# sdists = ["openai-whisper"]       # projects that may be built from source
"""

_STARTER_TAIL = """\
# [lock]
# files = "portable"                # no URL of the default index in the lock: for fetching through mirrors

# A variant for each build that the site might bear; each gets a lock. Tables merge, arrays replace,
# extra-requirements appends. `cuda` chooses the builds of torch, torchvision and torchaudio and their index.
# [variants.cu118]
# cuda = "11.8"
# [variants.cu121]
# cuda = "12.1"

# [[index]]                         # only for projects that come from elsewhere, and from nowhere else
# name = "corp"
# url = "https://index.example/simple"
# packages = ["our-models"]

# [[models]]                        # weights that would be fetched at first use; `envspec audit` finds them
# provider = "huggingface"          # easyocr, openai-whisper, url, path, ...: docs/providers.md
# repo = "openai/whisper-tiny"

# [[files]]                         # your own code and configuration
# path = "app/"
# dest = "app/"

# [[installers]]                    # most environments need none
# kind = "python"                   # cuda, cudnn, driver, cuda-compat, python, file
# version = "3.10.18"

# [install]
# prefix = "/data/envs"             # where it goes on the target
# scratch = "/data/tmp"             # never /tmp where / is small
"""


def starter(name: str) -> str:
    """A short commented spec named ``name``; it locks numpy for RHEL 8.9."""
    return "\n".join([_head(name), _TARGET.format(python='"3.10"'), _STARTER_PYTHON, _STARTER_TAIL])


def starter_from(name: str, found: Imported) -> str:
    """A spec named ``name`` that says what was imported; what couldn't be is told in comments."""
    parts = [_head(name)]
    if found.notes:
        parts.append("".join(f"# {_printable(note)}\n" for note in ("Not taken over:", *found.notes)))
    if found.cuda:
        parts.append(
            f"cuda = {_string(found.cuda)}                       # the build of the PyTorch wheels\n"
        )
    parts.append(_TARGET.format(python=_string(found.python or "3.10")))
    parts.append(_python_table(found))
    parts += [_index(index) for index in found.indexes]
    return "\n".join(parts)


def _head(name: str) -> str:
    return f"# What this environment is wished to be; `envspec lock` pins it.\nname = {_string(name)}\n"


def _python_table(found: Imported) -> str:
    lines = ["[python]", *_array("requirements", found.requirements)]
    if found.constraints:
        lines += _array("constraints", found.constraints)
    if found.overrides:
        lines += _array("overrides", found.overrides)
    if found.exclude_newer:
        lines.append(f"exclude-newer = {found.exclude_newer}")
    if found.prereleases:
        lines.append('prereleases = "allow"')
    return "\n".join(lines) + "\n"


def _index(index: ImportedIndex) -> str:
    lines = ["[[index]]", f"name = {_string(index.name)}", f"url = {_string(index.url)}"]
    if index.packages:
        return "\n".join([*lines, *_array("packages", list(index.packages))]) + "\n"
    lines.append("packages = []       # name the projects that come from here; it serves no others")
    why = "the default index is your own setting (pip's configuration, or --index-url); for another one:"
    return "\n".join([f"# {_printable(index.said_by)}: {why}", *(f"# {line}" for line in lines)]) + "\n"


def _array(key: str, texts: list[str]) -> list[str]:
    return [f"{key} = [", *(f"    {_string(text)}," for text in texts), "]"]


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
