from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.assemble.analysis import ERRORS, YIELDS, built, document, modifiers, settings

from wilks.assemble.staterrors import staterrors
from wilks.config.schema import Staterror
from wilks.histogram import Histogram
from wilks.workspace.spec import ShapeSys

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it

SHARED, ROOT21 = ("staterror_S-R", "staterror"), float(np.sqrt(21.0))


def of(sample: str, **options: Any) -> dict[tuple[str, str], Any]:
    """Return the parameters for the statistical uncertainty of a sample in the first region."""
    found = modifiers(built(document(General={"Staterror": options} if options else {})), sample)
    return {key: value for key, value in found.items() if key[0].startswith("staterror")}


def test_without_options_parameters_are_shared() -> None:
    assert of("B") == {SHARED: ERRORS["B"]}
    assert of("S") == {SHARED: ERRORS["S"]}


def test_bins_below_the_threshold_get_no_parameter() -> None:
    assert of("B", Threshold=0.05) == {SHARED: [0.0, 10.0, 4.5]}
    assert of("S", Threshold=0.2) == {SHARED: [0.0, 0.0, 2.0]}


def test_parameters_without_any_bin_are_left_out() -> None:
    assert of("B", Threshold=0.6) == {}


def test_each_sample_by_itself() -> None:
    assert of("B", PerSample=True) == {("staterror_S-R_B", "staterror"): ERRORS["B"]}
    assert of("B", PerSample=True, Constraint="Poisson") == {("staterror_S-R_B", "shapesys"): ERRORS["B"]}
    # The threshold is about all samples together: 20 % of S, 55 % of all, in the last bin.
    assert of("S", PerSample=True, Constraint="Poisson", Threshold=0.5) == {
        ("staterror_S-R_S", "shapesys"): [0.0, 0.0, 2.0]
    }


def test_one_sample_by_itself() -> None:
    settings = document(General={"Staterror": {"Threshold": 0.3}})
    next(sample for sample in settings["Samples"] if sample["Name"] == "B")["SeparateStaterror"] = True
    workspace = built(settings)
    own = {key: value for key, value in modifiers(workspace, "B").items() if key[0].startswith("staterror")}
    # Of B alone 4 %, 33 % and 113 %, of the others together 11 %, 17 % and 40 %.
    assert own == {("staterror_S-R_B", "staterror"): [0.0, 10.0, 4.5]}
    others = {key: value for key, value in modifiers(workspace, "S").items() if key[0].startswith("staterror")}
    assert others == {SHARED: [0.0, 0.0, 2.0]}


def test_bins_with_few_effective_entries_are_poisson() -> None:
    few = {"PoissonBelow": 30}
    # In the second bin S has 100 effective entries, B 9 and C 4.8; in the third B has more uncertainty than yield.
    assert of("S", **few) == {
        SHARED: [1.0, 0.0, 0.0],
        ("staterror_S-R_S_gaussian", "staterror"): [0.0, 2.0, 0.0],
        ("staterror_S-R_S", "shapesys"): [0.0, 0.0, 2.0],
    }
    assert of("B", **few) == {
        SHARED: [4.0, 0.0, 0.0],
        ("staterror_S-R_B_gaussian", "staterror"): [0.0, 0.0, 4.5],
        ("staterror_S-R_B", "shapesys"): [0.0, 10.0, 0.0],
    }
    assert of("C", **few) == {
        SHARED: [3.0, 0.0, 0.0],
        ("staterror_S-R_C", "shapesys"): [0.0, pytest.approx(ROOT21), 0.0],
    }


def test_the_limit_itself_is_few() -> None:
    one = {"S": Histogram.from_arrays([0, 1], [10.0], [2.0])}  # 25 effective entries
    (at,) = staterrors(Staterror(poisson_below=25), "R", one)["S"]
    (below,) = staterrors(Staterror(poisson_below=24.9), "R", one)["S"]
    assert isinstance(at, ShapeSys)
    assert at.name == "staterror_R_S"
    assert below.name == "staterror_R"


@pytest.mark.parametrize("yields", [[0.0, -1.0, 3.0], [-2.0, 0.0, 0.0]])
@pytest.mark.parametrize("options", [{"Threshold": 0.1}, {"PerSample": True}, {"PoissonBelow": 5}])
def test_empty_and_negative_bins_are_what_they_are_in_pyhf(yields: list[float], options: dict[str, Any]) -> None:
    data = np.array(YIELDS["S"]) + YIELDS["B"] + yields
    built(document(General={"Staterror": options}), {("C",): yields, ("Data",): data})


def test_a_region_has_options_of_its_own() -> None:
    source = document(General={"Staterror": {"Threshold": 0.05}})
    source["Regions"][1]["Staterror"] = {"PerSample": True}
    workspace = built(source)
    assert modifiers(workspace, "B")[SHARED] == [0.0, 10.0, 4.5]
    assert ("staterror_CR_B", "staterror") in modifiers(workspace, "B", "CR")
    assert ("staterror_CR", "staterror") not in modifiers(workspace, "B", "CR")
    # An empty block is the default.
    source["Regions"][1]["Staterror"] = {}
    assert modifiers(built(source), "B", "CR")["staterror_CR", "staterror"] == ERRORS["B"]


def test_samples_without_uncertainty_do_not_count() -> None:
    source = document(General={"Staterror": {"PoissonBelow": 30}})
    source["Samples"][2]["DisableStaterror"] = True
    workspace = built(source)
    assert not [key for key in modifiers(workspace, "B") if key[0].startswith("staterror")]
    # S and C alone: 30^2 / 25 = 36 effective entries in the second bin.
    assert modifiers(workspace, "S")[SHARED] == [1.0, 2.0, 0.0]


def test_all_parameters_of_a_region_are_fixed_by_one_name() -> None:
    source = document(General={"Staterror": {"PoissonBelow": 30}, "Fixed": [{"Name": "staterror_S-R", "Value": 1.1}]})
    workspace = built(source)
    names = ["staterror_S-R", "staterror_S-R_S", "staterror_S-R_S_gaussian", "staterror_S-R_C"]
    for name in names:
        assert settings(workspace, name) == {"name": name, "inits": [1.1] * 3, "fixed": True}
    assert settings(workspace, "staterror_CR") is None


def test_one_of_them_by_its_own() -> None:
    source = document(General={"Staterror": {"PerSample": True}, "Fixed": [{"Name": "staterror_CR_B", "Value": 1}]})
    workspace = built(source)
    assert settings(workspace, "staterror_CR_B") == {"name": "staterror_CR_B", "inits": [1] * 3, "fixed": True}
    assert settings(workspace, "staterror_CR_S") is None
