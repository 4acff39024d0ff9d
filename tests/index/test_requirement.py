from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import InvalidMarker, Marker, UndefinedComparison
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Parsed
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from envspec.errors import InvalidValueError
from envspec.index.requirement import MarkerEvaluator, Requirement, parse_requirement

RHEL_8 = {
    "implementation_name": "cpython",
    "implementation_version": "3.10.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "4.18.0-513.el8.x86_64",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.10.0",
    "python_version": "3.10",
    "sys_platform": "linux",
}
OTHER = {**RHEL_8, "platform_release": "5.15.0", "python_full_version": "3.9.0rc1", "python_version": "3.9"}

VARIABLES = [
    *RHEL_8, "extra", "extra", "extra", "python_version", "python_version", "os.name", "sys.platform",
    "platform.machine", "python_implementation", "extras", "dependency_groups", "unknown",
]  # fmt: skip
LITERALS = [
    "3.10", "3.8", "3.11", "3.10.0", "3.10.*", "v3.10", "3.9,3.10", " 3.10 ", ">=3", "linux", "win32",
    "Linux", "posix", "x86_64", "4.18", "4.18.0-513.el8.x86_64", "dev", "Dev_Test", "dev,test", "+", "",
    "é", "x\\x41",
]  # fmt: skip
OPERATORS = ["==", "!=", "<", ">", "<=", ">=", "~=", "===", "in", "not in", "not  in", "=", "is"]


@st.composite
def atoms(draw: st.DrawFn) -> str:
    quote = draw(st.sampled_from("'\""))
    sides = [draw(st.sampled_from(VARIABLES)), f"{quote}{draw(st.sampled_from(LITERALS))}{quote}"]
    if draw(st.integers(0, 3)) == 0:
        sides.reverse()
    blank = draw(st.sampled_from([" ", " ", ""]))
    return f"{sides[0]}{blank}{draw(st.sampled_from(OPERATORS))}{blank}{sides[1]}"


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    either = st.lists(parts, min_size=1, max_size=3).map(" or ".join)
    both = st.lists(parts, min_size=1, max_size=3).map(" and ".join)
    return either | both | either.map(lambda text: f"({text})") | both.map(lambda text: f"( {text} )")


MARKERS = st.recursive(atoms(), joined, max_leaves=4)


@settings(max_examples=300, deadline=None)
@given(
    marker=MARKERS,
    environment=st.sampled_from([RHEL_8, OTHER]),
    extra=st.sampled_from(["", "dev", "DEV.test"]),
)
def test_markers_hold_as_packaging_says(marker: str, environment: dict[str, str], extra: str) -> None:
    evaluator = MarkerEvaluator(environment)
    try:
        expected = Marker(marker).evaluate({**environment, "extra": extra})
    except (InvalidMarker, UndefinedComparison, KeyError):
        with pytest.raises(InvalidValueError):
            evaluator.holds(marker, extra)
    else:
        assert evaluator.holds(marker, extra) is expected


@st.composite
def requirements(draw: st.DrawFn) -> str:
    """A requirement, now and then a broken one."""
    blank = st.sampled_from(["", " ", "  ", "\t"])
    names = ["foo", "Foo_Bar", "a", "zope.interface", "foo-", "foo_", "_x", "9a", "é"]
    text = draw(blank) + draw(st.sampled_from(names)) + draw(blank)
    if draw(st.integers(0, 2)) == 0:
        text += draw(st.sampled_from(["[]", "[a]", "[ a,b ]", "[A_b , c]", "[a,]", "[x y]", "[a"])) + draw(
            blank
        )
    clauses = st.sampled_from(
        [">=1", "<2", "== 1.0", "!=1.5.*", "~=1.4", "===1.0+local", "==2.1.2+cu118", ">1rc1", ">=1.*", "=1"]
    )  # fmt: skip
    kind = draw(st.integers(0, 6))
    listed = draw(st.sampled_from([",", ", ", " , "])).join(draw(st.lists(clauses, max_size=3)))
    if kind < 4:
        text += listed + draw(st.sampled_from(["", "", ","]))
    elif kind < 6:
        text += f"({listed})"
    else:
        text += draw(st.sampled_from(["@ https://h.example/x-1-py3-none-any.whl ", "@ file:///x.whl", "@"]))
    if draw(st.booleans()):
        text += ";" + draw(blank) + draw(MARKERS)
    return text + draw(st.sampled_from(["", "", "", " ", ";", " x", "\n"]))


@settings(max_examples=300, deadline=None)
@given(text=requirements())
def test_requirements_are_read_as_packaging_reads_them(text: str) -> None:
    try:
        expected = Parsed(text)
    except InvalidRequirement:
        with pytest.raises(InvalidValueError):
            parse_requirement(text)
        return
    found = parse_requirement(text)
    assert found.name == canonicalize_name(expected.name)
    assert found.extras == tuple(sorted({canonicalize_name(extra) for extra in expected.extras}))
    assert SpecifierSet(found.specifier) == expected.specifier
    assert found.url == (expected.url or "")
    assert (Marker(found.marker) if found.marker else None) == expected.marker


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("torch", Requirement("torch")),
        ("Torch_Vision == 0.16.2", Requirement("torch-vision", (), "==0.16.2")),
        ("requests (>=2.0,<3)", Requirement("requests", (), "<3,>=2.0")),
        ("uvicorn[Standard, http_tools]~=0.20", Requirement("uvicorn", ("http-tools", "standard"), "~=0.20")),
        (
            "tomli>=1; python_version < '3.11'",
            Requirement("tomli", (), ">=1", "", "python_version < '3.11'"),
        ),
        (
            "app @ https://user:secret@host.example/app.whl ; os_name == 'posix'",
            Requirement("app", (), "", "https://user:secret@host.example/app.whl", 'os_name == "posix"'),
        ),
    ],
)
def test_a_requirement_in_its_normal_form(text: str, expected: Requirement) -> None:
    assert parse_requirement(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expected package name at the start of dependency specifier"),
        ("torch 2.1.2", "Expected semicolon (after name with no version specifier) or end"),
        ("torch>=2;", "Expected a marker variable or quoted string"),
        ("torch; python == '3'", "Expected a marker variable or quoted string"),
        ("torch;" + "(" * 6000, "it's nested too deep"),
        ("torch;" + "(" * 100_000, "it's longer than 16384 characters"),
        ("-" * 10_000, "Expected package name at the start of dependency specifier"),
    ],
)
def test_a_broken_requirement_says_why(text: str, why: str) -> None:
    with pytest.raises(InvalidValueError) as error:
        parse_requirement(text)
    assert error.value.why == why


def test_a_message_never_shows_credentials() -> None:
    with pytest.raises(InvalidValueError) as error:
        parse_requirement("app @ https://user:secret@host.example/app.whl and more")
    assert error.value.what == "requirement 'app @ https://host.example/app.whl and more' can't be read"
    assert "secret" not in str(error.value)


def test_a_marker_that_compares_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="can't be evaluated"):
        MarkerEvaluator(RHEL_8).holds("sys_platform ~= 'linux'")


def test_an_environment_must_be_whole_so_that_nothing_is_taken_from_this_host() -> None:
    with pytest.raises(ValueError, match="lacks python_version, sys_platform"):
        MarkerEvaluator({k: v for k, v in RHEL_8.items() if k not in ("sys_platform", "python_version")})


def test_equal_environments_have_equal_keys() -> None:
    assert MarkerEvaluator(RHEL_8).key == MarkerEvaluator(dict(reversed(RHEL_8.items()))).key
    assert MarkerEvaluator(RHEL_8).key != MarkerEvaluator(OTHER).key


def test_common_metadata_is_read_without_importing_packaging() -> None:
    script = (
        "import sys\n"
        "from envspec.index.requirement import MarkerEvaluator, parse_requirement\n"
        "r = parse_requirement('nvidia-nccl-cu12 ==2.18.1 ; "
        '(platform_system == "Linux" and python_version >= "3.8") or extra == "gpu"\')\n'
        f"assert MarkerEvaluator({RHEL_8!r}).holds(r.marker)\n"
        "print('packaging' in sys.modules)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
