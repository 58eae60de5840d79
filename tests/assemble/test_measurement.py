from __future__ import annotations

from typing import Any

from tests.assemble.analysis import document

from wilks.assemble.measurement import groups_of, measurement_of
from wilks.config.load import load_config
from wilks.workspace.spec import (
    Channel,
    Correlation,
    Group,
    NormFactor,
    NormSys,
    NormSysData,
    ParameterSettings,
    Sample,
    ShapeFactor,
    ShapeSys,
    StatError,
)

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


def correlated() -> dict[str, Any]:
    sides = {"Up": {"Normalization": 0.1}, "Down": {"Symmetrize": True}}
    names = [{"Name": name, "Type": "Normalization", "Samples": "B"} | sides for name in ("x", "y", "z")]
    matrix = [[1, 0.1, 0.2], [0.1, 1, 0.3], [0.2, 0.3, 1]]
    function = {"Name": "f", "Expression": "k", "Samples": "S", "Parameters": [{"Name": "k", "Nominal": 2}]}
    general = {
        "Correlations": [{"Parameters": ["x", "y", "z"], "Matrix": matrix}],
        "Groups": {"one": ["x", "k"], "rest": ["y", "z"], "staterrors": "staterror*"},
        "Clip": False,
    }
    return document(*names, General=general, Functions=[function])


def with_modifiers(*names: str) -> list[Channel]:
    systematics = [NormSys(name, NormSysData(lo=0.9, hi=1.1)) for name in names]
    return [Channel("CR", [Sample("B", [1.0], [*systematics, StatError("staterror_CR", [0.1])])])]


def test_what_pruning_left_is_correlated_and_grouped() -> None:
    config = load_config(correlated())
    channels = with_modifiers("x", "y", "z")
    (correlation,) = measurement_of(config, channels).config.correlations or []
    assert correlation.matrix == [[1, 0.1, 0.2], [0.1, 1, 0.3], [0.2, 0.3, 1]]
    assert groups_of(config, channels) == [
        Group("one", ["x", "k"]),
        Group("rest", ["y", "z"]),
        Group("staterrors", ["staterror_CR"]),
    ]
    channels = with_modifiers("x", "z")
    found = measurement_of(config, channels).config
    assert found.correlations == [Correlation(["x", "z"], [[1, 0.2], [0.2, 1]])]
    assert (found.pois, found.clip) == (None, None)
    assert groups_of(config, channels)[1] == Group("rest", ["z"])
    channels = with_modifiers("x")
    assert measurement_of(config, channels).config.correlations is None
    assert [group.name for group in groups_of(config, channels)] == ["one", "staterrors"]


def test_groups_have_the_parameters_of_bins() -> None:
    systematic = {"Name": "JES", "Type": "ShapeOnly", "Samples": "B", "Decorrelate": "bin"}
    systematic |= {"Up": {"VariationPath": "up"}, "Down": {"Symmetrize": True}}
    config = load_config(document(systematic, General={"Groups": {"jets": "JES"}}))
    channels = with_modifiers("JES_CR_bin_0", "JES_CR_bin_2", "JES_CR_bin_x")
    assert groups_of(config, channels) == [Group("jets", ["JES_CR_bin_0", "JES_CR_bin_2"])]
