"""Outputs of real hosts beside the repository, where they are: every key that they must parse to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from envspec.probe.collect_env import CollectEnv, read_collect_env
from envspec.probe.evidence import Item
from envspec.probe.facts import Gpu, HostFacts, Toolkit
from envspec.probe.items import Items
from envspec.probe.nvidia_smi import read_smi
from envspec.probe.reader import facts_of_items, read_facts
from envspec.probe.toolkit_files import read_installer_summary

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "host-samples"
SAMPLES = sorted(FOLDER.glob("*/sample.toml"))

KEYS = {
    "nvidia-smi.txt": "command:nvidia-smi",
    "nvidia-smi-L.txt": "command:nvidia-smi -L",
    "nvidia-smi-q.txt": "command:nvidia-smi -q",
    "nvidia-smi-version.txt": "command:nvidia-smi --version",
    "nvidia-smi-query.csv": "command:nvidia-smi --query-gpu=timestamp --format=csv",
    "nvidia-smi-query-gpu_name.csv": "command:nvidia-smi --query-gpu=gpu_name --format=csv,noheader",
    "nvidia-smi-query-compute_cap.txt": "command:nvidia-smi --query-gpu=compute_cap --format=csv",
    "proc-driver-nvidia-version": "file:/proc/driver/nvidia/version",
    "nvcc-version.txt": "command:nvcc --version",
    "usr-local-cuda-version.json": "file:/usr/local/cuda/version.json",
    "usr-local-cuda-version.json.part": "file:/usr/local/cuda/version.json",
    "cudnn_version-grep.txt": "file:/usr/local/cuda/include/cudnn_version.h",
    "cuda-installer-summary.txt": "command:cuda-installer",
    "collect_env.txt": "command:python -m torch.utils.collect_env",
    "os-release": "file:/etc/os-release",
    "lsb_release-a.txt": "command:lsb_release -a",
    "rpm-qa-nvidia.txt": "command:rpm -qa",
    "uname-a.txt": "command:uname -a",
    "du.txt": "command:du",
}
"""No fact rests on ``du``: how big a toolkit is that is there already is nobody's question."""


class Sample(NamedTuple):
    items: Mapping[str, Item]
    facts: HostFacts
    expect: Mapping[str, Any]

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        return self.facts.gpus.need()

    @property
    def toolkit(self) -> Toolkit:
        [toolkit] = self.facts.toolkits.need()
        return toolkit

    @property
    def report(self) -> CollectEnv:
        return read_collect_env(self.items["command:python -m torch.utils.collect_env"].text or "")


def toolkit(sample: Sample) -> str:
    """The finer of its numbers, unless the sample asks for that of nvcc apart."""
    if sample.facts.toolkits.state == "absent":
        return "none"
    found = sample.toolkit
    return str(
        found.version if "nvcc" in sample.expect or found.version.patch else found.nvcc or found.version
    )


def compute_cap_query(sample: Sample) -> str:
    refused = read_smi(Items(sample.items)).refused == ("compute_cap",)
    return "unsupported" if refused and "too old to be asked for compute_cap" in sample.facts.gpus.why else ""


EXPECTATIONS: dict[str, Callable[[Sample], object]] = {
    "driver": lambda sample: str(sample.facts.driver.need()),
    "driver_cuda": lambda sample: str(sample.facts.driver_cuda.need()),
    "gpu_names": lambda sample: [gpu.name for gpu in sample.gpus],
    "gpu_names_in_table": lambda sample: [gpu.name for gpu in sample.gpus if gpu.name_is_cut],
    "gpu_count": lambda sample: len(sample.gpus),
    "memory_mib": lambda sample: [gpu.memory_mib for gpu in sample.gpus if gpu.memory_mib is not None],
    "compute_capabilities": lambda sample: [str(gpu.capability) for gpu in sample.gpus],
    "compute_cap_query": compute_cap_query,
    "mig": lambda sample: sample.gpus[0].mig,
    "mig_devices": lambda sample: len(sample.gpus[0].mig_slices or ()),
    "smi_version": lambda sample: str(read_smi(Items(sample.items)).tool),
    "nvml_error": lambda sample: (
        sample.facts.gpu_state.value == "versions-differ" and sample.facts.gpu_state.why
    ),
    "nvml_library": lambda sample: sample.facts.driver_library.need(),
    "kernel_module_flavour": lambda sample: sample.facts.driver_flavour.need(),
    "installed_driver_package": lambda sample: str(sample.facts.driver_install.need().version),
    "driver_installed": lambda sample: getattr(
        read_installer_summary(sample.items["command:cuda-installer"].text or ""), "driver_installed", None
    ),
    "toolkit": toolkit,
    "nvcc": lambda sample: str(sample.toolkit.nvcc),
    "cudnn_major": lambda sample: int(sample.facts.cudnn.need()[0].version.partition(".")[0]),
    "os_id": lambda sample: sample.facts.os.need().id,
    "os_version": lambda sample: sample.facts.os.need().version,
    "kernel": lambda sample: sample.facts.kernel.need(),
    "glibc": lambda sample: ".".join(map(str, sample.facts.glibc.need())),
    "python": lambda sample: sample.facts.pythons.need()[0].version,
    "torch": lambda sample: sample.report.torch,
    "cuda_available": lambda sample: sample.report.cuda_available,
}


def sample_of(path: Path) -> Sample:
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    items = {}
    for name in table["files"]:
        if name.endswith(".exit"):
            continue
        status = path.parent / f"{Path(name).stem}.exit"
        items[KEYS[name]] = Item(
            text=(path.parent / name).read_text(encoding="utf-8"),
            status=int(status.read_text()) if status.exists() else None,
        )
    return Sample(items, facts_of_items(items), table["expect"])


@pytest.mark.skipif(not SAMPLES, reason="the samples lie beside the repository, and only there")
def test_there_are_forty_samples() -> None:
    assert len(SAMPLES) == 40


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_a_real_host_parses_to_all_that_is_expected_of_it(path: Path) -> None:
    sample = sample_of(path)
    read = {key: EXPECTATIONS[key](sample) for key in sample.expect}
    assert read == sample.expect


PASTED = [
    path.parent / name
    for path in SAMPLES
    for name in tomllib.loads(path.read_text(encoding="utf-8"))["files"]
    if name
    in ("nvidia-smi.txt", "nvidia-smi-q.txt", "collect_env.txt", "os-release", "proc-driver-nvidia-version")
]


@pytest.mark.parametrize("path", PASTED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_site_pastes_reads_as_the_same_output_of_a_probe(path: Path) -> None:
    item = Item(text=path.read_text(encoding="utf-8"))
    assert read_facts(path.read_bytes(), "mail.txt") == facts_of_items({KEYS[path.name]: item})
