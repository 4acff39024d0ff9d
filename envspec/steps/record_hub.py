"""Record repositories of the Hub: every file at a commit, for ``recording =`` of a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from envspec.assets.hub_recording import HubRecording, RecordedFile, RecordedRepository, write_hub_recording
from envspec.errors import InvalidValueError
from envspec.lock.document import Asset
from envspec.named_tuple import NamedTuple
from envspec.spec.request import AssetWish
from envspec.steps.assets import AssetWorld, Plans
from envspec.target.host import Target

_ANY_HOST = Target(arch="x86_64", glibc=(2, 17), python="3.10.0", python_exact=False)
"""What lies in a repository hangs on no host."""


class Revision(NamedTuple):
    """A repository at a branch, tag or commit."""

    repo: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Revision:
        """Read ``OWNER/NAME``, which means main, or ``OWNER/NAME@REVISION``; raises InvalidValueError."""
        from envspec.spec import values
        from envspec.spec.problems import WrongValueError

        repo, at, name = text.partition("@")
        try:
            return cls(values.Repository.check(repo), values.Revision.check(name) if at else "main")
        except WrongValueError as error:
            raise InvalidValueError(
                what=f"--hub {text[:200]!r} can't be read", why=error.why, fix=error.fix
            ) from None

    def __str__(self) -> str:
        return f"{self.repo}@{self.name}"


@dataclass(frozen=True, slots=True)
class HubRecorded:
    """What the Hub said."""

    commits: dict[Revision, tuple[str, tuple[RecordedFile, ...]]]
    """The commit, and its files sorted by path."""
    absent: tuple[str, ...] = ()
    """One sentence for each repository or revision that isn't there."""


def record_hub(revisions: Sequence[Revision], world: AssetWorld) -> HubRecorded:
    """Ask for each repository whole, all at once. Raises OutsideError."""
    wishes = {str(revision): revision for revision in revisions}
    plans = Plans([_wish(label, revision) for label, revision in wishes.items()], _ANY_HOST, {}, world)
    try:
        plans.pinned({})
        found = plans.finish()
    finally:
        plans.give_up()
    return HubRecorded(
        {wishes[asset.label]: (asset.version, _rows(asset)) for asset in found.assets},
        tuple(f"{label}: {absent.what}" for label, absent in found.absent),
    )


def merge(known: HubRecording | None, recorded: HubRecorded, *, today: str, source: str) -> HubRecording:
    """``known`` with these repositories as they are now; its day stays where nothing changed.

    What was known of other revisions and commits of a repository stays.
    """
    old = known or HubRecording(today, source, {})
    repositories = dict(old.repositories)
    for revision, (commit, files) in recorded.commits.items():
        held = repositories.get(revision.repo, RecordedRepository({}, {}))
        repositories[revision.repo] = RecordedRepository(
            held.revisions if revision.name == commit else {**held.revisions, revision.name: commit},
            {**held.files, commit: list(files)},
        )
    new = HubRecording(old.recorded, old.source, repositories)
    if known is not None and write_hub_recording(new) == write_hub_recording(known):
        return known
    return HubRecording(today, source, repositories)


def _wish(label: str, revision: Revision) -> AssetWish:
    said = {
        "repo": revision.repo,
        "revision": revision.name,
        "include": ["*"],
        "exclude": [],
        "recording": None,
    }
    return AssetWish("model", "huggingface", label, json.dumps(said))


def _rows(asset: Asset) -> tuple[RecordedFile, ...]:
    rows = []
    for file in asset.files:
        hashes = dict(file.hashes)
        git_sha1 = hashes.get("git-sha1", "")
        path = file.dest.partition(f"/snapshots/{asset.version}/")[2]
        rows.append(RecordedFile(path, file.size, git_sha1, hashes["sha256"], lfs=not git_sha1))
    return tuple(sorted(rows, key=lambda row: row.path))
