"""Draw: what a lock asks of its host, read once out of the lock and the tables."""

from __future__ import annotations

import re

from envspec.lock.document import Lock
from envspec.verify.draw_cuda import cuda_of, other_code, run_time_code
from envspec.verify.draw_disk import disks_of
from envspec.verify.draw_wheels import wheels_of
from envspec.verify.lock_table import count, size_bytes, text
from envspec.verify.needs import Needs


def _wants_gpu(lock: Lock, cuda_by: str) -> bool:
    said = (text(lock.target, name) for name in ("gpu", "driver", "cuda"))
    return "+cu" in cuda_by or any(word not in ("", "cpu") for word in said)


def needs_of(lock: Lock) -> Needs:
    """What the rules ask facts about. A lock of another tool says less, and so asks for less."""
    target = lock.target
    cuda = cuda_of(lock)
    wheels = wheels_of(lock)
    memory = size_bytes(target, "gpu-memory")
    return Needs(
        lock=lock,
        label=lock.label,
        cuda=cuda.release,
        cuda_by=cuda.by,
        code_targets=cuda.targets,
        code_source=cuda.targets_source,
        other_code=other_code(lock, cuda.by),
        cudnn=cuda.cudnn,
        run_time=run_time_code(lock, cuda.release),
        toolkit=wheels.toolkit,
        host_cudnn=wheels.cudnn,
        gpu_name=text(target, "gpu"),
        wants_gpu=_wants_gpu(lock, cuda.by),
        gpu_count=count(target, "gpu-count") or 0,
        gpu_memory_mib=-(-memory // 1024**2) if memory is not None else None,
        python=text(target, "python") or _python(lock.requires_python),
        python_brought=any(asset.kind == "installer" and asset.provider == "python" for asset in lock.assets),
        os=text(target, "os"),
        arch=text(target, "arch"),
        network=text(target, "network"),
        glibc=wheels.glibc,
        glibcxx=wheels.glibcxx,
        libraries=wheels.libraries,
        executables=wheels.executables,
        tells_no_glibc=wheels.tells_no_glibc,
        not_read=wheels.not_read,
        disks=disks_of(lock),
        installers=tuple(asset for asset in lock.assets if asset.kind == "installer"),
        newest_upload=_newest_upload(lock),
    )


def _python(specifier: str) -> str:
    """``3.10`` of ``==3.10.*``, the one form that says which Python alone."""
    match = re.fullmatch(r"==\s*(3\.[0-9]{1,2})(?:\.\*|(\.[0-9]{1,3}))", specifier.strip())
    return f"{match[1]}{match[2] or ''}" if match else ""


def _newest_upload(lock: Lock) -> str:
    moments = [
        file.upload_time
        for distribution in lock.distributions
        for file in (distribution.wheel, distribution.sdist)
        if file is not None and file.upload_time
    ]
    return max(moments, key=lambda moment: moment[:19], default="")
