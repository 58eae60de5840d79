from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex

from wilks import Histogram, figures
from wilks.errors import InputError
from wilks.figures.blocks import blocks_of, pages
from wilks.figures.pruning import COLORS, cell_word
from wilks.templates.record import Effect
from wilks.templates.store import TemplateKey, Templates


def effect(region: str, sample: str, systematic: str, **more: object) -> Effect:
    return replace(Effect(region, sample, systematic, (0.1, -0.1), (0.2, -0.2), (0.1, 0.2)), **more)  # type: ignore[arg-type]


EFFECTS = (
    effect("SR", "S", "JES"),
    effect("SR", "S", "Lumi", shape=None, keep_norm=False),
    effect("SR", "B", "Scale", keep_norm=False),
    effect("SR", "B", "JES", keep_shape=False, flags=("same side",)),
    effect("CR", "B", "JES", keep_norm=False, keep_shape=False),
    effect("CR", "B", "Lumi", flags=("large norm", "large shape"), shape=None),
)


def templates(effects: tuple[Effect, ...] = EFFECTS) -> Templates:
    histogram = Histogram.from_arrays([0, 1, 2], [4.0, 9.0], [2.0, 3.0])
    keys = dict.fromkeys(TemplateKey(e.region, e.sample) for e in effects)
    return Templates(dict.fromkeys(keys, histogram), effects=effects)


def test_words_of_cells() -> None:
    assert [cell_word(e) for e in (None, *EFFECTS)] == [
        "not present",
        "kept",
        "dropped",
        "norm dropped",
        "shape dropped",
        "dropped",
        "large norm and shape",
    ]
    assert cell_word(effect("a", "b", "c", flags=("large shape", "same side"))) == "large shape"


def test_cells_are_where_they_belong() -> None:
    blocks = blocks_of(templates())
    # Scale stands before JES, as in the list of B; all samples of a region stand together.
    assert blocks.systematics == ("Scale", "JES", "Lumi")
    assert blocks.columns == {("SR", "S"): 0.0, ("SR", "B"): 1.0, ("CR", "B"): 2.5}
    assert blocks.regions == {"SR": (0.0, 2.0), "CR": (2.5, 3.5)}
    figure = figures.pruning(templates())
    (ax,) = figure.axes
    cells = ax.collections[0]
    said = {
        (path.vertices[0][0], path.vertices[0][1]): to_hex(color)
        for path, color in zip(cells.get_paths(), cells.get_facecolors(), strict=True)
    }
    assert len(said) == 9
    assert said[0.0, 1.0] == COLORS["kept"]
    assert said[0.0, 2.0] == COLORS["dropped"]
    assert said[0.0, 0.0] == COLORS["not present"]
    assert said[1.0, 0.0] == COLORS["norm dropped"]
    assert said[1.0, 1.0] == COLORS["shape dropped"]
    assert said[2.5, 2.0] == COLORS["large norm and shape"]
    (dots,) = ax.lines
    assert np.column_stack(dots.get_data()).tolist() == [[1.5, 1.5]]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["Scale", "JES", "Lumi"]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["S", "B", "B"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == [
        "kept",
        "shape dropped",
        "norm dropped",
        "dropped",
        "large norm and shape",
        "not present",
        "both sides alike",
    ]


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
@pytest.mark.parametrize("many", [1, 60])
def test_everything_is_inside_the_figure(style: str, many: int) -> None:
    effects = tuple(effect(f"region {i % 3}" * 3, f"s_{j}$", f"NP {i}" * 9) for i in range(many) for j in range(2))
    chosen = figures.FigureStyle(style, "Internal", "13 TeV", "140 fb$^{-1}$")
    figure = figures.pruning(templates(effects), style=chosen)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    box = figure.axes[0].get_tightbbox()
    assert box is not None
    assert min(box.x0, box.y0) >= 0
    assert box.x1 <= width
    assert box.y1 <= height
    # The experiment's texts don't overlap.
    texts = [t for t in figure.axes[0].texts if t.get_text() and "region" not in t.get_text()]
    boxes = sorted((t.get_window_extent() for t in texts), key=lambda found: found.x0)
    assert all(a.x1 <= b.x0 + 1 for a, b in pairwise(boxes))


def test_nothing_to_draw() -> None:
    with pytest.raises(InputError, match="no effects of systematics"):
        figures.pruning(templates(()))
    with pytest.raises(TypeError, match="draws Templates, found a dict"):
        figures.pruning({})  # type: ignore[arg-type]


def test_many_regions_are_folded_into_bands_and_pages() -> None:
    many = templates(tuple(effect(f"SR {k}", sample, "JES") for k in range(60) for sample in ("S", "B", "C")))
    blocks = blocks_of(many).folded(50)
    assert blocks.width <= 50
    assert blocks.last == 4
    assert len(set(zip(blocks.columns.values(), blocks.bands.values(), strict=True))) == 180
    assert [region for region, *_ in blocks.parts()] == [f"SR {k}" for k in range(60)]
    figure = figures.pruning(many)
    assert max(figure.get_size_inches()) < 20
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [text for text in texts if text.startswith("SR")] == [f"SR {k}" for k in range(60)]
    shared = pages(
        templates(tuple(effect(f"R{k}", "S", f"NP {i}") for k in range(120) for i in range(70))), (0.24, 0.2)
    )
    assert len(shared) > 1
    assert [region for page in shared for region in page] == [f"R{k}" for k in range(120)]


def test_a_region_wider_than_a_page_is_split_and_names_are_told_apart() -> None:
    names = [f"A rather long sample name number {k} (2016-2018)" for k in range(80)]
    wide = templates(tuple(effect("SR", name, "JES") for name in names))
    parts = blocks_of(wide).folded(30).parts()
    assert [(region, band) for region, _, _, band in parts] == [("SR", 0), ("SR", 1), ("SR", 2)]
    assert [right - left for _, left, right, _ in parts] == [30, 30, 20]
    ax = figures.pruning(wide).axes[0]
    shown = [text.get_text() for text in (*ax.texts, *ax.get_xticklabels())]
    assert len({text for text in shown if "sample" in text}) == 80


def test_regions_and_rows_can_be_chosen() -> None:
    ax = figures.pruning(templates(), regions=["CR"], rows=1, first=2).axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["Lumi"]
    with pytest.raises(InputError, match='no region "CS"'):
        figures.pruning(templates(), regions=["CS"])
    with pytest.raises(InputError, match="first from 1 to 3, found 1 and 4"):
        figures.pruning(templates(), rows=1, first=4)
