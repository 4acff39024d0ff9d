# mypy: ignore-errors
"""What lies on disk: CUDA toolkits, cuDNN, executables.

A part of probe.py: Python 3.6, standard library alone.
"""

import os

from envspec.probe.script.asking import ask
from envspec.probe.script.reading import (
    SYSTEM_FOLDERS,
    file_item,
    is_ours,
    link_item,
    list_item,
    names_in,
    shown_name,
)

MAX_TOOLKITS = 16
INCLUDE_FOLDERS = ("/usr/include", "/usr/include/x86_64-linux-gnu", "/usr/include/aarch64-linux-gnu")
CUDNN_LINES = tuple("#define CUDNN_" + part for part in ("MAJOR ", "MINOR ", "PATCHLEVEL "))
EXECUTABLES = (
    "ffmpeg ffprobe gcc g++ cc c++ clang make cmake ninja nvcc nvidia-smi git git-lfs tesseract sox "
    "dkms modprobe lspci tar gzip bzip2 xz zstd unzip sha256sum curl wget openssl unshare systemctl dnf "
    "yum apt-get zypper docker podman apptainer singularity uv pip3"
).split()


def disk_items(crew, items, path_variable, timeout_s):
    """Begin looking; compilers are asked once their folders are known."""
    promised = ("list:/usr/local", "link:/usr/local/cuda")

    def toolkits_done(ended):
        folders = []
        for said in ended.said():
            folders += said.pop("folders", [])
            items.update(said)
        for key in promised:
            items.setdefault(key, {"error": ended.error or "crashed"})
        for folder in folders:
            key = "command:" + shown_name(folder) + "/bin/nvcc --version"
            ask(crew, items, key, [folder + "/bin/nvcc", "--version"], timeout_s)

    crew.call(observe_toolkits, toolkits_done, timeout_s)
    nvcc = "/usr/bin/nvcc"
    if os.access(nvcc, os.X_OK):
        ask(crew, items, "command:" + nvcc + " --version", [nvcc, "--version"], timeout_s)

    def executables_done(ended):
        said = ended.said()
        items["call:executables"] = {"value": said[0]} if said else {"error": ended.error or "crashed"}

    crew.call(lambda say: say(find_executables(path_variable)), executables_done, timeout_s)


def observe_toolkits(say):
    """In a child: /usr/local and /opt may lie on a server."""
    say({"list:/usr/local": list_item("/usr/local", lambda name: name.startswith("cuda"))})
    say({"link:/usr/local/cuda": link_item("/usr/local/cuda")})
    folders = toolkit_folders()
    for folder in folders:
        for name in ("version.json", "version.txt"):
            item = file_item(folder + "/" + name)
            if item.get("error") not in ("ENOENT", "ENOTDIR"):
                say({"file:" + shown_name(folder) + "/" + name: item})
    for include in INCLUDE_FOLDERS + tuple(folder + "/include" for folder in folders):
        for name in ("cudnn_version.h", "cudnn.h"):
            item = file_item(include + "/" + name, is_cudnn_line, 1 << 20)
            if "error" not in item and item["text"]:
                say({"file:" + shown_name(include) + "/" + name: item})
    say({"folders": [folder for folder in folders if is_ours(folder + "/bin/nvcc")]})


def toolkit_folders():
    """Each once, by its own name where a link leads to it too."""
    paths = ["/usr/local/" + name for name in names_in("/usr/local") if name.startswith("cuda")]
    paths = [path for path in paths + ["/opt/cuda", "/usr/lib/cuda"] if os.path.isdir(path)]
    real = {os.path.realpath(path) for path in paths if not os.path.islink(path)}
    kept = []
    for path in paths:
        target = os.path.realpath(path)
        if os.path.islink(path):
            if target in real:
                continue
            real.add(target)
        kept.append(path)
    return kept[:MAX_TOOLKITS]


def is_cudnn_line(line):
    return line.startswith(CUDNN_LINES)


def find_executables(path_variable):
    folders = [folder for folder in path_variable.split(":")[:100] if folder.startswith("/")]
    folders += [
        folder for folder in SYSTEM_FOLDERS + ("/usr/local/sbin", "/usr/local/bin") if folder not in folders
    ]
    found = {}
    for name in EXECUTABLES:
        found[name] = ""
        for folder in folders:
            path = folder.rstrip("/") + "/" + name
            if os.path.isfile(path) and os.access(path, os.X_OK):
                found[name] = shown_name(path)
                break
    return found
