"""Both doors to the network, for tests that must hold for either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Protocol

import pytest

from envspec.adapters.web import open_http
from envspec.ports import Http


class Open(Protocol):
    """Opens an Http that's closed with its test, with the environment given and no other."""

    def __call__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        timeout_s: float = 10.0,
        login_urls: tuple[str, ...] = (),
    ) -> Http: ...


def opener(stack: ExitStack, *, lean: bool) -> Open:
    def open_one(
        environ: Mapping[str, str] | None = None, *, timeout_s: float = 10.0, login_urls: tuple[str, ...] = ()
    ) -> Http:
        http = open_http(
            timeout_s=timeout_s,
            lean=lean,
            login_urls=login_urls,
            backoff_s=0.001,
            environ={"HOME": "/nonexistent", "SSL_CERT_DIR": "/nonexistent", **(environ or {})},
        )
        stack.callback(http.close)
        return http

    return open_one


@pytest.fixture(params=["lean", "httpx"])
def web(request: pytest.FixtureRequest) -> Iterator[Open]:
    with ExitStack() as stack:
        yield opener(stack, lean=request.param == "lean")
