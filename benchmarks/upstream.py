"""The user's own index, asked once for what the recording lacks."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import zipfile
from typing import Any

import httpx

from benchmarks.recording import FILE_PATH, JSON_TYPE, PAGE_PATH, Recording

LARGEST_FILE = 64 << 20
"""Bytes; a larger wheel is never needed to lock, so it is not recorded."""


class UpstreamError(Exception):
    """The user's index could not be asked; nothing was recorded."""


def index_url() -> str:
    """The user's index as pip would choose it: environment, configuration, then what a library ships."""
    if from_environment := os.environ.get("PIP_INDEX_URL"):
        return from_environment.rstrip("/")
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    configured = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    if configured:
        return configured.rstrip("/")
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT.rstrip("/")


class Upstream:
    """Fetches into a recording; safe to use from many threads."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._index = index_url()
        self._http = httpx.Client(follow_redirects=True, timeout=120, limits=httpx.Limits(max_connections=24))

    def fetch(self, path: str) -> None:
        """Record what the index has for a request path of the replay server, or that it has nothing.

        Raises UpstreamError where it gives no clear answer.
        """
        try:
            if page := PAGE_PATH.fullmatch(path):
                self._recording.write(path, self._page(page[1]))
            elif file := FILE_PATH.fullmatch(path):
                host = self._recording.origins().get(file[1])
                self._recording.write(path, self._file(host + file[2]) if host else None)
        except httpx.HTTPError as error:
            raise UpstreamError(f"{path}: {type(error).__name__}") from error

    def _page(self, name: str) -> bytes | None:
        response = self._get(f"{self._index}/{name}/", {"accept": JSON_TYPE})
        return None if response is None else self._recording.rewritten(response.json(), str(response.url))

    def _file(self, url: str) -> bytes | None:
        if url.endswith(".whl.metadata"):
            response = self._get(url)
            return response.content if response else self._metadata_in(url.removesuffix(".metadata"))
        head = self._http.head(url)
        if head.is_success and int(head.headers.get("content-length", 0)) > LARGEST_FILE:
            return None
        response = self._get(url)
        return response.content if response else None

    def _get(self, url: str, headers: dict[str, str] | None = None) -> httpx.Response | None:
        """The answer, or None for 404; tried again where the index is busy."""
        for pause_s in (1, 5, 20, 0):
            response = self._http.get(url, headers=headers)
            if response.status_code == 404:
                return None
            if response.is_success:
                return response
            threading.Event().wait(pause_s)
        raise UpstreamError(f"the index answered {response.status_code}")

    def _metadata_in(self, url: str) -> bytes | None:
        """METADATA read out of the wheel by ranges: an index that serves metadata files would serve this."""
        try:
            with zipfile.ZipFile(io.BufferedReader(_RemoteFile(self._http, url), 1 << 16)) as wheel:
                names = [name for name in wheel.namelist() if name.count("/") == 1]
                found = [name for name in names if name.endswith(".dist-info/METADATA")]
                return wheel.read(found[0]) if found else None
        except (zipfile.BadZipFile, FileNotFoundError):
            return None


class _RemoteFile(io.RawIOBase):
    """A file behind a URL, read by byte ranges."""

    def __init__(self, http: httpx.Client, url: str) -> None:
        self._http, self._url, self._position = http, url, 0
        head = http.head(url)
        if head.status_code == 404:
            raise FileNotFoundError(url)
        self._size = int(head.raise_for_status().headers["content-length"])

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._position + len(view), self._size)
        if end <= self._position:
            return 0
        wanted = {"range": f"bytes={self._position}-{end - 1}"}
        body = self._http.get(self._url, headers=wanted).raise_for_status().content
        if len(body) > len(view):
            body = body[self._position : end]
        view[: len(body)] = body
        self._position += len(body)
        return len(body)
