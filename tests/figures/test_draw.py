from importlib import import_module
from inspect import signature

import pytest
from matplotlib.figure import Figure
from tests.figures.records import make_fit, make_prediction
from tests.infer.rankable import mixed_model

import wilks
from wilks import figures
from wilks.errors import InputError, ResultError
from wilks.figures.draw import DRAWN_BY
from wilks.results.io import KINDS


def test_every_kind_of_result_has_its_figure() -> None:
    without = ("prediction", "findings")  # several figures, or none
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


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (make_prediction(), 'a prediction has a figure for each channel: "wilks data-mc"'),
        ("fit.json", "fit.json: this is a name; wilks.load_result reads"),
        (3.0, "draw takes a result, as wilks.fit"),
    ],
)
def test_what_has_no_figure_is_refused_with_what_draws_it(given: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        figures.draw(given)
    assert "Prediction" not in str(caught.value)


def test_the_parameter_is_chosen_where_there_is_a_choice() -> None:
    ranked = wilks.ranking(mixed_model(), poi=["mu", "k"], parameters="norm", method="covariance")
    titles = {poi: [ax.get_xlabel() for ax in figures.draw(ranked, poi=poi).axes] for poi in (None, "mu", "k")}
    assert titles["mu"] == titles[None] != titles["k"]
    with pytest.raises(ResultError):
        figures.draw(ranked, poi="norm")
    with pytest.raises(InputError, match='poi: "mu" can\'t be chosen'):
        figures.draw(make_fit(), poi="mu")
