from __future__ import annotations

from pathlib import Path

import pytest

from envspec.errors import UnreadableLockError
from envspec.lock.codec import decode

LOCKS = Path(__file__).parents[2] / "locks"
TARGET = "[tool.envspec.target]\n"
GOOD = (
    f'lock-version = "1.0"\ncreated-by = "envspec"\npackages = []\n{TARGET}os = "rhel-8.9"\n'
    'gpu = "A100-80GB"\ngpu-count = 2\ncuda = "11.8"\nnetwork = "closed"\ngpu-memory = "20 GiB"\n'
    'prefix = "/data/envs"\nanother = 5\nendpoints = [{ url = "https://nas.internal/x" }]\n'
    'disk = { "/data" = { size = "2 TiB" } }\n'
)


def test_a_target_is_kept_as_it_stands_with_keys_that_nobody_knows() -> None:
    assert decode(GOOD, "pylock.ocr.toml").target == {
        "os": "rhel-8.9",
        "gpu": "A100-80GB",
        "gpu-count": 2,
        "cuda": "11.8",
        "network": "closed",
        "gpu-memory": "20 GiB",
        "prefix": "/data/envs",
        "another": 5,
        "endpoints": [{"url": "https://nas.internal/x"}],
        "disk": {"/data": {"size": "2 TiB"}},
    }


@pytest.mark.parametrize(
    ("old", "new", "place", "why"),
    [
        ('os = "rhel-8.9"', "os = 8.9", "os", "8.9 was met, a text is wanted"),
        ('gpu = "A100-80GB"', 'gpu = ["A100"]', "gpu", "an array was met, a text is wanted"),
        ("gpu-count = 2", "gpu-count = 0", "gpu-count", "0 was met, a number from 1 to 1024 is wanted"),
        ("gpu-count = 2", 'gpu-count = "2"', "gpu-count", "'2' was met, a number from 1 to 1024 is wanted"),
        ('"11.8"', '"cu118"', "cuda", "'cu118' was met, wanted is a release such as 11.8, or cpu"),
        ('"closed"', '"shut"', "network", "'shut' was met, wanted is one of closed, internal, open"),
        ('"20 GiB"', '"plenty"', "gpu-memory", "'plenty' was met, wanted is an amount such as 39 GiB"),
        ('"20 GiB"', "20", "gpu-memory", "20 was met, a text is wanted"),
        ('"/data/envs"', '"/data\\u001b[31m"', "prefix", r"'/data\x1b[31m' holds a control character"),
        ('"https://nas.internal/x"', "5", "endpoints[0].url", "5 was met, a text is wanted"),
        ("[{ url", "{ url", "endpoints", "a table was met, an array of tables is wanted"),
        ('{ size = "2 TiB" }', "5", "/data", "5 was met, a table is wanted"),
        ('"2 TiB"', '"big"', "disk['/data'].size", "'big' was met, wanted is an amount such as 39 GiB"),
    ],
)
def test_a_value_that_no_rule_could_use_is_refused_and_not_passed_over(
    old: str, new: str, place: str, why: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new)
    if old == "[{ url":
        text = text.replace('"https://nas.internal/x" }]', '"https://nas.internal/x" }')
    with pytest.raises(UnreadableLockError) as caught:
        decode(text, "pylock.ocr.toml")
    said = str(caught.value)
    assert said.startswith("pylock.ocr.toml: tool.envspec.target")
    assert f"{place}: can't be read\n  why: {why}\n" in said


def test_the_committed_locks_are_read() -> None:
    assert {decode(path.read_text(), path.name).target["arch"] for path in LOCKS.glob("*.toml")} == {"x86_64"}
