"""What ``envspec verify`` costs beside two imports, and what a fleet costs."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import peers
from tests.evidence import GIB, founding, mount, with_driver

IMPORTS = "import pydantic, packaging.pylock"
"""envspec uses neither; they are what a Python program of this kind takes to start."""


class Cost(NamedTuple):
    """Of one command, run once."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def main() -> int:
    """Print the ratios of one run and the fleet's cost; 1 where a command ended otherwise than it should."""
    parser = argparse.ArgumentParser(prog="benchmarks/verify.py", description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="of each command, in turn (15)")
    parser.add_argument("--hosts", type=int, default=1000, help="of the fleet (1000)")
    options = parser.parse_args()
    peers.set_up(["pydantic", "envspec"])
    folder = Path(tempfile.mkdtemp(prefix="envspec-benchmark-"))
    try:
        load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"{load}; medians of {options.runs} runs, in turn\n")
        _beside_imports(folder, options.runs)
        _fleet(folder, options.hosts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _beside_imports(folder: Path, runs: int) -> None:
    facts = folder / "facts.json"
    facts.write_bytes(founding())
    verify = [peers.program("envspec", "envspec"), "verify"]
    host = ["--host", str(facts), "--prefix", "/data/envs"]
    commands = {
        f"python -c '{IMPORTS}'": ([peers.program("pydantic", "python"), "-c", IMPORTS], 0),
        "envspec verify founding-cu118": ([*verify, str(_lock("cu118")), *host], 0),
        "envspec verify founding-cu121, refused": ([*verify, str(_lock("cu121")), *host], 1),
        "envspec verify, both": ([*verify, str(_lock("cu118")), str(_lock("cu121")), *host], 0),
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, (command, code) in commands.items():
            cost = _measured(folder, command, code)
            costs[name] += [cost] if turn else []  # the first fills the caches of the disk
    base = costs[next(iter(commands))]
    print("| command | wall ms | CPU ms | MiB | wall, to the imports | CPU, to the imports |")
    print("|---|---|---|---|---|---|")
    for name, found in costs.items():
        wall, cpu = (median(cost[number] for cost in found) for number in (0, 1))
        to_wall, to_cpu = wall / median(one.wall_s for one in base), cpu / median(one.cpu_s for one in base)
        peak = median(cost.peak_mib for cost in found)
        print(f"| {name} | {wall * 1e3:.0f} | {cpu * 1e3:.0f} | {peak:.0f} | {to_wall:.2f} | {to_cpu:.2f} |")


def _fleet(folder: Path, hosts: int) -> None:
    facts = folder / "facts"
    facts.mkdir()
    total = 0
    for number in range(hosts):
        data = _host(number)
        total += len(data)
        (facts / f"node-{number:04}.json").write_bytes(data)
    print(f"\na fleet of {hosts} hosts by 2 locks, {total / hosts / 1024:.0f} KiB of evidence each")
    fleet = [
        peers.program("envspec", "envspec"),
        "fleet",
        str(facts),
        str(_lock("cu118")),
        str(_lock("cu121")),
    ]
    for form in ("text", "json", "html"):
        cost = _measured(folder, [*fleet, "--format", form, "--quiet"], 1)
        print(
            f"- {form}: {cost.wall_s:.1f} s wall, {cost.cpu_s:.1f} s CPU, {cost.peak_mib:.0f} MiB at the most"
        )


def _host(number: int) -> bytes:
    """Like the founding host, with as many libraries and packages as a real one; every 50th is torn."""
    if number % 50 == 7:
        return founding()[: 100 + number]
    driver = ("515.105.01", "535.161.08", "570.133.20")[number % 3]
    document = json.loads(with_driver(driver, label=""))
    document["items"]["call:mounts"]["value"] = [
        mount("/", "/", 39 * GIB, (5 + number % 30) * GIB, "root"),
        mount("/tmp", "/", 39 * GIB, (5 + number % 30) * GIB, "tmp"),
        mount("/data/envs", "/data", 3500 * GIB, (100 + number) * GIB, "prefix"),
    ]
    names = document["items"]["call:libraries"]["value"]["sonames"]["libc6,x86-64"]
    names += [f"libexample-{index}.so.{index % 7}" for index in range(1500)]
    packages = "".join(f"nvidia-package-{index} 3:{driver}-1.el8 x86_64\n" for index in range(40))
    document["items"]["command:rpm -qa"] = {"text": packages, "status": 0}
    return json.dumps(document).encode()


def _lock(variant: str) -> Path:
    return peers.CHECKOUT / "locks" / f"pylock.founding-{variant}.toml"


def _measured(folder: Path, command: list[str], code: int) -> Cost:
    """Run it from a bare Python, see measure.py; ends the benchmark where it doesn't exit with ``code``."""
    result, error = folder / "result.json", folder / "stderr"
    measure = [str(peers.INTERPRETER), "-I", "-S", str(peers.HERE / "measure.py")]
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    subprocess.run(
        [*measure, str(result), "300", "/dev/null", str(error), *command], check=True, env=environment
    )
    found = json.loads(result.read_text())
    if found["exit_code"] != code:
        sys.exit(f"{' '.join(command)} ended with {found['exit_code']}, not {code}:\n{error.read_text()}")
    return Cost(found["wall_s"], found["cpu_s"], found["peak_kib"] / 1024)


if __name__ == "__main__":
    sys.exit(main())
