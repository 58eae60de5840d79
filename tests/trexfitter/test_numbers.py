"""Imported examples of TRExFitter beside what TRExFitter printed: yields, effects, pruning and fit."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

import wilks
from wilks.cli import main
from wilks.results.fit import FitResult
from wilks.templates.store import Templates
from wilks.trexfitter.importing import load_trex


class Done(NamedTuple):
    """An example, built and fitted, and the folder of what TRExFitter printed."""

    templates: Templates
    result: FitResult
    expected: Path


def done(shared_data: Path, folder: Path, name: str) -> Done:
    """Return an example, run in a folder that has its input where its paths say."""
    (folder / "test").mkdir(parents=True, exist_ok=True)
    if not (folder / "test" / "inputs").exists():
        (folder / "test" / "inputs").symlink_to(shared_data / "trexfitter" / "inputs")
    (config,) = (shared_data / "trexfitter" / name).glob("*.config")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        analysis = load_trex(config)
        templates = wilks.process_templates(wilks.build_templates(analysis), analysis)
    result = wilks.fit(wilks.compile_model(wilks.build_workspace(templates, analysis)))
    return Done(templates, result, config.parent / "expected")


@pytest.fixture(scope="module")
def ntuple(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    return done(shared_data, tmp_path_factory.mktemp("ntuple"), "trex-fit-example-ntuple")


@pytest.fixture(scope="module")
def histograms(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    return done(shared_data, tmp_path_factory.mktemp("histograms"), "trex-fit-example")


def table(path: Path) -> dict[str, list[str]]:
    """Return the rows of a table that TRExFitter printed, by the first column."""
    rows = [line.strip(" |").split(" | ") for line in path.read_text().splitlines() if "|" in line]
    return {row[0].strip(" |"): [cell.strip() for cell in row[1:]] for row in rows}


def printed_fit(path: Path) -> dict[str, float]:
    """Return the parameters of a fit that TRExFitter printed."""
    found = re.findall(r"^(\S+)  (\S+) \+(\S+) -(\S+)$", path.read_text(), re.MULTILINE)
    return {name: float(value) for name, value, _, _ in found}


def printed_pruning(path: Path) -> dict[tuple[str, str, str], str]:
    """Return what TRExFitter's pruning left, by region, sample and systematic."""
    found, region, sample = {}, "", ""
    for line in path.read_text().splitlines():
        if match := re.match(r"In Region : (\S+)", line):
            region = match[1]
        elif match := re.match(r" -> In Sample : (\S+)", line):
            sample = match[1]
        elif match := re.match(r" --->>  (\S+) +is (.+)", line):
            found[region, sample, match[1]] = match[2].strip()
    return {key: word for key, word in found.items() if word != "not present"}


def our_pruning(templates: Templates) -> dict[tuple[str, str, str], str]:
    words = {(True, True): "kept", (True, False): "norm only", (False, True): "shape only", (False, False): "dropped"}
    found = {}
    for effect in templates.effects:
        shape = effect.keep_shape and effect.shape is not None
        found[effect.region, effect.sample, effect.systematic] = words[effect.keep_norm, shape]
    return found


def test_yields_of_ntuples(ntuple: Done) -> None:
    printed = table(ntuple.expected / "Yields.txt")
    titles = dict(zip(list(printed)[1:5], ("ttlight", "ttc", "ttb", "ttH"), strict=True)) | {"Data": "data"}
    regions = ("ljets_5j3b_HT", "ljets_6j4b_BDT")
    for title, sample in titles.items():
        for region, cell in zip(regions, printed[title], strict=True):
            histogram = ntuple.templates.nominal(region, sample)
            assert histogram is not None
            assert histogram.values().sum() == pytest.approx(float(cell.split()[0]), rel=3e-6)


def test_automatic_edges(ntuple: Done) -> None:
    histogram = ntuple.templates.nominal("ljets_6j4b_BDT", "ttH")
    assert histogram is not None
    assert histogram.axes[0].edges.tolist() == pytest.approx([-1, -0.279, -0.1006, 0.0552, 0.21, 0.3908, 1], abs=1e-9)


@pytest.mark.parametrize("region", ["ljets_5j3b_HT", "ljets_6j4b_BDT"])
def test_effects_on_yields_of_ntuples(ntuple: Done, region: str) -> None:
    printed = list(table(ntuple.expected / f"{region}_syst.txt").values())[1:]
    names = ("ATLAS_lumi", "ATLAS_PRW_DATASF", "ATLAS_JVT", "ttlight_Gen", "ttc_Gen", "ttb_Gen")
    compared = 0
    for name, row in zip(names, printed, strict=True):
        for sample, cell in zip(("ttlight", "ttc", "ttb", "ttH"), row, strict=True):
            effect = ntuple.templates.effect(region, sample, name)
            if effect is not None:
                for value, text in zip(effect.norm, cell.split(" / "), strict=True):
                    assert value == pytest.approx(float(text), rel=5e-6, abs=6e-8)  # six digits are printed
                compared += 1
    assert compared == 15


def test_pruning_of_ntuples(ntuple: Done) -> None:
    printed, ours = printed_pruning(ntuple.expected / "PruningText.txt"), our_pruning(ntuple.templates)
    assert printed == ours
    assert len(ours) == 30


def test_fit_to_ntuples(ntuple: Done) -> None:
    printed = printed_fit(ntuple.expected / "FitExampleNtuple.txt")
    mu = ntuple.result["mu_XS_ttH"]
    # +0.462 -0.475 there, from MINOS.
    assert mu.value == pytest.approx(printed["mu_XS_ttH"], abs=0.001)
    assert mu.uncertainty == pytest.approx((0.461898 + 0.475113) / 2, rel=0.01)
    assert ntuple.result["tt_norm"].value == pytest.approx(printed["tt_norm"], abs=0.0001)
    for name in ("ttlight_Gen", "ttc_Gen", "ttb_Gen", "ATLAS_JVT", "ATLAS_lumi"):
        assert ntuple.result[name].value == pytest.approx(printed[name], abs=0.002)
    for region, bins in (("ljets_5j3b_HT", 6), ("ljets_6j4b_BDT", 6)):
        for number in range(bins):
            gamma = ntuple.result[f"staterror_{region}[{number}]"].value
            assert gamma == pytest.approx(printed[f"gamma_stat_{region}_bin_{number}"], abs=0.0001)


def test_histograms(histograms: Done) -> None:
    printed = table(histograms.expected / "Yields.txt")
    for number, region in enumerate(("SR_1", "SR_2")):
        for title, samples in (("Background", ("Bkg1", "Bkg2")), ("Signal", ("Signal",)), ("Data 2015", ("Data",))):
            found = [histograms.templates.nominal(region, sample) for sample in samples]
            total = sum(float(histogram.values().sum()) for histogram in found if histogram is not None)
            assert total == pytest.approx(float(printed[title][number].split()[0]), rel=3e-6)
    assert printed_pruning(histograms.expected / "PruningText.txt") == our_pruning(histograms.templates)
    effects = table(histograms.expected / "SR_1_syst.txt")
    for title, name in (("Jet Energy Scale", "JES"), ("Backgr. 1 Cross-Section", "Bkg1Xsec")):
        effect = histograms.templates.effect("SR_1", "Bkg1", name)
        assert effect is not None
        assert effect.norm == pytest.approx([float(part) for part in effects[title][0].split(" / ")], abs=1e-7)
    fit = printed_fit(histograms.expected / "FitExample.txt")
    assert histograms.result["SigXsecOverSM"].value == pytest.approx(fit["SigXsecOverSM"], abs=1e-6)
    sizes = dict(
        re.findall(r"^(\S+)  \S+ \+(\S+) -", (histograms.expected / "FitExample.txt").read_text(), re.MULTILINE)
    )
    for name in ("JES", "Bkg1Xsec", "Bkg2Xsec"):
        assert histograms.result[name].value == pytest.approx(fit[name], abs=0.0001)
        # Of a parameter with limits, MINUIT's error is that of the sine which keeps it inside: a little less.
        # (Its derivatives are numerical, good to some 1e-4.)
        as_minuit = 5 * math.sin(histograms.result[name].uncertainty / 5)
        assert as_minuit == pytest.approx(float(sizes[name]), rel=1e-3)
    for region in ("SR_1", "SR_2"):
        for number in range(4):
            gamma = histograms.result[f"staterror_{region}[{number}]"].value
            assert gamma == pytest.approx(fit[f"gamma_stat_{region}_bin_{number}"], abs=0.0001)
            size = histograms.result[f"staterror_{region}[{number}]"].uncertainty
            assert size == pytest.approx(float(sizes[f"gamma_stat_{region}_bin_{number}"]), rel=0.005)


def test_commands_take_the_configuration(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "inputs").symlink_to(shared_data / "trexfitter" / "inputs")
    monkeypatch.chdir(tmp_path)
    config = shared_data / "trexfitter" / "trex-fit-example" / "FitExample.config"
    direct = CliRunner().invoke(main, ["workspace", str(config), "-o", "direct.json"])
    assert direct.exit_code == 0, direct.output
    assert CliRunner().invoke(main, ["import-trex", str(config), "-o", "config.yml"]).exit_code == 0
    assert CliRunner().invoke(main, ["workspace", "config.yml", "-o", "imported.json"]).exit_code == 0
    assert Path("direct.json").read_bytes() == Path("imported.json").read_bytes()


def test_statistics_alone(shared_data: Path, tmp_path: Path) -> None:
    found = done(shared_data, tmp_path, "trex-fit-example-statonly")
    assert [*found.result.names] == ["SigXsecOverSM"]
    assert found.result["SigXsecOverSM"].value == pytest.approx(0, abs=1e-6)
