"""The generator of examples/ttbar: same seed same events, healthy variations, ntuples and histograms that agree."""

from __future__ import annotations

import importlib
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import boost_histogram as bh
import numpy as np
import pytest
import uproot
import yaml

import wilks

EXAMPLE = Path(__file__).parents[2] / "examples" / "ttbar"


@pytest.fixture(scope="module")
def example() -> Iterator[dict[str, ModuleType]]:
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield {name: importlib.import_module(name) for name in ("simulation", "generate")}
    finally:
        sys.path.remove(str(EXAMPLE))
        for name in ("simulation", "generate"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def folder(example: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("example")
    example["generate"].generate(target, seed=1)
    return target


@pytest.fixture(scope="module")
def steering() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((EXAMPLE / "config.yml").read_text())
    return config


@pytest.fixture(scope="module")
def histograms(folder: Path) -> dict[str, Any]:
    with uproot.open(folder / "input" / "histograms.root") as file:
        return {name: file[name] for name in file.keys(cycle=False)}


def _blocks(steering: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for region in steering["Regions"]:
        for sample in steering["Samples"]:
            yield region, sample


def test_output_is_small_and_complete(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 7
    assert all(path.suffix == ".root" and not path.name.startswith(".") for path in files)
    assert sum(path.stat().st_size for path in files) < 15e6


def test_nominal_templates_are_healthy(steering: dict[str, Any], histograms: dict[str, Any]) -> None:
    for region in steering["Regions"]:
        total, variance = np.zeros(11), np.zeros(11)
        for sample in steering["Samples"]:
            histogram = histograms[f"{region['RegionPath']}_{sample['SamplePath']}"]
            values, variances = histogram.values(), histogram.variances()
            assert np.all(values > 0)
            if sample.get("Data"):
                data = values
                np.testing.assert_array_equal(values, np.round(values))
                np.testing.assert_array_equal(variances, values)
            else:
                assert np.all(np.sqrt(variances) / values < 0.25)
                total, variance = total + values, variance + variances
        assert np.all(np.sqrt(variance) / total < 0.05)
        assert np.all(np.abs(data / total - 1) < 0.15)


def test_axis_titles_survive(histograms: dict[str, Any]) -> None:
    assert histograms["4j1b_ttbar"].axis().member("fTitle") == "H_{T} [GeV]"
    assert histograms["4j2b_ttbar_ME_var"].axis().member("fTitle") == "m_{bjj} [GeV]"


def test_every_variation_is_healthy(steering: dict[str, Any], histograms: dict[str, Any]) -> None:
    checked = 0
    for systematic in steering["Systematics"]:
        if systematic["Type"] == "Normalization":
            assert (systematic["Up"]["Normalization"], systematic["Down"]["Normalization"]) == (0.03, -0.03)
            continue
        for region, sample in _blocks(steering):
            if sample.get("Data") or sample["Name"] != systematic.get("Samples", sample["Name"]):
                continue
            nominal_name = f"{region['RegionPath']}_{sample['SamplePath']}"
            nominal = histograms[nominal_name].values()
            effects = []
            for side in ("Up", "Down"):
                if "VariationPath" in systematic[side]:
                    varied = histograms[nominal_name + systematic[side]["VariationPath"]].values()
                    assert np.all(varied > 0)
                    assert np.all(np.abs(varied / nominal - 1) < 0.3)
                    effects.append(varied.sum() / nominal.sum() - 1)
            place = (systematic["Name"], nominal_name, effects)
            assert all(1e-4 < abs(effect) < 0.1 for effect in effects), place
            if len(effects) == 2:
                assert effects[0] * effects[1] < 0, place
            checked += 1
    assert checked == 2 * (4 + 6 * 5)


def test_the_top_quark_peaks_and_w_jets_do_not(folder: Path) -> None:
    def share_at_top_mass(sample: str) -> float:
        with uproot.open(folder / "input" / "ntuples" / f"{sample}.root") as file:
            mass = file["events"].arrays(["m_bjj"], cut="n_btag >= 2", library="np")["m_bjj"]
        return float(np.mean(np.abs(mass - 173) < 15) / np.mean(np.abs(mass - 173) < 45))

    assert share_at_top_mass("ttbar") > 0.42
    assert share_at_top_mass("wjets") < 0.38


def test_ntuples_as_steered_give_the_histograms(folder: Path, histograms: dict[str, Any]) -> None:
    """Independent reference: boost-histogram fills what config_ntuples.yml describes."""
    ntuples = yaml.safe_load((EXAMPLE / "config_ntuples.yml").read_text())
    steering = yaml.safe_load((EXAMPLE / "config.yml").read_text())
    sides: list[tuple[dict[str, Any], str]] = [({}, "")]
    for of_ntuples, of_histograms in zip(ntuples["Systematics"], steering["Systematics"], strict=True):
        assert of_ntuples["Name"] == of_histograms["Name"]
        sides += [
            (of_ntuples[side], of_histograms[side]["VariationPath"])
            for side in ("Up", "Down")
            if "VariationPath" in of_histograms[side]
        ]
    compared = set()
    for region, named in zip(ntuples["Regions"], steering["Regions"], strict=True):
        for sample in ntuples["Samples"]:
            path = folder / ntuples["General"]["InputPath"].format(SamplePath=sample["SamplePath"])
            for override, variation in sides:
                name = f"{named['RegionPath']}_{sample['SamplePath']}{variation}"
                if name not in histograms:
                    continue
                block = sample | override
                columns = [region["Variable"], *([block["Weight"]] if "Weight" in block else [])]
                with uproot.open(path) as file:
                    events = file[block["Tree"]].arrays(columns, cut=region["Filter"], library="np")
                filled = bh.Histogram(bh.axis.Variable(region["Binning"]), storage=bh.storage.Weight())
                weight = events[block["Weight"]].astype(float) if "Weight" in block else None
                filled.fill(events[region["Variable"]].astype(float), weight=weight)
                expected = filled.view(flow=True)
                np.testing.assert_allclose(histograms[name].values(flow=True), expected.value, rtol=1e-12)
                np.testing.assert_allclose(histograms[name].variances(flow=True), expected.variance, rtol=1e-12)
                compared.add(name)
    assert compared == set(histograms)


def test_both_steering_files_give_the_same_templates(folder: Path) -> None:
    made = []
    for name in ("config.yml", "config_ntuples.yml"):
        (folder / name).write_text((EXAMPLE / name).read_text())
        made.append(wilks.build_templates(wilks.load_config(folder / name)))
    assert set(made[0]) == set(made[1])
    for key, histogram in made[0].items():
        np.testing.assert_allclose(made[1][key].values(), histogram.values(), rtol=1e-11)
        np.testing.assert_allclose(made[1][key].variances(), histogram.variances(), rtol=1e-11)


def test_same_seed_same_events(example: dict[str, ModuleType]) -> None:
    generate = example["generate"]
    first, again, other = (generate.simulated_sample(np.random.default_rng([s, 2]), "single_top_tW") for s in (1, 1, 2))
    for tree, events in first.items():
        for column, values in events.items():
            np.testing.assert_array_equal(values, again[tree][column])
    assert not np.array_equal(first["events"]["HT"][:100], other["events"]["HT"][:100])


def test_decay_conserves_momentum_and_masses(example: dict[str, ModuleType]) -> None:
    simulation = example["simulation"]
    rng = np.random.default_rng(5)
    parent = simulation.four_vector(rng.exponential(80, 500), rng.normal(0, 1, 500), rng.uniform(-3, 3, 500), 172.5)
    daughters = simulation.decay(rng, parent, 172.5, 4.7, 80.4)
    np.testing.assert_allclose(sum(daughters), parent, atol=1e-9)
    for daughter, mass in zip(daughters, (4.7, 80.4), strict=True):
        invariant = daughter[:, 0] ** 2 - np.sum(daughter[:, 1:] ** 2, axis=1)
        np.testing.assert_allclose(invariant, mass**2, atol=1e-12 * np.max(parent[:, 0]) ** 2)


def test_tag_weights_keep_the_total_probability(example: dict[str, ModuleType]) -> None:
    """A changed efficiency moves events between tag patterns: probability times weight sums to 1 over all patterns."""
    simulation = example["simulation"]
    flavour = np.array([2, 2, 1, 0, 0])
    patterns = np.array([(*tags, False) for tags in itertools.product([False, True], repeat=4)])
    pt = np.tile([150.0, 60.0, 45.0, 90.0, 0.0], (len(patterns), 1))  # the last jet is absent
    np.testing.assert_allclose(simulation.TAG_EFFICIENCY, [0.016, 0.15, 0.70], rtol=0.03)
    efficiency = simulation.TAG_EFFICIENCY[flavour[:4]]
    probability = np.where(patterns[:, :4], efficiency, 1 - efficiency).prod(axis=1)
    weights = simulation.tag_weights(pt, np.tile(flavour, (len(pt), 1)), patterns)
    assert len(weights) == 8
    for weight in weights.values():
        assert not np.allclose(weight, 1)
        np.testing.assert_allclose(probability @ weight, 1, rtol=1e-12)


def test_best_bjj_mass_of_a_hand_made_event(example: dict[str, ModuleType]) -> None:
    """Three of four jets point the same way; a fifth pair opposite has no tag and the fourth jet is too soft."""
    pt = np.array([[100.0, 80.0, 60.0, 40.0, 0, 0, 0, 0]])
    phi = np.array([[0.0, 0.5, -0.5, np.pi, 0, 0, 0, 0]])
    eta = np.array([[0.1, -0.2, 0.3, 0.0, 0, 0, 0, 0]])
    jets = [(pt[0, i], eta[0, i], phi[0, i]) for i in range(4)]

    def mass(chosen: tuple[int, ...]) -> float:
        pairs = [(jets[i], jets[j]) for i in chosen for j in chosen if i < j]
        squares = [2 * a[0] * b[0] * (np.cosh(a[1] - b[1]) - np.cos(a[2] - b[2])) for a, b in pairs]
        return float(np.sqrt(sum(squares)))

    for tagged_jet, chosen in ((1, (0, 1, 2)), (3, (0, 1, 3))):
        tagged = np.arange(8)[None, :] == tagged_jet
        found = example["simulation"].best_bjj_mass(pt, eta, phi, tagged)
        np.testing.assert_allclose(found, mass(chosen), rtol=1e-12)


def test_existing_input_is_kept(tmp_path: Path) -> None:
    existing = tmp_path / "input" / "histograms.root"
    existing.parent.mkdir()
    existing.write_text("mine")
    command = [sys.executable, str(EXAMPLE / "generate.py"), "--output", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--force" in done.stdout
    assert existing.read_text() == "mine"


def test_both_steering_files_load() -> None:
    for name in ("config.yml", "config_ntuples.yml"):
        config = wilks.load_config(EXAMPLE / name)
        assert config.general.poi == "ttbar_norm"
        assert len(config.systematics) == 11
        assert config.reads_ntuples == (name == "config_ntuples.yml")
