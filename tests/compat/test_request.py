"""A variant of a spec becomes a LockRequest, or says why it can't."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from envspec.compat.request import lock_requests
from envspec.errors import EnvspecError, InputError, SeveralProblems
from envspec.spec.request import AssetWish, IndexRequest, LocalWheel, LockRequest, StaticMetadata
from envspec.target.host import Target

FAMILY = ("torch", "torchvision", "torchaudio", "triton")
SMALL = 'name = "x"\n[target]\nos = "rhel-8.9"\npython = "3.10"\n'


def no_file(path: str) -> str:
    raise AssertionError(f"{path} was asked for")


def requests(
    text: str,
    *,
    variants: Sequence[str] | None = None,
    files: str | None = None,
    folder: str = "/srv/specs",
    digest: Callable[[str], str] = no_file,
) -> tuple[LockRequest, ...]:
    return lock_requests(text, "specs/x.toml", folder, variants, files, digest)


def request(text: str, digest: Callable[[str], str] = no_file) -> LockRequest:
    [only] = requests(text, digest=digest)
    return only


def first_lines(text: str) -> list[str]:
    with pytest.raises(SeveralProblems) as caught:
        requests(text)
    return [problem.what for problem in caught.value.problems]


def test_the_founding_spec_becomes_two_requests() -> None:
    text = (Path(__file__).parents[2] / "specs" / "founding.toml").read_text(encoding="utf-8")
    digests = {f"/srv/recordings/{name}.json": "ab" * 32 for name in ("pytorch", "hub")}
    first, second = requests(text, digest=digests.__getitem__)
    assert first.target == Target(
        arch="x86_64",
        glibc=(2, 28),
        python="3.10.18",
        python_exact=False,
        os="rhel-8.9",
        kernel="4.18.0-513",
        gpu="A100-80GB",
        gpu_count=1,
        driver=">=515",
        network="closed",
        disk=(("/", (("size", "39 GiB"), ("free", "12 GiB"))), ("/data", (("free", "2 TiB"),))),
    )
    assert first.requirements == (
        "torch==2.1.2",
        "torchvision==0.16.2",
        "torchaudio==2.1.2",
        "easyocr",
        "openai-whisper",
        "keybert",
        "transformers",
        "sentence-transformers",
    )
    assert (first.constraints, first.exclude_newer) == (("numpy<2",), "2025-07-02T00:00:00Z")
    assert (first.sdists, first.files, first.warnings) == (("openai-whisper",), "portable", ())
    assert [(each.variant, each.cuda, each.local_label, each.labelled) for each in (first, second)] == [
        ("cu118", "11.8", "cu118", ("torch", "torchvision", "torchaudio")),
        ("cu121", "12.1", "cu121", ("torch", "torchvision", "torchaudio")),
    ]
    assert second.indexes == (
        IndexRequest(
            name="pytorch-cu121",
            packages=FAMILY,
            url="https://download.pytorch.org/whl/cu121",
            recording="/srv/recordings/pytorch.json",
            implied=True,
        ),
    )
    assert first.spec_digest != second.spec_digest


def test_cuda_alone_implies_the_index_of_its_build() -> None:
    assert request(f'cuda = "12.4"\n{SMALL}').indexes == (
        IndexRequest("pytorch-cu124", FAMILY, "https://download.pytorch.org/whl/cu124", implied=True),
    )


def test_cpu_chooses_the_cpu_builds() -> None:
    found = request(f'cuda = "cpu"\n{SMALL}')
    assert (found.local_label, found.indexes[0].name, found.indexes[0].url) == (
        "cpu",
        "pytorch-cpu",
        "https://download.pytorch.org/whl/cpu",
    )


def test_without_cuda_no_index_and_no_label() -> None:
    found = request(SMALL)
    assert (found.indexes, found.local_label, found.labelled, found.cuda) == ((), "", (), "")


def test_an_index_of_the_implied_name_only_adds_to_it() -> None:
    text = f"""
cuda = "11.8"
{SMALL}
[[index]]
name = "pytorch-cu118"
url = "https://mirror.example/whl/cu118"
packages = ["Xformers", "torch"]
ca-file = "ca.pem"
"""
    assert request(text).indexes == (
        IndexRequest(
            name="pytorch-cu118",
            packages=(*FAMILY, "xformers"),
            url="https://mirror.example/whl/cu118",
            ca_file="/srv/specs/ca.pem",
        ),
    )


def test_the_index_of_another_build_is_left_out_of_a_variant() -> None:
    text = f"""
{SMALL}
[variants.cu118]
cuda = "11.8"
[variants.cu121]
cuda = "12.1"
[[index]]
name = "pytorch-cu118"
url = "https://download.pytorch.org/whl/cu118"
packages = ["torch", "torchvision", "torchaudio", "triton"]
"""
    assert [[index.name for index in each.indexes] for each in requests(text)] == [
        ["pytorch-cu118"],
        ["pytorch-cu121"],
    ]


def test_an_index_without_a_url_must_be_the_implied_one() -> None:
    assert first_lines(f'{SMALL}[[index]]\nname = "pytorch-cu118"\nrecording = "r.json"\n') == [
        "specs/x.toml: [[index]] 'pytorch-cu118': url is missing"
    ]


def test_a_project_comes_from_one_index_only() -> None:
    text = f"""
cuda = "11.8"
{SMALL}
[[index]]
name = "corp"
url = "https://index.example/simple"
packages = ["torch", "ours"]
[[index]]
name = "other"
path = "wheels/"
packages = ["Ours"]
"""
    assert first_lines(text) == [
        "specs/x.toml: index: ours is named by 'corp' and by 'other'",
        "specs/x.toml: index: torch is named by 'corp' and by 'pytorch-cu118'",
    ]


def test_paths_start_at_the_spec() -> None:
    text = f"""
{SMALL}
[python]
requirements = ["app[web] @ ../dist/app-1.0-py3-none-any.whl ; os_name == 'posix'", "numpy"]
[[index]]
name = "corp"
path = "wheels/"
packages = ["ours"]
"""
    found = request(text, digest=lambda path: "cd" * 32)
    assert found.requirements == ("numpy",)
    assert found.local_wheels == (
        LocalWheel(
            requirement="app[web] @ ../dist/app-1.0-py3-none-any.whl ; os_name == 'posix'",
            path="/srv/dist/app-1.0-py3-none-any.whl",
            spec_path="../dist/app-1.0-py3-none-any.whl",
        ),
    )
    assert found.indexes == (IndexRequest("corp", ("ours",), path="/srv/specs/wheels"),)


def test_extra_requirements_of_a_variant_follow() -> None:
    text = f'{SMALL}[python]\nrequirements = ["a"]\n[variants.v.python]\nextra-requirements = ["b"]\n'
    assert request(text).requirements == ("a", "b")


def test_metadata_of_the_spec_is_passed_on() -> None:
    text = f'{SMALL}[[python.metadata]]\nname = "X.y"\nversion = "1.0"\nrequires-dist = ["numpy"]\n'
    assert request(text).metadata == (StaticMetadata("x-y", "1.0", ("numpy",)),)


def test_a_full_python_is_exact() -> None:
    target = request(SMALL.replace('"3.10"', '"3.10.14"')).target
    assert (target.python, target.python_exact) == ("3.10.14", True)


@pytest.mark.parametrize(
    ("brought", "python"),
    [("3.10.13", "3.10.13"), ("3.10", "3.10.0"), ("3.11.9", "3.10.0")],
)
def test_a_runtime_that_the_lock_brings_says_the_patch_release(brought: str, python: str) -> None:
    target = request(f'{SMALL}[[installers]]\nkind = "python"\nversion = "{brought}"\n').target
    assert (target.python, target.python_exact) == (python, False)


def test_an_unknown_os_is_told_with_the_near_ones() -> None:
    with pytest.raises(SeveralProblems) as caught:
        requests(SMALL.replace("rhel-8.9", "rhel-1.1"))
    [problem] = caught.value.problems
    assert problem.what == "specs/x.toml: target.os: OS 'rhel-1.1' is not in the table"
    assert "rhel-8.9" in problem.why


@pytest.mark.parametrize("name", ["windows-11", "alpine-3.19", "macos-14", "freebsd-14.1"])
@pytest.mark.parametrize("glibc", ["", '\nglibc = "2.28"'])
def test_a_system_without_glibc_is_offered_none(name: str, glibc: str) -> None:
    with pytest.raises(SeveralProblems) as caught:
        requests(SMALL.replace('"rhel-8.9"', f'"{name}"{glibc}'))
    [problem] = caught.value.problems
    assert str(problem) == (
        f"specs/x.toml: target.os: OS {name!r} can't be locked for\n"
        "  why: locks are made for Linux with glibc, and this system has another C library\n"
        "  fix: name the Linux that the environment runs on, such as ubuntu-22.04: a container's or virtual"
        " machine's own, where it runs in one"
    )


def test_a_glibc_makes_up_for_an_unknown_os() -> None:
    found = request(SMALL.replace('"rhel-8.9"', '"fictix-1"\nglibc = "2.31"'))
    assert (found.target.os, found.target.glibc, found.target.kernel) == ("fictix-1", (2, 31), "")
    assert found.warnings == (
        "target.os: fictix-1 is not in the table, so its kernel is unknown; glibc 2.31 is what the spec says",
    )


def test_an_index_that_serves_nothing_is_told() -> None:
    found = request(SMALL + '[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\n')
    assert found.warnings == ("[[index]] 'corp' names no packages, so nothing comes from it",)


def test_a_glibc_of_its_own_overrides_the_table_and_is_told() -> None:
    found = request(SMALL.replace('"rhel-8.9"', '"rhel-8.9"\nglibc = "2.34"'))
    assert found.target.glibc == (2, 34)
    assert found.warnings == (
        "target.glibc: 2.34 is taken, though Red Hat Enterprise Linux 8.9 comes with 2.28",
    )


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("requirements", "torch==2.1.2+cu121"),
        ("constraints", "Torch_Vision==0.16.2+cpu"),
        ("overrides", "torch===2+cu121"),
    ],
)
def test_a_build_against_cuda_is_a_contradiction(key: str, text: str) -> None:
    text = text.replace("Torch_Vision", "TorchVision")
    build = text.partition("+")[2]
    assert first_lines(f'{SMALL}[python]\n{key} = ["{text}"]\n[variants.a]\ncuda = "11.8"\n') == [
        f"specs/x.toml: variants.a: python.{key}: '{text}' asks for the build {build}"
    ]


def test_the_build_that_cuda_chose_may_be_named() -> None:
    text = f'cuda = "11.8"\n{SMALL}[python]\nrequirements = ["torch==2.1.2+cu118", "x==1+cu121"]\n'
    assert request(text).requirements == ("torch==2.1.2+cu118", "x==1+cu121")


def test_problems_of_all_variants_are_told_at_once() -> None:
    text = f"""
{SMALL.replace("rhel-8.9", "rhel-1.1")}
[python]
requirements = ["torch==2.1.2+cu118"]
[variants.a]
cuda = "12.1"
[variants.b]
cuda = "cpu"
"""
    assert first_lines(text) == [
        "specs/x.toml: target.os: OS 'rhel-1.1' is not in the table",
        "specs/x.toml: variants.a: python.requirements: 'torch==2.1.2+cu118' asks for the build cu118",
        "specs/x.toml: variants.b: python.requirements: 'torch==2.1.2+cu118' asks for the build cu118",
    ]


def test_models_files_and_installers_are_wished_with_every_key_of_their_table() -> None:
    text = f"""
{SMALL}
[[models]]
provider = "easyocr"
languages = ["ko", "en"]
[[installers]]
kind = "driver"
version = "580.126.09"
[[files]]
path = "app/"
dest = "app/"
"""
    asked = request(text, {"/srv/specs/app": "ab" * 32}.__getitem__)
    assert asked.assets == (
        AssetWish(
            "model",
            "easyocr",
            "easyocr ko, en",
            '{"detector": "craft", "languages": ["ko", "en"], "provider": "easyocr"}',
        ),
        AssetWish("file", "path", "app/", '{"dest": "app/", "path": "app/"}'),
        AssetWish(
            "installer",
            "driver",
            "driver 580.126.09",
            '{"kind": "driver", "sha256": null, "trust": null, "url": null, "version": "580.126.09"}',
        ),
    )
    assert asked.folder == "/srv/specs"


def test_a_model_that_is_a_distribution_is_required_like_any_other() -> None:
    text = (
        f'{SMALL}[python]\nrequirements = ["demo"]\n[[models]]\nprovider = "wheel"\nrequirement = "weights"\n'
    )
    assert request(text).requirements == ("demo", "weights")


def test_what_a_program_needs_and_must_reach_is_in_the_request() -> None:
    text = f"""
{SMALL}
[[target.endpoints]]
url = "https://nas.internal/x"
ca-file = "site-ca.pem"
[needs]
gpu-memory = "20 GiB"
[install]
prefix = "/data/envs"
scratch = "/data/tmp"
"""
    asked = request(text)
    assert (asked.gpu_memory, asked.prefix, asked.scratch) == ("20 GiB", "/data/envs", "/data/tmp")
    assert asked.endpoints == (("https://nas.internal/x", "site-ca.pem"),)


def test_variants_are_chosen_by_name_in_the_order_of_the_spec() -> None:
    text = f"{SMALL}[variants.a]\n[variants.b]\n[variants.c]\n"
    assert [each.variant for each in requests(text, variants=["c", "a", "c"])] == ["a", "c"]


def test_an_unknown_variant_is_told_with_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        requests(f"{SMALL}[variants.cu118]\n[variants.cu121]\n", variants=["cu12"])
    assert str(caught.value) == (
        "specs/x.toml: no variant 'cu12'\n  why: its variants are cu118, cu121\n  fix: --variant cu121"
    )


def test_files_may_be_chosen_from_outside() -> None:
    [found] = requests(SMALL, files="portable")
    assert found.files == "portable"


LONG = f"""
{SMALL}
driver = "515"
[python]
requirements = ["a", "app @ ./app.whl"]
[[index]]
name = "corp"
url = "https://index.example/simple"
recording = "r.json"
packages = ["a"]
"""


def digest_of(text: str, folder: str = "/srv/specs", content: str = "ab", files: str | None = None) -> str:
    [found] = requests(text, digest=lambda path: content * 32, folder=folder, files=files)
    return found.spec_digest


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(LONG.replace("[python]", "# a comment\n[python]"), id="a comment"),
        pytest.param(
            LONG.replace('os = "rhel-8.9"\npython = "3.10"', 'python="3.10"\nos="rhel-8.9"'),
            id="order of keys",
        ),
        pytest.param(LONG.replace('"515"', '">=515"'), id="another spelling of one value"),
        pytest.param(LONG.replace("[[index]]", "[lock]\nfiles = 'urls'\n[[index]]"), id="a default, said"),
        pytest.param(LONG.replace("//index", "//me:secret@index"), id="credentials"),
        pytest.param(LONG.replace("\n", "\r\n"), id="line ends"),
        pytest.param(
            LONG.replace('["a", "app @ ./app.whl"]', '["app @ ./app.whl", "a"]'), id="order of requirements"
        ),
    ],
)
def test_the_digest_stays_where_the_spec_says_the_same(same: str) -> None:
    assert same != LONG
    assert digest_of(same) == digest_of(LONG)


@pytest.mark.parametrize(
    ("key", "has_order"),
    [("requirements", False), ("constraints", False), ("sdists", False), ("overrides", True)],
)
def test_order_counts_only_where_it_says_something(key: str, has_order: bool) -> None:
    head = 'name = "x"\n[target]\nglibc = "2.28"\npython = "3.10"\n[python]\n'
    one, other = digest_of(f'{head}{key} = ["a", "b"]\n'), digest_of(f'{head}{key} = ["b", "a"]\n')
    assert (one != other) is has_order


def test_the_digest_knows_no_path() -> None:
    assert digest_of(LONG, folder="/elsewhere") == digest_of(LONG)


@pytest.mark.parametrize(
    "other",
    [
        LONG.replace('["a", ', '["b", '),
        LONG.replace("rhel-8.9", "rhel-8.10"),
        LONG.replace("//index", "//other"),
        LONG.replace('name = "x"', 'name = "y"'),
        LONG + '[smoke]\nimports = ["a"]\n',
    ],
)
def test_the_digest_changes_with_what_the_spec_says(other: str) -> None:
    assert digest_of(other) != digest_of(LONG)


def test_the_digest_changes_with_recordings_and_with_the_kind_of_lock() -> None:
    assert len({digest_of(LONG), digest_of(LONG, content="cd"), digest_of(LONG, files="portable")}) == 3


def test_a_recording_that_is_not_there_is_told_by_whoever_reads_it() -> None:
    def missing(path: str) -> str:
        raise InputError(what=f"{path}: no such file")

    with pytest.raises(EnvspecError, match=r"r\.json: no such file"):
        requests(LONG, digest=missing)


def test_an_ordinary_spec_is_read_without_anything_heavy() -> None:
    text = 'name = "x"\n[target]\nglibc = "2.28"\npython = "3.10"\n[python]\nrequirements = ["a==1", "b<2"]\n'
    script = f"""
import sys
from envspec.compat.request import lock_requests
lock_requests({text!r}, "x.toml", "/srv", None, None, str)
heavy = {{"pydantic", "pydantic_core", "packaging", "msgspec", "httpx", "dataclasses", "urllib.request"}}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("table", "wishes", "is_used"),
    [
        ("compat/data/cuda.json", "", False),
        ("compat/data/installers.json", "", False),
        ("compat/data/installers.json", '[[installers]]\nkind = "driver"\nversion = "580.126.09"\n', True),
        ("assets/data/environment.json", "", False),
        ("assets/data/tiktoken.toml", "", False),
        (
            "assets/data/tiktoken.toml",
            '[[models]]\nprovider = "tiktoken"\nencodings = ["o200k_base"]\n',
            True,
        ),
        (
            "assets/data/torchvision.toml",
            '[[models]]\nprovider = "torch.hub"\nurl = "https://x.example/x-0676ba61.pth"\n',
            True,
        ),
    ],
)
def test_the_digest_covers_the_tables_that_assets_are_planned_from(
    table: str, wishes: str, is_used: bool
) -> None:
    def digest(of_table: str) -> str:
        [only] = lock_requests(
            SMALL + wishes,
            "x",
            "/srv",
            None,
            None,
            no_file,
            {table: of_table, "compat/data/os.json": "1"},
        )
        return only.spec_digest

    assert (digest("a") != digest("b")) is is_used
