"""The text of ``probe.py``: one file, valid sh and valid Python at once, put together from its parts.

To sh the first quotes are an empty word and ``:`` a command that does nothing; to Python all of the sh part
is one string. Parts that few runs need stand in the file as strings, since reading them takes a good part
of the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

FIRST = "main"
LATE = {"brief": ("brief",), "endpoints": ("egress", "endpoints")}
"""What main asks for by name, to the parts that it's made of."""
_IMPORT = re.compile(
    r"^from envspec\.probe\.script\.(?P<part>\w+) import (?:\([^)]*\)|[^(\n]*)\n", re.MULTILINE
)
_TOOLS = re.compile(r"^# (?:mypy|ruff): .*\n", re.MULTILINE)
_EXECUTABLES = re.compile(r"^EXECUTABLES = \(\n(?P<words>(?:    \".*\"\n)+)\)", re.MULTILINE)


def script_file(start: str, parts: Mapping[str, str], version: str) -> str:
    """``start.sh`` and the parts by name as the one file; the same parts make the same text.

    A part is Python 3.6 with the standard library alone, and what it imports of other parts by their whole
    name is inlined before it, so no two parts may define the same name.
    """
    early = list(_in_order(parts, [FIRST]))
    python = [
        "import sys",
        "",
        "sys.dont_write_bytecode = True",
        *(_inlined(parts[name]) for name in early),
        f"VERSION = {version!r}",
        f"LATE = {{{_late_texts(parts, early)}}}",
        _LAST,
    ]
    shell = start.replace("@VERSION@", version).replace("@EXECUTABLES@", _executables(parts))
    for text, where in ((shell, "start.sh"), *((parts[name], name) for name in parts)):
        if "'''" in text:
            raise ValueError(f"{where}: three single quotes in a row would end the string that it stands in")
    return "#!/bin/sh\n''':'\n" + shell + "':'''\n" + "\n".join(python)


_LAST = '''

def late(name):
    """A part that few runs need, as a dictionary of its names."""
    space = dict(globals())
    exec(compile(LATE[name], "probe.py, " + name, "exec"), space)
    return space


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], VERSION, late))
'''


def _late_texts(parts: Mapping[str, str], early: list[str]) -> str:
    texts = []
    for name, roots in LATE.items():
        own = [part for part in _in_order(parts, roots) if part not in early]
        texts.append(f"{name!r}: r'''{''.join(map(_inlined, map(parts.__getitem__, own)))}'''")
    return ",\n".join(texts)


def _in_order(parts: Mapping[str, str], roots: list[str] | tuple[str, ...]) -> Iterator[str]:
    """The names that ``roots`` need, each after those that it needs."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[str]:
        if name not in done:
            done.add(name)
            for match in _IMPORT.finditer(parts[name]):
                yield from visit(match["part"])
            yield name

    for root in roots:
        yield from visit(root)


def _inlined(text: str) -> str:
    return _TOOLS.sub("", _IMPORT.sub("", text))


def _executables(parts: Mapping[str, str]) -> str:
    """The same list for sh."""
    match = _EXECUTABLES.search(parts["disk"])
    if match is None:
        raise ValueError("disk: EXECUTABLES isn't written as lines of words")
    return " ".join(re.sub(r'"', " ", match["words"]).split())
