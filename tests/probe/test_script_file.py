"""probe.py is put together from its parts: each once, after what it needs, valid sh and Python at once."""

from __future__ import annotations

import subprocess

import pytest

from envspec.probe.script_file import script_file

START = 'echo "sh, @VERSION@: @EXECUTABLES@"\nexit 0\n'
PARTS = {
    "main": (
        '# mypy: ignore-errors\n"""Main."""\n\nimport json\n\n'
        "from envspec.probe.script.disk import (\n    EXECUTABLES,\n    first,\n)\n"
        "from envspec.probe.script.leaf import leaf\n\n\n"
        "def main(words, version, late):\n"
        "    sys.stdout.write(json.dumps([words, version, first(), leaf, late('brief')['brief']()]))\n"
        "    return 5\n"
    ),
    "disk": (
        '"""Disk."""\n\nfrom envspec.probe.script.leaf import leaf\n\n'
        'EXECUTABLES = (\n    "tar gzip "\n    "xz"\n).split()\n\n\n'
        "def first():\n    return EXECUTABLES[0] + leaf\n"
    ),
    "leaf": '"""Leaf."""\n\nleaf = "\\\\leaf"\n',
    "brief": 'from envspec.probe.script.leaf import leaf\n\n\ndef brief():\n    return "b\\n" + leaf\n',
    "egress": '"""Egress."""\n',
    "endpoints": "from envspec.probe.script.egress import x\n",
    "unused": "raise SystemExit\n",
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_both_languages_run_the_same_file(tmp_path: object) -> None:
    text = script_file(START, PARTS, "1.2.3")
    path = f"{tmp_path}/probe.py"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    done = run("sh", path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "sh, 1.2.3: tar gzip xz\n", "")
    done = run("python3", "-I", path, "--x")
    assert (done.returncode, done.stderr) == (5, "")
    assert done.stdout == '[["--x"], "1.2.3", "tar\\\\leaf", "\\\\leaf", "b\\n\\\\leaf"]'


def test_a_part_stands_there_once_after_what_it_needs_and_nothing_of_this_project_is_imported() -> None:
    text = script_file(START, PARTS, "1")
    assert [text.count(f'"""{name}."""') for name in ("Leaf", "Disk", "Main", "Egress")] == [1, 1, 1, 1]
    assert text.index("Leaf.") < text.index("Disk.") < text.index("Main.")
    assert "from envspec" not in text
    assert "raise SystemExit" not in text
    assert "mypy" not in text


def test_the_order_in_which_parts_are_given_changes_nothing() -> None:
    backwards = dict(reversed(list(PARTS.items())))
    assert script_file(START, PARTS, "1") == script_file(START, backwards, "1")


@pytest.mark.parametrize("name", ["start.sh", "leaf", "brief"])
def test_text_that_would_end_the_string_it_stands_in_is_refused(name: str) -> None:
    start = START + "echo '''\n" if name == "start.sh" else START
    parts = PARTS if name == "start.sh" else {**PARTS, name: PARTS[name] + "x = '''a'''\n"}
    with pytest.raises(ValueError, match=f"{name}: three single quotes in a row would end the string"):
        script_file(start, parts, "1")
