"""Wheels of the field, against what an earlier run over 54 distributions has recorded of them.

The small ones come from the registry. The founding ones (two gigabytes) are read where
ENVSPEC_FOUNDING_WHEELS names a folder that holds them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from envspec.adapters.audit_crew import AuditCrew
from envspec.audit.audited import Audited, AuditedPackage, LockedArchive, audited
from envspec.audit.closure import SystemLibrary
from envspec.audit.conflicts import path_conflicts
from envspec.audit.reading import Reading
from envspec.audit.tables import packages
from envspec.ports import Silent
from envspec.project_name import normal_name

SMALL = {
    "click==8.5.1": ("none", set()),
    "deepface==0.0.103": ("downloads", {"asset-library", "http", "cloud"}),
    "demucs==4.1.0": ("downloads", {"hub", "torch-hub"}),
    "facenet-pytorch==2.6.0": ("downloads", {"http"}),
    "fastapi==0.165.0": ("none", set()),
    "fastembed==0.9.1": ("downloads", {"hub", "http"}),
    "faster-whisper==1.2.1": ("downloads", {"hub"}),
    "fasttext-langdetect==1.1.1": ("downloads", {"http"}),
    "gdown==6.5.1": ("downloads", {"http"}),
    "hf-xet==1.8.0": ("downloads", {"native"}),
    "keybert==0.9.0": ("downloads", {"asset-library", "hub"}),
    "lpips==0.1.4": ("downloads", {"torch-hub"}),
    "paddleocr==3.7.0": ("network", {"http"}),
    "pooch==1.9.0": ("downloads", {"http"}),
    "pydantic==2.14.3": ("none", set()),
    "python-doctr==1.1.0": ("downloads", {"hub", "http", "shell"}),
    "rembg==2.0.86": ("downloads", {"asset-library", "http"}),
    "requests==2.34.2": ("none", set()),
    "tokenizers==0.23.3": ("downloads", {"native"}),
}
"""Release to its verdict and the kinds of its fetches. hf-xet and tokenizers fetch in compiled code,
which the recorded run missed; deepface's cloud client is optional."""

FOUNDING = {
    "certifi": ("none", 0),
    "easyocr": ("downloads", 13),
    "hf-xet": ("downloads", 1),
    "huggingface-hub": ("downloads", 33),
    "keybert": ("downloads", 2),
    "numpy": ("network", 2),
    "openai-whisper": ("downloads", 2),
    "regex": ("none", 0),
    "requests": ("none", 0),
    "scikit-learn": ("downloads", 1),
    "scipy": ("downloads", 1),
    "sentence-transformers": ("downloads", 31),
    "tiktoken": ("downloads", 1),
    "tokenizers": ("downloads", 1),
    "torchaudio": ("downloads", 35),
    "torchvision": ("downloads", 54),
    "transformers": ("downloads", 211),
}
"""Project to its verdict and the number of places that the recorded run found, in another release of most."""


def judged(files: list[Path]) -> Audited:
    with AuditCrew() as crew:
        readings = dict(crew.read({str(path): str(path) for path in files}, Silent()))
    return audited([_archive(path, readings[str(path)]) for path in files], (), packages())


def _archive(path: Path, reading: Reading) -> LockedArchive:
    name, version = path.name.split("-")[:2]
    return LockedArchive(normal_name(name), version, path.name, "0" * 64, reading)


def by_name(found: Audited) -> dict[str, AuditedPackage]:
    return {package.name: package for package in found.packages}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AuditedPackage]:
    folder = tmp_path_factory.mktemp("small")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--python-version", "3.12",
         "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64", "--platform", "any",
         "--only-binary", ":all:", "-d", str(folder), *SMALL],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return by_name(judged(sorted(folder.iterdir())))


@pytest.mark.registry
@pytest.mark.parametrize("release", SMALL)
def test_every_kind_of_fetch_that_was_recorded_is_found(
    release: str, small: dict[str, AuditedPackage]
) -> None:
    package = small[release.partition("==")[0]]
    verdict, kinds = SMALL[release]
    assert (package.verdict, {fetch.kind for fetch in package.fetches}) == (verdict, kinds)
    assert package.reading.not_read == ()


@pytest.mark.registry
def test_the_default_of_keybert_is_followed_into_sentence_transformers(
    small: dict[str, AuditedPackage],
) -> None:
    first = small["keybert"].fetches[0]
    assert first._replace(line=0) == first._replace(
        file="keybert/_model.py", line=0, call="KeyBERT.__init__(model=...)", reach="default",
        what=("sentence-transformers/all-MiniLM-L6-v2",), covered=False, provider="huggingface",
    )  # fmt: skip
    assert first.through == "sentence_transformers"
    assert small["keybert"].is_uncovered


@pytest.mark.registry
def test_two_builds_of_opencv_overwrite_each_other(tmp_path: Path) -> None:
    names = ["opencv-python==4.11.0.86", "opencv-python-headless==4.11.0.86"]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--python-version", "3.10",
         "--platform", "manylinux2014_x86_64", "--only-binary", ":all:", "-d", str(tmp_path), *names],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = judged(sorted(tmp_path.iterdir()))
    (conflict,) = found.conflicts
    assert (conflict.first, conflict.second) == ("opencv-python", "opencv-python-headless")
    assert "cv2/cv2.abi3.so" in conflict.differing
    assert conflict.shared > len(conflict.differing)
    libraries = {name: package.demands.libraries for name, package in by_name(found).items()}
    gui = {each.soname for each in libraries["opencv-python"] if each.needed == "import"}
    assert {"libGL.so.1", "libglib-2.0.so.0", "libgthread-2.0.so.0"} <= gui
    assert {each.soname for each in libraries["opencv-python-headless"]} <= {
        "libgcc_s.so.1",
        "libstdc++.so.6",
        "libz.so.1",
    }


@pytest.fixture(scope="module")
def founding() -> Audited:
    folder = os.environ.get("ENVSPEC_FOUNDING_WHEELS")
    if not folder:
        pytest.skip("ENVSPEC_FOUNDING_WHEELS names no folder")
    return judged(sorted(path for path in Path(folder).iterdir() if path.name.endswith((".whl", ".tar.gz"))))


@pytest.mark.slow
@pytest.mark.parametrize("project", FOUNDING)
def test_every_place_that_was_recorded_is_found_in_the_founding_wheels(
    project: str, founding: Audited
) -> None:
    package = by_name(founding)[project]
    verdict, places = FOUNDING[project]
    assert package.verdict == verdict
    assert sum(fetch.places for fetch in package.fetches if fetch.reach != "default") >= places


@pytest.mark.slow
def test_the_founding_torch_has_the_code_targets_that_it_says_itself(founding: Audited) -> None:
    torch = by_name(founding)["torch"]
    assert torch.reading.code_targets == ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
    assert (torch.demands.glibc, torch.demands.glibcxx) == ("2.17", "3.4.19")
    assert (
        SystemLibrary("libcuda.so.1", "import", "torch/lib/libtorch_cuda.so") not in torch.demands.libraries
    )


@pytest.mark.slow
def test_the_founding_wheels_go_together_and_ask_for_nothing_unusual(founding: Audited) -> None:
    assert path_conflicts({each.name: each.reading for each in founding.packages}) == ()
    assert [each.name for each in founding.packages if each.reading.not_read] == []
    assert [each.name for each in founding.uncovered] == [
        "keybert", "easyocr", "openai-whisper", "sentence-transformers", "tiktoken", "transformers",
    ]  # fmt: skip
    assert "ffmpeg" in {started.name for started in by_name(founding)["openai-whisper"].reading.started}
