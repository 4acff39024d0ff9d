"""One line of a brief: words, and two check characters by which whoever typed it in learns of a slip."""

from __future__ import annotations

from collections.abc import Mapping

from envspec.named_tuple import NamedTuple

_CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_POSITIONS = {
    "ENVSPEC-BRIEF": 1, "OS": 3, "LIBC": 2, "CPU": 1, "MEMORY": 1, "NVML": 1, "MODULE": 1, "PCI": 1, "GPU": 1,
    "CUDA": 1, "PYTHON": 1, "HAS": 1, "LIBS": 1, "MOUNT": 3, "GUARD": 0, "NET": 0, "SITE": 0,
}  # fmt: skip
"""How many values of each key stand by position; those that follow come in pairs."""


class BriefLine(NamedTuple):
    """A line taken apart; a value that is missing reads as ``?``."""

    key: str
    values: tuple[str, ...]
    pairs: Mapping[str, str]

    def value(self, place: int) -> str:
        """By position, as it was typed."""
        return self.values[place] if place < len(self.values) else "?"

    def pair(self, name: str) -> str:
        """By name, as it was typed."""
        return self.pairs.get(name, "?")


def listed(text: str) -> tuple[str, ...] | None:
    """The words of a list with commas, none of ``none``; None of ``?``, which nobody could find out."""
    if text == "?":
        return None
    return () if text.lower() == "none" else tuple(word for word in text.split(",") if word)


def check_of(text: str) -> str:
    """The two characters that belong after ``text``; blanks and case don't count."""
    h = 0
    for char in "".join(text.split()).upper():
        h = (h * 37 + ord(char)) % 1021
    return _CHARACTERS[h // 32] + _CHARACTERS[h % 32]


def slip_of(line: str) -> str:
    """What is wrong with a line as it was typed; empty where its check characters are right."""
    text, star, check = line.rpartition("*")
    if not star:
        return "it has no check characters: a * and two characters end each line"
    typed = "".join(check.split()).upper().translate(str.maketrans("OIL", "011"))
    if typed != check_of(text):
        return "its check characters don't belong to what stands before them"
    return ""


def take_apart(line: str) -> BriefLine:
    """The words of a line whose check is right."""
    words = line.rpartition("*")[0].split()
    key = words[0].upper() if words else ""
    count = _POSITIONS.get(key, 0)
    rest = words[1 + count :]
    pairs: dict[str, str] = {}
    for place in range(0, len(rest), 2):
        name = rest[place].upper()
        if key == "GPU" and name == "NAME":
            pairs[name] = " ".join(rest[place + 1 :])
            break
        pairs[name] = rest[place + 1] if place + 1 < len(rest) else "?"
    return BriefLine(key, tuple(words[1 : 1 + count]), pairs)
