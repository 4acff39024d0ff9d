"""From the body of a project page to its record: all the work on a page that needs nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from envspec.index.store import StoredBody

if TYPE_CHECKING:
    from envspec.index.view import ProjectRecord, View

MAX_PAGE_DECODED_BYTES = 256 * 1024 * 1024


class PageReader(Protocol):
    """Reads pages; safe to call from several threads at once."""

    def __call__(self, body: StoredBody, project: str, view: View) -> ProjectRecord:
        """As ``read_record``."""
        ...


def read_record(body: StoredBody, project: str, view: View) -> ProjectRecord:
    """The project as ``view`` sees its page.

    Raises BrokenPageError, BrokenBodyError, TooLargeError.
    """
    from envspec.index.credentials import without_credentials
    from envspec.index.encoding import decode_body_of
    from envspec.index.simple import read_page
    from envspec.index.view import reduce_page

    label = f"the page of {project} at {without_credentials(body.url)}"
    text = decode_body_of(label, body.body, body.encoding, MAX_PAGE_DECODED_BYTES)
    page = read_page(text, body.content_type, body.url, project)
    return reduce_page(page, view, name=project, url=body.url, only_usable=True)
