"""Target: the host we lock for. Described, never touched."""

from __future__ import annotations

from envspec.named_tuple import NamedTuple


class Target(NamedTuple):
    """What wheels are chosen by, and what the site promised.

    ``python`` is full; unless ``python_exact`` it stands for its minor version and is X.Y.0, or the release
    that the lock brings.
    """

    arch: str
    """``x86_64`` or ``aarch64``, as ``uname -m`` prints it."""
    glibc: tuple[int, int]
    python: str
    """A full version, such as ``3.10.0``."""
    python_exact: bool = False
    os: str = ""
    """``rhel-8.9``; empty where the spec gives only a glibc."""
    kernel: str = ""
    """``uname -r`` as far as the OS table knows it; empty if it doesn't."""
    gpu: str = ""
    gpu_count: int = 0
    driver: str = ""
    """The floor that the site promised, a specifier such as ``>=515``."""
    network: str = ""
    disk: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """Mount point to (``size``/``free``, amount as written)."""

    @property
    def python_minor(self) -> tuple[int, int]:
        """(3, 10) of ``3.10.0``."""
        major, minor = self.python.split(".")[:2]
        return int(major), int(minor)
