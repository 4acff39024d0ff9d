"""Values of a spec: what each kind must look like, and what to write instead.

Each kind is ``str`` with a check that gives back the text in its one form. A check
raises what pydantic collects, so that every problem of a file is reported at once.
Source: PEP 440, 503, 508 through ``packaging``; PEP 751 for names without a dot.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_TEXT_LENGTH = 4096
"""No path, URL or requirement is longer; longer ones are attacks or accidents."""

NAME_PATTERN = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
"""Of specs and variants, which name files: PEP 751 allows no dot."""

_UNIT_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_FULL_PYTHON_PARTS = 3


def wrong(why: str, fix: str = "", at: tuple[str | int, ...] = ()) -> PydanticCustomError:
    """A problem of a value, for a validator to raise; ``at`` is where inside its table."""
    return PydanticCustomError("envspec", "{why}", {"why": why, "fix": fix, "at": list(at)})


def _line(text: str) -> str:
    if not text.strip():
        raise wrong("it's empty")
    if len(text) > MAX_TEXT_LENGTH:
        raise wrong(f"it's {len(text)} characters long, {MAX_TEXT_LENGTH} are the most")
    if not text.isprintable():
        raise wrong("it holds a character that can't be printed", "write it on one line, without tabs")
    return text.strip()


def _name(text: str) -> str:
    if re.fullmatch(NAME_PATTERN, text) is None:
        suggestion = re.sub(r"[^a-z0-9]+", "-", text.lower()[:64]).strip("-")
        raise wrong(
            "a name is made of a-z, 0-9 and - between them, at most 64, since it names the lock's file",
            f'for example "{suggestion}"' if suggestion else "",
        )
    return text


def _index_name(text: str) -> str:
    if _name(text) == "default":
        raise wrong(
            "default is the index of everything that no [[index]] names", "give this index another name"
        )
    return text


def _os_name(text: str) -> str:
    if re.fullmatch(r"[a-z][a-z0-9_.]*(-[a-z0-9][a-z0-9_.]*)+", text) is None:
        raise wrong(
            "it must be ID and VERSION_ID of /etc/os-release with - between them",
            'for example os = "rhel-8.9"',
        )
    return text


def _glibc(text: str) -> str:
    if re.fullmatch(r"2\.[0-9]{1,2}", text) is None:
        raise wrong(
            "it must be two whole numbers with a dot between them, such as 2.28",
            "the host tells it: ldd --version",
        )
    return text


def _python(text: str) -> str:
    match = re.fullmatch(r"3\.([0-9]{1,2})(\.[0-9]{1,3})?", text)
    if match is None:
        raise wrong(
            "it must be a minor version such as 3.10, or a full one such as 3.10.14", 'python = "3.10"'
        )
    if not 8 <= int(match[1]) <= 14:
        raise wrong("CPython 3.8 to 3.14 can be locked for", 'for example python = "3.10"')
    return text


def _driver(text: str) -> str:
    match = re.fullmatch(r"(?:>=\s*)?([0-9]{2,4}(?:\.[0-9]{1,4}){0,2})", text)
    if match is None:
        raise wrong(
            "it must be the oldest driver that the site promised, such as >=515 or 515.65.01",
            "the host tells it: nvidia-smi --query-gpu=driver_version --format=csv",
        )
    return f">={match[1]}"


def size_bytes(text: str) -> int:
    """Bytes of ``39 GiB``, ``2.0T`` (as ``df -h`` prints, so 1024 to the power) or ``500 GB`` (1000).

    Raises a problem for a validator where the text is none of these.
    """
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)\s*(?:B|([KMGTP])(B|iB)?)", text)
    if match is None:
        raise wrong("it must be a number with its unit", 'for example "39 GiB", or "39G" as df -h prints it')
    base = 1000 if match[3] == "B" else 1024
    return int(Decimal(match[1]) * base ** _UNIT_POWERS[match[2] or ""])


def _size(text: str) -> str:
    if size_bytes(text) <= 0:
        raise wrong("it must be more than nothing")
    return text


def _split_url(text: str) -> SplitResult:
    if len(text) > MAX_TEXT_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        raise wrong("a URL is printable ASCII without blanks", "percent-encode what isn't")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise wrong(str(error)) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or "\\" in text:
        raise wrong("it must be a URL of http or https with a host", "for example https://host.example/path")
    return parts


def _url(text: str) -> str:
    if "@" in _split_url(text).netloc:
        raise wrong(
            "it holds credentials, and a spec is a file that people share",
            "take them out and put them into ~/.netrc",
        )
    return text


def _index_url(text: str) -> str:
    parts = _split_url(text)
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        raise wrong("an index's URL has no ? and no #", "for example https://index.example/simple")
    return text.rstrip("/")


def _path(text: str) -> str:
    if "\\" in text:
        raise wrong("a path is written with /")
    return text


def _absolute_path(text: str) -> str:
    parts = text.split("/")
    if not text.startswith("/") or "\\" in text or "." in parts or ".." in parts:
        raise wrong("it must be an absolute path on the target, without . or ..", 'for example "/data/envs"')
    return "/" + "/".join(part for part in parts if part)


def _destination(text: str) -> str:
    parts = text.split("/")
    if text.startswith("/") or "\\" in text or "." in parts or ".." in parts or not any(parts):
        raise wrong(
            "it must be a path inside the environment: relative, without . or ..",
            'for example "models/best.pt"',
        )
    return text


def read_requirement(text: str) -> Requirement:
    """``text`` by PEP 508; raises a problem for a validator where it isn't."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        raise wrong(str(error).splitlines()[0] + " (PEP 508)", 'for example "numpy>=1.26,<2"') from None
    except RecursionError:
        raise wrong("its marker is nested too deep") from None


def is_local(requirement: Requirement) -> bool:
    """Whether it names a file beside the spec, ``app @ ./dist/app.whl``."""
    return requirement.url is not None and "://" not in requirement.url


def _checked_requirement(text: str) -> Requirement:
    requirement = read_requirement(text)
    if requirement.url is None or is_local(requirement):
        return requirement
    if requirement.url.startswith("file:"):
        raise wrong(
            "a file: URL holds on one machine only",
            f"{requirement.name} @ ./path/to.whl, relative to the spec",
        )
    if requirement.url.startswith(("git+", "hg+", "svn+", "bzr+")):
        raise wrong(
            "a checkout has no digest to lock",
            f"build its wheel and write {requirement.name} @ ./path/to.whl",
        )
    _url(requirement.url)
    return requirement


def check_requirement(text: str) -> str:
    """``text`` if a spec may require it: PEP 508, http(s) URLs, or a wheel beside the spec."""
    requirement = _checked_requirement(text)
    url = requirement.url or ""
    if is_local(requirement) and (not url.endswith(".whl") or url.startswith("file:") or "\\" in url):
        raise wrong(
            "a local requirement must be the path of a wheel", f"{requirement.name} @ ./dist/NAME.whl"
        )
    return text


def check_override(text: str) -> str:
    """``text`` if it may replace what others ask: PEP 508, but no local file."""
    if is_local(_checked_requirement(text)):
        raise wrong("an override can't be a local file", "name the wheel in requirements")
    return text


def check_constraint(text: str) -> str:
    """``text`` if it bounds versions: PEP 508 without extras and URL."""
    requirement = read_requirement(text)
    if requirement.extras or requirement.url is not None:
        raise wrong(
            "a constraint bounds versions; it has no extras and no URL", "write it among requirements"
        )
    return text


def _project(text: str) -> str:
    try:
        return str(canonicalize_name(text, validate=True))
    except InvalidName:
        raise wrong(
            "it must be the name of a project, without version or extras", 'for example "torch"'
        ) from None


def _version(text: str) -> str:
    try:
        Version(text)
    except InvalidVersion:
        raise wrong("it must be a version (PEP 440)", 'for example "1.0"') from None
    return text


def _specifier(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise wrong("it must be a version specifier (PEP 440)", 'for example ">=3.8,<3.12"') from None
    return text


def _cuda(text: str) -> str:
    if text == "cpu":
        return text
    if re.fullmatch(r"(9|1[0-9]|2[0-9])\.[0-9]", text) is None:
        label = re.fullmatch(r"cu(\d{1,2})(\d)", text)
        longer = re.fullmatch(r"(\d{1,2}\.\d)\.\d{1,3}", text)
        guess = f"{label[1]}.{label[2]}" if label else longer[1] if longer else "11.8"
        raise wrong(
            'it must be the CUDA release that wheels are built for, such as "11.8", or "cpu"',
            f'cuda = "{guess}"',
        )
    return text


def _cudnn(text: str) -> str:
    if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3}){0,3}", text) is None:
        raise wrong("it must be a version of cuDNN", 'for example "8.7"')
    return text


def _sha256(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{64}", text) is None:
        raise wrong(f"a sha256 is 64 hexadecimal digits, this has {len(text)} characters", "sha256sum FILE")
    return text.lower()


def _hash_prefix(text: str) -> str:
    if re.fullmatch(r"[0-9a-fA-F]{8,64}", text) is None:
        raise wrong("the start of a sha256 is 8 to 64 hexadecimal digits")
    return text.lower()


def _mode(text: str) -> str:
    if re.fullmatch(r"0?[0-7]{3}", text) is None:
        raise wrong("it must be the permissions of a file as chmod takes them", 'for example mode = "0755"')
    return text.rjust(4, "0")


def _module(text: str) -> str:
    if not all(part.isidentifier() for part in text.split(".")):
        raise wrong("it must be the name of a module, as import takes it", 'for example "torch.cuda"')
    return text


def _repository(text: str) -> str:
    if re.fullmatch(r"[\w.-]{1,96}(/[\w.-]{1,96})?", text, re.ASCII) is None or ".." in text:
        raise wrong("it must be OWNER/NAME as the hub shows it", 'for example "openai/whisper-large-v3"')
    return text


def _revision(text: str) -> str:
    if re.fullmatch(r"[\w./-]{1,128}", text, re.ASCII) is None or ".." in text:
        raise wrong("it must be a branch, a tag or a commit", 'for example "main"')
    return text


def _cut_off(value: Any) -> str:
    """The instant from which on files are out; a date stands for the whole UTC day."""
    fix = "exclude-newer = 2025-07-01"
    if isinstance(value, str):
        try:
            is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
            value = date.fromisoformat(value) if is_date else datetime.fromisoformat(_offset_of_zulu(value))
        except ValueError:
            raise wrong("it must be a date or an instant with its offset", fix) from None
    try:
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise wrong("an instant needs its offset from UTC", f"{value.isoformat()}Z, if UTC is meant")
            instant = value.astimezone(timezone.utc)
        elif isinstance(value, date):
            instant = datetime(value.year, value.month, value.day, tzinfo=timezone.utc) + timedelta(days=1)
        else:
            raise wrong("it must be a date or an instant with its offset", fix)
    except OverflowError:
        raise wrong("it's beyond the calendar", fix) from None
    return instant.replace(tzinfo=None).isoformat() + "Z"


def _offset_of_zulu(text: str) -> str:
    # datetime.fromisoformat of Python 3.10 reads no Z.
    return text[:-1] + "+00:00" if text[-1:] in ("Z", "z") else text


Line = Annotated[str, AfterValidator(_line)]
"""One line of text that isn't empty."""
Name = Annotated[Line, AfterValidator(_name), WithJsonSchema({"type": "string", "pattern": NAME_PATTERN})]
IndexName = Annotated[Line, AfterValidator(_index_name)]
OsName = Annotated[Line, AfterValidator(_os_name)]
GlibcVersion = Annotated[Line, AfterValidator(_glibc)]
PythonVersion = Annotated[Line, AfterValidator(_python)]
DriverFloor = Annotated[Line, AfterValidator(_driver)]
"""``>=515``; a bare version is a floor, too."""
Size = Annotated[Line, AfterValidator(_size)]
Url = Annotated[Line, AfterValidator(_url)]
"""http or https, without credentials."""
IndexUrl = Annotated[Line, AfterValidator(_index_url)]
"""May hold credentials; has no slash at its end."""
FilePath = Annotated[Line, AfterValidator(_path)]
"""Absolute, or relative to the spec."""
AbsolutePath = Annotated[Line, AfterValidator(_absolute_path)]
Destination = Annotated[Line, AfterValidator(_destination)]
RequirementText = Annotated[Line, AfterValidator(check_requirement)]
OverrideText = Annotated[Line, AfterValidator(check_override)]
ConstraintText = Annotated[Line, AfterValidator(check_constraint)]
ProjectName = Annotated[Line, AfterValidator(_project)]
"""Normalized, PEP 503."""
VersionText = Annotated[Line, AfterValidator(_version)]
SpecifierText = Annotated[Line, AfterValidator(_specifier)]
CudaRelease = Annotated[Line, AfterValidator(_cuda)]
CudnnVersion = Annotated[Line, AfterValidator(_cudnn)]
Sha256 = Annotated[Line, AfterValidator(_sha256)]
HashPrefix = Annotated[Line, AfterValidator(_hash_prefix)]
FileMode = Annotated[Line, AfterValidator(_mode)]
ModuleName = Annotated[Line, AfterValidator(_module)]
Repository = Annotated[Line, AfterValidator(_repository)]
Revision = Annotated[Line, AfterValidator(_revision)]
CutOff = Annotated[str, BeforeValidator(_cut_off), WithJsonSchema({"type": "string", "format": "date"})]
"""UTC instant ``2025-07-02T00:00:00Z``."""
