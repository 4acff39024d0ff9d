"""CUDA toolkits on the host: each folder once, by its version file, else by its own nvcc.

A folder without either is none: ``/usr/local/cuda-12.1`` may hold nothing but ``compat``, of the
compatibility package.
"""

from __future__ import annotations

from collections.abc import Iterator

from envspec.probe.facts import Fact, Toolkit, absent, unknown
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.items import Items, said_why
from envspec.probe.shown import plain
from envspec.probe.toolkit_files import read_installer_summary, read_nvcc, read_version_json, read_version_txt
from envspec.target.gpu import ToolkitVersion

_NVCC = "/bin/nvcc --version"
_FIRST_NVCC = "command:/usr/bin/nvcc --version"
_ANY_NVCC = "command:nvcc --version"
_SUMMARY = "command:cuda-installer"
_MAX_TOOLKITS = 32


def read_toolkits(items: Items, sources: GpuSources) -> Fact[tuple[Toolkit, ...]]:
    """Those found, in the order of their paths; absent where the usual places hold none."""
    files: dict[str, ToolkitVersion] = {}
    compilers: dict[str, ToolkitVersion] = {}
    troubles: list[str] = []
    for key, item in items.starting("file:"):
        path, _, name = key.removeprefix("file:").rpartition("/")
        if name not in ("version.json", "version.txt"):
            continue
        if item.error and item.error != "ENOENT":
            troubles.append(f"{plain(key.removeprefix('file:'), 200)}: {said_why(item.error)}")
            continue
        if name == "version.json":
            version, nvcc = read_version_json(item.text or "")
        else:
            version, nvcc = read_version_txt(item.text or ""), None
        if version is not None:
            files[path] = version
        elif item.text:
            troubles.append(f"{plain(key.removeprefix('file:'), 200)} has a form that isn't known")
        if nvcc is not None:
            compilers[path] = nvcc
    for key, item in items.starting("command:"):
        if key.endswith(_NVCC) and key != _FIRST_NVCC:
            compiler = read_nvcc(item.text or "")
            path = key.removeprefix("command:").removesuffix(_NVCC)
            if compiler is not None:
                compilers[path] = compiler
            elif item.error not in ("", "ENOENT"):
                troubles.append(f"{plain(path, 200)}{_NVCC}: {said_why(item.error)}")
    paths = sorted({*files, *compilers})[:_MAX_TOOLKITS]
    found = [
        Toolkit(files.get(path) or compilers[path], plain(path, 200), compilers.get(path)) for path in paths
    ]
    for version, path in _without_folder(items, sources):
        _add(found, version, path)
    text = items.text(_SUMMARY)
    summary = read_installer_summary(text.need()) if text.is_known else None
    if summary is not None and summary.toolkit is not None and summary.path not in paths:
        found.append(Toolkit(summary.toolkit, plain(summary.path, 200)))
    if found:
        return Fact("known", tuple(found), "version files and nvcc", "; ".join(troubles)[:300])
    return _none(items, troubles)


def _without_folder(items: Items, sources: GpuSources) -> Iterator[tuple[ToolkitVersion, str]]:
    """Compilers whose folder isn't known: an nvcc on PATH, and the one that torch's report saw."""
    for key in (_FIRST_NVCC, _ANY_NVCC):
        text = items.text(key)
        version = read_nvcc(text.need()) if text.is_known else None
        if version is not None:
            yield version, "/usr" if key == _FIRST_NVCC else ""
    if sources.report is not None and sources.report.toolkit is not None:
        yield sources.report.toolkit, ""


def _add(found: list[Toolkit], compiler: ToolkitVersion, path: str) -> None:
    """As a toolkit of its own, unless one of the same release was found, whose compiler it then is."""
    for place, toolkit in enumerate(found):
        if toolkit.version.release == compiler.release and toolkit.nvcc in (None, compiler):
            found[place] = toolkit._replace(nvcc=compiler)
            return
    found.append(Toolkit(compiler, path, compiler))


def _none(items: Items, troubles: list[str]) -> Fact[tuple[Toolkit, ...]]:
    if troubles:
        return unknown("version files and nvcc", "; ".join(troubles)[:300])
    folder = items.text("list:/usr/local")
    if folder.state != "unknown":
        return absent("/usr/local/cuda*, /opt/cuda, /usr/lib/cuda, /usr/bin/nvcc", "no toolkit is there")
    nvcc = items.text(_ANY_NVCC)
    if nvcc.state == "absent" or (nvcc.is_known and "not found" in nvcc.need()):
        return absent("nvcc --version", "there is no nvcc")
    return unknown(folder.how, folder.why)
