"""Run one command and write down what it cost: ``measure.py RESULT TIMEOUT_S STDOUT STDERR COMMAND...``.

A program of its own, started as ``python -I -S``, because Linux hands the peak memory of the process
that forks down to its child: whoever measures must be smaller than all that is measured.
"""

import json
import os
import signal
import sys
import time


def main() -> None:
    """Write wall and CPU seconds (user and system, with all children), peak KiB and exit code as JSON."""
    result, timeout, stdout, stderr, *command = sys.argv[1:]
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [(os.POSIX_SPAWN_OPEN, 1, stdout, flags, 0o644), (os.POSIX_SPAWN_OPEN, 2, stderr, flags, 0o644)]
    started = time.perf_counter()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=actions, setpgroup=0)
    timed_out = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal timed_out
        timed_out = True
        os.killpg(pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, float(timeout))
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - started
    signal.setitimer(signal.ITIMER_REAL, 0)
    measured = {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_kib": usage.ru_maxrss,
        "exit_code": os.waitstatus_to_exitcode(status),
        "timed_out": timed_out,
    }
    with open(result, "w") as file:
        json.dump(measured, file)


if __name__ == "__main__":
    main()
