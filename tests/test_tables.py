from dataclasses import replace

import numpy as np
import pytest
from tests.figures.records import SAMPLES, make_channel, make_fit, make_prediction

from wilks import tables
from wilks.errors import InputError
from wilks.histogram import Axis
from wilks.results.prediction import Prediction


def small() -> Prediction:
    first = make_channel(
        "A",
        Axis([0.0, 25, 50], "$H_T$", "GeV"),
        np.array([[10.0, 20.0], [3.0, 4.0]]),
        ("s", "b"),
        np.array([12.0, 25.5]),
    )
    first = replace(first, sample_sums_uncertainty=np.array([1.2, np.nan]), sum_uncertainty=2.4)
    second = make_channel("B", Axis([0.0, 1.0], "x"), np.array([[7.0], [1.0]]), ("b", "c"), np.array([9.0]))
    return Prediction("post-fit", (first, second), "")


def test_yields_per_channel_with_the_uncertainty_of_the_sum() -> None:
    table = tables.yields(small())
    assert table.header == ("sample", "A", "B")
    assert table.rows == (
        ("s", "30.0 ± 1.2", ""),
        ("b", "7", "7.00 ± 0.28"),
        ("c", "", "1.00 ± 0.04"),
        ("total", "37.0 ± 2.4", "8.00 ± 0.28"),
        ("data", "37.5", "9"),
    )
    assert table.title == "Yields, post-fit"


def test_yields_per_bin() -> None:
    table = tables.yields(small(), per_bin=True)
    assert table.header == ("channel", "bin", "s", "b", "c", "total", "data")
    assert table.rows == (
        ("A", "0–25 GeV", "10.0 ± 0.5", "3.00 ± 0.15", "", "13.0 ± 0.6", "12"),
        ("A", "25–50 GeV", "20.0 ± 1.0", "4.00 ± 0.20", "", "24.0 ± 1.1", "25.5"),
        ("B", "0–1", "", "7.00 ± 0.35", "1.00 ± 0.05", "8.0 ± 0.4", "9"),
    )


def test_chosen_channels() -> None:
    table = tables.yields(make_prediction(), channels=["4j2b SR"])
    assert table.header == ("sample", "4j2b SR")
    assert [row[0] for row in table.rows] == [*SAMPLES, "total", "data"]
    with pytest.raises(InputError, match=r'no channel "4j1b".*did you mean "4j1b CR"'):
        tables.yields(make_prediction(), channels=["4j1b"])


def test_parameters() -> None:
    table = tables.parameters(make_fit())
    assert table.header == ("parameter", "value", "pull", "constraint", "remark")
    assert len(table.rows) == 35
    assert next(row for row in table.rows if row[0] == "ttbar_norm") == ("ttbar_norm", "0.964 ± 0.076", "", "", "POI")
    assert table.rows[0][0] == "ttbar_norm"


def test_norm_effects() -> None:
    from wilks.templates.record import Effect
    from wilks.templates.store import Templates

    def effect(region: str, sample: str, systematic: str, norm: tuple[float, float], keep: bool = True) -> Effect:
        return Effect(region, sample, systematic, norm, None, (0.0, 0.0), keep_norm=keep)

    effects = (
        effect("SR", "S", "Lumi", (0.02, -0.02)),
        effect("SR", "B", "JES", (0.00123, -0.1), keep=False),
        effect("CR", "B", "Lumi", (0.02, -0.02)),
    )
    table = tables.norm_effects(Templates({}, effects=effects))
    assert table.header == ("region", "systematic", "S", "B")
    assert table.rows == (
        ("SR", "Lumi", "+2.00 / -2.00", ""),
        ("SR", "JES", "", "+0.12 / -10.00 *"),
        ("CR", "Lumi", "", "+2.00 / -2.00"),
    )


def test_norm_effects_and_figures_have_one_order() -> None:
    from wilks import figures
    from wilks.templates.record import Effect
    from wilks.templates.store import Templates

    acting = {("SR", "S"): ["X", "B"], ("SR", "B"): ["A", "B"], ("CR", "B"): ["A", "X"], ("CR", "C"): ["B", "Z"]}
    effects = tuple(
        Effect(region, sample, name, (0.1, -0.1), None, (0.1, 0.0))
        for (region, sample), names in acting.items()
        for name in names
    )
    templates = Templates({}, effects=effects)
    rows = [(region, systematic) for region, systematic, *_ in tables.norm_effects(templates).rows]
    assert rows == [("SR", "A"), ("SR", "X"), ("SR", "B"), ("CR", "A"), ("CR", "X"), ("CR", "B"), ("CR", "Z")]
    (ax,) = figures.pruning(templates).axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A", "X", "B", "Z"]


def test_bins_with_labels_have_their_label_in_the_table() -> None:
    prediction = small()
    channel = prediction.channels[0]
    axis = Axis(channel.axis.edges, "x", "GeV", ("ee", *[""] * (len(channel.axis) - 1)))
    table = tables.yields(replace(prediction, channels=(replace(channel, axis=axis),)), per_bin=True)
    names = [row[1] for row in table.rows]
    assert names[0] == "ee"
    assert all("–" in name and name.endswith(" GeV") for name in names[1:])


def test_many_channels_are_rows_in_natural_order() -> None:
    channels = (
        make_channel(f"SR {k}", Axis([0.0, 1.0]), np.array([[7.0 + k], [1.0]]), ("b", "c"), np.array([9.0]))
        for k in sorted(range(12), key=str)
    )
    prediction = Prediction("pre-fit", tuple(channels), "")
    table = tables.yields(prediction)
    assert table.header == ("channel", "b", "c", "total", "data")
    assert [row[0] for row in table.rows] == [f"SR {k}" for k in range(12)]
    assert table.rows[3][1].startswith("10.0")
    few = tables.yields(prediction, channels=["SR 2", "SR 10"])
    assert few.header == ("sample", "SR 2", "SR 10")
