from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from envspec.errors import DiskError, InvalidValueError
from envspec.index.versions import VersionList, admits, mentions_prerelease, normal_version

NUMBERS = st.sampled_from(["0", "1", "2", "3", "10", "01"])
SEPARATORS = st.sampled_from(["", ".", "-", "_"])


@st.composite
def versions(draw: st.DrawFn) -> str:
    """A version in any spelling that PEP 440 reads, of few numbers so that many are neighbours."""
    text = draw(st.sampled_from(["", "", "", "v", "1!"]))
    text += ".".join(draw(st.lists(NUMBERS, min_size=1, max_size=4)))
    pre = draw(st.sampled_from(["", "", "", "a", "b", "rc", "alpha", "c", "preview", "RC"]))
    if pre:
        text += draw(SEPARATORS) + pre + draw(st.sampled_from(["", "1", ".2", "-10"]))
    text += draw(st.sampled_from(["", "", "", ".post1", "-2", "_rev", "post", ".r3"]))
    text += draw(st.sampled_from(["", "", "", ".dev1", "dev", "-dev-2"]))
    return text + draw(st.sampled_from(["", "", "", "+cu118", "+1", "+10", "+ubuntu.1", "+Ubuntu-1.2"]))


@st.composite
def clauses(draw: st.DrawFn) -> str:
    """A clause, now and then one that PEP 440 refuses."""
    operator = draw(st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~=", "==="]))
    version = draw(versions())
    if draw(st.integers(0, 3)) == 0:
        version = version.partition("+")[0]
    return (
        operator
        + draw(st.sampled_from(["", " "]))
        + version
        + draw(st.sampled_from(["", "", "", ".*", " .*"]))
    )


@settings(max_examples=400, deadline=None)
@given(
    texts=st.lists(versions(), max_size=12),
    specifier=st.lists(clauses(), max_size=3).map(",".join),
)
def test_masks_are_what_packaging_says_of_each_version(texts: list[str], specifier: str) -> None:
    listed, _ = VersionList.sort(texts)
    try:
        expected = SpecifierSet(specifier)
    except InvalidSpecifier:
        with pytest.raises(InvalidValueError):
            listed.mask(specifier)
        return
    mask = listed.mask(specifier)
    admitted = [string for place, string in enumerate(listed.strings) if mask >> place & 1]
    assert admitted == [s for s in listed.strings if expected.contains(s, prereleases=True)]
    assert mask >> len(listed) == 0
    assert mentions_prerelease(specifier) is bool(expected.prereleases)


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(versions(), max_size=12))
def test_versions_are_sorted_and_written_as_packaging_does(texts: list[str]) -> None:
    listed, entries = VersionList.sort(texts)
    parsed = [Version(string) for string in listed.strings]
    assert parsed == sorted(set(map(Version, texts)), reverse=True)
    assert {text: Version(entry) for text, entry in entries.items()} == {
        text: Version(text) for text in texts
    }
    assert [normal_version(text) for text in texts] == [str(Version(text)) for text in texts]
    pre = [bool(listed.prerelease_mask >> place & 1) for place in range(len(listed))]
    assert pre == [version.is_prerelease for version in parsed]


BUILDS_AND_POST = ["2.1.2.post1", "2.1.2+cu121", "2.1.2+cu118", "2.1.2"]


@pytest.mark.parametrize(
    ("specifier", "admitted"),
    [
        pytest.param("==2.1.2", ["2.1.2+cu121", "2.1.2+cu118", "2.1.2"], id="equality-takes-every-build"),
        pytest.param("==2.1.2+cu118", ["2.1.2+cu118"], id="a-build-is-only-itself"),
        pytest.param(">2.1.2", ["2.2.0", "2.2.0rc1"], id="above-excludes-builds-and-post-releases"),
        pytest.param("<2.2", [*BUILDS_AND_POST, "2.1.1"], id="below-excludes-its-pre-releases"),
        pytest.param("<=2.1.2", ["2.1.2+cu121", "2.1.2+cu118", "2.1.2", "2.1.1"], id="up-to-takes-builds"),
        pytest.param("!=2.1.2", ["2.2.0", "2.2.0rc1", "2.1.2.post1", "2.1.1"], id="exclusion"),
        pytest.param("~=2.1.2", BUILDS_AND_POST, id="compatible"),
        pytest.param("==2.2.*", ["2.2.0", "2.2.0rc1"], id="prefix-takes-pre-releases"),
        pytest.param("===2.1.2+CU118", ["2.1.2+cu118"], id="arbitrary-equality-knows-no-case"),
        pytest.param(" >= 2.1.2 , < 2.2.dev0 , ", BUILDS_AND_POST, id="list"),
    ],
)  # fmt: skip
def test_a_specifier_admits(specifier: str, admitted: list[str]) -> None:
    texts = ["2.1.1", "2.1.2", "2.1.2+cu118", "2.1.2+cu121", "2.1.2.post1", "2.2.0rc1", "2.2.0"]
    listed, _ = VersionList.sort(texts)
    mask = listed.mask(specifier)
    assert [string for place, string in enumerate(listed.strings) if mask >> place & 1] == admitted


@pytest.mark.parametrize(
    "specifier",
    [
        ">=1.0.*",
        "~=1",
        ">1+cu118",
        "=>1",
        "1.0",
        "==",
        "==1.0 .*",
        "==1.a.*",
        "==1a1.*",
        "=== a b",
        "==1 2",
        ">=1;",
        pytest.param(">=" + "9" * 5000, id="a-huge-number"),
        pytest.param(">=1" + ".0" * 100_000, id="a-huge-release"),
    ],
)
def test_a_specifier_that_is_none_is_refused(specifier: str) -> None:
    with pytest.raises(InvalidValueError, match="can't be read"):
        VersionList(["1.0"]).mask(specifier)


def test_spellings_of_one_version_are_one_entry_and_what_is_no_version_is_none() -> None:
    listed, entries = VersionList.sort(["1.0.0", "1.0", "nightly", "1.0-rc1", "2..0", "9" * 5000])
    assert list(listed.strings) == ["1.0", "1.0rc1"]
    assert entries == {"1.0.0": "1.0", "1.0": "1.0", "1.0-rc1": "1.0rc1"}


def test_known_masks_are_answered_without_reading_a_version() -> None:
    listed = VersionList(["unreadable"], prerelease_mask=0, masks={">=1": 1})
    assert (listed.mask(">=1"), listed.prerelease_mask, listed.changed) == (1, 0, False)
    with pytest.raises(DiskError, match="in place of a version"):
        listed.mask(">=2")


def test_a_new_mask_is_kept_and_marks_the_list_as_changed() -> None:
    listed = VersionList(["2.0", "1.0"])
    assert listed.mask("<2") == 0b10
    assert (listed.masks, listed.changed) == ({"<2": 0b10}, True)


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [
        ("3.10.0", ">=3.8,!=3.9.*", True),
        ("3.10.0", "<3.10", False),
        ("3.10.0", "", True),
        ("any", ">=0", False),
    ],
)
def test_admits_one_version(version: str, specifier: str, expected: bool) -> None:
    assert admits(specifier, version) is expected
