"""Where the locks of a spec lie."""

from __future__ import annotations

import posixpath


def lock_folder(spec: str) -> str:
    """``../locks`` where the spec lies in ``specs/``, else the spec's own folder."""
    folder = posixpath.dirname(spec)
    if posixpath.basename(posixpath.abspath(folder)) != "specs":
        return folder or "."
    return posixpath.normpath(posixpath.join(folder, "..", "locks")) if folder else "../locks"
