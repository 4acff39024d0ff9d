from __future__ import annotations

import pytest

from envspec.errors import UnreadableLockError
from envspec.lock.codec import decode, encode
from envspec.lock.document import Dependency, Lock, LockedDistribution, LockedFile
from tests.lock.locks import distribution, lock

GOOD = encode(lock(distribution("numpy", "1.26.4"))).decode()
FILE = "packages[0].wheels[0]"
FILE_NAME = 'name = "numpy-1.26.4-py3-none-any.whl"'
URL = "https://files.example/numpy-1.26.4-py3-none-any.whl"
FILE_URL = f'url = "{URL}"'


def refused(text: str) -> UnreadableLockError:
    with pytest.raises(UnreadableLockError) as caught:
        decode(text, "locks/pylock.ocr.toml")
    return caught.value


def changed(old: str, new: str) -> UnreadableLockError:
    assert old in GOOD
    return refused(GOOD.replace(old, new))


def foreign(packages: str) -> str:
    return f'lock-version = "1.0"\ncreated-by = "another"\n{packages}'


def test_what_is_no_toml_is_told_with_its_line() -> None:
    error = refused('lock-version = "1.0"\nx = = 1\n')
    assert str(error) == (
        "locks/pylock.ocr.toml: can't be read\n"
        "  why: not TOML: Invalid value (at line 2, column 5)\n"
        "  fix: restore the file from version control, or delete it and lock again"
    )


def test_an_unfinished_merge_is_told_as_such() -> None:
    text = GOOD.replace("[[packages]]", "<<<<<<< HEAD\n[[packages]]", 1)
    assert str(refused(text)) == (
        "locks/pylock.ocr.toml: line 8: can't be read\n"
        "  why: it holds the marks of an unfinished merge\n"
        "  fix: take either side whole (git checkout --ours or --theirs), then lock again"
    )


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("", "", "not a lock: lock-version is missing"),
        ('name = "a spec"\n', "", "not a lock: lock-version is missing"),
        ('lock-version = "2.0"\n', "lock-version: ", "'2.0' was met, this envspec reads '1.0'"),
        ("lock-version = 1.0\n", "lock-version: ", "1.0 was met, this envspec reads '1.0'"),
        ('lock-version = "1.0"\n', "packages: ", "the array is missing, PEP 751 wants it"),
        ('lock-version = "1.0"\npackages = 3\n', "packages: ", "3 was met, an array of tables is wanted"),
        ('lock-version = "1.0"\npackages = [3]\n', "packages[0]: ", "3 was met, a table is wanted"),
        ('lock-version = "1.0"\ntool = 3\n', "tool: ", "3 was met, a table is wanted"),
        ("a = " + "[" * 100_000, "", "not a lock: its values are nested too deep"),
        ("a" + ".a" * 100_000 + " = 1", "", "not a lock: it holds a key of more than 64 parts"),
        (
            'x = { "\\"" = 1, a' + ".a" * 100_000 + ' = 1, "y" = 1 }',
            "",
            "not a lock: it holds a key of more than 64 parts",
        ),
        ("a = " + "1" * 5000, "", None),
    ],
)
def test_what_is_no_lock_is_refused(text: str, place: str, why: str | None) -> None:
    error = refused(text)
    assert error.what == f"locks/pylock.ocr.toml: {place}can't be read".replace(": : ", ": ")
    assert why is None or error.why == why


@pytest.mark.parametrize(
    ("old", "new", "place", "why"),
    [
        ('name = "numpy"', 'name = "../numpy"', "packages[0].name", "'../numpy' was met, wanted is"),
        ('name = "numpy"', 'name = "NumPy"', "packages[0].name", "'NumPy' was met, wanted is"),
        ('name = "numpy"', 'name = ""', "packages[0].name", "it is missing"),
        ('name = "numpy"', "name = 3", "packages[0].name", "3 was met, a text is wanted"),
        ('version = "1.26.4"', 'version = "1 --x"', "packages[0].version", "'1 --x' was met, wanted is"),
        (
            'version = "1.26.4"',
            'version = "1.26.5"',
            "packages[0].wheels",
            "'numpy-1.26.4-py3-none-any.whl' is not numpy 1.26.5",
        ),
        (
            'name = "numpy"',
            'name = "torch"',
            "packages[0].wheels",
            "'numpy-1.26.4-py3-none-any.whl' is not a wheel of torch",
        ),
        (FILE_NAME, 'name = "a/b.whl"', f"{FILE}.name", "'a/b.whl' is no file name"),
        (FILE_NAME, 'name = ".."', f"{FILE}.name", "'..' is no file name"),
        (FILE_NAME, 'name = "a\\u001b[2J.whl"', f"{FILE}.name", "'a\\x1b[2J.whl' is no file name"),
        (FILE_NAME, f'name = "{"a" * 300}"', f"{FILE}.name", "a file name has at most 255 bytes"),
        (FILE_NAME, 'name = "numpy.whl"', "packages[0].wheels", "'numpy.whl' is no file name of a wheel"),
        (
            FILE_URL,
            'url = "file:///etc/passwd"',
            f"{FILE}.url",
            "'file:///etc/passwd' was met, only http and https are accepted",
        ),
        (
            FILE_URL,
            'url = "https://x.example/a b"',
            f"{FILE}.url",
            "'https://x.example/a b' holds a space or a control character",
        ),
        (FILE_URL, 'path = "/etc/passwd"', f"{FILE}.path", "'/etc/passwd' leaves the lock's folder"),
        (FILE_URL, 'path = "../../x.whl"', f"{FILE}.path", "'../../x.whl' leaves the lock's folder"),
        (
            FILE_URL,
            'path = "../wheels/../x.whl"',
            f"{FILE}.path",
            "'../wheels/../x.whl' leaves the lock's folder",
        ),
        (FILE_URL, 'path = "../wheels/.."', f"{FILE}.path", "'../wheels/..' leaves the lock's folder"),
        (FILE_URL, 'path = "../wheels/"', f"{FILE}.path", "'../wheels/' leaves the lock's folder"),
        (FILE_URL, 'path = "a/../../x.whl"', f"{FILE}.path", "'a/../../x.whl' leaves the lock's folder"),
        (FILE_URL, 'path = "C:\\\\x.whl"', f"{FILE}.path", "'C:\\\\x.whl' leaves the lock's folder"),
        (f'url = "{URL}", ', "", f"{FILE}", "url or path is wanted, both are missing"),
        ("size = 1000", "size = -1", f"{FILE}.size", "-1 was met, a number of bytes is wanted"),
        ("size = 1000", "size = true", f"{FILE}.size", "True was met, a number of bytes is wanted"),
        (
            "size = 1000",
            'size = 1, upload-time = "now"',
            f"{FILE}.upload-time",
            "'now' was met, a date and time is wanted",
        ),
        ("sha256 = ", "md5 = ", f"{FILE}.hashes", "a sha256 of 64 hexadecimal digits is wanted"),
        ('sha256 = "', 'sha256 = "zz', f"{FILE}.hashes.'sha256'", "is no hexadecimal digest"),
        (
            "wheels = [",
            "dependencies = [3]\nwheels = [",
            "packages[0].dependencies[0]",
            "3 was met, a table is wanted",
        ),
        (
            'files = "urls"',
            'files = "urls"\nx' + ".y" * 60 + " = 1",
            "tool.envspec",
            "its values are nested more than 32 deep",
        ),
        (
            "[tool.envspec]",
            '[[packages]]\nname = "numpy"\n[tool.envspec]',
            "packages[1]",
            "'numpy' has no file: wheels, sdist or archive is wanted",
        ),
    ],
)
def test_what_can_not_be_accepted_is_told_with_its_place(old: str, new: str, place: str, why: str) -> None:
    error = changed(old, new)
    assert error.what == f"locks/pylock.ocr.toml: {place}: can't be read"
    assert why in error.why
    assert "\x1b" not in str(error)


def test_a_project_may_not_stand_twice() -> None:
    package = GOOD[GOOD.index("[[packages]]") : GOOD.index("[tool.envspec]")]
    error = refused(foreign(package + package))
    assert error.what == "locks/pylock.ocr.toml: packages[1].name: can't be read"
    assert error.why == "'numpy' stands here twice, and no marker tells which to install"


def test_credentials_in_a_url_are_neither_kept_nor_shown() -> None:
    text = GOOD.replace("https://files.example", "https://user:secret@files.example")
    assert decode(text, "lock").distributions[0].file.url == URL
    error = refused(GOOD.replace("https://files.example", "ftp://user:secret@files.example"))
    assert "secret" not in str(error)


def test_a_lock_with_windows_line_ends_is_the_same_lock() -> None:
    assert decode(GOOD.replace("\n", "\r\n"), "lock") == decode(GOOD, "lock")


def test_a_wheel_whose_name_writes_its_version_otherwise_is_accepted() -> None:
    held = decode(GOOD.replace('version = "1.26.4"', 'version = "1.26.4.0"'), "lock").distributions
    assert held[0].version == "1.26.4.0"


ANOTHER = foreign(f"""
requires-python = ">=3.9"
extras = []

[[packages]]
name = "demo"
version = "1.0"
dependencies = [{{ name = "dep", version = "2.0" }}]
wheels = [
    {{ url = "https://user:pw@files.example/demo-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", \
hashes = {{ sha256 = "{"A" * 64}" }} }},
    {{ url = "https://files.example/demo-1.0-cp310-cp310-win_amd64.whl", \
hashes = {{ sha256 = "{"b" * 64}" }} }},
]
sdist = {{ path = "./demo-1.0.tar.gz", hashes = {{ sha256 = "{"c" * 64}", sha512 = "{"0" * 128}" }} }}
[packages.tool.other]
x = 1

[[packages]]
name = "dep"
version = "2.0"
marker = "sys_platform == 'linux'"
archive = {{ url = "https://other.example/dep%2B1-2.0.zip", size = 3, hashes = {{ sha256 = "{"d" * 64}" }} }}

[[packages]]
name = "dep"
version = "3.0"
marker = "sys_platform != 'linux'"
vcs = {{ type = "git", url = "https://token@git.example/dep", commit-id = "{"e" * 40}" }}

[[packages]]
name = "here"
directory = {{ path = ".", editable = true }}

[tool.other]
y = 2
""")


def test_a_lock_of_another_tool_is_read_as_far_as_it_goes() -> None:
    def known(name: str, letter: str) -> LockedFile:
        return LockedFile(name=name, hashes=(("sha256", letter * 64),), url=f"https://files.example/{name}")

    assert decode(ANOTHER, "pylock.app.toml") == Lock(
        name="app",
        variant="",
        spec_digest="",
        files="urls",
        environments=(),
        requires_python=">=3.9",
        hosts=("files.example", "other.example"),
        distributions=(
            LockedDistribution(
                name="demo",
                version="1.0",
                dependencies=(Dependency("dep"),),
                wheel=known("demo-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", "a"),
                more_wheels=(known("demo-1.0-cp310-cp310-win_amd64.whl", "b"),),
                sdist=LockedFile(
                    name="demo-1.0.tar.gz",
                    hashes=(("sha256", "c" * 64), ("sha512", "0" * 128)),
                    path="./demo-1.0.tar.gz",
                ),
            ),
            LockedDistribution(
                name="dep",
                version="2.0",
                marker="sys_platform == 'linux'",
                direct_url="https://other.example/dep%2B1-2.0.zip",
                sdist=LockedFile(
                    name="dep+1-2.0.zip",
                    hashes=(("sha256", "d" * 64),),
                    url="https://other.example/dep%2B1-2.0.zip",
                    size=3,
                ),
            ),
            LockedDistribution(
                name="dep",
                version="3.0",
                marker="sys_platform != 'linux'",
                direct_url=f"git+https://git.example/dep@{'e' * 40}",
            ),
            LockedDistribution(name="here", version="", direct_url="."),
        ),
    )


def test_a_foreign_lock_without_a_name_of_its_own_is_called_pylock() -> None:
    assert decode(foreign("packages = []"), "pylock.toml").name == "pylock"
