"""The real huggingface_hub, three major lines, against the loopback hub and what envspec locks of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from envspec.errors import HashMismatchError
from tests.assets.environments import environment, offline
from tests.assets.laying import fetched, lay
from tests.assets.models import lock_model, lock_models
from tests.hub import TOKEN, Blob, Hub, lfs, model, push
from tests.loopback import Answer, truncated

pytestmark = [pytest.mark.registry, pytest.mark.slow]

CLIENTS = ("0.36.2", "1.0.1", "2.4.0")
REPO = "acme/tiny-bert"
CONFIG = b'{"model_type": "bert"}\n'
WEIGHTS = bytes(range(256)) * 1200
FILES: dict[str, bytes | Blob] = {
    ".gitattributes": b"*.safetensors filter=lfs\n",
    "README.md": b"# tiny\n",
    "config.json": CONFIG,
    "1_Pooling/config.json": b"{}\n",
    "a name with + and é.txt": b"odd\n",
    "model.safetensors": lfs(WEIGHTS),
    "onnx/model.onnx": lfs(b"the same as a graph"),
}
DOWNLOAD = f"""
import sys
from huggingface_hub import snapshot_download
print(snapshot_download({REPO!r}, revision=sys.argv[1] if sys.argv[1:] else None))
"""


@pytest.fixture(params=CLIENTS)
def python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of an environment with one client."""
    return environment(f"huggingface_hub=={request.param}")


def hub_of(**more: Any) -> Hub:
    return Hub(model(REPO, FILES, **more), page_size=3)


def download(
    python: Path, hub: Hub, cache: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """snapshot_download from the loopback hub, whatever comes of it."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(cache), "HF_HUB_CACHE": str(cache)}
    environ |= {"HF_ENDPOINT": hub.endpoint, "HF_HUB_ETAG_TIMEOUT": "5", **variables}
    command = [str(python), "-c", DOWNLOAD, *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120, check=False)


def tree(cache: Path) -> dict[str, str]:
    """Each link's target and each other file's size below the repository's folder; leftovers aside."""
    folder = cache / "models--acme--tiny-bert"
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else str(path.stat().st_size)
        for path in folder.rglob("*")
        if not path.is_dir() and path.relative_to(folder).parts[0] in ("blobs", "refs", "snapshots")
    }


def test_what_the_client_downloads_is_what_envspec_lays(python: Path, tmp_path: Path) -> None:
    with hub_of() as hub:
        done = download(python, hub, tmp_path / "theirs")
        assert done.returncode == 0, done.stderr
        asset = lock_model(hub, repo=REPO, include=["*"])
        lay(
            asset, {file.dest: fetched(file, hub) for file in asset.files}, tmp_path / "ours", with_links=True
        )
    assert tree(tmp_path / "ours" / "hf") == tree(tmp_path / "theirs")


@pytest.mark.parametrize("with_links", [False, True], ids=["files", "links"])
def test_the_client_opens_offline_what_envspec_lays(python: Path, tmp_path: Path, with_links: bool) -> None:
    with hub_of() as hub:
        asset = lock_model(hub, repo=REPO)
        contents = {file.dest: fetched(file, hub) for file in asset.files}
    lay(asset, contents, tmp_path, with_links=with_links)
    variables = {each.name: each.value.replace("{assets}", str(tmp_path)) for each in asset.variables}
    script = f"""
import json, os
from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError
folder = snapshot_download({REPO!r})
paths = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
found = sorted(os.path.relpath(path, folder) for path in paths)
by_commit = snapshot_download({REPO!r}, revision={asset.version!r})
with open(hf_hub_download({REPO!r}, "config.json"), "rb") as file:
    config = file.read().decode()
try:
    hf_hub_download({REPO!r}, "onnx/model.onnx")
    missing = "found"
except LocalEntryNotFoundError:
    missing = "not there"
print(json.dumps([os.path.basename(folder), by_commit == folder, found, config, missing]))
"""
    told = json.loads(offline(python, script, **variables).splitlines()[-1])
    wanted = sorted(set(FILES) - {"onnx/model.onnx"})
    assert told == [asset.version, True, wanted, CONFIG.decode(), "not there"]


def test_a_moved_branch_is_another_commit_for_the_client_and_the_same_for_the_lock(
    python: Path, tmp_path: Path
) -> None:
    with hub_of() as hub:
        first = lock_model(hub, repo=REPO)
        moved = push(hub.models[REPO], {**FILES, "config.json": b"{}\n"})
        done = download(python, hub, tmp_path / "moved")
        by_lock = download(python, hub, tmp_path / "locked", first.version)
        again = lock_model(hub, repo=REPO, earlier=first)
    assert Path(done.stdout.strip()).name == moved
    assert Path(by_lock.stdout.strip()).name == first.version == again.version


def test_wrong_bytes_of_the_right_size_pass_the_client_and_not_envspec(python: Path, tmp_path: Path) -> None:
    changed = CONFIG.replace(b"bert", b"trap")
    with hub_of() as hub:
        commit = hub.models[REPO].refs["main"]
        path = f"/api/resolve-cache/models/{REPO}/{commit}/config.json"
        headers = {"x-repo-commit": commit, "etag": f'"{Blob(CONFIG).git_sha1}"'}
        hub.api.always(path, Answer(200, changed, headers))
        done = download(python, hub, tmp_path)
        with pytest.raises(HashMismatchError, match=r"config\.json came with 23 bytes"):
            lock_model(hub, repo=REPO)
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()) / "config.json").read_bytes() == changed


def test_a_cut_body_is_finished_by_the_next_try_and_never_taken(python: Path, tmp_path: Path) -> None:
    path = f"/lfs/{lfs(WEIGHTS).sha256}"
    with hub_of() as hub:
        hub.cdn.first(path, truncated(WEIGHTS))
        first = download(python, hub, tmp_path)
        done = first if first.returncode == 0 else download(python, hub, tmp_path)
        hub.api.first(f"/api/models/{REPO}/revision/main?blobs=true", truncated(b"{" * 100))
        asset = lock_model(hub, repo=REPO)
        [weights] = [file for file in asset.files if file.name == "model.safetensors"]
    assert done.returncode == 0, done.stderr
    assert (Path(done.stdout.strip()) / "model.safetensors").read_bytes() == WEIGHTS
    assert weights.sha256 == lfs(WEIGHTS).sha256


def test_gated_and_unknown_repositories_and_revisions_end_alike(python: Path, tmp_path: Path) -> None:
    with hub_of(gated=True) as hub:
        refused = download(python, hub, tmp_path / "a")
        allowed = download(python, hub, tmp_path / "b", HF_TOKEN=TOKEN)
        unknown = download(python, hub, tmp_path / "c", "v9")
        locked = lock_models(hub, {"repo": REPO, "revision": "v9"}, token=TOKEN)
        asset = lock_model(hub, repo=REPO, token=TOKEN)
    assert "GatedRepoError" in refused.stderr
    assert allowed.returncode == 0, allowed.stderr
    assert "RevisionNotFoundError" in unknown.stderr
    assert [absent.what for _, absent in locked.absent] == [f"{REPO} has no revision 'v9'"]
    assert Path(allowed.stdout.strip()).name == asset.version
