"""Talk on a terminal: one line that's drawn anew and taken away, each piece of work with its own count."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import termios
import threading
from collections.abc import Callable, Iterator

import pytest

from envspec.cli import console
from envspec.cli.console import Console


class Terminal(io.StringIO):
    """A terminal of ``columns``, whose file is that of a real one."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.leader, self.follower = os.openpty()
        fcntl.ioctl(self.follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.follower

    def drawn(self) -> list[str]:
        return [line for line in self.getvalue().split("\r\x1b[K") if line]

    def close(self) -> None:
        os.close(self.leader)
        os.close(self.follower)
        super().close()


Open = Callable[[int], Terminal]


@pytest.fixture
def on_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Makes stderr a terminal; called by the test itself, as pytest puts its own there before."""
    opened = []

    def open_terminal(columns: int) -> Terminal:
        opened.append(Terminal(columns))
        monkeypatch.setattr("sys.stderr", opened[-1])
        return opened[-1]

    monkeypatch.setattr(console, "_REDRAW_S", 0)
    monkeypatch.setenv("TERM", "xterm")
    yield open_terminal
    for terminal in opened:
        terminal.close()


def test_a_bar_is_no_longer_than_its_line(on_terminal: Open) -> None:
    terminal = on_terminal(20)
    shown = Console()
    shown.start("torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl", 2_000_000)
    shown.advance(1_000_000)
    shown.finish()
    assert terminal.drawn() == ["torch-2.1.2+cu118-c"]
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_bytes_of_a_download_do_not_count_as_requests(on_terminal: Open) -> None:
    terminal = on_terminal(80)
    shown = Console()
    shown.start("asking indexes")

    def download() -> None:
        shown.start("demo-1.0.tar.gz")
        shown.advance(800_000)
        request = threading.Thread(target=shown.advance)
        request.start()
        request.join()
        shown.finish()

    thread = threading.Thread(target=download)
    thread.start()
    thread.join()
    shown.advance()
    assert terminal.drawn() == ["demo-1.0.tar.gz  800,000", "demo-1.0.tar.gz  800,000", "asking indexes  2"]


def test_a_name_cannot_steer_the_terminal(on_terminal: Open) -> None:
    terminal = on_terminal(80)
    shown = Console()
    shown.start("demo\x1b[2J\n.whl", 4)
    shown.advance(2)
    assert terminal.drawn() == ["demo?[2J?.whl  [############............] 50 %"]


def test_a_dumb_terminal_gets_plain_lines(on_terminal: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_terminal(80)
    monkeypatch.setenv("TERM", "dumb")
    shown = Console()
    shown.start("downloading 3 files", 30)
    shown.advance(10)
    shown.say("one is done")
    shown.finish()
    assert terminal.getvalue() == "downloading 3 files\none is done\n"
