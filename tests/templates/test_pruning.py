from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pyhf
import pytest

from wilks import Histogram, build_workspace, load_config, load_templates, process_templates
from wilks.templates.record import Effect
from wilks.templates.store import TemplateKey, Templates

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")

SIGNAL, BACKGROUND = np.array([10.0, 30.0]), np.array([100.0, 300.0])
# By hand: the yield changes by +2 % and -1 %, the shapes by (+5 %, -5/3 %) and (-3 %, +1 %).
UP = 1.02 * SIGNAL * np.array([1.05, 1 - 0.05 / 3])
DOWN = 0.99 * SIGNAL * np.array([0.97, 1.01])


def document(**pruning: Any) -> dict[str, Any]:
    sides = {"Up": {"VariationPath": "up"}, "Down": {"VariationPath": "down"}}
    found: dict[str, Any] = {
        "General": {"Measurement": "m", "POI": "mu", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h"},
        "Regions": [{"Name": "SR"}],
        "Samples": [{"Name": "Data", "Data": True}, {"Name": "S"}, {"Name": "B"}],
        "NormFactors": [{"Name": "mu", "Samples": "S"}],
        "Systematics": [
            {"Name": "JES", "Type": "NormPlusShape", **sides, "Samples": "S"},
            {"Name": "Lumi", "Type": "Normalization", "Up": {"Normalization": 0.03}, "Down": {"Normalization": -0.03}},
        ],
    }
    if pruning:
        found["General"]["Pruning"] = pruning
    return found


def templates(up: Any = UP, down: Any = DOWN) -> Templates:
    yields = {
        TemplateKey("SR", "Data"): SIGNAL + BACKGROUND,
        TemplateKey("SR", "S"): SIGNAL,
        TemplateKey("SR", "S", "JES", "Up"): up,
        TemplateKey("SR", "S", "JES", "Down"): down,
        TemplateKey("SR", "B"): BACKGROUND,
    }
    return Templates({key: Histogram.from_arrays([0, 1, 2], found, np.sqrt(found)) for key, found in yields.items()})


def processed(made: Templates | None = None, **pruning: Any) -> Templates:
    return process_templates(made or templates(), load_config(document(**pruning)))


def jes(made: Templates) -> Effect:
    found = made.effect("SR", "S", "JES")
    assert found is not None
    return found


def test_effects_are_measured_without_pruning() -> None:
    made = processed()
    assert [(e.sample, e.systematic) for e in made.effects] == [("S", "JES"), ("S", "Lumi"), ("B", "Lumi")]
    effect = jes(made)
    assert effect.norm == pytest.approx((0.02, -0.01))
    assert effect.shape == pytest.approx((0.05, -0.03))
    assert effect.judged == pytest.approx((0.02, 0.05))
    assert (effect.status, effect.flags) == ("kept", ())
    lumi = made.effect("SR", "B", "Lumi")
    assert lumi == Effect("SR", "B", "Lumi", (0.03, -0.03), None, (0.03, 0.0))
    assert made.effect("SR", "B", "JES") is None
    assert templates().effect("SR", "S", "JES") is None


# Thresholds just above and below the hand-computed effects of the sample itself.
@pytest.mark.parametrize(
    ("pruning", "status"),
    [
        ({"Norm": 0.0199, "Shape": 0.0499}, "kept"),
        ({"Norm": 0.0201, "Shape": 0.0499}, "norm dropped"),
        ({"Norm": 0.0199, "Shape": 0.0501}, "shape dropped"),
        ({"Norm": 0.0201, "Shape": 0.0501}, "dropped"),
        # Against background 400 events in (100, 300): 0.8 events of 400, 0.5 of 100.
        ({"Norm": 0.0019, "Shape": 0.0049, "Reference": "background"}, "kept"),
        ({"Norm": 0.0021, "Shape": 0.0049, "Reference": "background"}, "norm dropped"),
        ({"Norm": 0.0019, "Shape": 0.0051, "Reference": "background"}, "shape dropped"),
        # Against all 440 events in (110, 330).
        ({"Norm": 0.8 / 440 * 1.01, "Shape": 0.5 / 110 * 0.99, "Reference": "total"}, "norm dropped"),
        ({"Norm": 0.8 / 440 * 0.99, "Shape": 0.5 / 110 * 1.01, "Reference": "total"}, "shape dropped"),
    ],
)
def test_thresholds(pruning: dict[str, Any], status: str) -> None:
    effect = jes(processed(**pruning))
    assert effect.status == status
    # What is shown stays relative to the sample.
    assert effect.norm == pytest.approx((0.02, -0.01))


@pytest.mark.parametrize(
    ("pruning", "left"),
    [
        ({"Norm": 0.001}, {("JES", "normsys"), ("JES", "histosys"), ("Lumi", "normsys")}),
        ({"Norm": 0.025}, {("JES", "histosys"), ("Lumi", "normsys")}),
        ({"Shape": 0.06}, {("JES", "normsys"), ("Lumi", "normsys")}),
        ({"Norm": 0.025, "Shape": 0.06}, {("Lumi", "normsys")}),
        ({"Norm": 0.031}, {("JES", "histosys")}),
    ],
)
def test_the_workspace_lacks_what_was_pruned(pruning: dict[str, Any], left: set[tuple[str, str]]) -> None:
    description = document(**pruning)
    description["General"]["Fixed"] = [{"Name": "Lumi", "Value": 0.5}]
    config = load_config(description)
    spec = build_workspace(process_templates(templates(), config), config).spec
    sample = spec["channels"][0]["samples"][0]
    made = {(m["name"], m["type"]) for m in sample["modifiers"]}
    assert made - {("mu", "normfactor"), ("staterror_SR", "staterror")} == left
    named = {parameter["name"] for parameter in spec["measurements"][0]["config"]["parameters"]}
    assert ("Lumi" in named) == (("Lumi", "normsys") in left)
    pyhf.Workspace(spec).model()
    full = build_workspace(templates(), config).spec["channels"][0]["samples"][0]["modifiers"]
    assert [m for m in sample["modifiers"] if (m["name"], m["type"]) in left] == [
        m for m in full if (m["name"], m["type"]) in left
    ]


def test_one_side_above_the_threshold_keeps_both() -> None:
    assert jes(processed(templates(up=SIGNAL), Norm=0.02, Shape=0.04)).status == "dropped"
    assert jes(processed(templates(up=SIGNAL), Norm=0.009, Shape=0.02)).status == "kept"


def test_large_and_same_sided_effects_are_flagged() -> None:
    made = processed(templates(up=1.4 * SIGNAL, down=SIGNAL * [2.0, 2.0 / 3]), Large=0.3)
    assert jes(made).flags == ("large norm", "large shape")
    made = processed(templates(up=1.2 * SIGNAL, down=1.1 * SIGNAL), Large=0.3)
    assert jes(made).flags == ("same side",)
    assert jes(made).status == "kept"
    assert jes(processed(templates(up=1.0004 * SIGNAL, down=1.0003 * SIGNAL))).flags == ()


def test_large_effects_are_removed_where_asked() -> None:
    """As TRExFitter: by the yield alone, of either side, and then with the shape."""
    large = templates(up=1.4 * SIGNAL, down=SIGNAL * [1.1, 0.9])
    assert jes(processed(large, Large=0.3)).status == "kept"
    effect = jes(processed(large, Large=0.3, RemoveLarge=True))
    assert (effect.status, effect.flags) == ("dropped", ("large norm",))
    shape_alone = templates(up=SIGNAL * [1.6, 0.8], down=SIGNAL)
    assert jes(processed(shape_alone, Large=0.3, RemoveLarge=True)).status == "kept"
    assert jes(processed(large, Large=0.4001, RemoveLarge=True)).status == "kept"


def test_what_is_not_pruned() -> None:
    settings = document(Norm=0.5, Shape=0.5, Large=0.01, RemoveLarge=True)
    for disabled, status in ((False, "dropped"), (True, "kept")):
        settings["Systematics"][0]["DisablePruning"] = disabled
        made = process_templates(templates(), load_config(settings))
        assert jes(made).status == status
        lumi = made.effect("SR", "S", "Lumi")
        assert lumi is not None
        assert lumi.status == "dropped"


def test_an_effect_on_nothing_is_kept_and_no_effect_is_not() -> None:
    empty = dict(templates())
    nothing = Histogram.from_arrays([0, 1, 2], [0, 0], [0, 0])
    empty[TemplateKey("SR", "S")] = nothing
    assert jes(processed(Templates(empty), Norm=0.1, Shape=0.1)).keep_shape
    for side in ("Up", "Down"):
        empty[TemplateKey("SR", "S", "JES", side)] = nothing  # type: ignore[arg-type]
    assert jes(processed(Templates(empty), Norm=0.1, Shape=0.1)).status == "dropped"


def test_one_bin_has_no_shape() -> None:
    one = {key: Histogram.from_arrays([0, 1], h.contents[:1], h.stdev[:1]) for key, h in templates().items()}
    effect = jes(processed(Templates(one), Norm=0.01, Shape=0.5))
    assert (effect.shape, effect.status) == (None, "kept")
    assert jes(processed(Templates(one), Norm=0.5)).status == "dropped"


def test_pruning_again_and_through_a_file(tmp_path: Any) -> None:
    made = processed(Norm=0.025)
    config = load_config(document(Norm=0.025))
    assert process_templates(made, config).effects == made.effects
    made.save(tmp_path / "t.npz")
    loaded = load_templates(tmp_path / "t.npz")
    assert loaded.effects == made.effects
    assert build_workspace(loaded, config) == build_workspace(made, config)


def test_the_record_can_be_read_by_everybody() -> None:
    import json

    made = dict(templates())
    made[TemplateKey("SR", "S")] = Histogram.from_arrays([0, 1, 2], [0, 0], [0, np.nan])
    record = processed(Templates(made)).record()
    text = json.dumps(record, allow_nan=False)
    assert json.loads(text) == record
    row = next(row for row in record["templates"] if (row["sample"], row["side"]) == ("S", None))
    assert row["steps"] == [{"name": "variance set to 0", "bins": [1]}]
    data = record["templates"][0]
    assert (data["yield"], data["effective_entries"]) == (440.0, pytest.approx(440.0))
    effect = record["effects"][0]
    assert (effect["systematic"], effect["status"], effect["judged"][1]) == ("JES", "kept", "inf")


def test_steps_are_told_in_words() -> None:
    steps = [Step for steps in processed().steps.values() for Step in steps]
    assert steps == []
    config = copy.deepcopy(document())
    config["Systematics"][0]["Smoothing"] = {"Algorithm": "MAXVARIATION", "Tolerance": 0.5}
    made = process_templates(templates(), load_config(config))
    (step,) = made.steps[TemplateKey("SR", "S", "JES", "Up")]
    assert str(step).startswith("smoothed (algorithm MAXVARIATION, tolerance 0.5, merged bins 2, largest change ")


def kept(changes: dict[str, Any], functions: list[dict[str, Any]] | None = None, **pruning: Any) -> tuple[bool, bool]:
    """Return what is left of norm and shape where the systematic has other keys."""
    source = document(**pruning)
    source["Systematics"][0] |= changes
    effect = jes(process_templates(templates(), load_config(source | ({"Functions": functions} if functions else {}))))
    assert effect.judged == pytest.approx((0.02, 0.05))  # as written, whatever the constraint
    return effect.keep_norm, effect.keep_shape


@pytest.mark.parametrize(
    ("constraint", "norm", "shape", "expected"),
    [
        ({"Width": 2}, 0.039, 0.099, (True, True)),
        ({"Width": 2}, 0.041, 0.099, (False, True)),
        ({"Width": 2}, 0.039, 0.101, (True, False)),
        ({"Width": 0.5, "WidthDown": 2}, 0.039, 0.101, (True, False)),
        ({"Width": 0.5}, 0.011, 0.024, (False, True)),
        ({"Center": 0.5}, 0.021, 0.049, (False, True)),
        ("None", 0.9, 0.9, (True, True)),
        ({"Type": "None", "Bounds": [-9, 9]}, 0.9, 0.9, (True, True)),
    ],
)
def test_effects_are_judged_by_what_one_standard_deviation_does(
    constraint: Any, norm: float, shape: float, expected: tuple[bool, bool]
) -> None:
    assert kept({"Constraint": constraint}, Norm=norm, Shape=shape) == expected


def test_what_a_function_steers_is_kept() -> None:
    function = {"Name": "JES", "Expression": "b - 1", "Parameters": [{"Name": "b"}]}
    assert kept({}, Norm=0.9, Shape=0.9) == (False, False)
    assert kept({}, [function], Norm=0.9, Shape=0.9) == (True, True)
    # Another parameter, which the function doesn't steer.
    function = {"Name": "JES_x", "Expression": "b - 1", "Samples": "B", "Parameters": [{"Name": "b"}]}
    assert kept({}, [function], Norm=0.9, Shape=0.9) == (False, False)


def test_a_free_systematic_without_any_effect_is_left_out() -> None:
    source = document(Norm=0.01)
    source["Systematics"][0]["Constraint"] = "None"
    made = process_templates(templates(SIGNAL, SIGNAL), load_config(source))
    assert not jes(made).keep_norm


@pytest.mark.parametrize("by", ["POI", "POIs", "function", "function of a function"])
def test_the_background_is_what_no_parameter_of_interest_scales(by: str) -> None:
    source = document(Norm=0.001, Reference="background")
    if by == "POIs":
        source["General"] |= {"POIs": ["Lumi", "mu"]}
        del source["General"]["POI"]
    elif by != "POI":
        source["General"]["POI"] = "k"
        needed = {"Name": "f", "Expression": "k^2", "Parameters": [{"Name": "k"}]}
        last = {"Name": "g", "Expression": "f * 2", "Samples": "S"}
        source["Functions"] = [needed | {"Samples": "S"}] if by == "function" else [needed, last]
        source["NormFactors"][0] |= {"Name": "b", "Samples": "B"}
    effect = jes(process_templates(templates(), load_config(source)))
    assert effect.judged[0] == pytest.approx(0.02 * 40 / 400)
