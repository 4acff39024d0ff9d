"""Assets: the plans of all wishes driven at once, while the distributions are still being resolved.

Each plan is a generator that yields rounds of questions (``assets.interface``); one thread drives it, and
the questions of its round are answered at once by threads that all plans share.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from envspec.assets.interface import (
    Absent,
    Context,
    Distribution,
    Fetch,
    Fetched,
    Get,
    Got,
    Locate,
    OwnFile,
    Plan,
    Planned,
    Provider,
    Question,
    ReadDistribution,
    ReadPath,
    Wish,
)
from envspec.assets.registry import provider_of, providers_of
from envspec.errors import BrokenPageError, EnvspecError, InputError, OutsideError
from envspec.index.catalog import Index
from envspec.index.view import ReleaseFile
from envspec.lock.document import Asset
from envspec.named_tuple import NamedTuple
from envspec.spec.request import AssetWish
from envspec.target.host import Target

MAX_PLANS, MAX_QUESTIONS = 32, 32
_TURN = threading.Lock()
"""Plans think one at a time and wait together: thinking is no I/O, and two threads that let msgspec look at
one Struct for the first time crash the interpreter (seen with msgspec 0.22.0)."""
NOT_LOCKED = {"model": "models", "file": "files", "installer": "installers"}
"""Kind of an asset to the table of the spec that wishes it."""


class Pinned(NamedTuple):
    """A distribution that was resolved, and where its file is."""

    version: str
    file: ReleaseFile
    source: Index | None
    """The index that has it; None for a file of the user's own."""


class AssetWorld(Protocol):
    """What answers the questions of plans; each method may be called from several threads at once."""

    def get(self, question: Get) -> Got:
        """The answer to a GET. Raises OutsideError."""
        ...

    def forget(self, question: Get) -> None:
        """Keep no answer to it for another run: a plan couldn't take the one that came."""
        ...

    def locate(self, question: Locate) -> Got:
        """Where redirects end."""
        ...

    def fetch(self, question: Fetch) -> Fetched:
        """The whole file; whoever gets it closes ``file``. Raises OutsideError."""
        ...

    def own_files(self, path: str) -> tuple[OwnFile, ...]:
        """Files of the user's own by digest. Raises InputError."""
        ...

    def own_text(self, path: str) -> str:
        """The text of a file of the user's own. Raises InputError."""
        ...

    def read_distribution(
        self, question: ReadDistribution, version: str, file: ReleaseFile, source: Index | None
    ) -> Distribution:
        """Members of a locked distribution, whose file is at ``source``. Raises OutsideError."""
        ...


class Assets(NamedTuple):
    """What the wishes of one request came to."""

    assets: tuple[Asset, ...]
    """Sorted by kind, then label."""
    warnings: tuple[str, ...]
    not_locked: tuple[tuple[str, str], ...]
    absent: tuple[tuple[str, Absent], ...] = ()
    """(label, why) of what isn't there; then the request can't be locked."""
    remarks: tuple[str, ...] = ()
    """What is true today and so can't stand in a lock."""
    asked_what_moves: bool = False
    """Whether the assets rest on answers that may be others tomorrow."""


class Plans:
    """The plans of one request's wishes, under way. End it with ``finish`` or ``give_up``."""

    def __init__(
        self,
        wishes: Sequence[AssetWish],
        target: Target,
        earlier: Mapping[tuple[str, str], Asset],
        world: AssetWorld,
        cuda: str = "",
    ) -> None:
        self._world = world
        self._cuda = cuda
        self._target = target
        self._earlier = earlier
        self._resolved = threading.Event()
        self._pinned: Mapping[str, Pinned] | None = None
        self._asked_what_moves = False
        known = [(wish, provider_of(wish.kind, wish.provider)) for wish in wishes]
        _refuse_unknown([wish for wish, provider in known if provider is None])
        self._not_locked = tuple(
            (NOT_LOCKED[wish.kind], wish.label) for wish, provider in known if provider is None
        )
        self._questions = ThreadPoolExecutor(MAX_QUESTIONS, "asset-question")
        self._drivers = ThreadPoolExecutor(MAX_PLANS, "asset-plan")
        self._outcomes = [
            (wish, self._drivers.submit(self._drive, wish, provider)) for wish, provider in known if provider
        ]

    def pinned(self, distributions: Mapping[str, Pinned]) -> None:
        """Let the plans that read locked distributions go on."""
        self._pinned = distributions
        self._resolved.set()

    def give_up(self) -> None:
        """End all of it; what's asked at this moment is waited for no longer than its request takes."""
        self._resolved.set()
        for pool in (self._drivers, self._questions):
            pool.shutdown(wait=False, cancel_futures=True)

    def finish(self) -> Assets:
        """Wait for all plans. Raises the first error in the order of the spec, the wish's label before it."""
        try:
            outcomes = [(wish, _outcome(wish, future)) for wish, future in self._outcomes]
        finally:
            self.give_up()
        planned = [(wish, outcome) for wish, outcome in outcomes if isinstance(outcome, Planned)]
        assets = [outcome.asset for _, outcome in planned]
        return Assets(
            assets=tuple(sorted(assets, key=lambda asset: (asset.kind, asset.label))),
            warnings=tuple(line for wish, outcome in planned for line in _warnings(wish, outcome)),
            remarks=tuple(f"{wish.label}: {line}" for wish, outcome in planned for line in outcome.remarks),
            not_locked=self._not_locked,
            absent=tuple((wish.label, out) for wish, out in outcomes if isinstance(out, Absent)),
            asked_what_moves=self._asked_what_moves,
        )

    # One plan

    def _drive(self, wish: AssetWish, provider: Provider) -> Planned | Absent:
        context = Context(self._target, self._earlier.get((wish.kind, wish.label)), self._cuda)
        plan = provider.plan(Wish(wish.kind, wish.provider, wish.label, json.loads(wish.said)), context)
        answers: list[Any] = []
        taken: list[Question] = []
        try:
            with _TURN:
                questions = next(plan)
            while True:
                answers = self._answers(questions)
                taken.extend(questions)
                with _TURN:
                    questions = self._thought(plan, answers, taken)
                _close(answers)
        except StopIteration as end:
            outcome: Planned | Absent = end.value
            return outcome
        finally:
            _close(answers)
            with _TURN:
                plan.close()

    def _thought(self, plan: Plan, answers: Sequence[Any], taken: Sequence[Question]) -> Sequence[Question]:
        """The plan's next questions. What it can't take isn't kept: else the cache would tell it for ever."""
        try:
            return plan.send(answers)
        except OutsideError:
            for question in taken:
                if isinstance(question, Get):
                    self._world.forget(question)
            raise

    def _answers(self, questions: Sequence[Question]) -> list[Any]:
        """All at once; waits in this thread for the pins, lest waiting questions keep others from being
        asked."""
        if any(isinstance(question, ReadDistribution) for question in questions):
            self._resolved.wait()
        if any(_may_move(question) for question in questions):
            self._asked_what_moves = True
        futures = [self._questions.submit(self._answer, question) for question in questions]
        answers = [_settled(future) for future in futures]
        for answer in answers:
            if isinstance(answer, BaseException):
                _close(answers)
                raise answer
        return answers

    def _answer(self, question: Question) -> Any:
        if isinstance(question, Get):
            return self._world.get(question)
        if isinstance(question, Locate):
            return self._world.locate(question)
        if isinstance(question, Fetch):
            return self._world.fetch(question)
        if isinstance(question, ReadDistribution):
            pinned = (self._pinned or {}).get(question.project)
            return pinned and self._world.read_distribution(question, *pinned)
        if isinstance(question, ReadPath):
            return self._world.own_files(question.path)
        return self._world.own_text(question.path)


def _refuse_unknown(wishes: Sequence[AssetWish]) -> None:
    """Raise InputError for a model whose provider is the name of no module."""
    for wish in wishes:
        if wish.kind == "model":
            from difflib import get_close_matches

            known = providers_of(wish.kind)
            near = get_close_matches(wish.provider, known, n=1, cutoff=0.5)
            raise InputError(
                what=f"{wish.label}: no provider is called {wish.provider!r}",
                why=f"there are: {', '.join(known)}",
                fix=f"did you mean {near[0]!r}?" if near else "docs/providers.md says how to add one",
            )


def _may_move(question: Question) -> bool:
    return isinstance(question, (Locate, Fetch)) or (isinstance(question, Get) and not question.lasting)


def _settled(future: Future[Any]) -> Any:
    """Its result, or what it raised as a value."""
    error = future.exception()
    return error if error is not None else future.result()


def _close(answers: Sequence[Any]) -> None:
    for answer in answers:
        if isinstance(answer, Fetched) and answer.file is not None:
            answer.file.close()


def _outcome(wish: AssetWish, future: Future[Planned | Absent]) -> Planned | Absent:
    """What it came to. Raises what its plan raised, with the wish's label before it."""
    try:
        outcome = future.result()
        if isinstance(outcome, Planned):
            _check(outcome.asset)
    except EnvspecError as error:
        error.what = f"{wish.label}: {error.what}"
        raise
    return outcome


def _check(asset: Asset) -> None:
    """Nothing enters a lock that reading the lock would refuse."""
    from envspec.lock.asset_rows import asset_row, read_assets
    from envspec.lock.fields import WrongError

    try:
        list(read_assets({"assets": [asset_row(asset)]}, ""))
    except WrongError as error:
        raise BrokenPageError(
            what=f"what its publisher says can't stand in a lock: {error.place.removeprefix('assets[0].')}",
            why=error.why,
        ) from None


def _warnings(wish: AssetWish, planned: Planned) -> list[str]:
    lines = [f"{wish.label}: {line}" for line in planned.warnings]
    if planned.asset.unconfirmed:
        lines.append(f"{wish.label}: unconfirmed: {planned.asset.unconfirmed}")
    return lines


def refuse_twins(assets: Sequence[Asset]) -> None:
    """Raise InputError where two wishes would lay different bytes at one place."""
    lies: dict[tuple[str, str], tuple[str, object]] = {}
    for asset in assets:
        for path, text in asset.texts:
            label, other = lies.setdefault(("assets", path), (asset.label, text))
            if other != text:
                raise InputError(
                    what=f"{label} and {asset.label} would say different things in {path}",
                    why="a program that names no revision finds one of them only",
                    fix="name one revision, or let the program name one and lock that by its branch",
                )
        for file in asset.files:
            here = (asset.label, (file.sha256, file.member, file.unpack))
            is_taken = (file.root, file.dest) in lies
            label, other = lies.setdefault((file.root, file.dest), here)
            if other != here[1] and not file.unpack:
                raise InputError(
                    what=f"{label} and {asset.label} would lay different files at {file.dest}",
                    why=f"both go below the root {file.root!r}",
                    fix="give one of them another dest, or leave one out",
                )
            if is_taken and asset.kind == "installer":
                raise InputError(
                    what=f"{label} and {asset.label} would install {file.name} twice",
                    why=f"both put it at {file.dest}, below the root {file.root!r}",
                    fix="leave one of them out",
                )
    _refuse_files_as_folders(assets)


def _refuse_files_as_folders(assets: Sequence[Asset]) -> None:
    """Raise InputError where one wish would lay a file where another one's needs a folder."""
    lies = [("assets", path, asset.label) for asset in assets for path, _ in asset.texts]
    lies += [
        (file.root, file.dest, asset.label) for asset in assets for file in asset.files if not file.unpack
    ]
    files = {(root, path): label for root, path, label in lies}
    for root, path, label in lies:
        parts = path.split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        place = next((place for place in above if (root, place) in files), None)
        if place is not None:
            raise InputError(
                what=f"{files[root, place]} would lay a file at {place}, {label} another one below it",
                why=f"both go below the root {root!r}, where nothing is a file and a folder",
                fix="give one of them another dest, or leave one out",
            )


def is_named(label: str, words: Sequence[str]) -> bool:
    """Whether one of ``words`` (``--upgrade-model``) names this asset: its label, or a word of it.

    ``huggingface openai/whisper-tiny@main`` is named by itself, by ``openai/whisper-tiny@main``, and by
    ``openai/whisper-tiny``.
    """
    parts = label.replace(",", " ").split()
    names = {label, *parts, *(part.partition("@")[0] for part in parts)}
    return any(word in names for word in words)
