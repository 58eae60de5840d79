from __future__ import annotations

from tests.assemble.analysis import document

from wilks.assemble.measurement import measurement_of
from wilks.config.load import load_config
from wilks.workspace.spec import Channel, NormFactor, ParameterSettings, Sample, ShapeFactor, ShapeSys

CHANNELS = [
    Channel(
        "S R",
        [
            Sample("S", [1.0, 2.0], [NormFactor("mu", None), ShapeSys("staterror_S-R_S", [0.1, 0.1])]),
            Sample("B", [1.0, 2.0], [ShapeFactor("free", None)]),
        ],
    )
]


def test_lists_have_an_entry_for_each_component() -> None:
    fixed = [{"Name": "staterror_S-R", "Value": 1}, {"Name": "mu", "Value": 2}]
    source = document(
        General={"Staterror": {"PerSample": True, "Constraint": "Poisson"}, "Fixed": fixed},
        ShapeFactors=[{"Name": "free", "Samples": "B", "Nominal": 1, "Bounds": [0, 2]}],
    )
    found = measurement_of(load_config(source), CHANNELS)
    assert (found.name, found.config.poi) == ("m", "mu")
    # Of the staterrors only those that are in a channel are held.
    assert found.config.parameters == [
        ParameterSettings("mu", inits=[2], bounds=[[0, 5]], fixed=True),
        ParameterSettings("free", inits=[1, 1], bounds=[[0, 2], [0, 2]]),
        ParameterSettings("staterror_S-R_S", inits=[1, 1], fixed=True),
    ]
