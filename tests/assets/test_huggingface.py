from __future__ import annotations

import json
import time
from typing import Any

import pytest

from envspec.assets.hub_cache import Link, links
from envspec.assets.huggingface import plan
from envspec.assets.interface import Absent, Get, Got, Locate, Planned
from envspec.errors import (
    BrokenBodyError,
    BrokenPageError,
    HashMismatchError,
    HttpStatusError,
    InputError,
    TooLargeError,
)
from envspec.lock.document import Asset, AssetFile, Variable
from envspec.steps.assets import refuse_twins
from tests.assets.models import ModelAnswers, lock_model, lock_models, plan_model
from tests.hub import TOKEN, Blob, Hub, lfs, model, push
from tests.loopback import Answer, truncated

CONFIG = b'{"model_type": "bert"}\n'
POOLING = b'{"word_embedding_dimension": 8}\n'
WEIGHTS = lfs(bytes(range(256)) * 8)
TINY: dict[str, bytes | Blob] = {
    "README.md": b"# tiny\n",
    "config.json": CONFIG,
    "1_Pooling/config.json": POOLING,
    "model.safetensors": WEIGHTS,
    "pytorch_model.bin": lfs(b"the same, pickled"),
    "onnx/model.onnx": lfs(b"the same, as a graph"),
}
INFO = "/api/models/acme/tiny/revision/main"


def tiny() -> Hub:
    return Hub(model("acme/tiny", TINY))


def commit_of(hub: Hub, repo: str = "acme/tiny") -> str:
    return hub.models[repo].refs["main"]


def paths(asset: Asset) -> list[str]:
    return [file.dest.partition("/snapshots/")[2].partition("/")[2] for file in asset.files]


def test_a_repository_is_locked_by_commit_with_every_digest() -> None:
    with tiny() as hub:
        asset = lock_model(hub, repo="acme/tiny", include=["config.json", "*.safetensors"])
        commit = commit_of(hub)
    home = f"https://huggingface.co/acme/tiny/resolve/{commit}"
    assert asset == Asset(
        kind="model",
        provider="huggingface",
        label="huggingface acme/tiny@main",
        version=commit,
        files=(
            AssetFile(
                name="config.json",
                hashes=(
                    ("git-sha1", "dc1fb7b6703fe03317c1a080b523bf475f3d4818"),
                    ("sha256", "665939e0da5aa211ec9832ffe5dcba176d1bbac8a95c899c270ec29082853c51"),
                ),
                dest=f"hf/models--acme--tiny/snapshots/{commit}/config.json",
                url=f"{home}/config.json",
                size=23,
                digest_from="computed",
            ),
            AssetFile(
                name="model.safetensors",
                hashes=(("sha256", WEIGHTS.sha256),),
                dest=f"hf/models--acme--tiny/snapshots/{commit}/model.safetensors",
                url=f"{home}/model.safetensors",
                size=2048,
                digest_from="publisher",
            ),
        ),
        texts=(("hf/models--acme--tiny/refs/main", commit),),
        hosts=("localhost",),
        variables=(
            Variable(
                "HF_HUB_CACHE", "{assets}/hf", ("huggingface acme/tiny@main",), asset.variables[0].source
            ),
            Variable("HF_HUB_OFFLINE", "1", ("huggingface acme/tiny@main",), asset.variables[1].source),
        ),
    )


def test_one_listing_and_one_round_of_small_files_is_all_that_is_asked() -> None:
    with tiny() as hub:
        lock_model(hub, repo="acme/tiny")
        commit = commit_of(hub)
        asked = [(each.method, each.path) for each in hub.api.log]
        large = [(each.path, each.headers["range"]) for each in hub.cdn.log]
    assert asked[0] == ("GET", f"{INFO}?blobs=true")
    files = {path for _, path in asked[1:] if "/resolve/" in path}
    assert files == {f"/acme/tiny/resolve/{commit}/{path}" for path in paths_taken()}
    assert large == [(f"/lfs/{WEIGHTS.sha256}", "bytes=0-0")]


def paths_taken() -> set[str]:
    return {"README.md", "config.json", "1_Pooling/config.json", "model.safetensors"}


def test_the_same_weights_in_other_forms_are_left_out_and_said() -> None:
    with tiny() as hub:
        asset = lock_model(hub, repo="acme/tiny")
    assert set(paths(asset)) == paths_taken()
    assert asset.notes == (
        "left out, 37 bytes, the same weights in another form:"
        " onnx/model.onnx (model.safetensors is taken), pytorch_model.bin (model.safetensors is taken)",
    )


def test_a_branch_is_found_by_its_ref_and_a_pinned_commit_as_main() -> None:
    with tiny() as hub:
        commit = push(hub.models["acme/tiny"], {"config.json": b"{}"}, branch="refs/pr/1")
        by_branch = lock_model(hub, repo="acme/tiny", revision="refs/pr/1")
        by_commit = lock_model(hub, repo="acme/tiny", revision=commit)
    assert by_branch.texts == (("hf/models--acme--tiny/refs/refs/pr/1", commit),)
    assert by_commit.texts == (("hf/models--acme--tiny/refs/main", commit),)
    assert paths(by_branch) == paths(by_commit) == ["config.json"]


def test_one_repository_at_two_commits_that_both_stand_for_main_is_refused() -> None:
    with tiny() as hub:
        old = commit_of(hub)
        new = push(hub.models["acme/tiny"], {"config.json": b"{}"})
        assets = lock_models(hub, {"repo": "acme/tiny"}, {"repo": "acme/tiny", "revision": old}).assets
    assert {asset.version for asset in assets} == {old, new}
    with pytest.raises(InputError) as raised:
        refuse_twins(assets)
    assert "would say different things in hf/models--acme--tiny/refs/main" in raised.value.what


def test_links_into_blobs_are_those_that_the_clients_make() -> None:
    with tiny() as hub:
        asset = lock_model(hub, repo="acme/tiny", include=["1_Pooling/config.json", "model.safetensors"])
        commit = commit_of(hub)
    folder = "hf/models--acme--tiny"
    git_sha1 = Blob(POOLING).git_sha1
    assert links(asset) == (
        Link(
            f"{folder}/snapshots/{commit}/1_Pooling/config.json",
            f"../../../blobs/{git_sha1}",
            f"{folder}/blobs/{git_sha1}",
        ),
        Link(
            f"{folder}/snapshots/{commit}/model.safetensors",
            f"../../blobs/{WEIGHTS.sha256}",
            f"{folder}/blobs/{WEIGHTS.sha256}",
        ),
    )


# Relocking


def test_a_moved_branch_keeps_the_locked_commit_and_fetches_nothing_again() -> None:
    with tiny() as hub:
        first = lock_model(hub, repo="acme/tiny")
        old = commit_of(hub)
        new = push(hub.models["acme/tiny"], {**TINY, "config.json": b"{}"})
        hub.api.log.clear()
        again = lock_model(hub, repo="acme/tiny", earlier=first)
        asked = hub.api.paths
        upgraded = lock_model(hub, repo="acme/tiny")
    assert again == first
    assert asked == [f"/api/models/acme/tiny/revision/{old}?blobs=true"]
    assert upgraded.version == new


def test_a_relock_with_more_files_fetches_only_those() -> None:
    with tiny() as hub:
        first = lock_model(hub, repo="acme/tiny", include=["config.json", "model.safetensors"])
        hub.api.log.clear()
        again = lock_model(hub, repo="acme/tiny", include=["*.json", "model.safetensors"], earlier=first)
        asked = [path.rpartition("/")[2] for path in hub.api.paths if "/resolve/" in path]
    assert paths(again) == ["1_Pooling/config.json", "config.json", "model.safetensors"]
    assert (asked, again.hosts) == (["config.json"], ("localhost",))


def test_a_locked_commit_that_is_gone_is_told_with_the_way_out() -> None:
    with tiny() as hub:
        first = lock_model(hub, repo="acme/tiny")
        del hub.models["acme/tiny"].commits[first.version]
        push(hub.models["acme/tiny"], {"config.json": b"{}"})
        locked = lock_models(hub, {"repo": "acme/tiny"}, earlier=[first])
    [(label, absent)] = locked.absent
    assert label == "huggingface acme/tiny@main"
    assert absent.what == f"acme/tiny has no revision {first.version!r}"
    assert "--upgrade" in absent.fix


# What is asked for and isn't there


def test_a_revision_that_is_not_there_is_an_answer() -> None:
    with tiny() as hub:
        locked = lock_models(hub, {"repo": "acme/tiny", "revision": "v9"})
    assert [absent.what for _, absent in locked.absent] == ["acme/tiny has no revision 'v9'"]


def test_an_unknown_repository_is_no_answer_without_a_token_and_absent_with_one() -> None:
    with tiny() as hub:
        with pytest.raises(HttpStatusError) as raised:
            lock_model(hub, repo="acme/none")
        locked = lock_models(hub, {"repo": "acme/none"}, token=TOKEN)
    assert str(raised.value) == (
        "huggingface acme/none@main: the Hub tells nothing of acme/none: it answered 401\n"
        "  why: there's no such repository, or it's private and the token given may not read it"
        " (the Hub answers both alike)\n"
        "  fix: check the name; for a private repository set HF_TOKEN, or the file that HF_TOKEN_PATH names"
    )
    assert [absent.what for _, absent in locked.absent] == ["the Hub has no repository acme/none"]


def test_a_name_without_its_owner_is_told_where_it_may_be() -> None:
    with tiny() as hub:
        [(_, absent)] = lock_models(hub, {"repo": "all-MiniLM-L6-v2"}, token=TOKEN).absent
    assert absent.fix == (
        "check the name (what sentence-transformers calls all-MiniLM-L6-v2 is"
        " sentence-transformers/all-MiniLM-L6-v2)"
    )


@pytest.mark.parametrize(
    ("include", "what"),
    [
        (["model.safetensor"], "include: model.safetensor: no such file in acme/tiny at COMMIT"),
        (["*.gguf"], "no file of acme/tiny at COMMIT is taken"),
        (["Config.json"], "include: Config.json: no such file in acme/tiny at COMMIT"),
    ],
)
def test_a_pattern_that_takes_nothing_is_the_users_input(include: list[str], what: str) -> None:
    with tiny() as hub:
        with pytest.raises(InputError) as raised:
            lock_model(hub, repo="acme/tiny", include=include)
        wanted = what.replace("COMMIT", commit_of(hub))
    assert raised.value.what == f"huggingface acme/tiny@main: {wanted}"


def test_an_idle_pattern_beside_others_is_a_warning() -> None:
    with tiny() as hub:
        locked = lock_models(hub, {"repo": "acme/tiny", "include": ["config.json", "*.gguf"]})
    assert locked.warnings == ("huggingface acme/tiny@main: include: '*.gguf' matches no file of acme/tiny",)


# Gated and private


def test_a_gated_repository_needs_a_token_for_its_files() -> None:
    with Hub(model("acme/tiny", TINY, gated=True)) as hub:
        with pytest.raises(HttpStatusError) as raised:
            lock_model(hub, repo="acme/tiny")
        with pytest.raises(HttpStatusError) as other:
            lock_model(hub, repo="acme/tiny", token="hf_ofsomebodyelse")
    assert str(raised.value) == (
        "huggingface acme/tiny@main: acme/tiny is gated: the Hub answered 401\n"
        "  why: its files are only for accounts that accepted its terms, and no token was given\n"
        "  fix: accept the terms on the page of acme/tiny at the Hub, then set HF_TOKEN, or the file that"
        " HF_TOKEN_PATH names"
    )
    assert "and the token given is of none" in other.value.why
    assert "hf_ofsomebodyelse" not in str(other.value)


def test_the_token_goes_to_the_hub_and_to_nobody_else_and_is_written_nowhere() -> None:
    with Hub(model("acme/tiny", TINY, gated=True)) as hub:
        asset = lock_model(hub, repo="acme/tiny", token=TOKEN)
        at_api = {each.headers.get("authorization") for each in hub.api.log}
        at_cdn = [each.headers.get("authorization") for each in hub.cdn.log]
    assert at_api == {f"Bearer {TOKEN}"}
    assert at_cdn == [None]
    assert TOKEN not in repr(asset)
    assert "gated: whoever fetches it needs a token of an account that accepted its terms" in asset.notes


def test_a_private_repository_is_locked_with_a_token() -> None:
    with Hub(model("acme/tiny", TINY, private=True)) as hub:
        assert lock_model(hub, repo="acme/tiny", token=TOKEN).version == commit_of(hub)


# The Hub's failures


def test_wrong_bytes_of_the_right_size_are_seen_by_their_git_sha1() -> None:
    with tiny() as hub:
        commit = commit_of(hub)
        changed = CONFIG.replace(b"bert", b"trap")
        hub.api.always(f"/api/resolve-cache/models/acme/tiny/{commit}/config.json", Answer(200, changed))
        with pytest.raises(HashMismatchError) as raised:
            lock_model(hub, repo="acme/tiny")
    assert raised.value.what == (
        f"huggingface acme/tiny@main: acme/tiny: config.json came with 23 bytes, git sha1"
        f" {Blob(changed).git_sha1}; the listing says 23 bytes, {Blob(CONFIG).git_sha1}"
    )


def test_a_body_that_is_cut_every_time_is_no_file() -> None:
    with tiny() as hub:
        commit = commit_of(hub)
        hub.api.always(f"/api/resolve-cache/models/acme/tiny/{commit}/config.json", truncated(CONFIG))
        with pytest.raises(BrokenBodyError, match="the answer broke off"):
            lock_model(hub, repo="acme/tiny")


def test_a_body_that_is_cut_once_is_fetched_again() -> None:
    with tiny() as hub:
        commit = commit_of(hub)
        hub.api.first(f"/api/resolve-cache/models/acme/tiny/{commit}/config.json", truncated(CONFIG))
        assert lock_model(hub, repo="acme/tiny").version == commit


def test_a_listed_file_that_is_not_served_is_no_answer_to_build_on() -> None:
    with tiny() as hub:
        commit = commit_of(hub)
        headers = {"x-error-code": "EntryNotFound", "x-repo-commit": commit}
        hub.api.always(f"/acme/tiny/resolve/{commit}/config.json", Answer(404, b"", headers))
        with pytest.raises(BrokenPageError) as raised:
            lock_model(hub, repo="acme/tiny")
    assert (
        raised.value.what
        == "huggingface acme/tiny@main: acme/tiny: config.json is listed, and then it isn't there"
    )
    assert raised.value.why == f"the Hub answered 404 for commit {commit}"


def test_a_host_that_serves_another_length_than_was_listed_is_seen_before_anything_is_carried() -> None:
    with tiny() as hub:
        answer = Answer(206, b"x", {"content-range": "bytes 0-0/2047"})
        hub.cdn.always(f"/lfs/{WEIGHTS.sha256}", answer)
        with pytest.raises(HashMismatchError) as raised:
            lock_model(hub, repo="acme/tiny")
    assert raised.value.what == (
        "huggingface acme/tiny@main: acme/tiny: localhost serves 2047 bytes as model.safetensors,"
        " the listing says 2048"
    )


def test_a_host_without_ranges_is_no_trouble() -> None:
    with Hub(model("acme/tiny", {"model.safetensors": lfs(b"w" * 100_000)})) as hub:
        hub.cdn.ranges = "ignored"
        asset = lock_model(hub, repo="acme/tiny")
    assert asset.files[0].size == 100_000


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_that_is_busy_is_asked_again_and_then_told_of(status: int) -> None:
    with tiny() as hub:
        busy = Answer(status, headers={"retry-after": "0"})
        hub.api.first(f"{INFO}?blobs=true", busy, times=2)
        assert lock_model(hub, repo="acme/tiny").version == commit_of(hub)
        hub.api.always(INFO, busy)
        with pytest.raises(HttpStatusError) as raised:
            lock_model(hub, repo="acme/tiny")
    assert raised.value.status == status


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<!doctype html><title>Please log in</title>", "begins with '<!doctype html>"),
        (b'{"siblings": []}', "it names no commit, but ''"),
        (b'{"sha": "main", "siblings": []}', "it names no commit, but 'main'"),
        (b'{"sha": "' + b"a" * 40 + b'"}', "it lists no files"),
        (b'{"sha": 1}', "Expected `str | null`"),
        (b'{"sha":"' + b"a" * 40 + b'","siblings":' + b"[" * 100_000, ""),
        (b"", "Input data was truncated"),
    ],
)
def test_a_listing_that_is_none_is_no_answer(body: bytes, why: str) -> None:
    with tiny() as hub:
        hub.api.always(INFO, Answer(200, body))
        with pytest.raises(BrokenPageError) as raised:
            lock_model(hub, repo="acme/tiny")
    assert raised.value.what == "huggingface acme/tiny@main: the listing of acme/tiny can't be read"
    assert why in raised.value.why


@pytest.mark.parametrize(
    "path",
    [
        "../evil",
        "/etc/passwd",
        "a\\b",
        "a//b",
        "./a",
        "a/",
        "a\0b",
        "a\nb",
        "",
        "x" * 256,
        "\ud800",
        "a/../../b",
    ],
)
def test_a_hostile_file_name_is_refused(path: str) -> None:
    listed = {"sha": "a" * 40, "siblings": [{"rfilename": path, "size": 1, "blobId": "b" * 40}]}
    with tiny() as hub:
        hub.api.always(INFO, Answer(200, json.dumps(listed).encode()))
        with pytest.raises(BrokenPageError):
            lock_model(hub, repo="acme/tiny")


def test_an_endless_listing_ends() -> None:
    with tiny() as hub:
        hub.api.always(INFO, Answer(body=b"[" * 65536, endless=True))
        with pytest.raises(TooLargeError):
            lock_model(hub, repo="acme/tiny")


def test_names_that_differ_by_case_are_a_warning() -> None:
    with Hub(model("acme/tiny", {"Config.json": b"{}", "config.json": b"{}\n"})) as hub:
        locked = lock_models(hub, {"repo": "acme/tiny"})
    assert locked.warnings == (
        "huggingface acme/tiny@main: Config.json and config.json differ by case only:"
        " on some disks they are one file",
    )


# A mirror that lists less


def list_names_only(hub: Hub) -> None:
    """From now on the listing has no sizes and no digests."""
    listed = {"sha": commit_of(hub), "siblings": [{"rfilename": path} for path in TINY]}
    hub.api.always(INFO, Answer(200, json.dumps(listed).encode()))


def test_a_mirror_that_gives_no_digests_is_asked_for_the_tree_page_by_page() -> None:
    with Hub(model("acme/tiny", TINY), page_size=2) as hub:
        whole = lock_model(hub, repo="acme/tiny")
        list_names_only(hub)
        hub.api.log.clear()
        by_tree = lock_model(hub, repo="acme/tiny")
        pages = [path for path in hub.api.paths if "/tree/" in path]
    assert by_tree == whole
    assert len(pages) == 4


def test_pages_that_lead_in_a_circle_end() -> None:
    with Hub(model("acme/tiny", TINY), page_size=2) as hub:
        list_names_only(hub)
        tree = f"/api/models/acme/tiny/tree/{commit_of(hub)}"
        link = f'<{hub.endpoint}{tree}?recursive=true&cursor=0>; rel="next"'
        hub.api.always(tree, Answer(200, b"[]", {"link": link}))
        with pytest.raises(BrokenPageError, match="the pages of its tree don't end"):
            lock_model(hub, repo="acme/tiny")


# Shards


def sharded(names: list[str], held: list[str]) -> Hub:
    index = json.dumps({"weight_map": {f"layer.{n}": name for n, name in enumerate(names)}}).encode()
    files: dict[str, bytes | Blob] = {"model.safetensors.index.json": index}
    return Hub(model("acme/tiny", {**files, **{name: lfs(name.encode()) for name in held}}))


SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def test_shards_come_with_their_index() -> None:
    with sharded(SHARDS, SHARDS) as hub:
        locked = lock_models(hub, {"repo": "acme/tiny"})
    assert paths(locked.assets[0]) == [*SHARDS, "model.safetensors.index.json"]
    assert locked.warnings == ()


def test_a_shard_that_is_not_taken_is_a_warning() -> None:
    with sharded(SHARDS, SHARDS) as hub:
        locked = lock_models(hub, {"repo": "acme/tiny", "exclude": ["*2-of-*"]})
    assert locked.warnings == (
        "huggingface acme/tiny@main: model.safetensors is in 2 parts,"
        " of which model-00002-of-00002.safetensors aren't taken",
    )


def test_a_shard_that_is_not_there_is_a_warning_on_every_day() -> None:
    with sharded(SHARDS, SHARDS[:1]) as hub:
        first = lock_models(hub, {"repo": "acme/tiny"})
        again = lock_models(hub, {"repo": "acme/tiny"}, earlier=first.assets)
    assert (
        first.warnings
        == again.warnings
        == (
            "huggingface acme/tiny@main: model.safetensors is in 2 parts,"
            " of which model-00002-of-00002.safetensors aren't there",
        )
    )


def test_a_list_of_shards_without_them_is_a_warning_unless_the_weights_are_in_one_file() -> None:
    with sharded(SHARDS, SHARDS) as hub:
        alone = lock_models(hub, {"repo": "acme/tiny", "include": ["*.json"]})
        other = lock_models(hub, {"repo": "acme/tiny", "include": ["*.json", "model-*"]})
    assert len(alone.warnings) == 1
    assert other.warnings == ()


def test_what_changes_while_the_commit_stays_changes_no_lock() -> None:
    with tiny() as hub:
        first = lock_model(hub, repo="acme/tiny")
        hub.models["acme/tiny"].gated = True
        again = lock_model(hub, repo="acme/tiny", earlier=first)
        upgraded = lock_model(hub, repo="acme/tiny", token=TOKEN)
        kept = lock_model(hub, repo="acme/tiny", earlier=upgraded)
    assert again == first
    assert upgraded.notes != first.notes
    assert kept == upgraded


# Many at once


def test_twenty_models_take_two_rounds_and_not_forty() -> None:
    names = [f"acme/tiny-{number}" for number in range(20)]
    with Hub(*(model(name, TINY) for name in names)) as hub:
        hub.api.delay_s = hub.cdn.delay_s = 0.25
        start = time.monotonic()
        locked = lock_models(hub, *({"repo": name} for name in names))
        elapsed_s = time.monotonic() - start
    assert [asset.label for asset in locked.assets] == sorted(f"huggingface {name}@main" for name in names)
    assert elapsed_s < 20 * 2 * 0.25 / 2


# Recordings


RECORDING = {
    "recorded": "2026-11-22",
    "source": "public files",
    "repositories": {
        "acme/tiny": {
            "revisions": {"main": "c" * 40},
            "files": {
                "c" * 40: [
                    {"path": "config.json", "size": 23, "sha256": "1" * 64, "git-sha1": "2" * 40},
                    {"path": "model.safetensors", "sha256": "3" * 64, "lfs": True},
                    {"path": "README.md", "size": 9},
                ]
            },
        }
    },
}


def recorded(**said: Any) -> Planned | Absent:
    answers = ModelAnswers(texts={"../recordings/hub.json": json.dumps(RECORDING)})
    recording = "../recordings/hub.json"
    return plan_model(plan, answers, provider="huggingface", repo="acme/tiny", recording=recording, **said)


def test_a_recording_is_read_in_place_of_the_hub() -> None:
    outcome = recorded()
    assert isinstance(outcome, Planned)
    rows = [(file.name, file.size, file.digest_from, file.hashes) for file in outcome.asset.files]
    assert rows == [
        ("config.json", 23, "recording", (("git-sha1", "2" * 40), ("sha256", "1" * 64))),
        ("model.safetensors", None, "recording", (("sha256", "3" * 64),)),
    ]
    assert outcome.asset.version == "c" * 40
    assert outcome.warnings == ("not locked, as the recording knows no digest of them: README.md",)


def test_what_a_recording_lacks_is_absent_and_never_asked_for() -> None:
    outcome = recorded(revision="v2")
    assert outcome == Absent(
        "hub.json has no acme/tiny at 'v2'",
        "what a recording lacks is never asked over the network",
        "record it too, or take the key `recording` out to ask the Hub",
    )


def test_the_plan_itself_does_no_io_and_names_the_publishers_urls() -> None:
    commit = "c" * 40
    listed = {
        "id": "acme/tiny",
        "sha": commit,
        "siblings": [
            {"rfilename": "a b.json", "size": len(CONFIG), "blobId": Blob(CONFIG).git_sha1},
            {"rfilename": "w.bin", "size": 5, "blobId": "d" * 40, "lfs": {"sha256": "e" * 64, "size": 5}},
        ],
    }
    home = "https://huggingface.co/acme/tiny/resolve"
    url = "https://huggingface.co/api/models/acme/tiny/revision/main?blobs=true"
    answers = ModelAnswers(
        {
            url: json.dumps(listed).encode(),
            f"{home}/{commit}/a%20b.json": CONFIG,
            f"{home}/{commit}/w.bin": Got(
                206, {"content-range": "bytes 0-0/5"}, b"", "https://cdn.example/x"
            ),
        }
    )
    outcome = plan_model(plan, answers, provider="huggingface", repo="acme/tiny")
    assert isinstance(outcome, Planned)
    assert outcome.asset.hosts == ("cdn.example",)
    assert answers.asked == [
        [Get(url)],
        [
            Get(f"{home}/{commit}/a%20b.json", {}, 4096, lasting=True),
            Locate(f"{home}/{commit}/w.bin"),
        ],
    ]
