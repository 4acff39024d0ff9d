"""XML of a publisher, read without what XML can be made to harm by: no document type, hence no entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from envspec.errors import BrokenArtifactError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MAX_DEPTH = 20
_CHUNK_BYTES = 64 * 1024


def elements(data: bytes, tag: str, where: str) -> Iterator[Element]:
    """Every element called ``tag``, whatever its namespace; each is emptied when the next is asked for.

    Raises BrokenArtifactError for anything that isn't plain, well-formed XML.
    """
    from xml.etree.ElementTree import ParseError, XMLPullParser

    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data, re.IGNORECASE) or b"\0" in data:
        raise _broken(where, "it has a document type, which plain data needs none of")
    parser: XMLPullParser[Any] = XMLPullParser(("start", "end"))
    opened: list[Element] = []
    try:
        for at in range(0, len(data), _CHUNK_BYTES):
            parser.feed(data[at : at + _CHUNK_BYTES])
            for event, element in cast("Iterator[tuple[str, Element]]", parser.read_events()):
                if event == "start":
                    opened.append(element)
                    if len(opened) > _MAX_DEPTH:
                        raise _broken(where, f"its elements are nested more than {_MAX_DEPTH} deep")
                    continue
                opened.pop()
                if local_name(element) == tag:
                    yield element
                    element.clear()
                if len(opened) == 1:
                    opened[0].clear()  # the root, which would keep every child
        parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise _broken(where, f"it's no XML that can be read: {error}") from error


def local_name(element: Element) -> str:
    """``package`` of ``{http://linux.duke.edu/metadata/common}package``."""
    return element.tag.rpartition("}")[2]


def child(element: Element, name: str) -> Element | None:
    """The first child called ``name``, whatever its namespace."""
    return next((each for each in element if local_name(each) == name), None)


def _broken(where: str, why: str) -> BrokenArtifactError:
    return BrokenArtifactError(what=f"{where} can't be read", why=why)
