"""HS3 files with mistakes: a sentence for each, with its place and the nearest name; nothing that is half read."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from tests.formats.hs3.files import model
from tests.fuzz.hs3 import campaign, trial

import wilks
from wilks.errors import WorkspaceError
from wilks.formats.hs3.read import read


def problems(file: dict[str, Any], **options: Any) -> list[str]:
    """Return what is wrong with a file."""
    with pytest.raises(WorkspaceError) as caught:
        read(json.dumps(file).encode(), **options)
    return [problem.removeprefix("document: ") for problem in caught.value.problems]


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the model with another value at a path such as "data.0.contents"; None takes the entry away."""
    file = copy.deepcopy(model())
    holder: Any = file
    *above, last = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key in above:
        holder = holder[key]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return file


def test_the_model_is_read() -> None:
    names = wilks.compile_model(read(json.dumps(model()).encode()).workspace).parameter_names
    assert sorted(names) == ["jes", "mu", "shape", "staterror_SR[0]", "staterror_SR[1]"]


SR = "distributions[0]"
MISTAKES: dict[str, tuple[str, Any, str]] = {
    "a distribution that isn't there": (
        "likelihoods.0.distributions",
        ["model_SRR"],
        'likelihoods[0].distributions: no item "model_SRR" in distributions; did you mean "model_SR"?',
    ),
    "data that aren't there": (
        "likelihoods.0.data",
        ["obsdata_SR"],
        'likelihoods[0].data: no item "obsdata_SR" in data; did you mean "obsData_SR"?',
    ),
    "a likelihood that isn't there": (
        "analyses.0.likelihood",
        "al",
        'analyses[0].likelihood: no item "al" in likelihoods; did you mean "all"?',
    ),
    "a domain that isn't there": (
        "analyses.0.domains",
        ["default_domains"],
        'analyses[0].domains: no item "default_domains" in domains; did you mean "default_domain"?',
    ),
    "a constraint that isn't there": (
        "distributions.0.samples.0.modifiers.0.constraint_name",
        "alpha_jesConstrain",
        f'{SR}.samples[0].modifiers[0].constraint_name: no item "alpha_jesConstrain" in distributions; '
        'did you mean "alpha_jesConstraint"?',
    ),
    "an unknown type of modifier": (
        "distributions.0.samples.0.modifiers.0.type",
        "normsis",
        f'{SR}.samples[0].modifiers[0].type: no modifier type "normsis"; allowed are "normfactor", "normsys", '
        '"histosys", "custom", "shapesys", "staterror", "shapefactor"; did you mean "normsys"?',
    ),
    "a slip in a key": (
        "distributions.0.samples.1.modifiers.0",
        {"name": "mu", "type": "normfactor", "paramter": "mu"},
        f'{SR}.samples[1].modifiers[0]: unknown key "paramter"; allowed are "name", "type", "parameter", "parameters", '
        '"constraint", "constraint_name", "constraint_type", "constraints", "data", "interpolation"; '
        'did you mean "parameter"?',
    ),
    "too few yields": (
        "distributions.0.samples.1.data.contents",
        [5.0],
        f"{SR}.samples[1].data.contents: 1 found, 2 needed, one per bin",
    ),
    "a yield that is no number": (
        "distributions.0.samples.1.data.contents",
        [5.0, "ten"],
        f'{SR}.samples[1].data.contents[1]: "ten" found, a finite number needed',
    ),
    "a staterror without errors": (
        "distributions.0.samples.0.data.errors",
        None,
        f'{SR}.samples[0].data.errors: no "errors", which the modifier of type staterror needs',
    ),
    "too few parameters": (
        "distributions.0.samples.0.modifiers.2.parameters",
        ["gamma_stat_SR_bin_0"],
        f"{SR}.samples[0].modifiers[2].parameters: 1 found, 2 needed, one per bin",
    ),
    "a width of 0": ("distributions.1.sigma", 0, "distributions[1].sigma: 0 found, a width above 0 needed"),
    "a constraint of something else": (
        "distributions.1.x",
        "alpha_jer",
        'distributions[1]: it is about "alpha_jer", "nom_alpha_jes", needed is "alpha_jes"',
    ),
    "a global observable without value": (
        "parameter_points.0.parameters.0.name",
        "nom_alpha_jer",
        'distributions[1].mean: no value for "nom_alpha_jes"; did you mean "nom_alpha_jer"?',
    ),
    "a constraint of another type": (
        "distributions.1.type",
        "lognormal_dist",
        'distributions[1].type: a constraint of type lognormal_dist can\'t be read; allowed are "gaussian_dist", '
        '"normal_dist", "poisson_dist", "gamma_dist", "multivariate_normal_dist", "uniform_dist"',
    ),
    "an analytic density": (
        "distributions.0",
        {"name": "model_SR", "type": "exponential_dist", "x": "obs_x_SR", "c": "slope"},
        'distributions[0].type: "exponential_dist" is no binned channel: the likelihood "all" can\'t be read; channels '
        'are of type "histfactory_dist", their constraints "gaussian_dist", "normal_dist", "poisson_dist", '
        '"gamma_dist", "multivariate_normal_dist", "uniform_dist"',
    ),
    "other bins in the data": (
        "data.0.axes",
        [{"name": "obs_x_SR", "min": 0, "max": 3, "nbins": 3}],
        'data[0].axes[0]: 3 bins, but "SR" has 2',
    ),
    "other edges in the data": (
        "data.0.axes",
        [{"name": "obs_x_SR", "edges": [0, 0.5, 2]}],
        'data[0].axes[0]: other bin edges than those of channel "SR"',
    ),
    "a range the wrong way round": (
        "domains.0.axes.0.min",
        7,
        "domains[0].axes[0].min: 7 found, above the maximum 5.0",
    ),
    "an axis without bins": (
        "distributions.0.axes.0.nbins",
        0,
        "distributions[0].axes[0].nbins: 0 found, a whole number of bins from 1 to 10000000 needed",
    ),
    "edges that go down": (
        "distributions.0.axes.0",
        {"name": "obs_x_SR", "edges": [0, 2, 1]},
        "distributions[0].axes[0].edges: bin edges must be at least two increasing finite numbers, found [0.0, 2.0, "
        "1.0]",
    ),
    "no likelihoods": (
        "likelihoods",
        None,
        'analyses[0].likelihood: no item "all" in likelihoods',
    ),
    "a likelihood of nothing": (
        "likelihoods.0",
        {"name": "all", "distributions": [], "data": []},
        "likelihoods: no channel with data in any of them",
    ),
    "a text for a list": ("data", "obs", 'data: "obs" found, a list needed'),
    "an unknown interpolation": (
        "distributions.0.samples.0.modifiers.0.interpolation",
        17,
        f'{SR}.samples[0].modifiers[0].interpolation: 17 found; allowed are 0 to 6, "lin", "log", "parabolic", "poly6"',
    ),
    "a constraint by a word that isn't known": (
        "distributions.0.samples.0.modifiers.2.constraint_type",
        "Poissonian",
        f'{SR}.samples[0].modifiers[2].constraint_type: "Poissonian" found; allowed are "Gauss", "Poisson", "Const"; '
        'did you mean "Poisson"?',
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(name: str) -> None:
    path, value, sentence = MISTAKES[name]
    assert sentence in problems(changed(path, value))


def test_all_mistakes_are_told_at_once() -> None:
    file = changed("distributions.0.samples.1.data.contents", [1])
    file["data"][0]["contents"][0] = "x"
    file["distributions"][0]["samples"][0]["modifiers"][0]["type"] = "normsis"
    file["analyses"][0]["likelihood"] = "all"
    assert len(problems(file)) == 2  # data are looked at where the channels are right
    file["distributions"][1]["sigma"] = "wide"
    file["distributions"][0]["samples"][0]["modifiers"][1]["data"]["lo"]["contents"] = [1, None]
    assert len(problems(file)) == 3


def with_functions(*functions: dict[str, Any]) -> dict[str, Any]:
    file = model()
    file["functions"] = list(functions)
    file["distributions"][0]["samples"][1]["modifiers"].append({"name": "f", "type": "custom"})
    return file


def generic(name: str, expression: str) -> dict[str, Any]:
    return {"name": name, "type": "generic_function", "expression": expression}


FUNCTIONS: dict[str, tuple[list[dict[str, Any]], str]] = {
    "missing": ([generic("g", "mu")], 'distributions[0].samples[1].modifiers[1].name: no function "f"'),
    "cycle": ([generic("f", "2 * g"), generic("g", "f + 1")], "functions[0]: a function of itself: f -> g -> f"),
    "itself": (
        [{"name": "f", "type": "product", "factors": ["mu", "f"]}],
        "functions[0]: a function of itself: f -> f",
    ),
    "call": (
        [generic("f", "system(mu)")],
        'functions[0].expression: the function "system" is not allowed; allowed are "exp", "log", "sqrt", "pow", '
        '"min", "max"',
    ),
    "sign": (
        [generic("f", "mu ? 1 : 2")],
        'functions[0].expression: "? 1 : 2" at character 4 is not allowed; an expression has numbers, names, '
        '+ - * / ^ ** ( ) , and the functions "exp", "log", "sqrt", "pow", "min", "max"',
    ),
    "name": ([generic("f", "mv + 1")], 'functions[0].expression: no parameter or function "mv"'),
    "place": (
        [generic("f", "exp(x[1]/2)")],
        'functions[0].expression: "x[1]" found, but the file doesn\'t say which parameters those are',
    ),
    "grammar": (
        [generic("f", "mu * (1 + ")],
        "functions[0].expression: the end found, a number, a name or a bracket needed",
    ),
    "arguments": ([generic("f", "pow(mu)")], 'functions[0].expression: "pow" has 1, 2 arguments needed'),
    "type": (
        [{"name": "f", "type": "spline", "x": "mu"}],
        'functions[0].type: a function of type spline can\'t be read here; allowed are "generic_function", "product", '
        '"sum", "interpolation0d"',
    ),
    "depth": (
        [generic("f" if i == 0 else f"f{i}", f"f{i + 1}") for i in range(150)] + [generic("f150", "mu")],
        "functions[100]: functions of functions more than 100 deep",
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_mistake_in_a_function_is_told(name: str) -> None:
    functions, sentence = FUNCTIONS[name]
    found = problems(with_functions(*functions))
    assert any(problem.startswith(sentence) for problem in found), found


def test_options_that_do_not_exist() -> None:
    assert problems(model(), analysis="fitt") == ['analyses: no analysis "fitt"; there are "fit"; did you mean "fit"?']
    assert problems(model(), data="obsdata") == [
        'data: no data set "obsdata"; there are "obsData"; did you mean "obsData"?'
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not JSON: line 1, column 1: Expecting value"),
        (b"[1, 2]", "not HS3: an object needed"),
        (b'{"distributions": [', "not JSON: line 1"),
        (b'{"a": ' * 100_000, "not JSON: nested too deeply"),
        (b'{"metadata": {}, "metadata": {}}', 'not JSON: the key "metadata" is written twice'),
        (b"\xff\xfe{}", "not JSON"),
    ],
)
def test_what_is_no_hs3_at_all(content: bytes, sentence: str) -> None:
    with pytest.raises(WorkspaceError, match=r"^document: ") as caught:
        read(content)
    assert sentence in caught.value.problems[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps(model()))
    with pytest.raises(WorkspaceError, match=r'no such file; did you mean "model.json"'):
        read(tmp_path / "modle.json")
    with pytest.raises(WorkspaceError, match="can't be read"):
        read(tmp_path)
    assert read(tmp_path / "model.json").workspace.channel_names == ("SR",)


def test_a_pyhf_workspace_is_called_one() -> None:
    found = wilks.examples.measurement().spec
    with pytest.raises(WorkspaceError, match="a pyhf workspace, not HS3"):
        read(found)


def test_a_short_campaign_of_damaged_files() -> None:
    counts, faults = campaign(7, 150)
    assert not faults
    assert counts["read"] > 10
    assert counts["refused"] > 10
    assert trial(7_000_000) == trial(7_000_000)
