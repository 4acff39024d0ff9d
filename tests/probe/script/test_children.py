"""Children end at their deadlines, take nobody along, and what can't be ended is left and said."""

from __future__ import annotations

import os
import resource
import time
from typing import Any

import pytest

from tests.probe.script.running import names_of_script

SCRIPT = names_of_script()


def crew(seconds: float = 30.0) -> Any:
    return SCRIPT["Crew"](time.monotonic() + seconds)


def call(function: Any, timeout_s: float = 5.0, own: Any = None) -> Any:
    """Run one function in a child and return how it ended."""
    ended: list[Any] = []
    own = own or crew()
    own.call(function, ended.append, timeout_s)
    own.run()
    [one] = ended
    return one


def command(argv: list[str], timeout_s: float = 5.0) -> Any:
    ended: list[Any] = []
    own = crew()
    own.command(argv, ended.append, timeout_s)
    own.run()
    [one] = ended
    return one


def say_and_hang(say: Any) -> None:
    say("before")
    while True:
        time.sleep(60)


def test_a_function_says_values_and_ends() -> None:
    ended = call(lambda say: (say({"a": 1}), say(["ä", None])))
    assert (ended.error, ended.status, ended.said()) == ("", 0, [{"a": 1}, ["ä", None]])


def test_a_function_that_hangs_is_ended_and_what_it_said_is_kept() -> None:
    started = time.monotonic()
    ended = call(say_and_hang, 0.2)
    assert (ended.error, ended.status, ended.said()) == ("timeout", -9, ["before"])
    assert time.monotonic() - started < 3


def test_a_function_that_raises_crashes_alone_and_its_error_is_named() -> None:
    ended = call(lambda say: (say("before"), 1 // 0))
    assert (ended.error, ended.status, ended.err, ended.said()) == (
        "crashed",
        70,
        b"ZeroDivisionError",
        ["before"],
    )


def test_a_function_that_is_killed_says_by_which_signal() -> None:
    ended = call(lambda say: os.kill(os.getpid(), 11))
    assert (ended.error, ended.status, ended.said()) == ("crashed", -11, [])


def test_a_child_that_can_not_be_killed_is_left_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that waits in the kernel for a device or a server: no signal reaches it."""
    pids: list[int] = []
    real_kill = os.kill

    def unheard(pid: int, number: int) -> None:
        pids.append(pid)

    monkeypatch.setattr(os, "killpg", unheard)
    monkeypatch.setattr(os, "kill", unheard)
    started = time.monotonic()
    ended = call(say_and_hang, 0.2)
    took_s = time.monotonic() - started
    real_kill(pids[0], 9)
    os.waitpid(pids[0], 0)
    assert (ended.error, ended.said()) == ("abandoned", ["before"])
    assert took_s < 3


def test_a_child_that_is_left_holds_no_descriptor_of_its_caller() -> None:
    def list_descriptors(say: Any) -> None:
        say({name: os.readlink(f"/proc/self/fd/{name}") for name in "0123456789" if is_open(int(name))})

    [places] = call(list_descriptors).said()
    assert sorted(places) == ["0", "1", "2"]
    assert places["0"] == "/dev/null"
    assert [places[name].partition(":")[0] for name in "12"] == ["pipe", "pipe"]


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def is_running(pid: int) -> bool:
    """Not one that has ended and that nobody has asked about."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_all_run_beside_each_other() -> None:
    own = crew()
    ended: list[Any] = []
    started = time.monotonic()
    for _ in range(20):
        own.call(lambda say: time.sleep(0.3), ended.append, 5.0)
    own.run()
    assert [one.error for one in ended] == [""] * 20
    assert time.monotonic() - started < 3


def test_more_than_run_at_once_wait_their_turn_and_one_may_bring_another() -> None:
    own = crew()
    ended: list[Any] = []

    def again(one: Any) -> None:
        ended.append(one)
        if len(ended) <= 5:
            own.call(lambda say: say("again"), ended.append, 5.0)

    for number in range(SCRIPT["MAX_CHILDREN"] + 10):
        own.call(lambda say, number=number: say(number), again, 5.0)
    own.run()
    said = [one.said()[0] for one in ended]
    assert said.count("again") == 5
    assert sorted(one for one in said if one != "again") == list(range(SCRIPT["MAX_CHILDREN"] + 10))


def test_what_can_not_be_begun_in_time_says_so() -> None:
    assert call(lambda say: say(1), own=crew(-1.0)).error == "no-time"


def test_a_user_who_may_have_no_more_processes_is_told() -> None:
    pid = os.fork()
    if pid == 0:
        try:
            os.setresuid(65533, 65533, 65533)
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
            ended = call(lambda say: say(1))
            os._exit(0 if ended.error == "EAGAIN" else 1)
        except OSError:
            os._exit(77)
        finally:
            os._exit(2)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 77:
        pytest.skip("only root can become a user who has no more processes")
    assert code == 0


def test_a_command_says_its_status_and_both_its_outputs() -> None:
    ended = command(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (ended.error, ended.status, ended.out, ended.err) == ("", 3, b"out\n", b"err\n")


def test_a_command_gets_a_clean_environment_no_input_and_no_signal_ignored() -> None:
    ended = command(["/bin/sh", "-c", "env | sort; cat; grep SigIgn /proc/self/status"])
    assert ended.out.decode().splitlines() == [
        "HOME=/",
        "LANG=C",
        "LC_ALL=C",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "PWD=/",
        "SigIgn:\t0000000000000000",
    ]


def test_a_command_and_what_it_started_end_together() -> None:
    ended = command(["/bin/sh", "-c", "sleep 61 & echo $!; wait"], 0.3)
    assert ended.error == "timeout"
    time.sleep(0.1)
    assert not is_running(int(ended.out))


def test_a_command_that_closes_its_outputs_and_stays_is_ended() -> None:
    started = time.monotonic()
    ended = command(["/bin/sh", "-c", "exec sleep 60 >&- 2>&-"], 0.3)
    assert ended.error == "timeout"
    assert time.monotonic() - started < 3


def test_a_program_that_is_none_says_why_it_was_not_begun() -> None:
    assert command(["/etc/passwd"]).error in ("EACCES", "EPERM")


def test_a_child_ends_by_itself_where_the_probe_is_killed() -> None:
    def seconds_to_the_alarm(say: Any) -> None:
        import signal

        say(signal.alarm(0))

    assert call(seconds_to_the_alarm, 5.0).said() == [7]


def test_output_beyond_what_is_carried_is_drained_and_said() -> None:
    ended = command(["/bin/sh", "-c", "yes | head -c 20000000"], 5.0)
    assert len(ended.out) == SCRIPT["MAX_OUT_BYTES"]
    assert ended.cut


def test_a_program_may_end_with_any_status() -> None:
    for status in (70, 126, 255):
        ended = command(["/bin/sh", "-c", f"exit {status}"])
        assert (ended.error, ended.status) == ("", status)


def test_what_nobody_foresaw_costs_one_item_and_is_said() -> None:
    own = crew()
    ended: list[Any] = []

    def stumble(one: Any) -> None:
        raise KeyError(one)

    own.call(lambda say: say(1), stumble, 5.0)
    own.call(lambda say: say(2), ended.append, 5.0)
    own.run()
    SCRIPT["attempt"](own, SCRIPT["repository_items"], None)
    assert [one.said() for one in ended] == [[2]]
    assert [trouble.rpartition(".")[2] for trouble in own.troubles] == [
        "stumble: KeyError",
        "repository_items: TypeError",
    ]
