"""What a provider of assets is: one wish of the spec in, one Asset of the lock out, and no I/O.

A provider is one module of ``envspec/assets`` (or of ``envspec/assets/installers``) with a ``PROVIDES`` and a
``plan``; see ``registry``. ``plan`` is a generator: each ``yield`` hands over one *round* of questions, all
of which are answered at once, and receives their answers in the same order; ``return`` hands over a
``Planned`` or an ``Absent``. ``steps.assets`` drives all wishes at the same time, while the distributions are
still being resolved. At most two rounds, one after the other, may go over the network (``Get``, ``Locate``,
``Fetch``); the other questions cost none.

    PROVIDES = ("url",)

    def plan(wish: Wish, context: Context) -> Plan:
        (fetched,) = yield [Fetch(wish.said["url"])]
        return Planned(Asset(kind=wish.kind, provider=wish.provider, label=wish.label, files=(...,)))

A plan raises what ``errors`` has: OutsideError (3), InputError (2). The driver puts the wish's label before
``what``, so messages needn't name it. URLs in questions and in the lock are those of the publisher; that a
mirror (``HF_ENDPOINT``, ``--mirror``) is asked in its place is the driver's business, and so are tokens,
caching, ``--offline`` and retries.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, BinaryIO, Protocol

from envspec.lock.document import Asset
from envspec.named_tuple import NamedTuple
from envspec.target.host import Target

MAX_ANSWER_BYTES = 32 * 1024 * 1024


class Wish(NamedTuple):
    """One table of [[models]], [[files]] or [[installers]]."""

    kind: str
    """``model``, ``file`` or ``installer``."""
    provider: str
    """Of a model its ``provider``, of an installer its ``kind``, of a file ``path``."""
    label: str
    said: Mapping[str, Any]
    """Every key of the table by the name that a spec writes (``hash-prefix``), defaults filled in; None or an
    empty list where nothing was said. Checked by ``spec.assets``."""


class Context(NamedTuple):
    """What else a plan may look at."""

    target: Target
    earlier: Asset | None = None
    """What the existing lock holds under this wish's kind and label: keep its ``version`` (the commit), its
    digests of a first fetch. None where there's none, or an upgrade was asked for."""
    cuda: str = ""
    """Of the variant: ``12.1``, ``cpu``; empty where it names none."""


# Questions, and what answers them


class Get(NamedTuple):
    """A document or a small file, by GET. Answered by ``Got``."""

    url: str
    headers: Mapping[str, str] = {}
    max_bytes: int = MAX_ANSWER_BYTES
    """A longer body is an error."""
    lasting: bool = False
    """Whether the answer can never change (its URL holds a commit or a digest): then the cache keeps it."""


class Got(NamedTuple):
    """An answer, its body decoded. 401 and 403 are answers too; other failures are raised by the driver."""

    status: int
    """200..299, 401, 403, 404 or 410."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    url: str
    """Where redirects ended."""


class Locate(NamedTuple):
    """Where redirects of a file end; its bytes stay there. Answered by ``Got`` with an empty body.

    Its ``headers`` have the Content-Range of its first byte (``bytes 0-0/SIZE``); a server that would
    send the whole file in place of a part is answered as status 200 without headers.
    """

    url: str


class Fetch(NamedTuple):
    """A file to download whole, while locking, because nothing else tells its digest. Answered by
    ``Fetched``."""

    url: str
    size: int | None = None
    """As announced elsewhere, for the progress bar."""
    times: int = 1
    """2: fetch it twice and raise where the bytes differ, for a ``trust`` that nothing else confirms."""
    look: bool = False
    """Whether the plan looks into the bytes: then they come even where the cache knows the digest."""


class Fetched(NamedTuple):
    """A file that came whole."""

    size: int
    hashes: Mapping[str, str]
    """``sha256`` and ``md5``, hex."""
    announced: int | None
    """The length that the server announced, None where it didn't."""
    file: BinaryIO | None
    """Its bytes, to look into, until the plan yields or returns; None where the cache knew the digest
    and the question didn't say ``look``."""
    url: str
    """Where redirects ended."""


class ReadDistribution(NamedTuple):
    """Members of the wheel (or sdist) that the lock pins for a project, read without importing anything.

    Answered when the project is pinned, by ``Distribution``, or None where the lock has no such project.
    """

    project: str
    """Normalized."""
    members: tuple[str, ...]
    """Paths inside the wheel, ``easyocr/config.py``; an sdist is searched for them below its own folder and
    ``src``."""
    max_bytes: int = 8 * 1024 * 1024
    """Of one member."""


class Distribution(NamedTuple):
    """What a locked distribution holds."""

    project: str
    version: str
    file_name: str
    members: Mapping[str, bytes]
    """Those of the asked that are there."""
    unread: str = ""
    """Why nobody could look into it, and ``members`` is empty; empty where it was read."""


class ReadPath(NamedTuple):
    """A file of the user's own, or a folder with all it holds. Answered by a tuple of ``OwnFile``."""

    path: str
    """As the spec writes it."""


class OwnFile(NamedTuple):
    """A file of the user's own, by digest."""

    path: str
    """Below the folder, with /; empty where the path named the file itself."""
    size: int
    sha256: str
    mode: str
    """``0644`` or ``0755``: whether its owner may execute it."""


class ReadText(NamedTuple):
    """The text of a small file of the user's own, such as a recording. Answered by ``str``."""

    path: str
    """As the spec writes it."""


Question = Get | Locate | Fetch | ReadDistribution | ReadPath | ReadText

# What a plan comes to


class Planned(NamedTuple):
    """The asset, and what the user should hear and find in the lock."""

    asset: Asset
    warnings: tuple[str, ...] = ()
    """Such as a table of the locked wheel that differs from the recorded one; one line each, without the
    label. They stand in the lock, so they say the same on any day."""
    remarks: tuple[str, ...] = ()
    """What is true today and so can't stand in a lock: that its publisher has changed a file."""


class Absent(NamedTuple):
    """The answer is no (1): no such repository, revision, model, language. Like a conflict, it's a value."""

    what: str
    why: str = ""
    fix: str = ""


Plan = Generator[Sequence[Question], Sequence[Any], Planned | Absent]


class Provider(Protocol):
    """The module of a provider."""

    PROVIDES: tuple[str, ...]
    """The ``provider`` of [[models]], or the ``kind`` of [[installers]], that it plans."""

    def plan(self, wish: Wish, context: Context) -> Plan:
        """The questions of this wish, and the asset that their answers make."""
        ...
