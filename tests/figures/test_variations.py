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


def panel_lines(ax: object, color: str) -> list[list[np.ndarray]]:
    """Return the heights of all solid lines of a colour in small panels, by collection."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_hex

    found = [c for c in ax.collections if isinstance(c, LineCollection)]  # type: ignore[attr-defined]
    solid = [c for c in found if to_hex(c.get_edgecolor()[0]) == color and c.get_linestyle()[0][1] is None]
    return [[path.vertices[:, 1] for path in collection.get_paths()] for collection in solid]


def test_sides_that_are_alike_are_both_seen() -> None:
    config = load_config(
        {
            "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h", "POI": "mu"},
            "Regions": [{"Name": "SR"}],
            "Samples": [{"Name": "Data", "Data": True}, {"Name": "S"}],
            "NormFactors": [{"Name": "mu"}],
            "Systematics": [
                {
                    "Name": "Lumi",
                    "Type": "Normalization",
                    "Up": {"Normalization": 1.5},
                    "Down": {"Normalization": 1.5},
                }
            ],
        }
    )
    nominal = Histogram.from_arrays(EDGES, NOMINAL, np.sqrt(NOMINAL))
    made = process_templates(Templates({TemplateKey("SR", s): nominal for s in ("Data", "S")}), config)
    figure = figures.variation(made, region="SR", sample="S", systematic="Lumi")
    from matplotlib.collections import LineCollection
    from matplotlib.colors import to_hex

    for ax in figure.axes:
        widths = {to_hex(patch.get_edgecolor()): patch.get_linewidth() for patch in ax.patches if not patch.get_hatch()}
        assert widths["#c91f16"] > 2 * widths["#1845fb"]
    texts = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert r"$+1\sigma$ (+150 %)" in texts
    small = figures.variations(made).axes[0]
    assert "\N{PLUS-MINUS SIGN}150 %" in [text.get_text() for text in small.texts]
    drawn = [c for c in small.collections if isinstance(c, LineCollection)]
    (up,), (down,) = ([c for c in drawn if to_hex(c.get_color()[0]) == color] for color in ("#c91f16", "#1845fb"))
    assert up.get_linewidth()[0] > 2 * down.get_linewidth()[0]
    assert small.collections.index(up) < small.collections.index(down)


def test_numbers_of_both_panels_do_not_touch() -> None:
    for style in ("plain", "ATLAS", "CMS"):
        figure = figures.variation(processed(), region="SR", sample="S", systematic="JES", style=style)
        figure.draw_without_rendering()
        main, below = figure.axes
        lowest = min(t.get_window_extent().y0 for t in main.get_yticklabels() if t.get_position()[1] == 0)
        highest = max(t.get_window_extent().y1 for t in below.get_yticklabels())
        assert highest < lowest


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
    # Up of Lumi is a flat line above the middle of its panel, down half as far below; the empty bin is a gap.
    assert len(ax.collections[1].get_paths()) == 2
    for color, height in (("#c91f16", 1.2), ("#1845fb", 1.77)):
        ((_, lumi),) = panel_lines(ax, color)
        assert lumi[np.isfinite(lumi)] == pytest.approx([height] * 6)
        assert np.isnan(lumi).sum() == 2
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


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.04, "3.0"),
        (0.512, "0.51"),
        (9.97, "10"),
        (100.0, "100"),
        (-1234.5, "-1234"),
        (0.00012, "0.00012"),
        (0.0, "0"),
        (2e300, "2e+300"),
        (np.inf, "inf"),
        (np.nan, "nan"),
    ],
)
def test_numbers_of_panels(value: float, text: str) -> None:
    from wilks.figures.variations import _two_digits

    assert _two_digits(value) == text
    assert _two_digits(1.5, "+") == "+1.5"


def test_on_the_sum_of_all_samples_with_the_data() -> None:
    config = load_config(
        {
            "General": {
                "Measurement": "m",
                "InputPath": "f.root:{SamplePath}{VariationPath}",
                "HistogramFolder": "h",
                "POI": "mu",
                "Pruning": {"Norm": 0.01},
            },
            "Regions": [{"Name": "SR", "Variable": "m [GeV]"}],
            "Samples": [
                {"Name": "Data", "SamplePath": "d", "Data": True},
                {"Name": "S", "SamplePath": "s"},
                {"Name": "B", "SamplePath": "b"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "S"}],
            "Systematics": [
                {"Name": "JES", "Type": "NormPlusShape", "Up": {"VariationPath": "u"}, "Down": {"Symmetrize": True}},
                {
                    "Name": "Rate",
                    "Type": "Normalization",
                    "Samples": "S",
                    "Up": {"Normalization": 0.5},
                    "Down": {"Symmetrize": True},
                },
            ],
        }
    )
    own, other = np.array([10.0, 20.0, 30.0, 40.0]), np.array([100.0, 100.0, 100.0, 100.0])
    observed = np.array([120.0, 130.0, 0.0, 3000.0])
    yields = {
        TemplateKey("SR", "Data"): observed,
        TemplateKey("SR", "S"): own,
        TemplateKey("SR", "B"): other,
        TemplateKey("SR", "S", "JES", "Up"): 1.1 * own,
        # The yield changes by 0.5 %, which is pruned; the shape stays.
        TemplateKey("SR", "B", "JES", "Up"): np.array([112.0, 100.0, 100.0, 90.0]),
    }
    made = process_templates(
        Templates({k: Histogram.from_arrays(EDGES, v, np.sqrt(v)) for k, v in yields.items()}), config
    )
    figure = figures.variation(made, region="SR", systematic="JES", data="Data")
    main, below = figure.axes
    up = 1.1 * own + np.array([112.0, 100.0, 100.0, 90.0]) * 400 / 402
    assert lines(main, "#000000") == [pytest.approx(own + other)]
    now, before = lines(main, "#c91f16")
    assert now == pytest.approx(up)
    assert before == pytest.approx(1.1 * own + [112.0, 100.0, 100.0, 90.0])
    points = main.containers[0].lines[0].get_ydata()
    assert points.tolist() == observed.tolist()
    # What is far away does not hide the variation: the third and the fourth point are arrows.
    assert below.containers[0].lines[0].get_ydata() == pytest.approx([100 * (120 / 110 - 1), 100 * (130 / 120 - 1)])
    assert [line.get_marker() for line in below.lines if line.get_marker() in "^v" and line.get_xdata().size] == [
        "^",
        "v",
    ]
    assert below.get_ylim()[1] < 60
    texts = [text.get_text() for text in main.get_legend().get_texts()]
    assert "Data" in texts

    alone = figures.variation(made, region="SR", systematic="Rate", data="Data").axes[0]
    assert lines(alone, "#1845fb") == [pytest.approx(0.5 * own + other)]
    with pytest.raises(InputError, match="either a sample, or"):
        figures.variation(made, region="SR", systematic="Rate")
    with pytest.raises(InputError, match="either a sample, or"):
        figures.variation(made, region="SR", systematic="Rate", sample="S", data="Data")
    with pytest.raises(KeyError, match='no systematic "JS"'):
        figures.variation(made, region="SR", systematic="JS", data="Data")
    with pytest.raises(KeyError, match='no sample "Dat"'):
        figures.variation(made, region="SR", systematic="JES", data="Dat")
