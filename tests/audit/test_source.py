"""Sources to what they fetch: every form of a call that the wheels of the field use."""

from __future__ import annotations

from textwrap import dedent

import pytest

from envspec.audit.reading import HiddenModel, Reading, Started, decode, encode
from envspec.audit.source import is_skipped, read_sources
from envspec.audit.tables import sinks


def read(**files: str) -> Reading:
    """Sources by path, ``_of_`` for a slash: ``demo_of_a`` is ``demo/a.py``."""
    return read_sources(
        ((f"{name.replace('_of_', '/')}.py", dedent(text).encode()) for name, text in files.items()), sinks()
    )


def told(reading: Reading) -> list[tuple[str, str, int, tuple[str, ...], str]]:
    return [(row.kind, row.call, row.line, row.what, row.reach) for row in reading.egress]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "from huggingface_hub import hf_hub_download as get\ndef f(): get('o/n', 'x')",
            ("hub", "huggingface_hub.hf_hub_download", 2, ("o/n",), "call"),
            id="an import under another name",
        ),
        pytest.param(
            "import transformers\nm = transformers.AutoModel.from_pretrained('bert-base-uncased')",
            ("hub", "transformers.AutoModel.from_pretrained", 2, ("bert-base-uncased",), "import"),
            id="a call while importing",
        ),
        pytest.param(
            "import torch\nURLS = {'a': 'https://x.example/a.pth', 'b': 'https://x.example/b.pth'}\n"
            "def f(n): return torch.hub.load_state_dict_from_url(URLS[n])",
            (
                "torch-hub", "torch.hub.load_state_dict_from_url", 3,
                ("https://x.example/a.pth", "https://x.example/b.pth"), "call",
            ),
            id="a table of URLs",
        ),
        pytest.param(
            "from torchvision import models\ndef f(): return models.vgg16(weights='DEFAULT')",
            ("torch-hub", "torchvision.models.vgg16", 2, (), "call"),
            id="weights of torchvision",
        ),
        pytest.param(
            "import functools, huggingface_hub\n"
            "f = functools.partial(huggingface_hub.snapshot_download, 'o/n')",
            ("hub", "huggingface_hub.snapshot_download", 2, (), "import"),
            id="a partial",
        ),
        pytest.param(
            "import whisper\nif __name__ == '__main__':\n    whisper.load_model('tiny')",
            ("asset-library", "whisper.load_model", 3, ("tiny",), "script"),
            id="only when run as a program",
        ),
        pytest.param(
            "import requests\nclass A:\n    def __init__(self): self.s = requests.Session()\n"
            "    def f(self): return self.s.get(f'https://x.example/{self.n}.bin')",
            ("http", "requests.Session.get", 4, ("https://x.example/{}.bin",), "call"),
            id="a session in an attribute",
        ),
        pytest.param(
            "import requests\ndef f(s: requests.Session): return s.get('https://x.example/a')",
            ("http", "requests.Session.get", 2, ("https://x.example/a",), "call"),
            id="a session by annotation",
        ),
        pytest.param(
            "import os\ndef f(): os.system('pip install paddlepaddle-tiny')",
            ("installer", "os.system", 2, ("pip install paddlepaddle-tiny",), "call"),
            id="pip is run",
        ),
        pytest.param(
            "import subprocess\ndef f(u): subprocess.run(['wget', '-q', u])",
            ("shell", "subprocess.run", 2, ("wget -q",), "call"),
            id="wget is run",
        ),
    ],
)  # fmt: skip
def test_a_fetch_is_found(source: str, expected: tuple[str, str, int, tuple[str, ...], str]) -> None:
    assert expected in told(read(demo_of_a=source))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("import torch\ntorch.nn.Embedding.from_pretrained(x)", id="loads an array"),
        pytest.param(
            "import tempfile\ndef f(M):\n    d = tempfile.mkdtemp()\n    return M.from_pretrained(d)",
            id="a folder made here",
        ),
        pytest.param("from torchvision import models\nmodels.vgg16(weights=None)", id="without weights"),
        pytest.param("import requests\nrequests.get('http://localhost:8000/x')", id="a local server"),
        pytest.param("'''hf_hub_download('o/n')'''\n# snapshot_download()", id="documentation"),
        pytest.param("import pydantic\nclass A(pydantic.BaseModel): x: int", id="no sink at all"),
    ],
)
def test_what_fetches_nothing_is_not_told(source: str) -> None:
    assert read(demo_of_a=source).egress == ()


def test_a_default_is_followed_through_files_to_the_library_that_fetches() -> None:
    reading = read(
        demo_of___init__="from demo._model import Demo\n",
        demo_of__model="""\
            from demo.backend import select
            class Demo:
                def __init__(self, model="all-MiniLM-L6-v2"):
                    self.model = select(model)
            """,
        demo_of_backend_of___init__="from ._select import select\n",
        demo_of_backend_of__select="""\
            from ._st import Backend
            def select(name, size=1):
                if name is None:
                    return None
                return Backend(name)
            """,
        demo_of_backend_of__st="""\
            from sentence_transformers import SentenceTransformer
            class Backend:
                def __init__(self, embedding_model):
                    self.inner = SentenceTransformer(embedding_model)
            """,
    )
    assert reading.hidden == (
        HiddenModel(
            "demo/_model.py", 3, "Demo.__init__", "model", "sentence-transformers/all-MiniLM-L6-v2",
            "huggingface", "sentence_transformers", True,
        ),
    )  # fmt: skip


def test_a_default_of_what_the_package_does_not_offer_at_its_top_is_told_as_such() -> None:
    reading = read(
        demo_of___init__="",
        demo_of_deep="""\
            from huggingface_hub import snapshot_download
            def load(repo="owner/name"): return snapshot_download(repo)
            """,
    )
    assert [(row.value, row.is_entry) for row in reading.hidden] == [("owner/name", False)]


def test_a_model_that_another_function_is_given_is_told_where_it_is_named() -> None:
    reading = read(
        demo_of_a="""\
            from huggingface_hub import snapshot_download
            def load(repo): return snapshot_download(repo)
            """,
        demo_of_b="""\
            from demo.a import load
            def small(): return load("owner/small")
            """,
    )
    assert ("hub", "demo.a.load", 2, ("owner/small",), "call") in told(reading)


def test_programs_started_by_name_are_told_once_a_place() -> None:
    reading = read(
        demo_of_audio="""\
            import subprocess, sys
            def load(path):
                subprocess.run(["ffmpeg", "-i", path], check=True)
                subprocess.run([sys.executable, "-c", ""])
                subprocess.run("sw_vers")
            """
    )
    assert reading.started == (Started("ffmpeg", "demo/audio.py", 3),)


def test_variables_are_told_of_files_with_a_sink() -> None:
    reading = read(
        demo_of_a="""\
            import os, urllib.request
            HOME = os.environ.get("DEMO_HOME")
            OTHER = os.environ["DEMO_COLOUR"]
            def f(u): urllib.request.urlretrieve(u)
            """,
        demo_of_b='import os\nX = os.getenv("OTHER_CACHE")\n',
    )
    assert reading.variables == ("DEMO_HOME",)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"import requests\ndef f(:\n", "SyntaxError", id="syntax"),
        pytest.param(b"import requests\n\0", "Error", id="a null byte"),
        pytest.param(b"# -*- coding: nowhere -*-\nimport requests\n", "SyntaxError", id="encoding"),
        pytest.param(b"import requests\nx = " + b"(" * 5000 + b")" * 5000, "SyntaxError", id="brackets"),
        pytest.param(b"import requests\nx = " + b"-" * 200_000 + b"1", "", id="a deep tree"),
    ],
)
def test_a_source_that_python_cannot_parse_is_named_and_the_rest_is_read(data: bytes, why: str) -> None:
    sound = b"import urllib.request\ndef f(u): urllib.request.urlretrieve(u)\n"
    reading = read_sources([("demo/bad.py", data), ("demo/good.py", sound)], sinks())
    assert [row.file for row in reading.egress] == ["demo/good.py"]
    (problem,) = reading.not_read
    assert problem.startswith("demo/bad.py: Python can't parse it (")
    assert why in problem


def test_a_source_longer_than_any_is_named() -> None:
    reading = read_sources([("demo/big.py", b"import requests\n" + b"#" * (9 << 20))], sinks())
    assert reading.not_read == (
        "demo/big.py: has 9437200 bytes, more than the 8388608 we read of such a file",
    )


def test_values_that_name_each_other_end() -> None:
    rows = "\n".join(f"a{n} = a{(n + 1) % 50} or a{(n + 2) % 50}" for n in range(50))
    reading = read(
        demo_of_a=f"from huggingface_hub import snapshot_download\n{rows}\nsnapshot_download(a0)\n"
    )
    assert [(row.call, row.what) for row in reading.egress] == [("huggingface_hub.snapshot_download", ())]


def test_what_reading_cannot_see_is_counted() -> None:
    reading = read(
        demo_of_a="""\
            from huggingface_hub import snapshot_download
            def f(name): snapshot_download(name)
            exec("import x")
            """
    )
    assert reading.blind == (("calls of exec and eval", 1), ("models named at run time", 1))


def test_tests_and_documentation_are_skipped() -> None:
    assert is_skipped("numpy/tests/test_a.py", sinks())
    assert is_skipped("demo/docs/conf.py", sinks())
    assert not is_skipped("demo/testing_tools.py", sinks())


def test_every_form_of_syntax_is_walked() -> None:
    reading = read(
        demo_of_a="""\
            import requests as r
            async def f(x, *a, k=1, **kw):
                global G
                match x:
                    case {"a": 1, **rest} | [1, *_] | None | True if x > 1:
                        del x
                async with r.Session() as s, x:
                    async for i in (lambda y: y)(x):
                        yield [j async for j in i if not j], {k: v for k, v in kw}, {**kw}
                        yield x[1:2, ...], f"{x!r:>{k}}"
                try:
                    assert (z := x) is not None and -x @ 2 or await x
                except* (TypeError, ValueError) as e:
                    raise e from None
                while True:
                    return s.get("https://x.example/a.pth")
            """.replace("except*", "except")
    )
    assert [row.call for row in reading.egress] == ["requests.Session", "requests.Session.get"]
    assert reading.not_read == ()


REGISTRY = """\
    from demo.registry import KINDS
    class Embedding:
        def __init__(self, model_name: str = "BAAI/bge-small-en-v1.5", colour="red-2", device="cuda-0"):
            self.inner = KINDS[model_name](model_name)
    """
FETCHING = "from huggingface_hub import snapshot_download\ndef pull(r): snapshot_download(r)\n"


def test_a_default_that_cannot_be_followed_tells_by_the_name_of_its_parameter() -> None:
    reading = read(
        demo_of___init__="from demo.embedding import Embedding\n",
        demo_of_embedding=REGISTRY,
        demo_of_pull=FETCHING,
    )
    assert reading.hidden == (
        HiddenModel(
            "demo/embedding.py", 3, "Embedding.__init__", "model_name", "BAAI/bge-small-en-v1.5",
            "huggingface", is_followed=False,
        ),
    )  # fmt: skip


def test_a_name_tells_nothing_in_a_package_that_fetches_nothing_or_does_not_offer_it() -> None:
    assert read(demo_of___init__=REGISTRY).hidden == ()
    assert read(demo_of___init__="", demo_of_embedding=REGISTRY, demo_of_pull=FETCHING).hidden == ()


def test_a_model_of_a_paid_service_is_not_fetched() -> None:
    source = "import openai\n" + dedent(REGISTRY)
    assert read(demo_of___init__=source, demo_of_pull=FETCHING).hidden == ()


def test_texts_that_could_fake_a_line_or_break_the_cache_are_made_plain() -> None:
    reading = read(
        demo_of_a="""\
            import os, subprocess
            from huggingface_hub import snapshot_download
            snapshot_download("a/b\\nERROR: c\\ud800\\x1b[31m")
            subprocess.run("wget \\udfff")
            os.getenv("CACHE\\n")
            """
    )
    assert [row.what for row in reading.egress] == [("a/b?ERROR: c??[31m",), ("wget ?",)]
    assert reading.variables == ("CACHE?",)
    assert decode(encode(reading)) == reading
