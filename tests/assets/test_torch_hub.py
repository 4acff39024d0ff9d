from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from envspec.assets.interface import Absent, Distribution, Fetch, Planned
from envspec.assets.torch_hub import known_prefix, plan, rows
from envspec.errors import HashMismatchError
from envspec.lock.document import Asset, AssetFile, Variable
from tests.assets.models import ModelAnswers, plan_model

BODY = b"weights"
SHA256 = hashlib.sha256(BODY).hexdigest()
NAMED = f"https://files.example/m/net-{SHA256[:8]}.pth"
PLAIN = "https://files.example/m/net.pth"


def planned(
    earlier: Asset | None = None, body: bytes = BODY, **said: Any
) -> tuple[Planned | Absent, ModelAnswers]:
    answers = ModelAnswers({said["url"]: body})
    return plan_model(plan, answers, earlier, provider="torch.hub", **said), answers


def test_the_start_of_the_digest_in_the_name_vouches_for_the_file() -> None:
    outcome, answers = planned(url=NAMED)
    assert isinstance(outcome, Planned)
    assert outcome.asset == Asset(
        kind="model",
        provider="torch.hub",
        label=f"torch.hub {NAMED}",
        files=(
            AssetFile(
                name=f"net-{SHA256[:8]}.pth",
                hashes=(("sha256", SHA256),),
                dest=f"torch/hub/checkpoints/net-{SHA256[:8]}.pth",
                url=NAMED,
                size=7,
                digest_from="computed",
            ),
        ),
        variables=(
            Variable(
                "TORCH_HOME",
                "{assets}/torch",
                (f"torch.hub {NAMED}",),
                "torch 2.1.2: torch/hub.py (get_dir, load_state_dict_from_url)",
            ),
        ),
    )
    assert answers.asked == [[Fetch(NAMED, None)]]


def test_a_file_that_begins_with_another_digest_is_refused() -> None:
    with pytest.raises(HashMismatchError) as raised:
        planned(url=NAMED, body=b"other")
    assert raised.value.what == (
        f"{NAMED} has sha256 {hashlib.sha256(b'other').hexdigest()},"
        f" its name or the spec says that it begins with {SHA256[:8]}"
    )


def test_a_given_digest_asks_nothing_and_must_agree_with_the_name() -> None:
    outcome, answers = planned(url=NAMED, sha256=SHA256)
    assert isinstance(outcome, Planned)
    assert (outcome.asset.files[0].sha256, outcome.asset.files[0].digest_from) == (SHA256, "publisher")
    assert answers.asked == []
    with pytest.raises(HashMismatchError):
        planned(url=NAMED, sha256="0" * 64)


def test_the_first_fetch_of_a_plain_name_is_unconfirmed_and_kept_by_a_relock() -> None:
    first, answers = planned(url=PLAIN, trust="first-fetch")
    assert isinstance(first, Planned)
    assert "two fetches brought the same bytes" in first.asset.unconfirmed
    assert [question.times for [question] in answers.asked if isinstance(question, Fetch)] == [1, 2]
    again, answers = planned(first.asset, url=PLAIN, trust="first-fetch")
    assert again == first
    assert answers.asked == []


def test_a_relock_fetches_nothing_while_the_start_still_fits() -> None:
    first, _ = planned(url=PLAIN, hash_prefix=SHA256[:10])
    assert isinstance(first, Planned)
    again, answers = planned(first.asset, url=PLAIN, hash_prefix=SHA256[:12])
    assert (again, answers.asked) == (first, [])
    with pytest.raises(HashMismatchError):
        planned(first.asset, url=PLAIN, hash_prefix="0" * 8)


RESNET = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
NAMES_IT = f'url="{RESNET}",'.encode()


def torchvision(source: bytes = NAMES_IT, unread: str = "") -> Distribution:
    members = {"torchvision/models/resnet.py": source}
    return Distribution("torchvision", "0.16.2", "torchvision-0.16.2.whl", members, unread)


@pytest.mark.parametrize(
    ("held", "warnings"),
    [
        (torchvision(), ()),
        (None, ("torchvision isn't among the locked distributions; the file is one of 0.29.1",)),
        (
            torchvision(b"url=WEIGHTS"),
            ("torchvision/models/resnet.py of torchvision 0.16.2 doesn't name this file, as 0.29.1 does",),
        ),
        (
            torchvision(unread="its index is recorded"),
            ("nobody looked into torchvision-0.16.2.whl (its index is recorded); the file is one of 0.29.1",),
        ),
    ],
    ids=["named", "not locked", "another", "unread"],
)
def test_a_file_of_torchvision_is_sought_in_the_locked_wheel(
    held: Distribution | None, warnings: tuple[str, ...]
) -> None:
    answers = ModelAnswers(distributions={"torchvision": held} if held else {})
    outcome = plan_model(plan, answers, provider="torchvision", url=RESNET, sha256="f37072fd" + "0" * 56)
    assert isinstance(outcome, Planned)
    assert outcome.warnings == warnings


def test_torch_hub_looks_into_no_wheel() -> None:
    answers = ModelAnswers()
    plan_model(plan, answers, provider="torch.hub", url=RESNET, sha256="f37072fd" + "0" * 56)
    assert answers.asked == []


@pytest.mark.parametrize(
    ("url", "said", "prefix"),
    [
        ("https://h/resnet50-0676ba61.pth", "", "0676ba61"),
        ("https://h/resnet50-0676ba61.pth?x=1", "", "0676ba61"),
        ("https://h/resnet50-0676ba61.pth", "0676ba61aa", "0676ba61aa"),
        ("https://h/resnet50-0676.pth", "", ""),
        ("https://h/resnet50_0676ba61.pth", "", ""),
        ("https://download.pytorch.org/models/quantized/resnet18_fbgemm_16fa66dd.pth", "", "16fa66dd"),
    ],
    ids=["name", "query", "spec says more", "too short", "behind another sign", "only the table knows"],
)
def test_where_the_start_of_a_digest_is_known_from(url: str, said: str, prefix: str) -> None:
    assert known_prefix(url, said) == prefix


def test_the_table_is_the_one_that_was_gathered() -> None:
    gathered = Path(__file__).parents[3] / "shared" / "data" / "models" / "torchvision.json"
    if not gathered.exists():
        pytest.skip("the gathered data isn't here")
    import json

    found = {row["url"]: row["sha256_prefix"] for row in json.loads(gathered.read_text())["files"]}
    assert {url: row.prefix for url, row in rows().items() if found[url]} == {
        url: prefix for url, prefix in found.items() if prefix
    }
    assert len(rows()) == 166


@pytest.mark.registry
def test_each_file_stands_in_the_module_of_the_release_that_the_table_names(release: Any) -> None:
    modules = sorted({row.module for row in rows().values()})
    members = release("torchvision==0.29.1", *modules)
    missing = [row.url for row in rows().values() if f'"{row.url}"'.encode() not in members[row.module]]
    assert missing == []
