"""What elements and attributes mean, one by one."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.formats.descriptions import CHANNEL, HISTOGRAMS, MEASUREMENT, TOP, describe, write_root

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.histfactory_xml import recognise
from wilks.formats.histfactory_xml.read import read


def spec(top: Path, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = read(top, **options).workspace.spec
    return found


def modifiers(top: Path, sample: int = 1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec(top)["channels"][0]["samples"][sample]["modifiers"]
    return found[1:]  # behind the luminosity


def setting(top: Path, name: str, **options: Any) -> dict[str, Any]:
    parameters = spec(top, **options)["measurements"][0]["config"]["parameters"]
    return next((one for one in parameters if one["name"] == name), {})


def notes(top: Path, **options: Any) -> list[str]:
    return [str(note).replace(str(top.parent), "") for note in read(top, **options).notes]


def test_the_luminosity_acts_on_all_samples_whatever_they_say(tmp_path: Path) -> None:
    text = CHANNEL.replace('HistoName="bkg"', 'HistoName="bkg" NormalizeByTheory="False"')
    top = describe(tmp_path, channel=text)
    for sample in spec(top)["channels"][0]["samples"]:
        assert sample["modifiers"][0] == {"name": "lumi", "type": "lumi", "data": None}
    assert setting(top, "lumi") == {
        "name": "lumi",
        "inits": [1.0],
        "bounds": [[0.0, 10.0]],
        "auxdata": [1.0],
        "sigmas": [0.02],
    }


def test_relative_error_of_the_luminosity_is_a_tenth_unless_told_and_none_makes_it_constant(tmp_path: Path) -> None:
    top = describe(tmp_path, measurements='<Measurement Name="m" Lumi="2"><POI>mu</POI></Measurement>')
    assert setting(top, "lumi")["sigmas"] == [0.2]
    top = describe(tmp_path, measurements='<Measurement Name="m" Lumi="2" LumiRelErr="0"><POI>mu</POI></Measurement>')
    assert setting(top, "lumi") == {
        "name": "lumi",
        "inits": [2.0],
        "bounds": [[0.0, 20.0]],
        "constraint": "none",
        "fixed": True,
    }


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("", {"constraint": "poisson", "threshold": 0.05}),
        ("<StatErrorConfig/>", {"constraint": "poisson", "threshold": 0.05}),
        ('<StatErrorConfig ConstraintType="Pois" RelErrorThreshold="0"/>', {"constraint": "poisson"}),
        ('<StatErrorConfig ConstraintType="Gauss" RelErrorThreshold=".2" Other="1"/>', {"threshold": 0.2}),
    ],
)
def test_statistical_uncertainties(config: str, said: dict[str, Any], tmp_path: Path) -> None:
    top = describe(tmp_path, '<StatError Activate="True"/>', config=config)
    error = [float(np.sqrt((0.1 * value) ** 2)) for value in HISTOGRAMS["bkg"]]
    assert modifiers(top) == [{"name": "staterror_SR", "type": "staterror", "data": error, **said}]


def test_statistical_uncertainties_of_a_histogram_are_relative_and_off_is_off(tmp_path: Path) -> None:
    assert modifiers(describe(tmp_path, '<StatError Activate="False" HistoName="rel"/>')) == []
    (one,) = modifiers(describe(tmp_path, '<StatError Activate="True" HistoName="rel" InputFile="" HistoPath=""/>'))
    assert one["data"] == pytest.approx([4.0, 7.6], rel=1e-15)


def test_shapesys_are_normal_unless_told_and_relative(tmp_path: Path) -> None:
    (one,) = modifiers(describe(tmp_path, '<ShapeSys Name="s" HistoName="rel"/>'))
    assert (one["constraint"], one["data"]) == ("normal", [4.0, 7.6000000000000005])
    (one,) = modifiers(describe(tmp_path, '<ShapeSys Name="s" HistoName="rel" ConstraintType="Poisson"/>'))
    assert "constraint" not in one


def test_shapesys_of_one_name_share_their_parameters_and_the_first_uncertainties(tmp_path: Path) -> None:
    text = CHANNEL.replace('High="10"/>', 'High="10"/><ShapeSys Name="s" HistoName="rel"/>')
    top = describe(
        tmp_path, '<ShapeSys Name="s" HistoName="other"/>', channel=text, histograms={**HISTOGRAMS, "other": [0.3, 0.3]}
    )
    one, other = modifiers(top, 0)[1], modifiers(top)[0]
    assert (one["shared"], other["shared"]) == (True, True)
    assert other["data"] == pytest.approx([4.0, 7.6], rel=1e-15)
    assert any("has its uncertainties from" in note for note in notes(top))
    assert wilks.compile_model(read(top).workspace).parameter_names[-2:] == ("s[0]", "s[1]")


def test_a_shapesys_keeps_its_constraint_where_there_is_no_yield(tmp_path: Path) -> None:
    histograms = {**HISTOGRAMS, "bkg": [40.0, 0.0]}
    for kind, key, widths in (("Gaussian", "sigmas", [0.1, 0.2]), ("Poisson", "factors", [100.0, 25.0])):
        element = f'<ShapeSys Name="s" HistoName="rel" ConstraintType="{kind}"/>'
        top = describe(tmp_path, element, histograms=histograms)
        assert setting(top, "s")[key] == pytest.approx(widths, rel=1e-14)
        assert setting(top, "s")["fixed"] == [False, False]


def test_histofactor_const_of_normfactors_and_bin_ranges_do_nothing_and_are_told(tmp_path: Path) -> None:
    factor = '<NormFactor Name="k" Val="2" Low="0" High="3" Const="True"/>'
    inside = f'<HistoFactor Name="hf" HistoNameLow="low" InputFileHigh="x"/>{factor}'
    measurement = '<Measurement Name="m" BinLow="1" BinHigh="2"><POI>mu</POI></Measurement>'
    top = describe(tmp_path, inside, measurements=measurement)
    assert modifiers(top) == [{"name": "k", "type": "normfactor", "data": None}]
    assert setting(top, "k") == {"name": "k", "inits": [2.0], "bounds": [[0.0, 3.0]]}
    told = " ".join(notes(top))
    assert all(word in told for word in ("HistoFactor", "Const", "BinLow", "BinHigh"))


def test_a_normfactor_acts_once_in_a_sample_and_its_first_definition_wins(tmp_path: Path) -> None:
    factor = '<NormFactor Name="k" Val="{}" Low="0" High="3"/>'
    top = describe(tmp_path, factor.format(1) + factor.format(2))
    assert len(modifiers(top)) == 1
    assert setting(top, "k")["inits"] == [1.0]
    assert any("stands twice" in note for note in notes(top))


def test_constraint_terms(tmp_path: Path) -> None:
    element = '<OverallSys Name="xs" Low="0.9" High="1.2"/>'
    term = '<ConstraintTerm Type="{}" RelativeUncertainty="{}">xs</ConstraintTerm>'
    top = describe(tmp_path, element, settings=term.format("Gamma", ".5"))
    assert spec(top)["functions"] == [{"name": "alpha_xs", "expression": "(@0 - 1) / 0.5", "parameters": ["beta_xs"]}]
    assert setting(top, "beta_xs") == {
        "name": "beta_xs",
        "inits": [1.0],
        "bounds": [[0.0, 10.0]],
        "constraint": "poisson",
        "auxdata": [4.0],
        "factors": [4.0],
    }
    top = describe(tmp_path, element, settings=term.format("LogNormal", ".5"))
    assert spec(top)["functions"][0]["expression"] == "(1.5 ^ @0 - 1) / 0.5"
    assert setting(top, "xs")["constraint"] == "normal"
    top = describe(tmp_path, element, settings=term.format("Uniform", ".5"))
    assert setting(top, "xs") == {"name": "xs", "sigmas": [100.0]}
    for kind in ("NoConstraint", "NoSyst"):
        top = describe(tmp_path, element, settings=f'<ConstraintTerm Type="{kind}">xs</ConstraintTerm>')
        assert modifiers(top) == []
        assert any("dropped" in note for note in notes(top))
    top = describe(tmp_path, element, settings=term.format("Gamma", "0"))  # as if it weren't there
    assert modifiers(top)[0]["name"] == "xs"


def test_on_a_histosys_only_uniform_acts(tmp_path: Path) -> None:
    element = '<HistoSys Name="jes" HistoNameLow="low" HistoNameHigh="high"/>'
    term = '<ConstraintTerm Type="{}" RelativeUncertainty=".3">jes</ConstraintTerm>'
    assert setting(describe(tmp_path, element, settings=term.format("Uniform")), "jes")["sigmas"] == [100.0]
    top = describe(tmp_path, element, settings=term.format("Gamma"))
    assert "functions" not in spec(top)
    assert setting(top, "jes") == {}


def test_measurements_with_other_modifiers_are_read_by_their_name(tmp_path: Path) -> None:
    gamma = '<ConstraintTerm Type="Gamma" RelativeUncertainty=".3">xs</ConstraintTerm>'
    plain = MEASUREMENT.format(inside="")
    several = plain + plain.replace("meas", "second") + MEASUREMENT.format(inside=gamma).replace("meas", "gamma")
    top = describe(tmp_path, '<OverallSys Name="xs" Low="0.9" High="1.2"/>', measurements=several)
    assert read(top).workspace.measurement_names == ("meas", "second")
    assert any('"gamma" has ConstraintTerms that change the model' in note for note in notes(top))
    assert read(top, measurement="gamma").workspace.measurement_names == ("gamma",)
    with pytest.raises(WorkspaceError, match=r'no measurement "gama"; there are .*did you mean "gamma"'):
        read(top, measurement="gama")


def test_param_settings(tmp_path: Path) -> None:
    inside = '<OverallSys Name="xs" Low="0.9" High="1.2"/><StatError Activate="True"/>'
    settings = (
        '<ParamSetting Const="True" Val="0.5"> alpha_xs </ParamSetting><ParamSetting Val="30">mu</ParamSetting>'
        '<ParamSetting Const="True" Val="1.1">gamma_stat_SR_bin_1</ParamSetting>'
        '<ParamSetting Const="False">Lumi</ParamSetting>'
        '<ParamSetting Const="True">alpha_sx gamma_stat_SR_bin_7</ParamSetting>'
    )
    top = describe(tmp_path, inside, settings=settings)
    assert setting(top, "xs") == {"name": "xs", "inits": [0.5], "fixed": True}
    assert setting(top, "mu")["inits"] == [10.0]  # the end of its range
    gammas = setting(top, "staterror_SR")
    assert (gammas["inits"], gammas["fixed"]) == ([1.0, 1.1], [False, True])
    assert gammas["bounds"] == [[0.0, 1.5], [0.0, 1.5]]
    told = " ".join(notes(top))
    assert all(text in told for text in ('"alpha_sx" has no effect', 'did you mean "alpha_xs"', "no such bin"))
    assert "fixed" not in setting(top, "lumi")


def test_parameters_of_interest(tmp_path: Path) -> None:
    measurement = '<Measurement Name="m"><POI> mu alpha_xs\n other Lumi</POI></Measurement>'
    top = describe(tmp_path, '<OverallSys Name="xs" Low="0.9" High="1.2"/>', measurements=measurement)
    assert spec(top)["measurements"][0]["config"]["pois"] == ["mu", "xs", "lumi"]
    assert any('"other" is no parameter of the model' in note for note in notes(top))


def test_functions_of_parameters(tmp_path: Path) -> None:
    functions = (
        '<Function Name="f" Expression="TMath::Power(@0, 2) * a + TMath::Pi()" Dependents="a[0,3], mu[1,0,4]"/>'
        '<Function Name="unused" Expression="a" Dependents="a"/>'
    )
    top = describe(tmp_path, '<NormFactor Name="f" Val="9" Low="0" High="99"/>', functions=functions)
    assert spec(top)["functions"] == [{"name": "f", "expression": "pow(a, 2) * a + 3.141592653589793"}]
    assert setting(top, "a") == {"name": "a", "inits": [1.5], "bounds": [[0.0, 3.0]]}
    assert setting(top, "mu")["bounds"] == [[0.0, 4.0]]  # functions come before the channels
    assert any('"unused" is left out' in note for note in notes(top))
    model = wilks.compile_model(read(top).workspace)
    assert model.expected(model.initial)[0] == pytest.approx(4 + 40 * (1.5**3 + np.pi))


def test_functions_of_systematics_have_their_names_here(tmp_path: Path) -> None:
    functions = '<Function Name="f" Expression="exp(alpha_xs/10) / Lumi" Dependents="alpha_xs[0,-5,5],Lumi[1,0,10]"/>'
    inside = '<NormFactor Name="f" Val="9" Low="0" High="99"/><OverallSys Name="xs" Low="0.9" High="1.2"/>'
    top = describe(tmp_path, inside, functions=functions)
    assert spec(top)["functions"][0]["expression"] == "exp(xs/10) / lumi"


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ('Expression="sin(a)" Dependents="a[0,3]"', 'no function "sin"'),
        ('Expression="a ? 1 : 2" Dependents="a[0,3]"', "column"),
        ('Expression="b" Dependents="bb[0,3]"', 'did you mean "bb"'),
        ('Expression="@1" Dependents="a[0,3]"', "counted from 0"),
        ('Expression="a" Dependents="a"', "does not know yet"),
        ('Expression="a" Dependents="a[3,0]"', "needed"),
        ('Expression="gamma_stat_SR_bin_0" Dependents="gamma_stat_SR_bin_0"', "is no parameter"),
    ],
)
def test_functions_that_cant_be(function: str, told: str, tmp_path: Path) -> None:
    top = describe(
        tmp_path, '<NormFactor Name="f" Val="1" Low="0" High="9"/>', functions=f'<Function Name="f" {function}/>'
    )
    with pytest.raises(WorkspaceError, match=r"top\.xml:3") as error:
        read(top)
    assert told in str(error.value)


def test_without_data_those_are_taken_that_are_expected_at_the_start(tmp_path: Path) -> None:
    inside = (
        '<OverallSys Name="xs" Low="0.8" High="1.3"/><NormFactor Name="f" Val="1" Low="0" High="9"/>'
        '<HistoSys Name="jes" HistoNameLow="low" HistoNameHigh="high"/><ShapeSys Name="s" HistoName="rel"/>'
    )
    settings = (
        '<ParamSetting Val="0.4">alpha_xs alpha_jes</ParamSetting><ParamSetting Val="2">mu</ParamSetting>'
        '<ParamSetting Val="1.2">gamma_s_bin_0</ParamSetting>'
    )
    functions = '<Function Name="f" Expression="min(2, sqrt(a)) ^ 2 - a / 4" Dependents="a[2,0,3]"/>'
    top = describe(tmp_path, inside, data="", settings=settings, functions=functions)
    model = wilks.compile_model(read(top).workspace)
    assert model.observed_main == pytest.approx(model.expected(model.initial), rel=1e-14)


def test_further_data_sets(tmp_path: Path) -> None:
    top = describe(tmp_path, data='<Data HistoName="data"/><Data Name="other" HistoName="bkg"/>')
    assert spec(top)["data_sets"] == [{"name": "other", "observations": [{"name": "SR", "data": [40.0, 38.0]}]}]


def test_shapefactors(tmp_path: Path) -> None:
    inside = '<ShapeFactor Name="a" HistoName="rel"/><ShapeFactor Name="b" Const="True"/>'
    top = describe(tmp_path, inside)
    assert setting(top, "a") == {"name": "a", "inits": [0.1, 0.2], "bounds": [[0.0, 1000.0]] * 2}
    assert setting(top, "b")["fixed"] is True


def test_names_that_are_two_in_root_are_two(tmp_path: Path) -> None:
    inside = '<OverallSys Name="mu" Low="0.9" High="1.2"/><ShapeSys Name="mu" HistoName="rel"/>'
    top = describe(tmp_path, inside)
    assert [one["name"] for one in modifiers(top)] == ["alpha_mu", "gamma_mu"]
    assert wilks.compile_model(read(top).workspace).parameter_names == (
        "lumi", "mu", "alpha_mu", "gamma_mu[0]", "gamma_mu[1]",
    )  # fmt: skip


def test_clipping_is_asked_for_where_yields_can_get_below_zero(tmp_path: Path) -> None:
    element = '<HistoSys Name="jes" HistoNameLow="low" HistoNameHigh="high"/>'
    assert "clip" not in spec(describe(tmp_path, element))["measurements"][0]["config"]
    top = describe(tmp_path, element, histograms={**HISTOGRAMS, "low": [30.0, 36.0]})
    assert spec(top)["measurements"][0]["config"]["clip"] is True
    model = wilks.compile_model(read(top).workspace)
    theta = model.initial.copy()
    theta[model.index("jes")] = -4.5
    theta[model.index("mu")] = 0.0
    assert model.expected(theta).tolist() == pytest.approx([0.0, 38.0 - 4.5 * 2.0])


def test_folders_of_histograms(tmp_path: Path) -> None:
    histograms = {"SR/a/data": [57.0], "SR/a/sig": [4.0], "b/bkg": [40.0], "b/rel": [0.1], "bkg": [1.0]}
    text = CHANNEL.replace('InputFile="data.root"', 'InputFile="data.root" HistoPath="/SR/a/"').replace(
        'HistoName="bkg"', 'HistoName="bkg" HistoPath="data.root:/b" InputFile="not there.root"'
    )
    top = describe(tmp_path, '<ShapeSys Name="s" HistoName="rel"/>', channel=text, histograms=histograms)
    assert [sample["data"] for sample in spec(top)["channels"][0]["samples"]] == [[4.0], [40.0]]
    assert modifiers(top)[0]["data"] == [4.0]


def test_edges_and_titles_come_from_the_data(tmp_path: Path) -> None:
    top = describe(tmp_path)
    assert read(top).workspace.axis("SR").edges.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("place", ["", "config", "config/inner"])
def test_the_folder_is_found_and_named(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    where = tmp_path / "model" / place
    where.mkdir(parents=True)
    prefix = f"{place}/" if place else ""
    (where / "top.xml").write_text(
        TOP.format(functions="", measurements=MEASUREMENT.format(inside="")).replace("SR.xml", f"./{prefix}SR.xml")
    )
    text = CHANNEL.format(data='<Data HistoName="data"/>', config="", inside="")
    (where / "SR.xml").write_text(text.replace("data.root", "./data/data.root"))
    write_root(tmp_path / "model" / "data" / "data.root")
    reading = read(where / "top.xml")
    assert f"paths are taken from the folder {tmp_path / 'model'} " in reading.notes[0].text
    monkeypatch.chdir(tmp_path / "model")
    content = (where / "top.xml").read_bytes()
    assert read(content).workspace == reading.workspace
    assert read(content, base=tmp_path / "model").workspace == reading.workspace


def test_files_that_root_prints_are_found_beside_the_top_file(tmp_path: Path) -> None:
    top = describe(tmp_path)
    top.write_text(top.read_text().replace("SR.xml", ".//no/such/folder/SR.xml"))
    assert any("beside the top file, is read" in note for note in notes(top))


def test_recognised_by_content(tmp_path: Path) -> None:
    top = describe(tmp_path)
    assert recognise(top.read_bytes())
    assert recognise((tmp_path / "SR.xml").read_bytes())
    assert recognise(b"\xef\xbb\xbf <!-- x -->\n" + top.read_bytes())
    for other in (b"", b"{}", b"<html></html>", b"imax 1\n", b"<Combination", b"\x00\x01", b"<a><Combination/></a>"):
        assert not recognise(other)


def test_as_pyhf_reads_what_pyhf_reads(shared_data: Path) -> None:
    from pyhf import readxml

    compared = 0
    for folder in sorted((shared_data / "histfactory-xml").iterdir()):
        top = folder / json.loads((folder / "numbers.json").read_text())["combination"]
        readxml.clear_filecache()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                theirs = readxml.parse(top, folder)
            except Exception:  # what pyhf can't read
                continue
        if folder.name == "staterror_default":  # pyhf gives NaN for the error of a negative content
            continue
        ours = read(top, as_pyhf=True).workspace.spec
        if folder.name == "functions":
            theirs["measurements"][0]["config"]["poi"] = "mu"  # pyhf: "mu f", which it then refuses
        close = json.loads(json.dumps(theirs), parse_float=lambda text: float(f"{float(text):.6g}"))
        assert json.loads(json.dumps(ours), parse_float=lambda text: float(f"{float(text):.6g}")) == close, folder.name
        if folder.name != "root_datadriven":  # where pyhf takes a root in single precision
            assert ours == json.loads(json.dumps(theirs)), folder.name
        compared += 1
    assert compared >= 24


def test_as_pyhf_tells_where_root_reads_something_else(tmp_path: Path) -> None:
    inside = (
        '<StatError Activate="True"/><ShapeSys Name="s" HistoName="rel"/><OverallSys Name="xs" Low=".9" High="1.1"/>'
    )
    term = '<ConstraintTerm Type="Uniform" RelativeUncertainty="1">xs</ConstraintTerm>'
    text = CHANNEL.replace('<Data HistoName="data"/>', "{data}").replace("<Sample", '<Sample HistoPath="in"')
    histograms = {**HISTOGRAMS, "in/bkg": [3.0, 4.0], "in/sig": [1.0, 1.0], "in/rel": [0.5, 0.5]}
    top = describe(tmp_path, inside, settings=term, channel=text, histograms=histograms)
    told = " ".join(notes(top, as_pyhf=True))
    for words in ("at the top of", "no threshold", "Poisson constraints", "ConstraintTerm Uniform is not read"):
        assert words in told
    assert spec(top, as_pyhf=True)["version"] == "1.0.0"
    assert spec(top, as_pyhf=True)["channels"][0]["samples"][1]["data"] == [40.0, 38.0]
    assert spec(top)["channels"][0]["samples"][1]["data"] == [3.0, 4.0]
