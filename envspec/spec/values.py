"""Values of a spec: what each kind must look like, and what to write instead.

Each kind is ``str`` with a check that gives back the text in its one form.
Source: PEP 751 for names without a dot.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from envspec.spec.kinds import MAX_TEXT_LENGTH, Checked, Text
from envspec.spec.problems import WrongValueError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

NAME_PATTERN = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
"""Of specs and variants, which name files: PEP 751 allows no dot."""

_UNIT_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}


def _name(text: str) -> str:
    if re.fullmatch(NAME_PATTERN, text) is None:
        suggestion = re.sub(r"[^a-z0-9]+", "-", text.lower()[:64]).strip("-")
        raise WrongValueError(
            "a name is made of a-z, 0-9 and - between them, at most 64, since it names the lock's file",
            f'for example "{suggestion}"' if suggestion else "",
        )
    return text


def _index_name(text: str) -> str:
    if _name(text) == "default":
        raise WrongValueError(
            "default is the index of everything that no [[index]] names", "give this index another name"
        )
    return text


def _os_name(text: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_.]*(-[a-z0-9][a-z0-9_.]*)+", text) is None:
        raise WrongValueError(
            "it must be ID and VERSION_ID of /etc/os-release with - between them",
            'for example os = "rhel-8.9"',
        )
    return text


def _glibc(text: str) -> str:
    if re.fullmatch(r"2\.[0-9]{1,2}", text) is None:
        raise WrongValueError(
            "it must be two whole numbers with a dot between them, such as 2.28",
            "the host tells it: ldd --version",
        )
    return text


def _python(text: str) -> str:
    match = re.fullmatch(r"3\.([0-9]{1,2})(\.[0-9]{1,3})?", text)
    if match is None:
        raise WrongValueError(
            "it must be a minor version such as 3.10, or a full one such as 3.10.14", 'python = "3.10"'
        )
    if not 8 <= int(match[1]) <= 14:
        raise WrongValueError("CPython 3.8 to 3.14 can be locked for", 'for example python = "3.10"')
    return text


def _driver(text: str) -> str:
    match = re.fullmatch(r"(?:>=\s*)?([0-9]{2,4}(?:\.[0-9]{1,4}){0,2})", text)
    if match is None:
        raise WrongValueError(
            "it must be the oldest driver that the site promised, such as >=515 or 515.65.01",
            "the host tells it: nvidia-smi --query-gpu=driver_version --format=csv",
        )
    return f">={match[1]}"


def size_bytes(text: str) -> int:
    """Bytes of ``39 GiB``, ``2.0T`` (as ``df -h`` prints, so 1024 to the power) or ``500 GB`` (1000).

    Raises WrongValueError where the text is none of these.
    """
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)\s*(?:B|([KMGTP])(B|iB)?)", text)
    if match is None:
        raise WrongValueError(
            "it must be a number with its unit", 'for example "39 GiB", or "39G" as df -h prints it'
        )
    base = 1000 if match[3] == "B" else 1024
    return int(Decimal(match[1]) * base ** _UNIT_POWERS[match[2] or ""])


def _size(text: str) -> str:
    if size_bytes(text) <= 0:
        raise WrongValueError("it must be more than nothing")
    return text


_PERMISSIONS = frozenset(
    {
        *("access_token", "api_key", "apikey", "auth", "password", "sig", "signature", "token"),
        *("awsaccesskeyid", "x-amz-credential", "x-amz-security-token", "x-amz-signature"),
        *("key-pair-id", "x-goog-credential", "x-goog-signature"),
    }
)
"""Names in a query whose values let one in: what hosts call them, S3's, CloudFront's and Google's."""


def _split_url(text: str) -> SplitResult:
    if len(text) > MAX_TEXT_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        raise WrongValueError("a URL is printable ASCII without blanks", "percent-encode what isn't")
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise WrongValueError(str(error)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or "\\" in text:
        raise WrongValueError(
            "it must be a URL of http or https with a host", "for example https://host.example/path"
        )
    return parts


def check_url(text: str) -> str:
    """``text`` if it's a URL of http or https without credentials."""
    parts = _split_url(text)
    if "@" in parts.netloc:
        raise WrongValueError(
            "it holds credentials, and a spec is a file that people share",
            "take them out and put them into ~/.netrc",
        )
    for part in parts.query.split("&"):
        if part.partition("=")[0].lower() in _PERMISSIONS:
            raise WrongValueError(
                "it holds somebody's permission in its query, and a spec is a file that people share",
                "take the URL without it; a signed link lives for hours, a lock for years",
            )
    return text


def _index_url(text: str) -> str:
    parts = _split_url(text)
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise WrongValueError("an index's URL has no ? and no #", "for example https://index.example/simple")
    return text.rstrip("/")


def _path(text: str) -> str:
    if "\\" in text:
        raise WrongValueError("a path is written with /")
    return text


def _own_path(text: str) -> str:
    if text.startswith("/"):
        raise WrongValueError(
            "it must be relative to the spec: an absolute path would stand in the lock",
            'for example "weights/best.pt", or "../weights/best.pt"',
        )
    return _path(text)


def _absolute_path(text: str) -> str:
    parts = text.split("/")
    if not text.startswith("/") or "\\" in text or "." in parts or ".." in parts:
        raise WrongValueError(
            "it must be an absolute path on the target, without . or ..", 'for example "/data/envs"'
        )
    return "/" + "/".join(part for part in parts if part)


def _destination(text: str) -> str:
    parts = text.split("/")
    if text.startswith("/") or "\\" in text or "." in parts or ".." in parts or not any(parts):
        raise WrongValueError(
            "it must be a path inside the environment: relative, without . or ..",
            'for example "models/best.pt"',
        )
    return text


def _cuda(text: str) -> str:
    if text == "cpu":
        return text
    if re.fullmatch(r"(9|1[0-9]|2[0-9])\.[0-9]", text) is None:
        label = re.fullmatch(r"cu(9|[12]\d)(\d)", text)
        longer = re.fullmatch(r"(\d{1,2}\.\d)\.\d{1,3}", text)
        guess = f"{label[1]}.{label[2]}" if label else longer[1] if longer else "11.8"
        raise WrongValueError(
            'it must be the CUDA release that wheels are built for, such as "11.8", or "cpu"',
            f'cuda = "{guess}"',
        )
    return text


def _cudnn(text: str) -> str:
    if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3}){0,3}", text) is None:
        raise WrongValueError("it must be a version of cuDNN", 'for example "8.7"')
    return text


def _sha256(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) is None:
        raise WrongValueError(
            f"a sha256 is 64 hexadecimal digits, this has {len(text)} characters", "sha256sum FILE"
        )
    return text.lower()


def _hash_prefix(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{8,64}", text) is None:
        raise WrongValueError("the start of a sha256 is 8 to 64 hexadecimal digits")
    return text.lower()


def _mode(text: str) -> str:
    if re.fullmatch(r"0?[0-7]{3}", text) is None:
        raise WrongValueError(
            "it must be the permissions of a file as chmod takes them", 'for example mode = "0755"'
        )
    return text.rjust(4, "0")


def _module(text: str) -> str:
    if not all(part.isidentifier() for part in text.split(".")):
        raise WrongValueError(
            "it must be the name of a module, as import takes it", 'for example "torch.cuda"'
        )
    return text


def _repository(text: str) -> str:
    if re.fullmatch(r"[\w.-]{1,96}(/[\w.-]{1,96})?", text, re.ASCII) is None or ".." in text:
        raise WrongValueError(
            "it must be OWNER/NAME as the hub shows it", 'for example "openai/whisper-large-v3"'
        )
    return text


def _provider(text: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9.-]{0,62}", text) is None:
        raise WrongValueError("a provider's name is made of a-z, 0-9, - and .")
    return text


def _revision(text: str) -> str:
    if re.fullmatch(r"[\w./-]{1,128}", text, re.ASCII) is None or ".." in text:
        raise WrongValueError("it must be a branch, a tag or a commit", 'for example "main"')
    return text


def _cut_off(value: Any) -> str:
    """The instant from which on files are out; a date stands for the whole UTC day."""
    fix = "exclude-newer = 2025-07-01"
    if isinstance(value, str):
        try:
            is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
            value = date.fromisoformat(value) if is_date else datetime.fromisoformat(_offset_of_zulu(value))
        except ValueError:
            raise WrongValueError("it must be a date or an instant with its offset", fix) from None
    try:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise WrongValueError(
                    "an instant needs its offset from UTC", f"{value.isoformat()}Z, if UTC is meant"
                )
            instant = value.astimezone(timezone.utc)
        elif isinstance(value, date):
            instant = datetime(value.year, value.month, value.day, tzinfo=timezone.utc) + timedelta(days=1)
        else:
            raise WrongValueError("it must be a date or an instant with its offset", fix)
    except OverflowError:
        raise WrongValueError("it's beyond the calendar", fix) from None
    return instant.replace(tzinfo=None).isoformat() + "Z"


def _offset_of_zulu(text: str) -> str:
    # datetime.fromisoformat of Python 3.10 reads no Z.
    return text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text


Line = Text()
"""One line of text that isn't empty."""
Name = Text(_name, {"pattern": NAME_PATTERN})
IndexName = Text(_index_name)
OsName = Text(_os_name)
GlibcVersion = Text(_glibc)
PythonVersion = Text(_python)
DriverFloor = Text(_driver)
"""``>=515``; a bare version is a floor, too."""
Size = Text(_size)
Url = Text(check_url)
"""http or https, without credentials."""
IndexUrl = Text(_index_url)
"""May hold credentials; has no slash at its end."""
FilePath = Text(_path)
"""Absolute, or relative to the spec."""
OwnPath = Text(_own_path)
"""Of what is locked by digest: relative to the spec."""
AbsolutePath = Text(_absolute_path)
Destination = Text(_destination)
CudaRelease = Text(_cuda)
CudnnVersion = Text(_cudnn)
Sha256 = Text(_sha256)
HashPrefix = Text(_hash_prefix)
FileMode = Text(_mode)
ModuleName = Text(_module)
Repository = Text(_repository)
ProviderName = Text(_provider, {"pattern": "^[a-z][a-z0-9.-]{0,62}$"})
Revision = Text(_revision)
CutOff = Checked(_cut_off, {"format": "date"})
"""UTC instant ``2025-07-02T00:00:00Z``."""
