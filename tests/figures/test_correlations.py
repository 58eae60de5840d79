from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.figures.records import make_fit

from wilks import figures
from wilks.errors import InputError
from wilks.results.fit import FitResult


def correlated(strong: dict[tuple[str, str], float]) -> FitResult:
    """Return a fit without correlations but for those given."""
    result = make_fit()
    covariance = np.diag(result.uncertainties**2)
    for (a, b), value in strong.items():
        i, j = result.index(a), result.index(b)
        covariance[i, j] = covariance[j, i] = value * result.uncertainties[i] * result.uncertainties[j]
    return replace(result, covariance=covariance)


def names(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_yticklabels()]


def cells(figure) -> dict[tuple[int, int], str]:
    return {(round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in figure.axes[0].texts}


def test_only_correlated_parameters_in_their_order() -> None:
    strong = {("Pile-up", "ttbar_norm"): -0.456, ("Luminosity", "Pile-up"): 0.05, ("PS variation", "Pile-up"): 0.2}
    figure = figures.correlations(correlated(strong))
    assert names(figure) == ["ttbar_norm", "PS variation", "Pile-up"]
    text = cells(figure)
    assert text[0, 2] == text[2, 0] == "−45.6"
    assert text[0, 0] == "100"
    assert (0, 1) not in text
    assert "10 of 13 parameters" in figure.axes[0].get_xlabel()
    assert "Luminosity" in names(figures.correlations(correlated(strong), threshold=0.05))


def test_staterrors_on_request_and_fixed_parameters_never() -> None:
    gamma = "staterror_4j1b-CR[3]"
    result = correlated({("Pile-up", gamma): 0.5, ("Pile-up", "Luminosity"): 0.4})
    assert gamma not in names(figures.correlations(result))
    assert gamma in names(figures.correlations(result, include_staterrors=True))
    fixed = result.fixed.copy()
    fixed[result.index("Luminosity")] = True
    with pytest.raises(InputError, match="no two parameters have a correlation of 10% or more"):
        figures.correlations(replace(result, fixed=fixed))


def test_never_more_than_a_page_of_labels() -> None:
    result = make_fit(tuple(f"nuisance parameter {i}" for i in range(300)))
    figure = figures.correlations(result, threshold=0.0)
    assert len(names(figure)) == 30
    assert max(figure.get_size_inches()) < 15
    strongest = np.abs(np.triu(result.correlation[:301, :301], 1))
    i, j = np.unravel_index(strongest.argmax(), strongest.shape)
    assert {result.names[i], result.names[j]} <= set(names(figure))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"threshold": 1.5}, "threshold must be from 0 to 1"), ({"rows": 1}, "rows must be at least 2")],
)
def test_mistakes(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        figures.correlations(make_fit(), **arguments)


def test_without_covariance() -> None:
    with pytest.raises(InputError, match="no covariance"):
        figures.correlations(replace(make_fit(), covariance_valid=False))


def test_the_parameter_of_interest_comes_first_whatever_its_correlations() -> None:
    figure = figures.correlations(correlated({("Pile-up", "Luminosity"): 0.4}))
    assert names(figure) == ["ttbar_norm", "Luminosity", "Pile-up"]
    weights = [text.get_fontweight() for text in figure.axes[0].get_yticklabels()]
    assert weights == ["bold", "normal", "normal"]
    assert names(figures.correlations(make_fit(), rows=2))[0] == "ttbar_norm"


def test_blue_is_negative_red_positive_white_zero_and_a_bar_says_so() -> None:
    figure = figures.correlations(correlated({("Pile-up", "Luminosity"): 0.4}))
    ax = figure.axes[0]
    image, (bar,) = ax.images[0], ax.child_axes
    negative, zero, positive = image.cmap(image.norm([-60.0, 0.0, 60.0]))
    assert tuple(zero[:3]) == pytest.approx((1, 1, 1), abs=0.01)
    assert negative[2] > negative[1] > negative[0]
    assert positive[0] > positive[1]
    assert positive[0] > positive[2]
    figure.draw_without_rendering()
    assert [text.get_text() for text in bar.get_yticklabels()] == ["−100", "−50", "0", "50", "100"]
    assert bar.get_ylabel() == "Correlation [%]"
    frame, beside = ax.get_window_extent(), bar.get_window_extent()
    assert frame.x1 < beside.x0
    assert (frame.y0, frame.y1) == pytest.approx((beside.y0, beside.y1), abs=1)
    assert bar.get_tightbbox().x1 <= figure.bbox.x1


def test_long_names_are_whole_beside_cells_of_the_usual_size() -> None:
    result = correlated({("Pile-up", "Luminosity"): 0.4})
    long = "weight_bTagSF_DL1r_Continuous_eigenvars_extrapolation_from_charm_0"
    named = replace(result, names=tuple(long if name == "Pile-up" else name for name in result.names))
    figure = figures.correlations(named)
    assert names(figure)[2] == long
    figure.draw_without_rendering()
    ax = figure.axes[0]
    assert ax.get_window_extent().width / figure.dpi == pytest.approx(2.4, abs=0.02)
    boxes = [text.get_window_extent() for text in (*ax.get_yticklabels(), *ax.get_xticklabels())]
    assert min(box.x0 for box in boxes) >= 0
    assert min(box.y0 for box in boxes) >= 0
