# mypy: ignore-errors
"""The brief: evidence as at most 25 lines that a person can write down and type in elsewhere.

The words are those of docs/evidence.md. A part of probe.py: Python 3.6, standard library alone.
"""

from envspec.probe.script.brief_gpu import driver_lines, gpu_lines
from envspec.probe.script.brief_host import host_lines, mount_lines, site_lines
from envspec.probe.script.brief_line import Shown, with_check


def brief_text(document):
    """The lines of a document of evidence, each with its check."""
    shown = Shown(document["items"])
    lines = host_lines(shown) + driver_lines(shown) + gpu_lines(shown) + site_lines(shown)
    lines += mount_lines(shown)
    head = "ENVSPEC-BRIEF 1 LINES %d TAKEN %sZ" % (len(lines) + 1, document["taken"][:16])
    if document["label"]:
        head += " LABEL " + document["label"].replace(" ", "%20")
    return "".join(with_check(line) + "\n" for line in [head] + lines)
