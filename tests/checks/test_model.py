"""What a fit would refuse, and what its data can't determine, is found before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.infer.searches import MU, Spec, modifier, workspace

import wilks
from wilks import check, load_workspace
from wilks.errors import ModelError
from wilks.results.findings import Finding, Severity

JES = modifier("jes", "normsys", {"lo": 0.97, "hi": 1.03})


def factor(name: str) -> Spec:
    return modifier(name, "normfactor")


def only(spec: Spec, rule: str) -> Finding:
    (finding,) = check(load_workspace(spec)).of_rule(rule)
    return finding


REFUSED: dict[str, tuple[Spec, str]] = {
    "lumi without settings": (
        workspace({"SR": {"s": ([5.0], [MU, modifier("lumi", "lumi")]), "b": ([50.0], [JES])}}, {"SR": [57]}),
        'parameter "lumi"',
    ),
    "component and factor of one name": (
        workspace(
            {"SR": {"s": ([5.0, 1.0], [MU]), "b": ([50.0, 9.0], [modifier("u", "shapesys", [2, 2]), factor("u[0]")])}},
            {"SR": [57, 9]},
        ),
        'parameter "u[0]"',
    ),
    "shapesys used twice": (
        workspace(
            {
                "SR": {"s": ([5.0], [MU]), "b": ([50.0], [modifier("u", "shapesys", [2])])},
                "CR": {"b": ([50.0], [modifier("u", "shapesys", [2])])},
            },
            {"SR": [57], "CR": [50]},
        ),
        'parameter "u"',
    ),
    "outside its bounds": (
        workspace({"SR": {"s": ([5.0], [MU]), "b": ([50.0], [JES])}}, {"SR": [57]}, [{"name": "mu", "inits": [11.0]}]),
        'parameter "mu"',
    ),
    "no parameters": (workspace({"SR": {"b": ([50.0], [])}}, {"SR": [57]}, poi=""), "workspace"),
    "POI with components": (
        workspace({"SR": {"b": ([50.0, 3.0], [modifier("f", "shapefactor")])}}, {"SR": [57, 3]}, poi="f"),
        'parameter "f"',
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_fit_refuses_is_an_error(name: str) -> None:
    spec, place = REFUSED[name]
    with pytest.raises(ModelError) as refused:
        wilks.compile_model(load_workspace(spec))
    finding = only(spec, "refused-model")
    assert finding.severity == Severity.ERROR
    assert finding.place == place
    said = finding.message.lower()
    assert any(problem.lower().removeprefix(f"{place.lower()}: ") in said for problem in refused.value.problems)


def test_each_measurement_is_looked_at() -> None:
    spec, _ = REFUSED["outside its bounds"]
    good = workspace({"SR": {"s": ([5.0], [MU]), "b": ([50.0], [JES])}}, {"SR": [57]})
    second = {"name": "second", "config": spec["measurements"][0]["config"]}
    finding = only(good | {"measurements": [*good["measurements"], second]}, "refused-model")
    assert "Measurement second" in finding.message


def test_negative_data_have_a_channel_and_a_bin_in_check_and_in_fit() -> None:
    spec = workspace({"SR": {"s": ([5.0, 2.0], [MU]), "b": ([50.0, 9.0], [JES])}}, {"SR": [57, -1]})
    finding = only(spec, "negative-data")
    assert (finding.severity, finding.place) == (Severity.ERROR, 'channel "SR"')
    assert "bin 1" in finding.message
    with pytest.raises(ModelError, match=r'channel "SR", bin 1: .* is -1'):
        wilks.fit(wilks.compile_model(load_workspace(spec)))


def test_data_of_channels_that_do_not_exist() -> None:
    spec = workspace({"SR": {"s": ([5.0], [MU]), "b": ([50.0], [JES])}}, {"SR": [57], "XX": [3], "YY": [-3]})
    finding = only(spec, "unknown-observation")
    assert finding.place == 'observation "XX, YY"'
    assert not check(load_workspace(spec)).of_rule("negative-data").items


def test_idle_parameters_by_component() -> None:
    shape = modifier("f", "shapefactor")
    spec = workspace({"SR": {"s": ([5.0, 2.0, 1.0], [MU]), "b": ([50.0, 0.0, 0.0], [JES, shape])}}, {"SR": [57, 2, 1]})
    finding = only(spec, "idle-factor")
    assert finding.place == 'parameter "f[1], f[2]"'
    assert 'fixed={"f[1]": 1}' in finding.advice
    off = workspace(
        {"SR": {"s": ([5.0], [MU]), "b": ([50.0], [JES]), "c": ([4.0], [factor("switch"), factor("k")])}},
        {"SR": [57]},
        [{"name": "switch", "inits": [0.0], "fixed": True}],
    )
    assert "removes what it acts on" in only(off, "idle-factor").message


@pytest.mark.parametrize(
    ("channels", "data", "names", "said"),
    [
        ({"SR": {"s": ([5.0], [MU]), "b": ([50.0], [factor("k"), JES])}}, {"SR": [57]}, {"mu", "k"}, "no rate"),
        (
            {"SR": {"s": ([5.0, 2.0], [MU, factor("k")]), "b": ([50.0, 4.0], [JES])}},
            {"SR": [57, 4]},
            {"mu", "k"},
            "only their product",
        ),
        (
            {
                "A": {"s": ([5.0], [MU]), "b": ([50.0], [factor("k")])},
                "B": {"s": ([10.0], [MU]), "b": ([100.0], [factor("k")])},
            },
            {"A": [57], "B": [104]},
            {"mu", "k"},
            "no rate",
        ),
    ],
)
def test_factors_that_can_not_be_told_apart(
    channels: Any, data: dict[str, list[float]], names: set[str], said: str
) -> None:
    spec = workspace(channels, data)
    finding = only(spec, "inseparable-factors")
    assert finding.severity == Severity.ERROR
    assert set(finding.cases[0].systematic.split(", ")) == names
    assert said in finding.message
    assert not wilks.fit(wilks.compile_model(load_workspace(spec))).converged


def test_a_published_search_without_its_control_regions(shared_data: Path) -> None:
    folder = shared_data / "likelihoods" / "atlas-3L-eRJR-2018-06"
    patches = wilks.load_patchset(folder / "patchset.json")
    whole = patches.apply(wilks.load_workspace(folder / "BkgOnly.json"), patches.names[0])
    assert not check(whole).of_rule("inseparable-factors").items
    alone = wilks.select_channels(whole, "SR*")
    (finding,) = check(alone).of_rule("inseparable-factors")
    assert set(finding.cases[0].systematic.split(", ")) == {"mu_SIG", "mu_WZISR", "mu_WZLow"}
    result = wilks.fit(wilks.compile_model(alone))
    assert {p.name for p in result if p.flat} == {"mu_SIG", "mu_WZISR", "mu_WZLow"}
    assert all(p.uncertainty > 0 for p in result if not (p.flat or p.fixed or p.at_bound))


def test_uncertainties_that_are_dropped() -> None:
    """As pyhf, the parameter is held where the yield is not above zero; that is told with bin and sample."""
    stat, shape = modifier("g", "staterror", [1.0, 10.0]), modifier("u", "shapesys", [1.0, 3.0])
    spec = workspace({"SR": {"s": ([5.0, -50.0], [MU, stat]), "b": ([50.0, 500.0], [JES])}}, {"SR": [57, 450]})
    finding = only(spec, "staterror-on-nothing")
    assert finding.place == 'channel "SR"'
    assert "in bin 1 (from 0) of s (largest 10)" in finding.message
    model = wilks.compile_model(load_workspace(spec))
    assert model.fixed[model.index("g[1]")]
    spec = workspace({"SR": {"s": ([5.0, -50.0], [MU, shape]), "b": ([50.0, 500.0], [JES])}}, {"SR": [57, 450]})
    assert "in bin 1 (from 0) of s (largest 3)" in only(spec, "shapesys-on-nothing").message
    # Two staterrors of a channel are looked at one by one.
    other = modifier("h", "staterror", [2.0, 5.0])
    spec = workspace({"SR": {"s": ([5.0, -50.0], [MU, stat]), "b": ([50.0, 500.0], [other])}}, {"SR": [57, 450]})
    assert "of s (largest 10)" in only(spec, "staterror-on-nothing").message


def test_a_background_below_zero() -> None:
    spec = workspace(
        {"SR": {"s": ([5.0, 3.0], [MU]), "b": ([50.0, 1.0], [JES]), "i": ([-2.0, -1.5], [])}}, {"SR": [53, 2]}
    )
    finding = only(spec, "negative-background")
    assert (finding.severity, finding.place) == (Severity.ERROR, 'channel "SR"')
    assert "bin 1 (from 0) (lowest -0.5)" in finding.message
    assert not check(load_workspace(spec)).of_rule("signal-only").items
