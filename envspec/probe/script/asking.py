# mypy: ignore-errors
"""Asking programs: each in a child, its answer an item.

A part of probe.py: Python 3.6, standard library alone.
"""

from envspec.probe.script.reading import MAX_TEXT, command_item, find_program


def ask(crew, items, key, argv, timeout_s, limit=MAX_TEXT):
    """Put what ``argv`` answers at ``key``; ENOENT where its program is None, for it wasn't found."""
    if argv[0] is None:
        items[key] = {"error": "ENOENT"}
        return

    def done(ended):
        items[key] = command_item(ended, limit)

    crew.command(argv, done, timeout_s)


def ask_system(crew, items, line, timeout_s, folders=()):
    """Ask a program of the system; the line is also its key."""
    words = line.split()
    argv = [find_program(words[0], folders)] + words[1:]
    ask(crew, items, "command:" + line, argv, timeout_s)
