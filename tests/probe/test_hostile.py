"""Whatever a file holds: facts, or one error that says what to do; nothing else, and not for long."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envspec.errors import InputError
from envspec.probe.brief_line import check_of
from envspec.probe.evidence import Item
from envspec.probe.facts import Fact, HostFacts
from envspec.probe.reader import facts_of_items, read_facts
from tests.probe.cases import CASES, facts_of_case, load_case
from tests.probe.documents import founding_document, founding_text

TEXT_KEYS = (
    "file:/etc/os-release",
    "command:lsb_release -a",
    "command:uname -a",
    "command:getconf GNU_LIBC_VERSION",
    "file:/proc/cpuinfo",
    "file:/proc/meminfo",
    "file:/proc/driver/nvidia/version",
    "file:/sys/module/nvidia/version",
    "file:/proc/modules",
    "file:/lib/modules/RELEASE/modules.dep",
    "command:modinfo -F version nvidia",
    "command:nvidia-smi",
    "command:nvidia-smi -L",
    "command:nvidia-smi -q",
    "command:nvidia-smi --version",
    "command:nvidia-smi --query-gpu=index,name --format=csv",
    "command:nvidia-smi --query-gpu=name --format=csv,noheader",
    "command:nvcc --version",
    "command:/usr/local/cuda-11.8/bin/nvcc --version",
    "file:/usr/local/cuda-11.8/version.json",
    "file:/usr/local/cuda-10.2/version.txt",
    "file:/usr/include/cudnn_version.h",
    "command:cuda-installer",
    "command:python -m torch.utils.collect_env",
    "command:rpm -qa",
    "command:dpkg-query",
    "command:ldconfig -p",
    "command:nv-fabricmanager --version",
    "command:systemctl is-active fapolicyd nvidia-fabricmanager nvidia-persistenced",
    "file:/var/log/nvidia-installer.log",
    "file:/etc/pip.conf",
    "file:~/.condarc",
)
CALL_KEYS = (
    *(key for key in founding_document()["items"] if key.startswith("call:")),
    "call:egress",
    "call:endpoints",
    "call:proc-gpus",
    "call:container",
)
WORDS = (
    "GPU 0: ",
    "| ",
    "Driver Version: ",
    "NVRM version: ",
    "Kernel Module ",
    "CUDA ",
    '"cuda" : {',
    "=",
    ":",
    "\n",
)
TEXTS = st.one_of(
    st.text(max_size=300), st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8))).map("".join)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
BRIEF_KEYS = (
    "OS", "LIBC", "CPU", "MEMORY", "NVML", "MODULE", "PCI", "GPU", "CUDA", "PYTHON", "HAS", "LIBS",
    "MOUNT", "GUARD", "NET", "SITE", "ENVSPEC-BRIEF",
)  # fmt: skip
BRIEF_NAMES = (
    "KERNEL", "GLIBCXX", "FLAGS", "LIMIT", "DRIVER", "CUDA", "CALL", "FROM", "RIGHTS", "FABRIC", "BOUND",
    "SWITCHES", "CC", "MIB", "FREE", "MIG", "SLICES", "NAME", "MORE", "CUDNN", "EXEC", "SELINUX", "ROUTE",
    "OFF", "MEDIA",
)  # fmt: skip
BRIEF_WORDS = st.one_of(
    st.sampled_from(
        (*BRIEF_NAMES, "?", "none", "0", "1", "-1", "515.65.01", "library-missing", "18", "a,b", "*")
    ),
    st.integers().map(str),
    st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=8),
)
DOCUMENT = founding_text().encode()


def read(data: bytes) -> HostFacts | None:
    """The facts; None where it was refused in three lines."""
    try:
        facts = read_facts(data, "facts.json")
    except InputError:
        return None
    assert_whole(facts)
    return facts


def assert_whole(facts: HostFacts) -> None:
    """Each fact has a value where it's known, and a reason where it isn't."""
    for name in facts.__struct_fields__:
        fact = getattr(facts, name)
        if isinstance(fact, Fact):
            assert (fact.state == "known") == (fact.value is not None), name
            assert fact.is_known or fact.why or fact.how, name
            assert (fact.how + fact.why).isprintable(), name
            if name not in ("libraries", "endpoints"):
                assert all(text.isprintable() for text in texts(fact.value)), name


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, which a report may print."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts([*value.keys(), *value.values()])
    elif isinstance(value, (tuple, list, frozenset)):
        for each in value:
            yield from texts(each)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_refused_in_three_lines(data: bytes) -> None:
    read(data)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(DOCUMENT)), st.integers(0, 200), st.binary(max_size=40))
def test_a_document_that_was_damaged_is_read_or_refused(start: int, length: int, instead: bytes) -> None:
    read(DOCUMENT[:start] + instead + DOCUMENT[start + length :])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXT_KEYS), TEXTS, st.none() | st.integers(-64, 255))
def test_any_text_under_any_key_gives_facts(key: str, text: str, status: int | None) -> None:
    assert_whole(facts_of_items({key: Item(text=text, status=status)}))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CALL_KEYS), VALUES)
def test_any_value_of_any_call_gives_facts(key: str, value: Any) -> None:
    assert_whole(facts_of_items({key: Item(value=value)}))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_in_any_place_of_a_document_gives_facts_or_an_error(data: st.DataObject) -> None:
    document = founding_document()
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = data.draw(st.sampled_from(list(keys)))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(VALUES)
    read(json.dumps(document).encode())


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(BRIEF_KEYS), st.lists(BRIEF_WORDS, max_size=14)), max_size=8))
def test_any_words_on_a_sheet_of_paper_give_facts_or_an_error(typed: list[tuple[str, list[str]]]) -> None:
    lines = [f"ENVSPEC-BRIEF 1 LINES {len(typed) + 1}", *(" ".join([key, *words]) for key, words in typed)]
    read("".join(f"{line} *{check_of(line)}\n" for line in lines).encode())


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_facts_of_every_case_are_whole(path: Any) -> None:
    assert_whole(facts_of_case(load_case(path)))


@pytest.mark.parametrize(
    "filling",
    [
        pytest.param(" ", id="blanks"),
        pytest.param("\n", id="lines"),
        pytest.param("\t", id="tabs"),
        pytest.param("a", id="letters"),
        pytest.param("a ", id="words"),
        pytest.param("a-", id="dashes"),
        pytest.param("1.", id="numbers"),
        pytest.param("| 0 ", id="bars"),
        pytest.param("GPU 0: ", id="GPUs"),
        pytest.param("| 0 A | 00000000:05:00.0 Off | 0 |\n", id="rows"),
        pytest.param('"cuda" : {', id="braces"),
        pytest.param('"version" ', id="versions"),
        pytest.param("Kernel Module ", id="modules"),
        pytest.param("NVRM version: ", id="NVRM"),
        pytest.param("Linux-a-", id="platforms"),
        pytest.param("CUDA Version: ", id="labels"),
        pytest.param(" => x (libc6,x86-64)", id="arrows"),
        pytest.param("trusted-host ", id="settings"),
    ],
)
def test_no_text_takes_long(filling: str) -> None:
    text = filling * (1_000_000 // len(filling))
    began = time.process_time()
    for key in TEXT_KEYS:
        facts_of_items({key: Item(text=text)})
    read(text.encode())
    assert (time.process_time() - began) / len(TEXT_KEYS) < 0.5
