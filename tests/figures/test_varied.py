from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wilks import Histogram, load_config, process_templates
from wilks.figures.varied import content_of
from wilks.templates.store import TemplateKey, Templates

EDGES = [0, 1, 2, 3]
NOMINAL, UP = np.array([100.0, 50.0, 20.0]), np.array([130.0, 60.0, 10.0])


@pytest.mark.parametrize(
    ("changes", "down"),
    [
        # In the workspace: 2 - factor times the mirrored shape, or a histosys and a shapesys that are mirrored whole.
        ({}, (2 - 200 / 170) * (2 * NOMINAL - UP * 170 / 200)),
        ({"Decorrelate": "bin"}, 2 * NOMINAL - UP),
        ({"Type": "ShapeSys"}, 2 * NOMINAL - UP),
        ({"Type": "ShapeOnly"}, 2 * NOMINAL - UP * 170 / 200),
        ({"Type": "NormOnly"}, (2 - 200 / 170) * NOMINAL),
    ],
)
def test_a_mirrored_side_is_that_of_the_workspace(changes: dict[str, Any], down: np.ndarray) -> None:
    systematic = {"Name": "JES", "Type": "NormPlusShape", "Up": {"VariationPath": "u"}, "Down": {"Symmetrize": True}}
    config = load_config(
        {
            "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h", "POI": "mu"},
            "Regions": [{"Name": "SR"}],
            "Samples": [{"Name": "Data", "Data": True}, {"Name": "S"}],
            "NormFactors": [{"Name": "mu"}],
            "Systematics": [systematic | changes],
        }
    )
    yields = {TemplateKey("SR", name): NOMINAL for name in ("Data", "S")} | {TemplateKey("SR", "S", "JES", "Up"): UP}
    found = {key: Histogram.from_arrays(EDGES, contents, np.sqrt(contents)) for key, contents in yields.items()}
    drawn = content_of(process_templates(Templates(found), config), "SR", "S", "JES")
    np.testing.assert_allclose(drawn.sides["Down"], down, rtol=1e-12)
