"""Which libraries nobody brings, from extension modules through all wheels of a lock."""

from __future__ import annotations

from envspec.audit.closure import Demands, SystemLibrary, demands
from envspec.audit.reading import Elf, Reading


def wheel(*elves: Elf) -> Reading:
    return Reading(elves=elves)


def elf(path: str, *needed: str, soname: str = "", glibc: str = "", glibcxx: str = "") -> Elf:
    return Elf(path, soname, needed, glibc, glibcxx, ".cpython-" in path or ".abi3." in path)


def test_a_module_is_followed_through_its_own_libraries() -> None:
    found = demands(
        {
            "opencv-python": wheel(
                elf("cv2/cv2.abi3.so", "libQt5Gui-1.so.5", "libc.so.6", glibc="2.17", glibcxx="3.4.19"),
                elf("opencv_python.libs/libQt5Gui-1.so.5", "libGL.so.1", "libQt5Core-2.so.5", glibc="2.28"),
                elf("opencv_python.libs/libQt5Core-2.so.5", "libglib-2.0.so.0"),
                elf("cv2/qt/plugins/libqxcb.so", "libSM.so.6", "libGL.so.1", glibc="2.32"),
            )
        }
    )
    assert found["opencv-python"] == Demands(
        libraries=(
            SystemLibrary("libGL.so.1", "import", "opencv_python.libs/libQt5Gui-1.so.5"),
            SystemLibrary("libSM.so.6", "use", "cv2/qt/plugins/libqxcb.so"),
            SystemLibrary("libglib-2.0.so.0", "import", "opencv_python.libs/libQt5Core-2.so.5"),
        ),
        glibc="2.28",
        glibcxx="3.4.19",
        glibc_use="2.32",
    )


def test_a_library_of_another_wheel_is_brought_and_what_it_needs_is_needed_at_import() -> None:
    found = demands(
        {
            "torch": wheel(elf("torch/_C.cpython-310-x86_64-linux-gnu.so", "libcublas.so.12")),
            "nvidia-cublas-cu12": wheel(
                elf("nvidia/lib/libcublas.so.12", "libz.so.1", soname="libcublas.so.12", glibc="2.14"),
                elf("nvidia/lib/libnvblas.so.12", "libstdc++.so.6"),
            ),
        }
    )
    assert found["torch"] == Demands()
    assert found["nvidia-cublas-cu12"] == Demands(
        libraries=(
            SystemLibrary("libstdc++.so.6", "use", "nvidia/lib/libnvblas.so.12"),
            SystemLibrary("libz.so.1", "import", "nvidia/lib/libcublas.so.12"),
        ),
        glibc="2.14",
    )


def test_a_library_under_another_file_name_is_not_found_by_its_soname() -> None:
    found = demands(
        {
            "cv2": wheel(elf("cv2/cv2.abi3.so", "libz.so.1")),
            "torchvision": wheel(elf("torchvision.libs/libz.0ba23de2.so.1", soname="libz.so.1")),
        }
    )
    assert found["cv2"].libraries == (SystemLibrary("libz.so.1", "import", "cv2/cv2.abi3.so"),)


def test_what_glibc_and_the_driver_bring_is_left_out() -> None:
    found = demands({"a": wheel(elf("a/_a.abi3.so", "libm.so.6", "ld-linux-x86-64.so.2", "libcuda.so.1"))})
    assert found["a"].libraries == ()


def test_what_its_package_does_without_is_an_option() -> None:
    module = elf("numba/np/ufunc/tbbpool.cpython-310-x86_64-linux-gnu.so", "libtbb.so.12", glibc="2.14")
    found = demands({"numba": wheel(module)}, {"numba": ("numba/np/ufunc/tbbpool.",)})
    assert found["numba"] == Demands((SystemLibrary("libtbb.so.12", "option", module.path),))


def test_versions_are_compared_as_numbers() -> None:
    found = demands({"a": wheel(elf("a.abi3.so", glibc="2.9"), elf("b.abi3.so", glibc="2.17"))})
    assert found["a"].glibc == "2.17"


def test_libraries_that_need_each_other_end() -> None:
    found = demands({"a": wheel(elf("a.abi3.so", "b.so"), elf("b.so", "a.abi3.so"))})
    assert found["a"] == Demands()
