"""`CombineName`: what several systematics are combined to, beside TRExFitter's loops over bins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import wilks
from wilks.templates.store import TemplateKey, Templates
from wilks.trexfitter.importing import Imported

Importing = Callable[..., Imported]
SIDES = 'Systematic: "a";"b";"c"\n  HistoNameSufUp: _a;_b;_c\n  Samples: ttbar\n  Regions: SR\n  CombineName: scale\n'
NOMINAL = np.array([40.0, 30.0, 20.0, 10.0, 5.0, 2.0])
UPS = NOMINAL + np.array([[3, 3, 0, -1, 2, -1], [-4, 1, 1, 0, 2, 3], [2, -1, -2, -3, 1, 0.5]])


def sides(found: Imported) -> tuple[np.ndarray, np.ndarray]:
    """Return the two sides of the one systematic that there is, of ups above."""
    config = found.config()
    assert len(config.systematics) == 1
    yields = {TemplateKey("SR", "ttbar"): NOMINAL}
    yields |= {TemplateKey("SR", "ttbar", "a", f"Variations[{n}]"): up for n, up in enumerate(UPS)}  # type: ignore[arg-type]
    histograms = {key: wilks.Histogram.from_arrays(range(7), v, np.sqrt(v)) for key, v in yields.items()}
    made = wilks.process_templates(Templates(histograms), config.model_copy(update={"regions": config.regions[:1]}))
    return made[TemplateKey("SR", "ttbar", "a", "Up")].contents, made[TemplateKey("SR", "ttbar", "a", "Down")].contents


def by_trexfitter(method: str, mirrored: bool) -> tuple[list[float], list[float]]:
    """TRExFit::CombineSpecialHistos of TRExFitter 4.11."""
    up, down = [], []
    for nominal, varied in zip(NOMINAL, UPS.T, strict=True):
        pairs = [(v - nominal, max(2 * nominal - v, 0) - nominal if mirrored else 0.0) for v in varied]
        if method == "ENVELOPE":
            differences = [difference for pair in pairs for difference in pair]
            up.append(nominal + max([d for d in differences if d > 0], default=0))
            down.append(nominal + min([d for d in differences if d <= 0], default=0))
        else:
            larger = [one if abs(one) >= abs(other) else other for one, other in pairs]
            mean = sum(larger) / len(larger)
            size = np.sqrt(sum((value - mean) ** 2 for value in larger) / (len(larger) - 1))
            up.append(nominal + size)
            down.append(nominal - size)
    return up, down


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize("method", ["ENVELOPE", "STANDARDDEVIATION"])
def test_several_are_one(importing: Importing, method: str, mirrored: bool) -> None:
    end = "  Symmetrisation: ONESIDED\n" if mirrored else ""
    found = importing(f"{SIDES}  CombineType: {method}\n  NuisanceParameter: NP\n{end}")
    assert found.cannot == found.approximate == []
    assert found.document["Systematics"][0]["ModifierName"] == "NP"
    for made, expected in zip(sides(found), by_trexfitter(method, mirrored), strict=True):
        np.testing.assert_allclose(made, expected)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("  CombineType: HESSIAN\n", "HESSIAN is not among ENVELOPE and STANDARDDEVIATION"),
        ("  Smoothing: 40;0\n", "they differ in Smoothing"),
        ("  HistoNameSufDown: _d\n  Symmetrisation: TWOSIDED\n", "mirrored by ONESIDED, and not by TWOSIDED"),
        ("  Samples: ttbar;signal\n", "they act on other samples or regions"),
    ],
)
def test_others_stay_by_themselves(importing: Importing, lines: str, reason: str) -> None:
    found = importing(SIDES + lines)
    (problem,) = [sentence for sentence in found.cannot if "CombineName" in sentence]
    assert reason in problem
    assert len(found.document["Systematics"]) == 3
