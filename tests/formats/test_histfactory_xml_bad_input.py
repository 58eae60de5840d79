"""What is wrong with a description is said all at once, each with file and line; nothing outside is ever resolved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.formats.descriptions import CHANNEL, HISTOGRAMS, MEASUREMENT, describe
from tests.fuzz.descriptions import description_trial

from wilks.errors import WorkspaceError
from wilks.formats.histfactory_xml.read import read


def problems(top: Path, **options: str) -> list[str]:
    with pytest.raises(WorkspaceError) as error:
        read(top, **options)
    return [problem.replace(f"{top.parent}/", "") for problem in error.value.problems]


def test_all_mistakes_at_once_with_lines_and_nearest_names(tmp_path: Path) -> None:
    inside = (
        '<OverallSys Name="a" Low="x" Hihg="1.1"/>\n<NormFactor Name="b" Val="5" Low="0" High="2"/>\n'
        '<NormFacter Name="c"/>\n<HistoSys Name="d" HistoNameLow="lo"/>\n<StatError Activate="yes"/>\n'
        '<ShapeSys Name="e" HistoName="rel" ConstraintType="poisson"/>\n<OverallSys Name="f" Low="-0.1" High="1"/>'
    )
    top = describe(tmp_path, inside, settings='<ParamSeting Const="True">Lumi</ParamSeting>')
    found = problems(top)
    for start, end in (
        ("top.xml:7: no element <ParamSeting> in <Measurement>", 'did you mean "ParamSetting"?'),
        ('SR.xml:9: <OverallSys Name="a"> has no attribute "Hihg"', 'did you mean "High"?'),
        ('SR.xml:9: <OverallSys Name="a"> has Low="x"', "a finite number needed"),
        ('SR.xml:10: <NormFactor Name="b"> starts at Val=5', "outside of its range 0 to 2"),
        ("SR.xml:11: no element <NormFacter>", 'did you mean "NormFactor"?'),
        ('SR.xml:12: <HistoSys Name="d"> needs an attribute "HistoNameHigh"', "missing"),
        ('SR.xml:13: <StatError> has Activate="yes"', '"False", "false"'),
        ('SR.xml:14: <ShapeSys Name="e"> has ConstraintType="poisson"', 'did you mean "Poisson"?'),
        ('SR.xml:15: <OverallSys Name="f"> has Low=-0.1', "can't be negative"),
    ):
        assert any(one.startswith(start) and one.endswith(end) for one in found), (start, found)


def test_missing_histograms_are_told_together_with_what_the_file_has(tmp_path: Path) -> None:
    inside = '<HistoSys Name="d" HistoNameLow="lowe" HistoNameHigh="hi"/><ShapeSys Name="s" HistoName="rell"/>'
    found = problems(describe(tmp_path, inside))
    assert found == [
        'SR.xml:9: data.root has no histogram "lowe"; did you mean "low"?',
        'SR.xml:9: data.root has no histogram "hi"; did you mean "high"?',
        'SR.xml:9: data.root has no histogram "rell"; did you mean "rel"?',
        'data.root contains 6 objects: "data", "sig", "bkg", "low", "high", "rel"',
    ]


def test_histograms_of_other_bins(tmp_path: Path) -> None:
    top = describe(tmp_path, '<ShapeSys Name="s" HistoName="rel"/>', histograms={**HISTOGRAMS, "rel": [0.1, 0.2, 0.3]})
    (found,) = problems(top)
    assert found == 'SR.xml:9: histogram "rel" has 3 bins, the samples of channel "SR" have 2'


def test_files_that_are_no_root_files(tmp_path: Path) -> None:
    top = describe(tmp_path)
    content = (tmp_path / "data.root").read_bytes()
    (tmp_path / "data.root").write_bytes(content[: len(content) // 2])
    (found,) = problems(top)
    assert re.match(r"SR.xml:3: data.root: (the file is cut off|can't be read)", found)
    for content, told in ((b"", "is empty"), (b"hello", "is not a ROOT file")):
        (tmp_path / "data.root").write_bytes(content)
        assert problems(top) == [f"SR.xml:3: data.root: {told}"]
    (tmp_path / "data.root").unlink()
    (tmp_path / "datas.root").write_bytes(b"")
    assert problems(top) == ['SR.xml:3: data.root: no such file; did you mean "datas.root"?']
    assert problems(top, base=str(tmp_path / "none")) == ["none: no such folder"]


def test_missing_channel_files(tmp_path: Path) -> None:
    top = describe(tmp_path)
    (tmp_path / "SR.xml").rename(tmp_path / "signal.xml")
    top.write_text(top.read_text().replace("SR.xml", "signl.xml"))
    (found,) = problems(top)
    assert found.startswith('top.xml:4: no channel file "signl.xml"; looked in ')
    assert found.endswith('did you mean "signal.xml"?')


def test_not_the_top_file(tmp_path: Path) -> None:
    top = describe(tmp_path)
    assert "this is the file of one channel" in problems(tmp_path / "SR.xml")[0]
    top.write_text(top.read_text().replace("SR.xml", "top.xml"))
    assert "a channel file must begin with <Channel>" in problems(top)[0]
    with pytest.raises(WorkspaceError, match=r'no such file; did you mean "top\.xml"'):
        read(tmp_path / "topp.xml")
    with pytest.raises(WorkspaceError, match="is a folder"):
        read(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE Combination [<!ENTITY a "x">]><Combination>&a;</Combination>',
        '<!DOCTYPE Combination [<!ENTITY a SYSTEM "SECRET">]><Combination>&a;</Combination>',
        '<!DOCTYPE Combination [<!ENTITY % a SYSTEM "SECRET"> %a;]><Combination/>',
        "<!DOCTYPE Combination [<!ELEMENT Combination ANY>]><Combination/>",
        '<!DOCTYPE Combination SYSTEM "SECRET"><Combination>&a;</Combination>',
        '<!DOCTYPE Combination SYSTEM "SECRET"><Combination OutputFilePrefix="&a;"/>',
    ],
)
def test_entities_are_refused_and_nothing_is_fetched(text: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.dtd"
    secret.write_text('<!ENTITY a "the secret">')
    (tmp_path / "top.xml").write_text("<!-- one\n two -->\n" + text.replace("SECRET", secret.as_uri()))
    (found,) = problems(tmp_path / "top.xml")
    assert found.startswith("top.xml:3: ")
    assert "secret" not in found


def test_a_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 40))
    (tmp_path / "top.xml").write_text(f'<!DOCTYPE c [<!ENTITY e0 "ha">{entities}]><Combination>&e39;</Combination>')
    assert "entities" in problems(tmp_path / "top.xml")[0]


def test_deep_and_huge_files_are_refused(tmp_path: Path) -> None:
    top = tmp_path / "top.xml"
    top.write_text("<Combination>" * 100_000)
    assert "nested too deeply" in problems(top)[0]
    with top.open("wb") as file:
        file.truncate(500_000_000)
    assert "500 MB" in problems(top)[0] or "476 MB" in problems(top)[0]
    top.write_text("<Combination/>", encoding="utf-16")
    assert "UTF-8" in problems(top)[0]


def test_measurements_and_names_that_cant_be(tmp_path: Path) -> None:
    term = '<ConstraintTerm Type="Gaussian">x</ConstraintTerm>'
    bad = f'<Measurement Name="" Lumi="-1" LumiRelErr="-1"><POI></POI>{term}</Measurement>'
    found = " ".join(problems(describe(tmp_path, measurements=bad)))
    for words in ("which is empty", "Lumi=-1", "LumiRelErr=-1", "<POI> is empty", "which is the default"):
        assert words in found
    assert "has no <Measurement>" in problems(describe(tmp_path, measurements=""))[0]
    twice = MEASUREMENT.format(inside="") * 2
    assert 'several measurements of one name: "meas"' in problems(describe(tmp_path, measurements=twice))[0]


def test_data_in_some_channels_only(tmp_path: Path) -> None:
    top = describe(tmp_path)
    top.write_text(top.read_text().replace("<Input>SR.xml</Input>", "<Input>SR.xml</Input><Input>CR.xml</Input>"))
    text = CHANNEL.format(data="", config="", inside="").replace('Name="SR"', 'Name="CR"')
    (tmp_path / "CR.xml").write_text(text)
    assert 'no <Data> in channel "CR", but in "SR"' in problems(top)[0]
    (tmp_path / "CR.xml").write_text(text.replace('Name="CR"', 'Name="SR"'))
    assert 'channel "SR" is described already' in problems(top)[0]


@pytest.mark.parametrize("block", range(6))
def test_damaged_descriptions_have_an_error_with_a_place(block: int) -> None:
    for number in range(40 * block, 40 * (block + 1)):
        record = description_trial(number)
        assert not record.faults, (number, record.faults)
