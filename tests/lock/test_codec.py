from __future__ import annotations

import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from packaging.pylock import Pylock

from envspec.lock.canonical import canonical_toml
from envspec.lock.codec import canonical_time, decode, encode, quick_digest
from envspec.lock.document import Build, BuildRequirement, Dependency, Lock, LockedDistribution, LockedFile
from tests.lock.locks import distribution, file, lock, locks

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TORCH = LockedDistribution(
    name="torch",
    version="2.1.2+cu118",
    wheel=LockedFile(
        name="torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl",
        hashes=(("sha256", "a" * 64),),
        url="https://download.pytorch.org/whl/cu118/torch-2.1.2%2Bcu118-cp310-cp310-linux_x86_64.whl",
        digest_from="recording",
    ),
    index="https://download.pytorch.org/whl/cu118",
    index_name="pytorch-cu118",
    requires_python=">=3.8.0",
    dependencies=(Dependency("numpy"), Dependency("requests", ("socks",))),
    notes=("its tag linux_ARCH tells no glibc: only the wheel itself can",),
)
NUMPY = LockedDistribution(
    name="numpy",
    version="1.26.4",
    wheel=LockedFile(
        name="numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        hashes=(("blake2b_256", "c" * 64), ("sha256", "b" * 64)),
        path="../wheels/numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        size=18170065,
        upload_time="2024-02-05T23:51:00Z",
    ),
    index_name="default",
    extras=("test",),
)
APP = LockedDistribution(
    name="app",
    version="1.0",
    wheel=LockedFile(
        name="app-1.0-py3-none-any.whl",
        hashes=(("sha256", "d" * 64),),
        path="../wheels/app-1.0-py3-none-any.whl",
        digest_from="computed",
    ),
    direct_url="./dist/app-1.0-py3-none-any.whl",
)
WHISPER = LockedDistribution(
    name="openai-whisper",
    version="20240930",
    sdist=LockedFile(
        name="openai-whisper-20240930.tar.gz",
        hashes=(("sha256", "e" * 64),),
        url="https://files.example/openai-whisper-20240930.tar.gz",
    ),
    index="https://index.example/simple",
    index_name="default",
)
SETUPTOOLS = LockedFile(
    name="setuptools-75.0-py3-none-any.whl",
    hashes=(("sha256", "f" * 64),),
    url="https://files.example/setuptools-75.0-py3-none-any.whl",
    upload_time="2024-09-15T00:00:00Z",
)
WHOLE = Lock(
    name="founding",
    variant="cu118",
    spec_digest="0123",
    files="portable",
    environments=('python_version == "3.10"',),
    requires_python="==3.10.*",
    target={"os": "rhel-8.9", "disk": {"/": {"size": "39 GiB"}}, "gpu-count": 1},
    requirements=("openai-whisper", "torch==2.1.2"),
    distributions=(APP, NUMPY, WHISPER, TORCH),
    builds=(
        Build("openai-whisper", "20240930", (BuildRequirement("setuptools", "75.0", SETUPTOOLS, "default"),)),
    ),
    indexes=(("pytorch-cu118", "https://download.pytorch.org/whl/cu118"),),
    hosts=("default", "download.pytorch.org"),
    not_locked=(("models", "easyocr"),),
    warnings=('a "quoted" one', "a second"),
    extra_tool={"audit": {"a" * 4: {"needs": ["libGL.so.1", "libz.so.1"]}}},
)
TEXT = """\
# Made by "envspec lock". Change the spec and lock again; this file is not for editing.
# sha256 of the rest: DIGEST
lock-version = "1.0"
environments = ["python_version == \\"3.10\\""]
requires-python = "==3.10.*"
created-by = "envspec"

[[packages]]
name = "app"
version = "1.0"
archive = { path = "../wheels/app-1.0-py3-none-any.whl", hashes = { sha256 = "DDDD" } }
[packages.tool.envspec]
digest-from = "computed"
file-name = "app-1.0-py3-none-any.whl"
direct-url = "./dist/app-1.0-py3-none-any.whl"

[[packages]]
name = "numpy"
version = "1.26.4"
wheels = [
    { name = "numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", \
upload-time = 2024-02-05T23:51:00Z, \
path = "../wheels/numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", \
size = 18170065, hashes = { blake2b_256 = "CCCC", sha256 = "BBBB" } },
]
[packages.tool.envspec]
index = "default"
digest-from = "index"
extras = ["test"]

[[packages]]
name = "openai-whisper"
version = "20240930"
index = "https://index.example/simple"
sdist = { name = "openai-whisper-20240930.tar.gz", \
url = "https://files.example/openai-whisper-20240930.tar.gz", \
hashes = { sha256 = "EEEE" } }
[packages.tool.envspec]
index = "default"
digest-from = "index"

[[packages]]
name = "torch"
version = "2.1.2+cu118"
requires-python = ">=3.8.0"
dependencies = [
    { name = "numpy" },
    { name = "requests" },
]
index = "https://download.pytorch.org/whl/cu118"
wheels = [
    { name = "torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl", \
url = "https://download.pytorch.org/whl/cu118/torch-2.1.2%2Bcu118-cp310-cp310-linux_x86_64.whl", \
hashes = { sha256 = "AAAA" } },
]
[packages.tool.envspec]
index = "pytorch-cu118"
digest-from = "recording"
dependency-extras = { requests = ["socks"] }
notes = ["its tag linux_ARCH tells no glibc: only the wheel itself can"]

[tool.envspec]
spec-digest = "0123"
name = "founding"
variant = "cu118"
files = "portable"
requirements = [
    "openai-whisper",
    "torch==2.1.2",
]
hosts = [
    "default",
    "download.pytorch.org",
]
indexes = [
    { name = "pytorch-cu118", url = "https://download.pytorch.org/whl/cu118" },
]
not-locked = [
    { kind = "models", label = "easyocr" },
]
warnings = [
    "a \\"quoted\\" one",
    "a second",
]

[tool.envspec.audit]

[tool.envspec.audit.aaaa]
needs = [
    "libGL.so.1",
    "libz.so.1",
]

[[tool.envspec.builds]]
name = "openai-whisper"
requirements = [
    { digest-from = "index", file = "setuptools-75.0-py3-none-any.whl", hashes = { sha256 = "FFFF" }, \
index = "default", name = "setuptools", upload-time = 2024-09-15T00:00:00Z, \
url = "https://files.example/setuptools-75.0-py3-none-any.whl", version = "75.0" },
]
version = "20240930"

[tool.envspec.target]
gpu-count = 1
os = "rhel-8.9"

[tool.envspec.target.disk]

[tool.envspec.target.disk."/"]
size = "39 GiB"
"""


def test_a_whole_lock_is_written_so() -> None:
    expected = TEXT.replace("DIGEST", "817c248dc0a94ce6e586991f1f4ce05bcc67ac2d1d55d9afe5b12cb516efdd64")
    for letter in "ABCDEF":
        expected = expected.replace(f'"{letter * 4}"', f'"{letter.lower() * 64}"')
    assert encode(WHOLE).decode() == expected


def test_a_whole_lock_comes_back_as_it_was() -> None:
    assert decode(encode(WHOLE).decode(), "lock") == WHOLE


def test_the_standards_own_reader_accepts_a_whole_lock() -> None:
    pylock = Pylock.from_dict(tomllib.loads(encode(WHOLE).decode()))
    assert [(package.name, str(package.version)) for package in pylock.packages] == [
        ("app", "1.0"),
        ("numpy", "1.26.4"),
        ("openai-whisper", "20240930"),
        ("torch", "2.1.2+cu118"),
    ]


def test_a_lock_without_distributions_is_valid_too() -> None:
    empty = lock()
    assert list(Pylock.from_dict(tomllib.loads(encode(empty).decode())).packages) == []
    assert decode(encode(empty).decode(), "lock") == empty


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(locks())
def test_any_lock_comes_back_as_it_was_and_is_written_the_same_again(any_lock: Lock) -> None:
    data = encode(any_lock)
    again = decode(data.decode(), "lock")
    assert again == any_lock
    assert encode(again) == data


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(locks())
def test_the_fast_reader_says_what_tomllib_says_or_nothing(any_lock: Lock) -> None:
    text = encode(any_lock).decode()
    assert canonical_toml(text) in (None, tomllib.loads(text))


def test_the_fast_reader_reads_what_we_write() -> None:
    text = encode(WHOLE).decode()
    assert canonical_toml(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "a = null\n",
        'a = { "b": 1 }\n',
        "a = 1\na = 2\n",
        "a = { b = 1, b = 2 }\n",
        "[a]\n[a]\n",
        "a = NaN\n",
        "a = 01\n",
        'a = "\\/"\n',
        'a = "\\ud800"\n',
        "a = 2024-13-01T00:00:00Z\n",
        'a = "\x7f"\n',
        "a = 1 b = 2\n",
        "[a\n",
        "[[a]\n",
        "a.b = 1\n",
        "<<<<<<< ours\na = 1\n",
    ],
)
def test_the_fast_reader_leaves_what_we_never_write_to_tomllib(text: str) -> None:
    assert canonical_toml(text) is None


def test_the_order_of_keys_in_a_table_changes_no_byte() -> None:
    one = lock(extra_tool={"a": {"x": 1, "y": 2}, "b": 1})
    other = lock(extra_tool={"b": 1, "a": {"y": 2, "x": 1}})
    assert encode(one) == encode(other)


def test_control_characters_and_quotes_are_escaped() -> None:
    text = encode(lock(warnings=('a"b\\c\n\t\x00\x1b\x7f\u2028é',))).decode()
    assert 'warnings = ["a\\"b\\\\c\\n\\t\\u0000\\u001b\\u007f\u2028é"]' in text


def test_a_lone_surrogate_does_not_stop_the_writing() -> None:
    assert b'warnings = ["?"]' in encode(lock(warnings=("\ud800",)))


def test_an_untouched_lock_is_known_by_its_own_digest() -> None:
    assert quick_digest(encode(WHOLE)) == "0123"


def test_a_spec_digest_that_needs_escapes_is_left_to_the_full_reader() -> None:
    assert quick_digest(encode(lock(spec_digest='a"b'))) is None


@pytest.mark.parametrize("place", [0, 120, 200, 1000, -2])
def test_one_other_byte_anywhere_is_noticed(place: int) -> None:
    data = bytearray(encode(WHOLE))
    data[place] ^= 1
    assert quick_digest(bytes(data)) is None


@pytest.mark.parametrize("data", [b"", b"#", encode(WHOLE)[:-1], encode(WHOLE)[:150], encode(WHOLE) + b"\n"])
def test_a_part_of_a_lock_or_more_than_one_is_noticed(data: bytes) -> None:
    assert quick_digest(data) is None


def test_a_warning_that_looks_like_our_table_gives_no_digest_of_its_own() -> None:
    forged = lock(warnings=('\n[tool.envspec]\nspec-digest = "forged"\n',), spec_digest="true")
    assert quick_digest(encode(forged)) == "true"


def test_a_check_of_a_hundred_kilobytes_takes_about_a_millisecond() -> None:
    data = encode(lock(*(distribution(f"p{number}", "1.0") for number in range(300))))
    assert len(data) > 90_000
    start = time.process_time()
    for _ in range(20):
        assert quick_digest(data) == "5bec"
    assert (time.process_time() - start) / 20 < 0.005


def test_seventy_distributions_are_read_in_less_than_sixty_milliseconds() -> None:
    held = (distribution(f"p{n}", "1.0", *(f"p{m}" for m in range(n % 8))) for n in range(70))
    text = encode(lock(*held)).decode()
    start = time.process_time()
    decode(text, "lock")
    assert time.process_time() - start < 0.060


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-29T18:38:38Z", "2024-01-29T18:38:38Z"),
        ("2024-01-29T18:38:38.123456789Z", "2024-01-29T18:38:38.123456Z"),
        ("2024-01-29T18:38:38.5+01:00", "2024-01-29T17:38:38.500000Z"),
        ("2024-01-29 18:38:38", "2024-01-29T18:38:38Z"),
        ("2024-13-29T18:38:38Z", ""),
        ("0001-01-01T00:00:00+10:00", ""),
        ("yesterday", ""),
    ],
)
def test_an_upload_time_is_written_in_one_form_or_not_at_all(text: str, expected: str) -> None:
    assert canonical_time(text) == expected


def test_wheels_of_other_targets_keep_their_place() -> None:
    both = NUMPY._replace(more_wheels=(file("numpy-1.26.4-cp311-cp311-win_amd64.whl"),))
    assert decode(encode(lock(both)).decode(), "lock").distributions == (both,)
