"""The host's C library and libstdc++, against whose symbols every wheel with compiled code was linked."""

from __future__ import annotations

import msgspec

from envspec.probe.facts import Fact, absent, known, unknown
from envspec.probe.glibc import is_musl, read_glibc, read_glibcxx
from envspec.probe.gpu_sources import GpuSources
from envspec.probe.items import Items
from envspec.probe.shown import plain


class _LibC(msgspec.Struct, frozen=True):
    confstr: str = ""
    musl: bool = False


class _LibStdCxx(msgspec.Struct, frozen=True):
    path: str = ""
    versions: tuple[str, ...] = ()


def glibc_fact(items: Items, sources: GpuSources) -> Fact[tuple[int, int]]:
    """glibc's version; absent where the C library is another one."""
    call = items.value("call:libc", _LibC)
    said = [(call.need().confstr, "confstr")] if call.is_known else []
    for command in ("getconf GNU_LIBC_VERSION", "ldd --version"):
        text = items.text(f"command:{command}")
        said += [(text.need(), command)] if text.is_known else []
    for words, how in said:
        version = read_glibc(words)
        if version is not None:
            return known(version, how)
    if sources.report is not None and sources.report.glibc is not None:
        return known(sources.report.glibc, "torch's collect_env")
    if (call.is_known and call.need().musl) or any(is_musl(words) for words, _ in said):
        return absent("the C library", "it is musl")
    why = "it names itself in a form that isn't known" if any(words for words, _ in said) else call.why
    return unknown("the C library", why)


def glibcxx_fact(items: Items) -> Fact[tuple[int, ...]]:
    """The newest GLIBCXX of the host's libstdc++; absent where it has none."""
    library = items.value("call:libstdcxx", _LibStdCxx)
    if not library.is_known:
        return Fact(library.state, None, "libstdc++.so.6", library.why)
    newest = read_glibcxx("\n".join(library.need().versions))
    if newest is None:
        return unknown(
            plain(library.need().path, 200) or "libstdc++.so.6", "no GLIBCXX_ version was found in it"
        )
    return known(newest, plain(library.need().path, 200) or "libstdc++.so.6")
