"""From the text of a datacard to its upper limits, observed and expected, as whole processes, in one run.

    python benchmarks/cards.py CARD[,-m,125] ... [--repeat 3] [--rabbit FOLDER] [--output FILE]

`wilks limit CARD`; pyhf's `upper_limit` after `wilks convert --approximate --to pyhf`, which counts as well; with
`--rabbit` also rabbit's `text2hdf5` and one fit with `rabbit_fit`, from a folder of executables (the `bin` of an
environment with rabbit-fit, uproot, pandas, tqdm and tf_keras). Times are processor time of all threads; of wilks the
least of `--repeat`. Limits stand beside: pyhf's model is an approximation of the card's; rabbit has no limits.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from compare import machine, readable

_WILKS = "from wilks.cli import main; main()"
_PYHF = """
import json, sys, pyhf
pyhf.set_backend("numpy", "scipy")
workspace = pyhf.Workspace(json.load(open(sys.argv[1])))
model = workspace.model()
observed, expected = pyhf.infer.intervals.upper_limits.upper_limit(workspace.data(model), model, level=0.05, rtol=1e-3)
print(json.dumps([float(observed), float(expected[2])]))
"""


class FailedError(Exception):
    """A command failed; the message is the last line that it printed."""


def clock(commands: Iterable[list[str]], folder: Path, seconds: float) -> tuple[float, str]:
    """Return the processor time of commands, one after the other, and what the last one printed."""
    before, printed = resource.getrusage(resource.RUSAGE_CHILDREN), ""
    for command in commands:
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            raise FailedError(f"not done within {seconds:g} s") from None
        except OSError as error:
            raise FailedError(str(error)[:100]) from None
        if done.returncode:
            raise FailedError((done.stderr.strip().splitlines() or ["nothing printed"])[-1][:100])
        printed = done.stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, printed


def wilks_limits(card: str, options: list[str], folder: Path, seconds: float) -> tuple[float, list[float]]:
    """Return the time of `wilks limit`, and the observed and the median expected limit."""
    call = [sys.executable, "-c", _WILKS, "limit", card, *options, "--limits-json", "limits.json"]
    time, _ = clock([call], folder, seconds)
    (found,) = json.loads((folder / "limits.json").read_text(encoding="utf-8")).values()
    return time, [found["obs"], found["exp0"]]


def pyhf_limits(card: str, options: list[str], folder: Path, seconds: float) -> tuple[float, list[float]]:
    """Return the time of the conversion to pyhf and of its limits, and these."""
    convert = [sys.executable, "-c", _WILKS, "convert", card, "model.json", *options, "--to", "pyhf", "--approximate"]
    time, printed = clock([convert, [sys.executable, "-c", _PYHF, "model.json"]], folder, seconds)
    return time, json.loads(printed.strip().splitlines()[-1])


def rabbit_fit(card: str, options: list[str], folder: Path, seconds: float, *, of: Path) -> tuple[float, list[float]]:
    """Return the time of rabbit's conversion and of one fit: it has no limits."""
    mass = ["--mass", options[options.index("-m") + 1]] if "-m" in options else []
    convert = [str(of / "text2hdf5"), card, "-o", str(folder), *mass]
    fit = [str(of / "rabbit_fit"), f"{Path(card).stem}.hdf5", "-o", str(folder), "-t", "0"]
    return clock([convert, fit], folder, seconds)[0], []


def measured(card: str, repeat: int, seconds: float, rabbit: Path | None) -> dict[str, Any]:
    """Return times and limits of one card."""
    path, *options = card.split(",")
    path = os.path.abspath(path)
    ways: dict[str, Any] = {"wilks": wilks_limits, "pyhf": pyhf_limits}
    if rabbit is not None:
        ways["rabbit"] = partial(rabbit_fit, of=rabbit)
    found: dict[str, Any] = {"card": f"{Path(path).parent.name}/{Path(path).name}"}
    for name, way in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            try:
                runs = [way(path, options, Path(folder), seconds) for _ in range(repeat if name == "wilks" else 1)]
            except FailedError as error:
                found[name] = {"failed": str(error)}
                continue
        found[name] = {"seconds": min(time for time, _ in runs), "limits": runs[-1][1]}
    return found


def row(found: dict[str, Any], names: list[str]) -> str:
    """Return a row of the table: times of wilks, ratios of the others, limits of all."""
    cells, ours = [f"`{found['card']}`"], found["wilks"].get("seconds")
    for name in names:
        one = found[name]
        if "failed" in one:
            cells.append(one["failed"])
            continue
        time = readable(one["seconds"]) if name == "wilks" or not ours else f"{one['seconds'] / ours:.1f} x"
        limits = ", ".join(f"{limit:.4g}" for limit in one["limits"])
        cells.append(f"{time} ({limits})" if limits else time)
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Measure all cards, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cards", nargs="+", metavar="CARD")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=300.0, help="after which a command is stopped")
    parser.add_argument("--rabbit", type=Path)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    names = ["wilks", "pyhf", *(["rabbit"] if asked.rabbit else [])]
    print(f"| card | {' | '.join(names)} |\n|:--{'|--:' * len(names)}|", flush=True)
    found = []
    for card in asked.cards:
        found.append(measured(card, asked.repeat, asked.seconds, asked.rabbit))
        print(row(found[-1], names), flush=True)
    if asked.output is not None:
        asked.output.write_text(json.dumps({"machine": machine(), "cards": found}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
