from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from tests.assemble.analysis import EDGES, ERRORS, YIELDS, built, document, modifiers, templates
from tests.templates import events

from wilks import (
    Histogram,
    Router,
    build_templates,
    build_workspace,
    figures,
    load_config,
    load_templates,
    process_templates,
)
from wilks.errors import InputError, TemplateError
from wilks.templates.combining import combined_templates, deviation, envelope
from wilks.templates.store import SIDES, TemplateKey

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it

MEMBERS = [[120.0, 27.0, 4.0], [95.0, 33.0, 6.0], [101.0, 29.0, 5.0]]  # nominal is 100, 30, 4
CONTENTS = {("B", "scale", f"Variations[{number}]"): yields for number, yields in enumerate(MEMBERS)}
KEYS = [TemplateKey("S R", "B", "scale", side) for side in ("Up", "Down", *(f"Variations[{i}]" for i in range(3)))]


def scale(combine: str, **more: Any) -> dict[str, Any]:
    variations = [{"VariationPath": f"_{number}"} for number in range(3)]
    return {
        "Name": "scale",
        "Type": "NormPlusShape",
        "Samples": "B",
        "Variations": variations,
        "Combine": combine,
    } | more


def processed(combine: str, contents: dict[tuple[str, ...], Any] = CONTENTS, **more: Any) -> Any:
    source = document(scale(combine, **more))
    return process_templates(templates(source, contents), load_config(source))


yields = st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4)


@given(yields, st.lists(yields, min_size=2, max_size=6))
def test_bin_by_bin(nominal: list[float], variations: list[list[float]]) -> None:
    members = np.array(variations)
    everything = np.array([*variations, nominal])  # -1 is nominal
    up, down = envelope(np.array(nominal), members)
    for number, column in enumerate(zip(nominal, *variations, strict=True)):
        assert everything[up[number], number] == max(column)
        assert everything[down[number], number] == min(column)
        spread = statistics.stdev(column[1:])
        assert deviation(members)[number] == pytest.approx(spread, rel=1e-9, abs=1e-6)


def test_the_envelope_includes_nominal_and_says_what_it_is_taken_from() -> None:
    made = processed("ENVELOPE")
    up, down = (made.variation("S R", "B", "scale", side) for side in SIDES)
    assert up.contents.tolist() == [120.0, 33.0, 6.0]
    assert down.contents.tolist() == [95.0, 27.0, 4.0]
    assert [dict(step.numbers) for step in made.steps[KEYS[0]] + made.steps[KEYS[1]]] == [
        {"method": "ENVELOPE", "variations": 3, "taken_from": [0, 1, 1], "yield": 159.0},
        {"method": "ENVELOPE", "variations": 3, "taken_from": [1, 0, "nominal"], "yield": 126.0},
    ]


def test_bins_keep_the_statistical_uncertainty_of_what_they_are_taken_from() -> None:
    source = document(scale("ENVELOPE"))
    found = templates(source, CONTENTS)
    changed = {
        key: Histogram.from_arrays(EDGES, histogram.contents, np.full(3, 1.0 + number))
        for number, (key, histogram) in enumerate(found.items())
        if key in KEYS
    }
    numbers = [changed[key].stdev[0] for key in KEYS[2:]]
    made = process_templates(type(found)(dict(found) | changed), load_config(source))
    assert made[KEYS[0]].stdev.tolist() == [numbers[0], numbers[1], numbers[1]]
    assert made[KEYS[1]].stdev.tolist() == [numbers[1], numbers[0], ERRORS["B"][2]]


def test_the_standard_deviation_is_about_the_mean_with_one_member_less() -> None:
    made = processed("STANDARDDEVIATION")
    up, down = (made.variation("S R", "B", "scale", side) for side in SIDES)
    sizes = [statistics.stdev(column) for column in zip(*MEMBERS, strict=True)]
    assert sizes == pytest.approx([np.sqrt(170.3333333333), np.sqrt(9.3333333333), 1.0])
    np.testing.assert_allclose(up.contents, np.add(YIELDS["B"], sizes), rtol=1e-14)
    np.testing.assert_allclose(down.contents, np.subtract(YIELDS["B"], sizes), rtol=1e-14)
    assert up.stdev == pytest.approx(ERRORS["B"])
    (step,) = made.steps[KEYS[0]]
    assert step.numbers["largest_relative"] == pytest.approx(0.25)


@pytest.mark.parametrize("combine", ["ENVELOPE", "STANDARDDEVIATION"])
def test_the_workspace_has_both_sides(combine: str) -> None:
    workspace = built(document(scale(combine)), CONTENTS)  # and means the same to pyhf
    made = processed(combine)
    found = modifiers(workspace, "B")
    for side, name in (("Up", "hi"), ("Down", "lo")):
        varied = made.variation("S R", "B", "scale", side)
        factor = varied.integral / 134.0
        assert found["scale", "normsys"][name] == pytest.approx(factor, rel=1e-14)
        np.testing.assert_allclose(found["scale", "histosys"][f"{name}_data"], varied.contents / factor, rtol=1e-14)
    assert not any(name == "scale" for name, _ in modifiers(workspace, "S"))


def test_smoothing_comes_before_and_symmetrization_after() -> None:
    smoothing = {"Algorithm": "MAXVARIATION", "Tolerance": 0.9999}
    made = processed("ENVELOPE", Smoothing=smoothing, Symmetrization={"Method": "MAXIMUM", "NormalizeFirst": False})
    assert [[step.name for step in made.steps[key]] for key in KEYS] == [
        ["combined", "symmetrized"],
        ["combined", "symmetrized"],
        ["smoothed"],
        ["smoothed"],
        ["smoothed"],
    ]
    members = np.array([made[key].contents for key in KEYS[2:]])
    assert not np.array_equal(members, MEMBERS)
    nominal = np.array(YIELDS["B"])
    shift = np.maximum(np.maximum(members.max(axis=0) - nominal, 0.0), np.maximum(nominal - members.min(axis=0), 0.0))
    np.testing.assert_allclose(np.abs(made[KEYS[0]].contents - nominal), shift, rtol=1e-12)
    assert made.original(KEYS[2]).contents.tolist() == MEMBERS[0]


def test_a_type_is_for_the_sides_only() -> None:
    made = processed("ENVELOPE", Type="ShapeOnly")
    assert made[KEYS[0]].integral == pytest.approx(134.0)
    assert [made[key].contents.tolist() for key in KEYS[2:]] == MEMBERS


def test_processing_again_and_saving_change_nothing(tmp_path: Path) -> None:
    source = document(scale("ENVELOPE"))
    config = load_config(source)
    made = processed("ENVELOPE")
    assert [key for key in made if key in KEYS] == KEYS
    made.save(tmp_path / "t.npz")
    for again in (process_templates(made, config), load_templates(tmp_path / "t.npz")):
        assert again == made
        assert dict(again.steps) == dict(made.steps)
        assert again.combined("S R", "B", "scale") == tuple(KEYS[2:])
    assert made.combined("S R", "S", "scale") == ()
    row = next(row for row in made.record()["templates"] if row["side"] == "Up" and row["region"] == "S R")
    assert json.loads(json.dumps(row))["steps"][0]["taken_from"] == [0, 1, 1]


def test_what_is_missing_is_told() -> None:
    source = document(scale("ENVELOPE"))
    config = load_config(source)
    found = templates(source, CONTENTS)
    assert len(combined_templates(config)) == 4  # of two regions
    with pytest.raises(TemplateError, match='"B" in "S R", "scale" Up: no template; process_templates makes it'):
        build_workspace(found, config)
    lacking = type(found)({key: histogram for key, histogram in found.items() if key != KEYS[3]})
    with pytest.raises(TemplateError) as caught:
        process_templates(lacking, config)
    assert list(caught.value.problems) == [f'{KEYS[3]}: no template to make "scale" of']
    other = Histogram.from_arrays([0, 1], [1.0], [1.0])
    with pytest.raises(TemplateError, match='"B" in "S R": variations of "scale" have other numbers of bins'):
        process_templates(type(found)(dict(found) | {KEYS[3]: other}), config)


@pytest.mark.parametrize("combine", ["ENVELOPE", "STANDARDDEVIATION"])
@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_yields_that_are_not_finite_are_told_with_the_workspace(combine: str, odd: float) -> None:
    source = document(scale(combine))
    config = load_config(source)
    contents = CONTENTS | {("B", "scale", "Variations[1]"): [odd, 33.0, 6.0]}
    made = process_templates(templates(source, contents), config)
    with pytest.raises(InputError) as caught:
        build_workspace(made, config)
    assert any('"scale"' in problem and '"B"' in problem for problem in caught.value.problems)


def test_from_a_file(tmp_path: Path) -> None:
    source = document(scale("ENVELOPE", Regions="CR"))
    source["General"]["InputPath"] = f"{tmp_path}/f.root:{{SamplePath}}{{VariationPath}}"
    with uproot.recreate(tmp_path / "f.root") as file:
        for name, contents in YIELDS.items():
            file[name] = (np.array(contents), np.array(EDGES))
        for number, contents in enumerate(MEMBERS):
            file[f"B_{number}"] = (np.array(contents), np.array(EDGES))
    config = load_config(source)
    made = process_templates(build_templates(config), config)
    key = TemplateKey("CR", "B", "scale", "Up")
    assert made[key].contents.tolist() == [120.0, 33.0, 6.0]
    assert key not in made.origins
    member = TemplateKey("CR", "B", "scale", "Variations[2]")
    assert made.origins[member].parts[0].path == "B_2"


def test_from_weights_of_ntuples(tmp_path: Path) -> None:
    found = events.columns(1, 2000)
    events.write_tree(tmp_path / "f.root", {"events": found})
    weights = {"{Weight} * 1.5": 1.5, "{Weight} * (1 + 0.2 * eta)": 1 + 0.2 * np.asarray(found["eta"], float)}
    config = load_config(
        {
            "General": {"Measurement": "m", "InputPath": f"{tmp_path}/f.root", "HistogramFolder": "h"},
            "Regions": [{"Name": "SR", "Variable": "pt", "Binning": events.EDGES}],
            "Samples": [
                {"Name": "Data", "Tree": "events", "Data": True},
                {"Name": "MC", "Tree": "events", "Weight": "weight"},
            ],
            "NormFactors": [{"Name": "mu", "Samples": "MC"}],
            "Systematics": [
                {
                    "Name": "scale",
                    "Type": "NormPlusShape",
                    "Variations": [{"Weight": text} for text in weights],
                    "Combine": "STANDARDDEVIATION",
                }
            ],
        }
    )
    everything = np.ones(2000, dtype=bool)
    members = [events.histogram(found["pt"], found["weight"] * factor, everything)[0] for factor in weights.values()]
    nominal = events.histogram(found["pt"], found["weight"], everything)[0]
    made = process_templates(build_templates(config), config)
    sizes = [statistics.stdev(column) for column in zip(*members, strict=True)]
    for side, sign in (("Up", 1), ("Down", -1)):
        contents = made[TemplateKey("SR", "MC", "scale", side)].contents
        np.testing.assert_allclose(contents, nominal + sign * np.array(sizes), rtol=1e-6)
    assert made.origins[TemplateKey("SR", "MC", "scale", "Variations[0]")].parts[0].weight == "(weight) * 1.5"


def test_functions_make_them_and_nothing_is_read() -> None:
    config = load_config(document(scale("ENVELOPE"), Regions=[{"Name": "S R"}]))
    router = Router()

    @router.register_template_builder(template="Variations*")
    def varied(region: Any, sample: Any, systematic: Any, template: Any) -> Histogram:
        number = [f"Variations[{i}]" for i in range(3)].index(template)
        assert systematic["Variations"][number] == {"VariationPath": f"_{number}"}
        return Histogram.from_arrays(EDGES, MEMBERS[number], ERRORS["B"])

    @router.register_template_builder(template=None)
    def nominal(region: Any, sample: Any, systematic: Any, template: Any) -> Histogram:
        return Histogram.from_arrays(EDGES, YIELDS[sample["Name"]], ERRORS[sample["Name"]])

    made = process_templates(build_templates(config, router=router), config)
    assert made[KEYS[0]].contents.tolist() == [120.0, 33.0, 6.0]
    assert made.origins[KEYS[2]].function == "varied"


def test_the_figure_has_all_of_them() -> None:
    main, below = figures.variation(processed("ENVELOPE"), region="S R", sample="B", systematic="scale").axes
    gray = [patch for patch in main.patches if to_hex(patch.get_edgecolor()) == "#777777"]
    assert [patch.get_data().values.tolist() for patch in gray] == MEMBERS
    assert "3 variations" in [text.get_text() for text in main.get_legend().get_texts()]
    assert below.get_ylim()[1] >= 50.0  # 6 of 4 events is +50 %
