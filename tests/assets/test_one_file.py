from __future__ import annotations

import gzip
import hashlib
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from envspec.assets.interface import Absent, Context, Fetch, Get, Planned
from envspec.assets.one_file import OneFile, Record, one_file
from envspec.errors import BrokenArtifactError, HashMismatchError, InvalidValueError
from envspec.lock.document import Asset
from tests.assets.answered import TARGET, Answers

URL = "https://files.example/tool.run"
BODY = b"not an archive"
SHA256 = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY).hexdigest()


def locked(
    record: Record,
    answers: Answers,
    *,
    sha256: str | None = None,
    trust: str | None = None,
    earlier: Asset | None = None,
) -> OneFile:
    found: list[OneFile] = []

    def plan() -> Generator[Sequence[Any], Sequence[Any], Planned | Absent]:
        context = Context(TARGET, earlier)
        found.append((yield from one_file(record, context, said_sha256=sha256, trust=trust)))
        return Absent("")

    answers.drive(plan())
    return found[0]


def test_the_users_own_digest_is_enough_and_nothing_is_fetched() -> None:
    answers = Answers()
    assert locked(Record(URL, size=14), answers, sha256="2" * 64) == OneFile(
        "tool.run", URL, (("sha256", "2" * 64),), 14, "publisher"
    )
    assert answers.asked == []


def test_a_digest_of_the_users_own_that_contradicts_the_record_is_refused() -> None:
    with pytest.raises(InvalidValueError) as raised:
        locked(Record(URL, sha256="1" * 64), Answers(), sha256="2" * 64)
    assert raised.value.what == f"the spec says sha256 {'2' * 64} of tool.run, {'1' * 64} is on record"


def test_a_web_page_in_place_of_the_file_is_refused_though_two_fetches_would_agree() -> None:
    page = b"\n<!DOCTYPE html><title>Please log in</title>"
    with pytest.raises(BrokenArtifactError, match=r"is a web page and no tool\.run"):
        locked(Record(URL), Answers({URL: page}), trust="first-fetch")
    own = "https://files.example/notes.html"
    assert locked(Record(own), Answers({own: page}), trust="first-fetch").size == len(page)


def test_an_empty_file_confirms_nothing() -> None:
    with pytest.raises(BrokenArtifactError, match="is empty"):
        locked(Record(URL), Answers({URL: b""}), trust="first-fetch")


def test_a_sha256_on_record_is_enough() -> None:
    answers = Answers()
    assert locked(Record(URL, sha256="1" * 64, md5="3" * 32), answers) == OneFile(
        "tool.run", URL, (("md5", "3" * 32), ("sha256", "1" * 64)), None, "recording"
    )
    assert answers.asked == []


def test_a_published_md5_is_checked_against_the_file_whose_sha256_is_locked() -> None:
    answers = Answers({URL: BODY})
    assert locked(Record(URL, md5=MD5, size=14), answers) == OneFile(
        "tool.run", URL, (("md5", MD5), ("sha256", SHA256)), 14, "computed"
    )
    assert answers.asked == [[Fetch(URL, 14)]]


def test_a_file_of_another_md5_is_refused() -> None:
    with pytest.raises(HashMismatchError) as raised:
        locked(Record(URL, md5="0" * 32), Answers({URL: BODY}))
    assert raised.value.what == f"{URL} has md5 {MD5}, its publisher lists {'0' * 32}"


def test_the_md5_is_found_in_the_publishers_list() -> None:
    sums = "https://files.example/md5sum.txt"
    listed = f"{'0' * 32}  other.run\n{MD5.upper()} *./tool.run\n".encode()
    answers = Answers({URL: BODY, sums: listed})
    assert locked(Record(URL, md5_list=sums), answers).hashes == (("md5", MD5), ("sha256", SHA256))
    assert answers.asked == [[Fetch(URL, None), Get(sums, max_bytes=1024 * 1024)]]


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (b"0123456789abcdef0123456789abcdef  another.run\n", "no line of it names the file"),
        (None, "it answered 404"),
    ],
)
def test_a_list_without_the_file_vouches_for_nothing(listed: bytes | None, why: str) -> None:
    sums = "https://files.example/md5sum.txt"
    bodies = {URL: BODY} if listed is None else {URL: BODY, sums: listed}
    with pytest.raises(BrokenArtifactError) as raised:
        locked(Record(URL, md5_list=sums), Answers(bodies))
    assert (raised.value.what, raised.value.why) == (f"{sums} lists no md5 of tool.run", why)


def test_where_nobody_vouches_and_no_trust_was_said_nothing_is_locked() -> None:
    with pytest.raises(InvalidValueError) as raised:
        locked(Record(URL), Answers({URL: BODY}))
    assert raised.value.what == "nobody publishes a digest of this file"


def test_a_first_fetch_is_trusted_if_the_archive_confirms_itself() -> None:
    body = gzip.compress(b"x" * 1000, mtime=0)
    answers = Answers({URL: body})
    found = locked(Record(URL), answers, trust="first-fetch")
    assert (found.hashes, found.digest_from) == (
        (("sha256", hashlib.sha256(body).hexdigest()),),
        "computed",
    )
    assert found.unconfirmed == (
        "its digest is that of the first fetch: nobody publishes one"
        " (gzip, read to its end: length and CRC-32 agree)"
    )
    assert len(answers.asked) == 1


def test_a_cut_archive_is_not_trusted() -> None:
    with pytest.raises(BrokenArtifactError, match="this gzip archive isn't whole"):
        locked(Record(URL), Answers({URL: gzip.compress(b"x" * 1000)[:-9]}), trust="first-fetch")


def test_what_confirms_nothing_is_fetched_twice() -> None:
    answers = Answers({URL: BODY})
    found = locked(Record(URL), answers, trust="first-fetch")
    assert found.unconfirmed.endswith("(two fetches brought the same bytes)")
    assert answers.asked == [[Fetch(URL, None, look=True)], [Fetch(URL, None, times=2)]]


def test_an_archive_of_unannounced_length_is_fetched_twice_too() -> None:
    answers = Answers({URL: gzip.compress(b"x")})
    answers.announces_length = False
    assert "two fetches" in locked(Record(URL), answers, trust="first-fetch").unconfirmed


def test_a_file_of_another_size_than_on_record_is_refused() -> None:
    with pytest.raises(HashMismatchError) as raised:
        locked(Record(URL, size=15), Answers({URL: BODY}), trust="first-fetch")
    assert raised.value.what == f"{URL} has 14 bytes, 15 are on record"


def test_what_the_lock_holds_already_is_not_fetched_again() -> None:
    first = locked(Record(URL), Answers({URL: BODY}), trust="first-fetch")
    earlier = Asset("installer", "file", "x", files=(first.at("x"),), unconfirmed=first.unconfirmed)
    answers = Answers()
    assert locked(Record(URL), answers, trust="first-fetch", earlier=earlier) == first
    assert answers.asked == []


def test_a_first_fetch_is_kept_only_as_long_as_it_is_trusted() -> None:
    first = locked(Record(URL), Answers({URL: BODY}), trust="first-fetch")
    earlier = Asset("installer", "file", "x", files=(first.at("x"),), unconfirmed=first.unconfirmed)
    with pytest.raises(InvalidValueError, match="nobody publishes a digest"):
        locked(Record(URL), Answers({URL: BODY}), earlier=earlier)
    listed = locked(Record(URL, md5=MD5), Answers({URL: BODY}), trust="first-fetch", earlier=earlier)
    assert (listed.unconfirmed, dict(listed.hashes)["md5"]) == ("", MD5)


def test_a_digest_that_the_spec_gave_once_is_not_kept_without_it() -> None:
    given = locked(Record(URL), Answers(), sha256="2" * 64)
    earlier = Asset("installer", "file", "x", files=(given.at("x"),))
    found = locked(Record(URL), Answers({URL: BODY}), trust="first-fetch", earlier=earlier)
    assert dict(found.hashes)["sha256"] == SHA256
    assert found.unconfirmed


@pytest.mark.parametrize(
    "url", ["https://files.example/", "https://files.example/a/..", "https://x.example/%2F"]
)
def test_a_url_must_end_in_a_file_name(url: str) -> None:
    with pytest.raises(InvalidValueError, match="no file name can be taken from it"):
        locked(Record(url), Answers({url: BODY}), trust="first-fetch")
