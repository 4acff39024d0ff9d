"""Locks for tests: whole ones told in a few words, and any at all for hypothesis."""

from __future__ import annotations

import hashlib
import string
from typing import Any

from hypothesis import strategies as st

from envspec.lock.document import (
    ROOTS,
    Asset,
    AssetFile,
    Build,
    BuildRequirement,
    Dependency,
    Lock,
    LockedDistribution,
    LockedFile,
    Member,
    Space,
    Variable,
)


def file(name: str, *, content: str = "", **fields: Any) -> LockedFile:
    """A file whose sha256 follows from its name, or from ``content``."""
    digest = hashlib.sha256((content or name).encode()).hexdigest()
    fields = {"url": f"https://files.example/{name.replace('+', '%2B')}", "size": 1000, **fields}
    return LockedFile(name=name, hashes=(("sha256", digest),), **fields)


def distribution(
    name: str, version: str, *requires: str, tag: str = "py3-none-any", **fields: Any
) -> LockedDistribution:
    """A locked wheel; ``requires`` are names, with ``dep[extra]`` for one that asks an extra."""
    wheel = file(f"{name.replace('-', '_')}-{version}-{tag}.whl")
    edges = tuple(
        Dependency(
            text.partition("[")[0],
            tuple(text.partition("[")[2].removesuffix("]").split(",")) if "[" in text else (),
        )
        for text in requires
    )
    defaults: dict[str, Any] = {
        "wheel": wheel,
        "index_name": "default",
        "index": "https://index.example/simple",
    }
    return LockedDistribution(name=name, version=version, dependencies=edges, **{**defaults, **fields})


def lock(*distributions: LockedDistribution, **fields: Any) -> Lock:
    """A lock for CPython 3.10 on Linux x86_64."""
    defaults: dict[str, Any] = {
        "name": "ocr",
        "variant": "",
        "spec_digest": "5bec",
        "files": "urls",
        "environments": ('python_version == "3.10"',),
        "requires_python": "==3.10.*",
        "target": {"python": "3.10", "arch": "x86_64"},
        "hosts": ("default", "files.example"),
    }
    return Lock(distributions=distributions, **{**defaults, **fields})


def asset_file(dest: str, *, content: str = "", **fields: Any) -> AssetFile:
    """A file of an asset whose sha256 follows from its place, or from ``content``."""
    digest = hashlib.sha256((content or dest).encode()).hexdigest()
    fields = {"url": f"https://hub.example/{dest}", "size": 1000, **fields}
    return AssetFile(name=dest.rpartition("/")[2], hashes=(("sha256", digest),), dest=dest, **fields)


def repository(name: str, commit: str, *files: AssetFile, **fields: Any) -> Asset:
    """A model of a hub at a commit; its files lie below it."""
    return Asset(
        kind="model",
        provider="huggingface",
        label=f"huggingface {name}@main",
        version=commit,
        files=files,
        **fields,
    )


# Any lock at all

texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.from_regex(r"[a-z0-9]{1,5}(-[a-z0-9]{1,3})?", fullmatch=True)
versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}(\+[a-z0-9]{1,5})?", fullmatch=True)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
hashes = st.one_of(
    digests.map(lambda digest: (("sha256", digest),)),
    st.tuples(digests, digests).map(lambda pair: (("blake2b", pair[0]), ("sha256", pair[1]))),
)
moments = st.sampled_from(["", "2024-01-29T18:38:38Z", "1999-12-31T23:59:59.000001Z"])
sizes = st.none() | st.integers(0, 2**63 - 1)
url_tails = st.text(string.ascii_letters + string.digits + "/%._~+-", max_size=12)


@st.composite
def files_named(draw: st.DrawFn, name: str) -> LockedFile:
    portable = draw(st.booleans())
    return LockedFile(
        name=name,
        hashes=draw(hashes),
        url="" if portable else f"https://files.example/{draw(url_tails)}",
        path=f"../wheels/{name}" if portable else "",
        size=draw(sizes),
        upload_time=draw(moments),
        digest_from=draw(st.sampled_from(["index", "recording", "computed"])),
    )


@st.composite
def distributions(draw: st.DrawFn, name: str) -> LockedDistribution:
    version = draw(versions)
    is_wheel = draw(st.booleans())
    stem = f"{name.replace('-', '_')}-{version}"
    chosen = draw(files_named(f"{stem}-py3-none-any.whl" if is_wheel else f"{stem}.tar.gz"))
    edges = draw(st.dictionaries(names, st.lists(names, max_size=2, unique=True), max_size=3))
    return LockedDistribution(
        name=name,
        version=version,
        wheel=chosen if is_wheel else None,
        sdist=None if is_wheel else chosen,
        index_name=draw(texts),
        index=draw(st.sampled_from(["", "https://index.example/simple"])),
        requires_python=draw(texts),
        dependencies=tuple(Dependency(edge, tuple(extras)) for edge, extras in sorted(edges.items())),
        extras=tuple(draw(st.lists(names, max_size=2))),
        notes=tuple(draw(st.lists(texts, max_size=2))),
    )


scalars = texts | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.datetimes()
toml_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tables = st.dictionaries(texts, toml_values, max_size=3)


lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=12)
file_names = st.from_regex(r"[a-zA-Z0-9_+ -]{1,8}\.bin", fullmatch=True)
places = st.lists(st.from_regex(r"[a-z0-9._-]{0,5}[a-z0-9]", fullmatch=True), min_size=1, max_size=3).map(
    "/".join
)
variables = st.builds(
    Variable,
    name=st.from_regex(r"[A-Z_][A-Z0-9_]{0,5}", fullmatch=True),
    value=lines,
    read_by=st.lists(texts, max_size=2).map(tuple),
    source=texts,
)


@st.composite
def asset_files(draw: st.DrawFn) -> AssetFile:
    own = draw(st.booleans())
    member = st.builds(
        Member, name=places, hashes=st.just(()) | digests.map(lambda d: (("md5", d[:32]),)), size=sizes
    )
    return AssetFile(
        name=draw(file_names),
        hashes=draw(hashes),
        dest=draw(places),
        url="" if own else f"https://files.example/{draw(url_tails)}",
        path=draw(places) if own else "",
        size=draw(sizes),
        digest_from=draw(st.sampled_from(["publisher", "index", "recording", "computed"])),
        root=draw(st.sampled_from(ROOTS)),
        mode=draw(st.sampled_from(["0644", "0755"])),
        member=draw(st.none() | member),
        unpack=draw(st.sampled_from(["", "zip", "tar.gz", "tar.xz", "tar.zst"])),
    )


@st.composite
def assets(draw: st.DrawFn) -> Asset:
    space = st.builds(
        Space, st.integers(0, 2**40), st.integers(0, 2**40), source=texts, is_estimated=st.booleans()
    )
    return Asset(
        kind=draw(st.sampled_from(["model", "file", "installer"])),
        provider=draw(st.sampled_from(["huggingface", "torch.hub", "cuda-compat", "path"])),
        label=draw(lines),
        version=draw(st.just("") | lines),
        files=tuple(draw(st.lists(asset_files(), max_size=2, unique_by=lambda file: (file.root, file.dest)))),
        distribution=draw(st.just("") | names),
        texts=tuple(sorted(draw(st.dictionaries(places, texts, max_size=2)).items())),
        folders=tuple(draw(st.lists(places, max_size=2))),
        hosts=tuple(draw(st.lists(st.from_regex(r"[a-z]{1,5}\.example", fullmatch=True), max_size=2))),
        variables=tuple(draw(st.lists(variables, max_size=1))),
        unconfirmed=draw(texts),
        space=draw(st.none() | space),
        commands=tuple(draw(st.lists(st.lists(lines, min_size=1, max_size=3).map(tuple), max_size=2))),
        on_path=tuple(f"{{environment}}/{place}" for place in draw(st.lists(places, max_size=1))),
        when=draw(st.sampled_from(["", "driver-older"])),
        as_root=draw(st.booleans()),
        eula=draw(texts),
        notes=tuple(draw(st.lists(texts, max_size=2))),
    )


def _apart(held: list[Asset]) -> bool:
    """Whether no two files would lie at one place."""
    where = [(file.root, file.dest) for asset in held for file in asset.files]
    return len(set(where)) == len(where)


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    held = sorted(draw(st.sets(names, max_size=4)))
    build_name, build_version = draw(names), draw(versions)
    wheel = draw(files_named(f"{build_name.replace('-', '_')}-{build_version}-py3-none-any.whl"))
    builds = (
        Build(build_name, build_version, (BuildRequirement(build_name, build_version, wheel, "default"),)),
    )
    return Lock(
        name=draw(names),
        variant=draw(st.just("") | names),
        spec_digest=draw(texts),
        files=draw(st.sampled_from(["urls", "portable"])),
        environments=tuple(draw(st.lists(texts, max_size=2))),
        requires_python=draw(texts),
        target=draw(tables),
        requirements=tuple(draw(st.lists(texts, max_size=2))),
        distributions=tuple(draw(distributions(name)) for name in held),
        builds=builds if draw(st.booleans()) else (),
        assets=tuple(
            draw(st.lists(assets(), max_size=2, unique_by=lambda asset: asset.label).filter(_apart))
        ),
        environment=tuple(draw(st.lists(variables, max_size=2, unique_by=lambda each: each.name))),
        contract=draw(tables),
        verdict=draw(tables),
        indexes=tuple((name, f"https://{name}.example/simple") for name in draw(st.lists(names, max_size=2))),
        hosts=tuple(draw(st.lists(texts, max_size=2))),
        not_locked=tuple(draw(st.lists(st.tuples(texts, texts), max_size=2))),
        warnings=tuple(draw(st.lists(texts, max_size=2))),
        extra_tool={f"x-{name}": value for name, value in draw(tables).items()},
    )
