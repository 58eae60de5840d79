from dataclasses import replace

import numpy as np
from tests.figures.records import make_fit

from wilks.results.fit import FitResult
from wilks.results.summary import parameter_table


def special() -> FitResult:
    """Return a fit of four parameters: usual, fixed, at its bound, without uncertainty."""
    return replace(
        make_fit(("a", "b", "c", "d"), 0, ()),
        values=np.array([0.5, 0.0, -1.5, 0.25]),
        uncertainties=np.array([0.8, 0.0, np.nan, np.nan]),
        fixed=np.array([False, True, False, False]),
        at_bound=np.array([False, False, True, False]),
        prefit_uncertainties=np.array([2.0, 1.0, 1.0, 1.0]),
    )


def test_rows_say_what_is_known() -> None:
    assert parameter_table(special()).rows == (
        ("a", "0.50 ± 0.80", "0.25", "0.40", ""),
        ("b", "0", "", "", "fixed"),
        ("c", "-1.5", "-1.50", "", "at bound"),
        ("d", "0.25", "0.25", "", "no uncertainty"),
    )


def test_printed_fit_has_a_header_and_all_parameters() -> None:
    result = make_fit()
    text = str(result)
    lines = text.splitlines()
    assert lines[0] == "status:      converged"
    assert "2NLL:        57.054474" in lines
    assert "EDM:         1.2e-11" in lines
    assert "mirrored:    W+jets scale variations = -0.0715 (another minimum" in text
    assert all(any(line.startswith(name) for line in lines) for name in result.names)
    assert "± 0 " not in text


def test_bad_news_comes_first() -> None:
    text = str(replace(make_fit(), converged=False, status="saddle point", covariance_valid=False))
    assert text.startswith("status:      NOT CONVERGED: saddle point\ncovariance:  can't be used")


def test_many_staterrors_are_counted() -> None:
    text = str(make_fit(staterrors=60))
    assert "(60 staterror parameters not shown)" in text
    assert "staterror_4j1b-CR[0]" not in text
    assert "Luminosity" in text


def test_notebook_html_is_escaped() -> None:
    html = make_fit(("<script>",), 0)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<table>") == 2


def test_what_has_no_effect_and_what_is_flat_is_said() -> None:
    idle, flat = np.array([False, True, False, False]), np.array([[0.0, 0.0, 0.0, 1.0]])
    found = replace(special(), idle=idle, flat=flat, at_bound=np.zeros(4, np.bool_), covariance_valid=False)
    rows = parameter_table(found).rows
    assert [row[-1] for row in rows] == ["", "no effect", "no uncertainty", "flat"]
    assert "no effect:   b = 0 (no rate depends on it" in str(found)
    assert "covariance:  only of what is not flat" in str(found)
