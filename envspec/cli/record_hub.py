"""``envspec record --hub``: repositories of the Hub in one reviewable file, on behalf of ``record``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from envspec.cli.console import Console

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from envspec.index.catalog import Index
    from envspec.index.view import ReleaseFile
    from envspec.steps.record_hub import HubRecorded, Revision


def run(arguments: argparse.Namespace) -> int:
    """Record; exit 1 where the Hub has no such repository or revision, and then write nothing."""
    import datetime

    from envspec.adapters.files import read_text, write_atomically
    from envspec.assets.hub_recording import read_hub_recording, write_hub_recording
    from envspec.steps.record_hub import Revision, merge

    output: Path | None = arguments.output
    known = None
    if output is not None and output.exists():
        known = read_hub_recording(read_text(output), str(output))
    console = Console(quiet=arguments.quiet, verbose=arguments.verbose)
    recorded = _asked([Revision.parse(text) for text in arguments.hub], arguments, console)
    if recorded.absent:
        _tell_absent(recorded, arguments.format, console)
        return 1
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    text = write_hub_recording(merge(known, recorded, today=today, source=arguments.source))
    if output is None:
        print(text, end="")
        return 0
    changed = write_atomically(output, text.encode())
    if arguments.format == "json":
        _print_summary(recorded, output, changed)
    else:
        for revision, (commit, files) in recorded.commits.items():
            console.say(f"{revision}: commit {commit}, {len(files)} files")
        console.say(f"{output}: {'written' if changed else 'unchanged'}")
    return 0


def _asked(revisions: Sequence[Revision], arguments: argparse.Namespace, console: Console) -> HubRecorded:
    from envspec.adapters.asset_world import HUB, AssetAnswers, AssetDesk
    from envspec.adapters.cache import SqliteStore
    from envspec.adapters.hub_login import hub_endpoint, hub_token
    from envspec.adapters.web import TIMEOUT_S, open_http
    from envspec.cli.wiring import checked_mirror
    from envspec.steps.record_hub import record_hub

    endpoint = hub_endpoint()
    mirrors = {HUB: checked_mirror("HF_ENDPOINT", endpoint)} if endpoint else {}
    http = open_http(timeout_s=arguments.timeout or TIMEOUT_S, lean=False)
    store = SqliteStore(None)
    answers = AssetAnswers(
        http=lambda: http,
        store=store,
        clock=time.time,
        read_members=_no_members,
        progress=console,
        mirrors=mirrors,
        hub_token=hub_token,
    )
    try:
        return record_hub(revisions, AssetDesk(answers, "", store))
    finally:
        http.close()
        answers.close()
        store.close()


def _no_members(
    file: ReleaseFile,  # noqa: ARG001
    index: Index | None,  # noqa: ARG001
    names: Sequence[str],  # noqa: ARG001
    max_bytes: int,  # noqa: ARG001
) -> Mapping[str, bytes] | None:
    """Nothing is locked here, so nothing can be read out of it."""
    return None


def _tell_absent(recorded: HubRecorded, form: str, console: Console) -> None:
    if form == "json":
        import json

        print(json.dumps({"absent": recorded.absent}, indent=2))
        return
    for sentence in recorded.absent:
        console.say(f"envspec: {sentence}")
    console.say("nothing was written; check the names")


def _print_summary(recorded: HubRecorded, output: Path, changed: bool) -> None:
    import json

    repositories = {
        str(revision): {"commit": commit, "files": len(files), "bytes": sum(file.size or 0 for file in files)}
        for revision, (commit, files) in recorded.commits.items()
    }
    print(json.dumps({"path": str(output), "changed": changed, "repositories": repositories}, indent=2))
