"""Broken input of the user: one report of all that can be known before the long pass, in sentences."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
import yaml
from tests.cli.conftest import Call

import wilks
from wilks.errors import TemplateError

SIZE = 1000


def branches(**others: Any) -> dict[str, Any]:
    """Return the branches of a tree, with others in place of some; None leaves one out."""
    rng = np.random.default_rng(5)
    plain = {"ht": 50 + rng.exponential(100, SIZE), "n_jets": rng.integers(2, 8, SIZE), "weight": np.ones(SIZE)}
    return {name: values for name, values in (plain | others).items() if values is not None}


def broken_weights() -> Any:
    weights = np.ones(SIZE)
    weights[17], weights[30] = np.nan, np.inf
    return weights


TREES: dict[str, dict[str, Any]] = {
    "data": branches(),
    "signal": branches(),
    "bkg": branches(),
    "no-branch": branches(weight=None),
    "strings": branches(weight=ak.Array(["a"] * SIZE)),
    "ragged": branches(ht=ak.Array([[1.0, 2.0]] * SIZE)),
    "nan-weight": branches(weight=broken_weights()),
}
CONFIG = """
General: {Measurement: m, POI: mu, InputPath: "{SamplePath}.root", HistogramFolder: h}
Regions:
  - {Name: SR, Variable: ht, Binning: [50, 100, 200, 400], Filter: "n_jets >= 4"}
Samples:
  - {Name: Data, Tree: nominal, SamplePath: data, Data: true}
  - {Name: Signal, Tree: nominal, SamplePath: signal, Weight: weight}
  - {Name: Bkg, Tree: nominal, SamplePath: bkg, Weight: weight}
NormFactors: [{Name: mu, Samples: Signal}]
Systematics:
  - {Name: jes, Type: NormPlusShape, Samples: Bkg, Up: {Weight: weight*1.1}, Down: {Symmetrize: true}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bad input")
    for name, content in TREES.items():
        with uproot.recreate(path / f"{name}.root") as file:
            file["nominal"] = content
    whole = (path / "bkg.root").read_bytes()
    (path / "cut.root").write_bytes(whole[: len(whole) // 2])
    (path / "text.root").write_text("no ROOT file")
    return path


def written(folder: Path, name: str, spoil: Callable[[dict[str, Any]], None]) -> Path:
    document = yaml.safe_load(CONFIG)
    spoil(document)
    path = folder / f"{name}.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def background(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["Samples"][2].update(SamplePath=name)


def weight(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["Samples"][2].update(Weight=text)


DEFECTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "missing branch": (background("no-branch"), 'no branch "weight"; in "nominal" of'),
    "missing file": (background("bgk"), 'no input file "bgk.root"; did you mean "bkg.root"?'),
    "missing tree": (lambda d: d["Systematics"][0]["Up"].update(Tree="nominl"), 'did you mean "nominal"?'),
    "truncated file": (background("cut"), "cut.root: the file is cut off ("),
    "no ROOT file": (background("text"), "text.root: is not a ROOT file"),
    "wrong type": (background("strings"), ".Weight: gives text, not numbers"),
    "ragged": (background("ragged"), "gives a list per entry where one number is needed"),
    "NaN weight": (
        background("nan-weight"),
        '.Weight: the weight "weight" of selected entries is missing, NaN or infinite; in "nominal" of',
    ),
    "syntax": (weight("weight*(1+2"), "brackets don't match\n    weight*(1+2\n           ^\n"),
    "unknown function": (weight("sqtr(weight)"), 'no function "sqtr"; did you mean "sqrt"?\n    sqtr(weight)\n    ^\n'),
    "code": (weight("__import__('os')"), 'no function "__import__"'),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_each_is_told_in_a_sentence(call: Call, folder: Path, name: str) -> None:
    spoil, sentence = DEFECTS[name]
    path = written(folder, name.replace(" ", "-"), spoil)
    output = folder / f"{name}.npz"
    result = call("templates", path, "-o", output)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert not output.exists()
    with pytest.raises(TemplateError) as caught:
        wilks.build_templates(wilks.load_config(path))
    told = "".join(f"wilks: {problem}\n" for problem in caught.value.problems)
    assert told.split() == result.stderr.split()


def test_all_that_can_be_known_before_the_pass_is_in_one_report(call: Call, folder: Path) -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["Regions"][0]["Filter"] = "n_jets >= && 4"
        document["Regions"].append({"Name": "CR", "Variable": "hts", "Binning": [50, 100], "Filter": "n_jets == 3"})
        document["Samples"] += [
            {"Name": name, "Tree": "nominal", "SamplePath": name, "Weight": "weight"}
            for name in ("missing", "cut", "text", "strings", "no-branch")
        ]
        document["Systematics"][0]["Up"]["Tree"] = "upp"

    result = call("templates", written(folder, "everything", spoil), "-o", folder / "everything.npz")
    assert result.exit_code == 2
    for sentence in (
        'no input file "missing.root"',
        'Systematics "jes".Up.Tree: no tree "upp"',
        "cut.root: the file is cut off",
        "text.root: is not a ROOT file",
        'Regions "SR".Filter: not an expression\n    n_jets >= && 4\n              ^\n',
        'Regions "CR".Variable: no branch "hts"; did you mean "ht"?',
        "gives text, not numbers",
        'no branch "weight"; in "nominal" of',
    ):
        assert sentence in result.stderr
    assert result.stderr.count("wilks: ") == 8


def test_empty_selection_is_said_and_found(call: Call, folder: Path) -> None:
    path = written(folder, "empty", lambda d: d["Samples"][2].update(Filter="n_jets > 40"))
    said = call("templates", path, "-o", folder / "empty.npz")
    assert said.exit_code == 0
    assert '"Bkg" in "SR": no entry is selected' in said.stderr
    assert "[empty-process]" in call("check", path).stdout


def test_histograms_with_other_edges(call: Call, tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "in.root") as file:
        for name, edges in (("data", [0, 1, 2]), ("signal", [0, 1, 3]), ("bkg", [0, 1, 2, 3])):
            file[name] = (np.ones(len(edges) - 1), np.array(edges, dtype=np.float64))
    document = yaml.safe_load(CONFIG) | {"Regions": [{"Name": "SR"}], "Systematics": []}
    document["General"]["InputPath"] = "in.root:{SamplePath}"
    document["Samples"] = [{k: v for k, v in s.items() if k not in ("Tree", "Weight")} for s in document["Samples"]]
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(document))
    result = call("templates", path, "-o", tmp_path / "t.npz")
    assert result.exit_code == 2
    assert (
        '"Signal" in "SR": 2 bins with edges 0, 1, 3, but "Data" in "SR" has 2 bins with edges 0, 1, 2' in result.stderr
    )
    assert '"Bkg" in "SR": 3 bins with edges 0, 1, 2, 3, but' in result.stderr
