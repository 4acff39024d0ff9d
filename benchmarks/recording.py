"""The recording: an index's pages and files on disk, and the addresses they came from.

pages/NAME.json.gz     a project page, rewritten to point at the replay server
files/ORIGIN/PATH      metadata files and whole files; ORIGIN stands for a scheme and host
*.absent               the index answered that there is no such thing
origins.json           ORIGIN to its scheme and host; this is why no recording goes into git
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from pathlib import Path

BASE_URL = "https://127.0.0.1:18443"
"""Where the replay server listens; it stands in every recorded page."""

JSON_TYPE = "application/vnd.pypi.simple.v1+json"

PAGE_PATH = re.compile(r"/simple/([a-z0-9-]+)/")
FILE_PATH = re.compile(r"/files/([0-9a-f]{8})(/[A-Za-z0-9._+!/%-]+)")


class Recording:
    """A folder of recorded answers, by the path they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()

    def where(self, path: str) -> Path | None:
        """The file that answers a path such as ``/simple/idna/``; None for a path of no known form."""
        if page := PAGE_PATH.fullmatch(path):
            return self.folder / "pages" / f"{page[1]}.json.gz"
        file = FILE_PATH.fullmatch(path)
        if file is None or ".." in file[2].split("/"):
            return None
        return self.folder / "files" / file[1] / file[2].lstrip("/")

    def read(self, path: str) -> bytes | None:
        """What was recorded for ``path``; None where nothing was."""
        place = self.where(path)
        try:
            return place.read_bytes() if place else None
        except (FileNotFoundError, IsADirectoryError):
            return None

    def is_absent(self, path: str) -> bool:
        """Whether the index itself said that there is nothing at ``path``."""
        place = self.where(path)
        return place is None or place.with_name(place.name + ".absent").exists()

    def write(self, path: str, body: bytes | None) -> None:
        """Keep ``body`` for ``path``; None says that the index has nothing there."""
        place = self.where(path)
        if place is None:
            return
        if body is None:
            place, body = place.with_name(place.name + ".absent"), b""
        place.parent.mkdir(parents=True, exist_ok=True)
        partial = place.with_name(f"{place.name}.{threading.get_ident()}.part")
        partial.write_bytes(body)
        partial.replace(place)

    def origins(self) -> dict[str, str]:
        """ORIGIN to the scheme and host it stands for."""
        try:
            known: dict[str, str] = json.loads((self.folder / "origins.json").read_text())
        except FileNotFoundError:
            return {}
        return known

    def rewritten(self, page: dict[str, Any], page_url: str) -> bytes:
        """The page with every file at the replay server, and metadata promised for every wheel, gzipped."""
        origins: dict[str, str] = {}
        for file in page["files"]:
            parts = urlsplit(urljoin(page_url, file["url"]))
            host = f"{parts.scheme}://{parts.netloc}"
            origin = hashlib.sha256(host.encode()).hexdigest()[:8]
            origins[origin] = host
            file["url"] = f"{BASE_URL}/files/{origin}{parts.path}"
            if file["filename"].endswith(".whl"):
                file["core-metadata"] = True
        self._remember(origins)
        return gzip.compress(json.dumps(page, separators=(",", ":")).encode(), 6, mtime=0)

    def _remember(self, origins: dict[str, str]) -> None:
        with self._lock:
            known = self.origins()
            if origins.items() <= known.items():
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            partial = self.folder / "origins.json.part"
            partial.write_text(json.dumps(known | origins))
            os.replace(partial, self.folder / "origins.json")
