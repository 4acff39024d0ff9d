"""Assets and variables as rows of a lock, and every row that isn't believed."""

from __future__ import annotations

from typing import Any

import pytest

from envspec.errors import UnreadableLockError
from envspec.lock.codec import decode, encode
from envspec.lock.document import Asset, AssetFile, Lock, Member, Space, Variable
from tests.lock.locks import lock

DIGEST = "a" * 64
ZIP = AssetFile(
    name="craft_mlt_25k.zip",
    hashes=(("sha256", DIGEST),),
    dest="easyocr/model/craft_mlt_25k.pth",
    url="https://github.com/JaidedAI/EasyOCR/releases/download/pre-v1.1.6/craft_mlt_25k.zip",
    digest_from="computed",
    member=Member("craft_mlt_25k.pth", (("md5", "2f8227d2def4037cdb3b34389dcf9ec1"),), 83152330),
)
OWN = AssetFile(
    name="run.sh",
    hashes=(("sha256", DIGEST),),
    dest="app/run.sh",
    path="../app/run.sh",
    size=0,
    digest_from="computed",
    root="environment",
    mode="0755",
)
DETECTOR = Asset(
    kind="model",
    provider="easyocr",
    label="easyocr ko, en",
    version="1.7.2",
    files=(ZIP,),
    folders=("easyocr/user_network",),
    hosts=("objects.githubusercontent.com",),
    variables=(Variable("EASYOCR_MODULE_PATH", "{assets}/easyocr", ("easyocr ko, en",), "easyocr 1.7.2"),),
    unconfirmed="one fetch, read to its end as zip",
    notes=("english_g2 isn't needed beside korean_g2",),
)
CODE = Asset(kind="file", provider="path", label="../app/", files=(OWN,))
DRIVER = Asset(
    kind="installer",
    provider="driver",
    label="driver 580.126.09",
    version="580.126.09",
    files=(
        AssetFile("x.run", (("sha256", DIGEST),), "x.run", url="https://x.example/x.run", root="installers"),
    ),
    space=Space(1_000, 2_000, "twice the file", is_estimated=True),
    commands=(("sh", "{file}", "--silent", "--tmpdir={scratch}"), ("true",)),
    on_path=("{environment}/bin",),
    when="driver-older",
    as_root=True,
    eula="NVIDIA driver licence https://x.example/licence",
)
WHOLE = lock(
    assets=(CODE, DRIVER, DETECTOR),
    environment=(Variable("HF_HUB_OFFLINE", "1", ("huggingface-hub",), "constants.py"),),
    contract={"glibc": {"version": "2.17"}, "disk": {"/tmp": {"peak-bytes": 1}}},
    verdict={"status": "fail", "grade": "refused", "findings": [{"rule": "driver", "takes": ["a", "b"]}]},
)
ROWS = """
[[tool.envspec.assets]]
files = [
    { dest = "easyocr/model/craft_mlt_25k.pth", digest-from = "computed", hashes = { sha256 = "DIGEST" }, \
member = { hashes = { md5 = "2f8227d2def4037cdb3b34389dcf9ec1" }, name = "craft_mlt_25k.pth", \
size = 83152330 }, name = "craft_mlt_25k.zip", \
url = "https://github.com/JaidedAI/EasyOCR/releases/download/pre-v1.1.6/craft_mlt_25k.zip" },
]
folders = ["easyocr/user_network"]
hosts = ["objects.githubusercontent.com"]
kind = "model"
label = "easyocr ko, en"
notes = ["english_g2 isn't needed beside korean_g2"]
provider = "easyocr"
unconfirmed = "one fetch, read to its end as zip"
variables = [
    { name = "EASYOCR_MODULE_PATH", read-by = ["easyocr ko, en"], source = "easyocr 1.7.2", \
value = "{assets}/easyocr" },
]
version = "1.7.2"
""".replace("DIGEST", DIGEST)


def test_assets_and_all_that_belongs_to_them_are_read_as_they_were_written() -> None:
    assert decode(encode(WHOLE).decode(), "x") == WHOLE


def test_a_row_is_written_in_one_order_without_what_is_empty() -> None:
    assert ROWS in encode(WHOLE).decode()


def test_an_empty_file_has_a_size() -> None:
    assert "size = 0" in encode(lock(assets=(CODE,))).decode()


def with_file(**fields: Any) -> Lock:
    return lock(assets=(CODE._replace(files=(OWN._replace(**fields),)),))


@pytest.mark.parametrize(
    ("wrong", "place", "why"),
    [
        (with_file(dest="../up"), "assets[0].files[0].dest", "'../up' was met, wanted is a path with /"),
        (with_file(dest="/etc/passwd"), "assets[0].files[0].dest", "'/etc/passwd' was met"),
        (with_file(dest="a//b"), "assets[0].files[0].dest", "'a//b' was met"),
        (with_file(dest="a\\b"), "assets[0].files[0].dest", "was met, wanted is a path with /"),
        (with_file(dest="a/\x1b[2J"), "assets[0].files[0].dest", "'a/\\x1b[2J' was met"),
        (with_file(dest="a" * 5000), "assets[0].files[0].dest", "a path has at most 4096 bytes"),
        (with_file(name="a/b"), "assets[0].files[0].name", "'a/b' is no file name"),
        (with_file(path="/etc/passwd"), "assets[0].files[0].path", "'/etc/passwd' was met, wanted is a path"),
        (with_file(path="", url="ftp://x.example/y"), "assets[0].files[0].url", "only http and https"),
        (with_file(path=""), "assets[0].files[0]", "url or path is wanted, both are missing"),
        (with_file(url="https://x.example/y"), "assets[0].files[0]", "both are there"),
        (with_file(hashes=(("sha256", "ab"),)), "assets[0].files[0].hashes", "a sha256 of 64"),
        (with_file(root="etc"), "assets[0].files[0].root", "'etc' was met, wanted is one of assets,"),
        (with_file(mode="6755"), "assets[0].files[0].mode", "'6755' was met"),
        (with_file(unpack="rar"), "assets[0].files[0].unpack", "'rar' was met"),
        (with_file(size=-1), "assets[0].files[0].size", "-1 was met"),
        (with_file(member=Member("../x")), "assets[0].files[0].member.name", "'../x' was met"),
        (lock(assets=(CODE._replace(kind="virus"),)), "assets[0].kind", "'virus' was met"),
        (lock(assets=(CODE._replace(label=""),)), "assets[0].label", "it is missing"),
        (lock(assets=(CODE._replace(label="a\nb"),)), "assets[0].label", "holds a control character"),
        (lock(assets=(CODE._replace(folders=("../x",)),)), "assets[0].folders", "'../x' was met"),
        (lock(assets=(CODE._replace(texts=(("../x", "y"),)),)), "assets[0].texts", "'../x' was met"),
        (lock(assets=(CODE._replace(texts=(("x", "y" * 70_000),)),)), "assets[0].texts", "at most 65536"),
        (lock(assets=(CODE._replace(hosts=("a b",)),)), "assets[0].hosts", "'a b' is no name of a host"),
        (lock(assets=(CODE._replace(commands=((),)),)), "assets[0].commands[0]", "a command without a word"),
        (lock(assets=(CODE._replace(on_path=("/bin",)),)), "assets[0].on-path", "must begin with a root"),
        (lock(assets=(CODE._replace(when="always"),)), "assets[0].when", "'always' was met"),
        (
            lock(
                assets=(CODE, CODE._replace(label="b", files=(OWN._replace(hashes=(("sha256", "b" * 64),)),)))
            ),
            "assets[1].files",
            "two files would lie at 'app/run.sh'",
        ),
        (lock(environment=(Variable("A B", "1"),)), "environment[0].name", "'A B' was met"),
        (lock(environment=(Variable("LD_PRELOAD\n", "1"),)), "environment[0].name", "was met"),
    ],
)
def test_what_cannot_be_believed_is_refused_at_its_place(wrong: Lock, place: str, why: str) -> None:
    with pytest.raises(UnreadableLockError) as caught:
        decode(encode(wrong).decode(), "pylock.x.toml")
    assert caught.value.what == f"pylock.x.toml: tool.envspec.{place}: can't be read"
    assert why in caught.value.why


def test_one_file_that_two_assets_share_may_lie_at_its_place() -> None:
    shared = lock(assets=(CODE, CODE._replace(label="b")))
    assert decode(encode(shared).decode(), "x") == shared


def test_a_key_of_a_newer_envspec_is_not_passed_over() -> None:
    text = encode(lock(assets=(CODE,))).decode().replace('kind = "file"', 'kind = "file"\nrun-first = ["rm"]')
    with pytest.raises(UnreadableLockError) as caught:
        decode(text, "x")
    assert (caught.value.why, caught.value.fix) == ("this envspec knows no such key", "use a newer envspec")
