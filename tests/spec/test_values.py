"""Each kind of value takes its own form and refuses all others."""

from __future__ import annotations

from typing import Any

import pytest

from envspec.spec import requirement, values
from envspec.spec.kinds import Kind
from envspec.spec.problems import Problem, Spot

GOOD = [
    (values.Name, "ocr-2", "ocr-2"),
    (values.OsName, "rhel-8.9", "rhel-8.9"),
    (values.OsName, "opensuse-leap-15.5", "opensuse-leap-15.5"),
    (values.GlibcVersion, "2.28", "2.28"),
    (values.PythonVersion, "3.14", "3.14"),
    (values.PythonVersion, "3.10.14", "3.10.14"),
    (values.Size, "39 GiB", "39 GiB"),
    (values.Size, "2.0T", "2.0T"),
    (values.Url, "https://host.example:8443/a?b=c", "https://host.example:8443/a?b=c"),
    (values.IndexUrl, "https://me:secret@index.example/simple/", "https://me:secret@index.example/simple"),
    (values.AbsolutePath, "//data//envs/", "/data/envs"),
    (values.Destination, "models/x.bin", "models/x.bin"),
    (requirement.RequirementText, " app[web] @ ./dist/app-1.0-py3-none-any.whl ; os_name == 'posix' ",
     "app[web] @ ./dist/app-1.0-py3-none-any.whl ; os_name == 'posix'"),
    (requirement.RequirementText, "x @ https://host.example/x-1.0-py3-none-any.whl",
     "x @ https://host.example/x-1.0-py3-none-any.whl"),
    (requirement.ProjectName, "Foo.Bar_baz", "foo-bar-baz"),
    (values.CudaRelease, "11.8", "11.8"),
    (values.CudaRelease, "cpu", "cpu"),
    (values.Sha256, "AB" * 32, "ab" * 32),
    (values.FileMode, "755", "0755"),
]  # fmt: skip

BAD = [
    (values.Name, "a.b", "a name is made of a-z, 0-9 and - between them"),
    (values.Name, "-a", "a name is made of a-z, 0-9 and - between them"),
    (values.Name, "a\nb", "it holds a character that can't be printed"),
    (values.Name, "", "it's empty"),
    (values.IndexName, "default", "default is the index of everything that no [[index]] names"),
    (values.OsName, "RHEL 8.9", "it must be ID and VERSION_ID of /etc/os-release"),
    (values.GlibcVersion, "2.28.1", "it must be two whole numbers"),
    (values.PythonVersion, "3.7", "CPython 3.8 to 3.14 can be locked for"),
    (values.PythonVersion, "3.14.0rc1", "it must be a minor version such as 3.10"),
    (values.DriverFloor, "<515", "it must be the oldest driver"),
    (values.Size, "39", "it must be a number with its unit"),
    (values.Size, "0 GiB", "it must be more than nothing"),
    (values.Size, "1e9 GiB", "it must be a number with its unit"),
    (values.Url, "ftp://host.example/x", "it must be a URL of http or https"),
    (values.Url, "https:///x", "it must be a URL of http or https"),
    (values.Url, "https://host.example:99999/", "Port out of range"),
    (values.Url, "https://me:secret@host.example/", "it holds credentials"),
    (values.Url, "https://host.example/x.bin?v=1&X-Amz-Signature=abc", "it holds somebody's permission"),
    (values.Url, "https://host.example/a b", "a URL is printable ASCII"),
    (values.IndexUrl, "https://index.example/simple?x=1", "an index's URL has no ? and no #"),
    (values.AbsolutePath, "data", "it must be an absolute path on the target"),
    (values.AbsolutePath, "/data/../etc", "it must be an absolute path on the target"),
    (values.Destination, "/etc/passwd", "it must be a path inside the environment"),
    (values.Destination, "a/../../b", "it must be a path inside the environment"),
    (values.Destination, "..\\b", "it must be a path inside the environment"),
    (requirement.RequirementText, "x @ ./x.tar.gz", "a local requirement must be the path of a wheel"),
    (requirement.RequirementText, "x @ file:///x.whl", "a file: URL holds on one machine only"),
    (requirement.RequirementText, "x @ git+https://host.example/x", "a checkout has no digest to lock"),
    (requirement.RequirementText, "x @ https://me:secret@host.example/x.whl", "it holds credentials"),
    (requirement.OverrideText, "x @ ./x.whl", "an override can't be a local file"),
    (requirement.ConstraintText, "x[y]<2", "a constraint bounds versions"),
    (requirement.ConstraintText, "x @ https://host.example/x.whl", "a constraint bounds versions"),
    (requirement.ProjectName, "torch==2", "it must be the name of a project"),
    (requirement.VersionText, "one", "it must be a version (PEP 440)"),
    (requirement.SpecifierText, "3.8", "it must be a version specifier (PEP 440)"),
    (values.CudaRelease, "cu118", "it must be the CUDA release that wheels are built for"),
    (values.CudaRelease, "rocm6.0", "it must be the CUDA release that wheels are built for"),
    (values.CudnnVersion, "v8", "it must be a version of cuDNN"),
    (values.Sha256, "abc", "a sha256 is 64 hexadecimal digits, this has 3 characters"),
    (values.FileMode, "rwx", "it must be the permissions of a file"),
    (values.ModuleName, "torch; rm", "it must be the name of a module"),
    (values.Repository, "../../etc", "it must be OWNER/NAME as the hub shows it"),
    (values.Revision, "refs/../x", "it must be a branch, a tag or a commit"),
]  # fmt: skip


def read_as(kind: Kind[str], text: str) -> tuple[Any, list[Problem]]:
    problems: list[Problem] = []
    return kind.read(text, Spot((), None, problems)), problems


@pytest.mark.parametrize(("kind", "text", "read"), GOOD)
def test_a_value_of_the_right_form_comes_back_in_its_one_form(kind: Kind[str], text: str, read: str) -> None:
    assert read_as(kind, text) == (read, [])


@pytest.mark.parametrize(("kind", "text", "why"), BAD)
def test_a_value_of_another_form_is_refused_with_the_reason(kind: Kind[str], text: str, why: str) -> None:
    [problem] = read_as(kind, text)[1]
    assert problem.why.startswith(why)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1 B", 1),
        ("39 GiB", 41875931136),
        ("39G", 41875931136),
        ("500 GB", 500_000_000_000),
        ("1.5 KiB", 1536),
    ],
)
def test_sizes_count_1024_unless_they_say_gb(text: str, size: int) -> None:
    assert values.size_bytes(text) == size


@pytest.mark.parametrize(
    ("written", "fix"), [("cu12", 'cuda = "11.8"'), ("cu118", 'cuda = "11.8"'), ("12.1.1", 'cuda = "12.1"')]
)
def test_a_cuda_value_in_another_spelling_comes_with_the_right_one(written: str, fix: str) -> None:
    [problem] = read_as(values.CudaRelease, written)[1]
    assert problem.fix == fix
