"""What ``envspec lock`` says of the host that a spec promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import msgspec
import pytest

from envspec.adapters import own_tables
from envspec.compat import cuda
from envspec.verify import driver_grade
from tests.cli.locking import Room
from tests.cli.locking import room as room
from tests.loopback import Loopback, wheel

SPEC = """\
name = "demo"
[target]
os = "rhel-8.9"
python = "3.10"
gpu = "{gpu}"
driver = ">={driver}"
[python]
requirements = ["torch"]
[variants.cu118]
cuda = "11.8"
[variants.cu121]
cuda = "12.1"
[[index]]
name = "pytorch-cu118"
url = "{url}"
packages = ["torch"]
[[index]]
name = "pytorch-cu121"
url = "{url}"
packages = ["torch"]
"""


@pytest.fixture
def mirror() -> Loopback:
    builds = [
        wheel("torch", f"2.1.2+{label}", tag="cp310-cp310-linux_x86_64") for label in ("cu118", "cu121")
    ]
    return Loopback(projects={"torch": builds})


def spec(room: Room, mirror: Loopback, *, driver: str = "515", gpu: str = "A100-80GB") -> None:
    text = SPEC.format(url=mirror.index_url, driver=driver, gpu=gpu)
    (room.specs / "demo.toml").write_text(text)


def test_a_variant_that_the_promised_host_refuses_is_locked_and_marked(room: Room, mirror: Loopback) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror)
        outcome = room.lock(default)
        assert outcome.code == 0
        lines = outcome.out.splitlines()
        at = lines.index(next(line for line in lines if "pylock.demo-cu121.toml" in line))
        assert lines[1].startswith("  the promised host: runs, minor-version compatible")
        assert lines[at + 1].startswith("  the promised host: refused")
        assert lines[at + 2] == "    cu118 fits it"
        assert "525.60.13" in lines[at + 3]
    own = room.table("demo-cu121")["tool"]["envspec"]
    assert (own["verdict"]["status"], own["verdict"]["grade"]) == ("fail", "refused")
    [refused] = [row for row in own["verdict"]["findings"] if row["status"] == "fail"]
    assert any("cuda-compat-12-1" in way for way in refused["takes"])
    assert own["contract"]["driver"]["minor-version"] == "525.60.13"
    assert room.table("demo-cu118")["tool"]["envspec"]["verdict"]["grade"] == "minor-version"


def test_json_tells_the_grade_and_which_variants_fit(room: Room, mirror: Loopback) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror)
        rows = json.loads(room.lock(default, "--format", "json").out)["locks"]
    assert [(row["variant"], row["verdict"], row["refused"], row["variants-that-fit"]) for row in rows] == [
        ("cu118", "minor-version", False, []),
        ("cu121", "refused", True, ["cu118"]),
    ]


def test_it_is_a_no_where_no_variant_fits_and_the_locks_are_written(room: Room, mirror: Loopback) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror, driver="418.40.04")
        outcome = room.lock(default)
        assert outcome.code == 1
        assert "no: the host that demo promises fits none of its locks" in outcome.err
        assert (room.locks / "pylock.demo-cu118.toml").exists()
        # What was remembered tells the same again.
        room.lock(default)
        again = room.lock(default)
        assert (again.code, again.out.count("refused")) == (1, 2)
        assert "unchanged" in again.out


def test_a_refused_variant_is_a_no_under_strict(room: Room, mirror: Loopback) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror)
        assert room.lock(default).code == 0
        assert room.lock(default, "--strict").code == 1


def test_no_code_for_the_gpu_fails_the_variant(room: Room, mirror: Loopback) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror, driver="580.126.09", gpu="NVIDIA B200")
        outcome = room.lock(default)
        assert outcome.code == 1
        assert outcome.out.count("the promised host: refused") == 2
        assert "gpu-code" in outcome.out
    findings = room.table("demo-cu118")["tool"]["envspec"]["verdict"]["findings"]
    assert "gpu-code" in [row["rule"] for row in findings if row["status"] == "fail"]


def test_a_gpu_that_nobody_knows_is_a_warning_with_near_names(room: Room, mirror: Loopback) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror, gpu="A100-81GB")
        outcome = room.lock(default)
        assert outcome.code == 0
    warned = [line for line in outcome.err.splitlines() if "target.gpu: 'A100-81GB' is in no table" in line]
    assert len(warned) == 2
    assert "nearest are" in warned[0]
    told = outcome.out.splitlines()
    assert told[1].startswith("  the promised host: not known whether it runs (")
    assert told[2:4] == [
        "    gpu-code: the capability of A100-81GB is not known",
        "      - on the host: nvidia-smi --query-gpu=compute_cap --format=csv",
    ]
    assert "cu118 fits it" not in outcome.out


def test_a_driver_that_nobody_promised_leaves_open_whether_it_runs(room: Room, mirror: Loopback) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror)
        path = room.specs / "demo.toml"
        path.write_text(re.sub("driver = .*", "", path.read_text()))
        outcome = room.lock(default, "--variant", "cu118")
        assert outcome.code == 0
        assert outcome.out.splitlines()[1:] == [
            "  the promised host: not known whether it runs (1 warning, 3 not known: [tool.envspec.verdict])",
            "    driver: not known: the spec doesn't say",
            '      - ask the site, and promise it in the spec: driver = ">=450.80.02"',
        ]


def test_what_is_left_open_is_a_no_under_strict_without_any_warning(room: Room) -> None:
    build = wheel("torch", "2.1.2+cu118", tag="cp310-cp310-manylinux_2_17_x86_64")
    with Loopback(projects={"torch": [build]}) as mirror, Loopback() as default:
        spec(room, mirror)
        path = room.specs / "demo.toml"
        path.write_text(re.sub("driver = .*", "", path.read_text()))
        outcome = room.lock(default, "--variant", "cu118", "--strict")
    assert outcome.code == 1
    assert "warning:" not in outcome.err
    assert "not known whether it runs" in outcome.out


def change(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    changed = {**own_tables.table_digests(), table: "f" * 64}
    monkeypatch.setattr(own_tables, "table_digests", lambda: changed)


def test_tables_that_say_the_same_of_a_lock_leave_it_current(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as default:
        before = room.locked(default)
        change(monkeypatch, "compat/data/cuda.json")
        assert room.lock(default, "--check").code == 0
        assert room.lock(default, "--check").code == 0
        assert room.locked(default) == before


@pytest.fixture
def lower_floors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Lets the table of CUDA have other floors from the call on."""
    held = cuda.tables()
    floors = tuple(msgspec.structs.replace(row, driver="500.10.10") for row in held.floor)

    def lower() -> None:
        change(monkeypatch, "compat/data/cuda.json")
        monkeypatch.setattr(cuda, "tables", lambda: msgspec.structs.replace(held, floor=floors))
        driver_grade.floors.cache_clear()

    yield lower
    monkeypatch.undo()
    driver_grade.floors.cache_clear()


def test_tables_that_say_another_thing_of_a_lock_make_it_stale(
    room: Room, mirror: Loopback, lower_floors: Callable[[], None]
) -> None:
    with mirror, Loopback() as default:
        spec(room, mirror)
        room.lock(default)
        assert room.lock(default, "--check").code == 0
        lower_floors()
        outcome = room.lock(default, "--check")
        assert outcome.code == 1
        assert outcome.out.count("its contract, verdict or environment is another") == 2
        room.lock(default)
        assert room.lock(default, "--check").code == 0
        own = room.table("demo-cu121")["tool"]["envspec"]
        assert own["contract"]["driver"]["minor-version"] == "500.10.10"


def test_a_changed_table_of_a_provider_makes_its_locks_stale(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = "a" * 64
    url = "https://x.example/x.bin"
    table = f'[[models]]\nprovider = "url"\nurl = "{url}"\nsha256 = "{digest}"\ndest = "x"\n'
    room.spec("demo", tables=table)
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as default:
        room.locked(default)
        change(monkeypatch, "assets/data/easyocr.toml")
        assert room.lock(default, "--check").code == 0
        change(monkeypatch, "assets/data/url.toml")
        assert room.lock(default, "--check").code == 1


def test_an_edited_verdict_is_stale(room: Room) -> None:
    room.spec("demo")
    with Loopback(projects={"demo": [wheel("demo", "1.0")]}) as default:
        text = room.locked(default)
        path = room.locks / "pylock.demo.toml"
        path.write_text(text.replace('python = "3.10"', 'python = "3.11"', 1))
        assert room.lock(default, "--check").code == 1
        assert room.locked(default) == text
