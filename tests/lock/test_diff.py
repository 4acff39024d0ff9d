from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from envspec.lock.changes import Change, table_changes
from envspec.lock.diff import Amount, diff, glibc_floor
from envspec.lock.document import Asset, Build, BuildRequirement, Lock, LockedDistribution, Variable
from tests.lock.locks import asset_file, distribution, file, lock, locks, repository

NUMPY = distribution("numpy", "1.26.4", tag="cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64")
TORCH_118 = distribution("torch", "2.1.2+cu118", "numpy", tag="cp310-cp310-linux_x86_64")
TORCH_121 = distribution("torch", "2.1.2+cu121", "numpy", "triton", tag="cp310-cp310-linux_x86_64")
TRITON = distribution("triton", "2.1.0", tag="cp310-cp310-manylinux_2_28_x86_64")


def test_a_lock_differs_in_nothing_from_itself() -> None:
    changes = diff(lock(NUMPY), lock(NUMPY))
    assert not changes.different
    assert changes.unchanged == 1
    assert changes.new == Amount(0, 0, 0)


def test_distributions_are_added_removed_and_changed() -> None:
    changes = diff(lock(NUMPY, TORCH_118), lock(TORCH_121, TRITON))
    assert [item.name for item in changes.added] == ["triton"]
    assert [item.name for item in changes.removed] == ["numpy"]
    assert [(change.name, change.kind) for change in changes.changed] == [("torch", "build")]
    assert changes.different


def test_a_change_names_every_field_that_differs() -> None:
    (change,) = diff(lock(TORCH_118), lock(TORCH_121)).changed
    told = {field.subject: (field.before, field.after) for field in change.fields}
    assert told["version"] == ("2.1.2+cu118", "2.1.2+cu121")
    assert told["dependencies"] == (("numpy",), ("numpy", "triton"))
    assert set(told) == {"version", "file", "sha256", "hashes", "url", "dependencies"}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({"version": "1.0"}, {"version": "2.0"}, "version"),
        ({"version": "1.0"}, {"version": "1.0+cpu"}, "build"),
        ({"wheel": file("a-1-py3-none-any.whl")}, {"wheel": file("a-1-1-py3-none-any.whl")}, "file"),
        ({"requires_python": ">=3.8"}, {"requires_python": ">=3.9"}, "details"),
    ],
)
def test_each_change_has_its_kind(before: dict[str, Any], after: dict[str, Any], kind: str) -> None:
    base = distribution("a", "1.0")
    (change,) = diff(lock(base._replace(**before)), lock(base._replace(**after))).changed
    assert change.kind == kind


def test_another_digest_under_the_same_file_name_is_found() -> None:
    forged = NUMPY._replace(wheel=file(NUMPY.file.name, content="other bytes"))
    (change,) = diff(lock(NUMPY), lock(forged)).digests
    assert change.file_name == "numpy-1.26.4-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    assert (change.before.sha256, change.after.sha256) == (NUMPY.file.sha256, forged.file.sha256)


def test_a_digest_that_changed_in_a_build_is_found_too() -> None:
    def built(content: str) -> Lock:
        wheel = file("setuptools-75-py3-none-any.whl", content=content)
        return lock(builds=(Build("app", "1", (BuildRequirement("setuptools", "75", wheel, "default"),)),))

    changes = diff(built("one"), built("other"))
    assert [change.file_name for change in changes.digests] == ["setuptools-75-py3-none-any.whl"]
    assert [change.subject for change in changes.other] == [
        "builds.app.requirements.setuptools.release",
        "builds.app.requirements.setuptools.hashes",
    ]


def test_bytes_to_carry_count_each_file_once_and_those_of_unknown_size() -> None:
    unknown = TORCH_118._replace(wheel=TORCH_118.file._replace(size=None))
    changes = diff(lock(NUMPY), lock(NUMPY, unknown, TRITON))
    assert changes.carry_before == Amount(size_bytes=1000, files=1, unknown=0)
    assert changes.carry_after == Amount(size_bytes=2000, files=3, unknown=1)
    assert changes.new == Amount(size_bytes=1000, files=2, unknown=1)


def test_consequences_for_the_host_are_told() -> None:
    before = lock(NUMPY, TORCH_118, hosts=("default", "old.example"))
    after = lock(
        NUMPY,
        TRITON,
        hosts=("default", "new.example"),
        requires_python="==3.11.*",
        target={"python": "3.11", "arch": "x86_64"},
        contract={"driver": {"floor": "525.60.13"}},
        verdict={"status": "fail", "grade": "refused"},
    )
    assert diff(before, after).consequences == (
        Change("Python", "==3.10.*", "==3.11.*"),
        Change("glibc that the wheels need", "2.17", "2.28"),
        Change("hosts to fetch from", ("default", "old.example"), ("default", "new.example")),
        Change("the promised host", None, "refused (fail)"),
        Change("contract.driver", None, {"floor": "525.60.13"}),
        Change("target.python", "3.10", "3.11"),
        Change(
            "wheel platforms",
            ("linux_x86_64", "manylinux2014_x86_64", "manylinux_2_17_x86_64"),
            ("manylinux2014_x86_64", "manylinux_2_17_x86_64", "manylinux_2_28_x86_64"),
        ),
        Change("wheels that tell no glibc", ("torch",), ()),
    )


@pytest.mark.parametrize(
    ("platform", "floor"),
    [
        ("any", None),
        ("linux_x86_64", None),
        ("manylinux1_x86_64", (2, 5)),
        ("manylinux2010_x86_64", (2, 12)),
        ("manylinux2014_aarch64", (2, 17)),
        ("manylinux_2_28_x86_64", (2, 28)),
        ("manylinux_2_28_x86_64.manylinux2014_x86_64", (2, 17)),
        ("musllinux_1_2_x86_64", None),
        ("manylinux_x_y_x86_64", None),
    ],
)
def test_a_wheels_name_tells_the_glibc_it_needs(platform: str, floor: tuple[int, int] | None) -> None:
    assert glibc_floor(file(f"a-1-cp310-cp310-{platform}.whl")) == floor


def test_whatever_else_the_lock_holds_is_compared_by_dotted_path() -> None:
    before = lock(not_locked=(("models", "easyocr"),), extra_tool={"env": {"HF_HUB_OFFLINE": "1"}})
    after = lock(extra_tool={"env": {"HF_HUB_OFFLINE": "0"}, "models": [{"name": "craft", "size": 1}]})
    assert diff(before, after).other == (
        Change("not-locked", ("models: easyocr",), ()),
        Change("env.HF_HUB_OFFLINE", "1", "0"),
        Change("models", None, {"craft": {"name": "craft", "size": 1}}),
    )


def test_rows_with_names_are_paired_by_name() -> None:
    before = [{"name": "a", "size": 1}, {"name": "b", "size": 2}]
    after = [{"name": "b", "size": 3}, {"name": "a", "size": 1}]
    assert list(table_changes(before, after, "models")) == [Change("models.b.size", 2, 3)]


def test_a_name_that_stands_twice_in_another_tools_lock_is_compared_by_version() -> None:
    old = distribution("a", "1.0", marker="sys_platform == 'linux'")
    new = distribution("a", "2.0", marker="sys_platform != 'linux'")
    changes = diff(lock(old, new), lock(old))
    assert [item.version for item in changes.removed] == ["2.0"]
    assert changes.unchanged == 1


def test_a_distribution_without_a_file_is_compared_as_well() -> None:
    tree = LockedDistribution(name="a", version="", direct_url="git+https://git.example/a@1")
    (change,) = diff(lock(tree), lock(tree._replace(direct_url="git+https://git.example/a@2"))).changed
    assert [field.subject for field in change.fields] == ["direct-url"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(locks(), locks())
def test_two_locks_differ_exactly_where_a_change_is_told(a: Lock, b: Lock) -> None:
    assert diff(a, a).different is False
    assert diff(a, b).different is (a != b)


# Models, files, installers

OLD, NEW = "a" * 40, "b" * 40


def tiny(commit: str, weights: str = "weights", **fields: Any) -> Asset:
    below = f"hf/models--acme--tiny/snapshots/{commit}"
    return repository(
        "acme/tiny",
        commit,
        asset_file(f"{below}/config.json", content="{}"),
        asset_file(f"{below}/model.safetensors", content=weights, size=3_000_000),
        texts=(("hf/models--acme--tiny/refs/main", commit),),
        **fields,
    )


def test_a_model_at_another_commit_is_told_with_the_files_that_differ() -> None:
    (change,) = diff(lock(assets=(tiny(OLD),)), lock(assets=(tiny(NEW, "other"),))).assets.changed
    assert (change.label, change.before.version, change.after.version) == (
        "huggingface acme/tiny@main",
        OLD,
        NEW,
    )
    assert [file.name for file, _ in change.files_changed] == ["model.safetensors"]
    assert (change.files_added, change.files_removed) == ((), ())
    assert [field.subject for field in change.fields] == ["version"]


def test_models_are_added_and_removed_and_carried() -> None:
    changes = diff(lock(NUMPY), lock(NUMPY, assets=(tiny(OLD),)))
    assert [asset.label for asset in changes.assets.added] == ["huggingface acme/tiny@main"]
    assert changes.new == Amount(size_bytes=3_001_000, files=2, unknown=0)
    assert changes.different
    assert diff(lock(assets=(tiny(OLD),)), lock()).assets.removed == (tiny(OLD),)


def test_other_bytes_under_the_url_of_a_commit_are_shouted() -> None:
    forged = diff(lock(assets=(tiny(OLD),)), lock(assets=(tiny(OLD, "forged"),)))
    assert [change.file_name for change in forged.digests] == [
        "huggingface acme/tiny@main: model.safetensors"
        f" (https://hub.example/hf/models--acme--tiny/snapshots/{OLD}/model.safetensors)"
    ]
    assert diff(lock(assets=(tiny(OLD),)), lock(assets=(tiny(NEW, "other"),))).digests == ()


def test_a_file_of_the_users_own_may_change_without_a_shout() -> None:
    def own(content: str) -> Lock:
        file = asset_file("app/smoke.py", content=content, url="", path="app/smoke.py")
        return lock(assets=(Asset("file", "path", "app/", files=(file,)),))

    changes = diff(own("one"), own("two"))
    assert changes.digests == ()
    assert [len(change.files_changed) for change in changes.assets.changed] == [1]


def test_assets_of_one_label_are_told_apart() -> None:
    one, other = tiny(OLD), tiny(OLD)._replace(files=tiny(OLD).files[:1])
    changes = diff(lock(assets=(one, other)), lock(assets=(tiny(NEW), other)))
    assert [change.before for change in changes.assets.changed] == [one]
    assert changes.assets.unchanged == 1
    assert diff(lock(assets=(one, other)), lock(assets=(one,))).assets.removed == (other,)


def test_a_variable_of_the_target_and_a_finding_are_told_by_their_names() -> None:
    refused = {"rule": "driver", "subject": "torch", "status": "fail", "takes": ["a", "b"]}
    before = lock(environment=(Variable("HF_HUB_OFFLINE", "1"),))
    after = lock(environment=(Variable("HF_HUB_OFFLINE", "0"),), verdict={"findings": [refused]})
    assert [change.subject for change in diff(before, after).other] == [
        "environment.HF_HUB_OFFLINE.value",
        "verdict.findings",
    ]


def test_who_says_a_consequence_stands_apart_from_it() -> None:
    def asking(version: str, source: str) -> Lock:
        libraries = [{"soname": "libGL.so.1", "by": f"opencv {version}", "needed": "import"}]
        return lock(
            contract={"driver": {"full": version, "full-source": source}, "libraries": libraries},
        )

    changes = diff(asking("520.61.05", "row 1"), asking("530.30.02", "row 2"))
    assert [change.subject for change in changes.consequences if not change.same] == ["contract.driver.full"]
    assert [change.subject for change in changes.other] == [
        "contract.driver.full-source",
        "contract.libraries.libGL.so.1.by",
    ]
