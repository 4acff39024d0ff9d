"""Project pages of the simple API, in either form, to ProjectPage.

Source: PEP 503 (HTML), 592 (yanked), 629 (versions of the API), 658 and 714 (metadata
files), 691 (JSON), 700 (sizes and upload times).
"""

from __future__ import annotations

import re
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec

from envspec.errors import BrokenPageError
from envspec.index.credentials import without_credentials
from envspec.index.page import FileEntry, ProjectPage, is_readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAX_TAG_CHARS = 64 * 1024
_LOOK = "open the URL in a browser and see who answers"
MAX_FILES = 300_000
"""The largest real projects have a fifth of it; each file costs a kilobyte of memory until it's left out."""


class _Meta(msgspec.Struct, rename="kebab"):
    api_version: str = "1.0"


class _JsonPage(msgspec.Struct):
    files: list[FileEntry]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    name: str = ""


class _LenientJsonPage(msgspec.Struct):
    files: list[msgspec.Raw]
    meta: _Meta = msgspec.field(default_factory=_Meta)
    name: str = ""


def parse_page(body: bytes, content_type: str, base_url: str, project: str) -> ProjectPage:
    """Read the page of ``project`` that came from ``base_url``.

    Its form is what ``content_type`` says; where that says neither JSON nor HTML, what the
    body looks like. Entries that can't be used (broken, or leading elsewhere than http) are
    named in ``skipped``. Raises BrokenPageError.
    """
    return _only_usable(read_page(body, content_type, base_url, project))


def read_page(body: bytes, content_type: str, base_url: str, project: str) -> ProjectPage:
    """As ``parse_page``, with the entries that have a ``problem`` still among the files."""
    where = f"the page of {project} at {without_credentials(base_url)}"
    head = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if "json" in content_type.lower():
        if head == b"<":
            raise BrokenPageError(
                what=f"{where} is HTML, and was sent as {content_type[:80]!r}",
                why="JSON was promised; a login page or a proxy may have answered in place of the index",
                fix=_LOOK,
            )
        return _parse_json(body, where, project)
    if head == b"{":
        return _parse_json(body, where, project)
    if head == b"<" or "html" in content_type.lower():
        return _parse_html(body, content_type, base_url, where, project)
    raise BrokenPageError(
        what=f"{where} can't be read",
        why=f"it came as {content_type[:80] or 'nothing in particular'!r} and is neither JSON nor HTML",
        fix=_LOOK,
    )


def file_url(entry: FileEntry, base_url: str) -> str:
    """Where the file lies; ``base_url`` is where its page came from."""
    if entry.url.startswith(("https://", "http://")):
        return entry.url
    from urllib.parse import urljoin

    return urljoin(base_url, entry.url)


def _parse_json(body: bytes, where: str, project: str) -> ProjectPage:
    try:
        document = _decoder(_JsonPage)(body)
        page = ProjectPage(name=document.name or project, files=document.files)
    except msgspec.ValidationError as error:
        document, page = _parse_leniently(body, where, project, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenPageError(
            what=f"{where} isn't the JSON it should be", why=str(error), fix=_LOOK
        ) from error
    except RecursionError as error:
        raise BrokenPageError(
            what=f"{where} can't be read", why="its JSON is nested too deep", fix=_LOOK
        ) from error
    _check_version(document.meta.api_version, where)
    _check_count(page.files, where)
    return page


def _check_count(files: list[FileEntry], where: str) -> None:
    if len(files) > MAX_FILES:
        raise BrokenPageError(
            what=f"{where} lists more than {MAX_FILES:,} files", why="no project has so many", fix=_LOOK
        )


def _parse_leniently(body: bytes, where: str, project: str, problem: str) -> tuple[Any, ProjectPage]:
    """The page without the entries that are no proper entries."""
    try:
        document = _decoder(_LenientJsonPage)(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenPageError(what=f"{where} isn't a page of a project", why=problem, fix=_LOOK) from error
    entries = [_entry_of_json(raw) for raw in document.files]
    page = ProjectPage(
        name=document.name or project,
        files=[entry for entry in entries if isinstance(entry, FileEntry)],
        skipped=[entry for entry in entries if isinstance(entry, str)],
    )
    return document, page


def _entry_of_json(raw: msgspec.Raw) -> FileEntry | str:
    """The entry, or a line that names it and says why it's none."""
    try:
        entry: FileEntry = _decoder(FileEntry)(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        match = re.search(rb'"filename"\s*:\s*"([^"\\]{1,200})"', bytes(raw)[:4096])
        name = match[1].decode("utf-8", "replace") if match else "an entry without a name"
        return f"{_printable(name)}: {error}"
    return entry


_MAKING = Lock()


@cache
def _decoder(kind: type) -> Callable[[Any], Any]:
    # msgspec readies the fields of a Struct unguarded: a thread that met them half ready would crash us all.
    with _MAKING:
        return msgspec.json.Decoder(kind).decode


def _check_version(version: str, where: str) -> None:
    if version.strip().partition(".")[0] != "1":
        raise BrokenPageError(
            what=f"{where} speaks version {version[:20]!r} of the simple API",
            why="only the versions 1.* are known",
            fix="a newer envspec may read it",
        )


def _only_usable(page: ProjectPage) -> ProjectPage:
    problems = [entry.problem for entry in page.files]
    if not any(problems):
        return page
    pairs = list(zip(page.files, problems, strict=True))
    skipped = [f"{_printable(entry.filename)}: {problem}" for entry, problem in pairs if problem]
    usable = [entry for entry, problem in pairs if not problem]
    return ProjectPage(name=page.name, files=usable, skipped=[*page.skipped, *skipped])


def _printable(name: str) -> str:
    """``name`` as a line of output may hold it, at most 200 characters."""
    return "".join(char if char.isprintable() else "?" for char in name[:200])


_COMMENT_OR_TAG = re.compile(r"<(?:!--|(a|base|meta|form)(?=[\s/>]))", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(r"""([^\s=/>"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")


def _parse_html(body: bytes, content_type: str, base_url: str, where: str, project: str) -> ProjectPage:
    from urllib.parse import urljoin

    base = ""
    files: list[FileEntry] = []
    asks_for_input = False
    for tag, attributes in _tags(_text(body, content_type), where):
        if tag == "a":
            entry = _entry(attributes, base)
            if entry is not None:
                files.append(entry)
                _check_count(files, where)
        elif tag == "base":
            href = attributes.get("href", "")
            if not is_readable(href):
                raise BrokenPageError(
                    what=f"{where} isn't proper HTML",
                    why=f"its base {_printable(href)!r} is no URL",
                    fix=_LOOK,
                )
            base = base or urljoin(base_url, href)
        elif tag == "form":
            asks_for_input = True
        elif attributes.get("name", "").lower() == "pypi:repository-version":
            _check_version(attributes.get("content", ""), where)
    if asks_for_input and not files:
        raise BrokenPageError(
            what=f"{where} lists no file and has a form to fill in",
            why="a login page or a proxy seems to have answered in place of the index",
            fix=_LOOK,
        )
    return ProjectPage(name=project, files=files)


def _text(body: bytes, content_type: str) -> str:
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", content_type, re.IGNORECASE)
    latin = charset is not None and charset[1].lower() in ("iso-8859-1", "latin-1", "windows-1252")
    return body.decode("cp1252" if latin else "utf-8", "replace")


def _tags(text: str, where: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The tags that matter, with their attributes. One pass; no text makes it slow.

    Not html.parser: it takes twice as long, and of some texts quadratic time (CVE-2025-6069).
    """
    position = 0
    while True:
        opening = _COMMENT_OR_TAG.search(text, position)
        if opening is None:
            return
        if opening[1] is None:
            end = text.find("-->", opening.end())
            if end < 0:
                return
            position = end + 3
            continue
        inside = _ATTRIBUTES.match(text, opening.end(), opening.end() + _MAX_TAG_CHARS)
        if inside is None:
            raise BrokenPageError(
                what=f"{where} isn't proper HTML",
                why=f"the tag at character {opening.start()} doesn't end within {_MAX_TAG_CHARS} characters",
                fix=_LOOK,
            )
        position = inside.end()
        yield opening[1].lower(), _attributes(inside[0])


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        value = double or single or bare
        if "&" in value:
            import html

            value = html.unescape(value)
        found.setdefault(name.lower(), value)
    return found


def _entry(attributes: dict[str, str], base: str) -> FileEntry | None:
    """The file that an anchor leads to; None for links to other things."""
    url, _, fragment = attributes.get("href", "").strip().partition("#")
    filename = url.partition("?")[0].rpartition("/")[2]
    if "%" in filename:
        from urllib.parse import unquote

        filename = unquote(filename)
    if not filename.endswith((".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")):
        return None
    if base and is_readable(url):
        from urllib.parse import urljoin

        url = urljoin(base, url)
    yanked = attributes.get("data-yanked")
    return FileEntry(
        filename=filename,
        url=url,
        hashes=_hashes(fragment),
        requires_python=attributes.get("data-requires-python") or None,
        size=_size(attributes.get("data-size", "")),
        upload_time=attributes.get("data-upload-time") or None,
        yanked=False if yanked is None else yanked or True,
        core_metadata=_metadata_attribute(attributes.get("data-core-metadata")),
        dist_info_metadata=_metadata_attribute(attributes.get("data-dist-info-metadata")),
    )


def _hashes(fragment: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in fragment.split("&"))
    return {name: value.lower() for name, _, value in pairs if name in _ALGORITHMS and value}


_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})


def _size(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _metadata_attribute(text: str | None) -> bool | dict[str, str] | None:
    if text is None:
        return None
    return _hashes(text) or text.lower() != "false"
