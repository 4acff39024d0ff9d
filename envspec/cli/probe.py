"""Print what this host shows as one JSON document of evidence; or the script that does so elsewhere."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_EXTRACT = ("----- BEGIN ENVSPEC EVIDENCE -----\n", "\n----- END ENVSPEC EVIDENCE -----")


class _Passed(argparse.Action):
    """Hand an option on to the script as it was given: a ``--ca-file`` belongs to the endpoint before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - argparse says what it's called with
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option: str | None = None,  # noqa: ARG002
    ) -> None:
        name = self.option_strings[0]
        words = [name] if self.nargs == 0 else [f"{name}={values}"]
        namespace.words = [*(namespace.words or []), *words]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``envspec probe``."""
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--script", action="store_true", help="print probe.py, which runs without envspec")
    kinds.add_argument("--schema", action="store_true", help="print the JSON Schema of the document")
    kinds.add_argument("--brief", action="store_true", help="at most 25 lines, to write down and type in")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead of to stdout")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="json: indented, and without marker lines"
    )
    passed = parser.add_argument_group("what is looked at")
    for name, metavar, text in (
        ("--prefix", "DIR", "where environments will be installed"),
        ("--scratch", "DIR", "where temporary files will go"),
        ("--label", "NAME", "what to call this host in reports"),
        ("--timeout", "SECONDS", "how long a single program or call may take (3; NVML and nvidia-smi 20)"),
        ("--endpoint", "URL", "try to reach it, stage by stage; repeatable"),
        ("--ca-file", "FILE", "authority for the endpoint before it"),
        ("--probe-egress", "HOST:PORT", "try to connect there, to show that a network is closed"),
    ):
        passed.add_argument(name, metavar=metavar, action=_Passed, dest="words", help=text)
    passed.add_argument(
        "--identify",
        action=_Passed,
        nargs=0,
        dest="words",
        help="keep names, addresses, serials and UUIDs",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the evidence, the script or the schema; return 0."""
    from envspec.cli.output import put

    path = None if arguments.output in (None, "-") else Path(arguments.output)
    put(_text(arguments), path)
    return 0


def _text(arguments: argparse.Namespace) -> str:
    if arguments.schema:
        from envspec.probe.evidence_schema import json_schema

        return json.dumps(json_schema(), indent=2) + "\n"
    from envspec.adapters.probe_host import run_probe, script_text

    if arguments.script:
        return script_text()
    words = ["--brief"] if arguments.brief else []
    text = run_probe([*words, *(arguments.words or [])]).decode("ascii", "replace")
    if arguments.format == "json" and not arguments.brief:
        return (
            json.dumps(json.loads(text.partition(_EXTRACT[0])[2].partition(_EXTRACT[1])[0]), indent=2) + "\n"
        )
    return text
