"""The environment this project exists for: its two committed locks, and who accepts them."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from tests.acceptance.commands import (
    ROOT,
    bare_environment,
    envspec,
    python_of,
    run,
    succeed,
    uv,
    virtual_environment,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SPEC = ROOT / "specs" / "founding.toml"
LOCKS = {variant: ROOT / "locks" / f"pylock.founding-{variant}.toml" for variant in ("cu118", "cu121")}
VARIANTS = pytest.mark.parametrize("variant", ["cu118", "cu121"])
DISTRIBUTIONS = 53

# The target as its own Python would describe it.
ENVIRONMENT = {
    "implementation_name": "cpython",
    "implementation_version": "3.10.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "4.18.0-513.5.1.el8_9.x86_64",
    "platform_system": "Linux",
    "platform_version": "#1 SMP",
    "python_full_version": "3.10.0",
    "python_version": "3.10",
    "sys_platform": "linux",
}
_LEGACY = {17: "manylinux2014_x86_64", 12: "manylinux2010_x86_64", 5: "manylinux1_x86_64"}
PLATFORMS = [
    name
    for minor in range(28, 4, -1)
    for name in (f"manylinux_2_{minor}_x86_64", _LEGACY.get(minor, ""))
    if name
] + ["linux_x86_64"]
TAGS = [
    *cpython_tags((3, 10), ["cp310"], PLATFORMS),
    *compatible_tags((3, 10), "cp310", PLATFORMS),
]


def table(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text())


@pytest.fixture(scope="module")
def with_urls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both locks, each file by its URL."""
    folder = tmp_path_factory.mktemp("urls")
    envspec("lock", SPEC, "--files", "urls", "-o", folder, "--cache-dir", folder / "cache")
    return folder


@VARIANTS
def test_the_lock_pins_what_the_site_was_promised(variant: str) -> None:
    pins = {package["name"]: package["version"] for package in table(LOCKS[variant])["packages"]}
    assert len(pins) == DISTRIBUTIONS
    wanted = {
        "torch": f"2.1.2+{variant}",
        "torchvision": f"0.16.2+{variant}",
        "torchaudio": f"2.1.2+{variant}",
        "triton": "2.1.0",
        "easyocr": "1.7.2",
        "openai-whisper": "20250625",
        "keybert": "0.9.0",
        "transformers": "4.53.0",
        "sentence-transformers": "5.0.0",
        "numpy": "1.26.4",
    }
    assert {name: pins[name] for name in wanted} == wanted


@VARIANTS
def test_every_wheel_fits_the_target(variant: str) -> None:
    fitting = set(TAGS)
    for package in table(LOCKS[variant])["packages"]:
        for wheel in package.get("wheels", []):
            assert parse_wheel_filename(wheel["name"])[3] & fitting, wheel["name"]
    assert [p["name"] for p in table(LOCKS[variant])["packages"] if "wheels" not in p] == ["openai-whisper"]


@VARIANTS
def test_nothing_is_newer_than_the_cut_off(variant: str) -> None:
    for package in table(LOCKS[variant])["packages"]:
        for file in [*package.get("wheels", []), *filter(None, [package.get("sdist")])]:
            assert f"{file['upload-time']:%Y-%m-%d}" <= "2025-07-01", file["name"]


@VARIANTS
def test_the_lock_names_no_registry_and_no_place_of_this_machine(variant: str) -> None:
    text = LOCKS[variant].read_text()
    publishers = ["download.pytorch.org", "github.com", "huggingface.co", "openaipublic.azureedge.net"]
    assert sorted(set(re.findall(r'\burl = "\w+://([^/"]+)', text))) == publishers
    assert table(LOCKS[variant])["tool"]["envspec"]["hosts"] == ["default", *publishers]
    # Paths of the target are the spec's, and where the authorities of its OS lie.
    assert set(re.findall(r'"((?:/|~)[^"]*)"', text)) == {
        "/", "/data", "/data/envs", "/data/tmp", "/etc/pki/tls/certs/ca-bundle.crt",
    }  # fmt: skip
    for package in table(LOCKS[variant])["packages"]:
        for file in [*package.get("wheels", []), *filter(None, [package.get("sdist")])]:
            assert file.get("path", f"../wheels/{file['name']}") == f"../wheels/{file['name']}"


@VARIANTS
def test_the_lock_warns_of_wheels_that_tell_no_glibc(variant: str) -> None:
    assert table(LOCKS[variant])["tool"]["envspec"]["warnings"] == [
        f"{name}+{variant}-cp310-cp310-linux_x86_64.whl: its tag tells no glibc; "
        "whether the target's is enough, only the wheel tells"
        for name in ("torch-2.1.2", "torchaudio-2.1.2", "torchvision-0.16.2")
    ] + [
        "huggingface sentence-transformers/all-MiniLM-L6-v2@main: not locked, as the recording knows no"
        " digest of them: README.md, special_tokens_map.json"
    ]


@VARIANTS
def test_the_lock_brings_models_and_the_python_that_the_host_lacks(variant: str) -> None:
    assets = table(LOCKS[variant])["tool"]["envspec"]["assets"]
    assert [(asset["kind"], asset["label"], asset.get("version")) for asset in assets] == [
        ("installer", "python 3.10.18", "3.10.18"),
        ("model", "easyocr en", None),
        (
            "model",
            "huggingface openai/whisper-large-v3@main",
            "06f233fe06e710322aca913c1bc4249a0d71fce1",
        ),
        (
            "model",
            "huggingface sentence-transformers/all-MiniLM-L6-v2@main",
            "1110a243fdf4706b3f48f1d95db1a4f5529b4d41",
        ),
        ("model", "openai-whisper large-v3", None),
    ]
    weights = {file["name"]: file for asset in assets for file in asset["files"]}
    assert weights["large-v3.pt"]["hashes"] == {
        "sha256": "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb"
    }
    assert weights["craft_mlt_25k.zip"]["member"]["hashes"] == {
        "md5": "2f8227d2def4037cdb3b34389dcf9ec1",
        "sha256": "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17",
    }


def test_the_promised_host_bears_cu118_and_refuses_cu121() -> None:
    own = {variant: table(path)["tool"]["envspec"] for variant, path in LOCKS.items()}
    assert own["cu118"]["verdict"]["grade"] == "minor-version"
    assert own["cu118"]["contract"]["driver"]["minor-version"] == "450.80.02"
    assert own["cu118"]["contract"]["driver"]["full"] == "520.61.05"
    assert own["cu121"]["verdict"]["grade"] == "refused"
    [refused] = [row for row in own["cu121"]["verdict"]["findings"] if row["status"] == "fail"]
    assert refused["rule"] == "driver"
    assert "525.60.13" in refused["why"]
    assert any("cuda-compat-12-1" in way for way in refused["takes"])


@VARIANTS
def test_the_target_sets_what_its_packages_read(variant: str) -> None:
    rows = table(LOCKS[variant])["tool"]["envspec"]["environment"]
    assert {row["name"]: row["value"] for row in rows} == {
        "EASYOCR_MODULE_PATH": "{assets}/easyocr",
        "HF_HUB_CACHE": "{assets}/hf",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "SENTENCE_TRANSFORMERS_HOME": "{assets}/hf",
        "SSL_CERT_FILE": "/etc/pki/tls/certs/ca-bundle.crt",
        "TIKTOKEN_CACHE_DIR": "{assets}/tiktoken",
        "TORCH_HOME": "{assets}/torch",
        "XDG_CACHE_HOME": "{assets}/cache",
    }


def test_the_locks_answer_the_spec() -> None:
    done = envspec("lock", "--check", SPEC, "--offline", "--no-cache")
    assert done.stdout == "".join(f"current  {path}\n" for path in LOCKS.values())


@pytest.mark.registry
def test_locking_anew_writes_the_committed_bytes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    shutil.copytree(ROOT / "recordings", tmp_path / "recordings")
    for _ in ("with an empty cache", "with a full one"):
        envspec("lock", "specs/founding.toml", "--cache-dir", tmp_path / "cache", cwd=tmp_path)
        for path in LOCKS.values():
            assert (tmp_path / "locks" / path.name).read_bytes() == path.read_bytes()
        shutil.rmtree(tmp_path / "locks")


SELECT = """
import importlib, json, sys
module, path, environment, tags = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4].split()
tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
pylock = importlib.import_module(module + ".pylock")
tag = importlib.import_module(module + ".tags").Tag
with open(path, "rb") as file:
    lock = pylock.Pylock.from_dict(tomllib.load(file))
lock.validate()
chosen = lock.select(environment=environment, tags=[tag(*text.split("-")) for text in tags])
print(json.dumps({package.name: file.name for package, file in chosen}))
"""


@VARIANTS
def test_packaging_selects_every_file_of_the_portable_lock(variant: str) -> None:
    assert selected("packaging", LOCKS[variant]) == files(LOCKS[variant])


@pytest.mark.registry
@VARIANTS
def test_the_newest_pip_selects_every_file_of_the_portable_lock(variant: str, newest_pip: Path) -> None:
    assert selected("pip._vendor.packaging", LOCKS[variant], newest_pip) == files(LOCKS[variant])


@pytest.mark.registry
@VARIANTS
def test_the_newest_pip_selects_every_file_of_the_lock_with_urls(
    variant: str, newest_pip: Path, with_urls: Path
) -> None:
    path = with_urls / LOCKS[variant].name
    assert selected("pip._vendor.packaging", path, newest_pip) == files(path) == files(LOCKS[variant])


def selected(module: str, path: Path, folder: Path | None = None) -> dict[str, str]:
    """Name to file, as ``packaging`` (also inside pip, which lies in ``folder``) chooses for the target."""
    environment = {**os.environ, **({"PYTHONPATH": str(folder)} if folder else {})}
    tags = " ".join(map(str, TAGS))
    done = succeed(
        sys.executable, "-c", SELECT, module, path, json.dumps(ENVIRONMENT), tags, environment=environment
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def files(path: Path) -> dict[str, str]:
    """Name to the only file that the lock holds of it."""
    packages = table(path)["packages"]
    return {
        each["name"]: (each["wheels"][0] if "wheels" in each else each["sdist"])["name"] for each in packages
    }


@pytest.mark.registry
@VARIANTS
def test_uv_accepts_the_lock_for_the_target(variant: str, with_urls: Path, tmp_path: Path) -> None:
    python = python_of("3.10")
    if python is None:
        pytest.skip("uv asks for an interpreter of the lock's Python, 3.10, and none is here")
    done = run(
        uv(), "pip", "sync", "--dry-run", "--offline", "--no-cache",
        "--python", virtual_environment(tmp_path / "venv", python),
        "--python-platform", "x86_64-manylinux_2_28",
        "--python-version", "3.10",
        with_urls / LOCKS[variant].name,
        environment=bare_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"Would install {DISTRIBUTIONS} packages" in done.stderr
    pins = {f"{package['name']}=={package['version']}" for package in table(LOCKS[variant])["packages"]}
    shown = {
        line.strip(" +").partition(" ")[0] for line in done.stderr.splitlines() if line.startswith(" + ")
    }
    assert shown == pins


def test_uv_refuses_another_python_by_the_lock(tmp_path: Path) -> None:
    if sys.version_info[:2] == (3, 10):
        pytest.skip("this is the Python of the lock")
    python = virtual_environment(tmp_path / "venv")
    done = run(
        uv(), "pip", "sync", "--dry-run", "--offline", "--python", python, LOCKS["cu118"],
        environment=bare_environment(),
    )  # fmt: skip
    assert done.returncode != 0
    assert "`==3.10.*`" in done.stderr


def test_the_two_variants_differ_in_the_builds_alone() -> None:
    done = succeed(
        sys.executable, "-m", "envspec.cli.main", "diff", SPEC, "--variants", "cu118", "cu121",
        "--format", "json",
    )  # fmt: skip
    assert '"added": []' in done.stdout
    first, second = ({p["name"]: p["version"] for p in table(path)["packages"]} for path in LOCKS.values())
    differing = {name for name in first if first[name] != second[name]}
    assert differing == {"torch", "torchvision", "torchaudio"}
