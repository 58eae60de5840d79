from __future__ import annotations

from pathlib import Path
from typing import Any

import boost_histogram as bh
import hist
import numpy as np
import pytest
import uproot

from wilks import Histogram, build_templates, load_config
from wilks.config.schema import Config
from wilks.errors import TemplateError
from wilks.templates.build import needed_templates
from wilks.templates.sources import template_paths
from wilks.templates.store import TemplateKey


def weighted(edges: list[float], contents: Any, variances: Any, label: str = "") -> Any:
    histogram = hist.Hist(hist.axis.Variable(edges, label=label), storage=hist.storage.Weight())
    histogram.values()[...] = contents
    histogram.variances()[...] = variances
    return histogram


def steering(**changes: Any) -> dict[str, Any]:
    """Two regions; the signal only in SR; every kind of systematic."""
    base: dict[str, Any] = {
        "General": {
            "Measurement": "m",
            "POI": "mu",
            "InputPath": "in.root:{RegionPath}/{SamplePath}{VariationPath}",
            "HistogramFolder": "h",
        },
        "Regions": [{"Name": "SR", "RegionPath": "sr"}, {"Name": "CR", "RegionPath": "cr", "Variable": "m [GeV]"}],
        "Samples": [
            {"Name": "Data", "SamplePath": "data", "Data": True},
            {"Name": "Signal", "SamplePath": "sig", "Regions": "SR"},
            {"Name": "Bkg", "SamplePath": "bkg"},
        ],
        "NormFactors": [{"Name": "mu", "Samples": "Signal"}],
        "Systematics": [
            {"Name": "Lumi", "Type": "Normalization", "Up": {"Normalization": 0.1}, "Down": {"Normalization": -0.1}},
            {
                "Name": "JES",
                "Type": "NormPlusShape",
                "Up": {"VariationPath": "_up"},
                "Down": {"VariationPath": "_down"},
                "Samples": "Bkg",
            },
            {
                "Name": "PS",
                "Type": "NormPlusShape",
                "Up": {"Symmetrize": True},
                "Down": {"SamplePath": "alt"},
                "Regions": "CR",
            },
        ],
    }
    return base | changes


NEEDED = [
    TemplateKey("SR", "Data"),
    TemplateKey("SR", "Signal"),
    TemplateKey("SR", "Bkg"),
    TemplateKey("SR", "Bkg", "JES", "Up"),
    TemplateKey("SR", "Bkg", "JES", "Down"),
    TemplateKey("CR", "Data"),
    TemplateKey("CR", "Bkg"),
    TemplateKey("CR", "Bkg", "JES", "Up"),
    TemplateKey("CR", "Bkg", "JES", "Down"),
    TemplateKey("CR", "Bkg", "PS", "Down"),
]
OBJECTS = {
    "SR": ["data", "sig", "bkg", "bkg_up", "bkg_down"],
    "CR": ["data", "bkg", "bkg_up", "bkg_down", "alt"],
}
EDGES = {"SR": [0.0, 1.0, 2.0], "CR": [0.0, 10.0, 20.0, 50.0]}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A steering file in a folder with its input, every histogram with contents of its own."""
    with uproot.recreate(tmp_path / "in.root") as file:
        for region, names in OBJECTS.items():
            for i, name in enumerate(names):
                bins = len(EDGES[region]) - 1
                contents = 10.0 * (i + 1) + np.arange(bins)
                file[f"{region.lower()}/{name}"] = weighted(EDGES[region], contents, contents / 2, "axis title")
    return written(tmp_path, steering())


def written(folder: Path, document: dict[str, Any]) -> Config:
    import yaml

    path = folder / "config.yml"
    path.write_text(yaml.safe_dump(document))
    return load_config(path)


def test_the_needed_templates_in_the_order_of_the_steering_file(config: Config) -> None:
    assert list(needed_templates(config)) == NEEDED


def test_every_template_is_read_from_its_own_place(config: Config) -> None:
    templates = build_templates(config)
    assert list(templates) == NEEDED
    for region, names in OBJECTS.items():
        keys = [key for key in NEEDED if key.region == region]
        for i, (key, name) in enumerate(zip(keys, names, strict=True)):
            assert template_paths(config, key) == [f"in.root:{region.lower()}/{name}"]
            contents = 10.0 * (i + 1) + np.arange(len(EDGES[region]) - 1)
            np.testing.assert_array_equal(templates[key].contents, contents)
            np.testing.assert_array_equal(templates[key].sumw2, contents / 2)
            assert templates[key].axis.edges.tolist() == EDGES[region]


def test_the_axis_is_labelled_by_variable_then_title_then_region(config: Config) -> None:
    templates = build_templates(config)
    assert {histogram.axis.label for key, histogram in templates.items() if key.region == "SR"} == {"axis title"}
    assert {histogram.axis.label for key, histogram in templates.items() if key.region == "CR"} == {"m [GeV]"}
    unlabelled = {key: bh.Histogram(bh.axis.Variable(EDGES[key.region])) for key in NEEDED}
    templates = build_templates(config, histograms=unlabelled)
    assert templates[NEEDED[0]].axis.label == "SR"


def test_several_paths_of_a_sample_are_summed(config: Config, tmp_path: Path) -> None:
    document = steering(Systematics=[])
    document["Samples"][2]["SamplePath"] = ["bkg", "bkg_up"]
    templates = build_templates(written(tmp_path, document))
    np.testing.assert_array_equal(templates[TemplateKey("SR", "Bkg")].contents, [30 + 40, 31 + 41])
    np.testing.assert_array_equal(templates[TemplateKey("SR", "Bkg")].sumw2, [(30 + 40) / 2, (31 + 41) / 2])


def test_all_missing_objects_are_in_one_error(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "in.root") as file:
        for name in ("sr/data", "sr/sig", "sr/bgk", "cr/data"):
            file[name] = weighted([0, 1, 2], 1, 1)
    with pytest.raises(TemplateError) as caught:
        build_templates(written(tmp_path, steering()))
    sample, single, contents = caught.value.problems
    assert sample == (
        f'Samples "Bkg".SamplePath "bkg": none of its 6 histograms is in {tmp_path / "in.root"}; first: sr/bkg; '
        'did you mean "bgk"?'
    )
    assert 'no object "cr/alt"' in single
    assert contents.endswith('contains 4 objects: "sr/data", "sr/sig", "sr/bgk", "cr/data"')


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda d: d["Regions"][1].update(RegionPath="crr"),
            'Regions "CR".RegionPath "crr": none of its 5 histograms is in FILE; first: crr/data; did you mean "cr"?',
        ),
        (
            lambda d: d["Systematics"][1]["Up"].update(VariationPath="_upp"),
            'Systematics "JES".Up.VariationPath "_upp": none of its 2 histograms is in FILE; first: sr/bkg_upp; '
            'did you mean "_up"?',
        ),
        (
            lambda d: d["General"].update(VariationPath="_nominal"),
            'General.VariationPath "_nominal": none of its 6 histograms is in FILE; first: sr/data_nominal',
        ),
        (
            lambda d: d["General"].update(InputPath="in.root:{RegionPath}_{SamplePath}{VariationPath}"),
            'General.InputPath "in.root:{RegionPath}_{SamplePath}{VariationPath}": none of its 10 histograms is in '
            'FILE; first: sr_data; did you mean "sr/data"?',
        ),
    ],
)
def test_one_wrong_path_is_one_sentence(config: Config, tmp_path: Path, change: Any, sentence: str) -> None:
    document = steering()
    change(document)
    with pytest.raises(TemplateError) as caught:
        build_templates(written(tmp_path, document))
    first, contents = caught.value.problems
    assert first == sentence.replace("FILE", str(tmp_path / "in.root"))
    assert "contains 10 objects" in contents


def test_one_missing_histogram_blames_no_setting(config: Config, tmp_path: Path) -> None:
    document = steering()
    document["Systematics"][2]["Down"]["SamplePath"] = "allt"
    with pytest.raises(TemplateError, match=r'no object "cr/allt"; did you mean "cr/alt"\?') as caught:
        build_templates(written(tmp_path, document))
    assert len(caught.value.problems) == 2


def test_a_missing_file_is_said_once(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r'no input file "in\.root"') as caught:
        build_templates(written(tmp_path, steering()))
    assert len(caught.value.problems) == 1


def test_a_path_without_object_is_refused(tmp_path: Path) -> None:
    document = steering()
    document["General"]["InputPath"] = "{SamplePath}"
    document["Systematics"] = []
    document["Regions"] = [{"Name": "SR"}]
    document["Samples"][0]["SamplePath"] = "in.root:data"  # the others have no colon
    with pytest.raises(TemplateError, match=r"names no histogram; allowed is file\.root:path/in/file"):
        build_templates(written(tmp_path, document))


def test_other_edges_within_a_region_are_all_listed(config: Config) -> None:
    other = {
        TemplateKey("SR", "Signal"): weighted([0, 1, 3], 1, 1),
        TemplateKey("CR", "Bkg", "PS", "Down"): weighted([0, 1], 1, 1),
    }
    with pytest.raises(TemplateError) as caught:
        build_templates(config, histograms=other)
    assert len(caught.value.problems) == 2
    assert caught.value.problems[0] == (
        '"Signal" in "SR": 2 bins with edges 0, 1, 3, but "Data" in "SR" has 2 bins with edges 0, 1, 2'
    )
    assert '"Bkg" in "CR", "PS" Down: 1 bins' in caught.value.problems[1]


def test_edges_that_differ_by_rounding_are_the_same(config: Config) -> None:
    edges = [0.0, 1.0 + 1e-12, 2.0]
    templates = build_templates(config, histograms={TemplateKey("SR", "Signal"): weighted(edges, 1, 1)})
    assert templates[TemplateKey("SR", "Signal")].axis == templates[TemplateKey("SR", "Data")].axis


def test_histograms_can_be_handed_in(config: Config) -> None:
    mine = bh.Histogram(bh.axis.Variable(EDGES["SR"]), storage=bh.storage.Weight())
    mine.fill([0.5, 1.5, 1.6], weight=[2.0, 3.0, 4.0])
    ours = Histogram.from_arrays(EDGES["CR"], [1, np.nan, 3], [1, 1, 1])
    templates = build_templates(config, histograms={NEEDED[1]: mine, NEEDED[6]: ours})
    assert templates[NEEDED[1]].contents.tolist() == [2.0, 7.0]
    assert templates[NEEDED[1]].sumw2.tolist() == [4.0, 25.0]
    np.testing.assert_array_equal(templates[NEEDED[6]].contents, [1, np.nan, 3])
    assert templates[NEEDED[0]].contents.tolist() == [10.0, 11.0]  # the others still come from the file


def test_plain_tuples_are_keys_too(config: Config) -> None:
    ours = Histogram.from_arrays(EDGES["SR"], [1, 2], [1, 1])
    templates = build_templates(config, histograms={("SR", "Bkg"): ours, ("SR", "Bkg", "JES", "Up"): ours.scaled(2)})
    assert templates[TemplateKey("SR", "Bkg")].contents.tolist() == [1, 2]
    assert templates[TemplateKey("SR", "Bkg", "JES", "Up")].contents.tolist() == [2, 4]


def test_unknown_keys_get_the_nearest_names(config: Config) -> None:
    ours = Histogram.from_arrays(EDGES["SR"], [1, 2], [1, 1])
    handed_in = {("SRR", "Bgk"): ours, ("SR", "Bkg", "JEC", "up"): ours, ("SR", "Bkg", "JES"): ours, "SR": ours}
    with pytest.raises(TemplateError) as caught:
        build_templates(config, histograms=handed_in)
    first, second, third, fourth = caught.value.problems
    assert first.endswith('no such template; no region "SRR"; did you mean "SR"?; no sample "Bgk"; did you mean "Bkg"?')
    assert second.endswith('; no systematic "JEC"; did you mean "JES"?; no side "up"; did you mean "Up"?')
    assert "('SR', 'Bkg', 'JES'): the key must be a TemplateKey or (region, sample) or" in third
    assert "handed in for 'SR': the key must be" in fourth


def test_a_path_is_no_config() -> None:
    with pytest.raises(TypeError, match=r"needs a Config, found a str; get one with wilks\.load_config\(path\)"):
        build_templates("config.yml")  # type: ignore[arg-type]


def test_what_is_handed_in_must_be_wanted_and_a_histogram(config: Config) -> None:
    with pytest.raises(TemplateError) as caught:
        build_templates(
            config,
            histograms={
                TemplateKey("SR", "Bkg", "PS", "Up"): weighted(EDGES["SR"], 1, 1),
                NEEDED[0]: np.zeros(2),
                NEEDED[1]: hist.Hist.new.Reg(2, 0, 1).Reg(2, 0, 1).Double(),
                NEEDED[2]: hist.Hist.new.StrCat(["a", "b"]).Double(),
            },
        )
    problems = "\n".join(caught.value.problems)
    assert '"Bkg" in "SR", "PS" Up: the steering file has no such template' in problems
    assert '"Data" in "SR": a ndarray is not a histogram' in problems
    assert '"Signal" in "SR": only one-dimensional histograms' in problems


def test_ntuples_are_not_read_where_everything_is_handed_in(tmp_path: Path) -> None:
    document = steering(Systematics=[])
    document["General"]["InputPath"] = "{RegionPath}/{SamplePath}.root"
    for sample in document["Samples"]:
        sample["Tree"] = "events"
    for region in document["Regions"]:
        region |= {"Variable": "m", "Binning": [0, 1, 2]}
    config = written(tmp_path, document)
    with pytest.raises(TemplateError, match=r'no input file "sr/data\.root"'):
        build_templates(config)
    handed_in = {key: weighted(EDGES["SR"], 1, 1) for key in needed_templates(config)}
    assert len(build_templates(config, histograms=handed_in)) == 5


def test_the_lesson(shared_data: Path) -> None:
    config = load_config(shared_data / "ttbar-lesson" / "cabinetry_config.yml")
    templates = build_templates(config)
    assert len(templates) == len(needed_templates(config)) == 124
    histogram = templates.variation("4j1b CR", "ttbar", "Jet energy scale", "Up")
    assert histogram is not None
    with uproot.open(shared_data / "ttbar-lesson" / "histograms.root") as file:
        np.testing.assert_array_equal(histogram.values(), file["4j1b_ttbar_pt_scale_up"].values())
