"""Opening: a LockRequest becomes the Catalog that it's resolved over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from envspec.index.catalog import Catalog, Index, Policy
from envspec.index.client import IndexClient
from envspec.index.dependencies import Dependencies, Environment
from envspec.index.live import LiveIndex
from envspec.index.requirement import Requirement, parse_requirement
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
    environment = Environment(request.target)
    overrides, dropped = read_overrides(request.overrides, environment)
    return Catalog(
        client=client,
        default=default,
        named=named,
        view=View(request.target, request.exclude_newer, need_hash=offline),
        environment=environment,
        policy=Policy(
            label=request.local_label,
            labelled=frozenset(request.labelled),
            sdists=frozenset(request.sdists),
            said={
                (said.name, said.version): (said.requires_dist, said.requires_python)
                for said in request.metadata
            },
            overrides=overrides,
            dropped=dropped,
        ),
        sdist=sdist,
    )


def read_overrides(
    texts: Sequence[str], environment: Environment
) -> tuple[dict[str, Requirement], frozenset[str]]:
    """The overrides that hold for the target, by project; and the projects of which none does.

    Those are in nobody's way any more: an override replaces what others ask, and where it
    asks for nothing, nothing is asked.
    """
    said = [parse_requirement(text) for text in texts]
    held = {r.name: r for r in said if not r.marker or environment.holds(r.marker, "")}
    return held, frozenset(r.name for r in said if r.name not in held)
