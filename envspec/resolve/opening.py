"""Opening: a LockRequest becomes the Catalog that it's resolved over."""

from __future__ import annotations

from collections.abc import Callable

from envspec.index.catalog import Catalog, Index, Policy
from envspec.index.client import IndexClient
from envspec.index.dependencies import Dependencies, Environment
from envspec.index.live import LiveIndex
from envspec.index.requirement import parse_requirement
from envspec.index.view import ReleaseFile, View
from envspec.spec.request import IndexRequest, LockRequest


def open_catalog(
    request: LockRequest,
    client: IndexClient,
    default: LiveIndex,
    open_index: Callable[[IndexRequest], Index],
    sdist: Callable[[ReleaseFile, Index, str, str], Dependencies | str] | None,
    *,
    offline: bool,
) -> Catalog:
    """The catalog of a request: its indexes routed by project name, its policy read."""
    named: dict[str, Index] = {}
    for index_request in request.indexes:
        index = open_index(index_request)
        for project in index_request.packages:
            named[project] = index
    overrides = {r.name: r for r in map(parse_requirement, request.overrides)}
    return Catalog(
        client=client,
        default=default,
        named=named,
        view=View(request.target, request.exclude_newer, need_hash=offline),
        environment=Environment(request.target),
        policy=Policy(
            label=request.local_label,
            labelled=frozenset(request.labelled),
            sdists=frozenset(request.sdists),
            said={
                (said.name, said.version): (said.requires_dist, said.requires_python)
                for said in request.metadata
            },
            overrides=overrides,
        ),
        sdist=sdist,
    )
