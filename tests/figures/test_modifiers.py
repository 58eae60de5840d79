"""The grid of modifiers: colours, numbers and order; variations of a workspace."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from tests.workspace.test_acting import spec

import wilks
from wilks import figures
from wilks.errors import InputError
from wilks.figures import FigureStyle
from wilks.figures.modifiers import _COLORS, _percent, shade
from wilks.pages import modifier_figures
from wilks.workspace.workspace import Workspace


@pytest.fixture
def workspace() -> Workspace:
    return wilks.load_workspace(spec())


def large(channels: int, names: int) -> Workspace:
    """Return a workspace with two samples in each of many channels, and many systematics."""
    document = spec()
    document["channels"], document["observations"] = [], []
    for c in range(channels):
        modifiers = [
            {"name": f"syst_{i}", "type": "normsys", "data": {"hi": 1 + 0.001 * i, "lo": 0.9}} for i in range(names)
        ]
        samples = [{"name": name, "data": [5.0], "modifiers": modifiers} for name in ("signal", "background")]
        document["channels"].append({"name": f"region_{c}", "samples": samples})
        document["observations"].append({"name": f"region_{c}", "data": [10.0]})
    document["measurements"][0]["config"] = {"poi": "", "parameters": []}
    return wilks.load_workspace(json.loads(json.dumps(document)))


@pytest.mark.parametrize("style", ["plain", FigureStyle("ATLAS", "Internal", "13 TeV", "140 fb$^{-1}$"), "CMS"])
def test_cells_have_the_colour_of_their_kind_in_a_shade_of_their_size(
    workspace: Workspace, style: str | FigureStyle
) -> None:
    figure = figures.modifiers(workspace, style=style)
    (ax,) = figure.axes
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["mu", "free", "lumi", "jes", "idle", "cross section", "data-driven", "gammas"]
    cells = ax.collections[0]
    drawn = {
        (path.vertices[0][0], names[int(path.vertices[0][1])]): to_hex(color)
        for path, color in zip(cells.get_paths(), cells.get_facecolors(), strict=True)
    }
    assert len(drawn) == 16

    def expected(kind: str, strength: float) -> str:
        return to_hex([1 - strength * (1 - part) for part in to_rgb(_COLORS[kind])])

    assert drawn[0, "mu"] == expected("normfactor", 1.0)
    assert drawn[0, "jes"] == expected("normsys + histosys", shade(0.32)) == to_hex(_COLORS["normsys + histosys"])
    assert drawn[0, "lumi"] == expected("lumi", shade(0.017))
    assert drawn[0, "idle"] == expected("histosys", shade(0.0))
    assert drawn[1, "jes"] == to_hex((0.955, 0.955, 0.955))
    assert len({shade(size) for size in (0.0, 0.001, 0.02, 0.5)}) == 4
    written = [text.get_text() for text in ax.texts]
    assert {"32", "1.7", "0", "5.0", "10"} <= set(written)
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[:3] == ["normfactor", "shapefactor", "lumi"]
    assert legend[-4:] == ["10 % or more", "1 to 10 %", "below 1 %", "no change"]


def test_numbers_are_short() -> None:
    sizes = (0.0, 0.0007, 0.00954, 0.0123, 0.0995, 0.5, 12.0)
    assert [_percent(size) for size in sizes] == ["0", "0.07", "1.0", "1.2", "10", "50", "1e+03"]


def test_two_hundred_systematics_on_sixty_blocks_are_pages() -> None:
    workspace = large(30, 200)
    figure = figures.modifiers(workspace, first=121)
    (ax,) = figure.axes
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names[0] == "syst_120"
    assert names[59] == "syst_179"
    assert len(ax.collections[0].get_paths()) == 60 * 60
    width, height = figure.get_size_inches()
    assert width < 18
    assert height < 40
    figure = figures.modifiers(workspace, parameters="syst_1?", channels=["region_3", "region_4"], samples="signal")
    assert len(figure.axes[0].collections[0].get_paths()) == 10 * 2
    with pytest.raises(InputError, match="first from 1 to 200, found 60 and 201"):
        figures.modifiers(workspace, first=201)
    with pytest.raises(InputError, match='no channel "region_30"'):
        figures.modifiers(workspace, channels="region_30")
    with pytest.raises(TypeError, match="modifiers draws a Workspace, found a str"):
        figures.modifiers("workspace.json")  # type: ignore[arg-type]


def test_many_channels_are_pages_too() -> None:
    workspace = large(300, 4)
    sizes, channels = [], 0
    for figure in modifier_figures(workspace):
        sizes.append(figure.get_size_inches()[1])
        channels += len(figure.axes[0].collections[0].get_paths()) // 8
    assert channels == 300
    assert len(sizes) > 1
    assert max(sizes) < 25


def test_variations_of_a_workspace_are_those_of_its_templates() -> None:
    config = wilks.load_config(wilks.examples.steering_file())
    templates = wilks.process_templates(wilks.build_templates(config), config)
    ours = figures.variation(
        wilks.build_workspace(templates, config), region="muons", systematic="WZ modelling", sample="WZ"
    )
    theirs = figures.variation(templates, region="muons", systematic="WZ modelling", sample="WZ")
    for panel, other in zip(ours.axes, theirs.axes, strict=True):
        steps = [
            [patch.get_data().values for patch in each.patches if hasattr(patch, "get_data")] for each in (panel, other)
        ]
        assert len(steps[0]) > 2
        for values, known in zip(*steps, strict=True):
            np.testing.assert_allclose(values, known, rtol=1e-9, atol=1e-9)


def test_without_staterrors_there_is_no_band(workspace: Workspace) -> None:
    def said(figure: object) -> list[str]:
        return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]  # type: ignore[attr-defined]

    bare = figures.variation(workspace, region="SR", systematic="jes", sample="signal")
    assert "Stat. uncertainty" not in said(bare)
    known = figures.variation(workspace, region="SR", systematic="cross section", sample="fakes")
    assert "Stat. uncertainty" in said(known)
    assert "stat. uncertainty" in said(figures.variations(workspace))
    document = spec()
    document["channels"][0]["samples"] = document["channels"][0]["samples"][:1]
    assert "stat. uncertainty" not in said(figures.variations(wilks.load_workspace(document)))
    document["channels"][0]["samples"][0]["modifiers"] = [{"name": "mu", "type": "normfactor", "data": None}]
    with pytest.raises(InputError, match="this workspace has no variation to draw"):
        figures.variations(wilks.load_workspace(document))
