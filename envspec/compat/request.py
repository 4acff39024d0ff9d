"""Turns each variant of a spec into the LockRequest that resolving answers.

Source of the index URLs and of the naming cuNNN: PyTorch's installation page, which
names the index of CUDA 11.8 ``https://download.pytorch.org/whl/cu118`` and so on.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from typing import TYPE_CHECKING, Any

from envspec.errors import EnvspecError, InputError, InvalidValueError, SeveralProblems
from envspec.spec.request import AssetWish, IndexRequest, LocalWheel, LockRequest, StaticMetadata
from envspec.target.host import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from envspec.compat.operating_systems import OsRow
    from envspec.spec.assets import Asset, OwnFile
    from envspec.spec.document import IndexTable, Spec, SpecTables, TargetTable

PYTORCH_ROOT = "https://download.pytorch.org/whl"
LABELLED = ("torch", "torchvision", "torchaudio")
"""Projects whose releases bear the CUDA build as their local version."""
PYTORCH_PROJECTS = (*LABELLED, "triton")
"""What the index of a CUDA build is used for."""
_TABLE_OF = {"torch.hub": "torchvision"}
"""Providers whose table is called otherwise."""
_WITHOUT_ORDER = ("requirements", "extra-requirements", "constraints", "sdists")
"""Arrays of ``[python]`` whose order says nothing."""
_DIGEST_FORMAT = 1
"""Raised when equal specs must get other digests."""


def lock_requests(
    spec_text: str,
    where: str,
    folder: str,
    variants: Sequence[str] | None,
    files: str | None,
    file_digest: Callable[[str], str],
    table_digests: Mapping[str, str] | None = None,
) -> tuple[LockRequest, ...]:
    """What to lock: one request for each variant, in the order of the spec.

    ``where`` names the spec in messages, ``folder`` is the absolute one it lies in.
    ``variants`` chooses some by name, ``files`` replaces what ``[lock] files`` says.
    ``file_digest`` tells the sha256 in hex of a file or folder by its absolute path; it's asked for
    recordings, local wheels, and files and weights of the user's own, and raises an EnvspecError where
    there's none. ``table_digests`` are those of our own tables.

    Raises SeveralProblems with every problem of the spec, InputError for an unknown variant.
    """
    from envspec.spec.reader import read_spec

    spec = read_spec(spec_text, where)
    chosen = _chosen(spec, where, variants)
    readings = [_Reading(spec.variants[name], name, where, folder) for name in chosen]
    requests = [reading.request(files) for reading in readings]
    problems = {str(problem): problem for reading in readings for problem in reading.problems}
    if problems:
        raise SeveralProblems(list(problems.values()))
    return tuple(
        request._replace(spec_digest=reading.digest(request, file_digest, table_digests or {}))
        for reading, request in zip(readings, requests, strict=True)
    )


def _chosen(spec: Spec, where: str, wanted: Sequence[str] | None) -> list[str]:
    if wanted is None:
        return list(spec.variants)
    known = [name for name in spec.variants if name]
    for name in wanted:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            raise InputError(
                what=f"{where}: no variant {name[:80]!r}",
                why=f"its variants are {', '.join(known)}" if known else "it has no variants",
                fix=f"--variant {near[0]}" if near else "",
            )
    return [name for name in known if name in wanted]


class _Reading:
    """One variant on its way to a LockRequest, with the problems met."""

    def __init__(self, tables: SpecTables, variant: str, where: str, folder: str) -> None:
        self.tables = tables
        self.variant = variant
        self.where = where
        self.folder = folder
        self.problems: list[EnvspecError] = []
        self.warnings: list[str] = []
        self.label = _local_label(tables.cuda)

    def request(self, files: str | None) -> LockRequest:
        """The request without its digest; what can't be read is among ``problems`` then."""
        tables = self.tables
        python = tables.python
        target = _target(tables.target, self._os_row(), _runtime(tables))
        indexes = self._indexes()
        self._check_labels()
        self._check_gpu()
        requirements, wheels = self._requirements()
        return LockRequest(
            name=tables.name,
            variant=self.variant,
            target=target,
            requirements=requirements,
            constraints=python.constraints,
            overrides=python.overrides,
            local_wheels=wheels,
            exclude_newer=python.exclude_newer or "",
            prereleases=python.prereleases,
            sdists=_unique(python.sdists),
            metadata=tuple(
                StaticMetadata(row.name, row.version, row.requires_dist, row.requires_python or "")
                for row in python.metadata
            ),
            local_label=self.label,
            labelled=LABELLED if self.label else (),
            cuda=tables.cuda or "",
            cudnn=tables.cudnn or "",
            indexes=indexes,
            files=files or tables.lock.files,
            gpu_memory=tables.needs.gpu_memory or "",
            prefix=tables.install.prefix or "",
            scratch=tables.install.scratch or "",
            endpoints=tuple((each.url, each.ca_file or "") for each in tables.target.endpoints),
            assets=_wishes(tables),
            folder=self.folder if tables.models or tables.files or tables.installers else "",
            warnings=tuple(self.warnings),
        )

    def _problem(self, place: str, found: str, why: str, fix: str) -> None:
        self.problems.append(InvalidValueError(what=f"{self.where}: {place}: {found}", why=why, fix=fix))

    def _os_row(self) -> OsRow | None:
        target = self.tables.target
        if target.os is None:
            return None
        from envspec.compat.operating_systems import is_without_glibc, os_row

        try:
            row = os_row(target.os)
        except InvalidValueError as error:
            if target.glibc is None or is_without_glibc(target.os):
                self._problem("target.os", error.what, error.why, error.fix)
            else:
                self.warnings.append(
                    f"target.os: {target.os} is not in the table, so its kernel is unknown; "
                    f"glibc {target.glibc} is what the spec says"
                )
            return None
        if target.glibc is not None and target.glibc != row.glibc:
            self.warnings.append(
                f"target.glibc: {target.glibc} is taken, though {row.name} comes with {row.glibc}"
            )
        return row

    def _indexes(self) -> tuple[IndexRequest, ...]:
        """Those of the spec and the one that ``cuda`` implies; those of other builds are left out."""
        implied = f"pytorch-{self.label}" if self.label else ""
        indexes = [
            self._index(table, implied)
            for table in self.tables.index
            if not (implied and table.name != implied and _names_a_build(table.name))
        ]
        if implied and implied not in [index.name for index in indexes]:
            url = f"{PYTORCH_ROOT}/{self.label}"
            indexes.append(IndexRequest(implied, PYTORCH_PROJECTS, url, implied=True))
        self._refuse_shared_projects(indexes)
        return tuple(indexes)

    def _index(self, table: IndexTable, implied: str) -> IndexRequest:
        is_implied = table.name == implied
        packages = _unique((*PYTORCH_PROJECTS, *table.packages) if is_implied else table.packages)
        url = table.url or ""
        if is_implied and not url and not table.path:
            url = f"{PYTORCH_ROOT}/{self.label}"
        if not url and not table.path:
            self._problem(
                f"[[index]] {table.name!r}",
                "url is missing",
                "only the index that cuda implies, pytorch-cu118 for 11.8, may leave out its URL",
                'for example url = "https://index.example/simple", or path = "wheels/"',
            )
        if not packages:
            self.warnings.append(f"[[index]] {table.name!r} names no packages, so nothing comes from it")
        return IndexRequest(
            name=table.name,
            packages=packages,
            url=url,
            path=self._absolute(table.path),
            recording=self._absolute(table.recording),
            ca_file=self._absolute(table.ca_file),
            implied=is_implied and table.url is None and table.path is None,
        )

    def _refuse_shared_projects(self, indexes: Sequence[IndexRequest]) -> None:
        owners: dict[str, str] = {}
        for index in indexes:
            for project in index.packages:
                owner = owners.setdefault(project, index.name)
                if owner != index.name:
                    self._problem(
                        "index",
                        f"{project} is named by {owner!r} and by {index.name!r}",
                        "a project comes from one index, or one could be taken over from the other",
                        f"take {project} out of one; to read {owner if index.implied else index.name} from "
                        f"elsewhere give it another url or path",
                    )

    def _check_labels(self) -> None:
        """No requirement may ask for another build than ``cuda`` chose."""
        if not self.label:
            return
        python = self.tables.python
        place = f"variants.{self.variant}: " if self.variant else ""
        for key, texts in (
            ("requirements", (*python.requirements, *python.extra_requirements)),
            ("constraints", python.constraints),
            ("overrides", python.overrides),
        ):
            for text in texts:
                other = _other_label(text, self.label)
                if other:
                    self._problem(
                        f"{place}python.{key}",
                        f"{text!r} asks for the build {other}",
                        f'cuda = "{self.tables.cuda}" chooses the builds with +{self.label}',
                        f"drop +{other} there, or change cuda",
                    )

    def _check_gpu(self) -> None:
        """A GPU that no table has can't be judged, but wheels can be locked for it."""
        gpu = self.tables.target.gpu
        if gpu is None:
            return
        from envspec.compat.gpus import gpu_named, near

        if gpu_named(gpu.name) is None:
            known = near(gpu.name)
            nearest = f"; nearest are {', '.join(known)}" if known else ""
            self.warnings.append(
                f"target.gpu: {gpu.name!r} is in no table, so whether the builds carry code for it isn't"
                f" known{nearest}"
            )

    def _requirements(self) -> tuple[tuple[str, ...], tuple[LocalWheel, ...]]:
        from envspec.spec.assets import WheelModel
        from envspec.spec.requirement import is_local, is_plain, read_requirement

        requirements, wheels = [], []
        python = self.tables.python
        models = [model.requirement for model in self.tables.models if isinstance(model, WheelModel)]
        for text in (*python.requirements, *python.extra_requirements, *models):
            requirement = None if is_plain(text) else read_requirement(text)
            if requirement is not None and requirement.url is not None and is_local(requirement):
                wheels.append(LocalWheel(text, self._absolute(requirement.url), requirement.url))
            else:
                requirements.append(text)
        return tuple(requirements), tuple(wheels)

    def _absolute(self, path: str | None) -> str:
        return posixpath.normpath(posixpath.join(self.folder, path)) if path else ""

    def digest(
        self, request: LockRequest, file_digest: Callable[[str], str], table_digests: Mapping[str, str]
    ) -> str:
        """sha256 of all that the spec says of ``request``, and of the bytes it reads, in canonical JSON.

        What has no order, such as requirements, is sorted; of overrides of one project the last one counts.
        """
        kept = {index.name for index in request.indexes}
        tables = self.tables.said()
        indexes = sorted(tables.get("index", ()), key=lambda entry: entry["name"])
        tables["index"] = [
            {**_without_credentials(_with_sorted(entry, "packages")), "recording": None}
            for entry in indexes
            if entry["name"] in kept
        ]
        if "python" in tables:
            tables["python"] = _with_sorted(tables["python"], *_WITHOUT_ORDER)
        tables["lock"] = request.files
        content = {
            "format": _DIGEST_FORMAT,
            "variant": self.variant,
            "spec": tables,
            "recordings": {
                index.name: file_digest(index.recording) for index in request.indexes if index.recording
            },
            "wheels": {wheel.requirement: file_digest(wheel.path) for wheel in request.local_wheels},
            "own": {path: file_digest(self._absolute(path)) for path in _own_paths(self.tables)},
            "tables": {name: of for name, of in table_digests.items() if _is_used(name, request)},
            "warnings": request.warnings,
            "os": [request.target.os, request.target.glibc, request.target.kernel],
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def _local_label(cuda: str | None) -> str:
    if cuda is None or cuda == "cpu":
        return cuda or ""
    return "cu" + cuda.replace(".", "")


def _names_a_build(index_name: str) -> bool:
    label = index_name.removeprefix("pytorch-")
    is_cuda = label.startswith("cu") and label[2:].isdigit()
    return label != index_name and (is_cuda or label == "cpu")


def _other_label(text: str, label: str) -> str:
    from envspec.spec.document import project_of

    if "+" not in text or project_of(text) not in LABELLED:
        return ""
    from packaging.version import InvalidVersion, Version

    from envspec.spec.requirement import read_requirement

    for specifier in read_requirement(text).specifier:
        if specifier.operator in ("==", "==="):
            try:
                local = Version(specifier.version).local
            except InvalidVersion:
                continue
            if local and local != label:
                return local
    return ""


def _target(table: TargetTable, row: OsRow | None, brought: str) -> Target:
    glibc = table.glibc or (row.glibc if row else "0.0")
    major, minor = glibc.split(".")
    python_exact = table.python.count(".") == 2
    return Target(
        arch=table.arch,
        glibc=(int(major), int(minor)),
        python=table.python if python_exact else brought or f"{table.python}.0",
        python_exact=python_exact,
        os=table.os or "",
        kernel=row.kernel if row else "",
        gpu=table.gpu.name if table.gpu else "",
        gpu_count=table.gpu.count if table.gpu else 0,
        driver=table.driver or "",
        network=table.network or "",
        disk=tuple(
            (
                mount,
                tuple((key, amount) for key, amount in (("size", disk.size), ("free", disk.free)) if amount),
            )
            for mount, disk in sorted(table.disk.items())
        ),
    )


def _runtime(tables: SpecTables) -> str:
    """The full version of a Python of the target's minor version that the lock brings; empty where none."""
    rows = [installer.whole() for installer in tables.installers]
    brought: list[str] = [row["version"] for row in rows if row["kind"] == "python"]
    return next((v for v in brought if v.count(".") == 2 and v.startswith(f"{tables.target.python}.")), "")


def _wishes(tables: SpecTables) -> tuple[AssetWish, ...]:
    rows: list[tuple[str, str, Asset | OwnFile]] = [
        *(("model", model.whole()["provider"], model) for model in tables.models),
        *(("file", "path", file) for file in tables.files),
        *(("installer", installer.whole()["kind"], installer) for installer in tables.installers),
    ]
    return tuple(
        AssetWish(kind, provider, row.label, json.dumps(row.whole(), sort_keys=True, ensure_ascii=True))
        for kind, provider, row in rows
    )


def _is_used(table: str, request: LockRequest) -> bool:
    """Whether assets of ``request`` are planned from the table at this place in the package.

    What the other tables make of a lock, contract, verdict and environment, can be made anew to see whether
    it's still the same; the plans of assets would ask the network.
    """
    folder, _, name = table.rpartition("/")
    if folder == "compat/data":
        return name == "installers.json" and any(wish.kind == "installer" for wish in request.assets)
    providers = {_TABLE_OF.get(wish.provider, wish.provider) for wish in request.assets}
    return name.partition(".")[0].replace("_", "-") in providers


def _own_paths(tables: SpecTables) -> Iterator[str]:
    """What assets read of the user's own disk: files, folders, recordings; as the spec writes it."""
    for table in (*tables.models, *tables.files, *tables.installers):
        for attribute in ("path", "recording"):
            path = getattr(table, attribute, None)
            if path:
                yield path


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _with_sorted(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {**table, **{key: sorted(table[key]) for key in keys if key in table}}


def _without_credentials(entry: dict[str, Any]) -> dict[str, Any]:
    url = entry.get("url", "")
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return {**entry, "url": f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}"} if url else entry
