"""Lays locked files where the lock says, as a bundle will: hashed, members taken out of their archives."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from urllib.request import Request, urlopen

from envspec.assets.hub_cache import links
from envspec.assets.zip_members import find_member, member_parts
from envspec.lock.document import Asset, AssetFile
from tests.hub import Hub

HUB = "https://huggingface.co"


def fetched(file: AssetFile, hub: Hub) -> bytes:
    """The bytes of a locked file from the hub that stands in the Hub's place."""
    with urlopen(Request(file.url.replace(HUB, hub.endpoint, 1))) as answer:
        body: bytes = answer.read()
    assert hashlib.sha256(body).hexdigest() == file.sha256, file.name
    return body


def lay(asset: Asset, contents: dict[str, bytes], assets: Path, *, with_links: bool = False) -> None:
    """``contents`` by ``dest``, written below the root ``assets``; ``with_links`` as Hub clients do it."""
    for folder in asset.folders:
        (assets / folder).mkdir(parents=True, exist_ok=True)
    for path, text in asset.texts:
        _write(assets / path, text.encode())
    for file in asset.files:
        if not with_links:
            _write(assets / file.dest, _content(file, contents[file.dest]))
    for link in links(asset) if with_links else ():
        _write(assets / link.blob, contents[link.path])
        (assets / link.path).parent.mkdir(parents=True, exist_ok=True)
        (assets / link.path).symlink_to(link.target)


def _content(file: AssetFile, data: bytes) -> bytes:
    if file.member is None:
        return data
    archive = io.BytesIO(data)
    info = find_member(archive, file.member.name.rpartition("/")[2])
    content = b"".join(member_parts(archive, info, max_bytes=1 << 30))
    assert hashlib.sha256(content).hexdigest() == dict(file.member.hashes)["sha256"]
    return content


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
