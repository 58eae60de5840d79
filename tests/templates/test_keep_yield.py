from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.assemble.analysis import built, document, modifiers, templates, varied

from wilks import compile_model, load_config, process_templates
from wilks.templates.store import TemplateKey, Templates

pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it

# Nominal yields: B 134, C 30, in both regions.
CONTENTS = {
    ("S R", "B", "JES", "Up"): [110.0, 45.0, 5.0],  # 160
    ("S R", "C", "JES", "Up"): [30.0, 15.0, 0.0],  # 45
    ("CR", "B", "JES", "Up"): [120.0, 40.0, 6.0],  # 166
    ("CR", "C", "JES", "Up"): [10.0, 7.0, 0.0],  # 17
    ("S R", "B", "JES", "Down"): [90.0, 20.0, 2.0],
}


def processed(keep: Any, kind: str = "NormPlusShape", **more: Any) -> Templates:
    source = document(varied(kind, KeepYield=keep, **more))
    return process_templates(templates(source, CONTENTS), load_config(source))


def up(made: Templates, region: str, sample: str) -> float:
    return made[TemplateKey(region, sample, "JES", "Up")].integral


def test_the_sum_keeps_its_yield_in_each_region() -> None:
    made = processed({"Samples": ["B", "C"]})
    for region, varied_yield in (("S R", 205.0), ("CR", 183.0)):
        factor = 164.0 / varied_yield
        assert up(made, region, "B") + up(made, region, "C") == pytest.approx(164.0, rel=1e-12)
        found = made[TemplateKey(region, "B", "JES", "Up")].contents
        np.testing.assert_allclose(found, factor * np.array(CONTENTS[region, "B", "JES", "Up"]), rtol=1e-12)
        (step,) = made.steps[TemplateKey(region, "C", "JES", "Up")]
        assert step.name == "common yield kept"
        assert step.numbers == {
            "factor": pytest.approx(factor),
            "yield_before": varied_yield,
            "yield": 164.0,
            "samples": ["B", "C"],
            "regions": [region],
        }
    # Samples that are not named keep their variations.
    assert TemplateKey("S R", "S", "JES", "Up") not in made.steps


def test_the_sum_over_regions() -> None:
    made = processed({"Samples": ["B", "C"], "Inclusive": True})
    factor = 2 * 164.0 / (205.0 + 183.0)
    assert up(made, "S R", "B") == pytest.approx(160.0 * factor, rel=1e-12)
    assert up(made, "CR", "C") == pytest.approx(17.0 * factor, rel=1e-12)


def test_what_shares_a_parameter_keeps_its_yield() -> None:
    # One parameter for each sample: if one of them moves, the sum is kept only if that sample's yield is.
    made = processed({"Samples": ["B", "C"], "Inclusive": True}, Decorrelate="sample")
    assert up(made, "S R", "B") == pytest.approx(160.0 * 268.0 / 326.0, rel=1e-12)
    assert up(made, "CR", "B") == pytest.approx(166.0 * 268.0 / 326.0, rel=1e-12)
    assert up(made, "S R", "C") == pytest.approx(45.0 * 60.0 / 62.0, rel=1e-12)
    groups = {"top": {"Samples": ["S", "B"]}}
    made = processed({"Samples": ["B", "C"]}, Decorrelate=groups)
    assert [up(made, "S R", name) for name in "BC"] == pytest.approx([134.0, 30.0], rel=1e-12)


def test_only_in_some_regions() -> None:
    made = processed({"Samples": ["B", "C"], "Regions": "CR"})
    assert up(made, "S R", "B") == 160.0
    assert up(made, "CR", "B") + up(made, "CR", "C") == pytest.approx(164.0, rel=1e-12)


@pytest.mark.parametrize("one_sided", [False, True])
def test_the_model_keeps_the_yield_at_both_sides(one_sided: bool) -> None:
    source = document(varied("NormPlusShape", one_sided=one_sided, KeepYield={"Samples": ["B", "C"]}))
    for sample in source["Samples"]:
        sample["DisableStaterror"] = not sample.get("Data", False)
    model = compile_model(built(source, CONTENTS))
    for alpha in (-1.0, 1.0):
        theta = model.initial.copy()
        theta[model.index("mu")] = 0.0
        theta[model.index("JES")] = alpha
        totals = [model.expected(theta)[slice_].sum() for slice_ in model.channel_slices.values()]
        assert totals == pytest.approx([164.0, 164.0], rel=1e-12)


def test_yields_of_norm_only() -> None:
    source = document(varied("NormOnly", KeepYield={"Samples": ["B", "C"]}))
    found = [modifiers(built(source, CONTENTS), name)["JES", "normsys"]["hi"] for name in "BC"]
    assert found == pytest.approx([160 / 134 * 164 / 205, 45 / 30 * 164 / 205], rel=1e-12)


def test_nothing_varied_can_not_be_scaled() -> None:
    source = document(varied("NormPlusShape", KeepYield={"Samples": "B"}))
    contents = {("B", "JES", "Up"): [0.0, 0.0, 0.0]}
    made = process_templates(templates(source, contents), load_config(source))
    (step,) = made.steps[TemplateKey("CR", "B", "JES", "Up")]
    assert step.name == "common yield not kept"
    assert up(made, "CR", "B") == 0.0


def test_processing_twice_changes_nothing() -> None:
    source = document(varied("ShapeOnly"), varied("NormPlusShape", Name="JER", KeepYield={"Samples": ["B", "C"]}))
    config = load_config(source)
    once = process_templates(templates(source, CONTENTS), config)
    again = process_templates(once, config)
    assert again.steps == once.steps
    assert all(np.array_equal(again[key].contents, once[key].contents) for key in once)
