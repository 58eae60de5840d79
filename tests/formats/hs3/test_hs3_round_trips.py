"""Workspaces through HS3 and back: the same document, the same digest, the same axes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import wilks
from wilks.formats.hs3 import recognise
from wilks.formats.hs3.read import read
from wilks.formats.hs3.write import to_hs3, write
from wilks.workspace.workspace import Workspace

PUBLIC = [
    "hs3/pyhs3bench_simplemodels/simplemodel_correlated-background_hifa.json",
    "hs3/pyhs3bench_simplemodels/simplemodel_uncorrelated-background_hifa.json",
    "hs3/hs3jl_staterror_shapesys/sample_staterror_shapesys_LiteHF.json",
    "cabinetry-example/golden/example_histogram_workspace.json",
    "cabinetry-example/golden/example_ntuple_workspace.json",
    "ttbar-lesson/workspace.json",
    "ttbar-lesson/workspace_repaired.json",
    "likelihoods/atlas-3L-eRJR-2018-06/BkgOnly.json",
    "likelihoods/atlas-ttbar-ljets-xsec/ttbar_ljets_xsec_inclusive_pruned.json",
    "likelihoods/agc-cms-ttbar/workspace_ml.json",
    "likelihoods/agc-cms-ttbar/workspace.json",
    "likelihoods/atlas-sbottom-2018-31/RegionA/BkgOnly.json",
    "likelihoods/atlas-sbottom-2018-31/RegionB/BkgOnly.json",
    "likelihoods/atlas-sbottom-2018-31/RegionC/BkgOnly.json",
    "likelihoods/atlas-tHu-fcnc/workspace_tHu.json",
    "likelihoods/pyhf-tutorial/bkg_only.json",
    "likelihoods/atlas-1Lbb/BkgOnly.json",
]


def again(workspace: Workspace) -> Workspace:
    """Return a workspace after a way through HS3."""
    content, _ = to_hs3(workspace)
    return read(json.dumps(content).encode()).workspace


@pytest.mark.parametrize("name", PUBLIC)
def test_public_workspaces_come_back_as_they_were(name: str, shared_data: Path, tmp_path: Path) -> None:
    workspace = wilks.load_workspace(shared_data / name)
    files = write(workspace, tmp_path / "model.json").files
    assert files == (tmp_path / "model.json",)
    assert recognise(files[0].read_bytes())
    found = read(files[0]).workspace
    assert found.document == workspace.document
    assert found.digest == workspace.digest
    assert found == workspace


@pytest.mark.parametrize("name", ["measurement", "search"])
def test_examples_come_back_with_their_axes(name: str) -> None:
    workspace = getattr(wilks.examples, name)()
    found = again(workspace)
    assert found == workspace
    assert {c: (a.edges.tolist(), a.label, a.unit) for c, a in found.axes.items()} == {
        c: (a.edges.tolist(), a.label, a.unit) for c, a in workspace.axes.items()
    }


def modifier(name: str, kind: str, data: Any = None, **said: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "data": data, **said}


def document(modifiers: list[Any], parameters: Sequence[Any] = (), **config: Any) -> dict[str, Any]:
    """Return a document of one channel with two samples, the first of which has the modifiers."""
    mu = modifier("mu", "normfactor")
    return {
        "channels": [
            {
                "name": "SR",
                "samples": [
                    {"name": "bkg", "data": [12.0, 30, 0.1], "modifiers": modifiers},
                    {"name": "sig", "data": [1, 5.5, 3], "modifiers": [mu]},
                ],
            }
        ],
        "observations": [{"name": "SR", "data": [14, 33, 4]}],
        "measurements": [{"name": "m", "config": {"poi": "mu", "parameters": list(parameters), **config}}],
        "version": "1.0.0",
    }


NORMSYS = modifier("jes", "normsys", {"lo": 0.9, "hi": 1.2})
SHAPE = {"lo_data": [11, 29, 0.1], "hi_data": [13, 32, 0.2]}
VARIANTS: dict[str, dict[str, Any]] = {
    "normsys": document([NORMSYS]),
    "codes": document([{**NORMSYS, "interpolation": "code1"}, modifier("s", "histosys", SHAPE, interpolation="code2")]),
    "usual codes said": document([{**NORMSYS, "interpolation": "code4"}]),
    "names that collide": document([NORMSYS, modifier("alpha_jes", "normfactor")]),
    "names with spaces": document(
        [
            {**NORMSYS, "name": "Jet energy, scale"},
            modifier("Jet energy; scale", "normfactor"),
            modifier("2 stat", "staterror", [1, 2, 0]),
        ],
        [{"name": "Jet energy; scale", "bounds": [[0, 3]]}],
        pois=["mu", "Jet energy; scale"],
    ),
    "names of ROOT": document([modifier("Lumi", "normfactor"), modifier("staterror", "staterror", [1, 2, 0])]),
    "shapesys": document([modifier("u", "shapesys", [1, 3, 0.07])]),
    "shapesys, bins without": document([modifier("u", "shapesys", [0, 3, 0.07])]),
    "shapesys, nowhere": document([modifier("u", "shapesys", [0, 0.0, 0])]),
    "staterror, nowhere": document([modifier("u", "staterror", [0, 0.0, 0])]),
    "shapesys, normal": document([modifier("u", "shapesys", [1, 3, 0.07], constraint="normal")]),
    "staterror": document([modifier("st", "staterror", [1, 3, 0.07])]),
    "staterror, Poisson": document([modifier("st", "staterror", [1, 3, 0.07], constraint="poisson", threshold=0.09)]),
    "shapefactor": document([modifier("free", "shapefactor")]),
    "free normsys": document([NORMSYS], [{"name": "jes", "constraint": "none"}]),
    "wide normsys": document([NORMSYS], [{"name": "jes", "constraint": "normal", "sigmas": [100]}]),
    "measured elsewhere": document([NORMSYS], [{"name": "jes", "auxdata": [0.3], "inits": [0.3], "fixed": True}]),
    "constrained factor": document(
        [modifier("k", "normfactor")],
        [{"name": "k", "constraint": "normal", "auxdata": [1.1], "sigmas": [0.07], "bounds": [[0, 3]]}],
    ),
    "counted factor": document(
        [modifier("k", "normfactor")], [{"name": "k", "constraint": "poisson", "auxdata": [31], "factors": [25.0]}]
    ),
    "lumi": document(
        [modifier("lumi", "lumi")],
        [{"name": "lumi", "auxdata": [1.0], "sigmas": [0.017], "bounds": [[0.5, 1.5]], "inits": [1.0]}],
    ),
    "lumi, exact": document(
        [modifier("lumi", "lumi")],
        [{"name": "lumi", "constraint": "none", "inits": [1.0], "bounds": [[0, 10]], "fixed": True}],
    ),
    "lumi, in words": document(
        [modifier("lumi", "lumi")],
        [{"name": "lumi", "constraint": "normal", "auxdata": [1.0], "sigmas": [0.1], "inits": [1], "bounds": [[0, 9]]}],
    ),
    "no names": document([{**NORMSYS, "name": ""}, modifier("k", "normfactor")]),
    "no name of a factor": document([NORMSYS, modifier("", "normfactor")]),
    "settings that equal the defaults": document(
        [NORMSYS], [{"name": "mu", "inits": [1], "bounds": [[0, 10]], "fixed": False}, {"name": "jes", "inits": [0]}]
    ),
    "partly fixed": document(
        [modifier("st", "staterror", [1, 3, 0.07])],
        [{"name": "st", "fixed": [False, True, False], "inits": [1, 1.1, 1.0]}],
    ),
    "all fixed": document([modifier("free", "shapefactor")], [{"name": "free", "fixed": [True, True, True]}]),
    "parameters of no modifier": document([NORMSYS], [{"name": "later", "inits": [2.0], "bounds": [[-1, 3]]}]),
    "several of interest": document([modifier("k", "normfactor")], pois=["mu", "k"]),
    "none of interest": document([NORMSYS])
    | {"measurements": [{"name": "m", "config": {"poi": "", "parameters": []}}]},
    "function": document([modifier("kt2", "normfactor"), NORMSYS])
    | {
        "functions": [
            {"name": "kt2", "expression": "-kt*kt + 2^(1-kt)/exp(jes)"},
            {"name": "unused", "expression": "kt2 + 1e-3"},
        ]
    },
    "function of odd names": document(
        [modifier("k t", "normfactor"), NORMSYS, {**NORMSYS, "name": "steered"}],
        [{"name": "b: c", "constraint": "normal", "auxdata": [0], "sigmas": [1], "bounds": [[-4, 4]]}],
    )
    | {
        "functions": [
            {"name": "k t", "expression": "@0^2 * max(x[1], 0.1)", "parameters": ["b: c", "mu"]},
            {"name": "steered", "expression": "1.5 - mu"},
        ]
    },
    "correlations": document(
        [NORMSYS, modifier("s", "histosys", SHAPE)],
        correlations=[{"parameters": ["jes", "s"], "matrix": [[1, 0.5], [0.5, 1]]}],
    ),
    "lopsided": document(
        [NORMSYS], [{"name": "jes", "constraint": "normal", "sigmas": [1], "lower_sigmas": [2.0], "auxdata": [0]}]
    ),
    "masks": document([NORMSYS]) | {"masks": [{"channel": "SR", "bins": [1]}]},
    "clip": document([modifier("s", "histosys", SHAPE)], clip=True),
    "more codes": document(
        [{**NORMSYS, "interpolation": "combine"}, modifier("s", "histosys", SHAPE, interpolation="code5")]
    ),
    "unknown parameter of interest": document([NORMSYS])
    | {
        "measurements": [
            {"name": "m", "config": {"poi": "mu_SIG", "parameters": [{"name": "mu_SIG", "bounds": [[0, 5]]}]}}
        ]
    },
    "groups": document([NORMSYS]) | {"groups": [{"name": "jets", "parameters": ["jes"]}]},
    "data sets": document([NORMSYS])
    | {"data_sets": [{"name": "asimov", "observations": [{"name": "SR", "data": [13, 35.5, 3.1]}]}]},
    "measurements": document([modifier("lumi", "lumi"), NORMSYS])
    | {
        "measurements": [
            {
                "name": name,
                "config": {
                    "poi": "mu",
                    "parameters": [
                        {"name": "lumi", "auxdata": [1.0], "sigmas": [s], "bounds": [[0.5, 1.5]], "inits": [1.0]},
                        {"name": "mu", "bounds": [[0, 10 + s]]},
                    ],
                },
            }
            for name, s in (("one", 0.017), ("two_obsData", 0.05))
        ]
    },
}


@pytest.mark.parametrize("name", VARIANTS)
def test_everything_that_a_workspace_says_comes_back(name: str) -> None:
    from wilks.workspace.extensions import extensions

    said = VARIANTS[name]
    said = said | {"version": "wilks-1" if next(extensions(said), None) else "1.0.0"}
    workspace = wilks.load_workspace(said)
    found = again(workspace)
    assert found.spec == workspace.spec
    assert found.digest == workspace.digest


def test_several_channels_with_staterrors_of_one_name() -> None:
    stat = [modifier("stat", "staterror", [1, 3, 0.07])]
    said = document(stat)
    other = {
        "name": "CR",
        "samples": [{"name": "bkg", "data": [50, 60], "modifiers": [modifier("stat", "staterror", [2, 3])]}],
    }
    said["channels"].append(other)
    said["observations"].insert(0, {"name": "CR", "data": [51, 66]})
    workspace = wilks.load_workspace(said)
    assert again(workspace).spec == workspace.spec


def test_a_workspace_with_mistakes_is_not_written(tmp_path: Path) -> None:
    workspace = wilks.load_workspace(document([NORMSYS]))
    workspace.document.channels[0].samples[0].data.append(3.0)
    with pytest.raises(wilks.errors.WorkspaceError, match="4 bins"):
        write(workspace, tmp_path / "model.json")
    assert not list(tmp_path.iterdir())


def test_a_model_that_hs3_has_no_words_for_is_refused(tmp_path: Path) -> None:
    said = document([modifier("st", "staterror", [1, 3, 0.07], effect="added")]) | {"version": "wilks-1"}
    said["channels"][0]["samples"][1]["morphing"] = {"logarithms": True}
    with pytest.raises(wilks.errors.WorkspaceError) as caught:
        write(wilks.load_workspace(said), tmp_path / "model.json")
    assert [problem.partition("channels")[2] for problem in caught.value.problems] == [
        "[0].samples[0].modifiers[0].effect: HS3 can't say statistical uncertainties that are added",
        "[0].samples[1].morphing: HS3 can't say how yields are morphed",
    ]
    assert not list(tmp_path.iterdir())


NOTES = {
    "free normsys": [
        (
            "read as",
            'parameter "alpha_jes": without constraint; written with a normal one of width 1e+10, which says nothing',
        )
    ],
    "lopsided": [
        (
            "lost",
            'parameter "jes": HS3 has one width of a normal constraint; others take the upper one for both sides',
        )
    ],
    "masks": [("lost", "masks: HS3 can't leave bins out; only wilks reads the masks, others fit all bins")],
    "groups": [("lost", "groups: groups of parameters can't be said in HS3; only wilks reads them back")],
    "more codes": [
        (
            "approximate",
            'channel "SR", sample "bkg", modifier "jes": Combine\'s interpolation can\'t be said; others use code4, '
            "which is near",
        ),
        (
            "approximate",
            'channel "SR", sample "bkg", modifier "s": code5: ROOT 6.40 reads no interpolation of a histosys, it uses '
            "code4p",
        ),
    ],
    "normsys": [],
    "staterror, Poisson": [],
    "correlations": [],
    "measurements": [],
}


@pytest.mark.parametrize("name", NOTES)
def test_what_others_read_differently_is_noted(name: str) -> None:
    from wilks.workspace.extensions import extensions

    said = VARIANTS[name]
    said = said | {"version": "wilks-1" if next(extensions(said), None) else "1.0.0"}
    _, notes = to_hs3(wilks.load_workspace(said))
    assert [(note.kind, str(note)) for note in notes] == NOTES[name]


def test_a_second_staterror_of_a_channel_is_a_shapesys_with_the_same_likelihood() -> None:
    said = document([modifier("one", "staterror", [1, 3, 0.02])])
    said["channels"][0]["samples"][1]["modifiers"].append(modifier("two", "staterror", [0.1, 0.4, 0.3]))
    workspace = wilks.load_workspace(said)
    content, notes = to_hs3(workspace)
    assert [note.kind for note in notes] == ["read as"]
    before, after = (wilks.compile_model(one) for one in (workspace, read(json.dumps(content).encode()).workspace))
    assert sorted(before.parameter_names) == sorted(after.parameter_names)
    rng = np.random.default_rng(5)
    for _ in range(3):
        values = dict(zip(before.parameter_names, rng.uniform(0.9, 1.1, before.n_parameters), strict=True))
        one, other = ([values[name] for name in m.parameter_names] for m in (before, after))
        assert after.nll(np.array(other)) == pytest.approx(before.nll(np.array(one)), rel=1e-13)


@pytest.mark.parametrize("key", ["sigmas", "factors"])
def test_widths_in_the_settings_of_a_shapesys_are_those_of_the_file(key: str) -> None:
    kind = {"constraint": "normal"} if key == "sigmas" else {}
    said = document([modifier("u", "shapesys", [1, 3, 0.07], **kind)], [{"name": "u", key: [0.3, 0.2, 0.1]}])
    said |= {"version": "wilks-1"} if kind else {}
    before = wilks.load_workspace(said)
    models = [wilks.compile_model(one) for one in (before, again(before))]
    theta = np.array([1.2, 1.1, 0.9, 1.05])
    assert models[0].parameter_names == models[1].parameter_names
    assert models[1].nll(theta) == pytest.approx(models[0].nll(theta), rel=1e-12)


def test_a_mass_of_numbers_is_read_in_a_moment() -> None:
    said = document([NORMSYS])
    for sample in said["channels"][0]["samples"]:
        sample["data"] = list(range(1, 30_001))
    said["observations"][0]["data"] = list(range(1, 30_001))
    workspace = wilks.load_workspace(said)
    start = time.process_time()
    assert again(workspace).digest == workspace.digest
    assert time.process_time() - start < 5


@pytest.mark.parametrize("name", ["everything", "interpolation", "shapesys", "staterror_gaussian", "shapefactor"])
def test_root_says_the_same_in_xml_and_in_hs3(name: str, shared_data: Path) -> None:
    from wilks.formats.histfactory_xml.read import read as read_xml

    top = next((shared_data / "histfactory-xml" / name).glob("comb*.xml"))
    models = [
        wilks.compile_model(workspace)
        for workspace in (read_xml(top).workspace, read(shared_data / "hs3" / name / "meas.json").workspace)
    ]
    assert models[0].parameter_names == models[1].parameter_names
    np.testing.assert_array_equal(models[0].bounds, models[1].bounds)
    assert wilks.fit(models[0]).twice_nll == pytest.approx(wilks.fit(models[1]).twice_nll, abs=1e-9)


def test_hs3_is_recognised_by_its_content(shared_data: Path) -> None:
    for path in sorted((shared_data / "hs3").glob("*/*.json")):
        other = path.name == "numbers.json" or "hifa" in path.name or "LiteHF" in path.name
        content = path.read_bytes()
        assert recognise(content) is (not other), path
        assert recognise(content[:4096]) is (not other), path
    for text in (b"", b"[]", b"<xml/>", b'{"channels": []}', b'plain text with "likelihoods": in it'):
        assert not recognise(text)
