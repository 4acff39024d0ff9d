from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from envspec.cli.main import main
from envspec.lock.codec import encode
from envspec.lock.document import Asset, Lock
from tests.lock.locks import asset_file, distribution, file, lock, repository

CU118 = lock(
    distribution("numpy", "1.26.4", tag="cp310-cp310-manylinux_2_17_x86_64"),
    distribution(
        "torch",
        "2.1.2+cu118",
        index_name="pytorch-cu118",
        wheel=file("torch-2.1.2+cu118-cp310-cp310-linux_x86_64.whl", size=None),
    ),
    distribution("triton", "2.1.0", tag="cp310-cp310-manylinux_2_17_x86_64"),
    name="founding",
    variant="cu118",
    hosts=("default", "download.pytorch.org"),
)
CU121 = lock(
    distribution("numpy", "1.26.4", tag="cp310-cp310-manylinux_2_17_x86_64"),
    distribution(
        "nvidia-nccl-cu12", "2.18.1", wheel=file("nvidia_nccl_cu12-2.18.1-py3-none-any.whl", size=209_800_000)
    ),
    distribution(
        "torch",
        "2.1.2+cu121",
        "nvidia-nccl-cu12",
        index_name="pytorch-cu121",
        wheel=file("torch-2.1.2+cu121-cp310-cp310-linux_x86_64.whl", size=2_200_000_000),
    ),
    name="founding",
    variant="cu121",
    spec_digest="5bed",
    hosts=("default", "download.pytorch.org"),
    not_locked=(("models", "easyocr"),),
    contract={"driver": ">=525.60.13"},
)
FORGED = CU118._replace(
    distributions=(
        distribution(
            "numpy",
            "1.26.4",
            wheel=file(
                "numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.whl", content="other", digest_from="computed"
            ),
        ),
        *CU118.distributions[1:],
    )
)
TEXT = """\
founding-cu118 -> founding-cu121

consequences
  bytes to carry              at least 2.0 KiB in 3 files, 1 of unknown size -> 2.2 GiB in 3 files (+2.2 GiB)
  new to carry                2.2 GiB in 2 files
  Python                      ==3.10.* (the same)
  glibc that the wheels need  2.17 (the same)
  hosts to fetch from         default, download.pytorch.org (the same)
  contract.driver             none -> >=525.60.13
  wheel tags                  +py3-none
  wheel platforms             +any

distributions: 1 added, 1 removed, 1 changed, 1 the same
  +  nvidia-nccl-cu12  2.18.1                      200.1 MiB
  -  triton            2.1.0                       1000 bytes
  ~  torch             2.1.2+cu118 -> 2.1.2+cu121  build; ? bytes -> 2.0 GiB; \
index: pytorch-cu118 -> pytorch-cu121; \
dependencies: +nvidia-nccl-cu12

other
  variant      cu118 -> cu121
  spec-digest  5bec -> 5bed
  not-locked   +models: easyocr
"""
MARKDOWN = """\
## founding-cu118 → founding-cu118

> [!CAUTION]
> **OTHER BYTES UNDER THE SAME FILE NAME**
>
> - `numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.whl`: BEFORE (index) -\\> AFTER (computed)
>
> A published file never changes: one side is damaged or forged. Install neither until you know which.

### Consequences

|  |  |
| --- | --- |
| bytes to carry | at least 2.0 KiB in 3 files, 1 of unknown size (the same) |
| new to carry | 1000 bytes in 1 file |
| Python | ==3.10.\\* (the same) |
| glibc that the wheels need | 2.17 (the same) |
| hosts to fetch from | default, download.pytorch.org (the same) |

### Distributions: 1 changed, 2 the same

|  | distribution | version |  |
| --- | --- | --- | --- |
| changed | numpy | 1.26.4 | file; OTHER BYTES, see above; digest-from: index -\\> computed |
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the locks of two variants, where the user stands."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "founding.toml").write_text(
        'name = "founding"\n[variants.cu118]\n[variants.cu121]\n[variants.cpu]\n'
    )
    write(tmp_path, CU118)
    write(tmp_path, CU121)
    return tmp_path


def write(folder: Path, held: Lock, name: str = "") -> str:
    path = folder / "locks" / (name or held.file_name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encode(held))
    return str(path)


def test_two_locks_are_compared_consequences_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["diff", "locks/pylock.founding-cu118.toml", "locks/pylock.founding-cu121.toml"])
    assert (code, capsys.readouterr().out) == (0, TEXT)


def test_two_variants_of_a_spec_are_found_beside_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["diff", "specs/founding.toml", "--variants", "cu118", "cu121", "--exit-code"])
    assert (code, capsys.readouterr().out) == (1, TEXT)


def test_locks_beside_a_spec_that_lies_elsewhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "specs" / "founding.toml").rename(folder / "locks" / "founding.toml")
    code = main(["diff", "locks/founding.toml", "--variants", "cu118", "cu121"])
    assert (code, capsys.readouterr().out) == (0, TEXT)


def test_a_digest_that_changed_is_shouted_in_markdown(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, FORGED, "pylock.forged.toml")
    main(["diff", "locks/pylock.founding-cu118.toml", "locks/pylock.forged.toml", "--format", "markdown"])
    expected = MARKDOWN.replace("BEFORE", CU118.distributions[0].file.sha256)
    assert capsys.readouterr().out == expected.replace("AFTER", FORGED.distributions[0].file.sha256)


def test_a_digest_that_changed_is_shouted_in_text(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, FORGED, "pylock.forged.toml")
    main(["diff", "locks/pylock.founding-cu118.toml", "locks/pylock.forged.toml"])
    before, after = CU118.distributions[0].file.sha256, FORGED.distributions[0].file.sha256
    assert capsys.readouterr().out.splitlines()[2:6] == [
        "!!! OTHER BYTES UNDER THE SAME FILE NAME: 1",
        "!!!   numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.whl",
        f"!!!     sha256 {before} (index) -> {after} (computed)",
        "!!! A published file never changes: one side is damaged or forged."
        " Install neither until you know which.",
    ]


def test_json_holds_the_values_as_they_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["diff", "specs/founding.toml", "--variants", "cu118", "cu121", "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["different"] is True
    assert document["carry"]["before"] == {"bytes": 2000, "files": 3, "files-of-unknown-size": 1}
    assert document["distributions"]["added"] == [
        {
            "name": "nvidia-nccl-cu12",
            "version": "2.18.1",
            "file": "nvidia_nccl_cu12-2.18.1-py3-none-any.whl",
            "sha256": CU121.distributions[1].file.sha256,
            "bytes": 209800000,
            "index": "default",
        }
    ]
    (torch,) = document["distributions"]["changed"]
    assert (torch["name"], torch["kind"], torch["before"]["bytes"]) == ("torch", "build", None)
    assert {"subject": "contract.driver", "before": None, "after": ">=525.60.13"} in document["consequences"]


def test_equal_locks_answer_no_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["diff", *["locks/pylock.founding-cu121.toml"] * 2, "--exit-code"])
    assert code == 0
    assert capsys.readouterr().out.splitlines()[-3:] == ["distributions: 3 the same", "", "no difference"]


def test_the_answer_goes_to_a_file_where_one_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["diff", "specs/founding.toml", "--variants", "cu118", "cu121", "-o", "out/diff.txt"])
    assert capsys.readouterr().out == ""
    assert (folder / "out" / "diff.txt").read_text() == TEXT


def test_a_lock_can_not_put_orders_into_a_terminal_or_a_page(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = CU118._replace(warnings=("\x1b]0;owned\x07 | <img src=x> ![](http://x.example)\nsecond",))
    write(folder, hostile, "pylock.hostile.toml")
    files = ["locks/pylock.founding-cu118.toml", "locks/pylock.hostile.toml"]
    main(["diff", *files])
    assert capsys.readouterr().out.splitlines()[-1] == (
        r"  warnings  +\x1b]0;owned\x07 | <img src=x> ![](http://x.example)\nsecond"
    )
    main(["diff", *files, "--format", "markdown"])
    assert capsys.readouterr().out.splitlines()[-1] == (
        r"| warnings | +\\x1b\]0;owned\\x07 \| \<img src=x\> \!\[\](http:\/\/x.example)\\nsecond |"
    )


def test_a_file_name_can_not_leave_its_frame(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, url = "a-1.0-py3-none-any` <img src=x>.whl", "https://files.example/a"
    wheels = [file(name, content=content, url=url) for content in ("one", "two")]
    both = [lock(distribution("a", "1.0", wheel=wheel)) for wheel in wheels]
    files = [write(folder, each, f"pylock.{n}.toml") for n, each in enumerate(both)]
    main(["diff", *files, "--format", "markdown"])
    assert "> - `a-1.0-py3-none-any' <img src=x>.whl`: " in capsys.readouterr().out


def test_values_beyond_what_anybody_reads_are_cut_but_in_json(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = [
        CU118._replace(
            extra_tool={"long": "x" * 1_000_000, "set": tuple(f"{side}{n}" for n in range(30_000))}
        )
        for side in "ab"
    ]
    many[1] = many[1]._replace(extra_tool={**many[1].extra_tool, "long": float("inf"), "k" * 100_000: 1})
    files = [write(folder, each, f"pylock.{n}.toml") for n, each in enumerate(many)]
    start = time.process_time()
    main(["diff", *files])
    assert time.process_time() - start < 2.0
    text = capsys.readouterr().out
    assert len(text) < 50_000
    assert "x... (990000 more characters) -> inf" in text
    main(["diff", *files, "--format", "json"])
    other = {row["subject"]: row for row in json.loads(capsys.readouterr().out, parse_constant=int)["other"]}
    assert (len(other["long"]["before"]), other["long"]["after"]) == (1_000_000, "inf")
    assert len(other["set"]["after"]) == 30_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["locks/pylock.founding-cu118.toml"], "two locks are wanted"),
        (["a", "b", "c"], "two locks are wanted"),
        (["a", "b", "--variants", "x", "y"], "2 files were named with --variants"),
        (["locks/none.toml", "locks/none.toml"], "locks/none.toml: no such file"),
        (["specs/founding.toml", "--variants", "cu118", "cu12"], "no variant 'cu12'"),
        (["specs/founding.toml", "--variants", "cu118", "cpu"], "pylock.founding-cpu.toml: no such lock"),
        (["specs/founding.toml", "specs/founding.toml"], "not a lock: lock-version is missing"),
        (["locks/pylock.founding-cu118.toml", "--variants", "a", "b"], "name: is missing"),
    ],
)  # fmt: skip
def test_what_can_not_be_compared_is_told_in_one_message(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["diff", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_the_lock_that_is_missing_is_told_with_the_command_that_makes_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["diff", "specs/founding.toml", "--variants", "cu118", "cpu"])
    assert capsys.readouterr().err == (
        "envspec: locks/pylock.founding-cpu.toml: no such lock\n"
        "  fix: envspec lock specs/founding.toml --variant cpu\n"
    )


def test_a_thousand_distributions_are_compared_in_less_than_a_second(tmp_path: Path) -> None:
    names = [f"p{number:04}" for number in range(1000)]
    edges = {name: names[place + 1 : place + 4] for place, name in enumerate(names)}
    old = write(tmp_path, lock(*(distribution(name, "1.0", *edges[name]) for name in names)), "pylock.a.toml")
    new = write(tmp_path, lock(*(distribution(name, "2.0", *edges[name]) for name in names)), "pylock.b.toml")
    start = time.process_time()
    assert main(["diff", old, new, "-o", str(tmp_path / "diff.txt")]) == 0
    assert time.process_time() - start < 1.0
    assert "distributions: 1000 changed, 0 the same" in (tmp_path / "diff.txt").read_text()


def with_models(*assets: Asset) -> Lock:
    return CU118._replace(assets=assets)


TINY = repository("acme/tiny", "a" * 40, asset_file(f"hf/tiny/{'a' * 40}/model.bin", size=3 * 1024 * 1024))
NEWER = repository("acme/tiny", "b" * 40, asset_file(f"hf/tiny/{'b' * 40}/model.bin", size=4 * 1024 * 1024))
CODE = Asset("file", "path", "app/")


def test_models_stand_below_the_distributions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = with_models(TINY), with_models(NEWER, CODE)
    paths = [write(folder, before, "pylock.a.toml"), write(folder, after, "pylock.b.toml")]
    main(["diff", *paths])
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "models, files and installers: 1 added, 1 changed, 0 the same",
        "  +  file app/                                                       no file",
        "  ~  model huggingface acme/tiny@main  aaaaaaaaaaaa -> bbbbbbbbbbbb  1 file changed",
    ]
    main(["diff", *paths, "--format", "json"])
    document = json.loads(capsys.readouterr().out)["assets"]
    assert document["added"] == [
        {
            "kind": "file",
            "label": "app/",
            "version": None,
            "distribution": None,
            "files": 0,
            "bytes": 0,
            "files-of-unknown-size": 0,
        }
    ]
    (changed,) = document["changed"]
    assert (changed["before"]["bytes"], changed["after"]["bytes"], changed["files-changed"]) == (
        3145728,
        4194304,
        1,
    )
    main(["diff", *paths, "--format", "markdown"])
    assert "### Models, files and installers: 1 added, 1 changed" in capsys.readouterr().out
