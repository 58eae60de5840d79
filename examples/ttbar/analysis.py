"""The ttbar cross section from histograms to figures, step by step.

    python examples/ttbar/analysis.py [--output DIR]

Writes the workspace, the figures and the yield tables to DIR (default: wilks-output beside this file).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from generate import generate

import wilks

HERE = Path(__file__).resolve().parent


def analyse(output: Path) -> None:
    """Run the analysis of config.yml; print what is found and write the products to `output`."""
    output.mkdir(parents=True, exist_ok=True)
    if not (HERE / "input" / "histograms.root").exists():
        generate(HERE)

    # From the steering file and the histograms to the statistical model with its data.
    config = wilks.load_config(HERE / "config.yml")
    templates = wilks.process_templates(wilks.build_templates(config), config)
    workspace = wilks.build_workspace(templates, config)
    workspace.save(output / "workspace.json")
    print(wilks.inspect(workspace), end="\n\n")
    print(wilks.check(workspace), end="\n\n")

    # What every systematic does to every template, and what of it is kept.
    for region in config.regions:
        figure = wilks.figures.variations(templates, region=region.name)
        wilks.figures.save(figure, output / "figures" / f"variations_{region.name.replace(' ', '-')}")
    wilks.figures.save(wilks.figures.pruning(templates), output / "figures" / "pruning")

    # Maximum-likelihood fit to the observed data.
    model = wilks.compile_model(workspace)
    result = wilks.fit(model)
    poi = result["ttbar_norm"]
    print(f"fit result for ttbar_norm: {poi.value:.3f} +/- {poi.uncertainty:.3f}", end="\n\n")
    pulls = wilks.figures.pulls(result, exclude="ttbar_norm")
    wilks.figures.save(pulls, output / "figures" / "pulls")

    # What the model expects before and after the fit, beside the data.
    for prediction in (wilks.predict(model), wilks.predict(model, result)):
        table = wilks.tables.yields(prediction)
        print(table, end="\n\n")
        label = prediction.label.replace("-", "")
        (output / f"yields_{label}.md").write_text(table.markdown() + "\n", encoding="utf-8")
        for channel, figure in wilks.figures.data_mc(prediction).items():
            name = f"data_mc_{channel.replace(' ', '-')}_{label}"
            wilks.figures.save(figure, output / "figures" / name)
    print(f"workspace, tables and figures are in {output}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the ttbar cross section of the example.")
    parser.add_argument("--output", type=Path, default=HERE / "wilks-output", help="folder for the products")
    analyse(parser.parse_args().output)


if __name__ == "__main__":
    main()
