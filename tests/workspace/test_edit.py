"""Workspaces with less in them against pyhf's own pruning, and the independent likelihood of the whole."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests import strategies
from tests.infer.counting import modifier, spec
from tests.reference.likelihood import Likelihood
from tests.workspace import documents

from wilks import compile_model, fit, load_workspace
from wilks.errors import WorkspaceError
from wilks.histogram import Axis
from wilks.workspace.edit import find_bins, mask_bins, rename_normfactor, select_channels, signal_bins
from wilks.workspace.validate import content_mistakes, structure_mistakes
from wilks.workspace.workspace import Workspace

RANDOM = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LESSON = "ttbar-lesson/workspace_repaired.json"
pytestmark = pytest.mark.filterwarnings("ignore:jsonschema.RefResolver is deprecated")  # pyhf uses it


def names_in_full(full: Likelihood, document: dict[str, Any], kept: list[str]) -> dict[str, str]:
    """Return what parameters of the full model are called where some channels are kept: components are counted anew."""
    names = {name: name for name in full.parameter_names}
    stat: dict[str, dict[str, int]] = {}
    for channel in document["channels"]:
        for sample in channel["samples"]:
            for m in sample["modifiers"]:
                if m["type"] == "staterror":
                    stat.setdefault(m["name"], {})[channel["name"]] = len(sample["data"])
    for name, bins in stat.items():
        old = new = 0
        for channel in sorted(bins):
            for _ in range(bins[channel]):
                if channel in kept:
                    names[f"{name}[{old}]"] = f"{name}[{new}]"
                    new += 1
                else:
                    names.pop(f"{name}[{old}]")
                old += 1
    return names


@RANDOM
@given(document=strategies.workspaces(), data=st.data())
def test_selected_channels_keep_their_part_of_the_likelihood(document: dict[str, Any], data: st.DataObject) -> None:
    kept = data.draw(strategies_of(document))
    restricted = select_channels(load_workspace(copy.deepcopy(document)), kept)
    assert structure_mistakes(restricted.spec) + content_mistakes(restricted.document) == []
    full = Likelihood(document)
    model = compile_model(restricted, poi="")
    names = names_in_full(full, document, kept)
    theta = strategies.random_theta(np.random.default_rng(data.draw(st.integers(0, 2**20))), full)
    new = model.nominal.copy()
    full_of = {b: a for a, b in names.items()}
    for i, name in enumerate(model.parameter_names):
        j = full.parameter_names.index(full_of[name])
        new[i] = theta[j]
        assert (model.bounds[0][i], model.bounds[1][i]) == (full.bounds[j][0], full.bounds[j][1])
        assert model.fixed[i] == full.fixed[j]
        expected_width = 0.0 if np.isnan(full.sigmas[j]) or full.fixed[j] else full.sigmas[j]
        if full.constraint_kinds[j] == "normal":
            np.testing.assert_allclose(model.prefit_uncertainties[i], expected_width, rtol=1e-12)
    rates = full.expected(theta)
    for channel in kept:
        np.testing.assert_allclose(
            model.expected(new)[model.channel_slices[channel]],
            rates[full.channel_bins[channel]],
            rtol=1e-12,
            atol=1e-12,
        )


@RANDOM
@given(document=strategies.workspaces(), data=st.data())
def test_masked_bins_are_empty_and_others_as_before(document: dict[str, Any], data: st.DataObject) -> None:
    full = Likelihood(document)
    bins = {
        name: data.draw(st.lists(st.integers(0, b.stop - b.start - 1), max_size=b.stop - b.start - 1, unique=True))
        for name, b in full.channel_bins.items()
    }
    model = compile_model(mask_bins(load_workspace(copy.deepcopy(document)), bins), poi="")
    assert set(model.parameter_names) <= set(full.parameter_names)
    theta = strategies.random_theta(np.random.default_rng(data.draw(st.integers(0, 2**20))), full)
    where = [full.parameter_names.index(name) for name in model.parameter_names]
    expected, observed = full.expected(theta), full.main_data.copy()
    for name, chosen in bins.items():
        for values in (expected, observed):
            values[full.channel_bins[name]][chosen] = 0.0
    np.testing.assert_allclose(model.expected(theta[where]), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(model.observed_main, observed)


def strategies_of(document: dict[str, Any]) -> st.SearchStrategy[list[str]]:
    names = [channel["name"] for channel in document["channels"]]
    return st.lists(st.sampled_from(names), min_size=1, unique=True)


@given(document=documents.workspaces(), data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_is_left_of_a_valid_document_is_valid(document: dict[str, Any], data: st.DataObject) -> None:
    whole = load_workspace(document)
    sizes = {channel.name: len(channel.samples[0].data) for channel in whole.document.channels}
    bins = {
        name: data.draw(st.lists(st.integers(0, size - 1), unique=True, max_size=size)) for name, size in sizes.items()
    }
    if all(len(chosen) == sizes[name] for name, chosen in bins.items()):
        with pytest.raises(WorkspaceError, match="nothing to fit"):
            mask_bins(whole, bins)
        return
    masked = mask_bins(whole, bins)
    assert structure_mistakes(masked.spec) + content_mistakes(masked.document) == []
    assert masked.spec == load_workspace(masked.spec).spec


def test_selecting_is_pyhfs_pruning(shared_data: Path) -> None:
    document = json.loads((shared_data / LESSON).read_text())
    whole = load_workspace(document)
    selected = select_channels(whole, "*CR")
    pruned = pyhf.Workspace(document).prune(channels=["4j2b SR"])
    theirs, ours = pruned.model(), compile_model(selected)
    assert set(theirs.config.par_names) == set(ours.parameter_names)
    order = [ours.parameter_names.index(name) for name in theirs.config.par_names]
    theta = ours.initial + 0.03 * np.arange(ours.n_parameters)
    expected = -theirs.logpdf(theta[order], pruned.data(theirs))[0]
    np.testing.assert_allclose(ours.nll(theta), float(expected), rtol=1e-10)
    assert selected.digest != whole.digest


def test_masked_bins_add_nothing_to_the_likelihood(shared_data: Path) -> None:
    document = json.loads((shared_data / LESSON).read_text())
    bins = {"4j2b SR": [0, 4, 5], "4j1b CR": [10]}
    masked, reference = compile_model(mask_bins(load_workspace(document), bins)), Likelihood(document)
    assert masked.parameter_names == reference.parameter_names
    gone = [f"staterror_4j2b-SR[{i}]" for i in bins["4j2b SR"]] + ["staterror_4j1b-CR[10]"]
    assert {name for name, fixed in zip(masked.parameter_names, masked.fixed, strict=True) if fixed} == set(gone)
    where = np.concatenate([np.arange(22)[reference.channel_bins[name]][chosen] for name, chosen in bins.items()])

    def expected(theta: np.ndarray) -> float:
        n, rate = reference.main_data[where], reference.expected(theta)[where]
        return float(reference.nll(theta) - (rate - n * np.log(rate)).sum())

    random = np.random.default_rng(3)
    first = reference.inits
    for _ in range(3):
        second = first + 0.2 * reference.scales() * random.normal(size=first.size)
        second[[reference.parameter_names.index(name) for name in gone]] = 1.0
        shift = masked.nll(second) - masked.nll(first)
        np.testing.assert_allclose(shift, expected(second) - expected(first), rtol=1e-9, atol=1e-7)


def test_axes_stay_and_whole_channels_go(shared_data: Path) -> None:
    whole = load_workspace(json.loads((shared_data / LESSON).read_text()))
    axis = Axis(np.linspace(0, 110, 12), label="m")
    workspace = Workspace(whole.document, {"4j2b SR": axis, "4j1b CR": axis})
    assert dict(select_channels(workspace, "4j2b SR").axes) == {"4j2b SR": axis}
    assert dict(mask_bins(workspace, {"4j2b SR": [1]}).axes) == dict(workspace.axes)
    masked = mask_bins(workspace, {"4j2b SR": range(11)})
    assert masked == select_channels(workspace, "4j1b CR")
    assert workspace.document == whole.document
    assert mask_bins(workspace, {}).digest == whole.digest


def test_parameters_without_a_bin_left_are_gone() -> None:
    background = [modifier("jes", "normsys", {"lo": 0.9, "hi": 1.1}), modifier("gamma", "staterror", [1.0, 2.0])]
    document = spec(
        {"SR": ([0.0, 5.0], [10.0, 12.0], [11.0, 18.0]), "CR": ([0.0, 0.0], [50.0, 60.0], [48.0, 63.0])},
        background=background,
        parameters=[
            {"name": "mu", "inits": [2.0]},
            {"name": "gamma", "sigmas": [0.1, 0.2, 0.3, 0.4], "bounds": [[0.1, k] for k in (5, 6, 7, 8)]},
        ],
    )
    for channel in document["channels"]:
        if channel["name"] == "CR":
            channel["samples"][0]["modifiers"] = []
    workspace = load_workspace(document)
    masked = compile_model(mask_bins(workspace, {"SR": [1]}))
    assert masked.poi is None  # its only yield was masked
    assert masked.parameter_names == ("jes", "gamma[0]", "gamma[1]", "gamma[2]", "gamma[3]")
    signal_region = compile_model(select_channels(workspace, ["SR"]))
    assert signal_region.poi == "mu"
    # Channels are in sorted order: the components of CR come first, and are cut.
    np.testing.assert_array_equal(signal_region.bounds[1][-2:], [7, 8])
    np.testing.assert_array_equal(signal_region.prefit_uncertainties[-2:], [0.3, 0.4])
    control = select_channels(workspace, "C?")
    assert [s.name for s in control.document.measurements[0].config.parameters] == ["gamma"]
    assert control.document.measurements[0].config.poi == ""


def test_a_masked_shapefactor_acts_on_nothing_and_is_held() -> None:
    document = spec(
        {"SR": ([5.0, 6.0], [10.0, 12.0], [11.0, 18.0]), "CR": ([0.0], [50.0], [48.0])},
        parameters=[{"name": "free", "inits": [1.0, 1.0]}],
    )
    document["channels"][0]["samples"][1]["modifiers"] = [modifier("free", "shapefactor")]
    masked = compile_model(mask_bins(load_workspace(document), {"SR": [1]}))
    for kept in ({"mu": 1.0}, {"mu": 1.0, "free[1]": 1.0}):
        result = fit(masked, fixed=kept)
        assert result.converged
        assert result["free[1]"].idle == ("free[1]" not in kept)
        assert result["free[0]"].value == pytest.approx((11 - 5) / 10)


def test_words_for_bins(shared_data: Path) -> None:
    workspace = load_workspace(spec({"SR": ([1.0] * 6, [1.0] * 6, [1.0] * 6), "SR[3]": ([1.0], [1.0], [1.0])}))
    assert find_bins(workspace, "SR") == {"SR": (0, 1, 2, 3, 4, 5)}
    assert find_bins(workspace, "SR[3]") == {"SR[3]": (0,)}  # an exact name wins
    assert find_bins(workspace, ["SR[0,3:6]", "SR[1]"]) == {"SR": (0, 1, 3, 4, 5)}
    assert find_bins(workspace, "SR*") == {"SR": (0, 1, 2, 3, 4, 5), "SR[3]": (0,)}
    assert find_bins(workspace, []) == {}
    with pytest.raises(WorkspaceError) as caught:
        find_bins(workspace, ["SR[4:9]", "CR", "S"])
    assert len(caught.value.problems) == 3
    assert 'SR[4:9]: channel "SR" has the bins 0 to 5, found 6' in caught.value.problems


def test_bins_by_signal_over_background() -> None:
    workspace = load_workspace(spec({"SR": ([1.0, 3.0, 2.0], [10.0, 10.0, 0.0], [1, 1, 1]), "CR": ([0.1], [9.0], [9])}))
    assert signal_bins(workspace, 0.1) == {"SR": (1, 2)}
    assert signal_bins(workspace, 0.0999) == {"SR": (0, 1, 2)}
    assert signal_bins(workspace, 5.0, signal="back*") == {"SR": (0,), "CR": (0,)} | {"SR": (0,)}
    with pytest.raises(WorkspaceError, match="name the samples that are signal"):
        signal_bins(workspace, 0.1, poi="nu")
    with pytest.raises(WorkspaceError, match='no sample "sig"'):
        signal_bins(workspace, 0.1, signal="sig")


def test_a_normfactor_becomes_several() -> None:
    workspace = load_workspace(
        spec(
            {"a": ([5.0], [10.0], [11.0]), "b": ([6.0], [12.0], [18.0]), "c": ([6.0], [12.0], [18.0])},
            parameters=[{"name": "mu", "inits": [2.0], "bounds": [[-1, 3]]}],
        )
    )
    split = rename_normfactor(workspace, "mu", {"a": "mu_1", "b": "mu_2"})
    model = compile_model(split)
    assert model.parameter_names == ("mu_1", "mu_2", "mu")
    np.testing.assert_array_equal(model.initial, 2.0)
    np.testing.assert_array_equal(model.bounds[1], 3.0)
    np.testing.assert_allclose(model.expected(np.array([1.0, 2.0, 3.0])), [15.0, 24.0, 30.0])
    assert rename_normfactor(workspace, "mu", dict.fromkeys("abc", "nu")).document.measurements[0].config.poi == "nu"
    for name, by_channel in (("mu_1", {"a": "x"}), ("mu_1", {"a": "mu"})):
        with pytest.raises(WorkspaceError):
            rename_normfactor(workspace, name, by_channel)


def test_mistakes_are_sentences() -> None:
    workspace = load_workspace(spec({"SR": ([5.0], [10.0], [11.0])}))
    with pytest.raises(WorkspaceError, match='no channel "SSR"'):
        select_channels(workspace, "SSR")
    with pytest.raises(WorkspaceError, match="no channel is selected"):
        select_channels(workspace, [])
    with pytest.raises(WorkspaceError) as caught:
        mask_bins(workspace, {"SR": [1], "CR": [0]})
    assert len(caught.value.problems) == 2
