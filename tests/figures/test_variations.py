from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from wilks import Histogram, figures, load_config, process_templates
from wilks.errors import InputError
from wilks.templates.store import TemplateKey, Templates

EDGES = [0, 1, 2, 3, 4]
NOMINAL, UP = np.array([100.0, 50.0, 0.0, 20.0]), np.array([110.0, 60.0, 1.0, 19.0])


def processed(**region: object) -> Templates:
    config = load_config(
        {
            "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h", "POI": "mu"},
            "Regions": [{"Name": "SR", "Variable": "m [GeV]", **region}, {"Name": "CR"}],
            "Samples": [{"Name": "Data", "Data": True}, {"Name": "S"}],
            "NormFactors": [{"Name": "mu"}],
            "Systematics": [
                {
                    "Name": "JES",
                    "Type": "NormPlusShape",
                    "Up": {"VariationPath": "u"},
                    "Down": {"Symmetrize": True},
                    "Regions": "SR",
                    "Smoothing": {"Algorithm": "KERNEL", "Bandwidth": 100},
                },
                {
                    "Name": "Lumi",
                    "Type": "Normalization",
                    "Up": {"Normalization": 0.1},
                    "Down": {"Normalization": -0.05},
                },
            ],
        }
    )
    yields = {TemplateKey(r, s): NOMINAL for r in ("SR", "CR") for s in ("Data", "S")}
    yields[TemplateKey("SR", "S", "JES", "Up")] = UP
    found = {key: Histogram.from_arrays(EDGES, contents, np.sqrt(contents)) for key, contents in yields.items()}
    return process_templates(Templates(found), config)


def lines(ax: object, color: str) -> list[list[float]]:
    from matplotlib.colors import to_hex
    from matplotlib.patches import StepPatch

    patches = [patch for patch in ax.patches if isinstance(patch, StepPatch) and not patch.get_hatch()]  # type: ignore[attr-defined]
    return [patch.get_data().values.tolist() for patch in patches if to_hex(patch.get_edgecolor()) == color]


def test_what_is_drawn() -> None:
    made = processed()
    figure = figures.variation(made, region="SR", sample="S", systematic="JES")
    main, below = figure.axes
    now = made[TemplateKey("SR", "S", "JES", "Up")].contents
    assert lines(main, "#c91f16") == [pytest.approx(now), UP.tolist()]
    assert lines(main, "#000000") == [NOMINAL.tolist()]
    factor = now.sum() / NOMINAL.sum()
    down = (2 - factor) * (2 * NOMINAL - now / factor)
    assert lines(main, "#1845fb") == [pytest.approx(down)]
    filled = NOMINAL > 0
    (up, before), (low,) = lines(below, "#c91f16"), lines(below, "#1845fb")
    np.testing.assert_allclose(np.array(up)[filled], 100 * (now / np.where(filled, NOMINAL, 1) - 1)[filled])
    np.testing.assert_allclose(np.array(before)[filled], [10, 20, -5])
    np.testing.assert_allclose(np.array(low)[filled], 100 * (down / np.where(filled, NOMINAL, 1) - 1)[filled])
    assert np.isnan(up[2])
    texts = [text.get_text() for text in main.get_legend().get_texts()]
    assert texts == [
        "Nominal",
        r"$+1\sigma$ (+12 %)",
        "$-1\\sigma$ (\N{MINUS SIGN}12 %)",
        "Stat. uncertainty",
        "Before processing",
    ]
    # A symmetric range that just holds everything.
    low_end, high_end = below.get_ylim()
    assert high_end == -low_end == pytest.approx(24)
    assert below.get_xlabel() == "m [GeV]" or below.get_xlabel() == "SR"


def test_a_normalization_scales_nominal() -> None:
    main, _ = figures.variation(processed(), region="CR", sample="S", systematic="Lumi").axes
    assert lines(main, "#c91f16") == [pytest.approx(1.1 * NOMINAL)]
    assert lines(main, "#1845fb") == [pytest.approx(0.95 * NOMINAL)]


def test_originals_are_drawn_in_the_bins_of_today() -> None:
    made = processed(Rebin=2)
    main, _ = figures.variation(made, region="SR", sample="S", systematic="JES").axes
    assert lines(main, "#c91f16")[1] == [170.0, 20.0]
    made = processed(DropBins=1)
    main, _ = figures.variation(made, region="SR", sample="S", systematic="JES").axes
    assert lines(main, "#c91f16")[1] == [110.0, 1.0, 19.0]


@pytest.mark.parametrize("style", ["plain", "ATLAS", "CMS"])
def test_text_and_legend_leave_the_data_alone(style: str) -> None:
    chosen = figures.FigureStyle(style, "Internal", "13 TeV", "140 fb$^{-1}$")
    figure = figures.variation(processed(), region="SR", sample="S", systematic="JES", style=chosen)
    figure.draw_without_rendering()
    main = figure.axes[0]
    top = main.transData.transform((0, 120.0))[1]
    assert main.get_legend().get_window_extent().y0 > top


def test_given_axes() -> None:
    figure = Figure()
    axes = figure.subplots(2, 1)
    drawn = figures.variation(processed(), region="SR", sample="S", systematic="JES", ax=(axes[0], axes[1]))
    assert drawn is figure


def test_names_that_are_not_there() -> None:
    made = processed()
    with pytest.raises(KeyError, match='no systematic "JS"'):
        figures.variation(made, region="SR", sample="S", systematic="JS")
    with pytest.raises(KeyError, match='no sample "X"'):
        figures.variation(made, region="SR", sample="X", systematic="JES")
    with pytest.raises(InputError, match='"JES" does not act on "S" in "CR"'):
        figures.variation(made, region="CR", sample="S", systematic="JES")
    with pytest.raises(InputError, match='no region "SRR"; did you mean "SR"'):
        figures.variations(made, region="SRR")
    with pytest.raises(InputError, match="first from 1 to 2, found 40 and 3"):
        figures.variations(made, first=3)


def test_all_of_a_region_at_a_glance() -> None:
    figure = figures.variations(processed())
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["JES", "Lumi"]
    words = [text.get_text() for text in ax.texts]
    assert "\N{PLUS-MINUS SIGN}20 %" in words
    assert "\N{PLUS-MINUS SIGN}10 %" in words
    # Up of Lumi is a flat line above the middle of its panel, down half as far below.
    _, bands, *paths = ax.collections
    up, down = ([path.vertices for path in lines.get_paths()] for lines in (paths[0], paths[-1]))
    assert len(bands.get_paths()) == 2
    heights = np.unique(up[1][:, 1].round(9))
    assert heights[heights != 1.58] == pytest.approx([1.2])
    heights = np.unique(down[1][:, 1].round(9))
    assert heights[heights != 1.58] == pytest.approx([1.77])
    one = figures.variations(processed(), rows=1, first=2)
    assert [text.get_text() for text in one.axes[0].get_yticklabels()] == ["Lumi"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("nominal", "up"),
    [
        ([0.0, 0.0], [0.0, 0.0]),
        ([0.0, 0.0], [1.0, 2.0]),
        ([5.0, 3.0], [0.0, 0.0]),
        ([5.0, 3.0], [5.0, 3.0]),
        ([-5.0, 3.0], [5.0, -3.0]),
        ([5.0, 3.0], [np.nan, np.inf]),
        ([1e-300, 1e300], [1.0, 1.0]),
        ([4.0], [5.0]),
    ],
)
def test_extreme_templates_are_drawn(nominal: list[float], up: list[float]) -> None:
    edges = np.arange(len(nominal) + 1.0)
    own, varied = (Histogram.from_arrays(edges, values, np.zeros(len(nominal))) for values in (nominal, up))
    document = {
        "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR"}],
        "Samples": [{"Name": "Data", "Data": True}, {"Name": "S"}],
        "NormFactors": [{"Name": "mu"}],
        "Systematics": [
            {"Name": "JES", "Type": "NormPlusShape", "Up": {"VariationPath": "u"}, "Down": {"Symmetrize": True}}
        ],
    }
    keys = {TemplateKey("SR", "Data"): own, TemplateKey("SR", "S"): own, TemplateKey("SR", "S", "JES", "Up"): varied}
    made = process_templates(Templates(keys), load_config(document))
    figures.variation(made, region="SR", sample="S", systematic="JES").draw_without_rendering()
    figures.variations(made).draw_without_rendering()
    figures.pruning(made).draw_without_rendering()
