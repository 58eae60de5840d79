from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.figures.records import make_fit

from wilks import load_result


def test_printed_on_one_line() -> None:
    result = make_fit()
    assert repr(result) == "<FitResult: converged, 35 parameters, ttbar_norm = 0.964 ± 0.076>"
    assert repr(replace(result, poi=None)) == "<FitResult: converged, 35 parameters>"
    failed = replace(result, converged=False, status="saddle point", uncertainties=np.full(35, np.nan))
    assert repr(failed) == "<FitResult: NOT CONVERGED: saddle point, 35 parameters, ttbar_norm = 0.9642>"


def test_a_hidden_value_is_nowhere_in_the_file(tmp_path: Path) -> None:
    open_result = make_fit()
    open_result = replace(open_result, mirrored=(("ttbar_norm", -0.9642),))
    hidden = open_result.blinded()
    assert np.isnan(hidden["ttbar_norm"].value)
    assert hidden["ttbar_norm"].uncertainty == open_result["ttbar_norm"].uncertainty
    assert hidden["Pile-up"].value == open_result["Pile-up"].value
    hidden.save(tmp_path / "fit.json")
    open_result.save(tmp_path / "open.json")
    assert "0.9642" in (tmp_path / "open.json").read_text()
    assert "0.9642" not in (tmp_path / "fit.json").read_text()
    again = load_result(tmp_path / "fit.json")
    assert "hidden ± 0.076" in str(again)
    assert repr(again) == "<FitResult: converged, 35 parameters, ttbar_norm = hidden ± 0.076>"
    assert again.settings["hidden"] == ["ttbar_norm"]
    several = open_result.blinded("ttbar_norm", "Luminosity")
    assert np.isnan(several.values).sum() == 2
    assert np.isnan(several["Luminosity"].pull)
    at_bound = replace(open_result, at_bound=np.array([name == "ttbar_norm" for name in open_result.names]))
    assert not at_bound.blinded()["ttbar_norm"].at_bound
    with pytest.raises(KeyError, match="no parameter of interest"):
        replace(open_result, poi=None).blinded()
    with pytest.raises(KeyError, match='did you mean "Luminosity"'):
        open_result.blinded("Luminosit")
