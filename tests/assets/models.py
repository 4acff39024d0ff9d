"""Wishes of [[models]] as a spec says them, and what answers their plans: values, or a loopback hub."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from envspec.adapters.asset_world import HUB, AssetAnswers, AssetDesk
from envspec.adapters.cache import SqliteStore
from envspec.adapters.web import open_http
from envspec.assets.interface import (
    Absent,
    Context,
    Distribution,
    Got,
    Locate,
    Plan,
    Planned,
    ReadDistribution,
    ReadText,
    Wish,
)
from envspec.lock.document import Asset
from envspec.ports import Silent
from envspec.spec.assets import Model
from envspec.spec.problems import Spot
from envspec.spec.request import AssetWish
from envspec.steps.assets import Assets, Plans
from tests.assets.answered import TARGET, Answers
from tests.hub import Hub


def model_wish(**said: Any) -> Wish:
    """The table of a spec, ``hash_prefix`` for ``hash-prefix``, read as a spec is."""
    table = {name.replace("_", "-"): value for name, value in said.items()}
    spot = Spot(("models", 0), None, [])
    read = Model.read(table, spot)
    assert not spot.problems, spot.problems
    return Wish("model", said["provider"], read.label, json.loads(json.dumps(read.whole())))


class ModelAnswers(Answers):
    """Bodies by URL, distributions and texts by name. Nothing is asked of any world."""

    def __init__(
        self,
        bodies: Mapping[str, bytes | Got] | None = None,
        *,
        distributions: Mapping[str, Distribution] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        given = bodies or {}
        super().__init__({url: body for url, body in given.items() if isinstance(body, bytes)})
        self.got = {url: body for url, body in given.items() if isinstance(body, Got)}
        self.distributions = distributions or {}
        self.texts = texts or {}

    def _answer(self, question: Any) -> Any:
        if isinstance(question, ReadDistribution):
            held = self.distributions.get(question.project)
            asked = (
                {name: data for name, data in held.members.items() if name in question.members}
                if held
                else {}
            )
            return held and held._replace(members=asked)
        if isinstance(question, ReadText):
            return self.texts[question.path]
        if isinstance(question, Locate):
            return self.got[question.url]
        if getattr(question, "url", "") in self.got:
            return self.got[question.url]
        return super()._answer(question)


def plan_model(
    plan: Callable[[Wish, Context], Plan], answers: Answers, earlier: Asset | None = None, **said: Any
) -> Planned | Absent:
    """The plan of one table, driven to its end with answers that stand in the test."""
    return answers.drive(plan(model_wish(**said), Context(TARGET, earlier)))


@contextmanager
def world_of(hub: Hub, *, token: str = "", offline: bool = False, store: Any = None) -> Iterator[AssetDesk]:
    """The real adapters, which ask ``hub`` wherever they'd ask the Hub."""
    http = open_http(lean=True, timeout_s=10, backoff_s=0.01, environ={})
    store = store or SqliteStore(None)
    answers = AssetAnswers(
        http=lambda: http,
        store=store,
        clock=time.time,
        read_members=lambda *_: None,
        progress=Silent(),
        offline=offline,
        mirrors={HUB: hub.endpoint},
        hub_token=lambda: token,
    )
    try:
        yield AssetDesk(answers, "/", store)
    finally:
        answers.close()
        http.close()


def lock_models(
    hub: Hub, *tables: Mapping[str, Any], earlier: Sequence[Asset] = (), token: str = "", **world: Any
) -> Assets:
    """All of these [[models]] locked at once from ``hub``, as ``envspec lock`` does it."""
    wishes = [model_wish(**{"provider": "huggingface", **table}) for table in tables]
    asked = [AssetWish(wish.kind, wish.provider, wish.label, json.dumps(wish.said)) for wish in wishes]
    held = {(asset.kind, asset.label): asset for asset in earlier}
    with world_of(hub, token=token, **world) as desk:
        plans = Plans(asked, TARGET, held, desk)
        plans.pinned({})
        return plans.finish()


def lock_model(hub: Hub, *, earlier: Asset | None = None, token: str = "", **said: Any) -> Asset:
    """The one model that ``said`` asks for."""
    locked = lock_models(hub, said, earlier=[earlier] if earlier else (), token=token)
    assert not locked.absent, locked.absent
    [asset] = locked.assets
    return asset
