from importlib import import_module
from inspect import signature

import pytest
from matplotlib.figure import Figure
from tests.figures.records import make_fit, make_prediction

from wilks import figures
from wilks.errors import InputError
from wilks.figures.draw import DRAWN_BY
from wilks.results.io import KINDS


def test_every_kind_of_result_has_its_figure() -> None:
    without = ("prediction", "findings", "significance")  # several figures, or none
    records = {path.rpartition(".")[2] for kind, path in KINDS.items() if kind not in without}
    assert set(DRAWN_BY) == records


@pytest.mark.parametrize(("module", "function"), DRAWN_BY.values())
def test_the_functions_exist_and_take_a_style(module: str, function: str) -> None:
    assert "style" in signature(getattr(import_module(module), function)).parameters


def test_a_fit_is_drawn_as_pulls() -> None:
    drawn = figures.draw(make_fit(), style="ATLAS")
    assert isinstance(drawn, Figure)
    labels = [text.get_text() for ax in drawn.axes for text in ax.get_yticklabels()]
    assert labels == [text.get_text() for ax in figures.pulls(make_fit()).axes for text in ax.get_yticklabels()]


def test_a_record_without_figure_is_refused() -> None:
    with pytest.raises(InputError, match="a Prediction has no figure of its own"):
        figures.draw(make_prediction())
