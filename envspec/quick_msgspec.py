"""msgspec, loaded without typing_extensions, which costs as much again for names that typing has."""

from __future__ import annotations

import sys
import threading


def load_msgspec() -> None:
    """Import msgspec. Before a fork, so that both processes have it at the price of one; before threads,
    since where others run it's loaded as usual, and where an older typing lacks those names.
    """
    is_alone = threading.active_count() == 1 and sys.version_info >= (3, 11)
    hides = is_alone and "msgspec" not in sys.modules and "typing_extensions" not in sys.modules
    if hides:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # as documented: it can't be imported
    try:
        import msgspec  # noqa: F401
    finally:
        if hides:
            del sys.modules["typing_extensions"]
