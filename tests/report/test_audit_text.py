"""The report of an audit as people read it."""

from __future__ import annotations

from envspec.audit.audited import LockedArchive, audited
from envspec.audit.coverage import Held
from envspec.audit.reading import AssetUrls, Egress, Elf, Reading, Started
from envspec.audit.tables import packages
from envspec.report.audit_text import as_text

EASYOCR = Reading(
    egress=(
        Egress(
            "url-file", "strong", "easyocr/utils.py", 637, "download_and_unzip", "urllib.request.urlretrieve"
        ),
        Egress("http", "needs-url", "easyocr/a.py", 3, "f", "requests.get"),
    ),
    urls=(
        AssetUrls("easyocr/config.py", 8, "github.com", ("https://github.com/o/r/releases/download/a.zip",)),
    ),
    elves=(Elf("easyocr/_x.cpython-310-x86_64-linux-gnu.so", "", ("libGL.so.1",), "2.17", "3.4.19", True),),
    code_targets=("compute_90", "sm_80"),
    started=(Started("ffmpeg", "easyocr/b.py", 9), Started("brew", "easyocr/b.py", 10)),
    not_read=("easyocr/c.py: Python can't parse it (SyntaxError)",),
    blind=(("calls of exec and eval", 1200),),
    files=(("easyocr/_model.py", 10, 1),),
)
REQUESTS = Reading(
    egress=(Egress("http", "needs-url", "client/a.py", 3, "f", "requests.get"),),
    elves=(Elf("client/tool", "", ("libGL.so.1", "libSM.so.6")),),
    files=(("easyocr/_model.py", 11, 2),),
)
ARCHIVES = [
    LockedArchive("easyocr", "1.7.2", "easyocr-1.7.2-py3-none-any.whl", "e" * 64, EASYOCR),
    LockedArchive("client", "1.0", "client-1.0-py3-none-any.whl", "c" * 64, REQUESTS),
]
GONE = LockedArchive("gone", "1.0", "gone-1.0-py3-none-any.whl", "9" * 64, Reading(), "isn't here")
EXPECTED = """\
ocr: 2 of 3 files read

ERROR: client and easyocr install different bytes at 1 of 1 shared paths
  at:  easyocr/_model.py
  why: whichever is installed last wins, and no installer says a word
  fix: lock one of the two; [python] overrides can replace who asks for the other

Not in the lock, and fetched by ordinary use
  easyocr 1.7.2  (2 places)
    easyocr.Reader(languages) fetches the detector and a recognizer for each script
    easyocr/a.py:3  requests.get: what its caller names
    easyocr/utils.py:637  urllib.request.urlretrieve: what its caller names
    lands in: $EASYOCR_MODULE_PATH/model, else ~/.EasyOCR/model
    forbidden or placed by: EASYOCR_MODULE_PATH, download_enabled=False
    hosts: github.com

Can talk to a network, and fetches no model
  client 1.0  client/a.py:3  requests.get

Shared libraries that no wheel brings, but perhaps one of the 1 that weren't read
  libGL.so.1  importing needs it: easyocr
  libSM.so.6  a later use needs it: client
  GLIBC_2.17  the newest that importing asks for: easyocr
  GLIBCXX_3.4.19  the newest that importing asks for: easyocr

GPU code
  easyocr 1.7.2  compute_90 sm_80

Programs that are started by name
  ffmpeg  easyocr/b.py:9
  1 others (--verbose)

What was not seen
  gone-1.0-py3-none-any.whl: isn't here
  easyocr: easyocr/c.py: Python can't parse it (SyntaxError)
  hidden from reading: 1,200 calls of exec and eval
  what may fetch needn't: a run of your program with no network is the proof

To add to the spec, with your own choice where several are possible:

[[models]]   # easyocr: easyocr.Reader(languages) fetches the detector and a recognizer for each script
provider = "easyocr"
languages = ["en"]            # what your program gives to easyocr.Reader
"""


def test_the_report_is_worst_first_with_the_tables_to_paste_at_its_end() -> None:
    assert as_text("ocr", audited([*ARCHIVES, GONE], (), packages())) == EXPECTED


def test_what_the_lock_holds_is_told_as_held() -> None:
    held = (Held("easyocr", frozenset({"ko", "en"})), Held("huggingface", frozenset({"o/n"})))
    reading = Reading(
        egress=(
            Egress("hub", "strong", "a.py", 3, "f", "x.from_pretrained", ("o/n",), provider="huggingface"),
            Egress("hub", "strong", "b.py", 4, "f", "x.from_pretrained", ("o/m",), provider="huggingface"),
        )
    )
    text = as_text("x", audited([LockedArchive("timm", "1.0", "t.whl", "1" * 64, reading)], held, packages()))
    assert "Held by the lock, at least in part\n  timm 1.0  (2 places)\n" in text
    assert "    b.py:4  x.from_pretrained: o/m\n    a.py:3  x.from_pretrained: o/n [in the lock]\n" in text
    assert "Not in the lock" not in text


def test_verbose_leaves_nothing_out() -> None:
    text = as_text("ocr", audited(ARCHIVES, (), packages()), verbose=True)
    assert "  brew  easyocr/b.py:10\n" in text
    assert "(--verbose)" not in text


def test_verbose_tells_every_place_of_the_same_fetch() -> None:
    rows = tuple(Egress("hub", "strong", file, 3, "f", "x.get") for file in ("a.py", "b.py", "c.py"))
    found = audited([LockedArchive("demo", "1.0", "d.whl", "1" * 64, Reading(egress=rows))], (), packages())
    assert "      also at b.py:3, c.py:3\n" in as_text("x", found, verbose=True)
    assert "also at" not in as_text("x", found)
