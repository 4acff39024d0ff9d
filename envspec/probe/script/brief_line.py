# mypy: ignore-errors
"""Lines of a brief, and what of the evidence they are made from.

A part of probe.py: Python 3.6, standard library alone.
"""

CHECK_CHARACTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NOT_THERE = ("ENOENT", "ENOTDIR")


def with_check(line):
    """The line and its two check characters; blanks and case don't count."""
    line = "".join(char if " " <= char <= "~" and char != "*" else "?" for char in line)
    total = 0
    for char in "".join(line.split()).upper():
        total = (total * 37 + ord(char)) % 1021
    return "%s *%s%s" % (line, CHECK_CHARACTERS[total // 32], CHECK_CHARACTERS[total % 32])


def listed(words):
    """With commas; ``none`` of nothing, ``?`` where nobody could find out."""
    if words is None:
        return "?"
    return ",".join(word.replace(" ", "%20") for word in words) or "none"


def number(value):
    """A whole number or ``?``."""
    return "?" if value is None else "%d" % value


def flag(value):
    """``1``, ``0`` or ``?``."""
    return "?" if value is None else "1" if value else "0"


def unit_is_active(shown, place):
    """By its place among those that systemctl was asked for; None where systemd did not answer."""
    states = "".join(shown.texts("command:systemctl is-active")).split()
    return states[place] == "active" if place < len(states) else None


class Shown:
    """The items of a document, as the lines ask for them."""

    def __init__(self, items):
        self.items = items

    def value(self, key, default=None):
        """What a call brought; the default where it isn't known."""
        return self.items.get(key, {}).get("value", default)

    def text(self, key):
        """A text, empty where there is none."""
        return self.items.get(key, {}).get("text", "")

    def error(self, key):
        """Why there's none; empty where it was not looked for, too."""
        return self.items.get(key, {}).get("error", "")

    def is_absent(self, key):
        """Whether it was looked for and isn't there."""
        return self.error(key) in NOT_THERE

    def was_seen(self, key):
        """Whether it was looked for, and is there or isn't."""
        return key in self.items and (not self.error(key) or self.is_absent(key))

    def texts(self, begin, end=""):
        """The texts of every item whose key begins and ends so, in the order of their keys."""
        keys = sorted(key for key in self.items if key.startswith(begin) and key.endswith(end))
        return [self.text(key) for key in keys]
