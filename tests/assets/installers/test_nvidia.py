"""CUDA, driver and cuDNN from the tables; cuda-compat from a repository's own index."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from envspec.assets.installers import cuda, cuda_compat, cudnn, driver
from envspec.assets.interface import Context, Get
from envspec.errors import BrokenArtifactError, HashMismatchError, HttpStatusError, InvalidValueError
from envspec.lock.document import Space
from tests.assets.answered import TARGET, Answers, planned

RHEL8 = "https://developer.download.nvidia.com/compute/cuda/repos/rhel8/x86_64"
JAMMY = "https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64"


def test_the_cuda_runfile_is_locked_from_the_table_without_asking_anybody() -> None:
    answers = Answers()
    asset = planned(cuda.plan, "cuda", {"version": "11.8.0"}, answers).asset
    assert answers.asked == []
    [file] = asset.files
    assert (file.name, file.root, file.mode, file.size) == (
        "cuda_11.8.0_520.61.05_linux.run",
        "installers",
        "0755",
        4_336_730_777,
    )
    assert file.sha256 == "9223c4af3aebe4a7bbed9abd9b163b03a1b34b855fbc2b4a0d1b706ac09a5a16"
    assert asset.version == "11.8.0"
    assert asset.eula == "NVIDIA CUDA Toolkit EULA, https://docs.nvidia.com/cuda/eula/"


def test_only_the_toolkit_is_installed_and_never_through_tmp() -> None:
    asset = planned(cuda.plan, "cuda", {"version": "12.1.1"}).asset
    assert asset.commands == (
        (
            "sh",
            "{file}",
            "--silent",
            "--toolkit",
            "--toolkitpath={environment}/cuda-12.1",
            "--defaultroot={environment}/cuda-12.1",
            "--no-man-page",
            "--tmpdir={scratch}",
        ),
    )
    assert asset.notes[0] == "the driver 530.30.02 inside it is not installed"
    assert (asset.as_root, asset.on_path) == (False, ("{environment}/cuda-12.1/bin",))


def test_space_is_estimated_from_the_file_and_said_so() -> None:
    assert planned(cuda.plan, "cuda", {"version": "12.1.1"}).asset.space == Space(
        4_317_456_991, 8_634_913_982, "estimated: temporary once the file, installed twice", True
    )


def test_a_measured_space_goes_before_an_estimate() -> None:
    space = planned(cuda.plan, "cuda", {"version": "12.6.3"}).asset.space
    assert space is not None
    assert (space.temporary_bytes, space.is_estimated) == (4_446_722_669, False)
    assert space.source.startswith("measured: ")


def test_a_file_of_unknown_size_is_estimated_by_the_versions_around_it() -> None:
    assert planned(cuda.plan, "cuda", {"version": "12.1.0"}).asset.space == Space(
        4_336_730_777,  # 11.8.0, which is larger than 12.1.1
        8_673_461_554,
        "estimated: temporary once the file, installed twice, as of 11.8.0 with 4,336,730,777 bytes;"
        " its own size isn't known",
        True,
    )
    of_driver = planned(driver.plan, "driver", {"version": "570.124.06"}).asset.space
    assert of_driver is not None
    assert (of_driver.temporary_bytes, of_driver.is_estimated) == (397_162_548, True)
    of_cudnn = planned(cudnn.plan, "cudnn", {"version": "9.10.2"}, context=Context(TARGET, cuda="12.1"))
    assert of_cudnn.asset.space is not None
    assert of_cudnn.asset.space.installed_bytes == 2 * 865_000_000


def test_a_version_outside_the_table_is_estimated_too() -> None:
    own = {"version": "99.0", "url": "https://mirror.example/cuda_99.run", "sha256": "ab" * 32}
    space = planned(cuda.plan, "cuda", own).asset.space
    assert space is not None
    assert space.source.endswith("as of 13.2.1 with 4,398,952,964 bytes; its own size isn't known")


def test_a_release_line_takes_its_newest_release() -> None:
    assert planned(cuda.plan, "cuda", {"version": "11.8"}).asset.version == "11.8.0"
    assert planned(cuda.plan, "cuda", {"version": "12.6"}).asset.version == "12.6.3"


def test_a_version_that_nobody_knows_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidValueError) as raised:
        planned(cuda.plan, "cuda", {"version": "12.6.9"})
    assert raised.value.what == "no CUDA runfile 12.6.9 is on record"
    assert "12.6.3" in raised.value.why


def test_a_mirror_of_a_known_file_keeps_its_digest() -> None:
    mirror = "https://mirror.example/nvidia/cuda_11.8.0_520.61.05_linux.run"
    [file] = planned(cuda.plan, "cuda", {"version": "11.8.0", "url": mirror}).asset.files
    assert file.url == mirror
    assert file.sha256.startswith("9223c4af3aebe4a7")


def test_another_file_under_a_known_version_has_no_digest_of_ours() -> None:
    other = "https://mirror.example/cuda-11.8-network.run"
    with pytest.raises(InvalidValueError, match="nobody publishes a digest"):
        planned(cuda.plan, "cuda", {"version": "11.8.0", "url": other})


def test_a_driver_needs_root_a_reboot_and_names_the_way_back() -> None:
    asset = planned(driver.plan, "driver", {"version": "570.124.06"}).asset
    assert asset.as_root
    assert asset.commands == (("sh", "{file}", "--silent", "--tmpdir={scratch}"),)
    assert [file.name for file in asset.files] == ["NVIDIA-Linux-x86_64-570.124.06.run"]
    assert "the way back: nvidia-uninstall, then the driver that was there before" in asset.notes


def test_a_driver_without_a_digest_on_record_needs_one_or_trust() -> None:
    with pytest.raises(InvalidValueError, match="nobody publishes a digest"):
        planned(driver.plan, "driver", {"version": "580.126.09"})
    url = "https://us.download.nvidia.com/tesla/580.126.09/NVIDIA-Linux-x86_64-580.126.09.run"
    sha256 = "ab" * 32
    [file] = planned(driver.plan, "driver", {"version": "580.126.09", "sha256": sha256}).asset.files
    assert (file.url, file.sha256, file.digest_from) == (url, sha256, "publisher")


def test_a_driver_of_no_known_line_needs_its_url() -> None:
    with pytest.raises(InvalidValueError) as raised:
        planned(driver.plan, "driver", {"version": "570.144"})
    assert raised.value.why == "570.144 is known, but no source says that it's of the data-centre line"


def test_cudnn_is_chosen_by_the_cuda_of_the_variant() -> None:
    for release, name in (
        ("11.8", "cudnn-linux-x86_64-8.9.7.29_cuda11-archive.tar.xz"),
        ("12.1", "cudnn-linux-x86_64-8.9.7.29_cuda12-archive.tar.xz"),
    ):
        context = Context(TARGET, cuda=release)
        asset = planned(cudnn.plan, "cudnn", {"version": "8.9.7"}, context=context).asset
        [file] = asset.files
        assert (file.name, file.dest, file.root, file.unpack) == (
            name, "cudnn-8.9.7.29", "environment", "tar.xz",
        )  # fmt: skip
        assert [variable.value for variable in asset.variables] == [
            f"{{environment}}/cudnn-8.9.7.29/{name.removesuffix('.tar.xz')}"
        ]


def test_without_a_cuda_nothing_chooses_between_two_archives() -> None:
    with pytest.raises(InvalidValueError) as raised:
        planned(cudnn.plan, "cudnn", {"version": "8.9.7"})
    assert raised.value.what == "cuDNN 8.9.7 is published for CUDA 11 and 12"


def test_files_on_record_are_not_given_to_another_architecture() -> None:
    for plan, kind, version in ((cuda.plan, "cuda", "11.8.0"), (driver.plan, "driver", "570.124.06"),
                                (cudnn.plan, "cudnn", "8.9.7")):  # fmt: skip
        context = Context(TARGET._replace(arch="aarch64"), cuda="12.1")
        with pytest.raises(InvalidValueError) as raised:
            planned(plan, kind, {"version": version}, context=context)
        assert raised.value.why == "what is on record is for x86_64, the target is aarch64"
        own = {"version": version, "url": "https://mirror.example/own_sbsa.tar.xz", "sha256": "ab" * 32}
        assert planned(plan, kind, own, context=context).asset.files[0].sha256 == "ab" * 32


# cuda-compat


def primary(*packages: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<metadata xmlns="http://linux.duke.edu/metadata/common" packages="9">\n'
        f"{''.join(packages)}</metadata>"
    ).encode()


def rpm(name: str, version: str, release: str, sha256: str, *, arch: str = "x86_64", href: str = "") -> str:
    file = href or f"{name}-{version}-{release}.{arch}.rpm"
    return (
        f'<package type="rpm"><name>{name}</name><arch>{arch}</arch>'
        f'<version epoch="1" ver="{version}" rel="{release}"/>'
        f'<checksum type="sha256" pkgid="YES">{sha256}</checksum>'
        '<size package="1000" installed="2500" archive="2600"/>'
        f'<location href="{file}"/></package>\n'
    )


def repository(listing: bytes, *, promised: str = "") -> Answers:
    packed = gzip.compress(listing, mtime=0)
    digest = promised or hashlib.sha256(packed).hexdigest()
    entrance = (
        '<repomd xmlns="http://linux.duke.edu/metadata/repo">'
        '<data type="filelists"><checksum type="sha256">00</checksum><location href="f"/></data>'
        f'<data type="primary"><checksum type="sha256">{digest}</checksum>'
        '<location href="repodata/primary.xml.gz"/></data></repomd>'
    )
    return Answers(
        {f"{RHEL8}/repodata/repomd.xml": entrance.encode(), f"{RHEL8}/repodata/primary.xml.gz": packed}
    )


LISTING = primary(
    rpm("cuda-compat-12-1", "530.30.02", "1", "1" * 64),
    rpm("cuda-compat-12-1", "530.100.01", "1", "2" * 64),
    rpm("cuda-compat-12-1", "999.1", "1", "3" * 64, arch="aarch64"),
    rpm("cuda-compat-12-4", "550.54.15", "1", "4" * 64),
)


def test_the_newest_package_of_the_targets_distribution_is_locked_by_its_published_digest() -> None:
    answers = repository(LISTING)
    asset = planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, answers).asset
    [file] = asset.files
    assert (asset.version, file.url, file.sha256, file.size, file.digest_from) == (
        "530.100.01-1",
        f"{RHEL8}/cuda-compat-12-1-530.100.01-1.x86_64.rpm",
        "2" * 64,
        1000,
        "publisher",
    )
    assert asset.space == Space(1000, 2500, f"{RHEL8}: its index of packages")
    assert [type(question) for round_ in answers.asked for question in round_] == [Get, Get]


def test_it_is_used_only_on_an_older_driver_and_unpacked_without_root() -> None:
    asset = planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, repository(LISTING)).asset
    assert (asset.when, asset.as_root) == ("driver-older", False)
    assert asset.commands == (
        (
            "sh",
            "-c",
            'mkdir -p "$2" && cd "$2" && rpm2cpio "$1" | cpio -idmu --quiet',
            "sh",
            "{file}",
            "{environment}/cuda-compat-12.1",
        ),
    )
    [variable] = asset.variables
    assert (variable.name, variable.value) == (
        "LD_LIBRARY_PATH",
        "{environment}/cuda-compat-12.1/usr/local/cuda-12.1/compat",
    )


def test_debian_s_form_of_a_repository_is_read_in_one_round() -> None:
    stanzas = (
        "Package: cuda-compat-12-1\nVersion: 530.30.02-1\nArchitecture: amd64\nInstalled-Size: 3\n"
        f"Description: x\n SHA256: {'9' * 64}\nFilename: ./cuda-compat-12-1_530.30.02-1_amd64.deb\n"
        f"Size: 17\nSHA256: {'1' * 64}\n\nPackage: cuda-compat-12-10\nVersion: 1\nArchitecture: amd64\n"
        f"Filename: ./x.deb\nSize: 1\nSHA256: {'2' * 64}\nInstalled-Size: 1\n"
    )
    answers = Answers({f"{JAMMY}/Packages.gz": gzip.compress(stanzas.encode())})
    context = Context(TARGET._replace(os="ubuntu-22.04"))
    asset = planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, answers, context).asset
    [file] = asset.files
    assert (file.url, file.sha256, file.size) == (
        f"{JAMMY}/cuda-compat-12-1_530.30.02-1_amd64.deb", "1" * 64, 17,
    )  # fmt: skip
    assert asset.commands == (("dpkg-deb", "-x", "{file}", "{environment}/cuda-compat-12.1"),)
    assert asset.space == Space(17, 3072, f"{JAMMY}: its index of packages")
    assert len(answers.asked) == 1


def test_an_existing_lock_keeps_the_package_that_it_has() -> None:
    first = planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, repository(LISTING)).asset
    answers = Answers()
    again = planned(
        cuda_compat.plan, "cuda-compat", {"version": "12.1"}, answers, Context(TARGET, earlier=first)
    )
    assert (again.asset, answers.asked) == (first, [])


def test_another_distribution_or_digest_lets_an_existing_lock_go() -> None:
    first = planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, repository(LISTING)).asset
    elsewhere = Context(TARGET._replace(os="rhel-9.4"), earlier=first)
    with pytest.raises(HttpStatusError):  # it's asked for, and this repository isn't there
        planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, repository(LISTING), elsewhere)
    said = {"version": "12.1", "sha256": "ab" * 32}
    with pytest.raises(InvalidValueError, match="is on record"):
        planned(cuda_compat.plan, "cuda-compat", said, repository(LISTING), Context(TARGET, earlier=first))


def test_a_gpu_that_is_no_data_centre_s_gets_a_warning() -> None:
    context = Context(TARGET._replace(gpu="NVIDIA GeForce RTX 3060"))
    found = planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, repository(LISTING), context)
    assert found.warnings == (
        "NVIDIA GeForce RTX 3060 is no data-centre GPU: NVIDIA's compatibility packages don't run on it"
        " (error 804)",
    )


def test_a_list_that_is_not_what_its_entrance_promised_is_refused() -> None:
    answers = repository(LISTING, promised="0" * 64)
    with pytest.raises(HashMismatchError, match=r"repomd\.xml promises"):
        planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, answers)


@pytest.mark.parametrize(
    ("listing", "why"),
    [
        (b'<!DOCTYPE a [<!ENTITY a "b">]><metadata/>', "it has a document type"),
        (b"<metadata><package>", "it's no XML that can be read"),
        (b"<a>" * 1000, "nested more than 20 deep"),
        (b"\x00\x01", "it has a document type"),
    ],
)
def test_a_list_made_to_harm_is_refused(listing: bytes, why: str) -> None:
    with pytest.raises(BrokenArtifactError) as raised:
        planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, repository(listing))
    assert why in raised.value.why


def test_a_package_that_lies_outside_its_repository_is_passed_over() -> None:
    listing = primary(rpm("cuda-compat-12-1", "1", "1", "1" * 64, href="../../other/evil.rpm"))
    with pytest.raises(InvalidValueError, match="has no package cuda-compat-12-1"):
        planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, repository(listing))


def test_a_distribution_without_a_known_repository_needs_the_url() -> None:
    context = Context(TARGET._replace(os=""))
    with pytest.raises(InvalidValueError, match="NVIDIA's repository for a target without os isn't known"):
        planned(cuda_compat.plan, "cuda-compat", {"version": "12.1"}, Answers(), context)
