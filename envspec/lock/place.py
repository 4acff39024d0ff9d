"""Where the locks of a spec lie."""

from __future__ import annotations

from pathlib import Path


def lock_folder(spec: Path) -> Path:
    """``../locks`` where the spec lies in ``specs/``, else the spec's own folder."""
    folder = spec.parent
    if folder.absolute().name != "specs":
        return folder
    return folder.parent / "locks" if folder.name == "specs" else folder / ".." / "locks"
