"""Approximations: what plain pyhf or a card can't say becomes the nearest that it can, by how much is measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from tests.formats.features import DATA, FEATURES, JES, SHAPE, coded, modifier, spec, workspace_with

import wilks
from wilks.approximations import Approximation
from wilks.cli import main
from wilks.errors import WorkspaceError
from wilks.formats.approximate import approximate_pyhf
from wilks.formats.datacard.read import read
from wilks.workspace.workspace import Workspace

# Features that plain pyhf can't say, and the kinds of approximations; none where it can be said in another way.
KINDS = {
    "staterror, Poisson": {"statistics"},
    "staterror with a threshold": set(),
    "statistical terms that are added": {"statistics"},
    "shapesys, normal": {"statistics"},
    "shapesys that samples share": {"statistics"},
    **{f"normsys, {code}": {"interpolation"} for code in ("code0", "code1", "code2", "combine")},
    **{f"histosys, {code}": {"interpolation"} for code in ("code0", "code1", "code2", "code5")},
    "yields that are morphed in logarithms": {"morphing"},
    "negative yields cut (clip)": {"clip"},
    "bins fixed one by one": set(),
    "systematic without constraint": set(),
    "factor with a normal constraint": {"constraints"},
    "factor with a Poisson constraint": {"constraints"},
    "constraint of two widths": {"constraints"},
    "correlated constraints": None,
    "function that is a factor": None,
    "function that steers a systematic": None,
    "Gamma constraint of a systematic": {"functions"},
    "penalty that is added to the likelihood": None,
    "masks": set(),
}


def test_every_feature_that_pyhf_refuses_has_an_outcome() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "formats.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    refused = [cells[0].strip() for cells in rows if len(cells) == 6 and cells[2].strip() == "refused"]
    assert sorted(refused) == sorted(KINDS)


@pytest.mark.parametrize("feature", KINDS)
def test_features_are_approximated_or_refused_by_name(feature: str, tmp_path: Path) -> None:
    kinds = KINDS[feature]
    if kinds is None:
        with pytest.raises(WorkspaceError, match=r"no approximation for|correlat"):
            approximate_pyhf(workspace_with(feature))
        return
    workspace = workspace_with(feature)
    found = approximate_pyhf(workspace)
    assert {one.kind for one in found.replaced} == kinds
    wilks.save_workspace(found.workspace, tmp_path / "w.json", format="pyhf")
    models = [wilks.compile_model(one) for one in (workspace, found.workspace)]
    expected = [model.expected(np.concatenate([s.nominal for s in model.parameter_sets])) for model in models]
    np.testing.assert_allclose(*expected, rtol=1e-12)
    values = [fit.values[fit.names.index("mu")] for fit in map(wilks.fit, models)]
    assert values[0] == pytest.approx(values[1], abs=0.05)


def _code4(alpha: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return pyhf's factor: a power outside of -1 to 1, inside the polynomial that joins it with two derivatives."""
    powers, ends = np.arange(1, 7), np.array([[-1.0], [1.0]])
    rows = [ends**powers, powers * ends ** (powers - 1), powers * (powers - 1) * ends ** (powers - 2)]
    slopes = np.array([-np.log(low), np.log(high)])
    sides = [np.array([low, high]) * slopes**n - (n == 0) for n in range(3)]
    inside = 1 + alpha[:, np.newaxis] ** powers @ np.linalg.solve(np.vstack(rows), np.concatenate(sides))
    outside = np.where(alpha > 0, high ** np.abs(alpha), low ** np.abs(alpha))
    return np.asarray(np.where(np.abs(alpha) < 1, inside, outside))


def test_the_effect_on_a_bin_is_that_of_the_formulas() -> None:
    found = wilks.approximate(wilks.load_workspace(spec((coded(JES, "code1"),))))
    alpha = np.linspace(-2, 2, 33)
    power = np.where(alpha > 0, 1.15 ** np.abs(alpha), 0.9 ** np.abs(alpha))
    others = np.array(DATA["sig"]) + DATA["other"]
    bkg = np.array(DATA["bkg"])
    changes = np.abs((others + np.outer(_code4(alpha, 0.9, 1.15), bkg)) / (others + np.outer(power, bkg)) - 1)
    (only,) = found.differences
    assert only.name == "jes"
    assert only.effect == pytest.approx(changes.max(), rel=1e-9)
    assert f"bin {int(changes.max(axis=0).argmax())}" in only.where
    assert f"{only.effect:.2g}" in str(only.note)


def test_factors_that_can_be_said_exactly_keep_the_likelihood() -> None:
    """One bin with a count, and a free function of one parameter."""
    count = {"name": "k", "constraint": "poisson", "auxdata": [9], "factors": [9.0]}
    sample = {"name": "b", "data": [12.0], "modifiers": [modifier("k", "normfactor"), modifier("f", "normfactor")]}
    sig = {"name": "s", "data": [3.0], "modifiers": [modifier("mu", "normfactor")]}
    said: dict[str, Any] = {
        "channels": [{"name": "SR", "samples": [sig, sample]}],
        "observations": [{"name": "SR", "data": [19]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": [count]}}],
        "functions": [{"name": "f", "expression": "1 - 0.1 * c"}],
        "version": "wilks-1",
    }
    said["measurements"][0]["config"]["parameters"].append({"name": "c", "fixed": True, "inits": [2.0]})
    exact = wilks.load_workspace(said)
    found = wilks.approximate(exact)
    assert (found.differences, found.shifts) == ((), ())
    assert [note.kind for note in found.notes] == ["read as"] * 2
    scans = [
        wilks.scan(wilks.compile_model(one), parameter="mu", values=[0.0, 2.0, 5.0]) for one in (exact, found.workspace)
    ]
    np.testing.assert_allclose(*(one.curves[0].delta for one in scans), atol=1e-7)


@pytest.fixture(scope="module")
def published(shared_data: Path) -> Mapping[str, tuple[Approximation, Mapping[str, Any]]]:
    """Return approximations of cards, and what an independent likelihood says of each way of doing without."""
    folder = shared_data / "combine"
    said = json.loads((folder / "conversion_error.json").read_text())
    return {card: (wilks.approximate(read(folder / card).workspace), numbers) for card, numbers in said.items()}


def test_shifts_are_those_of_an_independent_likelihood(published: Mapping[str, Any]) -> None:
    """Its approximations of one kind: pyhf's interpolation, and a staterror for terms that are added."""
    compared = 0
    for found, numbers in published.values():
        exact = numbers["combine"]
        shifts = {one.kind: one for one in found.shifts}
        alone = shifts.get("interpolation", shifts.get(""))
        for kind, key in (("interpolation", "code4"), ("statistics", "staterror")):
            one = alone if kind == "interpolation" else shifts.get(kind)
            if one is None or key not in numbers:
                continue
            wanted = (numbers[key]["r"] - exact["r"]) / exact["sigma"]
            assert one.shift == pytest.approx(wanted, abs=3e-3)
            assert one.value == pytest.approx(exact["r"], abs=1e-3 * exact["sigma"])
            compared += 1
    assert compared >= 4


def test_cards_of_workspaces_have_the_approximate_fit(tmp_path: Path) -> None:
    workspace = wilks.examples.measurement()
    found = wilks.approximate(workspace, format="datacard")
    assert {one.kind for one in found.shifts} == {"norms", "interpolation", "statistics", ""}
    wilks.save_workspace(found.workspace, tmp_path / "card.txt")
    result = wilks.fit(wilks.compile_model(wilks.load_workspace(tmp_path / "card.txt")))
    (every,) = [one for one in found.shifts if one.kind == ""]
    assert result.values[result.names.index("r")] == pytest.approx(every.approximate_value, abs=1e-5)
    assert abs(every.shift) < 0.05


def test_other_formats_need_none() -> None:
    with pytest.raises(WorkspaceError, match='no approximations for the format "hs3", for "pyhf"'):
        wilks.approximate(wilks.examples.measurement(), format="hs3")


def _convert(*options: str) -> Any:
    return CliRunner().invoke(main, ["convert", *options])


def test_the_command_writes_and_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    workspace: Workspace = workspace_with("normsys, combine")
    workspace.save("w.json")
    assert _convert("w.json", "p.pyhf.json").exit_code == 2
    ran = _convert("w.json", "p.pyhf.json", "--approximate", "--notes", "n.json")
    assert ran.exit_code == 0
    assert "largest effect on a bin" in ran.stdout
    assert "shift / sigma" in ran.stdout
    assert 'approximate: parameter "jes": interpolation' in ran.stderr
    assert wilks.load_workspace("p.pyhf.json", format="pyhf").document.version == "1.0.0"
    notes = json.loads(Path("n.json").read_text())["written"]
    assert [(one["kind"], one["place"]) for one in notes] == [
        ("approximate", 'parameter "jes"'),
        ("approximate", 'parameter "mu"'),
    ]
    moved = wilks.approximate(workspace).shifts[0].shift
    assert f"by approximations of kind interpolation its fitted value moves by {moved:+.3f} of" in ran.stderr
    ran = _convert("w.json", "q.pyhf.json", "--approximate", "--json")
    record = json.loads(ran.stdout)
    assert record["files"] == ["q.pyhf.json"]
    assert {one["name"] for one in record["differences"]} == {"jes"}
    assert record["shifts"][0]["shift"] == pytest.approx(moved)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["x.hs3.json", "--approximate"], '--approximate is for "pyhf"'),
        (["x.pyhf.json", "--approximate", "--strict"], "--strict refuses what is approximate"),
        (["x.pyhf.json", "--json"], "give both"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], sentence: str, tmp_path: Path) -> None:
    wilks.load_workspace(FEATURES["normsys, combine"]).save(tmp_path / "w.json")
    ran = _convert(str(tmp_path / "w.json"), *options)
    assert ran.exit_code == 2
    assert sentence in ran.stderr


def test_terms_of_several_names_are_one_in_a_card_and_groups_follow() -> None:
    both = (modifier("mc", "staterror", [2.0, 3.0, 1.5]), modifier("unc", "shapesys", [4.0, 3.0, 2.5]))
    top = {"groups": [{"name": "all", "parameters": ["mc", "unc", "tilt"]}, {"name": "stat", "parameters": ["mc"]}]}
    found = wilks.approximate(wilks.load_workspace(spec((*both, SHAPE), top=top)), format="datacard")
    terms = [
        m for s in found.workspace.spec["channels"][0]["samples"] for m in s["modifiers"] if m["type"] == "staterror"
    ]
    assert [one["name"] for one in terms] == ["prop_binSR"]
    assert terms[0]["data"] == pytest.approx(np.hypot([2.0, 3.0, 1.5], [4.0, 3.0, 2.5]))
    assert found.workspace.spec["groups"] == [{"name": "all", "parameters": ["tilt"]}]
    assert max(abs(one.shift) for one in found.shifts) < 0.05
