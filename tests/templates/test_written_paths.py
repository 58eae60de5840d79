"""Paths as users write them: home folders, choices, slashes and blanks too many, colons. Checked with cabinetry 0.6."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boost_histogram as bh
import numpy as np
import pytest
import uproot

from wilks.config.load import load_config
from wilks.config.paths import resolve_inputs, tidy_name
from wilks.errors import ConfigError, TemplateError
from wilks.histogram import Histogram
from wilks.templates.build import build_templates
from wilks.templates.store import Templates


def write(path: Path, factor: int = 1) -> None:
    """Write a file with a histogram of content 1, 2 and a tree with its entries, some of them times a factor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    histogram = bh.Histogram(bh.axis.Regular(2, 0, 2))
    histogram[...] = np.array([1.0, 2.0]) * factor
    with uproot.recreate(path) as file:
        for name in ("bkg", "SR/bkg", "a:b"):
            file[name] = histogram
        for name in ("t", "deep/t"):
            file.mktree(name, {"x": np.dtype("f8")}).extend({"x": np.repeat([0.5, 1.5], [factor, 2 * factor])})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("paths")
    names = ("in.root", "home/in.root", "a:b/in.root", "x:y.root", "sp ace/in.root", "IN.ROOT", "in.root.2")
    for name in names:
        write(folder / name)
    for number in (1, 2, 3):
        write(folder / f"mc_{number}.root", 10**number)
    write(folder / "mc_{9,8}.root", 7)
    return folder


@pytest.fixture(autouse=True)
def there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder / "home"))


def built(input_path: str, sample_path: Any, tree: str | None = None) -> Templates:
    region: dict[str, Any] = {"Name": "SR"}
    sample: dict[str, Any] = {"Name": "B", "SamplePath": sample_path}
    if tree is not None:
        region |= {"Variable": "x", "Binning": [0, 1, 2]}
        sample |= {"Tree": tree}
    general = {"Measurement": "m", "POI": "mu", "InputPath": input_path, "HistogramFolder": "h"}
    samples = [sample, sample | {"Name": "Data", "Data": True}]
    norm_factors = [{"Name": "mu", "Samples": "B"}]
    document = {"General": general, "Regions": [region], "Samples": samples, "NormFactors": norm_factors}
    return build_templates(load_config(document))


def contents(templates: Templates) -> list[float]:
    found = templates.nominal("SR", "B")
    assert isinstance(found, Histogram)
    return found.contents.tolist()


@pytest.mark.parametrize(
    ("input_path", "sample_path"),
    [
        ("~/in.root:{SamplePath}", "bkg"),
        ("in.root:/{SamplePath}", "bkg"),
        ("in.root://{SamplePath}", "bkg"),
        ("in.root:SR//{SamplePath}", "bkg"),
        ("in.root:SR/{SamplePath}/", "bkg"),
        ("in.root:SR/{SamplePath}", "/bkg"),
        ("in.root:SR /{SamplePath}", " bkg "),
        (" in.root:{SamplePath}", "bkg"),
        ("in.root: {SamplePath}", "bkg "),
        ("in.root :{SamplePath}", "bkg"),
        (".//in.root:{SamplePath}", "bkg"),
        ("a:b/in.root:{SamplePath}", "bkg"),
        ("a:b/in.root:{SamplePath}", "a:b"),
        ("x:y.root:{SamplePath}", "a:b"),
        ("sp ace/in.root:{SamplePath};1", "bkg"),
        ("IN.ROOT:{SamplePath}", "a:b"),
        ("in.root.2:{SamplePath}", "a:b"),
        ("file:in.root:{SamplePath}", "bkg"),
    ],
)
def test_histograms(input_path: str, sample_path: str) -> None:
    assert contents(built(input_path, sample_path)) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("input_path", "sample_path", "tree", "times"),
    [
        ("{SamplePath}", "~/in.root", "t", 1),
        ("~/{SamplePath}", "in*.root", "t", 1),
        ("{SamplePath}", "mc_{1,2}.root", "t", 110),
        ("mc_{1,3}.{SamplePath}", "root", "t", 1010),
        ("{SamplePath}", "mc_{1,[23]}.root", "t", 1110),
        ("{SamplePath}", "{mc_1,mc_2}.r{oot,}", "t", 110),
        ("{SamplePath}", "mc_{1,1}.root", "t", 10),
        ("{SamplePath}", "mc_{9,8}.root", "t", 7),
        ("{SamplePath}", "{home,sp ace}/in.root", "t", 2),
        ("{SamplePath}", ["mc_{1,2}.root", "mc_[23].root"], "t", 1110),
        ("{SamplePath}", " mc_1.root ", " t ", 10),
        ("{SamplePath}", "a:b/in.root", "/deep//t/", 1),
        ("{SamplePath}", "x:y.root", "t;1", 1),
    ],
)
def test_ntuples(input_path: str, sample_path: Any, tree: str, times: int) -> None:
    assert contents(built(input_path, sample_path, tree)) == [times, 2 * times]


def test_a_choice_without_file_is_told() -> None:
    templates = built("{SamplePath}", "mc_{1,5}.root", "t")
    assert contents(templates) == [10, 20]
    assert templates.events is not None
    assert any('"mc_{1,5}.root": there is no file "mc_5.root"' in note for note in templates.events.notes)


def test_names_that_are_as_written_come_first(tmp_path: Path) -> None:
    histogram = bh.Histogram(bh.axis.Regular(2, 0, 2))
    with uproot.recreate(tmp_path / "in.root") as file:
        file["bkg"] = histogram
        histogram[...] = np.array([3.0, 4.0])
        file["bkg "] = histogram
    assert contents(built(f"{tmp_path}/in.root:{{SamplePath}}", "bkg ")) == [3.0, 4.0]
    assert contents(built(f"{tmp_path}/in.root:{{SamplePath}}", "bkg")) == [0.0, 0.0]


def test_what_is_not_there() -> None:
    with pytest.raises(TemplateError, match=r'no input file "mc_\{5,6\}.root"'):
        built("{SamplePath}", "mc_{5,6}.root", "t")
    with pytest.raises(TemplateError, match='no object "bgk"; did you mean "bkg"'):
        built("in.root:{SamplePath}", "bgk")
    with pytest.raises(ConfigError, match="unknown placeholder"):
        load_config({"General": {"Measurement": "m", "POI": "", "InputPath": "{Sample}", "HistogramFolder": "h"}})


def test_choices_do_not_unfold_without_limit() -> None:
    config = load_config(
        {
            "General": {"Measurement": "m", "POI": "mu", "InputPath": "in.root:{SamplePath}", "HistogramFolder": "h"},
            "Regions": [{"Name": "SR"}],
            "Samples": [{"Name": "B", "SamplePath": "b"}, {"Name": "D", "SamplePath": "b", "Data": True}],
            "NormFactors": [{"Name": "mu", "Samples": "B"}],
        }
    )
    with pytest.raises(ConfigError, match="more than 10000 files"):
        resolve_inputs(config, "{a,b}" * 40)
    assert resolve_inputs(config, "root://host//mc_{1,2}.root") == (
        ["root://host//mc_1.root", "root://host//mc_2.root"],
        [],
    )


def test_tidy_names() -> None:
    assert tidy_name(" /SR// ttbar / nominal/") == "SR/ttbar/nominal"
    assert tidy_name("two words") == "two words"
