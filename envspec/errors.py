"""What stops envspec, and what the user can do about it.

::

    EnvspecError                 what, why, fix
    ├── InputError               exit 2: the user's own input
    │   ├── InvalidValueError    one value that can't be read
    │   ├── SeveralProblems      every problem of one file at once
    │   └── UnreadableLockError  an existing lock that can't be read
    └── OutsideError             exit 3: network or disk
        ├── NetworkError
        │   ├── NameResolutionError
        │   ├── ConnectionFailedError   refused, reset, cut in the middle
        │   ├── SilentServerError       nothing came for the time allowed
        │   ├── TlsError                a certificate that can't be trusted
        │   ├── RedirectError           a loop, too many, or to where we don't go
        │   ├── HttpStatusError         401, 403, 429, 5xx, or another unexpected status
        │   ├── TooLargeError           a body beyond its bound
        │   ├── BrokenBodyError         truncated, or its encoding is broken
        │   └── OfflineError            needed, but --offline was said and the cache lacks it
        ├── BrokenPageError      an index page that can't be read
        ├── HashMismatchError    bytes that aren't what their index promised
        ├── BrokenArtifactError  a wheel, sdist or metadata file that can't be read
        ├── BuildFailedError     a source distribution that doesn't build
        │   └── BuildHostError   or that this host can't build: no Python for it, no time left
        └── DiskError            a file that can't be read or written

A conflict, a difference and a failed rule are answers, hence values and not here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class EnvspecError(Exception):
    """Why we can't go on: one line each of what (and where), why, and fix."""

    exit_code = 3

    def __init__(self, *, what: str, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.fix:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """The same three lines under their names, for reports that machines read."""
        return {"what": self.what, "why": self.why, "fix": self.fix}


class InputError(EnvspecError):
    """The user's own input can't be used."""

    exit_code = 2


class InvalidValueError(InputError):
    """One value that can't be read."""


class SeveralProblems(InputError):  # noqa: N818 - it says the situation
    """Every problem of one file, so that it's mended in one go."""

    def __init__(self, problems: Sequence[EnvspecError]) -> None:
        super().__init__(what="\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)

    def to_dict(self) -> dict[str, object]:
        """Each problem's three lines."""
        return {"problems": [problem.to_dict() for problem in self.problems]}


class UnreadableLockError(InputError):
    """An existing lock that can't be read."""


class OutsideError(EnvspecError):
    """The network or the disk said no."""


class NetworkError(OutsideError):
    """A request that brought no usable answer."""


class NameResolutionError(NetworkError):
    """A host name that no resolver knows; says nothing about certificates."""


class ConnectionFailedError(NetworkError):
    """Refused, reset, or cut in the middle."""


class SilentServerError(NetworkError):
    """Nothing came for as long as a request may be silent."""


class TlsError(NetworkError):
    """A certificate that can't be trusted, or no common TLS version."""


class RedirectError(NetworkError):
    """A redirect loop, too many redirects, or one to where we don't go."""


class HttpStatusError(NetworkError):
    """A status that is neither success nor absence."""

    def __init__(
        self,
        *,
        status: int,
        what: str,
        why: str = "",
        fix: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(what=what, why=why, fix=fix)
        self.status = status
        self.headers = dict(headers or {})
        """Names in lower case; what a server says of a refusal."""


class TooLargeError(NetworkError):
    """A body beyond the bound set for it."""


class BrokenBodyError(NetworkError):
    """A body that was truncated, or whose encoding is broken."""


class OfflineError(NetworkError):
    """Needed, but ``--offline`` was said and the cache lacks it."""


class BrokenPageError(OutsideError):
    """An index page that can't be read."""


class HashMismatchError(OutsideError):
    """Bytes that aren't what their index promised."""


class BrokenArtifactError(OutsideError):
    """A wheel, sdist or metadata file that can't be read."""


class BuildFailedError(OutsideError):
    """A source distribution that doesn't build."""


class BuildHostError(BuildFailedError):
    """This host can't build: no Python for it, or no time left. Another host may."""


class DiskError(OutsideError):
    """A file that can't be read or written."""
