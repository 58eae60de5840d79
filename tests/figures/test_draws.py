"""A figure is laid out by measuring, and drawn once for each of its files."""

from collections.abc import Callable
from pathlib import Path

import matplotlib.figure
import numpy as np
import pytest
from PIL import Image
from tests.figures.records import make_fit, make_prediction

import wilks
from wilks import figures
from wilks.figures.style import STYLES
from wilks.histogram import Axis, Histogram
from wilks.model.model import Model
from wilks.templates.store import Templates


def _templates() -> Templates:
    config = wilks.load_config(wilks.examples.steering_file())
    return wilks.process_templates(wilks.build_templates(config), config)


def _model() -> Model:
    return wilks.compile_model(wilks.examples.measurement())


def _search() -> Model:
    return wilks.compile_model(wilks.examples.search())


KINDS: dict[str, Callable[[str], matplotlib.figure.Figure]] = {
    "data_mc": lambda style: figures.data_mc(make_prediction(), channel="4j1b CR", style=style),
    "summary": lambda style: figures.summary(make_prediction(), style=style),
    "pulls": lambda style: figures.pulls(make_fit(), style=style),
    "several pulls": lambda style: figures.pulls({"a": make_fit(), "b": make_fit()}, style=style),
    "correlations": lambda style: figures.correlations(make_fit(), style=style),
    "ranking": lambda style: figures.ranking(wilks.ranking(_model()), style=style),
    "impacts": lambda style: figures.impacts(wilks.ranking(_model()), style=style),
    "impacts_summary": lambda style: figures.impacts_summary(wilks.ranking(_model()), style=style),
    "breakdown": lambda style: figures.breakdown(wilks.breakdown(_model()), style=style),
    "goodness_of_fit": lambda style: figures.goodness_of_fit(wilks.goodness_of_fit(_model()), style=style),
    "intervals": lambda style: figures.intervals(wilks.intervals(_model()), style=style),
    "scan": lambda style: figures.scan(wilks.scan(_model()), style=style),
    "limit": lambda style: figures.limit(wilks.limit(_search()), style=style),
    "significance": lambda style: figures.significance(wilks.significance(_search()), style=style),
    "toys": lambda style: figures.toys(wilks.toys(_model(), count=20, seed=1), parameter="mu", style=style),
    "variation": lambda style: figures.variation(
        _templates(), region="muons", systematic="WZ modelling", sample="WZ", style=style
    ),
    "variations": lambda style: figures.variations(_templates(), region="muons", style=style),
    "pruning": lambda style: figures.pruning(_templates(), style=style),
    "modifiers": lambda style: figures.modifiers(wilks.examples.measurement(), style=style),
    "histograms": lambda style: figures.histograms([("one", Histogram(Axis([0, 1, 2]), [3, 4], [1, 1]))], style=style),
}


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the figures that are drawn in a test are drawn with."""
    found: list[str] = []
    draw = matplotlib.figure.Figure.draw

    def counted(self: matplotlib.figure.Figure, renderer: object) -> None:
        found.append(type(renderer).__name__)
        draw(self, renderer)

    monkeypatch.setattr(matplotlib.figure.Figure, "draw", counted)
    return found


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_is_drawn_once_for_each_file(kind: str, style: str, draws: list[str], tmp_path: Path) -> None:
    figure = KINDS[kind](style)
    assert draws == []
    figures.save(figure, tmp_path / "figure", ("pdf", "png"))
    assert draws == ["MixedModeRenderer", "RendererAgg"]


def test_marks_at_once_look_like_those_of_matplotlib(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind in ("data_mc", "ranking", "limit"):
        figure = KINDS[kind]("ATLAS")
        quick = _pixels(figures.save(figure, tmp_path / "quick", ("png",))[0])
        before = _ticks(figure)
        with monkeypatch.context() as patch:
            patch.setattr("wilks.figures.tick_marks._plain", lambda axis: False)
            patch.setattr("wilks.figures.tick_marks._alike", lambda axis: [])
            slow = _pixels(figures.save(figure, tmp_path / "slow", ("png",))[0])
        # Where a tick touches the frame, the order of the two may change the last bit of its gray.
        assert np.abs(quick - slow).max() <= 1
        assert before == _ticks(figure)
        for ax in figure.axes:
            ax.minorticks_off()
        without = _pixels(figures.save(figure, tmp_path / "none", ("png",))[0])
        assert np.abs(quick - without).max() > 100
        for ax in figure.axes:
            ax.tick_params(size=0)
        assert np.abs(without - _pixels(figures.save(figure, tmp_path / "bare", ("png",))[0])).max() > 100


def test_ticks_of_their_own_look_keep_it(tmp_path: Path) -> None:
    figure = KINDS["scan"]("plain")
    figure.axes[0].xaxis.get_major_ticks()[1].tick1line.set_markeredgecolor("red")
    shown = _pixels(figures.save(figure, tmp_path / "figure", ("png",))[0])
    assert ((shown[..., 0] > 200) & (shown[..., 1:] < 50).all(axis=2)).any()


def _ticks(figure: matplotlib.figure.Figure) -> list[object]:
    axes = [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    ticks = [tick for axis in axes for tick in axis.get_major_ticks()]
    marks = [line.get_markersize() for tick in ticks for line in (tick.tick1line, tick.tick2line)]
    return [*marks, *(axis.get_minorticklocs().tolist() for axis in axes)]


def test_pictures_are_opaque_unless_asked_otherwise(tmp_path: Path) -> None:
    figure = KINDS["pulls"]("plain")
    with Image.open(figures.save(figure, tmp_path / "opaque", ("png",))[0]) as picture:
        assert picture.mode == "RGB"
    figure.patch.set_alpha(0.0)
    with Image.open(figures.save(figure, tmp_path / "transparent", ("png",))[0]) as picture:
        assert picture.getchannel("A").getextrema()[0] == 0


@pytest.mark.parametrize("kind", ["data_mc", "impacts_summary", "limit"])
def test_a_png_has_all_pixels_of_the_one_that_matplotlib_writes(kind: str, tmp_path: Path) -> None:
    figure = KINDS[kind]("plain")
    (ours,) = figures.save(figure, tmp_path / "ours", ("png",))
    figure.savefig(tmp_path / "theirs.png", dpi=200)
    assert np.array_equal(_pixels(ours), _pixels(tmp_path / "theirs.png"))
    with Image.open(ours) as one, Image.open(tmp_path / "theirs.png") as other:
        assert one.info["dpi"] == pytest.approx(other.info["dpi"])
        assert one.info["Software"] == "wilks"
        one.verify()


def test_the_layout_of_a_file_is_that_of_the_figure(tmp_path: Path) -> None:
    figure = KINDS["scan"]("plain")
    kept = figure.get_layout_engine()
    saved = _pixels(figures.save(figure, tmp_path / "saved", ("png",))[0])
    assert figure.get_layout_engine() is kept is not None
    figure.savefig(tmp_path / "own.png")
    own = _pixels(tmp_path / "own.png")
    assert (np.abs(saved - own) > 1).mean() < 1e-3


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), dtype=int)
