"""Writes what scale.py found as Markdown tables into pages, between their markers.

    python benchmarks/tables.py RESULTS.json [RESULTS.json ...] --page PAGE.md

Several files are put together, peers of one beside the numbers of another, workspace by workspace; ratios are formed
inside one file only, since that is one run on one machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from scale import PEERS, TABLE, Row, shown

MARKERS = {
    name: (f"<!-- {name} of benchmarks/tables.py -->", f"<!-- end of {name} -->") for name in ("targets", "peers")
}
PEER_TITLES = {
    "pyhf-minuit": "pyhf, NumPy, Minuit",
    "pyhf-jax-lbfgs": "pyhf's graph in JAX, L-BFGS",
    "cabinetry": "cabinetry",
    "nextstat": "NextStat",
}


def targets(cases: dict[str, Any]) -> str:
    """Return the table of what was measured, target by target."""
    lines = ["| | workspace | measured | target |", "|:--|:--|--:|--:|"]
    for title, rows in TABLE.items():
        for row in rows:
            if row.number in cases.get(row.case, {}) and row.target is not None:
                lines.append(
                    f"| {title} | {row.case} | {_median(cases[row.case], row)} | {shown(row.target, row.unit)} |"
                )
                title = ""
    return "\n".join(lines)


def _median(case: dict[str, Any], row: Row) -> str:
    return shown(case[row.number]["median"], row.unit)


def peers(runs: list[dict[str, Any]]) -> str:
    """Return the table of fits beside other packages: how many times longer they take, and how much higher they end."""
    lines = [
        "| workspace | wilks | " + " | ".join(PEER_TITLES[peer] for peer in PEERS) + " |",
        "|:--|--:|" + "--:|" * len(PEERS),
    ]
    for run in runs:
        for name, case in run["cases"].items():
            if case.get("peers"):
                cells = [_beside(case, case["peers"].get(peer)) for peer in PEERS]
                size = f"{name}, {case['parameters']} parameters"
                lines.append(f"| {size} | {shown(case['fit']['median'], 's')} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _beside(case: dict[str, Any], peer: dict[str, Any] | None) -> str:
    if peer is None:
        return "not tried"
    if "fit" not in peer:
        return str(peer.get("error", "failed"))
    above = peer["twice_nll"] - case["twice_nll"]
    return f"{peer['fit']['median'] / case['fit']['median']:,.0f} x (2NLL {above:+.0e})"


def write(page: Path, tables: dict[str, str]) -> None:
    """Put tables between their markers in a page; ValueError where it has none of them."""
    text, found = page.read_text(encoding="utf-8"), False
    for name, table in tables.items():
        begin, end = MARKERS[name]
        if begin in text and end in text:
            before, rest = text.split(begin, 1)
            text = f"{before}{begin}\n\n{table}\n\n{end}{rest.split(end, 1)[1]}"
            found = True
    if not found:
        raise ValueError(f"{page}: no markers such as {MARKERS['targets'][0]}")
    page.write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--page", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in options.results]
    tables = {"targets": targets(runs[0]["cases"]), "peers": peers(runs)}
    for page in options.page:
        write(page, tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
