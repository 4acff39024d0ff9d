"""A loopback hub for tests: models told as Python values, served as the Hub does, and its ways to fail.

::

    with Hub(model("acme/tiny", {"config.json": b"{}", "model.safetensors": lfs(b"...")})) as hub:
        hub.endpoint                # http://127.0.0.1:PORT, for HF_ENDPOINT
        hub.cdn_host                # localhost, where large files are redirected to
        hub.api.first("/api/models/acme/tiny/revision/main", Answer(503), times=2)
        hub.cdn.always("/lfs/<sha256>", truncated(b"..."))

Source: exchanges that huggingface_hub 0.36.2, 1.0.1 and 2.4.0 made with a server of this kind
(2026-11-22), and what those clients read of an answer. The API and the files' host must be two
origins: from 2.0 on the client follows redirects inside one origin by itself and misses a header then.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from urllib.parse import parse_qs, quote, unquote, urlsplit

from tests.loopback import Answer, Asked, Loopback

TOKEN = "hf_lookslikeatokenbutisnone"


@dataclasses.dataclass(frozen=True)
class Blob:
    """The bytes of one file, and whether the Hub keeps them as LFS."""

    data: bytes
    is_lfs: bool = False

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def git_sha1(self) -> str:
        """Of the file, or of the pointer text that git holds in place of an LFS file."""
        pointer = (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(self.data)}\n"
        )
        return git_sha1(pointer.encode() if self.is_lfs else self.data)

    @property
    def etag(self) -> str:
        """The name of the blob in a cache."""
        return self.sha256 if self.is_lfs else self.git_sha1


def lfs(data: bytes) -> Blob:
    """A file that the Hub keeps as LFS and serves from another host."""
    return Blob(data, is_lfs=True)


def git_sha1(data: bytes) -> str:
    """The name that git gives these bytes."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclasses.dataclass
class Model:
    """One repository: its commits, and what its branches and tags point to."""

    id: str
    commits: dict[str, dict[str, Blob]]
    refs: dict[str, str]
    gated: bool = False
    """Everyone may list it; its files ask for a token that was let in."""
    private: bool = False
    """Nobody without a token learns that it exists."""

    def at(self, revision: str) -> tuple[str, dict[str, Blob]] | None:
        commit = self.refs.get(revision, revision)
        files = self.commits.get(commit)
        return None if files is None else (commit, files)


def model(
    repo: str, files: Mapping[str, bytes | Blob], *, gated: bool = False, private: bool = False
) -> Model:
    """A repository whose ``main`` is one commit of these files."""
    made = Model(repo, {}, {}, gated, private)
    push(made, files)
    return made


def push(to: Model, files: Mapping[str, bytes | Blob], *, branch: str = "main") -> str:
    """Put these files on a branch as its newest commit, whose id comes back."""
    blobs = {path: Blob(data) if isinstance(data, bytes) else data for path, data in files.items()}
    told = "".join(f"{path} {blob.etag}\n" for path, blob in sorted(blobs.items()))
    commit = hashlib.sha1(f"{to.id}\n{told}".encode()).hexdigest()
    to.commits[commit] = blobs
    to.refs[branch] = commit
    return commit


_Query = Mapping[str, list[str]]
_Then = Callable[[tuple[Model, str, dict[str, Blob]]], Answer]


class _Api(Loopback):
    """The Hub's own origin: listings, and where each file is."""

    hub: Hub

    def _site(self, asked: Asked) -> Answer:
        return self.hub.answer(asked)


class _Cdn(Loopback):
    """The origin that serves the bytes of LFS files."""

    hub: Hub

    def _site(self, asked: Asked) -> Answer:
        sha256 = asked.path.removeprefix("/lfs/")
        for files in (files for model in self.hub.models.values() for files in model.commits.values()):
            for blob in files.values():
                if blob.is_lfs and blob.sha256 == sha256:
                    return self._ranged(blob.data, asked)
        return Answer(404, b"no such object")


class Hub:
    """Serves models until closed. ``page_size``: entries of one page of a tree."""

    def __init__(self, *models: Model, page_size: int = 1000) -> None:
        self.models = {model.id: model for model in models}
        self.page_size = page_size
        self.api, self.cdn = _Api(), _Cdn()
        self.api.hub = self.cdn.hub = self

    @property
    def endpoint(self) -> str:
        """For HF_ENDPOINT."""
        return self.api.url

    @property
    def cdn_host(self) -> str:
        """Another origin than the API's."""
        return "localhost"

    @property
    def cdn_url(self) -> str:
        return f"http://{self.cdn_host}:{self.cdn.port}"

    def close(self) -> None:
        self.api.close()
        self.cdn.close()

    def __enter__(self) -> Hub:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- what the API answers

    def answer(self, asked: Asked) -> Answer:
        path = unquote(urlsplit(asked.path).path)
        query = parse_qs(urlsplit(asked.path).query)
        repo = r"([\w.-]+(?:/[\w.-]+)?)"
        if match := re.fullmatch(rf"/api/models/{repo}/tree/([^/]+)", path):
            return self._with(match[1], match[2], asked, lambda found: self._tree(*found, query))
        if match := re.fullmatch(rf"/api/models/{repo}/revision/(.+)", path):
            return self._with(match[1], match[2], asked, lambda found: self._info(*found, query))
        if match := re.fullmatch(rf"/api/models/{repo}", path):
            return self._with(match[1], "main", asked, lambda found: self._info(*found, query))
        if match := re.fullmatch(rf"/api/resolve-cache/models/{repo}/([0-9a-f]{{40}})/(.+)", path):
            cached = match[3]
            return self._with(match[1], match[2], asked, lambda found: self._plain(*found, cached))
        if match := re.fullmatch(rf"/{repo}/resolve/([^/]+)/(.+)", path):
            file = match[3]
            return self._with(match[1], match[2], asked, lambda found: self._resolve(*found, file))
        return _json({"error": "not found"}, 404)

    def _with(self, repo: str, revision: str, asked: Asked, then: _Then) -> Answer:
        known = self.models.get(repo)
        allowed = asked.headers.get("authorization") == f"Bearer {TOKEN}"
        if known is None or (known.private and not allowed):
            return _refusal(404 if allowed else 401, "RepoNotFound", "Repository not found")
        found = known.at(revision)
        if found is None:
            return _refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if known.gated and not allowed and not asked.path.startswith("/api/models/"):
            status = 403 if "authorization" in asked.headers else 401
            return _refusal(status, "GatedRepo", f"Access to model {repo} is restricted")
        return then((known, *found))

    def _info(self, model: Model, commit: str, files: dict[str, Blob], query: _Query) -> Answer:
        with_blobs = query.get("blobs") == ["true"]
        siblings = [
            {"rfilename": path, **(_blob_fields(blob) if with_blobs else {})} for path, blob in files.items()
        ]
        told = {"id": model.id, "modelId": model.id, "sha": commit, "private": model.private}
        told |= {"gated": "auto" if model.gated else False, "disabled": False, "tags": [], "downloads": 0}
        told |= {"lastModified": "2024-01-01T00:00:00.000Z", "createdAt": "2024-01-01T00:00:00.000Z"}
        return _json({**told, "siblings": siblings})

    def _tree(self, model: Model, commit: str, files: dict[str, Blob], query: _Query) -> Answer:
        start = int(query.get("cursor", ["0"])[0])
        entries = list(_tree_entries(files))
        page = entries[start : start + self.page_size]
        answer = _json(page)
        if start + self.page_size < len(entries):
            more = f"{self.endpoint}/api/models/{model.id}/tree/{commit}?recursive=true"
            link = f'<{more}&cursor={start + self.page_size}>; rel="next"'
            answer = dataclasses.replace(answer, headers={**answer.headers, "link": link})
        return answer

    def _resolve(self, model: Model, commit: str, files: dict[str, Blob], path: str) -> Answer:
        blob = files.get(path)
        if blob is None:
            return _refusal(404, "EntryNotFound", "Entry not found", commit)
        headers = {"x-repo-commit": commit, "accept-ranges": "bytes"}
        if not blob.is_lfs:
            to = f"/api/resolve-cache/models/{model.id}/{commit}/{quote(path)}"
            return Answer(307, b"", {**headers, "location": to})
        headers |= {"x-linked-etag": f'"{blob.sha256}"', "x-linked-size": str(len(blob.data))}
        return Answer(302, b"", {**headers, "location": f"{self.cdn_url}/lfs/{blob.sha256}"})

    def _plain(self, model: Model, commit: str, files: dict[str, Blob], path: str) -> Answer:
        blob = files.get(path)
        if blob is None:
            return _refusal(404, "EntryNotFound", "Entry not found", commit)
        headers = {"x-repo-commit": commit, "etag": f'"{blob.etag}"'}
        return Answer(200, blob.data, {**headers, "content-type": "application/octet-stream"})


def _blob_fields(blob: Blob) -> dict[str, object]:
    fields: dict[str, object] = {"size": len(blob.data), "blobId": blob.git_sha1}
    if blob.is_lfs:
        fields["lfs"] = {"sha256": blob.sha256, "size": len(blob.data), "pointerSize": 131}
    return fields


def _tree_entries(files: Mapping[str, Blob]) -> Sequence[dict[str, object]]:
    entries: list[dict[str, object]] = []
    folders = sorted({path.rpartition("/")[0] for path in files if "/" in path})
    entries += [{"type": "directory", "oid": git_sha1(f.encode()), "size": 0, "path": f} for f in folders]
    for path, blob in files.items():
        entry = {"type": "file", "oid": blob.git_sha1, "size": len(blob.data), "path": path}
        if blob.is_lfs:
            entry["lfs"] = {"oid": blob.sha256, "size": len(blob.data), "pointerSize": 131}
        entries.append(entry)
    return entries


def _json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json; charset=utf-8"})


def _refusal(status: int, code: str, message: str, commit: str = "") -> Answer:
    headers = {"x-error-code": code, "x-error-message": message}
    if commit:
        headers["x-repo-commit"] = commit
    answer = _json({"error": message}, status)
    return dataclasses.replace(answer, headers={**answer.headers, **headers})
