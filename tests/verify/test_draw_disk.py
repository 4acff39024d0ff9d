from __future__ import annotations

from typing import Any

from envspec.lock.document import Asset, AssetFile, Member, Space
from envspec.verify.draw_disk import disks_of
from envspec.verify.needs import DiskNeed
from tests.lock.locks import distribution, file, lock

GIB = 1024**3
TARGET = {"prefix": "/data/envs", "scratch": "/data/tmp"}


def asset_file(**fields: Any) -> AssetFile:
    return AssetFile(**{"name": "x", "hashes": (("sha256", "0" * 64),), "dest": "x", **fields})


def asset(*files: AssetFile, **fields: Any) -> Asset:
    return Asset(**{"kind": "model", "provider": "url", "label": "weights", "files": files, **fields})


def needs(*assets: Asset, target: dict[str, Any] = TARGET, **fields: Any) -> dict[str, DiskNeed]:
    return {need.path: need for need in disks_of(lock(target=target, assets=assets, **fields))}


def test_weights_take_what_they_are() -> None:
    assert needs(asset(asset_file(size=3 * GIB), asset_file(size=GIB))) == {
        "/data/envs": DiskNeed("/data/envs", 4 * GIB, 4 * GIB, of=("weights 4.0 GiB",), files=2)
    }


def test_of_an_archive_one_member_stays() -> None:
    member = Member("craft.pth", size=80 * 1024**2)
    [need] = needs(asset(asset_file(size=70 * 1024**2, member=member))).values()
    assert need.stays_bytes == 80 * 1024**2


def test_an_archive_that_is_unpacked_whole_takes_three_times_its_size() -> None:
    runtime = asset(
        asset_file(size=GIB, unpack="tar.gz"), kind="installer", provider="python", label="python 3.10"
    )
    [need] = needs(runtime).values()
    assert (need.stays_bytes, need.runs) == (3 * GIB, True)


def test_a_file_of_unknown_size_is_assumed_and_said_so() -> None:
    [need] = needs(asset(asset_file(size=None), label="python 3.10.18")).values()
    assert (need.stays_bytes, need.peak_bytes, need.assumed_bytes) == (0, 0, 600_000_000)
    assert need.is_at_least
    assert need.of == ("python 3.10.18, 1 file of unknown size",)


def test_temporary_files_of_one_step_are_gone_before_the_next_begins() -> None:
    big = distribution("big", "1.0", wheel=file("big-1.0-py3-none-any.whl", size=GIB))
    runfile = asset(
        asset_file(size=4 * GIB),
        kind="installer",
        provider="cuda",
        label="cuda 11.8.0",
        space=Space(14 * GIB, 9 * GIB, "estimated", is_estimated=True),
        commands=(("sh", "{file}", "--toolkitpath={environment}/cuda", "--tmpdir={scratch}"),),
    )
    found = {need.path: need for need in disks_of(lock(big, target=TARGET, assets=(runfile,)))}
    assert found["/data/tmp"].peak_bytes == 14 * GIB
    assert found["/data/tmp"].stays_bytes == 0
    assert found["/data/envs"].stays_bytes == 3 * GIB + 9 * GIB


def test_a_runfile_without_its_option_goes_through_tmp() -> None:
    runfile = asset(
        kind="installer",
        provider="driver",
        label="driver 580",
        as_root=True,
        space=Space(GIB, 2 * GIB, "x"),
        commands=(("sh", "{file}", "--silent"),),
    )
    assert {path: (need.stays_bytes, need.peak_bytes) for path, need in needs(runfile).items()} == {
        "/tmp": (0, GIB),
        "/usr": (2 * GIB, 2 * GIB),
    }


def test_without_a_spec_of_where_the_prefix_has_a_stand_in() -> None:
    big = distribution("big", "1.0", wheel=file("big-1.0-py3-none-any.whl", size=GIB))
    assert {need.path for need in disks_of(lock(big, target={}))} == {"PREFIX", "/tmp"}


def test_an_empty_lock_takes_nothing() -> None:
    assert disks_of(lock()) == ()
