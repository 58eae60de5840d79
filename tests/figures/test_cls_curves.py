"""CLs between tested values, against tests of these values."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.infer.rankable import mixed_model

import wilks
from wilks.figures.cls_curves import between, observed_cls
from wilks.model.model import Model


def _counting() -> Model:
    signal = {"name": "s", "data": [5.0, 10.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]}
    norm = {"name": "u", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}}
    background = {"name": "b", "data": [50.0, 60.0], "modifiers": [norm]}
    spec = {
        "channels": [{"name": "SR", "samples": [signal, background]}],
        "observations": [{"name": "SR", "data": [53, 65]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    return wilks.compile_model(wilks.load_workspace(spec))


@pytest.mark.parametrize(("make", "band", "line"), [(_counting, 0.006, 0.002), (mixed_model, 0.016, 0.011)])
@pytest.mark.parametrize("statistic", ["q~", "q"])
def test_curves_of_a_limit_are_those_of_many_tests(
    make: Callable[[], Model], band: float, line: float, statistic: str
) -> None:
    model = make()
    found = wilks.limit(model, statistic=statistic)
    curve = found.curve
    order = np.argsort(curve.values)
    fine = np.linspace(0, min(1.25 * found.expected[4], curve.values.max()), 26)[1:]
    dense = wilks.hypotest(model, value=fine, statistic=statistic)
    bands = between(curve.values[order], curve.expected.cls[order], fine, True)
    np.testing.assert_allclose(bands, dense.expected.cls, rtol=band)
    observed = observed_cls(curve, fine)
    assert observed is not None
    np.testing.assert_allclose(observed, dense.observed.cls, rtol=line)


def test_tested_values_stay_as_they_are() -> None:
    curve = wilks.limit(_counting()).curve
    x = np.sort(curve.values)
    order = np.argsort(curve.values)
    observed = observed_cls(curve, x)
    assert observed is not None
    np.testing.assert_allclose(observed, curve.observed.cls[order], rtol=1e-9)
    np.testing.assert_allclose(between(x, curve.expected.cls[order], x, True), curve.expected.cls[order], rtol=1e-9)


def test_toys_and_other_statistics_are_left_to_their_p_values() -> None:
    test = wilks.hypotest(_counting(), value=[0.5, 1.0, 2.0], statistic="t")
    assert observed_cls(test, np.linspace(0, 2, 5)) is None
    p = np.array([1e-320, 0.0])
    assert np.isfinite(between(np.array([1.0, 2.0]), p, np.array([1.5]), True)).all()
    assert np.isfinite(between(np.array([1.0, 2.0]), np.array([1.2, 0.4]), np.array([1.5]), True)).all()


def test_the_axis_ends_at_one() -> None:
    found = wilks.limit(_counting())
    for style in ("plain", "ATLAS", "CMS"):
        (ax,) = wilks.figures.limit(found, style=style).axes
        assert ax.get_ylim() == (0, 1)
        texts = [text.get_text() for text in ax.get_legend().get_texts()]
        assert texts[:2] == [f"Observed limit: {found.observed:.3g}", f"Expected limit: {found.expected[2]:.3g}"]
