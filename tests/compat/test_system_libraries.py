from __future__ import annotations

import pytest

from envspec.compat.compilers import compilers_among, run_time_compilers
from envspec.compat.system_libraries import (
    executable,
    instead_of,
    media_of,
    needs_among,
    package_of,
    system_library,
    tables,
)


@pytest.mark.parametrize(
    ("thing", "rpm", "deb"),
    [
        ("libGL.so.1", "libglvnd-glx", "libgl1"),
        ("libglib-2.0.so.0", "glib2", "libglib2.0-0"),
        ("libgthread-2.0.so.0", "glib2", "libglib2.0-0"),
        ("libxcb.so.1", "libxcb", "libxcb1"),
        ("libSM.so.6", "libSM", "libsm6"),
        ("libgomp.so.1", "libgomp", "libgomp1"),
        ("libmagic.so.1", "file-libs", "libmagic1"),
        ("libportaudio.so.2", "'libportaudio.so.2()(64bit)'", "libportaudio2"),
        ("libunheard-of.so.3", "'libunheard-of.so.3()(64bit)'", ""),
        ("gcc", "gcc", "gcc"),
        ("git", "git", "git"),
        ("tesseract", "tesseract", "tesseract-ocr"),
        ("ffmpeg", "", "ffmpeg"),
        ("libcuda.so.1", "", ""),
        ("unheard-of", "", ""),
    ],
)
def test_what_to_install_for_a_soname_or_a_program(thing: str, rpm: str, deb: str) -> None:
    rhel, debian = media_of("rhel"), media_of("ubuntu", ("debian",))
    assert rhel is not None
    assert debian is not None
    assert (package_of(thing, rhel), package_of(thing, debian)) == (rpm, deb)


def test_libcuda_comes_with_the_driver_alone() -> None:
    row = system_library("libcuda.so.1")
    assert row is not None
    assert (row.from_driver, row.rpm, row.deb) == (True, "", "")


def test_ffmpeg_is_on_no_rhel_medium_and_inside_a_wheel() -> None:
    row = executable("ffmpeg")
    assert row is not None
    assert (row.rpm, row.wheel) == ("", "imageio-ffmpeg")


@pytest.mark.parametrize(
    ("os_id", "like", "name"),
    [
        ("rhel", (), "RHEL"),
        ("rocky", ("rhel", "centos", "fedora"), "RHEL"),
        ("unheard-of", ("fedora",), "RHEL"),
        ("ubuntu", ("debian",), "Debian"),
    ],
)
def test_an_os_installs_from_its_media_by_id_or_by_what_it_is_like(
    os_id: str, like: tuple[str, ...], name: str
) -> None:
    media = media_of(os_id, like)
    assert media is not None
    assert media.name == name


def test_an_os_nobody_knows_has_no_media() -> None:
    assert media_of("haiku") is None


def test_installing_from_media_touches_no_configured_repository_and_checks_signatures() -> None:
    for media in tables().media:
        text = " ".join(media.install)
        assert "ISO" in text
        assert "PACKAGE" in text
        assert "nogpgcheck" not in text
        assert "allow-unauthenticated" not in text
    rhel = media_of("rhel")
    assert rhel is not None
    assert rhel.install[1].startswith("dnf --disablerepo='*' --repofrompath=")


def test_whisper_runs_ffmpeg_when_it_reads_audio_and_triton_a_compiler() -> None:
    rows = needs_among(["openai-whisper", "triton", "numpy"])
    assert [(row.project, row.thing, row.kind, row.needed) for row in rows] == [
        ("openai-whisper", "ffmpeg", "executable", "use"),
        ("triton", "gcc", "executable", "use"),
    ]


def test_opencv_needs_libgl_to_be_imported_and_its_headless_twin_does_not() -> None:
    rows = needs_among(["opencv-python"])
    assert ("libGL.so.1", "import") in {(row.thing, row.needed) for row in rows}
    row = instead_of("opencv-python")
    assert row is not None
    assert row.instead == "opencv-python-headless"
    assert {need.thing for need in rows} <= set(row.saves)
    assert needs_among(["opencv-python-headless"]) == ()
    assert instead_of("opencv-python-headless") is None


def test_whatever_a_project_needs_has_a_row_that_says_what_brings_it() -> None:
    for row in tables().need:
        brought = system_library(row.thing) if row.kind == "library" else executable(row.thing)
        assert brought is not None, row.thing
        assert brought.deb, row.thing
    for saving in tables().instead:
        assert all(system_library(soname) is not None for soname in saving.saves)


def test_a_feature_that_needs_something_says_which_where_the_project_has_others() -> None:
    by_project = {row.project: row for row in tables().need if row.needed == "use"}
    assert by_project["torch"].note == "torch.compile for the CPU"
    assert by_project["openai-whisper"].note == "reading an audio file by its name"


def test_numba_makes_ptx_and_triton_machine_code() -> None:
    rows = compilers_among(["torch", "triton", "numba", "cupy-cuda12x", "numpy"])
    assert [(row.project, row.makes) for row in rows] == [
        ("triton", "machine"),
        ("torch", "machine"),
        ("numba", "ptx"),
        ("cupy-cuda12x", "machine"),
    ]


def test_what_looks_for_a_toolkit_on_the_host_is_named() -> None:
    assert [row.project for row in run_time_compilers() if "nvcc" in row.toolkit_parts] == ["deepspeed"]
    assert [row.project for row in run_time_compilers() if "libnvvm.so" in row.toolkit_parts] == [
        "numba",
        "numba-cuda",
    ]
