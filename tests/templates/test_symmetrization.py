from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wilks import Histogram, build_workspace, load_config, process_templates
from wilks.templates.store import TemplateKey, Templates
from wilks.templates.symmetrization import symmetrized

NOMINAL = np.array([100.0, 50.0, 20.0])
UP = np.array([110.0, 45.0, 24.0])
DOWN = np.array([96.0, 47.0, 21.0])


# By hand, bin by bin; shifts up: +10, -5, +4; down: -4, -3, +1.
@pytest.mark.parametrize(
    ("method", "up", "down"),
    [
        ("TWOSIDED", [107.0, 49.0, 21.5], [93.0, 51.0, 18.5]),
        ("ABSMEAN", [107.0, 46.0, 22.5], [93.0, 54.0, 17.5]),
        ("MAXIMUM", [110.0, 45.0, 24.0], [90.0, 55.0, 16.0]),
        ("ENVELOPE", [110.0, 50.0, 24.0], [96.0, 45.0, 20.0]),
    ],
)
def test_methods(method: str, up: list[float], down: list[float]) -> None:
    high, low = symmetrized(NOMINAL, UP, DOWN, method)
    np.testing.assert_allclose(high, up)
    np.testing.assert_allclose(low, down)
    if method != "ENVELOPE":
        # What is symmetric stays.
        again = symmetrized(NOMINAL, high, low, method)
        np.testing.assert_allclose(again, (high, low))


# TRExFitter's: the mean is always added for up, the maximum keeps its own sign (HistoTools.cc, SymmetrizeAbsMean and
# SymmetrizeMaximum). In the last bin down is further away, and below nominal where up is above.
@pytest.mark.parametrize(
    ("method", "sign", "up"),
    [
        ("ABSMEAN", "positive", [107.0, 54.0, 24.0]),
        ("ABSMEAN", "larger", [107.0, 46.0, 16.0]),
        ("MAXIMUM", "positive", [110.0, 55.0, 26.0]),
        ("MAXIMUM", "larger", [110.0, 45.0, 14.0]),
        ("MAXIMUM", "up", [110.0, 45.0, 26.0]),
    ],
)
def test_signs(method: str, sign: str, up: list[float]) -> None:
    high, low = symmetrized(NOMINAL, np.array([110.0, 45.0, 22.0]), np.array([96.0, 47.0, 14.0]), method, sign)
    np.testing.assert_allclose(high, up)
    np.testing.assert_allclose(low, 2 * NOMINAL - up)


def test_where_up_does_not_move_down_gives_the_sign() -> None:
    for method, shift in (("ABSMEAN", 1.5), ("MAXIMUM", 3.0)):
        high, low = symmetrized(np.zeros(2), np.zeros(2), np.array([3.0, -3.0]), method)
        assert high.tolist() == [-shift, shift]
        assert low.tolist() == [shift, -shift]
    with pytest.raises(ValueError, match="no symmetrization"):
        symmetrized(NOMINAL, UP, DOWN, "OTHER")


def analysis(down: dict[str, Any], **how: Any) -> dict[str, Any]:
    return {
        "General": {"Measurement": "m", "InputPath": "f.root:{VariationPath}", "HistogramFolder": "h", "POI": "mu"},
        "Regions": [{"Name": "SR"}],
        "Samples": [{"Name": "Data", "Data": True}, {"Name": "S"}],
        "NormFactors": [{"Name": "mu"}],
        "Systematics": [
            {"Name": "JES", "Type": "NormPlusShape", "Up": {"VariationPath": "up"}, "Down": down, "Symmetrization": how}
        ],
    }


def templates(**sides: np.ndarray) -> Templates:
    def histogram(yields: np.ndarray) -> Histogram:
        return Histogram.from_arrays([0, 1, 2, 3], yields, np.sqrt(np.abs(yields)))

    found = {TemplateKey("SR", "Data"): histogram(NOMINAL), TemplateKey("SR", "S"): histogram(NOMINAL)}
    for side, yields in sides.items():
        found[TemplateKey("SR", "S", "JES", side)] = histogram(yields)  # type: ignore[arg-type]
    return Templates(found)


def modifiers(made: Templates, config: Any) -> dict[str, Any]:
    sample = build_workspace(made, config).spec["channels"][0]["samples"][0]
    return {m["type"]: m["data"] for m in sample["modifiers"] if m["name"] == "JES"}


def test_one_sided_the_cabinetry_way_is_the_same_as_without_the_block() -> None:
    document = analysis({"Symmetrize": True}, Method="ONESIDED")
    config = load_config(document)
    del document["Systematics"][0]["Symmetrization"]
    plain = load_config(document)
    made = process_templates(templates(Up=UP), config)
    assert len(made) == 3
    assert modifiers(made, config) == modifiers(templates(Up=UP), plain)


@pytest.mark.parametrize("given_side", ["Up", "Down"])
def test_one_sided_and_normalized_afterwards(given_side: str) -> None:
    document = analysis({"Symmetrize": True}, Method="ONESIDED", NormalizeFirst=False)
    systematic = document["Systematics"][0]
    if given_side == "Down":
        systematic["Up"], systematic["Down"] = systematic["Down"], systematic["Up"]
    config = load_config(document)
    made = process_templates(templates(**{given_side: UP}), config)
    mirror = 2 * NOMINAL - UP
    found = modifiers(made, config)
    given, other = ("hi", "lo") if given_side == "Up" else ("lo", "hi")
    assert found["normsys"][given] == pytest.approx(UP.sum() / NOMINAL.sum())
    assert found["normsys"][other] == pytest.approx(mirror.sum() / NOMINAL.sum())
    np.testing.assert_allclose(found["histosys"][f"{other}_data"], mirror * NOMINAL.sum() / mirror.sum())
    keys = [key.side for key in made if key.systematic]
    assert sorted(keys) == ["Down", "Up"]
    # Processing again starts from what was read: the mirror image is made anew.
    again = process_templates(made, config)
    assert again == made
    assert dict(again.steps) == dict(made.steps)
    key = TemplateKey("SR", "S", "JES", "Down" if given_side == "Up" else "Up")
    assert [str(step) for step in made.steps[key]] == [f"mirrored (of {given_side})"]


def test_two_sided_normalized_first_treats_yield_and_shape_apart() -> None:
    config = load_config(analysis({"VariationPath": "down"}, Method="TWOSIDED"))
    found = modifiers(process_templates(templates(Up=UP, Down=DOWN), config), config)
    up, down = UP.sum() / NOMINAL.sum(), DOWN.sum() / NOMINAL.sum()
    assert found["normsys"]["hi"] == pytest.approx(1 + (up - down) / 2)
    assert found["normsys"]["lo"] == pytest.approx(1 - (up - down) / 2)
    half = 0.5 * (UP / up - DOWN / down)
    np.testing.assert_allclose(found["histosys"]["hi_data"], NOMINAL + half)
    np.testing.assert_allclose(found["histosys"]["lo_data"], NOMINAL - half)


@pytest.mark.parametrize("method", ["ABSMEAN", "MAXIMUM", "ENVELOPE"])
def test_shapes_stay_shapes(method: str) -> None:
    config = load_config(analysis({"VariationPath": "down"}, Method=method))
    found = modifiers(process_templates(templates(Up=UP, Down=DOWN), config), config)
    for side in ("hi_data", "lo_data"):
        assert sum(found["histosys"][side]) == pytest.approx(NOMINAL.sum())
    up, down = UP.sum() / NOMINAL.sum() - 1, DOWN.sum() / NOMINAL.sum() - 1
    expected = {
        "ABSMEAN": ((abs(up) + abs(down)) / 2, -(abs(up) + abs(down)) / 2),
        "MAXIMUM": (max(abs(up), abs(down)), -max(abs(up), abs(down))),
        "ENVELOPE": (max(up, down, 0), min(up, down, 0)),
    }[method]
    assert (found["normsys"]["hi"] - 1, found["normsys"]["lo"] - 1) == pytest.approx(expected)


@pytest.mark.parametrize("first", [False, True])
def test_the_larger_side_is_mirrored(first: bool) -> None:
    how = {"Method": "LARGERSIDE", "NormalizeFirst": first}
    config = load_config(analysis({"VariationPath": "down"}, **how))
    # Sums of differences: up 10 + 5 + 4, down 4 + 3 + 30; the yields are 170, 179 and 193.
    far = np.array([96.0, 47.0, 50.0])
    found = process_templates(templates(Up=UP, Down=far), config)
    image = 2 * NOMINAL - far
    if first:
        image = (2 - 193 / 170) * (2 * NOMINAL - far * 170 / 193)
    np.testing.assert_allclose(found[TemplateKey("SR", "S", "JES", "Up")].contents, image)
    np.testing.assert_array_equal(found[TemplateKey("SR", "S", "JES", "Down")].contents, far)
    found = process_templates(templates(Up=UP, Down=DOWN), config)
    np.testing.assert_array_equal(found[TemplateKey("SR", "S", "JES", "Up")].contents, UP)
    assert found.steps[TemplateKey("SR", "S", "JES", "Down")][0].numbers["method"] == "LARGERSIDE"


def test_mirror_images_below_zero_are_clipped_where_asked() -> None:
    far = np.array([96.0, 47.0, 50.0])
    how = {"Method": "ONESIDED", "NormalizeFirst": False, "Clip": True}
    found = process_templates(templates(Up=far), load_config(analysis({"Symmetrize": True}, **how)))
    assert found[TemplateKey("SR", "S", "JES", "Down")].contents.tolist() == [104.0, 53.0, 0.0]
    how = {"Method": "TWOSIDED", "NormalizeFirst": False, "Clip": True}
    config = load_config(analysis({"VariationPath": "down"}, **how))
    found = process_templates(templates(Up=np.array([100.0, 50.0, 90.0]), Down=NOMINAL - 10), config)
    assert found[TemplateKey("SR", "S", "JES", "Down")].contents.tolist() == [95.0, 45.0, 0.0]
    # HistoTools::Scale and InvertShift of TRExFitter 4.11: what is below 0 is cut off first, and mirrored without it.
    found = process_templates(templates(Up=np.array([110.0, -30.0, 20.0]), Down=np.array([90.0, 150.0, 20.0])), config)
    assert found[TemplateKey("SR", "S", "JES", "Up")].contents.tolist() == [110.0, 0.0, 20.0]
    assert found[TemplateKey("SR", "S", "JES", "Down")].contents.tolist() == [90.0, 100.0, 20.0]
    how = {"Method": "ONESIDED", "NormalizeFirst": False, "Clip": True}
    one = load_config(analysis({"Symmetrize": True}, **how))
    found = process_templates(templates(Up=np.array([110.0, -30.0, 20.0])), one)
    assert found[TemplateKey("SR", "S", "JES", "Up")].contents.tolist() == [110.0, 0.0, 20.0]
    assert found[TemplateKey("SR", "S", "JES", "Down")].contents.tolist() == [90.0, 100.0, 20.0]


@pytest.mark.parametrize(("kind", "larger"), [("NormOnly", "Up"), ("ShapeOnly", "Down"), ("NormPlusShape", "Down")])
def test_of_yields_or_shapes_alone_the_larger_one_is_mirrored(kind: str, larger: str) -> None:
    document = analysis({"VariationPath": "down"}, Method="LARGERSIDE", NormalizeFirst=True)
    document["Systematics"][0]["Type"] = kind
    # Up is 5 % in all bins (8.5 of 170), down moves 30 from one bin to another one.
    sides = {"Up": NOMINAL * 1.05, "Down": NOMINAL + np.array([-30.0, 30.0, 0.0])}
    found = process_templates(templates(**sides), load_config(document))
    kept = found[TemplateKey("SR", "S", "JES", larger)].contents
    expected = {"NormOnly": 1.05 * NOMINAL}.get(kind, sides[larger])
    np.testing.assert_allclose(kept, expected)


def test_symmetrized_before_it_is_smoothed() -> None:
    document = analysis({"VariationPath": "down"}, Method="TWOSIDED", NormalizeFirst=False, BeforeSmoothing=True)
    document["Systematics"][0]["Smoothing"] = {"Algorithm": "353QH, twice"}
    config = load_config(document)
    found = process_templates(templates(Up=UP, Down=DOWN), config)
    key = TemplateKey("SR", "S", "JES", "Up")
    assert [step.name for step in found.steps[key]] == ["symmetrized", "smoothed"]
    # Half the difference first, by hand; then what smoothing alone makes of these sides.
    high, low = np.array([107.0, 49.0, 21.5]), np.array([93.0, 51.0, 18.5])
    del document["Systematics"][0]["Symmetrization"]
    alone = process_templates(templates(Up=high, Down=low), load_config(document))
    for side in ("Up", "Down"):
        made = TemplateKey("SR", "S", "JES", side)
        np.testing.assert_array_equal(found[made].contents, alone[made].contents)
    document["Systematics"][0]["Symmetrization"] = {"Method": "TWOSIDED", "NormalizeFirst": False}
    other = process_templates(templates(Up=UP, Down=DOWN), load_config(document))
    assert [step.name for step in other.steps[key]] == ["smoothed", "symmetrized"]
    assert process_templates(found, config) == found
