"""The search for X, step by step: one mass, then limits for all masses.

    python examples/search/analysis.py [--output DIR] [--workspaces]

Writes workspaces, results and figures to DIR (default: wilks-output beside this file); with --workspaces only what the
questions are asked of: workspace.json (a mass of 600 GeV), background.json and signals.json (a patch for every mass).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from generate import MASSES, generate

import wilks
from wilks.workspace.workspace import Workspace

HERE = Path(__file__).resolve().parent
STEERING, MASS = HERE / "config.yml", 600


def workspace_of(mass: int, folder: Path = HERE) -> Workspace:
    """Return the workspace of config.yml with the signal of a mass (in GeV) in place of the one it names.

    `folder` has the histograms, in input/.
    """
    document = yaml.safe_load(STEERING.read_text(encoding="utf-8"))
    document["General"]["InputPath"] = f"{folder}/{document['General']['InputPath']}"
    signal = next(sample for sample in document["Samples"] if sample["Name"] == "Signal")
    signal["SamplePath"] = f"signal_{mass}"
    config = wilks.load_config(document)
    return wilks.build_workspace(wilks.process_templates(wilks.build_templates(config), config), config)


def without_signal(workspace: Workspace) -> Workspace:
    """Return the background-only workspace."""
    spec = workspace.spec
    for channel in spec["channels"]:
        channel["samples"] = [sample for sample in channel["samples"] if sample["name"] != "Signal"]
    return Workspace(wilks.load_workspace(spec).document, workspace.axes)


def signal_patches(background: Workspace, signals: Mapping[int, Workspace]) -> dict[str, Any]:
    """Return a pyhf patch set: for every mass what adds its signal to the background-only workspace."""
    content = json.dumps(background.spec, sort_keys=True, ensure_ascii=False).encode()
    patches = []
    for mass, workspace in signals.items():
        patch = [
            {"op": "add", "path": f"/channels/{i}/samples/-", "value": sample}
            for i, channel in enumerate(workspace.spec["channels"])
            for sample in channel["samples"]
            if sample["name"] == "Signal"
        ]
        patches.append({"metadata": {"name": f"X_{mass}", "values": [mass]}, "patch": patch})
    metadata = {
        "references": {},
        "description": "X -> Z + two jets, at every mass in GeV",
        "labels": ["mass"],
        "digests": {"sha256": hashlib.sha256(content).hexdigest()},
    }
    return {"metadata": metadata, "patches": patches, "version": "1.0.0"}


def make_workspaces(output: Path) -> None:
    """Write the workspace of one mass, the background-only one, and the patches of all masses."""
    signals = {mass: workspace_of(mass) for mass in MASSES}
    background = without_signal(signals[MASS])
    signals[MASS].save(output / "workspace.json")
    background.save(output / "background.json")
    patches = json.dumps(signal_patches(background, signals))
    (output / "signals.json").write_text(patches + "\n", encoding="utf-8")


def ask(output: Path) -> None:
    """Print and draw what the workspaces tell: one mass first, then all."""
    workspace = wilks.load_workspace(output / "workspace.json")
    print(wilks.check(workspace), end="\n\n")
    model = wilks.compile_model(workspace)
    fit = wilks.fit(model)
    for channel, figure in wilks.figures.data_mc(wilks.predict(model, fit), log=True).items():
        wilks.figures.save(figure, output / "figures" / f"data_mc_{channel.replace(' ', '-')}")

    background = wilks.load_workspace(output / "background.json")
    found = {
        "significance": wilks.significance(model),
        "limit": wilks.limit(model),
        "grid": wilks.grid(background, wilks.load_patchset(output / "signals.json")),
    }
    for name, result in found.items():
        print(result, end="\n\n")
        result.save(output / f"{name}.json")
    wilks.figures.save(wilks.figures.significance(found["significance"]), output / "figures" / "significance")
    wilks.figures.save(wilks.figures.limit(found["limit"]), output / "figures" / "limit")
    band = wilks.figures.grid(found["grid"], log=True, axis_titles={"mass": "$m_X$ [GeV]"})
    wilks.figures.save(band, output / "figures" / "exclusion")


def main() -> None:
    parser = argparse.ArgumentParser(description="Search for X.")
    parser.add_argument("--output", type=Path, default=HERE / "wilks-output", help="folder for the products")
    parser.add_argument("--workspaces", action="store_true", help="make the workspaces and stop there")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    if not (HERE / "input" / "histograms.root").exists():
        generate(HERE)
    make_workspaces(arguments.output)
    if not arguments.workspaces:
        ask(arguments.output)
    print(f"the products are in {arguments.output}")


if __name__ == "__main__":
    main()
