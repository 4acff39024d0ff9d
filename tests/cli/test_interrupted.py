"""Ctrl-C wherever it falls: the run ends."""

from __future__ import annotations

import subprocess
import sys

SWALLOWED = """
import os, signal, time, weakref
from envspec.cli import main

main._hear_every_ctrl_c()

class Thing:
    pass

def callback(reference):
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):
        pass
    print("not interrupted here")

thing = Thing()
reference = weakref.ref(thing, callback)
del thing
try:
    time.sleep(30)
    print("slept")
except KeyboardInterrupt:
    print("interrupted")
"""


def test_an_interruption_that_a_callback_swallows_comes_again() -> None:
    command = [sys.executable, "-c", SWALLOWED]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 0)
