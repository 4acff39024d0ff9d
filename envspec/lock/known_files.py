"""What an earlier lock knows of a file that an index of today tells less of.

Indexes differ in what their pages say: JSON pages tell sizes and upload times, HTML pages don't. Bytes of
the same digest are the same file, so what was known of them stays true on any mirror.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from envspec.lock.document import Lock, LockedDistribution

if TYPE_CHECKING:
    from envspec.lock.document import LockedFile


def with_known_files(lock: Lock, earlier: Callable[[], Iterable[LockedDistribution]]) -> Lock:
    """The lock, its gaps filled from an earlier one's distributions, which are asked for only then."""
    files = [item.file for item in lock.distributions]
    if all(file.size is not None and file.upload_time for file in files):
        return lock
    known = {item.file.sha256: item for item in earlier() if item.wheel or item.sdist}
    filled = [_filled(item, known.get(item.file.sha256)) for item in lock.distributions]
    return lock._replace(distributions=tuple(filled))


def _filled(item: LockedDistribution, known: LockedDistribution | None) -> LockedDistribution:
    if known is None or (known.name, known.file.name) != (item.name, item.file.name):
        return item
    file = _file(item.file, known.file)
    return item._replace(
        wheel=file if item.wheel else None,
        sdist=file if item.sdist else None,
        requires_python=item.requires_python or known.requires_python,
    )


def _file(file: LockedFile, known: LockedFile) -> LockedFile:
    is_computed = file.digest_from == "computed"
    return file._replace(
        hashes=tuple(sorted({**dict(known.hashes), **dict(file.hashes)}.items())),
        size=known.size if file.size is None else file.size,
        upload_time=file.upload_time or known.upload_time,
        digest_from=known.digest_from if is_computed else file.digest_from,
    )
