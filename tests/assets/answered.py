"""Drives a plan with answers that stand in the test."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import Any

from envspec.assets.interface import (
    Absent,
    Context,
    Fetch,
    Fetched,
    Get,
    Got,
    OwnFile,
    Plan,
    Planned,
    Question,
    ReadPath,
    Wish,
)
from envspec.target.host import Target

TARGET = Target(arch="x86_64", glibc=(2, 28), python="3.10.0", os="rhel-8.9")


class Answers:
    """Bodies by URL, files of the user's own by path; ``asked`` are the rounds as they came."""

    def __init__(self, bodies: Mapping[str, bytes] = {}, own: Mapping[str, tuple[OwnFile, ...]] = {}) -> None:
        self.bodies = bodies
        self.own = own
        self.announces_length = True
        self.asked: list[list[Question]] = []

    def drive(self, plan: Plan) -> Planned | Absent:
        answers: list[Any] | None = None
        while True:
            try:
                questions = plan.send(answers)  # type: ignore[arg-type]
            except StopIteration as stop:
                done: Planned | Absent = stop.value
                return done
            self.asked.append(list(questions))
            answers = [self._answer(question) for question in questions]

    def _answer(self, question: Question) -> Any:
        if isinstance(question, Get):
            found = self.bodies.get(question.url)
            return Got(404 if found is None else 200, {}, found or b"", question.url)
        if isinstance(question, ReadPath):
            return self.own[question.path]
        assert isinstance(question, Fetch)
        body = self.bodies[question.url]
        digests = {"sha256": hashlib.sha256(body).hexdigest(), "md5": hashlib.md5(body).hexdigest()}
        announced = len(body) if self.announces_length else None
        return Fetched(len(body), digests, announced, io.BytesIO(body), question.url)


def planned(
    plan: Callable[[Wish, Context], Plan],
    kind: str,
    said: Mapping[str, Any],
    answers: Answers | None = None,
    context: Context | None = None,
) -> Planned:
    """The plan of one table of [[installers]], driven to its end."""
    full = {"url": None, "sha256": None, "trust": None, **said}
    wish = Wish("installer", kind, f"{kind} {said.get('version', said.get('dest'))}", full)
    found = (answers or Answers()).drive(plan(wish, context or Context(TARGET)))
    assert isinstance(found, Planned)
    return found
