"""sha256 of short texts, without loading OpenSSL: that costs every start 2 ms, and pays from about 1 MB on.

CPython brings its own implementation beside OpenSSL's; its random module takes it for the same reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # CPython 3.12 and later
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:  # built without it
            from hashlib import sha256


def short_sha256(data: bytes) -> str:
    """The digest in hex."""
    return sha256(data).hexdigest()
