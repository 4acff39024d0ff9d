"""Closure: which shared libraries the wheels load that no wheel brings, and what they ask of glibc.

Importing loads the extension modules, and with them whatever they need, in all wheels; what
isn't reached so is loaded by a later use or never. The loader's search paths aren't followed:
a file of the needed name in any wheel of the lock counts as found. By its soname alone none is
found: wheels bring ``libz.0ba23de2.so.1`` that calls itself ``libz.so.1``.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from envspec.audit.reading import Elf, Reading
from envspec.named_tuple import NamedTuple

GLIBC_OWN = frozenset(
    {
        "libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1",
        "libresolv.so.2", "libnsl.so.1", "libanl.so.1", "libBrokenLocale.so.1", "libmvec.so.1",
        "libthread_db.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
    }
)  # fmt: skip
"""What glibc itself brings; its version is judged instead. Source: glibc's shlib-versions."""
DRIVER_OWN = frozenset({"libcuda.so.1", "libnvidia-ml.so.1", "libnvcuvid.so.1", "libnvidia-encode.so.1"})
"""What NVIDIA's driver brings, and nothing else may. Source: its README, "Installed Components"."""


class SystemLibrary(NamedTuple):
    """A soname that no wheel of the lock brings."""

    soname: str
    needed: str
    """``import``: loading extension modules fails without it. ``use``: only something later does.
    ``option``: what the project tries, and does without."""
    by: str
    """The first file that needs it."""


class Demands(NamedTuple):
    """What the compiled code of one wheel asks of its host."""

    libraries: tuple[SystemLibrary, ...] = ()
    glibc: str = ""
    """The newest GLIBC_ version in what importing loads; empty if it asks for none."""
    glibcxx: str = ""
    glibc_use: str = ""
    """Only where files that importing doesn't load ask for a newer one."""
    glibcxx_use: str = ""


def demands(
    readings: Mapping[str, Reading], optional: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, Demands]:
    """For each wheel, by project.

    ``optional``: how the paths of libraries begin that a project tries and does without.
    """
    offered: dict[str, list[tuple[str, Elf]]] = {}
    for key, reading in readings.items():
        for elf in reading.elves:
            offered.setdefault(elf.path.rpartition("/")[2], []).append((key, elf))
    roots = [
        (key, elf)
        for key, reading in readings.items()
        for elf in reading.elves
        if elf.is_module and not elf.path.startswith((optional or {}).get(key, ()))
    ]
    loaded = _loaded_with(roots, offered)
    return {
        key: _of(reading, loaded.get(key, set()), (optional or {}).get(key, ()), offered.keys())
        for key, reading in readings.items()
    }


def _loaded_with(
    roots: Iterable[tuple[str, Elf]], offered: Mapping[str, list[tuple[str, Elf]]]
) -> dict[str, set[str]]:
    """Paths by wheel: these modules, and whatever they need, from whichever wheel."""
    loaded: dict[str, set[str]] = {}
    pending = list(roots)
    while pending:
        key, elf = pending.pop()
        if elf.path in loaded.setdefault(key, set()):
            continue
        loaded[key].add(elf.path)
        for name in elf.needed:
            known = offered.get(name, [])
            own = [each for each in known if each[0] == key]
            pending += own or known
    return loaded


def _of(reading: Reading, loaded: set[str], optional: tuple[str, ...], offered: Container[str]) -> Demands:
    at_import = [elf for elf in reading.elves if elf.path in loaded]
    rest = [elf for elf in reading.elves if elf.path not in loaded]
    later = [elf for elf in rest if not elf.path.startswith(optional)]
    tried = [elf for elf in rest if elf.path.startswith(optional)]
    libraries: dict[str, SystemLibrary] = {}
    for needed, elves in (("import", at_import), ("use", later), ("option", tried)):
        for elf in elves:
            for name in elf.needed:
                if not (name in libraries or name in offered or name in GLIBC_OWN or name in DRIVER_OWN):
                    libraries[name] = SystemLibrary(name, needed, elf.path)
    glibc, glibcxx = _newest(elf.glibc for elf in at_import), _newest(elf.glibcxx for elf in at_import)
    return Demands(
        tuple(sorted(libraries.values())),
        glibc,
        glibcxx,
        _newer(_newest(elf.glibc for elf in later), glibc),
        _newer(_newest(elf.glibcxx for elf in later), glibcxx),
    )


def _newest(versions: Iterable[str]) -> str:
    return max((version for version in versions if version), key=_numbers, default="")


def _newer(version: str, than: str) -> str:
    return version if version and (not than or _numbers(version) > _numbers(than)) else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
