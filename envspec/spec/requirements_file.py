"""Reads a requirements file, with those it includes, for ``envspec init --from``.

Source: pip's "Requirements File Format". What a spec has no word for becomes a note.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator

from envspec.errors import InputError
from envspec.spec.imported import Imported
from envspec.spec.shown import shown

MAX_FILES = 100
"""So many files may include each other."""

_LONG_NAMES = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url",
               "-f": "--find-links", "--pypi-url": "--index-url"}  # fmt: skip
_WITHOUT_MEANING = {"--only-binary", "--prefer-binary", "--require-hashes", "--use-feature", "--no-index"}
"""envspec takes wheels first, hashes everything, and asks no index that isn't named."""
_OTHER_KINDS = re.compile(r"pipfile(\.lock)?|.*\.(ya?ml|json|py|cfg|ini)", re.IGNORECASE)
"""Names of files in which a line may look like a requirement and be none."""


def read_requirements_file(path: str, read_text: Callable[[str], str], spec_folder: str) -> Imported:
    """What the file at the absolute ``path`` says, and those it includes with -r and -c.

    ``read_text`` reads a file by absolute path and raises EnvspecError where it can't.
    Paths of local wheels come out relative to ``spec_folder``, absolute too.

    Raises InputError for a file of another kind.
    """
    name = posixpath.basename(path)
    reading = _Reading(read_text, spec_folder)
    if _OTHER_KINDS.fullmatch(name):
        reading.text_of(path)  # that it isn't there, or can't be read, comes first
        raise _other_kind(name, "its name is that of another kind of file")
    reading.file(path, as_constraints=False)
    if reading.strangers and not reading.took_any:
        raise _other_kind(name, f"no line of it is a requirement; met {shown(reading.strangers[0])}")
    if reading.hashes:
        lines = f"{reading.hashes} line{'s' if reading.hashes > 1 else ''}"
        reading.found.notes.append(f"the hashes of {lines} were left out: a lock has its own")
    return reading.found


def _other_kind(name: str, why: str) -> InputError:
    return InputError(
        what=f"{name}: isn't read as a requirements file",
        why=why,
        fix="requirements files and pyproject.toml are read; most tools can export a requirements file",
    )


class _Reading:
    """One import under way."""

    def __init__(self, read_text: Callable[[str], str], spec_folder: str) -> None:
        self.found = Imported()
        self.hashes = 0
        self.strangers: list[str] = []
        """Lines where a requirement was wanted, and something else stood."""
        self.text_of = read_text
        self._spec_folder = spec_folder
        self._seen: set[tuple[str, bool]] = set()

    @property
    def took_any(self) -> bool:
        """Whether anything but notes came of it."""
        return bool(self.found.requirements or self.found.constraints or self.found.indexes)

    def file(self, path: str, *, as_constraints: bool) -> None:
        """Read one file; a file that includes itself is read once."""
        waiting = [(path, as_constraints)]
        while waiting:
            current = waiting.pop(0)
            if current in self._seen:
                continue
            self._seen.add(current)
            if len(self._seen) > MAX_FILES:
                raise InputError(what=f"{path}: includes more than {MAX_FILES} files")
            name = posixpath.basename(current[0])
            for number, line in _logical_lines(self.text_of(current[0])):
                waiting += self._line(line, f"{name}:{number}", *current)

    def _line(self, line: str, where: str, path: str, as_constraints: bool) -> list[tuple[str, bool]]:
        """Take one line over; the files that it includes come back."""
        if line.startswith("-"):
            return [
                included
                for option, value in _options_of(line)
                for included in self._option(option, value, where, path, as_constraints)
            ]
        text, *options = re.split(r"\s(?=--?[A-Za-z])", line)
        if any(option.startswith("--hash") for option in options):
            self.hashes += 1
        others = [option for option in options if not option.startswith("--hash")]
        if others:
            self.found.notes.append(f"{where}: {shown(' '.join(others))} has no counterpart")
        if re.search(r"\$\{[A-Z0-9_]+\}", text):
            self.found.notes.append(f"{where}: {shown(text)} was left out: a spec reads no variables")
        elif as_constraints:
            self.found.add_constraint(text.strip(), where)
        else:
            self._requirement(text.strip(), where, path)
        return []

    def _option(
        self, option: str, value: str, where: str, path: str, as_constraints: bool
    ) -> list[tuple[str, bool]]:
        notes = self.found.notes
        if option in ("--requirement", "--constraint") and value:
            if "://" in value:
                notes.append(f"{where}: {shown(value)} was not followed; download it and import it, too")
                return []
            included = posixpath.normpath(posixpath.join(posixpath.dirname(path), value))
            return [(included, as_constraints or option == "--constraint")]
        if option == "--index-url" and value:
            self.found.add_index(value, f"{where}, --index-url")
        elif option == "--extra-index-url" and value:
            self.found.add_index(value, f"{where}, --extra-index-url")
        elif option == "--pre":
            self.found.prereleases = True
        elif option == "--editable":
            notes.append(f"{where}: -e {shown(value)} was left out; build its wheel: NAME @ ./path/to.whl")
        elif option == "--find-links":
            notes.append(f"{where}: -f {shown(value)}: a folder of wheels is an [[index]] with path = ...")
        elif option == "--no-binary":
            notes.append(f"{where}: --no-binary {shown(value)}: name what must be built in python.sdists")
        elif option == "--trusted-host":
            notes.append(
                f"{where}: --trusted-host: certificates are always checked; see ca-file of [[index]]"
            )
        elif option not in _WITHOUT_MEANING:
            notes.append(f"{where}: {shown(f'{option} {value}'.strip())} has no counterpart")
        return []

    def _requirement(self, text: str, where: str, path: str) -> None:
        """A requirement by name, or a URL or a path whose file name tells the project."""
        direct = re.match(r"([A-Za-z0-9._-]+\s*(?:\[[^\]]*\])?)\s*@\s*(.*)", text)
        if direct:
            name, place = direct[1].strip(), direct[2]
        elif re.search(r"[/\\]|\.whl\b|\.tar\.gz\b", re.split(r"[;\s]", text, maxsplit=1)[0]):
            name, place = "", text
        else:
            if not self.found.add_requirement(text, where):
                self.strangers.append(text)
            return
        place, semicolon, marker = place.partition(" ;")
        place, name = _bare_place(place.strip(), name)
        if not name:
            self.found.notes.append(
                f"{where}: {shown(text)} was left out; build its wheel and write NAME @ ./path/to.whl"
            )
            return
        if "://" not in place and not place.startswith("/"):
            absolute = posixpath.normpath(posixpath.join(posixpath.dirname(path), place))
            place = posixpath.relpath(absolute, self._spec_folder)
            place = place if place.startswith("../") else f"./{place}"
        self.found.add_requirement(f"{name} @ {place}" + (f" ;{marker}" if semicolon else ""), where)


def _bare_place(place: str, name: str) -> tuple[str, str]:
    """The URL or path without ``file:`` and fragment, and the name and extras it's known by, if any."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    place = re.sub(r"^file:(//(localhost)?(?=/))?", "", place)
    wheel = re.match(r"([^#\[]+\.whl)(\[[^\]]*\])?(?:#.*)?$", place)
    if wheel is None or name:
        return place, name
    try:
        project = parse_wheel_filename(posixpath.basename(wheel[1]))[0]
    except InvalidWheelFilename:
        return place, ""
    return wheel[1], str(project) + (wheel[2] or "")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number of its first line, line) without comments, continued lines joined as pip joins them."""
    parts: list[str] = []
    first = 0
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        is_comment = raw.lstrip().startswith("#")
        first = first if parts else number
        if raw.endswith("\\") and not is_comment:
            parts.append(raw[:-1])
            continue
        line = "".join([*parts, "" if is_comment else raw])
        parts = []
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line:
            yield first, line
    rest = re.sub(r"(^|\s)#.*$", "", "".join(parts)).strip()
    if rest:
        yield first, rest


def _options_of(line: str) -> Iterator[tuple[str, str]]:
    """(long name, value) of each ``-r file``, ``-rfile``, ``--requirement=file`` and the like."""
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            word, equals, value = word.partition("=")
        elif not word.startswith("-"):
            equals, value = "=", ""
        else:
            word, equals, value = word[:2], word[2:], word[2:].removeprefix("=")
        rest = []
        while not equals and words and not words[0].startswith("-"):
            rest.append(words.pop(0))
        yield _LONG_NAMES.get(word, word), value or " ".join(rest)
