"""Reports for tests, written by hand: what the rules might say of a few hosts."""

from __future__ import annotations

from envspec.report.judged import Report
from envspec.verify.finding import Finding
from envspec.verify.judgement import HostJudged, Judgement, Seen

DRIVERS = "compat/cuda.toml, toolkit 11.8; NVIDIA, CUDA Toolkit Release Notes, table 3"

SEEN = (
    Seen("OS", "Red Hat Enterprise Linux 8.9 (Ootpa)", "/etc/os-release"),
    Seen("kernel", "4.18.0-513.5.1.el8_9.x86_64", "uname"),
    Seen("machine", "x86_64", "uname"),
    Seen("glibc", "2.28", "confstr"),
    Seen("GPU", "1 x NVIDIA A100 80GB PCIe (compute capability 8.0, 80.0 GiB)", "nvmlDeviceGetName"),
    Seen("driver", "515.105.01, proprietary kernel module, installed as rpm", "nvmlSystemGetDriverVersion"),
    Seen("memory", "500.1 GiB available of 503.2 GiB", "/proc/meminfo"),
    Seen("disk /", "12.0 GiB free of 39.0 GiB, xfs", "statvfs"),
    Seen("disk /data", "2.0 TiB free of 3.5 TiB, xfs", "statvfs"),
    Seen("Python", "3.6.8 (/usr/libexec/platform-python)", "asked"),
    Seen("network", "no default route, 0 name servers", "/proc/net/route"),
    Seen("clock", "not known: the evidence doesn't say", is_known=False),
)
GLIBC = Finding(
    "glibc", "numpy 1.26.4", "pass", "2.17 or later", "2.28", source="the wheel's tag, manylinux_2_17"
)
DISK = Finding(
    "disk", "/data", "pass", "at least 14.9 GiB at the peak", "2.0 TiB free", source="the lock's sizes"
)
CLOCK = Finding(
    "clock",
    "the host's clock",
    "unknown",
    "not before 2025-06-29T04:51:20Z, the newest upload in the lock",
    "not known",
    "a clock that is behind makes certificates look not yet valid",
    "run date -u on the host",
    "upload times in the lock",
)
LIBRARY = Finding(
    "libraries",
    "libGL.so.1",
    "warn",
    "known to the loader",
    "not there",
    "opencv-python 4.11.0.86 loads it on import",
    "install mesa-libGL from the OS media: dnf --disablerepo=* --enablerepo=media install mesa-libGL (root)\n"
    "or lock opencv-python-headless, which needs no libGL",
    "compat/libraries.toml, libGL.so.1",
)
MINOR = Finding(
    "driver",
    "torch 2.1.2+cu118",
    "warn",
    "520.61.05 or later for full function, 450.80.02 at least",
    "515.105.01",
    "compiled kernels run; PTX newer than the driver does not: what triton 2.1.0 compiles at run time",
    "avoid torch.compile, or ask for a driver of the branch R580 (root, reboot; supported to August 2028)",
    DRIVERS,
    grade="minor-version",
)
REFUSED = Finding(
    "driver",
    "torch 2.1.2+cu121",
    "fail",
    "525.60.13 or later",
    "515.105.01",
    "nothing that was built for CUDA 12.1 starts on it",
    "ask for a driver of the branch R580 (root, reboot; supported to August 2028)\n"
    "or put cuda-compat-12-1 in front of the loader's path: data-centre GPUs alone, no OpenGL",
    DRIVERS.replace("11.8", "12.1"),
    grade="refused",
    variants=("cu118",),
)


def judgement(variant: str, *findings: Finding, spec: str = "founding") -> Judgement:
    label = f"{spec}-{variant}" if variant else spec
    return Judgement(label, spec, variant, f"locks/pylock.{label}.toml", "1f" * 32, findings)


CU118 = judgement("cu118", CLOCK, MINOR, LIBRARY, DISK, GLIBC)
CU121 = judgement("cu121", REFUSED, CLOCK, LIBRARY, DISK, GLIBC)
A100 = HostJudged("gpu-7", "facts/gpu-7.json", "a5" * 32, "2026-11-27T08:00:00Z", SEEN, (CU118, CU121))
FINE = HostJudged(
    "gpu-8", "facts/gpu-8.json", "b6" * 32, "2026-11-27T08:01:00Z", SEEN,
    (judgement("cu118", MINOR._replace(status="pass", grade="full", why="", fix=""), GLIBC, DISK),),
)  # fmt: skip
BROKEN = HostJudged(
    "gpu-9", "facts/gpu-9.json", trouble="facts/gpu-9.json: byte 812 is cut off: no JSON document"
)
HOSTILE_TEXT = "\x1b]0;owned\x07<script>alert(1)</script>&\"'|\u202e]]>\nsecond line\ud800"
HOSTILE = HostJudged(
    HOSTILE_TEXT,
    HOSTILE_TEXT,
    "c7" * 32,
    HOSTILE_TEXT,
    (Seen("OS", HOSTILE_TEXT, HOSTILE_TEXT), Seen("GPU", "x" * 5000)),
    (judgement("cu118", Finding("driver", HOSTILE_TEXT, "fail", HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT,
                                HOSTILE_TEXT, HOSTILE_TEXT)),),
)  # fmt: skip


def report(*hosts: HostJudged, strict: bool = False) -> Report:
    return Report("2026-11-28", "0.1.0", hosts, strict)


CASES: dict[str, Report] = {
    "founding": report(A100),
    "one-lock": report(FINE),
    "refused": report(A100._replace(judgements=(CU121,))),
    "several-hosts": report(A100, FINE, BROKEN),
    "strict": report(A100, strict=True),
    "hostile": report(HOSTILE),
}
"""Name to report; each is kept whole in tests/golden, in every format."""


def many(count: int) -> list[HostJudged]:
    """Most like the first, every seventh refused, every tenth with another OS, and one unreadable."""
    hosts = []
    for number in range(1, count + 1):
        host = A100
        if number % 7 == 0:
            host = host._replace(
                seen=tuple(
                    one._replace(text="470.82.01, installed as runfile") if one.name == "driver" else one
                    for one in SEEN
                ),
                judgements=(
                    judgement("cu118", REFUSED._replace(subject="torch 2.1.2+cu118", variants=()), LIBRARY),
                    CU121,
                ),
            )
        elif number % 10 == 0:
            other = "Red Hat Enterprise Linux 8.10 (Ootpa)"
            host = host._replace(
                seen=tuple(one._replace(text=other) if one.name == "OS" else one for one in SEEN)
            )
        name = f"node{number:03}"
        hosts.append(host._replace(label=name, where=f"facts/{name}.json"))
    return [*hosts, BROKEN]
