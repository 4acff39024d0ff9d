from __future__ import annotations

import hashlib
import io
import re
import zipfile
from typing import Any

import pytest

from envspec.assets.easyocr import plan, read_config, read_routing, route, table
from envspec.assets.interface import Absent, Distribution, Fetch, Got, Planned, ReadDistribution
from envspec.errors import BrokenArtifactError, HashMismatchError
from envspec.lock.document import Asset, AssetFile, Member, Variable
from tests.assets.models import ModelAnswers, plan_model

CRAFT, KOREAN = b"the detector's weights", b"the recognizer's weights"
CRAFT_URL, KOREAN_URL = "https://files.example/craft.zip", "https://files.example/korean_g2.zip"


WHEEL = "easyocr-1.7.3-py3-none-any.whl"


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def config(**changed: str) -> bytes:
    said = {"craft": md5(CRAFT), "korean": md5(KOREAN), **changed}
    return f"""
import os
BASE_PATH = os.path.dirname(__file__)
detection_models = {{
    'craft': {{'filename': 'craft_mlt_25k.pth', 'url': '{CRAFT_URL}', 'md5sum': '{said["craft"]}'}},
}}
recognition_models = {{
    'gen1': {{}},
    'gen2': {{
        'korean_g2': {{'filename': 'korean_g2.pth', 'model_script': 'korean', 'url': '{KOREAN_URL}',
                      'md5sum': '{said["korean"]}', 'symbols': '"', 'characters': '가각간'}},
    }},
}}
""".encode()


def reader(keys: list[str]) -> bytes:
    """``Reader.__init__`` as far as it says which recognizer is chosen."""
    lines = [
        f"        elif lang == {n}:\n            model = recognition_models['g']['{key}']"
        for n, key in enumerate(keys)
    ]
    text = "class Reader:\n    def __init__(self, lang):\n        if lang is None:\n            pass\n"
    return (text + "\n".join(lines) + "\n").encode()


ROUTING = [row.recognizer for row in table().routing]


def zipped(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


ZIPS: dict[str, bytes | Got] = {
    CRAFT_URL: zipped("craft_mlt_25k.pth", CRAFT),
    KOREAN_URL: zipped("korean_g2.pth", KOREAN),
}


def held(source: bytes | None = None, keys: list[str] | None = None, unread: str = "") -> Distribution:
    members = {
        "easyocr/config.py": config() if source is None else source,
        "easyocr/easyocr.py": reader(ROUTING if keys is None else keys),
    }
    return Distribution("easyocr", "1.7.3", WHEEL, members, unread)


def planned(
    distribution: Distribution | None,
    zips: dict[str, bytes | Got] = ZIPS,
    earlier: Asset | None = None,
    **said: Any,
) -> tuple[Planned | Absent, ModelAnswers]:
    answers = ModelAnswers(zips, distributions={"easyocr": distribution} if distribution else {})
    table = {"provider": "easyocr", "languages": ["ko", "en"], **said}
    return plan_model(plan, answers, earlier, **table), answers


def test_korean_and_english_take_the_detector_and_one_recognizer() -> None:
    outcome, answers = planned(held())
    assert isinstance(outcome, Planned)
    digest = hashlib.sha256
    craft_zip, korean_zip = ZIPS[CRAFT_URL], ZIPS[KOREAN_URL]
    assert isinstance(craft_zip, bytes)
    assert isinstance(korean_zip, bytes)
    assert outcome.asset == Asset(
        kind="model",
        provider="easyocr",
        label="easyocr ko, en",
        files=(
            AssetFile(
                name="craft.zip",
                hashes=(("sha256", digest(craft_zip).hexdigest()),),
                dest="easyocr/model/craft_mlt_25k.pth",
                url=CRAFT_URL,
                size=len(craft_zip),
                digest_from="computed",
                member=Member(
                    "craft_mlt_25k.pth", (("md5", md5(CRAFT)), ("sha256", digest(CRAFT).hexdigest())), 22
                ),
            ),
            AssetFile(
                name="korean_g2.zip",
                hashes=(("sha256", digest(korean_zip).hexdigest()),),
                dest="easyocr/model/korean_g2.pth",
                url=KOREAN_URL,
                size=len(korean_zip),
                digest_from="computed",
                member=Member(
                    "korean_g2.pth", (("md5", md5(KOREAN)), ("sha256", digest(KOREAN).hexdigest())), 24
                ),
            ),
        ),
        folders=("easyocr/user_network",),
        notes=("no variable forbids easyocr to download: the program must pass download_enabled=False",),
        variables=(
            Variable(
                "EASYOCR_MODULE_PATH",
                "{assets}/easyocr",
                ("easyocr ko, en",),
                "easyocr 1.7.2: easyocr/config.py",
            ),
        ),
    )
    assert answers.asked == [
        [ReadDistribution("easyocr", ("easyocr/config.py", "easyocr/easyocr.py"))],
        [Fetch(CRAFT_URL, look=True), Fetch(KOREAN_URL, look=True)],
    ]


def test_a_table_that_differs_from_the_recorded_one_is_told_and_the_wheels_is_taken() -> None:
    outcome, _ = planned(held())
    assert isinstance(outcome, Planned)
    recorded = {row.key: row for row in table().file}
    assert outcome.warnings == (
        "easyocr 1.7.3 says of craft another thing than the table of 1.7.2:"
        f" url {CRAFT_URL} in place of {recorded['craft'].url},"
        f" md5 {md5(CRAFT)} in place of {recorded['craft'].md5}",
        "easyocr 1.7.3 says of korean_g2 another thing than the table of 1.7.2:"
        f" url {KOREAN_URL} in place of {recorded['korean_g2'].url},"
        f" md5 {md5(KOREAN)} in place of {recorded['korean_g2'].md5}",
    )


def test_a_detector_that_compiles_itself_says_so() -> None:
    told = (
        config().replace(b"'craft'", b"'dbnet18'").replace(b"craft_mlt_25k.pth", b"pretrained_ic15_res18.pt")
    )
    zips = {**ZIPS, CRAFT_URL: zipped("pretrained_ic15_res18.pt", CRAFT)}
    outcome, _ = planned(held(told), zips, detector="dbnet18")
    assert isinstance(outcome, Planned)
    assert outcome.asset.notes[0].startswith("dbnet18 compiles an extension when it's first used")


def test_another_order_of_recognizers_is_told() -> None:
    outcome, _ = planned(held(keys=[*ROUTING, "greek_g3"]))
    assert isinstance(outcome, Planned)
    assert outcome.warnings[0].startswith("easyocr 1.7.3 chooses recognizers otherwise than 1.7.2")


def recorded_zips() -> dict[str, bytes | Got]:
    """Archives at the recorded URLs, whose members are none of the recorded ones."""
    return {row.url: zipped(row.member, b"x") for row in table().file}


@pytest.mark.parametrize(
    ("distribution", "warning"),
    [
        (None, "easyocr isn't among the locked distributions"),
        (held(b"(" * 200), f"easyocr/config.py of {WHEEL} can't be read"),
        (held(b"detection_models = load()"), f"easyocr/config.py of {WHEEL} can't be read"),
        (held(unread="its index is recorded"), f"nobody looked into {WHEEL} (its index is recorded)"),
    ],
    ids=["not locked", "no Python", "no literal", "unread"],
)
def test_without_a_readable_wheel_the_recorded_table_is_taken_and_still_checked(
    distribution: Distribution | None, warning: str
) -> None:
    with pytest.raises(HashMismatchError) as raised:
        planned(distribution, recorded_zips())
    assert raised.value.what == (
        "korean_g2.pth in https://github.com/JaidedAI/EasyOCR/releases/download/v1.3/korean_g2.zip has md5"
        f" {md5(b'x')}, easyocr wants befecf7b1ca2fffb5af814a51443682d"
    )
    kept = earlier_asset()
    outcome, answers = planned(distribution, {}, earlier=kept)
    assert isinstance(outcome, Planned)
    assert outcome.warnings == (f"{warning}; its table is that of 1.7.2",)
    assert outcome.asset.files == kept.files
    assert len(answers.asked) == 1


def test_a_member_whose_digest_is_on_record_is_locked_without_fetching_its_archive() -> None:
    outcome, answers = planned(None, {}, languages=["en"])
    assert isinstance(outcome, Planned)
    assert outcome.asset.files == (
        AssetFile(
            name="craft_mlt_25k.zip",
            hashes=(),
            dest="easyocr/model/craft_mlt_25k.pth",
            url="https://github.com/JaidedAI/EasyOCR/releases/download/pre-v1.1.6/craft_mlt_25k.zip",
            digest_from="recording",
            member=Member(
                "craft_mlt_25k.pth",
                (
                    ("md5", "2f8227d2def4037cdb3b34389dcf9ec1"),
                    ("sha256", "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17"),
                ),
                83152330,
            ),
        ),
        AssetFile(
            name="english_g2.zip",
            hashes=(),
            dest="easyocr/model/english_g2.pth",
            url="https://github.com/JaidedAI/EasyOCR/releases/download/v1.3/english_g2.zip",
            digest_from="recording",
            member=Member(
                "english_g2.pth",
                (
                    ("md5", "5864788e1821be9e454ec108d61b887d"),
                    ("sha256", "e2272681d9d67a04e2dff396b6e95077bc19001f8f6d3593c307b9852e1c29e8"),
                ),
                15143997,
            ),
        ),
    )
    assert [len(round_) for round_ in answers.asked] == [1]


def earlier_asset() -> Asset:
    """What an existing lock holds of the recorded files."""
    rows = [row for row in table().file if row.key in ("craft", "korean_g2")]
    files = tuple(
        AssetFile(
            name=row.url.rpartition("/")[2],
            hashes=(("sha256", "1" * 64),),
            dest=f"easyocr/model/{row.member}",
            url=row.url,
            size=1,
            digest_from="computed",
            member=Member(row.member, (("md5", row.md5), ("sha256", "2" * 64)), 1),
        )
        for row in rows
    )
    return Asset("model", "easyocr", "easyocr ko, en", files=files)


def test_a_member_that_is_not_the_named_one_is_refused() -> None:
    with pytest.raises(HashMismatchError) as raised:
        planned(held(config(craft="0" * 32)))
    assert raised.value.what == (
        f"craft_mlt_25k.pth in {CRAFT_URL} has md5 {md5(CRAFT)}, easyocr wants {'0' * 32}"
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>not found</html>", zipped("other.pth", CRAFT), zipped("craft_mlt_25k.pth", CRAFT)[:-10]],
)
def test_an_archive_without_the_member_or_cut_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenArtifactError):
        planned(held(), {**ZIPS, CRAFT_URL: body})


@pytest.mark.parametrize(
    ("languages", "recognizer"),
    [
        (["en"], "english_g2"),
        (["ko", "en"], "korean_g2"),
        (["en", "ko"], "korean_g2"),
        (["ch_sim"], "zh_sim_g2"),
        (["en", "de"], "latin_g2"),
        (["ru", "en"], "cyrillic_g2"),
        (["hi", "en"], "devanagari_g1"),
        (["en", "en"], "latin_g2"),
    ],
)
def test_languages_lead_to_the_recognizer_that_a_reader_takes(languages: list[str], recognizer: str) -> None:
    assert route(languages) == recognizer


@pytest.mark.parametrize(
    ("languages", "what"),
    [
        (["ko", "ja"], "easyocr reads ko, ja not with one Reader"),
        (["tlh"], "easyocr reads no tlh"),
    ],
)
def test_languages_that_no_reader_takes_are_absent(languages: list[str], what: str) -> None:
    outcome, answers = planned(held(), languages=languages)
    assert isinstance(outcome, Absent)
    assert (outcome.what, answers.asked) == (what, [])


@pytest.mark.parametrize(
    "source",
    [
        b"detection_models = {'craft': {'filename': '../x', 'url': 'https://h/x.zip', 'md5sum': '"
        + b"0" * 32
        + b"'}}",
        b"detection_models = {'craft': {'filename': 'x', 'url': 'file:///etc/passwd', 'md5sum': '"
        + b"0" * 32
        + b"'}}",
        b"detection_models = {'craft': {'filename': 'x', 'url': 'https://h/x.zip', 'md5sum': 'nonsense'}}",
        b"detection_models = {'craft': 7}",
        b"detection_models = 'craft'",
        b"recognition_models = ['craft']",
        b"\0\xff",
        b"x = " + b"[" * 10_000,
    ],
)
def test_a_hostile_table_has_no_rows(source: bytes) -> None:
    assert read_config(source) == {}
    assert read_routing(source) == []


@pytest.mark.registry
def test_the_recorded_table_is_that_of_the_release(release: Any) -> None:
    members = release("easyocr==1.7.2", "easyocr/config.py", "easyocr/easyocr.py")
    recorded = {row.key: (row.member, row.url, row.md5) for row in table().file}
    assert {key: tuple(found) for key, found in read_config(members["easyocr/config.py"]).items()} == recorded
    assert read_routing(members["easyocr/easyocr.py"]) == ROUTING
    assert re.search(rb"support_detection_network = \['craft', 'dbnet18'\]", members["easyocr/easyocr.py"])
