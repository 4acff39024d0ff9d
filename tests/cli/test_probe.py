"""``envspec probe``: the evidence of this host, the script, the schema, the brief."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from envspec.cli.main import main
from envspec.probe.reader import read_facts


def test_the_evidence_goes_to_stdout_as_the_script_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--label", "node 7", "--prefix", "/data/envs"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("----- BEGIN ENVSPEC EVIDENCE -----\n")
    facts = read_facts(out.encode(), "stdout")
    assert facts.label == "node 7"
    assert "/data/envs" in [mount.path for mount in facts.mounts.need()]


def test_json_is_the_document_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["envspec-evidence"], document["identified"]) == (1, False)
    assert read_facts(json.dumps(document).encode(), "json").kernel.is_known


def test_a_file_is_written_and_said_to_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.json"
    assert main(["probe", "--format", "json", "--quiet", "-o", str(path)]) == 0
    assert capsys.readouterr().out == ""
    assert read_facts(path.read_bytes(), "file").source == "evidence"


def test_the_brief_has_25_lines_at_most(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--brief"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) <= 25
    assert read_facts(out.encode(), "sheet").source == "brief"


def test_the_script_is_what_runs_without_envspec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--script"]) == 0
    script = tmp_path / "probe.py"
    script.write_text(capsys.readouterr().out, encoding="ascii")
    assert "envspec.probe" not in script.read_text().replace("envspec/probe", "")
    done = subprocess.run(["sh", script], cwd="/", capture_output=True, check=True)
    assert read_facts(done.stdout, "script").arch.is_known


def test_the_schema_fits_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["title"] == "envspec evidence, version 1"
    assert main(["probe", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    evidence, item = schema["$defs"]["Evidence"], schema["$defs"]["Item"]
    assert set(evidence["required"]) <= set(document) <= set(evidence["properties"])
    for one in document["items"].values():
        assert set(one) <= set(item["properties"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--timeout", "soon"], "--timeout wants seconds, more than 0 and at most 600"),
        (["--ca-file", "site-ca.pem"], "--ca-file stands after the --endpoint that it is for"),
        (["--label", "zwei\nZeilen"], "--label wants 1 to 64 printable ASCII characters"),
        (["--probe-egress", "nas"], "--probe-egress wants HOST:PORT, not nas"),
    ],
)
def test_options_that_the_script_refuses_are_the_users_input(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", *options]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"envspec: the probe refused its options: {said}"


def test_a_ca_file_goes_with_the_endpoint_before_it(capsys: pytest.CaptureFixture[str]) -> None:
    from tests import certificates
    from tests.loopback import Answer, Loopback

    with Loopback(tls="good") as server:
        server.always("/ok", Answer())
        url = f"{server.url}/ok"
        told = ["--endpoint", url, "--endpoint", url, "--ca-file", str(certificates.ca_file())]
        assert main(["probe", "--format", "json", *told]) == 0
    first, second = json.loads(capsys.readouterr().out)["items"]["call:endpoints"]["value"]["endpoints"]
    assert first["hops"][0]["tls"]["error"] == "verify"
    assert second["hops"][0]["tls"]["trusted-by"] == "ca-file"
