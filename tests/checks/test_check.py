"""Every rule finds its defect in an otherwise good workspace, and nothing else does; the real workspaces."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wilks.checks.check import WORKSPACE_RULES, check
from wilks.checks.thresholds import Thresholds
from wilks.results.findings import Findings, Severity
from wilks.workspace.spec import Document
from wilks.workspace.workspace import Workspace

Spec = dict[str, Any]


def workspace(spec: Spec) -> Workspace:
    return Workspace(msgspec.convert(spec, Document))


def stored(path: Path) -> Workspace:
    return Workspace(msgspec.json.decode(path.read_bytes(), type=Document))


def blocks(spec: Spec, sample: str | None = None, channel: str | None = None) -> list[Spec]:
    return [
        s
        for c in spec["channels"]
        for s in c["samples"]
        if sample in (None, s["name"]) and channel in (None, c["name"])
    ]


def data_of(block: Spec, modifier: str) -> Any:
    return next(m["data"] for m in block["modifiers"] if m["name"] == modifier)


def scaled(values: list[float], factor: float) -> list[float]:
    return [factor * value for value in values]


def set_histosys(spec: Spec, make: Callable[[list[float]], tuple[list[float], list[float]]], **where: str) -> None:
    for block in blocks(spec, **where):
        hi, lo = make(block["data"])
        data_of(block, "jet energy scale").update(hi_data=hi, lo_data=lo)


def set_normsys(spec: Spec, hi: float, lo: float, **where: str) -> None:
    for block in blocks(spec, **where):
        data_of(block, "luminosity").update(hi=hi, lo=lo)


def replace_yields(spec: Spec, sample: str, factor: float) -> None:
    """Scale a sample with everything absolute that belongs to it."""
    for block in blocks(spec, sample):
        block["data"] = scaled(block["data"], factor)
        for modifier in block["modifiers"]:
            if modifier["type"] == "staterror":
                modifier["data"] = scaled(modifier["data"], factor)
            if modifier["type"] == "histosys":
                modifier["data"] = {key: scaled(values, factor) for key, values in modifier["data"].items()}


def add(spec: Spec, sample: str, name: str, kind: str) -> None:
    for block in blocks(spec, sample):
        block["modifiers"].append({"name": name, "type": kind, "data": None})


def drop(spec: Spec, modifier: str, sample: str) -> None:
    for block in blocks(spec, sample):
        block["modifiers"] = [m for m in block["modifiers"] if m["name"] != modifier]


def spoil_first_bin(spec: Spec, sample: str, value: float, *, error: float, varied: float) -> None:
    for block in blocks(spec, sample, "SR"):
        block["data"][0] = value
        data_of(block, "staterror")[0] = error
        for side in data_of(block, "jet energy scale").values():
            side[0] = varied


def no_prediction(spec: Spec) -> None:
    for sample in ("signal", "top", "wjets"):
        spoil_first_bin(spec, sample, 0.0, error=0.0, varied=0.0)


def staterror_on_nothing(spec: Spec) -> None:
    for sample in ("signal", "top", "wjets"):
        spoil_first_bin(spec, sample, 0.0, error=1.0, varied=0.0)
    spec["observations"][1]["data"][0] = 0


def signal_only(spec: Spec) -> None:
    for sample in ("top", "wjets"):
        spoil_first_bin(spec, sample, 0.0, error=0.0, varied=0.0)


def negative_background(spec: Spec) -> None:
    spoil_first_bin(spec, "top", -5.0, error=1.0, varied=-5.0)
    spoil_first_bin(spec, "wjets", 1.0, error=0.5, varied=1.0)


def shapesys_on_nothing(spec: Spec) -> None:
    block = blocks(spec, "wjets", "SR")[0]
    spoil_first_bin(spec, "wjets", 0.0, error=0.0, varied=0.0)
    block["modifiers"].append({"name": "fakes", "type": "shapesys", "data": [3.0, 4.0, 2.0]})


def undeclared_lumi(spec: Spec) -> None:
    add(spec, "wjets", "lumi", "lumi")


def twin_factor(spec: Spec) -> None:
    add(spec, "top", "top_again", "normfactor")


def steered(expression: str, *names: str) -> Callable[[Spec], None]:
    """Return what lets a function steer the factor of top; the parameters named have settings."""

    def spoil(spec: Spec) -> None:
        spec["functions"] = [{"name": "mu_top", "expression": expression}]
        spec["version"] = "wilks-1"
        spec["measurements"][0]["config"]["parameters"] += [{"name": n, "bounds": [[0.1, 5]]} for n in names]

    return spoil


def idle_function(spec: Spec) -> None:
    spec["functions"] = [{"name": "mu_topp", "expression": "2 * mu_top"}]
    spec["version"] = "wilks-1"


def masked(spec: Spec, *masks: dict[str, Any]) -> None:
    spec["masks"] = list(masks)
    spec["version"] = "wilks-1"


def masked_factor(spec: Spec) -> None:
    blocks(spec, "wjets", "SR")[0]["modifiers"].append({"name": "k", "type": "normfactor", "data": None})
    masked(spec, {"channel": "SR"})


def idle_factor(spec: Spec) -> None:
    ghost = {
        "name": "ghost",
        "data": [0.0, 0.0, 0.0],
        "modifiers": [{"name": "mu_ghost", "type": "normfactor", "data": None}],
    }
    spec["channels"][0]["samples"].append(ghost)


def idle_poi(spec: Spec) -> None:
    replace_yields(spec, "signal", 0.0)


def add_parameter(name: str, **settings: Any) -> Callable[[Spec], None]:
    return lambda spec: spec["measurements"][0]["config"]["parameters"].append({"name": name, **settings})


def set_poi(name: str) -> Callable[[Spec], None]:
    return lambda spec: spec["measurements"][0]["config"].update(poi=name)


def fix_poi(spec: Spec) -> None:
    spec["measurements"][0]["config"]["parameters"][0]["fixed"] = True


def same_region_twice(spec: Spec) -> None:
    spec["channels"][1]["samples"] = deepcopy(spec["channels"][0]["samples"])
    same_data(spec)


def same_data(spec: Spec) -> None:
    spec["observations"][1]["data"] = list(spec["observations"][0]["data"])


def same_sample_twice(spec: Spec) -> None:
    replace_yields(spec, "top", 0.987654)
    for top, wjets in zip(blocks(spec, "top"), blocks(spec, "wjets"), strict=True):
        wjets |= deepcopy(top) | {"name": "wjets"}
        wjets["modifiers"] = [modifier for modifier in wjets["modifiers"] if modifier["name"] != "mu_top"]


def data_from_a_sample(spec: Spec) -> None:
    replace_yields(spec, "top", 1.01)
    for channel, observation in zip(spec["channels"], spec["observations"], strict=True):
        observation["data"] = list(channel["samples"][1]["data"])


def same_variation_twice(spec: Spec) -> None:
    for block in blocks(spec):
        block["modifiers"].append(
            {"name": "jet energy again", "type": "histosys", "data": deepcopy(data_of(block, "jet energy scale"))}
        )


def unweighted(scale: float) -> Callable[[Spec], None]:
    def spoil(spec: Spec) -> None:
        replace_yields(spec, "wjets", scale)
        for block in blocks(spec, "wjets"):
            data_of(block, "staterror")[:] = [value**0.5 for value in block["data"]]

    return spoil


DEFECTS: dict[str, tuple[Callable[[Spec], None], set[str]]] = {
    "not finite yield": (
        lambda s: data_of(blocks(s)[0], "staterror").__setitem__(1, float("nan")),
        {"not-finite-yield"},
    ),
    "not finite nominal": (lambda s: blocks(s, "top")[0]["data"].__setitem__(1, float("nan")), {"not-finite-yield"}),
    "not finite data": (lambda s: s["observations"][0]["data"].__setitem__(1, float("inf")), {"not-finite-yield"}),
    "not finite variation": (lambda s: set_normsys(s, float("nan"), 0.97, sample="top"), {"not-finite-variation"}),
    "negative sample": (
        lambda s: spoil_first_bin(s, "signal", -1.0, error=0.1, varied=-1.0),
        {"negative-yield"},
    ),
    "negative channel": (
        lambda s: spoil_first_bin(s, "top", -500.0, error=1.0, varied=-500.0),
        {"negative-yield"},
    ),
    "negative data": (lambda s: s["observations"][0]["data"].__setitem__(1, -3), {"negative-data"}),
    "data without a channel": (
        lambda s: s["observations"].append({"name": "VR", "data": [1.0, 2.0]}),
        {"unknown-observation"},
    ),
    "negative background": (negative_background, {"negative-background", "negative-yield"}),
    "shapesys on nothing": (shapesys_on_nothing, {"shapesys-on-nothing"}),
    "lumi without settings": (undeclared_lumi, {"refused-model"}),
    "no prediction": (no_prediction, {"data-without-prediction"}),
    "staterror on nothing": (staterror_on_nothing, {"staterror-on-nothing"}),
    "signal only": (signal_only, {"signal-only"}),
    "no POI": (set_poi("mus"), {"missing-poi"}),
    "constrained POI": (set_poi("luminosity"), {"constrained-poi"}),
    "fixed POI": (fix_poi, {"fixed-poi"}),
    "idle POI": (idle_poi, {"idle-poi", "empty-process"}),
    "unknown setting": (add_parameter("mu_tpo", fixed=True), {"unknown-setting"}),
    "twin factors": (twin_factor, {"inseparable-factors"}),
    "parameter without settings": (steered("kt + exp(ktt)", "kt"), {"unset-parameter", "inseparable-factors"}),
    "function without use": (idle_function, {"unused-function"}),
    "function that is constant": (
        steered("max(kt, 20)", "kt"),
        {"constant-function", "kinked-function"},
    ),
    "function with a kink": (steered("max(kt, 0.5)", "kt"), {"kinked-function"}),
    "channel without bins": (lambda s: masked(s, {"channel": "CR", "bins": [0, 1, 2]}), {"masked-channel"}),
    "factor whose bins are masked": (masked_factor, {"masked-channel", "masked-parameter"}),
    "idle factor": (idle_factor, {"idle-factor", "empty-process"}),
    "negative factor": (lambda s: set_normsys(s, 2.5, -0.5, sample="wjets"), {"no-logarithm"}),
    "empty sides": (lambda s: set_histosys(s, lambda n: ([1e-9] * 3, [1e-9] * 3), sample="top"), {"empty-variation"}),
    "empty down": (
        lambda s: set_histosys(s, lambda n: (scaled(n, 1.05), [0.0] * 3), sample="wjets"),
        {"empty-variation"},
    ),
    "identical factors": (lambda s: set_normsys(s, 1.03, 1.03), {"identical-sides"}),
    "identical templates": (
        lambda s: set_histosys(s, lambda n: ([n[0] * 1.1, n[1], n[2]], [n[0] * 1.1, n[1], n[2]])),
        {"identical-sides"},
    ),
    "identical shapes": (
        lambda s: set_histosys(
            s, lambda n: ([n[0] * 1.1 * 1.03, n[1] * 1.03, n[2] * 1.03], [n[0] * 0.99, n[1] * 0.9, n[2] * 0.9])
        ),
        {"identical-shapes"},
    ),
    "same direction": (lambda s: set_normsys(s, 1.06, 1.04), {"same-direction"}),
    "negative variation": (
        lambda s: set_histosys(s, lambda n: ([n[0] * 1.1, n[1], -0.2 * n[2]], scaled(n, 1.1)), sample="wjets"),
        {"negative-variation", "large-effect"},
    ),
    "large effect": (lambda s: set_normsys(s, 1.2, 0.8, sample="top"), {"large-effect"}),
    "huge effect": (lambda s: set_normsys(s, 1.7, 0.4, sample="top"), {"large-effect"}),
    "no shape": (lambda s: set_histosys(s, lambda n: (scaled(n, 1.05), scaled(n, 0.95))), {"no-shape"}),
    "no effect": (lambda s: set_normsys(s, 1.0, 1.0), {"no-effect"}),
    "zero staterror": (lambda s: data_of(blocks(s, "top")[0], "staterror").__setitem__(2, 0.0), {"zero-staterror"}),
    "missing staterror": (lambda s: drop(s, "staterror", "wjets"), {"missing-staterror"}),
    "large staterror": (lambda s: data_of(blocks(s, "top")[0], "staterror").__setitem__(2, 60.0), {"large-staterror"}),
    "region twice": (same_region_twice, {"equal-regions"}),
    "data twice": (same_data, {"equal-regions"}),
    "sample twice": (same_sample_twice, {"equal-samples"}),
    "data from a sample": (data_from_a_sample, {"data-of-sample", "equal-regions"}),
    "systematic twice": (same_variation_twice, {"equal-variations"}),
    "nominal side": (lambda s: set_histosys(s, lambda n: ([n[0] * 0.96, n[1], n[2] * 1.05], n)), {"nominal-side"}),
    "no data": (lambda s: s["observations"][0].update(data=[0, 0, 0]), {"empty-channel"}),
    "weights of one": (unweighted(1.0), {"unit-weights"}),
    "lost weights": (unweighted(1.01), {"lost-weights"}),
    "tiny process": (lambda s: replace_yields(s, "wjets", 1e-4), {"tiny-process"}),
}


def rules(findings: Findings) -> set[str]:
    return {finding.rule for finding in findings}


def test_good_workspace_has_no_finding(good: Spec) -> None:
    assert str(check(workspace(good))) == "no findings"


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_found_by_its_rule_alone(good: Spec, defect: str) -> None:
    spoil, expected = DEFECTS[defect]
    spoil(good)
    assert rules(check(workspace(good))) == expected


def test_every_rule_has_a_defect_that_it_finds(good: Spec) -> None:
    found = set()
    for spoil, _ in DEFECTS.values():
        spec = deepcopy(good)
        spoil(spec)
        found |= rules(check(workspace(spec)))
    names = {rule.__name__.replace("_", "-") for rule in WORKSPACE_RULES}
    assert names == found


@pytest.mark.parametrize("defect", DEFECTS)
def test_every_finding_says_where_in_data(good: Spec, defect: str) -> None:
    DEFECTS[defect][0](good)
    for finding in check(workspace(good)):
        assert finding.cases
        names = {name for case in finding.cases for name in (case.systematic, case.region, case.sample)} - {"*"}
        assert any(name in finding.place for name in names)


def test_statistical_uncertainties_with_poisson_constraints(good: Spec) -> None:
    for channel in good["channels"]:
        for block in channel["samples"]:
            modifier = next(m for m in block["modifiers"] if m["name"] == "staterror")
            modifier.update(type="shapesys", name=f"staterror_{channel['name']}_{block['name']}")
    assert len(check(workspace(good))) == 0
    data_of(blocks(good, "top")[0], "staterror_CR_top")[2] = 60.0
    assert rules(check(workspace(good))) == {"large-staterror"}
    # One of a systematic may be statistical or not; next to it no sample lacks anything.
    for name in ("CR", "SR"):
        drop(good, f"staterror_{name}_wjets", "wjets")
        (block,) = blocks(good, "wjets", name)
        block["modifiers"].append({"name": f"fakes_{name}", "type": "shapesys", "data": scaled(block["data"], 0.1)})
    assert rules(check(workspace(good))) == {"large-staterror"}


def test_numbers_of_cases(good: Spec) -> None:
    set_normsys(good, 1.2, 0.8, sample="top")
    effect = check(workspace(good)).by_rule()["large-effect"]["luminosity"]
    assert {region: list(samples) for region, samples in effect.items()} == {"CR": ["top"], "SR": ["top"]}
    assert effect["SR"]["top"] == pytest.approx({"value_u": 1.2, "value_d": 0.8})
    spoil_first_bin(good, "top", -500.0, error=1.0, varied=-500.0)
    # Signal and W+jets of SR's first bin: 20 and 100.
    case = check(workspace(good)).by_rule()["negative-yield"]["*"]["SR"]["*"]
    assert case == {"value": pytest.approx(-380.0), "bins": [0]}


def test_yields_that_the_model_cuts_are_not_negative(good: Spec) -> None:
    spoil_first_bin(good, "signal", -1.0, error=0.1, varied=-1.0)
    for sample in blocks(good, "signal"):
        sample["morphing"] = {"floor": 1e-9, "normalise": True}
    good["version"] = "wilks-1"
    assert "negative-yield" not in rules(check(workspace(good)))


def test_identical_factors_say_where_how_much_and_what_to_write(good: Spec) -> None:
    set_normsys(good, 1.03, 1.03)
    (finding,) = check(workspace(good))
    assert finding.severity == Severity.ERROR
    assert finding.place == 'systematic "luminosity"'
    assert "both change the yield by +3.0 % in all 6 region-sample pairs" in finding.message
    assert "0.97: write Normalization: -0.03" in finding.advice


def test_sides_identical_in_one_sample_only_are_a_warning(good: Spec) -> None:
    set_normsys(good, 1.03, 1.03, sample="top")
    (finding,) = check(workspace(good))
    assert finding.severity == Severity.WARNING
    assert "in 2 of 6 region-sample pairs (CR / top, SR / top)" in finding.message


def test_combined_normsys_and_histosys_are_one_effect(good: Spec) -> None:
    for block in blocks(good):
        # The templates alone go up and down; together with the factors both sides go up.
        hi, lo = scaled(block["data"], 1.02), scaled(block["data"], 0.99)
        lo[0] *= 1.004
        block["modifiers"] += [
            {"name": "both", "type": "normsys", "data": {"hi": 1.01, "lo": 1.05}},
            {"name": "both", "type": "histosys", "data": {"hi_data": hi, "lo_data": lo}},
        ]
    (finding,) = check(workspace(good))
    assert finding.rule == "same-direction"
    assert "largest +3.0 % and" in finding.message


def test_same_direction_within_simulation_statistics_is_a_note(good: Spec) -> None:
    set_normsys(good, 1.006, 1.004)
    assert [f.severity for f in check(workspace(good))] == [Severity.NOTE]
    for block in blocks(good):
        block["modifiers"] = [m for m in block["modifiers"] if m["name"] != "staterror"]
    for channel in good["observations"]:
        channel["data"] = scaled(channel["data"], 100.0)
    for sample in ("signal", "top", "wjets"):
        replace_yields(good, sample, 100.0)
    assert [f.severity for f in check(workspace(good))] == [Severity.WARNING]


def test_misspelt_names_are_met_with_the_nearest(good: Spec) -> None:
    add_parameter("mu_tpo", inits=[1.0])(good)
    set_poi("mux")(good)
    findings = check(workspace(good))
    assert 'did you mean "mu_top"?' in findings.of_rule("unknown-setting").items[0].message
    assert 'did you mean "mu"?' in findings.of_rule("missing-poi").items[0].message


def test_fixed_twin_factor_is_no_finding(good: Spec) -> None:
    twin_factor(good)
    add_parameter("top_again", fixed=True)(good)
    assert len(check(workspace(good))) == 0


def test_settings_of_lumi_and_workspaces_without_poi_or_systematics_are_fine(good: Spec) -> None:
    add_parameter("lumi", auxdata=[1.0], sigmas=[0.1], bounds=[[0, 2]], inits=[1.0])(good)
    set_poi("")(good)
    for block in blocks(good):
        block["modifiers"] = [m for m in block["modifiers"] if m["type"] in ("staterror", "normfactor")]
    assert len(check(workspace(good))) == 0


def test_thresholds_decide(good: Spec) -> None:
    assert rules(check(workspace(good), thresholds=Thresholds(large_effect=0.02))) == {"large-effect"}
    set_normsys(good, 1.2, 0.8)
    assert len(check(workspace(good), thresholds=Thresholds(large_effect=0.25))) == 0


def test_many_findings_of_a_rule_share_the_last_one(good: Spec) -> None:
    for block in blocks(good):
        for i in range(9):
            block["modifiers"].append({"name": f"np{i}", "type": "normsys", "data": {"hi": 1.05, "lo": 1.05}})
    findings = check(workspace(good), thresholds=Thresholds(individually=4))
    assert len(findings) == 4
    assert all(f'np{i}"' in str(findings) for i in range(9))
    apart = check(workspace(good), thresholds=Thresholds(individually=100))
    assert len(apart) == 9
    # Put together, they lose no number.
    assert findings.by_rule() == apart.by_rule()
    assert findings.by_rule()["identical-sides"]["np8"]["SR"]["top"]["value_d"] == pytest.approx(1.05)


@given(st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_number_makes_a_rule_fail(good: Spec, data: st.DataObject) -> None:
    spec = deepcopy(good)
    nasty = st.sampled_from([0.0, -1.0, 1e-300, 1e300, float("nan"), float("inf"), float("-inf")])
    for _ in range(data.draw(st.integers(1, 12))):
        block = data.draw(st.sampled_from(blocks(spec)))
        lists = [block["data"], data_of(block, "staterror"), *data_of(block, "jet energy scale").values()]
        data.draw(st.sampled_from(lists))[data.draw(st.integers(0, 2))] = data.draw(nasty)
        data_of(block, "luminosity")[data.draw(st.sampled_from(["hi", "lo"]))] = data.draw(nasty)
    assert len(check(workspace(spec))) > 0


def test_lesson_defects_are_errors_and_gone_in_the_repaired_workspace(shared_data: Path) -> None:
    findings = check(stored(shared_data / "ttbar-lesson" / "workspace.json"))
    errors = {finding.place: finding.rule for finding in findings if finding.severity == Severity.ERROR}
    assert errors == {
        'systematic "Luminosity"': "identical-sides",
        'systematic "W+jets scale variations"': "empty-variation",
    }
    repaired = check(stored(shared_data / "ttbar-lesson" / "workspace_repaired.json"))
    assert {finding.severity for finding in repaired} <= {Severity.NOTE}
    assert "Luminosity" not in str(repaired)
    assert "W+jets scale" not in str(repaired)


def test_a_path_is_refused_in_a_sentence() -> None:
    with pytest.raises(TypeError, match=r"check takes a Workspace, a Config, Templates, .* found a str; get one with"):
        check("workspace.json")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Each was looked up in the document; in RegionA the JER variations have hi_data = lo_data, for example.
        ("agc-cms-ttbar/workspace.json", {"negative-variation", "large-staterror"}),
        (
            "atlas-sbottom-2018-31/RegionA/BkgOnly.json",
            {"missing-poi", "identical-sides", "same-direction", "large-effect"},
        ),
        ("atlas-tHu-fcnc/workspace_tHu.json", set()),
        ("atlas-3L-eRJR-2018-06/BkgOnly.json", {"missing-poi", "unknown-setting"}),
    ],
)
def test_published_workspaces(shared_data: Path, name: str, expected: set[str]) -> None:
    findings = check(stored(shared_data / "likelihoods" / name))
    assert {finding.rule for finding in findings if finding.severity != Severity.NOTE} == expected
    assert len(findings) <= 20


def test_names_near_others_are_suggested_for_parameters_of_functions(good: Spec) -> None:
    steered("kt + exp(ktt)", "kt")(good)
    finding = check(workspace(good)).of_rule("unset-parameter").items[0]
    assert (finding.severity.value, finding.place) == ("warning", 'parameter "ktt"')
    assert 'did you mean "kt"?' in finding.message
    good["measurements"][0]["config"]["parameters"].pop()
    good["functions"][0]["expression"] = "abc"
    assert check(workspace(good)).of_rule("unset-parameter").items[0].severity.value == "note"


def test_settings_and_groups_name_parameters_not_functions(good: Spec) -> None:
    steered("kt", "kt", "mu_top")(good)
    good["groups"] = [{"name": "top", "parameters": ["mu_top", "kt"]}]
    messages = [finding.message for finding in check(workspace(good)).of_rule("unknown-setting")]
    assert messages == ["Measurement fit sets it, but it is a function.", "Group top has it, but it is a function."]


def test_parameters_of_functions_are_parameters(good: Spec) -> None:
    steered("kt^2", "kt")(good)
    good["measurements"][0]["config"]["poi"] = "kt"
    assert not check(workspace(good))
    good["measurements"][0]["config"]["parameters"][-1]["fixed"] = True
    assert rules(check(workspace(good))) == {"fixed-poi"}


def test_a_free_systematic_that_nothing_determines_is_found(good: Spec) -> None:
    set_normsys(good, 1.0, 1.0)
    good["version"] = "wilks-1"
    good["measurements"][0]["config"]["parameters"].append({"name": "luminosity", "constraint": "none"})
    assert "idle-factor" in rules(check(workspace(good)))


def test_a_workspace_without_bins_is_refused(good: Spec) -> None:
    masked(good, {"channel": "CR"}, {"channel": "SR"})
    (finding,) = check(workspace(good)).of_rule("refused-model")
    assert finding.message.startswith("Every bin is masked")
