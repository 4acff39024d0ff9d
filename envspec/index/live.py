"""LiveIndex: an index asked over the network."""

from __future__ import annotations

from envspec.index.credentials import without_credentials
from envspec.named_tuple import NamedTuple


class LiveIndex(NamedTuple):
    """The root of a simple API (PEP 503), and how to trust it."""

    name: str
    """``default``, or the name of its [[index]]."""
    url: str
    """Root of the simple API, no slash at the end; may hold credentials."""
    ca_file: str = ""

    def page_url(self, project: str) -> str:
        """PEP 503: the root, the normalized name, a slash; without credentials."""
        return f"{without_credentials(self.url)}/{project}/"
